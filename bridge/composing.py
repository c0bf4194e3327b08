"""From a case's waiting items to the one filing that is sent for them. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bridge import batches, media
from bridge import decided as stored
from bridge import mapping as language
from bridge.batches import Families, Versions
from bridge.decided import Decided
from bridge.frozen import NOTE, Frozen
from bridge.mapping import NO_FACTS, Facts
from bridge.mapping import Mapping as CaseMapping
from bridge.message import Message
from bridge.placing import DELETED, original
from bridge.ports import Answerable, Filing, Known, Part, Raise, Value
from bridge.steps import Item, Rendered, Settle, Waiting

EDITED = "Edited by its author:\n"
OURS = "Written by our own side on the platform:\n"
TARGET_DROPPED = Settle(state="dropped", reason="target_dropped")
OVERTAKEN = Settle(state="dropped", reason="overtaken")
UNCHANGED = Settle(state="dropped", reason="unchanged")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """One item as it goes to the CRM; raises, assign: what a new message of a customer makes of its case."""

    item: Item
    part: Part
    raises: Mapping[str, Raise] = field(default_factory=dict)
    assign: Mapping[str, Value] = field(default_factory=dict)


def compose(
    case_id: str,
    waiting: Waiting,
    families: Families,
    versions: Versions,
    explain: Callable[[str, Exception], str],
    answerable: Callable[[Message], Answerable | None] = lambda _: None,
) -> Rendered:
    """One filing for all waiting items of a case row; what cannot be rendered ends by itself.

    `explain` turns an unexpected error into the reason that is stored, `answerable` says how a customer's message
    can be answered.
    """
    items, silent = batches.first(waiting, families, versions)
    facts = NO_FACTS if silent else waiting.facts
    done: list[Rendering] = []
    ended: dict[int, Settle] = {}
    for one in items:
        try:
            became = _rendered(one, families.get(one.points_at, ()), versions, facts)
            if isinstance(became, Rendering):
                became = replace(became, part=_told(became.part, one, answerable))
        except Exception as error:  # noqa: BLE001 - an error here settles its own message only
            became = Settle(state="dead", reason=explain("rendering", error))
        if isinstance(became, Rendering):
            done.append(became)
        else:
            ended[one.id] = became
    if not done:
        return Rendered(items=tuple(items), frozen=None, ended=ended)
    opener = next((one for one in done if _opens(one.part)), None)
    new = silent or not waiting.known.case_id
    first = opener or done[0]
    try:
        frozen = _frozen(case_id, done, opener, batches.mapping_for(first.item, versions), new=new)
    except Exception as error:  # noqa: BLE001 - as above: it is the opening message that cannot be rendered
        why = Settle(state="dead", reason=explain("rendering", error))
        rest = tuple(one for one in items if one is not first.item)
        others = compose(case_id, replace(waiting, items=rest), families, versions, explain, answerable)
        return replace(others, items=(first.item, *others.items), ended={**others.ended, first.item.id: why})
    return Rendered(
        items=tuple(items),
        frozen=frozen,
        ended=ended,
        known=Known(episode=waiting.known.episode + 1) if silent and opener else None,
        heard_at=_heard(waiting, done, families),
    )


def _told(part: Part, one: Item, answerable: Callable[[Message], Answerable | None]) -> Part:
    """The part with the message that it tells of, where it tells of one; what was deleted and hidden is a note."""
    if part.act == "delete" or one.change not in ("created", "edited"):
        return part
    said = replace(one.message, raw=b"")
    return replace(part, said=said, answer=None if said.author.is_self else answerable(said))


def _heard(waiting: Waiting, done: Sequence[Rendering], families: Families) -> datetime | None:
    """When a customer was heard last; None = these items change nothing of it."""
    last = None
    for one in done:
        last = batches.latest(last, batches.heard_in(one.item, families))
    return batches.latest(waiting.heard_at, last) if last else None


def _opens(part: Part) -> bool:
    """Whether this is a new message of a customer, which may open a case."""
    return part.opens and part.act == "add" and not part.case_id


def _rendered(one: Item, family: Sequence[Item], versions: Versions, facts: Facts) -> Rendering | Settle:
    became = _became(one, family, versions, facts)
    mapping = batches.mapping_for(one, versions)
    if not isinstance(became, Part):
        return became
    if mapping is None or not _opens(became):
        return Rendering(item=one, part=became)
    what = stored.load(one.decision)
    return Rendering(
        item=one,
        part=became,
        raises=language.raised(mapping, one.message, what.decision, what.person),
        assign=language.assigned(mapping, one.message, what.decision, what.person),
    )


def _became(one: Item, family: Sequence[Item], versions: Versions, facts: Facts) -> Part | Settle:
    if one.deleted and one.unsure_since is None:
        return DELETED
    mapping = batches.mapping_for(one, versions)
    if mapping is None:
        return Settle(state="dead", reason=f"there is no mapping {one.mapping!r} any more: replay to decide anew")
    message, what = one.message, stored.load(one.decision)
    match one.change:
        case "created":
            return _said(one, message, what, mapping, family, facts)
        case "edited":
            return _edit(_said(one, message, what, mapping, family, facts), one, mapping, family)
        case "deleted":
            return _deletion(one, message, mapping, family, versions)
        case _:
            return _hiding(one, message, original(family))


def _said(
    one: Item, message: Message, what: Decided, mapping: CaseMapping, family: Sequence[Item], facts: Facts
) -> Part:
    comment = language.comment(mapping, message, what.decision, what.person, facts)
    part = _part(one, message, text=comment.text, public=comment.public)
    if mapping.copies:
        there = _copied(one, family)
        part = replace(part, files=tuple(f for f in media.to_copy(message) if f.url not in there))
    if message.author.is_self:
        return replace(part, text=OURS + comment.text, public=False, opens=False, ours=message.public)
    return replace(part, person=what.person.id)


def _copied(one: Item, family: Sequence[Item]) -> set[str]:
    """The addresses of files that came with the message before, and are on the case: an edit brings them again."""
    others = [other.message for other in family if other.id != one.id and other.state == "filed"]
    return {file.url for message in others for file in media.to_copy(message)}


def _edit(part: Part, one: Item, mapping: CaseMapping, family: Sequence[Item]) -> Part | Settle:
    """The new text, on the target's own case even if a newer episode has been opened."""
    target = _target(family)
    if target is not None and target.state == "dropped":
        return TARGET_DROPPED
    if target is None or part.ours:
        return replace(part, case_id=target.crm_case if target and target.state == "filed" else "")
    if mapping.on_edit == "ignore":
        return Settle(state="dropped", reason=mapping.edit_line)
    if late := _late(one, family):
        return late
    if target.state != "filed":
        return replace(part, text=EDITED + part.text)
    if mapping.on_edit == "comment":
        return replace(part, text=EDITED + part.text, case_id=target.crm_case)
    return _replacement(replace(part, opens=False, case_id=target.crm_case), one, mapping, family)


