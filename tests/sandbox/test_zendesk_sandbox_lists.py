"""Lists in pages, and users: one for each external id."""

from __future__ import annotations

from typing import Any

import pytest
import zendesk_process
from zendesk_process import ZendeskProcess, details

TAKEN = {"external_id": ["External is already taken"]}


zendesk, new = zendesk_process.zendesk, zendesk_process.new


def talk(zendesk: ZendeskProcess, comments: int) -> int:
    """A ticket with so many comments, 0, 1, 2, …"""
    number = int(zendesk.ticket(comment={"body": "0"})["id"])
    for n in range(1, comments):
        zendesk.update(number, comment={"body": f"{n}"})
    return number


def texts(body: dict[str, Any]) -> list[str]:
    return [one["plain_body"] for one in body["comments"]]


# --- comments and audits


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ({}, ["0", "1", "2"]),
        ({"sort": "created_at"}, ["0", "1", "2"]),
        ({"sort": "-created_at"}, ["2", "1", "0"]),
        ({"sort_order": "desc"}, ["2", "1", "0"]),
        ({"sort_order": "asc"}, ["0", "1", "2"]),
    ],
)
def test_comments_are_listed_in_either_order(
    zendesk: ZendeskProcess, query: dict[str, str], order: list[str]
) -> None:
    number = talk(zendesk, 3)

    assert texts(zendesk.read(f"tickets/{number}/comments", **query)) == order
    assert len(zendesk.read(f"tickets/{number}/audits", **query)["audits"]) == 3


def test_a_listed_comment_is_the_event_of_its_audit(zendesk: ZendeskProcess) -> None:
    number = talk(zendesk, 1)

    (audit,) = zendesk.read(f"tickets/{number}/audits")["audits"]
    (comment,) = zendesk.read(f"tickets/{number}/comments")["comments"]

    more = {"via": audit["via"], "created_at": audit["created_at"], "metadata": audit["metadata"]}
    assert comment == audit["events"][0] | more


@pytest.mark.parametrize("sort", ["created_at", "-created_at"])
def test_a_cursor_leads_through_all_and_back(zendesk: ZendeskProcess, sort: str) -> None:
    number = talk(zendesk, 5)
    pages = [zendesk.read(f"tickets/{number}/comments", **{"sort": sort, "page[size]": 2})]

    while pages[-1]["meta"]["has_more"]:
        pages.append(zendesk.call("GET", pages[-1]["links"]["next"].removeprefix(zendesk.base)).json())
    back = zendesk.call("GET", pages[-1]["links"]["prev"].removeprefix(zendesk.base)).json()

    found = [text for page in pages for text in texts(page)]
    assert found == sorted(found, reverse=sort.startswith("-"))
    assert [len(page["comments"]) for page in pages] == [2, 2, 1]
    assert [page["links"]["prev"] is None for page in pages] == [True, False, False]
    assert pages[-1]["links"]["next"] is None
    assert texts(back) == texts(pages[1])


def test_what_comes_in_between_is_on_no_page_twice(zendesk: ZendeskProcess) -> None:
    number = talk(zendesk, 2)
    first = zendesk.read(f"tickets/{number}/comments", **{"page[size]": 1})
    zendesk.update(number, comment={"body": "2"})

    after = first["meta"]["after_cursor"]
    second = zendesk.read(f"tickets/{number}/comments", **{"page[size]": 2, "page[after]": after})

    assert texts(first) + texts(second) == ["0", "1", "2"]


def test_an_empty_page_has_no_cursors(zendesk: ZendeskProcess) -> None:
    body = zendesk.read("tickets", external_id="nobody", **{"page[size]": 2})

    assert body == {
        "tickets": [],
        "meta": {"has_more": False, "after_cursor": None, "before_cursor": None},
        "links": {"prev": None, "next": None},
    }


