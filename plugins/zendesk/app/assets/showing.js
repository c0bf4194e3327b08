// Shows the sidebar. What has not changed stays as it is, so that nobody loses the place or hears it twice.
import { windowOf } from "./answering.js";
import { el, linkTo, whoOf } from "./elements.js";
import { messageNode, replyNode } from "./entries.js";
import { initialsOf } from "./reading.js";

/** The empty sidebar, to be filled by the functions below. */
export function frameOf(main, wording, actions) {
  const { say } = wording;
  const frame = {
    network: el("span", { class: "badge" }),
    reach: el("div", { class: "reach who" }),
    window: el("p", { class: "window", role: "timer" }),
    failure: el("div", { role: "alert" }),
    status: el("p", { class: "unseen", role: "status" }),
    hint: el("p", { class: "quiet" }, say("loading")),
    list: el("ol", { class: "thread" })
  };
  const refresh = el(
    "button",
    { type: "button", onclick: actions.refresh },
    say("refresh")
  );
  document.documentElement.lang = wording.language;
  main.replaceChildren(
    el(
      "div",
      { class: "top" },
      el("header", {}, el("h1", {}, say("title")), frame.network, refresh),
      ...[frame.failure, frame.reach, frame.window, frame.status]
    ),
    frame.hint,
    el("div", { role: "log", "aria-label": say("thread") }, frame.list)
  );
  return frame;
}

/** The thread and who is at its other end. retries: reply id -> what is being done about it. */
export function showThread(frame, thread, retries, wording, actions) {
  const { say } = wording;
  const { reach, entries, network, more } = thread;
  frame.network.textContent = wording.network(network);
  fill(frame.reach, JSON.stringify(reach), () =>
    reach
      ? [
          el("span", { class: "avatar", "data-initials": initialsOf(reach) }),
          ...whoOf(reach, wording),
          reach.link && linkTo(reach.link, wording.network(network), wording)
        ]
      : []
  );
  frame.hint.textContent = entries.length
    ? more
      ? say("more")
      : ""
    : say("empty");
  showEntries(frame.list, entries, (entry) => {
    const retrying = retries.get(entry.reply) ?? "";
    return {
      shape: JSON.stringify([entry, retrying]),
      make: () =>
        entry.type === "reply"
          ? replyNode(entry, retrying, wording, actions)
          : messageNode(entry, wording)
    };
  });
}

/** How long the customer can still be answered. now: by the clock of Casebridge. */
export function showWindow(frame, thread, now, wording) {
  const { say } = wording;
  const { state, left } = windowOf(thread, now);
  const { until, most, unit, says } = thread.window ?? {};
  const values = {
    left: wording.left(left),
    when: until ? wording.when(Date.parse(until)) : ""
  };
  const shown = [
    left > 0 && say("until", values),
    says,
    most > 0 &&
      !["never", "over"].includes(state) &&
      say("most", { count: wording.count(most), unit: wording.unit(unit) })
  ];
  frame.window.className = `window ${state}`;
  const head = say(`window.${state}`, values);
  const rest = shown.filter(Boolean).join(" ");
  fill(frame.window, JSON.stringify([head, rest]), () => [
    el("strong", {}, head),
    rest
  ]);
}

/** Why it could not be read, or nothing. known: when what is shown was read; null = nothing is shown. */
export function showFailure(frame, failure, known, wording) {
  const { say } = wording;
  const lines = failure
    ? [
        say(`failure.${failure.kind}`),
        failure.says,
        known !== null && say("stale", { when: wording.when(known) })
      ].filter(Boolean)
    : [];
  frame.failure.className = failure?.kind ?? "";
  fill(frame.failure, lines.join("\n"), () =>
    lines.map((line) => el("p", {}, line))
  );
  if (failure && known === null) {
    frame.hint.textContent = "";
  }
}

/** Says it to who cannot see it. */
export function announce(frame, text) {
  frame.status.textContent = text;
}

function fill(node, shape, make) {
  if (node.dataset.shape !== shape) {
    node.dataset.shape = shape;
    node.replaceChildren(...make().filter(Boolean));
  }
}

function showEntries(list, entries, viewOf) {
  const old = new Map(
    [...list.children].map((node) => [node.dataset.id, node])
  );
  const nodes = entries.map((entry) => {
    const { shape, make } = viewOf(entry);
    const before = old.get(entry.id);
    if (before?.dataset.shape === shape) {
      return before;
    }
    const node = make();
    node.dataset.id = entry.id;
    node.dataset.shape = shape;
    const isHeld = before?.contains(document.activeElement);
    before?.replaceWith(node);
    if (isHeld) {
      // Where the keyboard was on a button that is gone, it goes on beside it.
      (node.querySelector("button") ?? node).focus();
    }
    return node;
  });
  place(list, nodes);
}

/** Puts the nodes into the list in this order, and moves only those that stand elsewhere. */
function place(list, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...list.children]) {
    if (!wanted.has(node)) {
      node.remove();
    }
  }
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) {
      list.insertBefore(node, list.children[index] ?? null);
    }
  });
}
