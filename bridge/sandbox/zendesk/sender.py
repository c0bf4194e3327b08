"""The thread that makes webhooks' calls: signed, repeated as the vendor does, given up as the vendor does.

https://developer.zendesk.com/documentation/webhooks/verifying/
https://developer.zendesk.com/api-reference/webhooks/introduction/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import requests

from bridge.sandbox.zendesk import outbox, shapes
from bridge.sandbox.zendesk.account import Account
from bridge.sandbox.zendesk.outbox import Invocation, Outgoing, Webhook

RETRIES: Mapping[int, int] = {0: 5, 409: 3, 429: 3, 503: 3}
"""Status -> how often it is tried again; 0 = the receiver took too long. Nothing else is. Unsure: 429 and 503."""
PATIENT = 60  #: seconds; a Retry-After of as many or more ends it
GAP = 1.0  #: seconds before the first new try, twice as many before each further one. Unsure
WINDOW, MOST_ERRORS, SHARE, PAUSE_OPEN = 300.0, 1_000, 0.7, 5.0  # of the circuit breaker
FEWEST = 10  #: requests that make a share. Unsure: the vendor names none
TRIAL_MINUTE = 60  #: calls a minute of a trial account
MOST_TEXT = 4_096  #: characters of an answer that the log keeps
PAUSE = 0.05  #: seconds between two looks at what waits
GRACE = 2.0  #: seconds that a stop waits for the call that is under way


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came back. code: 0 = nothing within the time; -1 = nobody was there."""

    code: int
    headers: list[dict[str, str]] = field(default_factory=list)
    text: str = ""
    again_after: float | None = None  #: Retry-After
    sent: list[dict[str, str]] = field(default_factory=list)  #: the headers of the request

    @property
    def good(self) -> bool:
        return 200 <= self.code < 300


