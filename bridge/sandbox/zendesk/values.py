"""What the fields of a ticket take, and what they make of it. Raises Refusal in the vendor's words. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from bridge.sandbox.zendesk import bodies, refusals, shapes

CHOICES: Mapping[str, tuple[str, ...]] = {
    "type": ("problem", "incident", "question", "task"),
    "priority": ("urgent", "high", "normal", "low"),
    "status": tuple(shapes.STATUSES),
}
TEXTS = ("external_id", "subject", "recipient")
REFERENCES: Mapping[str, tuple[str, str]] = {
    "group_id": ("Group", "groups"),
    "brand_id": ("Brand", "brands"),
    "ticket_form_id": ("Ticket form", "ticket_forms"),
    "organization_id": ("Organization", ""),  #: the account has none
    "problem_id": ("Problem", ""),
}
"""Field -> what it is called in a refusal, and the kind of record that it names."""
COMMENT = frozenset({"body", "html_body", "public", "author_id", "uploads"})
UNUSED = frozenset({
    "description", "raw_subject", "additional_collaborators", "attribute_value_ids",
    "collaborator_ids", "collaborators", "email_cc_ids", "email_ccs", "follower_ids", "followers", "macro_id",
    "macro_ids", "sharing_agreement_ids", "via",
})  # fmt: skip  #: allowed, and of no effect here
WRITABLE = frozenset({
    *CHOICES, *TEXTS, *REFERENCES, *UNUSED, "assignee_email", "assignee_id", "comment", "custom_fields",
    "custom_status_id", "due_at", "fields", "metadata", "requester_id", "safe_update", "submitter_id", "tags",
    "updated_stamp", "via_followup_source_id",
})  # fmt: skip


BULK = frozenset({"id", "additional_tags", "remove_tags"})  #: allowed in jobs besides


def unknown_keys(ticket: Mapping[str, Any], root: str = "ticket") -> list[str]:
    """The keys that the vendor ignores, as it names them below the root."""
    comment = ticket.get("comment")
    inner = sorted(set(comment) - COMMENT) if isinstance(comment, dict) else []
    return [
        *(f"{root}.{key}" for key in sorted(set(ticket) - WRITABLE)),
        *(f"{root}.comment.{key}" for key in inner),
    ]


def with_tags(given: Mapping[str, Any], tags: Sequence[str]) -> dict[str, Any]:
    """What a job gives a ticket of these tags, with those that it adds and removes worked into `tags`."""
    if not {"additional_tags", "remove_tags"} & set(given):
        return dict(given)
    begun = words(given, "tags") if "tags" in given else tags
    removed = set(words(given, "remove_tags"))
    added = [*begun, *words(given, "additional_tags")]
    return {**given, "tags": [tag for tag in dict.fromkeys(added) if tag not in removed]}


def checked(given: Mapping[str, Any], fields: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """The values of the fields that were given, as stored; what an id stands for is not checked."""
    values: dict[str, Any] = {}
    for name in given:
        if name in TEXTS:
            values[name] = bodies.optional(given, name, str)
        elif name in CHECKS:
            values[name] = CHECKS[name](given, name)
    for name in ("requester_id", "assignee_id"):
        if name in given:
            values[name] = bodies.optional(given, name, int)
    if "custom_fields" in given or "fields" in given:
        values["custom_fields"] = _custom(given.get("custom_fields", given.get("fields")), fields)
    if "subject" in values:
        values["raw_subject"] = values["subject"]
    return values


def _choice(given: Mapping[str, Any], name: str) -> str | None:
    value = given[name]
    if value is None and name != "status":
        return None
    if value not in CHOICES[name]:
        raise refusals.invalid_record({name: [f"{name.capitalize()}: is not a valid value"]})
    return str(value)


def _reference(given: Mapping[str, Any], name: str) -> int | None:
    value: int | None = bodies.optional(given, name, int)
    return value


def _status(given: Mapping[str, Any], name: str) -> int:
    return int(bodies.need(given, name, int))


def words(given: Mapping[str, Any], name: str) -> list[str]:
    """Tags as they are stored: in lower case, each once."""
    value = given.get(name)
    found = value.split() if isinstance(value, str) else bodies.optional(given, name, list) or []
    if not all(isinstance(word, str) for word in found):
        raise refusals.invalid_attribute(name, f"{name} must be an array of strings")
    return list(dict.fromkeys(part for word in found for part in word.lower().split()))


def _due_at(given: Mapping[str, Any], name: str) -> str | None:
    text = bodies.optional(given, name, str)
    if text is not None and moment(text) is None:
        raise refusals.invalid_attribute(name, f"{name} must be a date and time")
    return None if text is None or given.get("type") != "task" else str(text)


CHECKS: Mapping[str, Callable[[Mapping[str, Any], str], Any]] = {
    **dict.fromkeys(CHOICES, _choice),
    **dict.fromkeys(REFERENCES, _reference),
    "custom_status_id": _status,
    "tags": words,
    "due_at": _due_at,
}


def moment(text: Any) -> datetime | None:
    """A time with its zone out of ISO text; None = it is none."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else None


