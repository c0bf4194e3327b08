"""Messages that their authors deleted or edited: what is written anew, and what is told instead. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from adapters.salesforce import comments, messages, rows
from adapters.salesforce.changes import noted
from adapters.salesforce.planned import (
    COMMENT_PREFIX,
    MESSAGE,
    Case,
    Change,
    Comment,
    Edit,
    Facts,
    Plan,
    Redaction,
    Rewrite,
    comments_in,
    messages_in,
    records_in,
)
from bridge import written
from bridge.ports import Filing, Part

EDITED = "Edited by its author:\n"
SURPLUS = "[edited]"  #: stands in a comment that the shorter text does not need
STUCK = "The new text of an edited message stands in a comment of its own: {}."
UNTOLD = (
    "The new text of an edited message is not in Salesforce: a {} takes no comments, and it was changed there."
)


# --- deletions ------------------------------------------------------------------------------------------------


def delete(plan: Plan, filing: Filing, facts: Facts, part: Part) -> None:
    """Plan what becomes of a deleted message's words."""
    if not part.ref:
        plan.dropped[part.key] = "target_unknown"
        return
    for case_id in records_in(part):
        _blank_case(plan, filing, facts, part, case_id)
    if (ids := comments_in(part)) and part.key not in plan.refs:
        parent = part.case_id or filing.known.case_id
        parent = facts.ids[parent].id if parent in facts.ids else ""
        plan.redactions.append(Redaction(part=part, ids=ids, parent=parent))
    for message_id in messages_in(part):
        change = Change(kind=MESSAGE, fields=dict(messages.REDACTED), parts=[part.key])
        plan.changes[message_id] = change
        if not ids:
            change.refs = {part.key: part.ref}


def _blank_case(plan: Plan, filing: Filing, facts: Facts, part: Part, case_id: str) -> None:
    """Write the opening text anew, field by field, but not over what an agent has written since."""
    case = facts.ids.get(case_id)
    if case is None or case.gone:
        if not messages_in(part):  # they outlive their case
            plan.refs[part.key] = part.ref
        plan.warnings.append(f"The {filing.object.lower()} of a deleted message is no longer in Salesforce.")
        return
    change = plan.changes.setdefault(case.id, Change())
    change.parts.append(part.key)
    for name, value in part.row.items():
        current = case.values.get(name.casefold())
        if (current or "") == (value or ""):
            continue
        if written.stands(part.notes, name, current):
            change.fields[name] = value
        else:
            plan.warnings.append(
                f"{name} of {filing.object.lower()} {case_id} was changed in Salesforce; "
                "the deleted text may stand there."
            )
    if messages_in(part):
        return  # they show it
    if filing.object == "Case":
        plan.comments.append(note_of_deletion(part, case.id))
    elif change.fields:
        change.refs[part.key] = part.ref
    else:
        plan.refs[part.key] = part.ref


def note_of_deletion(part: Part, parent: str) -> Comment:
    """Return the private comment that tells agents of a deletion; its marker makes a second one needless."""
    when = (part.sent_at or part.received_at).astimezone(UTC)
    text = f"A message was deleted by its author {when:%Y-%m-%d %H:%M} UTC."
    return Comment(part=part, parent=parent, bodies=comments.bodies(text, part.key), public=False, ids={})


# --- edits ----------------------------------------------------------------------------------------------------


