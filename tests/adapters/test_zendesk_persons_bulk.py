"""Making many users at once, against a real sandbox account: in jobs, and each of them once, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
import zendesk_account
from pydantic import SecretStr
from salesforce_org import wait_for
from zendesk_account import Sandbox, judged, person

from adapters.zendesk import Settings, Zendesk
from bridge.errors import Rejected, RetryLater
from bridge.ports import Found, Pending, PersonFound, PersonMatch

ADA = {"name": "Ada (@ada)"}
MANY = 12  #: more than are made one by one


process, crm = zendesk_account.process, zendesk_account.crm


@pytest.fixture
def account(process: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    process.reset()
    process.order("switches", bulk_users=True, job_seconds=10.0)
    with judged(monkeypatch):
        yield process


def newcomers(number: int, **more: object) -> list[PersonMatch]:
    return [person(str(n), create=ADA, new=True, **more) for n in range(number)]


def asked_again(people: Sequence[PersonMatch], found: Sequence[Found]) -> list[PersonMatch]:
    """The same persons as the bridge asks for them next time."""
    return [
        one if isinstance(answer, RetryLater) else replace(one, new=False, job=getattr(answer, "job", ""))
        for one, answer in zip(people, found, strict=True)
    ]


def ahead(account: Sandbox) -> None:
    """Let a minute pass for the account's jobs."""
    account.order("clock", offset_seconds=60)


def made(found: Sequence[Found]) -> set[str]:
    """The ids of those who were found."""
    return {one.id for one in found if isinstance(one, PersonFound)} - {""}


def external_ids(account: Sandbox) -> list[str]:
    return sorted(user["external_id"] for user in account.state()["users"])


def all_of(number: int) -> list[str]:
    return sorted(str(n) for n in range(number))


# --- a few ---


def test_a_few_new_persons_are_made_with_one_call_each(account: Sandbox, crm: Zendesk) -> None:
    found = crm.find(newcomers(5))

    assert len(made(found)) == 5
    assert account.data_calls() == {"POST users": 5}


def test_all_who_were_there_already_are_asked_for_with_one_call(account: Sandbox, crm: Zendesk) -> None:
    there = {account.user("1"), account.user("3")}
    before = account.data_calls()

    found = crm.find(newcomers(5))

    assert (len(made(found)), there < made(found)) == (5, True)
    assert account.made_since(before) == {"POST users": 5, "GET users/show_many": 1}


def test_who_may_be_there_under_another_id_is_asked_for_first(account: Sandbox, crm: Zendesk) -> None:
    ada = account.user("old-id")

    found = crm.find([person("1", rules=({"external_id": "1"}, {"external_id": "old-id"}), create=ADA, new=True)])

    assert found == [PersonFound(id=ada)]


def test_an_agent_with_that_id_is_found_as_they_are(account: Sandbox, crm: Zendesk) -> None:
    agent = account.agent("Ada", "ada@example.org")
    account.api("PUT", f"users/{agent}", {"user": {"external_id": "0"}})

    found = crm.find(newcomers(1))

    assert found == [PersonFound(id=agent)]


# --- many ---


def test_many_new_persons_are_one_job_and_asked_for_with_one_call(account: Sandbox, crm: Zendesk) -> None:
    people = newcomers(MANY)

    first = crm.find(people)
    early = crm.find(asked_again(people, first))
    ahead(account)
    before = account.data_calls()
    last = crm.find(asked_again(people, early))

    jobs = {one.job for one in first if isinstance(one, Pending)}
    assert (len(jobs), first) == (1, [Pending(job=min(jobs), after=timedelta(seconds=3 + MANY / 10))] * MANY)
    assert early == [Pending(job=min(jobs), after=timedelta(seconds=3))] * MANY
    assert before == {"POST users/create_many": 1, "GET users/show_many": 1, "GET job_statuses/show_many": 1}
    assert account.made_since(before) == {"GET users/show_many": 1}
    assert (len(made(last)), external_ids(account)) == (MANY, all_of(MANY))


@pytest.mark.parametrize(("seconds", "after"), [(0, 3), (40, 10), (3600, 60)])
def test_a_job_that_takes_long_is_asked_for_the_less_often(
    account: Sandbox, crm: Zendesk, seconds: int, after: int
) -> None:
    people = newcomers(MANY)
    [begun] = {one.job for one in crm.find(people) if isinstance(one, Pending)}
    name, _, at = begun.partition("@")

    [again, *_] = crm.find([replace(one, new=False, job=f"{name}@{int(at) - seconds}") for one in people])

    assert isinstance(again, Pending)
    assert timedelta(seconds=after) <= again.after <= timedelta(minutes=1)


def test_hundreds_are_jobs_of_a_hundred(account: Sandbox, crm: Zendesk) -> None:
    people = newcomers(250)

    found = crm.find(people)
    ahead(account)
    last = crm.find(asked_again(people, found))

    assert [len([one for one in found if one == each]) for each in dict.fromkeys(found)] == [100, 100, 50]
    assert {one.after for one in found if isinstance(one, Pending)} == {timedelta(seconds=13)}
    assert len(made(last)) == 250
    assert account.data_calls() == {"POST users/create_many": 3, "GET users/show_many": 3}


def test_those_who_are_missing_after_a_look_up_are_made_in_a_job_too(account: Sandbox, crm: Zendesk) -> None:
    ada = account.user("0")

    found = crm.find([replace(one, new=False) for one in newcomers(MANY)])

    assert found[0] == PersonFound(id=ada)
    assert {type(one) for one in found[1:]} == {Pending}


