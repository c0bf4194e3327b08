import { reasonOf, UNKNOWN_REASON } from "../failure";
import {
  entriesOf,
  entryOf,
  isWaiting,
  recordOf,
  safeLink,
  targetOf
} from "../thread";

// eslint-disable-next-line no-script-url -- hostile on purpose: it must never become a link
const SCRIPT = "javascript:alert(1)";
const record = (id, fields) => ({
  id,
  fields: Object.fromEntries(
    Object.entries({ Direction__c: "Inbound", ...fields }).map(
      ([name, value]) => [name, { value }]
    )
  )
});

describe("a link", () => {
  it("leads nowhere but to the web", () => {
    const hostile = [
      SCRIPT,
      ` ${SCRIPT.toUpperCase()}`,
      "data:text/html,<b>",
      "vbscript:x",
      "file:///etc/passwd",
      "//example.org",
      "example.org",
      "",
      null
    ];

    const links = hostile.map(safeLink);

    expect(links).toEqual(hostile.map(() => ""));
  });

  it("stays as it is where it leads to the web", () => {
    const link = safeLink(" https://example.org/post/1?a=b ");

    expect(link).toBe("https://example.org/post/1?a=b");
  });
});

describe("an entry", () => {
  it("holds what the record says", () => {
    const entry = entryOf(
      record("a01", {
        Attachments__c: `https://example.org/1.jpg\r\n\n${SCRIPT}\nhttps://example.org/2.jpg`,
        Author_Followers__c: 0,
        Author_Handle__c: "ada",
        Author_Name__c: "Ada",
        Author_Verified__c: true,
        Body__c: "<b>Hello</b>",
        CreatedDate: "2026-11-21T10:00:02.000Z",
        External_Id__c: "facebook:1:5:created",
        Kind__c: "comment",
        Name: "SM-00000001",
        Network__c: "facebook",
        Permalink__c: "https://example.org/5",
        Posted_At__c: "2026-11-21T10:00:00.000Z",
        Public__c: true,
        Rating__c: 4,
        Reply_Limit__c: 8000,
        Reply_Until__c: "2026-11-28T10:00:00.000Z",
        Status__c: "Received"
      })
    );

    expect(entry).toEqual({
      id: "a01",
      key: "facebook:1:5:created",
      number: "SM-00000001",
      direction: "Inbound",
      status: "Received",
      text: "<b>Hello</b>",
      author: "Ada",
      handle: "ada",
      followers: 0,
      verified: true,
      network: "facebook",
      kind: "comment",
      isPublic: true,
      isPrivateReply: false,
      rating: 4,
      at: "2026-11-21T10:00:00.000Z",
      link: "https://example.org/5",
      attachments: [
        {
          id: "0",
          link: "https://example.org/1.jpg",
          shown: "https://example.org/1.jpg"
        },
        { id: "1", link: "", shown: SCRIPT },
        {
          id: "2",
          link: "https://example.org/2.jpg",
          shown: "https://example.org/2.jpg"
        }
      ],
      answers: "",
      until: "2026-11-28T10:00:00.000Z",
      limit: 8000,
      note: "",
      error: ""
    });
  });

  it("does without every field that the agent may not see", () => {
    const { author, followers, at, attachments, link } = entryOf({
      id: "a01",
      fields: { Direction__c: { value: "Inbound" } }
    });

    expect({ author, followers, at, attachments, link }).toEqual({
      author: "",
      followers: null,
      at: null,
      attachments: [],
      link: ""
    });
  });

  it("names who created a reply where no agent is named", () => {
    const CreatedBy = { fields: { Name: { value: "Grace" } } };
    const authors = [
      { CreatedBy },
      { CreatedBy, Author_Name__c: "Our page" },
      { CreatedBy, Author_Name__c: "Our page", Agent__c: "Joan" }
    ].map(
      (fields) =>
        entryOf(record("a01", { ...fields, Direction__c: "Outbound" })).author
    );

    expect(authors).toEqual(["Grace", "Our page", "Joan"]);
  });

  it("does not name Casebridge's own user as the writer of what it has filed", () => {
    const { author } = entryOf(
      record("a01", {
        CreatedBy: { fields: { Name: { value: "Casebridge" } } },
        Direction__c: "Outbound",
        External_Id__c: "facebook:1:5:created"
      })
    );

    expect(author).toBe("");
  });
});

