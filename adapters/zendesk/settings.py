"""The keys of a Zendesk connection in connections.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from bridge.configured import Duration, SandboxUrl, Secret, Secrets, Token

SIGNS = 32  #: bytes at least: as many as HS256 makes, https://datatracker.ietf.org/doc/html/rfc7518#section-3.2


def _strong(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if not 1 <= len(secrets) <= 2 or any(len(one.get_secret_value().encode()) < SIGNS for one in secrets):
        raise ValueError(f"one secret is wanted here, or two while it is rotated, each of {SIGNS} bytes or more")
    return secrets


AppSecrets = Annotated[
    tuple[SecretStr, ...],
    AfterValidator(_strong),
    BeforeValidator(lambda given: (given,) if isinstance(given, str | SecretStr) else given),
]

PASSWORDS = frozenset({"password", "token"})
CLIENT = frozenset({"client_id", "client_secret"})
API_TOKEN = frozenset({"email", "api_token"})
WANTED = (
    "make a confidential OAuth client in Admin Center, owned by an agent of its own, and give client_id and "
    "client_secret"
)


class Settings(BaseModel):
    """How to reach one Zendesk account: with an OAuth client, or with an API token while there are any."""

    # An error about the whole would show the secret beside it.
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )

    subdomain: str
    """What stands before .zendesk.com: acme."""
    client_id: str = Field(default="", min_length=1)
    """The unique identifier of the OAuth client."""
    client_secret: Secret | None = None
    email: str = Field(default="", pattern=r"^[!-9;-~]+@[!-9;-~]+$")
    """Of the agent in whose name an API token calls."""
    api_token: Token | None = None
    """Zendesk ends API tokens on 2027-04-30."""
    url: SandboxUrl = ""
    timeout: float = Field(default=30.0, gt=0.3, le=600)
    """Seconds to wait for one answer."""
    latest_commit: Duration = timedelta(minutes=2)
    """How late Zendesk may still do what it gave no answer to. Unsure: Zendesk documents no longest call."""
    bulk_users: Literal["auto", "never"] = "auto"
    """Whether many users are made in one call, which Zendesk allows on request: auto tries it once a day."""
    replies: Literal["auto", "comments", "off"] = "auto"
    """Where agents answer; auto: in public comments, or on the page of the sandbox that `url` names."""
    webhook_secret: Secrets | None = None
    """What Zendesk signs the webhook's calls with."""
    poll: Duration = Field(default=timedelta(minutes=5), ge=timedelta(seconds=1))
    """How often agents' answers are looked for that no webhook told of."""
    app_secret: AppSecrets | None = None
    """Signs what our app in Zendesk asks: its setting bridge_secret."""
    app_installation: str = ""
    """The installation of the app that may ask."""

    @model_validator(mode="before")
    @classmethod
    def _one_login(cls, data: Any) -> Any:
        if isinstance(data, dict) and (fault := _login_fault(data)):
            raise ValueError(fault)
        return data

    @property
    def hears_comments(self) -> bool:
        """Whether agents' public comments are their answers to customers."""
        return self.replies == "comments" or (self.replies == "auto" and not self.url)

    @field_validator("subdomain")
    @classmethod
    def _name_alone(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", value):
            raise ValueError(
                f"{value!r} is no subdomain: write it without https:// and .zendesk.com, as in acme for "
                "https://acme.zendesk.com"
            )
        return value.lower()


def _login_fault(data: Mapping[str, Any]) -> str:
    """What is wrong with the keys of the login; "" = they are those of one way."""
    given = set(data)
    if passwords := sorted(PASSWORDS & given):
        return f"{', '.join(passwords)}: Zendesk's API takes no passwords any more; {WANTED}"
    if CLIENT & given and API_TOKEN & given:
        return "client_id and client_secret are one way to log in, email and api_token another: leave out one"
    if not (given >= CLIENT or given >= API_TOKEN):
        missing = sorted((API_TOKEN if API_TOKEN & given else CLIENT) - given)
        return f"{' and '.join(missing)}: missing; {WANTED}, or email and api_token where you still have one"
    return ""
