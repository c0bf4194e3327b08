"""A new case: the record that opens it, what is left out where the org refuses it, what the org made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.salesforce import changes, classify, comments, comparing, rows
from adapters.salesforce.answers import Answer, fate, refused_with
from adapters.salesforce.classify import Refusal
from adapters.salesforce.job import Job
from adapters.salesforce.planned import TEXT, Case, Comment
from bridge.errors import Rejected, RetryLater
from bridge.fitting import shorten
from bridge.ports import Value

TRIES = 6  #: at one case: fields that are refused one after the other, texts that turn out too long
PATIENCE = 3  #: of these, for fields that are refused; then with the least that is a case
BARE: Mapping[str, tuple[str, ...]] = {
    "Case": ("Subject", "Description"),
    "Lead": ("LastName", "Company", "Description"),
    "Task": ("Subject", "Description"),
}
"""What is left of a record that the org refuses for reasons which name no field."""

NO_REPLIES = (
    "Replies to the customer cannot be sent from this case: the Casebridge plugin is not installed in Salesforce. "
    "Answer on the platform."
)
LEFT_OUT = "Casebridge could not file this as the mapping says: {}"
TOO_LONG = "Salesforce found one text after the other too long for its field; shorten them in the mapping"


def record(job: Job) -> dict[str, Any]:
    """Return the row that opens the case, key and all, without what the org has refused; the job remembers it."""
    filing, plan = job.filing, job.plan
    assert plan
    bare = [name.casefold() for name in (BARE.get(filing.object, ()) if job.bare else filing.create)]
    given = {n: value for n, value in filing.create.items() if n.casefold() in bare and n not in job.left_out}
    lengths = job.lengths if filing.too_long == "shorten" else {}
    fields, warnings = rows.fields_of(_with_notes(job, job.stand_ins | given), lengths)
    plan.warnings = list(dict.fromkeys(plan.warnings + warnings))
    there = {name: value for name, value in fields.items() if value is not None}
    key = {filing.key_field: filing.key_at(plan.episode)}
    job.opening = {**there, "attributes": {"type": filing.object}, **key}
    return dict(job.opening)


def _with_notes(job: Job, given: Mapping[str, Value]) -> dict[str, Value]:
    """Add what agents must know of the case itself to its text; the customer's words give way where it is long."""
    notes = [LEFT_OUT.format(why) for why in dict.fromkeys(job.left_out.values())]
    there = next((name for name in given if name.casefold() == TEXT.casefold()), "")
    if job.tells_no_replies and job.message is None and there:
        notes.append(NO_REPLIES)
    if not notes or any(name.casefold() == TEXT.casefold() for name in job.left_out):
        return dict(given)
    below = "\n\n" + "\n".join(notes)
    text = str(given.get(there) or "")
    room = job.lengths.get(TEXT.casefold(), 0) - len(below)
    words = shorten(text, room) if len(text) > room > 0 else text
    return {**given, there or TEXT: words + below if words else below.strip()}


def opened(job: Job, answer: Answer) -> None:
    """Take the answer to `record`."""
    plan, filing = job.plan, job.filing
    assert plan
    job.tries += 1
    if isinstance(answer, str):
        plan.case, plan.inserts, plan.created = Case(id=answer), False, True
        job.unchecked = bool(filing.create)
        carrier = next((comment for comment in plan.comments if comment.part.key == plan.opener), None)
        if carrier:
            carrier.also = (answer,)
        elif _unsaid(job):
            plan.comments.append(_said_beside(job, answer))
        else:
            plan.refs[plan.opener] = answer
        plan.warnings += [LEFT_OUT.format(why) for why in dict.fromkeys(job.left_out.values())]
        changes.silence(plan, filing)
    elif refused_with(answer, "DUPLICATE_VALUE") and answer.field.casefold() in ("", filing.key_field.casefold()):
        job.meets(filing.key_at(plan.episode))
    elif refused_with(answer, "STRING_TOO_LONG") and _cut(job, answer):
        pass
    elif isinstance(trouble := _fate(job, answer), RetryLater):
        settled = plan.settled
        plan.failed |= {part.key: trouble for part in filing.parts if part.key not in settled}
        plan.inserts = False
    elif not _leave_out(job, answer, trouble):
        _not_opened(job, trouble)
    if plan.inserts and job.tries >= TRIES:
        job.blocked = RetryLater(TOO_LONG, after=classify.BUSY_AGAIN, counts=True)