describe("the thread", () => {
  it("goes from the oldest to the newest, and by number within one moment", () => {
    const moment = "2026-11-21T10:00:00.000Z";
    const entries = entriesOf([
      record("d", { CreatedDate: "2026-11-21T10:05:00.000Z" }),
      record("c", { Posted_At__c: moment, Name: "SM-00000003" }),
      record("b", { Posted_At__c: moment, Name: "SM-00000002" }),
      record("a", {
        Posted_At__c: "2026-11-21T09:59:59.000Z",
        CreatedDate: "2026-11-21T11:00:00.000Z"
      })
    ]);

    expect(entries.map(({ id }) => id)).toEqual(["a", "b", "c", "d"]);
  });

  it("is answered at the chosen message, or the customer's latest that is not deleted", () => {
    const at = (minute) => `2026-11-21T10:0${minute}:00.000Z`;
    const entries = entriesOf([
      record("a", { CreatedDate: at(0) }),
      record("b", { CreatedDate: at(1) }),
      record("c", { CreatedDate: at(2), Status__c: "Deleted" }),
      record("d", { CreatedDate: at(3), Direction__c: "Outbound" }),
      record("e", { CreatedDate: at(4), Direction__c: "Note" })
    ]);

    const targets = ["", "a", "c", "d", "gone"].map(
      (chosen) => targetOf(entries, chosen).id
    );

    expect(targets).toEqual(["b", "a", "b", "b", "b"]);
    expect(targetOf([], "a")).toBeNull();
  });

  it("stays open, where it is private, from the customer's last word on", () => {
    const entries = [false, true].map((Public__c) =>
      entriesOf([
        record("a", {
          CreatedDate: "2026-11-21T10:00:00.000Z",
          Reply_Until__c: "2026-11-22T10:00:00.000Z",
          Public__c
        }),
        record("b", {
          CreatedDate: "2026-11-21T18:00:00.000Z",
          Reply_Until__c: "2026-11-22T18:00:00.000Z",
          Public__c
        })
      ])
    );

    const ends = entries.map((of) => targetOf(of, "a").until);

    expect(ends).toEqual([
      "2026-11-22T18:00:00.000Z",
      "2026-11-22T10:00:00.000Z"
    ]);
  });

  it("waits only for replies that are queued", () => {
    const states = ["Queued", "Sent", "Failed", "Unsure"].filter((Status__c) =>
      isWaiting(entryOf(record("a", { Direction__c: "Outbound", Status__c })))
    );

    expect(states).toEqual(["Queued"]);
  });
});

it("a reply is an outbound message that waits, and names what it answers", () => {
  const made = recordOf(
    "500000000000001AAA",
    { key: "x:1:5:created" },
    { text: "Hi", isPrivate: true }
  );

  expect(made).toEqual({
    apiName: "Social_Message__c",
    fields: {
      Direction__c: "Outbound",
      Status__c: "Queued",
      Case__c: "500000000000001AAA",
      Body__c: "Hi",
      Reply_To_Key__c: "x:1:5:created",
      Private_Reply__c: true
    }
  });
});

describe("the reason of a refusal", () => {
  it("names every fault, each once", () => {
    const reason = reasonOf({
      body: {
        message: "An error occurred while trying to update the record.",
        output: {
          errors: [{ message: "Closed cases take no replies." }],
          fieldErrors: {
            Body__c: [{ message: "Too long." }],
            Case__c: [{ message: "Too long." }]
          }
        }
      }
    });

    expect(reason).toBe("Closed cases take no replies. Too long.");
  });

  it("is the message where there are no details", () => {
    const reasons = [
      { body: { message: "No access." } },
      new Error("Offline."),
      { body: { message: "Broken.", output: { errors: [], fieldErrors: {} } } }
    ].map(reasonOf);

    expect(reasons).toEqual(["No access.", "Offline.", "Broken."]);
  });

  it("is never empty", () => {
    const reasons = [undefined, {}, { body: {} }].map(reasonOf);

    expect(reasons).toEqual([UNKNOWN_REASON, UNKNOWN_REASON, UNKNOWN_REASON]);
  });
});
