"""Living with a platform: what is checked of a connection, what is set up there, and what is renewed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bridge.ports.replies import Credentials

Level = Literal["ok", "done", "warning", "fault"]
"""ok: as it should be. done: it was not, and has been mended. warning: it will break, or nobody can tell.
fault: it is broken now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    account: str = ""  #: "" = the whole connection
    about: str
    """token, scopes, callback, subscription, clock …: the same fault has the same name each time. `reach` or
    `platform`: it could not be asked, so that nothing can be told of the rest."""
    says: str  #: a whole sentence; never a secret
    do: str = ""  #: what to do about a warning or a fault; a whole sentence
    until: datetime | None = None  #: when a token or a lease ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing that a handshake told."""

    value: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """A connection as its adapter needs it to look after it."""

    url: str  #: what the platform calls, without the secret: https://host/in/<connection>; "" = not known
    credentials: Mapping[str, Credentials]  #: by account, all that are listed
    learned: Mapping[str, Told] = field(default_factory=dict)  #: Answer.learned, and `handshake`
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """New credentials in the place of old ones."""

    credentials: Credentials
    until: datetime | None  #: when they end; None = they do not
