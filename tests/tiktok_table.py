"""What TikTok's callbacks, as other projects recorded them, must come to: item by item.

The bodies are not ours to publish: they are read from a folder that CASEBRIDGE_PAYLOADS names, or that lies beside
the repository. Each line was written from what the payload means, before any parser ran.
"""

from __future__ import annotations

TABLE: dict[str, tuple[str, ...]] = {
    "tiktok/chatbotx-im_receive_msg-text.json": ("direct created",),
    "tiktok/chatbotx-im_receive_msg-unknown_type.json": ("direct created",),
    "tiktok/chatwoot-im_receive_msg-image-L111.json": ("direct created",),
    "tiktok/chatwoot-im_receive_msg-share_post-L87.json": ("direct created",),
    "tiktok/openpromo-im_mark_read_msg-x-2.json": ("skipped receipt im_mark_read_msg",),
}
"""File -> one line per event: `<kind> <change>`, `ours` if our account wrote it, or `skipped <reason> <event>`."""
