"""What goes in one call: queries, collections of rows, questions what became of them; and whose answer is whose.

One composite holds five queries and collections, a collection 200 rows of one object: together one API call.
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite_post.htm
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import quote

from adapters.salesforce import classify
from adapters.salesforce.answers import Answer
from adapters.salesforce.job import Job
from adapters.salesforce.org import Step, Stepped, rows_of
from adapters.salesforce.reading import Check, Query
from adapters.salesforce.rows import folded
from adapters.salesforce.writing import Row
from bridge.errors import Paused, Rejected, RetryLater, Unsure

BATCH = 200  #: rows of one collection
ROOM = 5  #: queries and collections of one call

Batch = Sequence[Row]


def batches(rows: Iterable[Row]) -> list[Batch]:
    """Put rows into collections in the order in which they are to be carried out; a job's rows stay in theirs.

    Salesforce refuses a collection's rows that change the same record, such as the case into which others were
    merged: the first is taken, the others are for the next call.
    """
    found: list[Batch] = []
    for _, group in groupby(sorted(_once(rows), key=lambda row: row.group), key=lambda row: row.group):
        whole = list(group)
        found += [whole[i : i + BATCH] for i in range(0, len(whole), BATCH)]
    return found


def _once(rows: Iterable[Row]) -> Iterator[Row]:
    changed = set[str]()
    for row in rows:
        record_id = str(row.record.get("Id", ""))
        if record_id not in changed:
            yield row
        changed |= {record_id} - {""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: questions about how things are, then rows, then questions what became of them."""

    queries: Sequence[Query] = ()
    batches: Sequence[Batch] = ()
    checks: Sequence[Check] = ()

    def fitting(self) -> Call:
        """Return as much of it as one call has room for; what asks for the state comes first."""
        room = ROOM - len(self.queries)
        some = self.batches[:room]
        return replace(self, batches=some, checks=self.checks[: room - len(some)])

    @property
    def rows(self) -> list[Row]:
        return [row for batch in self.batches for row in batch]

    @property
    def jobs(self) -> list[Job]:
        """Whom its answers concern, each once."""
        jobs = [*(row.job for row in self.rows), *(job for check in self.checks for job in check.jobs)]
        return list({job.index: job for job in jobs}.values())

    @property
    def steps(self) -> list[Step]:
        """What is sent, in its order."""
        asked = [_question(one.soql, deleted=one.deleted) for one in self.queries]
        checked = [_question(one.soql) for one in self.checks]
        return [*asked, *map(_collection, self.batches), *checked]

    def split(self, answers: Sequence[Stepped]) -> tuple[Sequence[Stepped], Sequence[Stepped], Sequence[Stepped]]:
        """Part the answers into those of the queries, of the collections and of the checks."""
        asked, wrote = len(self.queries), len(self.queries) + len(self.batches)
        return answers[:asked], answers[asked:wrote], answers[wrote:]


def _question(soql: str, *, deleted: bool = False) -> Step:
    return Step(method="GET", path=f"{'queryAll' if deleted else 'query'}?q={quote(soql, safe='')}")


def _collection(batch: Batch) -> Step:
    return Step(
        method=batch[0].method,
        path="composite/sobjects",
        body={"allOrNone": False, "records": [dict(row.record) for row in batch]},
        headers={"Sforce-Auto-Assign": "TRUE" if batch[0].assign else "FALSE"},
    )


def given(
    batches: Sequence[Batch], answers: Sequence[Stepped], *, now: datetime
) -> tuple[list[Batch], RetryLater | Paused | None]:
    """Give the answers to collections out; those that were refused as a whole, and what lets all rest."""
    refused: list[Batch] = []
    trouble: RetryLater | Paused | None = None
    for batch, answer in zip(batches, answers, strict=True):
        try:
            take(batch, answer, now=now)
        except Rejected:
            refused.append(batch)
        except (RetryLater, Paused) as error:
            trouble = error
    return refused, trouble


def take(batch: Batch, answer: Stepped, *, now: datetime) -> None:
    """Give the answer to a collection out. Raises Rejected when it was refused as a whole, RetryLater or Paused.

    Where nobody can tell what became of it, its jobs are unsure.
    """
    try:
        answers: Sequence[Answer] = rows_of(read(answer, now=now, write=True), len(batch))
    except Unsure as error:
        for row in batch:
            row.job.blocked, row.job.wrote = row.job.blocked or error, True
        return
    give(batch, answers)


def give(batch: Batch, answers: Sequence[Answer]) -> None:
    """Give each row's answer to whoever waits for it."""
    for row, answer in zip(batch, answers, strict=True):
        row.job.wrote = True
        row.take(answer)


def read(answer: Stepped, *, now: datetime, write: bool = False) -> Any:
    """Return the body of one step's answer.

    Raises what became of it where it was refused: a read that names what is not there pauses all.
    """
    if answer.status < 400:
        return answer.body
    trouble = classify.of_request(answer.status, answer.body, write=write, now=now)
    if isinstance(trouble, Rejected) and not write:
        raise Paused(f"{trouble}; it was asked for a key field or the fields of a case")
    raise trouble


def keyed(answer: Stepped, jobs: Sequence[Job]) -> dict[int, Mapping[str, Any]]:
    """Return what a check found, by the jobs' index: fields in lower case."""
    records = answer.body.get("records") if answer.status == 200 and isinstance(answer.body, dict) else None
    found = [folded(row) for row in records or () if isinstance(row, dict)]
    keys = {
        (job.filing.key_field.casefold(), str(job.opening.get(job.filing.key_field))): job.index for job in jobs
    }
    return {index: row for row in found for (name, key), index in keys.items() if str(row.get(name)) == key}
