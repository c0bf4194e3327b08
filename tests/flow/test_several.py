"""Several mappings and several CRMs: who has a message, and that neither CRM holds up or touches the other's."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from heart import (
    CARE,
    PAGE,
    all_items,
    bridge,
    case_of,
    deleted,
    drain,
    edited,
    hear,
    hidden,
    ledger_of,
    ours,
    said,
    states,
    worker,
)
from logbook import Logbook

from bridge.flow import decide_some
from bridge.message import Account, Message
from bridge.parts import Bridge
from bridge.store import Store, ledger, pauses
from bridge.worker import strangers

FRENCH = "page-fr"
DESK = """\
version: 1
mapping: desk
source: [fb-fr]
target: desk
accept:
  drop:
    - account.brand: Acme Test
contact: {object: user, match: [{external_id: "{channel}:{author.id}"}]}
case:
  object: ticket
  key_field: external_id
  create: {subject: "{account.brand}: {text}", requester: "{person.id}"}
"""
BOTH = (DESK, CARE.replace("case:\n", 'contact: {object: Contact, match: [{X: "{author.id}"}]}\ncase:\n', 1))


@pytest.fixture
def desk(tmp_path: Path) -> Logbook:
    """The other CRM."""
    return Logbook(tmp_path / "desk.db", keys=False)


def two(store: Store, crm: Logbook | None, desk: Logbook | None, *mappings: str) -> Bridge:
    """A bridge with two CRMs; None = it is switched off."""
    crms = {name: one for name, one in {"crm": crm, "desk": desk}.items() if one is not None}
    return dataclasses.replace(bridge(store, None, *(mappings or BOTH)), crms=crms)


def french(text: str, *, brand: str = "Acme FR", **changes: Any) -> Message:
    """A comment on the French page, which calls through a connection of its own."""
    about = {"brand": brand} if brand else {}
    page = Account(id=FRENCH, about=about)
    return said(text, **{"connection": "fb-fr", "account": page, **changes})


def on_desk(by: str = "ana", thread: str = "post-1") -> str:
    """The key of the case of `french` messages."""
    return case_of(by, thread).replace(PAGE.replace("-", "--"), FRENCH.replace("-", "--"))


# --- who has it ---


@pytest.mark.parametrize(("order", "had_by"), [((DESK, CARE), "desk"), ((CARE, DESK), "care")])
def test_the_first_mapping_that_accepts_a_message_has_it_and_no_other(
    store: Store, crm: Logbook, desk: Logbook, order: tuple[str, str], had_by: str
) -> None:
    hear(store, french("bonjour"))

    drain(two(store, crm, desk, *order))

    assert [one.mapping for one in all_items(store)] == [had_by]
    assert {"care": crm.texts(), "desk": desk.texts()} == {"care": [], "desk": [], had_by: ["bonjour"]}


def test_a_drop_is_final_though_the_next_mapping_would_take_the_message(
    store: Store, crm: Logbook, desk: Logbook
) -> None:
    hear(store, french("essai", brand="Acme Test"))

    drain(two(store, crm, desk))

    assert states(store) == {"m-essai:created": "dropped: care.yaml:7"}
    assert (crm.texts(), desk.texts()) == ([], [])


def test_what_the_first_does_not_take_goes_to_the_next(store: Store, crm: Logbook, desk: Logbook) -> None:
    only_direct = DESK.replace("accept:\n", "accept:\n  kinds: [direct]\n")
    hear(store, french("salut", kind="direct"), french("bonjour"), french("bravo", kind="mention"))

    drain(two(store, crm, desk, only_direct, CARE))

    assert states(store) == {
        "m-salut:created": "filed",
        "m-bonjour:created": "filed",
        "m-bravo:created": "dropped: no_mapping",
    }
    assert (crm.texts(), desk.texts()) == (["bonjour"], ["salut"])


def test_what_is_said_about_an_account_can_be_read_and_is_left_out_where_nothing_is_said(
    store: Store, crm: Logbook, desk: Logbook
) -> None:
    alone = DESK.replace('subject: "{account.brand}: {text}"', 'brand: "{account.brand}", subject: "{text}"')
    hear(store, french("un"), french("deux", brand="", thread="post-2"))

    drain(two(store, crm, desk, alone))

    assert [fields["brand"] for fields in desk.cases().values()] == ["Acme FR", None]


# --- two CRMs beside each other ---


def test_one_author_in_two_crms_is_two_persons_and_two_cases(store: Store, crm: Logbook, desk: Logbook) -> None:
    crm.knows("facebook:ana", "003a")
    desk.knows("facebook:ana", "4711")
    hear(store, said("hello"), french("bonjour"), said("again"), french("encore"))

    drain(two(store, crm, desk))

    assert (crm.asked(), desk.asked()) == (["facebook:ana"], ["facebook:ana"])
    assert {case_of(): crm.texts(case_of()), on_desk(): desk.texts(on_desk())} == {
        case_of(): ["hello", "again"],
        on_desk(): ["bonjour", "encore"],
    }
    assert [part.person for filing in (*crm.seen(), *desk.seen()) for part in filing.parts] == [
        "003a", "003a", "4711", "4711",
    ]  # fmt: skip
    assert ledger_of(store).faults() == []


def test_one_key_in_two_crms_is_two_cases(store: Store, crm: Logbook, desk: Logbook) -> None:
    everybody = DESK.replace("source: [fb-fr]", "source: any").replace("accept:\n", "accept:\n  kinds: [direct]\n")
    hear(store, said("in public"), said("in private", kind="direct"))

    drain(two(store, crm, desk, everybody, CARE))

    assert (list(crm.cases()), list(desk.cases())) == ([case_of()], [case_of()])
    assert (crm.texts(), desk.texts()) == (["in public"], ["in private"])


def test_a_crm_that_rests_holds_up_no_other(store: Store, crm: Logbook, desk: Logbook) -> None:
    made = two(store, crm, desk)
    with store.write() as c:
        pauses.pause(c, "desk", until=None, reason="maintenance")
    hear(store, french("bonjour"), said("hello"))

    one = worker(made)
    while one.step():
        pass
    resting = (crm.texts(), desk.texts(), ledger_of(store).waiting)
    drain(made)

    assert resting == (["hello"], [], 1)
    assert desk.texts() == ["bonjour"]
    assert ledger_of(store).faults() == []


@pytest.mark.parametrize("fault", ["crash", "throttled", "paused", "lost", "refused"])
def test_trouble_in_one_crm_is_no_trouble_in_the_other(
    store: Store, crm: Logbook, desk: Logbook, fault: str
) -> None:
    desk.arm(fault, times=2)  # type: ignore[arg-type]  # one of Fault
    hear(store, french("bonjour"), said("hello"))

    drain(two(store, crm, desk))

    assert (crm.texts(), desk.texts()) == (["hello"], ["bonjour"])
    assert len(crm.seen()) == 1
    assert ledger_of(store).faults() == []


# --- switched off, and on again ---


def test_what_is_for_a_crm_that_is_switched_off_waits_and_goes_when_it_is_back(
    store: Store, crm: Logbook, desk: Logbook
) -> None:
    off = two(store, crm, None)
    hear(store, french("bonjour"), french("encore"), said("hello"))
    one = worker(off)
    while one.step():
        pass
    waiting = ledger_of(store)

    drain(two(store, crm, desk))

    assert (waiting.waiting, waiting.faults()) == (2, [])
    assert (crm.texts(), desk.texts()) == (["hello"], ["bonjour", "encore"])
    assert ledger_of(store).states == {"filed": 3}


def test_what_was_decided_for_a_crm_before_it_was_switched_off_waits_too(
    store: Store, crm: Logbook, desk: Logbook
) -> None:
    hear(store, french("bonjour"))
    decide_some(two(store, crm, desk), "fb")
    off = worker(two(store, crm, None))
    did = off.step()

    told = strangers(off)
    drain(two(store, crm, desk))

    assert did is False
    assert told == [
        "messages of 'desk' wait to be filed, but no such connection is switched on in connections.yaml"
    ]
    assert desk.texts() == ["bonjour"]


# --- the mappings change ---


def test_what_follows_a_message_goes_where_that_went_though_the_order_has_changed(
    store: Store, crm: Logbook, desk: Logbook
) -> None:
    one, other = french("secret un"), french("deux")
    hear(store, one, other)
    drain(two(store, crm, desk, DESK, CARE))

    hear(store, edited(other, "trois"), deleted(one))
    hear(store, ours("merci", to=other.id, connection="fb-fr", account=other.account))
    hear(store, hidden(other), french("quatre", thread="post-2"))
    drain(two(store, crm, desk, CARE, DESK))

    assert set(states(store).values()) == {"filed"}
    assert crm.texts() == ["quatre"]
    assert [text.splitlines()[-1] for text in desk.texts()] == [
        "[redacted]",
        "deux",
        "trois",
        "merci",
        "Hidden on the platform 2026-11-21 12:00 UTC.",
    ]
    assert "secret" not in str(desk.cases())


def test_a_deletion_reaches_its_target_though_the_mapping_leads_to_another_crm_now(
    store: Store, crm: Logbook, desk: Logbook
) -> None:
    one = french("secret")
    hear(store, one)
    drain(two(store, crm, desk, DESK))

    moved = CARE.replace("mapping: care", "mapping: desk")
    hear(store, deleted(one), french("bonjour"))
    drain(two(store, crm, desk, moved, DESK.replace("mapping: desk", "mapping: old")))

    assert set(states(store).values()) == {"filed"}
    assert "secret" not in str(desk.cases()) + str(desk.texts())
    assert [one.object for one in desk.seen()] == ["ticket", "ticket"]
    assert crm.texts() == ["bonjour"]


def test_what_was_decided_for_another_crm_than_the_mapping_leads_to_now_is_dead_and_can_be_replayed(
    store: Store, crm: Logbook, desk: Logbook
) -> None:
    hear(store, french("bonjour"))
    decide_some(two(store, crm, desk, DESK), "fb")
    moved = two(store, crm, desk, CARE.replace("mapping: care", "mapping: desk"))
    drain(moved)
    before = states(store)

    with store.write() as c:
        ledger.replay(c, ledger.dead(c))
    drain(moved)

    assert before == {"m-bonjour:created": "dead: there is no mapping 'desk' any more: replay to decide anew"}
    assert (crm.texts(), desk.texts()) == (["bonjour"], [])


def test_without_a_mapping_new_messages_go_to_the_next_and_old_ones_are_still_followed(
    store: Store, crm: Logbook, desk: Logbook
) -> None:
    one = french("secret")
    hear(store, one)
    drain(two(store, crm, desk))

    hear(store, french("bonjour"), deleted(one))
    drain(two(store, crm, desk, CARE))

    assert crm.texts() == ["bonjour"]
    assert states(store)["m-secret:deleted"] == (
        "dead: there is no mapping 'desk' any more: replay to decide anew"
    )

    with store.write() as c:
        ledger.replay(c, ledger.dead(c))
    drain(two(store, crm, desk))

    assert "secret" not in str(desk.cases()) + str(desk.texts())
    assert ledger_of(store).faults() == []
