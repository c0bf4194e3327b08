"""One flush of filings: ask, decide, insert cases, change what is there, add comments. All calls stand here."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from adapters.salesforce import classify, comments, rows, soql
from adapters.salesforce.job import Answer, Job
from adapters.salesforce.org import Org
from adapters.salesforce.plan import Case, Facts, decide, ids_to_ask, keys_to_ask
from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.message import DELETED_TEXT
from bridge.ports import Filing, Outcome

Outcomes = list[tuple[int, Outcome]]
T = TypeVar("T")
Steps = Generator[Outcomes, None, T]
"""A stretch of the way, with one yield after each call; what it returns is for the next stretch."""

BATCH = 200  #: rows of one collection
ROUNDS = 4  #: of inserts: cases that turned out to be there, texts that turned out too long
SKEW = timedelta(minutes=5)  #: between our clocks and Salesforce's
UNSEEN = "Salesforce has a case with this key but does not show it; let the run-as user see all cases"
TOO_LONG = "Salesforce found one text after the other too long for its field; shorten them in the mapping"


@dataclass(frozen=True, slots=True)
class Row:
    """One record to write, and who takes the answer."""

    job: Job
    record: Mapping[str, Any]
    take: Callable[[Answer], None]


class Flush:
    """What one call of `file` or `look` does."""

    def __init__(
        self,
        org: Org,
        filings: Sequence[Filing],
        *,
        url: str,
        now: datetime,
        latest_commit: timedelta = timedelta(0),
    ) -> None:
        self._org, self._url, self._now, self._latest_commit = org, url, now, latest_commit
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
        for job, facts in zip(jobs, finish(self._ask(jobs)), strict=True):
            plan = decide(job.filing, facts, now=self._now, latest_commit=timedelta(0))
            seen[job.index] = frozenset(plan.refs)
        return [seen.get(job.index, frozenset()) for job in self._jobs]

    # --- the stretches, in their order ------------------------------------------------------------------------

    def _open_cases(self) -> Steps[None]:
        for _ in range(ROUNDS):
            unplanned = [job for job in self._jobs if job.plan is None]
            facts = yield from self._ask(unplanned)
            for job, fact in zip(unplanned, facts, strict=True):
                job.plan = decide(job.filing, fact, now=self._now, latest_commit=self._latest_commit)
            yield from self._read_back([job for job in unplanned if job.found])
            if settled := self._tell(unplanned):
                yield settled
            inserts = [Row(job, job.new_case(), job.opened) for job in self._jobs if job.to_open]
            if not inserts:
                return
            # The assignment rule chooses the owner only where the mapping named none.
            yield from self._send("POST", [row for row in inserts if "OwnerId" not in row.record], assign=True)
            yield from self._send("POST", [row for row in inserts if "OwnerId" in row.record])
        yield self._give_up()

    def _read_back(self, jobs: Sequence[Job]) -> Steps[None]:
        """See what stands in the cases that lost attempts opened: a later deletion must know whose words they are.

        The filing does not tell: an author's deletion may have blanked it since.
        """
        fields = ["Id", "CreatedById", "LastModifiedById", *(name for job in jobs for name in job.filing.create)]
        try:
            found = yield from read(self._org, soql.queries(fields, "Case", [{"Id": job.found} for job in jobs]))
        except Rejected:
            return  # somebody else's case with our key, opened without one of these fields
        rows_by_id = {str(row.get("Id")): row for row in found}
        for job in jobs:
            row = rows_by_id.get(job.found, {})
            if job.plan and row and row.get("CreatedById") == row.get("LastModifiedById"):
                job.plan.standing = rows.folded(row)

    def _give_up(self) -> Outcomes:
        stuck = [job for job in self._jobs if job.plan is None or job.to_open]
        for job in stuck:
            why = UNSEEN if job.plan is None else TOO_LONG
            job.blocked = RetryLater(why, after=classify.BUSY_AGAIN, counts=True)
        return self._tell(stuck)

    def _change_cases(self) -> Steps[None]:
        """Reopen, blank what was deleted; where comments cannot be changed, withdraw them and leave a note."""
        jobs = [job for job in self._jobs if job.plan and not job.over]
        cases = [row for job in jobs for row in _case_rows(job)]
        yield from self._send("PATCH", cases + [row for job in jobs for row in _blanking_rows(job)])
        yield from self._send("PATCH", [row for job in jobs for row in _hiding_rows(job)])
        for job in jobs:
            job.redacted()
        if settled := self._tell(jobs):
            yield settled

    def _add_comments(self) -> Steps[None]:
        yield from self._send("POST", [row for job in self._jobs if not job.over for row in _comment_rows(job)])

    # --- calls ------------------------------------------------------------------------------------------------

    def _send(self, method: str, waiting: Sequence[Row], *, assign: bool = False) -> Steps[None]:
        """Write rows in few calls; one that is refused whole is halved until its bad row is alone."""
        batches = [list(waiting[i : i + BATCH]) for i in range(0, len(waiting), BATCH)]
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
                    row.job.blocked = error
                raise RetryLater(f"{error}; the rest waits", after=error.after) from None
            for row, answer in zip(batch, answers, strict=True):
                row.take(answer)
            yield self._tell(_jobs_of(batch))

    def _tell(self, jobs: Iterable[Job]) -> Outcomes:
        told = []
        for job in jobs:
            job.count()
            if job.over and not job.told:
                told.append((job.index, job.outcome(self._url)))
        return told

    def _ask(self, jobs: Sequence[Job]) -> Steps[list[Facts]]:
        """Read the cases that are known or may be there, and after a lost attempt their comments."""
        fields = ["Id", "IsClosed", "ClosedDate"]
        matches: list[soql.Match] = []
        for job in jobs:
            filing, keys = job.filing, keys_to_ask(job.filing, job.met)
            fields += [filing.key_field, *(name for part in filing.parts for name in part.row)]
            matches += [{"Id": case_id} for case_id in ids_to_ask(filing)] + [
                {filing.key_field: key} for key in keys
            ]
        found = yield from self._read(soql.queries(fields, "Case", matches))
        cases = {str(row["Id"]): _case(row) for row in found if row.get("Id")}
        facts = [_facts(job, cases) for job in jobs]
        unsure = [(job, fact) for job, fact in zip(jobs, facts, strict=True) if job.filing.unsure_since]
        markers = yield from self._ask_comments(unsure)
        return [_with_comments(fact, markers) for fact in facts]

    def _ask_comments(self, unsure: Sequence[tuple[Job, Facts]]) -> Steps[dict[str, dict[str, str]]]:
        """Read the markers of comments: case id -> marker -> comment id."""
        parents = dict.fromkeys(
            case.id for _, fact in unsure for case in (*fact.ids.values(), *fact.keys.values())
        )
        # unsure_since may be later than the attempt, but nothing is filed before it was received.
        filings = [job.filing for job, _ in unsure]
        times = [t for f in filings for t in (f.unsure_since, *(p.received_at for p in f.parts)) if t]
        since = min(times) - SKEW if times else None
        fields = ("Id", "ParentId", "CommentBody")
        found = yield from self._read(
            soql.queries(fields, "CaseComment", [{"ParentId": p} for p in parents], since=since)
        )
        markers: dict[str, dict[str, str]] = {}
        for row in found:
            if marker := comments.marker_in(str(row.get("CommentBody") or "")):
                markers.setdefault(str(row.get("ParentId")), {})[marker] = str(row.get("Id"))
        return markers

    def _read(self, queries: Iterable[str]) -> Steps[list[dict[str, Any]]]:
        """Read for all filings at once: a refusal does not say which of them is at fault, so all must rest."""
        try:
            return (yield from read(self._org, queries))
        except Rejected as error:
            raise Paused(f"{error}; it was asked for a key field or the fields of a case") from None


def read(org: Org, queries: Iterable[str], *, until: float = math.inf) -> Steps[list[dict[str, Any]]]:
    """Read all pages of all queries. until: no call is begun after it, on the monotonic clock.

    Raises RetryLater when there is no time left.
    """
    found: list[dict[str, Any]] = []
    for query in queries:
        _in_time(until)
        page, following = org.query(query)
        found += page
        yield []
        while following:
            _in_time(until)
            page, following = org.more(following)
            found += page
            yield []
    return found


def _in_time(until: float) -> None:
    if time.monotonic() > until:
        raise RetryLater("reading takes too long; it is tried again", after=classify.BUSY_AGAIN)


def finish(steps: Steps[T]) -> T:
    """Walk a stretch to its end where nobody waits between the calls."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