def _fate(job: Job, answer: Refusal | Rejected) -> RetryLater | Rejected:
    """Say what becomes of a refused case; where the org has a new field, it is described again first."""
    new = (
        isinstance(answer, Refusal)
        and answer.field
        and job.facts
        and answer.field.casefold() not in job.facts.fields
    )
    if new and refused_with(answer, "REQUIRED_FIELD"):
        job.outdated = True
        return RetryLater(f"{job.filing.object} has changed: {answer}", after=classify.LOCK_AGAIN, counts=True)
    return fate(answer)


def _unsaid(job: Job) -> bool:
    """Whether a comment must say what the case was to say: the org does not take the text there."""
    text = [name for name in job.filing.create if name.casefold() == TEXT.casefold() and name in job.opening]
    return job.filing.object == "Case" and bool(job.left_out) and not text


def _said_beside(job: Job, case_id: str) -> Comment:
    assert job.plan
    part = next(part for part in job.filing.parts if part.key == job.plan.opener)
    bodies = comments.bodies(part.text, part.key)
    return Comment(part=part, parent=case_id, bodies=bodies, public=part.public, ids={}, also=(case_id,))


def _cut(job: Job, refused: Refusal) -> bool:
    """Learn a length from a refusal; False where that cannot help."""
    name = refused.field.casefold()
    known = job.lengths.get(name, refused.longest + 1)
    ours = name in {field.casefold() for field in job.filing.create}
    if job.filing.too_long != "shorten" or not 0 < refused.longest < known or not ours:
        return False
    job.lengths[name] = refused.longest
    return True


def _leave_out(job: Job, answer: Answer, trouble: Rejected) -> bool:
    """Do without the field that the org refuses, or, where it names none, with the least that is a case.

    An agent can put right what is there. False: that cannot help.
    """
    filing = job.filing
    if refused_with(answer, "STRING_TOO_LONG") and filing.too_long == "refuse":
        return False
    named = [name for name in filing.create if name.casefold() == trouble.field.casefold()]
    said = classify.reason(trouble)
    if refused_with(answer, "REQUIRED_FIELD") and _stand_in(job, trouble.field, said):
        return True
    new = named and named[0] not in job.left_out and len(job.left_out) < PATIENCE
    if new and not job.bare and not refused_with(answer, "REQUIRED_FIELD"):
        job.left_out[named[0]] = said
        return True
    if job.bare or not BARE.get(filing.object):
        return False
    job.bare = True
    job.left_out[trouble.field if trouble.field and not named else ""] = said
    return True


def _stand_in(job: Job, refused: str, said: str) -> bool:
    """Fill in what the org demands and the mapping does not give; False = nothing can stand there."""
    fields = job.facts.fields if job.facts else {}
    there = {name.casefold() for name in job.opening}
    demanded = [one for name, one in fields.items() if one.required or name == refused.casefold()]
    new = {one.name: rows.stand_in(one) for one in demanded if one.name.casefold() not in there}
    found = {name: value for name, value in new.items() if value is not None}
    job.stand_ins |= found
    job.left_out |= {
        name: f"{said}; {name} says {value!r} until somebody knows better" for name, value in found.items()
    }
    return bool(found)


def _not_opened(job: Job, trouble: Rejected) -> None:
    """The opening message is refused for good: the others open a case without it."""
    plan = job.plan
    assert plan
    plan.inserts = False
    plan.failed[plan.opener] = trouble
    plan.anew |= {c.part.key for c in plan.comments if not c.parent and c.part.key != plan.opener}
    plan.anew |= {part.key for part in plan.mute}
    plan.comments = [comment for comment in plan.comments if comment.parent]


def checked(job: Job, there: Mapping[str, Any] | None) -> None:
    """Compare a new case with what was sent. there: its fields in lower case; None = they could not be read."""
    assert job.plan
    job.unchecked = False
    if there is None:
        return
    sent = {name: value for name, value in job.opening.items() if name != "attributes"}
    if lost := comparing.changed(sent, there):
        job.plan.warnings.append(
            f"Salesforce did not keep what the mapping gives for {', '.join(lost)}: a flow, a trigger or a rule "
            "of the org wrote something else."
        )
