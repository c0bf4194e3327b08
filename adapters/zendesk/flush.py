"""One flush of filings: read the tickets, then take each filing through its steps, call by call."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from adapters.zendesk import classify, copying, memory, plan, progress, redacting, tickets, together
from adapters.zendesk.account import PAGE, Account, next_page
from adapters.zendesk.answers import Json
from adapters.zendesk.classify import Refusal, Silent
from adapters.zendesk.copying import Fetch
from adapters.zendesk.job import Job, Outcomes, Steps, places
from adapters.zendesk.steps import Copy, Look, Place, Read, Redact, Search, Step, Write
from bridge import fetching
from bridge.errors import Paused, RetryLater, Unsure
from bridge.ports import Filing

T = TypeVar("T")
SKEW = timedelta(minutes=5)  #: between our clocks and Zendesk's
MOST_PAGES = 20  #: of audits; 2,000 writes to one ticket since a message came are not ours to read
MOST_IN_DOUBT = 3  #: writes one after the other without a clear answer: then Zendesk is down
MOST_SILENT = 2  #: of them without any answer; one alone may be that one filing's own


class Flush:
    """What one call of `file` or `look` does."""

    def __init__(
        self,
        account: Account,
        filings: Sequence[Filing],
        *,
        url: str,
        now: datetime,
        latest_commit: timedelta = timedelta(0),
        fetch: Fetch = fetching.fetch,
    ) -> None:
        self._account, self._url, self._latest_commit, self._fetch = account, url, latest_commit, fetch
        self._given, self._began = now, time.monotonic()
        self._filings = dict(enumerate(filings))

    @property
    def _now(self) -> datetime:
        """The database's clock, which went on while we were calling."""
        return self._given + timedelta(seconds=time.monotonic() - self._began)

    def run(self) -> Iterator[Outcomes]:
        """Send everything; see Crm.file."""
        refused: Outcomes = [(i, no) for i, filing in self._filings.items() if (no := tickets.fault(filing))]
        if refused:
            yield refused
        sound = {i: filing for i, filing in self._filings.items() if not tickets.fault(filing)}
        sending = yield from together.became(self._account, sound, url=self._url, now=self._now)
        there = yield from self._read([f for f in sending.values() if not self._presumed(f)])
        there |= {t.id: t for f in sending.values() if (t := self._presumed(f))}
        jobs = [Job(index=i, filing=filing, plan=progress.start(filing, there)) for i, filing in sending.items()]
        jobs.sort(key=lambda job: not job.urgent)
        yield from self._one_by_one((yield from self._in_crowds(jobs)))

    def _presumed(self, filing: Filing) -> tickets.Ticket | None:
        """The ticket as our latest write left it; None = it must be read, as all must that may go out in a job."""
        return None if plan.in_crowd(filing) else memory.recalled(filing)

    def _in_crowds(self, jobs: Sequence[Job]) -> Steps[list[Job]]:
        """Send what many filings need in jobs of Zendesk's; return those that are left."""
        fresh = [job for job in jobs if plan.in_crowd(job.filing) and not job.filing.unsure_since]
        if len(fresh) <= plan.MOST_SINGLE:
            return list(jobs)
        items = [item for job in fresh if (item := together.item(job, now=self._now))]
        gone = yield from together.send(self._account, items)
        return [job for job in jobs if job.index not in gone]

    def _one_by_one(self, jobs: Sequence[Job]) -> Steps[None]:
        in_doubt = silent = 0
        for job in jobs:
            try:
                yield from self._through(job)
            except (RetryLater, Paused) as error:
                # Raising says that nothing was applied; of this filing a part was.
                rest = error if isinstance(error, RetryLater) else RetryLater(str(error), after=classify.PROBE)
                if job.touched:
                    yield [(job.index, job.outcome(self._url, rest=rest))]
                raise
            yield [(job.index, job.outcome(self._url))]
            unsure = job.blocked if isinstance(job.blocked, Unsure) else None
            in_doubt = in_doubt + 1 if unsure else 0
            silent = silent + 1 if isinstance(unsure, Silent) else 0
            if unsure and (silent == MOST_SILENT or in_doubt == MOST_IN_DOUBT):
                raise RetryLater(f"{unsure}; the rest waits", after=unsure.after)

    def look(self) -> list[frozenset[str]]:
        """Ask what is in, as after a lost attempt; see Crm.look."""
        sound = {i: filing for i, filing in self._filings.items() if not tickets.fault(filing)}
        together.raise_if_busy(self._account, sound.values(), self._now)
        there = finish(self._read(list(sound.values())))
        return [self._seen(filing, there) if i in sound else frozenset() for i, filing in self._filings.items()]

    def _seen(self, filing: Filing, there: Mapping[str, tickets.Ticket]) -> frozenset[str]:
        filing = replace(filing, unsure_since=filing.unsure_since or self._now)
        job = Job(index=0, filing=filing, plan=progress.start(filing, there))
        for ticket in list(job.plan.tickets):
            finish(self._look(job, Look(ticket=ticket)))
        for n in (0, 1):
            finish(self._search(job, Search(key=filing.key_at(filing.known.episode + n))))
        if job.blocked:
            raise job.blocked
        return frozenset(job.plan.refs)

    # --- the stretches ----------------------------------------------------------------------------------------

    def _read(self, filings: Sequence[Filing]) -> Steps[dict[str, tickets.Ticket]]:
        """Read the tickets that are known, for all filings at once."""
        ids = list(dict.fromkeys(i for filing in filings for i in progress.ids_to_ask(filing)))
        found: dict[str, tickets.Ticket] = {}
        for i in range(0, len(ids), PAGE):
            found |= tickets.by_id(self._account.tickets(ids[i : i + PAGE]))
            yield []
        return found

    def _through(self, job: Job) -> Steps[None]:
        """Take one filing as far as it goes."""
        called = False
        while job.blocked is None:
            step = plan.step(job.plan, now=self._now, latest_commit=self._latest_commit)
            if step is None:
                return
            if isinstance(step, RetryLater):
                job.blocked = step
                return
            if called:
                yield []
            called = True
            try:
                yield from self._do(job, step)
            except Unsure as error:
                job.blocked = classify.doubted(error, since=job.filing.unsure_since, now=self._now)

    def _do(self, job: Job, step: Step) -> Steps[None]:
        match step:
            case Read():
                job.reread(step.ticket, tickets.by_id(self._account.tickets([step.ticket])))
            case Look():
                yield from self._look(job, step)
            case Search():
                yield from self._search(job, step)
            case Redact():
                yield from redacting.redact(self._account, job, step)
            case Copy():
                yield from copying.copy(self._account, self._fetch, job, step, self._now)
            case Write():
                self._write(job, step)

    def _write(self, job: Job, step: Write) -> None:
        body = job.body(step)
        if step.ticket.id:
            answer = self._account.update(step.ticket.id, body, urgent=job.urgent)
        else:
            answer = self._account.create(body, key=job.key(step), urgent=job.urgent)
        job.wrote(step, answer, self._now)

    def _search(self, job: Job, step: Search) -> Steps[None]:
        """Find the tickets that carry a key, and what of ours stands in them, the oldest first."""
        for ticket in job.searched(step.key, tickets.by_id(self._account.tickets_by_key(step.key))):
            yield []
            yield from self._look(job, Look(ticket=ticket))
            if job.blocked:
                return

    def _look(self, job: Job, step: Look) -> Steps[None]:
        """Read a ticket's audits back to before the message can have been filed."""
        # unsure_since may be later than the attempt, but nothing is filed before it was received.
        times = [t for t in (job.filing.unsure_since, *(p.received_at for p in job.filing.parts)) if t]
        since = min(times) - SKEW
        found: dict[str, Place] = {}
        writers: set[object] = set()
        after = ""
        for page in range(MOST_PAGES):
            if page:
                yield []
            answer = self._account.audits(step.ticket, after)
            if isinstance(answer, Refusal):
                job.unread(step.ticket, answer)
                break
            for row in answer["audits"]:
                found |= places(row, step.ticket)
                writers.add(row.get("author_id"))
            after = next_page(answer)
            if not after or any(_before(row, since) for row in answer["audits"]):
                break
        else:
            job.blocked = RetryLater(
                f"ticket {step.ticket} has too many updates to search; look there yourself, then replay",
                after=classify.PROBE,
                counts=True,
            )
        alone = len(writers - {-1}) == 1  # Zendesk's own rules write as -1
        job.looked(step.ticket, found, untouched=alone and not after)


def finish(steps: Steps[T]) -> T:
    """Walk a stretch to its end where nobody waits between the calls."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def _before(row: Json, since: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(row.get("created_at"))) < since
    except (TypeError, ValueError):
        return False
