"""Deletions by authors, and the look-up of persons, against a real sandbox org."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from salesforce_org import NOW, Sandbox, filing, opened, part, persons, receipts, running, send

from adapters.salesforce import Salesforce
from adapters.salesforce.comments import marker
from bridge.errors import Rejected
from bridge.ports import Filing, Known, Part, PersonFound, PersonMatch, Receipt

WHEN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
NOTE = "A message was deleted by its author 2026-11-21 09:30 UTC."
STILL_THERE = "The org does not let comments be changed: the text of a deleted message still stands."


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


def deletion(receipt: Receipt, target: str, known: Known, **more: object) -> Filing:
    gone = Part(
        key=f"{target}:deleted",
        act="delete",
        text="",
        public=False,
        sent_at=WHEN,
        received_at=WHEN,
        opens=False,
        ref=receipt.refs[target],
        row={"Subject": "[deleted by its author]", "Description": "[deleted by its author]"},
        notes=receipt.known.notes,
    )
    return filing("facebook:1:9", gone, known=known, create={}, **more)


def commented(crm: Salesforce, text: str = "regrettable") -> Receipt:
    known = opened(crm)
    [receipt] = receipts(send(crm, filing("facebook:1:9", part("m2", text, public=True), known=known)))
    return receipt


def test_a_comment_is_redacted_where_the_org_allows_it(org: Sandbox, crm: Salesforce) -> None:
    org.order("switches", comment_edit=True)
    target = commented(crm, "regrettable " * 500)

    [receipt] = receipts(send(crm, deletion(target, "m2", target.known)))

    assert (receipt.refs, receipt.warnings) == ({"m2:deleted": target.refs["m2"]}, ())
    assert [comment["body"] for comment in org.cases()[0]["comments"]] == ["[deleted by its author]"] * 2


def test_a_stock_org_withdraws_the_comment_and_notes_the_deletion(org: Sandbox, crm: Salesforce) -> None:
    target = commented(crm)

    [receipt] = receipts(send(crm, deletion(target, "m2", target.known)))

    old, note = org.cases()[0]["comments"]
    assert (old["body"], old["published"]) == (f"regrettable\n{marker('m2')}", False)
    assert (note["body"], note["published"]) == (f"{NOTE}\n{marker('m2:deleted')}", False)
    assert (receipt.refs, receipt.warnings) == ({"m2:deleted": note["Id"]}, (STILL_THERE,))


def test_a_deletion_repeated_after_a_lost_answer_leaves_one_note(org: Sandbox, crm: Salesforce) -> None:
    target = commented(crm)
    send(crm, deletion(target, "m2", target.known))

    [receipt] = receipts(send(crm, deletion(target, "m2", target.known, unsure_since=WHEN, unsure_last=WHEN)))

    assert list(receipt.refs) == ["m2:deleted"]
    assert len(org.bodies()) == 2


def test_an_opening_text_is_written_anew(org: Sandbox, crm: Salesforce) -> None:
    [target] = receipts(send(crm, filing("facebook:1:9", part("m1", "regrettable"))))

    [receipt] = receipts(send(crm, deletion(target, "m1", target.known)))

    fields = org.cases()[0]["fields"]
    assert (fields["Subject"], fields["Description"]) == ("[deleted by its author]", "[deleted by its author]")
    assert org.bodies() == [NOTE]
    assert receipt.warnings == ()


def test_an_opening_text_is_written_anew_though_a_newer_case_is_open(org: Sandbox, crm: Salesforce) -> None:
    [first] = receipts(send(crm, filing("facebook:1:9", part("m1", "regrettable"))))
    org.close_case(first.known.case_id)
    later = part("m2", "another matter", received_at=NOW + timedelta(hours=1))
    [second] = receipts(send(crm, filing("facebook:1:9", later, known=replace(first.known, status="closed"))))

    [receipt] = receipts(send(crm, deletion(first, "m1", second.known)))

    old, new = org.cases()
    assert (old["fields"]["Subject"], old["fields"]["Description"]) == ("[deleted by its author]",) * 2
    assert (new["fields"]["Description"], receipt.known) == ("another matter", second.known)
    assert (org.bodies(0), org.bodies(1), receipt.warnings) == ([NOTE], [], ())


def test_without_notes_an_opening_text_is_left_alone(org: Sandbox, crm: Salesforce) -> None:
    [target] = receipts(send(crm, filing("facebook:1:9", part("m1", "regrettable"))))
    unknown = replace(target, known=replace(target.known, notes={}))

    [receipt] = receipts(send(crm, deletion(unknown, "m1", target.known)))

    assert org.cases()[0]["fields"]["Description"] == "regrettable"
    assert len(receipt.warnings) == 2


def test_what_an_agent_has_written_since_stays(org: Sandbox, crm: Salesforce) -> None:
    [target] = receipts(send(crm, filing("facebook:1:9", part("m1", "regrettable"))))
    org.api("PATCH", f"sobjects/Case/{target.known.case_id}", {"Subject": "Refund agreed"})

    [receipt] = receipts(send(crm, deletion(target, "m1", target.known)))

    fields = org.cases()[0]["fields"]
    assert (fields["Subject"], fields["Description"]) == ("Refund agreed", "[deleted by its author]")
    assert receipt.warnings == (
        f"Subject of case {target.known.case_id} was changed in Salesforce; the deleted text may stand there.",
    )


def test_nothing_is_left_to_delete_in_a_deleted_case(org: Sandbox, crm: Salesforce) -> None:
    target = commented(crm)
    [first] = receipts(send(crm, filing("other", part("m1"))))
    org.api("DELETE", f"sobjects/Case/{target.known.case_id}", {})
    org.api("DELETE", f"sobjects/Case/{first.known.case_id}", {})

    [comment] = receipts(send(crm, deletion(target, "m2", target.known)))
    [opening] = receipts(send(crm, deletion(first, "m1", first.known)))

    assert (comment.failed, list(comment.refs)) == ({}, ["m2:deleted"])
    assert opening.warnings == ("The case of a deleted message is no longer in Salesforce.",)


# --- persons --------------------------------------------------------------------------------------------------


def contact(org: Sandbox, **fields: str) -> str:
    created: dict[str, str] = org.api("POST", "sobjects/Contact", fields)
    return created["id"]


def calls(org: Sandbox) -> int:
    return sum(org.data_calls().values())


def who(author: str, *rules: dict[str, str], fetch: tuple[str, ...] = ()) -> PersonMatch:
    return PersonMatch(author=author, object="Contact", rules=rules, fetch=fetch)


def test_all_persons_are_found_with_one_call(org: Sandbox, crm: Salesforce) -> None:
    org.order("fields", object="Contact", name="X_User_Id__c", type="string", length=255)
    ann = contact(org, LastName="Ann", X_User_Id__c="u1", Email="ANN@example.org")
    bob = contact(org, LastName="Bob", Email="bob@example.org")
    twins = sorted(contact(org, LastName="Twin", FirstName=name) for name in ("A", "B"))
    # values that differ in case only: the object is described once an hour to tell whether that counts
    persons(crm, who("x:u7", {"Email": "a@example.org"}), who("x:u8", {"Email": "A@example.org"}))
    before = calls(org)

    found = persons(
        crm,
        who("x:u1", {"X_User_Id__c": "u1"}, fetch=("LastName", "Phone")),
        who("x:u2", {"X_User_Id__c": "u2"}, {"Email": "BOB@example.org"}),
        who("x:u3", {"LastName": "Twin"}, {"Email": "bob@example.org"}),
        who("x:u4", {"LastName": "Twin", "FirstName": "b"}, fetch=("FirstName",)),
        who("x:u5", {"Email": "nobody@example.org"}),
        who("x:u6", {"Email": ""}),
    )

    assert [person.id for person in found[:2]] == [ann, bob]
    assert found[0].values == {"LastName": "Ann"}
    assert found[2] == PersonFound(several=tuple(twins))
    assert (found[3].id in twins, found[3].values) == (True, {"FirstName": "B"})
    assert found[4:] == [PersonFound(), PersonFound()]
    assert calls(org) - before == 1


@pytest.mark.parametrize(
    "attack", ["x' OR Name LIKE '%", "x') OR (LastName != '", "%", "_nn", "\\", "x\\' OR Id != '"]
)
def test_a_hostile_name_finds_only_itself(org: Sandbox, crm: Salesforce, attack: str) -> None:
    contact(org, LastName="Ann")

    nobody = crm.find([who("x:1", {"LastName": attack})])
    same = contact(org, LastName=attack)
    found = crm.find([who("x:1", {"LastName": attack})])

    assert (nobody, found) == ([PersonFound()], [PersonFound(id=same)])


def test_many_persons_are_asked_for_in_few_calls(org: Sandbox, crm: Salesforce) -> None:
    last = contact(org, LastName="Ann", Email="p499@example.org")
    before = calls(org)

    found = crm.find([who(f"x:{n}", {"Email": f"p{n}@example.org"}) for n in range(500)])

    assert found == [PersonFound()] * 499 + [PersonFound(id=last)]
    assert (org.state()["steps"]["GET query"], calls(org) - before) == (2, 1)


def test_a_name_that_is_none_never_reaches_the_org(org: Sandbox, crm: Salesforce) -> None:
    with pytest.raises(Rejected, match="no API name"):
        crm.find([who("x:1", {"Id FROM User": "x"})])

    assert calls(org) == 0


def test_a_match_on_a_field_that_is_not_there_is_refused_by_its_name_alone(crm: Salesforce) -> None:
    with pytest.raises(Rejected, match="No such column 'Nope__c' on entity 'Contact'; correct") as error:
        crm.find([who("x:1", {"Email": "ann@example.org", "Nope__c": "secret"})])

    assert error.value.field == "Nope__c"
    assert not any(word in str(error.value) for word in ("ann@", "secret", "SELECT"))


def test_persons_are_found_whatever_the_spelling_of_names(org: Sandbox, crm: Salesforce) -> None:
    ann = contact(org, LastName="Ann", Email="ann@example.org")
    rules: tuple[dict[str, str], ...] = ({"EMAIL": "ann@example.org"},)

    found = crm.find(
        [
            PersonMatch(author="x:1", object="contact", rules=rules, fetch=("lastname", "LASTNAME")),
            PersonMatch(author="x:2", object="Contact", rules=rules, fetch=("Email",)),
        ]
    )

    assert found == [
        PersonFound(id=ann, values={"lastname": "Ann", "LASTNAME": "Ann"}),
        PersonFound(id=ann, values={"Email": "ann@example.org"}),
    ]
