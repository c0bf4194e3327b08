"""From a case's waiting items to the one filing that is sent for them. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bridge import decided as stored
from bridge import mapping as language
from bridge.decided import Decided
from bridge.frozen import NOTE, Frozen
from bridge.mapping import Mapping as CaseMapping
from bridge.message import Message
from bridge.placing import DELETED, leads_to, mapping_of, original
from bridge.ports import Filing, Part, PersonFound, Value
from bridge.steps import Id, Item, Rendered, Settle, Waiting

EDITED = "Edited by its author:\n"
OURS = "Written by our own side on the platform:\n"
TARGET_DROPPED = Settle(state="dropped", reason="target_dropped")

Families = Mapping[Id, Sequence[Item]]  #: all items of a message: what an edit or deletion points at


def compose(
    case_id: str,
    waiting: Waiting,
    families: Families,
    mappings: Mapping[str, CaseMapping],
    explain: Callable[[str, Exception], str],
) -> Rendered:
    """One filing for all waiting items of a case row; what cannot be rendered ends by itself.

    `explain` turns an unexpected error into the reason that is stored.
    """
    waiting = replace(waiting, items=_until_deletion(waiting.items))
    parts: list[tuple[Item, Part]] = []
    ended: dict[int, Settle] = {}
    for one in waiting.items:
        try:
            became = _became(one, families.get(one.points_at, ()), mappings)
        except Exception as error:  # noqa: BLE001 - an error here settles its own message only
            became = Settle(state="dead", reason=explain("rendering", error))
        if isinstance(became, Part):
            parts.append((one, became))
        else:
            ended[one.id] = became
    if not parts:
        return Rendered(items=waiting.items, frozen=None, ended=ended)
    opener = next((one for one, p in parts if p.opens and p.act == "add" and not p.case_id), None)
    try:
        frozen = _frozen(case_id, [p for _, p in parts], opener, _mapping(opener or parts[0][0], mappings))
    except Exception as error:  # noqa: BLE001 - as above: it is the opening message that cannot be rendered
        bad = opener or parts[0][0]
        rest = tuple(one for one in waiting.items if one is not bad)
        others = compose(case_id, replace(waiting, items=rest), families, mappings, explain)
        why = Settle(state="dead", reason=explain("rendering", error))
        return Rendered(items=waiting.items, frozen=others.frozen, ended={**others.ended, bad.id: why})
    return Rendered(items=waiting.items, frozen=frozen, ended=ended)


def _until_deletion(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items before a deletion of one of them that may be in the CRM: that one must be found there first."""
    unsure: set[Id] = set()
    for i, one in enumerate(items):
        if one.change == "deleted" and one.points_at in unsure:
            return tuple(items[:i])
        if one.deleted and one.unsure_since is not None:
            unsure.add(one.points_at)
    return tuple(items)


def _became(one: Item, family: Sequence[Item], mappings: Mapping[str, CaseMapping]) -> Part | Settle:
    if one.deleted and one.unsure_since is None:
        return DELETED
    mapping = _mapping(one, mappings)
    if mapping is None:
        return Settle(state="dead", reason=f"there is no mapping {one.mapping!r} any more: replay to decide anew")
    message, what = one.message, stored.load(one.decision)
    match one.change:
        case "created":
            return _said(one, message, what, mapping)
        case "edited":
            return _edit(one, message, what, mapping, _target(family))
        case "deleted":
            return _deletion(one, message, mapping, family)
        case _:
            return _hiding(one, message, original(family))


def _mapping(one: Item, mappings: Mapping[str, CaseMapping]) -> CaseMapping | None:
    case_id = one.case_id or ""
    if one.change != "created":
        return mapping_of(one.mapping, case_id, mappings)
    mapping = mappings.get(one.mapping)
    return mapping if mapping and leads_to(mapping, case_id) else None


