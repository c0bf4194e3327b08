"""Create, change and delete one ticket: every check of the vendor first, then the write. Raises Refusal.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.sandbox.zendesk import bodies, comments, fields, refusals, ringing, rows, shapes, statuses, values
from bridge.sandbox.zendesk.comments import Event, Work
from bridge.sandbox.zendesk.rows import Ticket

LOGGED = (
    "subject", "type", "priority", "status", "requester_id", "assignee_id", "organization_id", "group_id",
    "external_id", "due_at", "tags", "brand_id", "ticket_form_id", "recipient", "problem_id",
)  # fmt: skip


def create(work: Work, given: Mapping[str, Any], *, number: int = 0) -> tuple[Ticket, dict[str, Any]]:
    """Insert a ticket with its first comment; it and its audit. number: the id it was promised, 0 = none."""
    first = bodies.need(given, "comment", dict)
    custom = bodies.optional(given, "metadata", dict) or {}
    changes = _checked(work, given)
    parent = _parent(work, given)
    ticket = _blank(work, number)
    _apply(work, ticket, changes)
    if parent is not None:
        _follow(work, ticket, parent, inherits=given.get("tags") is None)
    if ticket.fields["requester_id"] is None:
        ticket.fields["requester_id"] = work.actor
    # of a follow-up the submitter is ignored
    submitter = bodies.optional(given, "submitter_id", int) if parent is None else None
    comment = comments.comment(work, ticket, first, author=submitter)
    if comment is None:
        raise refusals.invalid_record({"base": ["Description: cannot be blank"]})
    ticket.fields["submitter_id"] = comment["author_id"] if parent is None else work.actor
    ticket.fields["description"] = comment["plain_body"]
    ticket.fields["is_public"] = comment["public"]
    made = comments.audit(work, ticket, [comment, *_created(ticket)], custom)
    rows.save_ticket(work.tx, ticket)
    return ticket, made


def update(
    work: Work, number: int, given: Mapping[str, Any], *, adds_tags: bool = False
) -> tuple[Ticket, dict[str, Any]]:
    """Change a ticket; it and its audit. adds_tags: `additional_tags` and `remove_tags` count, as in jobs."""
    ticket = living(work, number)
    given = values.with_tags(given, ticket.fields["tags"]) if adds_tags else given
    # any safe_update counts, false too; without it nothing is compared
    stamp = values.moment(given.get("updated_stamp"))
    if "safe_update" in given and stamp != values.moment(ticket.fields["updated_at"]):
        raise refusals.update_conflict()
    if ticket.fields["status"] == "closed":
        raise refusals.closed()
    custom = bodies.optional(given, "metadata", dict) or {}
    before = dict(ticket.fields)
    changes = _checked(work, given)
    if changes.get("status") == "closed" and before["status"] != "solved":
        raise refusals.invalid_record({"status": ["Status: is not a valid value"]})
    _apply(work, ticket, changes)
    comment = comments.comment(work, ticket, bodies.optional(given, "comment", dict) or {})
    if comment is not None:
        ticket.fields["is_public"] = ticket.fields["is_public"] or comment["public"]
        if comment["public"] and comment["author_id"] == work.actor:
            ticket.notes["replies"] += 1
    ticket.fields["updated_at"] = work.now
    made = comments.audit(work, ticket, [*([comment] if comment else []), *_changed(before, ticket)], custom)
    rows.save_ticket(work.tx, ticket)
    return ticket, made


def delete(work: Work, number: int) -> None:
    """Put a ticket away: it is found no more."""
    ticket = living(work, number)
    ticket.deleted = True
    ticket.fields["updated_at"] = work.now
    rows.save_ticket(work.tx, ticket)
    ringing.happened(work.tx, ticket, "soft_deleted", {}, actor=work.actor, now=work.now)


def living(work: Work, number: int) -> Ticket:
    """The ticket of that id, which is not deleted."""
    found = rows.ticket(work.tx, number)
    if found is None or found.deleted:
        raise refusals.not_found()
    return found


def _blank(work: Work, number: int) -> Ticket:
    notes = {
        "public": True,  #: what a comment is that does not say
        "comments": 0,
        "replies": 0,
        "reopens": 0,
        "solved_at": None,
        "status_updated_at": work.now,
        "latest_comment_added_at": work.now,
    }
    fields = shapes.new_ticket(work.now)
    fields["generated_timestamp"] = int(shapes.parsed_time(work.now).timestamp())
    return Ticket(id=number or rows.new_ticket_id(work.tx), fields=fields, notes=notes)


def _checked(work: Work, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values as stored; assignee_email stands for the agent who has it."""
    changes = values.checked(given, work.fields)
    email = bodies.optional(given, "assignee_email", str)
    if email:
        found = rows.users(work.tx, "email", [email])
        changes["assignee_id"] = found[0]["id"] if found else 0  # nobody's: refused like a wrong id
    return changes


