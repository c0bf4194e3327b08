"""Reads one entry of a WhatsApp Business account: messages, edits, deletions, echoes, failed sends. Pure.

WhatsApp names people by a user id of the business (BSUID), by their phone number, or by both; with a username the
number is hidden, and `from`, `to` and `wa_id` may be missing.
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.meta import whatsapp_text
from adapters.meta.item import read as read_one
from bridge.message import Account, Message, Person
from bridge.ports import Callback, Delivered, Event, Skipped, Undelivered, Unreadable
from bridge.reading import (
    Json,
    Unfit,
    as_object,
    compact,
    digits,
    event_name,
    ident,
    moment,
    need,
    ornament,
    part,
    words,
)

FIELDS = ("messages", "smb_message_echoes")
"""All other fields tell of the account, its templates, calls or groups."""

AROUND = frozenset({"id", "time"})

WRITTEN = ("messages", "message_echoes")
"""Sections whose items somebody wrote."""

ARRIVED = frozenset({"sent", "delivered", "read", "played"})
RECEIPTS = ARRIVED | {"deleted"}

MARK = "biz_opaque_callback_data"
"""What we send along with a message, and every status of it brings back."""

SYSTEM = frozenset({"system", "request_welcome"})
"""Types of messages that nobody wrote: a new number, a new user id, a chat that was only opened."""

PHONE = re.compile(r"\+?([0-9]{1,20})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Where an item came in: our phone number, and the people whom WhatsApp described beside it."""

    account: Account
    connection: str
    received_at: datetime
    reactions: bool  #: they are messages too
    contacts: tuple[Json, ...]
    alone: bool  #: all items name one and the same person
    troubled: bool  #: WhatsApp says beside the items that it could not deliver all of them

    def contact(self, phone: str, user: str) -> Json:
        """Return how WhatsApp describes a person; {} = it does not."""
        for one in self.contacts:
            if _is(one, "wa_id", phone) or _is(one, "user_id", user):
                return one
        return self.contacts[0] if self.alone and len(self.contacts) == 1 else {}


Reader = Callable[[Json, bytes, Number], Event]


def read(entry: Json, callback: Callback, accounts: Mapping[str, Account], *, reactions: bool) -> list[Event]:
    """Return every item of an entry in WhatsApp's order, each read on its own; never [].

    accounts: phone number id -> account; an item for another number is skipped by name. reactions: whether they
    are messages.
    """
    events: list[Event] = []
    for section, held in entry.items():
        if held is None or section in AROUND:
            continue
        if section != "changes":
            events.append(Skipped(reason="unknown_event", event=event_name(section)))
            continue
        for change in _listed(held):
            events += _change(change, callback, accounts, reactions=reactions)
    return events or [Skipped(reason="system", event="empty entry")]


def _change(
    change: object, callback: Callback, accounts: Mapping[str, Account], *, reactions: bool
) -> list[Event]:
    try:
        found = as_object(change)
        field = need(words(found, "field"), "field")
        if field not in FIELDS:
            return [Skipped(reason="system", event=event_name(field))]
        value = part(found, "value")
        items = [(name, item) for name, held in value.items() if name in READERS for item in _listed(held)]
        if not items:
            return [Skipped(reason="system", event=event_name(field))]
        ours = need(ident(part(value, "metadata"), "phone_number_id"), "metadata.phone_number_id")
    except Unfit as fault:
        return [Unreadable(item=compact(change), error=f"changes item: {fault}")]
    if ours not in accounts:
        return [Skipped(reason="unknown_account", event=event_name(ours)) for _ in items]
    number = Number(
        account=accounts[ours],
        connection=callback.connection,
        received_at=callback.received_at,
        reactions=reactions,
        contacts=_contacts(value),
        alone=len({_named(item) for section, item in items if section in WRITTEN}) == 1,
        troubled=bool(value.get("errors")),
    )
    return [event for section, item in items for event in read_one(section, item, _reader(section, number))]


def _reader(section: str, number: Number) -> Callable[[Json, bytes], list[Event]]:
    return lambda item, raw: [READERS[section](item, raw, number)]


def _listed(held: object) -> list[object]:
    """Return the items of a section; one that should be a list and is not counts as one item."""
    return held if isinstance(held, list) else [] if held is None else [held]


# --- what customers write, and we in the WhatsApp Business app ------------------------------------------------


def _message(item: Json, raw: bytes, number: Number) -> Event:
    happened = need(words(item, "type"), "type")
    if happened in SYSTEM:
        about = ornament(part(item, "system"), "type")
        return Skipped(reason="system", event=event_name(happened, *([about] if about else [])))
    author = _person(item, "from", number)
    return _told(item, author, author.id, raw, number)


def _echo(item: Json, raw: bytes, number: Number) -> Event:
    """Return what we wrote in the app. What we send through the API comes back as statuses only.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/smb_message_echoes
    """
    customer = "" if ident(item, "group_id") else _person(item, "to", number).id
    return _told(item, Person(id=number.account.id, is_self=True), customer, raw, number)


