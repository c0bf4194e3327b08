"""What a plan says would change in Zendesk is what changes: two mapping sets, each into its own account."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import forked
import requests
import road
from click.testing import CliRunner
from crms import PATIENCE, ZENDESK
from plan_words import CONNECTION, drain, messages

from bridge import configuration, wiring
from bridge.cli import main
from bridge.store import connect, inbox, schema
from bridge.store.inbox import Arrival

MANY = 45
PLAIN = """\
version: 1
mapping: plain
source: any
target: zendesk
accept:
  drop:
    - text: {has_any: [giveaway]}
decide:
  priority:
    - when: {text: {has_any: [hacked]}}
      use: urgent
    - otherwise: low
case:
  object: ticket
  key_field: external_id
  create:
    subject: "{text | one_line | shorten 60}"
    description: "{text}"
    priority: "{priority}"
  update:
    comment: {text: "{text}"}
    raise_only: {priority: [low, normal, high, urgent]}
"""
NEW = PLAIN.replace("[giveaway]", "[giveaway, casino]").replace(
    "    - otherwise",
    "    - when: {text: {has_any: [no signal, kein Netz]}}\n      use: high\n    - otherwise",
)


def filed(folder: Path, mapping: str) -> tuple[dict[str, str], dict[str, Any]]:
    """File all messages, one at a time; the environment, and the tickets as a plan tells of them."""
    folder.mkdir()
    with forked.sandbox("zendesk", folder / "account.db", *ZENDESK.options(ZENDESK.secrets)) as account:
        env = {**road.configure(folder, crm=ZENDESK, mapping=mapping), ZENDESK.url: account.address}
        schema.migrate(store := connect(env["DATABASE_URL"]))
        bridge = wiring.bridge(configuration.configure(env), store)
        for one in messages(MANY):
            with store.write() as c:
                inbox.ingest(c, Arrival(connection=CONNECTION, received_at=one.received_at, messages=[one]))
            drain(bridge, "zendesk")
        store.engine.dispose()
        state = requests.get(f"{account.address}/sandbox/state", timeout=PATIENCE).json()
    texts = {seen.key: seen.texts for seen in ZENDESK.cases(state)}
    return env, {
        f"zendesk/ticket/{one['external_id']}": {
            "fields": {name: one["fields"][name] for name in ("subject", "priority")}
            | {"description": texts[one["external_id"]][0]},
            "comments": [*texts[one["external_id"]][1:]],
        }
        for one in state["tickets"]
    }


def planned(env: Mapping[str, str], file: Path) -> dict[str, Any]:
    """What the plan says of a file in the database of an environment."""
    command = ["plan", str(file), "--format", "json"]
    done = CliRunner().invoke(main, command, env={**dict.fromkeys(os.environ), **env}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.output)
    return found


def test_tickets_differ_in_the_accounts_as_the_plan_says(tmp_path: Path) -> None:
    env, was = filed(tmp_path / "old", PLAIN)
    _, now = filed(tmp_path / "new", NEW)

    plan = planned(env, tmp_path / "new" / "config" / "plain.yaml")

    told = {one["name"]: (ticket(one["before"]), ticket(one["after"])) for one in plan["cases"]}
    assert told == {n: (was.get(n), now.get(n)) for n in {**was, **now} if was.get(n) != now.get(n)}
    assert plan["summary"] == (
        "11 of 43 messages would change: 8 priorities, 3 dropped. Cases: 3 not opened, 7 changed."
    )


def ticket(case: dict[str, Any] | None) -> dict[str, Any] | None:
    return case and {"fields": case["fields"], "comments": [one["text"] for one in case["comments"]]}
