"""What Zendesk's lists say of the fields of tickets and users. Pure.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_forms/
https://developer.zendesk.com/api-reference/ticketing/users/user_fields/
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from adapters.zendesk import tickets, users
from adapters.zendesk.answers import Json, each
from bridge.ports import FieldFacts, ObjectFacts, RecordType

Rows = Sequence[Json]

TYPES: Mapping[str, str] = {
    "text": "string",
    "textarea": "textarea",
    "regexp": "string",
    "integer": "int",
    "decimal": "decimal",
    "checkbox": "boolean",
    "date": "date",
    "tagger": "picklist",
    "dropdown": "picklist",
    "multiselect": "picklist",  # a text is one of its options
    "lookup": "number_of_record",
}
"""A custom field's type -> ours. tagger is the drop-down of tickets, dropdown that of users."""

SYSTEM: Mapping[str, str] = {
    "tickettype": "type",
    "priority": "priority",
    "basic_priority": "priority",
    "status": "status",
}
"""Type of a system field with options -> the field's name."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "type": ("problem", "incident", "question", "task"),
    "priority": ("urgent", "high", "normal", "low"),
    "status": ("new", "open", "pending", "hold", "solved", "closed"),
}
"""What a field takes where the account does not say."""

UNLISTED: Mapping[str, tuple[str, ...]] = {"status": ("new", "closed")}  #: taken, though nobody can choose it

PLAIN: Mapping[str, str] = {
    "tags": "words",
    "due_at": "datetime",
    "assignee_email": "email",
    "recipient": "email",
    "email": "email",
    "description": "textarea",
    "details": "textarea",
    "notes": "textarea",
    **dict.fromkeys(tickets.NUMBERS, "number_of_record"),
}
"""Field that is in every account -> its type; the others take a line of text."""


def of_tickets(fields: Rows, records: Mapping[str, Rows]) -> ObjectFacts:
    """What the account says of tickets.

    fields: its ticket fields. records: field -> the groups, agents, brands or ticket forms that its id can stand
    for; without ticket forms the account's plan has none.
    """
    every = {name: _plain(name, tickets.LENGTHS.get(name, 0)) for name in (*tickets.FIELDS, "external_id")}
    every |= {name: _choice(name, ()) for name in CHOICES}
    every |= {name: _choice(name, _options(row)) for row in fields if (name := SYSTEM.get(_text(row, "type")))}
    statuses = next((row for row in fields if row.get("type") == "custom_status"), {})
    ids = {**records, "custom_status_id": each(statuses.get("custom_statuses"))}
    every |= {name: _numbered(name, rows) for name, rows in ids.items() if rows}
    forms = records.get("ticket_form_id", ())
    if not forms:
        del every["ticket_form_id"]
    made = (row for row in fields if row.get("removable") is True or _text(row, "type") in TYPES)
    own = {name: _own(row, name) for row in made if (name := f"custom_field_{row.get('id')}")}
    return ObjectFacts(
        name="ticket",
        fields={**every, **own},
        record_types=tuple(_form(form, sorted(every), own) for form in forms if usable(form)),
        type_field="ticket_form_id",
    )


def of_users(fields: Rows) -> ObjectFacts:
    """What the account says of users. fields: its user fields."""
    every = {name: _plain(name) for name in users.FIELDS}
    own = {name: _own(row, name) for row in fields if (name := f"user_field_{_text(row, 'key')}")}
    return ObjectFacts(name="user", fields={**every, **own})


def usable(row: Json) -> bool:
    """Whether tickets can still be given to it."""
    away = any(row.get(name) for name in ("deleted", "is_deleted", "suspended"))
    return not away and row.get("active") is not False


def _plain(name: str, length: int = 0) -> FieldFacts:
    # Zendesk lets two tickets have one external_id: it is our books that keep it single.
    key = name == "external_id"
    kind = PLAIN.get(name, "string")
    return FieldFacts(name=name, type=kind, length=length, unique=key, external_id=key, case_sensitive=key)


def _choice(name: str, options: Sequence[tuple[str, str]]) -> FieldFacts:
    """A system field with options. Upper and lower case make a difference in all of them."""
    values = tuple(value for value, _ in options) or CHOICES[name]
    more = tuple(value for value in UNLISTED.get(name, ()) if value not in values)
    return FieldFacts(name=name, type="picklist", restricted=True, case_sensitive=True, values=(*values, *more))


def _numbered(name: str, rows: Rows) -> FieldFacts:
    """A field that takes the id of one of these."""
    there = [row for row in rows if usable(row)]
    return FieldFacts(
        name=name,
        type="number_of_record",
        restricted=True,
        values=tuple(str(row.get("id")) for row in there),
        labels=tuple(_text(row, "agent_label") or _text(row, "name") for row in there),
    )


def _own(row: Json, name: str) -> FieldFacts:
    """A field that an admin of the account has made."""
    kind, options = _text(row, "type"), _options(row)
    return FieldFacts(
        name=name,
        type=TYPES.get(kind, "string"),
        label=_text(row, "title"),
        active=row.get("active") is not False,
        restricted=TYPES.get(kind) == "picklist",
        case_sensitive=True,
        values=tuple(value for value, _ in options),
        labels=tuple(label for _, label in options),
        pattern=_text(row, "regexp_for_validation") if kind == "regexp" else "",
    )


def _options(row: Json) -> list[tuple[str, str]]:
    """The options of a list, each with what agents see."""
    given = [*each(row.get("custom_field_options")), *each(row.get("system_field_options"))]
    return [(_text(one, "value"), _text(one, "name")) for one in given if _text(one, "value")]


def _form(form: Json, everywhere: Sequence[str], own: Collection[str]) -> RecordType:
    """A ticket form. Fields of Zendesk's own are seen on every ticket, or are none that agents look for."""
    given = form.get("ticket_field_ids")
    names = [f"custom_field_{one}" for one in given] if isinstance(given, list) else []
    fields = (*everywhere, *(name for name in names if name in own)) if names else ()
    return RecordType(id=str(form.get("id")), name=_text(form, "name"), fields=fields)


def _text(row: Json, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
