"""Filing into a real sandbox org over HTTP: new cases, comments, closed cases, echoes, hostile text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from salesforce_org import KEY_FIELD, NOW, Sandbox, filing, knowing, opened, part, receipts, running, send

from adapters.salesforce import Salesforce
from adapters.salesforce.comments import marker
from bridge.errors import Rejected, RetryLater
from bridge.ports import Known, Receipt, Reopen


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
    return org.crm()


def calls(org: Sandbox) -> int:
    return sum(org.data_calls().values())


def test_a_first_message_opens_a_case_and_gets_no_comment(org: Sandbox, crm: Salesforce) -> None:
    [receipt] = receipts(send(crm, filing("facebook:1:9", part("m1", "my line is dead"))))

    [case] = org.cases()
    notes = receipt.known.notes
    assert receipt == Receipt(
        known=Known(case_id=case["Id"], episode=1, status="open", notes=notes),
        link=f"{org.url}/lightning/r/Case/{case['Id']}/view",
        refs={"m1": case["Id"]},
    )
    assert sorted(notes) == ["w:Description", "w:Origin", "w:Subject"]
    assert case["key"] == "facebook:1:9"
    assert case["fields"]["Description"] == "my line is dead"
    assert case["comments"] == []


def test_two_hundred_new_cases_cost_one_call(org: Sandbox) -> None:
    crm = knowing(org)
    before = calls(org)

    outcomes = receipts(send(crm, *(filing(f"k{n}", part(f"m{n}")) for n in range(200))))

    assert all(receipt.known.case_id for receipt in outcomes)
    assert calls(org) - before == 1
    assert len(org.cases()) == 200


@pytest.mark.parametrize(("status", "costs"), [("", 2), ("open", 1), ("closed", 2)])
def test_a_message_on_a_known_case_costs_two_calls_and_one_where_it_is_known_to_be_open(
    org: Sandbox, crm: Salesforce, status: Literal["", "open", "closed"], costs: int
) -> None:
    known = replace(opened(crm), status=status)
    before = calls(org)

    [receipt] = receipts(send(crm, filing("facebook:1:9", part("m2", "still dead", public=True), known=known)))

    assert (calls(org) - before, receipt.known) == (costs, replace(known, status="open"))
    [comment] = org.cases()[0]["comments"]
    assert (comment["body"], comment["published"]) == (f"still dead\n{marker('m2')}", True)


def test_one_call_lies_between_two_yields(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    filings = [
        filing("facebook:1:9", part("m2"), known=known),
        filing("a", part("m3"), part("m4")),
        filing("b", part("m5"), create={"OwnerId": org.cases()[0]["fields"]["OwnerId"]}),
    ]
    before = calls(org)

    counts = [calls(org) - before for _ in crm.file(filings, now=NOW)]

    assert all(b - a <= 1 for a, b in zip([0, *counts], counts, strict=False))
    assert counts[-1] == 2


def test_messages_keep_their_order(org: Sandbox, crm: Salesforce) -> None:
    parts = [part(f"m{n}", f"text {n}") for n in range(250)]

    [receipt] = receipts(send(crm, filing("k", *parts)))

    assert org.bodies() == [f"text {n}" for n in range(1, 250)]
    assert list(receipt.refs) == [f"m{n}" for n in range(250)]


def test_a_long_text_becomes_several_comments(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    text = "naïve wörds — " * 700

    [receipt] = receipts(send(crm, filing("facebook:1:9", part("m2", text), known=known)))

    bodies = org.bodies()
    ids = [comment["Id"] for comment in org.cases()[0]["comments"]]
    assert len(bodies) == 4
    assert "".join(body.split(") ", 1)[1] for body in bodies) == text
    assert receipt.refs == {"m2": ",".join(ids)}


@pytest.mark.parametrize(
    "text",
    [
        "it's \\' OR Name LIKE '%",
        '<script>alert("1")</script> &amp; {{caseNumber}} {0}',
        "tab\there, bell\x07, escape\x1b[31m, right to left \u202eevil",
        f"I write markers too\n{marker('m2')}",
        "",
        "😀" * 500,
        "@{step0.id} and @{step1[0].body",
    ],
)
def test_hostile_text_arrives_as_it_is(org: Sandbox, crm: Salesforce, text: str) -> None:
    send(crm, filing("k'; --\\", part("m1", text), part("m2", text)))

    [case] = org.cases()
    assert case["key"] == "k'; --\\"
    assert (case["fields"]["Description"] or "") == text
    assert case["comments"][0]["body"] == f"{text}\n{marker('m2')}"


def test_the_case_that_is_there_already_is_used(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)

    [receipt] = receipts(send(crm, filing("facebook:1:9", part("m2", "second"), part("m3", "third"))))

    assert receipt.known == Known(case_id=known.case_id, status="open")
    assert org.bodies() == ["second", "third"]


def test_neighbours_survive_a_bad_row(org: Sandbox, crm: Salesforce) -> None:
    outcomes = send(
        crm,
        filing("a", part("m1")),
        filing("b", part("m2"), create={"Subject": "s", "Nope__c": "x"}),
        filing("c", part("m3"), create={"Origin": "Pigeon"}),
        filing("d", part("m4"), create={"SuppliedEmail": ["not", "text"]}),
        filing("e", part("m5"), object="Opportunity"),
        filing("f", part("m6"), key_field="Id FROM Case"),
        filing("g", part("m7")),
    )

    fields = [outcome.field if isinstance(outcome, Rejected) else "filed" for outcome in outcomes]
    assert fields == ["filed", "filed", "filed", "filed", "", "Id FROM Case", "filed"]
    assert sorted(case["key"] for case in org.cases()) == ["a", "b", "c", "d", "g"]


def test_a_required_field_that_nothing_can_stand_in_for_is_named(org: Sandbox, crm: Salesforce) -> None:
    org.order("fields", object="Case", name="Due__c", type="date", required=True)

    [outcome] = send(org.crm(), filing("a", part("m1")))

    assert isinstance(outcome, Rejected)
    assert outcome.field == "Due__c"
    assert "Required fields are missing: [Due__c]; correct the mapping or the field" in str(outcome)


def test_long_values_are_cut_visibly(org: Sandbox, crm: Salesforce) -> None:
    org.order("fields", object="Case", name="Handle__c", type="string", length=10)
    create = {"Subject": "s" * 300, "Handle__c": "h" * 30}

    [receipt] = receipts(send(crm, filing("a", part("m1"), create=create)))

    fields = org.cases()[0]["fields"]
    assert (fields["Subject"], fields["Handle__c"]) == ("s" * 254 + "…", "h" * 9 + "…")
    assert receipt.warnings == (
        "Subject was shortened to 255 characters.",
        "Handle__c was shortened to 10 characters.",
    )


def test_long_values_are_refused_where_the_mapping_says_so_and_not_quoted(org: Sandbox, crm: Salesforce) -> None:
    [outcome] = send(crm, filing("a", part("m1"), create={"Subject": "secret" * 60}, too_long="refuse"))

    assert isinstance(outcome, Rejected)
    assert outcome.field == "Subject"
    assert "secret" not in str(outcome)


def test_the_assignment_rule_runs_only_where_the_mapping_names_no_owner(org: Sandbox, crm: Salesforce) -> None:
    owner = org.api("GET", "query?q=SELECT Id FROM User", {})["records"][0]["Id"]
    queue = org.api("POST", "sobjects/Group", {"Name": "Night Desk", "Type": "Queue"})["id"]
    org.order("switches", assignment_rule=queue)

    send(crm, filing("a", part("m1")), filing("b", part("m2"), create={"OwnerId": owner}))

    assert {case["key"]: case["fields"]["OwnerId"] for case in org.cases()} == {"a": queue, "b": owner}


def test_a_row_lock_is_tried_again_and_counts(org: Sandbox, crm: Salesforce) -> None:
    org.fault("row_lock", row=1)

    first, second = send(crm, filing("a", part("m1")), filing("b", part("m2")))

    assert isinstance(first, Receipt)
    assert isinstance(second, RetryLater)
    assert second.counts


def test_a_locked_comment_holds_back_only_what_a_later_call_would_bring(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    parts = [part(f"m{n}", f"text {n}") for n in range(1_002)]  # a call holds five times two hundred
    org.fault("row_lock", sobject="CaseComment", row=1)

    [receipt] = receipts(send(crm, filing("facebook:1:9", *parts, known=known)))

    assert set(receipt.failed) == {"m1", "m1000", "m1001"}
    assert all(isinstance(trouble, RetryLater) and trouble.counts for trouble in receipt.failed.values())
    assert org.bodies() == ["text 0", *(f"text {n}" for n in range(2, 1_000))]


# --- closed cases ---------------------------------------------------------------------------------------------

REOPEN = Reopen(within=timedelta(days=14), set={"Status": "Reopened"}, line="x-care.yaml:61")
DAY = timedelta(days=1)


def closed(org: Sandbox, crm: Salesforce) -> Known:
    known = opened(crm)
    org.close_case(known.case_id)
    return known


def test_a_message_within_the_time_reopens(org: Sandbox, crm: Salesforce) -> None:
    known = closed(org, crm)
    late = part("m2", "again", received_at=NOW + 13 * DAY)

    [receipt] = receipts(send(crm, filing("facebook:1:9", late, known=known, reopen=REOPEN)))

    assert receipt.known == replace(known, status="open")
    assert org.cases()[0]["fields"]["Status"] == "Reopened"
    assert org.bodies() == ["again"]


def test_thanks_right_after_closing_do_not_reopen(org: Sandbox, crm: Salesforce) -> None:
    known = closed(org, crm)
    soon = part("m2", "thanks", received_at=datetime.now(UTC) + timedelta(seconds=30))

    send(crm, filing("facebook:1:9", soon, known=known, reopen=REOPEN))

    assert org.cases()[0]["fields"]["Status"] == "Closed"
    assert org.bodies() == ["thanks"]


def test_a_message_after_the_time_opens_the_next_case(org: Sandbox, crm: Salesforce) -> None:
    known = closed(org, crm)
    late = part("m2", received_at=NOW + 15 * DAY)

    [receipt] = receipts(send(crm, filing("facebook:1:9", late, known=known, reopen=REOPEN)))

    assert [case["key"] for case in org.cases()] == ["facebook:1:9", "facebook:1:9~2"]
    assert receipt.known.episode == 2
    assert receipt.refs == {"m2": org.cases()[1]["Id"]}


def test_comment_only_and_drop_leave_the_case_closed(org: Sandbox, crm: Salesforce) -> None:
    known = closed(org, crm)
    late = part("m2", "late", received_at=NOW + 15 * DAY)
    later = part("m3", "later", received_at=NOW + 15 * DAY)

    [commented] = receipts(
        send(crm, filing("facebook:1:9", late, known=known, reopen=replace(REOPEN, after="comment_only")))
    )
    [dropped] = receipts(
        send(crm, filing("facebook:1:9", later, known=known, reopen=replace(REOPEN, after="drop")))
    )

    assert list(commented.refs) == ["m2"]
    assert dropped.dropped == {"m3": "x-care.yaml:61"}
    assert (org.cases()[0]["fields"]["Status"], org.bodies()) == ("Closed", ["late"])


def test_a_deleted_case_is_followed_by_a_new_one(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    org.api("DELETE", f"sobjects/Case/{known.case_id}", {})

    [receipt] = receipts(send(crm, filing("facebook:1:9", part("m2"), known=known)))

    assert receipt.known.episode == 2
    assert [(case["key"], case["deleted"]) for case in org.cases()] == [
        ("facebook:1:9", True),
        ("facebook:1:9~2", False),
    ]


def test_an_echo_goes_onto_an_open_case_and_opens_none(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    echo = part("e1", "our answer", opens=False, received_at=NOW + DAY)

    [onto_open] = receipts(send(crm, filing("facebook:1:9", echo, known=known, create={})))
    org.close_case(known.case_id)
    [onto_closed] = receipts(send(crm, filing("facebook:1:9", replace(echo, key="e2"), known=known, create={})))
    [onto_none] = receipts(send(crm, filing("other", replace(echo, key="e3"), create={})))

    assert list(onto_open.refs) == ["e1"]
    assert (onto_closed.dropped, onto_none.dropped) == ({"e2": "echo"}, {"e3": "echo"})
    assert onto_none == Receipt(known=Known(), link="", dropped={"e3": "echo"})
    assert org.bodies() == ["our answer"]


def test_an_edit_follows_its_target_into_a_closed_case(org: Sandbox, crm: Salesforce) -> None:
    known = closed(org, crm)
    edit = part("m1:edited", "better", case_id=known.case_id, received_at=NOW + 40 * DAY)

    send(crm, filing("facebook:1:9", edit, known=known, reopen=REOPEN))

    assert (org.cases()[0]["fields"]["Status"], org.bodies()) == ("Closed", ["better"])


def test_no_case_is_opened_with_the_words_of_another_message(org: Sandbox, crm: Salesforce) -> None:
    known = Known(episode=3)

    [receipt] = receipts(send(crm, filing("k", part("m2"), part("m3"), opener="m1", known=known)))

    assert receipt == Receipt(known=known, link="", anew=frozenset(("m2", "m3")))
    assert org.cases() == []


def test_thanks_in_the_grace_stay_on_the_old_case_and_a_later_message_opens_its_own(
    org: Sandbox, crm: Salesforce
) -> None:
    known = closed(org, crm)
    thanks = part("m2", "thanks", received_at=datetime.now(UTC) + timedelta(seconds=30))
    later = [part(f"m{n}", f"text {n}", received_at=NOW + 15 * DAY) for n in (3, 4)]

    [first] = receipts(send(crm, filing("facebook:1:9", thanks, *later, known=known, reopen=REOPEN)))
    [second] = receipts(send(crm, filing("facebook:1:9", *later, known=first.known, reopen=REOPEN)))

    old, new = org.cases()
    still = replace(known, status="closed")
    assert (first.known, list(first.refs), first.anew) == (still, ["m2"], frozenset(("m3", "m4")))
    assert (second.known.case_id, second.anew, list(second.refs)) == (new["Id"], frozenset(), ["m3", "m4"])
    assert (new["key"], new["fields"]["Description"]) == ("facebook:1:9~2", "text 3")
    assert (org.bodies(0), org.bodies(1)) == (["thanks"], ["text 4"])
    assert old["fields"]["Status"] == "Closed"


def test_a_refused_opening_takes_nobody_with_it(org: Sandbox, crm: Salesforce) -> None:
    known = closed(org, crm)
    edit = part("edit", "better", case_id=known.case_id)
    parts = [edit, *(part(f"m{n}", received_at=NOW + 15 * DAY) for n in (2, 3))]
    org.order("fields", object="Case", name="Due__c", type="date", required=True)

    [receipt] = receipts(send(org.crm(), filing("facebook:1:9", *parts, known=known)))

    assert (receipt.known, list(receipt.refs), receipt.anew) == (known, ["edit"], frozenset(("m3",)))
    assert [type(trouble) for trouble in receipt.failed.values()] == [Rejected]
    assert org.bodies() == ["better"]


def test_a_receipt_names_the_cases_of_comments_that_stand_elsewhere(org: Sandbox, crm: Salesforce) -> None:
    known = closed(org, crm)
    edit = part("m1:edited", "better", case_id=known.case_id)
    org.order("clock", offset_seconds=5)  # it comes after the closing, for all to see
    late = [part(f"m{n}", received_at=NOW + 15 * DAY) for n in (2, 3)]
    sent = filing("facebook:1:9", edit, *late, known=known, reopen=REOPEN)

    [first] = receipts(send(crm, sent))
    again = replace(sent, unsure_since=NOW, unsure_last=NOW)
    [second] = receipts(send(crm, again, now=NOW + timedelta(minutes=11)))

    assert (first.known.case_id, first.cases) == (org.cases()[1]["Id"], {"m1:edited": known.case_id})
    assert (second.known.case_id, second.cases) == (first.known.case_id, first.cases)
    assert second.refs == first.refs


def test_names_are_understood_in_any_spelling(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)

    [receipt] = receipts(send(crm, filing("facebook:1:9", part("m2"), key_field=KEY_FIELD.upper())))

    assert (receipt.known.case_id, org.bodies()) == (known.case_id, ["hello"])
