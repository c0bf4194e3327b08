"""A platform calls us: what is stored before it is answered."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from heart import (
    NOON,
    all_items,
    ledger_of,
    said,
    states,
)

from bridge.errors import Forged
from bridge.flow import receive
from bridge.ports import Answer, Callback, Channel, Event, Skipped
from bridge.store import Store


class Plain(Channel):
    """A platform whose callbacks are lists of texts; one that begins with ! breaks the parser."""

    def verify(self, callback: Callback) -> Answer | None:
        if callback.method == "GET":
            return Answer(body=callback.query["challenge"])
        if callback.headers.get("signature") != "good":
            raise Forged("the signature does not hold")
        return None

    def parse(self, callback: Callback) -> list[Event]:
        found: list[Event] = []
        for text in json.loads(callback.body):
            if text.startswith("!"):
                raise ValueError(text)
            found.append(Skipped(reason="typing", event="typing") if text == "..." else said(text))
        return found

    def sign(self, body: bytes) -> Mapping[str, str]:
        return {"signature": "good"}

    def accepted(self) -> Answer:
        return Answer(body="thanks")


def callback(*texts: str, signature: str = "good", method: str = "POST") -> Callback:
    """A callback of the plain platform."""
    return Callback(
        connection="fb",
        method=method,
        url="https://bridge.example/in/fb",
        query={"challenge": "1234"},
        headers={"signature": signature},
        body=json.dumps(texts).encode(),
        received_at=NOON,
    )


def test_a_callback_is_stored_before_it_is_answered(store: Store) -> None:
    answered = receive(callback("one", "...", "two"), Plain(), store)

    assert answered == Answer(body="thanks")
    assert states(store) == {"m-one:created": "ready", "m-two:created": "ready"}
    assert ledger_of(store).skipped == {("fb", "typing", "typing"): 1}


def test_a_handshake_stores_nothing(store: Store) -> None:
    answered = receive(callback("one", method="GET"), Plain(), store)

    assert (answered, all_items(store)) == (Answer(body="1234"), [])


def test_a_forged_callback_stores_nothing(store: Store) -> None:
    with pytest.raises(Forged):
        receive(callback("one", signature="bad"), Plain(), store)

    assert all_items(store) == []


def test_a_callback_that_breaks_the_parser_is_one_dead_item(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    answered = receive(callback("one", "!secret"), Plain(), store)

    [one] = all_items(store)
    assert answered.status == 200
    assert one.reason == "unreadable (18 bytes): parsing failed: ValueError (the log has the place)"
    assert "secret" not in caplog.text