# --- between filings and rows ---------------------------------------------------------------------------------


def _fault(filing: Filing) -> Rejected | None:
    """Say why this filing cannot be asked about; its neighbours can."""
    if filing.object != "Case":
        return Rejected(f"Salesforce files into Case, not into {filing.object!r}; correct `object` in the mapping")
    for name in (filing.key_field, *(name for part in filing.parts for name in part.row)):
        try:
            soql.name(name)
        except ValueError as error:
            return Rejected(f"{error}; correct the mapping", field=name)
    return None


def _case(row: Mapping[str, Any]) -> Case:
    try:
        closed_at = datetime.fromisoformat(str(row.get("ClosedDate")))
    except ValueError:
        closed_at = None
    return Case(
        id=str(row["Id"]), closed=row.get("IsClosed") is True, closed_at=closed_at, values=rows.folded(row)
    )


def _facts(job: Job, cases: Mapping[str, Case]) -> Facts:
    filing = job.filing
    asked = set(keys_to_ask(filing, job.met))
    keys = {str(case.values.get(filing.key_field.casefold())): case for case in cases.values()}
    return Facts(
        ids={case_id: cases[case_id] for case_id in ids_to_ask(filing) if case_id in cases},
        keys={key: case for key, case in keys.items() if key in asked},
    )


