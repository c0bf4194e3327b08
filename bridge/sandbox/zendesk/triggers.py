"""What is answered about triggers: made, changed, shown, deleted. When they fire: conditions.py.

https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.sandbox.wire import Answer
from bridge.sandbox.zendesk import bodies, conditions, listing, outbox, refusals, rows
from bridge.sandbox.zendesk.comments import Work
from bridge.sandbox.zendesk.outbox import BY_TRIGGER
from bridge.sandbox.zendesk.refusals import JSON, Refusal
from bridge.sandbox.zendesk.request import Request
from bridge.sandbox.zendesk.ringing import ACTION, TRIGGERS

WRITABLE = frozenset({"title", "active", "conditions", "actions", "description", "position", "category_id"})
CATEGORY = "10001"


def create(request: Request) -> Answer:
    given = bodies.root(bodies.read(request.call), "trigger")
    with request.writing() as work:
        made = {"id": rows.new_id(work.tx), "created_at": work.now, "default": False}
        blank = {"title": None, "active": True, "conditions": None, "actions": None, "description": ""}
        position = {"position": len(rows.records(work.tx, TRIGGERS)) + 1, "category_id": CATEGORY}
        trigger = _checked(work, {**made, **blank, **position}, given)
        rows.save_record(work.tx, TRIGGERS, trigger)
    headers = bodies.warning("triggers", "create", _unknown(given))
    return Answer(status=201, body={"trigger": _shown(request, trigger)}, type=JSON, headers=headers)


def index(request: Request) -> Answer:
    active = request.call.query.get("active")
    with request.reading() as work:
        found = rows.records(work.tx, TRIGGERS)
    shown = [_shown(request, one) for one in found if active in (None, str(one["active"]).lower())]
    url = f"{request.root}/triggers.json"
    return Answer(body=listing.paged(TRIGGERS, shown, url, request.call.query), type=JSON)


def show(request: Request) -> Answer:
    with request.reading() as work:
        found = _there(work, request.numbers[0])
    return Answer(body={"trigger": _shown(request, found)}, type=JSON)


def update(request: Request) -> Answer:
    """Change a trigger; conditions and actions take the place of all that it had."""
    given = bodies.root(bodies.read(request.call), "trigger")
    with request.writing() as work:
        trigger = _checked(work, _there(work, request.numbers[0]), given)
        rows.save_record(work.tx, TRIGGERS, trigger)
    headers = bodies.warning("triggers", "update", _unknown(given))
    return Answer(body={"trigger": _shown(request, trigger)}, type=JSON, headers=headers)


def delete(request: Request) -> Answer:
    with request.writing() as work:
        rows.drop_record(work.tx, TRIGGERS, _there(work, request.numbers[0])["id"])
    return Answer(status=204, type=JSON)


def _there(work: Work, number: int) -> dict[str, Any]:
    for found in rows.records(work.tx, TRIGGERS):
        if found["id"] == number:
            return found
    raise refusals.not_found()


def _shown(request: Request, trigger: Mapping[str, Any]) -> dict[str, Any]:
    number, title = trigger["id"], trigger["title"]
    shown = {"url": f"{request.root}/triggers/{number}.json", **trigger, "raw_title": title}
    names = (
        "url", "id", "title", "active", "updated_at", "created_at", "default", "actions", "conditions",
        "description", "position", "raw_title", "category_id",
    )  # fmt: skip
    return {name: shown[name] for name in names}


def _unknown(given: Mapping[str, Any]) -> list[str]:
    return [f"trigger.{key}" for key in sorted(set(given) - WRITABLE)]


def _checked(work: Work, before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A trigger as it is kept. Raises Refusal 422."""
    trigger = {**before, **{name: given[name] for name in WRITABLE if name in given}, "updated_at": work.now}
    if not isinstance(trigger["title"], str) or not trigger["title"].strip():
        raise refusals.invalid_record({"title": ["Title: cannot be blank"]})
    if not isinstance(trigger["active"], bool):
        raise refusals.invalid_attribute("active", "active must be a boolean")
    trigger["conditions"] = _conditions(trigger["conditions"])
    trigger["actions"] = _actions(work, trigger["actions"])
    return trigger


def _conditions(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _wrong("conditions must be an object")
    found = {name: given.get(name) or [] for name in ("all", "any")}
    if not all(isinstance(some, list) for some in found.values()):
        raise _wrong("conditions must be arrays")
    if not any(found.values()):
        raise _wrong("a trigger must have at least one condition")
    for condition in (*found["all"], *found["any"]):
        if problem := conditions.fault(condition):
            raise _wrong(problem)
    return found


def _actions(work: Work, given: Any) -> list[Any]:
    if not isinstance(given, list) or not given:
        raise _wrong("a trigger must have at least one action")
    callable_ = {hook.id for hook in outbox.webhooks(work.tx) if BY_TRIGGER in hook.subscriptions}
    for action in given:
        field, value = (action.get("field"), action.get("value")) if isinstance(action, dict) else (None, None)
        if field != ACTION:
            raise _wrong(f"{field!r} is no action that the sandbox has; there is {ACTION}")
        if not isinstance(value, list) or len(value) != 2 or not all(isinstance(part, str) for part in value):
            raise _wrong(f"{ACTION}: value must be a webhook's id and a body")
        if value[0] not in callable_:
            raise _wrong(f"{ACTION}: {value[0]!r} is no webhook that is connected to triggers")
    return given


def _wrong(problem: str) -> Refusal:
    return refusals.invalid_record({"base": [f"Trigger: {problem}"]})