def test_an_offset_leads_through_all(zendesk: ZendeskProcess) -> None:
    numbers = [zendesk.ticket(external_id="x")["id"] for _ in range(3)]

    first = zendesk.read("tickets", external_id="x", per_page=2)
    second = zendesk.call("GET", first["next_page"].removeprefix(zendesk.base)).json()

    assert [one["id"] for one in first["tickets"] + second["tickets"]] == numbers
    assert (first["count"], first["previous_page"], second["next_page"]) == (3, None, None)
    assert "page=1" in second["previous_page"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"page[size]": 101}, "InvalidPaginationParameter"),
        ({"page[size]": 0}, "InvalidPaginationParameter"),
        ({"page[size]": "x"}, "InvalidPaginationParameter"),
        ({"page[after]": "x"}, "InvalidPaginationParameter"),
        ({"page[after]": "aWQ6OTk="}, "InvalidPaginationParameter"),
        ({"page": 0}, "InvalidPaginationParameter"),
        ({"page": 101}, "InvalidPaginationDepth"),
    ],
)
def test_a_wrong_page_is_refused(zendesk: ZendeskProcess, query: dict[str, Any], code: str) -> None:
    answer = zendesk.call("GET", "tickets", params=query)

    assert answer.status_code == 400
    assert [one["code"] for one in answer.json()["errors"]] == [code]


# --- tickets


