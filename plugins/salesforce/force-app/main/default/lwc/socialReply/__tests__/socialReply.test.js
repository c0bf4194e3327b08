import { createElement } from "@lwc/engine-dom";
import SocialReply from "c/socialReply";
import { lengthOf, spanOf, windowOf } from "../answering";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TARGET = {
  id: "a01",
  author: "Ada",
  handle: "ada",
  text: "Hello",
  isPublic: true,
  until: null,
  limit: null,
  note: ""
};

const find = (element, selector) => element.shadowRoot.querySelector(selector);
const change = (element, selector, value) =>
  find(element, selector).dispatchEvent(
    new CustomEvent("change", { detail: { value } })
  );

function box(target, { text = "", ...more } = {}) {
  const element = createElement("c-social-reply", { is: SocialReply });
  Object.assign(element, { target, now: NOW, ...more });
  const heard = jest.fn();
  element.addEventListener("send", (event) => heard(event.detail));
  document.body.appendChild(element);
  if (text) {
    change(element, "lightning-textarea", text);
  }
  return { element, heard };
}
const one = (element, id) => find(element, `[data-id="${id}"]`);
const says = (element, id) => one(element, id)?.textContent ?? null;
const send = (element) => one(element, "send").click();
const isShut = (element) => [
  find(element, "lightning-textarea").disabled,
  one(element, "send").disabled
];

describe("c-social-reply", () => {
  afterEach(() => document.body.replaceChildren());

  it("sends what was written, publicly below a public message", () => {
    const { element, heard } = box(TARGET, { text: "Hi" });

    send(element);

    expect(heard.mock.calls).toEqual([[{ text: "Hi", isPrivate: false }]]);
  });

  it("sends privately where the agent says so", () => {
    const { element, heard } = box(TARGET, { text: "Hi" });

    change(element, "lightning-radio-group", "privately");
    send(element);

    expect(heard.mock.calls).toEqual([[{ text: "Hi", isPrivate: true }]]);
  });

  it("offers no choice in a private conversation", () => {
    const { element, heard } = box(
      { ...TARGET, isPublic: false },
      { text: "Hi" }
    );
    element.write("Hi", true);

    send(element);

    expect(find(element, "lightning-radio-group")).toBeNull();
    expect(says(element, "private")).toBe("Goes as a private message.");
    expect(heard.mock.calls).toEqual([[{ text: "Hi", isPrivate: false }]]);
  });

  it("sends no empty text", () => {
    const { element, heard } = box(TARGET, { text: " \n" });

    send(element);

    expect(heard).not.toHaveBeenCalled();
  });

  it("shows which message is answered", () => {
    const { element } = box(TARGET);

    expect(says(element, "target")).toBe("Answering Ada: Hello");
  });

  it("is shut while a reply is being saved", () => {
    const { element, heard } = box(TARGET, { text: "Hi", isSaving: true });

    send(element);

    expect(isShut(element)).toEqual([true, true]);
    expect(one(element, "send").label).toBe("Sending");
    expect(heard).not.toHaveBeenCalled();
  });

  it.each([
    ["nobody can be answered", null, "There is no message of a customer"],
    [
      "the message cannot be answered",
      { ...TARGET, note: "Reviews of apps take no answers." },
      "Reviews of apps take no answers."
    ],
    [
      "the time to answer is over",
      { ...TARGET, until: "2026-11-21T11:59:59.000Z" },
      "is over since"
    ]
  ])("is shut and says why where %s", (_, target, reason) => {
    const { element } = box(target);

    expect(says(element, "shut")).toContain(reason);
    expect(isShut(element)).toEqual([true, true]);
  });

  it("shuts when the time runs out under the agent's hands", async () => {
    const { element, heard } = box(
      { ...TARGET, until: "2026-11-21T12:01:00.000Z" },
      { text: "Hi" }
    );
    const before = says(element, "left");

    element.now = NOW + 2 * MINUTE;
    await Promise.resolve();
    send(element);

    expect(before).toContain("takes a reply for another 1 min");
    expect(says(element, "left")).toBeNull();
    expect(heard).not.toHaveBeenCalled();
  });

  it("counts what is left, and warns without refusing", async () => {
    const { element, heard } = box({ ...TARGET, limit: 4 }, { text: "👋🏽!" });
    await Promise.resolve();
    const fits = says(element, "length");

    change(element, "lightning-textarea", "Hello");
    await Promise.resolve();
    send(element);

    expect([fits, says(element, "length")]).toEqual([
      "Characters left: 1",
      "Too long by 1: the network may refuse it"
    ]);
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it("takes a text back, to be looked over and sent again", async () => {
    const { element } = box(TARGET);

    element.write("Once more", true);
    await Promise.resolve();

    expect([
      find(element, "lightning-textarea").value,
      find(element, "lightning-radio-group").value
    ]).toEqual(["Once more", "privately"]);
  });

  it("keeps a draft below the text that is taken back, which comes in once", async () => {
    const { element } = box(TARGET, { text: "My draft" });

    element.write("Once more", false);
    await Promise.resolve();
    const both = find(element, "lightning-textarea").value;
    element.clear();
    element.write("Once more", false);
    element.write("Once more", false);
    await Promise.resolve();

    expect([both, find(element, "lightning-textarea").value]).toEqual([
      "Once more\n\nMy draft",
      "Once more"
    ]);
  });

  it("is empty and public again once a reply is stored", async () => {
    const { element } = box(TARGET);
    element.write("Once more", true);

    element.clear();
    await Promise.resolve();

    expect([
      find(element, "lightning-textarea").value,
      find(element, "lightning-radio-group").value
    ]).toEqual(["", "publicly"]);
  });

  it("shows why a reply was not saved", () => {
    const { element } = box(TARGET, { failure: "Read only." });

    expect(says(element, "failure")).toBe(
      "The reply was not saved. Read only."
    );
  });
});

describe("answering", () => {
  it.each([
    [null, { state: "nobody", left: "", isSoon: false }],
    [
      { ...TARGET, note: "No." },
      { state: "never", left: "", isSoon: false }
    ],
    [TARGET, { state: "open", left: "", isSoon: false }],
    [
      { ...TARGET, until: "2026-11-21T15:20:30.000Z" },
      { state: "open", left: "3 h 20 min", isSoon: false }
    ],
    [
      { ...TARGET, until: "2026-11-21T12:20:00.000Z" },
      { state: "open", left: "20 min", isSoon: true }
    ],
    [
      { ...TARGET, until: "2026-11-21T12:00:00.000Z" },
      { state: "over", left: "", isSoon: false }
    ]
  ])("the window of %j is %j", (target, expected) => {
    expect(windowOf(target, NOW)).toEqual(expected);
  });

  it("a span is said in two units at most", () => {
    const spans = [
      51 * HOUR + 5 * MINUTE,
      48 * HOUR,
      3 * HOUR,
      61 * MINUTE,
      59_999
    ].map(spanOf);

    expect(spans).toEqual([
      "2 d 3 h",
      "2 d",
      "3 h",
      "1 h 1 min",
      "less than a minute"
    ]);
  });

  it("no limit, nothing to say", () => {
    expect([null, 0].map((limit) => lengthOf("Hello", limit))).toEqual([
      { says: "", isOver: false },
      { says: "", isOver: false }
    ]);
  });
});
