"""A plan as an admin reads it, and as a program does. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from bridge.mapping.filters import as_text
from bridge.plan.compare import AGAIN, ChangedCase, ChangedMessage, Difference, Kind, Plan, Said
from bridge.plan.paper import Case, Comment
from bridge.ports import Value
from bridge.printing import change, excerpt, many, one_line

EXCERPT, LONGEST = 60, 80  #: characters of a message, and of a value
NOT_DECIDED = Said(value="(not decided)")

LEFT_OUT: Mapping[str, str] = {
    "deleted": "left out, because the author deleted the text: nobody knows any more what it said",
    "our_reply": "left out, because agents wrote it in the CRM: no mapping is asked",
    "unreadable": "left out, because nobody can read what is stored",
}
ENDS: Mapping[str, str] = {
    "filed": "filed now",
    "dropped": "dropped",
    "dead": "dead",
    "waits": "waiting for another message",
    f"dropped{AGAIN}": "dropped for another reason",
    f"dead{AGAIN}": "dead for another reason",
}


def text(plan: Plan) -> str:
    """Write each message and each case that would change, the summary, and what could not be known."""
    blocks = [_message(one) for one in plan.changed] + [_case(one) for one in plan.cases]
    return "\n\n".join([*blocks, "\n".join([summary(plan), *_unknown(plan)])])


def summary(plan: Plan) -> str:
    """Say in a sentence or two how much would change."""
    through = many(plan.messages, "message")
    if not plan.changes:
        return f"Nothing would change: {through} went through both."
    counts = [_count(kind, name, n) for (kind, name), n in plan.counts.items()]
    messages = f"{len(plan.changed)} of {through} would change" + (f": {', '.join(counts)}." if counts else ".")
    messages = messages if plan.changed else "The same is decided of each message, but not the same filed."
    kinds = [_kind(one) for one in plan.cases]
    cases = [f"{kinds.count(kind)} {kind}" for kind in ("new", "not opened", "changed") if kind in kinds]
    return f"{messages} Cases: {', '.join(cases)}." if cases else messages


def _count(kind: Kind, name: str, n: int) -> str:
    match kind:
        case "decided":
            return many(n, name)
        case "end":
            return f"{n} {ENDS[name]}"
        case "mapping":
            return f"{n} taken by another mapping"
        case _:
            return f"{n} in another case"


def _unknown(plan: Plan) -> Iterator[str]:
    for why, n in plan.left_out.items():
        yield f"{many(n, 'message')} {LEFT_OUT[why]}."
    if plan.waiting:
        waits = "waits" if plan.waiting == 1 else "wait"
        yield f"{many(plan.waiting, 'message')} {waits} for another one, which has not come."
    if plan.strangers:
        whom = "an author" if plan.strangers == 1 else f"{plan.strangers} authors"
        yield f"Who {whom} would be in the CRM is not known here: it was not asked, and its fields stay empty."


# --- messages -------------------------------------------------------------------------------------------------


def _message(one: ChangedMessage) -> str:
    said = excerpt(one.text, EXCERPT)
    return "\n".join([f"{one_line(one.key)}  {said}".rstrip(), *_aligned([_line(d) for d in one.differs])])


def _line(one: Difference) -> tuple[str, str]:
    sides = (one.before, one.after)
    if one.kind == "end" and all(side and side.value.partition(":")[0] in ("filed", "dropped") for side in sides):
        return "dropped", " -> ".join(_dropped(side) for side in sides if side)
    label = {"end": "ends", "mapping": "taken by", "case": "case", "decided": one.name}[one.kind]
    was, now = (side or NOT_DECIDED for side in sides)
    return label, change(was.value, now.value, (was.line, now.line))


def _dropped(one: Said) -> str:
    return f"by {one.line}" if one.line else one.value.partition(": ")[2] or "no"


# --- cases ----------------------------------------------------------------------------------------------------


def _kind(one: ChangedCase) -> str:
    return "new" if one.before is None else "not opened" if one.after is None else "changed"


def _case(one: ChangedCase) -> str:
    there = one.after or one.before
    assert there is not None
    lines = _rows(there) if _kind(one) != "changed" else _changed(one)
    return "\n".join([f"case {one_line(one.name)}  {_kind(one)}", *_aligned(lines)])


def _rows(one: Case) -> list[tuple[str, str]]:
    fields = [(name, excerpt(_value(value), LONGEST)) for name, value in one.fields.items()]
    return [*fields, ("comments", str(len(one.comments)))] if one.comments else fields


def _changed(one: ChangedCase) -> list[tuple[str, str]]:
    lines = [(name, change(_value(was), _value(now))) for name, (was, now) in one.fields.items()]
    for sign, comments in zip(("-", "+"), one.comments, strict=True):
        lines += [(f"comment {sign}", _comment(comment)) for comment in comments]
    if not lines:
        lines.append(("comments", "the same ones, but in another order or with other files"))
    return lines


def _value(value: Value) -> str:
    return ", ".join(value) if isinstance(value, tuple) else as_text(value)


def _comment(one: Comment) -> str:
    return f"{excerpt(one.text, LONGEST)}{' (public)' if one.public else ''}"


def _aligned(lines: Sequence[tuple[str, str]]) -> list[str]:
    width = max((len(label) for label, _ in lines), default=0)
    return [f"  {label:<{width}}  {said}" for label, said in lines]


# --- for programs ---------------------------------------------------------------------------------------------


def as_json(plan: Plan) -> str:
    """Write everything with whole values, in ASCII: strangers chose the words."""
    found = {
        "messages": plan.messages,
        "summary": summary(plan),
        "changed": [asdict(one) for one in plan.changed],
        "cases": [asdict(one) | {"fields": one.fields, "comments": _both(one)} for one in plan.cases],
        "left_out": dict(plan.left_out),
        "waiting": plan.waiting,
        "strangers": plan.strangers,
    }
    return json.dumps(found, indent=2)


def _both(one: ChangedCase) -> Mapping[str, object]:
    return {side: [asdict(c) for c in told] for side, told in zip(("before", "after"), one.comments, strict=True)}
