// The box in which an agent answers one message. What is sent goes up as an event.
import { LightningElement, api } from "lwc";
import { lengthOf, windowOf } from "./answering";
import LABELS from "./labels";

const PUBLICLY = "publicly";
const PRIVATELY = "privately";

export default class SocialReply extends LightningElement {
  @api target = null;
  @api now;
  @api isSaving = false;
  @api failure = "";

  labels = LABELS;
  text = "";
  way = PUBLICLY;
  ways = [
    { label: LABELS.publicly, value: PUBLICLY },
    { label: LABELS.privately, value: PRIVATELY }
  ];

  /** Puts a text into the box for the agent to look over, above what already stands there. */
  @api
  write(text, isPrivate) {
    const isDraft = this.text.trim() && this.text !== text;
    this.text = isDraft ? `${text}\n\n${this.text}` : text;
    this.way = isPrivate ? PRIVATELY : PUBLICLY;
    this.focus();
  }

  @api
  clear() {
    this.text = "";
    this.way = PUBLICLY;
  }

  @api
  focus() {
    this.refs.box.focus();
  }

  get replyWindow() {
    return windowOf(this.target, this.now);
  }

  get isNobody() {
    return this.replyWindow.state === "nobody";
  }

  get isNever() {
    return this.replyWindow.state === "never";
  }

  get isOver() {
    return this.replyWindow.state === "over";
  }

  get leftLook() {
    return this.replyWindow.isSoon ? "slds-text-color_error" : "";
  }

  get length() {
    return lengthOf(this.text, this.target?.limit);
  }

  get lengthLook() {
    return this.length.isOver ? "slds-text-color_error" : "";
  }

  get isPublic() {
    return this.target?.isPublic === true;
  }

  get isPrivate() {
    return this.target?.isPublic === false;
  }

  get author() {
    return this.target.author || this.target.handle || LABELS.unknown;
  }

  get sendSays() {
    return this.isSaving ? LABELS.sending : LABELS.send;
  }

  get isShut() {
    return this.replyWindow.state !== "open" || this.isSaving;
  }

  get cannotSend() {
    return this.isShut || !this.text.trim();
  }

  change(event) {
    this.text = event.detail.value;
    if (this.target) {
      this.dispatchEvent(new CustomEvent("write"));
    }
  }

  chooseWay(event) {
    this.way = event.detail.value;
  }

  send() {
    // The window may have closed since the button was drawn, and a second click must not send twice.
    if (this.cannotSend) {
      return;
    }
    const isPrivate = this.isPublic && this.way === PRIVATELY;
    this.dispatchEvent(
      new CustomEvent("send", { detail: { text: this.text, isPrivate } })
    );
  }
}
