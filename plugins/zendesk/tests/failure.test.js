import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf } from "../app/assets/failure.js";

const said = (error) => JSON.stringify({ error });

for (const [error, kind, says, final] of [
  [{ status: 403, responseText: said("No.") }, "refused", "No.", true],
  [{ status: 401, responseText: "" }, "refused", "", true],
  [
    { status: 403, responseJSON: { error: "Parsed." } },
    "refused",
    "Parsed.",
    true
  ],
  [
    { status: 404, responseText: said("Not ours.") },
    "stranger",
    "Not ours.",
    true
  ],
  [{ status: 404, responseText: "<h1>404</h1>" }, "misplaced", "", true],
  [{ status: 409, responseText: said("Sent.") }, "nothing", "Sent.", true],
  [{ status: 429 }, "limited", "", false],
  [{ status: 503, responseText: said("Later.") }, "unreachable", "", false],
  [{ status: 0 }, "unreachable", "", false],
  [undefined, "unreachable", "", false],
  [{ status: 500, responseText: "oops" }, "other", "HTTP 500", false],
  [
    { status: 400, responseText: said({ deep: 1 }) },
    "other",
    "HTTP 400",
    false
  ],
  [{ status: 400, responseText: "null" }, "other", "HTTP 400", false]
]) {
  test(`${JSON.stringify(error)} is ${kind}`, () => {
    assert.deepEqual(failureOf(error, true), { kind, says, final });
  });
}

test("who is offline is told that first", () => {
  assert.deepEqual(failureOf({ status: 403 }, false), {
    kind: "offline",
    says: "",
    final: false
  });
});
