// Makes of Casebridge's answer what the sidebar shows. Pure.

const VERSION = 1;

/** The address if a browser may be sent there, "" if not: a script or a file must never become a link. */
export function safeLink(address) {
  try {
    const { protocol, href } = new URL(String(address ?? "").trim());
    return protocol === "https:" || protocol === "http:" ? href : "";
  } catch {
    return "";
  }
}

/** Whether this app can read the answer. */
export function isReadable(answer) {
  return answer?.version === VERSION && Array.isArray(answer.messages);
}

/** The whole thread: entries the oldest first, the customer who wrote last, how they can be answered. */
export function threadOf(answer) {
  const network = answer.channel ?? "";
  const messages = answer.messages.map((one) => messageOf(one, network));
  const replies = (answer.replies ?? []).map(replyOf);
  const reach = reachOf(messages);
  return {
    entries: merged(
      messages.map((one) => withoutReach(one, reach)),
      replies
    ),
    reach,
    network,
    more: answer.more === true,
    window: answer.window ?? null,
    now: Date.parse(answer.now)
  };
}

/** The customer who wrote last; what was deleted or hidden often bears no name. null = nobody wrote. */
function reachOf(messages) {
  const theirs = messages.filter(({ ours }) => !ours);
  const named = theirs.findLast(({ author }) => author.name || author.handle);
  return (named ?? theirs.at(-1))?.author ?? null;
}

/** What stands in the place of a picture: the first letters of the first and last of the words, "?" without any. */
export function initialsOf({ name, handle }) {
  const words = (name || handle).match(/\p{L}[\p{L}\p{M}'’-]*/gu) ?? [];
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map(([letter]) => letter.toUpperCase()).join("") || "?";
}

/** What stands at the top of the sidebar need not stand at each message again. */
function withoutReach(message, reach) {
  const isSame = JSON.stringify(message.author) === JSON.stringify(reach);
  return isSame
    ? {
        ...message,
        author: { ...message.author, followers: null, verified: false }
      }
    : message;
}

function messageOf(one, network) {
  return {
    id: `message ${one.key}`,
    type: "message",
    network,
    kind: one.kind ?? "",
    isPublic: one.public === true,
    change: one.change ?? "created",
    text: one.text ?? "",
    at: timeOf(one.sent_at),
    link: safeLink(one.url),
    state: one.state ?? "",
    reason: one.reason ?? "",
    author: authorOf(one.author ?? {}),
    ours: one.ours === true,
    attachments: (one.attachments ?? []).map((file) => ({
      type: file.type ?? "",
      link: safeLink(file.url)
    }))
  };
}

function authorOf({ name, handle, url, followers, verified }) {
  const bare = String(handle ?? "").replace(/^@/, "");
  return {
    name: name ?? "",
    handle: bare && bare !== name ? `@${bare}` : "",
    link: safeLink(url),
    followers: Number.isFinite(followers) ? followers : null,
    verified: verified === true
  };
}

function replyOf(one) {
  return {
    id: `reply ${one.id}`,
    type: "reply",
    reply: one.id,
    agent: one.agent ?? "",
    text: one.text ?? "",
    isPrivate: one.private === true,
    state: one.state ?? "",
    reason: one.reason ?? "",
    link: safeLink(one.url),
    at: timeOf(one.taken_at),
    canRetry: one.retry === true
  };
}

function timeOf(text) {
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time;
}

/** Messages keep their order, also those whose time nobody knows; a reply stands before the first later message. */
function merged(messages, replies) {
  const entries = [];
  const waiting = [...replies].sort((a, b) => a.at - b.at);
  for (const message of messages) {
    while (
      waiting.length &&
      message.at !== null &&
      waiting[0].at < message.at
    ) {
      entries.push(waiting.shift());
    }
    entries.push(message);
  }
  return [...entries, ...waiting];
}
