"""What other projects sign, expressed by settings: their published vectors, and our own made with OpenSSL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from payload_table import folder
from webhook_calls import BODY, KEY, RECEIVED, STAMP, post, signed, webhook

from bridge.errors import Forged

SIGNED_V0 = "v0:{timestamp}:{body}"
BASE64 = {"scheme": "hmac", "encoding": "base64"}
STANDARD = {"scheme": "standard_webhooks"}

EXPRESSED: dict[str, dict[str, Any]] = {
    "github-sha256": {"scheme": "hmac", "prefix": "sha256="},
    "line-java": BASE64,
    "line-nodejs": BASE64,
    "line-nodejs-bad": BASE64,
    "line-python": BASE64,
    "mastodon": {"scheme": "hmac", "prefix": "sha256="},
    "meta-sha1-legacy": {"scheme": "hmac", "algorithm": "sha1", "prefix": "sha1="},
    "meta-sha256": {"scheme": "hmac", "prefix": "sha256="},
    "linkedin-post": {"scheme": "hmac", "signed": "hmacsha256={body}"},
    "slack-v0": {
        "scheme": "hmac", "header": "X-Slack-Signature", "prefix": "v0=", "signed": SIGNED_V0,
        "timestamp_header": "X-Slack-Request-Timestamp",
    },
    "standardwebhooks-v1": STANDARD,
    "standardwebhooks-v1-bad": STANDARD,
    "tiktok": {"scheme": "hmac", "timestamp_part": "t", "signature_part": "s", "signed": "{timestamp}.{body}"},
    "viber": {"scheme": "hmac"},
    "viber-python": {"scheme": "hmac"},
    "websub-sha1": {"scheme": "hmac", "algorithm": "sha1", "prefix": "sha1="},
    "x-post": {"scheme": "hmac", "encoding": "base64", "prefix": "sha256="},
}  # fmt: skip
"""Vector -> the settings that express it; header and secret come from the vector."""

OTHERS = {
    "discord": "Ed25519, no HMAC: a channel of its own",
    "linkedin-challenge": "a handshake: a generic channel answers none, for it would sign what anybody asks it to",
    "x-crc": "a handshake: the channel x answers it",
}


def vectors() -> dict[str, dict[str, Any]]:
    payloads = folder()
    if payloads is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    files = sorted((payloads / "signatures").glob("*.json"))
    return {one["id"]: one for file in files for one in json.loads(Path(file).read_bytes())}


def holds(one: dict[str, Any], settings: dict[str, Any]) -> bool:
    """Whether a vector's signature is taken at its own time."""
    stamp = str(one.get("timestamp") or one.get("webhook_timestamp") or "")
    header = settings.get("header") or one.get("header")
    headers = {
        header or "webhook-signature": one["signature"],
        settings.get("timestamp_header", "webhook-timestamp"): stamp,
        "webhook-id": one.get("webhook_id", ""),
    }
    given = {**settings, "secrets": one["secret"], **({"header": header} if header else {})}
    at = datetime.fromtimestamp(int(stamp), UTC) if stamp else RECEIVED
    try:
        return webhook(given).verify(post(headers, one["body"].encode(), at=at)) is None
    except Forged:
        return False


def test_every_vector_is_expressed_or_another_channels() -> None:
    assert sorted(vectors()) == sorted([*EXPRESSED, *OTHERS])


@pytest.mark.parametrize("name", EXPRESSED)
def test_a_published_vector_agrees(name: str) -> None:
    one = vectors()[name]

    assert holds(one, EXPRESSED[name]) == one.get("valid", True)


@pytest.mark.parametrize("name", EXPRESSED)
def test_a_published_vector_holds_for_its_very_body_and_secret_only(name: str) -> None:
    one = vectors()[name]
    secret = one["secret"][:-4] + "AAAA"  # still Base64 where it was

    assert not holds({**one, "body": one["body"] + " "}, EXPRESSED[name])
    assert not holds({**one, "secret": secret}, EXPRESSED[name])


