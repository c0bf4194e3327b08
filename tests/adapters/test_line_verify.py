"""Line.verify and Line.sign: only what LINE signed with the channel's secret comes in."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from line_calls import ACME, SECRET, fixture, line, post, written
from pydantic import ValidationError
from sqlalchemy import text

from adapters.line import Line, Settings
from bridge.errors import Forged
from bridge.ports import Callback
from bridge.store import Store, connect, schema
from bridge.web import Receiver, create_app

BODY = rb'{"destination":"U1","events":[{"text":"caf\u00e9 \/"}]}'
NAME = "x-line-signature"
FALSE = "A" * 43 + "="

VECTORS = [  # secret, body, base64 digest: computed apart from our code, with OpenSSL
    (SECRET, BODY, "nEgtGXi7MPDFrLlj/nItGpSadsXbrA9NDjk7SWmNUXE="),
    ("geheim-üñí", b"\x00{\xff", "OzSQGSxQJQQVasGmDmp35JqHAbV2eIA1ZGtUMmlp7m4="),
]


def signed(body: bytes, secret: str = SECRET) -> str:
    return b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def signature(header: str, body: bytes = BODY) -> Callback:
    return post(body, **{NAME: header})


@pytest.mark.parametrize(("secret", "body", "digest"), VECTORS)
def test_a_body_signed_with_the_channel_secret_is_of_line(secret: str, body: bytes, digest: str) -> None:
    assert line(secrets=(secret,)).verify(signature(digest, body)) is None


def test_either_secret_holds_while_one_is_rotated() -> None:
    channel = line(secrets=("new", "old"))

    assert channel.verify(signature(signed(BODY, "new"))) is None
    assert channel.verify(signature(signed(BODY, "old"))) is None
    with pytest.raises(Forged, match="none of the channel secrets"):
        channel.verify(signature(signed(BODY, "older")))


@pytest.mark.parametrize(
    "header",
    [
        "",
        FALSE,
        "sha256=" + signed(BODY),
        signed(BODY) + "\n",
        " " + signed(BODY),
        f"{signed(BODY)},{signed(BODY)}",
        f"{signed(BODY)}, {signed(BODY)}",
        signed(BODY)[:-1],
        signed(BODY)[:-2] + "==",
        signed(BODY)[:-2] + "é=",
        signed(BODY) + "=",
        signed(BODY).swapcase(),
        "*" * 43 + "=",
        "\ud800" * 43 + "=",
        hmac.new(SECRET.encode(), BODY, "sha256").hexdigest(),
        b64encode(hmac.digest(SECRET.encode(), BODY, "sha1")).decode(),
    ],
)
def test_any_other_signature_is_forged(header: str) -> None:
    with pytest.raises(Forged):
        line().verify(signature(header))


@given(st.text() | st.from_regex("[0-9A-Za-z+/]{40,46}=?", fullmatch=True))
def test_no_header_raises_anything_but_forged(header: str) -> None:
    with pytest.raises(Forged):
        line().verify(signature(header))


def test_a_missing_signature_is_named() -> None:
    with pytest.raises(Forged, match="x-line-signature is missing"):
        line().verify(post(BODY))


def test_the_signature_is_over_the_bytes_not_over_their_meaning() -> None:
    respelled = json.dumps(json.loads(BODY)).encode()

    with pytest.raises(Forged):
        line().verify(signature(signed(BODY), respelled))


def test_an_error_never_shows_the_secret_or_the_right_signature() -> None:
    with pytest.raises(Forged) as caught:
        line().verify(signature(FALSE))

    assert SECRET not in str(caught.value)
    assert signed(BODY) not in str(caught.value)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "post", ""])
def test_other_methods_are_forged_even_when_signed(method: str) -> None:
    with pytest.raises(Forged):
        line().verify(replace(signature(signed(BODY)), method=method))


@given(st.binary(max_size=200))
def test_what_we_sign_we_accept(body: bytes) -> None:
    channel = line(secrets=("new", "old"))

    headers = channel.sign(body)

    assert headers == {"content-type": "application/json; charset=utf-8", NAME: signed(body, "new")}
    assert channel.verify(post(body, **headers)) is None


# --- over the web -----------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = connect(f"sqlite:///{tmp_path / 'bridge.db'}")
    schema.migrate(found)
    yield found
    found.engine.dispose()


@pytest.fixture
def web(store: Store) -> FlaskClient:
    return create_app(Receiver(store=store, channels={"acme-line": line()})).test_client()


def kept(store: Store) -> int:
    with store.engine.connect() as c:
        return int(c.execute(text("select count(*) from item")).scalar_one())


def test_a_callback_and_its_redelivery_are_stored_once(web: FlaskClient, store: Store) -> None:
    bodies = [written(fixture("text")), written(fixture("redelivered"))]

    answers = [web.post("/in/acme-line", data=body, headers={NAME: signed(body)}) for body in bodies]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert kept(store) == 1


def test_the_consoles_verify_is_answered_and_nothing_is_stored(web: FlaskClient, store: Store) -> None:
    body = written({"destination": ACME.id, "events": []})

    answer = web.post("/in/acme-line", data=body, headers={"X-Line-Signature": signed(body)})

    assert (answer.status_code, kept(store)) == (200, 0)


def test_a_forged_callback_is_refused_and_nothing_is_stored(web: FlaskClient, store: Store) -> None:
    body = written(fixture("text"))

    headers = [{NAME: FALSE}, {}, [(NAME, signed(body)), (NAME, signed(body))]]
    answers = [web.post("/in/acme-line", data=body, headers=one) for one in headers]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert kept(store) == 0


# --- settings ---------------------------------------------------------------------------------------------------


def test_one_secret_may_be_written_without_a_list() -> None:
    one = Settings.model_validate({"channel_secret": "s3cret"})

    channel = Line(one, {})

    assert channel.verify(signature(signed(BODY, "s3cret"))) is None
    assert "s3cret" not in repr(one)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"channel_secret": []},
        {"channel_secret": ""},
        {"channel_secret": ["new", ""]},
        {"channel_secret": ["one", "two", "three"]},
        {"channel_secret": "s", "channel_secert": "typo-value"},
    ],
)
def test_settings_that_would_let_anyone_in_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)

    assert "typo-value" not in str(caught.value)
