"""Calls to Zendesk keep within the account's limits, together with those of every other worker."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import road
import stub
from crms import ZENDESK
from heart import column
from pydantic import SecretStr
from stub import Call, Said, Stub

from adapters.zendesk import Settings
from adapters.zendesk.account import Account
from adapters.zendesk.classify import Refusal
from adapters.zendesk.desk import ReplyDesk
from bridge import configuration, wiring
from bridge.errors import RetryLater, Unsure
from bridge.metering import Metering
from bridge.ports import Delivery, Named
from bridge.store import Store, connect
from bridge.store.tables import bucket

TOKEN = {"access_token": "t", "scope": "read write", "expires_in": 172_800}
PLENTY = {"ratelimit-limit": "400", "ratelimit-remaining": "399", "ratelimit-reset": "40"}
HOUR = timedelta(hours=1)
WHOLE = {"ticket": {"id": 7}, "audit": {"id": 8}}


def headers(**limits: str) -> dict[str, str]:
    return PLENTY | {f"zendesk-ratelimit-{name.replace('_', '-')}": value for name, value in limits.items()}


class Zendesk:
    """What the account answers, by method and path; beside it a Metering for each worker that asks for one."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.says: dict[str, Said] = {}

    def answer(self, call: Call) -> Said:
        if call.path == "/oauth/tokens":
            return Said(status=201, body=TOKEN)
        asked = f"{call.method} {call.path.removeprefix('/api/v2/').removesuffix('.json')}"
        return self.says.get(asked, Said(body=WHOLE, headers=PLENTY))


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Iterator[Store]:
    found = connect(f"sqlite:///{shutil.copy(template, tmp_path)}")
    yield found
    found.engine.dispose()


@pytest.fixture
def zendesk(store: Store) -> Zendesk:
    return Zendesk(store)


@pytest.fixture
def wire(zendesk: Zendesk) -> Iterator[Stub]:
    with stub.running(zendesk.answer) as found:
        yield found


@pytest.fixture
def account(wire: Stub, store: Store) -> Account:
    return worker(wire, store)


def worker(wire: Stub, store: Store | None) -> Account:
    settings = Settings(subdomain="acme", client_id="c", client_secret=SecretStr("s"), url=wire.url, timeout=5)
    return Account(settings, Metering(store, "zendesk") if store else None)


def calls(wire: Stub) -> int:
    return sum(call.path != "/oauth/tokens" for call in wire.calls)


def trouble(account: Account, ticket: str = "7", **more: Any) -> tuple[str, float] | None:
    """What comes of an update: why it waits and how long, None = it was made."""
    try:
        account.update(ticket, {}, **more)
    except RetryLater as error:
        return str(error), error.after.total_seconds()
    return None


LIMITED = "Zendesk's limit of calls is reached ({})"


def test_each_limit_is_learned_from_the_answers_of_any_worker(
    wire: Stub, zendesk: Zendesk, account: Account
) -> None:
    zendesk.says["PUT tickets/7"] = Said(
        body=WHOLE, headers=headers(tickets_update="total=300; remaining=299; resets=40")
    )

    account.update("7", {})

    expected = {"account": 400, "tickets-update": 300}
    assert account.limits == expected
    assert worker(wire, zendesk.store).limits == expected
    assert worker(wire, None).limits == {}


def test_a_call_without_room_is_not_sent(wire: Stub, zendesk: Zendesk, account: Account) -> None:
    zendesk.says["PUT tickets/7"] = Said(
        body=WHOLE, headers=headers(tickets_update="total=20; remaining=2; resets=40")
    )
    account.update("7", {})

    why, after = trouble(account, "8") or ("", 0)

    assert (why, 38 < after <= 40, calls(wire)) == (LIMITED.format("tickets-update"), True, 1)


def test_what_is_urgent_may_use_the_last_tenth(wire: Stub, zendesk: Zendesk, account: Account) -> None:
    zendesk.says["PUT tickets/7"] = Said(
        body=WHOLE, headers=headers(tickets_update="total=20; remaining=2; resets=40")
    )
    account.update("7", {})

    outcomes = [trouble(account, str(n), urgent=True) is None for n in (8, 9, 10)]

    assert (outcomes, calls(wire)) == ([True, True, False], 3)


def test_agents_are_told_of_their_replies_out_of_the_last_tenth(zendesk: Zendesk, account: Account) -> None:
    zendesk.says["GET brands"] = Said(body={"brands": []}, headers=PLENTY | {"ratelimit-remaining": "30"})
    zendesk.says["GET tickets/show_many"] = Said(body={"tickets": [{"id": 7, "status": "open"}]}, headers=PLENTY)
    account.get("brands")

    waits = ReplyDesk(account, poll=HOUR).report([Delivery(reply="1", case_id="7", state="sent")])

    assert (waits, trouble(account) is None) == ({}, False)


def test_one_spent_ticket_stops_no_other(wire: Stub, zendesk: Zendesk, account: Account) -> None:
    zendesk.says["PUT tickets/7"] = Said(
        body=WHOLE, headers=headers(per_ticket_updates="total=30; remaining=0; resets=468")
    )
    account.update("7", {})

    refused, other = account.update("7", {}), account.update("8", {})

    assert isinstance(refused, Refusal)
    assert (refused.per_ticket, refused.after) == (True, timedelta(minutes=1))
    assert not isinstance(other, Refusal)
    assert calls(wire) == 2


