"""Webhook.verify and Webhook.sign: only what the scheme proves comes in, and nothing but Forged comes out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webhook_calls import BODY, KEY, RECEIVED, SECRET, STAMP, URL, post, signed, webhook

from bridge.errors import ConfigError, Forged
from bridge.ports import Callback

TIMED = signed(timestamp_header="X-Time", signed="{timestamp}.{body}")
SCHEMES: dict[str, dict[str, Any]] = {
    "hmac": signed(),
    "prefix": signed(prefix="v0=", encoding="base64", algorithm="sha512"),
    "timed": TIMED,
    "parts": signed(timestamp_part="t", signature_part="v1", signed="{timestamp}.{body}"),
    "id and method": signed(id_header="X-Id", signed="{id}.{method}.{body}"),
    "in the body": signed(timestamp_body="sent.at"),
    "standard": {"scheme": "standard_webhooks", "secrets": [KEY]},
    "bearer": {"scheme": "bearer", "secrets": "tök-en"},
    "own header": {"scheme": "bearer", "header": "X-Token", "secrets": ["new", "old"]},
    "basic": {"scheme": "basic", "user": "tool", "password": "p:ä ss"},
}


def digest(text: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def timed(stamp: str, *, at: datetime = RECEIVED) -> Callback:
    """A body that was signed with this time."""
    message = stamp.encode("latin-1") + b"." + BODY
    return post({"X-Time": stamp, "X-Signature": digest(message)}, at=at)


def as_sent(headers: dict[str, str]) -> dict[str, str]:
    """Headers as a server hands them on: their bytes, each as one character."""
    return {name: value.encode().decode("latin-1") for name, value in headers.items()}


@pytest.mark.parametrize("settings", SCHEMES.values(), ids=SCHEMES)
@given(body=st.binary(max_size=100))
def test_what_we_sign_we_accept(settings: dict[str, Any], body: bytes) -> None:
    channel = webhook(settings)
    if "timestamp_body" in settings:
        body = json.dumps({"sent": {"at": datetime.now(UTC).isoformat()}, "more": body.hex()}).encode()

    headers = channel.sign(body)

    assert headers["content-type"] == "application/json"
    assert all(name == name.lower() for name in headers)
    assert channel.verify(post(as_sent(dict(headers)), body, at=datetime.now(UTC))) is None


@pytest.mark.parametrize("settings", SCHEMES.values(), ids=SCHEMES)
@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "post", ""])
def test_only_post_is_taken_even_when_signed(settings: dict[str, Any], method: str) -> None:
    channel = webhook(settings)

    with pytest.raises(Forged, match="only POST"):
        channel.verify(replace(post(channel.sign(BODY)), method=method))


@pytest.mark.parametrize("settings", SCHEMES.values(), ids=SCHEMES)
def test_a_bare_request_is_forged(settings: dict[str, Any]) -> None:
    with pytest.raises(Forged, match="is missing"):
        webhook(settings).verify(post({}))


def test_what_signs_more_than_is_known_here_cannot_be_signed() -> None:
    for text in ("{url}", "{header:X-Version}"):
        with pytest.raises(ConfigError, match=r"verify\.signed holds"):
            webhook(signed(signed=text + "{body}")).sign(BODY)


# --- HMAC -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "sha256=",
        digest(BODY),
        "sha256=" + digest(BODY)[:-1],
        "sha256=" + digest(BODY) + "00",
        "sha256=" + digest(BODY) + "\n",
        "SHA256=" + digest(BODY),
        " sha256=" + digest(BODY),
        f"sha256={digest(BODY)},sha256={digest(BODY)}",
        "sha256=" + "²" * 64,
        "sha256=" + "٣" * 64,
        "sha256=\x00" + digest(BODY),
        "sha256=" + base64.b64encode(bytes.fromhex(digest(BODY))).decode(),
        "sha256=" + digest(BODY, "another secret"),
        "x" * 1_000_000,
    ],
)
def test_any_other_signature_is_forged(header: str) -> None:
    with pytest.raises(Forged):
        webhook(signed(prefix="sha256=")).verify(post({"X-Signature": header}))


def test_either_secret_holds_while_one_is_rotated() -> None:
    channel = webhook(signed(secrets=["new", "old"]))

    for secret in ("new", "old"):
        assert channel.verify(post({"X-Signature": digest(BODY, secret)})) is None
    with pytest.raises(Forged):
        channel.verify(post({"X-Signature": digest(BODY, "older")}))
    assert channel.sign(BODY)["x-signature"] == digest(BODY, "new")


@pytest.mark.parametrize(
    "stamp",
    [
        STAMP,
        STAMP + "000",
        STAMP + ".5",
        "2026-11-21T12:00:00Z",
        "2026-11-21T13:00:00.5+01:00",
        "Sat, 21 Nov 2026 12:00:00 GMT",
    ],
)
def test_a_signed_time_is_read_however_it_is_written(stamp: str) -> None:
    channel = webhook({**TIMED, "tolerance": "5 minutes"})

    assert channel.verify(timed(stamp)) is None
    assert channel.verify(timed(stamp, at=RECEIVED + timedelta(seconds=300))) is None
    for away in (timedelta(seconds=302), timedelta(seconds=-302)):
        with pytest.raises(Forged, match="seconds away from our clock, 300 are allowed"):
            channel.verify(timed(stamp, at=RECEIVED + away))


@pytest.mark.parametrize("stamp", ["soon", "²", "9" * 5000, "-1", "1e9", "0", "12:00", "\x00", " " + STAMP])
def test_a_signed_time_that_is_none_is_forged(stamp: str) -> None:
    with pytest.raises(Forged, match="is missing or no time"):
        webhook(TIMED).verify(timed(stamp))


def test_a_time_that_is_not_the_signed_one_is_forged() -> None:
    old = timed("1790000000")

    with pytest.raises(Forged, match="fits none"):
        webhook(TIMED).verify(replace(old, headers={**old.headers, "x-time": STAMP}))


@pytest.mark.parametrize("header", ["v1=00", f"t={STAMP},t=1,v1=00", "t=,v1=00", "t", ",", "="])
def test_a_list_without_exactly_one_time_is_forged(header: str) -> None:
    with pytest.raises(Forged, match="has not one t="):
        webhook(SCHEMES["parts"]).verify(post({"X-Signature": header}))


def test_only_so_many_signatures_are_looked_at() -> None:
    right = f"v1={digest(STAMP.encode() + b'.' + BODY)}"
    channel = webhook(SCHEMES["parts"])

    assert channel.verify(post({"X-Signature": f"t={STAMP}" + ",v1=00" * 9 + f",{right}"})) is None
    with pytest.raises(Forged):
        channel.verify(post({"X-Signature": f"t={STAMP}" + ",v1=00" * 10 + f",{right}"}))


# --- a time in the body ---------------------------------------------------------------------------------------


def with_time(value: object) -> Callback:
    body = json.dumps({"data": {"at": value}}).encode()
    return post({"X-Signature": digest(body)}, body)


@pytest.mark.parametrize(("at", "fresh"), [("2026-11-21T11:55:01Z", True), ("2026-11-21T11:54:00Z", False)])
def test_an_old_body_is_forged_by_its_own_time(at: str, *, fresh: bool) -> None:
    channel = webhook(signed(timestamp_body="data.at"))

    if fresh:
        assert channel.verify(with_time(at)) is None
    else:
        with pytest.raises(Forged, match=r"data\.at is 360 seconds away"):
            channel.verify(with_time(at))


@pytest.mark.parametrize("value", [None, "", "soon", {}, [STAMP], True, 10**400])
def test_a_signed_body_without_a_time_that_can_be_read_is_forged(value: object) -> None:
    with pytest.raises(Forged, match=r"data\.at is missing or no time"):
        webhook(signed(timestamp_body="data.at")).verify(with_time(value))


ODD = [
    b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000, b'{"data": 5}', b'{"data":{"at":NaN}}',
    b'{"data":{"at":1795262400,"at":1795262400}}',
]  # fmt: skip


@pytest.mark.parametrize("body", ODD)
def test_a_signed_body_that_is_not_understood_is_forged_only_where_its_time_is_asked_for(body: bytes) -> None:
    timed, channel = webhook(signed(timestamp_body="data.at")), webhook(signed())
    callback = post({"X-Signature": digest(body)}, body)

    with pytest.raises(Forged, match=r"data\.at is missing or no time"):
        timed.verify(callback)
    assert channel.verify(callback) is None
    assert len(channel.parse(post({}, body))) == 1


def test_a_time_in_the_body_is_found_in_a_list_and_beside_what_is_odd() -> None:
    body = b'{"items":[{"at":1795262400.25,"n":NaN}]}'
    channel = webhook(signed(timestamp_body="items.0.at"))

    assert channel.verify(post({"X-Signature": digest(body)}, body)) is None
    with pytest.raises(Forged, match=r"items\.0\.at is 360 seconds away"):
        channel.verify(post({"X-Signature": digest(body)}, body, at=RECEIVED + timedelta(seconds=360.25)))


# --- tokens and passwords -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        ("Bearer t0ken", True),
        ("bearer  t0ken", True),
        ("t0ken", False),
        ("Bearer t0ken ", False),
        ("Bearer t0kenx", False),
        ("Bearer ", False),
        ("Basic t0ken", False),
        ("Bearer t0ken,Bearer t0ken", False),
        ("Bearer \ud800", False),
        ("Bearer \x00", False),
    ],
)
def test_a_token_comes_behind_bearer(header: str, *, holds: bool) -> None:
    channel = webhook({"scheme": "bearer", "secrets": ["old", "t0ken"]})

    if holds:
        assert channel.verify(post({"Authorization": header})) is None
    else:
        with pytest.raises(Forged):
            channel.verify(post({"Authorization": header}))


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !",
        "Basic dG9vbDpw=",
        "Basic dG9vbA==",
        "Basic " + base64.b64encode(b"tool:wrong").decode(),
        "Basic " + base64.b64encode(b"loot:p4ss").decode(),
        "Basic " + base64.b64encode(b"tool:p4ss").decode() + "\n",
        "Basic " + "A" * 100_000,
        "Bearer " + base64.b64encode(b"tool:p4ss").decode(),
    ],
)
def test_any_other_password_is_forged(header: str) -> None:
    channel = webhook({"scheme": "basic", "user": "tool", "password": "p4ss"})

    assert channel.verify(post({"Authorization": "Basic " + base64.b64encode(b"tool:p4ss").decode()})) is None
    with pytest.raises(Forged):
        channel.verify(post({"Authorization": header}))


# --- whatever comes -------------------------------------------------------------------------------------------

HEADERS = st.text(max_size=60) | st.sampled_from(
    ["v1,", "t=,v1=", "Basic =", "Bearer \x00", "²", "9" * 5000, "A=" * 50]
)


@pytest.mark.parametrize("settings", SCHEMES.values(), ids=SCHEMES)
@given(values=st.lists(HEADERS, min_size=5, max_size=5), url=st.text(max_size=20))
def test_no_header_raises_anything_but_forged(settings: dict[str, Any], values: list[str], url: str) -> None:
    names = ["x-signature", "x-time", "x-id", "x-token", "authorization"]
    standard = [f"{family}-{part}" for family in ("webhook", "svix") for part in ("id", "timestamp", "signature")]
    headers = dict(zip([*names, *standard], values * 3, strict=False))

    with pytest.raises(Forged):
        webhook(settings).verify(post(headers, url=URL + url))


@pytest.mark.parametrize("settings", SCHEMES.values(), ids=SCHEMES)
def test_an_error_never_shows_a_secret(settings: dict[str, Any]) -> None:
    channel = webhook(settings)
    wrong = dict.fromkeys(channel.sign(BODY), "Bearer AAAA")
    secrets = settings.get("secrets") or settings["password"]

    with pytest.raises(Forged) as caught:
        channel.verify(post(wrong))

    shown = str(caught.value) + repr(channel)
    assert [one for one in ([secrets] if isinstance(secrets, str) else secrets) if one in shown] == []
