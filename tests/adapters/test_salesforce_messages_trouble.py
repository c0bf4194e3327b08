"""What becomes of the plugin's messages where the org refuses, answers late or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
from plugin_org import LATER, REOPEN, places, post, rows
from salesforce_org import NOW, Sandbox, cut_off, filing, opened, receipts, running, send, wait_for

from adapters.salesforce import Salesforce
from bridge.errors import Paused, RetryLater, Unsure
from bridge.ports import Known, Receipt


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("plugin"), "--plugin") as sandbox:
        yield sandbox


@pytest.fixture
def org(process: Sandbox) -> Sandbox:
    process.order("reset")
    return process


@pytest.fixture
def crm(org: Sandbox) -> Salesforce:
    """A connection that knows the org's objects already: describing them costs one call an hour."""
    crm = org.crm(latest_commit=600)
    crm._describing.of(["Case", "Social_Message__c"])
    return crm


# --- refusals and lost answers --------------------------------------------------------------------------------


def test_a_refused_field_does_not_cost_the_messages(org: Sandbox, crm: Salesforce) -> None:
    create = {"Subject": "s", "Description": "one", "Origin": "Pigeon"}

    [receipt] = receipts(send(crm, filing("k", post("m1", "one"), post("m2", "two"), create=create)))

    [case] = org.cases()
    why = "Salesforce refused Origin with INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert case["fields"]["Description"] == f"one\n\nCasebridge could not file this as the mapping says: {why}"
    assert receipt.warnings == (f"Casebridge could not file this as the mapping says: {why}",)
    assert places(org) == {"m1": ("one", case["Id"]), "m2": ("two", case["Id"])}


