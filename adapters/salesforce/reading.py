"""What the org says of the cases of filings, and of their comments: asked in few queries for all of them."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from adapters.salesforce import classify, comments, rows, soql
from adapters.salesforce.job import Job
from adapters.salesforce.org import Org
from adapters.salesforce.plan import comments_to_ask, ids_to_ask, keys_to_ask
from adapters.salesforce.planned import Case, Facts, Standing
from bridge.errors import Paused, Rejected, RetryLater
from bridge.ports import Filing, Outcome

Outcomes = list[tuple[int, Outcome]]
T = TypeVar("T")
Steps = Generator[Outcomes, None, T]
"""A stretch of the way, with one yield after each call; what it returns is for the next stretch."""

SKEW = timedelta(minutes=5)  #: between our clocks and Salesforce's

STATE: Mapping[str, tuple[str, ...]] = {"Case": ("IsClosed", "ClosedDate"), "Lead": ("IsConverted",), "Task": ()}
"""What a mapping may file into -> the fields that tell whether it can still be filed into."""


def ask(org: Org, jobs: Sequence[Job]) -> Steps[list[Facts]]:
    """Read the cases that are known or may be there, and after a lost attempt their comments."""
    cases: dict[str, dict[str, Case]] = {}
    for kind in dict.fromkeys(job.filing.object for job in jobs):
        found = yield from _read(org, _case_queries(kind, [job for job in jobs if job.filing.object == kind]))
        cases[kind] = {str(row["Id"]): _case(row) for row in found if row.get("Id")}
    facts = [_facts(job, cases[job.filing.object]) for job in jobs]
    standing = yield from _ask_standing(org, [job.filing for job in jobs])
    unsure = [(job, fact) for job, fact in zip(jobs, facts, strict=True) if job.filing.unsure_since]
    markers = yield from _ask_comments(org, unsure)
    return [replace(_with_comments(fact, markers), standing=standing) for fact in facts]


def _case_queries(kind: str, jobs: Sequence[Job]) -> list[str]:
    fields = ["Id", *STATE[kind]]
    matches: list[soql.Match] = []
    for job in jobs:
        filing, keys = job.filing, keys_to_ask(job.filing, job.met)
        fields += names_in(filing)
        matches += [{"Id": case_id} for case_id in ids_to_ask(filing)]
        matches += [{filing.key_field: key} for key in keys]
    return soql.queries(fields, kind, matches)


def names_in(filing: Filing) -> list[str]:
    """Return the fields of the case whose values this filing needs to know."""
    rewritten = [name for part in filing.parts for name in part.row]
    return [filing.key_field, *filing.raises, *filing.assign, *rewritten]


def _ask_standing(org: Org, filings: Sequence[Filing]) -> Steps[dict[str, Standing]]:
    """Read the comments that edits are about: by id."""
    fields = ("Id", "ParentId", "CommentBody", "CreatedById", "LastModifiedById")
    matches = [{"Id": ref} for filing in filings for ref in comments_to_ask(filing)]
    found = yield from _read(org, soql.queries(fields, "CaseComment", matches))
    return {
        str(row.get("Id")): Standing(
            body=str(row.get("CommentBody") or ""),
            parent=str(row.get("ParentId")),
            ours=row.get("CreatedById") == row.get("LastModifiedById"),
        )
        for row in found
    }


def _ask_comments(org: Org, unsure: Sequence[tuple[Job, Facts]]) -> Steps[dict[str, dict[str, str]]]:
    """Read the markers of comments: case id -> marker -> comment id."""
    parents = dict.fromkeys(
        case.id
        for job, fact in unsure
        if job.filing.object == "Case"
        for case in (*fact.ids.values(), *fact.keys.values())
    )
    return (
        yield from _ask_markers(
            org, [job for job, _ in unsure], "CaseComment", "ParentId", "CommentBody", list(parents)
        )
    )


def ask_files(org: Org, jobs: Sequence[Job]) -> Steps[dict[str, str]]:
    """Read the markers of the copies that these filings' records have: marker -> id."""
    records = list(dict.fromkeys(copy.record for job in jobs for copy in job.copies))
    found = yield from _ask_markers(org, jobs, "ContentVersion", "FirstPublishLocationId", "Description", records)
    return {marker: version for markers in found.values() for marker, version in markers.items()}


