"""Filings that are many: handed over to Zendesk in jobs, and asked for later, so that nobody sits and waits."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.zendesk import jobs, plan, progress, tickets
from adapters.zendesk.account import Account
from adapters.zendesk.answers import Json
from adapters.zendesk.classify import LONGEST_WAIT, Refusal, Silent
from adapters.zendesk.job import Job, Outcomes, Steps
from adapters.zendesk.jobs import AtWork, Done, Failed, Ref
from adapters.zendesk.steps import Write
from bridge.errors import RetryLater, Unsure
from bridge.ports import Filing, Outcome

log = logging.getLogger("casebridge")

FEWEST = 4  #: items that are worth a job, which costs a call and a question or two
LONGEST = timedelta(hours=1)
"""After so long no job that nobody told us of is at work still: Zendesk may be busy with others' for ever."""
BUSY = "Zendesk is busy with a job that may be the one whose answer was lost"


# --- what goes out --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One filing's write as an item of a job."""

    job: Job
    write: Write
    body: Json

    @property
    def kind(self) -> tuple[bool, bool]:
        """What goes into one job: new tickets or changes; urgent ones first."""
        return not self.job.urgent, not self.write.ticket.id

    def ref(self, name: str, index: int) -> str:
        """Return by what it is asked for."""
        if ticket := self.write.ticket.id:
            return str(Ref(job=name, ticket=ticket))
        return str(Ref(job=name, index=index, episode=self.write.episode))


def item(job: Job, *, now: datetime) -> Item | None:
    """Return a filing's first write if that is all it needs; None = it is sent by itself."""
    step = plan.step(job.plan, now=now, latest_commit=timedelta(0))
    if not isinstance(step, Write) or not plan.fits_job(job.plan, step):
        return None
    # Zendesk itself guards a job's changes only from when it was handed over, and we have read before that.
    body = job.body(replace(step, guarded=True))
    return Item(job=job, write=step, body={"id": int(step.ticket.id), **body} if step.ticket.id else body)


def send(account: Account, items: Sequence[Item]) -> Steps[set[int]]:
    """Hand items over in jobs of up to 100; return the indices of those whose outcome was told."""
    told: set[int] = set()
    runs = _runs(items)
    after = max((jobs.takes(len(run), new=not run[0].write.ticket.id) for run in runs), default=timedelta(0))
    for run in runs:
        new = not run[0].write.ticket.id
        try:
            answer = jobs.submit(account, [one.body for one in run], new=new, urgent=run[0].job.urgent)
        except Unsure as error:
            yield [(one.job.index, error) for one in run]
            told |= {one.job.index for one in run}
            if isinstance(error, Silent):
                raise RetryLater(f"{error}; the rest waits", after=error.after) from None
            continue
        if isinstance(answer, Refusal):
            log.warning("Zendesk takes no job of %d tickets, so they go one by one: %s", len(run), answer)
            yield []
            continue
        says = f"Zendesk carries it out in its job {answer}"
        yield [(one.job.index, Unsure(says, after=after, job=one.ref(answer, i))) for i, one in enumerate(run)]
        told |= {one.job.index for one in run}
    return told


def _runs(items: Sequence[Item]) -> list[list[Item]]:
    """Cut into jobs: never two items of one ticket in one, since a job keeps no order."""
    kinds: dict[tuple[bool, bool], dict[str, Item]] = {}
    for n, one in enumerate(items):
        kinds.setdefault(one.kind, {}).setdefault(one.write.ticket.id or f"new {n}", one)
    worth = [list(kinds[kind].values()) for kind in sorted(kinds) if len(kinds[kind]) >= FEWEST]
    return [some[i : i + jobs.MOST] for some in worth for i in range(0, len(some), jobs.MOST)]


# --- what came of it ------------------------------------------------------------------------------------------