def _apply(work: Work, ticket: Ticket, changes: Mapping[str, Any]) -> None:
    _check_people(work, changes)
    _check_records(work, changes)
    before = ticket.fields["status"]
    tags, custom = fields.settled(work.fields, ticket.fields, changes)
    status_of = statuses.chosen(work.tx, ticket.fields, changes)
    ticket.fields |= {**changes, **status_of, "tags": tags, "custom_fields": custom}
    status = ticket.fields["status"]
    if status == before:
        return
    over = ("solved", "closed")
    ticket.notes["status_updated_at"] = work.now
    if status in over and before not in over:
        ticket.notes["solved_at"] = work.now
    elif before in over and status not in over:
        ticket.notes["solved_at"] = None
        ticket.notes["reopens"] += 1


def _check_people(work: Work, changes: Mapping[str, Any]) -> None:
    if changes.get("requester_id") is not None:
        requester = rows.user(work.tx, changes["requester_id"])
        if requester is None:
            raise refusals.invalid_record({"requester": ["Requester: is invalid"]})
        if requester["suspended"]:
            raise refusals.invalid_record({"requester": [f"Requester: {requester['name']} is suspended"]})
    if changes.get("assignee_id") is not None:
        assignee = rows.user(work.tx, changes["assignee_id"])
        if assignee is None or assignee["role"] == "end-user":
            raise refusals.invalid_record({"assignee": ["Assignee: is invalid"]})


def _check_records(work: Work, changes: Mapping[str, Any]) -> None:
    for name, (label, kind) in values.REFERENCES.items():
        number = changes.get(name)
        if number is not None and all(one["id"] != number for one in rows.records(work.tx, kind)):
            raise refusals.invalid_record({name.removesuffix("_id"): [f"{label}: is invalid"]})


def _parent(work: Work, given: Mapping[str, Any]) -> Ticket | None:
    number = bodies.optional(given, "via_followup_source_id", int)
    found = None if number is None else rows.ticket(work.tx, number)
    # it works for closed tickets only, and is passed over otherwise
    return found if found and not found.deleted and found.fields["status"] == "closed" else None


def _follow(work: Work, ticket: Ticket, parent: Ticket, *, inherits: bool) -> None:
    origin = {"ticket_id": parent.id, "subject": parent.fields["subject"], "channel": "api"}
    ticket.fields["via"] = shapes.via("follow_up", **origin)
    if inherits:
        ticket.fields["tags"] = parent.fields["tags"]
    parent.fields["followup_ids"] = [*parent.fields["followup_ids"], ticket.id]
    rows.save_ticket(work.tx, parent)


def _created(ticket: Ticket) -> list[Event]:
    return [
        {"type": "Create", "value": _logged(value), "field_name": name}
        for name, value in _watched(ticket.fields).items()
        if value not in (None, [])
    ]


def _changed(before: Mapping[str, Any], ticket: Ticket) -> list[Event]:
    old = _watched(before)
    return [
        {"type": "Change", "value": _logged(value), "field_name": name, "previous_value": _logged(old.get(name))}
        for name, value in _watched(ticket.fields).items()
        if value != old.get(name)
    ]


def _watched(of: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: of[name] for name in LOGGED}, **of["custom_fields"]}


def _logged(value: Any) -> Any:
    return value if value is None or isinstance(value, list) else str(value)
