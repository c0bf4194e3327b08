"""The CRM on paper takes filings as the port says, and nothing but filings changes what stands there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bridge.errors import Rejected
from bridge.message import Attachment
from bridge.plan.paper import Case, Comment, Paper
from bridge.ports import (
    Filing,
    Known,
    Named,
    Outcome,
    Part,
    PersonFound,
    PersonMatch,
    Raise,
    Receipt,
    Reopen,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CASE = "Case/x:1:2"
RANKS = ("Low", "Medium", "High")


def part(key: str, **more: Any) -> Part:
    given: dict[str, Any] = {"act": "add", "text": key, "public": False, "sent_at": None, "received_at": NOON}
    return Part(key=key, **{**given, **more})


def filing(*parts: Part, known: Known | None = None, **more: Any) -> Filing:
    given: dict[str, Any] = {"key": "x:1:2", "key_field": "Key__c", "object": "Case", "create": {}, **more}
    known, line = known or Known(), "care.yaml:9"
    return Filing(parts=parts, reopen=Reopen(), too_long="shorten", known=known, line=line, **given)


def opened(paper: Paper, **fields: Any) -> Known:
    """What is known of a case that was just opened with these fields."""
    return filed(paper, filing(part("first"), opener="first", create=fields)).known


def filed(paper: Paper, one: Filing) -> Receipt:
    [[(_, outcome)]] = [*paper.file([one], now=NOON)]
    assert isinstance(outcome, Receipt)
    return outcome


def test_the_first_message_is_the_case_and_each_later_one_a_comment() -> None:
    paper = Paper()

    known = opened(paper, Subject="Help", Empty="", Missing=None)
    later = filed(paper, filing(part("a"), part("b", public=True), known=known))

    assert known == Known(case_id=CASE)
    assert later.refs == {"a": f"{CASE}#0", "b": f"{CASE}#1"}
    comments = (Comment(text="a"), Comment(text="b", public=True))
    assert paper.cases == {CASE: Case(fields={"Subject": "Help"}, comments=comments)}


def test_each_filing_has_its_own_answer() -> None:
    paper = Paper()
    two = [filing(part(k), key=k, opener=k, create={"Subject": k}) for k in ("k:1", "k:2")]

    answers: list[list[tuple[int, Outcome]]] = [*paper.file(two, now=NOON)]

    assert [[i for i, _ in answer] for answer in answers] == [[0], [1]]
    assert [*paper.cases] == ["Case/k:1", "Case/k:2"]


def test_a_second_episode_is_another_case() -> None:
    paper = Paper()
    opened(paper, Subject="Help")

    again = filing(part("new"), opener="new", create={"Subject": "Again"}, known=Known(episode=2))

    assert filed(paper, again).known == Known(case_id=f"{CASE}~2", episode=2)
    assert {name: one.fields["Subject"] for name, one in paper.cases.items()} == {
        CASE: "Help",
        f"{CASE}~2": "Again",
    }


def test_our_own_words_open_no_case() -> None:
    paper = Paper()

    receipt = filed(paper, filing(part("ours", opens=False)))

    assert (receipt.dropped, paper.cases) == ({"ours": "echo"}, {})


def test_a_field_is_raised_and_never_lowered_and_an_owner_is_given_anew() -> None:
    paper = Paper()
    known = opened(paper, Priority="Medium", OwnerId="Care")

    for n, rank in enumerate(("High", "Low")):
        raises = {"Priority": Raise(value=rank, order=RANKS)}
        filed(paper, filing(part(str(n)), known=known, raises=raises, assign={"OwnerId": f"Desk {n}"}))

    assert paper.cases[CASE].fields == {"Priority": "High", "OwnerId": "Desk 1"}


def test_what_follows_another_message_changes_no_field() -> None:
    paper = Paper()
    known = opened(paper, Priority="Low")
    raises = {"Priority": Raise(value="High", order=RANKS)}

    filed(paper, filing(part("hidden", opens=False, case_id=CASE), known=known, raises=raises))

    assert paper.cases[CASE] == Case(fields={"Priority": "Low"}, comments=(Comment(text="hidden"),))


def test_an_object_without_comments_takes_only_what_changes_it() -> None:
    paper = Paper(mute={"Case"})
    known = opened(paper, Rating="Low")
    raises = {"Rating": Raise(value="High", order=RANKS)}

    first = filed(paper, filing(part("a"), known=known, raises=raises))
    second = filed(paper, filing(part("b"), known=known, raises=raises))

    assert (first.dropped, second.dropped) == ({}, {"b": "care.yaml:9: a Case takes no comments"})
    assert paper.cases == {CASE: Case(fields={"Rating": "High"})}


def test_an_edit_and_a_deletion_are_written_over_what_stands_there() -> None:
    paper = Paper()
    known = opened(paper, Description="first", Origin="Web")
    filed(paper, filing(part("a"), part("b"), known=known))

    edit = part("edit", act="edit", text="better", ref=f"{CASE},{CASE}#0", row={"Description": "better"})
    delete = part("delete", act="delete", text="", ref=f"{CASE}#1")
    receipt = filed(paper, filing(edit, delete, known=known))

    assert receipt.refs == {"edit": f"{CASE},{CASE}#0", "delete": f"{CASE}#1"}
    comments = (Comment(text="better"), Comment(text="[deleted by its author]"))
    assert paper.cases == {CASE: Case(fields={"Description": "better", "Origin": "Web"}, comments=comments)}


def test_files_are_told_by_their_addresses() -> None:
    paper = Paper()
    photo, film = (Attachment(kind="file", url=f"https://cdn.example/{n}") for n in ("photo", "film"))

    known = filed(paper, filing(part("a", files=(photo,)), opener="a", create={"Subject": "A"})).known
    filed(paper, filing(part("b", files=(film,)), known=known))

    assert paper.cases[CASE] == Case(
        fields={"Subject": "A"},
        files=("https://cdn.example/photo",),
        comments=(Comment(text="b", files=("https://cdn.example/film",)),),
    )


def test_whom_nobody_knows_is_nobody_and_noted_once() -> None:
    ana, ben = (PersonMatch(author=f"x:{name}", object="Contact", rules=()) for name in ("ana", "ben"))
    paper = Paper(person=lambda one: PersonFound(id="003") if one is ana else None)

    found = paper.find([ana, ben, ben])

    assert found == [PersonFound(id="003"), PersonFound(), PersonFound()]
    assert paper.strangers == {"x:ben"}


def test_a_record_stands_there_with_its_name_unless_it_was_missing() -> None:
    care, gone = (Named(object="Case", field="OwnerId", name=name) for name in ("Care", "Gone"))

    found = Paper(lacks=lambda one: one is gone).identify([care, gone])

    assert found[0] == "Care"
    assert isinstance(found[1], Rejected)
    assert str(found[1]) == "there is no 'Gone'"


def test_nothing_has_to_be_looked_for() -> None:
    assert Paper().look([filing(part("a"))]) == [()]
