"""The rows that a plan's changes and comments become, each with whoever takes its answer. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from adapters.salesforce import rows
from adapters.salesforce.job import Answer, Job
from bridge.message import DELETED_TEXT


@dataclass(frozen=True, slots=True)
class Row:
    """One record to write, and who takes the answer."""

    job: Job
    record: Mapping[str, Any]
    take: Callable[[Answer], None]


def rewriting_rows(job: Job) -> Iterator[Row]:
    """Write edited messages' new texts in their old ones' place."""
    assert job.plan
    for record_id, rewrite in job.plan.rewrites.items():
        record = {"attributes": {"type": rewrite.kind}, **rewrite.fields, "Id": record_id}
        yield Row(job, record, partial(job.rewritten, rewrite))


def case_rows(job: Job) -> Iterator[Row]:
    """Change the cases that are there, as far as that has not been tried."""
    assert job.plan
    lengths = rows.lengths(job.filing.object) if job.filing.too_long == "shorten" else {}
    for case_id, change in job.plan.changes.items():
        fields, warnings = rows.fields_of(change.fields | change.carried, lengths)
        if fields and not change.done:
            job.plan.warnings += warnings
            record = {**fields, "attributes": {"type": job.filing.object}, "Id": case_id}
            yield Row(job, record, partial(job.changed, change))


def blanking_rows(job: Job) -> Iterator[Row]:
    """Overwrite the comments of deleted messages."""
    assert job.plan
    for redaction in job.plan.redactions:
        for comment_id in redaction.ids:
            take = partial(job.blanked, redaction, comment_id)
            yield _comment_change(job, take, Id=comment_id, CommentBody=DELETED_TEXT)


def hiding_rows(job: Job) -> Iterator[Row]:
    """Withdraw from the portal what cannot be overwritten."""
    assert job.plan
    for redaction in job.plan.redactions:
        for comment_id in redaction.refused:
            yield _comment_change(job, partial(job.hidden, redaction), Id=comment_id, IsPublished=False)


def _comment_change(job: Job, take: Callable[[Answer], None], **fields: Any) -> Row:
    return Row(job, {"attributes": {"type": "CaseComment"}, **fields}, take)


def comment_rows(job: Job) -> Iterator[Row]:
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
