"""Leads and tasks: opened once, raised, assigned, rewritten, and without comments; against a real sandbox org."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from salesforce_org import KEY_FIELD, NOW, Sandbox, cut_off, filing, knowing, part, receipts, running, send

from adapters.salesforce import Salesforce
from bridge.errors import RetryLater, Unsure
from bridge.ports import Filing, Known, Part, Raise, Receipt

KEY = "facebook:1:9"
LINE = "leads.yaml:12"
UNTOLD = (
    "The new text of an edited message is not in Salesforce: a Lead takes no comments, and it was changed there."
)
HOT = {"Rating": Raise(value="Hot", order=("Cold", "Warm", "Hot"))}


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


def lead(*parts: Part, **more: Any) -> Filing:
    create = {"LastName": "Ann", "Company": "unknown", "Description": parts[0].text, "Rating": "Cold"}
    return filing(KEY, *parts, **{"object": "Lead", "create": create, "line": LINE, **more})


def task(*parts: Part, **more: Any) -> Filing:
    create = {"Subject": "Call back", "Description": parts[0].text}
    return filing(KEY, *parts, **{"object": "Task", "create": create, "line": LINE, **more})


def shown(org: Sandbox, kind: str = "leads") -> list[dict[str, Any]]:
    return [one["fields"] for one in org.state()[kind]]


def first(crm: Salesforce, given: Filing | None = None) -> Receipt:
    [receipt] = receipts(send(crm, given or lead(part("m1", "I want one"))))
    return receipt


def lost(given: Filing) -> Filing:
    return replace(given, unsure_since=NOW, unsure_last=NOW)


@pytest.mark.parametrize(("make", "kind"), [(lead, "leads"), (task, "tasks")])
def test_one_insert_opens_it_with_its_key(org: Sandbox, make: Any, kind: str) -> None:
    crm = knowing(org)
    before = org.data_calls()["POST composite"]

    receipt = first(crm, make(part("m1", "I want one")))

    [fields] = shown(org, kind)
    assert (fields["Id"], fields[KEY_FIELD], fields["Description"]) == (receipt.known.case_id, KEY, "I want one")
    assert receipt.refs == {"m1": receipt.known.case_id}
    assert receipt.link.endswith(f"/lightning/r/{kind.title()[:-1]}/{receipt.known.case_id}/view")
    assert org.data_calls() == {"POST composite": before + 1}


@pytest.mark.parametrize(("make", "kind"), [(lead, "leads"), (task, "tasks")])
def test_a_lost_answer_opens_it_once(org: Sandbox, crm: Salesforce, make: Any, kind: str) -> None:
    org.fault("lost_answer", verb="POST")
    given = make(part("m1"))

    outcome = cut_off(crm, given)
    [receipt] = receipts(send(crm, lost(given)))

    assert isinstance(outcome, Unsure)
    [fields] = shown(org, kind)
    assert receipt.refs == {"m1": fields["Id"]}
    assert receipt.known.notes["w:Description"]


def test_a_lead_that_is_there_is_met_by_its_unique_key(org: Sandbox, crm: Salesforce) -> None:
    there = org.made("Lead", LastName="A", Company="B", **{KEY_FIELD: KEY})

    receipt = first(crm)

    assert (receipt.known.case_id, receipt.dropped) == (there, {"m1": f"{LINE}: a Lead takes no comments"})


def test_a_task_waits_until_no_lost_insert_can_come(org: Sandbox) -> None:
    patient, given = org.crm(), lost(task(part("m1")))

    [early] = send(patient, given)
    before = shown(org, "tasks")
    [late] = receipts(send(patient, given, now=NOW + timedelta(minutes=10)))

    assert isinstance(early, RetryLater)
    assert (before, len(shown(org, "tasks")), list(late.refs)) == ([], 1, ["m1"])


def test_a_lead_needs_no_such_wait(org: Sandbox) -> None:
    receipts(send(org.crm(), lost(lead(part("m1")))))

    assert len(shown(org)) == 1


@pytest.mark.parametrize("kind", ["Lead", "Task"])
def test_later_messages_are_dropped_by_the_mappings_line(org: Sandbox, crm: Salesforce, kind: str) -> None:
    make = lead if kind == "Lead" else task
    together = first(crm, make(part("m1"), part("m2")))

    [later] = receipts(send(crm, make(part("m3"), part("e1", opens=False), known=together.known)))

    dropped = f"{LINE}: a {kind} takes no comments"
    assert (together.refs, together.dropped) == ({"m1": together.known.case_id}, {"m2": dropped})
    assert (later.refs, later.dropped, later.known) == ({}, {"m3": dropped, "e1": dropped}, together.known)
    assert (org.rows_written("POST"), org.rows_written("PATCH")) == (1, 0)


def test_a_later_message_raises_and_assigns(org: Sandbox, crm: Salesforce) -> None:
    anna, known = org.user("Anna Agent"), first(crm).known

    [receipt] = receipts(
        send(crm, lead(part("m2"), part("m3"), known=known, raises=HOT, assign={"OwnerId": anna}))
    )
    [again] = receipts(send(crm, lead(part("m4"), known=receipt.known, raises=HOT, assign={"OwnerId": anna})))

    [fields] = shown(org)
    assert (fields["Rating"], fields["OwnerId"], fields["Description"]) == ("Hot", anna, "I want one")
    assert (receipt.refs, receipt.dropped) == ({"m2": "", "m3": ""}, {})
    assert (again.refs, list(again.dropped)) == ({}, ["m4"])


def test_a_refused_raise_is_that_messages_end(org: Sandbox, crm: Salesforce) -> None:
    bad = {"Rating": Raise(value="Sky-high", order=("Cold", "Sky-high"))}

    [outcome] = send(crm, lead(part("m2"), known=first(crm).known, raises=bad))

    assert "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" in str(outcome)


def test_a_lost_raise_is_harmless(org: Sandbox, crm: Salesforce) -> None:
    given = lead(part("m2"), known=first(crm).known, raises=HOT)
    org.fault("lost_answer", verb="PATCH")

    cut_off(crm, given)
    receipts(send(crm, lost(given)))

    assert shown(org)[0]["Rating"] == "Hot"
    assert org.rows_written("PATCH") == 1


@pytest.mark.parametrize("act", ["delete", "edit"])
def test_the_opening_text_is_written_anew_without_a_note(org: Sandbox, crm: Salesforce, act: str) -> None:
    target = first(crm)
    row = {"Description": "something else"}
    new = part("m1:x", "else", act=act, opens=False, ref=target.refs["m1"], row=row, notes=target.known.notes)

    [receipt] = receipts(send(crm, lead(new, known=target.known, create={})))

    assert shown(org)[0]["Description"] == "something else"
    assert (receipt.refs, receipt.warnings) == ({"m1:x": target.known.case_id}, ())
    assert org.query("SELECT Id FROM CaseComment") == []


@pytest.mark.parametrize(
    ("act", "warning"),
    [
        ("delete", "Description of lead {} was changed in Salesforce; the deleted text may stand there."),
        (
            "edit",
            UNTOLD,
        ),
    ],
)
def test_what_an_agent_wrote_stays_and_the_receipt_says_so(
    org: Sandbox, crm: Salesforce, act: str, warning: str
) -> None:
    target = first(crm)
    org.as_agent("Lead", target.known.case_id, Description="wants two")
    row = {"Description": "something else"}
    new = part("m1:x", "else", act=act, opens=False, ref=target.refs["m1"], row=row, notes=target.known.notes)

    [receipt] = receipts(send(crm, lead(new, known=target.known, create={})))

    assert shown(org)[0]["Description"] == "wants two"
    assert receipt.refs == {"m1:x": target.known.case_id}
    assert receipt.warnings == (warning.format(target.known.case_id),)


def test_a_converted_lead_is_followed_by_the_next(org: Sandbox, crm: Salesforce) -> None:
    known = first(crm).known
    org.as_agent("Lead", known.case_id, Status="Closed - Converted")

    [receipt] = receipts(send(crm, lead(part("m2"), known=known)))
    [unknown] = receipts(send(crm, lead(part("m3"), known=Known())))

    assert (receipt.known.episode, shown(org)[1][KEY_FIELD]) == (2, f"{KEY}~2")
    assert (unknown.known.case_id, unknown.known.episode) == (receipt.known.case_id, 2)
    assert list(unknown.dropped) == ["m3"]


def test_a_converted_lead_keeps_the_deleted_text_and_the_receipt_says_so(org: Sandbox, crm: Salesforce) -> None:
    target = first(crm)
    org.as_agent("Lead", target.known.case_id, Status="Closed - Converted")
    gone = part("m1:x", act="delete", opens=False, ref=target.refs["m1"], row={"Description": "[gone]"})

    [receipt] = receipts(send(crm, lead(gone, known=target.known, create={})))

    assert receipt.warnings == ("The lead of a deleted message is no longer in Salesforce.",)


def test_cases_leads_and_tasks_of_one_key_keep_apart(org: Sandbox, crm: Salesforce) -> None:
    given = [filing(KEY, part("m1")), lead(part("m1")), task(part("m1"))]
    org.fault("lost_answer", verb="POST")

    cut_off(crm, *given)
    outcomes = receipts(send(crm, *map(lost, given)))

    state = org.state()
    ids = [[one["Id"] for one in state[kind]] for kind in ("cases", "leads", "tasks")]
    assert [[outcome.known.case_id] for outcome in outcomes] == ids


def test_objects_that_take_turns_are_opened_with_one_call(org: Sandbox) -> None:
    crm = knowing(org)
    before = org.data_calls()["POST composite"]
    given = [replace((lead if n % 2 else task)(part("m1")), key=f"k{n}") for n in range(24)]

    receipts(send(crm, *given))

    assert org.data_calls() == {"POST composite": before + 1}
    assert (len(shown(org)), len(shown(org, "tasks"))) == (12, 12)


def test_a_task_that_was_done_stays_the_same_task(org: Sandbox, crm: Salesforce) -> None:
    known = first(crm, task(part("m1"))).known
    org.as_agent("Task", known.case_id, Status="Completed")

    [receipt] = receipts(send(crm, task(part("m2"), known=known)))

    assert (receipt.known, list(receipt.dropped)) == (known, ["m2"])
