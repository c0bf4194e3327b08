"""Ticket fields: how they are kept, set up and shown, and the tags that their values are. Pure.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bridge.sandbox.zendesk import bodies, refusals, values

KINDS = ("text", "textarea", "integer", "decimal", "checkbox", "date", "tagger", "multiselect", "regexp")
LISTS = ("tagger", "multiselect")
KEYS: Mapping[str, type] = {
    "id": int, "title": str, "type": str, "options": list, "names": dict, "tag": str, "regexp": str,
    "description": str, "required": bool, "active": bool,
}  # fmt: skip  #: of a field as it is kept; options: values of a list, names: what agents see for them
SYSTEM: Sequence[tuple[str, str]] = (
    ("subject", "Subject"),
    ("description", "Description"),
    ("status", "Status"),
    ("tickettype", "Type"),
    ("priority", "Priority"),
    ("group", "Group"),
    ("assignee", "Assignee"),
    ("custom_status", "Ticket status"),
)
FIRST = 6_100_000_000_601  #: id of the first of them
SYSTEM_IDS = tuple(range(FIRST, FIRST + len(SYSTEM)))
IN_FIELD = (
    "url", "id", "status_category", "agent_label", "end_user_label", "description", "end_user_description",
    "active", "default", "created_at", "updated_at",
)  # fmt: skip  #: of a ticket status, in the field of them
UNUSED = frozenset({
    "agent_description", "collapsed_for_agents", "editable_in_portal", "position", "raw_title",
    "required_in_portal", "sub_type_id", "title_in_portal", "visible_in_portal",
})  # fmt: skip  #: allowed, and of no effect here
GIVEN: Mapping[str, type] = {
    "type": str, "title": str, "description": str, "tag": str, "regexp_for_validation": str, "active": bool,
    "required": bool, "custom_field_options": list,
}  # fmt: skip
Spec = Mapping[str, Any]


def checked(spec: Spec) -> dict[str, Any]:
    """A field as an admin commands it. Raises ValueError, one sentence."""
    if set(spec) - set(KEYS):
        raise ValueError(f"{', '.join(spec)}: a field has id, title, type and, where it is a list, options")
    fits = {"id", "title", "type"} <= set(spec) and all(
        isinstance(value, KEYS[name]) and (name != "id" or not isinstance(value, bool))
        for name, value in spec.items()
    )
    if not fits or spec["type"] not in KINDS:
        raise ValueError(f"send a number as id, a title, a type out of {', '.join(KINDS)}, a list as options")
    readable(spec)
    return dict(spec)


def readable(spec: Spec) -> None:
    """Raise ValueError where the field's regular expression is none."""
    try:
        values.pattern(spec.get("regexp") or "")
    except re.error:
        raise ValueError(f"regexp: {spec['regexp']!r} is no regular expression") from None


def unknown_keys(given: Spec) -> list[str]:
    """The keys that the vendor ignores, as it names them."""
    return [f"ticket_field.{key}" for key in sorted(set(given) - set(GIVEN) - UNUSED)]


def made(number: int, given: Spec) -> dict[str, Any]:
    """A field as the API makes it. Raises Refusal."""
    kind = bodies.need(given, "type", str)
    if kind not in KINDS:
        raise refusals.invalid_record({"type": ["Type: is not a valid value"]})
    if kind in LISTS and not given.get("custom_field_options"):
        raise refusals.invalid_record({"custom_field_options": ["Field options: cannot be blank"]})
    if not (bodies.optional(given, "title", str) or "").strip():
        raise refusals.invalid_record({"title": ["Title: cannot be blank"]})
    return changed({"id": number, "type": kind}, given)


def changed(spec: Spec, given: Spec) -> dict[str, Any]:
    """A field with what the API changes of it: options that are not named are gone. Raises Refusal."""
    new = {name: bodies.optional(given, name, kind) for name, kind in GIVEN.items() if given.get(name) is not None}
    if new.pop("type", spec["type"]) != spec["type"]:
        raise refusals.invalid_record({"type": ["Type: cannot be changed"]})
    options = new.pop("custom_field_options", None)
    if "regexp_for_validation" in new:
        new["regexp"] = new.pop("regexp_for_validation")
    try:
        readable(new)
    except ValueError:
        raise refusals.invalid_record({"regexp_for_validation": ["Regexp: is invalid"]}) from None
    return {**spec, **new, **({} if options is None else _options(options))}


