"""From one entry, as feedparser reads RSS and Atom alike, to its messages. Pure.

Its names for what stands in a feed: https://feedparser.readthedocs.io/en/latest/reference.html
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from adapters.websub.wording import plain
from bridge.fitting import size
from bridge.message import Account, Attachment, Message, Person
from bridge.ports import Event, Skipped
from bridge.reading import LONGEST_ID, Json, compact, ident, moment, need, ornament

MARKUP = frozenset({"text/html", "application/xhtml+xml"})
PLAYED = ("image", "video", "audio")
LONGEST_LANGUAGE = 35  # characters, of BCP 47
MOST_ATTACHMENTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """The feed that an entry came in: what its message takes from around it."""

    account: Account
    connection: str
    received_at: datetime
    feed: Json  #: what feedparser says of the feed itself


def messages(entry: Json, topic: Topic, *, atom: bool) -> list[Event]:
    """Return the creation of an entry and, where it was updated since, that edit too.

    A callback does not say which of the two it tells of: a creation that is known is not stored again, and an edit
    is numbered by its `updated`. atom: only there the feed's author wrote what names none, and `updated` alone is
    more than another name for the date: https://www.rfc-editor.org/rfc/rfc4287#section-4.2.1

    Raises Unfit when the entry cannot be read.
    """
    number = need(ident(entry, "id") or ident(entry, "link"), "id, guid or link")
    text, url, attachments = _text(entry), _url(entry, topic), tuple(_attachments(entry, topic))
    if not (text or url or attachments):
        return [Skipped(reason="system", event="entry without content")]
    published, updated = _time(entry, "published"), _time(entry, "updated")
    created = Message(
        channel="websub",
        connection=topic.connection,
        account=topic.account,
        id=number,
        kind="post",
        author=_author(entry) or (_author(topic.feed) if atom else None) or Person(),
        thread=number,
        text=text or url,
        language=_language(entry, topic.feed),
        url=url,
        attachments=attachments,
        sent_at=published or updated,
        received_at=topic.received_at,
        public=True,
        raw=compact(_shown(entry)),
    )
    version = _version(entry, atom=atom)
    return [created, replace(created, change="edited", version=version, sent_at=updated)] if version else [created]


def _version(entry: Json, *, atom: bool) -> str:
    """Return when the entry was updated, as written; "" = it was not since it was published."""
    published, updated = ornament(entry, "published"), ornament(entry, "updated")
    same = published == updated or (published and _time(entry, "published") == _time(entry, "updated"))
    return updated if (published or atom) and not same else ""


def deletion(attributes: Mapping[str, str], topic: Topic) -> Message:
    """Return the deletion of an entry; attributes: of its tombstone. Raises Unfit when it cannot be read.

    https://www.rfc-editor.org/rfc/rfc6721
    """
    return Message(
        channel="websub",
        connection=topic.connection,
        account=topic.account,
        id=need(ident(attributes, "ref"), "ref"),
        kind="post",
        change="deleted",
        sent_at=moment(attributes, "when"),
        received_at=topic.received_at,
        public=True,
        raw=compact(dict(attributes)),
    )


def _text(entry: Json) -> str:
    contents = [one for one in _each(entry, "content") if _readable(one)]
    title, body = _words(_detail(entry, "title")), _words(_detail(entry, "summary"))
    if contents:
        body = _words(contents[0]) or body
    return "\n".join(dict.fromkeys(part for part in (title, body) if part))


def _words(detail: Json) -> str:
    value = ornament(detail, "value")
    return plain(value) if ornament(detail, "type") in MARKUP else value.strip()


def _readable(content: Json) -> bool:
    return ornament(content, "type").startswith("text/") or ornament(content, "type") in MARKUP


def _detail(entry: Json, name: str) -> Json:
    found = entry.get(f"{name}_detail")
    return found if isinstance(found, dict) else {"value": entry.get(name), "type": "text/html"}


def _author(of: Json) -> Person | None:
    """Return who wrote it; whom we watch is never our own side."""
    detail = of.get("author_detail")
    known = detail if isinstance(detail, dict) else {"name": of.get("author")}
    name, page, email = (ornament(known, key) for key in ("name", "href", "email"))
    number = next((one for one in (page, name, email) if one and size(one) <= LONGEST_ID), "")
    return Person(id=number, name=name, email=email) if number else None


def _language(entry: Json, feed: Json) -> str:
    told = (ornament(one, "language") for one in (_detail(entry, "title"), _detail(entry, "summary"), feed))
    return next((one for one in told if 0 < len(one) <= LONGEST_LANGUAGE), "")


def _attachments(entry: Json, topic: Topic) -> Iterator[Attachment]:
    """Yield enclosures, pictures and films, each address once."""
    enclosed = [one for one in _each(entry, "links") if ornament(one, "rel") == "enclosure"]
    played = [one for one in _each(entry, "media_content") if _kind(one) in PLAYED]
    seen = {""}
    for one in [*enclosed, *played, *_each(entry, "media_thumbnail")][:MOST_ATTACHMENTS]:
        url = _link(ornament(one, "href") or ornament(one, "url"), topic.account.id)
        if url not in seen:
            seen.add(url)
            yield Attachment(kind="image" if one in _each(entry, "media_thumbnail") else _kind(one), url=url)


def _kind(medium: Json) -> str:
    kind = ornament(medium, "medium") or ornament(medium, "type").partition("/")[0]
    return kind if kind in PLAYED else "file"


def _url(entry: Json, topic: Topic) -> str:
    """Return where the entry stands; without links feedparser gives its id, which is relative to nothing."""
    return _link(ornament(entry, "link"), topic.account.id if _each(entry, "links") else "")


def _link(href: str, base: str) -> str:
    """Return the address in full; "" = none that a browser could open."""
    try:
        url = urljoin(base, href) if href else ""
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:  # half an IPv6 address
        return ""


def _time(entry: Json, name: str) -> datetime | None:
    found = entry.get(f"{name}_parsed")
    return moment({name: calendar.timegm(found)}, name) if isinstance(found, tuple) else None


def _each(of: Json, name: str) -> list[Json]:
    found = of.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _shown(value: object) -> object:
    """Return what feedparser read as JSON can hold it, without the times that it took apart."""
    if isinstance(value, dict):
        return {key: _shown(one) for key, one in value.items() if not key.endswith("_parsed")}
    if isinstance(value, list):
        return [_shown(one) for one in value]
    return value if isinstance(value, str | bool | int) else None
