"""What every channel's adapter keeps to behind the real receiver and store: nothing twice, never a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contract import Specimen
from hypothesis import given, settings
from hypothesis import strategies as st
from receiving import Receiving, receiving
from test_contract import SPECIMENS, bodies, body_of

from bridge.message import Message
from bridge.ports import Unreadable


@pytest.fixture(scope="module", params=SPECIMENS, ids=lambda one: one.name)
def specimen(request: pytest.FixtureRequest) -> Specimen:
    found: Specimen = request.param
    return found


@pytest.fixture(scope="module")
def receiver(specimen: Specimen, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiving]:
    with receiving(specimen.channel, specimen.call, template, tmp_path_factory.mktemp("contract")) as found:
        yield found


def keys(specimen: Specimen, body: bytes) -> set[str]:
    """What makes each item of a callback the same again."""
    found = specimen.channel.parse(specimen.call(body))
    return {e.key for e in found if isinstance(e, Message)} | {
        f"{e.item!r}" for e in found if isinstance(e, Unreadable)
    }


def test_every_fixture_is_stored_once_however_often_it_comes_and_however_its_headers_are_written(
    specimen: Specimen, receiver: Receiving
) -> None:
    fixtures = [body_of(specimen, file) for file in sorted(specimen.fixtures.iterdir())]

    answers = {receiver.send(body) for body in fixtures}
    once = receiver.books()
    answers |= {receiver.send(body, shouted=True) for body in fixtures}
    twice = receiver.books()

    assert answers == {200}
    assert once.received == len({key for body in fixtures for key in keys(specimen, body)})
    assert (twice.received, twice.states) == (once.received, once.states)
    assert twice.skipped == {what: 2 * n for what, n in once.skipped.items()}
    assert twice.faults() == []


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_whatever_comes_is_no_error_of_ours(specimen: Specimen, receiver: Receiving, data: st.DataObject) -> None:
    body: Any = data.draw(bodies(specimen))

    assert receiver.send(body) < 500
    assert receiver.books().faults() == []
