"""A rehearsal makes of stored messages what the bridge made of them, whatever time it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from heart import (
    CARE,
    NOON,
    WITH_CONTACT,
    age,
    all_items,
    bridge,
    case_of,
    deleted,
    drain,
    edited,
    hear,
    ours,
    said,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from logbook import Logbook
from sqlalchemy import update

from bridge.mapping import Mapping, person_match, read
from bridge.mapping.targets import fitted
from bridge.message import Message
from bridge.plan import rehearsal
from bridge.plan.paper import Case, Comment
from bridge.plan.rehearsal import Ending, Rehearsal
from bridge.ports import PersonFound
from bridge.store import Store, connect
from bridge.store.tables import item

DAY = timedelta(days=1)
ANA, BEN = (f"crm/Case/{case_of(name)}" for name in ("ana", "ben"))


@pytest.fixture
def database() -> str:
    """The rehearsal itself never sees which database the messages come from."""
    return "sqlite"


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Iterator[Store]:
    found = connect(f"sqlite:///{copy(template, tmp_path)}")
    yield found
    found.engine.dispose()


def mappings(*texts: str) -> dict[str, Mapping]:
    made = [fitted(read(text, "care.yaml"), Logbook) for text in texts]
    return {one.name: one for one in made}


def rehearsed(store: Store, *texts: str, before: str = "", last: int = 200) -> Rehearsal:
    """The last messages through these mappings; before: the mapping that decided them at first."""
    told = rehearsal.program(store, last)
    decided_by = mappings(before) if before else {}
    known = rehearsal.memory(store, told, lambda _: decided_by)
    return rehearsal.rehearse(told, mappings(*texts or (CARE,)), {"crm": Logbook}, known)


def states(found: Rehearsal) -> list[str]:
    return [f"{one.state}: {one.reason}".rstrip(": ") for one in found.endings.values()]


def came(store: Store, number: int, at: datetime) -> None:
    """Have an item come at another time."""
    with store.write() as c:
        c.execute(update(item).where(item.c.id == number).values(ingested_at=round(at.timestamp() * 1000)))


# --- as it was ------------------------------------------------------------------------------------------------


def test_it_ends_as_in_life_for_every_kind_of_message(store: Store, crm: Logbook) -> None:
    question = said("help")
    told: list[Message] = [
        question,
        said("giveaway"),
        said("who", kind="review"),
        said("me too", by="ben"),
        edited(question, "help!", version="1"),
        ours("we do", to="m-help"),
        ours("nobody asked", to="m-nowhere"),
    ]
    for one in told:
        hear(store, one)
        drain(bridge(store, crm))

    found = rehearsed(store)

    lived = [
        Ending(state=one.state, reason=one.reason) if one.state != "filed" else one.state
        for one in all_items(store)
    ]
    assert [one if one.state != "filed" else "filed" for one in found.endings.values()] == lived
    assert [one.case for one in found.endings.values()] == [ANA, "", "", BEN, ANA, ANA, ""]
    assert {name.rpartition("/")[2]: len(one.comments) for name, one in found.cases.items()} == {
        case_of("ana"): 2,
        case_of("ben"): 0,
    }


AUTHORS, TEXTS = st.sampled_from(("ana", "ben")), st.sampled_from(("help", "giveaway", "urgent", "thanks"))
EVENTS = st.tuples(st.sampled_from(("said", "edited", "ours")), AUTHORS, TEXTS, st.integers(0, 12))
RANK = "  rank: [{when: {text: urgent}, use: High}, {otherwise: Low}]\n"
RAISED = (
    CARE.replace("decide:\n", f"decide:\n{RANK}")
    .replace("Origin: Web", 'Rank: "{rank}"')
    .replace("  create:", "  new_after_silence: 5 days\n  create:")
    .replace("public: true}", "public: true}, raise_only: {Rank: [Low, High]}")
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(EVENTS, min_size=1, max_size=6))
def test_the_crm_on_paper_looks_like_the_real_one(
    events: list[tuple[str, str, str, int]], template: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("life")
    store, crm = connect(f"sqlite:///{copy(template, folder)}"), Logbook(folder / "logbook.db")
    made = bridge(store, crm, RAISED)
    for one in happened(events):
        hear(store, one)
        drain(made)

    found = rehearsed(store, RAISED)

    store.engine.dispose()
    cases = {name.rpartition("/")[2]: one for name, one in found.cases.items()}
    assert {name: one.fields for name, one in cases.items()} == crm.cases()
    assert {name: [said.text for said in one.comments] for name, one in cases.items()} == {
        name: crm.texts(name)[1:] for name in crm.cases()
    }


def happened(events: list[tuple[str, str, str, int]]) -> Iterator[Message]:
    """Messages, and what follows them; each comes so many days after the one before."""
    at, last = NOON, said("nothing", id="m-lost")
    for n, (kind, author, text, days) in enumerate(events):
        at += timedelta(days=days)
        if kind == "said":
            last = said(text, by=author, id=f"m-{n}", received_at=at)
            yield last
        elif kind == "edited":
            yield edited(last, f"{text} {n}", version=str(n), received_at=at)
        else:
            yield ours(f"{text} {n}", to=last.id, received_at=at)


def test_what_was_decided_is_told_with_its_lines(store: Store) -> None:
    hear(store, said("help"), said("more"))

    found = rehearsed(store)

    [first, _] = found.endings.values()
    assert first == Ending(
        state="filed", mapping="care", case=ANA, values={"heard": "help"}, lines={"heard": "care.yaml:10"}
    )
    fields = {"Subject": "help", "Name": "Ana", "Origin": "Web"}
    assert found.cases == {ANA: Case(fields=fields, comments=(Comment(text="more", public=True),))}


def test_nothing_is_written_where_the_messages_stand(store: Store) -> None:
    hear(store, said("help"), said("giveaway"))
    before = all_items(store)

    rehearsed(store)

    assert [replace(one, age=DAY) for one in all_items(store)] == [replace(one, age=DAY) for one in before]


def test_only_the_last_ones_are_told_of_and_what_they_point_at_goes_before_them(store: Store) -> None:
    first = said("help")
    hear(store, first, said("other", by="ben"))
    hear(store, said("between", by="cem"), edited(first, "help!", version="1"))

    found = rehearsed(store, last=2)

    assert [*found.endings] == [3, 4]
    assert found.endings[4].case == ANA
    assert [*found.cases] == [ANA, f"crm/Case/{case_of('cem')}"]


def test_an_empty_inbox_is_gone_through_at_once(store: Store) -> None:
    assert rehearsed(store) == Rehearsal(endings={}, cases={})


def test_what_nobody_can_read_or_its_author_deleted_is_left_out(store: Store) -> None:
    gone = said("oh no")
    hear(store, said("help"), gone)
    hear(store, deleted(gone))
    with store.write() as c:
        c.execute(update(item).where(item.c.key.like("%m-help%")).values(body=""))

    told = rehearsal.program(store, 200)

    assert (told.entries, told.left_out) == ([], {"deleted": 1, "unreadable": 1})


def test_a_reply_that_an_agent_wrote_in_the_crm_is_left_out(store: Store) -> None:
    hear(store, said("help"), ours("we do", to="m-help"))
    with store.write() as c:
        c.execute(update(item).where(item.c.id == 2).values(state="dropped", reason="our_reply"))

    assert rehearsal.program(store, 200).left_out == {"our_reply": 1}


# --- time -----------------------------------------------------------------------------------------------------


def test_an_edit_without_its_message_waits_for_a_day_as_the_clock_then_went(store: Store) -> None:
    hear(store, edited(said("lost"), "lost!", version="1"), said("help", by="ben"))

    young = rehearsed(store)
    age(store, 2 * DAY)
    old = rehearsed(store)

    assert states(young) == ["waits", "filed"]
    assert states(old) == ["filed", "filed"]


def test_a_silence_is_counted_between_the_messages(store: Store) -> None:
    hear(store, said("help"), said("again", received_at=NOON + 8 * DAY))

    found = rehearsed(store, CARE.replace("  create:", "  new_after_silence: 7 days\n  create:"))

    assert [*found.cases] == [ANA, f"{ANA}~2"]


def test_messages_of_an_author_are_counted_with_those_before_the_rehearsal(store: Store) -> None:
    often = CARE.replace(
        '[{otherwise: "{text}"}]',
        "[{when: {author.recent_messages: {at_least: 3}}, use: often}, {otherwise: seldom}]",
    )
    hear(store, *(said(f"{n}") for n in range(5)))
    for number, days in enumerate((40, 20, 3, 2, 1), 1):
        came(store, number, NOON - days * DAY)

    found = rehearsed(store, often, last=2)

    assert [one.values["heard"] for one in found.endings.values()] == ["often", "often"]
    counted = [one.values["heard"] for one in rehearsed(store, often).endings.values()]
    assert counted == ["seldom", "seldom", "seldom", "often", "often"]


# --- who and what is known ------------------------------------------------------------------------------------

LINKED = WITH_CONTACT.replace("Origin: Web", 'ContactId: "{person.id}"')


def linked(found: Rehearsal) -> dict[str, Any]:
    return {name: one.fields.get("ContactId") for name, one in found.cases.items()}


def test_authors_are_who_the_crm_said_last(store: Store, crm: Logbook) -> None:
    crm.knows("facebook:ana", "003")
    hear(store, said("help"))
    drain(bridge(store, crm, LINKED))
    hear(store, said("me", by="ben"))
    asked = crm.asked()

    found = rehearsed(store, LINKED)

    assert linked(found) == {ANA: "003", BEN: None}
    assert found.strangers == {"facebook:ben"}
    assert crm.asked() == asked


def test_what_is_forgotten_is_taken_from_what_was_decided_by_the_same_match(store: Store, crm: Logbook) -> None:
    crm.knows("facebook:ana", "003")
    hear(store, said("help"))
    drain(bridge(store, crm, LINKED))
    with store.write() as c:
        c.exec_driver_sql("delete from person")
    other = LINKED.replace("Page_Id__c", "Other__c")

    found = [rehearsed(store, new, before=LINKED) for new in (LINKED, other)]

    assert [linked(one) for one in found] == [{ANA: "003"}, {ANA: None}]
    assert [one.strangers for one in found] == [frozenset(), {"facebook:ana"}]


def test_a_person_is_remembered_beyond_their_time(store: Store, crm: Logbook) -> None:
    crm.knows("facebook:ana", "003", "004")
    hear(store, said("help"))
    drain(bridge(store, crm, LINKED))
    with store.write() as c:
        c.exec_driver_sql("update person set until = 0")
    told = rehearsal.program(store, 1)
    match = person_match(mappings(LINKED)["care"], told.last[0].item.message)
    assert match is not None

    known = rehearsal.memory(store, told, lambda _: None)

    assert known.person("crm", match) == PersonFound(several=("003", "004"))
    assert known.person("other", match) is None


def test_a_record_is_named_unless_the_crm_had_none(store: Store, crm: Logbook) -> None:
    owned = CARE.replace("Origin: Web", "OwnerId: {named: Care}")
    hear(store, said("help"))

    before = rehearsed(store, owned)
    drain(bridge(store, crm, owned))
    after = rehearsed(store, owned)

    assert [one.cases[ANA].fields.get("OwnerId") for one in (before, after)] == ["Care", None]
    assert [comment.text for comment in after.cases[ANA].comments] == ["OwnerId was left out: there is no 'Care'"]


# --- masks ----------------------------------------------------------------------------------------------------


def test_a_mask_that_is_new_masks(store: Store) -> None:
    masked = f"{CARE}protect: {{mask: {{email: everywhere}}}}\n"
    hear(store, said("to ana@example.com", id="m-1"))

    found = rehearsed(store, masked)

    assert found.cases[ANA].fields["Subject"] == "to [e-mail]"
