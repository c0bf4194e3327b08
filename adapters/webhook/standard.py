"""Standard Webhooks, as Svix and many others sign: an id, a time and the body. Pure but `sign`.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hmac
import time
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator

from adapters.webhook.scheme import (
    Scheme,
    Secrets,
    Tolerance,
    decoded,
    from_base64,
    header,
    must_be_fresh,
    must_decode,
    octets,
)
from bridge.errors import Forged
from bridge.ports import Callback
from bridge.reading import moment

PREFIX = "whsec_"
MOST_SIGNATURES = 10


class StandardWebhooks(Scheme):
    """`scheme: standard_webhooks`: webhook-id, webhook-timestamp and webhook-signature, or the same as svix-…"""

    scheme: Literal["standard_webhooks"]
    tolerance: Tolerance = Field(timedelta(minutes=5), description="how far the time may be from ours")
    secrets: Secrets = Field(description="the secret, whsec_…; a list of two while it is rotated")

    @field_validator("secrets")
    @classmethod
    def _written(cls, secrets: Secrets) -> Secrets:
        return must_decode(secrets, "base64", prefix=PREFIX)

    def verify(self, callback: Callback) -> None:
        """Raise Forged unless a secret signed what came, lately."""
        family = "webhook" if "webhook-signature" in callback.headers else "svix"
        number, stamp = header(callback, f"{family}-id"), header(callback, f"{family}-timestamp")
        signed = octets(f"{number}.{stamp}.", f"{family}-id") + callback.body
        versions = [one.partition(",") for one in header(callback, f"{family}-signature").split(" ")]
        given = [from_base64(text) for version, _, text in versions[:MOST_SIGNATURES] if version == "v1"]
        digests = [_digest(key, signed) for key in self._keys()]
        if not any(hmac.compare_digest(digest, one) for digest in digests for one in given if one):
            raise Forged(f"{family}-signature fits none of the secrets: compare them with the tool's page")
        must_be_fresh(moment({"": stamp}, ""), callback, self.tolerance, f"{family}-timestamp")

    def sign(self, body: bytes) -> Mapping[str, str]:
        """Return the headers of a body that is sent now."""
        number, stamp = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
        digest = _digest(self._keys()[0], f"{number}.{stamp}.".encode() + body)
        return {
            "webhook-id": number,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }

    def _keys(self) -> list[bytes]:
        texts = (secret.get_secret_value().removeprefix(PREFIX) for secret in self.secrets)
        return [key for text in texts if (key := decoded(text, "base64"))]


def _digest(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, "sha256").digest()
