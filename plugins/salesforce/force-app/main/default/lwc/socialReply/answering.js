// Decides whether a message can be answered, how long still, and with how many characters. Pure.

const MINUTE = 60_000; // milliseconds
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SOON = HOUR;

/** 2 d 3 h, 3 h 20 min, 20 min; "less than a minute" at the very end. */
export function spanOf(milliseconds) {
  const days = Math.floor(milliseconds / DAY);
  const hours = Math.floor((milliseconds % DAY) / HOUR);
  const minutes = Math.floor((milliseconds % HOUR) / MINUTE);
  const parts = days
    ? [days && `${days} d`, hours && `${hours} h`]
    : [hours && `${hours} h`, minutes && `${minutes} min`];
  return parts.filter(Boolean).join(" ") || "less than a minute";
}

/**
 * Whether a reply to this message can be sent now.
 *
 * state: "nobody" there is nobody to answer, "never" the network takes none (`note` says why), "over" it takes none
 * any more, "open" it does. left: how long still, "" = for ever. isSoon: less than an hour is left.
 */
export function windowOf(target, now) {
  if (!target) {
    return { state: "nobody", left: "", isSoon: false };
  }
  if (target.note) {
    return { state: "never", left: "", isSoon: false };
  }
  if (!target.until) {
    return { state: "open", left: "", isSoon: false };
  }
  const left = Date.parse(target.until) - now;
  return left > 0
    ? { state: "open", left: spanOf(left), isSoon: left < SOON }
    : { state: "over", left: "", isSoon: false };
}

/**
 * What the line under the box says about the text's length; "" where the network names no limit.
 *
 * Networks count links and emoji in their own ways, so a text that is too long by this count is not refused here.
 */
export function lengthOf(text, limit) {
  if (!limit) {
    return { says: "", isOver: false };
  }
  const left = limit - [...text].length;
  return left < 0
    ? { says: `Too long by ${-left}: the network may refuse it`, isOver: true }
    : { says: `Characters left: ${left}`, isOver: false };
}
