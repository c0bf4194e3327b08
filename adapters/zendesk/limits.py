"""Which of Zendesk's limits a call counts against, and what the answers say of them. Pure.

https://developer.zendesk.com/api-reference/introduction/rate-limits/
https://developer.zendesk.com/api-reference/ticketing/account-configuration/usage_limits/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bridge.ports import Bucket, Finding, Reading

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SPENT_FOR = timedelta(seconds=10)  #: a limit whose end a refusal does not name

ACCOUNT, UPDATES, JOBS = "account", "tickets-update", "jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit, by the name that it bears in headers. Those of one record count for each apart."""

    name: str
    most: int
    span: timedelta = MINUTE
    record: bool = False


EVERYTHING = Limit(name=ACCOUNT, most=200)  # of the smallest plan, until an answer says more
UPDATE = Limit(name=UPDATES, most=100)
ONE_TICKET = Limit(name="per-ticket-updates", most=30, span=timedelta(minutes=10), record=True)
JOB = Limit(name=JOBS, most=10, span=timedelta(seconds=20))
"""Of the jobs 30 may wait or run at once, of all who use the account; the longest take some 20 seconds."""
INCREMENTAL = Limit(name="incremental-exports", most=10)

OWN: Mapping[str, tuple[Limit, ...]] = {
    "POST tickets": (Limit(name="ticket-request-create-by-user-and-ip", most=300),),
    "GET tickets": (Limit(name="tickets-index", most=100),),
    "PUT tickets/{id}": (UPDATE, ONE_TICKET),
    "PUT tickets/{id}/tags": (UPDATE, ONE_TICKET),
    "PUT tickets/{id}/comments/{id}/make_private": (ONE_TICKET,),
    "PUT tickets/{id}/comments/{id}/attachments/{id}/redact": (ONE_TICKET,),
    "GET tickets/{id}/audits": (Limit(name="ticket-audits-index", most=500),),
    "POST tickets/create_many": (JOB,),
    "PUT tickets/update_many": (JOB,),
    "POST users/create_or_update": (Limit(name="users-create-or-update", most=1, span=SECOND),),
    "PUT users/{id}": (
        Limit(name="users-update", most=1, span=SECOND),
        Limit(name="users-update-per-user", most=5, record=True),
    ),
    "POST users/create_many": (JOB,),
    "POST users/create_or_update_many": (JOB,),
    "PUT users/update_many": (JOB,),
    "GET search": (Limit(name="search-index", most=2500),),
    "GET incremental/tickets/cursor": (INCREMENTAL,),
    "GET incremental/ticket_events": (INCREMENTAL,),
}
"""Calls that count against more than the account's own limit."""

PLANS: Mapping[int, str] = {
    200: "the Team plan",
    400: "the Growth or Professional plan",
    700: "the Enterprise plan",
    2500: "the Enterprise Plus plan or the High Volume add-on",
}
"""Calls a minute -> what has them."""
TRIED_OUT = 20  #: updates of tickets a minute in sandbox and trial accounts
SAYS_TRIED_OUT = "This is a sandbox or trial account of Zendesk's: it takes {} updates of tickets a minute."

OF_API = re.compile(r"/api/v2/(.+?)(?:\.json)?/?")
NUMBER = re.compile(r"[0-9]+")
COUNT = re.compile(r"[0-9]{1,9}")
OWN_HEADER = re.compile(r"zendesk-rate-?limit-([a-z0-9-]{1,60})")
OWN_VALUE = re.compile(r"total=([0-9]{1,9});\s*remaining=([0-9]{1,9});\s*resets=([0-9]{1,9})")
OF_ACCOUNT = (
    ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"),
    ("rate-limit", "rate-limit-remaining", "rate-limit-reset"),
    ("x-rate-limit", "x-rate-limit-remaining", ""),
)
"""The headers of the account's limit, the newest spelling first; the oldest does not say when it ends."""