def _with_comments(facts: Facts, markers: Mapping[str, Mapping[str, str]]) -> Facts:
    here = {case.id: markers.get(case.id, {}) for case in (*facts.ids.values(), *facts.keys.values())}
    return replace(
        facts,
        markers={marker: comment_id for found in here.values() for marker, comment_id in found.items()},
        parents={comment_id: case_id for case_id, found in here.items() for comment_id in found.values()},
    )


def _jobs_of(batch: Sequence[Row]) -> list[Job]:
    return list({row.job.index: row.job for row in batch}.values())


def _case_rows(job: Job) -> Iterator[Row]:
    assert job.plan
    lengths = rows.LENGTHS if job.filing.too_long == "shorten" else {}
    for case_id, change in job.plan.changes.items():
        fields, warnings = rows.fields_of(change.fields, lengths)
        job.plan.warnings += warnings
        if fields:
            yield Row(job, {**fields, "attributes": {"type": "Case"}, "Id": case_id}, partial(job.changed, change))


def _blanking_rows(job: Job) -> Iterator[Row]:
    assert job.plan
    for redaction in job.plan.redactions:
        for comment_id in redaction.ids:
            take = partial(job.blanked, redaction, comment_id)
            yield _comment_change(job, take, Id=comment_id, CommentBody=DELETED_TEXT)


def _hiding_rows(job: Job) -> Iterator[Row]:
    assert job.plan
    for redaction in job.plan.redactions:
        for comment_id in redaction.refused:
            yield _comment_change(job, partial(job.hidden, redaction), Id=comment_id, IsPublished=False)


def _comment_change(job: Job, take: Callable[[Answer], None], **fields: Any) -> Row:
    return Row(job, {"attributes": {"type": "CaseComment"}, **fields}, take)


def _comment_rows(job: Job) -> Iterator[Row]:
    """Write the comments of a filing in the order of its parts."""
    assert job.plan
    home = job.plan.case.id if job.plan.case else ""
    order = {part.key: n for n, part in enumerate(job.filing.parts)}
    for comment in sorted(job.plan.comments, key=lambda c: order[c.part.key]):
        for piece in comment.missing:
            record = {
                "attributes": {"type": "CaseComment"},
                "ParentId": comment.parent or home,
                "CommentBody": comment.bodies[piece],
                "IsPublished": comment.public,
            }
            yield Row(job, record, partial(job.commented, comment, piece))
