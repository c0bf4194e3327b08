"""Takes a callback of Meta apart into its items and has each read on its own. Pure.

One body holds several entries (one for each account and moment), an entry several items, in any of four shapes:
`changes` and `messaging` lists, a `standby` list, or field and value on the entry itself. `object` says of which
product they are; only Threads leaves it out and has one entry, the body itself.
https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Protocol

from adapters.meta import feed, instagram, item, messenger, threads, whatsapp
from adapters.meta.item import Page, handles
from bridge.message import Account
from bridge.ports import Callback, Event, Skipped, Unreadable
from bridge.reading import (
    Json,
    Unfit,
    as_object,
    compact,
    digits,
    document,
    event_name,
    ident,
    moment,
    need,
    part,
    parts,
    words,
)

Reader = Callable[[Json, bytes, Page], list[Event]]


class EntryReader(Protocol):
    """Reads one entry of a product. Raises Unfit if the entry as a whole cannot be read."""

    def __call__(
        self, entry: Json, callback: Callback, accounts: Mapping[str, Account], *, reactions: bool
    ) -> list[Event]: ...


AROUND = frozenset({"id", "time", "uid", "hop_context"})
"""What stands beside the items of an entry and is none. hop_context: the apps a conversation went through."""

FLAT = ("field", "value")


def read(callback: Callback, accounts: Mapping[str, Account], *, reactions: bool = False) -> list[Event]:
    """Return every item of the body in Meta's order; [] = it has no entries. Never raises.

    accounts: id -> account; an item for another is skipped by name. A body that is not a JSON object with `object`
    and `entry`, or Threads' `values`, is one Unreadable.
    """
    try:
        product, entries = _document(as_object(document(callback.body)))
        if product not in OBJECTS:
            return [Skipped(reason="unknown_event", event=event_name(product)) for _ in entries]
        return [
            event
            for entry in entries
            for event in _entry(OBJECTS[product], entry, callback, accounts, reactions=reactions)
        ]
    except (ValueError, RecursionError) as fault:  # RecursionError: nested past what JSON can read or write
        return [Unreadable(item=callback.body, error=f"the body cannot be read: {fault}")]


def product(body: bytes) -> str:
    """Return the product that a body is of, as `object` names it; "" = unknown."""
    try:
        return _document(as_object(document(body)))[0]
    except (ValueError, RecursionError):
        return ""


def _document(found: Json) -> tuple[str, list[object]]:
    """Return the product and the entries."""
    if found.get("object") is None and found.get("values") is not None:
        return "threads", [threads.entry(found)]
    if found.get("entry") is None:
        raise Unfit("entry is missing")
    return need(words(found, "object"), "object"), parts(found, "entry")


def _entry(
    read_entry: EntryReader, entry: object, callback: Callback, accounts: Mapping[str, Account], *, reactions: bool
) -> list[Event]:
    try:
        return read_entry(as_object(entry), callback, accounts, reactions=reactions)
    except ValueError as fault:
        return [Unreadable(item=compact(entry), error=f"entry: {fault}")]


def _of_account(
    entry: Json,
    callback: Callback,
    accounts: Mapping[str, Account],
    *,
    reactions: bool,
    channel: str,
    readers: Mapping[str, Reader],
) -> list[Event]:
    """Return the items of an entry whose id is the account's. Raises Unfit if it has none."""
    number = need(ident(entry, "id"), "id")
    items = list(_items(entry, readers))
    if not items:
        return [Skipped(reason="system", event="empty entry")]
    if number not in accounts:
        return [Skipped(reason="unknown_account", event=event_name(number)) for _ in items]
    page = Page(
        account=accounts[number],
        connection=callback.connection,
        received_at=callback.received_at,
        time=digits(entry, "time"),
        at=moment(entry, "time"),
        ours=frozenset(accounts),
        handles=handles(accounts.values()),
        channel=channel,
        reactions=reactions,
    )
    return [event for section, one in items for event in _item(section, one, readers, page)]


def _items(entry: Json, readers: Mapping[str, Reader]) -> Iterator[tuple[str, object]]:
    """Yield (section, item). A section that should be a list and is not counts as one item."""
    for section, found in entry.items():
        if found is None or section in AROUND or section in FLAT:
            continue
        for one in found if isinstance(found, list) and section in readers else [found]:
            yield section, one
    if any(name in entry for name in FLAT):
        yield "changes", {name: entry.get(name) for name in FLAT}


def _item(section: str, found: object, readers: Mapping[str, Reader], page: Page) -> list[Event]:
    if section not in readers:
        return [Skipped(reason="unknown_event", event=event_name(section))]
    return item.read(section, found, lambda one, raw: readers[section](one, raw, page))


def _change(change: Json, raw: bytes, page: Page) -> list[Event]:
    name = need(words(change, "field"), "field")
    if name in feed.FIELDS:
        return feed.read(change, raw, page)
    if name in messenger.FIELDS:
        return messenger.read(part(change, "value"), raw, page)
    return [Skipped(reason="unknown_event", event=event_name(name))]


PAGE: Mapping[str, Reader] = {"changes": _change, "messaging": messenger.read, "standby": messenger.standby}
INSTAGRAM: Mapping[str, Reader] = {
    "changes": instagram.change,
    "messaging": instagram.direct,
    "standby": messenger.standby,
}

OBJECTS: Mapping[str, EntryReader] = {
    "page": partial(_of_account, channel="messenger", readers=PAGE),
    "instagram": partial(_of_account, channel="instagram", readers=INSTAGRAM),
    "threads": lambda entry, callback, accounts, **_: threads.read(entry, callback, accounts),
    "whatsapp_business_account": whatsapp.read,
}
"""Product -> reads one entry of it."""
