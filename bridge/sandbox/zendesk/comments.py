"""Audits and the comments in them: written with a ticket, redacted, made private."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.zendesk import bodies, markup, refusals, ringing, rows, shapes, uploads
from bridge.sandbox.zendesk.rows import Ticket

Event = dict[str, Any]
MOST_COMMENTS = 5_000  # of one ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one request works with."""

    tx: sqlite3.Connection
    fields: Mapping[int, Mapping[str, Any]]  #: the account's ticket fields
    now: str  #: as stored
    actor: int  #: whom the token stands for
    client: str  #: what it says it is
    channel: str = "api"  #: web = an agent's page


def audit(work: Work, ticket: Ticket, events: list[Event], custom: Mapping[str, Any]) -> dict[str, Any]:
    """Store what one request did to a ticket, and give it as it is answered."""
    number = rows.new_id(work.tx)
    for event in events:
        event["id"] = rows.new_id(work.tx)
        if event["type"] == "Comment":
            event["audit_id"] = number
    place = {"ip_address": "127.0.0.1", "location": "Sandbox", "latitude": 0.0, "longitude": 0.0}
    made = {
        "id": number,
        "ticket_id": ticket.id,
        "created_at": work.now,
        "author_id": work.actor,
        "metadata": {"system": {"client": work.client, **place}, "custom": custom},
        "events": [{"id": event["id"], **event} for event in events],
        "via": {**shapes.via(), "channel": work.channel},
    }
    rows.save_audit(work.tx, made)
    ringing.changed(work.tx, ticket, made)
    return made


def comment(work: Work, ticket: Ticket, given: Mapping[str, Any], *, author: int | None = None) -> Event | None:
    """The event of a comment, counted on the ticket; None = nothing stands in it.

    author: whose it is where it does not say.
    """
    tokens = bodies.optional(given, "uploads", list) or []
    html, text = bodies.optional(given, "html_body", str), bodies.optional(given, "body", str)
    author_id = bodies.optional(given, "author_id", int) or author or work.actor
    public = bodies.optional(given, "public", bool)
    if not (html or text or "").strip():
        return None
    if rows.user(work.tx, author_id) is None:
        raise refusals.invalid_record({"author": ["Author: is invalid"]})
    if ticket.notes["comments"] >= MOST_COMMENTS:
        raise refusals.invalid_record({"base": [f"Ticket: cannot have more than {MOST_COMMENTS} comments"]})
    if html:
        stored = markup.html_of_html(html, ticket_id=ticket.id)
    else:
        stored = markup.html_of_text(text, ticket_id=ticket.id)
    ticket.notes["public"] = ticket.notes["public"] if public is None else public
    ticket.notes["comments"] += 1
    ticket.notes["latest_comment_added_at"] = work.now
    words = markup.plain(stored)
    return {
        "type": "Comment",
        "author_id": author_id,
        "body": words,
        "html_body": stored,
        "plain_body": words,
        "public": ticket.notes["public"],
        "attachments": _attached(work, tokens),
    }


def _attached(work: Work, tokens: list[Any]) -> list[dict[str, Any]]:
    """The files under these tokens, each good for one comment."""
    found: list[dict[str, Any]] = []
    for token in map(str, tokens):
        _, numbers = uploads.under(work.tx, token, shapes.parsed_time(work.now).timestamp())
        found += [file for number in numbers if (file := rows.file(work.tx, number))]
        rows.drop_upload(work.tx, token)
    return found


def redact_file(work: Work, ticket: Ticket, comment_id: int, number: int) -> dict[str, Any]:
    """Empty a file for good; it is answered as it was."""
    holder, event = _find(work, ticket, comment_id)
    file = next((one for one in event["attachments"] if one["id"] == number), None)
    if file is None:
        raise refusals.not_found()
    before = dict(file)
    file |= {"file_name": "redacted.txt", "content_type": "text/plain", "size": 0}
    rows.save_file(work.tx, file, b"")
    rows.save_audit(work.tx, holder)
    _touch(work, ticket, {"type": "AttachmentRedactionEvent", "comment_id": comment_id, "attachment_id": number})
    return before


def redact(work: Work, ticket: Ticket, comment_id: int, html: str) -> dict[str, Any]:
    """Put blocks for what the redact tags of the html_body enclose, for good; the comment as it is then."""
    holder, event = _find(work, ticket, comment_id)
    if markup.unmarked(html) != event["html_body"] or markup.unmarked(html) == html:
        raise refusals.invalid_record({"base": ["Html body: does not match the comment"]})
    event["html_body"] = markup.redacted(html)
    event["body"] = event["plain_body"] = markup.plain(event["html_body"])
    rows.save_audit(work.tx, holder)
    _, first = next(rows.comments(rows.audits(work.tx, ticket.id)))
    if first["id"] == comment_id:
        ticket.fields["description"] = event["plain_body"]
    _touch(work, ticket, {"type": "CommentRedactionEvent", "comment_id": comment_id})
    return event


def make_private(work: Work, ticket: Ticket, comment_id: int) -> None:
    """Hide a comment from the customer."""
    holder, event = _find(work, ticket, comment_id)
    if ticket.fields["status"] == "closed":
        raise refusals.closed()
    event["public"] = False
    rows.save_audit(work.tx, holder)
    found = rows.comments(rows.audits(work.tx, ticket.id))
    ticket.fields["is_public"] = any(one["public"] for _, one in found)
    _touch(work, ticket, {"type": "CommentPrivacyChange", "comment_id": comment_id, "public": False})


def _find(work: Work, ticket: Ticket, comment_id: int) -> tuple[Mapping[str, Any], Event]:
    for holder, event in rows.comments(rows.audits(work.tx, ticket.id)):
        if event["id"] == comment_id:
            return holder, event
    raise refusals.not_found()


def _touch(work: Work, ticket: Ticket, event: Event) -> None:
    audit(work, ticket, [event], {})
    ticket.fields["updated_at"] = work.now
    rows.save_ticket(work.tx, ticket)
