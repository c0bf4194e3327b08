// One message of the conversation: who wrote it and where, what it says, and what became of a reply.
import { LightningElement, api } from "lwc";
import { DELIVERIES, LABELS } from "./labels";
import { handleOf, placeOf, starsOf } from "./wording";

const BUBBLES = {
  Inbound: "slds-chat-message__text slds-chat-message__text_inbound",
  Outbound: "slds-chat-message__text slds-chat-message__text_outbound",
  Note: "note"
};

export default class SocialMessage extends LightningElement {
  @api entry;
  @api isTarget = false;

  labels = LABELS;

  get isInbound() {
    return this.entry.direction === "Inbound";
  }

  get isOutbound() {
    return this.entry.direction === "Outbound";
  }

  get isNote() {
    return this.entry.direction === "Note";
  }

  get isDeleted() {
    return this.entry.status === "Deleted";
  }

  get body() {
    return `slds-chat-message__body body${this.isOutbound ? " ours" : ""}`;
  }

  get bubble() {
    const kind = BUBBLES[this.entry.direction] ?? BUBBLES.Note;
    return `bubble ${kind}${this.isTarget ? " target" : ""}${this.isDeleted ? " deleted" : ""}`;
  }

  get author() {
    return (
      this.entry.author ||
      handleOf(this.entry) ||
      (this.isOutbound ? LABELS.us : LABELS.unknown)
    );
  }

  get handle() {
    return this.entry.author ? handleOf(this.entry) : "";
  }

  get hasFollowers() {
    return this.isInbound && this.entry.followers !== null;
  }

  get stars() {
    return starsOf(this.entry.rating);
  }

  get starsSay() {
    return `${this.entry.rating} of 5 stars`;
  }

  // A reply's own row names no network: it goes where the conversation is.
  get place() {
    return this.isInbound ? placeOf(this.entry) : "";
  }

  get isPrivateReply() {
    return this.isOutbound && this.entry.isPrivateReply;
  }

  get text() {
    return this.isDeleted ? LABELS.deletedText : this.entry.text;
  }

  get attachments() {
    if (this.isDeleted) {
      return [];
    }
    return this.entry.attachments.map((attachment, index) => ({
      ...attachment,
      name: `${LABELS.attachment} ${index + 1}`
    }));
  }

  get hasAttachments() {
    return this.attachments.length > 0;
  }

  get linkSays() {
    if (this.entry.status === "Unsure") {
      return LABELS.look;
    }
    return this.isOutbound ? LABELS.openReply : LABELS.open;
  }

  get delivery() {
    return this.isOutbound ? DELIVERIES[this.entry.status] : undefined;
  }

  get error() {
    return this.isOutbound ? this.entry.error : "";
  }

  get canReply() {
    return this.isInbound && !this.isDeleted && !this.isTarget;
  }

  get replySays() {
    return `${LABELS.replyTo} ${this.author}`;
  }

  get canWriteAgain() {
    return (
      this.isOutbound &&
      (this.entry.status === "Failed" || this.entry.status === "Unsure")
    );
  }

  reply() {
    this.dispatchEvent(new CustomEvent("reply", { detail: this.entry.id }));
  }

  writeAgain() {
    this.dispatchEvent(new CustomEvent("writeagain", { detail: this.entry }));
  }
}
