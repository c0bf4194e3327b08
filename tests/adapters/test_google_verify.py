"""Google.verify: only what Pub/Sub pushes for our subscription comes in, and nothing while nobody can tell."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from google_calls import FIXTURES, ROBOT, URL, claims, google, key, post, token, usual
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import text

from adapters.google import Google, Settings
from bridge.errors import ConfigError, Forged, Unready
from bridge.store import Store, connect, schema
from bridge.web import Receiver, create_app

BODY = (FIXTURES / "new_review.json").read_bytes()
SECRET = "b3mNq0aT5xKcW8rZ"


def header(value: str) -> dict[str, str]:
    return {"authorization": value}


def bearer(**other: object) -> dict[str, str]:
    return header(f"Bearer {token(claims(**other))}")


def unsigned(alg: str) -> str:
    parts = [{"alg": alg, "typ": "JWT", "kid": key().id}, claims()]
    encoded = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2ln"])


# --- tokens -----------------------------------------------------------------------------------------------------


def test_a_token_of_google_for_our_service_account_and_url_holds() -> None:
    assert google().verify(post(BODY, **header(usual()))) is None


@pytest.mark.parametrize("issuer", ["https://accounts.google.com", "accounts.google.com"])
def test_either_spelling_of_the_issuer_holds(issuer: str) -> None:
    assert google().verify(post(BODY, **bearer(iss=issuer))) is None


@pytest.mark.parametrize(
    ("claim", "value", "reason"),
    [
        ("iss", "https://accounts.example.com", "issuer"),
        ("iss", None, "issuer"),
        ("iss", ["https://accounts.google.com"], "issuer"),
        ("aud", "https://hooks.example.com/in/another", "compare audience"),
        ("aud", [URL], "compare audience"),
        ("aud", None, "compare audience"),
        ("email", "other@acme-care.example", "compare service_account"),
        ("email", ROBOT.upper(), "compare service_account"),
        ("email_verified", False, "not verified"),
        ("email_verified", "true", "not verified"),
        ("exp", claims()["iat"], None),
        ("exp", 0, "expired"),
        ("exp", float("nan"), "expired"),
        ("exp", "never", "not signed by Google"),
        ("exp", None, "not signed by Google"),
        ("iat", 10**12, "not valid yet"),
        ("iat", {}, "not signed by Google"),
    ],
)
def test_a_token_that_says_something_else_is_forged(claim: str, value: object, reason: str | None) -> None:
    callback = post(BODY, **bearer(**{claim: value}))

    if reason is None:  # it ended 30 seconds ago, which may be a clock
        assert google().verify(callback) is None
        return
    with pytest.raises(Forged, match=reason):
        google().verify(callback)


@pytest.mark.parametrize("missing", sorted({*claims()} - {"azp", "sub"}))
def test_a_token_that_leaves_out_a_claim_is_forged(missing: str) -> None:
    said = {name: value for name, value in claims().items() if name != missing}

    with pytest.raises(Forged):
        google().verify(post(BODY, **header(f"Bearer {token(said)}")))


def test_a_clock_may_be_as_far_away_as_tolerance_says() -> None:
    late = post(BODY, **bearer(exp=int(claims()["iat"]) - 90))  # type: ignore[call-overload]

    assert google(tolerance="3 minutes").verify(late) is None
    with pytest.raises(Forged, match="expired"):
        google(tolerance="1 minute").verify(late)


def test_a_token_for_another_audience_holds_where_the_settings_say_so() -> None:
    callback = post(BODY, **bearer(aud="acme-care"))

    assert google(audience="acme-care").verify(callback) is None
    with pytest.raises(Forged):
        google().verify(callback)


def test_the_query_of_the_url_is_no_part_of_the_audience() -> None:
    assert google().verify(post(BODY, url=f"{URL}?once=1", **header(usual()))) is None


def test_a_token_signed_by_another_key_of_the_same_name_is_forged() -> None:
    other = replace(key("key-of-a-stranger"), id=key().id)

    with pytest.raises(Forged, match="not signed by Google"):
        google().verify(post(BODY, **header(f"Bearer {token(by=other)}")))


@pytest.mark.parametrize("alg", ["none", "HS256", "ES256", "RS512", ""])
def test_a_token_signed_in_another_way_is_forged(alg: str) -> None:
    with pytest.raises(Forged, match="RS256"):
        google().verify(post(BODY, **header(f"Bearer {unsigned(alg)}")))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dTpw",
        "Bearer a.b",
        "Bearer a.b.c",
        f"{usual()} ",
        f"{usual()}\n",
        f"{usual()}, {usual()}",
        usual().removeprefix("Bearer "),
        f"Bearer {urlsafe_b64encode(b'[' * 6000).decode().rstrip('=')}.a.b",
        f"Bearer {'a' * 9000}.a.b",
        "Bearer é.é.é",
    ],
)
def test_any_other_header_is_forged(value: str) -> None:
    with pytest.raises(Forged):
        google().verify(post(BODY, **header(value)))


@given(st.from_regex(r"Bearer [\w-]{1,60}\.[\w-]{0,60}\.[\w-]{0,60}", fullmatch=True) | st.text(st.characters()))
def test_no_header_raises_anything_but_forged(value: str) -> None:
    with pytest.raises(Forged):
        google().verify(post(BODY, **header(value)))


def test_a_missing_token_is_named() -> None:
    with pytest.raises(Forged, match="enable authentication"):
        google().verify(post(BODY))


def test_an_error_never_shows_the_token_nor_what_it_says() -> None:
    strange = bearer(email="somebody@strangers.example", aud="https://strangers.example")
    with pytest.raises(Forged) as caught:
        google().verify(post(BODY, **strange))

    assert "strangers" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "post", ""])
def test_other_methods_are_forged_even_with_a_token(method: str) -> None:
    with pytest.raises(Forged):
        google().verify(replace(post(BODY, **header(usual())), method=method))


# --- the secret in the path -------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["", SECRET[:-1], SECRET + "x", SECRET.lower(), "\ud800", "é" * 16])
def test_a_url_that_does_not_end_in_the_secret_is_forged_whatever_the_token(given: str) -> None:
    with pytest.raises(Forged, match="path_secret"):
        google(path_secret=SECRET).verify(post(BODY, secret=given, **header(usual())))


def test_the_secret_alone_is_not_enough() -> None:
    channel = google(path_secret=SECRET)

    assert channel.verify(post(BODY, secret=SECRET, **header(usual()))) is None
    with pytest.raises(Forged, match="Authorization"):
        channel.verify(post(BODY, secret=SECRET))


# --- over the web -----------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = connect(f"sqlite:///{tmp_path / 'bridge.db'}")
    schema.migrate(found)
    yield found
    found.engine.dispose()


def web(store: Store, channel: Google) -> FlaskClient:
    return create_app(Receiver(store=store, channels={"acme-google": channel})).test_client()


def kept(store: Store) -> int:
    with store.engine.connect() as c:
        return int(c.execute(text("select count(*) from item")).scalar_one())


def test_a_push_that_nobody_can_check_just_now_is_asked_for_again(store: Store) -> None:
    def unready(_: object) -> dict[str, str]:
        raise Unready("no certificates")

    channel = Google(Settings(service_account=ROBOT), {}, certificates=unready)

    answer = web(store, channel).post("/in/acme-google", data=BODY, headers={"Authorization": usual()})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert kept(store) == 0


def test_a_forged_push_is_refused_without_asking_for_certificates(store: Store) -> None:
    asked = []

    def source(now: object) -> dict[str, str]:
        asked.append(now)
        return {}

    channel = Google(Settings(service_account=ROBOT), {}, certificates=source)

    assert web(store, channel).post("/in/acme-google", data=BODY).status_code == 403
    assert asked == []


# --- sign, settings ---------------------------------------------------------------------------------------------


def test_nobody_but_google_can_sign() -> None:
    with pytest.raises(ConfigError, match="only Google can issue"):
        google().sign(BODY)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"service_account": ""},
        {"service_account": "110000000000000000001"},
        {"service_account": ROBOT, "path_secret": "short"},
        {"service_account": ROBOT, "url": "https://strangers.example"},
        {"service_account": ROBOT, "tolerance": "a while"},
        {"service_account": ROBOT, "audiance": "typo-value"},
    ],
)
def test_settings_that_would_let_anyone_in_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)

    assert "typo-value" not in str(caught.value)
