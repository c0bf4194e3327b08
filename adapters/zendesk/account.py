"""One Zendesk account over the wire: log in, call, and turn every failure into one of our errors.

zenpy writes the requests that it knows; what it does after an answer is left aside. It would wait for ever where
Zendesk limits us, and it fetches more whenever an attribute is touched: so answers are read as the JSON they are.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import requests
from zenpy import Zenpy
from zenpy.lib.api_objects import Ticket, User

from adapters.zendesk import answers, classify, limits, login
from adapters.zendesk.answers import Json
from adapters.zendesk.classify import Refusal
from adapters.zendesk.counting import Counting, Full
from adapters.zendesk.login import Login
from adapters.zendesk.session import Session
from adapters.zendesk.settings import Settings
from bridge.calling import Answered
from bridge.errors import Paused, Unsure
from bridge.http import Wire
from bridge.ports import Finding, Meters

__all__ = ["PAGE", "Account", "next_page"]

PAGE = 100  #: records of one page, and ids of one question

# Its DEBUG shows whole requests and answers, and with them what customers wrote.
logging.getLogger("zenpy").setLevel(logging.INFO)

Call = Callable[[Zenpy, Session], object]


class Account:
    """Calls to one account. Safe to share between threads: one token for all of them, one Zenpy for each.

    Each call is counted before it is made: where a limit of the account's is spent, or all but the tenth that is
    kept for urgent calls, nothing is sent and RetryLater raised; a limit of one record gives a Refusal.
    """

    def __init__(self, settings: Settings, meters: Meters | None = None) -> None:
        self._settings = settings
        self.home = f"https://{settings.subdomain}.zendesk.com"
        self.patience = settings.timeout * 1.5
        self._login = Login(settings, self.home, patience=self.patience)
        self._counting = Counting(meters)
        self._local = threading.local()

    @property
    def limits(self) -> Mapping[str, int]:
        """How much the account's limits are, as they were told last: account, tickets-update -> calls a minute."""
        return self._counting.most

    def findings(self) -> list[Finding]:
        """Return what an admin should know of the login and the limits. It makes no call."""
        return [*login.findings(self._settings, self._login.lacking), *limits.findings(self.limits)]

    def tickets(self, ids: Sequence[str]) -> Json:
        """Read up to 100 tickets with their metric sets; one that was deleted is not among them."""
        numbers = [int(i) for i in ids]
        return self._rows("tickets", lambda zen, _: zen.tickets(ids=numbers, include="metric_sets"))

    def tickets_by_key(self, external_id: str) -> Json:
        """Read the tickets with this external_id, which need not be one. It is no search: it does not lag."""
        return self._rows("tickets", lambda zen, _: zen.tickets(external_id=quote(external_id, safe="")))

    def audits(self, ticket: str, after: str, *, urgent: bool = False) -> Json | Refusal:
        """Read one page of a ticket's audits, the newest first. after: the cursor that a page named; "" = none."""
        return self._page(ticket, "audits", after, newest=True, urgent=urgent)

    def comments(self, ticket: str, after: str, *, newest: bool) -> Json | Refusal:
        """Read one page of a ticket's comments; a Refusal of 404 says that the ticket is gone."""
        return self._page(ticket, "comments", after, newest=newest)

    def create(self, ticket: Json, *, key: str, urgent: bool = False) -> Json | Refusal:
        """Create a ticket, once for each key within two hours. Raises Unsure if it may have been created."""
        answer = self._call("POST", lambda zen, _: zen.tickets.create(Ticket(**ticket)), key=key, urgent=urgent)
        return answer if isinstance(answer, Refusal) else answers.whole(answer, "ticket", "audit")

    def update(self, ticket_id: str, ticket: Json, *, urgent: bool = False) -> Json | Refusal:
        """Change a ticket and comment on it. Raises Unsure if it may have been changed."""
        changed = Ticket(id=int(ticket_id), **ticket)
        answer = self._call("PUT", lambda zen, _: zen.tickets.update(changed), one=True, urgent=urgent)
        return answer if isinstance(answer, Refusal) else answers.whole(answer, "ticket", "audit")

    def redact(self, comment: str, ticket: str, html_body: str) -> Json | Refusal:
        """Black out for good what stands between <redact> tags in a comment.

        https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#redact-ticket-comment-in-agent-workspace
        """
        body = {"ticket_id": int(ticket), "html_body": html_body}
        return self.send("PUT", f"comment_redactions/{comment}", body)

    def make_private(self, ticket: str, comment: str) -> Json | Refusal:
        """Withdraw a comment from the customer's eyes."""
        return self.send("PUT", f"tickets/{ticket}/comments/{comment}/make_private", {})

    def redact_file(self, ticket: str, comment: str, attachment: str) -> Json | Refusal:
        """Empty for good a file that came with a comment.

        https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-attachments/#redact-comment-attachment
        """
        return self.send("PUT", f"tickets/{ticket}/comments/{comment}/attachments/{attachment}/redact", {})

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
        return answer if isinstance(answer, Refusal) else answers.whole(answer, "user")

    def fill_users(self, users: Sequence[Json]) -> Json | Refusal:
        """Have up to 100 users changed, each by its id, in a job of Zendesk's that nobody waits for.

        https://developer.zendesk.com/api-reference/ticketing/users/users/#update-many-users
        """
        return self.send("PUT", "users/update_many", {"users": users})

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
        return answers.listing(answer, name)[name], next_page(answer) or None

    @property
    def clock(self) -> datetime | None:
        """The account's clock at the last answer that this thread got; None = it did not say."""
        answer: requests.Response | None = self._ready()[1].answer
        date = "" if answer is None else answer.headers.get("Date", "")
        return Answered(status=200, headers={"date": date}).clock

    def get(
        self, path: str, params: Mapping[str, str] | None = None, *, one: bool = False, urgent: bool = False
    ) -> Json | Refusal:
        """Read what zenpy has no method for. one: as for `classify.of_request`: a 403 is this one read's own."""
        url = f"{self.home}/api/v2/{path}"
        return self._call("GET", lambda _, session: session.get(url, params=params), one=one, urgent=urgent)

    def pages(
        self, path: str, params: Mapping[str, str] | None = None, *, most: int, urgent: bool = False
    ) -> Iterator[Json | Refusal]:
        """Read a list page by page, at most so many of them; a Refusal is the last of them."""
        asked = {"page[size]": str(PAGE), **(params or {})}
        for _ in range(most):
            answer = self.get(path, asked, one=True, urgent=urgent)
            yield answer
            if isinstance(answer, Refusal) or not (after := next_page(answer)):
                return
            asked["page[after]"] = after

    def send(self, method: str, path: str, body: Json | None = None, *, urgent: bool = False) -> Json | Refusal:
        """Write what zenpy has no method for. Raises Unsure if it may have been written."""
        url = f"{self.home}/api/v2/{path}"
        return self._call(
            method, lambda _, session: session.request(method, url, json=body), one=True, urgent=urgent
        )

    def _page(self, ticket: str, name: str, after: str, *, newest: bool, urgent: bool = False) -> Json | Refusal:
        """zenpy's own methods know neither an order nor where to go on."""
        url = f"{self.home}/api/v2/tickets/{ticket}/{name}"
        params = {"sort": "-created_at" if newest else "created_at", "page[size]": str(PAGE)}
        params |= {"page[after]": after} if after else {}
        answer = self._call("GET", lambda _, session: session.get(url, params=params), one=True, urgent=urgent)
        return answer if isinstance(answer, Refusal) else answers.listing(answer, name)

    def _rows(self, name: str, call: Call) -> Json:
        answer = self._call("GET", call)
        if isinstance(answer, Refusal):
            raise Paused(f"{answer}; is the subdomain {self._settings.subdomain!r} right?")
        return answers.listing(answer, name)

    # --- one call ---------------------------------------------------------------------------------------------

    def _call(
        self, method: str, call: Call, *, key: str = "", one: bool = False, urgent: bool = False
    ) -> Json | Refusal:
        """Make one call, with one new login where the token has run out; all within `patience`."""
        zen, session = self._ready()
        session.urgent = urgent
        try:
            response = self._authorized(session, lambda: call(zen, session), key=key, write=method != "GET")
        except Full as full:
            refused = full.refused
        else:
            if 200 <= response.status_code < 300:
                return answers.read(response, write=method != "GET")
            refused = answers.refused(response)
        if trouble := classify.of_request(refused, method=method, now=datetime.now(UTC), one=one):
            raise trouble
        return refused

    def _authorized(
        self, session: Session, call: Callable[[], object], *, key: str, write: bool
    ) -> requests.Response:
        header = self._login.header(session)
        session.authorization, session.key = header, key
        response = session.answered(call, write=write)
        if response.status_code != 401 or not self._login.renews:
            return response
        session.authorization, session.key = self._login.header(session, stale=header), key
        return session.answered(call, write=write)

    def _ready(self) -> tuple[Zenpy, Session]:
        """Return this thread's Zenpy and session, with a whole call's time before them."""
        local = self._local
        if not hasattr(local, "session"):
            session, wire = Session(self.home, self._counting), Wire(self._settings.url, self._settings.timeout)
            session.mount("https://", wire)
            zen = Zenpy(subdomain=self._settings.subdomain, session=session, disable_cache=True)
            session.headers["User-Agent"] = "casebridge"
            local.zen, local.session, local.wire = zen, session, wire
        local.wire.deadline = time.monotonic() + self.patience
        return local.zen, local.session


def next_page(answer: Json) -> str:
    """Return the cursor of a list's next page; "" = this was the last."""
    meta = answer.get("meta")
    more = isinstance(meta, Mapping) and meta.get("has_more") is True
    return str(meta.get("after_cursor") or "") if more and isinstance(meta, Mapping) else ""
