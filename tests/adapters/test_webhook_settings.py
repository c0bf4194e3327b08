"""The form under `verify`: what proves nothing or contradicts itself is told, without secrets."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from webhook_calls import MAPS, RECEIVED, SHIPPED, post

from adapters.meta import Settings as MetaSettings
from adapters.webhook import Settings, Webhook
from bridge.connections import Connection, Connections, load
from bridge.errors import ConfigError, Forged

FILE = """\
version: 1
connections:
  tool:
    adapter: webhook
    payload: mobile-app
    verify: {verify}
    accounts: {{app: {{}}}}
mappings: [care]
"""
IMPOSSIBLE = "this value is not possible here [not-possible]\n    -> allowed: "
MEANT = "\n    -> did you mean 'secrets'?"
HMAC = "{{scheme: hmac, header: X-S, {}secrets: env:SECRET}}"


def read(folder: Path, verify: str, env: dict[str, str] | None = None) -> Connections:
    (folder / "connections.yaml").write_text(FILE.format(verify=verify))
    models: dict[str, type[BaseModel]] = {"webhook": Settings, "meta": MetaSettings}
    return load(folder, env, models.get, adapters=models)


def faults(folder: Path, verify: str, env: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, verify, env)
    return [fault.partition(" error: ")[2] for fault in caught.value.faults]


def wrong(reason: str) -> list[str]:
    return [f"{reason} [wrong-setting]"]


@pytest.mark.parametrize("env", [None, {"SECRET": "s3cret-value"}])
@pytest.mark.parametrize(
    ("verify", "told"),
    [
        (
            "{scheme: none, secrets: env:SECRET}",
            [f"{IMPOSSIBLE}hmac, standard_webhooks, bearer, basic"],
        ),
        ("{header: X-S, secrets: env:SECRET}", ["'scheme' is missing [missing-key]"]),
        ("bearer", ["a map (key: value) is expected here [not-a-map]"]),
        ("{scheme: [hmac], secrets: env:SECRET}", None),
        (
            "{scheme: bearer, tolerance: 5 minutes, secrets: env:SECRET}",
            ["unknown key 'tolerance' [unknown-key]\n    -> allowed: scheme, header, secrets"],
        ),
        (
            "{scheme: standard_webhooks, secret: env:SECRET}",
            [
                "'secrets' is missing [missing-key]",
                f"unknown key 'secret' [unknown-key]\n    -> allowed: scheme, tolerance, secrets{MEANT}",
            ],
        ),
        (
            HMAC.format("timestamp_header: X-T, "),
            wrong("{timestamp} and timestamp_header or timestamp_part need each other"),
        ),
        (
            HMAC.format("signed: '{timestamp}.{body}', "),
            wrong("{timestamp} and timestamp_header or timestamp_part need each other"),
        ),
        (HMAC.format("signed: '{id}{body}', "), wrong("{id} and id_header need each other")),
        (HMAC.format("id_header: X-I, "), wrong("{id} and id_header need each other")),
        (HMAC.format("signed: '{id{body}', "), wrong("a brace is not closed, or never opened")),
        (
            HMAC.format("signed: '{url}', "),
            wrong("{body} must stand here, once: what is not signed could be anybody's"),
        ),
        (
            HMAC.format("signed: '{body}{secret}', "),
            wrong("'secret' cannot stand in braces here: body, timestamp, id, url, method and header:Name can"),
        ),
        (
            HMAC.format("timestamp_part: t, signed: '{timestamp}{body}', "),
            [
                *wrong("timestamp_part needs signature_part beside it, such as v1"),
                *wrong("{timestamp} and timestamp_header or timestamp_part need each other"),
            ],
        ),
        (
            HMAC.format("timestamp_header: X-T, timestamp_body: at, signed: '{timestamp}{body}', "),
            wrong("the time stands in one place: timestamp_header, timestamp_body or timestamp_part"),
        ),
        (
            HMAC.format("tolerance: 5 minutes, "),
            wrong("tolerance needs a time: timestamp_header, timestamp_body or timestamp_part"),
        ),
        (
            HMAC.format("timestamp_part: t, tolerance: 5 minutes, signed: '{body}', "),
            wrong("timestamp_part needs signature_part beside it, such as v1"),
        ),
        (HMAC.format("tolerance: 0, "), wrong("every callback would be too old; write as in: 5 minutes")),
        (
            HMAC.format("algorithm: md5, "),
            [f"{IMPOSSIBLE}sha256, sha1, sha384, sha512"],
        ),
    ],
)
def test_a_scheme_that_proves_nothing_is_told_with_and_without_the_variables(
    tmp_path: Path, verify: str, told: list[str] | None, env: dict[str, str] | None
) -> None:
    found = faults(tmp_path, verify, env)

    assert sorted(found) == sorted(told) if told else found
    assert "s3cret-value" not in "".join(found)


@pytest.mark.parametrize(
    ("verify", "coding"),
    [
        ("{scheme: hmac, header: X-S, secret_encoding: hex, secrets: env:SECRET}", "hex"),
        ("{scheme: hmac, header: X-S, secret_encoding: base64, secrets: [env:SECRET]}", "base64"),
        ("{scheme: standard_webhooks, secrets: [whsec_AAAA, env:SECRET]}", "base64"),
    ],
)
def test_a_secret_that_cannot_be_decoded_is_told_without_its_value(
    tmp_path: Path, verify: str, coding: str
) -> None:
    reason = f"a secret is not written in {coding}: copy it anew, or correct how it is written"

    assert faults(tmp_path, verify, {"SECRET": "not-coded!"}) == wrong(reason)
    assert list(read(tmp_path, verify).connections) == ["tool"]  # nobody knows without the variables


@pytest.mark.parametrize(
    ("header", "token", "sound"),
    [
        ("Authorization", "one-word", True),
        ("authorization", "my token", False),
        ("Authorization", "my\ttoken", False),
        ("X-Token", "my token", True),
        ("X-Token", " token", False),
    ],
)
def test_a_token_that_could_never_come_is_told(tmp_path: Path, header: str, token: str, *, sound: bool) -> None:
    verify = f'{{scheme: bearer, header: {header}, secrets: ["{token}", env:SECRET]}}'

    if sound:
        assert list(read(tmp_path, verify, {"SECRET": "s3cret-value"}).connections) == ["tool"]
    else:
        assert faults(tmp_path, verify, {"SECRET": "s3cret-value"}) == wrong(
            "no token with this white space could ever come: copy it anew"
        )


def test_what_names_code_or_a_file_is_never_read_from_a_variable(tmp_path: Path) -> None:
    env = {"SECRET": "s3cret-value", "NAME": "bearer"}
    file = FILE.replace("payload: mobile-app", "payload: env:SECRET")
    (tmp_path / "connections.yaml").write_text(file.format(verify="{scheme: bearer, secrets: env:SECRET}"))
    models: dict[str, type[BaseModel]] = {"webhook": Settings}

    named = load(tmp_path, env, models.get, adapters=models).connections["tool"].settings

    assert getattr(named, "payload", "") == "env:SECRET"
    assert faults(tmp_path, "{scheme: env:NAME, secrets: env:SECRET}", env) == [
        f"{IMPOSSIBLE}hmac, standard_webhooks, bearer, basic"
    ]


def test_a_check_without_variables_knows_the_payload_map(tmp_path: Path) -> None:
    settings = read(tmp_path, HMAC.format("")).connections["tool"].settings

    assert getattr(settings, "payload", "") == "mobile-app"
    assert not hasattr(settings, "verify")


@pytest.mark.parametrize(
    "verify",
    [
        {},
        {"scheme": "hmac", "header": "X-S", "secrets": []},
        {"scheme": "hmac", "header": "X-S", "secrets": ""},
        {"scheme": "hmac", "header": "X-S", "secrets": ["one", "two", "three"]},
        {"scheme": "hmac", "header": "X S", "secrets": "s"},
        {"scheme": "hmac", "header": "X-S", "timestamp_body": "a..b", "secrets": "s"},
        {"scheme": "basic", "user": "a:b", "password": "p"},
        {"scheme": "basic", "user": "a", "password": ""},
        {"scheme": "bearer"},
        {"scheme": "bearer", "secrets": {"typo-value": 1}},
    ],
)
def test_settings_that_would_let_anyone_in_are_refused(verify: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"payload": "mobile-app", "verify": verify})

    assert "typo-value" not in str(caught.value)


def test_no_secret_shows_in_the_settings() -> None:
    verify = {"scheme": "basic", "user": "tool", "password": ["s3cret-1", "s3cret-2"]}

    assert "s3cret" not in repr(Settings.model_validate({"payload": "mobile-app", "verify": verify}))


def shipped(folder: Path, name: str, env: dict[str, str] | None = None) -> list[Connection]:
    """The connection that stands in the header of a shipped payload map."""
    text = (SHIPPED / "payloads" / f"{name}.yaml").read_text(encoding="utf-8")
    lines = [line[2:] for line in text.splitlines() if line.startswith("#   ")]
    block = [line for line in lines if line.startswith(("   ", "  acme"))]
    connection = "\n".join(line for line in block[: next_end(block)])
    (folder / "connections.yaml").write_text(f"version: 1\nconnections:\n{connection}\nmappings: [care]\n")
    return list(load(folder, env, {"webhook": Settings}.get).connections.values())


@pytest.mark.parametrize("name", ["hootsuite-inbox", "listening-tool", "mobile-app"])
def test_the_connection_in_a_shipped_maps_header_is_sound(tmp_path: Path, name: str) -> None:
    found = shipped(tmp_path, name)

    assert [getattr(one.settings, "payload", "") for one in found] == [name]


def test_hootsuites_last_try_is_taken_and_a_notice_without_a_time_is_not(tmp_path: Path) -> None:
    (found,) = shipped(tmp_path, "hootsuite-inbox", {"HOOTSUITE_SECRET": "c0ffee00"})
    assert isinstance(found.settings, Settings)
    channel = Webhook(found.settings, found.accounts, MAPS["hootsuite-inbox"])
    message, notice = (json.dumps({"timestamp": at}).encode() for at in (RECEIVED.isoformat(), None))

    assert (
        channel.verify(post(channel.sign(message), message, at=RECEIVED + timedelta(hours=32, minutes=30))) is None
    )
    for body, after in ((message, timedelta(hours=34)), (notice, timedelta(0))):
        with pytest.raises(Forged, match=r"^timestamp is"):
            channel.verify(post(channel.sign(body), body, at=RECEIVED + after))


def next_end(block: list[str]) -> int:
    """Where the connection ends: what comes after its accounts is a mapping's."""
    accounts = next(i for i, line in enumerate(block) if line.strip() == "accounts:")
    return next((i for i, line in enumerate(block) if i > accounts and not line.startswith("      ")), len(block))
