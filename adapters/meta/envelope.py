"""Takes a callback of Meta apart into its items and has each read on its own. Pure.

One body holds several entries (one for each Page and moment), an entry several items, in any of four shapes:
`changes` and `messaging` lists, a `standby` list, or field and value on the entry itself.
https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from adapters.meta import feed, messenger
from adapters.meta.page import Page
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
    fit,
    ident,
    need,
    part,
    parts,
    words,
)

Reader = Callable[[Json, bytes, Page], list[Event]]

AROUND = frozenset({"id", "time", "uid", "hop_context"})
"""What stands beside the items of an entry and is none. hop_context: the apps a conversation went through."""

FLAT = ("field", "value")


def read(callback: Callback, accounts: Mapping[str, Account]) -> list[Event]:
    """Return every item of the body in Meta's order; [] = it has no entries. Never raises.

    accounts: Page id -> account; an item for another Page is skipped by name. A body that is not a JSON object
    with `object` and `entry` is one Unreadable.
    """
    try:
        source, entries = _document(callback.body)
        if source != "page":
            return [Skipped(reason="unknown_event", event=event_name(source)) for _ in entries]
        return [event for entry in entries for event in _entry(entry, callback, accounts)]
    except (ValueError, RecursionError) as fault:  # RecursionError: nested past what JSON can read or write
        return [Unreadable(item=callback.body, error=f"the body cannot be read: {fault}")]


def _document(body: bytes) -> tuple[str, list[object]]:
    found = as_object(document(body))
    if found.get("entry") is None:
        raise Unfit("entry is missing")
    return need(words(found, "object"), "object"), parts(found, "entry")


def _entry(entry: object, callback: Callback, accounts: Mapping[str, Account]) -> list[Event]:
    try:
        found = as_object(entry)
        number = need(ident(found, "id"), "id")
    except Unfit as fault:
        return [Unreadable(item=compact(entry), error=f"entry: {fault}")]
    items = list(_items(found))
    if not items:
        return [Skipped(reason="system", event="empty entry")]
    if number not in accounts:
        return [Skipped(reason="unknown_account", event=event_name(number)) for _ in items]
    page = Page(
        account=accounts[number],
        connection=callback.connection,
        received_at=callback.received_at,
        time=digits(found, "time"),
        ours=frozenset(accounts),
    )
    return [event for section, item in items for event in _item(section, item, page)]


def _items(entry: Json) -> Iterator[tuple[str, object]]:
    """Yield (section, item). A section that should be a list and is not counts as one item."""
    for section, found in entry.items():
        if found is None or section in AROUND or section in FLAT:
            continue
        for item in found if isinstance(found, list) and section in READERS else [found]:
            yield section, item
    if any(name in entry for name in FLAT):
        yield "changes", {name: entry.get(name) for name in FLAT}


def _item(section: str, item: object, page: Page) -> list[Event]:
    if section not in READERS:
        return [Skipped(reason="unknown_event", event=event_name(section))]
    raw = compact(item)
    try:
        return READERS[section](fit(item), raw, page)
    except ValueError as fault:
        return [Unreadable(item=raw, error=f"{section} item: {fault}")]


def _change(change: Json, raw: bytes, page: Page) -> list[Event]:
    name = need(words(change, "field"), "field")
    if name in feed.FIELDS:
        return feed.read(change, raw, page)
    if name in messenger.FIELDS:
        return messenger.read(part(change, "value"), raw, page)
    return [Skipped(reason="unknown_event", event=event_name(name))]


READERS: dict[str, Reader] = {"changes": _change, "messaging": messenger.read, "standby": messenger.standby}
