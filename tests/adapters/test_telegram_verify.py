"""Telegram.verify and Telegram.sign: only what carries the secret token comes in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import text
from telegram_calls import ACME, SECRET, fixture, post, telegram, written

from adapters.telegram import HEADER, Settings, Telegram
from bridge.errors import Forged
from bridge.store import Store, connect, schema
from bridge.web import Receiver, create_app

BODY = written(fixture("text"))


def test_an_update_with_the_secret_token_is_of_telegram() -> None:
    assert telegram().verify(post(BODY)) is None


def test_either_token_holds_while_one_is_rotated() -> None:
    channel = telegram(secrets=("new", "old"))

    assert channel.verify(post(BODY, "new")) is None
    assert channel.verify(post(BODY, "old")) is None
    with pytest.raises(Forged, match="none of the secret tokens"):
        channel.verify(post(BODY, "older"))


def test_a_missing_token_is_named() -> None:
    with pytest.raises(Forged, match="missing"):
        telegram().verify(replace(post(BODY), headers={}))


@pytest.mark.parametrize(
    "token",
    [
        "",
        SECRET[:-1],
        SECRET + "x",
        SECRET.upper(),
        f" {SECRET}",
        f"{SECRET},{SECRET}",
        SECRET + "\n",
        "é",
        "\ud800",
    ],
)
def test_any_other_token_is_forged(token: str) -> None:
    with pytest.raises(Forged):
        telegram().verify(post(BODY, token))


@given(st.text())
def test_no_token_raises_anything_but_forged(token: str) -> None:
    with pytest.raises(Forged):
        telegram().verify(post(BODY, token))


def test_an_error_shows_no_token() -> None:
    with pytest.raises(Forged) as caught:
        telegram().verify(post(BODY, "what-somebody-guessed"))

    assert SECRET not in str(caught.value)
    assert "what-somebody-guessed" not in str(caught.value)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "post", ""])
def test_other_methods_are_forged_even_with_the_token(method: str) -> None:
    with pytest.raises(Forged):
        telegram().verify(replace(post(BODY), method=method))


def test_what_we_sign_we_accept() -> None:
    channel = telegram(secrets=("new", "old"))

    headers = channel.sign(BODY)

    assert headers == {"content-type": "application/json", HEADER: "new"}
    assert channel.verify(replace(post(BODY), headers=headers)) is None


# --- over the web -----------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = connect(f"sqlite:///{tmp_path / 'bridge.db'}")
    schema.migrate(found)
    yield found
    found.engine.dispose()


@pytest.fixture
def web(store: Store) -> FlaskClient:
    return create_app(Receiver(store=store, channels={"acme-telegram": telegram()})).test_client()


def kept(store: Store) -> int:
    with store.engine.connect() as c:
        return int(c.execute(text("select count(*) from item")).scalar_one())


def test_a_redelivered_update_is_stored_once(web: FlaskClient, store: Store) -> None:
    answers = [web.post("/in/acme-telegram", data=BODY, headers={HEADER: SECRET}).status_code for _ in range(2)]

    assert answers == [200, 200]
    assert kept(store) == 1


@pytest.mark.parametrize("headers", [[], [(HEADER, "guess")], [(HEADER, SECRET), (HEADER, SECRET)]])
def test_a_forged_update_is_stored_nowhere(web: FlaskClient, store: Store, headers: list[tuple[str, str]]) -> None:
    answer = web.post("/in/acme-telegram", data=BODY, headers=headers)

    assert answer.status_code == 403
    assert kept(store) == 0


# --- settings ---------------------------------------------------------------------------------------------------


def test_one_token_and_ids_may_be_written_as_they_are() -> None:
    settings = Settings.model_validate({"secret_token": "s3cret", "team": [9100, -1001555000001, "9200"]})

    channel = Telegram(settings, {ACME.id: ACME})

    assert channel.verify(post(BODY, "s3cret")) is None
    assert channel.team == {"9100", "-1001555000001", "9200"}
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"secret_token": []},
        {"secret_token": ""},
        {"secret_token": ["new", ""]},
        {"secret_token": ["one", "two", "three"]},
        {"secret_token": "what Telegram never takes"},
        {"secret_token": "x" * 257},
        {"secret_token": "s", "secret_tokne": "typo-value"},
        {"secret_token": "s", "team": ["@acme"]},
        {"secret_token": "s", "team": [True]},
        {"secret_token": "s", "team": [1.5]},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)

    assert "typo-value" not in str(caught.value)
    assert "what Telegram never takes" not in str(caught.value)