def became(
    account: Account, filings: Mapping[int, Filing], *, url: str, now: datetime
) -> Steps[dict[int, Filing]]:
    """Ask what became of filings that are in jobs, all in one question; return those that are to be sent.

    Of what a job did not do nothing was applied, so it goes out anew, by itself. Where the job does not say, the
    filing goes as after any lost answer, once no job is at work that could still do it.
    """
    refs = {i: ref for i, filing in filings.items() if (ref := jobs.ref_of(filing.job))}
    names = sorted({ref.job for ref in refs.values()})
    told: dict[str, Json] = {}
    for n in range(0, len(names), jobs.MOST):
        told |= jobs.statuses(account, names[n : n + jobs.MOST])
        yield []
    ends = {i: jobs.became(told, ref) for i, ref in refs.items()}
    waiting = {i: no for i, end in ends.items() if (no := _waits(filings[i], refs[i], end, now))}
    if waiting:
        yield list(waiting.items())
    done = {i: (filings[i], refs[i], end.ticket) for i, end in ends.items() if isinstance(end, Done)}
    if done:
        yield (yield from _carried_out(account, done, url=url))
    left = {i: f for i, f in filings.items() if i not in done and i not in waiting}
    doubtful = [i for i, filing in left.items() if _doubtful(filing, now)]
    if not doubtful:
        return left
    busy = jobs.any_at_work(account)
    yield [(i, RetryLater(BUSY, after=jobs.AGAIN)) for i in doubtful if busy]
    return {i: filing for i, filing in left.items() if not (busy and i in doubtful)}


def raise_if_busy(account: Account, filings: Iterable[Filing], now: datetime) -> None:
    """See that none of these may be in a job that is at work still. Raises RetryLater."""
    if any(_doubtful(filing, now) for filing in filings) and jobs.any_at_work(account):
        raise RetryLater(BUSY, after=jobs.AGAIN)


def _doubtful(filing: Filing, now: datetime) -> bool:
    """Whether a filing may have gone out in a job of whose end nobody knows."""
    last = filing.unsure_last
    return plan.in_crowd(filing) and last is not None and now - last < LONGEST


def _waits(filing: Filing, ref: Ref, end: jobs.Became, now: datetime) -> Unsure | RetryLater | None:
    """Return the outcome of a filing whose job is at work, or did not do it; None = there is another."""
    match end:
        case AtWork():
            age = now - (filing.unsure_since or now)
            after = max(jobs.AGAIN, min(age / 4, LONGEST_WAIT))
            return Unsure(f"Zendesk still carries it out in its job {ref.job}", after=after, job=filing.job)
        case Failed(why=why):
            says = f"Zendesk's job did not do it ({why}); it is sent by itself"
            return RetryLater(says, after=timedelta(0), clears=True)
    return None


def _carried_out(account: Account, done: Mapping[int, tuple[Filing, Ref, str]], *, url: str) -> Steps[Outcomes]:
    """Read the tickets that jobs have made, 100 in one call, and return the receipts."""
    made = [ticket for _, ref, ticket in done.values() if not ref.ticket]
    rows: dict[str, Json] = {}
    for i in range(0, len(made), jobs.MOST):
        rows |= {str(row["id"]): row for row in account.tickets(made[i : i + jobs.MOST])["tickets"]}
        yield []
    return [(i, _receipt(i, *one, rows.get(one[2], {}), url)) for i, one in done.items()]


def _receipt(index: int, filing: Filing, ref: Ref, number: str, row: Json, url: str) -> Outcome:
    """Return what the bridge is told of a filing that a job has done. row: its new ticket; {} = none was read."""
    # One that was changed, or is gone already, is presumed to be as it was: nothing of it is remembered.
    ticket = tickets.seen(row, {}) if row else tickets.Ticket(id=number, presumed=True)
    if row and ticket.key != filing.key_at(ref.episode):
        return Unsure(f"the ticket {number} that a job of Zendesk's names is another one's", after=jobs.AGAIN)
    job = Job(index=index, filing=filing, plan=progress.start(filing, {number: ticket}))
    job.carried_out(plan.as_job(job.plan, ticket=ref.ticket, episode=ref.episode), ticket, row)
    return job.outcome(url)
