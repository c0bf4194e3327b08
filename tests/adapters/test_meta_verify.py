"""Meta.verify and Meta.sign: only what Meta signed comes in, and nothing but Forged or Malformed comes out."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meta_calls import SECRET, meta, post
from payload_table import folder
from pydantic import ValidationError

from adapters.meta import Meta, Settings
from bridge.errors import Forged, Malformed
from bridge.ports import Answer, Callback

BODY = rb'{"object":"page","entry":[{"id":"1","time":1793000000,"changes":[]}],"x":"caf\u00e9 \/"}'

VECTORS = [  # secret, body, hex digest: computed apart from our code, with OpenSSL
    (SECRET, b"", "0f220ec76f17805f3269901a73e6f984cb03e81c7eb610a6e75924e0a7f8b493"),
    (SECRET, BODY, "a9e1337f663a8f7fa50dd6f8327e991409b408bb9f650faa78660a012c80f3d4"),
    ("geheim-üñí", b"\x00\xff", "7260d0692a5e5bbaad00c80196de2e49b84c3dee4e2938c19b36aa8ae5adf387"),
]


def signed(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def signature(header: str, body: bytes = BODY) -> Callback:
    return post(body, **{"x-hub-signature-256": header})


def handshake(**query: str) -> Callback:
    asked = {"mode": "subscribe", "verify_token": "our-verify-token", "challenge": "1158201444"} | query
    return replace(post(b""), method="GET", query={f"hub.{name}": value for name, value in asked.items()})


@pytest.mark.parametrize(("secret", "body", "digest"), VECTORS)
def test_a_body_signed_with_the_app_secret_is_metas(secret: str, body: bytes, digest: str) -> None:
    channel = meta(secrets=(secret,))

    assert channel.verify(signature(f"sha256={digest}", body)) is None
    assert channel.verify(signature(f"sha256={digest.upper()}", body)) is None


def test_vectors_of_other_projects_agree() -> None:
    payloads = folder()
    if payloads is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    files = (payloads / "signatures").glob("*.json")
    vectors = [
        one for file in files for one in json.loads(file.read_bytes()) if "X-Hub-Sig" in one.get("header", "")
    ]
    ours = [one for one in vectors if one["header"] == "X-Hub-Signature-256"]

    for one in ours:
        assert meta(secrets=(one["secret"],)).verify(signature(one["signature"], one["body"].encode())) is None

    assert len(ours) >= 2


def test_either_secret_holds_while_one_is_rotated() -> None:
    channel = meta(secrets=("new", "old"))

    assert channel.verify(signature(signed(BODY, "new"))) is None
    assert channel.verify(signature(signed(BODY, "old"))) is None
    with pytest.raises(Forged, match="none of the app secrets"):
        channel.verify(signature(signed(BODY, "older")))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha256=",
        "sha256",
        signed(BODY).removeprefix("sha256="),
        signed(BODY).replace("sha256=", "SHA256="),
        signed(BODY).replace("sha256=", "sha1="),
        signed(BODY) + "\n",
        " " + signed(BODY),
        f"{signed(BODY)},{signed(BODY)}",
        signed(BODY)[:-1],
        signed(BODY)[:-1] + "g",
        signed(BODY)[:-1] + "é",
        "sha256=" + "٣" * 64,
        "sha256=" + "\ud800" * 64,
        "sha256=" + "0" * 64,
        "sha1=" + hmac.new(SECRET.encode(), BODY, "sha1").hexdigest(),
    ],
)
def test_any_other_signature_is_forged(header: str) -> None:
    with pytest.raises(Forged):
        meta().verify(signature(header))


def test_sha1_alone_is_not_accepted() -> None:
    legacy = "sha1=" + hmac.new(SECRET.encode(), BODY, "sha1").hexdigest()

    with pytest.raises(Forged, match="missing"):
        meta().verify(post(BODY, **{"x-hub-signature": legacy}))


def test_the_signature_is_over_the_bytes_not_over_their_meaning() -> None:
    respelled = json.dumps(json.loads(BODY)).encode()

    with pytest.raises(Forged):
        meta().verify(signature(signed(BODY), respelled))


@given(st.text())
def test_no_header_raises_anything_but_forged(header: str) -> None:
    with pytest.raises(Forged):
        meta().verify(signature(header))


def test_an_error_never_shows_the_secret_or_the_right_signature() -> None:
    with pytest.raises(Forged) as caught:
        meta().verify(signature("sha256=" + "0" * 64))

    assert SECRET not in str(caught.value)
    assert signed(BODY)[7:] not in str(caught.value)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "get", ""])
def test_other_methods_are_forged_even_when_signed(method: str) -> None:
    with pytest.raises(Forged):
        meta().verify(replace(signature(signed(BODY)), method=method))


@given(st.binary(max_size=200))
def test_what_we_sign_we_accept(body: bytes) -> None:
    channel = meta(secrets=("new", "old"))

    headers = channel.sign(body)

    assert headers == {"content-type": "application/json", "x-hub-signature-256": signed(body, "new")}
    assert channel.verify(post(body, **headers)) is None


def test_the_handshake_echoes_the_challenge_as_plain_text() -> None:
    assert meta().verify(handshake()) == Answer(status=200, body="1158201444", type="text/plain; charset=utf-8")
    assert meta().verify(handshake(challenge="x" * 512)) == Answer(body="x" * 512)


@pytest.mark.parametrize(
    "query",
    [
        {"verify_token": "wrong"},
        {"verify_token": ""},
        {"verify_token": "\ud800ü"},
        {"mode": "unsubscribe"},
        {"mode": ""},
    ],
)
def test_a_handshake_with_another_token_or_mode_is_forged(query: dict[str, str]) -> None:
    with pytest.raises(Forged):
        meta().verify(handshake(**query))


def test_a_bare_get_is_forged() -> None:
    with pytest.raises(Forged):
        meta().verify(replace(post(b""), method="GET"))


@pytest.mark.parametrize("challenge", ["", '{"object":1}', "1[", "x" * 513, "é" * 257, "\ud800", "1\x00"])
def test_a_challenge_that_meta_never_sends_is_malformed(challenge: str) -> None:
    with pytest.raises(Malformed):
        meta().verify(handshake(challenge=challenge))


def test_a_wrong_token_is_forged_whatever_the_challenge() -> None:
    with pytest.raises(Forged):
        meta().verify(handshake(verify_token="wrong", challenge="{"))


def test_one_secret_may_be_written_without_a_list() -> None:
    one = Settings.model_validate({"app_secret": "s3cret", "verify_token": "t0ken"})

    channel = Meta(one, {})

    assert channel.verify(signature(signed(BODY, "s3cret"))) is None
    assert "s3cret" not in repr(one)


@pytest.mark.parametrize(
    "settings",
    [
        {"app_secret": [], "verify_token": "t"},
        {"app_secret": "", "verify_token": "t"},
        {"app_secret": ["new", ""], "verify_token": "t"},
        {"app_secret": ["one", "two", "three"], "verify_token": "t"},
        {"app_secret": "s", "verify_token": ""},
        {"app_secret": "s"},
        {"verify_token": "t"},
        {"app_secret": "s", "verify_token": "t", "app_secert": "typo-value"},
    ],
)
def test_settings_that_would_let_anyone_in_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)

    assert "typo-value" not in str(caught.value)
