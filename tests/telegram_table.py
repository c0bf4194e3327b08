"""What Telegram's updates, as other projects recorded or wrote them, must come to: item by item.

The bodies are not ours to publish: they are read from a folder that CASEBRIDGE_PAYLOADS names, or that lies beside
the repository. Each line was written from what the payload means, before any parser ran.
"""

from __future__ import annotations

TABLE: dict[str, tuple[str, ...]] = {
    "telegram/chatwoot-service-new_params-L433.json": ("direct created",),
    "telegram/chatwoot-service-new_params-L455.json": ("direct created",),
    "telegram/chatwoot-service-params-L174.json": ("direct created",),
    "telegram/chatwoot-service-params-L193.json": ("direct created",),
    "telegram/chatwoot-service-params-L240.json": ("direct created",),
    "telegram/chatwoot-service-params-L269.json": ("direct created",),
    "telegram/chatwoot-service-params-L288.json": ("direct created",),
    "telegram/chatwoot-service-params-L328.json": ("direct created",),
    "telegram/chatwoot-service-params-L344.json": ("direct created",),
    "telegram/chatwoot-service-params-L421.json": ("direct created",),
    "telegram/chatwoot-service-params-L447.json": ("direct created",),
    "telegram/chatwoot-service-params-L476.json": ("direct created",),
    "telegram/chatwoot-service-params-L48.json": ("direct created",),
    "telegram/chatwoot-service-params-L543.json": ("direct created",),
    "telegram/chatwoot-service-params-L61.json": ("direct created",),  # a caption, its picture left out
    "telegram/chatwoot-service-params-L76.json": ("comment created",),  # in a group
    "telegram/chatwoot-update_message_service-text_update_params-L21.json": ("direct edited",),
    # Its connection's id is left out, without which nobody can say that the chat is between two others.
    "telegram/chatwoot-update_message_service-text_update_params-L59.json": ("direct edited",),
    "telegram/vercelchat-Photo_message.json": ("direct created",),
    "telegram/vercelreplay-mention.json": ("direct created",),  # names the bot, but in its own private chat
}
"""File -> one line per event: `<kind> <change>`, `ours` if our side wrote it, or `skipped <reason> <event>`."""
