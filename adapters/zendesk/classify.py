"""What Zendesk's refusals mean for us, from its four kinds of error body and the status. Pure.

https://developer.zendesk.com/api-reference/introduction/requests/#response-format
https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure

CONFLICT_AGAIN = timedelta(seconds=1)
LOST_AGAIN = timedelta(seconds=2)
LIMIT_AGAIN = timedelta(seconds=10)
BUSY_AGAIN = timedelta(seconds=20)
LONGEST_WAIT = timedelta(seconds=60)
"""Zendesk has asked for 999,999 seconds: it is asked again long before."""
JOBS_AGAIN = timedelta(seconds=30)
PROBE = timedelta(minutes=5)

PHRASES = re.compile(
    r"closed prevents ticket update|is suspended|is not a valid (?:value|id)|is not valid|is invalid"
    r"|(?:cannot|can't|may not) be blank|is required(?: when [a-z]{1,20} a ticket)?|has already been taken"
    r"|is already (?:taken|being used by another user)|is too long(?: \(maximum is \d{1,9} characters\))?"
    r"|does(?: not|n't) exist|not found|needed"
    r"|too many comments|(?:maximum|limit)(?: number)? of (?:[0-9,]{1,7} )?comments"  # Unsure: not documented
)
"""What may be quoted of a description: around it may stand what a customer wrote, or a name."""

CODE = re.compile(r"[A-Za-z][A-Za-z_' ]{0,59}")
FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,79}")
OWN_FIELDS = frozenset(
    f"field{kind}"
    for kind in ("text", "textarea", "integer", "decimal", "date", "checkbox", "regexp", "tagger", "multiselect",
                 "partialcreditcard", "lookup")
)  # fmt: skip
"""Types of ticket fields, as refusals name them, that Zendesk does not have of itself."""

CLOSED, SUSPENDED = "closed prevents ticket update", "is suspended"
CUSTOMER = ("requester", "author")
TOO_MANY_JOBS = "TooManyJobs"
PER_TICKET = re.compile(r"total=\d+;\s*remaining=0;")


class Silent(Unsure):
    """No answer came at all: whatever is sent next would hardly fare better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One request that was not carried out, as Zendesk told it."""

    status: int
    code: str = ""  #: "" = not said, or not fit to be shown
    fields: tuple[tuple[str, str], ...] = ()  #: field -> why, as far as it may be quoted
    after: timedelta | None = None  #: when to come back, as Zendesk wishes
    per_ticket: bool = False  #: one ticket's own limit of updates is spent; the others' are not
    too_many_jobs: bool = False  #: nothing was done, as 30 jobs of the account's wait or run

    @property
    def closed(self) -> bool:
        """Whether the ticket is closed for good. It may stand under any field."""
        return self.status == 422 and any(CLOSED in why for _, why in self.fields)

    @property
    def suspended(self) -> bool:
        """Whether the customer's user is suspended, so that nothing is taken in their name."""
        return self.status == 422 and any(n in CUSTOMER and why == SUSPENDED for n, why in self.fields)

    @property
    def field(self) -> str:
        return self.fields[0][0] if self.fields else ""

    def __str__(self) -> str:
        said = "; ".join(f"{name}: {why}" if why else name for name, why in self.fields[:5])
        return f"Zendesk refused with HTTP {self.status}" + "".join(f", {x}" for x in (self.code, said) if x)


def refusal(status: int, headers: Mapping[str, str], body: object, *, now: datetime) -> Refusal:
    """Read an answer that is none of success. body: its JSON, or its text where it is none."""
    given = body if isinstance(body, Mapping) else {}
    error, errors, details = given.get("error"), given.get("errors"), given.get("details")
    if isinstance(error, Mapping):
        code = error.get("title")
    elif isinstance(errors, list) and errors and isinstance(errors[0], Mapping):
        code = errors[0].get("code")
    else:
        code = error
    bucket = next((v for k, v in headers.items() if k.lower().endswith("per-ticket-updates")), "")
    return Refusal(
        status=status,
        code=code if isinstance(code, str) and CODE.fullmatch(code) else "",
        fields=tuple(_fields(details)) if isinstance(details, Mapping) else (),
        after=asked_wait(headers, now),
        per_ticket=status == 429 and bool(PER_TICKET.search(bucket)),
        too_many_jobs=_too_many_jobs(status, code, body),
    )


def _too_many_jobs(status: int, code: object, body: object) -> bool:
    """Zendesk does not say how it tells. What is invalid (422) may be described with a customer's words."""
    return code == TOO_MANY_JOBS or (status != 422 and TOO_MANY_JOBS in str(body))


def _fields(details: Mapping[object, object]) -> list[tuple[str, str]]:
    found = []
    for name, given in details.items():
        shown = name if isinstance(name, str) and FIELD.fullmatch(name) else ""
        for one in given if isinstance(given, list) else [given]:
            text = one.get("description") if isinstance(one, Mapping) else one
            phrase = PHRASES.search(text) if isinstance(text, str) else None
            own = _own_field(one) if isinstance(one, Mapping) else ""
            found.append((own or shown, phrase[0] if phrase else ""))
    return found


def _own_field(one: Mapping[object, object]) -> str:
    """The field of an admin's making that is at fault, as mappings call it; "" = it is none."""
    number = one.get("ticket_field_id")
    own = isinstance(number, int) and str(one.get("ticket_field_type")).lower() in OWN_FIELDS
    return f"custom_field_{number}" if own else ""


