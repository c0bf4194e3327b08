import assert from "node:assert/strict";
import { test } from "node:test";
import {
  initialsOf,
  isReadable,
  safeLink,
  threadOf
} from "../app/assets/reading.js";

const at = (minute) => `2026-11-22T14:${minute}:00+00:00`;
const ada = { name: "Ada", handle: "@ada", followers: 5, verified: true };
const message = (key, minute, more) => ({
  key,
  sent_at: minute && at(minute),
  author: ada,
  ...more
});
const reply = (id, minute) => ({ id, taken_at: at(minute) });
const answer = (messages, replies) => ({
  version: 1,
  channel: "x",
  messages,
  replies,
  now: at(59)
});
const idsOf = ({ entries }) => entries.map(({ id }) => id);

test("replies stand where they were written, and messages in the order they came in", () => {
  const thread = threadOf(
    answer(
      [
        message("a", 10),
        message("b", null),
        message("c", 20),
        message("d", 15)
      ],
      [reply("3", 30), reply("1", "05"), reply("2", 12)]
    )
  );

  assert.deepEqual(idsOf(thread), [
    ...["reply 1", "message a", "message b", "reply 2", "message c"],
    ...["message d", "reply 3"]
  ]);
});

test("the reach is that of the last customer with a name, and of one without only where none has", () => {
  const gone = { name: "", handle: "", followers: null };
  const deleted = message("b", 11, { author: gone, change: "deleted" });

  const reaches = [[message("a", 10), deleted], [deleted], []].map(
    (messages) => threadOf(answer(messages)).reach
  );

  assert.deepEqual(
    reaches.map((reach) => reach && [reach.name, reach.followers]),
    [["Ada", 5], ["", null], null]
  );
});

for (const [name, handle, expected] of [
  ["Ada Winter", "@ada", "AW"],
  ["Ada Maria de la Cruz", "", "AC"],
  ["", "@bob", "B"],
  ["محمد عبد الله", "", "ما"],
  ["🐙 𝒜da 🎉", "", "𝒜"],
  ["12345", "", "?"],
  ["", "", "?"]
]) {
  test(`${name || handle || "nobody"} stands as ${expected}`, () => {
    assert.equal(initialsOf({ name, handle }), expected);
  });
}

test("the reach is that of the customer who wrote last, and is not said again below", () => {
  const bob = { ...ada, name: "Bob" };
  const { reach, entries } = threadOf(
    answer([
      message("a", 10, { author: bob }),
      message("b", 11),
      message("c", 12, { author: { name: "Us" }, ours: true })
    ])
  );

  assert.deepEqual(reach, {
    name: "Ada",
    handle: "@ada",
    link: "",
    followers: 5,
    verified: true
  });
  assert.deepEqual(
    entries.map(({ author }) => [
      author.name,
      author.followers,
      author.verified
    ]),
    [
      ["Bob", 5, true],
      ["Ada", null, false],
      ["Us", null, false]
    ]
  );
});

test("what is missing is unknown, and never a zero", () => {
  const thread = threadOf({
    version: 1,
    messages: [{ key: "a" }],
    now: at(10)
  });

  assert.deepEqual(thread, {
    entries: [
      {
        id: "message a",
        type: "message",
        network: "",
        kind: "",
        isPublic: false,
        change: "created",
        text: "",
        at: null,
        link: "",
        state: "",
        reason: "",
        author: {
          name: "",
          handle: "",
          link: "",
          followers: null,
          verified: false
        },
        ours: false,
        attachments: []
      }
    ],
    reach: {
      name: "",
      handle: "",
      link: "",
      followers: null,
      verified: false
    },
    network: "",
    more: false,
    window: null,
    now: Date.parse(at(10))
  });
});

for (const [address, link] of [
  ["https://x.com/a", "https://x.com/a"],
  [" http://x.com ", "http://x.com/"],
  ["javascript:alert(1)", ""],
  ["JavaScript:alert(1)", ""],
  ["data:text/html,x", ""],
  ["/relative", ""],
  ["", ""],
  [null, ""]
]) {
  test(`${JSON.stringify(address)} leads to ${JSON.stringify(link)}`, () => {
    assert.equal(safeLink(address), link);
  });
}

for (const [name, unreadable] of [
  ["another version", { version: 2, messages: [] }],
  ["no messages", { version: 1 }],
  ["nothing", undefined],
  ["text", "<html>"]
]) {
  test(`${name} cannot be read`, () => {
    assert.equal(isReadable(unreadable), false);
  });
}