def test_a_locked_message_waits_and_its_neighbours_do_not(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    org.fault("row_lock", sobject="Social_Message__c", row=1)
    both = filing("facebook:1:9", post("m2"), post("m3"), known=replace(known, status="open"))

    [receipt] = receipts(send(crm, both))

    assert receipt.failed == {}  # it was sent ahead, and once more
    assert set(rows(org)) == {"facebook:1:9:first", "m2", "m3"}


@pytest.mark.parametrize("known", [False, True])
def test_a_lost_answer_is_made_good_at_once_and_nothing_is_doubled(
    org: Sandbox, crm: Salesforce, known: bool
) -> None:
    case = opened(crm) if known else Known()
    before = len(org.cases())
    both = filing("facebook:1:9", post("m2", "two"), post("m3", "three"), known=case)
    org.fault("lost_answer", sobject="Social_Message__c")

    lost = cut_off(crm, both)
    [receipt] = receipts(send(crm, replace(both, unsure_since=NOW, unsure_last=NOW), now=NOW))

    assert isinstance(lost, Unsure)
    assert len(org.cases()) == max(before, 1)
    assert {key: body for key, (body, _) in places(org).items() if key in ("m2", "m3")} == {
        "m2": "two",
        "m3": "three",
    }
    assert receipt.failed == {}
    assert set(receipt.refs) == {"m2", "m3"}


def test_what_commits_late_is_not_doubled(org: Sandbox, crm: Salesforce) -> None:
    both = filing("k", post("m1", "one"), post("m2", "two"))
    org.fault("late_commit", sobject="Social_Message__c", seconds=0.3)

    cut_off(crm, both)
    [receipt] = receipts(send(crm, replace(both, unsure_since=NOW, unsure_last=NOW)))
    wait_for(lambda: not requests.get(f"{org.url}/sandbox/faults", timeout=10).json()["late"])

    assert receipt.failed == {}
    assert (len(org.cases()), set(rows(org))) == (1, {"m1", "m2"})


def test_a_message_that_is_in_before_its_case_could_be_reopened_is_found_again(
    org: Sandbox, crm: Salesforce
) -> None:
    known = opened(crm)
    org.close_case(known.case_id)
    again = filing("facebook:1:9", post("m2", "again", received_at=LATER), known=known, reopen=REOPEN)
    org.fault("row_lock", sobject="Case", verb="PATCH")

    [first] = send(crm, again, now=LATER)
    [second] = receipts(send(crm, replace(again, unsure_since=LATER, unsure_last=LATER), now=LATER))

    assert isinstance(first, Unsure)
    assert second == Receipt(
        known=replace(known, status="open"),
        link=second.link,
        refs={"m2": rows(org)["m2"]["Id"]},
    )
    assert org.cases()[0]["fields"]["Status"] == "Reopened"


def test_an_attempt_that_met_a_closed_case_and_died_is_taken_up_again(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    org.close_case(known.case_id)
    again = filing("facebook:1:9", post("m2", "again", received_at=LATER), known=known, reopen=REOPEN)
    org.fault("lost_answer", sobject="Social_Message__c")
    # the closing is older than the message, on the org's clock too
    org.order("clock", offset_seconds=5)

    cut_off(crm, again, now=LATER)
    receipts(send(crm, replace(again, unsure_since=LATER, unsure_last=LATER), now=LATER))
    org.order("clock", offset_seconds=0)

    assert org.cases()[0]["fields"]["Status"] == "Reopened"


def test_what_an_agent_saw_before_closing_does_not_reopen(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    lost = filing("facebook:1:9", post("m2", received_at=LATER), known=known, reopen=REOPEN)
    org.fault("lost_answer", sobject="Social_Message__c")

    cut_off(crm, lost, now=LATER)
    org.order("clock", offset_seconds=5)
    org.close_case(known.case_id)
    [receipt] = receipts(send(crm, replace(lost, unsure_since=LATER, unsure_last=LATER), now=LATER))
    org.order("clock", offset_seconds=0)

    assert org.cases()[0]["fields"]["Status"] == "Closed"
    assert receipt.refs == {"m2": rows(org)["m2"]["Id"]}


def test_a_case_in_which_the_first_message_is_locked_is_known_again_as_its_own(
    org: Sandbox, crm: Salesforce
) -> None:
    one = filing("k", post("m1", "one"))
    org.fault("row_lock", sobject="Social_Message__c")

    [first] = send(crm, one)
    [second] = receipts(send(crm, replace(one, unsure_since=NOW, unsure_last=NOW)))

    [case] = org.cases()
    assert isinstance(first, Unsure)
    assert second.refs == {"m1": f"{case['Id']},{rows(org)['m1']['Id']}"}
    assert "w:Description" in second.known.notes  # so that its deletion blanks the case, too


def test_the_next_case_that_a_lost_attempt_opened_is_known_again_though_it_was_closed(
    org: Sandbox, crm: Salesforce
) -> None:
    known = opened(crm)
    org.order("clock", offset_seconds=-3600)
    org.close_case(known.case_id)
    org.order("clock", offset_seconds=0)
    more = filing("facebook:1:9", post("m2"), known=replace(known, status="closed"))
    org.fault("lost_answer", sobject="Social_Message__c")

    cut_off(crm, more)
    org.order("clock", offset_seconds=5)
    org.close_case(org.cases()[1]["Id"])
    [receipt] = receipts(send(crm, replace(more, unsure_since=NOW, unsure_last=NOW)))
    org.order("clock", offset_seconds=0)

    new = org.cases()[1]["Id"]
    assert (receipt.known.case_id, receipt.known.episode) == (new, 2)
    assert receipt.refs == {"m2": f"{new},{rows(org)['m2']['Id']}"}


def test_a_case_of_a_lost_attempt_that_was_merged_meanwhile_is_followed(org: Sandbox, crm: Salesforce) -> None:
    kept = opened(crm, "k2")
    both = filing("k", post("m1", "one"), post("m2", "two"))
    org.fault("lost_answer", sobject="Social_Message__c")

    cut_off(crm, both)
    org.order("merge", master=kept.case_id, losers=[org.cases()[1]["Id"]])
    [receipt] = receipts(send(crm, replace(both, unsure_since=NOW, unsure_last=NOW)))

    assert receipt.known.case_id == kept.case_id
    assert len(org.cases()) == 2
    assert {key: home for key, (_, home) in places(org).items() if key in ("m1", "m2")} == {
        "m1": kept.case_id,
        "m2": kept.case_id,
    }


def test_a_case_of_a_lost_attempt_is_not_told_of_before_it_was_read(org: Sandbox, crm: Salesforce) -> None:
    one = filing("k", post("m1", "one"))
    again = replace(one, unsure_since=NOW, unsure_last=NOW)
    org.fault("lost_answer", sobject="Social_Message__c")
    cut_off(crm, one)
    org.fault("refused_before", path="composite", after=1)

    told = []
    with pytest.raises(RetryLater):
        told += [pair for step in crm.file([again], now=NOW) for pair in step]
    [receipt] = receipts(send(crm, again))

    assert told == []
    assert "w:Description" in receipt.known.notes


# --- what the org is no longer, and what only looks like an order ----------------------------------------------


def test_a_field_that_is_deleted_meanwhile_costs_one_more_attempt(org: Sandbox, crm: Salesforce) -> None:
    org.order("rights", object="Social_Message__c", field="Author_Followers__c", access="hidden")
    both = filing("k", post("m1", "one"), post("m2", "two"))

    [first] = receipts(send(crm, both))
    [second] = receipts(send(crm, replace(both, unsure_since=NOW, unsure_last=NOW)))

    assert {key: type(trouble) for key, trouble in first.failed.items()} == {"m1": Unsure, "m2": RetryLater}
    assert (first.known, second.known.case_id) == (both.known, org.cases()[0]["Id"])
    assert second.failed == {}
    assert {key: body for key, (body, _) in places(org).items()} == {"m1": "one", "m2": "two"}


@pytest.mark.parametrize("known", [False, True])
def test_a_text_that_looks_like_a_reference_arrives_as_it_is(org: Sandbox, crm: Salesforce, known: bool) -> None:
    case = opened(crm) if known else Known()
    evil = "@{step0.id} @{step1[0].id} @{nobody}"

    outcomes = receipts(
        send(
            crm,
            filing("facebook:1:9", post("m1", evil), post("m2", "fine"), known=case),
            filing("k2", post("n1", "fine too")),
        )
    )

    there = {key: body for key, (body, _) in places(org).items()}
    assert [outcome.failed for outcome in outcomes] == [{}, {}]
    assert (there["m1"], there["m2"], there["n1"]) == (evil, "fine", "fine too")
    assert len(org.cases()) == 2


def test_without_the_plugin_nothing_is_filed_where_it_is_demanded(org: Sandbox) -> None:
    org.order("rights", object="Social_Message__c", field="Body__c", access="hidden")
    crm = org.crm(messages="plugin")

    with pytest.raises(Paused, match="messages: plugin is set, but Body__c is missing"):
        send(crm, filing("k", post("m1")))


def test_a_case_that_may_not_be_reopened_is_followed_by_another_that_says_why(
    org: Sandbox, crm: Salesforce
) -> None:
    known = opened(crm)
    org.close_case(known.case_id)
    refused = replace(REOPEN, set={"Origin": "Pigeon"})
    again = filing("facebook:1:9", post("m2", "again", received_at=LATER), known=known, reopen=refused)

    [receipt] = receipts(send(crm, again, now=LATER))

    new = org.cases()[-1]
    assert (receipt.known.case_id, receipt.known.episode, receipt.failed) == (new["Id"], 2, {})
    assert places(org)["m2"] == ("again", new["Id"])
    why = "the case before could not be reopened: Salesforce refused Origin with"
    assert why in new["fields"]["Description"]
    assert [why in warning for warning in receipt.warnings] == [True]
