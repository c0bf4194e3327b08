"""Kinds of values that several adapters have in connections.yaml. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

_UNITS = {"": 1, "second": 1, "minute": 60, "hour": 3600}


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(second|minute|hour|)s?\s*", str(value))
    if not found:
        raise ValueError(f"{value!r} is no time; write seconds, or as in: 10 minutes")
    try:
        return timedelta(seconds=float(found[1]) * _UNITS[found[2]])
    except OverflowError:
        raise ValueError(f"{value!r} is too long a time; write seconds, or as in: 10 minutes") from None


def _sandbox(value: str) -> str:
    if value and not _is_loopback(value):
        raise ValueError(
            f"{value!r}: url points at a sandbox on this machine, as in http://127.0.0.1:8800, and nowhere "
            "else, because the secrets go there; leave url out to reach the CRM itself"
        )
    return value.rstrip("/")


def _is_loopback(url: str) -> bool:
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        return False
    host = parts.hostname or ""
    try:
        _ = parts.port  # raises where it is none
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


Duration = Annotated[timedelta, BeforeValidator(_duration)]
"""600, "600" or "10 minutes"."""

SandboxUrl = Annotated[str, AfterValidator(_sandbox)]
"""The address of a sandbox on this machine; "" = the CRM itself."""

Secret = Annotated[SecretStr, Field(min_length=1)]


def _sendable(value: SecretStr) -> SecretStr:
    if not re.fullmatch("[!-~]+", value.get_secret_value()):
        raise ValueError("no token holds spaces, line ends or other letters than a-z: copy it anew")
    return value


Token = Annotated[SecretStr, AfterValidator(_sendable)]
"""What stands in a header of our calls, where nothing else can."""

Secrets = Annotated[
    tuple[Secret, ...],
    Field(min_length=1, max_length=2),
    BeforeValidator(lambda given: (given,) if isinstance(given, str | SecretStr) else given),
]
"""One secret, or the new and the old one while it is rotated."""

PathSecret = Annotated[SecretStr, Field(min_length=16)]
"""What ends a callback's URL where a platform signs nothing: long enough that nobody guesses it."""

PathSecrets = Annotated[
    tuple[PathSecret, ...],
    Field(min_length=1, max_length=2),
    BeforeValidator(lambda given: (given,) if isinstance(given, str | SecretStr) else given),
]


class PlatformSettings(BaseModel):
    """What every connection has whose platform is called too."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    timeout: Annotated[
        Duration, Field(gt=timedelta(0), description="how long one call to the platform may take")
    ] = timedelta(seconds=10)
    url: Annotated[
        SandboxUrl, Field(description="a stand-in for the platform on this machine, to try things out")
    ] = ""