def buckets(method: str, path: str) -> list[Bucket]:
    """Return what a call counts against, the account's limit first; [] = it is none to the API.

    path: of the URL, without its query. Ids in it are told by their digits; the first one is the record's.
    """
    found = OF_API.fullmatch(path)
    if found is None:
        return []
    steps = found[1].split("/")
    kind = "/".join("{id}" if NUMBER.fullmatch(step) else step for step in steps)
    record = next((step for step in steps if NUMBER.fullmatch(step)), "")
    limits = (EVERYTHING, *OWN.get(f"{method} {kind}", ()))
    return [
        Bucket(name=f"{one.name}/{record}" if one.record else one.name, most=one.most, span=one.span)
        for one in limits
    ]


def of_record(name: str) -> bool:
    """Whether a bucket is one record's own: that it is spent says nothing of others."""
    return "/" in name


def readings(headers: Mapping[str, str], asked: Sequence[Bucket]) -> list[Reading]:
    """Return what an answer says of the limits that its call counted against; of others it is not heeded.

    No window is taken to be longer than it can be: Zendesk has asked for 999,999 seconds.
    """
    told = {one.name: one for one in _told(headers)}
    named = ((bucket, told.get(bucket.name.partition("/")[0])) for bucket in asked)
    return [replace(o, name=b.name, resets=min(o.resets, b.span)) for b, o in named if o is not None]


def spent(headers: Mapping[str, str], asked: Sequence[Bucket], after: timedelta | None) -> list[Reading]:
    """Return what a refusal for a limit says, so that others stop too. after: as it asks; None = it does not.

    It is the limit that it calls empty; where it calls none so, the call's own, or the account's if it has none.
    """
    told = readings(headers, asked)
    if any(one.left == 0 for one in _told(headers)):
        return [one for one in told if one.left == 0]
    most = {one.name: one.most for one in told}
    own = [one for one in asked if one.name != ACCOUNT] or asked
    return [Reading(name=b.name, most=most.get(b.name, b.most), left=0, resets=after or SPENT_FOR) for b in own]


def _told(headers: Mapping[str, str]) -> list[Reading]:
    """Every limit that an answer tells of, by the names in its headers."""
    given = {name.lower(): value.strip() for name, value in headers.items()}
    account = next((one for names in OF_ACCOUNT if (one := _account(given, names))), None)
    found = [account] if account else []
    for header, value in given.items():
        name, numbers = OWN_HEADER.fullmatch(header), OWN_VALUE.fullmatch(value)
        if name and numbers:
            found.append(_reading(name[1], *(int(number) for number in numbers.groups())))
    return found


def _account(given: Mapping[str, str], names: tuple[str, str, str]) -> Reading | None:
    most, left, resets = (given.get(name, "") for name in names)
    if not (COUNT.fullmatch(most) and COUNT.fullmatch(left)):
        return None
    return _reading(ACCOUNT, int(most), int(left), int(resets) if COUNT.fullmatch(resets) else 60)


def _reading(name: str, most: int, left: int, resets: int) -> Reading:
    return Reading(name=name, most=most, left=min(left, most), resets=timedelta(seconds=resets))


def findings(most: Mapping[str, int]) -> list[Finding]:
    """Return what an admin should know of the account's limits. most: by name, as far as they were told."""
    found = []
    if ACCOUNT in most:
        plan = f", as it does with {PLANS[most[ACCOUNT]]}" if most[ACCOUNT] in PLANS else ""
        says = f"Zendesk allows {most[ACCOUNT]} calls a minute to all who use the account's API{plan}."
        found.append(Finding(level="ok", about="limits", says=says))
    if tried_out(most):
        do = "Nothing, if that is what it is for; an account of a paid plan takes 100."
        found.append(Finding(level="warning", about="trial", says=SAYS_TRIED_OUT.format(most[UPDATES]), do=do))
    return found


def tried_out(most: Mapping[str, int]) -> bool:
    """Whether it is a sandbox or a trial account, as far as was told."""
    return UPDATES in most and most[UPDATES] <= TRIED_OUT
