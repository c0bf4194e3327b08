"""One Zendesk account over the wire: log in, call, and turn every failure into one of our errors.

zenpy writes the requests that it knows; what it does after an answer is left aside. It would wait for ever where
Zendesk limits us, and it fetches more whenever an attribute is touched: so answers are read as the JSON they are.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import requests
from zenpy import Zenpy
from zenpy.lib.api_objects import Ticket, User

from adapters.zendesk import classify
from adapters.zendesk.classify import Refusal
from adapters.zendesk.settings import Settings
from bridge.calling import Answered
from bridge.errors import Paused, RetryLater, Unsure
from bridge.http import Wire, was_sent

SCOPES = ("read", "tickets:write", "users:write")
LIFETIME = 172_800  #: seconds that a token is asked to live: the longest; the default is 30 minutes
RENEWED = 120  #: seconds before its end
PAGE = 100  #: records of one page, and ids of one question

# Its DEBUG shows whole requests and answers, and with them what customers wrote.
logging.getLogger("zenpy").setLevel(logging.INFO)

Json = Mapping[str, Any]
Call = Callable[[Zenpy, "Session"], object]


class Session(requests.Session):
    """What zenpy calls through: it carries the token to one host only, and keeps the last answer."""

    authorized = True  # zenpy: the session sees to its own credentials

    def __init__(self, home: str) -> None:
        super().__init__()
        self.trust_env = False
        self.home, self.token, self.key = home, "", ""
        self.answer: requests.Response | None = None

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        if not str(url).startswith(f"{self.home}/"):
            raise requests.exceptions.InvalidURL(f"only {self.home} is called; is ZENPY_FORCE_NETLOC set?")
        own = {"Accept": "application/json", **(kwargs.get("headers") or {})}
        own |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        own |= {"Idempotency-Key": self.key} if self.key else {}
        self.answer = None
        # A redirect would turn a POST into a GET, or carry the token elsewhere.
        answer = super().request(method, url, *args, **{**kwargs, "headers": own, "allow_redirects": False})
        self.answer = answer
        if answer.status_code == 429:
            raise requests.HTTPError("429", response=answer)  # before zenpy sleeps in this thread
        return answer


class Account:
    """Calls to one account. Safe to share between threads: one token for all of them, one Zenpy for each."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.home = f"https://{settings.subdomain}.zendesk.com"
        self.patience = settings.timeout * 1.5
        self._lock = threading.Lock()
        self._token, self._ends = "", 0.0
        self._local = threading.local()

    def tickets(self, ids: Sequence[str]) -> Json:
        """Read up to 100 tickets with their metric sets; one that was deleted is not among them."""
        numbers = [int(i) for i in ids]
        return self._rows("tickets", lambda zen, _: zen.tickets(ids=numbers, include="metric_sets"))

    def tickets_by_key(self, external_id: str) -> Json:
        """Read the tickets with this external_id, which need not be one. It is no search: it does not lag."""
        return self._rows("tickets", lambda zen, _: zen.tickets(external_id=quote(external_id, safe="")))

    def audits(self, ticket: str, after: str) -> Json | Refusal:
        """Read one page of a ticket's audits, the newest first. after: the cursor that a page named; "" = none."""
        return self._page(ticket, "audits", after, newest=True)

    def comments(self, ticket: str, after: str, *, newest: bool) -> Json | Refusal:
        """Read one page of a ticket's comments; a Refusal of 404 says that the ticket is gone."""
        return self._page(ticket, "comments", after, newest=newest)

    def create(self, ticket: Json, *, key: str) -> Json | Refusal:
        """Create a ticket, once for each key within two hours. Raises Unsure if it may have been created."""
        answer = self._call("POST", lambda zen, _: zen.tickets.create(Ticket(**ticket)), key=key)
        return answer if isinstance(answer, Refusal) else _whole(answer, "ticket", "audit")

    def update(self, ticket_id: str, ticket: Json) -> Json | Refusal:
        """Change a ticket and comment on it. Raises Unsure if it may have been changed."""
        answer = self._call(
            "PUT", lambda zen, _: zen.tickets.update(Ticket(id=int(ticket_id), **ticket)), one=True
        )
        return answer if isinstance(answer, Refusal) else _whole(answer, "ticket", "audit")

    def redact(self, comment: str, ticket: str, html_body: str) -> Json | Refusal:
        """Black out for good what stands between <redact> tags in a comment.

        https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#redact-ticket-comment-in-agent-workspace
        """
        body = {"ticket_id": int(ticket), "html_body": html_body}
        return self._put(f"comment_redactions/{comment}", body)

    def make_private(self, ticket: str, comment: str) -> Json | Refusal:
        """Withdraw a comment from the customer's eyes."""
        return self._put(f"tickets/{ticket}/comments/{comment}/make_private", {})

    def redact_file(self, ticket: str, comment: str, attachment: str) -> Json | Refusal:
        """Empty for good a file that came with a comment.

        https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-attachments/#redact-comment-attachment
        """
        return self._put(f"tickets/{ticket}/comments/{comment}/attachments/{attachment}/redact", {})

    def upload(self, name: str, media_type: str, content: bytes, token: str) -> Json | Refusal:
        """Put a file under a token, "" = a new one, which a comment can name within an hour."""
        url = f"{self.home}/api/v2/uploads"
        params = {"filename": name, **({"token": token} if token else {})}
        headers = {"Content-Type": media_type}
        answer = self._call(
            "POST",
            lambda _, session: session.post(url, params=params, data=content, headers=headers),
            one=True,
        )
        if isinstance(answer, Refusal):
            return answer
        given = answer.get("upload")
        if not isinstance(given, Mapping) or not isinstance(given.get("token"), str):
            raise Unsure("Zendesk's answer to an upload names no token", after=classify.LOST_AGAIN)
        return answer

    def users(self, external_ids: Sequence[str]) -> Json:
        """Read the users with these external_ids, at most 100, without a comma in them."""
        quoted = [quote(external_id, safe="") for external_id in external_ids]
        return self._rows("users", lambda zen, _: zen.users(external_ids=quoted))

    def make_user(self, user: Json) -> Json | Refusal:
        """Create a user; Zendesk refuses a second one with the same external_id."""
        answer = self._call("POST", lambda zen, _: zen.users.create(User(**user)))
        return answer if isinstance(answer, Refusal) else _whole(answer, "user")

    def fill_users(self, users: Sequence[Json]) -> Json | Refusal:
        """Have up to 100 users changed, each by its id, in a job of Zendesk's that nobody waits for.

        https://developer.zendesk.com/api-reference/ticketing/users/users/#update-many-users
        """
        return self._put("users/update_many", {"users": users})

    def listed(
        self, name: str, only: Mapping[str, Sequence[str]], after: str, *, paged: bool, everywhere: bool
    ) -> tuple[Sequence[Json], str | None] | Refusal:
        """Read one page of a list, and say where the next one begins; None = this was the last.

        everywhere: False = some plans lack it, which the Refusal tells.
        """
        url = f"{self.home}/api/v2/{name}"
        params: dict[str, str | Sequence[str]] = {**only, **({"page[size]": str(PAGE)} if paged else {})}
        params |= {"page[after]": after} if after else {}
        answer = self._call("GET", lambda _, session: session.get(url, params=params), one=not everywhere)
        if isinstance(answer, Refusal):
            if everywhere or answer.status not in (403, 404):
                raise Paused(f"{answer}; is the subdomain {self._settings.subdomain!r} right?")
            return answer
        return _listing(answer, name)[name], next_page(answer) or None

    @property
    def clock(self) -> datetime | None:
        """The account's clock at the last answer that this thread got; None = it did not say."""
        answer: requests.Response | None = self._ready()[1].answer
        date = "" if answer is None else answer.headers.get("Date", "")
        return Answered(status=200, headers={"date": date}).clock

    def _put(self, path: str, body: Json) -> Json | Refusal:
        return self._call("PUT", lambda _, session: session.put(f"{self.home}/api/v2/{path}", json=body), one=True)

    def _page(self, ticket: str, name: str, after: str, *, newest: bool) -> Json | Refusal:
        """zenpy's own methods know neither an order nor where to go on."""
        url = f"{self.home}/api/v2/tickets/{ticket}/{name}"
        params = {"sort": "-created_at" if newest else "created_at", "page[size]": str(PAGE)}
        params |= {"page[after]": after} if after else {}
        answer = self._call("GET", lambda _, session: session.get(url, params=params), one=True)
        return answer if isinstance(answer, Refusal) else _listing(answer, name)

    def _rows(self, name: str, call: Call) -> Json:
        answer = self._call("GET", call)
        if isinstance(answer, Refusal):
            raise Paused(f"{answer}; is the subdomain {self._settings.subdomain!r} right?")
        return _listing(answer, name)

    # --- one call ---------------------------------------------------------------------------------------------

    def _call(self, method: str, call: Call, *, key: str = "", one: bool = False) -> Json | Refusal:
        """Make one call, with one new login where the token has run out; all within `patience`."""
        zen, session = self._ready()
        token, again = self._get(session), True
        while True:
            session.token, session.key = token, key
            response = self._answer(session, lambda: call(zen, session), write=method != "GET")
            refused = _refused(response)
            if not (again and response.status_code == 401):
                break
            token, again = self._get(session, stale=token), False
        if 200 <= response.status_code < 300:
            return _json(response, write=method != "GET")
        if trouble := classify.of_request(refused, method=method, now=datetime.now(UTC), one=one):
            raise trouble
        return refused

    @staticmethod
    def _answer(session: Session, call: Callable[[], object], *, write: bool) -> requests.Response:
        session.answer = None
        failed: Exception | None = None
        try:
            call()
        except requests.exceptions.InvalidURL as error:
            raise Paused(str(error)) from None
        except Exception as error:  # noqa: BLE001 -- zenpy stumbles over answers that we read ourselves
            failed = error
        answer: requests.Response | None = session.answer
        if answer is None:
            # Not chained: zenpy's errors quote whole answers, and with them what customers wrote.
            name, sent = (type(failed).__name__, was_sent(failed)) if failed else ("no request", False)
            raise classify.of_silence(name, sent=sent, write=write)
        return answer

    def _get(self, session: Session, stale: str = "") -> str:
        """Return the token; log in if there is none, or it is the stale one. One thread does it for all."""
        if not self._lock.acquire(timeout=self.patience / 2):
            raise RetryLater("another login takes too long; nothing was applied", after=classify.BUSY_AGAIN)
        try:
            if not self._token or self._token == stale or time.monotonic() > self._ends:
                self._token = ""
                self._token, self._ends = self._log_in(session)
            return self._token
        finally:
            self._lock.release()

    def _log_in(self, session: Session) -> tuple[str, float]:
        """Trade the client's id and secret for a token, and see that it may do what we need."""
        given = self._settings
        form = {
            "grant_type": "client_credentials",
            "client_id": given.client_id,
            "client_secret": given.client_secret.get_secret_value(),
            "scope": " ".join(SCOPES),
            "expires_in": LIFETIME,
        }
        session.token = session.key = ""
        response = self._answer(session, lambda: session.post(f"{self.home}/oauth/tokens", json=form), write=False)
        if not 200 <= response.status_code < 300:
            raise classify.of_login(_refused(response))
        answer = _json(response, write=False)
        token, scope, lives = (answer.get(n) for n in ("access_token", "scope", "expires_in"))
        if not isinstance(token, str) or not token:
            raise RetryLater("Zendesk's login named no token", after=classify.BUSY_AGAIN)
        granted = scope.split() if isinstance(scope, str) else []
        missing = [s for s in SCOPES if s not in granted and s.partition(":")[2] not in granted]
        if missing:
            raise Paused(
                f"Zendesk's login did not grant {', '.join(missing)}: add it to the OAuth client's scopes"
            )
        lifetime = lives if isinstance(lives, int) and lives > 0 else RENEWED + 60
        return token, time.monotonic() + max(lifetime - RENEWED, 60)

    def _ready(self) -> tuple[Zenpy, Session]:
        """Return this thread's Zenpy and session, with a whole call's time before them."""
        local = self._local
        if not hasattr(local, "session"):
            session, wire = Session(self.home), Wire(self._settings.url, self._settings.timeout)
            session.mount("https://", wire)
            zen = Zenpy(subdomain=self._settings.subdomain, session=session, disable_cache=True)
            session.headers["User-Agent"] = "casebridge"
            local.zen, local.session, local.wire = zen, session, wire
        local.wire.deadline = time.monotonic() + self.patience
        return local.zen, local.session


