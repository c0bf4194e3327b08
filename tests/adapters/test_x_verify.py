"""X.verify and X.sign: only what X signed comes in, and what answers X's challenge can never be sent as a body."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from payload_table import folder
from pydantic import ValidationError
from sqlalchemy import text
from x_calls import FIXTURES, SECRET, fixture, post, written, x

from adapters.x import Settings, X
from bridge.errors import Forged, Malformed
from bridge.ports import Answer, Callback
from bridge.store import Store, connect
from bridge.web import Receiver, create_app

BODY = rb'{"data":{"event_uuid":"-1","event_type":"like.create","payload":{"x":"caf\u00e9 \/"}}}'
NAME = "x-twitter-webhooks-signature"

VECTORS = [  # secret, body, base64 digest: computed apart from our code, with OpenSSL
    (SECRET, BODY, "cfkugBxHSJJkTnDmOQCwupyt+BNpxA2sNKbgzftv+og="),
    ("geheim-üñí", b"\x00{\xff", "OzSQGSxQJQQVasGmDmp35JqHAbV2eIA1ZGtUMmlp7m4="),
]


def signed(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def signature(header: str, body: bytes = BODY) -> Callback:
    return post(body, **{NAME: header})


def challenge(**query: str) -> Callback:
    return replace(post(b""), method="GET", query=query)


# --- bodies -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("secret", "body", "digest"), VECTORS)
def test_a_body_signed_with_the_consumer_secret_is_of_x(secret: str, body: bytes, digest: str) -> None:
    assert x(secrets=(secret,)).verify(signature(f"sha256={digest}", body)) is None


def test_vectors_of_others_agree() -> None:
    payloads = folder()
    if payloads is None:
        pytest.skip("no folder of real payloads: set CASEBRIDGE_PAYLOADS")
    files = (payloads / "signatures").glob("*.json")
    vectors = {one["id"]: one for file in files for one in json.loads(file.read_bytes()) if "id" in one}
    body, asked = vectors["x-post"], vectors["x-crc"]
    channel = x(secrets=(body["secret"],))

    answer = channel.verify(challenge(crc_token=asked["crc_token"], nonce="made-up"))

    assert channel.verify(signature(body["signature"], body["body"].encode())) is None
    assert answer is not None
    assert json.loads(answer.body) == asked["response"]


def test_either_secret_holds_while_one_is_rotated() -> None:
    channel = x(secrets=("new", "old"))

    assert channel.verify(signature(signed(BODY, "new"))) is None
    assert channel.verify(signature(signed(BODY, "old"))) is None
    with pytest.raises(Forged, match="none of the consumer secrets"):
        channel.verify(signature(signed(BODY, "older")))


CLIENT = "client-secret-of-acme"
BY_CLIENT = f"{NAME}-oauth2"


def with_client() -> X:
    return X(Settings.model_validate({"consumer_secret": SECRET, "client_secret": ["new-client", CLIENT]}), {})


@pytest.mark.parametrize(
    "headers",
    [
        {BY_CLIENT: signed(BODY, CLIENT)},
        {BY_CLIENT: signed(BODY, "new-client")},
        {NAME: signed(BODY)},
        {NAME: signed(BODY), BY_CLIENT: signed(BODY, CLIENT)},
        {NAME: signed(BODY), BY_CLIENT: "?"},
        {NAME: "", BY_CLIENT: signed(BODY, CLIENT)},
    ],
)
def test_an_app_with_an_oauth_2_client_signs_with_its_secret_too(headers: dict[str, str]) -> None:
    assert with_client().verify(post(BODY, **headers)) is None


@pytest.mark.parametrize(
    "headers",
    [
        {BY_CLIENT: signed(BODY)},
        {NAME: signed(BODY, CLIENT)},
        {BY_CLIENT: signed(BODY, "other")},
        {BY_CLIENT: "?"},
        {},
    ],
)
def test_each_signature_has_its_own_secret(headers: dict[str, str]) -> None:
    with pytest.raises(Forged):
        with_client().verify(post(BODY, **headers))


def test_a_client_whose_secret_is_not_known_signs_nothing() -> None:
    with pytest.raises(Forged, match="needs client_secret"):
        x().verify(post(BODY, **{BY_CLIENT: signed(BODY, CLIENT)}))


def test_the_clients_secret_answers_challenges_where_there_is_one() -> None:
    answer = with_client().verify(challenge(crc_token="abc"))

    assert answer is not None
    assert json.loads(answer.body) == {"response_token": signed(b"abc", "new-client")}


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
        f"{signed(BODY)}, {signed(BODY)}",
        signed(BODY)[:-1],
        signed(BODY)[:-2] + "==",
        signed(BODY)[:-2] + "é=",
        signed(BODY) + "=",
        "sha256=" + "*" * 43 + "=",
        "sha256=" + "\ud800" * 43 + "=",
        "sha256=" + "A" * 43 + "=",
        "sha256=" + hmac.new(SECRET.encode(), BODY, "sha256").hexdigest(),
    ],
)
def test_any_other_signature_is_forged(header: str) -> None:
    with pytest.raises(Forged):
        x().verify(signature(header))


@given(st.text() | st.from_regex("sha256=[0-9A-Za-z+/]{40,46}=?", fullmatch=True))
def test_no_header_raises_anything_but_forged(header: str) -> None:
    with pytest.raises(Forged):
        x().verify(signature(header))


def test_a_missing_signature_is_named() -> None:
    with pytest.raises(Forged, match="missing"):
        x().verify(post(BODY))


def test_the_signature_is_over_the_bytes_not_over_their_meaning() -> None:
    respelled = json.dumps(json.loads(BODY)).encode()

    with pytest.raises(Forged):
        x().verify(signature(signed(BODY), respelled))


def test_an_error_never_shows_the_secret_or_the_right_signature() -> None:
    with pytest.raises(Forged) as caught:
        x().verify(signature("sha256=" + "A" * 43 + "="))

    assert SECRET not in str(caught.value)
    assert signed(BODY)[7:] not in str(caught.value)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "get", ""])
def test_other_methods_are_forged_even_when_signed(method: str) -> None:
    with pytest.raises(Forged):
        x().verify(replace(signature(signed(BODY)), method=method, query={"crc_token": "x"}))


@given(st.binary(max_size=200).map(lambda rest: b"{" + rest))
def test_what_we_sign_we_accept(body: bytes) -> None:
    channel = x(secrets=("new", "old"))

    headers = channel.sign(body)

    assert headers == {"content-type": "application/json", NAME: signed(body, "new")}
    assert channel.verify(post(body, **headers)) is None


# --- challenges -------------------------------------------------------------------------------------------------


def test_a_challenge_is_signed_with_the_first_secret() -> None:
    token = "0b7c6a40-made-up-challenge"

    found = x(secrets=("new", "old")).verify(challenge(crc_token=token, nonce="1"))

    assert found == Answer(
        status=200, body=json.dumps({"response_token": signed(token.encode(), "new")}), type="application/json"
    )


@pytest.mark.parametrize("query", [{}, {"nonce": "1"}, {"hub.challenge": "1", "hub.mode": "subscribe"}])
def test_a_get_without_a_challenge_is_forged(query: dict[str, str]) -> None:
    with pytest.raises(Forged):
        x().verify(challenge(**query))


@pytest.mark.parametrize("token", ["", '{"data":1}', "1[", "a{", "x" * 513, "é" * 257, "\ud800", "1\x00"])
def test_a_challenge_that_x_never_sends_is_malformed(token: str) -> None:
    with pytest.raises(Malformed):
        x().verify(challenge(crc_token=token))


@given(st.text(max_size=300))
def test_no_answered_challenge_is_a_body(token: str) -> None:
    channel = x()
    try:
        answer = channel.verify(challenge(crc_token=token))
    except Malformed:
        return
    assert answer is not None
    stolen = json.loads(answer.body)["response_token"]

    with pytest.raises(Forged):
        channel.verify(signature(stolen, token.encode()))


@pytest.fixture
def store(tmp_path: Path, template: Path) -> Iterator[Store]:
    found = connect(f"sqlite:///{shutil.copy(template, tmp_path)}")
    yield found
    found.engine.dispose()


@pytest.fixture
def web(store: Store) -> FlaskClient:
    return create_app(Receiver(store=store, channels={"acme-x": x()})).test_client()


def kept(store: Store) -> int:
    with store.engine.connect() as c:
        return int(c.execute(text("select count(*) from item")).scalar_one())


FORGED = [
    *(file.read_bytes() for file in sorted(FIXTURES.glob("*.json"))),
    b'[{"for_user_id":"2244000001"}]',
    b"null",
    b'"a string is JSON too"',
    b"12345",
    b" ",
    written(fixture("mention")).decode().encode("utf-16"),
    b"%7B%22data%22%3A1%7D",
    "\uff5b\uff5d".encode(),
]


@pytest.mark.parametrize("body", FORGED, ids=range(len(FORGED)))
@pytest.mark.parametrize("spelled", [quote, quote_plus, lambda body: "".join(f"%{byte:02x}" for byte in body)])
def test_a_body_that_was_signed_as_a_challenge_is_not_taken(
    body: bytes, spelled: Any, web: FlaskClient, store: Store
) -> None:
    asked = web.get(f"/in/acme-x?crc_token={spelled(body)}")
    stolen = asked.json["response_token"] if asked.status_code == 200 and asked.json else signed(b"guess")

    answer = web.post("/in/acme-x", data=body, headers={NAME: stolen})

    assert answer.status_code == 403
    assert asked.status_code == (400 if b"{" in body or b"[" in body or len(body) > 512 else 200)
    assert kept(store) == 0


def test_of_two_challenges_the_signed_one_is_the_checked_one(web: FlaskClient) -> None:
    first, second = quote("innocent"), quote('{"data":1}')

    found = web.get(f"/in/acme-x?crc_token={first}&crc_token={second}")

    assert web.get(f"/in/acme-x?crc_token={second}&crc_token={first}").status_code == 400
    assert found.json == {"response_token": signed(b"innocent")}
    assert found.content_type == "application/json"


def test_a_signed_callback_is_stored_over_the_web(web: FlaskClient, store: Store) -> None:
    body = written(fixture("mention"))

    answers = [web.post("/in/acme-x", data=body, headers={NAME: signed(body)}).status_code for _ in range(2)]

    assert answers == [200, 200]
    assert kept(store) == 1


def test_two_signature_headers_are_forged_over_the_web(web: FlaskClient) -> None:
    body = written(fixture("mention"))

    answer = web.post("/in/acme-x", data=body, headers=[(NAME, signed(body)), (NAME, signed(body))])

    assert answer.status_code == 403


# --- settings ---------------------------------------------------------------------------------------------------


def test_one_secret_may_be_written_without_a_list() -> None:
    one = Settings.model_validate({"consumer_secret": "s3cret"})

    channel = X(one, {})

    assert channel.verify(signature(signed(BODY, "s3cret"))) is None
    assert "s3cret" not in repr(one)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"consumer_secret": []},
        {"consumer_secret": ""},
        {"consumer_secret": ["new", ""]},
        {"consumer_secret": ["one", "two", "three"]},
        {"consumer_secret": "s", "consumer_secert": "typo-value"},
    ],
)
def test_settings_that_would_let_anyone_in_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)

    assert "typo-value" not in str(caught.value)
