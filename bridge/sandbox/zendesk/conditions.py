"""When a trigger fires, and what it writes into its call. Pure.

https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.sandbox.zendesk.rows import Ticket

RANKS: Mapping[str, tuple[str, ...]] = {
    "status": ("new", "open", "pending", "hold", "solved", "closed"),
    "priority": ("low", "normal", "high", "urgent"),
}
PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
Condition = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a ticket, as triggers look at it."""

    ticket: Ticket  #: as it is after it
    created: bool
    before: Mapping[str, Any] = field(default_factory=dict)  #: changed field -> the value that it had
    public: bool | None = None  #: of the comment that came with it; None = none came
    updater: int = -1
    role: str = "agent"  #: of the updater: agent, end_user, system


def of_audit(audit: Mapping[str, Any], ticket: Ticket, *, role: str) -> Change:
    """The change that an audit tells of."""
    events = audit["events"]
    comments = [event["public"] for event in events if event["type"] == "Comment"]
    return Change(
        ticket=ticket,
        created=any(event["type"] == "Create" for event in events),
        before={event["field_name"]: event["previous_value"] for event in events if event["type"] == "Change"},
        public=comments[-1] if comments else None,
        updater=audit["author_id"],
        role=role,
    )


def holds(conditions: Mapping[str, Any], change: Change) -> bool:
    """Whether all of `all` are met, and one of `any` where it has some."""
    every, some = conditions.get("all") or [], conditions.get("any") or []
    return all(_meets(one, change) for one in every) and (not some or any(_meets(one, change) for one in some))


def fault(condition: Any) -> str:
    """What is wrong with a condition; "" = nothing."""
    if not isinstance(condition, dict):
        return "each condition must be an object"
    name, operator, value = (condition.get(key) for key in ("field", "operator", "value"))
    if not isinstance(name, str) or name not in FIELDS:
        return f"{name!r} is no field that the sandbox has conditions for; there are {', '.join(FIELDS)}"
    if not isinstance(operator, str) or operator not in FIELDS[name]:
        return f"{name}: {operator!r} is none of {', '.join(FIELDS[name])}"
    if name in WORDS and operator not in VALUELESS and value not in WORDS[name]:
        return f"{name}: {value!r} is none of {', '.join(WORDS[name])}"
    return ""


def filled(text: str, change: Change) -> str:
    """Text with its placeholders replaced, those that are not known by nothing. Quotes are not escaped."""
    fields = change.ticket.fields
    known = {
        "ticket.id": str(change.ticket.id),
        "ticket.external_id": fields["external_id"] or "",
        "ticket.updated_at_with_timestamp": fields["updated_at"],
        "current_user.id": str(change.updater),
    }
    return PLACEHOLDER.sub(lambda found: known.get(found[1], ""), text)


def _meets(condition: Condition, change: Change) -> bool:
    name, operator = condition["field"], condition["operator"]
    return FIELDS[name][operator](name, condition.get("value"), change)


# --- what a condition compares


def _now(name: str, change: Change) -> str:
    return _text(change.ticket.fields[name])


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _is(name: str, value: Any, change: Change) -> bool:
    wanted = str(change.updater) if name == "assignee_id" and value == "current_user" else _text(value)
    return _now(name, change) == wanted


def _changed(name: str, _: Any, change: Change) -> bool:
    return name in change.before


def _to(name: str, value: Any, change: Change) -> bool:
    return (name in change.before or change.created) and _now(name, change) == _text(value)


def _from(name: str, value: Any, change: Change) -> bool:
    return name in change.before and _text(change.before[name]) == _text(value)


def _over(name: str, value: Any, change: Change) -> int:
    """How many ranks the field is over the value; 0 where one of them has no rank."""
    ranks, now = RANKS[name], _now(name, change)
    return ranks.index(now) - ranks.index(value) if now in ranks and value in ranks else 0


def _comment(_: str, value: Any, change: Change) -> bool:
    if change.public is None:
        return False
    return value in ("not_relevant", str(change.public).lower())


def _role(_: str, value: Any, change: Change) -> bool:
    return value in (change.role, str(change.updater))


def _tagged(_: str, value: Any, change: Change) -> bool:
    return not set(_text(value).split()).isdisjoint(change.ticket.fields["tags"])


Test = Callable[[str, Any, Change], bool]


def _not(test: Test) -> Test:
    return lambda name, value, change: not test(name, value, change)


VALUED: Mapping[str, Test] = {
    "is": _is,
    "is_not": _not(_is),
    "changed": _changed,
    "not_changed": _not(_changed),
    "value": _to,
    "not_value": _not(_to),
    "value_previous": _from,
    "not_value_previous": _not(_from),
}
RANKED: Mapping[str, Test] = {
    **VALUED,
    "less_than": lambda name, value, change: _over(name, value, change) < 0,
    "greater_than": lambda name, value, change: _over(name, value, change) > 0,
}
VALUELESS = ("changed", "not_changed")
WORDS: Mapping[str, tuple[str, ...]] = {
    "update_type": ("Create", "Change"),
    "comment_is_public": ("true", "false", "not_relevant"),
    **RANKS,
}
"""The values that a field can be compared with, where they are fixed."""
FIELDS: Mapping[str, Mapping[str, Test]] = {
    "update_type": {"is": lambda _, value, change: change.created == (value == "Create")},
    "comment_is_public": {"is": _comment},
    "role": {"is": _role, "is_not": _not(_role)},
    "current_tags": {"includes": _tagged, "not_includes": _not(_tagged)},
    "status": RANKED,
    "priority": RANKED,
    **dict.fromkeys(
        ("type", "assignee_id", "group_id", "requester_id", "brand_id", "ticket_form_id", "organization_id"),
        VALUED,
    ),
}
"""Field -> operator -> whether it holds."""
