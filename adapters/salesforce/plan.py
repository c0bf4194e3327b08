"""What one filing needs, decided from what the org says of its cases. Pure: no call, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.salesforce import comments
from bridge import written
from bridge.errors import Rejected, RetryLater, Unsure
from bridge.ports import Filing, Part, Value

CASE_PREFIX = "500"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as it stands in the org. id "" = the one that this filing is about to open."""

    id: str
    closed: bool = False
    closed_at: datetime | None = None
    values: Mapping[str, Any] = field(default_factory=dict)  #: by field, in lower case: the org spells its own way


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the org was asked about one filing."""

    ids: Mapping[str, Case] = field(default_factory=dict)  #: an id that was asked for and is not here is gone
    keys: Mapping[str, Case] = field(default_factory=dict)  #: by the key field, with the episode
    markers: Mapping[str, str] = field(default_factory=dict)  #: marker -> id of the comment that carries it
    parents: Mapping[str, str] = field(default_factory=dict)  #: id of such a comment -> its case


@dataclass(slots=True, kw_only=True)
class Comment:
    """The comments that carry one part. parent "" = the case that this filing opens."""

    part: Part
    parent: str
    bodies: list[str]
    public: bool
    ids: dict[int, str]  #: piece -> id, of those that are in
    trouble: RetryLater | Unsure | Rejected | None = None

    @property
    def missing(self) -> list[int]:
        return [i for i in range(len(self.bodies)) if i not in self.ids]


@dataclass(slots=True, kw_only=True)
class Change:
    """New values for a case that is there. parts: the keys of those that fail when it does."""

    fields: dict[str, Value] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    reopens: bool = False


@dataclass(slots=True, kw_only=True)
class Redaction:
    """Comments whose author deleted the message. parent: where a note can stand; "" = nowhere."""

    part: Part
    ids: list[str]
    parent: str
    refused: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Plan:
    """What there is to do, and what is settled already. The calls' results are written into it."""

    case: Case | None  #: where the conversation goes on; None = nowhere yet
    episode: int
    inserts: bool = False  #: a new case is to be made
    opener: str = ""  #: the part that the new case itself carries
    created: bool = False  #: the case is this filing's, made now or by an attempt whose answer was lost
    standing: Mapping[str, Any] | None = (
        None  #: what a case that a lost attempt opened holds, if nobody touched it
    )
    changes: dict[str, Change] = field(default_factory=dict)  #: by case id
    redactions: list[Redaction] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)  #: part key -> the case its comment goes to or is in
    dropped: dict[str, str] = field(default_factory=dict)
    anew: set[str] = field(default_factory=set)  #: parts that need a case which `create` is not for
    failed: dict[str, RetryLater | Unsure | Rejected] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def settled(self) -> set[str]:
        """The keys of the parts whose fate is known."""
        return self.refs.keys() | self.dropped.keys() | self.failed.keys() | self.anew


def decide(filing: Filing, facts: Facts, *, now: datetime, latest_commit: timedelta) -> Plan:
    """Walk through the parts in their order and say where each goes.

    latest_commit: how late the org may still do what it gave no answer to.
    """
    plan = _start(filing, facts)
    for part in filing.parts:
        pieces = in_org(part, facts.markers)
        if all(i in pieces for i in range(_count(part))):
            _already(plan, filing, facts, part, list(pieces.values()))
        elif pieces:
            _comment(plan, facts, part, facts.parents[next(iter(pieces.values()))])
        elif plan.anew:
            plan.anew.add(part.key)  # behind one that waits for its own case
        elif part.act == "delete":
            _delete(plan, filing, facts, part)
        elif part.case_id:
            _elsewhere(plan, facts, part)
        else:
            _add(plan, filing, facts, part)
    _hold_back(plan, filing, now, latest_commit)
    return plan


