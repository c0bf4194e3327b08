"""Calls to a platform's API: one limit for the whole of a call, no redirects, and what a lost answer means."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Literal

import requests
from requests.auth import AuthBase

from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.http import Wire, was_sent
from bridge.reading import Json, as_object, document

MOST = 5_000_000  #: bytes of an answer
SOON = timedelta(seconds=30)
THROTTLED = timedelta(minutes=1)
LONGEST = timedelta(hours=1)  #: that a platform's own wish to wait is heeded

Means = Literal["throttled", "temporary", "token", "refused"]
"""What an error of a platform means.

throttled: nothing was done, later. temporary: something broke, and it may have been done. token: nothing can be
done for this account before somebody renews its token. refused: never.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One documented error of a platform."""

    means: Means
    says: str  #: a whole sentence for the agent or the admin, with what to do


class Unanswered(Exception):
    """No answer came. sent: the request may have reached the platform."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


@dataclass(frozen=True)
class Answered:
    """What a platform answered, whatever its status."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  #: names in lower case
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether the status says so; some platforms say 200 to errors too."""
        return 200 <= self.status < 300

    @cached_property
    def json(self) -> Json:
        """The body; {} where it is no JSON object."""
        try:
            return as_object(document(self.body))
        except (ValueError, RecursionError):
            return {}

    def at(self, *path: str) -> Any:
        """The value below these keys; None where there is none."""
        value: Any = self.json
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    @property
    def retry_after(self) -> timedelta | None:
        """The header of that name; None = it says nothing."""
        given = self.headers.get("retry-after", "")
        if given.isascii() and given.isdigit() and len(given) < 7:
            return timedelta(seconds=int(given))
        return None

    @property
    def clock(self) -> datetime | None:
        """The platform's clock when it answered; None = it does not say."""
        try:
            when = parsedate_to_datetime(self.headers.get("date", ""))
        except (ValueError, OverflowError):
            return None
        return when if when.tzinfo else when.replace(tzinfo=UTC)


class Api:
    """One platform's HTTP API. It follows no redirect and repeats nothing."""

    def __init__(self, home: str, *, sandbox: str = "", patience: timedelta = timedelta(seconds=10)) -> None:
        """home: https://graph.facebook.com. sandbox: where everything goes instead; "" = nowhere."""
        self.home, self.sandbox, self.patience = home, sandbox, patience.total_seconds()

    def call(  # one keyword each for what an HTTP request can hold
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
        auth: AuthBase | tuple[str, str] | None = None,
    ) -> Answered:
        """Make one call; path: from the host on, or a whole https address. token: sent as Authorization: Bearer.

        Raises Unanswered where no whole answer came in time.
        """
        url = path if path.startswith("https://") else f"{self.home}{path}"
        given = {"Authorization": f"Bearer {token}"} if token else {}
        with requests.Session() as session:
            session.trust_env = False  # no proxy and no .netrc of this machine's
            wire = Wire(self.sandbox, self.patience)
            wire.deadline = time.monotonic() + self.patience
            session.mount("https://", wire)
            session.mount("http://", wire)
            try:
                with closing(
                    session.request(
                        method,
                        url,
                        headers={**given, **(headers or {})},
                        params=query,
                        json=json,
                        data=form,
                        auth=auth,
                        allow_redirects=False,
                        stream=True,
                    )
                ) as response:
                    body = _body(response, wire.deadline)
                    named = {name.lower(): value for name, value in response.headers.items()}
                    return Answered(status=response.status_code, headers=named, body=body)
            except (requests.RequestException, ValueError) as error:  # ValueError: no such address or header
                sent = was_sent(error)
                raise Unanswered(f"no answer came: {type(error).__name__}", sent=sent) from None

    def read(self, method: str, path: str, **given: Any) -> Answered:
        """Make a call that changes nothing. Raises RetryLater where no answer came, or the server is at fault."""
        try:
            answer = self.call(method, path, **given)
        except Unanswered as lost:
            raise RetryLater(str(lost), after=SOON) from None
        if answer.status >= 500:
            raise RetryLater(f"the platform answered {answer.status}", after=answer.retry_after or SOON)
        return answer

    def write(self, method: str, path: str, **given: Any) -> Answered:
        """Make a call that sends something.

        Raises Unsure where it may have been done although no answer came, or none that says so; RetryLater where
        it never reached the platform.
        """
        try:
            answer = self.call(method, path, **given)
        except Unanswered as lost:
            raise unanswered(lost) from None
        if answer.status >= 500 and not answer.json:
            raise Unsure(f"the platform answered {answer.status}", after=SOON)
        return answer


def unanswered(lost: Unanswered) -> Trouble:
    """What a lost answer means for something that was to be sent."""
    if lost.sent:
        return Unsure(str(lost), after=SOON)
    return RetryLater(f"the platform cannot be reached: {lost}", after=SOON)


def trouble(fault: Fault, code: str, *, after: timedelta | None = None) -> Trouble:
    """What a documented error means for something that was to be sent.

    code: as the platform says it, for whoever looks it up. after: how long it asks us to wait.
    """
    says = f"{fault.says} (error {code})"
    wait = min(after or THROTTLED, LONGEST)
    match fault.means:
        case "throttled":
            return RetryLater(says, after=wait)
        case "temporary":
            return Unsure(says, after=min(after or SOON, LONGEST))
        case "token":
            return Paused(says)
        case "refused":
            return Rejected(says)


UNDOCUMENTED: Mapping[int, Fault] = {
    401: Fault(means="token", says="The platform does not accept the account's token: make a new one."),
    429: Fault(means="throttled", says="The platform takes no more for now."),
}


def refusal(answer: Answered, code: str, faults: Mapping[str, Fault]) -> Trouble:
    """What an answer that is no success means: by the platform's own code, else by its HTTP status.

    faults: the platform's table, by code.
    """
    known = faults.get(code) or UNDOCUMENTED.get(answer.status)
    if known is None and answer.status >= 500:
        known = Fault(means="temporary", says="The platform is at fault.")
    known = known or Fault(means="refused", says="The platform refuses it.")
    return trouble(known, code or f"HTTP {answer.status}", after=answer.retry_after)


def harmless(trouble: Trouble) -> Trouble:
    """The same trouble for a call that only reads: what is unsure can simply be asked again."""
    return RetryLater(str(trouble), after=trouble.after) if isinstance(trouble, Unsure) else trouble


def _body(response: requests.Response, deadline: float) -> bytes:
    found = bytearray()
    for chunk in response.iter_content(65_536):
        found += chunk
        if len(found) > MOST:
            raise requests.exceptions.ContentDecodingError("the answer is too long")
        if time.monotonic() > deadline:
            raise requests.ReadTimeout("the answer took too long")
    return bytes(found)