def _late(one: Item, family: Sequence[Item]) -> Settle | None:
    """Why an edit has nothing to say: a later one is in, or it changes nothing that anybody reads."""
    message = one.message
    others = [other for other in family if other.id != one.id and other.change in ("created", "edited")]
    versions = [int(v) for other in others if (v := other.message.version).isdecimal()]
    if message.version.isdecimal() and any(version > int(message.version) for version in versions):
        return OVERTAKEN
    before = [other.message for other in others if other.id < one.id and other.state != "dropped"]
    return UNCHANGED if before and _read(before[-1]) == _read(message) else None


def _read(message: Message) -> tuple[object, ...]:
    """What people read of a message."""
    return message.text, message.rating, message.url, message.attachments


def _replacement(part: Part, one: Item, mapping: CaseMapping, family: Sequence[Item]) -> Part:
    """on_edit: replace. What the message became last in the CRM is to show the new text."""
    last = [other for other in family if other.state == "filed" and other.change in ("created", "edited")][-1]
    row: Mapping[str, Value] = {}
    if last.crm_case in last.crm_ref.split(","):
        what = stored.load(one.decision)
        row = language.rewritten(mapping, one.message, what.decision, what.person)
    return replace(part, act="edit", ref=last.crm_ref, row=row, notes=json.loads(last.crm_notes or "{}"))


