"""Google's recorded pushes, against the table that says what each must come to."""

from __future__ import annotations

from pathlib import Path

import pytest
from google_calls import call, google
from google_table import LOCATION, TABLE
from payload_table import folder, line

from bridge.message import Account


@pytest.fixture(scope="module")
def payloads() -> Path:
    found = folder()
    if found is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    return found


def test_the_table_names_every_payload_of_google(payloads: Path) -> None:
    files = (payloads / "google_business").glob("*.json")

    assert {str(file.relative_to(payloads)) for file in files} == TABLE.keys()


@pytest.mark.parametrize("name", TABLE)
def test_a_payload_comes_to_what_it_means(payloads: Path, name: str) -> None:
    channel = google(Account(id=LOCATION))
    callback = call((payloads / name).read_bytes())

    assert channel.verify(callback) is None
    assert tuple(line(event) for event in channel.parse(callback)) == TABLE[name]