def edit(plan: Plan, filing: Filing, facts: Facts, part: Part) -> None:
    """Plan how a message's words become the new ones: in their place, else in a comment beside them."""
    if not part.ref:
        plan.dropped[part.key] = "target_unknown"
        return
    standing = [(ref, facts.standing[ref]) for ref in comments_in(part) if ref in facts.standing]
    told = messages_in(part)
    opened = [facts.ids[ref].id for ref in records_in(part) if ref in facts.ids and not facts.ids[ref].gone]
    parent = next(iter(opened), "") or (
        standing[0][1].parent if standing else part.case_id or filing.known.case_id
    )
    there = [case for case in facts.ids.values() if case.id == parent or facts.ids.get(parent) is case]
    if not standing and not told and not any(not case.gone for case in there):
        plan.refs[part.key] = part.ref
        plan.warnings.append(f"The {filing.object.lower()} of an edited message is no longer in Salesforce.")
        return
    bodies = comments.bodies(part.text, part.key)
    new = Edit(
        part=part,
        parent=parent,
        refs=[*opened, *told, *(ref for ref, _ in standing)],
        bodies=bodies,
        more=_found(bodies, facts.markers),
        added=_found(anew(part), facts.markers),
    )
    new.stuck = bool(new.added or not new.refs or not all(comment.ours for _, comment in standing))
    cases = {case.id: case for case in facts.ids.values()}
    for case_id in opened:
        _rewrite_case(plan, filing, facts, new, cases[case_id], alone=not standing and not told)
    for message_id in told:
        _rewrite(plan, message_id, new, MESSAGE, messages.rewritten(part))
    for (ref, comment), body in zip(standing, [*bodies, *[SURPLUS] * len(standing)], strict=False):
        if comment.body != body and not new.stuck:
            _rewrite(plan, ref, new, "CaseComment", {"CommentBody": body})
    plan.edits.append(new)
    if not any(new in rewrite.edits for rewrite in plan.rewrites.values()):
        settle(plan, filing, new)


def _rewrite_case(plan: Plan, filing: Filing, facts: Facts, new: Edit, case: Case, *, alone: bool) -> None:
    """Plan the opening text's new fields. alone: no comment will show the new text."""
    fields, warnings = rows.fields_of(new.part.row, facts.lengths if filing.too_long == "shorten" else {})
    plan.warnings += warnings
    notes = dict(new.part.notes)
    for name, value in fields.items():
        current = case.values.get(name.casefold())
        if written.digest(current or "") != written.digest(value or ""):
            if not written.stands(new.part.notes, name, current):
                # A number that nobody remembers is no word of the author's.
                new.stuck = new.stuck or (alone and isinstance(value, str))
                continue
            _rewrite(plan, case.id, new, filing.object, {name: value})
        notes = noted(notes, {name: value or ""})
    new.notes = notes


def _rewrite(plan: Plan, record_id: str, new: Edit, kind: str, fields: Mapping[str, Any]) -> None:
    rewrite = plan.rewrites.setdefault(record_id, Rewrite(kind=kind))
    rewrite.fields |= fields
    if new not in rewrite.edits:
        rewrite.edits.append(new)


def settle(plan: Plan, filing: Filing, done: Edit) -> None:
    """Say what is left of an edit once the org has answered: nothing, or comments to be added."""
    part = done.part
    if done.refusal:
        plan.warnings.append(STUCK.format(done.refusal))
    if done.notes:
        plan.notes[part.key] = done.notes
    carriers = [ref for ref in done.refs if ref.startswith(COMMENT_PREFIX)]
    bodies, ids = done.bodies, done.more | dict(enumerate(carriers[: len(done.bodies)]))
    if done.stuck:
        bodies, ids = anew(part), done.added
    elif not carriers:
        bodies = []  # it stands in the case itself
    if done.stuck and filing.object != "Case":
        bodies, ids = [], {}
        plan.warnings.append(UNTOLD.format(filing.object))
    comment = Comment(
        part=part, parent=done.parent, bodies=bodies, public=part.public, ids=ids, also=tuple(done.refs)
    )
    plan.cases[part.key] = done.parent
    if comment.missing:
        plan.comments.append(comment)
    else:
        plan.refs[part.key] = comment.ref


def anew(part: Part) -> list[str]:
    """Return the comments that tell of an edit beside the old text; they have markers of their own."""
    return comments.bodies(EDITED + part.text, f"{part.key}#added")


def _found(bodies: list[str], markers: Mapping[str, str]) -> dict[int, str]:
    """Return which of these comments are in: piece -> id."""
    found = {i: markers.get(comments.marker_in(body), "") for i, body in enumerate(bodies)}
    return {i: ref for i, ref in found.items() if ref}