def test_one_author_whom_two_mappings_match_is_one_of_a_job(account: Sandbox, crm: Zendesk) -> None:
    people = [*newcomers(MANY), *newcomers(MANY, fetch=("name",))]

    found = crm.find(people)
    ahead(account)
    last = crm.find(asked_again(people, found))

    assert (len(set(found)), len(made(last)), external_ids(account)) == (1, MANY, all_of(MANY))


def test_who_cannot_be_made_is_refused_alone(account: Sandbox, crm: Zendesk) -> None:
    wrong = person("x", create={**ADA, "organization_id": "ACME"}, new=True)

    refused, *rest = crm.find([wrong, *newcomers(MANY)])

    assert isinstance(refused, Rejected)
    assert {type(one) for one in rest} == {Pending}


# --- accounts without ---


def test_an_account_without_bulk_import_is_tried_once_and_then_asked_one_by_one(
    account: Sandbox, crm: Zendesk
) -> None:
    account.order("switches", bulk_users=False)

    first = crm.find(newcomers(MANY))
    second = crm.find([person(f"more-{n}", create=ADA, new=True) for n in range(MANY)])

    assert (len(made(first)), len(made(second))) == (MANY, MANY)
    assert account.data_calls() == {"POST users/create_many": 1, "POST users": 2 * MANY}


def test_whoever_wants_no_bulk_import_gets_none(account: Sandbox) -> None:
    crm = Zendesk(
        Settings(
            subdomain="acme",
            client_id="sandbox-client",
            client_secret=SecretStr("sandbox-secret"),
            url=account.url,
            bulk_users="never",
        )
    )

    found = crm.find(newcomers(MANY))

    assert (len(made(found)), account.data_calls()) == (MANY, {"POST users": MANY})


# --- trouble ---


@pytest.mark.parametrize(
    ("fault", "orders", "singly"),
    [
        ("job_item_failed", {"index": 3, "items": 2}, 2),
        ("job_failed", {}, MANY),
        ("job_dropped", {}, MANY),
        ("job_lost", {}, 0),
    ],
)
def test_who_is_not_there_when_the_job_has_ended_is_made_alone(
    account: Sandbox, crm: Zendesk, fault: str, orders: dict[str, int], singly: int
) -> None:
    account.fault(fault, path="users/create_many", **orders)
    people = newcomers(MANY)
    found = crm.find(people)
    ahead(account)

    last = crm.find(asked_again(people, found))

    assert (len(made(last)), external_ids(account)) == (MANY, all_of(MANY))
    calls = account.data_calls()
    assert (calls.get("POST users", 0), calls["GET users/show_many"]) == (singly, 2 if singly else 1)


def test_a_job_that_is_forgotten_while_it_works_makes_nobody_twice(account: Sandbox, crm: Zendesk) -> None:
    account.fault("job_lost", path="users/create_many")
    people = newcomers(MANY)
    found = crm.find(people)

    last = crm.find(asked_again(people, found))
    ahead(account)
    again = crm.find([replace(one, new=False) for one in people])

    assert (len(made(last)), made(again)) == (MANY, made(last))
    assert external_ids(account) == all_of(MANY)


@pytest.mark.parametrize(
    "fault", ["lost_answer", "applied_server_error", "server_error", "refused_before", "rate_limit"]
)
def test_a_job_without_an_answer_harms_nobody(account: Sandbox, crm: Zendesk, fault: str) -> None:
    account.fault(fault, path="users/create_many", seconds=1)
    people = newcomers(MANY)

    first = crm.find(people)
    second = crm.find(asked_again(people, first))
    ahead(account)
    last = crm.find(asked_again(people, second))

    assert {type(one) for one in first} == {RetryLater}
    assert (len(made(last)), external_ids(account)) == (MANY, all_of(MANY))
    assert account.data_calls().get("POST users", 0) == 0


def test_a_job_that_comes_late_harms_nobody(account: Sandbox, crm: Zendesk) -> None:
    account.order("switches", job_seconds=0.0)
    account.fault("late_commit", path="users/create_many", seconds=0.1)
    people = newcomers(MANY)

    first = crm.find(people)
    second = crm.find(asked_again(people, first))
    wait_for(lambda: account.late() == 0)
    last = crm.find(asked_again(people, second))

    assert (len(made(last)), external_ids(account)) == (MANY, all_of(MANY))


def test_two_workers_who_meet_the_same_newcomers_make_them_once(account: Sandbox) -> None:
    people = newcomers(MANY)
    both: list[list[Found]] = [[], []]

    def work(n: int) -> None:
        both[n] = account.crm().find(people if n else people[::-1])

    threads = [Thread(target=work, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ahead(account)
    last = [account.crm().find(asked_again(people if n else people[::-1], both[n])) for n in range(2)]

    assert made(last[0]) == made(last[1])
    assert (len(made(last[0])), external_ids(account)) == (MANY, all_of(MANY))


def test_a_look_up_of_jobs_that_fails_lets_them_wait(account: Sandbox, crm: Zendesk) -> None:
    ada = account.user("ada")
    people = [*newcomers(MANY), person("ada")]
    found = crm.find(people)
    account.fault("server_error", path="job_statuses", method="GET", seconds=7)

    again = crm.find(asked_again(people, found))

    assert {type(one) for one in again[:-1]} == {RetryLater}
    assert {one.after for one in again if isinstance(one, RetryLater)} == {timedelta(seconds=7)}
    assert again[-1] == PersonFound(id=ada)


def test_while_zendesk_has_too_many_jobs_they_wait(account: Sandbox, crm: Zendesk) -> None:
    for n in range(30):
        account.api("POST", "users/create_many", {"users": [{"name": "Bob", "external_id": f"bob-{n}"}]})

    found = crm.find(newcomers(MANY))

    assert {type(one) for one in found} == {RetryLater}
