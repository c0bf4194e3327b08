"""The examples under `tests:` of a payload map: each is run whenever the map is loaded. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from operator import attrgetter

from bridge.mapping.document import Document, Fault, Node, near
from bridge.mapping.filters import as_text
from bridge.mapping.paths import INBOX, PATHS
from bridge.mapping.payload import Payload
from bridge.mapping.placeholders import Check
from bridge.message import Account, Message
from bridge.ports import Callback, Event, Skipped, Unreadable

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
BARE = re.compile(r"true|false|null|-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?")
PROPERTIES = [name for name in PATHS if name not in INBOX]
ENDS = ["skipped", "unreadable"]  #: for what becomes no message
KNOWN = [*PROPERTIES, *ENDS]


class Everyone(Mapping[str, Account]):
    """Accounts of every id: a payload map does not know whose they are."""

    def __getitem__(self, key: str) -> Account:
        return Account(id=key)

    def __iter__(self) -> Iterator[str]:
        return iter(("account-1",))

    def __len__(self) -> int:
        return 1


def failures(payload: Payload, document: Document) -> list[Fault]:
    """Run the examples of a map. [] = all came out as expected; else a fault for each thing that did not."""
    check = Check(document)
    for example in document.root.entries["tests"].items if "tests" in document.root.entries else ():
        _run(payload, example.entries, check)
    return check.faults


def _run(payload: Payload, example: Mapping[str, Node], check: Check) -> None:
    callback = Callback(
        connection="example",
        method="POST",
        url="https://example.com/in/example",
        query={},
        headers={},
        body=json.dumps(typed(example["body"], check.document)).encode(),
        received_at=NOON,
    )
    events = payload.events(callback, Everyone())
    expected = example["expect"].items or (example["expect"],)
    if len(events) != len(expected):
        told = f"test {example['name'].text!r}: {len(events)} items came out, {len(expected)} are expected"
        check.refuse(example["expect"], "test-failed", told, key=True)
        return
    for event, node in zip(events, expected, strict=True):
        _compare(event, node, example["name"].text or "", check)


def _compare(event: Event, expected: Node, name: str, check: Check) -> None:
    values = shown(event)
    if not expected.entries:
        check.refuse(expected, "not-a-map", "properties and their values are expected here: {id: …, text: …}")
    for key, node in expected.entries.items():
        if key not in KNOWN:
            close, reason = near(key, KNOWN), f"nothing gives {key!r}"
            allowed = "" if close else ", ".join(KNOWN)
            check.refuse(node, "never-given", reason, key=True, allowed=allowed, suggestion=close)
        elif values.get(key, "") != (node.text or ""):
            instead = next((f", it was {k}: {values[k]}" for k in ENDS if k in values), "")
            told = f"test {name!r}: expected {key} {node.text!r}, got {values.get(key, '')!r}{instead}"
            check.refuse(node, "test-failed", told)


def shown(event: Event) -> Mapping[str, str]:
    """What an example can expect of an event, as text."""
    if isinstance(event, Skipped):
        return {"skipped": event.event}
    if isinstance(event, Unreadable):
        return {"unreadable": event.error}
    assert isinstance(event, Message)  # a payload map makes nothing else
    return {name: as_text(attrgetter(name)(event)) for name in PROPERTIES}


def typed(node: Node, document: Document) -> object:
    """The JSON that a node means: without quotes, numbers, true, false and null are no text."""
    if isinstance(node.value, dict):
        return {key: typed(value, document) for key, value in node.entries.items()}
    if not isinstance(node.value, str):
        return [typed(item, document) for item in node.items]
    bare = document.source[node.span[0] : node.span[1]] == node.value
    return json.loads(node.value) if bare and BARE.fullmatch(node.value) else node.value
