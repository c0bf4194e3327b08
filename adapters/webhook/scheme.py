"""What all schemes share: secrets, headers as bytes, and the age of a callback. Pure."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError

from bridge.configured import Duration
from bridge.errors import Forged
from bridge.ports import Callback

LONGEST = 8192  #: characters of a header that anybody looks at; servers cut there too
HEX = re.compile("(?:[0-9a-fA-F]{2})+")
BASE64 = re.compile("[A-Za-z0-9+/]+={0,2}")

Coding = Literal["utf8", "hex", "base64"]
HeaderName = Annotated[str, Field(pattern="^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}$")]
Secrets = Annotated[
    tuple[Annotated[SecretStr, Field(min_length=1)], ...],
    Field(min_length=1, max_length=2),
    BeforeValidator(lambda given: (given,) if isinstance(given, str | SecretStr) else given),
]
"""One, or a list of two while it is rotated."""


def _some(span: timedelta) -> timedelta:
    if not span:
        raise PydanticCustomError("wrong-setting", "every callback would be too old; write as in: 5 minutes")
    return span


Tolerance = Annotated[Duration, AfterValidator(_some)]


class Scheme(BaseModel):
    """The keys under `verify`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def header(callback: Callback, name: str) -> str:
    """Return a header. Raises Forged when it is missing, or too long to be one."""
    value = callback.headers.get(name.lower(), "")
    if not value:
        raise Forged(f"{name} is missing")
    if len(value) > LONGEST:
        raise Forged(f"{name} is longer than {LONGEST} characters")
    return value


def octets(text: str, name: str) -> bytes:
    """Return the bytes of a header or address as they came: servers decode them as Latin-1. Raises Forged."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise Forged(f"{name} holds what cannot be sent") from None


def from_base64(text: str) -> bytes | None:
    """Return what Base64 text stands for; None = it is none."""
    if not BASE64.fullmatch(text):
        return None
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:  # a length that cannot be
        return None


def from_hex(text: str) -> bytes | None:
    """Return what hex digits stand for; None = they are none."""
    return bytes.fromhex(text) if HEX.fullmatch(text) else None


def decoded(secret: str, coding: Coding) -> bytes | None:
    """Return a secret's bytes; None = it is not written like that."""
    if coding == "utf8":
        return secret.encode()
    if coding == "base64":
        return from_base64(secret + "=" * (-len(secret) % 4))
    return from_hex(secret)


def must_decode(secrets: Secrets, coding: Coding, *, prefix: str = "") -> Secrets:
    """Return the secrets. Raises an error without their values if one is not written like that."""
    if any(decoded(secret.get_secret_value().removeprefix(prefix), coding) is None for secret in secrets):
        reason = "a secret is not written in {coding}: copy it anew, or correct how it is written"
        raise PydanticCustomError("wrong-setting", reason, {"coding": coding})
    return secrets


def must_be_fresh(when: datetime | None, callback: Callback, tolerance: timedelta, name: str) -> None:
    """Raise Forged unless the time is within the tolerance of our clock, before or after it."""
    if when is None:
        raise Forged(f"{name} is missing or no time")
    away = abs(callback.received_at - when)
    if away > tolerance:
        raise Forged(
            f"{name} is {away.total_seconds():.0f} seconds away from our clock, {tolerance.total_seconds():.0f} "
            "are allowed: an old callback again, or a clock that is wrong"
        )
