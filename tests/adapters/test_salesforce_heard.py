"""Cases as the bridge heard of them last: open ones cost one call; word that comes late loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from salesforce_org import NOW, Sandbox, cut_off, filing, opened, part, receipts, running, send

from adapters.salesforce import Salesforce
from bridge.errors import Paused, RetryLater, Unsure
from bridge.ports import Filing, Known, Outcome, Raise, Receipt, Reopen

KEY = "facebook:1:9"
LONG_AGO = 60 * 86400  #: seconds
REOPEN = Reopen(within=timedelta(days=14), set={"Status": "Reopened"})
RAISES = {"Priority": Raise(value="High", order=("Low", "Medium", "High"))}


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


def heard(crm: Salesforce) -> Known:
    """A case that the org has called open."""
    return replace(opened(crm, KEY), status="open")


def overtaken(org: Sandbox, crm: Salesforce, ago: int = 3600) -> Known:
    """A case that was closed `ago` seconds ago, of which word has not come yet."""
    org.order("clock", offset_seconds=-ago)
    known = heard(crm)
    org.close_case(known.case_id)
    org.order("clock", offset_seconds=0)
    return known


def later(known: Known, *keys: str, **more: Any) -> Filing:
    parts = [part(key, key, received_at=datetime.now(UTC)) for key in keys or ("m2",)]
    return filing(KEY, *parts, **{"known": known, "reopen": REOPEN, **more})


def lost(given: Filing) -> Filing:
    return replace(given, unsure_since=NOW, unsure_last=NOW)


def stopped(crm: Salesforce, given: Filing) -> tuple[list[Outcome], Exception | None]:
    """What was told before everything stopped, and what by."""
    told: list[Outcome] = []
    try:
        for step in crm.file([given], now=NOW):
            told += [outcome for _, outcome in step]
    except (RetryLater, Paused) as error:
        return told, error
    return told, None


def status(org: Sandbox, case: int = 0) -> str:
    return str(org.cases()[case]["fields"]["Status"])


def calls(org: Sandbox) -> int:
    return sum(org.data_calls().values())


# --- open, as was heard ---------------------------------------------------------------------------------------


def test_a_raise_is_written_before_the_comment_though_that_costs_a_call(org: Sandbox, crm: Salesforce) -> None:
    known = heard(crm)
    before = calls(org)

    [receipt] = receipts(send(crm, later(known, raises=RAISES)))

    assert calls(org) - before == 3
    assert (org.bodies(), org.cases()[0]["fields"]["Priority"]) == (["m2"], "High")
    assert receipt.known == known


@pytest.mark.parametrize("name", ["lost_answer", "refused_before"])
def test_a_lost_answer_doubles_no_comment_and_loses_no_raise(org: Sandbox, crm: Salesforce, name: str) -> None:
    given = later(heard(crm), "m2", "m3", raises=RAISES)
    org.fault(name, sobject="CaseComment")

    outcome = cut_off(crm, given)
    receipts(send(crm, lost(given)))

    assert isinstance(outcome, Unsure)
    assert (org.bodies(), org.cases()[0]["fields"]["Priority"]) == (["m2", "m3"], "High")


def test_a_locked_comment_is_sent_once_more_with_the_state_known(org: Sandbox, crm: Salesforce) -> None:
    known = heard(crm)
    org.fault("row_lock", sobject="CaseComment")

    [receipt] = receipts(send(crm, later(known, "m2", "m3")))

    assert (receipt.failed, sorted(receipt.refs)) == ({}, ["m2", "m3"])
    assert sorted(org.bodies()) == ["m2", "m3"]


def test_a_long_text_of_which_a_piece_was_locked_is_completed(org: Sandbox, crm: Salesforce) -> None:
    known = heard(crm)
    org.fault("row_lock", sobject="CaseComment", row=1)

    [receipt] = receipts(send(crm, filing(KEY, part("m2", "x" * 9000), known=known)))

    assert len(receipt.refs["m2"].split(",")) == 3
    assert sorted(body[:5] for body in org.bodies()) == ["(1/3)", "(2/3)", "(3/3)"]


@pytest.mark.parametrize("name", ["daily_limit", "concurrent_limit", "server_error", "refused_before"])
def test_a_call_that_fails_before_anything_went_in_tells_nothing_but_what_may_be(
    org: Sandbox, crm: Salesforce, name: str
) -> None:
    given = later(heard(crm))
    org.fault(name, sobject="CaseComment")

    told, error = stopped(crm, given)

    clear = name in ("daily_limit", "concurrent_limit")
    assert [type(outcome) for outcome in told] == ([] if clear else [Unsure])
    assert isinstance(error, Paused if name == "daily_limit" else RetryLater)


# --- word that comes late -------------------------------------------------------------------------------------


def test_a_comment_that_met_a_closed_case_reopens_it(org: Sandbox, crm: Salesforce) -> None:
    known = overtaken(org, crm)

    [receipt] = receipts(send(crm, later(known)))

    assert (receipt.known, status(org), org.bodies()) == (known, "Reopened", ["m2"])


def test_a_comment_that_met_a_case_closed_for_long_opens_the_next(org: Sandbox, crm: Salesforce) -> None:
    known = overtaken(org, crm, LONG_AGO)

    [receipt] = receipts(send(crm, later(known, "m2", "m3")))

    old, new = org.cases()
    assert (receipt.known.case_id, receipt.known.episode, status(org)) == (new["Id"], 2, "Closed")
    assert (new["fields"]["Description"], org.bodies(1)) == ("m2", ["m3"])
    assert receipt.refs == {"m2": new["Id"], "m3": new["comments"][0]["Id"]}
    assert old["Id"] == known.case_id


@pytest.mark.parametrize(
    "name", ["row_lock", "daily_limit", "concurrent_limit", "server_error", "lost_answer", "refused_before"]
)
def test_a_case_that_could_not_be_reopened_is_reopened_by_the_next_attempt(
    org: Sandbox, crm: Salesforce, name: str
) -> None:
    given = later(overtaken(org, crm), "m2", "m3")
    org.fault(name, sobject="Case", verb="PATCH")

    told, _ = stopped(crm, given)
    [receipt] = receipts(send(crm, lost(given)))

    assert [type(outcome) for outcome in told] == [Unsure]
    assert (status(org), org.bodies(), sorted(receipt.refs)) == ("Reopened", ["m2", "m3"], ["m2", "m3"])
    assert receipt.failed == {}


def test_a_case_that_the_org_will_not_reopen_is_followed_by_another(org: Sandbox, crm: Salesforce) -> None:
    known = overtaken(org, crm)
    org.order("rules", rules=[{"kind": "validation", "object": "Case", "when": {"Status": "Reopened"}}])

    [receipt] = receipts(send(crm, later(known, "m2", "m3")))

    new = org.cases()[-1]
    assert (receipt.known.case_id, receipt.known.episode, sorted(receipt.refs)) == (new["Id"], 2, ["m2", "m3"])
    assert "the case before could not be reopened: " in new["fields"]["Description"]
    # Comments cannot be moved: those that went ahead stand in the old case too.
    assert (org.bodies(0), org.bodies(1)) == (["m2", "m3"], ["m3"])


def test_a_case_of_which_a_part_could_not_be_reopened_is_open_as_far_as_anybody_knows(
    org: Sandbox, crm: Salesforce
) -> None:
    known = overtaken(org, crm, 20)
    now = datetime.now(UTC)
    parts = [part("m2", "thanks", received_at=now), part("m3", "but", received_at=now + timedelta(minutes=5))]
    org.fault("row_lock", sobject="Case", verb="PATCH")

    [receipt] = receipts(send(crm, filing(KEY, *parts, known=known, reopen=REOPEN)))

    assert (list(receipt.refs), list(receipt.failed)) == (["m2"], ["m3"])
    assert isinstance(receipt.failed["m3"], Unsure)
    assert (receipt.known.status, status(org), org.bodies()) == ("", "Closed", ["thanks", "but"])


def test_a_comment_that_met_a_closed_case_and_whose_answer_was_lost_reopens_it(
    org: Sandbox, crm: Salesforce
) -> None:
    given = later(overtaken(org, crm))
    org.fault("lost_answer", sobject="CaseComment")

    cut_off(crm, given)
    [receipt] = receipts(send(crm, lost(given)))

    assert (status(org), org.bodies(), list(receipt.refs)) == ("Reopened", ["m2"], ["m2"])


def test_what_an_agent_saw_before_closing_does_not_reopen(org: Sandbox, crm: Salesforce) -> None:
    given = later(heard(crm))
    org.fault("lost_answer", sobject="CaseComment")

    cut_off(crm, given)
    org.order("clock", offset_seconds=5)
    org.close_case(given.known.case_id)
    [receipt] = receipts(send(crm, lost(given)))

    assert (status(org), org.bodies(), list(receipt.refs)) == ("Closed", ["m2"], ["m2"])


def test_thanks_that_met_a_closed_case_stay_there_after_a_lost_answer(org: Sandbox, crm: Salesforce) -> None:
    soon = later(overtaken(org, crm, 20))
    org.fault("lost_answer", sobject="CaseComment")

    cut_off(crm, soon)
    [receipt] = receipts(send(crm, lost(soon)))

    assert (status(org), org.bodies(), len(org.cases())) == ("Closed", ["m2"], 1)
    assert receipt == Receipt(
        known=replace(soon.known, status="closed"),
        link=receipt.link,
        refs={"m2": org.cases()[0]["comments"][0]["Id"]},
    )


# --- merged and deleted ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("heard_of", ["", "open", "closed"])
def test_the_comments_of_a_merged_case_go_to_the_one_that_was_kept(
    org: Sandbox, crm: Salesforce, heard_of: Any
) -> None:
    known, kept = opened(crm, KEY), opened(crm, "k2")
    org.order("merge", master=kept.case_id, losers=[known.case_id])

    [receipt] = receipts(send(crm, later(replace(known, status=heard_of))))
    [again] = receipts(send(crm, later(receipt.known, "m3")))

    assert (receipt.known.case_id, receipt.known.episode, receipt.known.status) == (kept.case_id, 1, "open")
    assert again.known == receipt.known
    assert [comment["body"].split("\n")[0] for comment in org.cases()[1]["comments"]] == ["m2", "m3"]


def test_a_case_that_was_merged_twice_is_followed_to_the_end(org: Sandbox, crm: Salesforce) -> None:
    first, second, third = (opened(crm, key) for key in (KEY, "k2", "k3"))
    org.order("merge", master=second.case_id, losers=[first.case_id])
    org.order("merge", master=third.case_id, losers=[second.case_id])

    [receipt] = receipts(send(crm, later(first)))

    assert receipt.known.case_id == third.case_id
    assert org.bodies(2) == ["m2"]


def test_the_merged_case_is_closed_and_so_is_followed_by_the_next(org: Sandbox, crm: Salesforce) -> None:
    org.order("clock", offset_seconds=-LONG_AGO)
    known, kept = opened(crm, KEY), opened(crm, "k2")
    org.order("merge", master=kept.case_id, losers=[known.case_id])
    org.close_case(kept.case_id)
    org.order("clock", offset_seconds=0)

    [receipt] = receipts(send(crm, later(known)))

    case = org.cases()[-1]
    assert (receipt.known.case_id, receipt.known.episode, case["key"]) == (case["Id"], 2, f"{KEY}~2")


@pytest.mark.parametrize("heard_of", ["open", "closed"])
def test_a_deleted_case_is_followed_by_a_new_one_whatever_was_heard(
    org: Sandbox, crm: Salesforce, heard_of: Any
) -> None:
    known = replace(opened(crm, KEY), status=heard_of)
    org.api("DELETE", f"sobjects/Case/{known.case_id}", {})

    [receipt] = receipts(send(crm, later(known)))

    assert (receipt.known.episode, receipt.known.status) == (2, "open")
    assert [(case["key"], case["deleted"]) for case in org.cases()] == [(KEY, True), (f"{KEY}~2", False)]


def test_a_comment_whose_case_was_merged_after_a_lost_answer_is_found_there(org: Sandbox, crm: Salesforce) -> None:
    known, kept = heard(crm), opened(crm, "k2")
    given = later(known)
    org.fault("lost_answer", sobject="CaseComment")

    cut_off(crm, given)
    org.order("merge", master=kept.case_id, losers=[known.case_id])
    [receipt] = receipts(send(crm, lost(given)))

    moved = [comment["body"].split("\n")[0] for comment in org.cases()[1]["comments"]]
    assert (moved, receipt.known.case_id, list(receipt.refs)) == (["m2"], kept.case_id, ["m2"])


def test_two_conversations_whose_cases_were_merged_reopen_the_one_that_was_kept(
    org: Sandbox, crm: Salesforce
) -> None:
    org.order("clock", offset_seconds=-3600)
    known, kept = opened(crm, KEY), opened(crm, "k2")
    org.order("merge", master=kept.case_id, losers=[known.case_id])
    org.close_case(kept.case_id)
    org.order("clock", offset_seconds=0)
    both = [later(known, "m2"), replace(later(kept, "m3"), key="k2")]

    outcomes = receipts(send(crm, *both))

    comments = [comment["body"].split("\n")[0] for comment in org.cases()[1]["comments"]]
    assert [(receipt.failed, receipt.known.case_id) for receipt in outcomes] == [({}, kept.case_id)] * 2
    assert (status(org, 1), sorted(comments)) == ("Reopened", ["m2", "m3"])
