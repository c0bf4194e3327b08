"""What a Telegram message says and holds. Pure.

https://core.telegram.org/bots/api#message
"""

from __future__ import annotations

from bridge.message import Attachment, clean
from bridge.reading import Json, Unfit, as_object, digits, ident, ornament, part, parts, words

FILES = {
    "animation": "video",
    "audio": "audio",
    "document": "file",
    "live_photo": "video",
    "sticker": "sticker",
    "video": "video",
    "video_note": "video",
    "voice": "audio",
}
"""What holds a file_id -> the kind of attachment."""

NAMES = ("file_name", "title", "emoji")
"""What a file is called, best first; a sticker by the emoji that it stands for."""

CARDS = {
    "contact": ("first_name", "last_name", "phone_number"),
    "dice": ("emoji", "value"),
    "game": ("title",),
    "giveaway": ("prize_description",),
    "invoice": ("title",),
    "paid_media": (),
    "poll": ("question",),
    "story": (),
    "venue": ("title", "address"),
}
"""What is neither text nor a file of its own -> what names it, all of it."""

SERVICE = frozenset({
    "boost_added", "channel_chat_created", "chat_background_set", "chat_owner_changed", "chat_owner_left",
    "chat_shared", "checklist_tasks_added", "checklist_tasks_done", "community_chat_added",
    "community_chat_removed", "connected_website", "delete_chat_photo", "direct_message_price_changed",
    "forum_topic_closed", "forum_topic_created", "forum_topic_edited", "forum_topic_reopened",
    "general_forum_topic_hidden", "general_forum_topic_unhidden", "gift", "gift_upgrade_sent",
    "giveaway_completed", "giveaway_created", "giveaway_winners", "group_chat_created", "left_chat_member",
    "managed_bot_created", "message_auto_delete_timer_changed", "migrate_from_chat_id", "migrate_to_chat_id",
    "new_chat_members", "new_chat_photo", "new_chat_title", "paid_message_price_changed", "passport_data",
    "pinned_message", "poll_option_added", "poll_option_deleted", "proximity_alert_triggered",
    "refunded_payment", "successful_payment", "suggested_post_approval_failed", "suggested_post_approved",
    "suggested_post_declined", "suggested_post_paid", "suggested_post_refunded", "supergroup_chat_created",
    "unique_gift", "users_shared", "video_chat_ended", "video_chat_participants_invited",
    "video_chat_scheduled", "video_chat_started", "write_access_allowed",
})  # fmt: skip
"""Messages that Telegram writes itself, by the field that says what happened."""

RICH = (
    "label",
    "text",
    "alternative_text",
    "expression",
    "summary",
    "blocks",
    "items",
    "cells",
    "caption",
    "credit",
)
"""Where the words of a rich message stand, in the order in which they are read."""

BLOCKS = frozenset({"blocks", "items", "cells"})
"""Of these, what stands below one another."""


def text(message: Json) -> str:
    """Return what the message says; "" = nothing. Raises Unfit for what should be text and is not."""
    told = words(message, "text") or words(message, "caption")
    return told or _checklist(part(message, "checklist")) or _rich(part(message, "rich_message"))


def service(message: Json) -> str:
    """Return what happened, of a message that Telegram writes itself; "" = somebody else wrote it."""
    return next((name for name, value in message.items() if name in SERVICE and value is not None), "")


def attachments(message: Json) -> tuple[Attachment, ...]:
    """Return what came with the message. A file has an id, which only getFile turns into an address.

    Raises Unfit for what should be a file and is not.
    """
    found = [*_photo(message), *_files(message), *_cards(message), *_place(message), *_links(message)]
    return tuple(dict.fromkeys(found))


def _photo(message: Json) -> list[Attachment]:
    """Of one picture in several sizes the last is the biggest."""
    sizes = parts(message, "photo")
    return [Attachment(kind="image", id=ident(as_object(sizes[-1]), "file_id"))] if sizes else []


def _files(message: Json) -> list[Attachment]:
    """An animation stands a second time under `document`, for old programs."""
    twice = "document" if message.get("animation") is not None else ""
    return [
        Attachment(kind=kind, name=_named(part(message, name)), id=ident(part(message, name), "file_id"))
        for name, kind in FILES.items()
        if message.get(name) is not None and name != twice
    ]


def _named(file: Json) -> str:
    return next((found for name in NAMES if (found := ornament(file, name))), "")


def _cards(message: Json) -> list[Attachment]:
    return [
        Attachment(kind=kind, name=_titled(part(message, kind), names))
        for kind, names in CARDS.items()
        if message.get(kind) is not None
    ]


def _titled(card: Json, names: tuple[str, ...]) -> str:
    return " ".join(filter(None, (ornament(card, name) or digits(card, name) for name in names)))


def _place(message: Json) -> list[Attachment]:
    if message.get("location") is None:
        return []
    location = part(message, "location")
    lat, long = location.get("latitude"), location.get("longitude")
    if isinstance(lat, int | float) and isinstance(long, int | float):
        return [Attachment(kind="location", name=f"{lat},{long}")]
    raise Unfit("location: latitude and longitude are not two numbers")


def _links(message: Json) -> list[Attachment]:
    """Return the addresses behind words; those that stand in the text itself are there to be read."""
    given = (message.get(name) for name in ("entities", "caption_entities"))
    entities = [one for some in given if isinstance(some, list) for one in some if isinstance(one, dict)]
    urls = (ornament(one, "url") for one in entities if one.get("type") == "text_link")
    return [Attachment(kind="link", url=url) for url in urls if url]


def _checklist(checklist: Json) -> str:
    tasks = [f"- {words(as_object(one), 'text')}" for one in parts(checklist, "tasks")]
    return "\n".join([words(checklist, "title"), *tasks]).strip()


def _rich(rich: Json) -> str:
    """https://core.telegram.org/bots/api#richmessage: blocks of texts, one within the other."""
    return _plain(parts(rich, "blocks"), "\n")


def _plain(value: object, between: str = "") -> str:
    if isinstance(value, list):
        return between.join(filter(None, (_plain(one, " ") for one in value)))
    if isinstance(value, dict):
        told = (_plain(value[name], "\n" if name in BLOCKS else "") for name in RICH if name in value)
        return " ".join(filter(None, told))
    return clean(value) if isinstance(value, str) else ""
