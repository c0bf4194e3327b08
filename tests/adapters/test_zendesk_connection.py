"""Logins, limits and outages, against a real sandbox account: who waits, how long, and who does not."""

from __future__ import annotations

import shutil
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import zendesk_account
from zendesk_account import (
    HOUR,
    NOW,
    Sandbox,
    again,
    filing,
    opened,
    part,
    receipts,
    running,
    send,
    stopped,
    written,
)

from adapters.zendesk import Settings, Zendesk
from adapters.zendesk.account import Account
from adapters.zendesk.classify import Refusal
from bridge.errors import Paused, RetryLater, Unsure
from bridge.metering import Metering
from bridge.store import connect

LATE = NOW + HOUR


process, account, crm = zendesk_account.process, zendesk_account.account, zendesk_account.crm


def test_an_expired_token_is_renewed_once(account: Sandbox, crm: Zendesk) -> None:
    opened(crm, "a")
    account.fault("expired_token")

    receipts(send(crm, filing("b", part("m1"))))

    assert account.logins() == 2


def test_a_token_that_never_holds_pauses_the_connection(account: Sandbox, crm: Zendesk) -> None:
    account.fault("expired_token", times=2)

    outcomes, error = stopped(crm, filing("a", part("m1")))

    assert (outcomes, type(error), account.logins()) == ({}, Paused, 2)


def test_threads_share_one_login_and_nothing_else(account: Sandbox, crm: Zendesk) -> None:
    threads = [threading.Thread(target=send, args=(crm, filing(f"k{n}", part(f"m{n}", str(n))))) for n in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert account.logins() == 1
    assert sorted((t["external_id"], account.comments(i)) for i, t in enumerate(account.tickets())) == [
        (f"k{n}", [[str(n)]]) for n in range(8)
    ]


def test_a_refused_login_pauses_without_end_and_without_the_secret(account: Sandbox) -> None:
    outcomes, error = stopped(account.crm(secret="wrong-secret"), filing("a", part("m1")))

    assert outcomes == {}
    assert isinstance(error, Paused)
    assert (error.until, "invalid_client" in str(error), "wrong-secret" in str(error)) == (None, True, False)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("rate_limit", RetryLater),
        ("forbidden", Paused),
        ("server_error", RetryLater),
        ("html_error", RetryLater),
        ("maintenance", RetryLater),
        ("refused_before", RetryLater),
        ("lost_answer", RetryLater),
    ],
)
def test_a_read_that_fails_applies_nothing(
    account: Sandbox, crm: Zendesk, fault: str, kind: type[Exception]
) -> None:
    known = written(opened(crm, "a"))
    account.fault(fault, path="show_many")

    outcomes, error = stopped(crm, filing("a", part("m2"), known=known), filing("b", part("n1")))

    assert (outcomes, type(error)) == ({}, kind)
    assert account.comments() == [["the first"]]


def test_a_limit_is_waited_for_a_minute_at_most(account: Sandbox, crm: Zendesk) -> None:
    account.fault("rate_limit", seconds=999_999)

    outcomes, error = stopped(crm, filing("a", part("m1")), filing("b", part("m2")))

    assert outcomes == {}
    assert isinstance(error, RetryLater)
    assert (error.after, error.counts) == (timedelta(seconds=60), False)


def test_what_came_through_is_told_when_the_rest_does_not(account: Sandbox, crm: Zendesk) -> None:
    account.fault("rate_limit", path="tickets", after=1)
    said = [part("m1"), part("m2", person=account.user("1:a"))]

    outcomes, error = stopped(crm, filing("a", *said), filing("b", part("m3")))

    assert isinstance(error, RetryLater)
    [first] = receipts(list(outcomes.values()))
    assert (list(first.refs), list(first.failed)) == (["m1"], ["m2"])
    assert isinstance(first.failed["m2"], RetryLater)


def test_a_write_that_fails_within_zendesk_is_unsure_alone(account: Sandbox, crm: Zendesk) -> None:
    account.fault("server_error", path="tickets", seconds=7)

    outcomes, error = stopped(crm, filing("a", part("m1")), filing("b", part("m2")))

    assert error is None
    assert isinstance(outcomes[0], Unsure)
    assert outcomes[0].after == timedelta(seconds=7)
    assert list(receipts([outcomes[1]])[0].refs) == ["m2"]


def test_three_such_writes_in_a_row_stop_the_rest(account: Sandbox, crm: Zendesk) -> None:
    account.fault("html_error", path="tickets", times=9)

    outcomes, error = stopped(crm, *(filing(f"k{n}", part(f"m{n}")) for n in range(6)))

    assert [type(outcome) for outcome in outcomes.values()] == [Unsure] * 3
    assert isinstance(error, RetryLater)


def test_a_slow_write_is_unsure_and_stops_nobody_else(account: Sandbox) -> None:
    crm = account.crm(timeout=0.5)
    account.fault("slow", path="tickets", seconds=1.0)

    first, second = send(crm, filing("a", part("m1")), filing("b", part("m2")))

    assert isinstance(first, Unsure)
    assert list(receipts([second])[0].refs) == ["m2"]


