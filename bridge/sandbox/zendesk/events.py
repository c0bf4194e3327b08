"""What happened to a ticket, in the form in which event webhooks tell of it. Pure.

https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bridge.sandbox.zendesk import shapes
from bridge.sandbox.zendesk.rows import Ticket

PREFIX = "zen:event-type:ticket."
VERSION = "2022-11-06"
TYPES = frozenset(
    PREFIX + name
    for name in (
        "agent_assignment_changed", "attachment_linked_to_comment", "attachment_redacted_from_comment",
        "brand_changed", "comment_added", "comment_made_private", "comment_redacted", "created", "csat_received",
        "csat_requested", "custom_field_changed", "custom_status_changed", "description_changed",
        "email_ccs_changed", "external_id_changed", "followers_changed", "form_changed",
        "group_assignment_changed", "marked_as_spam", "merged", "next_sla_breach_changed", "ola_policy_changed",
        "organization_changed", "permanently_deleted", "priority_changed", "problem_link_changed",
        "requester_changed", "schedule_changed", "sla_policy_changed", "soft_deleted", "status_changed",
        "subject_changed", "submitter_changed", "tags_changed", "task_due_at_changed", "type_changed", "undeleted",
    )
)  # fmt: skip
"""What a webhook can subscribe to. The sandbox tells of those that this module makes."""
CHANNELS: Mapping[str, str] = {"api": "web_service", "web": "web_form"}

Event = Mapping[str, Any]
User = Mapping[str, Any]


def of_audit(audit: Mapping[str, Any], authors: Mapping[int, User]) -> Iterator[tuple[str, Event]]:
    """The events of one change: the type without its prefix, and the event itself. authors: of the comments."""
    if any(event["type"] == "Create" for event in audit["events"]):
        yield "created", {}
    for event in audit["events"]:
        if event["type"] == "Comment":
            yield "comment_added", {"comment": _comment(event, authors[event["author_id"]])}
            for file in event["attachments"]:
                comment = {"attachment": _attachment(file, event), "id": str(event["id"])}
                yield "attachment_linked_to_comment", {"comment": comment}
        if event["type"] == "Change" and event["field_name"] == "status":
            current, previous = event["value"].upper(), event["previous_value"].upper()
            yield "status_changed", {"current": current, "previous": previous}


def envelope(name: str, event: Event, ticket: Ticket, *, own: str, actor: int, at: str) -> str:
    """The body of one call. own: the event's id; at: when it happened, to the nanosecond."""
    body = {
        "account_id": shapes.ACCOUNT,
        "detail": detail(ticket, actor),
        "event": event,
        "id": own,
        "subject": f"zen:ticket:{ticket.id}",
        "time": at,
        "type": PREFIX + name,
        "zendesk_event_version": VERSION,
    }
    return json.dumps(body, indent=3, ensure_ascii=False)


def detail(ticket: Ticket, actor: int) -> dict[str, Any]:
    """The ticket as it is then: ids as text, words in capitals, and three ways to say that there is nothing."""
    fields = ticket.fields
    return {
        "actor_id": str(actor),
        "assignee_id": str(fields["assignee_id"] or ""),
        "brand_id": str(fields["brand_id"]),
        "created_at": fields["created_at"],
        "custom_status": str(fields["custom_status_id"]),
        "description": fields["description"],
        "external_id": fields["external_id"],
        "form_id": str(fields["ticket_form_id"]),
        "group_id": str(fields["group_id"] or 0),
        "id": str(ticket.id),
        "is_public": fields["is_public"],
        "organization_id": str(fields["organization_id"] or 0),
        "priority": (fields["priority"] or "").upper(),
        "requester_id": str(fields["requester_id"]),
        "status": "DELETED" if ticket.deleted else fields["status"].upper(),
        "subject": fields["subject"] or "",
        "submitter_id": str(fields["submitter_id"]),
        "tags": fields["tags"],
        "type": (fields["type"] or "").upper(),
        "updated_at": fields["updated_at"],
        "via": {"channel": CHANNELS.get(fields["via"]["channel"], fields["via"]["channel"])},
    }


def _comment(event: Event, author: User) -> Event:
    staff = author["role"] != "end-user"
    return {
        "author": {"id": str(author["id"]), "is_staff": staff, "name": author["name"]},
        "body": event["plain_body"],
        "id": str(event["id"]),
        "is_public": event["public"],
    }


def _attachment(file: Mapping[str, Any], event: Event) -> Event:
    return {
        "content_type": file["content_type"],
        "content_url": file["content_url"],
        "filename": file["file_name"],
        "id": str(file["id"]),
        "is_public": event["public"],
    }
