"""What later messages do to a case that is there: raise its fields, give it away, against a real sandbox org."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from salesforce_org import NOW, Sandbox, cut_off, filing, opened, part, receipts, running, send

from adapters.salesforce import Salesforce
from adapters.salesforce.changes import noted
from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.ports import Known, Raise, Receipt, Reopen
from bridge.written import digest, stands

KEY = "facebook:1:9"
PRIORITY = ("Low", "Medium", "High")


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("salesforce")) as sandbox:
        yield sandbox


@pytest.fixture
def org(process: Sandbox) -> Sandbox:
    process.order("reset")
    return process


@pytest.fixture
def crm(org: Sandbox) -> Salesforce:
    return org.crm(latest_commit=0)


def again(crm: Salesforce, known: Known, *parts: str, **more: Any) -> Receipt:
    given = [part(key) for key in parts or ("m2",)]
    [receipt] = receipts(send(crm, filing(KEY, *given, known=known, **more)))
    return receipt


def raised(value: str, order: tuple[str, ...] = PRIORITY) -> dict[str, Raise]:
    return {"Priority": Raise(value=value, order=order)}


def case(org: Sandbox) -> dict[str, Any]:
    fields: dict[str, Any] = org.cases()[0]["fields"]
    return fields


def patches(org: Sandbox) -> int:
    return org.rows_written("PATCH")


# --- raising --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "value", "then"),
    [
        ("Low", "High", "High"),
        ("Medium", "Low", "Medium"),
        ("High", "High", "High"),
        ("", "Low", "Low"),
    ],
)
def test_a_field_is_raised_and_never_lowered(
    org: Sandbox, crm: Salesforce, now: str, value: str, then: str
) -> None:
    known = opened(crm)
    org.api("PATCH", f"sobjects/Case/{known.case_id}", {"Priority": now})

    again(crm, known, raises=raised(value))

    assert (case(org)["Priority"], org.bodies()) == (then, ["hello"])
    assert patches(org) == (now != then)


def test_what_stands_outside_the_order_is_the_agents(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)

    again(crm, known, raises=raised("High", order=("Low", "High")))

    assert case(org)["Priority"] == "Medium"


def test_reopening_and_raising_are_one_write(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    org.close_case(known.case_id)
    reopen = Reopen(within=timedelta(days=14), set={"Status": "Reopened"}, grace=timedelta(0))
    late = filing(KEY, part("m2", received_at=NOW + timedelta(hours=1)), known=known, reopen=reopen)

    receipts(send(crm, replace(late, raises=raised("High"))))

    assert (case(org)["Status"], case(org)["Priority"], patches(org)) == ("Reopened", "High", 1)


def test_a_message_in_the_grace_raises_without_reopening(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    org.close_case(known.case_id)
    soon = part("m2", received_at=NOW + timedelta(seconds=30))

    receipts(send(crm, filing(KEY, soon, known=known, raises=raised("High"))))

    assert (case(org)["Status"], case(org)["Priority"]) == ("Closed", "High")


def test_our_own_replies_raise_nothing(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    echo = part("e1", opens=False)

    receipts(send(crm, filing(KEY, echo, known=known, create={}, raises=raised("High"), assign={"OwnerId": "x"})))

    assert (case(org)["Priority"], org.bodies(), patches(org)) == ("Medium", ["hello"], 0)


def test_a_new_case_is_not_raised(org: Sandbox, crm: Salesforce) -> None:
    send(
        crm, filing(KEY, part("m1"), part("m2"), raises=raised("High"), assign={"OwnerId": org.user("Anna Agent")})
    )

    assert (case(org)["Priority"], patches(org)) == ("Medium", 0)


def test_a_refused_value_loses_no_comment_and_no_reopening(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    org.close_case(known.case_id)
    reopen = Reopen(within=timedelta(days=14), set={"Status": "Reopened"}, grace=timedelta(0))
    late = part("m2", received_at=NOW + timedelta(hours=1))
    nonsense = {"Priority": Raise(value="Sky-high", order=("Medium", "Sky-high"))}

    [receipt] = receipts(
        send(
            crm, filing(KEY, late, known=known, reopen=reopen, raises=nonsense, assign={"OwnerId": known.case_id})
        )
    )

    assert (case(org)["Status"], org.bodies(), list(receipt.refs)) == ("Reopened", ["hello"], ["m2"])
    assert receipt.warnings[0].startswith("Priority, OwnerId of the case could not be changed: Salesforce refused")
    assert not stands(receipt.known.notes, "OwnerId", known.case_id)


def test_a_lock_lets_the_comment_wait(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    org.fault("row_lock", verb="PATCH")

    [outcome] = send(crm, filing(KEY, part("m2"), known=known, raises=raised("High")))

    assert isinstance(outcome, RetryLater)
    assert org.bodies() == []


def test_a_field_that_an_admin_has_deleted_costs_no_comment(org: Sandbox, crm: Salesforce) -> None:
    org.order("fields", object="Case", name="Heat__c", type="string", length=20)
    known = opened(crm)
    hot = {"Heat__c": Raise(value="hot", order=("cold", "hot")), **raised("High")}
    org.order("rights", object="Case", field="Heat__c", access="deleted")

    with pytest.raises(Paused):  # what the org had said of its fields no longer holds
        list(crm.file([filing(KEY, part("m2"), known=known, raises=hot)], now=NOW))
    receipt = again(crm, known, raises=hot)

    assert (org.bodies(), list(receipt.refs)) == (["hello"], ["m2"])
    assert "No such column 'Heat__c'" in receipt.warnings[0]


# --- reassigning ----------------------------------------------------------------------------------------------


def test_a_new_answer_gives_the_case_away_and_is_remembered(org: Sandbox, crm: Salesforce) -> None:
    anna = org.user("Anna Agent")

    receipt = again(crm, opened(crm), assign={"OwnerId": anna})

    assert (case(org)["OwnerId"], receipt.known.notes["w:OwnerId"]) == (anna, digest(anna))


def test_what_an_agent_chose_stands_as_long_as_the_answer_does(org: Sandbox, crm: Salesforce) -> None:
    anna, otto = org.user("Anna Agent"), org.user("Otto Agent")
    first = again(crm, opened(crm), "m2", assign={"OwnerId": anna})
    org.as_agent("Case", first.known.case_id, OwnerId=otto)

    same = again(crm, first.known, "m3", assign={"OwnerId": anna})
    kept = case(org)["OwnerId"]
    again(crm, same.known, "m4", assign={"OwnerId": org.user("Integration User")})

    assert kept == otto
    assert case(org)["OwnerId"] == org.user("Integration User")


def test_the_owner_that_the_case_was_made_with_is_known(org: Sandbox, crm: Salesforce) -> None:
    anna, otto = org.user("Anna Agent"), org.user("Otto Agent")
    create = {"Subject": "s", "Description": "hello", "OwnerId": anna}
    [first] = receipts(send(crm, filing(KEY, part("m1"), create=create)))
    org.as_agent("Case", first.known.case_id, OwnerId=otto)

    again(crm, first.known, assign={"OwnerId": anna})

    assert case(org)["OwnerId"] == otto


def test_an_owner_who_has_it_already_is_only_remembered(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    mine = case(org)["OwnerId"]

    long = again(crm, known, "m2", assign={"OwnerId": mine})
    short = again(crm, known, "m3", assign={"OwnerId": mine[:15]})

    assert patches(org) == 0
    assert stands(long.known.notes, "OwnerId", mine)
    assert stands(short.known.notes, "OwnerId", mine[:15])


def test_a_lost_answer_gives_nothing_away_twice(org: Sandbox, crm: Salesforce) -> None:
    anna, otto = org.user("Anna Agent"), org.user("Otto Agent")
    given = filing(KEY, part("m2"), known=opened(crm), assign={"OwnerId": anna}, raises=raised("High"))
    org.fault("lost_answer", sobject="CaseComment")
    lost = cut_off(crm, given)
    org.as_agent("Case", given.known.case_id, OwnerId=otto, Priority="Low")

    [receipt] = receipts(send(crm, replace(given, unsure_since=NOW, unsure_last=NOW)))

    assert isinstance(lost, Unsure)
    assert (case(org)["OwnerId"], case(org)["Priority"], org.bodies()) == (otto, "Low", ["hello"])
    assert stands(receipt.known.notes, "OwnerId", anna)


def test_a_lost_answer_to_the_change_itself_is_harmless(org: Sandbox, crm: Salesforce) -> None:
    anna = org.user("Anna Agent")
    given = filing(KEY, part("m2"), known=opened(crm), assign={"OwnerId": anna}, raises=raised("High"))
    org.fault("lost_answer", verb="PATCH")
    cut_off(crm, given)

    [receipt] = receipts(send(crm, replace(given, unsure_since=NOW, unsure_last=NOW)))

    assert (case(org)["OwnerId"], case(org)["Priority"], org.bodies(), patches(org)) == (
        anna,
        "High",
        ["hello"],
        1,
    )
    assert stands(receipt.known.notes, "OwnerId", anna)


def test_a_name_that_is_none_never_reaches_the_org(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)

    [refused] = send(crm, filing(KEY, part("m2"), known=known, assign={"OwnerId FROM User": "x"}))

    assert isinstance(refused, Rejected)
    assert refused.field == "OwnerId FROM User"


@given(
    st.dictionaries(st.text("abcXYZ_", min_size=1, max_size=40), st.text(max_size=5), max_size=40),
    st.dictionaries(st.text("abcXYZ_", min_size=1, max_size=40), st.text(max_size=5), min_size=1, max_size=3),
)
def test_notes_keep_the_latest_within_their_room(before: dict[str, str], values: dict[str, str]) -> None:
    notes = noted({f"w:{name}": digest(value) for name, value in before.items()}, values)

    assert len(json.dumps(notes)) <= 1_000
    assert all(stands(notes, name, value) for name, value in values.items())