def test_a_limit_that_one_worker_met_stops_the_others_too(wire: Stub, zendesk: Zendesk, account: Account) -> None:
    zendesk.says["GET tickets/show_many"] = Said(status=429, headers={**PLENTY, "Retry-After": "999999"})

    with pytest.raises(RetryLater):
        account.tickets(["7"])
    why, after = trouble(worker(wire, zendesk.store), urgent=True) or ("", 0)

    assert (why, 55 < after <= 60, calls(wire)) == (LIMITED.format("account"), True, 1)


def test_without_meters_every_call_is_made(wire: Stub, zendesk: Zendesk) -> None:
    zendesk.says["PUT tickets/7"] = Said(
        body=WHOLE, headers=headers(tickets_update="total=20; remaining=0; resets=40")
    )
    made = worker(wire, None)

    assert [trouble(made) for _ in range(3)] == [None] * 3
    assert made.limits == {"account": 400, "tickets-update": 20}


def test_a_count_that_fails_lets_nothing_be_sent(wire: Stub, tmp_path: Path) -> None:
    broken = connect(f"sqlite:///{tmp_path / 'empty.db'}")

    why, _ = trouble(worker(wire, broken)) or ("", 0)

    assert ("could not be counted" in why, calls(wire)) == (True, 0)
    broken.engine.dispose()


def test_what_zenpy_knows_and_what_it_does_not_are_counted_alike(
    wire: Stub, zendesk: Zendesk, account: Account, store: Store
) -> None:
    zendesk.says["GET tickets"] = Said(body={"tickets": []})
    account.create({"subject": "x"}, key="k")
    account.tickets_by_key("x")
    account.get("webhooks/01HANA")
    account.send("PUT", "users/update_many", {"users": []})

    assert set(Metering(store, "zendesk").known()) == {
        "account",
        "jobs",
        "ticket-request-create-by-user-and-ip",
        "tickets-index",
    }


def test_only_ten_jobs_are_begun_within_twenty_seconds(wire: Stub, account: Account) -> None:
    def begin() -> bool:
        try:
            account.send("PUT", "tickets/update_many", {"tickets": []}, urgent=True)
        except RetryLater:
            return False
        return True

    assert [begin() for _ in range(11)] == [True] * 10 + [False]
    assert calls(wire) == 10


@pytest.mark.parametrize(
    "said",
    [
        Said(status=429, body={"error": "TooManyJobs", "description": "30 jobs are queued"}),
        Said(status=400, body={"errors": [{"code": "TooManyJobs", "title": "x"}]}),
        Said(status=503, body=b"TooManyJobs"),
        Said(status=403, body={"error": {"title": "Forbidden", "message": "TooManyJobs: wait"}}),
    ],
)
def test_too_many_jobs_are_waited_for_half_a_minute(zendesk: Zendesk, account: Account, said: Said) -> None:
    zendesk.says["POST tickets/create_many"] = said

    with pytest.raises(RetryLater) as error:
        account.send("POST", "tickets/create_many", {"tickets": []})

    assert error.value.after == timedelta(seconds=30)


def test_an_account_without_bulk_import_refuses_that_call_alone(zendesk: Zendesk, account: Account) -> None:
    zendesk.says["POST users/create_many"] = Said(status=403, body={"error": {"title": "Forbidden"}})

    answer = account.send("POST", "users/create_many", {"users": []})

    assert answer == Refusal(status=403, code="Forbidden")


def test_a_trial_account_is_told_of_once(
    zendesk: Zendesk, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    zendesk.says["PUT tickets/7"] = Said(
        body=WHOLE, headers=headers(tickets_update="total=20; remaining=15; resets=40")
    )

    for _ in range(2):
        account.update("7", {})

    assert [record.message for record in caplog.records] == [
        "This is a sandbox or trial account of Zendesk's: it takes 20 updates of tickets a minute."
    ]
    assert [(one.level, one.about) for one in account.findings()] == [("ok", "limits"), ("warning", "trial")]


def test_headers_that_make_no_sense_spoil_no_answer(zendesk: Zendesk, account: Account) -> None:
    nonsense = {"ratelimit-limit": "9" * 40, "ratelimit-remaining": "-1", "x-rate-limit": "1e9",
                "zendesk-ratelimit-tickets-update": "total=; remaining=0"}  # fmt: skip
    zendesk.says["PUT tickets/7"] = Said(body=WHOLE, headers=nonsense)

    assert trouble(account) is None
    assert trouble(account) is None


def test_a_lost_answer_stays_counted(wire: Stub, account: Account, store: Store) -> None:
    account.get("brands")
    wire.plan.append("after")

    with pytest.raises(Unsure):
        account.send("POST", "webhooks", {"webhook": {}})

    assert column(store, bucket, "used", ids="name") == {"account": 2}


def test_what_is_configured_counts_in_its_database(
    wire: Stub, zendesk: Zendesk, store: Store, tmp_path: Path
) -> None:
    zendesk.says["GET groups"] = Said(body={"groups": []}, headers=PLENTY)
    config = configuration.configure(road.configure(tmp_path, crm=ZENDESK, **{ZENDESK.url: wire.url}))

    crms = [wiring.bridge(config, store).crms["zendesk"], wiring.care(config, store).crms["zendesk"]]
    for crm in crms:
        crm.identify([Named(object="ticket", field="group_id", name="Support")])

    assert column(store, bucket, "used", ids="name") == {"account": 2}
    assert column(store, bucket, "most", ids="crm") == {"zendesk": 400}
