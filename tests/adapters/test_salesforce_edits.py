"""Messages that their authors edited: rewritten where the org allows it, else told beside, against a real org."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from salesforce_org import NOW, Sandbox, cut_off, filing, opened, part, receipts, running, send

from adapters.salesforce import Salesforce
from bridge.errors import RetryLater, Unsure
from bridge.ports import Filing, Known, Part, Receipt
from bridge.written import digest

KEY = "facebook:1:9"
ADDED = "Edited by its author:\n"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("salesforce")) as sandbox:
        yield sandbox


@pytest.fixture
def org(process: Sandbox) -> Sandbox:
    process.order("reset")
    process.order("switches", comment_edit=True)
    return process


@pytest.fixture
def stock(org: Sandbox) -> Sandbox:
    """An org as most are: comments cannot be changed."""
    org.order("switches", comment_edit=False)
    return org


@pytest.fixture
def crm(org: Sandbox) -> Salesforce:
    return org.crm(latest_commit=0)


def edit(target: str, ref: str, text: str, **more: Any) -> Part:
    return part(f"{target}:edited:{text[:8]}", text, act="edit", opens=False, ref=ref, **more)


def edits(known: Known, *parts: Part, **more: Any) -> Filing:
    return filing(KEY, *parts, known=known, create={}, **more)


def lost(filing: Filing) -> Filing:
    return replace(filing, unsure_since=NOW, unsure_last=NOW)


def commented(crm: Salesforce, text: str = "frist") -> Receipt:
    known = opened(crm)
    [receipt] = receipts(send(crm, filing(KEY, part("m2", text, public=True), known=known)))
    return receipt


def first(crm: Salesforce, text: str = "frist") -> Receipt:
    [receipt] = receipts(send(crm, filing(KEY, part("m1", text))))
    return receipt


def opening(receipt: Receipt, text: str, ref: str = "") -> Part:
    row = {"Subject": f"case {KEY}", "Description": text}
    return edit("m1", ref or receipt.refs["m1"], text, row=row, notes=receipt.known.notes)


def texts(org: Sandbox) -> list[str]:
    """The comments, those of ours without their markers."""
    return [body.rsplit("\n[cb:", 1)[0] for body in (c["body"] for c in org.cases()[0]["comments"])]


# --- comments -------------------------------------------------------------------------------------------------


def test_a_comment_is_rewritten_where_the_org_allows_it(org: Sandbox, crm: Salesforce) -> None:
    target = commented(crm)
    [said] = receipts(send(crm, edits(target.known, edit("m2", target.refs["m2"], "first", public=True))))

    assert texts(org) == ["first"]
    assert (said.refs, said.warnings) == ({"m2:edited:first": target.refs["m2"]}, ())


@pytest.mark.parametrize(("before", "after"), [(9000, 3), (3, 9000), (9000, 9000)])
def test_a_text_may_need_more_or_fewer_comments(org: Sandbox, crm: Salesforce, before: int, after: int) -> None:
    target = commented(crm, "a" * before)

    [said] = receipts(send(crm, edits(target.known, edit("m2", target.refs["m2"], "b" * after))))

    shown = texts(org)
    assert "".join(body.partition(") ")[2] or body for body in shown if body != "[edited]") == "b" * after
    assert len(shown) == max(before, after) // 4000 + 1
    assert sorted(said.refs["m2:edited:" + ("b" * after)[:8]].split(",")) == sorted(
        comment["Id"] for comment in org.cases()[0]["comments"]
    )


def test_a_stock_org_gets_the_new_text_beside_the_old(stock: Sandbox, crm: Salesforce) -> None:
    target = commented(crm)

    [said] = receipts(send(crm, edits(target.known, edit("m2", target.refs["m2"], "first", public=True))))

    old, new = stock.cases()[0]["comments"]
    assert texts(stock) == ["frist", f"{ADDED}first"]
    assert (old["published"], new["published"]) == (True, True)
    assert said.refs == {"m2:edited:first": f"{old['Id']},{new['Id']}"}
    assert len(said.warnings) == 1
    assert said.warnings[0].startswith("The new text of an edited message stands in a comment of its own")


def test_what_an_agent_has_changed_stays(org: Sandbox, crm: Salesforce) -> None:
    target = commented(crm)
    org.as_agent("CaseComment", target.refs["m2"], CommentBody="frist (he means first)")

    [said] = receipts(send(crm, edits(target.known, edit("m2", target.refs["m2"], "first"))))

    assert texts(org) == ["frist (he means first)", f"{ADDED}first"]
    assert said.warnings == ()


@pytest.mark.parametrize(
    ("editable", "method", "text"),
    [
        (True, "PATCH", "first"),
        (True, "PATCH", "x" * 9000),
        (True, "POST", "x" * 9000),
        (False, "PATCH", "first"),
        (False, "POST", "first"),
        (False, "POST", "x" * 9000),
    ],
)
def test_a_lost_answer_adds_nothing_twice(
    org: Sandbox,
    crm: Salesforce,
    editable: bool,
    method: str,
    text: str,
) -> None:
    org.order("switches", comment_edit=editable)
    target = commented(crm)
    given = edits(target.known, edit("m2", target.refs["m2"], text))
    org.fault("lost_answer", verb=method)

    outcome = cut_off(crm, given)
    [said] = receipts(send(crm, lost(given)))
    [again] = receipts(send(crm, lost(given)))

    assert isinstance(outcome, Unsure)
    assert again.refs == said.refs
    assert len(texts(org)) == (0 if editable else 1) + (3 if len(text) > 4000 else 1)


def test_a_new_text_that_stands_beside_the_old_stays_there(stock: Sandbox, crm: Salesforce) -> None:
    target = commented(crm)
    given = edits(target.known, edit("m2", target.refs["m2"], "first"))
    stock.fault("lost_answer", verb="POST")
    cut_off(crm, given)
    stock.order("switches", comment_edit=True)

    [said] = receipts(send(crm, lost(given)))

    assert texts(stock) == ["frist", f"{ADDED}first"]
    assert said.refs["m2:edited:first"].split(",") == [one["Id"] for one in stock.cases()[0]["comments"]]


def test_edit_after_edit_leaves_the_last_text(org: Sandbox, crm: Salesforce) -> None:
    target = commented(crm)
    ref = target.refs["m2"]

    receipts(send(crm, edits(target.known, edit("m2", ref, "first"), edit("m2", ref, "First!"))))

    assert texts(org) == ["First!"]


def test_a_stock_org_keeps_every_version_and_a_deletion_finds_them_all(stock: Sandbox, crm: Salesforce) -> None:
    target = commented(crm)
    [one] = receipts(send(crm, edits(target.known, edit("m2", target.refs["m2"], "first"))))
    [two] = receipts(send(crm, edits(target.known, edit("m2", one.refs["m2:edited:first"], "First!"))))
    shown = texts(stock)
    stock.order("switches", comment_edit=True)

    gone = part("m2:deleted", act="delete", opens=False, ref=two.refs["m2:edited:First!"])
    receipts(send(crm, edits(target.known, gone)))

    assert shown == ["frist", f"{ADDED}first", f"{ADDED}First!"]
    assert texts(stock) == ["[deleted by its author]"] * 3


def test_a_comment_that_is_gone_is_told_anew(org: Sandbox, crm: Salesforce) -> None:
    target = commented(crm)

    [said] = receipts(send(crm, edits(target.known, edit("m2", "00aSb0000000zzz", "first"))))

    assert texts(org) == ["frist", f"{ADDED}first"]
    assert said.warnings == ()


def test_nothing_is_edited_in_a_deleted_case(org: Sandbox, crm: Salesforce) -> None:
    target = commented(crm)
    org.api("DELETE", f"sobjects/Case/{target.known.case_id}", {})

    [said] = receipts(send(crm, edits(target.known, edit("m2", target.refs["m2"], "first"))))

    assert said.warnings == ("The case of an edited message is no longer in Salesforce.",)
    assert said.refs == {"m2:edited:first": target.refs["m2"]}


def test_an_edit_without_a_target_is_dropped(crm: Salesforce) -> None:
    [said] = receipts(send(crm, edits(opened(crm), edit("m9", "", "first"))))

    assert said.dropped == {"m9:edited:first": "target_unknown"}


def test_a_lock_lets_the_edit_wait(org: Sandbox, crm: Salesforce) -> None:
    target = commented(crm)
    org.fault("row_lock", verb="PATCH")

    [outcome] = send(crm, edits(target.known, edit("m2", target.refs["m2"], "first")))

    assert isinstance(outcome, RetryLater)
    assert texts(org) == ["frist"]


def test_no_edit_is_repeated_while_the_lost_one_may_still_come(org: Sandbox) -> None:
    target = commented(org.crm())

    [outcome] = send(org.crm(), lost(edits(target.known, edit("m2", target.refs["m2"], "first"))))

    assert isinstance(outcome, RetryLater)
    assert texts(org) == ["frist"]


def test_what_is_there_is_told_when_it_is_looked_for(org: Sandbox, crm: Salesforce) -> None:
    target = commented(crm)
    given = edits(target.known, edit("m2", target.refs["m2"], "first"))

    before = crm.look([given])
    send(crm, given)

    assert (before, crm.look([given])) == ([frozenset()], [frozenset(["m2:edited:first"])])


# --- opening texts --------------------------------------------------------------------------------------------


def test_an_opening_text_is_rewritten_and_known_again(stock: Sandbox, crm: Salesforce) -> None:
    target = first(crm)

    [one] = receipts(send(crm, edits(target.known, opening(target, "first"))))
    again = replace(opening(target, "First!"), notes=one.notes["m1:edited:first"])
    [two] = receipts(send(crm, edits(target.known, again)))

    assert stock.cases()[0]["fields"]["Description"] == "First!"
    assert (texts(stock), one.refs["m1:edited:first"]) == ([], target.known.case_id)
    assert two.notes["m1:edited:First!"]["w:Description"] == digest("First!")


def test_an_agents_description_stays_and_the_new_text_is_added(org: Sandbox, crm: Salesforce) -> None:
    target = first(crm)
    org.as_agent("Case", target.known.case_id, Description="He is angry.")

    [said] = receipts(send(crm, edits(target.known, opening(target, "first"))))

    assert org.cases()[0]["fields"]["Description"] == "He is angry."
    assert (texts(org), said.warnings) == ([f"{ADDED}first"], ())
    assert said.refs["m1:edited:first"].startswith(f"{target.known.case_id},00a")


def test_a_refused_opening_text_is_added_with_a_warning(org: Sandbox, crm: Salesforce) -> None:
    target = first(crm)
    bad = replace(opening(target, "first"), row={"Description": "first", "Origin": "Pigeon"}, notes={
        "w:Description": digest("frist"), "w:Origin": digest("Social"),
    })  # fmt: skip

    [said] = receipts(send(crm, edits(target.known, bad)))

    assert org.cases()[0]["fields"]["Description"] == "frist"
    assert texts(org) == [f"{ADDED}first"]
    assert "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" in said.warnings[0]
    assert said.notes["m1:edited:first"] == bad.notes


def test_a_rewritten_opening_text_whose_answer_was_lost_is_known(stock: Sandbox, crm: Salesforce) -> None:
    target = first(crm)
    given = edits(target.known, opening(target, "first"))
    stock.fault("lost_answer", verb="PATCH")
    cut_off(crm, given)

    [said] = receipts(send(crm, lost(given)))

    assert (stock.cases()[0]["fields"]["Description"], texts(stock)) == ("first", [])
    assert said.notes["m1:edited:first"]["w:Description"] == digest("first")


def test_a_closed_case_is_rewritten_as_it_is(org: Sandbox, crm: Salesforce) -> None:
    target = first(crm)
    org.close_case(target.known.case_id)

    receipts(send(crm, edits(target.known, opening(target, "first"))))

    fields = org.cases()[0]["fields"]
    assert (fields["Description"], fields["Status"], len(org.cases())) == ("first", "Closed", 1)


def test_a_text_that_is_too_long_is_cut_and_known(org: Sandbox, crm: Salesforce) -> None:
    target = first(crm)

    [said] = receipts(send(crm, edits(target.known, opening(target, "w " * 20_000))))

    assert len(org.cases()[0]["fields"]["Description"]) == 32_000
    assert said.warnings == ("Description was shortened to 32000 characters.",)
