"""Secrets in files are found, and never shown; what only looks long is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from broken_files import MODELS
from pydantic import BaseModel

from adapters import webhook
from bridge.mapping import leaks
from bridge.mapping.document import parse

ROOT = Path(__file__).parents[2]
PAGES = sorted((*(ROOT / "docs").rglob("*.md"), *(ROOT / "mappings").rglob("*.*")))

LONG = "Zk3" * 20
SECRETS = {
    "-----BEGIN RSA PRIVATE KEY-----": "a private key",
    f"page: EAA{LONG}": "an access token of Meta",
    f"eyJ{LONG}.eyJ{LONG}.{LONG}": "a JSON Web Token",
    "hook: xox" + "b-123456789012-abcdefghij": "a token of Slack",
    "pay: sk_" + "live_0123456789abcdefABCD": "a key of Stripe",
    f"git: gh{'p'}_{'a1B2' * 9}": "a token of GitHub",
    "AKIA" + "ABCDEFGHIJKLMNOP": "a key of Amazon",
    f"bot: 123456789:{'Ab-3_' * 7}": "a token of Telegram",
    f"password = '{LONG}'": "a secret",
    f"Authorization: Bearer {LONG}": "a secret",
}


@pytest.mark.parametrize("line", SECRETS)
def test_what_looks_like_a_secret_is_named_and_not_shown(line: str) -> None:
    found = leaks.in_text(f"# first\n{line}\nlast: line", "care.yaml")

    assert [(one.file, one.line, one.level, one.shown) for one in found] == [("care.yaml", 2, "warning", "")]
    assert found[0].reason.startswith(f"this looks like {SECRETS[line]}: ")
    assert LONG not in str(found[0])


@pytest.mark.parametrize(
    "line",
    [
        "token: env:META_PAGE_TOKEN_OF_THE_GERMAN_PAGE_2026",
        "text: {has_any: [token, password, secret]}",
        f"Id__c: {LONG}",
        "url: https://acme.example/a/very/long/address/which-is-no-secret/20260101/at/all",
        "password: correcthorsebatterystaplecorrecthorse",
        "text: see https://help.acme.example/reset-password-for-customers-of-acme-since-2024",
        "",
    ],
)
def test_what_is_only_long_is_no_secret(line: str) -> None:
    assert leaks.in_text(line, "care.yaml") == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_and_no_shipped_file_raises_a_false_alarm(page: Path) -> None:
    assert leaks.in_text(page.read_text(encoding="utf-8"), page.name) == []


CONNECTIONS = """\
version: 1
connections:
  meta:
    adapter: meta
    app_secret: [env:META_APP_SECRET, hunter-2-old]
    verify_token: hunter-2-token
    accounts:
      "1": {token: hunter-2-page, about: {brand: Acme}}
      "2": {token: env:PAGE_2}
  shop:
    adapter: webhook
    payload: shop
    verify: {scheme: bearer, secrets: hunter-2-shop}
  crm:
    adapter: salesforce
    domain: acme.my
    consumer_key: env:SF_CONSUMER_KEY
    consumer_secret: hunter-2-crm
mappings: [care]
"""


def test_a_secret_without_env_is_found_wherever_an_adapter_wants_one() -> None:
    models: dict[str, type[BaseModel]] = {
        "meta": MODELS["meta"],
        "shop": webhook.Settings,
        "crm": MODELS["salesforce"],
    }

    found = leaks.in_settings(parse(CONNECTIONS, "connections.yaml"), models)

    assert sorted((one.line, one.column) for one in found) == [(5, 39), (6, 19), (8, 20), (13, 39), (18, 22)]
    assert {one.level for one in found} == {"warning"}
    assert "hunter" not in "".join(map(str, found))
    assert str(found[0]) == (
        "connections.yaml:5:39 warning: a secret stands here in plain text: everybody who has this file has it "
        "too; make a new one, and write env:NAME here [secret-in-file]"
    )
