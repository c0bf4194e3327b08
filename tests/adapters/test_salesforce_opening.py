"""New cases that the org refuses, or does not keep as they were sent: they are filed, and the case says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from salesforce_org import KEY_FIELD, NOW, Sandbox, cut_off, filing, knowing, part, receipts, running, send

from adapters.salesforce import Salesforce, opening
from adapters.salesforce.job import Job
from adapters.salesforce.planned import Plan
from bridge.errors import Rejected, RetryLater
from bridge.ports import Receipt, Reopen

LEFT_OUT = "Casebridge could not file this as the mapping says: "
PIGEON = f"{LEFT_OUT}Salesforce refused Origin with INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


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
    return knowing(org)


def opened(crm: Salesforce, text: str = "my line is dead", **create: Any) -> Receipt:
    given = {"Subject": "Ann", "Description": text, "Origin": "Social", **create}
    [receipt] = receipts(send(crm, filing("k", part("m1", text), create=given)))
    return receipt


def shown(org: Sandbox) -> dict[str, Any]:
    [case] = org.cases()
    fields: dict[str, Any] = case["fields"]
    return fields


# --- what the org refuses -------------------------------------------------------------------------------------


def test_a_refused_field_is_left_out_and_the_case_and_the_receipt_name_it(org: Sandbox, crm: Salesforce) -> None:
    receipt = opened(crm, Origin="Pigeon")

    fields = shown(org)
    assert (fields["Subject"], fields["Origin"], fields[KEY_FIELD]) == ("Ann", None, "k")
    assert fields["Description"] == f"my line is dead\n\n{PIGEON}"
    assert receipt.warnings == (PIGEON,)


def test_what_is_left_out_costs_one_more_call_for_all_that_wait(org: Sandbox, crm: Salesforce) -> None:
    before = org.data_calls()["POST composite"]
    create = {"Subject": "s", "Description": "hello", "Origin": "Pigeon"}
    given = [filing(f"k{n}", part(f"m{n}"), create=create) for n in range(5)]

    receipts(send(crm, *given, filing("good", part("good"))))

    assert org.data_calls()["POST composite"] - before == 2
    assert len(org.cases()) == 6


def test_the_comments_of_a_case_that_was_refused_at_first_follow_it(org: Sandbox, crm: Salesforce) -> None:
    create = {"Subject": "Ann", "Description": "one", "Origin": "Pigeon"}

    [receipt] = receipts(send(crm, filing("k", part("m1", "one"), part("m2", "two"), create=create)))

    assert (list(receipt.refs), org.bodies()) == (["m1", "m2"], ["two"])


@pytest.mark.parametrize(
    ("create", "named"),
    [
        ({"Nope__c": "x"}, "Nope__c with INVALID_FIELD: No such column 'Nope__c' on sobject of type Case"),
        ({"No name!": "x"}, "with INVALID_FIELD"),
        ({"SuppliedEmail": "no address"}, "SuppliedEmail with INVALID_EMAIL_ADDRESS"),
    ],
)
def test_whatever_stands_in_a_field_the_case_is_filed(
    org: Sandbox, crm: Salesforce, create: dict[str, str], named: str
) -> None:
    receipt = opened(crm, **create)

    [warning] = receipt.warnings
    assert named in warning
    assert shown(org)["Subject"] == "Ann"


def test_a_field_that_may_not_be_written_is_named(org: Sandbox, crm: Salesforce) -> None:
    org.order("rights", object="Case", field="Origin", access="read_only")

    receipt = opened(crm)

    [warning] = receipt.warnings
    assert warning.startswith(f"{LEFT_OUT}Salesforce refused Origin with INVALID_FIELD_FOR_INSERT_UPDATE")
    assert shown(org)["Description"].endswith(warning)


def test_a_field_that_an_admin_has_deleted_meanwhile_is_left_out(org: Sandbox) -> None:
    org.order("fields", object="Case", name="Mood__c", type="string", length=20)
    crm = knowing(org)
    org.order("rights", object="Case", field="Mood__c", access="deleted")

    receipt = opened(crm, Mood__c="angry")

    assert "No such column 'Mood__c' on sobject of type Case" in receipt.warnings[0]
    assert shown(org)["Subject"] == "Ann"


@pytest.mark.parametrize("access", ["read_only", "hidden"])
def test_a_case_whose_text_may_not_be_written_has_it_in_a_comment(
    org: Sandbox, crm: Salesforce, access: str
) -> None:
    org.order("rights", object="Case", field="Description", access=access)

    receipt = opened(crm, Origin="Pigeon")

    assert len(receipt.warnings) == 2
    assert all(warning.startswith(LEFT_OUT) for warning in receipt.warnings)
    assert (shown(org)[KEY_FIELD], org.bodies()) == ("k", ["my line is dead"])


def test_a_rule_that_names_no_field_leaves_the_least_that_is_a_case(org: Sandbox, crm: Salesforce) -> None:
    rule = {
        "kind": "validation",
        "object": "Case",
        "message": "Social cases need a brand.",
        "when": {"Origin": "Social"},
    }
    org.order("rules", rules=[rule])

    receipt = opened(crm, Priority="High")

    fields = shown(org)
    why = f"{LEFT_OUT}Salesforce refused with FIELD_CUSTOM_VALIDATION_EXCEPTION: Social cases need a brand."
    assert (fields["Subject"], fields["Origin"], fields["Priority"]) == ("Ann", None, "Medium")
    assert fields["Description"] == f"my line is dead\n\n{why}"
    assert receipt.warnings == (why,)


def test_many_refused_fields_do_not_go_on_for_ever(org: Sandbox, crm: Salesforce) -> None:
    names = [f"Nope{n}__c" for n in range(9)]
    before = org.data_calls()["POST composite"]

    receipt = opened(crm, **dict.fromkeys(names, "x"))

    assert shown(org)["Subject"] == "Ann"
    assert len(receipt.warnings) == 4
    assert org.data_calls()["POST composite"] - before == 5


def test_what_nobody_can_fill_is_rejected_and_named(org: Sandbox, crm: Salesforce) -> None:
    org.order("rules", rules=[{"kind": "required", "object": "Case", "field": "ParentId"}])

    [outcome] = send(crm, filing("k", part("m1")))

    assert isinstance(outcome, Rejected)
    assert (outcome.field, org.cases()) == ("ParentId", [])


def test_a_required_field_that_the_mapping_does_not_give_is_filled_and_named(
    org: Sandbox, crm: Salesforce
) -> None:
    org.order("fields", object="Case", name="Region__c", type="string", length=20, required=True)
    org.order("fields", object="Case", name="Kind__c", type="picklist", values=["Shop", "Web"], required=True)
    org.order("rules", rules=[{"kind": "required", "object": "Case", "field": "SuppliedName"}])

    [before] = send(crm, filing("k", part("m1", "hello")))
    [receipt] = receipts(send(crm, filing("k", part("m1", "hello"))))

    fields = shown(org)
    assert isinstance(before, RetryLater)  # the org is described anew: the fields were not there then
    assert (fields["Region__c"], fields["Kind__c"], fields["SuppliedName"]) == ("unknown", "Shop", "unknown")
    assert fields["Description"].startswith("hello\n\nCasebridge could not file this as the mapping says: ")
    for said in (
        "Region__c says 'unknown' until",
        "Kind__c says 'Shop' until",
        "SuppliedName says 'unknown' until",
    ):
        assert said in fields["Description"]
        assert any(said in warning for warning in receipt.warnings)


def test_a_lead_is_filed_with_the_least_that_is_a_lead(org: Sandbox, crm: Salesforce) -> None:
    org.order("rules", rules=[{"kind": "validation", "object": "Lead", "when": {"Rating": "Hot"}}])
    create = {"LastName": "Ann", "Company": "unknown", "Description": "I want one", "Rating": "Hot"}

    [receipt] = receipts(send(crm, filing("k", part("m1"), object="Lead", create=create)))

    [lead] = org.state()["leads"]
    assert (lead["fields"]["LastName"], lead["fields"]["Company"], lead["fields"]["Rating"]) == (
        "Ann",
        "unknown",
        None,
    )
    assert len(receipt.warnings) == 1


def test_a_deletion_still_knows_the_text_that_says_why(org: Sandbox, crm: Salesforce) -> None:
    target = opened(crm, Origin="Pigeon")
    gone = part(
        "m1:deleted", act="delete", opens=False, ref=target.refs["m1"], row={"Description": "[gone]"},
        notes=target.known.notes,
    )  # fmt: skip

    [receipt] = receipts(send(crm, filing("k", gone, known=target.known, create={})))

    assert (shown(org)["Description"], receipt.warnings) == ("[gone]", ())


def test_a_case_with_a_field_that_is_not_there_is_found_again_after_a_lost_answer(
    org: Sandbox, crm: Salesforce
) -> None:
    given = filing("k", part("m1"), create={"Subject": "s", "Description": "hello", "Nope__c": "x"})
    org.fault("lost_answer", sobject="Case", after=1)

    cut_off(crm, given)
    [receipt] = receipts(send(crm, replace(given, unsure_since=NOW, unsure_last=NOW)))

    assert receipt.refs == {"m1": org.cases()[0]["Id"]}
    assert "w:Description" in receipt.known.notes


# --- what the org does not keep -------------------------------------------------------------------------------


def test_a_swallowed_value_is_a_warning(org: Sandbox, crm: Salesforce) -> None:
    org.order("rights", object="Case", field="Priority", overwrite="Low")
    org.order("rights", object="Case", field="Origin", overwrite=None)

    receipt = opened(crm, Priority="High")

    [warning] = receipt.warnings
    assert warning == (
        "Salesforce did not keep what the mapping gives for Origin, Priority: a flow, a trigger or a rule of the "
        "org wrote something else."
    )


def test_the_question_what_became_of_it_is_no_call_of_its_own(org: Sandbox, crm: Salesforce) -> None:
    org.order("rights", object="Case", field="Priority", overwrite="Low")
    before = org.data_calls()["POST composite"]
    given = [filing(f"k{n}", part(f"m{n}"), create={"Priority": ("Low", "High")[n % 2]}) for n in range(200)]

    outcomes = receipts(send(crm, *given))

    assert org.data_calls()["POST composite"] - before == 1
    assert [bool(receipt.warnings) for receipt in outcomes] == [False, True] * 100


def test_a_neighbours_bad_field_does_not_hide_a_swallowed_value(org: Sandbox, crm: Salesforce) -> None:
    org.order("rights", object="Case", field="Priority", overwrite="Low")
    bad = filing("bad", part("m2"), create={"Subject": "s", "Nope__c": "x"})

    good, _ = receipts(send(crm, filing("good", part("m1"), create={"Priority": "High"}), bad))

    assert [warning.split(":")[0] for warning in good.warnings] == [
        "Salesforce did not keep what the mapping gives for Priority"
    ]


def test_the_orgs_own_way_of_writing_is_no_warning(org: Sandbox, crm: Salesforce) -> None:
    mine = org.user("Integration User")
    org.order("fields", object="Case", name="Since__c", type="datetime")
    org.order("fields", object="Case", name="Score__c", type="double")

    receipt = opened(crm, "  two \r\n lines ", OwnerId=mine[:15], Since__c="2026-11-22T10:00:00+01:00", Score__c=3)

    assert receipt.warnings == ()


# --- without an org -------------------------------------------------------------------------------------------


def record(text: str | None, **more: Any) -> dict[str, Any]:
    """The row of a new case whose Origin the org has refused, but for its key."""
    create = {"Subject": "s"} | ({} if text is None else {"Description": text})
    job = Job(index=0, filing=filing("k", part("m1"), create=create), left_out={"Origin": "refused"}, **more)
    job.plan = Plan(case=None, episode=1, inserts=True)
    return {name: value for name, value in opening.record(job).items() if name not in ("attributes", KEY_FIELD)}


def test_agents_are_told_that_they_cannot_reply_from_the_case() -> None:
    fields = record("hello", tells_no_replies=True)

    assert fields["Description"] == f"hello\n\n{LEFT_OUT}refused\n{opening.NO_REPLIES}"


def test_the_customers_words_give_way_to_the_reason() -> None:
    text = record("w" * 40_000)["Description"]

    assert (len(text), text.endswith(f"w…\n\n{LEFT_OUT}refused")) == (32_000, True)


def test_a_case_without_a_text_gets_one_for_the_reason() -> None:
    assert record(None) == {"Subject": "s", "Description": f"{LEFT_OUT}refused"}


def test_comments_on_a_case_that_may_not_be_reopened_go_to_another(org: Sandbox, crm: Salesforce) -> None:
    known = replace(opened(crm).known, status="")
    org.close_case(known.case_id)
    reopen = Reopen(within=timedelta(days=14), set={"Origin": "Pigeon"})
    early = NOW - timedelta(hours=1)  # what the agent had not seen
    parts = [part("m2", "again", received_at=early), part("m3", "hello?", received_at=early)]

    [receipt] = receipts(send(crm, filing("k", *parts, known=known, reopen=reopen)))

    old, new = org.cases()
    assert (receipt.known.case_id, receipt.known.episode, receipt.failed) == (new["Id"], 2, {})
    assert (org.bodies(0), org.bodies(1), old["fields"]["Status"]) == ([], ["hello?"], "Closed")
    assert new["fields"]["Description"].startswith("again\n\nCasebridge could not file this as the mapping says: ")
