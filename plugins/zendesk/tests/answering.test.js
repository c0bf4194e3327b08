import assert from "node:assert/strict";
import { test } from "node:test";
import { spanOf, windowOf } from "../app/assets/answering.js";

const MINUTE = 60_000;
const NOW = Date.parse("2026-11-22T14:00:00Z");

const withWindow = (window, reach = {}) => ({ window, reach });
const until = (milliseconds) =>
  withWindow({ until: new Date(NOW + milliseconds).toISOString(), says: "" });

for (const [span, shown] of [
  [51 * 60 * MINUTE + 30_000, "2 d 3 h"],
  [48 * 60 * MINUTE, "2 d"],
  [24 * 60 * MINUTE + 5 * MINUTE, "1 d"],
  [60 * MINUTE + 59_999, "1 h"],
  [100 * MINUTE, "1 h 40 min"],
  [10 * MINUTE + 7000, "10 min"],
  [10 * MINUTE - 1, "9 min 59 s"],
  [5 * MINUTE, "5 min"],
  [999, "0 s"],
  [0, "0 s"],
  [-5, "0 s"]
]) {
  test(`${span} ms are ${shown}`, () => {
    assert.equal(
      spanOf(span)
        .map((part) => part.join(" "))
        .join(" "),
      shown
    );
  });
}

for (const [left, state] of [
  [2 * 60 * MINUTE, "open"],
  [2 * 60 * MINUTE - 1, "soon"],
  [10 * MINUTE, "soon"],
  [10 * MINUTE - 1, "last"],
  [1, "last"]
]) {
  test(`with ${left} ms left it is ${state}`, () => {
    assert.deepEqual(windowOf(until(left), NOW), { state, left });
  });
}

for (const [thread, state] of [
  [until(0), "over"],
  [until(-1), "over"],
  [withWindow({ until: null, says: "" }), "always"],
  [withWindow({ until: null, says: "Deleted." }), "never"],
  [
    withWindow({ until: new Date(NOW + 1).toISOString(), says: "No." }),
    "never"
  ],
  [withWindow(null), "unknown"],
  [withWindow(null, null), "nobody"]
]) {
  test(`a window of ${JSON.stringify(thread.window)} is ${state}`, () => {
    assert.deepEqual(windowOf(thread, NOW), { state, left: 0 });
  });
}