def in_org(part: Part, markers: Mapping[str, str]) -> dict[int, str]:
    """Return the comments of a part that are in: piece -> id, {} = none.

    More of them than the text needs now: it was blanked after it was sent.
    """
    most = _count(part) + len(markers) if markers else 0
    found = {i: markers.get(comments.marker(part.key, i), "") for i in range(most)}
    return {i: comment_id for i, comment_id in found.items() if comment_id}


def _count(part: Part) -> int:
    return len(comments.bodies(part.text, part.key)) if part.act == "add" else 1


def _start(filing: Filing, facts: Facts) -> Plan:
    known = filing.known
    if not known.case_id:
        return Plan(case=None, episode=known.episode)
    case = facts.ids.get(known.case_id)
    if case is None:
        return Plan(case=None, episode=known.episode + 1)
    # The lost attempt met a closed case and opened the next one; whoever opened the first again came later.
    if filing.unsure_since and filing.key_at(known.episode + 1) in facts.keys:
        case = replace(case, closed=True, closed_at=None)
    return Plan(case=case, episode=known.episode)


def _already(plan: Plan, filing: Filing, facts: Facts, part: Part, ids: Sequence[str]) -> None:
    """Take a part as filed; where no case was known, the comment may tell which it is."""
    plan.refs[part.key] = ",".join(ids)
    parent = facts.parents.get(ids[0], "")
    if part.act == "add":
        plan.cases[part.key] = parent
    there = facts.keys.get(filing.key_at(plan.episode))
    if plan.case is None and there and there.id == parent:
        plan.case = there


def _add(plan: Plan, filing: Filing, facts: Facts, part: Part) -> None:
    case = plan.case
    if case and not case.closed:
        _comment(plan, facts, part, case.id)
    elif not part.opens:
        plan.dropped[part.key] = "echo"
    elif case:
        _add_to_closed(plan, filing, facts, part, case)
    else:
        _open(plan, filing, facts, part, plan.episode)


def _add_to_closed(plan: Plan, filing: Filing, facts: Facts, part: Part, case: Case) -> None:
    reopen = filing.reopen
    match reopen.onto(case.closed_at, part.received_at):
        case "comment":
            _comment(plan, facts, part, case.id)
        case "reopen":
            if reopen.set:
                change = plan.changes.setdefault(case.id, Change())
                change.fields |= reopen.set
                change.reopens = True
                plan.case = replace(case, closed=False)
            _comment(plan, facts, part, case.id)
        case "new_case":
            _open(plan, filing, facts, part, plan.episode + 1)
        case "drop":
            plan.dropped[part.key] = reopen.line or "if_closed"


def _open(plan: Plan, filing: Filing, facts: Facts, part: Part, episode: int) -> None:
    """Open a case, unless it is there: then a lost attempt opened it with its text, or someone else without."""
    there = facts.keys.get(filing.key_at(episode))
    carried = part.key == filing.opener
    if there is None and not carried:
        plan.anew.add(part.key)  # `create` holds another message's words
        return
    plan.case, plan.episode = there or Case(id=""), episode
    plan.inserts, plan.created = there is None, there is not None and filing.unsure_since is not None
    if there is None:
        plan.opener = part.key
    elif plan.created and carried:
        plan.refs[part.key] = there.id
    else:
        _add(plan, filing, facts, part)


def _elsewhere(plan: Plan, facts: Facts, part: Part) -> None:
    if part.case_id in facts.ids:
        _comment(plan, facts, part, part.case_id)
    else:
        plan.failed[part.key] = Rejected(
            f"the case {part.case_id!r} that this belongs to was deleted in Salesforce"
        )


def _comment(plan: Plan, facts: Facts, part: Part, parent: str) -> None:
    bodies, ids = comments.bodies(part.text, part.key), in_org(part, facts.markers)
    plan.comments.append(Comment(part=part, parent=parent, bodies=bodies, public=part.public, ids=ids))
    if parent:
        plan.cases[part.key] = parent
    change = plan.changes.get(parent)
    if change and change.reopens:
        change.parts.append(part.key)


