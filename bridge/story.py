"""The story of a message, and why there is none, as text and as JSON. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import takewhile
from typing import Any

from bridge import decided
from bridge.decided import Decided
from bridge.printing import many, one_line, utc
from bridge.steps import Item
from bridge.store.inbox import orphaned
from bridge.store.ledger import DISCARDED
from bridge.store.stories import Answered, Around, Story
from bridge.store.tables import SETTLED

Sets = Mapping[int, Mapping[str, str]]
"""The texts of the mapping sets that decided, by revision and file."""

REASONS = {
    "no_mapping": "no mapping takes it. `casebridge try` shows why each of them does not",
    "own_post": "our own side wrote it, and it answers nobody",
    "echo": "our own side wrote it, and what it answers has no case",
    "our_reply": "an agent wrote it in the CRM, where it stands already",
    "deleted_by_author": "its author deleted it before it was in the CRM",
    "target_dropped": "the message that it changes was dropped",
    "target_unknown": "the message that it changes did not come within a day",
    "unchanged": "the edit changes nothing that anybody reads",
    "overtaken": "a later edit of the same message was here first",
    "if_closed": "its case is closed, and the mapping's `if_closed` says to drop what comes then",
}
"""Why a message was dropped that no line of a mapping dropped."""

SKIPPED = {
    "receipt": "that somebody has read or got something",
    "typing": "that somebody is typing",
    "reaction": "likes and other reactions",
    "system": "news of the platform's own",
    "other_app": "meant for another app",
    "unknown_account": "for an account that connections.yaml does not list",
    "unknown_event": "of a kind that Casebridge does not know",
}
"""What a reason means for which something was no message."""

TO_DO = """\
What to do:
  - Look whether the connection works, and hears what it should: casebridge doctor
  - Fetch what was missed, where the platform lets us: casebridge backfill NAME --since "2 days"
  - Try the platform's own id of the message: not every address that people copy can be found."""

INDENT = " " * 12
OVERDUE = 60  #: seconds
MOST = 20  #: kinds of what was no message
_BEGINS = re.compile(r"(.*:)\s*(?:\s#.*)?")
_PLACE = re.compile(r"(\S.*):(\d{1,6})")


# --- the story ------------------------------------------------------------------------------------------------


def text(told: Story, sets: Sets, *, words: bool = False) -> str:
    """Tell what happened to one message, in the order in which it did. words: with what it says."""
    lines = [one_line(told.item.key)]
    lines += _received(told)
    lines += _words(told) if words else []
    lines += _placed(told, sets)
    lines += _settled(told, sets)
    lines += [line for one in told.replies for line in _reply(one)]
    if told.answered_at and told.answered_at >= told.stored_at:  # else it answers an earlier message
        lines.append(_line("answered", told.answered_at, "our first public answer on its case"))
    return "\n".join(lines)


def _line(what: str, at: datetime | None, says: str = "") -> str:
    return f"  {what:<9} {'  '.join(filter(None, (utc(at) if at else '', says)))}"


def _received(told: Story) -> list[str]:
    one, message = told.item, told.message
    happened = "" if one.change == "created" else f" that was {one.change}"
    whose = "our own " if message and message.author.is_self else ""
    what = f"{whose}{one_line(message.kind)}{happened}, " if message else ""
    how = "fetched by us" if told.fetched else "called by the platform, signature checked"
    account = f" / {one_line(one.points_at[1])}" if one.points_at[1] else ""
    at = message.received_at if message else told.stored_at
    lines = [
        _line("received", at, f"{what}{_connection(told)}{account}: {how}"),
        _line("stored", told.stored_at, f"number {one.id} in the ledger, lane {one_line(one.lane)}"),
    ]
    lines += [f"  lacks     {one_line(lack)}" for lack in (message.lacking if message else ())]
    if one.deleted:
        lines.append("  deleted   by its author: the text is blank here")
    if told.masked:
        lines.append("  masked    as `protect.mask` of the mappings says")
    return lines


def _connection(told: Story) -> str:
    """The one it came through; its customer's latest message may have come through another."""
    return told.message.connection if told.message else told.connection


def _words(told: Story) -> list[str]:
    message = told.message
    if message is None:
        return ["  text      nobody could read it"]
    return [f"  text      {one_line(message.text)}", f"  language  {one_line(message.language) or 'unknown'}"]


