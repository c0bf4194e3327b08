"""One flush of filings: read the tickets, then take each filing through its steps. All calls stand here."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from adapters.zendesk import classify, notes, plan, tickets
from adapters.zendesk.account import PAGE, Account
from adapters.zendesk.classify import Refusal, Silent
from adapters.zendesk.job import Job, Json, places
from adapters.zendesk.steps import Look, Place, Redact, Search, Step, Write
from bridge.errors import Paused, RetryLater, Unsure
from bridge.ports import Filing, Outcome

Outcomes = list[tuple[int, Outcome]]
T = TypeVar("T")
Steps = Generator[Outcomes, None, T]
"""A stretch of the way, with a yield between each two calls; what it returns is for the next stretch."""

SKEW = timedelta(minutes=5)  #: between our clocks and Zendesk's
MOST_PAGES = 20  #: of audits; 2,000 writes to one ticket since a message came are not ours to read
MOST_COMMENT_PAGES = 50  #: a ticket takes 5,000 comments
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
    ) -> None:
        self._account, self._url, self._latest_commit = account, url, latest_commit
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
        sound = {i: filing for i, filing in self._filings.items() if i not in dict(refused)}
        there = yield from self._read(list(sound.values()))
        in_doubt = silent = 0
        for index, filing in sound.items():
            job = Job(index=index, filing=filing, plan=plan.start(filing, there))
            try:
                yield from self._through(job)
            except (RetryLater, Paused) as error:
                # Raising says that nothing was applied; of this filing a part was.
                rest = error if isinstance(error, RetryLater) else RetryLater(str(error), after=classify.PROBE)
                if job.touched:
                    yield [(index, job.outcome(self._url, rest=rest))]
                raise
            yield [(index, job.outcome(self._url))]
            unsure = job.blocked if isinstance(job.blocked, Unsure) else None
            in_doubt = in_doubt + 1 if unsure else 0
            silent = silent + 1 if isinstance(unsure, Silent) else 0
            if unsure and (silent == MOST_SILENT or in_doubt == MOST_IN_DOUBT):
                raise RetryLater(f"{unsure}; the rest waits", after=unsure.after)

    def look(self) -> list[frozenset[str]]:
        """Ask what is in, as after a lost attempt; see Crm.look."""
        sound = {i: filing for i, filing in self._filings.items() if not tickets.fault(filing)}
        there = finish(self._read(list(sound.values())))
        return [self._seen(filing, there) if i in sound else frozenset() for i, filing in self._filings.items()]

    def _seen(self, filing: Filing, there: Mapping[str, tickets.Ticket]) -> frozenset[str]:
        filing = replace(filing, unsure_since=filing.unsure_since or self._now)
        job = Job(index=0, filing=filing, plan=plan.start(filing, there))
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
        ids = list(dict.fromkeys(i for filing in filings for i in plan.ids_to_ask(filing)))
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
            case Look():
                yield from self._look(job, step)
            case Search():
                yield from self._search(job, step)
            case Redact():
                yield from self._redact(job, step)
            case Write():
                self._write(job, step)

    def _write(self, job: Job, step: Write) -> None:
        body = job.body(step)
        if step.ticket.id:
            answer = self._account.update(step.ticket.id, body)
        else:
            answer = self._account.create(body, key=job.key(step))
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
                self._unread(job, step.ticket, answer)
                break
            for row in answer["audits"]:
                found |= places(row, step.ticket)
                writers.add(row.get("author_id"))
            after = _next(answer)
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

    @staticmethod
    def _unread(job: Job, ticket: str, refused: Refusal) -> None:
        """Let a filing wait whose ticket could not be read, and go on without one that was deleted."""
        if refused.status == 404:
            plan.gone(job.plan, ticket)
        else:
            job.blocked = classify.of_reading(refused)

    # --- deletions --------------------------------------------------------------------------------------------

    def _redact(self, job: Job, step: Redact) -> Steps[None]:
        """Black out the texts of a deleted message; where that is refused, withdraw their comments."""
        comments, missing = yield from self._comments(job, step)
        if job.blocked or step.ticket.id not in job.plan.tickets:
            return
        if missing:
            job.plan.warnings.append(
                f"The text of a deleted message was not found in ticket {step.ticket.id} and may still stand."
            )
        for comment, texts in comments:
            html, whole = notes.blackened(str(comment.get("html_body") or ""), texts)
            if html == comment.get("html_body"):
                continue
            yield []
            refused = self._account.redact(str(comment["id"]), step.ticket.id, html)
            if not isinstance(refused, Refusal):
                if whole:
                    job.plan.warnings.append(
                        "Zendesk changed a comment's markup: all of it was redacted, not the deleted text alone."
                    )
                continue
            yield []
            self._withdraw(job, step, str(comment["id"]), refused)
            if job.blocked:
                return
        job.plan.blackened.add(step.part.key)

    def _withdraw(self, job: Job, step: Redact, comment: str, refused: Refusal) -> None:
        if refused.status in (409, 429):
            job.fail({step.part.key}, classify.of_record(refused))
            return
        hidden = self._account.make_private(step.ticket.id, comment)
        stands = "it is private now" if not isinstance(hidden, Refusal) else f"nor made private: {hidden}"
        job.plan.warnings.append(
            f"The text of a deleted message still stands in ticket {step.ticket.id}: {refused}; {stands}."
        )

    def _comments(self, job: Job, step: Redact) -> Steps[tuple[list[tuple[Json, Mapping[int, int]]], bool]]:
        """Find the comments that hold the texts, each with the numbers of its texts; and is one missing?"""
        texts = {comment: dict(numbers) for comment, numbers in step.texts.items()}
        found: dict[str, Json] = {}
        if step.opening:
            answer = self._account.comments(step.ticket.id, "", newest=False)
            if isinstance(answer, Refusal):
                self._unread(job, step.ticket.id, answer)
                return [], True
            for first in answer["comments"][:1]:
                found[str(first["id"])] = first
                texts.setdefault(str(first["id"]), {})[0] = 0
        after, page = "", 0
        while texts.keys() - found.keys() and page < MOST_COMMENT_PAGES:
            if page or step.opening:
                yield []
            answer = self._account.comments(step.ticket.id, after, newest=True)
            if isinstance(answer, Refusal):
                self._unread(job, step.ticket.id, answer)
                break
            found |= {i: row for row in answer["comments"] for i in _names(row) if i in texts}
            after, page = _next(answer), page + 1
            if not after:
                break
        return [(found[i], texts[i]) for i in texts if i in found], not texts or texts.keys() > found.keys()


def finish(steps: Steps[T]) -> T:
    """Walk a stretch to its end where nobody waits between the calls."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def _next(answer: Json) -> str:
    """Return the cursor of the next page; "" = this was the last."""
    meta = answer.get("meta")
    more = isinstance(meta, Mapping) and meta.get("has_more") is True
    return str(meta.get("after_cursor") or "") if more and isinstance(meta, Mapping) else ""


def _names(comment: Json) -> tuple[str, str]:
    """Return what a ref calls this comment: its id, or that of the write that it came with."""
    return str(comment["id"]), f"a{comment.get('audit_id')}"


def _before(row: Json, since: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(row.get("created_at"))) < since
    except (TypeError, ValueError):
        return False
