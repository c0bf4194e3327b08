"""What a mapping leans on besides its own file: lists of names, opening hours, and signals. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.mapping.hours import Hours
from bridge.mapping.signals import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What connections.yaml says under `lists`, `hours` and `signals`, by name."""

    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)  #: of what `entry` gives
    hours: Mapping[str, Hours] = field(default_factory=dict)
    signals: Mapping[str, Signal] = field(default_factory=dict)


NOTHING_AROUND = Surroundings()


LONGEST = 1000  #: characters of what can be a name; to put very many marks into order takes quadratic time


def entry(text: str) -> str:
    """A text as lists compare it: blind to case, to a leading @, to white space around it, to signs nobody sees.

    A letter and its accent are the same in one character and in two.
    """
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf").strip().removeprefix("@")
    return unicodedata.normalize("NFC", seen).casefold() if len(seen) <= LONGEST else seen.casefold()
