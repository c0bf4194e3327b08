"""What WhatsApp's callbacks, as other projects recorded or published them, must come to: item by item.

The bodies are not ours to publish: they are read from a folder that CASEBRIDGE_PAYLOADS names, or that lies beside
the repository. Each line was written from what the payload means, before any parser ran.
"""

from __future__ import annotations

from typing import Any

TABLE: dict[str, tuple[str, ...]] = {
    "whatsapp/botpress-username-only-incoming.json": ("direct created",),
    "whatsapp/chatwoot-whatsapp_cloud_service-params-L102.json": (
        "unreadable the body cannot be read: entry is an object, expected a list",
    ),
    # Shortened by hand for a test: WhatsApp sends neither without field, nor a message without an id.
    "whatsapp/chatwoot-whatsapp_cloud_service-params-L11.json": ("unreadable changes item: field is missing",),
    "whatsapp/chatwoot-whatsapp_cloud_service-reply_params-L112.json": (
        "unreadable changes item: field is missing",
    ),
    "whatsapp/pywa-message-audio.json": ("direct created",),
    "whatsapp/pywa-message-chosen_location.json": ("direct created",),
    "whatsapp/pywa-message-contacts.json": ("direct created",),
    "whatsapp/pywa-message-document.json": ("direct created",),
    "whatsapp/pywa-message-forwarded.json": ("direct created",),
    "whatsapp/pywa-message-forwarded_many_times.json": ("direct created",),
    "whatsapp/pywa-message-interactive_message_with_err.json": ("direct created", "skipped system errors:131000"),
    "whatsapp/pywa-message-static_sticker.json": ("direct created",),
    "whatsapp/pywa-message-text.json": ("direct created",),
    "whatsapp/pywa-message-unreaction_no_emoji.json": ("skipped reaction reaction removed",),
    "whatsapp/pywa-message_status-read.json": ("skipped receipt read",),
    "whatsapp/pywa-outgoing_message-text.json": ("direct created ours",),
    "whatsapp/pywa-system-identity_change.json": ("skipped system system:customer_identity_changed",),
    "whatsapp/restfb-accountUpdate-banned.json": ("skipped system account_update",),
    "whatsapp/restfb-accountUpdate-verified.json": ("skipped system account_update",),
    "whatsapp/restfb-group-participants-update.json": ("skipped system group_participants_update",),
    "whatsapp/restfb-incoming-message-error.json": ("direct created",),
    "whatsapp/restfb-incoming-message-location.json": ("direct created",),
    "whatsapp/restfb-incoming-message-status-errors.json": ("undelivered",),
    "whatsapp/restfb-incoming-message-status-group-bsuid.json": ("skipped receipt read",),
    "whatsapp/restfb-incoming-message-status-ui.json": ("skipped receipt sent",),
    "whatsapp/restfb-incoming-message-system-bsuid.json": ("skipped system system:user_changed_user_id",),
    "whatsapp/restfb-incoming-message-video.json": ("direct created",),
    "whatsapp/restfb-messageTemplateStatusUpdate-disabling.json": (
        "skipped system message_template_status_update",
    ),
    "whatsapp/restfb-phoneNumberQualityUpdate.json": ("skipped system phone_number_quality_update",),
    "whatsapp/vercelchat-Image_message.json": ("direct created",),
    "whatsapp/vercelchat-Text_message_with_business-scoped_user_IDs.json": ("direct created",),
    "whatsapp/vercelreplay-firstMessage.json": ("direct created",),
    "whatsapp/vercelreplay-secondMessage.json": ("direct created",),
}
"""File -> one line per event: `<kind> <change>`, `ours` if our number wrote it, or `skipped <reason> <event>`."""


def numbers(document: Any) -> list[str]:
    """Return the ids of the phone numbers that a callback is for; any where it names none."""
    entries = document["entry"] if isinstance(document["entry"], list) else []
    values = [change["value"] for entry in entries for change in entry["changes"]]
    return [value["metadata"]["phone_number_id"] for value in values if "metadata" in value] or ["1"]
