"""What the org says of the cases of filings, and of what stands in them: asked in few queries for all of them."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar

from adapters.salesforce import classify, comments, messages, rows, soql
from adapters.salesforce.job import Job
from adapters.salesforce.org import Org
from adapters.salesforce.plan import SKEW, comments_to_ask, ids_to_ask, keys_to_ask
from adapters.salesforce.planned import MESSAGE, TEXT, Case, Facts, Standing
from bridge.errors import RetryLater
from bridge.ports import Filing, Outcome

Outcomes = list[tuple[int, Outcome]]
T = TypeVar("T")
Steps = Generator[Outcomes, None, T]
"""A stretch of the way, with one yield after each call; what it returns is for the next stretch."""

STATE: Mapping[str, tuple[str, ...]] = {
    "Case": ("CreatedDate", "IsClosed", "ClosedDate"),
    "Lead": ("CreatedDate", "IsConverted"),
    "Task": ("CreatedDate",),
}
"""What a mapping may file into -> the fields that tell whether it can still be filed into, and whose it is."""

MERGED = ("IsDeleted", "MasterRecordId")
"""Of a case, where the org can merge them: the one that was kept."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question. deleted: also for what lies in the recycle bin."""

    soql: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A question what the org made of the cases that these jobs open."""

    soql: str
    jobs: Sequence[Job]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What carries a marker."""

    id: str
    made: datetime | None  #: None = the org does not say


Marks = Mapping[str, Mapping[str, Mark]]
"""By the record that it hangs on, and by the marker."""

Rows = list[dict[str, Any]]
Asking = Generator[Sequence[Query], Sequence[Rows], T]
"""Gives questions, takes the rows of each, and returns what follows from them."""


def needs_nothing(job: Job) -> bool:
    """Whether all that a filing is about is new, so that nothing has to be asked."""
    filing = job.filing
    asked = ids_to_ask(filing) or comments_to_ask(filing) or keys_to_ask(filing, job.met)
    return not asked and not job.asks_messages


def ask(jobs: Sequence[Job]) -> Asking[list[Facts]]:
    """Read the cases that are known or may be there, and what may stand in them already."""
    kinds = list(dict.fromkeys(job.filing.object for job in jobs))
    cases: dict[str, dict[str, Case]] = {}
    asked = {kind: _case_queries(kind, [job for job in jobs if job.filing.object == kind]) for kind in kinds}
    asked["CaseComment"] = _standing_queries([job.filing for job in jobs])
    asked[MESSAGE] = _message_queries([job for job in jobs if job.asks_messages])
    found = yield from _grouped(asked)
    for kind in kinds:
        found[kind] += yield from _masters(kind, jobs, found[kind])
        cases[kind] = _cases(found[kind])
    standing = _standing(found["CaseComment"])
    facts = [_facts(job, cases[job.filing.object], found[job.filing.object]) for job in jobs]
    # A comment's marker is found through its case.
    unsure = [(job, fact) for job, fact in zip(jobs, facts, strict=True) if job.filing.unsure_since]
    markers = yield from _ask_comments(unsure)
    return [
        replace(_with_messages(job, _with_comments(fact, markers), found[MESSAGE]), standing=standing)
        for job, fact in zip(jobs, facts, strict=True)
    ]


def _grouped(asked: Mapping[str, Sequence[Query]]) -> Asking[dict[str, Rows]]:
    """Ask all at once, and give back by name what was found."""
    flat = [(name, query) for name, queries in asked.items() for query in queries]
    found: dict[str, Rows] = {name: [] for name in asked}
    if flat:
        answers = yield [query for _, query in flat]
        for (name, _), answer in zip(flat, answers, strict=True):
            found[name] += answer
    return found


def _case_queries(kind: str, jobs: Sequence[Job]) -> list[Query]:
    fields = ["Id", *_state(kind, jobs)]
    matches: list[soql.Match] = []
    for job in jobs:
        filing, keys = job.filing, keys_to_ask(job.filing, job.met)
        fields += [filing.key_field, *job.readable(names_in(filing))]
        matches += [{"Id": case_id} for case_id in ids_to_ask(filing)]
        matches += [{filing.key_field: key} for key in keys]
    merges = MERGED[0] in fields
    return [Query(text, deleted=merges) for text in soql.queries(fields, kind, matches)]


def _state(kind: str, jobs: Iterable[Job]) -> Sequence[str]:
    merges = kind == "Case" and any(job.merges for job in jobs)
    return (*STATE[kind], *MERGED) if merges else STATE[kind]


def names_in(filing: Filing) -> list[str]:
    """Return the fields of the case whose values this filing needs to know."""
    rewritten = [name for part in filing.parts for name in part.row]
    opened = [name for name in filing.create if filing.unsure_since and name.casefold() == TEXT.casefold()]
    return [filing.key_field, *filing.raises, *filing.assign, *rewritten, *opened]


