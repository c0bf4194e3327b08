"""What every channel's adapter keeps to: over each of its fixtures, and over spoiled ones. One suite for all.

A spoiled fixture has one value dropped or replaced by one of another type: every value is dropped, and gets as
many of the other types as MUTANTS of one fixture allow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

import google_calls
import instagram_calls
import line_calls
import meta_calls
import pytest
import telegram_calls
import threads_calls
import tiktok_calls
import trustpilot_calls
import webhook_calls
import websub_calls
import whatsapp_calls
import x_calls
from contract import Specimen
from hypothesis import given, settings
from hypothesis import strategies as st
from spoiling import DROPPED, MARK, Place, mutants, places, spoiled

from bridge.errors import ConfigError, Forged
from bridge.message import Message, dump, load
from bridge.ports import Callback, Delivered, Event, Skipped, Undelivered

CHANNELS = (
    google_calls,
    instagram_calls,
    line_calls,
    meta_calls,
    telegram_calls,
    threads_calls,
    tiktok_calls,
    trustpilot_calls,
    webhook_calls,
    websub_calls,
    whatsapp_calls,
    x_calls,
)
SPECIMENS: tuple[Specimen, ...] = tuple(one for calls in CHANNELS for one in calls.SPECIMENS)
FIXTURES = [(specimen, file) for specimen in SPECIMENS for file in sorted(specimen.fixtures.iterdir())]

MUTANTS = 120
LONGEST = 1100  #: bytes of an id or a thread: some are made of two ids of the platform
FLIPPED = 0x10
"""A bit that counts in every character: others only change the case of a hex digit, or the padding of Base64."""

WORDLESS = {
    "facebook": "of a comment that is a sticker only Facebook does not say what it shows",
    "tiktok": "of a comment TikTok may tell the number only, and a video may have no caption",
    "x": "of a post that is a picture only X says so where the subscription asks for it",
}
"""Channels whose public messages may come without words, and without saying what else they are.

Elsewhere a message that says nothing is half-formed, unless its content is to be fetched.
"""

UNSIGNED = {"google", "telegram", "trustpilot", "webhook-listening"}
"""Specimens whose platforms send a secret or a token, which says nothing of the body."""

UNSIGNABLE = {"google"}
"""Specimens whose tokens only the platform can issue."""

NUL = re.compile(r"(?<!\\)(\\\\)*\\u0000")
"""A NUL in JSON. Behind a backslash that is itself written as two it is six characters, and can be stored."""

NAMED = attrgetter("name")
FLAWS = [b'{"a":1,"a":1}', b"NaN", b"1e999", b"-Infinity", b"9" * 4400, b"[" * 70 + b"]" * 70]


def by_fixture(found: Iterable[tuple[Specimen, Path]]) -> pytest.MarkDecorator:
    of = list(found)
    return pytest.mark.parametrize(("specimen", "file"), of, ids=[f"{one.name}-{file.stem}" for one, file in of])


def signs_bodies(specimen: Specimen) -> bool:
    return specimen.call(b"{}").headers != specimen.call(b"[]").headers


def with_neighbour(specimen: Specimen, file: Path) -> Any | None:
    """A fixture with a healthy item behind its own; None = it can hold no second."""
    return specimen.beside(specimen.read(file.read_bytes()))


each_specimen = pytest.mark.parametrize("specimen", SPECIMENS, ids=NAMED)
each_fixture = by_fixture(FIXTURES)
each_signed = by_fixture(one for one in FIXTURES if signs_bodies(one[0]))
each_list = by_fixture(one for one in FIXTURES if one[1].suffix == ".json" and with_neighbour(*one) is not None)


def body_of(specimen: Specimen, file: Path) -> bytes:
    return specimen.write(specimen.read(file.read_bytes()))


def parse(specimen: Specimen, document: Any) -> list[Event]:
    return specimen.channel.parse(specimen.call(specimen.write(document)))


def holds(specimen: Specimen, callback: Callback) -> bool:
    """Whether the adapter takes a callback for the platform's."""
    try:
        assert specimen.channel.verify(callback) is None
    except Forged:
        return False
    return True


# --- whose it is ----------------------------------------------------------------------------------------------


@each_fixture
def test_what_the_platform_sends_holds(specimen: Specimen, file: Path) -> None:
    assert holds(specimen, specimen.call(body_of(specimen, file)))