def test_tickets_are_found_by_external_id_at_once_and_exactly(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket(external_id="cb:Ä 1")["id"]
    zendesk.ticket(external_id="cb:ä 1")

    assert [one["id"] for one in zendesk.read("tickets", external_id="cb:Ä 1")["tickets"]] == [number]


def test_many_tickets_are_shown_at_once(zendesk: ZendeskProcess) -> None:
    first, second = zendesk.ticket()["id"], zendesk.ticket()["id"]

    body = zendesk.read("tickets/show_many", ids=f"{second},{first},4711,x,{second}", include="metric_sets")

    assert [one["id"] for one in body["tickets"]] == [second, first]
    assert [one["ticket_id"] for one in body["metric_sets"]] == [second, first]
    assert (body["count"], body["next_page"], body["previous_page"]) == (2, None, None)


@pytest.mark.parametrize(
    "path", ["tickets/show_many?ids=", "users/show_many?ids=", "users/show_many?external_ids="]
)
def test_at_most_100_at_once(zendesk: ZendeskProcess, path: str) -> None:
    answers = [zendesk.call("GET", path + ",".join(map(str, range(most)))) for most in (100, 101)]

    refused = {
        "error": "TooManyValues",
        "description": "Parameter  cannot specify more than 100 values",
        "max_count": 100,
    }
    assert answers[0].status_code == 200
    assert (answers[1].status_code, answers[1].json()) == (400, refused)


# --- users


def test_a_user_needs_only_a_name(zendesk: ZendeskProcess) -> None:
    answer = zendesk.call("POST", "users", json={"user": {"name": "Ada"}})

    user = answer.json()["user"]
    assert (answer.status_code, answer.headers["Location"]) == (201, user["url"])
    assert (user["name"], user["email"], user["external_id"], user["role"]) == ("Ada", None, None, "end-user")
    assert zendesk.read(f"users/{user['id']}")["user"] == user
    assert zendesk.call("GET", "users/4711").json() == {"error": "RecordNotFound", "description": "Not found"}


def test_a_user_keeps_what_is_given(zendesk: ZendeskProcess) -> None:
    zendesk.command("user_fields", key="reach", title="Reach", type="integer")
    given = {
        "external_id": "fb:1",
        "email": "ada@example.org",
        "phone": "1",
        "user_fields": {"reach": "7"},
        "tags": ["a"],
    }

    user = zendesk.user(**given)

    assert {name: user[name] for name in given} == given


@pytest.mark.parametrize("user", [{}, {"name": ""}, {"name": " "}, {"name": None}])
def test_a_user_without_a_name_is_refused(zendesk: ZendeskProcess, user: Any) -> None:
    assert details(zendesk.call("POST", "users", json={"user": user})) == {"name": ["Name: cannot be blank"]}


@pytest.mark.parametrize("again", ["fb:Ä1", "FB:ä1"])
def test_an_external_id_is_had_once_whatever_its_case(zendesk: ZendeskProcess, again: str) -> None:
    zendesk.user(external_id="fb:Ä1")

    answer = zendesk.call("POST", "users", json={"user": {"name": "Eve", "external_id": again}})

    assert details(answer) == TAKEN
    assert len(zendesk.state()["users"]) == 1


def test_an_email_address_is_had_once(zendesk: ZendeskProcess) -> None:
    zendesk.user(email="ada@example.org")

    answer = zendesk.call("POST", "users", json={"user": {"name": "Eve", "email": "ADA@example.org"}})

    text = "Email: ADA@example.org is already being used by another user"
    assert answer.json()["details"] == {"email": [{"description": text, "error": "DuplicateValue"}]}


def test_users_without_external_id_are_many(zendesk: ZendeskProcess) -> None:
    assert zendesk.user()["id"] != zendesk.user()["id"]
    assert zendesk.user(external_id="")["external_id"] is None


def test_users_are_shown_by_external_ids(zendesk: ZendeskProcess) -> None:
    ada, eve = zendesk.user(external_id="fb:1"), zendesk.user(external_id="FB:2")

    by_external = zendesk.read("users/show_many", external_ids="fb:2,FB:1,fb:3")
    by_id = zendesk.read("users/show_many", ids=f"{eve['id']},{ada['id']},4711")

    assert by_external["users"] == by_id["users"] == [ada, eve]
    assert by_external["count"] == 2


def test_a_user_is_changed(zendesk: ZendeskProcess) -> None:
    ada = zendesk.user(external_id="fb:1")
    zendesk.user(external_id="fb:2")
    path = f"users/{ada['id']}"

    changed = zendesk.call("PUT", path, json={"user": {"name": "Ada B", "external_id": "FB:1", "suspended": True}})
    taken = zendesk.call("PUT", path, json={"user": {"external_id": "fb:2"}})

    assert changed.json()["user"] == ada | {"name": "Ada B", "external_id": "FB:1", "suspended": True}
    assert details(taken) == TAKEN
    assert zendesk.call("PUT", "users/4711", json={"user": {}}).status_code == 404


def test_create_or_update_finds_who_is_meant(zendesk: ZendeskProcess) -> None:
    ada = zendesk.user(external_id="fb:1", email="ada@example.org")

    answers = [
        zendesk.call("POST", "users/create_or_update", json={"user": {"name": name, **more}})
        for name, more in [
            ("Ada B", {"external_id": "FB:1"}),
            ("Ada C", {"email": "ADA@example.org"}),
            ("Eve", {"external_id": "fb:2"}),
            ("Nobody", {}),
        ]
    ]

    assert [one.status_code for one in answers] == [200, 200, 201, 201]
    assert [one.json()["user"]["id"] == ada["id"] for one in answers] == [True, True, False, False]
    assert [(one["name"], one["external_id"]) for one in zendesk.state()["users"]] == [
        ("Ada C", "FB:1"),
        ("Eve", "fb:2"),
        ("Nobody", None),
    ]


def test_unknown_keys_of_a_user_are_warned_of(zendesk: ZendeskProcess) -> None:
    answer = zendesk.call("POST", "users", json={"user": {"name": "Ada", "nick": "x", "skip_verify_email": True}})

    assert '["user.nick"]' in answer.headers["x-zendesk-api-warn"]
    assert ':controller=>"users", :action=>"create"' in answer.headers["x-zendesk-api-warn"]


@pytest.mark.parametrize("role", ["king", ""])
def test_an_unknown_role_is_refused(zendesk: ZendeskProcess, role: str) -> None:
    answer = zendesk.call("POST", "users", json={"user": {"name": "Ada", "role": role}})

    assert details(answer) == {"role": ["Role: is not a valid value"]}
