"""What the configuration makes of the parts that look after connections, and of workers' credentials."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import road
from beacon import KEY
from crms import SALESFORCE
from pydantic import SecretStr

from bridge import configuration, wiring
from bridge.clock import Clock
from bridge.ports import Credentials
from bridge.sealed import Seal
from bridge.store import Store, alarms, tokens
from bridge.store.tokens import Origin

HOUR = timedelta(hours=1)
FILE = f"""\
version: 1
connections:
  acme-meta:
    adapter: meta
    app_secret: env:META_APP_SECRET
    verify_token: env:META_VERIFY_TOKEN
    accounts:
      "10150001": {{token: env:PAGE_TOKEN}}
      "10150002": {{}}
  acme-idle:
    adapter: meta
    enabled: false
    app_secret: env:META_APP_SECRET
    verify_token: env:META_VERIFY_TOKEN
    accounts: {{}}
{SALESFORCE.connection}mappings: [plain]
"""


RENEWING = """\
version: 1
connections:
  acme-meta:
    adapter: meta
    app_secret: env:META_APP_SECRET
    verify_token: env:META_VERIFY_TOKEN
    products: {"20": instagram, "30": threads, "40": whatsapp, "21": instagram}
    accounts:
      "10": {token: env:TOKEN}
      "20": {token: env:TOKEN}
      "21": {}
      "30": {token: env:TOKEN}
      "40": {token: env:TOKEN}
  acme-facebook-login:
    adapter: meta
    app_secret: env:META_APP_SECRET
    verify_token: env:META_VERIFY_TOKEN
    instagram_login: facebook
    products: {"50": instagram}
    accounts:
      "50": {token: env:TOKEN}
  acme-tiktok:
    adapter: tiktok
    app_secret: env:META_APP_SECRET
    app_id: "7"
    accounts:
      "60": {token: env:TOKEN, refresh_token: env:TOKEN}
      "61": {token: env:TOKEN}
  acme-tiktok-without-app:
    adapter: tiktok
    app_secret: env:META_APP_SECRET
    accounts:
      "62": {token: env:TOKEN, refresh_token: env:TOKEN}
  acme-google:
    adapter: google
    service_account: push@acme.iam.gserviceaccount.com
    accounts:
      "accounts/1/locations/2": {refresh_token: env:TOKEN}
  acme-x:
    adapter: x
    consumer_secret: env:META_APP_SECRET
    accounts:
      "70": {token: env:TOKEN, token_secret: env:TOKEN}
"""
RENEWED = ["acme-meta/20", "acme-meta/30", "acme-tiktok/60"]


def test_without_a_key_each_account_whose_token_is_renewed_is_told_of_once_and_no_other(
    tmp_path: Path, store: Store
) -> None:
    file = f"{RENEWING}{SALESFORCE.connection}mappings: [plain]\n"
    config = configuration.configure(road.configure(tmp_path, file=file, TOKEN="t0"))
    care = wiring.care(config, store)

    told = [
        f"{name}/{one.account}"
        for name in care.channels
        for one in care.tokens.findings(name, care.accounts[name])
    ]
    renewing = [name for name in Clock(care=care, alarms=wiring.alarms(config, store)).chores if "renew" in name]

    assert (told, renewing) == (RENEWED, [f"renew {name}" for name in RENEWED])


def test_what_is_switched_on_is_looked_after(tmp_path: Path, store: Store) -> None:
    config = configuration.configure(
        road.configure(tmp_path, file=FILE, PAGE_TOKEN="t0", PUBLIC_URL="https://a.example")
    )

    care = wiring.care(config, store)

    assert (care.connections, care.public_url) == (["acme-meta", "salesforce"], "https://a.example")
    assert care.accounts["acme-meta"] == ["10150001", "10150002"]
    assert care.keys() == {"salesforce": {"Case": "Social_Conversation_Key__c"}}
    assert care.pages["acme-meta"] == "docs/channels/meta.md"


def test_what_is_looked_at_in_a_crm_goes_by_the_mappings_at_work(tmp_path: Path, store: Store) -> None:
    env = road.configure(tmp_path)
    care = wiring.care(configuration.configure(env), store)
    (tmp_path / "config" / "plain.yaml").write_text(
        SALESFORCE.mapping.replace("Social_Conversation_Key__c", "Key__c")
    )
    wiring.published(configuration.configure(env), store)

    told = care.keys()

    assert told == {"salesforce": {"Case": "Key__c"}}


def test_a_worker_opens_an_account_with_what_its_token_was_renewed_to(tmp_path: Path, store: Store) -> None:
    file = FILE.replace("    accounts:\n", "    products: {'10150001': instagram}\n    accounts:\n", 1)
    env = road.configure(tmp_path, file=file, PAGE_TOKEN="t0", CASEBRIDGE_KEY=KEY)
    bridge = wiring.bridge(configuration.configure(env), store)
    before = bridge.credentials("acme-meta", "10150001")

    digest = hashlib.sha256(b'["t0", null, null]').hexdigest()
    origin = Origin(connection="acme-meta", account="10150001", digest=digest)
    with store.write() as c:
        kept = tokens.take(c, origin, lease=HOUR)
        assert kept is not None
        tokens.keep(c, origin, kept, Seal([KEY]).close(b'["t1", null, null]'), until=None, again=HOUR)

    assert before == Credentials(token=SecretStr("t0"))
    assert bridge.credentials("acme-meta", "10150001") == Credentials(token=SecretStr("t1"))
    assert bridge.credentials("acme-meta", "10150002") == Credentials()


def test_a_workers_alarm_is_kept(tmp_path: Path, store: Store) -> None:
    config = configuration.configure(road.configure(tmp_path, file=FILE, PAGE_TOKEN="t0"))

    wiring.bridge(config, store).alarm("acme-meta/10150001", "The token is dead.")

    with store.read() as c:
        assert alarms.lasting(c) == ["acme-meta/10150001: token"]