TIMED = {"timestamp_header": "X-Time"}
OURS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "sha1": ({"algorithm": "sha1"}, {"X-Signature": "459e80f683700412661a960fe064affd37743b79"}),
    "sha256": ({}, {"X-Signature": "1af294181fa236d391f5fb2f2de047866f44505158fdbd1ff410f6eec00632ad"}),
    "upper case": ({}, {"X-Signature": "1AF294181FA236D391F5FB2F2DE047866F44505158FDBD1FF410F6EEC00632AD"}),
    "sha384": (
        {"algorithm": "sha384"},
        {"X-Signature": "e2b7306879f7b75ecf94752fc570e6fc0b948184405881bb"
                        "f2bbf1856013df2bf3a77a4bcdee652cacc1747e54c93fc6"},
    ),
    "sha512": (
        {"algorithm": "sha512"},
        {"X-Signature": "020181048b48146722387d1ff7345f088865088fcdf6b55d657650ed9339a718"
                        "69f4e76954867a3719f9deb054c80e6842160932157b18f5b70d37f3e3f8f4cb"},
    ),
    "base64": ({"encoding": "base64"}, {"X-Signature": "GvKUGB+iNtOR9fsvLeBHhm9EUFFY/b0f9BD27sAGMq0="}),
    "hex secret": (
        {"secrets": "00ff10a0", "secret_encoding": "hex"},
        {"X-Signature": "05da7630af3bdd96b357cb5ed62681aa65aacbbae2f43b3009e864e0755413ff"},
    ),
    "base64 secret": (
        {"secrets": "AP8QoA", "secret_encoding": "base64"},
        {"X-Signature": "05da7630af3bdd96b357cb5ed62681aa65aacbbae2f43b3009e864e0755413ff"},
    ),
    "time and body": (
        {**TIMED, "signed": "{timestamp}.{body}"},
        {"X-Time": STAMP, "X-Signature": "aeb1fd74d740ae0d1d93bf770c8916eed1c15cd0704786f9fb1e7a5ecbfb3790"},
    ),
    "as Zendesk": (
        {**TIMED, "signed": "{timestamp}{body}", "encoding": "base64"},
        {"X-Time": STAMP, "X-Signature": "xSgPdVlsOJSf9rFwy8l2UamPmD6jRoVuz5mKhtahjMM="},
    ),
    "as Stripe": (
        {"timestamp_part": "t", "signature_part": "v1", "signed": "{timestamp}.{body}"},
        {"X-Signature": f"t={STAMP},v0=00,v1=00ff,"
                        "v1=aeb1fd74d740ae0d1d93bf770c8916eed1c15cd0704786f9fb1e7a5ecbfb3790"},
    ),
    "all that can be signed": (
        {"signed": "{method}|{url}|{id}|{header:X-Version}|{body}", "id_header": "X-Id"},
        {"X-Id": "d-1", "X-Version": "v2",
         "X-Signature": "b1a3fb47df5454fab47570d3b9f979e5775fe4f48125f32d0d386bebe7159dc8"},
    ),
}  # fmt: skip
"""Name -> settings and headers over BODY, each computed apart from our code, with OpenSSL."""


@pytest.mark.parametrize("name", OURS)
def test_what_openssl_signed_is_taken(name: str) -> None:
    settings, headers = OURS[name]
    callback = post(headers, url="https://hooks.example.com/in/acme-tool?a=%C3%A9")

    assert webhook(signed(**settings)).verify(callback) is None


@pytest.mark.parametrize("name", OURS)
def test_what_openssl_signed_is_refused_over_any_other_body(name: str) -> None:
    settings, headers = OURS[name]
    callback = post(headers, BODY + b"\n", url="https://hooks.example.com/in/acme-tool?a=%C3%A9")

    with pytest.raises(Forged, match="fits none of the secrets"):
        webhook(signed(**settings)).verify(callback)


@pytest.mark.parametrize("family", ["webhook", "svix"])
def test_standard_webhooks_come_under_two_names_and_with_several_signatures(family: str) -> None:
    channel = webhook({"scheme": "standard_webhooks", "secrets": ["whsec_" + "AAAA" * 8, KEY]})
    mine = "v1,jHQfaloQkert4QGieEnelQou/TtjkKayDeHdnLknw6M="
    headers = {f"{family}-id": "msg_1", f"{family}-timestamp": STAMP}

    assert channel.verify(post({**headers, f"{family}-signature": f"v1a,xyz v1,AAAA {mine}"})) is None
    with pytest.raises(Forged, match="fits none"):
        channel.verify(post({**headers, f"{family}-signature": mine.replace("v1,", "v2,")}))
    with pytest.raises(Forged, match="-timestamp is 301 seconds away"):
        channel.verify(post({**headers, f"{family}-signature": mine}, at=RECEIVED + timedelta(seconds=301)))