def test_two_silences_in_a_row_stop_the_rest(account: Sandbox, crm: Zendesk) -> None:
    account.fault("lost_answer", path="tickets", times=9)

    outcomes, error = stopped(crm, *(filing(f"k{n}", part(f"m{n}")) for n in range(4)))

    assert [type(outcome).__mro__[1] for outcome in outcomes.values()] == [Unsure] * 2
    assert isinstance(error, RetryLater)


def test_a_write_that_stays_silent_is_asked_about_later_each_time(account: Sandbox, crm: Zendesk) -> None:
    account.fault("refused_before", path="tickets", times=2)

    [first] = send(crm, filing("a", part("m1")))
    [second] = send(crm, again("a", part("m1")), now=NOW + timedelta(seconds=20))

    assert isinstance(first, Unsure)
    assert isinstance(second, Unsure)
    assert first.after == timedelta(seconds=2)
    assert timedelta(seconds=10) <= second.after <= timedelta(seconds=20)


@pytest.mark.parametrize(("status", "after"), [(403, 300), (400, 20), (422, 20)])
def test_a_ticket_that_may_not_be_read_waits_alone(
    account: Sandbox, crm: Zendesk, status: int, after: int
) -> None:
    first, second = receipts(send(crm, filing("a", part("m1")), filing("b", part("n1"))))
    account.fault("refused", path=f"tickets/{first.known.case_id}/audits", status=status)

    unread, fine = send(
        crm,
        again("a", part("m2"), known=first.known),
        again("b", part("n2"), known=second.known),
        now=NOW + HOUR,
    )

    assert isinstance(unread, RetryLater)
    assert (unread.after.total_seconds(), unread.counts) == (after, True)
    assert list(receipts([fine])[0].refs) == ["n2"]
    assert [account.comments(n) for n in (0, 1)] == [[["hello"]], [["hello"], ["hello"]]]


def test_a_look_that_is_refused_tells_nothing(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm, "a")
    account.fault("refused", path="audits", status=403)

    with pytest.raises(RetryLater):
        crm.look([filing("a", part("m2"), known=known)])


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        ({"path": "tickets", "status": 301}, "is the subdomain right?"),
        ({"path": "tickets", "status": 404}, "is the subdomain right?"),
        ({"path": "tickets", "status": 403}, "check in Admin Center"),
        ({"path": "tickets", "status": 401, "times": 2}, "check in Admin Center"),
    ],
)
def test_what_holds_for_the_whole_account_pauses_it(
    account: Sandbox, crm: Zendesk, orders: dict[str, Any], words: str
) -> None:
    account.fault("refused", **orders)

    outcomes, error = stopped(crm, filing("a", part("m1")))

    assert (outcomes, isinstance(error, Paused), account.tickets()) == ({}, True, [])
    assert words in str(error)


def test_one_401_of_any_kind_is_met_with_a_new_login(account: Sandbox, crm: Zendesk) -> None:
    account.fault("refused", path="tickets", status=401)

    receipts(send(crm, filing("a", part("m1"))))

    assert account.logins() == 2


def test_a_ticket_that_we_may_not_change_waits_alone(account: Sandbox, crm: Zendesk) -> None:
    known = receipts(send(crm, filing("a", part("m1")), filing("b", part("n1"))))
    account.fault("forbidden", method="PUT")

    [first, second] = send(
        crm, filing("a", part("m2"), known=known[0].known), filing("b", part("n2"), known=known[1].known)
    )

    assert isinstance(first, RetryLater)
    assert (first.after, first.counts) == (timedelta(minutes=5), True)
    assert list(receipts([second])[0].refs) == ["n2"]


def test_an_agents_change_at_the_same_time_is_tried_again(account: Sandbox, crm: Zendesk) -> None:
    known = written(opened(crm, "a"))
    account.fault("conflict", method="PUT")

    [outcome] = send(crm, filing("a", part("m2"), known=known))

    assert isinstance(outcome, RetryLater)
    assert (outcome.after, outcome.counts) == (timedelta(seconds=1), True)


def test_an_account_that_is_not_there_has_got_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("gone")) as sandbox:
        crm = sandbox.crm()
        opened(crm, "a")

    outcomes, error = stopped(crm, filing("b", part("m1")), filing("c", part("m2")))

    assert outcomes == {}
    assert isinstance(error, RetryLater)


def test_workers_that_count_are_never_refused_by_a_trial_account(
    account: Sandbox, template: Path, tmp_path: Path
) -> None:
    made = [account.api("POST", "tickets", {"ticket": {"comment": {"body": "x"}}}) for _ in range(2)]
    tickets = [str(one["ticket"]["id"]) for one in made]
    account.order("switches", plan="trial", limits=True)
    store = connect(f"sqlite:///{shutil.copy(template, tmp_path)}")
    given = {"subdomain": "acme", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    settings = Settings.model_validate({**given, "url": account.url})
    workers = [Account(settings, Metering(store, "zendesk")) for _ in range(2)]
    before = account.data_calls()

    sent = sum(_is_sent(workers[n % 2], tickets[n // 2 % 2]) for n in range(40))

    assert 18 <= sent < 40
    assert account.made_since(before) == {"PUT tickets/{id}": sent}
    store.engine.dispose()


def _is_sent(worker: Account, ticket: str) -> bool:
    try:
        return not isinstance(worker.update(ticket, {"priority": "high"}), Refusal)
    except RetryLater:
        return False
