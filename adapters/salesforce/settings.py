"""The keys of a Salesforce connection in connections.yaml."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from bridge.configured import Duration, SandboxUrl


class Settings(BaseModel):
    """How to reach one Salesforce org."""

    # An error about the whole would show the secret beside it.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    domain: str
    """My Domain without .salesforce.com: acme.my, or acme--dev.sandbox.my."""
    consumer_key: SecretStr
    consumer_secret: SecretStr
    api_version: str = Field(default="66.0", pattern=r"^\d{2}\.0$")
    url: SandboxUrl = ""
    timeout: float = Field(default=30.0, gt=0, le=600)
    """Seconds to wait for one answer."""
    latest_commit: Duration = timedelta(minutes=10)
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
