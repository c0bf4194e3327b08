"""Reads direct messages, and the reactions to them. Pure.

https://business-api.tiktok.com/portal/docs?id=1832190670631937
"""

from __future__ import annotations

from adapters.tiktok.media import TYPES, Media
from adapters.tiktok.origin import Origin, noted, player
from bridge.message import Attachment, Message, Person
from bridge.ports import Event, Skipped
from bridge.reading import (
    Json,
    as_object,
    compact,
    digits,
    event_name,
    ident,
    moment,
    need,
    ornament,
    part,
    parts,
    words,
)

UNSUPPORTED = "[a message that TikTok cannot deliver to apps]"

EUROPE = "eu:"
"""How the ids of messages begin of which TikTok tells only the time."""

FROM_EUROPE = (
    "[a message from Europe, of which TikTok tells apps neither words nor author: open TikTok to read it]"
)

QUOTABLE = frozenset({"text", "image", "share_post"})
"""The types of messages that an answer can quote."""

AI_EMOJI = "[an emoji of their own]"
"""TikTok makes it from a picture of its user; it has an address but no letter."""


def read(content: Json, origin: Origin) -> Event:
    """Return a message or a reaction. Raises Unfit when it cannot be read."""
    if words(content, "type").lower() == "reaction":
        return _reaction(content, origin)
    author, customer = _ends(content, origin)
    number, conversation = need(ident(content, "message_id"), "message_id"), ornament(content, "conversation_id")
    text, attachments = _text(content), _attachments(content, conversation, number)
    quotable = ornament(content, "type").lower() in QUOTABLE
    return Message(
        channel="tiktok",
        connection=origin.connection,
        account=origin.account,
        id=number,
        kind="postback" if part(content, "reply_source_payload") else "direct",
        author=author,
        thread=customer,
        reply_to=ident(part(content, "referenced_message_info"), "referenced_message_id"),
        text=text if text or attachments else UNSUPPORTED,
        attachments=attachments,
        sent_at=moment(content, "timestamp") or origin.created_at,
        received_at=origin.received_at,
        public=False,
        notes=noted(conversation=conversation, quote=number if quotable else ""),
        raw=compact(content),
    )


def stripped(content: Json, origin: Origin) -> Event:
    """Return a message of somebody in the EEA, Switzerland or the UK, of which TikTok only tells when it came.

    It must not vanish, so its time stands for its id, and for its thread. Raises Unfit without one.
    """
    number = f"{EUROPE}{need(digits(content, 'timestamp') or origin.created, 'timestamp')}"
    return Message(
        channel="tiktok",
        connection=origin.connection,
        account=origin.account,
        id=number,
        kind="direct",
        thread=number,
        text=FROM_EUROPE,
        sent_at=moment(content, "timestamp") or origin.created_at,
        received_at=origin.received_at,
        public=False,
        raw=compact(content),
    )


def _ends(content: Json, origin: Origin) -> tuple[Person, str]:
    """Return who wrote, and the customer's id. A person has the same id here as under comments."""
    sender = ident(part(content, "from_user"), "id")
    handle = ornament(content, "from")
    if origin.event == "im_send_msg" or sender == origin.account.id:
        customer = need(ident(part(content, "to_user"), "id"), "to_user.id")
        return Person(id=origin.account.id, handle=handle, is_self=True), customer
    customer = need(sender or ident(content, "unique_identifier"), "from_user.id")
    return Person(id=customer, handle=handle), customer


def _text(content: Json) -> str:
    return words(part(content, "text"), "body") or _card(part(content, "template"))


def _card(template: Json) -> str:
    """Return a card of questions, which only our side can send: its title, and a line for each button."""
    elements = template.get("elements")
    cards = [template, *(elements if isinstance(elements, list) else [])]
    return "\n".join(line for card in cards if isinstance(card, dict) for line in _lines(card) if line)


def _lines(card: Json) -> list[str]:
    buttons = card.get("buttons")
    shown = [one for one in buttons if isinstance(one, dict)] if isinstance(buttons, list) else []
    return [ornament(card, "title"), *(ornament(one, "text") or ornament(one, "title") for one in shown)]


def _attachments(content: Json, conversation: str, message: str) -> tuple[Attachment, ...]:
    """A picture or video has only an id until it is asked for; a sticker's address runs out after 30 days."""
    post = part(content, "share_post")
    media = [
        Media(kind=kind, conversation=conversation, message=message, number=ident(part(content, kind), "media_id"))
        for kind in TYPES
    ]
    found = [
        *(Attachment(kind=one.kind, id=one.id) for one in media),
        *(Attachment(kind=kind, url=words(part(content, kind), "url")) for kind in ("sticker", "emoji")),
        Attachment(kind="link", url=words(post, "embed_url") or player(ident(post, "video_id"))),
    ]
    return tuple(one for one in found if one.url or one.id)


def _reaction(content: Json, origin: Origin) -> Event:
    """Return the one reaction in a content. One that was taken back stays a skip."""
    if not origin.reactions:
        return Skipped(reason="reaction", event=event_name(origin.event, "reaction"))
    given = as_object(next(iter(parts(content, "reaction")), None))
    operation = need(words(given, "operation"), "operation").upper()
    if operation != "ADD":
        return Skipped(reason="reaction", event=event_name(origin.event, "reaction", operation))
    author, customer = _ends(content, origin)
    reactor = ident(given, "unique_identifier") or author.id
    target = need(ident(given, "original_msg_id"), "original_msg_id")
    emoji, picture = words(given, "emoji"), words(given, "ai_emoji_url")
    told = {"reaction": f"reaction:{target}:{digits(given, 'timestamp') or emoji}:{reactor}"}
    return Message(
        channel="tiktok",
        connection=origin.connection,
        account=origin.account,
        id=ident(told, "reaction"),  # which is too long where the two ids in it are
        kind="reaction",
        author=author if reactor == author.id else Person(id=reactor, is_self=reactor == origin.account.id),
        thread=customer,
        reply_to=target,
        text=emoji or AI_EMOJI,
        attachments=(Attachment(kind="emoji", url=picture),) if picture else (),
        sent_at=moment(given, "timestamp") or origin.created_at,
        received_at=origin.received_at,
        public=False,
        notes=noted(conversation=ornament(content, "conversation_id")),
        raw=compact(content),
    )
