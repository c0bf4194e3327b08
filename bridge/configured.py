"""Kinds of values that several adapters have in connections.yaml. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

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
