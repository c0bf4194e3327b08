import assert from "node:assert/strict";
import { test } from "node:test";
import { askerOf, retryCall, threadCall } from "../app/assets/calling.js";

const ASKER = askerOf(
  {
    installationId: 4711,
    settings: {
      bridge_url: " https://bridge.example.com// ",
      bridge_connection: " acme zd "
    }
  },
  35436
);

test("the thread is asked for with a token for this ticket and installation", () => {
  assert.deepEqual(threadCall(ASKER), {
    url: "https://bridge.example.com/app/acme%20zd/cases/35436/thread",
    type: "GET",
    secure: true,
    jwt: {
      algorithm: "HS256",
      secret_key: "{{setting.bridge_secret}}",
      expiry: 120,
      claims: { iss: "zaf", aud: "casebridge", sub: "35436", inst: "4711" }
    },
    headers: { Authorization: "Bearer {{jwt.token}}" },
    contentType: "application/json",
    dataType: "json"
  });
});

test("a reply's id cannot lead elsewhere, nor make the proxy fill in a setting", () => {
  const { url, type } = retryCall(ASKER, "../1?{{setting.bridge_secret}}");

  assert.equal(type, "POST");
  assert.equal(
    url,
    "https://bridge.example.com/app/acme%20zd/cases/35436/replies/" +
      "..%2F1%3F%7B%7Bsetting.bridge_secret%7D%7D/retry"
  );
});

test("what the admin left empty stays empty", () => {
  const { url, connection } = askerOf({ installationId: 1, settings: {} }, 2);

  assert.deepEqual([url, connection], ["", ""]);
});