def _said(one: Item, message: Message, what: Decided, mapping: CaseMapping) -> Part:
    comment = language.comment(mapping, message, what.decision, what.person)
    part = _part(one, message, text=comment.text, public=comment.public)
    if message.author.is_self:
        return replace(part, text=OURS + comment.text, public=False, opens=False)
    return replace(part, person=what.person.id)


def _edit(one: Item, message: Message, what: Decided, mapping: CaseMapping, target: Item | None) -> Part | Settle:
    """The new text as a comment: on the target's own case, even if a newer episode has been opened."""
    if target is not None and target.state == "dropped":
        return TARGET_DROPPED
    part = _said(one, message, what, mapping)
    edited = target is not None and not message.author.is_self
    into = target.crm_case if target is not None and target.state == "filed" else ""
    return replace(part, text=EDITED + part.text if edited else part.text, case_id=into)


def _deletion(one: Item, message: Message, mapping: CaseMapping, family: Sequence[Item]) -> Part | Settle:
    """Redact everything that was filed of the message: its own text and its edits'."""
    filed = [other for other in family if other.state == "filed" and other.change in ("created", "edited")]
    if not filed:
        dropped = any(other.reason != DELETED.reason for other in family if other.state == "dropped")
        return TARGET_DROPPED if dropped else DELETED
    first = next((other for other in filed if other.crm_case in other.crm_ref.split(",")), filed[0])
    row: Mapping[str, Value] = {}
    notes: Mapping[str, str] = {}
    if first.crm_case in first.crm_ref.split(","):
        what = stored.load(first.decision)
        row = language.blanked(mapping, first.message, what.decision, what.person)
        notes = json.loads(first.crm_notes or "{}")
    refs = ",".join(other.crm_ref for other in filed if other.crm_ref)
    part = _part(one, message, text="", public=False)
    return replace(part, act="delete", opens=False, case_id=first.crm_case, ref=refs, row=row, notes=notes)


def _hiding(one: Item, message: Message, target: Item | None) -> Part | Settle:
    if target is None or target.state == "dropped":
        return TARGET_DROPPED
    when = message.sent_at or message.received_at
    text = f"{one.change.capitalize()} on the platform {when:%Y-%m-%d %H:%M} UTC."
    into = target.crm_case if target.state == "filed" else ""
    return replace(_part(one, message, text=text, public=False), opens=False, case_id=into)


def _target(family: Sequence[Item]) -> Item | None:
    return next((other for other in family if other.change == "created"), None)


def _part(one: Item, message: Message, *, text: str, public: bool) -> Part:
    return Part(
        key=one.key,
        act="add",
        text=text,
        public=public,
        sent_at=message.sent_at,
        received_at=message.received_at,
    )


def _frozen(case_id: str, parts: list[Part], opener: Item | None, mapping: CaseMapping | None) -> Frozen:
    assert mapping is not None  # a part has one
    create: Mapping[str, Value] = {}
    blanked: Mapping[str, Value] = {}
    if opener is not None:
        message, what = opener.message, stored.load(opener.decision)
        create = language.create(mapping, message, what.decision, what.person)
        blanked = language.blanked(mapping, message, what.decision, what.person)
        if what.person.several:
            at = next(i for i, p in enumerate(parts) if p.key == opener.key)
            parts = [*parts[: at + 1], _several(parts[at], what.person), *parts[at + 1 :]]
    filing = Filing(
        key=case_id.split("/", 2)[2],
        key_field=mapping.key_field,
        object=mapping.object,
        parts=tuple(parts),
        create=create,
        opener="" if opener is None else opener.key,
        reopen=mapping.reopen,
        too_long=mapping.too_long,
    )
    return Frozen(filing=filing, blanked=blanked)


def _several(opening: Part, person: PersonFound) -> Part:
    """many_found: leave_blank_and_note."""
    found = f"{len(person.several)} records match this author, so none was linked: {', '.join(person.several)}"
    return replace(opening, key=opening.key + NOTE, text=found, public=False, opens=False)
