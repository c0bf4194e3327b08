"""Which comments are answers, and what tickets are told of them: whatever Zendesk shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.zendesk import answered, delivered, text
from adapters.zendesk.answered import Who
from bridge.ports import Delivery

US, ANNA, ADA = "9", "7", "8"
WHO = {US: Who(staff=True, name="Bridge"), ANNA: Who(staff=True, name="Anna"), ADA: Who(staff=False, name="Ada")}
VIA = {"channel": "web", "source": {"from": {"ticket_ids": [1]}, "to": {}, "rel": "merge"}}


def comment(**more: Any) -> dict[str, Any]:
    row = {"id": 31, "author_id": 7, "body": "Hi", "public": True, "created_at": "2026-11-21T20:00:00Z"}
    return row | more


def texts(rows: object, *, asked: str = ADA) -> list[str]:
    found = answered.of_ticket(rows, "5")
    return [one.text for one in answered.answers(found, us=US, who=WHO, asked={"5": asked})]


def test_a_public_comment_of_an_agent_is_an_answer() -> None:
    assert texts([comment(), comment(body=" So long \n")]) == ["Hi", "So long"]


@pytest.mark.parametrize(
    "row",
    [
        comment(public=False),
        comment(public="true"),
        comment(author_id=9),
        comment(author_id=8),
        comment(author_id=-1),
        comment(id=None),
        comment(metadata={"custom": {"casebridge": "0123456789"}}),
        comment(metadata={"custom": {"casebridge_reply": "31:sent"}}),
        comment(via=VIA),
    ],
)
def test_other_comments_are_none(row: dict[str, Any]) -> None:
    assert texts([row]) == []


def test_the_customer_does_not_answer_themselves() -> None:
    assert texts([comment()], asked=ANNA) == []


@pytest.mark.parametrize(("updater", "found"), [(7, ["Hi"]), (9, [])])
def test_an_exported_comment_is_ours_if_we_wrote_it_whoever_is_its_author(updater: int, found: list[str]) -> None:
    child = comment(event_type="Comment")
    event = {"ticket_id": 5, "updater_id": updater, "child_events": [{"event_type": "Change"}, child, None]}

    assert [one.text for one in answered.of_export([event], US)] == found


NAMES = st.sampled_from(["id", "ticket_id", "updater_id", "child_events", "event_type", "body", "via", "metadata"])
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)


@given(ODD)
@settings(max_examples=100)
def test_whatever_zendesk_shows_is_read_without_an_error(shown: object) -> None:
    rows = [shown]

    assert [one.id for one in answered.of_ticket(rows, "5")] == [one.id for one in answered.of_ticket(rows, "5")]
    answered.of_export(rows, US)
    answered.people(rows)
    answered.requesters(rows)
    delivered.marks(rows)
    delivered.field_in(rows)


DELIVERIES = st.builds(
    Delivery,
    reply=st.integers(1, 10**15).map(str),
    case_id=st.just("5"),
    state=st.sampled_from(["sent", "failed", "unsure"]),
    says=st.text(max_size=40),
    url=st.text(max_size=20) | st.just('https://wall.example/"><script>'),
)


@given(st.lists(DELIVERIES, min_size=1, max_size=4))
@settings(max_examples=100)
def test_news_is_harmless_html_and_found_again(told: Sequence[Delivery]) -> None:
    change = delivered.update({"id": 5, "status": "solved", "updated_at": "x"}, told, "12")

    note = change["comment"]["html_body"]
    assert "<script" not in note
    assert "{{" not in note
    assert note.count("<p>") == note.count("</p>") == len(told)
    assert delivered.marks([{"metadata": {"custom": change["metadata"]}}]) == {delivered.mark(one) for one in told}
    assert ("status" in change) == any(one.state != "sent" for one in told)
    assert change["custom_fields"] == [{"id": 12, "value": delivered.VALUES[told[-1].state]}]


def test_news_is_not_taken_for_a_text_that_was_filed() -> None:
    change = delivered.note([Delivery(reply="1234567890123", case_id="5", state="sent")])

    assert text.marks_in(change["metadata"].get("casebridge")) == []


@pytest.mark.parametrize(
    ("field", "found"),
    [
        (None, ""),
        ({"id": 3, "active": False, "custom_field_options": []}, ""),
        (
            {"id": 3, "active": True, "custom_field_options": [{"value": v} for v in delivered.VALUES.values()]},
            "3",
        ),
        (
            {"id": 3, "active": False, "custom_field_options": [{"value": v} for v in delivered.VALUES.values()]},
            "",
        ),
        ({"id": 3, "active": True, "custom_field_options": [{"value": "casebridge_sent"}]}, ""),
    ],
)
def test_only_a_whole_field_is_written(field: dict[str, Any] | None, found: str) -> None:
    assert delivered.usable(field) == found