def _refused(response: requests.Response) -> Refusal:
    try:
        body = response.json()
    except ValueError:
        body = None
    return classify.refusal(response.status_code, response.headers, body, now=datetime.now(UTC))


def _json(response: requests.Response, *, write: bool) -> Json:
    """Read an answer of success, with the keys that Zendesk says it ignored."""
    try:
        body = response.json() or {}  # some answers are null
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise classify.lost("Zendesk answered with something else than it documents", write=write)
    return {
        **body,
        "ignored": classify.warned(response.headers),
        "repeated": response.headers.get("x-idempotency-lookup", "").lower() != "miss",
    }


def next_page(answer: Json) -> str:
    """Return the cursor of a list's next page; "" = this was the last."""
    meta = answer.get("meta")
    more = isinstance(meta, Mapping) and meta.get("has_more") is True
    return str(meta.get("after_cursor") or "") if more and isinstance(meta, Mapping) else ""


def _listing(answer: Json, name: str) -> Json:
    """See that a read's answer has its rows: what is not in it is taken to be gone."""
    rows = answer.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) and row.get("id") for row in rows):
        raise RetryLater(f"Zendesk answered without {name}", after=classify.BUSY_AGAIN)
    return answer


def _whole(answer: Json, *names: str) -> Json:
    """See that a write's answer names what it wrote."""
    for name in names:
        given = answer.get(name)
        if not isinstance(given, Mapping) or not isinstance(given.get("id"), int):
            raise Unsure(f"Zendesk's answer to a write names no {name}", after=classify.LOST_AGAIN)
    return answer