def _delete(plan: Plan, filing: Filing, facts: Facts, part: Part) -> None:
    ids = [ref for ref in part.ref.split(",") if ref]
    if not ids:
        plan.dropped[part.key] = "target_unknown"
        return
    for case_id in (ref for ref in ids if ref.startswith(CASE_PREFIX)):
        _blank_case(plan, facts, part, case_id)
    comment_ids = [ref for ref in ids if not ref.startswith(CASE_PREFIX)]
    if comment_ids and part.key not in plan.refs:
        parent = part.case_id or filing.known.case_id
        parent = parent if parent in facts.ids else ""
        plan.redactions.append(Redaction(part=part, ids=comment_ids, parent=parent))


def _blank_case(plan: Plan, facts: Facts, part: Part, case_id: str) -> None:
    """Write the opening text anew, field by field, but not over what an agent has written since."""
    case = facts.ids.get(case_id)
    if case is None:
        plan.refs[part.key] = part.ref
        plan.warnings.append("The case of a deleted message is no longer in Salesforce.")
        return
    change = plan.changes.setdefault(case_id, Change())
    change.parts.append(part.key)
    for name, value in part.row.items():
        current = case.values.get(name.casefold())
        if (current or "") == (value or ""):
            continue
        if written.stands(part.notes, name, current):
            change.fields[name] = value
        else:
            plan.warnings.append(
                f"{name} of case {case_id} was changed in Salesforce; the deleted text may stand there."
            )
    plan.comments.append(note_of_deletion(part, case_id))


def note_of_deletion(part: Part, parent: str) -> Comment:
    """Return the private comment that tells agents of a deletion; its marker makes a second one needless."""
    when = (part.sent_at or part.received_at).astimezone(UTC)
    text = f"A message was deleted by its author {when:%Y-%m-%d %H:%M} UTC."
    return Comment(part=part, parent=parent, bodies=comments.bodies(text, part.key), public=False, ids={})


def _hold_back(plan: Plan, filing: Filing, now: datetime, latest_commit: timedelta) -> None:
    """After a lost attempt send no comment before the org can no longer do what it gave no answer to.

    A new case needs no such wait: its unique key lets only one of two inserts through, and comments to it cannot
    have been sent before it was there. After the wait, what was found is told first, so that the rest is stored
    as a new attempt; that ends, because each round settles a part. Where nothing was found there is nothing to
    tell, and everything is sent: the store moves `unsure_last` on whenever an attempt may have arrived, so none
    is still on its way. Nor may a part be rendered anew before: it may have been a comment when it was sent.
    """
    if filing.unsure_since is None or not (plan.redactions or plan.anew or any(c.parent for c in plan.comments)):
        return
    wait = (filing.unsure_last or filing.unsure_since) + latest_commit - now
    if wait > timedelta(0):
        plan.anew.clear()
    elif not plan.settled:
        return
    later = RetryLater(
        "an earlier attempt got no answer, and Salesforce may still carry it out; then what is missing is sent",
        after=max(wait, timedelta(0)),
    )
    settled = plan.settled
    plan.failed |= {part.key: later for part in filing.parts if part.key not in settled}
    plan.inserts, plan.changes, plan.redactions, plan.comments = False, {}, [], []


def ids_to_ask(filing: Filing) -> list[str]:
    """Return the ids of the cases whose state this filing needs."""
    own = [filing.known.case_id] if filing.known.case_id else []
    elsewhere = [part.case_id for part in filing.parts if part.case_id]
    deleted = [ref for part in filing.parts if part.act == "delete" for ref in part.ref.split(",")]
    return [*own, *elsewhere, *(ref for ref in deleted if ref.startswith(CASE_PREFIX))]


def keys_to_ask(filing: Filing, met: Sequence[str] = ()) -> list[str]:
    """Return the keys of cases that may be there without our knowing. met: those that the org says are there."""
    own = [filing.key_at(filing.known.episode + n) for n in (0, 1)] if filing.unsure_since else []
    return [*own, *met]
