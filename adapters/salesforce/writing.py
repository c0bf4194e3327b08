"""The rows that a plan becomes, each with whoever takes its answer: what can be sent now, in its order. No I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from adapters.salesforce import comments, messages, opening, reopening, rows
from adapters.salesforce.answers import Answer
from adapters.salesforce.job import Job
from adapters.salesforce.org import REFERENCE
from adapters.salesforce.planned import MESSAGE, Comment
from bridge.message import DELETED_TEXT

OPENING, CHANGING, TELLING, MOVING = range(4)
"""What comes first where all goes in one call: cases before what is said in them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record to write, and who takes the answer."""

    job: Job
    record: Mapping[str, Any]
    take: Callable[[Answer], None]
    turn: int
    method: str = "PATCH"

    @property
    def assign(self) -> bool:
        """Whether the org's assignment rule chooses the owner: of a new case to which the mapping gives none."""
        return self.turn == OPENING and "OwnerId" not in self.record

    @property
    def refers(self) -> bool:
        """Whether a text of it would be taken for a reference to another step where several go together."""
        return REFERENCE in json.dumps(self.record)

    @property
    def group(self) -> tuple[int, str, bool, str]:
        """What rows of one collection have in common."""
        return self.turn, self.method, self.assign, str(self.record["attributes"]["type"])


def waiting(job: Job) -> Iterator[Row]:
    """Yield what can be sent now of a job that has a plan."""
    plan = job.plan
    if plan is None or job.blocked or job.told:
        return
    if plan.inserts:
        yield Row(job, opening.record(job), partial(opening.opened, job), OPENING, "POST")
    yield from _rewriting(job)
    if not plan.rewriting:
        yield from _blanking(job)
        yield from _cases(job)
    # What is told in a comment follows from how the rest went; a message can be moved and changed.
    held = plan.pending
    for comment in _in_order(job):
        if comment.message or not held:
            yield from _comment(job, comment)


def ahead(job: Job) -> Iterator[Row]:
    """Yield what is sent while the case's state is asked for; see Job.goes_ahead."""
    if not job.goes_ahead:
        return
    job.went_ahead = True
    for part in job.filing.parts:
        message = job.message is not None
        bodies = [part.text] if message else comments.bodies(part.text, part.key)
        known = job.filing.known.case_id
        comment = Comment(part=part, parent=known, bodies=bodies, public=part.public, ids={}, message=message)
        for piece in comment.missing:
            yield Row(job, _record(job, comment, piece), partial(job.sent_ahead, comment, piece), TELLING, "POST")


def _rewriting(job: Job) -> Iterator[Row]:
    """Write edited messages' new texts in their old ones' place."""
    assert job.plan
    for record_id, rewrite in job.plan.rewrites.items():
        if not rewrite.done:
            fields = _of_message(job, rewrite.kind, rewrite.fields)
            if rewrite.kind == MESSAGE:
                fields, _ = rows.fields_of(fields, rows.lengths(MESSAGE, job.message))
            record = {"attributes": {"type": rewrite.kind}, **fields, "Id": record_id}
            yield Row(job, record, partial(job.rewritten, rewrite), CHANGING)


def _cases(job: Job) -> Iterator[Row]:
    """Change the records that are there, as far as that has not been tried."""
    assert job.plan
    lengths = job.lengths if job.filing.too_long == "shorten" else {}
    for record_id, change in job.plan.changes.items():
        if change.done:
            continue
        given = _of_message(job, change.kind, change.fields | change.carried)
        fields, warnings = rows.fields_of(given, lengths)
        if not fields:
            change.done = True
            continue
        job.plan.warnings = list(dict.fromkeys(job.plan.warnings + warnings))
        record = {**fields, "attributes": {"type": change.kind or job.filing.object}, "Id": record_id}
        yield Row(job, record, partial(reopening.changed, job, change), CHANGING)


def _of_message(job: Job, kind: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """What can be written of a message's new values: the rest must not keep a deleted text where it stands."""
    return messages.usable(fields, job.message) if kind == MESSAGE and job.message else fields


def _blanking(job: Job) -> Iterator[Row]:
    """Overwrite the comments of deleted messages; withdraw from the portal what cannot be overwritten."""
    assert job.plan
    for redaction in job.plan.redactions:
        for comment_id in redaction.ids:
            if comment_id not in redaction.blanked:
                record = {"attributes": {"type": "CaseComment"}, "Id": comment_id, "CommentBody": DELETED_TEXT}
                yield Row(job, record, partial(job.blanked, redaction, comment_id), CHANGING)
        for comment_id in redaction.refused:
            if comment_id not in redaction.hidden:
                shy = {"attributes": {"type": "CaseComment"}, "Id": comment_id, "IsPublished": False}
                yield Row(job, shy, partial(job.hidden, redaction, comment_id), CHANGING)


def _in_order(job: Job) -> list[Comment]:
    assert job.plan
    order = {part.key: n for n, part in enumerate(job.filing.parts)}
    return sorted(job.plan.comments, key=lambda comment: order[comment.part.key])


def _comment(job: Job, comment: Comment) -> Iterator[Row]:
    """Write what is missing of one comment, or the message."""
    plan = job.plan
    assert plan
    if not (comment.parent or (plan.case and plan.case.id) or comment.message) or comment.trouble:
        return
    for piece in comment.missing:
        take = partial(job.commented, comment, piece)
        if comment.there:
            moved = {"Conversation_Key__c": job.filing.key_at(plan.episode), **_case_of(job, comment)}
            record = {"attributes": {"type": MESSAGE}, "Id": comment.there, **moved}
            yield Row(job, record, take, MOVING)
        else:
            yield Row(job, _record(job, comment, piece), take, TELLING, "POST")


def _record(job: Job, comment: Comment, piece: int) -> dict[str, Any]:
    if comment.message and job.message:
        conversation = job.filing.key_at(job.plan.episode if job.plan else job.filing.known.episode)
        record = messages.record_of(comment.part, conversation, job.message)
        shown = {name: value for name, value in record.items() if name not in comment.left_out}
        return {**shown, **_case_of(job, comment)}
    home = job.plan.case.id if job.plan and job.plan.case else ""
    return {
        "attributes": {"type": "CaseComment"},
        "ParentId": comment.parent or home,
        "CommentBody": comment.bodies[piece],
        "IsPublished": comment.public,
    }


def _case_of(job: Job, comment: Comment) -> dict[str, Any]:
    """Name the message's case: by its id, or by its key where it is opened in the same call."""
    plan, filing = job.plan, job.filing
    known = comment.parent or (plan.case.id if plan and plan.case else "")
    if known or plan is None:
        return {"Case__c": known}
    return {"Case__r": {filing.key_field: filing.key_at(plan.episode)}}
