import { createElement } from "@lwc/engine-dom";
import SocialThread from "c/socialThread";
import { refreshApex } from "@salesforce/apex";
import { createRecord } from "lightning/uiRecordApi";
import { getRelatedListRecords } from "lightning/uiRelatedListApi";

jest.mock(
  "@salesforce/apex",
  () => ({ refreshApex: jest.fn(() => Promise.resolve()) }),
  { virtual: true }
);

const CASE = "500000000000001AAA";
const MINUTE = 60_000;

const record = (number, fields) => ({
  id: `a0${number}`,
  fields: Object.fromEntries(
    Object.entries({
      Body__c: `text ${number}`,
      CreatedDate: `2026-11-21T10:0${number}:00.000Z`,
      Direction__c: "Inbound",
      External_Id__c: `x:1:${number}:created`,
      Public__c: true,
      Status__c: "Received",
      ...fields
    }).map(([name, value]) => [name, { value }])
  )
});
const reply = (number, Status__c, fields) =>
  record(number, {
    Direction__c: "Outbound",
    External_Id__c: null,
    Status__c,
    ...fields
  });

const settled = async () => {
  for (let turn = 0; turn < 5; turn++) {
    // eslint-disable-next-line no-await-in-loop -- each turn lets the component draw once
    await Promise.resolve();
  }
};

async function thread(...records) {
  const element = createElement("c-social-thread", { is: SocialThread });
  element.recordId = CASE;
  document.body.appendChild(element);
  getRelatedListRecords.emit({ records });
  await settled();
  return element.shadowRoot;
}
const one = (root, id) => root.querySelector(`[data-id="${id}"]`);
const messages = (root) => [...root.querySelectorAll("c-social-message")];
const box = (root) => root.querySelector("c-social-reply");
const fire = (element, name, detail) =>
  element.dispatchEvent(new CustomEvent(name, { detail }));

function show(height) {
  jest
    .spyOn(HTMLElement.prototype, "getBoundingClientRect")
    .mockReturnValue({ height });
}

