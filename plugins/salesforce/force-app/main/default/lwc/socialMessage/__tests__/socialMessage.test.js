import { createElement } from "@lwc/engine-dom";
import SocialMessage from "c/socialMessage";
import { handleOf, placeOf, starsOf } from "../wording";

// eslint-disable-next-line no-script-url -- hostile on purpose: it must never become a link
const SCRIPT = "javascript:alert(1)";
const INBOUND = {
  id: "a01",
  direction: "Inbound",
  status: "Received",
  text: "Hello",
  author: "Ada",
  handle: "ada_l",
  followers: 1200,
  verified: true,
  network: "instagram",
  kind: "story_reply",
  isPublic: false,
  isPrivateReply: false,
  rating: null,
  at: "2026-11-21T10:00:00.000Z",
  link: "https://example.org/1",
  attachments: [],
  error: ""
};
const REPLY = { ...INBOUND, direction: "Outbound", author: "Grace", link: "" };

function message(entry, isTarget = false) {
  const element = createElement("c-social-message", { is: SocialMessage });
  element.entry = entry;
  element.isTarget = isTarget;
  document.body.appendChild(element);
  return element;
}
const one = (element, id) =>
  element.shadowRoot.querySelector(`[data-id="${id}"]`);
const says = (element, ...ids) =>
  ids.map((id) => one(element, id)?.textContent ?? null);

describe("c-social-message", () => {
  afterEach(() => document.body.replaceChildren());

  it("shows who wrote it, where, and how many follow them", () => {
    const element = message(INBOUND);

    const reach = element.shadowRoot.querySelector(
      "lightning-formatted-number"
    );
    expect(says(element, "author", "handle", "place", "text")).toEqual([
      "Ada",
      "@ada_l",
      "Instagram · Story reply · Private",
      "Hello"
    ]);
    expect(reach.value).toBe(1200);
    expect(element.shadowRoot.querySelector("lightning-icon").title).toBe(
      "Verified by the network"
    );
  });

  it("says nothing of followers or verification where nobody knows", () => {
    const element = message({ ...INBOUND, followers: null, verified: false });

    expect(one(element, "followers")).toBeNull();
    expect(element.shadowRoot.querySelector("lightning-icon")).toBeNull();
  });

  it("names the handle, or nobody, where there is no name", () => {
    const names = ["ada_l", ""].map((handle) => {
      const element = message({ ...INBOUND, author: "", handle });
      return says(element, "author", "handle");
    });

    expect(names).toEqual([
      ["@ada_l", null],
      ["Unknown author", null]
    ]);
  });

  it("shows hostile text as text", () => {
    const text = "<img src=x onerror=alert(1)> <script>alert(1)</script>";

    const element = message({ ...INBOUND, text });

    expect(one(element, "text").textContent).toBe(text);
    expect(element.shadowRoot.querySelector("img")).toBeNull();
  });

  it("opens links away from this page, and shows an unsafe one as text", () => {
    const element = message({
      ...INBOUND,
      attachments: [
        {
          id: "0",
          link: "https://example.org/1.jpg",
          shown: "https://example.org/1.jpg"
        },
        { id: "1", link: "", shown: SCRIPT }
      ]
    });

    const anchors = [...element.shadowRoot.querySelectorAll("a")].map(
      ({ href, rel, target }) => ({
        href,
        rel,
        target
      })
    );
    const away = { rel: "noopener noreferrer", target: "_blank" };
    expect(anchors).toEqual([
      { href: "https://example.org/1.jpg", ...away },
      { href: "https://example.org/1", ...away }
    ]);
    expect(element.shadowRoot.textContent).toContain(SCRIPT);
  });

  it("shows the stars of a review, and says them to who cannot see them", () => {
    const element = message({ ...INBOUND, rating: 4 });

    const stars = one(element, "stars");
    expect([stars.textContent, stars.getAttribute("aria-label")]).toEqual([
      "★★★★☆",
      "4 of 5 stars"
    ]);
  });

  it("shows nothing of what its author has deleted", () => {
    const element = message({
      ...INBOUND,
      status: "Deleted",
      attachments: [{ id: "0", link: "https://example.org/1.jpg", shown: "x" }]
    });

    expect(says(element, "text", "deleted", "reply")).toEqual([
      "The author has deleted this message.",
      "Deleted by its author",
      null
    ]);
    expect(element.shadowRoot.querySelector("ul")).toBeNull();
  });

  it("can be answered with one click", () => {
    const element = message(INBOUND);
    const heard = jest.fn();
    element.addEventListener("reply", (event) => heard(event.detail));

    one(element, "reply").click();

    expect(one(element, "reply").title).toBe("Reply to Ada");
    expect(heard.mock.calls).toEqual([["a01"]]);
  });

  it("says that it is the one being answered", () => {
    const element = message(INBOUND, true);

    expect(one(element, "reply")).toBeNull();
    expect(says(element, "answering")).toEqual(["Answering this"]);
  });

  it.each([
    ["Queued", "Waiting to be sent", false],
    ["Sent", "Sent", false],
    ["Failed", "Not sent", true],
    ["Unsure", "May not have arrived", true]
  ])("a reply that is %s says: %s", (status, state, again) => {
    const element = message({ ...REPLY, status });

    expect(one(element, "delivery").textContent).toContain(state);
    expect(one(element, "again") !== null).toBe(again);
  });

  it("a reply that was sent links to where the customer reads it", () => {
    const element = message({
      ...REPLY,
      status: "Sent",
      link: "https://example.org/2"
    });

    const { href, textContent } = one(element, "link");
    expect([href, textContent]).toEqual([
      "https://example.org/2",
      "Open the reply"
    ]);
  });

  it("a reply that failed says why, and hands its text back", () => {
    const entry = {
      ...REPLY,
      status: "Failed",
      error: "The window is closed."
    };
    const element = message(entry);
    const heard = jest.fn();
    element.addEventListener("writeagain", (event) => heard(event.detail));

    one(element, "again").click();

    expect(says(element, "error")).toEqual(["The window is closed."]);
    expect(heard.mock.calls).toEqual([[entry]]);
  });

  it("a private reply to a public message says so", () => {
    const element = message({ ...REPLY, status: "Sent", isPrivateReply: true });

    expect(says(element, "private")).toEqual(["Private"]);
  });

  it("a note is no one's and cannot be answered", () => {
    const element = message({ ...INBOUND, direction: "Note" });

    expect(says(element, "author", "reply", "text")).toEqual([
      null,
      null,
      "Hello"
    ]);
    expect(one(element, "note")).not.toBeNull();
  });
});

describe("wording", () => {
  it("no stars where there is no rating from 1 to 5", () => {
    expect([null, 0, 6, 1, 5].map(starsOf)).toEqual([
      "",
      "",
      "",
      "★☆☆☆☆",
      "★★★★★"
    ]);
  });

  it("a network that is not known keeps its name", () => {
    const place = placeOf({ network: "forum", kind: "", isPublic: true });

    expect(place).toBe("forum · Public");
  });

  it("a handle has one @, and is left out where it is the name", () => {
    const handles = [
      { author: "Ada", handle: "@ada" },
      { author: "Ada", handle: "ada" },
      { author: "ada", handle: "@ada" },
      { author: "Ada", handle: "" }
    ].map(handleOf);

    expect(handles).toEqual(["@ada", "@ada", "", ""]);
  });
});
