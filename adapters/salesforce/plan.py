"""What one filing needs, decided from what the org says of its cases. Pure: no call, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.salesforce import changes, comments, rewriting
from adapters.salesforce.planned import (
    MESSAGE_PREFIX,
    Case,
    Change,
    Comment,
    Facts,
    Plan,
    comments_in,
    records_in,
)
from bridge.errors import Rejected, RetryLater
from bridge.ports import Filing, Part

SKEW = timedelta(minutes=5)  #: between our clocks and Salesforce's
REWRITES = {"delete": rewriting.delete, "edit": rewriting.edit}


def decide(filing: Filing, facts: Facts, *, now: datetime, latest_commit: timedelta) -> Plan:
    """Walk through the parts in their order and say where each goes.

    latest_commit: how late the org may still do what it gave no answer to.
    """
    plan = _start(filing, facts)
    for part in filing.parts:
        pieces = in_org(part, facts.markers) if part.act != "edit" else {}
        if facts.fresh.intersection(pieces.values()) and not part.case_id:
            pieces = {}  # in, but nobody knew then what it meets: it is decided now
        if pieces and _whole(part, pieces):
            _already(plan, filing, facts, part, list(pieces.values()))
        elif pieces:
            _comment(plan, filing, facts, part, facts.parents[next(iter(pieces.values()))])
        elif plan.anew:
            plan.anew.add(part.key)  # behind one that waits for its own case
        elif part.act in REWRITES:
            REWRITES[part.act](plan, filing, facts, part)
        elif part.case_id:
            _elsewhere(plan, filing, facts, part)
        else:
            _add(plan, filing, facts, part)
    changes.carry_over(plan, filing)
    _hold_back(plan, filing, facts, now, latest_commit)
    return plan


def in_org(part: Part, markers: Mapping[str, str]) -> dict[int, str]:
    """Return the comments of a part that are in, or its message: piece -> id, {} = none.

    More of them than the text needs now: it was blanked after it was sent.
    """
    first = markers.get(comments.marker(part.key), "")
    if first.startswith(MESSAGE_PREFIX):
        return {0: first}
    most = _count(part) + len(markers) if markers else 0
    found = {i: markers.get(comments.marker(part.key, i), "") for i in range(most)}
    return {i: comment_id for i, comment_id in found.items() if comment_id}


def _whole(part: Part, pieces: Mapping[int, str]) -> bool:
    return pieces.get(0, "").startswith(MESSAGE_PREFIX) or all(i in pieces for i in range(_count(part)))


def _count(part: Part) -> int:
    return len(comments.bodies(part.text, part.key)) if part.act == "add" else 1


def _start(filing: Filing, facts: Facts) -> Plan:
    known = filing.known
    if not known.case_id:
        return Plan(case=None, episode=known.episode)
    case = facts.ids.get(known.case_id)
    if case is None or case.gone:
        return Plan(case=None, episode=known.episode + 1)
    # The lost attempt met a closed case and opened the next one; whoever opened the first again came later.
    if filing.unsure_since and filing.key_at(known.episode + 1) in facts.keys:
        case = replace(case, closed=True, closed_at=None)
    return Plan(case=case, episode=known.episode)


def _already(plan: Plan, filing: Filing, facts: Facts, part: Part, ids: Sequence[str]) -> None:
    """Take a part as filed; where no case was known, or the one before, the comment may tell which it is."""
    plan.refs[part.key] = ",".join(ids)
    parent = facts.parents.get(ids[0], "")
    if part.act == "add":
        plan.cases[part.key] = parent
    episodes = (plan.episode, plan.episode + 1)
    homes = [(case, n) for n in episodes if (case := facts.keys.get(filing.key_at(n))) and case.id == parent]
    if homes and (plan.case is None or plan.case.id != parent):
        there, plan.episode = homes[-1]  # agents may have merged one into the other
        plan.case = there
        message = ids[0].startswith(MESSAGE_PREFIX)
        if message and part.key == filing.opener and _ours(there, filing, part):
            # Its words opened the case too.
            plan.created = True
            plan.refs[part.key] = f"{there.id},{plan.refs[part.key]}"


def _add(plan: Plan, filing: Filing, facts: Facts, part: Part) -> None:
    case = plan.case
    if case and not case.closed:
        _comment(plan, filing, facts, part, case.id)
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
            _comment(plan, filing, facts, part, case.id)
        case "reopen":
            if reopen.set:
                change = plan.changes.setdefault(case.id, Change())
                change.fields |= reopen.set
                change.reopens = True
                plan.case = replace(case, closed=False)
            _comment(plan, filing, facts, part, case.id)
        case "new_case":
            _open(plan, filing, facts, part, plan.episode + 1)
        case "drop":
            plan.dropped[part.key] = reopen.line or "if_closed"


def _open(plan: Plan, filing: Filing, facts: Facts, part: Part, episode: int) -> None:
    """Open a case, unless it is there: then a lost attempt opened it with its text, or someone else without."""
    there = facts.keys.get(filing.key_at(episode))
    carried = part.key == filing.opener
    if there and there.gone and not (carried and filing.unsure_since):
        _open(plan, filing, facts, part, episode + 1)
        return
    if there is None and not carried:
        plan.anew.add(part.key)  # `create` holds another message's words
        return
    plan.case, plan.episode = there or Case(id=""), episode
    plan.inserts, plan.created = there is None, there is not None and _ours(there, filing, part)
    if there is None:
        plan.opener = part.key
    if not (plan.inserts or (plan.created and carried)):
        _add(plan, filing, facts, part)
    elif filing.object == "Case" and (facts.plugin or filing.key_at(episode) in facts.silent):
        _comment(plan, filing, facts, part, there.id if there else "", opened=there)
    elif there:
        plan.refs[part.key] = there.id


def _ours(there: Case, filing: Filing, part: Part) -> bool:
    """Whether a lost attempt may have opened this case: not if it was there before the message was."""
    if filing.unsure_since is None:
        return False
    return there.made is None or there.made >= min(filing.unsure_since, part.received_at) - SKEW


def _elsewhere(plan: Plan, filing: Filing, facts: Facts, part: Part) -> None:
    if part.case_id in facts.ids:
        _comment(plan, filing, facts, part, facts.ids[part.case_id].id)
    else:
        plan.failed[part.key] = Rejected(
            f"the {filing.object.lower()} {part.case_id!r} that this belongs to was deleted in Salesforce"
        )


def _comment(
    plan: Plan, filing: Filing, facts: Facts, part: Part, parent: str, *, opened: Case | None = None
) -> None:
    """Let a comment or a message carry the part. opened: the case that its words stand in already."""
    if filing.object != "Case":
        plan.mute.append(part)
        return
    ids = in_org(part, facts.markers)
    message = any(one.startswith(MESSAGE_PREFIX) for one in ids.values()) or (facts.plugin and not ids)
    elsewhere = bool(ids) and facts.parents.get(next(iter(ids.values()))) != parent
    plan.comments.append(
        Comment(
            part=part,
            parent=parent,
            bodies=[part.text] if message else comments.bodies(part.text, part.key),
            public=part.public,
            ids={} if elsewhere else ids,
            message=message,
            there=ids[0] if elsewhere and message else "",
            also=(opened.id,) if opened else (),
        )
    )
    if parent:
        plan.cases[part.key] = parent
    change = plan.changes.get(parent)
    if change and change.reopens:
        change.parts.append(part.key)


def _hold_back(plan: Plan, filing: Filing, facts: Facts, now: datetime, latest_commit: timedelta) -> None:
    """After a lost attempt send no comment before the org can no longer do what it gave no answer to.

    A message of the plugin's needs no such wait, for its key is unique, nor what only goes with messages: writing
    a case's fields once more does no harm, nor does blanking a message. A new case needs none either: its unique
    key lets only one of two inserts through, and comments to it cannot have been sent before it was there. A task
    does: no field of an activity can be unique. After the wait, what was found is told first, so that the rest is
    stored as a new attempt; that ends, because each round settles a part. Where nothing was found there is nothing
    to tell, and everything is sent: the store moves `unsure_last` on whenever an attempt may have arrived, so none
    is still on its way. Nor may a part be rendered anew before: it may have been a comment when it was sent.
    """
    told = [comment for comment in plan.comments if comment.parent and not comment.message]
    late = plan.redactions or plan.edits or told or (not facts.plugin and (plan.changes or plan.anew))
    if filing.unsure_since is None or not (late or (plan.inserts and filing.object == "Task")):
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
    plan.edits, plan.rewrites, plan.mute = [], {}, []


def ids_to_ask(filing: Filing) -> list[str]:
    """Return the ids of the cases whose state this filing needs."""
    own = [filing.known.case_id] if filing.known.case_id else []
    elsewhere = [part.case_id for part in filing.parts if part.case_id]
    return [*own, *elsewhere, *(ref for part in filing.parts if part.act in REWRITES for ref in records_in(part))]


def comments_to_ask(filing: Filing) -> list[str]:
    """Return the ids of the comments that edits are about."""
    return [ref for part in filing.parts if part.act == "edit" for ref in comments_in(part)]


def keys_to_ask(filing: Filing, met: Sequence[str] = ()) -> list[str]:
    """Return the keys of cases that may be there without our knowing. met: those that the org says are there."""
    own = [filing.key_at(filing.known.episode + n) for n in (0, 1)] if filing.unsure_since else []
    return [*own, *met]
