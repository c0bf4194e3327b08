"""Any tool that posts signed JSON: the settings say how it signs, a payload map what its fields mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from adapters.webhook.password import Basic, Bearer
from adapters.webhook.signature import Hmac
from adapters.webhook.standard import StandardWebhooks
from bridge.errors import Forged
from bridge.message import Account
from bridge.ports import Answer, Callback, Channel, Event, PayloadMap


class Unknown(BaseModel):
    """Stands for a scheme that there is not, so that exactly this is said."""

    scheme: Literal["hmac", "standard_webhooks", "bearer", "basic"]


SCHEMES = {"hmac": "HMAC", "standard_webhooks": "Standard Webhooks", "bearer": "a token", "basic": "a password"}


def _scheme(value: object) -> str:
    named = value.get("scheme") if isinstance(value, dict) else getattr(value, "scheme", "")
    return SCHEMES.get(named, "no scheme") if isinstance(named, str) else "no scheme"


class Settings(BaseModel):
    """The keys of a `webhook` connection in connections.yaml, next to its accounts."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    payload: Annotated[str, Field(min_length=1, description="the payload map: payloads/<this>.yaml")]
    verify: Annotated[
        Annotated[Hmac, Tag("HMAC")]
        | Annotated[StandardWebhooks, Tag("Standard Webhooks")]
        | Annotated[Bearer, Tag("a token")]
        | Annotated[Basic, Tag("a password")]
        | Annotated[Unknown, Tag("no scheme")],
        Discriminator(_scheme),
    ] = Field(description="how a callback shows that it is the tool's; it cannot be left out")


class Webhook(Channel):
    """Verifies by its scheme and has the payload map read the rest. Keeps no state; verify and parse are pure."""

    reads_payload_maps: ClassVar[bool] = True

    def __init__(self, settings: Settings, accounts: Mapping[str, Account], payload: PayloadMap) -> None:
        """accounts: id -> account; what comes for any other is skipped as unknown_account."""
        assert not isinstance(settings.verify, Unknown)  # its one field refuses every value that leads to it
        self.accounts, self.payload = accounts, payload
        self._scheme = settings.verify

    def verify(self, callback: Callback) -> Answer | None:
        """Return None for a POST that holds by the scheme. There is no handshake.

        Raises Forged for everything else.
        """
        if callback.method != "POST":
            raise Forged(f"only POST is taken here, not {callback.method!r}")
        self._scheme.verify(callback)
        return None

    def parse(self, callback: Callback) -> list[Event]:
        """Return every item of a verified callback, each read on its own; never raises."""
        return self.payload.events(callback, self.accounts)

    def sign(self, body: bytes) -> Mapping[str, str]:
        """Return the headers with which the tool would send this body now; the first secret signs.

        Raises ConfigError where the signature covers what is not known here: the address, other headers.
        """
        return {"content-type": "application/json", **self._scheme.sign(body)}
