"""Many tickets in one call: Zendesk takes them as a job, carries it out by and by, and tells what became of each.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#create-many-tickets
https://developer.zendesk.com/api-reference/ticketing/ticket-management/job_statuses/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from adapters.zendesk import classify
from adapters.zendesk.account import Account
from adapters.zendesk.answers import Json, each
from adapters.zendesk.classify import Refusal
from bridge.errors import RetryLater, Unsure

MOST = 100  #: tickets of one job, and jobs of one question
AGAIN = timedelta(seconds=3)  #: a job that was not done when it was asked for
AT_WORK = frozenset(("queued", "working"))

REF = re.compile(r"([\w-]{1,80})(?:#(\d{1,2})/(\d{1,6})|@(\d{1,19}))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """One filing's place in a job: Unsure.job."""

    job: str
    index: int = 0  #: of a new ticket, among the job's
    episode: int = 0  #: of a new ticket
    ticket: str = ""  #: the ticket that is changed; "" = a new one

    def __str__(self) -> str:
        return f"{self.job}@{self.ticket}" if self.ticket else f"{self.job}#{self.index}/{self.episode}"


def ref_of(text: str) -> Ref | None:
    """Read what `str(Ref)` wrote; None = it is none."""
    found = REF.fullmatch(text)
    if found is None:
        return None
    return Ref(job=found[1], index=int(found[2] or 0), episode=int(found[3] or 0), ticket=found[4] or "")


@dataclass(frozen=True, slots=True)
class AtWork:
    """Zendesk has not come to its end."""


@dataclass(frozen=True, slots=True)
class Done:
    """The ticket was made or changed."""

    ticket: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing of this item was applied."""

    why: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody can tell from the job: it failed as a whole, is forgotten, or does not name the item."""


Became = AtWork | Done | Failed | Lost


def takes(tickets: int, *, new: bool) -> timedelta:
    """Return when a job of so many tickets is surely done: 100 new ones took 15 seconds, 100 changed ones 10."""
    return timedelta(seconds=3 + 0.14 * tickets if new else 3 + 0.09 * tickets)


# --- calls ----------------------------------------------------------------------------------------------------


def submit(account: Account, tickets: Sequence[Json], *, new: bool, urgent: bool) -> str | Refusal:
    """Have up to 100 tickets made or changed; the job's id. Raises Unsure if that may have been taken."""
    call = ("POST", "tickets/create_many") if new else ("PUT", "tickets/update_many")
    answer = account.send(*call, {"tickets": tickets}, urgent=urgent)
    return answer if isinstance(answer, Refusal) else named(answer)


def named(answer: Json) -> str:
    """Return the id of the job that an answer tells of. Raises Unsure where it tells of none."""
    job = answer.get("job_status")
    name = job.get("id") if isinstance(job, Mapping) else None
    if not isinstance(name, str) or not re.fullmatch(r"[\w-]{1,80}", name):
        raise Unsure("Zendesk's answer to a write of many names no job", after=classify.LOST_AGAIN)
    return name


def statuses(account: Account, names: Sequence[str]) -> dict[str, Json]:
    """Read up to 100 jobs; those that Zendesk has forgotten are not in it."""
    answer = account.get("job_statuses/show_many", {"ids": ",".join(names)}, one=True)
    return {str(row.get("id")): row for row in _rows(answer)}


def any_at_work(account: Account) -> bool:
    """Whether Zendesk is still busy with a job of this account, whoever asked for it."""
    return any(row.get("status") in AT_WORK for row in _rows(account.get("job_statuses", one=True)))


def _rows(answer: Json | Refusal) -> list[Json]:
    if isinstance(answer, Refusal):
        if answer.status == 404:
            return []
        raise RetryLater(f"{answer}: jobs could not be read", after=answer.after or classify.BUSY_AGAIN)
    given = answer.get("job_statuses")
    if not isinstance(given, list):
        raise RetryLater("Zendesk answered without job_statuses", after=classify.BUSY_AGAIN)
    return each(given)


# --- what became of one item ----------------------------------------------------------------------------------


def became(told: Mapping[str, Json], ref: Ref) -> Became:
    """Say what became of one filing's item."""
    job = told.get(ref.job)
    status = job.get("status") if job else None
    if status in AT_WORK:
        return AtWork()
    results = job.get("results") if job and status == "completed" else None
    mine = [one for one in each(results) if _is(one, ref)]
    if len(mine) != 1:
        return Lost()
    return _read(mine[0], ref)


def _is(result: Json, ref: Ref) -> bool:
    """Whether a result is this item's: a changed ticket has its id, a new one its place in the job."""
    if ref.ticket:
        return str(result.get("id")) == ref.ticket
    return result.get("index") == ref.index and not isinstance(result.get("index"), bool)


def _read(result: Json, ref: Ref) -> Became:
    error = result.get("error")
    if error or result.get("success") is False:
        # What stands in `details` may quote a customer: the single call that follows says why.
        code = error if isinstance(error, str) and classify.CODE.fullmatch(error) else "refused"
        return Failed(code)
    ticket = result.get("id")
    if not isinstance(ticket, int) or isinstance(ticket, bool) or (ref.ticket and str(ticket) != ref.ticket):
        return Lost()
    return Done(str(ticket))