def _deletion(
    one: Item, message: Message, mapping: CaseMapping, family: Sequence[Item], versions: Versions
) -> Part | Settle:
    """Redact everything that was filed of the message: its own text and its edits'."""
    filed = [other for other in family if other.state == "filed" and other.change in ("created", "edited")]
    if not filed:
        dropped = any(other.reason != DELETED.reason for other in family if other.state == "dropped")
        return TARGET_DROPPED if dropped else DELETED
    if mapping.on_delete == "note":
        when = message.sent_at or message.received_at
        note = _part(one, message, text=f"Deleted by its author {when:%Y-%m-%d %H:%M} UTC.", public=False)
        return replace(note, opens=False, case_id=filed[0].crm_case)
    opened = [other for other in filed if other.crm_case in other.crm_ref.split(",")]
    first = opened[-1] if opened else filed[0]  # an edit may have rewritten the case
    row: Mapping[str, Value] = {}
    notes: Mapping[str, str] = json.loads(first.crm_notes or "{}") if opened else {}
    for other in opened:  # each stands in the fields in which its own set shows it
        then, what = batches.mapping_for(other, versions) or mapping, stored.load(other.decision)
        row = {**row, **language.blanked(then, other.message, what.decision, what.person)}
    refs = ",".join(dict.fromkeys(ref for other in filed for ref in other.crm_ref.split(",") if ref))
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


def _frozen(
    case_id: str, done: Sequence[Rendering], opener: Rendering | None, mapping: CaseMapping | None, *, new: bool
) -> Frozen:
    """new: no case is known, so that agents must be told what the one that is opened lacks."""
    assert mapping is not None  # a part has one
    raises = _highest([one.raises for one in done])
    assign = {name: value for one in done for name, value in one.assign.items()}
    create: Mapping[str, Value] = {}
    blanked: Mapping[str, Value] = {}
    notes: Mapping[str, Part] = {}
    if opener is not None:
        message, what = opener.item.message, stored.load(opener.item.decision)
        given = language.create(mapping, message, what.decision, what.person)
        # As if they had come one by one: what opens the case, and what the others make of it.
        create = given | {f: one.value for f, one in raises.items() if one.over(given.get(f))} | assign
        blanked = language.blanked(mapping, message, what.decision, what.person)
        notes = _note(opener.part, message, what) if new else {}
    parts = [(one.part, notes.get(one.part.key)) for one in done]
    filing = Filing(
        key=case_id.split("/", 2)[2],
        key_field=mapping.key_field,
        object=mapping.object,
        parts=tuple(part for pair in parts for part in pair if part is not None),
        create=create,
        opener=opener.part.key if opener else "",
        raises=raises,
        assign=assign,
        reopen=mapping.reopen,
        line=mapping.line,
        too_long=mapping.too_long,
    )
    return Frozen(filing=filing, blanked=blanked, rows=_blanked_rows(done, mapping))


def _blanked_rows(done: Sequence[Rendering], mapping: CaseMapping) -> dict[str, Mapping[str, Value]]:
    """What the rows of edits become should their author delete the message meanwhile."""
    rows: dict[str, Mapping[str, Value]] = {}
    for one in done:
        if one.part.act == "edit" and one.part.row:
            what = stored.load(one.item.decision)
            rows[one.part.key] = language.blanked(mapping, one.item.message, what.decision, what.person)
    return rows


def _highest(given: Sequence[Mapping[str, Raise]]) -> dict[str, Raise]:
    """Of several messages the highest value of each field."""
    highest: dict[str, Raise] = {}
    for raises in given:
        for name, one in raises.items():
            if one.over(highest[name].value if name in highest else ""):
                highest[name] = one
    return highest


def _note(opening: Part, message: Message, what: Decided) -> dict[str, Part]:
    """What agents must know of a new case, as a part behind the opening one; {} = nothing."""
    told = [*message.lacking, *what.unnamed]
    if several := what.person.several:
        told.append(f"{len(several)} records match this author, so none was linked: {', '.join(several)}")
    if not told:
        return {}
    text = "\n".join(told)
    note = replace(opening, key=opening.key + NOTE, text=text, public=False, opens=False, files=())
    return {opening.key: replace(note, said=None, answer=None)}
