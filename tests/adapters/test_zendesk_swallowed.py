"""What Zendesk answered with 200 and did not keep is told in sentences; what it kept in its own writing is not."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zendesk_account import Sandbox, running

from adapters.zendesk import text
from adapters.zendesk.swallowed import swallowed
from bridge.sandbox.zendesk.shapes import GROUP

GONE = "Zendesk did not keep custom_field_7: the account has no such field, or it is switched off."
EMPTY = (
    "Zendesk did not keep custom_field_7: the field is empty now, so the value is none of its options, or of "
    "another type."
)
OTHER = "Zendesk did not keep custom_field_7: it shows another value."


def own(value: Any, number: int | str = 7) -> dict[str, Any]:
    """A ticket with one field that an admin made."""
    return {"custom_fields": [{"id": number, "value": value}]}


def audit(*events: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": 1, "events": [{"id": n, **event} for n, event in enumerate(events)]}


def change(field: str, value: Any) -> dict[str, Any]:
    return {"type": "Change", "field_name": field, "value": value}


def comment(html_body: str, *, public: bool = True) -> dict[str, Any]:
    wrapped = f'<div class="zd-comment" dir="auto">{html_body}</div>'
    return {"type": "Comment", "html_body": wrapped, "plain_body": "", "public": public}


# --- fields that an admin made ------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [None, audit()])
def test_a_value_that_is_gone_is_told_with_and_without_the_audit(said: Any) -> None:
    assert swallowed(own("acme"), own(None), said) == [EMPTY]
    assert swallowed(own(["a", "b"]), own([]), said) == [EMPTY]


def test_a_field_that_is_not_there_is_told() -> None:
    assert swallowed(own("acme"), {"custom_fields": []}) == [GONE]
    assert swallowed(own("acme"), own("acme", 8)) == [GONE]


def test_a_ticket_that_comes_without_its_fields_tells_nothing() -> None:
    assert swallowed(own("acme"), {"id": 1}) == []
    assert swallowed(own("acme"), {"custom_fields": None}) == []


@pytest.mark.parametrize("nothing", [None, "", [], False])
def test_what_was_emptied_is_kept(nothing: Any) -> None:
    assert swallowed(own(nothing), own(None), audit()) == []
    assert swallowed(own(nothing), {"custom_fields": []}) == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("12.50", "12.5"),
        (12.5, "12,50"),
        (7, "07"),
        ("+7", 7),
        (True, "true"),
        ("2026-11-21", "2026-11-21T00:00:00+00:00"),
        ("2026-11-21T00:00:00.5+01:00", "2026-11-20T23:00:00Z"),
        (" Acme \n Outlet", "Acme Outlet"),
        ("Acme", "acme"),
        ("{\u200b{x}\u200b}", "{{x}}"),
        ("cafe\u0301", "caf\u00e9"),
        (["b", "a"], ["a", "b"]),
        ("a", ["a"]),
        ("https://acme.example/1", "https://acme.example/1"),
    ],
)
def test_another_way_to_write_a_value_is_no_loss(sent: Any, shown: Any) -> None:
    assert swallowed(own(sent), own(shown), audit()) == []


def test_ids_are_numbers_or_texts() -> None:
    assert swallowed(own("acme", "7"), own("acme", 7), audit()) == []


def test_another_value_is_a_loss_only_where_the_audit_shows_that_ours_was_never_there() -> None:
    sent, shown = own("acme_fr"), own("acme")

    assert swallowed(sent, shown, audit(change("8", "acme_fr"))) == [OTHER]
    assert swallowed(sent, shown, audit(change("7", "acme_fr"), change("7", "acme"))) == []
    assert swallowed(sent, shown) == []


def test_a_list_of_which_some_were_kept_is_told() -> None:
    some = "Zendesk kept only some of the values of custom_field_7: the others are none of its options."

    assert swallowed(own(["a", "b"]), own(["b"]), audit()) == [some]
    assert swallowed(own(["a", "b"]), own(["b"])) == [some]


def test_a_long_text_that_ends_early_was_cut() -> None:
    cut = "Zendesk cut custom_field_7 to 200 of 300 characters."

    assert swallowed(own("x" * 300), own("x" * 200), audit()) == [cut]
    assert swallowed(own("x" * 300), own("x" * 200)) == [cut]


@given(st.text(min_size=1) | st.integers() | st.booleans() | st.lists(st.text(min_size=1), min_size=1))
def test_whatever_is_shown_as_it_was_sent_was_kept(value: Any) -> None:
    assert swallowed(own(value), own(value), audit()) == []
    assert swallowed(own(value), own(value)) == []


@given(st.text(alphabet="klmnopq", min_size=5), st.text(alphabet="rstuvwx", min_size=5))
def test_no_value_is_ever_told(sent: str, shown: str) -> None:
    told = " ".join([*swallowed(own(sent), own(shown), audit()), *swallowed(own([sent]), own(None), audit())])

    assert sent not in told
    assert shown not in told


# --- fields of every ticket ---------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["priority", "status", "group_id", "assignee_id", "type"])
def test_what_triggers_and_agents_may_change_is_theirs(field: str) -> None:
    sent: dict[str, Any] = {field: 5 if field.endswith("_id") else "low"}

    for shown in ({field: None}, {field: "other"}, {}):
        assert swallowed(sent, shown) == []
        assert swallowed(sent, shown, audit(change(field, str(sent[field])))) == []
    assert swallowed(sent, {field: "other"}, audit(change(field, "other"))) == []


def test_what_was_never_there_is_told_with_the_reason_where_one_is_known() -> None:
    sent = {"priority": "low", "due_at": "2026-11-21T20:00:00Z", "recipient": "care@acme.example"}

    assert swallowed(sent, dict.fromkeys(sent), audit()) == [
        "Zendesk did not keep priority: the field is empty now.",
        "Zendesk did not keep recipient: the field is empty now.",
        "Zendesk did not keep due_at: only a ticket of the type task has it.",
    ]


def test_a_trimmed_subject_is_kept_and_a_cut_one_is_told() -> None:
    assert swallowed({"subject": " a  b\n"}, {"subject": "a b"}, audit()) == []
    assert swallowed({"subject": "y" * 255}, {"subject": "y" * 150}) == [
        "Zendesk cut subject to 150 of 255 characters."
    ]


# --- tags ---------------------------------------------------------------------------------------------------


def test_tags_written_small_parted_and_added_to_are_kept() -> None:
    sent = {"tags": ["Social", "Acme Outlet", "{\u200b{x"]}

    assert swallowed(sent, {"tags": ["acme", "outlet", "social", "{{x", "vip"]}, audit()) == []
    assert swallowed({"tags": []}, {"tags": ["vip"]}, audit()) == []
    assert swallowed({}, {"tags": ["vip"]}, audit()) == []


def test_a_tag_that_was_never_there_is_counted_and_not_named() -> None:
    sent, shown = {"tags": ["social", "c#"]}, {"tags": ["social", "c"]}

    assert swallowed(sent, shown, audit(change("tags", ["social", "c"]))) == [
        "Zendesk did not keep 1 of 2 tags: a tag has letters, digits and _ - / : only."
    ]
    assert swallowed(sent, shown, audit(change("tags", "social c#"), change("tags", "social c"))) == []
    assert swallowed(sent, shown) == []


# --- the comment --------------------------------------------------------------------------------------------


def sent_comment(markup: str, **more: Any) -> dict[str, Any]:
    return {"comment": {"html_body": markup, "public": True, **more}}


def test_a_comment_that_was_cut_is_told_in_letters() -> None:
    shown = audit(comment("z" * 65_535))
    cut = "Zendesk cut the comment to 65535 of 70000 characters."

    assert swallowed(sent_comment("z" * 70_000), {}, shown) == [cut]
    assert swallowed(sent_comment("z" * 70_000), {"description": "z" * 65_535}) == [cut]
    assert swallowed({"id": 35, **sent_comment("z" * 70_000)}, {"description": "the first one"}) == []


@pytest.mark.parametrize(
    "shown",
    [
        '<p dir="auto">Tom &amp; Ann<br>said: 1 &lt; 2</p>',
        "Tom & Ann said: 1 &lt; 2",
        '<p>Tom &#38; Ann</p>\n<p>said: 1 &lt; <a href="https://x.example">2</a></p>',
        "Tom &amp; Ann said: ▇ &lt; 2",
    ],
)
def test_markup_of_zendesks_own_and_redacted_digits_are_no_cut(shown: str) -> None:
    assert swallowed(sent_comment("Tom &amp; Ann<br>said:\u200b 1 &lt; 2"), {}, audit(comment(shown))) == []


@given(st.text(max_size=200), st.integers(0, 199))
def test_a_text_is_cut_exactly_if_letters_of_its_end_are_missing(said: str, end: int) -> None:
    markup = text.pieces(said)[0]
    whole, part = (html.escape(text.harmless(one)) for one in (said, said[:end]))
    letters = [len("".join(one.split())) for one in (said, said[:end])]

    assert swallowed(sent_comment(markup), {}, audit(comment(whole))) == []
    told = swallowed(sent_comment(markup), {}, audit(comment(part)))
    assert bool(told) <= (letters[1] < letters[0])


def test_a_public_comment_that_became_private_is_told() -> None:
    said = "Zendesk made the comment private, not public: look which comments the OAuth client's agent may write."

    assert swallowed(sent_comment("hello"), {}, audit(comment("hello", public=False))) == [said]
    assert swallowed(sent_comment("hello", public=False), {}, audit(comment("hello", public=False))) == []


def test_an_audit_without_the_comment_tells_nothing_of_it() -> None:
    assert swallowed(sent_comment("hello"), {"description": ""}, audit()) == []


# --- an account ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("zendesk")) as sandbox:
        sandbox.reset()
        sandbox.order("fields", id=7, title="Brand", type="tagger", options=["acme", "outlet"])
        sandbox.order("fields", id=8, title="Reach", type="integer")
        sandbox.order("fields", id=9, title="Asked", type="checkbox")
        sandbox.order("fields", id=10, title="Topics", type="multiselect", options=["refund", "delay"])
        yield sandbox


KEPT: Mapping[str, Any] = {
    "subject": " Where is \n my refund? ",
    "priority": "low",
    "tags": ["Social Care", "vip"],
    "group_id": GROUP + 1,
    "external_id": "casebridge:1",
    "custom_fields": [
        {"id": 7, "value": "outlet"},
        {"id": 8, "value": "120"},
        {"id": 9, "value": True},
        {"id": 10, "value": ["refund", "delay"]},
    ],
}


def test_an_account_that_keeps_all_gives_no_warning(account: Sandbox) -> None:
    sent = {**KEPT, **sent_comment(text.pieces("Tom & Ann <said>:\n{{1}} < 2   …")[0])}

    made = account.api("POST", "tickets", {"ticket": sent})
    number = made["ticket"]["id"]
    changed = account.api("PUT", f"tickets/{number}", {"ticket": {**sent, "status": "pending"}})
    later = account.api("GET", f"tickets/{number}")

    assert swallowed(sent, made["ticket"], made["audit"]) == []
    assert swallowed({**sent, "status": "pending"}, changed["ticket"], changed["audit"]) == []
    assert swallowed(sent, later["ticket"]) == []


def test_an_account_that_keeps_less_is_told_of(account: Sandbox) -> None:
    own_fields = [{"id": 7, "value": "Acme"}, {"id": 10, "value": ["refund", "x"]}, {"id": 11, "value": "x"}]
    sent = {"custom_fields": own_fields, "due_at": "2026-11-21T20:00:00Z", **sent_comment("z" * 70_000)}

    made = account.api("POST", "tickets", {"ticket": sent})

    assert swallowed(sent, made["ticket"], made["audit"]) == [
        "Zendesk did not keep due_at: only a ticket of the type task has it.",
        EMPTY,
        "Zendesk kept only some of the values of custom_field_10: the others are none of its options.",
        GONE.replace("_7", "_11"),
        "Zendesk cut the comment to 65535 of 70000 characters.",
    ]


# --- whatever comes -----------------------------------------------------------------------------------------

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
ROW = st.fixed_dictionaries({}, optional={"id": anything, "value": anything})
EVENT = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("type", "field_name", "value", "html_body", "public"), anything)
)
TICKET = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("subject", "priority", "group_id", "tags", "due_at", "description"), anything),
        "custom_fields": anything | st.lists(ROW | anything, max_size=3),
        "comment": anything | st.fixed_dictionaries({"html_body": anything}, optional={"public": anything}),
    },
)
AUDIT = st.none() | st.fixed_dictionaries({}, optional={"events": anything | st.lists(EVENT, max_size=3)})


@given(TICKET, TICKET, AUDIT)
def test_no_answer_breaks_it(
    sent: Mapping[str, Any], shown: Mapping[str, Any], said: Mapping[str, Any] | None
) -> None:
    told: Sequence[str] = swallowed(sent, shown, said)

    assert all(one.startswith("Zendesk ") and one.endswith(".") for one in told)
