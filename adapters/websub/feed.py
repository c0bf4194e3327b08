"""Takes a feed that a hub sent apart into its entries and has each read on its own. Pure.

https://www.w3.org/TR/websub/#content-distribution
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

import feedparser

from adapters.websub import cutting, decoding, entries
from adapters.websub.cutting import Feed, Piece
from adapters.websub.entries import Topic
from bridge.message import Account, Message
from bridge.ports import Callback, Event, Skipped, Unreadable
from bridge.reading import Json, Unfit, event_name, ornament

LINK = re.compile("<([^<>]*)>([^<]*)")
RELATION = re.compile('\\brel *= *"?([^",;]*)', re.IGNORECASE)


def read(callback: Callback, accounts: Mapping[str, Account]) -> list[Event]:
    """Return every entry of the body in the feed's order. Never raises.

    accounts: topic -> account; the entries of any other feed are skipped by its name. Where a feed is no XML from
    some place on, the rest is one Unreadable behind the entries before it.
    """
    try:
        found, about = _apart(callback.body, callback.headers)
    except Exception as fault:  # noqa: BLE001 - feedparser names none of its errors
        return [Unreadable(item=callback.body, error=f"the body cannot be read: {_why(fault)}")]
    topic = _topic(callback, about, accounts)
    if topic not in accounts:
        return [Skipped(reason="unknown_account", event=event_name(topic)) for _ in found.pieces]
    around = Topic(
        account=accounts[topic], connection=callback.connection, received_at=callback.received_at, feed=about
    )
    return [*_entries(found, around), *_rest(found)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What a feed says of where it is watched."""

    hubs: tuple[str, ...]
    own: str  #: what it calls itself, the topic; "" = it does not say


def links(body: bytes, headers: Mapping[str, str], url: str) -> Links:
    """Return the hubs and the topic that a feed names, in its headers or in itself; none where it is no feed.

    headers: names in lower case. url: where it stands. https://www.w3.org/TR/websub/#discovery
    """
    try:
        _, about = _apart(body, headers)
    except Exception:  # noqa: BLE001 - feedparser names none of its errors
        about = {}
    told = [*_linked(headers), *_linking(about)]
    hubs = dict.fromkeys(_joined(url, href) for href, relations in told if "hub" in relations)
    own = next((_joined(url, href) for href, relations in told if "self" in relations), "")
    return Links(hubs=tuple(hubs), own=own)


def since(account: Account, body: bytes, headers: Mapping[str, str], start: datetime) -> list[Event]:
    """Return what a hub would have sent of a feed since then; what has no time may have been missed, too."""
    callback = Callback(
        connection="backfill",
        method="POST",
        url="",
        query={},
        headers={"content-type": headers.get("content-type", ""), "link": f'<{account.id}>; rel="self"'},
        body=body,
        received_at=start,
    )
    found = read(callback, {account.id: account})
    return [one for one in found if not isinstance(one, Message) or one.sent_at is None or one.sent_at >= start]


def _apart(body: bytes, headers: Mapping[str, str]) -> tuple[Feed, Json]:
    """The entries, and what the feed says of itself. Raises whatever feedparser does."""
    found = cutting.cut(decoding.decoded(body, headers.get("content-type", "")))
    return found, _parsed(found.around)["feed"]


def _entries(found: Feed, topic: Topic) -> Iterator[Event]:
    for piece in found.pieces:
        try:
            yield from _read(piece, topic)
        except Exception as fault:  # noqa: BLE001 - as above; it costs this entry only
            yield Unreadable(item=piece.raw, error=f"{piece.name}: {_why(fault)}")


def _read(piece: Piece, topic: Topic) -> Sequence[Event]:
    if piece.name == "deleted-entry":
        return [entries.deletion(piece.attributes, topic)]
    (entry,) = _parsed(piece.alone)["entries"]
    return entries.messages(entry, topic, atom=piece.name == "entry")


def _parsed(xml: bytes) -> dict[str, Any]:
    """Return what feedparser reads in it. From a stream: it would take bytes for the name of a file."""
    headers = {"content-type": "application/xml; charset=utf-8"}
    found = feedparser.parse(
        io.BytesIO(xml), response_headers=headers, resolve_relative_uris=False, sanitize_html=False
    )
    return {key: _bare(found[key]) for key in ("feed", "entries")}


def _bare(value: Any) -> Any:
    """Return it in plain dicts; feedparser's own give the time of publication for that of a missing update."""
    if isinstance(value, dict):
        return {key: _bare(one) for key, one in value.items()}
    return [_bare(one) for one in value] if isinstance(value, list) else value


def _topic(callback: Callback, about: Json, accounts: Mapping[str, Account]) -> str:
    """Return the topic that the feed is of: by the Link header, else by itself, else the only one there is."""
    told = [*_linked(callback.headers), *_linking(about)]
    named = [*(href for href, relations in told if "self" in relations), ornament(about, "id")]
    known = [one for one in named if one] or [topic for topic in accounts if len(accounts) == 1]
    return next((one for one in known if one in accounts), known[0] if known else "")


def _joined(url: str, href: str) -> str:
    try:
        return urljoin(url, href)
    except ValueError:  # half an IPv6 address
        return ""


def _linked(headers: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Yield what the Link headers name, each with its relations."""
    yield from ((one[1], _relations(one[2])) for one in LINK.finditer(headers.get("link", "")))


def _linking(about: Json) -> Iterator[tuple[str, list[str]]]:
    """Yield what the feed itself names."""
    listed = about.get("links")
    for one in listed if isinstance(listed, list) else ():
        if href := ornament(one, "href"):
            yield href, ornament(one, "rel").lower().split()


def _relations(parameters: str) -> list[str]:
    found = RELATION.search(parameters)
    return found[1].lower().split() if found else []


def _rest(found: Feed) -> list[Event]:
    return (
        [Unreadable(item=found.rest, error=f"what follows cannot be read: {found.fault}")] if found.fault else []
    )


def _why(fault: Exception) -> str:
    """Say what was wrong; errors that are not ours may quote the content."""
    return str(fault) if isinstance(fault, Unfit) else type(fault).__name__