def _masters(kind: str, jobs: Sequence[Job], found: Rows) -> Asking[Rows]:
    """Read the cases that others were merged into, and those that these were merged into since."""
    known, masters = {str(row.get("Id")) for row in found}, Rows()
    while (
        missing := {str(row["MasterRecordId"]) for row in [*found, *masters] if row.get("MasterRecordId")} - known
    ):
        known |= missing
        asked = [job for job in jobs if job.filing.object == kind]
        names = [n for job in asked for n in (job.filing.key_field, *job.readable(names_in(job.filing)))]
        fields = ["Id", *_state(kind, asked), *names]
        texts = soql.queries(fields, kind, [{"Id": one} for one in sorted(missing)])
        masters += (yield from _grouped({kind: [Query(text, deleted=True) for text in texts]}))[kind]
    return masters


def _standing_queries(filings: Sequence[Filing]) -> list[Query]:
    """Ask for the comments that edits are about."""
    fields = ("Id", "ParentId", "CommentBody", "CreatedById", "LastModifiedById")
    matches = [{"Id": ref} for filing in filings for ref in comments_to_ask(filing)]
    return [Query(text) for text in soql.queries(fields, "CaseComment", matches)]


def _message_queries(jobs: Sequence[Job]) -> list[Query]:
    """Ask which messages are in already: their keys are unique."""
    keys = [messages.key_of(part.key) for job in jobs for part in job.filing.parts]
    fields = ("Id", messages.KEY, "Case__c", "CreatedDate")
    return [Query(text) for text in soql.queries(fields, MESSAGE, [{messages.KEY: key} for key in keys])]


def _ask_comments(unsure: Sequence[tuple[Job, Facts]]) -> Asking[Marks]:
    """Read the markers of comments, by case."""
    parents = dict.fromkeys(
        case.id
        for job, fact in unsure
        if job.filing.object == "Case"
        for case in (*fact.ids.values(), *fact.keys.values())
    )
    jobs = [job for job, _ in unsure]
    return (yield from _ask_markers(jobs, "CaseComment", "ParentId", "CommentBody", list(parents)))


def ask_files(jobs: Sequence[Job]) -> Asking[dict[str, str]]:
    """Read the markers of the copies that these filings' records have: marker -> id."""
    records = list(dict.fromkeys(copy.record for job in jobs for copy in job.copies))
    found = yield from _ask_markers(jobs, "ContentVersion", "FirstPublishLocationId", "Description", records)
    return {marker: version.id for marks in found.values() for marker, version in marks.items()}


def _ask_markers(jobs: Sequence[Job], kind: str, parent: str, text: str, parents: Sequence[str]) -> Asking[Marks]:
    """Read the markers of what hangs on records."""
    # unsure_since may be later than the attempt, but nothing is filed before it was received.
    filings = [job.filing for job in jobs]
    times = [t for f in filings for t in (f.unsure_since, *(p.received_at for p in f.parts)) if t]
    since = min(times) - SKEW if times else None
    queries = soql.queries(
        ("Id", parent, text, "CreatedDate"), kind, [{parent: one} for one in parents], since=since
    )
    found = yield from _grouped({kind: [Query(one) for one in queries]})
    marks: dict[str, dict[str, Mark]] = {}
    for row in found[kind]:
        if marker := comments.marker_in(str(row.get(text) or "")):
            mark = Mark(id=str(row.get("Id")), made=_time(row.get("CreatedDate")))
            marks.setdefault(str(row.get(parent)), {})[marker] = mark
    return marks


def read_back(jobs: Sequence[Job]) -> Asking[None]:
    """See what stands in the cases that lost attempts opened: a later deletion must know whose words they are.

    The filing does not tell: an author's deletion may have blanked it since.
    """
    asked = {}
    for job in jobs:
        job.unread = True
    for kind in dict.fromkeys(job.filing.object for job in jobs):
        of_kind = [job for job in jobs if job.filing.object == kind]
        fields = [
            "Id",
            "CreatedById",
            "LastModifiedById",
            *(name for job in of_kind for name in job.readable(job.filing.create)),
        ]
        asked[kind] = [Query(text) for text in soql.queries(fields, kind, [{"Id": job.found} for job in of_kind])]
    found = yield from _grouped(asked)
    for job in jobs:
        job.unread = False
        row = next((row for row in found[job.filing.object] if row.get("Id") == job.found), {})
        if job.plan and row and row.get("CreatedById") == row.get("LastModifiedById"):
            job.plan.standing = rows.folded(row)


