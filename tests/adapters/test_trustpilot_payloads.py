"""Trustpilot's documented events, against the table that says what each must come to."""

from __future__ import annotations

from pathlib import Path

import pytest
from payload_table import folder, line
from trustpilot_calls import post, trustpilot
from trustpilot_table import TABLE


@pytest.fixture(scope="module")
def payloads() -> Path:
    found = folder()
    if found is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    return found


def test_the_table_names_every_payload_of_trustpilot(payloads: Path) -> None:
    assert {str(file.relative_to(payloads)) for file in (payloads / "trustpilot").glob("*.json")} == TABLE.keys()


@pytest.mark.parametrize("name", TABLE)
def test_a_payload_comes_to_what_it_means(payloads: Path, name: str) -> None:
    callback = post((payloads / name).read_bytes())
    channel = trustpilot()

    assert channel.verify(callback) is None
    assert tuple(line(event) for event in channel.parse(callback)) == TABLE[name]
