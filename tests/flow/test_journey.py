"""From a callback to a case: where each message ends, and what the CRM is told."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from heart import (
    CARE,
    WITH_CONTACT,
    all_items,
    bridge,
    case_of,
    drain,
    hear,
    ledger_of,
    ours,
    said,
    states,
)
from logbook import Logbook

from bridge.filing import file_some
from bridge.flow import decide_some
from bridge.store import Store, ledger

# --- messages ---


def test_one_author_in_one_thread_is_one_case(store: Store, crm: Logbook) -> None:
    hear(store, *(said(f"text {n}") for n in range(60)))

    drain(bridge(store, crm))

    assert crm.cases() == {case_of(): {"Subject": "text 0", "Name": "Ana", "Origin": "Web"}}
    assert crm.texts() == [f"text {n}" for n in range(60)]
    assert ledger_of(store).faults() == []


def test_ten_authors_in_a_thread_are_ten_cases(store: Store, crm: Logbook) -> None:
    names = [f"author{n}" for n in range(10)]
    hear(store, *(said(f"{name} says {n}", by=name) for n in range(3) for name in names))

    drain(bridge(store, crm))

    assert {case: crm.texts(case) for case in crm.cases()} == {
        case_of(name): [f"{name} says {n}" for n in range(3)] for name in names
    }


def test_what_is_filed_knows_its_case_and_its_comment(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), said("two"))

    drain(bridge(store, crm))

    assert [(i.state, i.crm_case, i.crm_ref) for i in all_items(store)] == [
        ("filed", "c1", "c1"),
        ("filed", "c1", "p2"),
    ]


def test_a_redelivery_after_filing_reaches_the_crm_once(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm)
    for _ in range(3):
        hear(store, said("one"))
        drain(made)

    assert crm.texts() == ["one"]


def test_messages_are_gathered_into_one_filing(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, gather=timedelta(minutes=5))
    hear(store, said("one"))
    decide_some(made, "fb")
    hear(store, said("two"))
    decide_some(made, "fb")
    nothing = file_some(made, "crm")

    drain(made)

    assert not nothing
    assert [[part.text for part in sent.parts] for sent in crm.seen()] == [["one", "two"]]


def test_what_no_mapping_takes_is_dropped(store: Store, crm: Logbook) -> None:
    hear(store, said("one", kind="review"))

    drain(bridge(store, crm))

    assert states(store) == {"m-one:created": "dropped: no_mapping"}


def test_what_a_mapping_drops_names_its_line(store: Store, crm: Logbook) -> None:
    hear(store, said("giveaway"))

    drain(bridge(store, crm))

    assert states(store) == {"m-giveaway:created": "dropped: care.yaml:8"}
    assert crm.cases() == {}


def test_the_first_mapping_that_takes_a_message_has_it(store: Store, crm: Logbook) -> None:
    only_direct = CARE.replace("mapping: care", "mapping: direct").replace("[comment, direct]", "[direct]")
    hear(store, said("one"), said("two", kind="direct", thread="ana"))

    drain(bridge(store, crm, only_direct, CARE))

    assert [i.mapping for i in all_items(store)] == ["care", "direct"]


# --- persons ---


def test_an_author_is_looked_up_once(store: Store, crm: Logbook) -> None:
    crm.knows("facebook:ana", "003a")
    made = bridge(store, crm, WITH_CONTACT)
    hear(store, said("one"), said("two"), said("three", by="bo"))
    drain(made)

    hear(store, said("four"))
    drain(made)

    assert crm.asked() == ["facebook:ana", "facebook:bo"]
    assert ['"id":"003a"' in i.decision for i in all_items(store)] == [True, True, False, True]


def test_several_records_are_noted_and_none_is_linked(store: Store, crm: Logbook) -> None:
    crm.knows("facebook:ana", "003a", "003b")
    hear(store, said("one"), said("two"))
    crm.arm("partial", size=1)

    drain(bridge(store, crm, WITH_CONTACT))

    note = "2 records match this author, so none was linked: 003a, 003b"
    assert crm.texts() == ["one", note, "two"]
    assert ledger_of(store).faults() == []


def test_a_note_that_is_all_that_is_left_is_still_sent(store: Store, crm: Logbook) -> None:
    crm.knows("facebook:ana", "003a", "003b")
    hear(store, said("one"))
    crm.arm("partial", size=1)

    drain(bridge(store, crm, WITH_CONTACT))

    assert len(crm.texts()) == 2
    assert ledger_of(store).faults() == []


def test_where_the_crm_is_switched_off_messages_wait(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    decide_some(bridge(store, None, WITH_CONTACT), "fb")
    waiting = states(store)

    drain(bridge(store, crm, WITH_CONTACT))

    assert waiting == {"m-one:created": "ready"}
    assert crm.texts() == ["one"]


# --- our own words ---


def test_our_reply_goes_onto_the_open_case(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), ours("answer", to="m-one"))

    drain(bridge(store, crm))

    assert crm.texts(case_of()) == ["one", "Written by our own side on the platform:\nanswer"]
    part = crm.seen()[-1].parts[-1]
    assert (part.opens, part.public) == (False, False)


def test_our_answer_to_our_answer_goes_onto_the_same_case(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), ours("answer", to="m-one"), ours("more", to="m-answer"))

    drain(bridge(store, crm))

    assert len(crm.texts(case_of())) == 3


def test_our_direct_message_goes_onto_the_conversations_latest_case(store: Store, crm: Logbook) -> None:
    private = dataclasses.replace(said("one"), kind="direct", thread="ana", public=False)
    answer = dataclasses.replace(ours("answer"), kind="direct", thread="ana", public=False)
    made = bridge(store, crm)
    hear(store, private)
    drain(made)

    hear(store, answer)
    drain(made)

    assert crm.texts(case_of(thread="ana")) == ["one", "Written by our own side on the platform:\nanswer"]


@pytest.mark.parametrize("to", ["", "never came", "m-giveaway"])
def test_our_words_never_open_a_case(store: Store, crm: Logbook, to: str) -> None:
    hear(store, said("giveaway"), ours("answer", to=to))

    drain(bridge(store, crm))

    assert states(store)["m-answer:created"] == "dropped: echo"
    assert crm.cases() == {}


def test_our_own_post_is_dropped(store: Store, crm: Logbook) -> None:
    hear(store, ours("news", kind="post"))

    drain(bridge(store, crm))

    assert states(store) == {"m-news:created": "dropped: own_post"}


def test_our_reply_whose_opening_message_was_refused_is_dropped_by_the_crm(store: Store, crm: Logbook) -> None:
    hear(store, said("REFUSE"), ours("answer", to="m-REFUSE"))

    drain(bridge(store, crm))

    assert states(store) == {
        "m-REFUSE:created": "dead: Subject: the text is not allowed",
        "m-answer:created": "dropped: echo",
    }


# --- replay ---


def test_replay_renders_anew_with_the_mended_mapping(store: Store, crm: Logbook) -> None:
    hear(store, said("one REFUSE"), said("two"))
    drain(bridge(store, crm))
    before = states(store)

    with store.write() as c:
        ledger.replay(c, ledger.dead(c))
    mended = CARE.replace('Subject: "{text}"', 'Subject: "A message"').replace(
        '{text: "{text}"', '{text: "{text | shorten 3}"'
    )
    drain(bridge(store, crm, mended))

    assert before["m-one REFUSE:created"] == "dead: Subject: the text is not allowed"
    assert set(states(store).values()) == {"filed"}
    assert crm.texts()[0] == "two"
    assert ledger_of(store).faults() == []


def test_what_was_decided_by_a_mapping_that_is_gone_is_dead_and_can_be_replayed(
    store: Store, crm: Logbook
) -> None:
    hear(store, said("one"))
    decide_some(bridge(store, crm), "fb")
    renamed = bridge(store, crm, CARE.replace("mapping: care", "mapping: other"))
    drain(renamed)
    before = states(store)

    with store.write() as c:
        ledger.replay(c, ledger.dead(c))
    drain(renamed)

    assert before == {"m-one:created": "dead: there is no mapping 'care' any more: replay to decide anew"}
    assert crm.texts() == ["one"]
