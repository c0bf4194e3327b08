"""Callbacks of WebSub hubs for the tests: our own topics, and feeds signed as a hub signs them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.dom.minidom import Element, parseString
from xml.sax.saxutils import escape, quoteattr

from contract import Specimen

from adapters.websub import Settings, WebSub
from bridge.message import Account, Message
from bridge.ports import Callback, Event

FIXTURES = Path(__file__).parents[1] / "fixtures" / "websub"
RECEIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = "hub-secret-of-acme"
PATH = "path-secret-of-acme-0001"
TALK = Account(id="https://kitchen-talk.example/feed.atom", about={"brand": "Acme"})
NEWEST = Account(id="https://kitchen-talk.example/newest.rss")
VIDEOS = Account(id="https://www.youtube.com/xml/feeds/videos.xml?channel_id=UCacme0000000000000000001")
OLD = Account(id="https://old-blog.example/index.rdf")
ATOM = 'xmlns="http://www.w3.org/2005/Atom"'


def websub(*accounts: Account, secrets: tuple[str, ...] = (SECRET,)) -> WebSub:
    known = {one.id: one for one in accounts or (TALK, NEWEST, VIDEOS, OLD)}
    return WebSub(Settings.model_validate({"secret": secrets, "path_secret": PATH}), known)


def post(body: bytes, **headers: str) -> Callback:
    return Callback(
        connection="acme-feeds",
        method="POST",
        url=f"https://hooks.example.com/in/acme-feeds/{PATH}",
        query={},
        headers=headers,
        body=body,
        received_at=RECEIVED,
        secret=PATH,
    )


def link(topic: str) -> str:
    """The Link header of a hub."""
    return f'<https://hub.example/>; rel="hub", <{topic}>; rel="self"'


def parse(body: bytes | str, *accounts: Account, topic: str = TALK.id, **headers: str) -> list[Event]:
    given = body.encode() if isinstance(body, str) else body
    return websub(*accounts).parse(post(given, **{"link": link(topic)} | headers))


def atom(*inner: str) -> str:
    """A feed with these entries, each given by what stands in it."""
    return f"<feed {ATOM}>{''.join(f'<entry>{one}</entry>' for one in inner)}</feed>"


def message(body: bytes | str, *accounts: Account, topic: str = TALK.id) -> Message:
    """The one message that a callback comes to."""
    (event,) = parse(body, *accounts, topic=topic)
    assert isinstance(event, Message), event
    return event


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.xml").read_bytes()


def call(body: bytes) -> Callback:
    return post(body, **websub().sign(body), link=link(TALK.id))


# --- a feed as JSON, so that each of its values can be spoiled ------------------------------------------------


def picture(xml: bytes) -> dict[str, Any]:
    """The feed in JSON: its tags, what stands around the entries by number, and the entries."""
    root = parseString(xml).documentElement
    assert root is not None
    channel = next((one for one in _children(root) if one.tagName == "channel"), None)
    holder = channel if root.tagName == "rss" and channel is not None else root
    around = [one for one in _children(holder) if not _is_entry(one)]
    return {
        "tags": {one.tagName: dict(one.attributes.items()) for one in dict.fromkeys((root, holder))},
        "around": {str(i): _pictured(one) for i, one in enumerate(around)},
        "entries": [{one.tagName: _pictured(one)} for one in _children(holder) if _is_entry(one)],
    }


def written(document: Any) -> bytes:
    """The way back; what is not as `picture` made it stands in the XML as text."""
    held: dict[str, Any] = document if isinstance(document, dict) else {"entries": [document]}
    tags, around = _map(held.get("tags")), _map(held.get("around"))
    entries = held.get("entries", [])
    usual = "item" if "rss" in tags or "rdf:RDF" in tags else "entry"
    inside = [_element(one) for one in around.values()]
    for one in entries if isinstance(entries, list) else [entries]:
        name, content = next(iter(one.items())) if isinstance(one, dict) and one else (usual, one)
        inside.append(_element(content, name if name in ("entry", "item", "at:deleted-entry") else usual))
    opened = "".join(f"<{name}{_attributes(given)}>" for name, given in tags.items())
    closed = "".join(f"</{name}>" for name in reversed(tags))
    return f"{opened}{''.join(inside)}{closed}".encode(errors="surrogatepass")


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def beside(document: Any) -> Any:
    """The same with one healthy entry behind all others."""
    name = next(name for one in document["entries"] for name in one).replace("at:deleted-entry", "entry")
    return {**document, "entries": [*document["entries"], {name: HEALTHY[name]}]}


HEALTHY = {
    "entry": {
        "children": [
            {"name": "id", "text": "tag:kitchen-talk.example,2026:post-99"},
            {"name": "title", "text": "I am well"},
            {"name": "author", "children": [{"name": "name", "text": "Cleo"}]},
        ]
    },
    "item": {
        "children": [
            {"name": "title", "text": "I am well"},
            {"name": "link", "text": "https://kitchen-talk.example/99"},
        ]
    },
}


def _children(of: Element) -> list[Element]:
    return [one for one in of.childNodes if isinstance(one, Element)]


def _is_entry(one: Element) -> bool:
    return one.tagName in ("entry", "item", "at:deleted-entry")


def _pictured(one: Element) -> dict[str, Any]:
    inner = _children(one)
    text = "" if inner else "".join(node.data for node in one.childNodes if hasattr(node, "data"))
    shown = {
        "name": one.tagName,
        "attributes": dict(one.attributes.items()),
        "text": text,
        "children": [_pictured(child) for child in inner],
    }
    return {key: value for key, value in shown.items() if value and not (key == "name" and _is_entry(one))}


def _element(content: Any, name: str = "") -> str:
    if not isinstance(content, dict):
        return f"<{name or 'x'}>{_text(content)}</{name or 'x'}>"
    told = content.get("name")
    tag = name or (told if isinstance(told, str) and told.replace(":", "").isalnum() else "x")
    children = content.get("children", [])
    inner = [_element(one) for one in children] if isinstance(children, list) else [_text(children)]
    return (
        f"<{tag}{_attributes(content.get('attributes'))}>{_text(content.get('text', ''))}{''.join(inner)}</{tag}>"
    )


def _attributes(given: Any) -> str:
    return "".join(f" {key}={quoteattr(_told(value))}" for key, value in _map(given).items())


def _text(value: Any) -> str:
    return escape(_told(value))


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


SPECIMENS = (
    Specimen(
        name="websub",
        channel=websub(),
        fixtures=FIXTURES,
        call=call,
        read=picture,
        write=written,
        beside=beside,
    ),
)