def _placed(told: Story, sets: Sets) -> list[str]:
    one = told.item
    if not one.mapping:
        return []
    by = f"by mapping {one.mapping}{f' of revision {one.revision}' if one.revision else ''}"
    lines = [_line("placed", told.placed_at, f"{by}, for {one_line(one.case_id or '')}")]
    what = decided.load(one.decision)
    for name, place in what.lines.items():
        lines.append(f"  decided   {name} = {one_line(what.values.get(name, '(blank)'))}")
        lines.append(f"{INDENT}{place}  {_text_of(place, one.revision, sets)}".rstrip())
    lines += [f"  person    {one_line(what.person.id)}"] if what.person.id else []
    return lines + [f"  missing   {one_line(line)}" for line in _left_out(what)]


def _text_of(place: str, revision: int, sets: Sets) -> str:
    """The line itself, and what stands below it, as it was in the revision that decided; "" = it is not kept."""
    found = _PLACE.fullmatch(place)
    lines = sets.get(revision, {}).get(found[1], "").splitlines() if found else []
    number = int(found[2]) if found else 0
    return _whole(lines[number - 1 :]) if 0 < number <= len(lines) else ""


def _whole(lines: Sequence[str]) -> str:
    """The first line; of one that only begins a rule the lines below it, too, without remarks."""
    begins = _BEGINS.fullmatch(lines[0])
    if begins is None:
        return one_line(lines[0])
    below = takewhile(lambda line: _indent(line) > _indent(lines[0]), filter(str.strip, lines[1:]))
    return one_line(" ".join([begins[1], *(line for line in below if not line.lstrip().startswith("#"))]))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _left_out(what: Decided) -> list[str]:
    """What the case lacks because nobody, or several, bear a name or match the author."""
    several = what.person.several
    return [*what.unnamed, *([f"{len(several)} records match this author: none is linked"] if several else [])]


def _settled(told: Story, sets: Sets) -> list[str]:
    one = told.item
    crm = (one.case_id or "").partition("/")[0]
    lines = [_line("sent", told.frozen_at, f"to {crm}")] if told.frozen_at else []
    if one.state not in SETTLED:
        return [*lines, _waiting(told)]
    why, written = _why(one.reason, one.revision, sets) if one.state == "dropped" else (one_line(one.reason), "")
    why = why or _opened(one)
    lines.append(_line(one.state, told.settled_at or told.stored_at, why))
    lines += [f"{INDENT}{written}"] if written else []
    lines += [f"  case      {one_line(f'{one.crm_case} {told.link}')}"] if told.link or one.crm_case else []
    return lines + [f"  warning   {one_line(warning)}" for warning in told.warnings]


def _opened(one: Item) -> str:
    """Whether a filed message opened its case; "" = it is no message of its own, or nobody knows."""
    if one.state != "filed" or one.change != "created" or not one.crm_ref:
        return ""
    return "opened its case" if one.crm_case in one.crm_ref.split(",") else "added to a case that was there"


def _why(reason: str, revision: int, sets: Sets) -> tuple[str, str]:
    """Why a message was dropped, and the line that dropped it, as it was then."""
    if reason in REASONS:
        return f"{reason}: {REASONS[reason]}", ""
    if reason.partition(":")[0] == DISCARDED:
        because = one_line(reason.removeprefix(DISCARDED).removeprefix(":"))
        return f"given up by an admin{f': {because}' if because else ''}", ""
    of = f" of revision {revision}" if revision else ""
    return (f"by {reason}{of}" if _PLACE.fullmatch(reason) else one_line(reason)), _text_of(reason, revision, sets)


def _waiting(told: Story) -> str:
    one = told.item
    where = "undecided" if one.case_id is None else one.state
    notes = ["the message that it changes is not here"] if one.lane == orphaned(one.points_at) else []
    notes += ["an earlier message goes first"] if told.behind else []
    notes += [many(told.attempts, "failed attempt")] if told.attempts else []
    if told.job:
        notes.append(f"in the CRM's job {told.job}, which will be asked what became of it")
    elif told.unsure:
        notes.append("an answer was lost, the CRM will be asked first")
    notes += [one_line(told.why)] if told.why and not told.rests else []
    notes += [f"the CRM rests: {one_line(told.rests)}"] if told.rests else []
    notes += [_due(told.due_in)] if told.due_in is not None and not told.rests else []
    return f"  waiting   {where}{': ' if notes else ''}{'; '.join(notes)}"


