"""The JSON of tickets, comments, audits, metric sets and users: exactly the keys that the vendor sends. Pure.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#json-format
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.sandbox.zendesk.rows import Ticket

ACCOUNT = 24_680_135  #: the account's own id
GROUP, BRAND, FORM = 6_100_000_000_201, 6_100_000_000_301, 6_100_000_000_401
STATUSES: Mapping[str, int] = {
    "new": 6_100_000_000_501,
    "open": 6_100_000_000_502,
    "pending": 6_100_000_000_503,
    "hold": 6_100_000_000_504,
    "solved": 6_100_000_000_505,
    "closed": 6_100_000_000_505,
}  #: status -> custom_status_id; closed has none of its own
STAFF: Mapping[str, Any] = {"restricted_agent": False, "ticket_restriction": None, "verified": True}
DURATIONS = (
    "reply_time",
    "first_resolution_time",
    "full_resolution_time",
    "agent_wait_time",
    "requester_wait_time",
)


def shown_time(when: datetime) -> str:
    """A time as the vendor writes it: whole seconds, 2026-11-21T20:00:00Z. Sorts as text."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def via(rel: str | None = None, **origin: Any) -> dict[str, Any]:
    """How something came about; `origin`: the ticket that a follow-up follows."""
    return {"channel": "api", "source": {"from": origin, "to": {}, "rel": rel}}


def new_ticket(now: str) -> dict[str, Any]:
    """The fields of a ticket before anything is known of it, in the vendor's order, without url and id."""
    return {
        "external_id": None, "via": via(), "created_at": now, "updated_at": now, "generated_timestamp": 0,
        "type": None, "subject": None, "raw_subject": None, "description": "", "priority": None, "status": "new",
        "recipient": None, "requester_id": None, "submitter_id": None, "assignee_id": None,
        "organization_id": None, "group_id": None, "collaborator_ids": [], "follower_ids": [], "email_cc_ids": [],
        "forum_topic_id": None, "problem_id": None, "has_incidents": False, "is_public": True, "due_at": None,
        "tags": [], "custom_fields": {}, "satisfaction_rating": None, "sharing_agreement_ids": [],
        "custom_status_id": STATUSES["new"], "followup_ids": [], "ticket_form_id": FORM, "brand_id": BRAND,
        "allow_channelback": False, "allow_attachments": True, "from_messaging_channel": False,
    }  # fmt: skip


def ticket(root: str, found: Ticket, fields: Mapping[int, Any], *, listed: bool = False) -> dict[str, Any]:
    """A ticket as it is answered. listed: in GET /tickets, which leaves `fields` out."""
    values = [
        {"id": number, "value": found.fields["custom_fields"].get(str(number))}
        for number, spec in fields.items()
        if spec.get("active", True)
    ]
    shown: dict[str, Any] = {"url": f"{root}/tickets/{found.id}.json", "id": found.id}
    for name, value in found.fields.items():
        shown[name] = values if name == "custom_fields" else value
        if name == "custom_status_id" and not listed:
            shown["fields"] = values
    return shown


def metric_set(root: str, found: Ticket) -> dict[str, Any]:
    """The metrics of a ticket, of which the sandbox keeps the times and counts.

    https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metrics/
    """
    unknown = {"calendar": None, "business": None}
    notes, created = found.notes, found.fields["created_at"]
    number = 6_200_000_000_000 + found.id
    return {
        "url": f"{root}/ticket_metrics/{number}.json", "id": number, "ticket_id": found.id, "created_at": created,
        "updated_at": found.fields["updated_at"], "group_stations": 0, "assignee_stations": 0,
        "reopens": notes["reopens"], "replies": notes["replies"], "assignee_updated_at": None,
        "requester_updated_at": created, "status_updated_at": notes["status_updated_at"],
        "initially_assigned_at": None, "assigned_at": None, "solved_at": notes["solved_at"],
        "latest_comment_added_at": notes["latest_comment_added_at"],
        **{f"{name}_in_minutes": dict(unknown) for name in DURATIONS}, "on_hold_time_in_minutes": dict(unknown),
        "custom_status_updated_at": notes["status_updated_at"],
    }  # fmt: skip


def comment(audit: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """A comment as it is listed: its event, with what its audit knows."""
    more = {"via": audit["via"], "created_at": audit["created_at"], "metadata": audit["metadata"]}
    return {**event, **more}


def new_user(number: int, name: str, now: str) -> dict[str, Any]:
    """A customer of whom nothing but the name is known, in the vendor's order, without url."""
    return {
        "id": number, "name": name, "email": None, "created_at": now, "updated_at": now,
        "time_zone": "America/New_York", "iana_time_zone": "America/New_York", "phone": None,
        "shared_phone_number": None, "photo": None, "locale_id": 1, "locale": "en-US", "organization_id": None,
        "role": "end-user", "verified": False, "external_id": None, "tags": [], "alias": None, "active": True,
        "shared": False, "shared_agent": False, "last_login_at": None, "two_factor_auth_enabled": False,
        "signature": None, "details": None, "notes": None, "role_type": None, "custom_role_id": None,
        "moderator": False, "ticket_restriction": "requested", "only_private_comments": False,
        "restricted_agent": True, "suspended": False, "default_group_id": None, "report_csv": False,
        "user_fields": {},
    }  # fmt: skip


def user(root: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """A user as they are answered."""
    return {"id": found["id"], "url": f"{root}/users/{found['id']}.json", **found}


def parsed_time(text: str) -> datetime:
    """A time back from its stored form."""
    return datetime.fromisoformat(text)
