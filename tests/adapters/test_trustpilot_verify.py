"""Trustpilot.verify: nobody comes in without the secret in the path, and the password where one is set."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from trustpilot_calls import ACME, PASSWORD, SECRET, USER, guarded, post, trustpilot

from adapters.trustpilot import Settings, Trustpilot
from bridge.errors import Forged

BODY = b'{"events":[]}'
OLD = "t5Rw9PdJm3HbGs6Z"


def basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


# --- the secret in the path -------------------------------------------------------------------------------------


def test_a_url_that_ends_in_the_secret_holds() -> None:
    assert trustpilot().verify(post(BODY)) is None


@pytest.mark.parametrize(
    "secret", ["", SECRET[:-1], f"{SECRET}x", SECRET.swapcase(), f"{SECRET}/", "\ud800", "é" * 16, "\x00"]
)
def test_any_other_url_is_forged(secret: str) -> None:
    with pytest.raises(Forged, match="path_secret"):
        trustpilot().verify(post(BODY, secret=secret))


@given(st.text(st.characters(exclude_categories=[])))
def test_no_secret_raises_anything_but_forged(secret: str) -> None:
    with pytest.raises(Forged):
        trustpilot().verify(post(BODY, secret=secret))


def test_either_secret_holds_while_one_is_rotated() -> None:
    channel = trustpilot(path_secret=[SECRET, OLD])

    assert channel.verify(post(BODY)) is None
    assert channel.verify(post(BODY, secret=OLD)) is None
    with pytest.raises(Forged):
        channel.verify(post(BODY, secret=OLD + SECRET))


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "post", ""])
def test_other_methods_are_forged_even_with_the_secret(method: str) -> None:
    with pytest.raises(Forged):
        trustpilot().verify(replace(post(BODY), method=method))


# --- user and password ------------------------------------------------------------------------------------------


def test_the_password_is_wanted_besides_the_secret() -> None:
    header = basic(USER, PASSWORD)

    assert guarded().verify(post(BODY, authorization=header)) is None
    assert guarded().verify(post(BODY, authorization=header.replace("Basic", "basic"))) is None
    with pytest.raises(Forged, match="path_secret"):
        guarded().verify(post(BODY, secret="", authorization=header))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ",
        f"Bearer {basic(USER, PASSWORD).removeprefix('Basic ')}",
        basic(USER, ""),
        basic("", PASSWORD),
        basic(USER, f"{PASSWORD}x"),
        basic(USER.upper(), PASSWORD),
        basic(f"{USER}:{PASSWORD}", ""),
        f"{basic(USER, PASSWORD)}=",
        f"{basic(USER, PASSWORD)}\n",
        f" {basic(USER, PASSWORD)}",
        f"{basic(USER, PASSWORD)}, {basic(USER, PASSWORD)}",
        "Basic é",
        "Basic \ud800",
    ],
)
def test_any_other_password_is_forged(header: str) -> None:
    with pytest.raises(Forged, match="Authorization"):
        guarded().verify(post(BODY, authorization=header))


def test_either_password_holds_while_one_is_rotated() -> None:
    channel = trustpilot(user=USER, password=["new", "old"])

    assert channel.verify(post(BODY, authorization=basic(USER, "new"))) is None
    assert channel.verify(post(BODY, authorization=basic(USER, "old"))) is None
    with pytest.raises(Forged):
        channel.verify(post(BODY, authorization=basic(USER, "older")))


def test_an_error_never_shows_a_secret() -> None:
    for callback in (post(BODY, secret="wrong"), post(BODY, authorization=basic(USER, "wrong"))):
        with pytest.raises(Forged) as caught:
            guarded().verify(callback)

        assert not {SECRET, PASSWORD, "wrong"} & set(str(caught.value).split())


# --- sign, settings ---------------------------------------------------------------------------------------------


def test_what_trustpilot_sends_holds_no_signature() -> None:
    assert trustpilot().sign(BODY) == {"content-type": "application/json"}
    assert trustpilot(user=USER, password=["new", "old"]).sign(BODY) == {
        "content-type": "application/json",
        "authorization": basic(USER, "new"),
    }


def test_secrets_do_not_show() -> None:
    settings = Settings.model_validate({"path_secret": SECRET, "user": USER, "password": PASSWORD})

    assert SECRET not in repr(settings)
    assert PASSWORD not in repr(settings)


def test_it_is_built_for_one_business_unit() -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        Trustpilot(Settings.model_validate({"path_secret": SECRET}), {"1": ACME, "2": ACME})


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"path_secret": ""},
        {"path_secret": "fifteen-letters"},
        {"path_secret": []},
        {"path_secret": [SECRET, "short"]},
        {"path_secret": [SECRET, OLD, SECRET]},
        {"path_secret": SECRET, "user": USER},
        {"path_secret": SECRET, "password": PASSWORD},
        {"path_secret": SECRET, "user": USER, "password": ""},
        {"path_secret": SECRET, "user": USER, "password": []},
        {"path_secret": SECRET, "user": "a:b", "password": PASSWORD},
        {"path_secret": SECRET, "path_secert": "typo-value"},
    ],
)
def test_settings_that_would_let_anyone_in_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)

    assert "typo-value" not in str(caught.value)
    assert SECRET not in str(caught.value)
