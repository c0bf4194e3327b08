"""The keys of a Salesforce connection in connections.yaml."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator

UNITS = {"": 1, "second": 1, "minute": 60, "hour": 3600}


def _duration(value: object) -> object:
    """Return the time that 600, "600" or "10 minutes" means."""
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(second|minute|hour|)s?\s*", str(value))
    if not found:
        raise ValueError(f"{value!r} is no time; write seconds, or as in: 10 minutes")
    return timedelta(seconds=float(found[1]) * UNITS[found[2]])


class Settings(BaseModel):
    """How to reach one Salesforce org."""

    # An error about the whole would show the secret beside it.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    domain: str
    """My Domain without .salesforce.com: acme.my, or acme--dev.sandbox.my."""
    consumer_key: SecretStr
    consumer_secret: SecretStr
    api_version: str = Field(default="66.0", pattern=r"^\d{2}\.0$")
    url: str = ""
    """A sandbox of ours on this machine instead of Salesforce."""
    timeout: float = Field(default=30.0, gt=0, le=600)
    """Seconds to wait for one answer."""
    latest_commit: Annotated[timedelta, BeforeValidator(_duration)] = timedelta(minutes=10)
    """How late Salesforce may still do what it gave no answer to: its longest call takes 10 minutes."""

    @model_validator(mode="before")
    @classmethod
    def _no_passwords(cls, data: Any) -> Any:
        given = sorted({"username", "password", "security_token"} & set(data)) if isinstance(data, dict) else []
        if given:
            raise ValueError(
                f"{', '.join(given)}: SOAP login and username-password are not supported (Salesforce ends them); "
                "make an External Client App with the client credentials flow and give domain, consumer_key, "
                "consumer_secret"
            )
        return data

    @field_validator("domain")
    @classmethod
    def _my_domain(cls, value: str) -> str:
        if not re.fullmatch(
            r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+", value
        ) or value.lower().endswith(".com"):
            raise ValueError(
                f"{value!r} is no My Domain: write it without https:// and .salesforce.com, as in acme.my; "
                "login and test do not know the client credentials flow"
            )
        return value

    @field_validator("api_version")
    @classmethod
    def _recent(cls, value: str) -> str:
        if float(value) < 46:
            raise ValueError(f"{value!r} is too old: 46.0 is the first version with the answers that we read")
        return value

    @field_validator("url")
    @classmethod
    def _loopback(cls, value: str) -> str:
        if value and not _is_loopback(value):
            raise ValueError(
                f"{value!r}: url points at a sandbox on this machine, as in http://127.0.0.1:8800, and nowhere "
                "else, because the secrets go there; for Salesforce itself leave url out and set domain"
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
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
