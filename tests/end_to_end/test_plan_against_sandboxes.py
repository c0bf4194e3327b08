"""What a plan says would change is what changes: two mapping sets file the same messages, each into its org."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import forked
import pytest
import requests
import road
from click.testing import CliRunner
from crms import MARKER, PATIENCE, SALESFORCE
from plan_words import drain, messages

from bridge import configuration, decided, wiring
from bridge.cli import main
from bridge.store import Store, connect, inbox, items, schema
from bridge.store.inbox import Arrival
from bridge.store.tables import item

MANY = 200

CARE = """\
version: 1
mapping: care
source: any
target: salesforce
accept:
  kinds: [comment, mention, direct]
  drop:
    - text: {has_any: [giveaway]}
decide:
  topic:
    - when: {text: {has_any: [invoice, Rechnung, facture]}}
      use: Billing
    - when: {text: {has_any: [no signal, kein Netz]}}
      use: Coverage
    - otherwise: General
  priority:
    - when: {text: {has_any: [hacked, gehackt]}}
      use: High
    - when: {topic: {is: Coverage}}
      use: Medium
    - otherwise: Low
  queue:
    - otherwise: Support Queue
contact:
  object: Contact
  match:
    - LastName: "{author.name}"
case:
  object: Case
  key_field: Social_Conversation_Key__c
  new_after_silence: 7 days
  create:
    Subject: "{topic}: {text | one_line | shorten 60}"
    Description: "{text}"
    Priority: "{priority}"
    SuppliedName: "{author.name}"
    ContactId: "{person.id}"
    OwnerId: {named: "{queue}"}
  update:
    comment: {text: "{text}"}
    raise_only: {Priority: [Low, Medium, High]}
"""
REVIEWS = """\
version: 1
mapping: reviews
source: any
target: salesforce
accept: {kinds: [review]}
case:
  object: Case
  key_field: Social_Conversation_Key__c
  one_per: author
  create: {Subject: Review, Description: "{text}", Priority: Low, SuppliedName: "{author.name}"}
  update: {comment: {text: "{text}"}}
"""
SALES = """\
version: 1
mapping: sales
source: any
target: salesforce
accept:
  kinds: [comment, direct]
  when: {text: {has_any: [buy, kaufen]}}
case:
  object: Case
  key_field: Social_Conversation_Key__c
  create: {Subject: Somebody wants to buy, Description: "{text}", Priority: Medium, SuppliedName: "{author.name}"}
  update: {comment: {text: "{text}"}}