def _options(given: Sequence[Any]) -> dict[str, Any]:
    names: dict[str, str] = {}
    for one in given:
        value, name = (one.get("value"), one.get("name")) if isinstance(one, dict) else (None, None)
        if not isinstance(value, str) or not isinstance(name, str) or not value.strip() or not name.strip():
            raise refusals.invalid_record({"custom_field_options": ["Field options: name and value are required"]})
        tag = "_".join(value.lower().split())
        if tag in names:
            raise refusals.invalid_record({"custom_field_options": [f"Field options: {tag} is used twice"]})
        names[tag] = name
    return {"options": list(names), "names": names}


# --- shown


def all_shown(root: str, specs: Iterable[Spec], statuses: Sequence[Spec], now: str) -> list[dict[str, Any]]:
    """Every field of the account, the system's own first. statuses: that tickets can have."""
    system = [{"id": number, "type": kind, "title": title} for number, (kind, title) in _numbered()]
    found = [shown(root, one, now, system=True) for one in system]
    found[-1]["custom_statuses"] = [{name: one[name] for name in IN_FIELD} for one in statuses]
    return [*found, *(shown(root, one, now) for one in specs)]


def _numbered() -> Iterable[tuple[int, tuple[str, str]]]:
    return zip(SYSTEM_IDS, SYSTEM, strict=True)


def shown(root: str, spec: Spec, now: str, *, system: bool = False) -> dict[str, Any]:
    """A field in the vendor's order."""
    title, described = spec["title"], spec.get("description", "")
    field = {
        "url": f"{root}/ticket_fields/{spec['id']}.json", "id": spec["id"], "type": spec["type"], "title": title,
        "raw_title": title, "description": described, "raw_description": described, "position": 0,
        "active": spec.get("active", True), "required": spec.get("required", False), "collapsed_for_agents": False,
        "regexp_for_validation": spec.get("regexp"), "title_in_portal": title, "raw_title_in_portal": title,
        "visible_in_portal": False, "editable_in_portal": False, "required_in_portal": False,
        "agent_can_edit": True, "tag": spec.get("tag"), "created_at": now, "updated_at": now,
        "removable": not system, "key": None, "agent_description": "",
    }  # fmt: skip
    if spec["type"] in LISTS:
        field["custom_field_options"] = [_option(spec, place) for place in range(len(spec.get("options", [])))]
    if spec["type"] in ("status", "tickettype", "priority"):
        field["system_field_options"] = [{"name": one.capitalize(), "value": one} for one in CHOICES[spec["type"]]]
    return field


def _option(spec: Spec, place: int) -> dict[str, Any]:
    value = spec["options"][place]
    name = spec.get("names", {}).get(value, value)
    number = spec["id"] * 1000 + place if spec["id"] < 10**12 else spec["id"] + 10**12 + place
    return {"id": number, "name": name, "raw_name": name, "value": value, "default": False}


CHOICES: Mapping[str, Sequence[str]] = {
    "status": ("open", "pending", "hold", "solved"),
    "tickettype": ("question", "incident", "problem", "task"),
    "priority": ("low", "normal", "high", "urgent"),
}


# --- the tags that values are


def settled(
    specs: Mapping[int, Spec], before: Mapping[str, Any], changes: Mapping[str, Any]
) -> tuple[list[str], dict[str, Any]]:
    """Tags and custom fields after a change: the value of a list is a tag too, as is a checked box that has one.

    before, changes: `tags` and `custom_fields` of the ticket, and of what is written. Choosing another value takes
    the old one's tag away; taking a value's tag away empties the field, and giving one chooses it.
    """
    custom = {**before["custom_fields"], **changes.get("custom_fields", {})}
    tags = list(changes.get("tags", before["tags"]))
    for number, spec in specs.items():
        key = str(number)
        if key in changes.get("custom_fields", {}):
            old, new = tags_of(spec, before["custom_fields"].get(key)), tags_of(spec, custom[key])
            tags = [tag for tag in tags if tag not in old or tag in new]
            tags += [tag for tag in new if tag not in tags]
        elif "tags" in changes and (spec["type"] in LISTS or spec.get("tag")):
            custom[key] = _chosen(spec, custom.get(key), tags)
    return tags, custom


def tags_of(spec: Spec, value: Any) -> list[str]:
    """The tags that a value is; [] = it is none."""
    if spec["type"] == "checkbox":
        return [spec["tag"]] if value is True and spec.get("tag") else []
    if spec["type"] not in LISTS or value is None:
        return []
    return [str(one).lower() for one in (value if isinstance(value, list) else [value])]


def _chosen(spec: Spec, value: Any, tags: Sequence[str]) -> Any:
    """The value of a field by the tags of its ticket."""
    if spec["type"] == "checkbox":
        return spec["tag"] in tags
    named = [one for one in spec.get("options", tags_of(spec, value)) if one.lower() in tags]
    if spec["type"] == "multiselect":
        return named
    return value if value in named else next(iter(named), None)
