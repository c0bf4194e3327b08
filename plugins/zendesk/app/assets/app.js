// The sidebar beside a ticket: asks Casebridge for the social conversation and shows it. READ FIRST.
import { askerOf, retryCall, threadCall } from "./calling.js";
import { failureOf } from "./failure.js";
import { isReadable, threadOf } from "./reading.js";
import {
  announce,
  frameOf,
  showFailure,
  showThread,
  showWindow
} from "./showing.js";
import { wordingOf } from "./wording.js";

const SECOND = 1000; // milliseconds
const USUAL = 20 * SECOND;
const WHILE_SENDING = 5 * SECOND; // a reply is on its way, and the agent waits for it
const TALLEST = 720; // pixels; what is longer scrolls

// Those that come with each key that is pressed are left out: Zendesk lets an app ask 100 times a minute.
const EVENTS = [
  "app.activated",
  "ticket.updated",
  "ticket.submit.done",
  "ticket.conversation.changed"
];

async function start(client) {
  const [metadata, told] = await Promise.all([
    client.metadata(),
    client.get(["ticket.id", "currentUser.locale"])
  ]);
  const asker = askerOf(metadata, told["ticket.id"]);
  const wording = wordingOf(told["currentUser.locale"]);
  const retries = new Map();
  let thread = null;
  let failure = null;
  let knownAt = null;
  let readAt = 0;
  let active = true;
  let reading = null;
  let timer = 0;

  const actions = {
    refresh,
    ask: (reply) => mark(reply, "asking"),
    leave: (reply) => mark(reply, ""),
    retry
  };
  const frame = frameOf(document.getElementById("app"), wording, actions);

  function draw() {
    const isAtEnd = endOf() - scrollY < 2;
    showFailure(frame, failure, knownAt, wording);
    if (thread) {
      showThread(frame, thread, retries, wording, actions);
      tick();
    }
    if (isAtEnd) {
      scrollTo(0, endOf()); // the latest stands below; who has scrolled up to read stays there
    }
  }

  function tick() {
    if (thread) {
      const now = thread.now + performance.now() - readAt;
      showWindow(frame, thread, now, wording);
    }
  }

  /** Reads the thread; who asks while that is under way gets the same answer. */
  function refresh() {
    reading ??= read().finally(() => {
      reading = null;
      draw();
      wait();
    });
    return reading;
  }

  async function read() {
    try {
      const answer = await client.request(threadCall(asker));
      if (!isReadable(answer)) {
        failure = { kind: "version", says: "", final: true };
        return;
      }
      thread = threadOf(answer);
      failure = null;
      readAt = performance.now();
      knownAt = Date.now();
      forgetRetries();
    } catch (error) {
      failure = failureOf(error, navigator.onLine);
    }
  }

  function forgetRetries() {
    const open = thread.entries.filter(({ canRetry }) => canRetry);
    const known = new Set(open.map(({ reply }) => reply));
    for (const reply of retries.keys()) {
      if (!known.has(reply)) {
        retries.delete(reply);
      }
    }
  }

  function wait() {
    clearTimeout(timer);
    if (!failure?.final) {
      timer = setTimeout(look, isSending(thread) ? WHILE_SENDING : USUAL);
    }
  }

  function look() {
    return active && document.visibilityState === "visible"
      ? refresh()
      : wait();
  }

  function mark(reply, how) {
    retries.set(reply, how);
    draw();
  }

  async function retry(reply) {
    mark(reply, "trying");
    try {
      await client.request(retryCall(asker, reply));
      retries.delete(reply);
      announce(frame, wording.say("retried"));
    } catch (error) {
      const { kind, says } = failureOf(error, navigator.onLine);
      const why = says || wording.say(`failure.${kind}`);
      retries.set(reply, why);
      announce(frame, why);
    }
    await reading; // what was asked before does not know of it yet
    await refresh();
  }

  client.on("app.activated", () => (active = true));
  client.on("app.deactivated", () => (active = false));
  EVENTS.forEach((event) => client.on(event, look));
  document.addEventListener("visibilitychange", look);
  addEventListener("online", look);
  setInterval(tick, SECOND);
  fit(client);
  await refresh();
}

/** As far as can be scrolled, in pixels. */
function endOf() {
  return document.documentElement.scrollHeight - innerHeight;
}

function isSending(thread) {
  return thread?.entries.some(
    ({ type, state }) =>
      type === "reply" && (state === "ready" || state === "sending")
  );
}

/** Lets Zendesk make the frame as tall as what is in it. */
function fit(client) {
  const main = document.getElementById("app");
  const resize = () => {
    const height = Math.min(main.offsetHeight, TALLEST);
    client.invoke("resize", { width: "100%", height: `${height}px` });
  };
  new ResizeObserver(resize).observe(main);
}

const client = ZAFClient.init();
if (client) {
  start(client);
}
