// Shows one entry of the thread: a message, or an agent's reply and what became of it.
import { el, linkTo, timeOf, whoOf } from "./elements.js";

/** A customer's message, or our own public answer. */
export function messageNode(entry, wording) {
  const { say } = wording;
  const isDeleted = entry.change === "deleted";
  const kinds = ["entry", entry.ours && "ours", isDeleted && "deleted"];
  return el(
    "li",
    { class: kinds.filter(Boolean).join(" "), tabindex: "-1" },
    el("div", { class: "who" }, ...whoOf(authorOf(entry, say), wording)),
    metaOf(
      timeOf(entry.at, wording),
      wording.kind(entry.kind),
      say(entry.isPublic ? "isPublic" : "isPrivate"),
      markOf(entry.change, say)
    ),
    el(
      "p",
      { class: "text", dir: "auto" },
      entry.text || (isDeleted && say("deletedText"))
    ),
    attachmentsOf(entry.attachments, wording),
    entry.link && linkTo(entry.link, say("open"), wording),
    filingOf(entry, wording)
  );
}

function authorOf({ author, ours }, say) {
  return ours && !author.name ? { ...author, name: say("us") } : author;
}

function metaOf(...parts) {
  const shown = parts.filter(Boolean);
  const dotted = shown.flatMap((part, index) => (index ? [" · ", part] : part));
  return el("div", { class: "meta" }, ...dotted);
}

function markOf(change, say) {
  return (
    ["edited", "deleted", "hidden", "unhidden"].includes(change) &&
    el("strong", {}, say(change))
  );
}

function attachmentsOf(files, wording) {
  const { say } = wording;
  const shown = files.map(({ type, link }) => {
    const name = type ? say("attachmentOf", { type }) : say("attachment");
    return el("li", {}, link ? linkTo(link, name, wording) : name);
  });
  return (
    shown.length > 0 &&
    el("ul", { class: "files", "aria-label": say("attachments") }, ...shown)
  );
}

function filingOf({ state, reason }, wording) {
  const colour = { dead: "bad", unknown: "warn" }[state] ?? "quiet";
  const says = wording.filing(state);
  return (
    state !== "filed" &&
    state !== "" &&
    el("p", { class: `note ${colour}` }, reason ? `${says}: ${reason}` : says)
  );
}

const COLOURS = { sent: "good", failed: "bad", unsure: "warn" };

/**
 * An agent's reply. retrying: "" nothing is done about it, "asking" whether it is to be sent again, "trying" that is
 * under way; or the sentence why that did not work.
 */
export function replyNode(entry, retrying, wording, actions) {
  const { say } = wording;
  return el(
    "li",
    { class: "entry reply", tabindex: "-1" },
    el(
      "div",
      { class: "who" },
      el(
        "bdi",
        { class: "name" },
        say("repliedBy", { agent: entry.agent || say("someone") })
      )
    ),
    metaOf(
      timeOf(entry.at, wording),
      entry.isPrivate && say("isPrivate"),
      !entry.text && say("inTicket")
    ),
    entry.text && el("p", { class: "text", dir: "auto" }, entry.text),
    el(
      "p",
      { class: `note ${COLOURS[entry.state] ?? "quiet"}` },
      el("strong", {}, wording.reply(entry.state)),
      entry.reason && `: ${entry.reason}`
    ),
    entry.link && linkTo(entry.link, say("openReply"), wording),
    entry.canRetry && retryOf(entry, retrying, wording, actions)
  );
}

function retryOf({ reply, state }, retrying, { say }, actions) {
  const button = (name, act, kind = "") =>
    el("button", { type: "button", class: kind, onclick: act }, say(name));
  if (retrying === "trying") {
    return el("p", { class: "quiet" }, say("retrying"));
  }
  if (retrying === "asking") {
    return el(
      "div",
      { role: "group", "aria-label": say("retry"), class: "ask" },
      el("p", {}, say("ask")),
      button("yes", () => actions.retry(reply), "primary"),
      button("no", () => actions.leave(reply))
    );
  }
  const act = state === "unsure" ? actions.ask : actions.retry;
  return el(
    "div",
    { class: "again" },
    retrying && el("p", { class: "note bad" }, retrying),
    button("retry", () => act(reply))
  );
}
