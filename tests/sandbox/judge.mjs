// The script of operations for jsforce: node judge.mjs http://127.0.0.1:PORT. judge.py has the same for simple-salesforce.
import { createRequire } from "node:module";

const plugin = new URL(
  "../../plugins/salesforce/package.json",
  import.meta.url
);
const { Connection } = createRequire(plugin)("jsforce");

const [base] = process.argv.slice(2);
const told = {};

const logIn = async (secret) => {
  const form = {
    grant_type: "client_credentials",
    client_id: "sandbox-key",
    client_secret: secret
  };
  const answer = await fetch(`${base}/services/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams(form)
  });
  return { status: answer.status, ...(await answer.json()) };
};
const refusal = async (promise) => {
  try {
    return await promise;
  } catch (error) {
    return { errorCode: error.errorCode, message: error.message };
  }
};
const picked = (row, names) =>
  Object.fromEntries(names.map((name) => [name, row[name]]));

// Token

const granted = await logIn("sandbox-secret");
told["a token"] = picked(granted, ["status", "token_type", "scope"]);
told["no token for a wrong secret"] = await logIn("wrong");

const org = new Connection({
  instanceUrl: granted.instance_url,
  accessToken: granted.access_token,
  version: "66.0"
});
const cases = org.sobject("Case");
const messages = org.sobject("Social_Message__c");

// Describe

const FACTS = [
  "name",
  "type",
  "length",
  "nillable",
  "createable",
  "externalId",
  "unique",
  "caseSensitive"
];
const described = await cases.describe();
told["a describe"] = described.fields
  .filter(({ name }) =>
    ["Subject", "Social_Conversation_Key__c"].includes(name)
  )
  .map((field) => picked(field, FACTS));
const message = await messages.describe();
told["a describe of the plugin's object"] = {
  ...picked(message, ["name", "createable", "custom"]),
  statuses: message.fields
    .find(({ name }) => name === "Status__c")
    .picklistValues.map(({ value }) => value)
};

// One row: create, query, update, read, upsert, delete

const hostile = 'It\'s "50%" off_';
told["a create"] = await cases.create({
  Subject: hostile,
  Origin: "Web",
  Social_Conversation_Key__c: "k:one"
});
const first = told["a create"].id;
told["a query by a hostile text"] = (
  await cases.find({ Subject: hostile }, "Id, Subject, IsClosed")
).map((row) => picked(row, ["Id", "Subject", "IsClosed"]));
told["a count"] = (await org.query("SELECT COUNT() FROM Case")).totalSize;
await cases.update({ Id: first, Priority: "High" });
told["a read after an update"] = picked(await cases.retrieve(first), [
  "Id",
  "Subject",
  "Priority"
]);
told["an upsert that changes"] = await cases.upsert(
  { Social_Conversation_Key__c: "k:one", Priority: "Low" },
  "Social_Conversation_Key__c"
);
told["an upsert that creates"] = await cases.upsert(
  { Social_Conversation_Key__c: "k/ü two", Subject: "two" },
  "Social_Conversation_Key__c"
);
await cases.destroy(told["an upsert that creates"].id);
told["a read of what is deleted"] = await refusal(
  cases.retrieve(told["an upsert that creates"].id)
);

// Collections: each row by itself, in its order

const rows = (...keys) =>
  keys.map((key) => ({ Social_Conversation_Key__c: key, Subject: key }));
told["a collection of creates"] = await cases.create([
  ...rows("k:three", "k:one", "k:four"),
  { Subject: "x".repeat(256), Social_Conversation_Key__c: "k:long" }
]);
told["a collection of upserts"] = await cases.upsert(
  rows("k:five", "k:three", "k:six"),
  "Social_Conversation_Key__c"
);
told["a key twice in one collection"] = await cases.upsert(
  rows("k:seven", "k:eight", "k:seven"),
  "Social_Conversation_Key__c"
);
told["all rows or none"] = await cases.create([...rows("k:nine", "k:one")], {
  allOrNone: true
});

// Composite

const root = "/services/data/v66.0";
const composite = async (compositeRequest, allOrNone) => {
  const body = { allOrNone, collateSubrequests: false, compositeRequest };
  return (await org.requestPost("/composite", body)).compositeResponse;
};
const referring = (lastName) => [
  {
    method: "POST",
    url: `${root}/sobjects/Contact`,
    referenceId: "person",
    body: { LastName: lastName }
  },
  {
    method: "POST",
    url: `${root}/sobjects/Case`,
    referenceId: "case",
    body: {
      Subject: "of @{person.id}",
      ContactId: "@{person.id}",
      Nope__c: lastName === "Back" ? 1 : undefined
    }
  },
  {
    method: "GET",
    url: `${root}/query?q=${encodeURIComponent("SELECT Id, ContactId FROM Case WHERE Id = '")}@{case.id}'`,
    referenceId: "found"
  }
];
told["a composite with references"] = await composite(referring("Ann"), true);
told["a composite that rolls back"] = await composite(referring("Back"), true);
told["nothing of it is left"] = (
  await org.query("SELECT Id FROM Contact WHERE LastName = 'Back'")
).totalSize;

const typed = (type, fields) => ({ attributes: { type }, ...fields });
const filed = (key, conversation) =>
  typed("Social_Message__c", {
    External_Id__c: key,
    Direction__c: "Inbound",
    Status__c: "Received",
    Body__c: "hello",
    Case__r: { Social_Conversation_Key__c: conversation }
  });
told["a flush"] = await composite(
  [
    {
      method: "POST",
      url: `${root}/composite/sobjects`,
      referenceId: "cases",
      body: {
        allOrNone: false,
        records: [
          typed("Case", { Social_Conversation_Key__c: "k:ten", Subject: "ten" })
        ]
      }
    },
    {
      method: "POST",
      url: `${root}/composite/sobjects`,
      referenceId: "messages",
      body: {
        allOrNone: false,
        records: [
          filed("m:1", "k:ten"),
          filed("m:1", "k:ten"),
          filed("m:2", "k:none")
        ]
      }
    }
  ],
  false
);
const thread =
  "SELECT External_Id__c, Case__r.Social_Conversation_Key__c FROM Social_Message__c";
told["messages with their case's key"] = (await org.query(thread)).records.map(
  (row) => [row.External_Id__c, row.Case__r.Social_Conversation_Key__c]
);

// Limits

const before = org.limitInfo.apiUsage.used;
const { DailyApiRequests } = await org.limits();
told["limits"] = {
  most: DailyApiRequests.Max,
  left: DailyApiRequests.Max - DailyApiRequests.Remaining > 0
};
told["usage in every answer"] = {
  limit: org.limitInfo.apiUsage.limit,
  more: org.limitInfo.apiUsage.used - before
};

// Errors

told["no such column"] = await refusal(org.query("SELECT Nope__c FROM Case"));
told["no query"] = await refusal(org.query("SELECT Id FORM Case"));
told["no such field"] = await refusal(cases.create({ Nope__c: 1 }));
told["no such object"] = await refusal(
  org.sobject("Nope__c").create({ Name: "x" })
);
told["a required field"] = await refusal(messages.create({ Body__c: "x" }));
told["a restricted value"] = await refusal(
  messages.create({ Direction__c: "Sideways" })
);
told["a taken key"] = await refusal(
  cases.create({ Social_Conversation_Key__c: "k:one" })
);
const stranger = new Connection({
  instanceUrl: base,
  accessToken: "no token",
  version: "66.0"
});
told["a dead token"] = await refusal(stranger.query("SELECT Id FROM Case"));

console.log(JSON.stringify(told));
