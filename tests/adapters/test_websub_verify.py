"""WebSub.verify and WebSub.sign: a hub confirms only what we subscribed to, and only what it signed comes in."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from payload_table import folder
from pydantic import ValidationError
from websub_calls import PATH, RECEIVED, SECRET, TALK, VIDEOS, post, websub

from adapters.websub import Settings
from bridge.errors import Forged, Malformed
from bridge.ports import Answer, Callback

BODY = '<feed xmlns="http://www.w3.org/2005/Atom"><title>caf\u00e9</title></feed>'.encode()
NAME = "x-hub-signature"

VECTORS = [  # computed apart from our code, with OpenSSL
    "sha1=90127bdb761a4cf1318e7c6b4bfb8bf232e500b0",
    "sha256=085e59e0a80c4a7c0818af6cc512dcf9f463f60b3ec11f38f1191a7ea774c9b3",
    "sha384=85be185f197e917282fd57eebc13c65201b14077da5370047ae3b86aebf7f420b45005f512b586abae166e9c3c2f9b59",
    "sha512=84d348978920dafa6d73b2ca3f1bc31ca91a111d12f483a20d5b48c3ee6808126f248f09bb976c8760ced45ca137202e649b4e3978ee69b2db303aa0b165775b",
]


def signed(body: bytes = BODY, secret: str = SECRET, method: str = "sha256") -> str:
    return f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"


def signature(header: str, body: bytes = BODY) -> Callback:
    return post(body, **{NAME: header})


def asked(**query: str) -> Callback:
    told = {f"hub.{name}": value for name, value in query.items()}
    return replace(post(b""), method="GET", query=told)


def refused(callback: Callback) -> int:
    """With which status a request is refused."""
    with pytest.raises(Forged) as caught:
        websub().verify(callback)
    assert SECRET not in str(caught.value)
    assert PATH not in str(caught.value)
    return caught.value.status


# --- feeds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", VECTORS, ids=lambda header: header.partition("=")[0])
def test_a_feed_signed_in_any_of_the_methods_is_the_hubs(header: str) -> None:
    assert websub().verify(signature(header)) is None
    assert websub().verify(signature(header.partition("=")[0] + "=" + header.partition("=")[2].upper())) is None


def test_vectors_of_others_agree() -> None:
    payloads = folder()
    if payloads is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    vectors = json.loads((payloads / "signatures" / "computed-by-us.json").read_bytes())
    hubs = [one for one in vectors if one.get("header") == "X-Hub-Signature"]

    for one in hubs:
        channel = websub(secrets=(one["secret"],))
        assert channel.verify(signature(one["signature"], one["body"].encode())) is None
    assert "websub-sha1" in {one["id"] for one in hubs}


def test_either_secret_holds_while_one_is_rotated() -> None:
    channel = websub(secrets=("new", "old"))

    assert channel.verify(signature(signed(secret="new"))) is None
    assert channel.verify(signature(signed(secret="old"))) is None
    with pytest.raises(Forged, match="none of the secrets"):
        channel.verify(signature(signed(secret="older")))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha256=",
        signed().removeprefix("sha256="),
        signed().replace("sha256", "SHA256"),
        signed().replace("sha256", "sha1"),
        signed().replace("sha256", "md5"),
        f"md5={hmac.new(SECRET.encode(), BODY, 'md5').hexdigest()}",
        signed() + "\n",
        f"{signed()},{signed()}",
        signed()[:-1],
        signed()[:-1] + "é",
        signed(secret="guess"),
        signed(BODY + b" "),
        f"sha256={hashlib.sha256(BODY).hexdigest()}",
    ],
)
def test_any_other_signature_is_answered_202_and_thrown_away(header: str) -> None:
    assert refused(signature(header)) == 202


def test_a_missing_signature_is_named_and_answered_202() -> None:
    assert refused(post(BODY)) == 202
    with pytest.raises(Forged, match="missing"):
        websub().verify(post(BODY))


@given(st.text() | st.from_regex("sha(1|256|384|512)=[0-9a-f]{40,130}", fullmatch=True))
def test_no_header_raises_anything_but_forged(header: str) -> None:
    assert refused(signature(header)) == 202


@pytest.mark.parametrize("secret", ["", "x", PATH[:-1], PATH + "1", PATH.upper(), "é", "\ud800"])
def test_nobody_gets_in_by_another_path(secret: str) -> None:
    forged = [
        replace(signature(signed()), secret=secret),
        replace(asked(mode="subscribe", topic=TALK.id, challenge="1"), secret=secret),
    ]

    assert [refused(one) for one in forged] == [403, 403]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "get", ""])
def test_other_methods_are_forged_even_when_signed(method: str) -> None:
    assert refused(replace(signature(signed()), method=method)) == 403


@given(st.binary(max_size=200))
def test_what_we_sign_we_accept(body: bytes) -> None:
    channel = websub(secrets=("new", "old"))

    headers = channel.sign(body)

    assert headers == {"content-type": "application/atom+xml", NAME: signed(body, "new")}
    assert channel.verify(post(body, **headers)) is None


# --- handshakes -------------------------------------------------------------------------------------------------


def test_a_hub_that_asks_for_a_topic_of_ours_gets_its_challenge_and_we_remember_the_lease() -> None:
    challenge = "14150870823416872213"

    found = websub().verify(asked(mode="subscribe", topic=VIDEOS.id, challenge=challenge, lease_seconds="432000"))

    assert found == Answer(
        status=200,
        body=challenge,
        type="text/plain; charset=utf-8",
        learned={
            f"lease:{VIDEOS.id}": "2026-11-26T12:00:00+00:00",
            f"denied:{VIDEOS.id}": "",
        },
    )


@pytest.mark.parametrize(
    ("seconds", "lease"),
    [
        ("", ""),
        ("0", ""),
        ("-5", ""),
        ("soon", ""),
        ("٣", ""),
        ("1", (RECEIVED + timedelta(seconds=1)).isoformat()),
        ("9" * 20, (RECEIVED + timedelta(days=3650)).isoformat()),
        ("9" * 21, ""),
    ],
)
def test_a_lease_without_a_usable_end_has_none(seconds: str, lease: str) -> None:
    found = websub().verify(asked(mode="subscribe", topic=TALK.id, challenge="1", lease_seconds=seconds))

    assert found is not None
    assert found.learned[f"lease:{TALK.id}"] == lease


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"mode": "subscribe"},
        {"mode": "subscribe", "topic": ""},
        {"mode": "subscribe", "topic": "https://other.example/feed"},
        {"mode": "subscribe", "topic": TALK.id + "/"},
        {"mode": "subscribe", "topic": TALK.id.replace("https", "http")},
        {"mode": "unsubscribe", "topic": TALK.id},
        {"mode": "unsubscribe", "topic": "https://other.example/feed"},
        {"mode": "denied", "topic": "https://other.example/feed", "reason": "no"},
        {"mode": "publish", "topic": TALK.id},
        {"mode": "SUBSCRIBE", "topic": TALK.id},
    ],
)
def test_what_we_never_asked_for_is_not_found(query: dict[str, str]) -> None:
    assert refused(asked(challenge="1", **query)) == 404


@pytest.mark.parametrize("challenge", ["", "{1", "1[", "x" * 513, "é" * 257, "\ud800", "1\x00"])
def test_a_challenge_that_no_hub_sends_is_malformed(challenge: str) -> None:
    with pytest.raises(Malformed):
        websub().verify(asked(mode="subscribe", topic=TALK.id, challenge=challenge))


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("this feed is not public", "this feed is not public"),
        ("", "the hub gave no reason"),
        ("two\nlines\x00", "two lines\ufffd"),
        ("x" * 500, "x" * 200),
    ],
)
def test_a_hub_that_refuses_is_heard_and_its_reason_kept(reason: str, kept: str) -> None:
    found = websub().verify(asked(mode="denied", topic=TALK.id, reason=reason))

    assert found == Answer(learned={f"denied:{TALK.id}": kept})


@given(st.dictionaries(st.sampled_from(["mode", "topic", "challenge", "lease_seconds", "reason"]), st.text()))
def test_no_question_of_a_stranger_is_answered(query: dict[str, str]) -> None:
    assert refused(asked(**query)) == 404


# --- settings ---------------------------------------------------------------------------------------------------


def test_one_secret_may_be_written_without_a_list() -> None:
    one = Settings.model_validate({"secret": "s3cret", "path_secret": PATH})

    assert [secret.get_secret_value() for secret in one.secret] == ["s3cret"]
    assert "s3cret" not in repr(one)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"secret": "s"},
        {"path_secret": PATH},
        {"secret": [], "path_secret": PATH},
        {"secret": "", "path_secret": PATH},
        {"secret": ["a", "b", "c"], "path_secret": PATH},
        {"secret": "x" * 200, "path_secret": PATH},
        {"secret": "é" * 100, "path_secret": PATH},
        {"secret": "s", "path_secret": "short-typo"},
        {"secret": "s", "path_secret": PATH, "secert": "typo"},
    ],
)
def test_settings_that_would_let_anyone_in_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)

    assert "typo" not in str(caught.value)
