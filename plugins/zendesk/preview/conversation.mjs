// The conversation on the picture; the people and their words are made up.

const NOW = Date.parse("2026-11-22T14:05:00Z");
const before = (minutes) => new Date(NOW - minutes * 60_000).toISOString();

const ada = {
  name: "Ada Winter",
  handle: "ada.winter",
  url: "",
  followers: 48200,
  verified: true
};

const message = (id, minutes, more) => ({
  key: `instagram:1:${id}:created`,
  kind: "comment",
  public: true,
  change: "created",
  sent_at: before(minutes),
  url: `https://example.org/p/1/${id}`,
  state: "filed",
  reason: "",
  author: ada,
  ours: false,
  attachments: [],
  ...more
});

export const THREAD = {
  version: 1,
  case: "35436",
  channel: "instagram",
  messages: [
    message(1, 190, {
      text: "My parcel has been “out for delivery” for three days now. Order 20417. Is anybody there?",
      attachments: [{ type: "image", url: "https://example.org/parcel.jpg" }]
    }),
    message(2, 40, {
      kind: "reply",
      change: "edited",
      text: "It came, but the box is open and the lamp is broken. What now?"
    })
  ],
  replies: [
    {
      id: "9001",
      agent: "Grace Moor",
      text: "",
      private: false,
      state: "sent",
      reason: "",
      url: "https://example.org/p/1/r/1",
      taken_at: before(176),
      retry: false
    },
    {
      id: "9002",
      agent: "Grace Moor",
      text: "",
      private: false,
      state: "failed",
      reason:
        "Instagram did not take the reply: the account's token has run out. Renew it, then send the reply again.",
      url: "",
      taken_at: before(22),
      retry: true
    }
  ],
  window: {
    until: new Date(NOW + 98 * 60_000).toISOString(),
    most: 2200,
    unit: "characters",
    says: ""
  },
  more: false,
  now: new Date(NOW).toISOString()
};