"""
TO_BILLING = "    - when: {topic: Billing}\n      use: Social Queue\n"
NEW = {
    "care": CARE.replace("[giveaway]", "[giveaway, casino]")
    .replace("      use: Coverage", "      use: Network")
    .replace("{is: Coverage}}\n      use: Medium", "{is: Network}}\n      use: High")
    .replace(
        "    - otherwise: Support",
        "    - when: {topic: Billing}\n      use: Social Queue\n    - otherwise: Support",
    ),
    "reviews": REVIEWS.replace("one_per: author", "one_per: message"),
    "sales": SALES,
}


# --- filing into an org ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Org:
    """A sandbox org."""

    url: str

    def cases(self) -> list[dict[str, Any]]:
        """Every case, the oldest first."""
        found: list[dict[str, Any]] = requests.get(f"{self.url}/sandbox/state", timeout=PATIENCE).json()["cases"]
        return found

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Do what an admin does."""
        key, secret = SALESFORCE.secrets["SF_CONSUMER_KEY"], SALESFORCE.secrets["SF_CONSUMER_SECRET"]
        form = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
        login = requests.post(f"{self.url}/services/oauth2/token", data=form, timeout=PATIENCE).json()
        headers = {"Authorization": f"Bearer {login['access_token']}"}
        address = f"{self.url}/services/data/v66.0/{path}"
        answer = requests.request(method, address, json=body, headers=headers, timeout=PATIENCE)
        assert answer.ok, answer.text
        return answer.json()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What a mapping set made of the messages, and the environment in which it was done."""

    env: Mapping[str, str]
    endings: Mapping[str, Mapping[str, Any]]  #: by the item's key
    cases: Mapping[str, Mapping[str, Any]]  #: by crm/object/key
    ids: Mapping[str, str]  #: of contacts and queues in the org -> their names


@contextmanager
def filed(folder: Path, mappings: Mapping[str, str]) -> Iterator[Filed]:
    """File all messages into a fresh org, one at a time."""
    options = SALESFORCE.options(SALESFORCE.secrets)
    with forked.sandbox("salesforce", folder / "org.db", *options) as running, ExitStack() as stack:
        org = Org(running.address)
        file = road.connections(SALESFORCE).replace("[plain]", f"[{', '.join(mappings)}]")
        env = {**road.configure(folder, file=file), "SF_URL": org.url}
        for name, text in mappings.items():
            (folder / "config" / f"{name}.yaml").write_text(text, encoding="utf-8")
        config = configuration.configure(env)
        schema.migrate(store := connect(env["DATABASE_URL"]))
        stack.callback(store.engine.dispose)
        bridge = wiring.bridge(config, store)
        ids = people_of(org)
        for one in messages(MANY):
            with store.write() as c:
                inbox.ingest(c, Arrival(connection="acme-meta", received_at=one.received_at, messages=[one]))
            drain(bridge, "salesforce")
        names = {case["Id"]: f"salesforce/Case/{case['key']}" for case in org.cases()}
        yield Filed(env=env, endings=endings(store, names), cases=cases(org, ids), ids=ids)


def people_of(org: Org) -> Mapping[str, str]:
    """Make some of the authors known in the org."""
    made = {n: org.api("POST", "sobjects/Contact", {"LastName": f"Customer {n}"}) for n in (1, 4, 9)}
    queues = org.api("GET", "query?q=SELECT+Id,Name+FROM+Group")["records"]
    return {one["id"]: f"contact {n}" for n, one in made.items()} | {one["Id"]: one["Name"] for one in queues}


def endings(store: Store, names: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What stands in the store of each message."""
    with store.read() as c:
        found = items.read(c, items.query().order_by(item.c.id))
    return {
        one.key: {
            "state": one.state,
            "reason": one.reason,
            "mapping": one.mapping if one.state == "filed" else "",
            "case": names.get(one.crm_case, ""),
            "what": decided.load(one.decision),
        }
        for one in found
    }


def cases(org: Org, ids: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Every case as a plan tells of one: the fields that mappings fill, and the comments."""
    filled = ("Subject", "Description", "Priority", "SuppliedName", "ContactId", "OwnerId")
    return {
        f"salesforce/Case/{case['key']}": {
            "fields": {name: value for name in filled if (value := shown(name, case["fields"][name], ids))},
            "comments": [
                {"text": MARKER.sub("", one["body"]), "public": one["published"], "files": []}
                for one in case["comments"]
            ],
            "files": [],
        }
        for case in org.cases()
    }


def shown(name: str, value: Any, ids: Mapping[str, str]) -> Any:
    """A field's value, without the owner that the org itself gives a case; None = it is empty."""
    return ids.get(value) if name == "OwnerId" else ids.get(value, value)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Filed, Filed]]:
    """The same messages, filed by the mappings at work and by those to come."""
    old, new = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
    after = {name: NEW[name] for name in ("sales", "care", "reviews")}
    with filed(old, {"care": CARE, "reviews": REVIEWS}) as was, filed(new, after) as now:
        yield was, now


