"""Who the authors are in Zendesk, and making those who are not there, against a real sandbox account."""

from __future__ import annotations

from datetime import timedelta

import pytest
import zendesk_account
from salesforce_org import wait_for
from zendesk_account import Sandbox, filing, part, person, receipts, send

from adapters.zendesk import Zendesk
from adapters.zendesk import users as users_module
from bridge.errors import Paused, Rejected, RetryLater
from bridge.ports import PersonFound, PersonMatch

ADA = {"name": "Ada (@ada)"}


process, account, crm = zendesk_account.process, zendesk_account.account, zendesk_account.crm


def users(account: Sandbox) -> dict[str, str]:
    """external_id -> name, of the customers."""
    return {user["external_id"]: user["name"] for user in account.state()["users"] if user["external_id"]}


def test_all_persons_are_found_with_one_call(account: Sandbox, crm: Zendesk) -> None:
    ada, bob = account.user("facebook:Ada"), account.user("facebook:b", "Bob")

    found = crm.find(
        [
            person("FACEBOOK:ada", fetch=("name", "phone", "role")),
            person("nobody"),
            person("x", rules=({"external_id": "x"}, {"external_id": "facebook:b"})),
            person(""),
        ]
    )

    assert found == [
        PersonFound(id=ada, values={"name": "Ada", "role": "end-user"}),
        PersonFound(),
        PersonFound(id=bob),
        PersonFound(),
    ]
    assert account.data_calls() == {"POST users": 2, "GET users/show_many": 1}


def test_a_new_author_with_a_new_ticket_takes_three_calls(account: Sandbox, crm: Zendesk) -> None:
    [who] = crm.find([person("facebook:1", create=ADA, fetch=("name",))])
    assert isinstance(who, PersonFound)
    create = {"subject": "s", "description": "d", "requester_id": who.id}
    receipts(send(crm, filing("a", part("m1", person=who.id), create=create)))

    assert account.data_calls() == {"GET users/show_many": 1, "POST users": 1, "POST tickets": 1}
    assert users(account) == {"facebook:1": "Ada (@ada)"}
    assert who.values == {"name": "Ada (@ada)"}


def test_whoever_is_made_once_is_found_from_then_on(account: Sandbox, crm: Zendesk) -> None:
    both = [person("facebook:1", create=ADA), person("FACEBOOK:1", create=ADA)]

    first, again = crm.find(both), crm.find(both)

    assert first == again
    assert (first[0], account.data_calls()["POST users"]) == (first[1], 1)


def test_a_new_user_holds_what_the_mapping_says_and_nothing_to_fill_in(account: Sandbox, crm: Zendesk) -> None:
    create = {
        "name": "{{ticket.id}} Ada",
        "email": "ada@example.org",
        "phone": None,
        "external_id": "somebody-else",
        "user_field_followers": 9,
    }

    crm.find([person("facebook:1", create=create), person("facebook:2", create={"name": " "})])

    made = {user["external_id"]: user for user in account.state()["users"]}
    assert made["facebook:1"]["name"] == "{\u200b{ticket.id}\u200b} Ada"
    assert made["facebook:2"]["name"] == "Unknown"
    assert users(account).keys() == {"facebook:1", "facebook:2"}


def test_tags_and_ids_of_a_new_user_arrive_in_their_kinds(account: Sandbox, crm: Zendesk) -> None:
    create = {"name": "Ada", "tags": "vip, social", "organization_id": ""}

    refused, made = crm.find(
        [person("1", create={**create, "organization_id": "ACME"}), person("2", create=create)]
    )

    assert isinstance(refused, Rejected)
    assert (refused.field, "ACME" in str(refused)) == ("organization_id", False)
    assert isinstance(made, PersonFound)
    assert users_module.made(person("2", create={**create, "organization_id": "77"})) == {
        "name": "Ada",
        "tags": ["vip", "social"],
        "organization_id": 77,
        "external_id": "2",
        "role": "end-user",
        "skip_verify_email": True,
    }


def test_only_upper_and_lower_case_are_one(account: Sandbox, crm: Zendesk) -> None:
    account.user("x:strasse")

    assert crm.find([person("x:straße"), person("x:STRASSE")])[0] == PersonFound()


def test_hundreds_of_persons_take_a_call_for_each_hundred(account: Sandbox, crm: Zendesk) -> None:
    last = account.user("p249")

    found = crm.find([person(f"p{n}") for n in range(250)])

    assert found == [PersonFound()] * 249 + [PersonFound(id=last)]
    assert account.data_calls()["GET users/show_many"] == 3


def test_long_ids_are_asked_for_in_urls_that_fit(account: Sandbox, crm: Zendesk) -> None:
    last = account.user("\U0001f600" * 60 + "29")

    found = crm.find([person("\U0001f600" * 60 + str(n)) for n in range(30)])

    assert found == [PersonFound()] * 29 + [PersonFound(id=last)]
    assert account.data_calls()["GET users/show_many"] == 4


