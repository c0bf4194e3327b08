// Makes of Social Message records what the thread shows. Pure.

export const OBJECT = "Social_Message__c";

const named = (names) => names.map((name) => `${OBJECT}.${name}`);

export const FIELDS = named([
  "Body__c",
  "Direction__c",
  "Status__c",
  "CreatedDate"
]);

// What the agent may not see is left out instead of breaking the whole thread.
export const OPTIONAL_FIELDS = named([
  "Agent__c",
  "Attachments__c",
  "Author_Followers__c",
  "Author_Handle__c",
  "Author_Name__c",
  "Author_Verified__c",
  "CreatedBy.Name",
  "Error_Message__c",
  "External_Id__c",
  "Kind__c",
  "Name",
  "Network__c",
  "Permalink__c",
  "Posted_At__c",
  "Private_Reply__c",
  "Public__c",
  "Rating__c",
  "Reply_Limit__c",
  "Reply_Note__c",
  "Reply_To_Key__c",
  "Reply_Until__c"
]);

// The newest come first, so that a very long thread loses its beginning and not its end.
export const NEWEST_FIRST = [`-${OBJECT}.CreatedDate`];

export const PAGE_SIZE = 200;

/** The address if a browser may be sent there, "" if not: a script or a file must never become a link. */
export function safeLink(address) {
  try {
    const { protocol, href } = new URL(String(address ?? "").trim());
    return protocol === "https:" || protocol === "http:" ? href : "";
  } catch {
    return "";
  }
}

/** What a record holds of a message, in the words of this component. Absent is "" for text, null for the rest. */
export function entryOf(record) {
  const value = (name) => record.fields[name]?.value ?? null;
  const text = (name) => value(name) ?? "";
  const outbound = text("Direction__c") === "Outbound";
  // What Casebridge has filed has a key; its own user wrote none of it.
  const creator = text("External_Id__c")
    ? ""
    : (value("CreatedBy")?.fields?.Name?.value ?? "");
  return {
    id: record.id,
    key: text("External_Id__c"),
    number: text("Name"),
    direction: text("Direction__c"),
    status: text("Status__c"),
    text: text("Body__c"),
    author: outbound
      ? text("Agent__c") || text("Author_Name__c") || creator
      : text("Author_Name__c"),
    handle: text("Author_Handle__c"),
    followers: value("Author_Followers__c"),
    verified: value("Author_Verified__c") === true,
    network: text("Network__c"),
    kind: text("Kind__c"),
    isPublic: value("Public__c") === true,
    isPrivateReply: value("Private_Reply__c") === true,
    rating: value("Rating__c"),
    at: value("Posted_At__c") ?? value("CreatedDate"),
    link: safeLink(text("Permalink__c")),
    attachments: linksOf(text("Attachments__c")),
    answers: text("Reply_To_Key__c"),
    until: value("Reply_Until__c"),
    limit: value("Reply_Limit__c"),
    note: text("Reply_Note__c"),
    error: text("Error_Message__c")
  };
}

function linksOf(lines) {
  const addresses = lines.split("\n").map((line) => line.trim());
  return addresses.filter(Boolean).map((address, index) => ({
    id: String(index),
    link: safeLink(address),
    shown: address
  }));
}

/** All messages, the oldest first. Of two from the same moment the one with the lower number came first. */
export function entriesOf(records) {
  const order = (a, b) =>
    Date.parse(a.at) - Date.parse(b.at) || a.number.localeCompare(b.number);
  return records.map(entryOf).sort(order);
}

function latestOf(entries) {
  return entries.findLast(isAnswerable) ?? null;
}

/**
 * The message that a reply answers: the chosen one, or the customer's latest; null if there is none.
 *
 * A private conversation stays open from the customer's last word on, whichever message is answered.
 */
export function targetOf(entries, chosenId) {
  const chosen = entries.find(({ id }) => id === chosenId);
  const target = chosen && isAnswerable(chosen) ? chosen : latestOf(entries);
  if (!target || target.isPublic) {
    return target;
  }
  const last = entries.findLast(
    (entry) => isAnswerable(entry) && !entry.isPublic
  );
  return { ...target, until: last.until };
}

function isAnswerable(entry) {
  return entry.direction === "Inbound" && entry.status !== "Deleted";
}

export function isWaiting(entry) {
  return entry.direction === "Outbound" && entry.status === "Queued";
}

/** The record that makes Casebridge send a reply. */
export function recordOf(caseId, target, { text, isPrivate }) {
  return {
    apiName: OBJECT,
    fields: {
      Direction__c: "Outbound",
      Status__c: "Queued",
      Case__c: caseId,
      Body__c: text,
      Reply_To_Key__c: target.key,
      Private_Reply__c: isPrivate
    }
  };
}