@pytest.mark.parametrize("specimen", [one for one in SPECIMENS if one.name not in UNSIGNABLE], ids=NAMED)
def test_what_an_adapter_signs_now_it_takes_now(specimen: Specimen) -> None:
    body = body_of(specimen, first(specimen))

    headers = specimen.channel.sign(body)

    assert holds(specimen, replace(specimen.call(body), headers=headers, received_at=datetime.now(UTC)))


@pytest.mark.parametrize("specimen", [one for one in SPECIMENS if one.name in UNSIGNABLE], ids=NAMED)
def test_what_nobody_else_can_sign_is_said_to_be_so(specimen: Specimen) -> None:
    with pytest.raises(ConfigError):
        specimen.channel.sign(body_of(specimen, first(specimen)))


def test_every_platform_but_these_signs_its_bodies() -> None:
    assert {one.name for one in SPECIMENS if not signs_bodies(one)} == UNSIGNED


@each_signed
def test_a_signature_is_of_every_byte_of_its_body(specimen: Specimen, file: Path) -> None:
    body = body_of(specimen, file)
    call = specimen.call(body)

    taken = [i for i in range(len(body)) if holds(specimen, replace(call, body=flipped(body, i)))]

    assert taken == []
    assert not holds(specimen, replace(call, body=body + b" "))
    assert not holds(specimen, replace(call, body=body[:-1]))


def flipped(body: bytes, at: int) -> bytes:
    """The body with one bit of a byte turned: the next bit of the next byte."""
    return body[:at] + bytes([body[at] ^ 1 << at % 8]) + body[at + 1 :]


def credentials(specimen: Specimen, call: Callback) -> Iterator[tuple[str, Callback]]:
    """Each header, and the secret in the path, if the callback does not hold without it."""
    if call.secret and not holds(specimen, replace(call, secret="")):
        yield call.secret, replace(call, secret="")
    for name, value in call.headers.items():
        without = replace(call, headers={key: held for key, held in call.headers.items() if key != name})
        if not holds(specimen, without):
            yield value, without


@each_specimen
def test_nobody_gets_in_without_a_credential(specimen: Specimen) -> None:
    call = specimen.call(body_of(specimen, first(specimen)))

    found = list(credentials(specimen, call))

    assert found
    assert not holds(specimen, replace(call, headers={}, secret=""))
    for value, _ in found:
        for other in ("", " ", value[:-1], f"{value}{value}", "é", "0" * 64):
            assert not holds(specimen, changed(call, value, other))


@each_specimen
def test_no_character_of_a_credential_can_be_another(specimen: Specimen) -> None:
    call = specimen.call(body_of(specimen, first(specimen)))

    for value, _ in credentials(specimen, call):
        for i, letter in enumerate(value):
            other = value[:i] + chr(ord(letter) ^ FLIPPED) + value[i + 1 :]
            assert not holds(specimen, changed(call, value, other)), i


def first(specimen: Specimen) -> Path:
    return min(specimen.fixtures.iterdir())


def changed(call: Callback, value: str, other: str) -> Callback:
    """The callback with another value of a credential."""
    headers = {name: other if held == value else held for name, held in call.headers.items()}
    return replace(call, headers=headers, secret=other if call.secret == value else call.secret)


# --- what it comes to -----------------------------------------------------------------------------------------


@each_fixture
def test_every_fixture_comes_to_something_and_to_the_same_again(specimen: Specimen, file: Path) -> None:
    document = specimen.read(file.read_bytes())

    found = parse(specimen, document)

    assert found or not items(document)
    assert found == parse(specimen, document)
    assert faults(specimen, found, silent(found)) == []


def items(document: Any) -> list[Any]:
    """What the lists of a document hold."""
    return [at for at in places(document) if isinstance(at[-1], int)]


def faults(specimen: Specimen, events: list[Event], hollow: frozenset[str] = frozenset()) -> list[str]:
    """What is half-formed in events; [] = nothing. hollow: the kinds of messages that may say nothing."""
    return [fault for event in events for fault in _faults(specimen, event, hollow)]


def _faults(specimen: Specimen, event: Event, hollow: frozenset[str]) -> list[str]:
    if isinstance(event, Message):
        return [f"a {event.kind} {event.change}: {fault}" for fault in _of_message(specimen, event, hollow)]
    if isinstance(event, Skipped):
        return [] if len(event.event) <= 80 else [f"an event's name is {event.event!r}"]
    if isinstance(event, Delivered | Undelivered):
        said = event.reason if isinstance(event, Undelivered) else event.reply
        return [] if event.account and event.id and said else [f"half of {event!r}"]
    return [] if event.error and MARK not in event.error else [f"an error is {event.error!r}"]