# --- custom fields


def _custom(given: Any, fields: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    pairs = given if isinstance(given, list) else [{"id": key, "value": value} for key, value in _items(given)]
    values = {}
    for pair in pairs:
        if not isinstance(pair, dict) or "id" not in pair:
            raise refusals.invalid_attribute("custom_fields", "each custom field must have an id")
        spec = next((one for number, one in fields.items() if str(number) == str(pair["id"])), None)
        # the vendor passes over what the account does not have, or has switched off
        if spec is not None and spec.get("active", True):
            values[str(spec["id"])] = custom_value(spec, pair.get("value"))
    return values


def _items(given: Any) -> list[tuple[str, Any]]:
    if given is not None and not isinstance(given, dict):
        raise refusals.invalid_attribute("custom_fields", "custom_fields must be an array")
    return list((given or {}).items())


def custom_value(spec: Mapping[str, Any], value: Any) -> Any:
    """What a field of an admin's making holds once this is written into it."""
    if value is None or value == "":
        return False if spec["type"] == "checkbox" else None
    if spec["type"] in ("tagger", "multiselect"):
        return _listed(spec, value)
    fits, wanted = FORMS[spec["type"]]
    if not fits(value) or not pattern(spec.get("regexp") or "").search(str(value)):
        kind = f"Field{spec['type'].capitalize()}"
        text = f"{spec['title']}: {wanted}"
        raise refusals.invalid_record({"base": [text]}, ticket_field_id=spec["id"], ticket_field_type=kind)
    return value if spec["type"] == "checkbox" else str(value)


def pattern(text: str) -> re.Pattern[str]:
    """The vendor's regular expression, in which the end of a text is \\z. Raises re.error."""
    return re.compile(text.replace(r"\z", r"\Z"))


def _listed(spec: Mapping[str, Any], value: Any) -> Any:
    options = spec.get("options")
    if spec["type"] == "multiselect":
        given = value if isinstance(value, list) else [value]
        return [one for one in given if options is None or one in options]
    return value if isinstance(value, str) and (options is None or value in options) else None


def _like(pattern: str) -> Callable[[Any], bool]:
    return lambda value: (
        not isinstance(value, bool | list | dict) and re.fullmatch(pattern, str(value)) is not None
    )


def _is_day(value: Any) -> bool:
    try:
        return _like(r"\d{4}-\d\d-\d\d")(value) and bool(date.fromisoformat(value))
    except ValueError:
        return False


_ANY_TEXT = (_like(r"(?s).*"), "is invalid")
FORMS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "text": _ANY_TEXT,
    "textarea": _ANY_TEXT,
    "regexp": _ANY_TEXT,
    "integer": (_like(r"[+-]?[0-9]{1,18}"), "must be an integer"),
    "decimal": (_like(r"[+-]?[0-9]{0,18}[.,]?[0-9]{1,18}"), "must be a decimal number"),
    "date": (_is_day, "must be a date"),
    "checkbox": (lambda value: isinstance(value, bool), "must be true or false"),
}