describe("c-social-thread", () => {
  beforeEach(() => jest.useFakeTimers());

  afterEach(() => {
    document.body.replaceChildren();
    jest.useRealTimers();
    jest.restoreAllMocks();
    createRecord.mockReset();
    refreshApex.mockClear();
  });

  it("reads the newest messages of its case", async () => {
    await thread();

    const { parentRecordId, relatedListId, sortBy, pageSize } =
      getRelatedListRecords.getLastConfig();
    expect({ parentRecordId, relatedListId, sortBy, pageSize }).toEqual({
      parentRecordId: CASE,
      relatedListId: "Social_Messages__r",
      sortBy: ["-Social_Message__c.CreatedDate"],
      pageSize: 200
    });
  });

  it("shows them from the oldest to the newest, customers and us on two sides", async () => {
    const root = await thread(
      record(3, { Direction__c: "Note" }),
      reply(2, "Sent"),
      record(1)
    );

    const shown = [...root.querySelectorAll("li")].map(
      (item) => item.className
    );
    expect(messages(root).map(({ entry }) => entry.id)).toEqual([
      "a01",
      "a02",
      "a03"
    ]);
    expect(shown).toEqual([
      "slds-chat-listitem slds-chat-listitem_inbound",
      "slds-chat-listitem slds-chat-listitem_outbound",
      "slds-chat-listitem"
    ]);
  });

  it("says so where a case has no social messages", async () => {
    const root = await thread();

    expect(one(root, "empty").textContent).toBe(
      "No social messages on this case."
    );
    expect(box(root)).toBeNull();
  });

  it("says so where only the latest messages are shown", async () => {
    const root = await thread(record(1));
    getRelatedListRecords.emit({ records: [record(1)], nextPageToken: "200" });
    await settled();

    expect(one(root, "cut")).not.toBeNull();
  });

  it("shows why nothing could be read, and what it knew before", async () => {
    const root = await thread(record(1));
    getRelatedListRecords.error({ message: "No access." });
    await settled();

    expect(one(root, "failure").textContent).toContain("No access.");
    expect(messages(root)).toHaveLength(1);
  });

  it("answers the customer's latest message", async () => {
    createRecord.mockResolvedValue({ id: "a09" });
    const root = await thread(record(1), record(2));

    fire(box(root), "send", { text: "Hi", isPrivate: false });
    await settled();

    expect(createRecord.mock.calls).toEqual([
      [
        {
          apiName: "Social_Message__c",
          fields: {
            Body__c: "Hi",
            Case__c: CASE,
            Direction__c: "Outbound",
            Private_Reply__c: false,
            Reply_To_Key__c: "x:1:2:created",
            Status__c: "Queued"
          }
        }
      ]
    ]);
    expect(refreshApex).toHaveBeenCalledTimes(1);
    expect(one(root, "says").textContent).toBe("Your reply is on its way.");
  });

  it("answers the message whose Reply was clicked", async () => {
    createRecord.mockResolvedValue({ id: "a09" });
    const root = await thread(record(1), record(2));

    fire(messages(root)[0], "reply", "a01");
    await settled();
    fire(box(root), "send", { text: "Hi", isPrivate: false });
    await settled();

    expect(createRecord.mock.calls[0][0].fields.Reply_To_Key__c).toBe(
      "x:1:1:created"
    );
    expect(messages(root).map(({ isTarget }) => isTarget)).toEqual([
      false,
      true
    ]);
  });

  it("keeps what is being answered when the customer writes once more", async () => {
    const root = await thread(record(1));

    fire(box(root), "write");
    getRelatedListRecords.emit({ records: [record(1), record(2)] });
    await settled();

    expect(box(root).target.id).toBe("a01");
  });

  it("answers the latest message when the chosen one was deleted", async () => {
    const root = await thread(record(1), record(2));

    fire(messages(root)[0], "reply", "a01");
    getRelatedListRecords.emit({
      records: [record(1, { Status__c: "Deleted" }), record(2)]
    });
    await settled();

    expect(box(root).target.id).toBe("a02");
  });

  it("keeps the text and shows the reason when a reply is not saved", async () => {
    createRecord.mockRejectedValue({ body: { message: "Read only." } });
    const root = await thread(record(1));
    const clear = jest.spyOn(box(root), "clear");

    fire(box(root), "send", { text: "Hi", isPrivate: false });
    await settled();

    expect(box(root).failure).toBe("Read only.");
    expect(box(root).isSaving).toBe(false);
    expect(clear).not.toHaveBeenCalled();
  });

  it("looks again when a save fails, for the reply may have been stored and only the answer lost", async () => {
    createRecord.mockRejectedValue({ body: { message: "Timed out." } });
    const root = await thread(record(1));

    fire(box(root), "send", { text: "Hi", isPrivate: false });
    await settled();

    expect(refreshApex).toHaveBeenCalledTimes(1);
    expect(box(root).failure).toBe("Timed out.");
  });

  it("shows nothing of the case before, when the page goes on to another one", async () => {
    const root = await thread(record(1));

    root.host.recordId = CASE;
    await settled();
    const same = messages(root).length;
    root.host.recordId = "500000000000002AAA";
    await settled();

    expect(same).toBe(1);
    expect(messages(root)).toEqual([]);
    expect(box(root)).toBeNull();
  });

  it("is saving until Salesforce has answered", async () => {
    let answer;
    createRecord.mockReturnValue(
      new Promise((resolve) => {
        answer = resolve;
      })
    );
    const root = await thread(record(1));

    fire(box(root), "send", { text: "Hi", isPrivate: false });
    await settled();
    const before = box(root).isSaving;
    answer({ id: "a09" });
    await settled();

    expect([before, box(root).isSaving]).toEqual([true, false]);
  });

  it("reports no fault of a reply that is stored after the page went on to another case", async () => {
    let answer;
    createRecord.mockReturnValue(
      new Promise((resolve) => {
        answer = resolve;
      })
    );
    const root = await thread(record(1));

    fire(box(root), "send", { text: "Hi", isPrivate: false });
    root.host.recordId = "500000000000002AAA";
    await settled();
    answer({ id: "a09" });
    await settled();
    getRelatedListRecords.emit({ records: [record(2)] });
    await settled();

    expect([box(root).failure, box(root).isSaving]).toEqual(["", false]);
  });

  it("puts a failed reply back into the box, for the message it had answered", async () => {
    const root = await thread(
      record(1),
      record(2),
      reply(3, "Failed", { Reply_To_Key__c: "x:1:1:created" })
    );
    const write = jest.spyOn(box(root), "write");

    fire(messages(root)[2], "writeagain", messages(root)[2].entry);
    await settled();

    expect(write).toHaveBeenCalledWith("text 3", false);
    expect(box(root).target.id).toBe("a01");
  });

  it("reads again when asked", async () => {
    const root = await thread(record(1));

    root.querySelector("lightning-button-icon").click();

    expect(refreshApex).toHaveBeenCalledTimes(1);
  });

  it("reads again by itself once a minute, and four times while a reply waits", async () => {
    show(100);
    await thread(record(1));
    jest.advanceTimersByTime(MINUTE);
    const quiet = refreshApex.mock.calls.length;

    getRelatedListRecords.emit({ records: [record(1), reply(2, "Queued")] });
    jest.advanceTimersByTime(MINUTE);

    expect([quiet, refreshApex.mock.calls.length - quiet]).toEqual([1, 4]);
  });

  it("reads nothing where nobody looks", async () => {
    show(0);
    await thread(record(1), reply(2, "Queued"));

    jest.advanceTimersByTime(MINUTE);

    expect(refreshApex).not.toHaveBeenCalled();
  });

  it("stops when it is taken off the page", async () => {
    await thread(record(1));

    document.body.replaceChildren();

    expect(jest.getTimerCount()).toBe(0);
  });
});
