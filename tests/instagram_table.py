"""What Instagram's callbacks, as Meta documents them and other projects recorded them, must come to: item by item.

The bodies are not ours to publish: they are read from a folder that CASEBRIDGE_PAYLOADS names, or that lies beside
the repository. Each line was written from what the payload means, before any parser ran.
"""

from __future__ import annotations

TABLE: dict[str, tuple[str, ...]] = {
    "instagram/chatwoot-instagram_ig_post_event.json": ("direct created",),
    "instagram/chatwoot-instagram_ig_story_event.json": ("direct created",),
    "instagram/chatwoot-instagram_message_create_event.json": ("direct created",),
    "instagram/chatwoot-instagram_message_unsend_event.json": ("direct deleted",),
    "instagram/chatwoot-instagram_message_unsupported_event.json": ("direct created",),
    "instagram/chatwoot-instagram_shared_reel_event.json": ("direct created",),
    "instagram/chatwoot-instagram_story_mention_event.json": ("story_mention created",),
    "instagram/chatwoot-instagram_story_reply_event.json": ("story_reply created",),
    "instagram/chatwoot-messaging_seen_event.json": ("skipped receipt read",),
    "instagram/metadocs-comment-flat-entry-instagram-login.json": ("comment created",),
    "instagram/metadocs-mention-on-media.json": ("mention created",),
    "instagram/metadocs-message_reactions.json": ("skipped reaction reaction",),
    "instagram/openpromo-ig-comments.json": (
        "comment created",
        "comment created",
        "comment deleted",
        "comment created ours",
    ),
    "instagram/openpromo-ig-messaging-changes.json": (
        "direct created",
        "direct edited",
        "skipped reaction reaction",
    ),
    "instagram/restfb-wh-mentions.json": ("mention created",),
    "instagram/vercelchat-Postback.json": ("postback created",),
    "instagram/vercelreplay-quickReply.json": ("direct created",),
}
"""File -> one line per event: `<kind> <change>`, `ours` if our account wrote it, or `skipped <reason> <event>`."""

WANTED: dict[str, tuple[str, ...]] = {
    "instagram/metadocs-message_reactions.json": ("reaction created",),
    "instagram/openpromo-ig-messaging-changes.json": ("direct created", "direct edited", "reaction created"),
}
"""What differs where the connection wants reactions."""
