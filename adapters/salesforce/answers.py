"""What Salesforce answered to one row, and what becomes of it. Pure."""

from __future__ import annotations

from typing import TypeGuard

from adapters.salesforce import classify, plugin
from adapters.salesforce.classify import Refusal
from adapters.salesforce.planned import Comment
from bridge.errors import Rejected, RetryLater, Unsure

Answer = str | Refusal | Rejected
"""The record's id, the row's own refusal, or the refusal of a request with this row alone."""

GONE = ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY")
CLOSED_TO_EDITS = ("INSUFFICIENT_ACCESS", "CANNOT_", "INVALID_FIELD_FOR_INSERT_UPDATE")
NO_PARENT = "Foreign key external ID"


def refused_with(answer: Answer, *codes: str) -> TypeGuard[Refusal]:
    """Whether this is a refusal with one of these codes, and none for a lock that is nested in it."""
    return isinstance(answer, Refusal) and not answer.locked and answer.code.startswith(codes)


def there_already(answer: Answer) -> str:
    """Return the id of a message that an earlier attempt brought in, as the refusal of its key names it."""
    return answer.duplicate if key_taken(answer) else ""


def key_taken(answer: Answer) -> TypeGuard[Refusal]:
    """Whether a message is refused because its key is there, and not for another unique field that the org has."""
    taken = refused_with(answer, "DUPLICATE_VALUE")
    return taken and isinstance(answer, Refusal) and answer.field.casefold() in ("", plugin.KEY.casefold())


def lacks_parent(answer: Answer) -> bool:
    """Whether only the case is not there yet."""
    return refused_with(answer, "INVALID_FIELD") and NO_PARENT in answer.message


def lacks_field(answer: Answer) -> bool:
    """Whether a field that was there when the object was described is no longer, or may not be written."""
    return refused_with(answer, "INVALID_FIELD", "INVALID_TYPE") and not lacks_parent(answer)


def fate(answer: Refusal | Rejected) -> RetryLater | Rejected:
    """Return what becomes of a row that was refused."""
    return classify.of_row(answer) if isinstance(answer, Refusal) else answer


def fate_beside_agents(answer: Refusal | Rejected) -> RetryLater | Rejected:
    """Like `fate`, for a case that was there when we asked: gone now, it is asked for again."""
    if refused_with(answer, *GONE):
        return RetryLater(f"the case went away meanwhile: {answer}", after=classify.LOCK_AGAIN, counts=True)
    return fate(answer)


def went_ahead(trouble: RetryLater | Unsure | Rejected) -> RetryLater | Unsure | Rejected:
    """Return what becomes of a message that is in, when what it brings is not: it is asked for first."""
    halfway = f"the message is in, what it brings to its case is not: {trouble}"
    if isinstance(trouble, RetryLater):
        return Unsure(halfway, after=trouble.after)
    if isinstance(trouble, Rejected):
        return Rejected(halfway, field=trouble.field, partly=True)
    return trouble


def half_open(trouble: RetryLater | Unsure) -> Unsure:
    """Return what becomes of a message that is not in the case which its words opened: it is asked for first."""
    return Unsure(f"the case is open, the message in it is not: {trouble}", after=trouble.after)


def partly(comment: Comment, trouble: RetryLater | Unsure | Rejected) -> RetryLater | Unsure | Rejected:
    """Return what becomes of a part of which some comments are in: it is asked for first, or a person told."""
    if comment.ids and isinstance(trouble, RetryLater):
        return Unsure(f"a part of a long text is in, the rest is not: {trouble}", after=trouble.after)
    if comment.ids and isinstance(trouble, Rejected):
        pieces = ", ".join(str(i + 1) for i in sorted(comment.ids))
        there = f"pieces {pieces} of {len(comment.bodies)} of this text stand in the case"
        return Rejected(f"{trouble}; {there}", field=trouble.field, partly=True)
    return trouble
