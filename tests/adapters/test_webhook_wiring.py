"""From connections.yaml to a channel with its payload map; faults of all files come at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import road
from crms import SALESFORCE
from webhook_calls import SHIPPED, fixture, post

from adapters.webhook import Webhook
from bridge import configuration, wiring
from bridge.errors import ConfigError
from bridge.message import Message

TOOL = """\
  acme-app:
    adapter: webhook
    payload: mobile-app
    verify: {scheme: standard_webhooks, secrets: [env:APP_SECRET, env:APP_SECRET_OLD]}
    accounts: {acme-ios: {about: {brand: Acme}}}
"""


def configure(folder: Path, *, tool: str = TOOL, mapping: str = "") -> dict[str, str]:
    """Write a configuration with a tool beside Meta, and the shipped payload maps."""
    file = road.connections(SALESFORCE).replace("mappings:", f"{tool}mappings:")
    env = road.configure(folder, file=file, mapping=mapping, APP_SECRET="whsec_b3VyLW93bi1rZXk=")
    payloads = folder / "config" / "payloads"
    payloads.mkdir()
    for name in ("mobile-app", "listening-tool"):
        (payloads / f"{name}.yaml").write_bytes((SHIPPED / "payloads" / f"{name}.yaml").read_bytes())
    return env


def test_a_tool_is_built_with_its_payload_map_and_accounts(tmp_path: Path) -> None:
    config = configuration.configure(configure(tmp_path))

    channel = wiring.channels(config)["acme-app"]

    assert isinstance(channel, Webhook)
    (event,) = channel.parse(post({}, fixture("app_feedback")))
    assert isinstance(event, Message)
    assert event.account.about == {"brand": "Acme"}


@pytest.mark.parametrize("secrets", [True, False])
def test_faults_of_mappings_and_payload_maps_come_at_once(tmp_path: Path, *, secrets: bool) -> None:
    mapping = SALESFORCE.mapping.replace("{account.brand}", "{acount.brand}")
    env = configure(tmp_path, mapping=mapping)
    (tmp_path / "config" / "payloads" / "mobile-app.yaml").write_text("version: 1\npayload: mobile-app\n")

    with pytest.raises(ConfigError) as caught:
        configuration.configure(env) if secrets else configuration.offline(road.bare(tmp_path))

    told = "\n".join(caught.value.faults)
    assert all(
        word in told for word in ("acount.brand", "payloads/mobile-app.yaml:1:1 error: 'message' is missing")
    )


def test_missing_variables_hide_no_fault_of_a_payload_map(tmp_path: Path) -> None:
    env = configure(tmp_path, tool=TOOL.replace("mobile-app", "mobile-ap"))
    del env["APP_SECRET"]

    with pytest.raises(ConfigError) as caught:
        configuration.configure(env)

    told = "\n".join(caught.value.faults)
    assert all(word in told for word in ("APP_SECRET is not set", "did you mean 'mobile-app'?"))


@pytest.mark.parametrize("accounts", ["accounts: {}", "accounts: {one: {}, two: {}}"])
def test_a_map_without_account_needs_exactly_one_listed(tmp_path: Path, accounts: str) -> None:
    lines = TOOL.replace("mobile-app", "listening-tool").splitlines()
    configure(tmp_path, tool="\n".join([*lines[:-1], f"    {accounts}", ""]))

    with pytest.raises(
        ConfigError, match="'listening-tool' names no account, but the connection 'acme-app' lists"
    ):
        configuration.offline(road.bare(tmp_path))


SHOP = TOOL.replace("acme-app", "acme-shop")


@pytest.mark.parametrize("off", ["", "    enabled: false\n"])
def test_an_account_of_two_tools_is_refused_by_both_names(tmp_path: Path, off: str) -> None:
    configure(tmp_path, tool=TOOL + SHOP.replace("    payload", f"{off}    payload"))

    with pytest.raises(ConfigError) as caught:
        configuration.offline(road.bare(tmp_path))

    (fault,) = caught.value.faults
    assert fault == (
        "the account 'acme-ios' is listed under 'acme-app' and 'acme-shop': the messages of one could be taken "
        "for the other's\n"
        "    -> give it an id of its own in each, such as 'acme-shop-acme-ios', and have the payload "
        "maps write that under account"
    )


def test_an_account_of_a_tool_and_a_platform_is_refused_and_one_of_two_platforms_is_not(tmp_path: Path) -> None:
    found = configuration.configure(configure(tmp_path)).connections.connections
    page = next(iter(found["acme-meta"].accounts))
    shared = TOOL.replace("acme-ios", f'"{page}"')
    again = f"""\
  acme-again:
    adapter: meta
    app_secret: env:APP_SECRET
    verify_token: env:APP_SECRET
    accounts: {{"{page}": {{}}}}
"""

    with pytest.raises(ConfigError, match=f"the account '{page}' is listed under 'acme-meta' and 'acme-app'"):
        configuration.configure(configure(tmp_path / "tool", tool=shared))
    assert (
        "acme-again"
        in configuration.configure(configure(tmp_path / "meta", tool=TOOL + again)).connections.connections
    )


def test_the_value_of_a_variable_is_never_shown_as_a_payload_maps_name(tmp_path: Path) -> None:
    env = configure(tmp_path, tool=TOOL.replace("mobile-app", "env:APP_SECRET"))

    with pytest.raises(ConfigError) as caught:
        configuration.configure(env)

    told = "\n".join(caught.value.faults)
    assert "'env:APP_SECRET' is no name for a payload map" in told
    assert env["APP_SECRET"] not in told


def test_a_tool_that_is_switched_off_is_checked_all_the_same(tmp_path: Path) -> None:
    off = TOOL.replace("    adapter", "    enabled: false\n    adapter")

    assert wiring.channels(configuration.configure(configure(tmp_path, tool=off)))["acme-app"] is None
    with pytest.raises(ConfigError, match="there is no such payload map"):
        configuration.configure(configure(tmp_path / "other", tool=off.replace("mobile-app", "mobile-ap")))
