"""What Meta's real callbacks, as other projects recorded them, must come to: item by item, in Meta's order.

The bodies are not ours to publish: they are read from a folder that CASEBRIDGE_PAYLOADS names, or that lies beside
the repository. Each line was written from what the payload means, before any parser ran.
"""

from __future__ import annotations

import json
from typing import Any

TABLE: dict[str, tuple[str, ...]] = {
    "facebook_pages/restfb-feed-event-add.json": ("post created ours",),
    "facebook_pages/restfb-feed-photo-add-message.json": ("post created ours",),
    "facebook_pages/restfb-feed-post-edit.json": ("post edited",),
    "facebook_pages/restfb-feed-reaction-add-reply.json": ("skipped reaction feed:reaction:add",),
    "facebook_pages/restfb-feed-share-add-25.json": ("post created ours",),
    "facebook_pages/restfb-feed-share-hide.json": ("post hidden ours",),
    "facebook_pages/restfb-feed-status-add-photos.json": ("post created ours",),
    "facebook_pages/restfb-feed-two-entries-25.json": (
        "skipped unknown_event parking",
        "skipped unknown_event payment_options",
    ),
    "facebook_pages/restfb-feed-video-add.json": ("post created ours",),
    "facebook_pages/restfb-feed-video-block.json": ("skipped unknown_event feed:video:block",),
    "facebook_pages/restfb-feed-video-edited.json": ("post edited ours",),
    "facebook_pages/restfb-feed-video-mute.json": ("skipped unknown_event feed:video:mute",),
    "facebook_pages/restfb-leadgen.json": ("skipped unknown_event leadgen",),
    "facebook_pages/restfb-mention-post-add-real.json": ("mention created",),
    "facebook_pages/restfb-ratings-comment-edited-25.json": ("comment edited ours",),
    "facebook_pages/restfb-ratings-like-remove-25.json": ("skipped system ratings:like:remove",),
    "facebook_pages/restfb-ratings-rating-edit-25.json": ("review edited",),
    "facebook_pages/restfb-ratings-reaction-edit.json": ("skipped system ratings:reaction:edit",),
    "messenger/botbuilder-Payload.json": ("direct created ours",),  # sender, recipient and Page are all "0"
    "messenger/botbuilder-PayloadWithPassThreadControl.json": ("skipped other_app pass_thread_control",),
    "messenger/botbuilder-PayloadWithStandby.json": (
        "skipped other_app standby",
        "skipped other_app standby",
        "direct created",
    ),
    "messenger/chatwoot-incoming_fb_text_message.json": ("direct created",),
    "messenger/chatwoot-message_deliveries.json": ("skipped receipt delivery",),
    "messenger/chatwoot-message_reads.json": ("skipped receipt read",),
    "messenger/openpromo-fb-messaging.json": (
        "direct created",
        "direct created ours",
        "postback created",
        "skipped reaction reaction",
    ),
    "messenger/restfb-messaging-checkoutupdate-shipping.json": ("skipped system checkout_update",),
    "messenger/restfb-messaging-message-edits.json": ("direct edited",),
    "messenger/restfb-messaging-message-fallback-attachment.json": ("direct created",),
    "messenger/restfb-messaging-message-isdeleted.json": ("direct deleted",),
    "messenger/restfb-messaging-message-isunsupported.json": ("direct created",),
    "messenger/restfb-messaging-message-media-attachment.json": ("direct created",),
    "messenger/restfb-messaging-message-prior.json": ("direct created",),
    "messenger/restfb-messaging-message-product-template.json": ("direct created",),
    "messenger/restfb-messaging-optin-userref.json": ("skipped system optin",),
    "messenger/restfb-messaging-payment.json": ("skipped system payment",),
    "messenger/restfb-messaging-policy-callback-block.json": ("skipped system policy-enforcement",),
    "messenger/restfb-messaging-postback-referral.json": ("postback created",),
    "messenger/restfb-messaging-reaction-2.json": ("skipped reaction reaction",),
    "messenger/restfb-messaging-read-basic.json": ("skipped receipt read",),
    "messenger/restfb-messaging-take-thread-control.json": ("skipped other_app take_thread_control",),
    "messenger/vercelreplay-deliveryConfirmation.json": ("skipped receipt delivery",),
    "messenger/vercelreplay-echoMessage.json": ("direct created ours",),
    "messenger/vercelreplay-imageAttachment.json": ("direct created",),
    "messenger/vercelreplay-postbackClick.json": ("postback created",),
}
"""File -> one line per event: `<kind> <change>`, `ours` if the Page wrote it, or `skipped <reason> <event>`."""


def pages(document: Any) -> list[str]:
    """Return the ids of the Pages that a callback is for."""
    return [str(entry["id"]) for entry in document["entry"]]


def as_meta_writes(document: Any) -> bytes:
    r"""Return the bytes that Meta would send and sign: every non-ASCII letter as \uXXXX, every slash as \/."""
    return json.dumps(document, separators=(",", ":")).replace("/", r"\/").encode()
