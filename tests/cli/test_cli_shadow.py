"""`casebridge shadow`: whole outputs, as text and as JSON, and what it does not show any more."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import road
from click.testing import CliRunner
from crms import SALESFORCE
from heart import deleted, said
from sqlalchemy import update

from bridge import configuration, flow, protecting, shadow_text, shadowing
from bridge.cli import main
from bridge.message import Account, Message, Person
from bridge.parts import Bridge
from bridge.revising import Revisions
from bridge.shadowing import Difference, Side
from bridge.store import connect, inbox, items
from bridge.store.inbox import Arrival
from bridge.store.shadows import Standing
from bridge.store.tables import item

LIVE = """\
version: 1
mapping: plain
source: acme-meta
target: salesforce
decide:
  priority: [{otherwise: Low}]
case:
  object: Case
  key_field: Social_Conversation_Key__c
  create: {Subject: "{text | shorten 40}", Priority: "{priority}"}
"""
NEW = LIVE.replace("mapping: plain", "mapping: new\nshadow: true")
LOUD = NEW.replace("{text | shorten 40}", "{text | upper | shorten 40}")
CARDS = NEW.replace("[{otherwise: Low}]", '[{when: {text: {matches: "[0-9]{16}"}}, use: High}, {otherwise: Low}]')
MASKED = LIVE + "protect: {mask: {card_number: our_copies}}\n"
WHEN = datetime(2026, 11, 22, 9, 14, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Desk:
    """An admin's folder and database."""

    env: Mapping[str, str]
    config: Path

    def run(self, *arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, arguments, env=self.env, catch_exceptions=False)
        return done.exit_code, done.output

    def publish(self, new: str, live: str = LIVE) -> None:
        """Put these mappings to work."""
        (self.config / "plain.yaml").write_text(live, encoding="utf-8")
        (self.config / "new.yaml").write_text(new, encoding="utf-8")
        assert self.run("publish")[0] == 0

    def hear(self, *messages: Message) -> None:
        """Store messages and decide them."""
        store, found = connect(self.env["DATABASE_URL"]), configuration.connected(self.env)
        with store.write() as c:
            inbox.ingest(c, Arrival(connection="acme-meta", received_at=WHEN, messages=messages))
            c.execute(update(item).values(ingested_at=round(WHEN.timestamp() * 1000)))
        known = Revisions(store, sources=configuration.sources_of(found), targets=configuration.targets_of(found))
        current = known.current(0.0)
        assert current is not None
        parts: dict[str, Any] = {"gather": timedelta(0), "lease": timedelta(seconds=30), "crms": {}}
        made = Bridge(store=store, mappings=current.mappings, revision=current.number, **parts)
        protection = protecting.protection(current.mappings.values())
        flow.decide_some(dataclasses.replace(made, protection=protection), "acme-meta")


@pytest.fixture
def desk(tmp_path: Path, template: Path) -> Desk:
    """Two mappings in their order, the shadow first, beside an empty database."""
    file = road.connections(SALESFORCE).replace("[plain]", "[new, plain]")
    road.configure(tmp_path, file=file)
    (tmp_path / "bridge.db").write_bytes(template.read_bytes())
    return Desk(road.bare(tmp_path), tmp_path / "config")


def wrote(text: str, **changes: Any) -> Message:
    return said(text, connection="acme-meta", **{"id": "c-1", "account": Account(id="10150001"), **changes})


def test_json_tells_the_same_to_programs(desk: Desk) -> None:
    desk.publish(LOUD)
    desk.hear(wrote("hello"))

    (one,) = json.loads(desk.run("shadow", "--format", "json")[1])
    messages = json.loads(desk.run("shadow", "new", "--format", "json")[1])

    assert one.pop("since")
    assert one == {
        "mapping": "new",
        "revision": 1,
        "same": 0,
        "different": 1,
        "names": {"case.Subject": 1},
        "author_not_looked_for": 0,
        "earlier": {"messages": 0, "different": 0},
    }
    assert messages == [
        {
            "key": "facebook:10150001:c-1:created",
            "received_at": "2026-11-22T09:14:05+00:00",
            "revision": 1,
            "differs": {
                "case.Subject": {
                    "live": {"value": "hello", "line": ""},
                    "shadow": {"value": "HELLO", "line": ""},
                }
            },
        }
    ]


