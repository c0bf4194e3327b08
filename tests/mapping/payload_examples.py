"""What the tests of payload maps start from: a map made of lines, and callbacks for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.errors import ConfigError
from bridge.mapping import Payload
from bridge.mapping.payload_compile import read_payload
from bridge.message import Account, Message
from bridge.ports import Callback, Event

RECEIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ACCOUNTS = {"shop": Account(id="shop", about={"brand": "Acme"})}
HEAD = "version: 1\npayload: tool\nchannel: tool\n"
MESSAGE = 'message:\n  id: "{id}"\n  kind: direct\n  text: "{text}"\n'


def payload(lines: str = "", *, message: str = MESSAGE, head: str = HEAD) -> Payload:
    """A map of these lines, then its message."""
    return read_payload(head + lines + message, "payloads/tool.yaml")


def faults(lines: str = "", *, message: str = MESSAGE, head: str = HEAD) -> list[str]:
    """The faults of a map, without the file's name; its lines begin on line 4."""
    with pytest.raises(ConfigError) as caught:
        payload(lines, message=message, head=head)
    return [fault.removeprefix("payloads/tool.yaml:") for fault in caught.value.faults]


def events(made: Payload, body: object, accounts: dict[str, Account] | None = None) -> list[Event]:
    """What a body comes to; bytes as they are, anything else as JSON."""
    callback = Callback(
        connection="acme-tool",
        method="POST",
        url="https://hooks.example.com/in/acme-tool",
        query={},
        headers={},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        received_at=RECEIVED,
    )
    return made.events(callback, ACCOUNTS if accounts is None else accounts)


def one(made: Payload, body: object) -> Message:
    """The one message of a body."""
    (event,) = events(made, body)
    assert isinstance(event, Message), event
    return event


def value(name: str, written: str, item: dict[str, Any]) -> Any:
    """What a property becomes that is written like this."""
    body = {"id": "m-1", "text": "Hello", **item}
    found: Any = one(payload(message=f"{MESSAGE}  {name}: {written}\n"), body)
    for part in name.split("."):
        found = getattr(found, part)
    return found
