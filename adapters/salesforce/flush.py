"""One flush of filings: all that can be asked and sent goes in one call, until nothing is left; then the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, NoReturn

from adapters.salesforce import classify, files, opening, plugin, reading, rows, soql, together, writing
from adapters.salesforce.answers import Answer
from adapters.salesforce.describing import Describing
from adapters.salesforce.files import Copy
from adapters.salesforce.job import Job
from adapters.salesforce.org import Org, Stepped, page_of
from adapters.salesforce.plan import decide
from adapters.salesforce.planned import MESSAGE, Facts
from adapters.salesforce.reading import Asking, Check, Outcomes, Query, Rows, Steps, T, finish
from adapters.salesforce.together import Batch, Call
from adapters.salesforce.writing import Row
from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.fetching import File, Unfetchable
from bridge.message import Attachment
from bridge.ports import Filing

Fetch = Callable[..., File]
"""bridge.fetching.fetch, or what a test puts in its place."""

MOST_CALLS = 100  #: of one flush; 200 conversations of 50 messages need about 15
TIRED = timedelta(
    hours=1
)  #: after this long a file that Salesforce does not take holds its conversation up no more
ENDLESS = "Salesforce does not come to an end with this"
WHOLE = Stepped(status=400, body=[{"errorCode": "INVALID_INPUT"}])
"""The answer to each request of a composite that was refused as a whole."""


class Flush:
    """What one call of `file` or `look` does."""

    def __init__(
        self,
        org: Org,
        filings: Sequence[Filing],
        *,
        describing: Describing,
        messages: Literal["auto", "plugin", "comments"],
        url: str,
        now: datetime,
        fetch: Fetch,
        latest_commit: timedelta,
        tells_no_replies: bool = False,
    ) -> None:
        """messages: what carries them; auto: the plugin's object where it is there. tells_no_replies: see Job."""
        self._org, self._url, self._now, self._latest_commit = org, url, now, latest_commit
        self._describing, self._messages, self._fetch = describing, messages, fetch
        self._jobs = [
            Job(index=i, filing=filing, tells_no_replies=tells_no_replies) for i, filing in enumerate(filings)
        ]

    def run(self) -> Iterator[Outcomes]:
        """Send everything; see Crm.file."""
        refused: Outcomes = [(job.index, fault) for job in self._jobs if (fault := _fault(job.filing))]
        if refused:
            yield refused
        self._jobs = [job for job in self._jobs if job.index not in dict(refused)]
        try:
            yield from self._describe()
            yield from self._file()
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
        finish(self._describe())
        for job in jobs:
            job.filing = replace(job.filing, unsure_since=job.filing.unsure_since or self._now)
        for job, facts in zip(jobs, finish(self._asked(reading.ask(jobs))), strict=True):
            there = replace(facts, fresh=frozenset())
            plan = decide(job.filing, there, now=self._now, latest_commit=timedelta(0))
            seen[job.index] = frozenset(plan.refs)
        return [seen.get(job.index, frozenset()) for job in self._jobs]

    # --- the stretches, in their order ------------------------------------------------------------------------

    def _describe(self) -> Steps[None]:
        """Learn what the objects hold, and whether the plugin is there."""
        kinds = list(dict.fromkeys(job.filing.object for job in self._jobs))
        if not kinds:
            return
        facts = self._describing.of(kinds if self._messages == "comments" else [*kinds, MESSAGE])
        message = facts.get(MESSAGE.casefold())
        if self._messages == "plugin" and "Case" in kinds and (lacking := plugin.lacking(message)):
            self._describing.forget(MESSAGE)  # once someone has mended it, it must be seen
            raise Paused(f"messages: plugin is set, but {lacking}")
        for job in self._jobs:
            job.facts = facts.get(job.filing.object.casefold())
            job.lengths = rows.lengths(job.filing.object, job.facts)
            if job.filing.object == "Case" and not plugin.lacking(message):
                job.message = message
        yield []

    def _file(self) -> Steps[None]:
        """Ask, decide and write, over and over: with each call each job comes as far as it can."""
        for _ in range(MOST_CALLS):
            self._decide([job for job in self._jobs if job.plan is None and reading.needs_nothing(job)])
            unplanned = [job for job in self._jobs if job.plan is None and job.blocked is None]
            sent = [row for job in self._jobs for row in writing.waiting(job)]
            sent += [row for job in unplanned for row in writing.ahead(job)]
            alone = {row.job.index for row in sent if row.refers}
            for batch in together.batches(row for row in sent if row.job.index in alone):
                yield from self._halve(batch)
            sent = [row for row in sent if row.job.index not in alone]
            if unplanned:
                facts = yield from self._asked(reading.ask(unplanned), sent)
                self._decide(unplanned, facts)
                yield from self._asked(reading.read_back([job for job in unplanned if job.found]))
            elif sent or alone or any(job.unchecked for job in self._jobs):
                yield from self._call(Call(batches=together.batches(sent), checks=self._checks(sent)))
            else:
                break
            if settled := self._tell(self._jobs):
                yield settled
        yield self._give_up()

    def _decide(self, jobs: Sequence[Job], facts: Sequence[Facts] = ()) -> None:
        for job, fact in zip(jobs, facts or [Facts(plugin=job.message is not None) for job in jobs], strict=True):
            job.plan = decide(job.filing, fact, now=self._now, latest_commit=self._latest_commit)
            job.settle()

    def _checks(self, sent: Sequence[Row]) -> list[Check]:
        """Ask what the org made of the cases that are new, also of those that this call opens."""
        opened = [job for job in self._jobs if job.unchecked]
        return reading.checks([*opened, *(row.job for row in sent if row.turn == writing.OPENING)])

    def _give_up(self) -> Outcomes:
        for job in self._jobs:
            if not job.over and not job.told:
                job.blocked = RetryLater(ENDLESS, after=classify.BUSY_AGAIN, counts=True)
        return self._tell(self._jobs)

    def _copy_files(self) -> Steps[None]:
        """Attach files, one by one, and take away those of deleted messages.

        The text is in already, and waits for nobody but the files of its filing.
        """
        jobs = [job for job in self._jobs if job.has_files]
        unsure = [job for job in jobs if job.filing.unsure_since]
        there = yield from self._asked(reading.ask_files(unsure))
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
                found, _ = self._org.query(query, aside=True)
                documents += [str(row.get("ContentDocumentId")) for row in found]
                yield []
            for i in range(0, len(documents), together.BATCH):
                answers = self._org.erase(documents[i : i + together.BATCH])
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

    def _asked(self, asking: Asking[T], sent: Sequence[Row] = ()) -> Steps[T]:
        """Walk through questions; rows ride along in the first call."""
        answers: Sequence[Rows] | None = None
        while True:
            try:
                queries = asking.send(answers) if answers is not None else next(asking)
            except StopIteration as end:
                result: T = end.value
                return result
            answers = yield from self._ask(queries, sent)
            sent = ()

    def _ask(self, queries: Sequence[Query], sent: Sequence[Row]) -> Steps[list[Rows]]:
        found: list[Rows] = []
        for i in range(0, len(queries), together.ROOM):
            asked = queries[i : i + together.ROOM]
            found += yield from self._call(
                Call(queries=asked, batches=together.batches(sent), checks=self._checks(sent))
            )
            sent = ()
        return found

    def _call(self, whole: Call) -> Steps[list[Rows]]:
        """Make one call of as much as it has room for, and give its answers out; what its queries found."""
        call = whole.fitting()
        if not call.steps:
            return []
        answers = self._composite(call)
        asked, wrote, checked = call.split(answers)
        refused, trouble = together.given(call.batches, wrote, now=self._now)
        self._check(call, checked)
        if any(answer.status >= 400 for answer in answers) or any(job.outdated for job in call.jobs):
            self._describing.forget(MESSAGE, *(job.filing.object for job in self._jobs))
        yield self._tell(call.jobs)
        for batch in refused:
            yield from self._halve(batch)
        if trouble:
            raise trouble
        if call.queries and answers == [WHOLE] * len(answers):
            return (yield from self._call(Call(queries=call.queries)))
        return (yield from self._pages(asked))

    def _composite(self, call: Call) -> Sequence[Stepped]:
        """Send it; where it is refused as a whole, all of it is: the rows may be too much for one request."""
        try:
            return self._org.composite(call.steps, write=bool(call.batches))
        except Unsure as error:
            self._unsure(call.rows, error)
        except Rejected as error:
            if call.batches:
                return [WHOLE] * len(call.steps)
            raise Paused(f"{error}; it was asked for a key field or the fields of a case") from None

    def _unsure(self, rows_: Sequence[Row], error: Unsure) -> NoReturn:
        for row in rows_:
            row.job.blocked, row.job.wrote = error, True
        raise RetryLater(f"{error}; the rest waits", after=error.after) from None

    def _pages(self, answers: Sequence[Stepped]) -> Steps[list[Rows]]:
        """Read what queries found, with the pages that did not fit."""
        found: list[Rows] = []
        for answer in answers:
            page, following = page_of(together.read(answer, now=self._now))
            found.append(page)
            while following:
                try:
                    more, following = self._org.more(following)
                except Rejected as error:  # Salesforce keeps pages for a while only
                    raise RetryLater(f"{error}; it is asked again", after=classify.BUSY_AGAIN) from None
                page += more
                yield []
        return found

    def _check(self, call: Call, answers: Sequence[Stepped]) -> None:
        """Compare new cases with what was sent. What could not be read is nothing to worry about."""
        for query, answer in zip(call.checks, answers, strict=True):
            there = together.keyed(answer, query.jobs)
            for job in query.jobs:
                if job.unchecked:
                    opening.checked(job, there.get(job.index))

    def _halve(self, batch: Batch) -> Steps[None]:
        """Write rows that are refused as a whole in halves, until the bad one is alone."""
        halves = [batch]
        while halves:
            some = [row for row in halves.pop(0) if row.job.blocked is None and not row.job.told]
            if not some:
                continue
            answers: Sequence[Answer]
            try:
                answers = self._org.write(some[0].method, [row.record for row in some], assign=some[0].assign)
            except Rejected as error:
                if len(some) > 1:
                    halves[:0] = [some[: len(some) // 2], some[len(some) // 2 :]]
                    yield []
                    continue
                answers = [error]
            except Unsure as error:
                self._unsure(some, error)
            together.give(some, answers)
            yield self._tell([row.job for row in some])

    def _tell(self, jobs: Iterable[Job], *, last: bool = False) -> Outcomes:
        """Give the outcomes that are known. last: those too whose files have to wait."""
        told = []
        for job in jobs:
            job.settle()
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
