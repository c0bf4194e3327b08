"""HMAC signatures as vendors vary them: header, algorithm, encoding, what is signed, and where its time stands.

What the settings can express was taken from these: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
https://docs.stripe.com/webhooks/signature https://api.slack.com/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import base64
import hmac
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from adapters.webhook.scheme import (
    Coding,
    HeaderName,
    Scheme,
    Secrets,
    Tolerance,
    decoded,
    from_base64,
    from_hex,
    header,
    must_be_fresh,
    must_decode,
    octets,
)
from bridge.errors import ConfigError, Forged
from bridge.ports import Callback
from bridge.reading import at, document, moment

TIMES = ("timestamp_header", "timestamp_body", "timestamp_part")
NAMES = ("body", "timestamp", "id", "url", "method")
PLACEHOLDER = re.compile(r"(\{[^{}]*\})")
OTHER_HEADER = re.compile(r"header:[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}")
MOST_SIGNATURES = 10

Part = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,20}$")]


class Hmac(Scheme):
    """`scheme: hmac`: a keyed hash over the body, and over what else `signed` names."""

    scheme: Literal["hmac"]
    header: HeaderName = Field(description="the header with the signature")
    algorithm: Literal["sha256", "sha1", "sha384", "sha512"] = Field("sha256", description="the hash")
    encoding: Literal["hex", "base64"] = Field("hex", description="how the signature is written")
    prefix: str = Field("", description="what stands in front of it, as in: sha256=")
    signature_part: Part | None = Field(None, description="v1, where the header reads t=…,v1=…")
    timestamp_header: HeaderName | None = Field(None, description="the header with the time")
    timestamp_body: str = Field(
        "", pattern=r"^([^.]+(\.[^.]+)*)?$", description="or the path of the time in the body, as in: items.0.at"
    )
    timestamp_part: Part | None = Field(None, description="or t, where the header reads t=…,v1=…")
    id_header: HeaderName | None = Field(None, description="the header with the delivery's id, where it is signed")
    tolerance: Tolerance = Field(timedelta(minutes=5), description="how far that time may be from ours")
    signed: str = Field(
        "{body}",
        validate_default=True,
        description="what is signed: {body}, {timestamp}, {id}, {url}, {method}, {header:Name}",
    )
    secret_encoding: Coding = Field("utf8", description="how the secrets are written: utf8, hex or base64")
    secrets: Secrets = Field(description="the secret; a list of two while it is rotated")

    @field_validator("timestamp_body", "timestamp_part")
    @classmethod
    def _one_time(cls, place: str | None, info: ValidationInfo) -> str | None:
        if place and (info.data.get("timestamp_header") or info.data.get("timestamp_body")):
            raise _wrong("the time stands in one place: timestamp_header, timestamp_body or timestamp_part")
        if info.field_name == "timestamp_part" and place and not info.data.get("signature_part"):
            raise _wrong("timestamp_part needs signature_part beside it, such as v1")
        return place

    @field_validator("tolerance")
    @classmethod
    def _of_a_time(cls, tolerance: timedelta, info: ValidationInfo) -> timedelta:
        if not any(info.data.get(place, "wrong") for place in TIMES):
            raise _wrong("tolerance needs a time: timestamp_header, timestamp_body or timestamp_part")
        return tolerance

    @field_validator("signed")
    @classmethod
    def _signs(cls, signed: str, info: ValidationInfo) -> str:
        names = [name for name, _ in _pieces(signed) if name]
        if any(brace in text for _, text in _pieces(signed) for brace in (b"{", b"}")):
            raise _wrong("a brace is not closed, or never opened")
        if odd := [name for name in names if name not in NAMES and not OTHER_HEADER.fullmatch(name)]:
            raise _wrong(f"{odd[0]!r} cannot stand in braces here: {', '.join(NAMES)} and header:Name can")
        if names.count("body") != 1:
            raise _wrong("{body} must stand here, once: what is not signed could be anybody's")
        if ("timestamp" in names) != bool(info.data.get("timestamp_header") or info.data.get("timestamp_part")):
            raise _wrong("{timestamp} and timestamp_header or timestamp_part need each other")
        if ("id" in names) != bool(info.data.get("id_header")):
            raise _wrong("{id} and id_header need each other")
        return signed

    @field_validator("secrets")
    @classmethod
    def _written(cls, secrets: Secrets, info: ValidationInfo) -> Secrets:
        return must_decode(secrets, info.data.get("secret_encoding", "utf8"))

    def verify(self, callback: Callback) -> None:
        """Raise Forged unless a secret signed what came, lately."""
        carried = header(callback, self.header)
        stamp = self._stamp(callback, carried)
        pieces = _pieces(self.signed)
        message = b"".join(self._value(name, callback, stamp) if name else text for name, text in pieces)
        digests = [self._digest(key, message) for key in self._keys()]
        given = self._given(carried)
        if not any(hmac.compare_digest(digest, one) for digest in digests for one in given):
            raise Forged(f"{self.header} fits none of the secrets: compare them and `signed` with the tool's page")
        if stamp:
            must_be_fresh(moment({"": stamp}, ""), callback, self.tolerance, "the time that is signed")
        elif self.timestamp_body:
            when = _time_in(callback.body, self.timestamp_body)
            must_be_fresh(when, callback, self.tolerance, self.timestamp_body)

    def sign(self, body: bytes) -> Mapping[str, str]:
        """Return the headers of a body that is sent now.

        Raises ConfigError if the address or other headers are signed too: they are not known here.
        """
        stamp, number = str(int(time.time())), uuid.uuid4().hex
        known = {"body": body, "timestamp": stamp.encode(), "id": number.encode(), "method": b"POST"}
        if unknown := [name for name, _ in _pieces(self.signed) if name and name not in known]:
            raise ConfigError([f"verify.signed holds {unknown[0]}, which is not known before the tool calls"])
        message = b"".join(known[name] if name else text for name, text in _pieces(self.signed))
        digest = self._digest(self._keys()[0], message)
        signature = self.prefix + (digest.hex() if self.encoding == "hex" else base64.b64encode(digest).decode())
        if self.signature_part:
            signature = f"{self.signature_part}={signature}"
        if self.timestamp_part:
            signature = f"{self.timestamp_part}={stamp},{signature}"
        beside = {self.timestamp_header: stamp, self.id_header: number}
        return {self.header.lower(): signature, **{name.lower(): value for name, value in beside.items() if name}}

    def _keys(self) -> list[bytes]:
        found = [decoded(secret.get_secret_value(), self.secret_encoding) for secret in self.secrets]
        return [key for key in found if key]

    def _digest(self, key: bytes, message: bytes) -> bytes:
        return hmac.new(key, message, self.algorithm).digest()

    def _stamp(self, callback: Callback, carried: str) -> str:
        """The time as it was sent beside the body; "" = it is not."""
        if self.timestamp_header:
            return header(callback, self.timestamp_header)
        if not self.timestamp_part:
            return ""
        found = _parts(carried, self.timestamp_part)
        if len(found) != 1 or not found[0]:
            raise Forged(f"{self.header} has not one {self.timestamp_part}=")
        return found[0]

    def _given(self, carried: str) -> list[bytes]:
        """The signatures in the header. [] = nothing there is one."""
        written = _parts(carried, self.signature_part) if self.signature_part else [carried]
        bare = [one.removeprefix(self.prefix) for one in written if one.startswith(self.prefix)]
        decode = from_base64 if self.encoding == "base64" else from_hex
        return [found for one in bare[:MOST_SIGNATURES] if (found := decode(one))]

    def _value(self, name: str, callback: Callback, stamp: str) -> bytes:
        match name:
            case "body":
                return callback.body
            case "timestamp":
                return octets(stamp, "the time")
            case "method":
                return callback.method.encode()
            case "url":
                return octets(callback.url, "the address")
        other = self.id_header if name == "id" else name.removeprefix("header:")
        return octets(header(callback, other or ""), other or "")


def _wrong(reason: str) -> PydanticCustomError:
    return PydanticCustomError("wrong-setting", "{reason}", {"reason": reason})


def _pieces(signed: str) -> Iterator[tuple[str, bytes]]:
    """Yield (placeholder, b"") and ("", what stands between), in order."""
    for piece in PLACEHOLDER.split(signed):
        yield (piece[1:-1], b"") if PLACEHOLDER.fullmatch(piece) else ("", piece.encode())


def _parts(carried: str, name: str) -> list[str]:
    """The values of one name in t=…,v1=…,v1=…"""
    pairs = (pair.strip().partition("=") for pair in carried.split(","))
    return [value for found, _, value in pairs if found == name]


def _time_in(body: bytes, path: str) -> datetime | None:
    """The time at a path of a signed body; None = there is none, or none that can be read."""
    try:
        return moment({path: at(document(body), path)}, path)
    except (ValueError, RecursionError):
        return None
