// Decides whether the customer can be answered, and how long still. Pure.

const SECOND = 1000; // milliseconds
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SOON = 2 * HOUR;
const LAST = 10 * MINUTE;

/** The two largest units of a span: [[2, "d"], [3, "h"]]; seconds only in the last ten minutes. Never empty. */
export function spanOf(milliseconds) {
  const rest = Math.max(milliseconds, 0);
  const units = [
    [Math.floor(rest / DAY), "d"],
    [Math.floor((rest % DAY) / HOUR), "h"],
    [Math.floor((rest % HOUR) / MINUTE), "min"],
    [Math.floor((rest % MINUTE) / SECOND), "s"]
  ];
  const shown = rest < LAST ? units : units.slice(0, 3);
  const first = shown.findIndex(([count]) => count > 0);
  return first < 0
    ? [[0, "s"]]
    : shown.slice(first, first + 2).filter(([count]) => count > 0);
}

/**
 * Whether the customer can be answered now, by the clock of Casebridge.
 *
 * state: "nobody" there is nobody to answer; "unknown" nobody can tell; "never" the network takes none (says tells why); "always"; "over" it takes
 * none any more; "open", "soon" under two hours are left, "last" under ten minutes. left: milliseconds, 0 where no
 * end is near.
 */
export function windowOf(thread, now) {
  const { window, reach } = thread;
  if (!window) {
    return { state: reach ? "unknown" : "nobody", left: 0 };
  }
  if (window.says) {
    return { state: "never", left: 0 };
  }
  if (!window.until) {
    return { state: "always", left: 0 };
  }
  const left = Date.parse(window.until) - now;
  if (left <= 0) {
    return { state: "over", left: 0 };
  }
  const state = left < LAST ? "last" : left < SOON ? "soon" : "open";
  return { state, left };
}