class Breaker:
    """Stops the calls of one webhook for a while when too many fail. In memory."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, bool]] = deque()
        self._closed_until = 0.0

    def lets(self, now: float) -> bool:
        """Whether a call may be made."""
        return now >= self._closed_until

    def tell(self, now: float, *, good: bool) -> None:
        """Count a call; the first good one after a pause ends it."""
        if self._closed_until:
            self._recent.clear()
            self._closed_until = 0.0 if good else now + PAUSE_OPEN
            return
        self._recent.append((now, good))
        while self._recent[0][0] < now - WINDOW:
            self._recent.popleft()
        failed = sum(not fine for _, fine in self._recent)
        share = failed / len(self._recent) if len(self._recent) >= FEWEST else 0.0
        if share >= SHARE or failed > MOST_ERRORS:
            self._closed_until = now + PAUSE_OPEN


class Sender:
    """Makes the calls of one account. All that must last is in the account's file."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._breakers: dict[str, Breaker] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._seen = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the call that is under way, unless the receiver takes too long for it."""
        self._ended.set()
        self._thread.join(timeout=GRACE)

    def _run(self) -> None:
        while not self._ended.wait(PAUSE):
            if self._account.hooked:
                self._account.catch_up()
                self._round()

    def _round(self) -> None:
        with self._account.database.read() as tx:
            due = outbox.due(tx, self._now())
            hooks = {hook.id: hook for hook in outbox.webhooks(tx)} if due else {}
        if self._account.outgoing.shuffle:
            random.shuffle(due)
        for one in due:
            if self._ended.is_set():
                return
            self._deliver(hooks[one.webhook], one)

    def _now(self) -> float:
        return self._account.now().timestamp()

    def _deliver(self, hook: Webhook, one: Invocation) -> None:
        out = self._account.outgoing
        self._seen += not one.attempts
        if out.drop and not one.attempts and self._seen % out.drop == 0:
            self._account.told["dropped"] += 1
            with self._account.database.write() as tx:
                outbox.lose(tx, one.id)
            return
        if held := self._held(hook):
            self._settle(replace(one, due=None, status=held, completed=self._now()))
            return
        result = once(hook, one, out, self._now())
        self._breakers[hook.id].tell(self._now(), good=result.good)
        self._settle(tried(one, result, self._now()))
        if out.twice and result.good:
            self._account.told["repeated"] += 1
            once(hook, one, out, self._now())

    def _held(self, hook: Webhook) -> str:
        """Why a call is not made, as its status says; "" = it is."""
        if not hook.active:
            return "failed"
        if not self._breakers.setdefault(hook.id, Breaker()).lets(self._now()):
            return "circuit broken"
        return "throttled" if self._account.switches["plan"] == "trial" and self._over() else ""

    def _over(self) -> bool:
        """Whether a trial account has had its calls of this minute."""
        with self._account.database.read() as tx:
            return outbox.made(tx, self._now() // 60 * 60) >= TRIAL_MINUTE

    def _settle(self, one: Invocation) -> None:
        self._account.told[one.status] += 1
        with self._account.database.write() as tx:
            outbox.settle(tx, one)


def tried(one: Invocation, result: Result, now: float) -> Invocation:
    """An invocation after one more attempt: over, or due again."""
    status = "success" if result.good else "failed" if result.code else "timeout"
    gap = pause(result, len(one.attempts) + 1)
    attempt = {
        "id": outbox.ulid(now),
        "invocation_id": one.id,
        "status": "terminated" if status == "failed" and gap is None else status,
        "status_code": max(result.code, 0),
        "completed_at": outbox.exact_time(now),
        "request": {"headers": result.sent, "payload": one.body},
        "response": {"headers": result.headers, "payload": result.text},
    }
    return replace(
        one,
        attempts=(*one.attempts, attempt),
        code=max(result.code, 0),
        completed=now,
        status=status if gap is None else "accepted",
        due=None if gap is None else now + gap,
    )


def pause(result: Result, attempts: int) -> float | None:
    """Seconds until it is tried again after so many attempts; None = it is not."""
    if attempts > RETRIES.get(result.code, 0):
        return None
    if result.code in (429, 503):
        after = result.again_after
        return after if after is not None and 0 <= after < PATIENT else None
    return float(GAP * 2 ** (attempts - 1))


# --- one call


def once(hook: Webhook, one: Invocation, out: Outgoing, now: float) -> Result:
    """Make the call."""
    url, body = outbox.place(hook.body["endpoint"], out.url), one.body.encode("utf-8", "replace")
    headers = {**signed(hook, body, now), "X-Zendesk-Webhook-Invocation-Id": one.id}
    sent = [{"key": name, "value": value} for name, value in headers.items()]
    headers |= {**credentials(hook.body.get("authentication")), **(hook.body.get("custom_headers") or {})}
    method = hook.body["http_method"]
    if not url:
        return Result(code=-1, text="the sandbox calls this machine only: see --webhook-url", sent=sent)
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.request(
                method,
                url,
                data=None if method == "GET" else body,
                headers=headers,
                timeout=out.patience,
                allow_redirects=False,
            )
        except requests.Timeout:
            return Result(code=0, sent=sent)
        except (requests.RequestException, ValueError):  # such as headers that HTTP cannot carry
            return Result(code=-1, sent=sent)
    after = answer.headers.get("Retry-After", "")
    return Result(
        code=answer.status_code,
        headers=[{"key": name, "value": value} for name, value in answer.headers.items()],
        text=answer.content.decode("utf-8", "replace")[:MOST_TEXT],
        again_after=float(after) if after.isascii() and after.isdigit() else None,
        sent=sent,
    )


def signed(hook: Webhook, body: bytes, now: float) -> dict[str, str]:
    """The headers that the vendor sends, with the signature over time and body."""
    at = datetime.fromtimestamp(now, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hmac.new(hook.secret.encode(), at.encode() + body, hashlib.sha256).digest()
    return {
        "X-Zendesk-Account-Id": str(shapes.ACCOUNT),
        "X-Zendesk-Webhook-Id": hook.id,
        "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": at,
        "User-Agent": "Zendesk Webhook",
        "Content-Type": "application/json; charset=utf-8",
    }


def credentials(given: Mapping[str, Any] | None) -> dict[str, str]:
    """The header with which a webhook logs in; {} = it does not."""
    data = given["data"] if given else {}
    match given["type"] if given else "":
        case "basic_auth":
            pair = f"{data['username']}:{data['password']}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        case "bearer_token":
            return {"Authorization": f"Bearer {data['token']}"}
        case "api_key":
            return {data["name"]: data["value"]}
    return {}