def test_each_message_is_told_by_the_set_that_was_at_work_and_the_numbers_begin_anew(desk: Desk) -> None:
    desk.publish(LOUD)
    desk.hear(wrote("hello"), wrote("HELLO", id="c-2"))
    desk.publish(NEW.replace("Low", "High"))
    desk.hear(wrote("HEllo", id="c-3"))

    whole, listed = desk.run("shadow")[1].splitlines(), desk.run("shadow", "new")[1]

    assert whole[0].startswith("new  since revision 2, 20")
    assert whole[1:] == [
        "  1 message: 0 the same, 1 different",
        "       1  case.Priority",
        "       1  priority",
        "  before that: 2 messages, 1 different",
    ]
    assert listed == (
        "facebook:10150001:c-3:created  2026-11-22 09:14:05 UTC  revision 2\n"
        "  priority       Low (plain.yaml:6) -> High (new.yaml:7)\n"
        "  case.Priority  Low -> High\n"
        "facebook:10150001:c-1:created  2026-11-22 09:14:05 UTC  revision 1\n"
        "  case.Subject  hello -> HELLO\n"
    )
    assert desk.run("shadow", "new", "--last", "1")[1] == "".join(listed.splitlines(keepends=True)[:3])


def test_what_was_masked_since_is_not_shown_and_what_was_deleted_is_not_listed(desk: Desk) -> None:
    drops = "accept: {drop: [{text: {has_any: [card]}}]}\n"
    desk.publish(CARDS, MASKED + drops)
    desk.hear(wrote("my card 4111111111111111"), wrote("4111111111111111", id="c-2", author=Person(id="ben")))
    desk.hear(deleted(wrote("", id="c-2")))

    told = desk.run("shadow", "new")[1]

    assert "4111" not in told
    assert [line for line in told.splitlines() if not line.startswith(" ")] == [
        "facebook:10150001:c-1:created  2026-11-22 09:14:05 UTC  revision 1"
    ]
    assert told.splitlines()[1] == "  dropped  dropped (plain.yaml:12) -> taken"


def test_a_difference_that_hung_on_masked_words_says_so(desk: Desk) -> None:
    desk.publish(CARDS.replace("mapping: new", "mapping: new\naccept: {kinds: [comment]}"), MASKED)
    desk.hear(wrote("4111111111111111"))
    store = connect(desk.env["DATABASE_URL"])
    with store.write() as c:
        (one,) = items.read(c, items.query())
        c.execute(update(item).values(body=one.body.replace("4111111111111111", "[card number]")))

    told = desk.run("shadow", "new")[1].splitlines()

    gone = "cannot be shown any more: what it was decided from was masked since, or is gone"
    assert told[1:] == [f"  priority       {gone}", f"  case.Priority  {gone}"]
    assert json.loads(desk.run("shadow", "new", "--format", "json")[1])[0]["differs"] == {
        "priority": None,
        "case.Priority": None,
    }


def test_what_was_watched_stays_to_be_seen_after_it_went_live(desk: Desk) -> None:
    desk.publish(LOUD)
    desk.hear(wrote("hello"))
    desk.publish(LOUD.replace("shadow: true\n", ""))

    assert desk.run("shadow") == (0, "no mapping at work says `shadow: true`\n")
    assert desk.run("shadow", "new")[1].endswith("  case.Subject  hello -> HELLO\n")


def test_a_name_that_is_no_shadow_is_told(desk: Desk) -> None:
    before = desk.run("shadow", "plain")
    desk.publish(NEW)

    assert before == (1, "no mapping 'plain' at work says `shadow: true`\n")
    assert desk.run("shadow", "plain") == (1, "no mapping 'plain' at work says `shadow: true`: these do: new\n")
    assert desk.run("shadow", "new") == (0, "new has decided nothing otherwise\n")


# --- the text by itself ---


def test_numbers_that_need_a_word_have_one() -> None:
    told = Standing(
        mapping="new",
        revision=3,
        since=None,
        same=1,
        differs=1200,
        unasked=4,
        names={"priority": 1000},
        earlier=(0, 0),
    )

    assert shadow_text.overview([told]) == (
        "new  since revision 3\n"
        "  1201 messages: 1 the same, 1200 different\n"
        "  of the latest 1000 that are different:\n"
        "    1000  priority\n"
        "  4 messages: it looks for the author in another way than the mapping at work, so it was told of nobody"
    )


@pytest.mark.parametrize(
    ("live", "other", "shown"),
    [
        ("a\x1b[31m\nb", "", "a [31m b -> (nothing)"),
        ("x" * 200 + "old", "x" * 200 + "new", f"…{'x' * 20}old -> …{'x' * 20}new"),
        ("y" * 200, "short", f"{'y' * 100}… -> short"),
        ("z" * 200, "z" * 200 + "end", f"…{'z' * 20} -> …{'z' * 20}end"),
    ],
)
def test_values_are_one_line_and_short_and_begin_where_they_differ(live: str, other: str, shown: str) -> None:
    one = Difference(name="comment", live=Side(live), shadow=Side(other))

    assert shadow_text._difference("comment", one) == shown


def test_a_shadow_that_failed_sends_to_the_log() -> None:
    assert (
        shadow_text._difference(shadowing.FAILED, None)
        == "it could not decide this message: the log has the place"
    )
