"""What becomes of a stored filing: what a receipt leaves of it, and what an author's deletion does to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import frozen
from bridge.frozen import Frozen
from bridge.message import DELETED_TEXT, Attachment
from bridge.ports import Filing, Part, Reopen, Value

WHEN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LATE = "Written 2026-11-21 09:30 UTC, before what stands above:\n"


def part(key: str, text: str = "hello") -> Part:
    return Part(key=key, act="add", text=text, public=False, sent_at=WHEN, received_at=WHEN)


def filing_of(*parts: Part) -> Frozen:
    filing = Filing(
        key="k",
        key_field="Key__c",
        object="Case",
        parts=parts,
        create={"Subject": "A: hello", "Priority": "Low", "Followers__c": 12},
        opener=parts[0].key,
        reopen=Reopen(),
        too_long="shorten",
    )
    return Frozen(filing=filing, blanked={"Subject": f"Somebody: {DELETED_TEXT}"})


def texts(whole: Frozen) -> list[str]:
    return [p.text for p in whole.filing.parts]


def test_what_was_overtaken_says_when_it_was_written() -> None:
    whole = filing_of(part("a", "one"), part("b", "two"), part("c", "three"))

    left = frozen.keep(whole, {"a", "c"}, filed={"b"})

    assert texts(left) == [LATE + "one", "three"]


def test_what_was_overtaken_twice_says_it_once() -> None:
    whole = filing_of(part("a", "one"), part("b", "two"), part("c", "three"))

    left = frozen.keep(frozen.keep(whole, {"a", "b"}, filed={"c"}), {"a"}, filed={"b"})

    assert texts(left) == [LATE + "one"]


def test_what_was_not_overtaken_keeps_its_words() -> None:
    whole = filing_of(part("a", "one"), part("b", "two"), part("c", "three"))

    assert texts(frozen.keep(whole, {"b", "c"}, filed={"a"})) == ["two", "three"]


def test_a_deletion_blanks_the_text_and_the_fields_of_its_case_but_no_others() -> None:
    whole = filing_of(part("a", "one"), part("b", "two"))

    blank = frozen.blank(whole, {"a"})

    assert texts(blank) == [DELETED_TEXT, "two"]
    assert blank.filing.create == {"Subject": f"Somebody: {DELETED_TEXT}", "Priority": "Low", "Followers__c": 12}


def test_a_deletion_blanks_an_edit_and_the_names_of_its_files() -> None:
    picture = Attachment(kind="image", url="https://cdn.example/ana.jpg", name="ana.jpg")
    edit = replace(
        part("b", "new"), act="edit", ref="500", row={"Subject": "A: new", "Followers__c": 3}, files=(picture,)
    )
    gone: dict[str, Value] = {"Subject": f"Somebody: {DELETED_TEXT}", "Followers__c": 3}
    whole = replace(filing_of(part("a", "one"), edit), rows={"b": gone})

    (_, blank) = frozen.blank(whole, {"b"}).filing.parts

    assert blank == replace(edit, text=DELETED_TEXT, row=gone, files=())


def test_a_deletion_blanks_our_note_to_it() -> None:
    whole = filing_of(part("a", "one"), part("a#note", "nobody is called Ana"), part("b", "two"))

    assert texts(frozen.blank(whole, {"a"})) == [DELETED_TEXT, DELETED_TEXT, "two"]


def test_a_deletion_of_a_comment_leaves_the_case_as_it_is() -> None:
    whole = filing_of(part("a", "one"), part("b", "two"))

    assert frozen.blank(whole, {"b"}).filing.create == whole.filing.create


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=5), st.text(max_size=30), st.booleans())
def test_a_filing_is_stored_to_the_letter(said: list[str], field: str, flag: bool) -> None:
    whole = filing_of(*(part(str(i), text) for i, text in enumerate(said)))
    create: dict[str, Value] = {"A": field, "B": flag, "C": 1, "D": 1.5, "E": None, "F": (field, "x")}
    whole = replace(whole, filing=replace(whole.filing, create=create))

    assert frozen.load(frozen.dump(whole)) == whole