def _ask_markers(
    org: Org, jobs: Sequence[Job], kind: str, parent: str, text: str, parents: Sequence[str]
) -> Steps[dict[str, dict[str, str]]]:
    """Read the markers of what hangs on records: the record's id -> marker -> id of what carries it."""
    # unsure_since may be later than the attempt, but nothing is filed before it was received.
    filings = [job.filing for job in jobs]
    times = [t for f in filings for t in (f.unsure_since, *(p.received_at for p in f.parts)) if t]
    since = min(times) - SKEW if times else None
    queries = soql.queries(("Id", parent, text), kind, [{parent: one} for one in parents], since=since)
    markers: dict[str, dict[str, str]] = {}
    for row in (yield from _read(org, queries)):
        if marker := comments.marker_in(str(row.get(text) or "")):
            markers.setdefault(str(row.get(parent)), {})[marker] = str(row.get("Id"))
    return markers


def read_back(org: Org, jobs: Sequence[Job]) -> Steps[None]:
    """See what stands in the cases that lost attempts opened: a later deletion must know whose words they are.

    The filing does not tell: an author's deletion may have blanked it since.
    """
    for kind in dict.fromkeys(job.filing.object for job in jobs):
        asked = [job for job in jobs if job.filing.object == kind]
        fields = ["Id", "CreatedById", "LastModifiedById", *(name for job in asked for name in job.filing.create)]
        try:
            found = yield from read(org, soql.queries(fields, kind, [{"Id": job.found} for job in asked]))
        except Rejected:
            continue  # somebody else's case with our key, opened without one of these fields
        rows_by_id = {str(row.get("Id")): row for row in found}
        for job in asked:
            row = rows_by_id.get(job.found, {})
            if job.plan and row and row.get("CreatedById") == row.get("LastModifiedById"):
                job.plan.standing = rows.folded(row)


# --- calls ----------------------------------------------------------------------------------------------------


def _read(org: Org, queries: Iterable[str]) -> Steps[list[dict[str, Any]]]:
    """Read for all filings at once: a refusal does not say which of them is at fault, so all must rest."""
    try:
        return (yield from read(org, queries))
    except Rejected as error:
        raise Paused(f"{error}; it was asked for a key field or the fields of a case") from None


def read(org: Org, queries: Iterable[str], *, until: float = math.inf) -> Steps[list[dict[str, Any]]]:
    """Read all pages of all queries. until: no call is begun after it, on the monotonic clock.

    Raises RetryLater when there is no time left.
    """
    found: list[dict[str, Any]] = []
    for query in queries:
        in_time(until)
        page, following = org.query(query)
        found += page
        yield []
        while following:
            in_time(until)
            page, following = org.more(following)
            found += page
            yield []
    return found


def in_time(until: float) -> None:
    """Raise RetryLater when no call may be begun any more."""
    if time.monotonic() > until:
        raise RetryLater("asking takes too long; it is tried again", after=classify.BUSY_AGAIN)


def finish(steps: Steps[T]) -> T:
    """Walk a stretch to its end where nobody waits between the calls."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


# --- from rows to facts ---------------------------------------------------------------------------------------


def _case(row: Mapping[str, Any]) -> Case:
    try:
        closed_at = datetime.fromisoformat(str(row.get("ClosedDate")))
    except ValueError:
        closed_at = None
    return Case(
        id=str(row["Id"]),
        closed=row.get("IsClosed") is True,
        closed_at=closed_at,
        gone=row.get("IsConverted") is True,
        values=rows.folded(row),
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
