"""Pushes of Google for the tests: our own locations, and tokens signed with a key that stands for Google's."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from contract import Specimen
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import crypt, jwt

from adapters.google import Google, Settings
from bridge.message import Account, Message
from bridge.ports import Callback, Event

FIXTURES = Path(__file__).parents[1] / "fixtures" / "google"
RECEIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ROBOT = "reviews-push@acme-care.example"
URL = "https://hooks.example.com/in/acme-google"
SHOP = Account(id="accounts/900100200/locations/700800900", about={"brand": "Acme", "city": "Berlin"})
CAFE = Account(id="accounts/900100200/locations/700800901")


@dataclass(frozen=True, slots=True)
class Key:
    """A key that signs tokens, and the certificate that vouches for it."""

    id: str
    secret: str  #: PEM
    certificate: str  #: PEM


@cache
def key(name: str = "key-of-november") -> Key:
    secret = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer.example")])
    certificate = (
        x509.CertificateBuilder(subject, subject, secret.public_key(), x509.random_serial_number())
        .not_valid_before(RECEIVED - timedelta(days=7))
        .not_valid_after(RECEIVED + timedelta(days=7))
        .sign(secret, hashes.SHA256())
    )
    pem = secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return Key(name, pem.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode())


def certificates(_now: datetime) -> Mapping[str, str]:
    return {key().id: key().certificate}


def claims(**other: object) -> dict[str, object]:
    """What a token of Google's says, but for what is given here."""
    issued = int(RECEIVED.timestamp()) - 30
    return {
        "aud": URL,
        "azp": "110000000000000000001",
        "email": ROBOT,
        "email_verified": True,
        "exp": issued + 3600,
        "iat": issued,
        "iss": "https://accounts.google.com",
        "sub": "110000000000000000001",
    } | other


def token(said: Mapping[str, object] | None = None, by: Key | None = None) -> str:
    by = by or key()
    signer = crypt.RSASigner.from_string(by.secret, by.id)  # type: ignore[no-untyped-call]
    signed: bytes = jwt.encode(signer, dict(claims() if said is None else said))  # type: ignore[no-untyped-call]
    return signed.decode()


@cache
def usual() -> str:
    return f"Bearer {token()}"


def google(*accounts: Account, **keys: object) -> Google:
    known = {one.id: one for one in accounts or (SHOP, CAFE)}
    settings = Settings.model_validate({"service_account": ROBOT} | keys)
    return Google(settings, known, certificates=certificates)


def post(body: bytes, *, secret: str = "", url: str = URL, **headers: str) -> Callback:
    return Callback(
        connection="acme-google",
        method="POST",
        url=url,
        query={},
        headers=headers,
        body=body,
        received_at=RECEIVED,
        secret=secret,
    )


def call(body: bytes) -> Callback:
    return post(body, authorization=usual())


def read(body: bytes) -> Any:
    """The push with its notification unwrapped."""
    push = json.loads(body)
    return push | {"message": push["message"] | {"data": json.loads(b64decode(push["message"]["data"]))}}


def write(push: Any) -> bytes:
    """The way back: what stands for the notification is wrapped, if it can be one."""
    message = push.get("message")
    if isinstance(message, dict) and isinstance(message.get("data"), dict | list):
        push = push | {"message": message | {"data": wrapped(message["data"])}}
    return json.dumps(push).encode()


def wrapped(told: object) -> str:
    return b64encode(json.dumps(told).encode()).decode()


def fixture(name: str) -> Any:
    return read((FIXTURES / f"{name}.json").read_bytes())


def push(told: object, **around: object) -> bytes:
    """A push of this notification."""
    message = {"messageId": "1", "publishTime": "2026-11-21T11:58:00Z"} | around
    return json.dumps({"message": message | {"data": wrapped(told)}}).encode()


def parse(document: Any, *accounts: Account) -> list[Event]:
    return google(*accounts).parse(post(write(document)))


def event(body: bytes, *accounts: Account) -> Event:
    """The one event of a body."""
    (found,) = google(*accounts).parse(post(body))
    return found


def message(body: bytes, *accounts: Account) -> Message:
    found = event(body, *accounts)
    assert isinstance(found, Message), found
    return found


SPECIMENS = (Specimen(name="google", channel=google(), fixtures=FIXTURES, call=call, read=read, write=write),)