def _told(item: Json, author: Person, customer: str, raw: bytes, number: Number) -> Event:
    """Return the message, or what happened to one. customer: its conversation, unless that is a group's."""
    happened = need(words(item, "type"), "type")
    group = ident(item, "group_id")
    plain = Message(
        channel="whatsapp",
        connection=number.connection,
        account=number.account,
        id=need(ident(item, "id"), "id"),
        kind="direct",
        author=author,
        thread=group or customer,
        reply_to=ident(part(item, "context"), "id"),
        sent_at=moment(item, "timestamp"),
        received_at=number.received_at,
        public=False,
        notes={"group": group} if group else {},
        raw=raw,
    )
    return HAPPENINGS.get(happened, _written)(plain, item, number)


def _written(plain: Message, item: Json, number: Number) -> Message:
    said = whatsapp_text.read(item, troubled=number.troubled)
    pressed = said.pressed and not plain.author.is_self
    return replace(plain, kind="postback" if pressed else "direct", text=said.text, attachments=said.attachments)


def _edited(plain: Message, item: Json, _: Number) -> Message:
    """Return the edit of a message; what stands for the edit itself has an id of its own."""
    edit = part(item, "edit")
    edited = part(edit, "message")
    said = whatsapp_text.read(edited)
    return replace(
        plain,
        id=need(ident(edit, "original_message_id"), "original_message_id"),
        change="edited",
        version=plain.id,
        reply_to=ident(part(edited, "context"), "id"),
        text=said.text,
        attachments=said.attachments,
    )


def _revoked(plain: Message, item: Json, _: Number) -> Message:
    target = ident(part(item, "revoke"), "original_message_id")
    return replace(plain, id=need(target, "original_message_id"), change="deleted")


def _reaction(plain: Message, item: Json, number: Number) -> Event:
    """Return a reaction, where they are wanted: each has an id of its own. Without an emoji it was taken back."""
    reaction = part(item, "reaction")
    emoji, target = words(reaction, "emoji"), need(ident(reaction, "message_id"), "message_id")
    if not number.reactions or not emoji:
        return Skipped(reason="reaction", event="reaction" if emoji else "reaction removed")
    return replace(plain, kind="reaction", text=emoji, reply_to=target)


HAPPENINGS: dict[str, Callable[[Message, Json, Number], Event]] = {
    "edit": _edited,
    "revoke": _revoked,
    "reaction": _reaction,
}
"""Types of messages that say what happened to another one."""


# --- who it is ------------------------------------------------------------------------------------------------


def _person(item: Json, side: str, number: Number) -> Person:
    """Return the customer: who is named under `from` or `to`. Raises Unfit if nobody is.

    The user id wins, since it stays when the number hides; but some callbacks have it where the number belongs.
    """
    named, user = ident(item, side), ident(item, f"{side}_user_id")
    number_of = PHONE.fullmatch(named)
    phone, user = (number_of[1], user) if number_of else ("", user or named)
    contact = number.contact(phone, user)
    profile = contact.get("profile")
    described: Json = profile if isinstance(profile, dict) else {}
    shown = phone or digits(contact, "wa_id")
    return Person(
        id=need(user or ident(contact, "user_id") or phone or ident(contact, "wa_id"), side),
        name=ornament(described, "name"),
        handle=ornament(described, "username").removeprefix("@"),
        phone=f"+{shown}" if shown else "",
    )


def _contacts(value: Json) -> tuple[Json, ...]:
    """Return the people described beside the items; what describes nobody is left out."""
    found = value.get("contacts")
    return tuple(one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()


def _is(contact: Json, name: str, number: str) -> bool:
    found = contact.get(name)
    return bool(number) and isinstance(found, str | int) and str(found) == number


def _named(item: object) -> tuple[str, ...]:
    """Return whom an item names, as it names them: two spellings are two people."""
    names = ("from", "from_user_id", "to", "to_user_id")
    found = [item.get(name) for name in names] if isinstance(item, dict) else []
    return tuple(str(one) if isinstance(one, str | int) else "" for one in found)


# --- what is no message ---------------------------------------------------------------------------------------


def _status(item: Json, _: bytes, number: Number) -> Event:
    """Return what became of something we sent.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
    """
    status, mark = need(words(item, "status"), "status"), ornament(item, MARK)
    if status == "failed":
        ours, reason = need(ident(item, "id"), "id"), whatsapp_text.failure(item)
        return Undelivered(account=number.account.id, id=ours, reason=reason, reply=mark)
    if status in ARRIVED and mark:
        return Delivered(account=number.account.id, id=need(ident(item, "id"), "id"), reply=mark)
    if status in RECEIPTS:
        return Skipped(reason="receipt", event=status)
    return Skipped(reason="unknown_event", event=event_name("status", status))


def _error(item: Json, _: bytes, __: Number) -> Event:
    code = digits(item, "code")
    return Skipped(reason="system", event=event_name("errors", *([code] if code else [])))


READERS: dict[str, Reader] = {
    "messages": _message,
    "message_echoes": _echo,
    "statuses": _status,
    "errors": _error,
}
"""The lists in a value -> how one item of them is read."""
