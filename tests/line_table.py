"""What LINE's callbacks, as its libraries and others' tests hold them, must come to: event by event.

The bodies are not ours to publish: they are read from a folder that CASEBRIDGE_PAYLOADS names, or that lies beside
the repository. Each line was written from what the payload means, before any parser ran.
"""

from __future__ import annotations

TABLE: dict[str, tuple[str, ...]] = {
    "line/chatwoot-service-multi_user_params-L57.json": ("direct created", "direct created"),
    "line/chatwoot-service-sticker_params-L199.json": ("direct created", "skipped system follow"),
    "line/chatwoot-service-video_params-L130.json": ("direct created", "skipped system follow"),
    "line/linesdkjava-account_link.json": ("skipped system accountLink",),
    "line/linesdkjava-callback-request-with-destination.json": ("direct created",),
    "line/linesdkjava-callback-request.json": ("direct created", "skipped system follow"),
    "line/linesdkjava-leave.json": ("skipped system leave",),
    "line/linesdkjava-member_left.json": ("skipped system memberLeft",),
    "line/linesdkjava-sticker-keywords-remove.json": ("direct created",),
    "line/linesdkjava-text-mention.json": ("direct created",),
    "line/linesdkjava-text-user.json": ("direct created",),
    "line/linesdkjava-unknown.json": (
        "skipped unknown_event greatNewFeature",
        "unreadable event: source.type is none of user, group, room",  # whose words these are nobody can tell
    ),
    "line/linesdkjava-video-play-complete.json": ("skipped receipt videoPlayComplete",),
    "line/linesdkpython-v3-webhook-all-events.json": (
        "direct created",
        "direct created",
        "direct created",
        "direct created",
        "direct created",
        "direct created",
        "skipped system follow",
        "skipped system unfollow",
        "skipped system join",
        "skipped system leave",
        "postback created",
        "skipped system beacon",
        "skipped system beacon",
        "skipped system accountLink",
        "direct created",
        "direct created",
        "postback created",
        "postback created",
        "postback created",
        "skipped system memberJoined",
        "skipped system memberLeft",
        "direct created",
        "direct deleted",
        "skipped receipt videoPlayComplete",
        "direct created",
        "direct created",
        "direct edited",
        "skipped unknown_event undefined",
    ),
}
"""File -> one line per event: `<kind> <change>`, or `skipped <reason> <event>`, or `unreadable <error>`."""