def asked_wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Read Retry-After: seconds or a date, at least one second and at most a minute; None = none was given."""
    given = next((v for k, v in headers.items() if k.lower() == "retry-after"), None)
    if given is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}\s*", given):
        wait = timedelta(seconds=int(given))
    else:
        try:
            wait = parsedate_to_datetime(given) - now
        except (TypeError, ValueError):
            wait = LIMIT_AGAIN
    return min(max(wait, timedelta(seconds=1)), LONGEST_WAIT)


def of_request(refused: Refusal, *, method: str, now: datetime, one: bool = False) -> Trouble | None:
    """Return what a refusal means for everything that is still to be sent; None = it is this one record's own.

    one: it was a call to one ticket, of which others tell nothing.
    Unsure for a write that failed within Zendesk or before it: a 5xx does not say how far it came.
    """
    status = refused.status
    if refused.too_many_jobs:
        return RetryLater("Zendesk has too many jobs of this account's to do", after=JOBS_AGAIN)
    if status == 429:
        if refused.per_ticket and method == "PUT":
            return None
        name = f" ({refused.code})" if refused.code else ""
        return RetryLater(f"Zendesk's limit of calls is reached{name}", after=refused.after or LIMIT_AGAIN)
    if status in (402, 423):
        return Paused(f"{refused}: the account is suspended or being moved; the next try is in 5 minutes",
                      until=now + PROBE)  # fmt: skip
    if 300 <= status < 400 or (status == 404 and method == "POST" and refused.code != "RecordNotFound"):
        return Paused(f"{refused}: there is no such account; is the subdomain right?")
    if status == 401 or (status == 403 and not one):
        return Paused(
            f"{refused}: check in Admin Center that the agent whose OAuth client or API token this is may see and "
            "change all tickets and users, and that the client's scopes are read, tickets:write, users:write"
        )
    if status >= 500 or status < 300 or status == 408:
        return lost(f"Zendesk did not do it (HTTP {status})", write=method != "GET", after=refused.after)
    return None


def of_record(refused: Refusal) -> RetryLater | Rejected:
    """Return what becomes of the one record that was refused; the rest goes on."""
    if refused.status == 429:
        return RetryLater(
            "Zendesk's limit of updates to one ticket is reached (30 in 10 minutes)",
            after=refused.after or LIMIT_AGAIN,
        )
    if refused.code == "IdempotentRequestInProgress":
        return RetryLater("Zendesk is still busy with an earlier attempt", after=LOST_AGAIN)
    if refused.status == 409:
        return RetryLater(f"{refused}: someone else changed the ticket", after=CONFLICT_AGAIN, counts=True)
    if refused.status == 403:
        return RetryLater(
            f"{refused}: the agent in whose name we call may not change this ticket", after=PROBE, counts=True
        )
    if refused.status == 404:
        return RetryLater(f"{refused}: it went away meanwhile", after=LOST_AGAIN, counts=True)
    return Rejected(f"{refused}; correct the mapping or the field, then replay", field=refused.field)


def of_reading(refused: Refusal) -> RetryLater:
    """Return what becomes of a filing whose ticket could not be read: only 404 says that it is gone."""
    if refused.status == 403:
        return RetryLater(
            f"{refused}: the agent in whose name we call may not see this ticket", after=PROBE, counts=True
        )
    return RetryLater(f"{refused}: the ticket could not be read", after=refused.after or BUSY_AGAIN, counts=True)


def doubted(error: Unsure, *, since: datetime | None, now: datetime) -> Unsure:
    """Return a doubt that is asked about later each time. since: the first one; None = this is it."""
    age = (now - since) / 2 if since else timedelta(0)
    return type(error)(str(error), after=max(error.after, min(age, LONGEST_WAIT)))


def lost(reason: str, *, write: bool, after: timedelta | None = None) -> RetryLater | Unsure:
    """Return what becomes of a request that did not get a clear answer."""
    return Unsure(reason, after=after or LOST_AGAIN) if write else RetryLater(reason, after=after or BUSY_AGAIN)


def of_silence(reason: str, *, sent: bool, write: bool) -> RetryLater | Silent:
    """Return what becomes of a request without an answer. sent: it may have reached Zendesk."""
    if sent and write:
        return Silent(f"Zendesk gave no answer ({reason})", after=LOST_AGAIN)
    return RetryLater(f"Zendesk cannot be reached ({reason}); nothing was applied", after=BUSY_AGAIN)


def of_login(refused: Refusal) -> RetryLater | Paused:
    """Return what a failed login means. https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/"""
    if refused.status == 429 or not 300 <= refused.status < 500:
        return RetryLater(
            f"Zendesk's login did not work (HTTP {refused.status}); nothing was applied",
            after=refused.after or BUSY_AGAIN,
        )
    look = (
        "that the OAuth client has the scopes read, tickets:write and users:write"
        if refused.code == "invalid_scope"
        else "subdomain, client_id and client_secret, and that the OAuth client is of the confidential kind"
    )
    return Paused(
        f"Zendesk refused the login with HTTP {refused.status}{refused.code and ', '}{refused.code}: check {look}"
    )


def warned(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the keys that Zendesk says it ignored, unknown or of a bad value; () = none of ours."""
    given = next((v for k, v in headers.items() if k.lower() == "x-zendesk-api-warn"), "")
    keys = re.search(r"unpermitted_keys=>\[(.*?)\]", given)
    names = re.findall(r'"([A-Za-z0-9_.]{1,80})"', keys[1]) if keys else []
    # Unsure: how a bad value is told. A customer's words may stand there, so only our keys are read.
    bad = re.search(r"invalid_values=>\[(.*)\]", given)
    names += re.findall(r'"((?:ticket|user)s?(?:\.[a-z0-9_]{1,40}){1,3})"', bad[1]) if bad else []
    return tuple(name for name in dict.fromkeys(names) if name != "ticket.id")  # zenpy repeats it in the body
