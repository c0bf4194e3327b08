"""What an org refuses, row by row or as a whole: as much as it takes is filed, and the rest is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from salesforce_liar import Heard, Liar, answered, describing, lying
from salesforce_org import NOW, Sandbox, cut_off, filing, opened, part, post, receipts, running, send

from adapters.salesforce import Salesforce
from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.message import DELETED_TEXT
from bridge.ports import Known, ObjectFacts

DAY = 86_400
CASE = "500Sb0000000009IAA"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("refusals"), "--plugin") as sandbox:
        yield sandbox


@pytest.fixture
def org(process: Sandbox) -> Sandbox:
    process.order("reset")
    return process


@pytest.fixture
def crm(org: Sandbox) -> Salesforce:
    return org.crm()


def shown(org: Sandbox, *names: str) -> dict[str, Any]:
    """Of each message the text and these fields."""
    fields = [one["fields"] for one in org.state()["messages"]]
    return {one["External_Id__c"]: (one["Body__c"], *(one[name] for name in names)) for one in fields}


def refuse(org: Sandbox, **rule: Any) -> None:
    org.order("rules", rules=[{"object": "Social_Message__c", **rule}])


# --- messages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [False, True])
def test_a_message_whose_contact_is_gone_is_filed_without_it(org: Sandbox, crm: Salesforce, known: bool) -> None:
    case = opened(crm) if known else Known()
    contact = org.made("Contact", LastName="Ann")
    org.api("DELETE", f"sobjects/Contact/{contact}", {})

    [receipt] = receipts(send(crm, filing("facebook:1:9", post("m2", "two", person=contact), known=case)))

    assert receipt.failed == {}
    assert shown(org, "Contact__c", "Author_Name__c")["m2"] == ("two", None, "Ann")
    assert receipt.warnings == (
        "A message's record shows less than it could: Salesforce refused with ENTITY_IS_DELETED.",
    )


def test_a_message_goes_without_the_field_that_a_rule_of_the_org_names(org: Sandbox, crm: Salesforce) -> None:
    org.fault("row_refused", sobject="Social_Message__c", field="Network__c", says="No such network.")

    [receipt] = receipts(send(crm, filing("k", post("m1", "one"), post("m2", "two"))))

    assert shown(org, "Network__c", "Author_Name__c") == {"m1": ("one", None, "Ann"), "m2": ("two", "x", "Ann")}
    [warning] = receipt.warnings
    assert warning.endswith(
        "Salesforce refused Network__c with FIELD_CUSTOM_VALIDATION_EXCEPTION: No such network."
    )


def test_a_message_goes_with_nothing_but_its_text_where_no_field_is_named(org: Sandbox, crm: Salesforce) -> None:
    refuse(org, kind="validation", message="Not by name.", when={"Author_Name__c": "Ann"})

    [receipt] = receipts(send(crm, filing("k", post("m1", "one"))))

    assert receipt.failed == {}
    assert shown(org, "Network__c", "Author_Name__c") == {"m1": ("one", None, None)}


def test_a_message_that_the_org_takes_in_no_form_is_rejected_in_its_words(org: Sandbox, crm: Salesforce) -> None:
    refuse(org, kind="required", field="Agent__c")

    [receipt] = receipts(send(crm, filing("k", post("m1", "secret"), post("m2", "secret"))))

    assert {key: str(why) for key, why in receipt.failed.items()} == dict.fromkeys(
        ("m1", "m2"),
        "Salesforce refused Agent__c with REQUIRED_FIELD_MISSING: Required fields are missing: [Agent__c]; "
        "correct the mapping or the field, then replay",
    )
    assert receipt.warnings == ()


def test_the_unique_value_of_another_field_is_no_message_that_is_in(org: Sandbox, crm: Salesforce) -> None:
    says = "duplicate value found: Ticket__c duplicates value on record with id: a00Sb0000000001"
    org.fault("row_refused", sobject="Social_Message__c", code="DUPLICATE_VALUE", says=says, times=3)

    [receipt] = receipts(send(crm, filing("k", post("m1"))))

    assert {key: type(why) for key, why in receipt.failed.items()} == {"m1": Rejected}


def test_a_message_that_is_there_and_not_shown_uses_up_its_attempts(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    says = "duplicate value found: <unknown> duplicates value on record with id: <unknown>"
    org.fault("row_refused", sobject="Social_Message__c", code="DUPLICATE_VALUE", says=says, times=3)
    sent = filing("facebook:1:9", post("m2"), known=known)

    [first] = send(crm, sent)
    [second] = send(crm, replace(sent, unsure_since=NOW, unsure_last=NOW))

    assert isinstance(first, Unsure)
    assert isinstance(second, RetryLater)
    assert second.counts


def test_a_message_that_is_in_elsewhere_moves_to_its_case(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    receipts(send(crm, filing("facebook:1:9", post("m2", "two"), known=known)))

    [receipt] = receipts(send(crm, filing("k", post("m2", "two"))))

    assert receipt.known.case_id != known.case_id
    assert [one["fields"]["Case__c"] for one in org.state()["messages"]] == [known.case_id, receipt.known.case_id]


@pytest.mark.parametrize("access", ["hidden", "read_only"])
def test_a_field_that_may_not_be_written_keeps_no_deleted_text_and_no_old_one(org: Sandbox, access: str) -> None:
    for name in ("Rating__c", "Author_Verified__c"):
        org.order("rights", object="Social_Message__c", field=name, access=access)
    crm = org.crm()
    [there] = receipts(send(crm, filing("k", post("m1", "old"), post("m2", "secret"))))
    edit = post("m1e", "n" * 140_000, act="edit", opens=False, ref=there.refs["m1"], case_id=there.known.case_id)
    deletion = part("m2d", "", act="delete", opens=False, ref=there.refs["m2"], case_id=there.known.case_id)

    [receipt] = receipts(send(crm, filing("k", edit, deletion, known=there.known, create={})))

    texts = {key: (text[:7], len(text)) for key, (text,) in shown(org).items()}
    assert texts == {"m1": ("n" * 7, 131_072), "m2": (DELETED_TEXT[:7], len(DELETED_TEXT))}
    assert (receipt.failed, org.bodies()) == ({}, [])


def test_a_plugin_that_was_mended_is_seen_at_once(org: Sandbox) -> None:
    org.order("rights", object="Social_Message__c", field="Body__c", access="hidden")
    crm = org.crm(messages="plugin")

    with pytest.raises(Paused, match="Body__c is missing"):
        send(crm, filing("k", post("m1", "one")))
    org.order("rights", object="Social_Message__c", field="Body__c", access="full")
    receipts(send(crm, filing("k", post("m1", "one"))))

    assert shown(org) == {"m1": ("one",)}


# --- cases ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("access", ["hidden", "read_only"])
def test_a_text_that_the_case_does_not_take_stands_in_a_comment(org: Sandbox, access: str) -> None:
    org.order("rights", object="Case", field="Description", access=access)

    [receipt] = receipts(send(org.crm(messages="comments"), filing("k", part("m1", "one"), part("m2", "two"))))

    [case] = org.cases()
    assert org.bodies() == ["one", "two"]
    assert receipt.refs == {
        "m1": f"{case['Id']},{case['comments'][0]['Id']}",
        "m2": case["comments"][1]["Id"],
    }


@pytest.mark.parametrize(("after", "fault"), [(0, "lost_answer"), (1, "lost_answer"), (0, "row_lock")])
def test_such_a_text_is_said_once_whatever_fails(org: Sandbox, after: int, fault: str) -> None:
    org.order("rights", object="Case", field="Description", access="read_only")
    crm = org.crm(messages="comments", latest_commit=0)
    crm._describing.of(["Case"])
    sent = filing("k", part("m1", "one"), part("m2", "two"))
    org.fault(fault, path="composite", after=after, sobject="CaseComment" if fault == "row_lock" else "")

    cut_off(crm, sent) if fault == "lost_answer" else send(crm, sent)
    [told] = receipts(send(crm, replace(sent, unsure_since=NOW, unsure_last=NOW)))
    left = tuple(one for one in sent.parts if one.key in told.failed)
    send(crm, replace(sent, parts=left, known=told.known, unsure_since=NOW, unsure_last=NOW))

    assert sorted(org.bodies()) == ["one", "two"]


def test_what_stands_in_another_case_already_is_not_said_twice(org: Sandbox) -> None:
    crm = org.crm(messages="comments")
    other = opened(crm, "old")
    opened(crm, "k")
    hidden = part("n1", "Hidden.", opens=False, case_id=other.case_id)

    [receipt] = receipts(send(crm, filing("k", hidden, part("m2", "two"))))

    assert receipt.cases == {"n1": other.case_id}
    assert (org.bodies(0), org.bodies(1)) == (["Hidden."], ["two"])


def test_a_lost_attempt_takes_no_case_for_its_own_that_was_there_before(org: Sandbox) -> None:
    crm = org.crm(messages="comments")
    org.order("clock", offset_seconds=-DAY)
    known = opened(crm, "k")
    org.order("clock", offset_seconds=0)
    sent = filing("k", part("m2", "two"), unsure_since=NOW, unsure_last=NOW.replace(year=NOW.year - 1))

    [receipt] = receipts(send(crm, sent))

    assert receipt.known == Known(case_id=known.case_id, status="open")
    assert org.bodies() == ["two"]


# --- whole requests -------------------------------------------------------------------------------------------


@pytest.fixture
def narrow() -> Iterator[Liar]:
    """An org that takes no composite with rows, as if each were too long."""
    with lying() as liar:
        liar.says["composite"] = describing(ObjectFacts(name="Case", fields={}), others=_only_questions)
        liar.says["sobjects"] = _all_made
        yield liar


def _only_questions(heard: Heard) -> tuple[int, Any]:
    steps = json.loads(heard.body)["compositeRequest"]
    if any(step["method"] != "GET" for step in steps):
        return 413, "too long"
    page = {"records": [{"attributes": {"type": "Case"}, "Id": CASE, "IsClosed": False}], "done": True}
    return answered(steps, [(200, page) for _ in steps])


def _all_made(heard: Heard) -> tuple[int, Any]:
    rows = json.loads(heard.body)["records"]
    return 200, [{"id": f"500Sb{n:010}IAA", "success": True, "errors": []} for n, _ in enumerate(rows)]


def test_rows_that_are_too_much_for_one_request_pause_nobody(narrow: Liar) -> None:
    known = filing("b", part("n1"), known=Known(case_id=CASE))

    outcomes = receipts(send(narrow.crm(), filing("a", part("m1")), known))

    assert [outcome.failed for outcome in outcomes] == [{}, {}]
