"""The keys of a Zendesk connection in connections.yaml."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from bridge.configured import Duration, SandboxUrl


class Settings(BaseModel):
    """How to reach one Zendesk account."""

    # An error about the whole would show the secret beside it.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    subdomain: str
    """What stands before .zendesk.com: acme."""
    client_id: str = Field(min_length=1)
    """The unique identifier of the OAuth client."""
    client_secret: SecretStr = Field(min_length=1)
    url: SandboxUrl = ""
    timeout: float = Field(default=30.0, gt=0.3, le=600)
    """Seconds to wait for one answer."""
    latest_commit: Duration = timedelta(minutes=2)
    """How late Zendesk may still do what it gave no answer to. Unsure: Zendesk documents no longest call."""

    @model_validator(mode="before")
    @classmethod
    def _no_tokens(cls, data: Any) -> Any:
        given = sorted({"email", "api_token", "token", "password"} & set(data)) if isinstance(data, dict) else []
        if given:
            raise ValueError(
                f"{', '.join(given)}: API tokens and passwords are not supported (Zendesk ends API tokens on "
                "2027-04-30); make a confidential OAuth client in Admin Center, owned by an agent of its own, "
                "and give subdomain, client_id, client_secret"
            )
        return data

    @field_validator("subdomain")
    @classmethod
    def _name_alone(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", value):
            raise ValueError(
                f"{value!r} is no subdomain: write it without https:// and .zendesk.com, as in acme for "
                "https://acme.zendesk.com"
            )
        return value.lower()
