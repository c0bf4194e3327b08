"""TikTok.verify and TikTok.sign: only what TikTok signed lately comes in, and we sign nothing for others."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import text
from tiktok_calls import NAME, RECEIVED, SECRET, fixture, post, signed, tiktok, written

from adapters.tiktok import Settings, TikTok
from bridge.errors import Forged, Malformed
from bridge.ports import Answer, Callback
from bridge.store import Store, connect, schema
from bridge.web import Receiver, create_app

BODY = rb'{"event":"im_receive_msg","content":"{\"text\":{\"body\":\"caf\u00e9 \/\"}}"}'
STAMP = str(int(RECEIVED.timestamp()))

VECTORS = [  # secret, seconds, body, hex digest: computed apart from our code, with OpenSSL
    (SECRET, "1795262400", BODY, "bb18abb49478d257db8fd7a383c0b6c4385918fda41c4f275acf23ba04abe4a1"),
    ("geheim-üñí", "1795262400", b"\x00{\xff", "82f6a55960c4783a0ac9bd006698060363c0828c1680ed8d85d9c0514a5103a8"),
]


def signature(header: str, body: bytes = BODY) -> Callback:
    return post(body, **{NAME: header})


def challenge(**query: str) -> Callback:
    return replace(post(b""), method="GET", query=query)


# --- bodies -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("secret", "seconds", "body", "digest"), VECTORS)
def test_a_body_signed_with_the_app_secret_is_of_tiktok(
    secret: str, seconds: str, body: bytes, digest: str
) -> None:
    assert tiktok(secrets=(secret,)).verify(signature(f"t={seconds},s={digest}", body)) is None


def test_either_secret_holds_while_one_is_rotated() -> None:
    channel = tiktok(secrets=("new", "old"))

    assert channel.verify(signature(signed(BODY, "new"))) is None
    assert channel.verify(signature(signed(BODY, "old"))) is None
    with pytest.raises(Forged, match="none of the app secrets"):
        channel.verify(signature(signed(BODY, "older")))


DIGEST = signed(BODY).partition(",s=")[2]


@pytest.mark.parametrize(
    "header", [f"s={DIGEST},t={STAMP}", f"t={STAMP}, s={DIGEST}", f"t={STAMP},s={DIGEST.upper()},v=2"]
)
def test_the_parts_are_found_by_their_names(header: str) -> None:
    assert tiktok().verify(signature(header)) is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=",
        f"t={STAMP}",
        f"s={DIGEST}",
        f"t={STAMP},s=",
        f"t=,s={DIGEST}",
        f"{STAMP},{DIGEST}",
        f"T={STAMP},S={DIGEST}",
        f"t={STAMP};s={DIGEST}",
        f"t={STAMP}.0,s={DIGEST}",
        f"t=+{STAMP},s={DIGEST}",
        f"t=-{STAMP},s={DIGEST}",
        f"t= {STAMP},s={DIGEST}",
        f"t=0{STAMP},s={DIGEST}",
        f"t={STAMP[:-1]}٣,s={DIGEST}",
        f"t={'9' * 400},s={DIGEST}",
        f"t={STAMP},s={DIGEST[:-1]}",
        f"t={STAMP},s={DIGEST[:-1]}é",
        f"t={STAMP},s={DIGEST}0",
        f"t={STAMP},s=sha256={DIGEST}",
        f"t={STAMP},s={'0' * 64}",
        f"t={STAMP},s={DIGEST},s={DIGEST}",
        f"t={STAMP},t={STAMP},s={DIGEST}",
        f"t={STAMP},s={'0' * 64},t={STAMP},s={DIGEST}",
        f"t={STAMP},s={hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()}",
        "\ud800",
    ],
)
def test_any_other_signature_is_forged(header: str) -> None:
    with pytest.raises(Forged):
        tiktok().verify(signature(header))


@given(st.text() | st.from_regex("t=[0-9]{1,14},s=[0-9a-f]{60,66}", fullmatch=True))
def test_no_header_raises_anything_but_forged(header: str) -> None:
    with pytest.raises(Forged):
        tiktok().verify(signature(header))


def test_a_missing_signature_is_named() -> None:
    with pytest.raises(Forged, match="missing"):
        tiktok().verify(post(BODY))


def test_the_signature_is_over_the_bytes_not_over_their_meaning() -> None:
    respelled = json.dumps(json.loads(BODY)).encode()

    with pytest.raises(Forged):
        tiktok().verify(signature(signed(BODY), respelled))


def test_the_time_is_part_of_what_is_signed() -> None:
    later = signed(BODY).replace(f"t={STAMP}", f"t={int(STAMP) + 1}")

    with pytest.raises(Forged, match="none of the app secrets"):
        tiktok().verify(signature(later))


@pytest.mark.parametrize("away", [-300, -1, 0, 1, 300])
def test_a_signature_of_the_last_five_minutes_holds(away: int) -> None:
    assert tiktok().verify(signature(signed(BODY, stamp=str(int(STAMP) + away)))) is None


@pytest.mark.parametrize(("away", "told"), [(-301, "301 seconds"), (301, "301 seconds"), (-int(STAMP), "300 are")])
def test_an_old_signature_is_forged_and_so_is_one_of_the_future(away: int, told: str) -> None:
    with pytest.raises(Forged, match=told):
        tiktok().verify(signature(signed(BODY, stamp=str(int(STAMP) + away))))


def test_how_old_it_may_be_is_a_setting() -> None:
    hour_ago = signature(signed(BODY, stamp=str(int(STAMP) - 3600)))

    assert tiktok(tolerance="1 hour").verify(hour_ago) is None
    with pytest.raises(Forged, match="3600 seconds away from our clock, 3599 are allowed"):
        tiktok(tolerance="3599").verify(hour_ago)


def test_an_error_never_shows_the_secret_or_the_right_signature() -> None:
    with pytest.raises(Forged) as caught:
        tiktok().verify(signature(f"t={STAMP},s={'0' * 64}"))

    assert SECRET not in str(caught.value)
    assert DIGEST not in str(caught.value)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "get", ""])
def test_other_methods_are_forged_even_when_signed(method: str) -> None:
    with pytest.raises(Forged):
        tiktok().verify(replace(signature(signed(BODY)), method=method, query={"challenge": "x"}))


@given(st.binary(max_size=200))
def test_what_we_sign_we_accept(body: bytes) -> None:
    channel = tiktok(secrets=("new", "old"))

    headers = channel.sign(body)

    stamp = headers[NAME].partition(",")[0].removeprefix("t=")
    received = replace(post(body, **headers), received_at=datetime.fromtimestamp(int(stamp), UTC))
    assert headers == {"content-type": "application/json", NAME: signed(body, "new", stamp)}
    assert channel.verify(received) is None


# --- challenges -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given_challenge", ["a", "0b7c6a40-made-up_challenge", "MTIz+/=", "x" * 512])
def test_a_challenge_is_given_back_and_not_signed(given_challenge: str) -> None:
    found = tiktok().verify(challenge(challenge=given_challenge, more="1"))

    assert found == Answer(status=200, body=given_challenge, type="text/plain; charset=utf-8")


@pytest.mark.parametrize("query", [{}, {"more": "1"}, {"hub.challenge": "1", "hub.mode": "subscribe"}])
def test_a_get_without_a_challenge_is_forged(query: dict[str, str]) -> None:
    with pytest.raises(Forged):
        tiktok().verify(challenge(**query))


@pytest.mark.parametrize(
    "given_challenge", ["", '{"event":1}', "1[", "a{", "x" * 513, "é", "a b", "a\n", "<b>", "\ud800", "1\x00", '"']
)
def test_a_challenge_that_is_no_word_is_malformed(given_challenge: str) -> None:
    with pytest.raises(Malformed):
        tiktok().verify(challenge(challenge=given_challenge))


@given(st.text(max_size=600))
def test_no_challenge_raises_anything_but_malformed_and_no_answer_is_more_than_it(given_challenge: str) -> None:
    try:
        answer = tiktok().verify(challenge(challenge=given_challenge))
    except Malformed:
        return

    assert answer == Answer(body=given_challenge)


# --- over the web -----------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = connect(f"sqlite:///{tmp_path / 'bridge.db'}")
    schema.migrate(found)
    yield found
    found.engine.dispose()


@pytest.fixture
def web(store: Store) -> FlaskClient:
    return create_app(Receiver(store=store, channels={"acme-tiktok": tiktok(tolerance="1 hour")})).test_client()


def kept(store: Store) -> int:
    with store.engine.connect() as c:
        return int(c.execute(text("select count(*) from item")).scalar_one())


def test_a_signed_callback_is_stored_once_over_the_web(web: FlaskClient, store: Store) -> None:
    body = written(fixture("dm_text"))

    answers = [web.post("/in/acme-tiktok", data=body, headers=tiktok().sign(body)).status_code for _ in range(2)]

    assert answers == [200, 200]
    assert kept(store) == 1


def test_two_signature_headers_are_forged_over_the_web(web: FlaskClient, store: Store) -> None:
    body = written(fixture("dm_text"))
    header = tiktok().sign(body)[NAME]

    answer = web.post("/in/acme-tiktok", data=body, headers=[(NAME, header), (NAME, header)])

    assert answer.status_code == 403
    assert kept(store) == 0


# --- settings ---------------------------------------------------------------------------------------------------


def test_one_secret_may_be_written_without_a_list() -> None:
    one = Settings.model_validate({"app_secret": "s3cret"})

    channel = TikTok(one, {})

    assert channel.verify(signature(signed(BODY, "s3cret"))) is None
    assert (one.tolerance, one.reactions) == (timedelta(minutes=5), False)
    assert "s3cret" not in repr(one)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"app_secret": []},
        {"app_secret": ""},
        {"app_secret": ["new", ""]},
        {"app_secret": ["one", "two", "three"]},
        {"app_secret": "s", "tolerance": "0"},
        {"app_secret": "s", "tolerance": "-5"},
        {"app_secret": "s", "tolerance": "for ever"},
        {"app_secret": "s", "app_secert": "typo-value"},
    ],
)
def test_settings_that_would_let_anyone_in_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)

    assert "typo-value" not in str(caught.value)
