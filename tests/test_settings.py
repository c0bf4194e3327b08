"""The environment's settings: their types, their limits, their faults, and their documentation."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import ConfigError
from bridge.settings import SETTINGS, Settings, read

DOCS = Path(__file__).parents[1] / "docs" / "settings.md"

KEY, OLD_KEY = "A" * 43 + "=", "B" * 43 + "="

DEFAULTS = Settings(
    database_url="sqlite:///casebridge.db",
    config=Path("mappings"),
    key=(),
    public_url="",
    proxies=0,
    host="127.0.0.1",
    port=8000,
    gather=timedelta(seconds=0.5),
    lease=timedelta(seconds=60),
    poll=timedelta(seconds=0.25),
    alert_url="",
    metrics_token="",
    detect_language="auto",
    log_level="info",
)


def faults(**env: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read(env)
    return caught.value.faults


def test_nothing_needs_to_be_set() -> None:
    assert read({}) == DEFAULTS


def test_an_empty_variable_counts_as_unset() -> None:
    env = {setting.name: "" for setting in SETTINGS}

    assert read(env) == DEFAULTS


def test_every_setting_gets_its_type() -> None:
    env = {
        "DATABASE_URL": "postgres://bridge:pw@db.example.com/bridge",
        "CASEBRIDGE_CONFIG": "/srv/bridge",
        "CASEBRIDGE_KEY": f"{KEY}, {OLD_KEY}",
        "PUBLIC_URL": "https://hooks.example.com/",
        "PROXIES": "1",
        "HOST": "::",
        "PORT": "80",
        "GATHER": "0",
        "LEASE": "2.5",
        "POLL": "10",
        "ALERT_URL": "http://[::1]:9093/alerts?key=a",
        "METRICS_TOKEN": "scrape-me-1f7c9a2e",
        "DETECT_LANGUAGE": "DE, fr",
        "LOG_LEVEL": "WARNING",
        "HOME": "/root",
    }

    settings = read(env)

    assert settings == Settings(
        database_url="postgres://bridge:pw@db.example.com/bridge",
        config=Path("/srv/bridge"),
        key=(KEY, OLD_KEY),
        public_url="https://hooks.example.com",
        proxies=1,
        host="::",
        port=80,
        gather=timedelta(0),
        lease=timedelta(seconds=2.5),
        poll=timedelta(seconds=10),
        alert_url="http://[::1]:9093/alerts?key=a",
        metrics_token="scrape-me-1f7c9a2e",
        detect_language="de,fr",
        log_level="warning",
    )


def test_all_faults_come_at_once() -> None:
    found = faults(PORT="http", LEASE="0.5", LOG_LEVEL="loud", GATHER="1")

    assert found == (
        "PORT='http' cannot be used: a whole number is expected\n    -> allowed: 1 to 65535",
        "LEASE='0.5' cannot be used: the time is too short\n    -> allowed: 1 to 3600 seconds",
        "LOG_LEVEL='loud' cannot be used: there is no such level\n    -> allowed: debug, info, warning, error",
    )


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("PORT", "0", "too small"),
        ("PORT", "65536", "too large"),
        ("PORT", "-1", "whole number"),
        ("PORT", "٨٠", "whole number"),
        ("PROXIES", "11", "too large"),
        ("DETECT_LANGUAGE", "de,german", "no language 'german'"),
        ("DETECT_LANGUAGE", "de,auto", "no language 'auto'"),
        ("DETECT_LANGUAGE", "de,", "no language ''"),
        ("DETECT_LANGUAGE", "de-AT", "no language 'de-at'"),
        ("PROXIES", "yes", "whole number"),
        ("GATHER", "-0.1", "number of seconds"),
        ("GATHER", "nan", "number of seconds"),
        ("GATHER", "500ms", "number of seconds"),
        ("GATHER", "3600.5", "too long"),
        ("POLL", "0.04", "too short"),
        ("POLL", "10.01", "too long"),
        ("HOST", "0.0.0.0 ", "neither an IP address"),
        ("HOST", "http://0.0.0.0", "neither an IP address"),
        ("PUBLIC_URL", "hooks.example.com", "not the beginning of an address"),
        ("PUBLIC_URL", "ftp://hooks.example.com", "not the beginning of an address"),
        ("PUBLIC_URL", "https://hooks.example.com/in", "not the beginning of an address"),
        ("PUBLIC_URL", "https://hooks.example.com?a=b", "not the beginning of an address"),
        ("PUBLIC_URL", "https://hooks.example.com\n", "not the beginning of an address"),
        ("PUBLIC_URL", "https://", "not the beginning of an address"),
    ],
)
def test_a_bad_value_is_named_and_shown(name: str, value: str, reason: str) -> None:
    (fault,) = faults(**{name: value})

    assert fault.startswith(f"{name}={value!r} cannot be used: ")
    assert reason in fault


@pytest.mark.parametrize(
    "url", ["http://localhost:8000", "https://hooks.example.com", "https://[::1]:8443", "https://a.example:1"]
)
def test_an_origin_may_have_a_port(url: str) -> None:
    assert read({"PUBLIC_URL": url}).public_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://alerts.example.com/hook-9f2",
        "http://localhost.example.com/hook-9f2",
        "https://",
        "https://alerts.example.com:x/hook-9f2",
        "https://alerts.example.com/hook 9f2",
        "https://[alerts.example.com/hook-9f2",
        "file:///hook-9f2",
        "hook-9f2",
    ],
)
def test_an_alert_url_is_https_or_on_this_machine_and_never_shown(url: str) -> None:
    (fault,) = faults(ALERT_URL=url)

    assert fault.startswith("ALERT_URL cannot be used: ")
    assert "9f2" not in fault


@pytest.mark.parametrize("token", ["short", "sixteen chars ok?", "ü" * 20])
def test_a_metrics_token_is_long_and_never_shown(token: str) -> None:
    (fault,) = faults(METRICS_TOKEN=token)

    assert fault.startswith("METRICS_TOKEN cannot be used: a token has at least 16 characters")
    assert token not in fault


@pytest.mark.parametrize("name", ["DATABASE_URL", "PUBLIC_URL", "HOST"])
def test_a_password_in_an_address_is_not_shown(name: str) -> None:
    (fault,) = faults(**{name: "https://bridge:hunter2@db.example.com/"})

    assert fault.startswith(f"{name} cannot be used: ")
    assert "hunter2" not in fault


@pytest.mark.parametrize("url", ["mysql://db.example.com/bridge", "sqlite:///", "sqlite://", "casebridge.db"])
def test_a_database_must_be_one_that_can_be_used(url: str) -> None:
    (fault,) = faults(DATABASE_URL=url)

    assert fault == (
        "DATABASE_URL cannot be used: it begins like no database that can be used\n"
        "    -> allowed: sqlite:///FILE, postgresql://… or postgres://…"
    )


def test_the_database_password_does_not_show_in_a_repr() -> None:
    settings = read({"DATABASE_URL": "postgresql://bridge:hunter2@db.example.com/bridge"})

    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("key", ["secret-key", KEY[:-1], f"{KEY},", f"{KEY},{OLD_KEY}x", KEY.replace("A", "é", 1)])
def test_a_bad_key_is_not_shown(key: str) -> None:
    (fault,) = faults(CASEBRIDGE_KEY=key)

    assert fault == (
        "CASEBRIDGE_KEY cannot be used: a key is 32 random bytes in URL-safe base64, 44 characters that end in =\n"
        "    -> allowed: a Fernet key, or several with commas between"
    )


def test_a_key_does_not_show_in_a_repr() -> None:
    assert KEY not in repr(read({"CASEBRIDGE_KEY": KEY}))


def test_every_setting_has_its_field() -> None:
    assert [setting.field for setting in SETTINGS] == [field.name for field in fields(Settings)]


@given(st.sampled_from([setting.name for setting in SETTINGS]), st.text(max_size=20))
def test_a_value_is_read_or_is_one_fault(name: str, text: str) -> None:
    found: tuple[str, ...] = ()

    try:
        read({name: text})
    except ConfigError as error:
        found = error.faults

    assert [fault.startswith(name) for fault in found] in ([], [True])


def test_the_documentation_lists_every_setting() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \|(.*)\|(.*)\|(.*)\|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    documented = [(name, *(cell.strip().strip("`") for cell in cells)) for name, *cells in rows]

    assert documented == [(s.name, s.default, s.allowed, s.help) for s in SETTINGS]