def _of_message(specimen: Specimen, message: Message, hollow: frozenset[str]) -> Iterator[str]:
    if max(len(text.encode()) for text in (message.id, message.thread, message.reply_to)) > LONGEST:
        yield "an id is too long"
    if len(message.key.encode()) > 2400:
        yield "its key is too long for an index"
    if message.change == "created" and not message.thread and not specimen.channel.reads_payload_maps:
        yield "it has no thread"
    excused = (message.public and message.channel in WORDLESS) or "content" in specimen.channel.lacks(message)
    if says_nothing(message) and message.kind not in hollow and not excused:
        yield "it says nothing"
    if NUL.search(dump(message)) or load(dump(message), message.raw) != message:
        yield "it cannot be stored"
    if not message.raw or json.loads(message.raw) is None:
        yield "it has no raw"


def silent(events: list[Event]) -> frozenset[str]:
    """The kinds of the messages that say nothing."""
    return frozenset(one.kind for one in events if isinstance(one, Message) and says_nothing(one))


def says_nothing(message: Message) -> bool:
    return message.change == "created" and not (message.text or message.attachments or message.rating)


@each_fixture
def test_a_spoiled_value_ends_by_name_and_its_neighbour_arrives(specimen: Specimen, file: Path) -> None:
    document = specimen.read(file.read_bytes())
    own = parse(specimen, document)
    both = with_neighbour(specimen, file)
    whole = document if both is None else both
    healthy = parse(specimen, whole)[len(own) :]
    hollow = silent(own)

    assert both is None or healthy, "the neighbour is not healthy"
    neighbour = behind(document, whole)
    for place, value, mutant in mutants(whole, places(document), MUTANTS):
        found = parse(specimen, mutant)

        told = f"{place}: {'dropped' if value is DROPPED else repr(value)[:40]}"
        assert faults(specimen, found, hollow) == [], told
        if apart(place, neighbour):
            assert found[len(found) - len(healthy) :] == healthy, told
            assert len(found) > len(healthy) or value is DROPPED or value == [], told
        else:
            assert found or value is DROPPED or value == [], told


@each_list
def test_json_that_two_readers_could_read_differently_costs_the_neighbour_nothing(
    specimen: Specimen, file: Path
) -> None:
    document = specimen.read(file.read_bytes())
    both = with_neighbour(specimen, file)
    healthy = parse(specimen, both)[len(parse(specimen, document)) :]
    neighbour = behind(document, both)

    for i, place in enumerate(one for one in places(document) if apart(one, neighbour)):
        body = specimen.write(spoiled(both, place, MARK)).replace(f'"{MARK}"'.encode(), FLAWS[i % len(FLAWS)])
        found = specimen.channel.parse(specimen.call(body))

        assert found[len(found) - len(healthy) :] == healthy, (place, FLAWS[i % len(FLAWS)][:20])


def behind(document: Any, both: Any) -> Place:
    """Where the neighbour is; () = there is none."""
    known = set(places(document))
    return min((place for place in places(both) if place not in known), key=len, default=())


def apart(place: Place, neighbour: Place) -> bool:
    """Whether a place is in another item than the neighbour: a list comes after their ways have parted."""
    shared = next((i for i, (a, b) in enumerate(zip(place, neighbour, strict=False)) if a != b), None)
    return shared is not None and any(isinstance(step, int) for step in place[shared:])


# --- whatever comes -------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@cache
def documents(specimen: Specimen) -> list[Any]:
    return [one.read(file.read_bytes()) for one, file in FIXTURES if one is specimen]


@cache
def ever_silent(specimen: Specimen) -> frozenset[str]:
    """The kinds of messages that say nothing in one of the fixtures."""
    return silent([event for document in documents(specimen) for event in parse(specimen, document)])


@st.composite
def bodies(draw: Any, specimen: Specimen) -> bytes:
    """Any JSON value at any place of a fixture, or any bytes."""
    if draw(st.integers(0, 3)) == 0:
        return draw(st.binary(max_size=200))  # type: ignore[no-any-return]
    document = draw(st.sampled_from(documents(specimen)))
    return specimen.write(spoiled(document, draw(st.sampled_from(places(document))), draw(JSON)))


@each_specimen
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_comes_nothing_is_raised_and_nothing_half_formed(specimen: Specimen, data: st.DataObject) -> None:
    found = specimen.channel.parse(specimen.call(data.draw(bodies(specimen))))

    assert faults(specimen, found, ever_silent(specimen)) == []
