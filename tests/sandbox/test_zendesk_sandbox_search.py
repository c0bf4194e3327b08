"""The search that lags, the lists that do not, identities of users, and what comes beside what was asked for."""

from __future__ import annotations

from typing import Any

import pytest
import zendesk_process
from hypothesis import given, settings
from hypothesis import strategies as st
from zendesk_process import ZendeskProcess, details

from bridge.sandbox.zendesk import search
from bridge.sandbox.zendesk.account import BRIDGE_USER

zendesk, new = zendesk_process.zendesk, zendesk_process.new


def test_the_index_has_a_ticket_only_later_and_the_list_at_once(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket(external_id="cb:1")["id"]
    query = {"query": "type:ticket external_id:cb:1"}

    early, listed = zendesk.read("search", **query), zendesk.read("tickets", external_id="cb:1")
    zendesk.command("clock", offset_seconds=70)
    later = zendesk.read("search", **query)

    assert (early["results"], early["count"], [one["id"] for one in listed["tickets"]]) == ([], 0, [number])
    assert [(one["id"], one["result_type"]) for one in later["results"]] == [(number, "ticket")]
    assert zendesk.read("search/count", **query) == {"count": 1}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("type:ticket", ["late"]),
        ("type:user ada", ["Ada"]),
        ("ada", ["Ada"]),
        ('"is late"', ["late"]),
        ("tags:a tags:b", ["late"]),
        ("tags:a tags:c", []),
        ("status:solved", []),
        ("external_id:X:1", ["Ada"]),
        ("role:admin sandbox", ["Sandbox Agent", "Social Bridge"]),
        ("it's", []),
        ("unknown:x", []),
    ],
)
def test_a_search_has_its_words(zendesk: ZendeskProcess, query: str, found: list[str]) -> None:
    zendesk.command("switches", search_seconds=0.0)
    zendesk.user(external_id="x:1")
    zendesk.ticket(subject="late", comment={"body": "the parcel is late"}, tags=["a", "b"])

    results = zendesk.read("search", query=query)["results"]

    assert sorted(one.get("name") or one["subject"] for one in results) == found


@given(st.text(max_size=40))
@settings(max_examples=100)
def test_no_query_is_too_strange(query: str) -> None:
    assert search.found(query, [], [], "2026") == []


def test_a_search_ends_at_a_thousand_results_and_needs_words(zendesk: ZendeskProcess) -> None:
    deep = zendesk.call("GET", "search", params={"query": "type:ticket", "page": 11})
    empty = [zendesk.call("GET", path) for path in ("search", "search/count?query=", "users/search")]

    assert (deep.status_code, deep.json()["error"]) == (422, "invalid")
    assert [one.status_code for one in empty] == [422, 422, 422]


def test_users_are_found_by_their_external_id_at_once_and_by_words_later(zendesk: ZendeskProcess) -> None:
    ada = zendesk.user(external_id="x:1", email="ada@example.org")["id"]

    at_once = [zendesk.read(path, external_id="X:1")["users"] for path in ("users", "users/search")]
    early = zendesk.read("users/search", query="ada@example.org")["users"]
    zendesk.command("clock", offset_seconds=70)
    later = zendesk.read("users/search", query="ada@example.org")["users"]

    assert [[one["id"] for one in users] for users in (*at_once, early, later)] == [[ada], [ada], [], [ada]]
    assert "result_type" not in later[0]


# --- identities


def identity(zendesk: ZendeskProcess, user: int, **given: Any) -> Any:
    return zendesk.call("POST", f"users/{user}/identities", json={"identity": given})


def test_a_user_is_known_by_several_identities(zendesk: ZendeskProcess) -> None:
    ada = zendesk.user(email="ada@example.org", identities=[{"type": "facebook", "value": "77"}])["id"]

    made = identity(zendesk, ada, type="twitter", value="ada", skip_verify_email=True)

    shown = made.json()["identity"]
    assert (made.status_code, shown["user_id"], shown["value"], shown["primary"]) == (201, ada, "ada", False)
    listed = zendesk.read(f"users/{ada}/identities")["identities"]
    assert [(one["type"], one["value"]) for one in listed] == [
        ("email", "ada@example.org"), ("facebook", "77"), ("twitter", "ada"),
    ]  # fmt: skip
    assert listed[2] == shown


def test_an_identity_is_one_users_only(zendesk: ZendeskProcess) -> None:
    ada, bob = zendesk.user(email="ada@example.org")["id"], zendesk.user()["id"]
    identity(zendesk, ada, type="twitter", value="Ada")

    refused = [
        identity(zendesk, bob, type="twitter", value="ada"),
        identity(zendesk, bob, type="email", value="ADA@example.org"),
        identity(zendesk, bob, type="any_channel", value="x"),
        identity(zendesk, bob, type="twitter", value="x", verification_method="full"),
    ]

    assert [list(details(one)) for one in refused] == [["value"], ["value"], ["type"], ["type"]]
    assert zendesk.read(f"users/{bob}/identities")["identities"] == []
    assert identity(zendesk, 77, type="twitter", value="x").status_code == 404


def test_a_new_user_with_anothers_identity_is_not_made(zendesk: ZendeskProcess) -> None:
    zendesk.user(identities=[{"type": "twitter", "value": "ada"}])

    again = {"name": "Eve", "identities": [{"type": "twitter", "value": "ada"}]}
    refused = zendesk.call("POST", "users", json={"user": again})

    assert refused.status_code == 422
    assert [one["name"] for one in zendesk.state()["users"]] == ["Ada"]


# --- beside


def test_comments_come_with_their_authors_where_that_is_asked_for(zendesk: ZendeskProcess) -> None:
    ada = zendesk.user()["id"]
    number = zendesk.ticket(comment={"body": "x", "author_id": ada}, metadata={"cb_key": "k"})["id"]
    zendesk.update(number, comment={"body": "y"})

    plain = zendesk.read(f"tickets/{number}/comments")
    beside = zendesk.read(f"tickets/{number}/comments", include="users")

    assert "users" not in plain
    assert [one["id"] for one in beside["users"]] == [BRIDGE_USER, ada]
    assert [one["metadata"]["custom"] for one in beside["comments"]] == [{"cb_key": "k"}, {}]


def test_an_upload_can_be_taken_back(zendesk: ZendeskProcess) -> None:
    made = zendesk.call("POST", "uploads?filename=a.txt", data=b"x", headers={"Content-Type": "text/plain"})
    token = made.json()["upload"]["token"]

    taken = zendesk.call("DELETE", f"uploads/{token}")
    again = zendesk.call("DELETE", f"uploads/{token}")
    used = zendesk.call("POST", "tickets", json={"ticket": {"comment": {"body": "x", "uploads": [token]}}})

    assert (taken.status_code, again.status_code, used.status_code) == (204, 404, 422)