@pytest.mark.parametrize("hostile", ["a&ids=1", "a#b", "a+b c", "a/../b?x=1", "%41", "äöü\U0001f600"])
def test_a_hostile_id_finds_only_itself(account: Sandbox, crm: Zendesk, hostile: str) -> None:
    account.user("a")

    [nobody] = crm.find([person(hostile)])
    [made] = crm.find([person(hostile, create=ADA)])
    [found] = crm.find([person(hostile)])

    assert nobody == PersonFound()
    assert found == made
    assert hostile in users(account)


@pytest.mark.parametrize(
    ("match", "field", "why"),
    [
        (PersonMatch(author="x", object="Contact", rules=({"external_id": "1"},)), "", "user, not in 'Contact'"),
        (PersonMatch(author="x", object="user", rules=({"email": "a@b.example"},)), "email", "not by email"),
        (person("a,b"), "external_id", "with a comma"),
        (person("a" * 256), "external_id", "of more than 255 characters"),
    ],
)
def test_a_match_that_zendesk_cannot_be_asked_for_is_its_own_refusal(
    account: Sandbox, crm: Zendesk, match: PersonMatch, field: str, why: str
) -> None:
    ada = account.user("ada")

    refused, found = crm.find([match, person("ada")])

    assert isinstance(refused, Rejected)
    assert (refused.field, why in str(refused), "a@b" in str(refused)) == (field, True, False)
    assert found == PersonFound(id=ada)


def test_a_person_whose_record_is_refused_stops_nobody_else(account: Sandbox, crm: Zendesk) -> None:
    account.api("POST", "users", {"user": {"name": "Eve", "email": "eve@example.org"}})
    taken = {"name": "Ada", "email": "eve@example.org"}

    refused, made = crm.find([person("1", create=taken), person("2", create=ADA)])

    assert isinstance(refused, Rejected)
    assert (refused.field, "eve@" in str(refused)) == ("email", False)
    assert isinstance(made, PersonFound)
    assert made.id


def test_a_person_who_is_made_late_is_one_person(account: Sandbox, crm: Zendesk) -> None:
    account.fault("late_commit", path="users", method="POST", seconds=0.1)

    [later] = crm.find([person("1", create=ADA)])
    [now] = crm.find([person("1", create=ADA)])
    wait_for(lambda: account.late() == 0)
    [found] = crm.find([person("1", create=ADA)])

    assert isinstance(later, RetryLater)
    assert found == now
    assert users(account) == {"1": "Ada (@ada)"}


@pytest.mark.parametrize(
    "fault", ["lost_answer", "applied_server_error", "server_error", "refused_before", "rate_limit"]
)
def test_a_creation_without_an_answer_lets_those_behind_wait(account: Sandbox, crm: Zendesk, fault: str) -> None:
    ada = account.user("0")
    account.fault(fault, path="users", method="POST", after=1)
    people = [person("1", create=ADA), person("2", create=ADA), person("0"), person("3", create=ADA)]

    first, second, third, fourth = crm.find(people)
    again = crm.find(people)

    assert isinstance(first, PersonFound)
    assert isinstance(second, RetryLater)
    assert third == PersonFound(id=ada)
    assert fourth is second
    assert all(isinstance(who, PersonFound) and who.id for who in again)
    assert sorted(users(account)) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("new", [True, False])
def test_who_is_suspended_is_neither_named_nor_made_again_and_the_ticket_says_so(
    account: Sandbox, crm: Zendesk, new: bool
) -> None:
    eve = account.user("eve")
    account.api("PUT", f"users/{eve}", {"user": {"suspended": True}})

    [found] = crm.find([person("eve", create=ADA, fetch=("name",), new=new)])

    assert found == PersonFound(says=users_module.SUSPENDED)
    assert users(account) == {"eve": "Ada"}


@pytest.mark.parametrize("fault", ["server_error", "rate_limit"])
def test_a_look_up_that_fails_says_when_to_come_back(account: Sandbox, crm: Zendesk, fault: str) -> None:
    account.fault(fault, path="users", seconds=7)

    [later] = crm.find([person("1", create=ADA)])

    assert isinstance(later, RetryLater)
    assert (later.after, users(account)) == (timedelta(seconds=7), {})


def test_a_look_up_that_nobody_may_make_pauses_the_account(account: Sandbox, crm: Zendesk) -> None:
    account.fault("forbidden", path="users")

    with pytest.raises(Paused):
        crm.find([person("1", create=ADA)])

    assert users(account) == {}


def test_who_was_found_before_a_look_up_failed_is_told_all_the_same(account: Sandbox, crm: Zendesk) -> None:
    ada = account.user("p0")
    account.fault("server_error", path="users", method="GET", after=1)

    found = crm.find([person(f"p{n}") for n in range(101)])

    assert found[:100] == [PersonFound(id=ada)] + [PersonFound()] * 99
    assert isinstance(found[100], RetryLater)


def test_who_is_not_reached_in_time_is_next(account: Sandbox) -> None:
    crm = account.crm(timeout=0.4)
    account.fault("slow", path="users", method="POST", seconds=0.2, times=9)

    found = crm.find([person(str(n), create=ADA) for n in range(5)])

    made = [who for who in found if isinstance(who, PersonFound)]
    late = [who for who in found if isinstance(who, RetryLater)]
    assert 0 < len(made) < 5
    assert found == [*made, *late]
    assert {who.after for who in late} == {timedelta(0)}
