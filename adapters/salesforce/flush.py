"""One flush of filings: ask, decide, insert cases, change what is there, add comments, copy files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.salesforce import classify, files, reading, soql
from adapters.salesforce.files import Copy
from adapters.salesforce.job import Answer, Job
from adapters.salesforce.org import Org
from adapters.salesforce.plan import decide
from adapters.salesforce.reading import Outcomes, Steps, finish
from adapters.salesforce.writing import (
    Row,
    blanking_rows,
    case_rows,
    comment_rows,
    hiding_rows,
    rewriting_rows,
)
from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.fetching import File, Unfetchable
from bridge.message import Attachment
from bridge.ports import Filing

Fetch = Callable[..., File]
"""bridge.fetching.fetch, or what a test puts in its place."""

BATCH = 200  #: rows of one collection
ROUNDS = 4  #: of inserts: cases that turned out to be there, texts that turned out too long
TIRED = timedelta(
    hours=1
)  #: after this long a file that Salesforce does not take holds its conversation up no more
UNSEEN = "Salesforce has a case with this key but does not show it; let the run-as user see all cases"
TOO_LONG = "Salesforce found one text after the other too long for its field; shorten them in the mapping"


class Flush:
    """What one call of `file` or `look` does."""

    def __init__(
        self,
        org: Org,
        filings: Sequence[Filing],
        *,
        url: str,
        now: datetime,
        fetch: Fetch,
        latest_commit: timedelta,
    ) -> None:
        self._org, self._url, self._now, self._latest_commit = org, url, now, latest_commit
        self._fetch = fetch
        self._jobs = [Job(index=i, filing=filing) for i, filing in enumerate(filings)]

    def run(self) -> Iterator[Outcomes]:
        """Send everything; see Crm.file."""
        refused: Outcomes = [(job.index, fault) for job in self._jobs if (fault := _fault(job.filing))]
        if refused:
            yield refused
        self._jobs = [job for job in self._jobs if job.index not in dict(refused)]
        try:
            yield from self._open_cases()
            yield from self._change_cases()
            yield from self._add_comments()
            yield from self._copy_files()
        except (RetryLater, Paused) as error:
            # Raising says that nothing was applied; of some filings a part was.
            rest = error if isinstance(error, RetryLater) else RetryLater(str(error), after=classify.PROBE)
            yield [(job.index, job.outcome(self._url, rest=rest)) for job in self._jobs if job.touched]
            raise

    def look(self) -> list[frozenset[str]]:
        """Ask what is in, as after a lost attempt; see Crm.look."""
        seen: dict[int, frozenset[str]] = {}
        jobs = [job for job in self._jobs if not _fault(job.filing)]
        for job in jobs:
            job.filing = replace(job.filing, unsure_since=job.filing.unsure_since or self._now)
        for job, facts in zip(jobs, finish(reading.ask(self._org, jobs)), strict=True):
            plan = decide(job.filing, facts, now=self._now, latest_commit=timedelta(0))
            seen[job.index] = frozenset(plan.refs)
        return [seen.get(job.index, frozenset()) for job in self._jobs]

    # --- the stretches, in their order ------------------------------------------------------------------------

    def _open_cases(self) -> Steps[None]:
        for _ in range(ROUNDS):
            unplanned = [job for job in self._jobs if job.plan is None]
            facts = yield from reading.ask(self._org, unplanned)
            for job, fact in zip(unplanned, facts, strict=True):
                job.plan = decide(job.filing, fact, now=self._now, latest_commit=self._latest_commit)
            yield from reading.read_back(self._org, [job for job in unplanned if job.found])
            if settled := self._tell(unplanned):
                yield settled
            inserts = [Row(job, job.new_case(), job.opened) for job in self._jobs if job.to_open]
            if not inserts:
                return
            # The assignment rule chooses the owner only where the mapping named none.
            yield from self._send("POST", [row for row in inserts if "OwnerId" not in row.record], assign=True)
            yield from self._send("POST", [row for row in inserts if "OwnerId" in row.record])
        yield self._give_up()

    def _give_up(self) -> Outcomes:
        stuck = [job for job in self._jobs if job.plan is None or job.to_open]
        for job in stuck:
            why = UNSEEN if job.plan is None else TOO_LONG
            job.blocked = RetryLater(why, after=classify.BUSY_AGAIN, counts=True)
        return self._tell(stuck)

    def _change_cases(self) -> Steps[None]:
        """Rewrite what was edited or deleted, reopen; where comments cannot be changed, withdraw or add some."""
        jobs = [job for job in self._jobs if job.plan and not job.over]
        yield from self._send("PATCH", [row for job in jobs for row in rewriting_rows(job)])
        for job in jobs:
            job.edited()
        blanked = [row for job in jobs for row in blanking_rows(job)]
        yield from self._send("PATCH", [row for job in jobs for row in case_rows(job)] + blanked)
        yield from self._send("PATCH", [row for job in jobs for row in case_rows(job)])
        yield from self._send("PATCH", [row for job in jobs for row in hiding_rows(job)])
        for job in jobs:
            job.redacted()
        if settled := self._tell(jobs):
            yield settled

    def _add_comments(self) -> Steps[None]:
        yield from self._send("POST", [row for job in self._jobs if not job.over for row in comment_rows(job)])

    def _copy_files(self) -> Steps[None]:
        """Attach files, one by one, and take away those of deleted messages.

        The text is in already, and waits for nobody but the files of its filing.
        """
        jobs = [job for job in self._jobs if job.has_files]
        unsure = [job for job in jobs if job.filing.unsure_since]
        there = yield from reading.ask_files(self._org, unsure)
        for job in jobs:
            job.met_files(there, self._now, self._latest_commit)
            for copy in job.pending:
                if copy.file and job.held is None:
                    yield from self._copy(job, copy, copy.file)
            if job.doomed and job.held is None:
                yield from self._take_away(job, job.doomed)
            if settled := self._tell([job], last=True):
                yield settled

    def _copy(self, job: Job, copy: Copy, attachment: Attachment) -> Steps[None]:
        assert job.plan
        warnings, version = job.plan.warnings, ""
        try:
            file = self._fetch(attachment.url, patience=timedelta(seconds=self._org.patience))
            yield []
            version = self._org.attach(files.record_of(copy, file))
            job.wrote = True
        except Unfetchable as error:
            warnings.append(str(error))
        except Rejected as error:
            warnings.append(
                f"A file could not be attached, its link stands in the text: {classify.reason(error)}."
            )
        except (RetryLater, Unsure) as error:
            if self._waits(job, error):
                yield []
                return
            warnings.append(f"A file may be missing, its link stands in the text: {classify.reason(error)}.")
        job.copied[copy.marker] = version
        yield []

    def _take_away(self, job: Job, versions: Sequence[str]) -> Steps[None]:
        """Delete the copies that came with messages which their authors have deleted since."""
        assert job.plan
        documents: list[str] = []
        try:
            for query in soql.queries(("ContentDocumentId",), "ContentVersion", [{"Id": v} for v in versions]):
                found, _ = self._org.query(query, file=True)
                documents += [str(row.get("ContentDocumentId")) for row in found]
                yield []
            for i in range(0, len(documents), BATCH):
                answers = self._org.erase(documents[i : i + BATCH])
                job.wrote = True
                for answer in answers:
                    job.taken_away(answer)
                yield []
        except (Rejected, RetryLater, Unsure) as error:
            if not isinstance(error, Rejected) and self._waits(job, error):
                yield []
                return
            job.plan.warnings.append(files.STILL_THERE.format(classify.reason(error)))
            yield []
        job.cleared = True

    def _waits(self, job: Job, error: RetryLater | Unsure) -> bool:
        """Let files wait for their job's next attempt; False = they have held it up for long enough."""
        since = job.filing.unsure_since
        if since is not None and self._now - since >= TIRED:
            return False
        if isinstance(error, RetryLater):
            raise error
        job.held = error
        return True

    # --- calls ------------------------------------------------------------------------------------------------

    def _send(self, method: str, waiting: Sequence[Row], *, assign: bool = False) -> Steps[None]:
        """Write rows in few calls; one that is refused whole is halved until its bad row is alone."""
        # A collection takes ten runs of one object at most; the order within each stays.
        sorted_rows = sorted(waiting, key=lambda row: str(row.record["attributes"]["type"]))
        batches = [sorted_rows[i : i + BATCH] for i in range(0, len(sorted_rows), BATCH)]
        while batches:
            batch = [row for row in batches.pop(0) if row.job.blocked is None]
            if not batch:
                continue
            answers: Sequence[Answer]
            try:
                answers = self._org.write(method, [row.record for row in batch], assign=assign)
            except Rejected as error:
                if len(batch) > 1:
                    batches[:0] = [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
                    yield []
                    continue
                answers = [error]
            except Unsure as error:
                for row in batch:
                    row.job.blocked, row.job.wrote = error, True
                raise RetryLater(f"{error}; the rest waits", after=error.after) from None
            for row, answer in zip(batch, answers, strict=True):
                row.job.wrote = True
                row.take(answer)
            yield self._tell(_jobs_of(batch))

    def _tell(self, jobs: Iterable[Job], *, last: bool = False) -> Outcomes:
        """Give the outcomes that are known. last: those too whose files have to wait."""
        told = []
        for job in jobs:
            job.count()
            if job.over and not job.told and (last or not job.has_files):
                told.append((job.index, job.outcome(self._url)))
        return told


# --- between filings and rows ---------------------------------------------------------------------------------


def _fault(filing: Filing) -> Rejected | None:
    """Say why this filing cannot be asked about; its neighbours can."""
    if filing.object not in reading.STATE:
        known = ", ".join(reading.STATE)
        return Rejected(
            f"Salesforce files into {known}, not into {filing.object!r}; correct `object` in the mapping"
        )
    for name in reading.names_in(filing):
        try:
            soql.name(name)
        except ValueError as error:
            return Rejected(f"{error}; correct the mapping", field=name)
    return None


def _jobs_of(batch: Sequence[Row]) -> list[Job]:
    return list({row.job.index: row.job for row in batch}.values())
