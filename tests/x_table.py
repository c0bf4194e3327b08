"""What X's callbacks, as X documents them and other projects recorded them, must come to: item by item.

The bodies are not ours to publish: they are read from a folder that CASEBRIDGE_PAYLOADS names, or that lies beside
the repository. Each line was written from what the payload means, before any parser ran.
"""

from __future__ import annotations

import json
from typing import Any

TABLE: dict[str, tuple[str, ...]] = {
    "x/chatwoot-twitter_message_create_event.json": ("direct created",),
    "x/vercelchat-captured-post.mention.create_inbound_mention.json": ("mention created",),
    "x/xdocs-aaa-direct_message_events.json": ("direct created",),
    "x/xdocs-aaa-direct_message_mark_read_events.json": ("skipped receipt direct_message_mark_read_events",),
    "x/xdocs-aaa-user_event.json": ("skipped system user_event:revoke",),
    "x/xdocs-xaa-Event_envelope.json": ("unreadable event: id is missing",),  # its payload is left out: {}
    "x/xdocs-xaa-broadcast.end.json": ("skipped system broadcast.end",),
    "x/xdocs-xaa-broadcast.start.json": ("skipped system broadcast.start",),
    "x/xdocs-xaa-chat.received.json": ("direct created",),
    "x/xdocs-xaa-chat.sent.json": ("direct created ours",),
    "x/xdocs-xaa-follow.unfollow.json": ("skipped system follow.unfollow",),
    "x/xdocs-xaa-like.create.json": ("skipped reaction like.create",),
    "x/xdocs-xaa-post.delete.json": ("post deleted ours",),
    "x/xdocs-xaa-post.repost.create.json": ("skipped reaction post.repost.create",),
    "x/xdocs-xaa-profile.update.bio.json": ("skipped system profile.update.bio",),
    "x/xdocs-xaa-profile.update.geo.json": ("skipped system profile.update.geo",),
    "x/xdocs-xaa-spaces.end.json": ("skipped system spaces.end",),
}
"""File -> one line per event: `<kind> <change>`, `ours` if our handle wrote it, or `skipped <reason> <event>`."""


def whose(document: Any) -> str:
    """Return the id of the handle that a callback is for; any where it names none."""
    data = document.get("data", {})
    return str(document.get("for_user_id") or data.get("filter", {}).get("user_id") or "1")


def as_x_writes(document: Any) -> bytes:
    """Return the bytes that X would send and sign: compact, and letters as they are."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