@pytest.fixture(scope="module")
def planned(both: tuple[Filed, Filed], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the plan says, in the database of the old ones."""
    was, _ = both
    folder = tmp_path_factory.mktemp("candidates")
    for name, text in NEW.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    files = [str(folder / f"{name}.yaml") for name in NEW]
    command = ["plan", *files, "--before", "care", "--last", str(MANY), "--format", "json"]
    done = CliRunner().invoke(main, command, env={**dict.fromkeys(os.environ), **was.env}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    text = done.output.replace(f"{folder}{os.sep}", "")
    for record, name in was.ids.items():
        text = text.replace(f'"{record}"', f'"{name}"')
    found: dict[str, Any] = json.loads(text)
    return found


# --- the proof ------------------------------------------------------------------------------------------------


def test_cases_differ_in_the_orgs_as_the_plan_says(both: tuple[Filed, Filed], planned: dict[str, Any]) -> None:
    old, new = (one.cases for one in both)
    pairs = {name: (old.get(name), new.get(name)) for name in {**old, **new}}

    told = {one.pop("name"): one for one in planned["cases"]}

    assert told == {
        name: {
            "before": before,
            "after": after,
            "fields": fields(before, after),
            "comments": said_in(before, after),
        }
        for name, (before, after) in pairs.items()
        if before != after
    }


def test_messages_fare_otherwise_in_the_stores_as_the_plan_says(
    both: tuple[Filed, Filed], planned: dict[str, Any]
) -> None:
    was, now = (one.endings for one in both)
    expected = {key: found for key in was if (found := differences(was[key], now[key]))}

    told = {one["key"]: one["differs"] for one in planned["changed"]}

    assert told == expected


def test_it_is_a_plan_worth_a_proof(planned: dict[str, Any]) -> None:
    assert planned["summary"] == (
        "124 of 198 messages would change: 51 queues, 41 topics, 41 priorities, 14 dropped, 11 taken by another "
        "mapping, 35 in another case. Cases: 28 new, 31 not opened, 75 changed."
    )
    assert (planned["left_out"], planned["waiting"], planned["strangers"]) == ({"deleted": 1}, 0, 0)


def test_silences_changes_echoes_and_raised_fields_are_in_it(both: tuple[Filed, Filed]) -> None:
    was, now = (one.cases for one in both)
    comments = [comment["text"].partition("\n")[0] for case in now.values() for comment in case["comments"]]
    raised = [case for case in now.values() if case["fields"]["Priority"] == "High" and lowly(case)]

    assert {name.endswith("~2") for cases in (was, now) for name in cases} == {True, False}
    assert {"Edited by its author:", "Written by our own side on the platform:"} <= {*comments}
    assert any(comment.startswith("Hidden on the platform") for comment in comments)
    assert raised


def lowly(case: Mapping[str, Any]) -> bool:
    """Whether what opened the case was of no great priority."""
    return str(case["fields"]["Subject"]).startswith("General") and "hacked" not in case["fields"]["Description"]


def fields(before: Any, after: Any) -> dict[str, list[Any]]:
    """The fields that differ, before and after; None = empty."""
    was, now = (case["fields"] if case else {} for case in (before, after))
    return {name: [was.get(name), now.get(name)] for name in {**was, **now} if was.get(name) != now.get(name)}


def said_in(before: Any, after: Any) -> dict[str, list[Any]]:
    """The comments that stand in one of the two alone."""
    was, now = (list(case["comments"]) if case else [] for case in (before, after))
    for one in [*was]:
        if one in now:
            was.remove(one)
            now.remove(one)
    return {"before": was, "after": now}


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The differences of two endings, as a plan tells them."""
    found = []
    if was["state"] != now["state"]:
        found.append(difference("end", "", *({"value": e["state"], "line": e["reason"]} for e in (was, now))))
    if not (was["state"] == now["state"] == "filed"):
        return found
    found += [
        difference(name, "", *({"value": one[name], "line": ""} for one in (was, now)))
        for name in ("mapping", "case")
        if was[name] != now[name]
    ]
    values = was["what"].values, now["what"].values
    found += [
        difference("decided", name, value(was["what"], name), value(now["what"], name))
        for name in {**values[0], **values[1]}
        if values[0].get(name) != values[1].get(name)
    ]
    return found


def difference(kind: str, name: str, before: Any, after: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "before": before, "after": after}


def value(what: decided.Decided, name: str) -> dict[str, str] | None:
    return {"value": what.values[name], "line": what.lines[name]} if name in what.values else None
