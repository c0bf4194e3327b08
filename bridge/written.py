"""What the bridge wrote into a case, remembered as digests: a deletion must not undo what an agent wrote. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

NOTES_ROOM = 1_000
"""Bytes of JSON for what an adapter remembers of a case; the bridge keeps 1 kB."""


def digest(text: object) -> str:
    """8 hex digits of a text, blind to white space: CRMs trim and change line ends."""
    return hashlib.sha256(" ".join(str(text).split()).encode()).hexdigest()[:8]


def notes_of(fields: Mapping[str, Any]) -> dict[str, str]:
    """What to remember of texts as written, `w:Field` -> digest, the longest first, as far as it goes.

    The longest are those that hold a customer's words; a later deletion must know whether they still stand.
    """
    notes: dict[str, str] = {}
    texts = [(name, value) for name, value in fields.items() if isinstance(value, str)]
    for name, value in sorted(texts, key=lambda item: -len(item[1])):
        more = notes | {f"w:{name}": digest(value)}
        if len(json.dumps(more).encode()) > NOTES_ROOM:
            break
        notes = more
    return notes


def stands(notes: Mapping[str, str], name: str, current: object) -> bool:
    """Whether a field still holds what was written there; False where nothing was remembered of it."""
    return notes.get(f"w:{name}") == digest(current)
