"""What a later message does to the case: it raises and never lowers, reassigns, brings files, tells the times."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from heart import CARE, NOON, bridge, case_of, column, drain, edited, hear, ours, said, worker
from logbook import Logbook
from sqlalchemy import update

from bridge.message import Attachment
from bridge.store import Store
from bridge.store.engine import now, stamp
from bridge.store.tables import case_row, item, lane

RAISING = CARE.replace(
    "decide:\n",
    "decide:\n  priority:\n    - when: {text: {has_any: [fraud]}}\n      use: High\n"
    "    - when: {text: {has_any: [refund]}}\n      use: Medium\n    - otherwise: Low\n",
).replace("Origin: Web}", 'Priority: "{priority}"}')
RAISING = RAISING.replace("public: true}}", "public: true}, raise_only: {Priority: [Low, Medium, High]}}")
TEXTS = ("hello", "refund", "fraud")


def priority(crm: Logbook) -> object:
    return crm.cases()[case_of()]["Priority"]


@pytest.mark.parametrize("texts", list(permutations(TEXTS)))
def test_the_priority_is_the_highest_of_all_messages_one_by_one(
    store: Store, crm: Logbook, texts: tuple[str, ...]
) -> None:
    made = bridge(store, crm, RAISING)
    seen = []

    for text in texts:
        hear(store, said(text))
        drain(made)
        seen.append(priority(crm))

    ranks = ["Low", "Medium", "High"]
    highest = [max(TEXTS.index(text) for text in texts[: n + 1]) for n in range(3)]
    assert seen == [ranks[n] for n in highest]


def test_the_priority_is_the_highest_of_all_messages_in_one_filing(store: Store, crm: Logbook) -> None:
    hear(store, *(said(text) for text in TEXTS))

    drain(bridge(store, crm, RAISING))

    assert priority(crm) == "High"
    assert [dict(one.create)["Priority"] for one in crm.seen()] == ["High"]


def test_our_own_words_and_edits_raise_nothing(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, RAISING)
    one = said("hello")
    hear(store, one)
    drain(made)

    hear(store, ours("is it fraud?", to=one.id), edited(one, "a refund"))
    drain(made)

    assert priority(crm) == "Low"


ASSIGNING = CARE.replace("Origin: Web}", 'OwnerId: {named: "Desk {text}"}}')


@pytest.mark.parametrize(("reassign", "owner"), [("true", "00G-2"), ("false", "00G-1")])
def test_a_later_message_reassigns_where_the_mapping_says_so(
    store: Store, crm: Logbook, reassign: str, owner: str
) -> None:
    crm.name("Desk one", "00G-1")
    crm.name("Desk two", "00G-2")
    text = ASSIGNING.replace("public: true}}", f"public: true}}, reassign: {reassign}}}")
    made = bridge(store, crm, text)

    for one in ("one", "two", "none"):
        hear(store, said(one))
        drain(made)

    assert crm.cases()[case_of()]["OwnerId"] == owner


@pytest.mark.parametrize(("reassign", "owner"), [("true", "00G-2"), ("false", "00G-1")])
def test_messages_filed_together_reassign_as_if_they_came_one_by_one(
    store: Store, crm: Logbook, reassign: str, owner: str
) -> None:
    crm.name("Desk one", "00G-1")
    crm.name("Desk two", "00G-2")
    hear(store, said("one"), said("two"))

    drain(bridge(store, crm, ASSIGNING.replace("public: true}}", f"public: true}}, reassign: {reassign}}}")))

    assert crm.cases()[case_of()]["OwnerId"] == owner


PICTURE = Attachment(kind="image", url="https://cdn.example/1.jpg", name="broken.jpg")
PLACE = Attachment(kind="location", name="52.5,13.4")


@pytest.mark.parametrize(("how", "copied"), [("link", []), ("copy", ["facebook:page-1:m-one:created"])])
def test_attachments_are_linked_in_the_texts_and_copied_where_the_mapping_says_so(
    store: Store, crm: Logbook, how: str, copied: list[str]
) -> None:
    text = CARE.replace("  object: Case\n", f"  object: Case\n  attachments: {how}\n").replace(
        'Subject: "{text}"', 'Subject: "{text}", Description: "{text}"'
    )
    hear(store, said("one", attachments=(PICTURE, PLACE)), said("two", attachments=(PLACE,)), said("three"))

    drain(bridge(store, crm, text))

    linked = "\nimage: broken.jpg https://cdn.example/1.jpg\nlocation: 52.5,13.4"
    assert crm.cases()[case_of()]["Description"] == f"one{linked}"
    assert crm.texts() == [f"one{linked}", "two\nlocation: 52.5,13.4", "three"]
    assert list(crm.files()) == copied


def test_a_text_that_shows_its_attachments_names_them_once(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), said("two", attachments=(PICTURE,)))

    drain(bridge(store, crm, CARE.replace('{text: "{text}"', '{text: "{text} {attachments}"')))

    assert crm.texts()[1] == "two https://cdn.example/1.jpg"


TIMES = CARE.replace(
    'comment: {text: "{text}"',
    'comment: {text: "{text}, open since {case.opened_at | date}, answered {case.first_reply_at | default never}"',
).replace("default never", 'default \\"never\\"')


def test_a_comment_can_tell_when_its_case_was_opened_and_first_answered(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, TIMES)
    one = said("one")
    hear(store, one)
    drain(made)
    with store.write() as c:
        c.execute(update(case_row).values(opened_at=stamp(NOON)))

    hear(store, said("two"))
    drain(made)
    for n, minutes in enumerate((5, 9)):
        hear(store, ours("sorry", to=one.id, id=f"o{n}", sent_at=NOON + timedelta(minutes=minutes)))
        drain(made)
    hear(store, said("three"))
    drain(made)

    first, last = (text for text in crm.texts() if text[:2] in ("tw", "th"))
    assert first == "two, open since 2026-11-21, answered never"
    assert last == "three, open since 2026-11-21, answered 2026-11-21T12:05:00Z"


def test_a_new_case_forgets_when_the_one_before_was_answered(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, CARE.replace("case:\n", "case:\n  new_after_silence: 1 day\n", 1))
    one = said("one")
    hear(store, one, ours("sorry", to=one.id))
    drain(made)
    assert list(column(store, case_row, "replied_at").values()) == [stamp(NOON)]

    hear(store, said("two", received_at=NOON + timedelta(days=2)))
    drain(made)

    assert list(column(store, case_row, "replied_at").values()) == [None]


COUNTING = CARE.replace("Origin: Web}", 'Count: "{author.recent_messages}"}').replace(
    'comment: {text: "{text}"', 'comment: {text: "{text} ({author.recent_messages})"'
)


def test_how_often_an_author_wrote_within_thirty_days_can_be_told(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, COUNTING)
    first = said("old")
    hear(store, first, said("new"))
    drain(made)
    with store.write() as c:
        days = round(timedelta(days=31).total_seconds() * 1000)
        c.execute(update(item).where(item.c.message_id == first.id).values(ingested_at=item.c.ingested_at - days))

    hear(store, ours("sorry", to=first.id), said("three"), said("four"), said("of ben", by="ben"))
    drain(made)

    texts = [text for text in crm.texts() if "sorry" not in text]
    assert texts == ["old (1)", "new (2)", "three (2)", "four (3)", "of ben (1)"]
    assert [fields["Count"] for fields in crm.cases().values()] == [1, 1]


def test_the_count_does_not_depend_on_who_else_waits(store: Store, crm: Logbook) -> None:
    """An older message of somebody else hides none of an author's."""
    made = bridge(store, crm, COUNTING)
    hear(store, said("of ben", by="ben"))
    hear(store, *(said(f"a{n}") for n in range(3)))
    with store.write() as c:
        c.execute(update(lane).where(lane.c.id.like("%:ben")).values(due_at=now() + 3_600_000))
    worker(made).step()
    with store.write() as c:
        c.execute(update(lane).where(lane.c.id.like("%:ben")).values(due_at=now()))

    hear(store, said("a3"))
    drain(made)

    assert [text for text in crm.texts(case_of()) if text.startswith("a3")] == ["a3 (4)"]


def test_an_edit_takes_nothing_of_what_its_message_changed(store: Store, crm: Logbook) -> None:
    crm.name("Desk one", "00G-1")
    crm.name("Desk two", "00G-2")
    made = bridge(store, crm, ASSIGNING.replace("public: true}}", "public: true}, reassign: true}"))
    hear(store, said("one"))
    drain(made)

    two = said("two")
    hear(store, two, edited(two, "two!"))
    drain(made)

    assert crm.cases()[case_of()]["OwnerId"] == "00G-2"


def test_a_private_answer_is_no_public_one(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm)
    hear(store, said("hi", kind="direct", thread="ana", public=False))
    drain(made)

    hear(store, ours("hello", kind="direct", thread="ana", public=False))
    drain(made)

    assert list(column(store, case_row, "replied_at").values()) == [None]


def test_a_rule_can_ask_how_often_an_author_wrote(store: Store, crm: Logbook) -> None:
    text = CARE.replace("    - text: {has_any: [giveaway]}", "    - author.recent_messages: {at_least: 3}")

    hear(store, *(said(str(n)) for n in range(5)))
    drain(bridge(store, crm, text))

    assert crm.texts() == ["0", "1"]
