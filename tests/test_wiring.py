"""From the environment to the parts: what is built, what is left out, and which faults are said together."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import road

from adapters.meta import Meta
from adapters.meta import Settings as MetaSettings
from adapters.salesforce import Salesforce
from bridge import settings, supervise, wiring
from bridge.errors import ConfigError
from bridge.store import Store, connect, schema

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = connect(f"sqlite:///{tmp_path / 'bridge.db'}")
    schema.migrate(found)
    yield found
    found.engine.dispose()


def named(env: dict[str, str], *names: str) -> list[str]:
    """The faults of an environment, each up to the first of these words that it holds."""
    with pytest.raises(ConfigError) as caught:
        wiring.configure(env)
    return [next((name for name in names if name in fault), fault) for fault in caught.value.faults]


def test_a_whole_configuration_becomes_a_receiver_and_a_bridge(tmp_path: Path, store: Store) -> None:
    env = road.configure(tmp_path, PUBLIC_URL="https://hooks.example.com/", PROXIES="1", GATHER="2", LEASE="90")

    config = wiring.configure(env)

    receiver, bridge = wiring.receiver(config, store), wiring.bridge(config, store)
    assert {name: type(channel) for name, channel in receiver.channels.items()} == {"acme-meta": Meta}
    assert (receiver.public_url, receiver.proxies) == ("https://hooks.example.com", 1)
    assert {name: type(crm) for name, crm in bridge.crms.items()} == {"salesforce": Salesforce}
    assert list(bridge.mappings) == ["plain"]
    assert (bridge.gather, bridge.lease) == (timedelta(seconds=2), timedelta(seconds=90))


def test_a_channel_knows_its_accounts_and_what_is_said_about_them(tmp_path: Path) -> None:
    channel = wiring.channels(wiring.configure(road.configure(tmp_path)))["acme-meta"]

    assert isinstance(channel, Meta)
    assert {id_: account.about for id_, account in channel.accounts.items()} == {
        "10150001": {"brand": "Acme DE"},
        "10150002": {"brand": "Acme FR"},
    }


def test_what_is_switched_off_keeps_its_name_but_gets_no_parts(tmp_path: Path, store: Store) -> None:
    off = road.CONNECTIONS.replace("    adapter:", "    enabled: false\n    adapter:")

    config = wiring.configure(road.configure(tmp_path, connections=off))

    assert wiring.channels(config) == {"acme-meta": None}
    assert wiring.bridge(config, store).crms == {}


def test_missing_variables_hide_no_fault_of_a_mapping(tmp_path: Path) -> None:
    env = road.configure(tmp_path, mapping=road.MAPPING.replace("{account.brand}", "{acount.brand}"))
    del env["META_VERIFY_TOKEN"], env["SF_CONSUMER_SECRET"]

    found = named(env, "META_VERIFY_TOKEN", "SF_CONSUMER_SECRET", "acount.brand")

    assert found == ["META_VERIFY_TOKEN", "SF_CONSUMER_SECRET", "acount.brand"]


def test_a_check_needs_no_variables(tmp_path: Path) -> None:
    road.configure(tmp_path)

    assert wiring.check(road.bare(tmp_path)) == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("target: salesforce", "target: acme-meta", "acme-meta"),
        ("source: any", "source: [salesforce]", "salesforce"),
        ("target: salesforce", "target: zendesk", "zendesk"),
    ],
)
def test_a_mapping_leads_from_channels_to_a_crm(tmp_path: Path, old: str, new: str, said: str) -> None:
    road.configure(tmp_path, mapping=road.MAPPING.replace(old, new))

    with pytest.raises(ConfigError, match=f"plain.yaml:[34]:.* error: .*{said}"):
        wiring.check(road.bare(tmp_path))


def test_an_adapter_that_is_not_listed_does_not_exist(tmp_path: Path) -> None:
    road.configure(tmp_path, connections=road.CONNECTIONS.replace("adapter: meta", "adapter: os:system"))

    with pytest.raises(ConfigError, match="there is no adapter 'os:system'"):
        wiring.check(road.bare(tmp_path))

    assert wiring.settings_model("os:system") is None
    assert wiring.settings_model("meta") is MetaSettings


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    config = wiring.configure(road.configure(tmp_path))

    with pytest.raises(ConfigError, match="run `casebridge migrate`"):
        wiring.store(config)


def test_no_secret_shows_in_a_configuration(tmp_path: Path) -> None:
    env = road.configure(tmp_path)

    shown = repr(wiring.configure(env))

    assert [name for name, secret in road.SECRETS.items() if secret in shown] == []


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


def test_the_embedded_bridge_is_a_receiver_and_a_worker() -> None:
    programs = supervise.embedded("127.0.0.1", 8123)

    assert [program.name for program in programs] == ["receiver", "worker"]
    assert "127.0.0.1:8123" in programs[0].command


def test_faults_of_settings_connections_and_mappings_come_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "connections.yaml").write_text((REPOSITORY / "mappings" / "connections.yaml").read_text())
    broken = (REPOSITORY / "mappings" / "meta-to-salesforce.yaml").read_text().replace("has_any", "has_some")
    (folder / "meta-to-salesforce.yaml").write_text(broken)

    with pytest.raises(ConfigError) as caught:
        wiring.configure({"CASEBRIDGE_CONFIG": str(folder), "PORT": "abc"})

    told = "\n".join(caught.value.faults)
    assert all(word in told for word in ("PORT", "META_APP_SECRET", "SF_DOMAIN", "unknown comparison 'has_some'"))


def test_a_lease_shorter_than_a_call_is_refused(tmp_path: Path) -> None:
    env = {**road.configure(tmp_path), "LEASE": "1"}
    config = wiring.configure(env)
    found = connect(env["DATABASE_URL"])

    with pytest.raises(ConfigError, match="LEASE is 1 seconds, but one call to salesforce may take"):
        wiring.bridge(config, found)
