// Says why Casebridge did not answer as it should. Pure.

const NOT_THERE = [0, 408, 502, 503, 504];

/**
 * What a failed call means.
 *
 * kind: names the words for it. says: Casebridge's own sentence, "" = it gave none. final: asking again by itself
 * changes nothing, somebody must do something first.
 */
export function failureOf(error, isOnline) {
  const status = error?.status ?? 0;
  if (!isOnline) {
    return { kind: "offline", says: "", final: false };
  }
  if (NOT_THERE.includes(status)) {
    return { kind: "unreachable", says: "", final: false };
  }
  const says = sentenceOf(error);
  const told = { 401: "refused", 403: "refused", 409: "nothing" }[status];
  if (told) {
    return { kind: told, says, final: true };
  }
  if (status === 404) {
    // Who answers 404 without a sentence is no Casebridge.
    return { kind: says ? "stranger" : "misplaced", says, final: true };
  }
  return status === 429
    ? { kind: "limited", says: "", final: false }
    : { kind: "other", says: says || `HTTP ${status}`, final: false };
}

function sentenceOf({ responseJSON, responseText }) {
  try {
    const { error } = responseJSON ?? JSON.parse(responseText);
    return typeof error === "string" ? error : "";
  } catch {
    return "";
  }
}