def _due(seconds: float) -> str:
    if seconds < -OVERDUE:
        return f"due for {many(round(-seconds / 60), 'minute')}: see whether a worker runs (casebridge doctor)"
    return f"looked at again in {max(0.0, seconds):.0f} s"


def _reply(one: Answered) -> list[str]:
    sent = f" {utc(one.tried_at)}" if one.state == "sent" and one.tried_at else ""
    says = f"{'private ' if one.private else ''}reply {one_line(one.id)}: {one.state}{sent}"
    lines = [_line("replied", one.taken_at, "  ".join(filter(None, (says, one_line(one.url)))))]
    return lines + ([f"{INDENT}{one_line(one.reason)}"] if one.reason else [])


# --- why there is none ----------------------------------------------------------------------------------------


def absent(name: str, found: Around) -> str:
    """Tell what may be why a message never came, and what to do."""
    lines = [f"no message with the id, key or address {name!r} was ever received here", ""]
    among = "" if found.whole else ", among the latest messages"
    lines.append(f"What each account brought last{among}:")
    lines += [f"  {utc(at)}  {_where(key)}" for key, at in found.latest.items()] or ["  nothing"]
    if found.skipped:
        lines.append("What came in the last 7 days and was no message:")
        most = sorted(found.skipped.items(), key=lambda counted: -counted[1])
        lines += [
            f"  {n:>6}  {one_line(f'{connection}: {SKIPPED.get(reason, reason)} ({event})')}"
            for (connection, reason, event), n in most[:MOST]
        ]
        lines += [f"          and {len(most) - MOST} kinds more: casebridge ledger"] if len(most) > MOST else []
    if found.paused:
        lines.append("What rests:")
        lines += [f"  {one_line(crm)}: {one_line(why)}" for crm, why in found.paused.items()]
    return "\n".join([*lines, TO_DO])


def _where(key: tuple[str, str]) -> str:
    connection, account = key
    return one_line(f"{connection} / {account}" if account else f"{connection} (unreadable)")


# --- as JSON --------------------------------------------------------------------------------------------------


def document(told: Sequence[Story], sets: Sets, *, words: bool = False) -> str:
    """Return the stories as JSON, with whole values. Times are ISO, in UTC; null = it did not happen."""
    return json.dumps({"stories": [_one(one, sets, words=words) for one in told]}, indent=2, default=_iso)


def _one(told: Story, sets: Sets, *, words: bool) -> dict[str, Any]:
    one, message = told.item, told.message
    what = decided.load(one.decision)
    found = {
        "key": one.key,
        "number": one.id,
        "connection": _connection(told),
        "account": one.points_at[1],
        "kind": message.kind if message else None,
        "change": one.change,
        "fetched": told.fetched,
        "received_at": message.received_at if message else told.stored_at,
        "stored_at": told.stored_at,
        "lane": one.lane,
        "lacking": list(message.lacking) if message else [],
        "deleted": one.deleted,
        "masked": told.masked,
        "placed_at": told.placed_at,
        "mapping": one.mapping,
        "revision": one.revision,
        "for": one.case_id,
        "decided": [
            {"name": n, "value": what.values.get(n), "line": line, "written": _text_of(line, one.revision, sets)}
            for n, line in what.lines.items()
        ],
        "person": what.person.id,
        "missing": _left_out(what),
        "sent_at": told.frozen_at,
        "state": one.state,
        "settled_at": told.settled_at,
        "reason": one.reason,
        "written": _text_of(one.reason, one.revision, sets) if one.state == "dropped" else "",
        "attempts": told.attempts,
        "job": told.job,
        "why": told.why,
        "unsure": told.unsure,
        "due_in": told.due_in,
        "behind": told.behind,
        "rests": told.rests,
        "case": one.crm_case,
        "link": told.link,
        "warnings": list(told.warnings),
        "replies": [asdict(reply) for reply in told.replies],
        "answered_at": told.answered_at,
    }
    said = {"text": message.text, "language": message.language} if words and message else {}
    return {**found, **said}


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def absence(found: Around) -> str:
    """Return the same as `absent` tells, as JSON."""
    latest = [{"connection": c, "account": a, "at": at} for (c, a), at in found.latest.items()]
    skipped = [
        {"connection": c, "reason": reason, "event": event, "times": n}
        for (c, reason, event), n in found.skipped.items()
    ]
    told = {"stories": [], "latest": latest, "skipped": skipped, "paused": dict(found.paused)}
    return json.dumps(told, indent=2, default=_iso)
