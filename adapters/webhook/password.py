"""Schemes that send the secret itself, for tools that sign nothing: they hold only over HTTPS. Pure."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from adapters.webhook.scheme import HeaderName, Scheme, Secrets, from_base64, header, octets
from bridge.errors import Forged
from bridge.ports import Callback

BEARER = re.compile("bearer +([^ ]+)", re.IGNORECASE)
BASIC = re.compile("basic +([^ ]+)", re.IGNORECASE)


class Bearer(Scheme):
    """`scheme: bearer`: a token behind `Authorization: Bearer`, or alone in a header of the tool's own."""

    scheme: Literal["bearer"]
    header: HeaderName = Field("Authorization", description="the header with the token")
    secrets: Secrets = Field(description="the token; a list of two while it is rotated")

    @field_validator("secrets")
    @classmethod
    def _can_come(cls, secrets: Secrets, info: ValidationInfo) -> Secrets:
        tokens = [one.get_secret_value() for one in secrets]
        one_word = str(info.data.get("header")).lower() == "authorization"
        if any(token != token.strip() or (one_word and token.split() != [token]) for token in tokens):
            raise PydanticCustomError(
                "wrong-setting", "no token with this white space could ever come: copy it anew"
            )
        return secrets

    def verify(self, callback: Callback) -> None:
        """Raise Forged unless one of the tokens came."""
        token = header(callback, self.header)
        if self._named_bearer():
            found = BEARER.fullmatch(token)
            if not found:
                raise Forged("Authorization is not Bearer and a token")
            token = found[1]
        _must_match(octets(token, self.header), [one.get_secret_value() for one in self.secrets], self.header)

    def sign(self, body: bytes) -> Mapping[str, str]:  # noqa: ARG002 - the token does not depend on it
        """Return the header with the first token."""
        token = self.secrets[0].get_secret_value()
        return {self.header.lower(): f"Bearer {token}" if self._named_bearer() else token}

    def _named_bearer(self) -> bool:
        return self.header.lower() == "authorization"


class Basic(Scheme):
    """`scheme: basic`: a user and a password, as in https://user:password@host."""

    scheme: Literal["basic"]
    user: Annotated[str, Field(pattern="^[^:]+$")] = Field(description="the user's name")
    password: Secrets = Field(description="the password; a list of two while it is rotated")

    def verify(self, callback: Callback) -> None:
        """Raise Forged unless the user came with one of the passwords."""
        found = BASIC.fullmatch(header(callback, "Authorization"))
        given = from_base64(found[1]) if found else None
        if given is None:
            raise Forged("Authorization is not Basic and a user with a password in Base64")
        _must_match(given, self._pairs(), "Authorization")

    def sign(self, body: bytes) -> Mapping[str, str]:  # noqa: ARG002 - the password does not depend on it
        """Return the header with the first password."""
        return {"authorization": f"Basic {base64.b64encode(self._pairs()[0].encode()).decode()}"}

    def _pairs(self) -> list[str]:
        return [f"{self.user}:{one.get_secret_value()}" for one in self.password]


def _must_match(given: bytes, secrets: list[str], name: str) -> None:
    if not any(hmac.compare_digest(given, one.encode()) for one in secrets):
        raise Forged(f"{name} fits none of the secrets")
