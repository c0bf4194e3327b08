"""What the contract suite has to know of an adapter: how it is called, and where a healthy neighbour goes.

Each channel's `<name>_calls.py` holds one Specimen or several, and SPECIMENS in test_contract.py lists them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.ports import Callback, Channel


def nowhere(_: Any) -> None:
    """Say that a callback holds one item only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """One adapter, and callbacks of its platform in our own values."""

    name: str  #: of the fixtures, for the tests' ids
    channel: Channel
    fixtures: Path  #: a folder
    call: Callable[[bytes], Callback]  #: the body as the platform sends it: signed, with its headers and URL
    read: Callable[[bytes], Any]  #: a fixture -> the JSON that is spoilt value by value, wrapped JSON unwrapped
    write: Callable[[Any], bytes]  #: the way back, to the bytes of a body
    beside: Callable[[Any], Any | None] = nowhere
    """The same document with one healthy item of ours behind all others; None = this one can hold no second."""
