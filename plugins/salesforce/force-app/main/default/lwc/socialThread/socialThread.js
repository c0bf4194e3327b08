// The social conversation of a case: reads it, keeps it fresh, and stores the agent's replies.
import { LightningElement, api, wire } from "lwc";
import { refreshApex } from "@salesforce/apex";
import { createRecord } from "lightning/uiRecordApi";
import { getRelatedListRecords } from "lightning/uiRelatedListApi";
import { reasonOf } from "./failure";
import LABELS from "./labels";
import {
  FIELDS,
  NEWEST_FIRST,
  OPTIONAL_FIELDS,
  PAGE_SIZE,
  entriesOf,
  isWaiting,
  recordOf,
  targetOf
} from "./thread";

const TICK = 15_000; // milliseconds
const TICKS_WHEN_QUIET = 4; // a waiting reply is looked at with every tick, all else once a minute

const SIDES = {
  Inbound: "slds-chat-listitem slds-chat-listitem_inbound",
  Outbound: "slds-chat-listitem slds-chat-listitem_outbound"
};

export default class SocialThread extends LightningElement {
  caseId;

  labels = LABELS;
  entries = [];
  isLoaded = false;
  isCut = false;
  failure = "";

  chosenId = "";
  isSaving = false;
  saveFailure = "";
  says = "";

  now = Date.now();
  ticks = 0;
  wired;
  timer;
  shown = 0;

  @wire(getRelatedListRecords, {
    parentRecordId: "$caseId",
    relatedListId: "Social_Messages__r",
    fields: FIELDS,
    optionalFields: OPTIONAL_FIELDS,
    sortBy: NEWEST_FIRST,
    pageSize: PAGE_SIZE
  })
  load(result) {
    this.wired = result;
    if (result.data) {
      this.entries = entriesOf(result.data.records);
      this.isCut = Boolean(result.data.nextPageToken);
      this.isLoaded = true;
    }
    this.failure = result.error ? reasonOf(result.error) : "";
  }

  connectedCallback() {
    // eslint-disable-next-line @lwc/lwc/no-async-operation -- a window closes and replies settle by the clock
    this.timer = setInterval(() => this.tick(), TICK);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  renderedCallback() {
    const { log } = this.refs;
    if (log && this.entries.length !== this.shown) {
      this.shown = this.entries.length;
      log.scrollTop = log.scrollHeight;
    }
  }

  @api
  get recordId() {
    return this.caseId;
  }

  // A page may go on to another case and keep this component: nothing of the one before may be answered there.
  set recordId(caseId) {
    if (caseId === this.caseId) {
      return;
    }
    this.caseId = caseId;
    this.entries = [];
    this.isLoaded = false;
    this.failure = "";
    this.chosenId = "";
    this.saveFailure = "";
    this.says = "";
  }

  get items() {
    return this.entries.map((entry) => ({
      entry,
      side: SIDES[entry.direction] ?? "slds-chat-listitem",
      isTarget: entry.id === this.target?.id
    }));
  }

  get target() {
    return targetOf(this.entries, this.chosenId);
  }

  get isEmpty() {
    return this.isLoaded && this.entries.length === 0;
  }

  get hasEntries() {
    return this.entries.length > 0;
  }

  get isLoading() {
    return !this.isLoaded && !this.failure;
  }

  tick() {
    this.now = Date.now();
    this.ticks += 1;
    const isDue =
      this.entries.some(isWaiting) || this.ticks % TICKS_WHEN_QUIET === 0;
    if (isDue && this.isVisible()) {
      this.refresh();
    }
  }

  // A console keeps the tabs of many cases alive: only the one in front asks.
  isVisible() {
    return (
      document.visibilityState === "visible" &&
      this.refs.card.getBoundingClientRect().height > 0
    );
  }

  async refresh() {
    this.now = Date.now();
    try {
      await refreshApex(this.wired);
    } catch (error) {
      this.failure = reasonOf(error);
    }
  }

  choose(event) {
    this.chosenId = event.detail;
    this.refs.reply.focus();
  }

  // What the agent is answering must not change because the customer writes once more meanwhile.
  keepTarget() {
    this.chosenId = this.target.id;
    this.says = "";
  }

  writeAgain(event) {
    const { text, answers, isPrivateReply } = event.detail;
    const answered = this.entries.find(({ key }) => key && key === answers);
    this.chosenId = answered?.id ?? "";
    this.refs.reply.write(text, isPrivateReply);
  }

  async send(event) {
    this.isSaving = true;
    this.saveFailure = "";
    try {
      await createRecord(recordOf(this.caseId, this.target, event.detail));
      this.refs.reply?.clear(); // it is gone where the page went on to another case meanwhile
      this.chosenId = "";
      this.says = LABELS.queued;
    } catch (error) {
      this.saveFailure = reasonOf(error);
    } finally {
      this.isSaving = false;
    }
    // Also after a failure: if only the answer was lost, the reply stands in the thread and must not be sent again.
    await this.refresh();
  }
}
