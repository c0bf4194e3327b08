"""/metrics says how the bridge is, to whoever knows the token and to nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from heart import age, hear, said
from logbook import Logbook
from wall import Wall, desk

from bridge import metrics
from bridge.alarms import Alarms
from bridge.errors import Rejected
from bridge.ports import Finding, Skipped, Unreadable, Usage
from bridge.store import Store, inbox, meters, pauses
from bridge.store.health import Health
from bridge.store.inbox import Arrival
from bridge.web import Receiver, create_app

TOKEN = "scrape-me-1f7c9a2e"


def scrape(store: Store, header: str | None = f"Bearer {TOKEN}", *, token: str = TOKEN) -> tuple[int, str]:
    client = create_app(Receiver(store=store, channels={}, metrics_token=token)).test_client()
    answer = client.get("/metrics", headers={} if header is None else {"Authorization": header})
    return answer.status_code, answer.get_data(as_text=True)


def values(store: Store) -> dict[str, float]:
    """What a scraper reads: the name of each series with its labels -> its value."""
    lines = [line for line in scrape(store)[1].splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"bearer {TOKEN}",
        TOKEN,
        "Bearer ü",
        "Basic x",
    ],
)
def test_whoever_does_not_know_the_token_finds_nothing_there(store: Store, header: str | None) -> None:
    assert scrape(store, header) == (404, "not found")


@pytest.mark.parametrize("header", [None, "Bearer ", "Bearer"])
def test_without_a_token_there_is_no_such_page(store: Store, header: str | None) -> None:
    assert scrape(store, header, token="") == (404, "not found")


def test_an_empty_bridge_has_empty_metrics(store: Store) -> None:
    assert values(store) == {
        "casebridge_received_total": 0,
        'casebridge_items{state="waiting"}': 0,
        'casebridge_items{state="dead"}': 0,
        'casebridge_items{state="settled"}': 0,
        "casebridge_waiting_oldest_seconds": 0,
    }


def test_every_message_reply_pause_and_alarm_is_counted(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, wall=Wall(ways=Rejected("too late")))
    road.answer("Hello")
    age(store, timedelta(minutes=10))
    hear(store, said("later"), said("latest"))
    receipts = [Skipped(reason="receipt", event="read"), Skipped(reason="receipt", event="delivered")]
    unreadable = [Unreadable(item=b"?", error="it is no JSON")]
    with store.write() as c:
        came = datetime.now(UTC)
        inbox.ingest(c, Arrival(connection="fb", received_at=came, skipped=receipts, unreadable=unreadable))
        pauses.pause(c, "crm", until=None, reason="bad login")
    Alarms(store).settle("fb", [Finding(level="fault", account="1", about="token", says="It is dead.")])

    found = values(store)

    assert 0 <= found.pop("casebridge_waiting_oldest_seconds") < 60
    assert found == {
        "casebridge_received_total": 4,
        'casebridge_items{state="waiting"}': 2,
        'casebridge_items{state="dead"}': 1,
        'casebridge_items{state="settled"}': 1,
        'casebridge_replies{state="failed"}': 1,
        'casebridge_skipped_total{connection="fb",reason="receipt"}': 2,
        'casebridge_paused{target="crm"}': 1,
        'casebridge_alarm{name="fb/1: token"}': 1,
    }


def test_the_oldest_waiting_message_is_known(store: Store) -> None:
    hear(store, said("Help"))
    age(store, timedelta(hours=1))
    hear(store, said("later"))

    assert 3600 <= values(store)["casebridge_waiting_oldest_seconds"] < 3660


def test_what_each_crm_has_let_us_use_is_shown(store: Store) -> None:
    with store.write() as c:
        meters.keep(c, "acme", Usage(used=14_302, most=100_000))

    shown = {name: n for name, n in values(store).items() if "api" in name}

    assert shown == {
        'casebridge_crm_api_calls_used{crm="acme"}': 14_302,
        'casebridge_crm_api_calls_most{crm="acme"}': 100_000,
    }


def test_hostile_names_stay_in_their_label_and_large_numbers_whole() -> None:
    health = Health(
        received=12_345_678_901,
        waiting=0,
        dead=0,
        oldest=timedelta(0),
        replies={},
        skipped={},
        paused={'a"b\\c\nd': "why"},
        alarms=[],
    )

    lines = metrics.text(health).splitlines()

    assert 'casebridge_paused{target="a\\"b\\\\c\\nd"} 1' in lines
    assert "casebridge_received_total 12345678901" in lines