def checks(jobs: Sequence[Job]) -> list[Check]:
    """Ask for the fields of new cases, by their keys, in as few queries as they fit into."""
    asked: list[Check] = []
    alike = sorted(jobs, key=_kind_and_key)
    for (kind, key_field), group in groupby(alike, key=_kind_and_key):
        of_kind = list(group)
        fields = [key_field, *(name for job in of_kind for name in job.readable(job.opening))]
        while of_kind:
            some = of_kind
            while len(queries := _keyed(fields, kind, some)) > 1:
                some = some[: len(some) // 2]
            asked += [Check(text, some) for text in queries]
            of_kind = of_kind[len(some) :]
    return asked


def _kind_and_key(job: Job) -> tuple[str, str]:
    return job.filing.object, job.filing.key_field


def _keyed(fields: Sequence[str], kind: str, jobs: Sequence[Job]) -> list[str]:
    keys = [{job.filing.key_field: str(job.opening.get(job.filing.key_field))} for job in jobs]
    return soql.queries(fields, kind, keys)


# --- calls ----------------------------------------------------------------------------------------------------


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


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _cases(found: Rows) -> dict[str, Case]:
    """Return the cases by id: for one that was merged the one that was kept, for a deleted one nothing."""
    whole = {str(row["Id"]): row for row in found if row.get("Id")}
    cases = {}
    for case_id, found_there in whole.items():
        row, met = found_there, {case_id}
        while (master := str(row.get("MasterRecordId") or "")) in whole and master not in met:
            met.add(master)
            row = whole[master]
        if row.get("IsDeleted") is not True:
            cases[case_id] = _case(row)
    return cases


def _case(row: Mapping[str, Any]) -> Case:
    return Case(
        id=str(row["Id"]),
        closed=row.get("IsClosed") is True,
        closed_at=_time(row.get("ClosedDate")),
        made=_time(row.get("CreatedDate")),
        gone=row.get("IsConverted") is True,
        values=rows.folded(row),
    )


def _facts(job: Job, cases: Mapping[str, Case], found: Rows) -> Facts:
    filing = job.filing
    asked = set(keys_to_ask(filing, job.met))
    keys = {}
    for row in sorted(found, key=lambda row: row.get("IsDeleted") is not True):
        if case := cases.get(str(row.get("Id"))):  # where it was merged into, unless another has its key now
            keys[str(rows.folded(row).get(filing.key_field.casefold()))] = case
    return Facts(
        ids={case_id: cases[case_id] for case_id in ids_to_ask(filing) if case_id in cases},
        keys={key: case for key, case in keys.items() if key in asked},
        lengths=job.lengths,
        plugin=job.message is not None,
        silent=frozenset(key for key, case in keys.items() if key in asked and _is_silent(job, case)),
    )


def _is_silent(job: Job, case: Case) -> bool:
    """Whether the org took no text for a case that a lost attempt may have opened: a comment says it then."""
    filing = job.filing
    given = any(value for name, value in filing.create.items() if name.casefold() == TEXT.casefold())
    asked = filing.unsure_since is not None and job.facts is not None
    return asked and given and not case.values.get(TEXT.casefold())


def _with_comments(facts: Facts, marks: Marks) -> Facts:
    cases = {case.id: case for case in (*facts.ids.values(), *facts.keys.values())}
    here = [(case, marker, mark) for case in cases.values() for marker, mark in marks.get(case.id, {}).items()]
    return replace(
        facts,
        markers={marker: mark.id for _, marker, mark in here},
        parents={mark.id: case.id for case, _, mark in here},
        # Sent ahead to a case that turned out closed: what becomes of that was still to be decided.
        fresh=frozenset(
            mark.id
            for case, _, mark in here
            if case.closed and case.closed_at and mark.made and mark.made > case.closed_at
        ),
    )


def _with_messages(job: Job, facts: Facts, found: Rows) -> Facts:
    """Add the messages that are in, and the comments that were sent ahead of this question."""
    cases = {case.id: case for case in (*facts.ids.values(), *facts.keys.values())}
    keys = {messages.key_of(part.key): part.key for part in job.filing.parts}
    markers, parents, fresh = dict(facts.markers), dict(facts.parents), set(facts.fresh)
    for row in found:
        key, row_id, parent = (
            keys.get(str(row.get(messages.KEY))),
            str(row.get("Id")),
            str(row.get("Case__c") or ""),
        )
        if key is None:
            continue
        markers[comments.marker(key)], parents[row_id] = row_id, parent
        case, made = cases.get(parent), _time(row.get("CreatedDate"))
        # One that an agent can have seen before the case was closed is done with; the org counts in seconds.
        if case and not (case.closed and case.closed_at and made and made < case.closed_at):
            fresh.add(row_id)
    for marker, row_id in job.ahead.items():
        home, taken = job.homes[row_id], job.met[-1:]
        case = facts.ids.get(home) if home else next((facts.keys[key] for key in taken if key in facts.keys), None)
        markers[marker], parents[row_id] = row_id, case.id if case else home
        fresh.add(row_id)
    return replace(facts, markers=markers, parents=parents, fresh=frozenset(fresh))


def _standing(found: Rows) -> dict[str, Standing]:
    return {
        str(row.get("Id")): Standing(
            body=str(row.get("CommentBody") or ""),
            parent=str(row.get("ParentId")),
            ours=row.get("CreatedById") == row.get("LastModifiedById"),
        )
        for row in found
    }
