"""Shadows on the road: they take nothing, cost nothing where there is none, and leave no words behind."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from heart import (
    CARE,
    LEASE,
    WITH_CONTACT,
    age,
    column,
    count,
    deleted,
    drain,
    edited,
    expire,
    hear,
    ours,
    said,
    states,
)
from logbook import Logbook
from sqlalchemy import insert, select, update

from bridge import gathering, protecting
from bridge.flow import decide_some
from bridge.mapping import read
from bridge.mapping.targets import fitted
from bridge.parts import Bridge
from bridge.store import Store, ledger, masking, shadows
from bridge.store.tables import item, lane, shadow, shadowed

NEW = CARE.replace("mapping: care", "mapping: new").replace("Origin: Web", "Origin: Phone") + "shadow: true\n"
DROPS = NEW.replace("[giveaway]", "[giveaway, spam]")


def bridge(store: Store, crm: Logbook, *texts: str, **parts: Any) -> Bridge:
    """A bridge with these mappings, each from a file of its name, shadows first."""
    names = [text.split("mapping: ")[1].split("\n")[0] for text in texts]
    made = [fitted(read(text, f"{name}.yaml"), Logbook) for name, text in zip(names, texts, strict=True)]
    known = {"gather": timedelta(0), "lease": LEASE, "revision": 3}
    return Bridge(store=store, mappings={one.name: one for one in made}, crms={"crm": crm}, **{**known, **parts})


def kept(store: Store) -> dict[str, str]:
    """Message id -> in what a shadow differs."""
    with store.read() as c:
        found = select(item.c.message_id, shadow.c.differs).join(shadow, shadow.c.item == item.c.id)
        return {row[0]: row[1] for row in c.execute(found.order_by(item.c.id))}


def counts(store: Store) -> dict[str, tuple[int, int, int, int]]:
    """Mapping -> revision, same, differing, unasked."""
    with store.read() as c:
        return {row[0]: tuple(row[1:]) for row in c.execute(select(shadowed))}


def test_a_shadow_takes_no_message_and_is_compared_with_what_took_it(store: Store, crm: Logbook) -> None:
    hear(store, said("one"), said("a giveaway", id="m-2"), said("two", kind="review", id="m-3"))

    drain(bridge(store, crm, NEW, CARE))

    assert states(store) == {
        "m-one:created": "filed",
        "m-2:created": "dropped: care.yaml:8",
        "m-3:created": "dropped: no_mapping",
    }
    assert [fields["Origin"] for fields in crm.cases().values()] == ["Web"]
    assert kept(store) == {"m-one": "case.Origin"}
    assert counts(store) == {"new": (3, 2, 1, 0)}


def test_only_new_messages_of_customers_are_watched(store: Store, crm: Logbook) -> None:
    one, made = said("one"), bridge(store, crm, NEW, CARE)
    hear(store, one)
    drain(made)

    hear(store, edited(one, "ONE"), ours("sorry", to=one.id), deleted(said("never", id="m-9")))
    drain(made)

    assert counts(store) == {"new": (3, 0, 1, 0)}


def test_without_a_shadow_nothing_is_stored(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))

    drain(bridge(store, crm, CARE))

    assert (count(store, shadow), count(store, shadowed)) == (0, 0)


def test_no_crm_is_asked_for_a_shadow(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    asking = WITH_CONTACT.replace("mapping: care", "mapping: new") + "shadow: true\n"

    drain(bridge(store, crm, asking, CARE))

    assert crm.asked() == []
    assert counts(store) == {"new": (3, 1, 0, 1)}


def test_what_the_live_mapping_found_of_the_author_is_used(store: Store, crm: Logbook) -> None:
    crm.knows("facebook:ana", "003A")
    hear(store, said("one"))
    live = WITH_CONTACT.replace("Origin: Web", 'Origin: "{person.id}"')

    drain(bridge(store, crm, live.replace("mapping: care", "mapping: new") + "shadow: true\n", live))

    assert counts(store) == {"new": (3, 1, 0, 0)}


def test_a_shadow_that_raises_never_touches_the_live_road(
    store: Store, crm: Logbook, caplog: pytest.LogCaptureFixture
) -> None:
    made = bridge(store, crm, NEW, CARE)
    broken: Any = "nothing of the kind"
    failing = {**made.mappings, "new": dataclasses.replace(made.mappings["new"], one_per=broken)}
    hear(store, said("my secret", id="m-1"), said("a giveaway", id="m-2"))

    drain(dataclasses.replace(made, mappings=failing))

    assert states(store) == {"m-1:created": "filed", "m-2:created": "dropped: care.yaml:8"}
    assert kept(store) == {"m-1": "failed"}
    assert "watching by the mapping new failed: KeyError" in caplog.text
    assert "secret" not in caplog.text
    assert "nothing of the kind" not in caplog.text


def test_a_lane_that_was_lost_to_another_worker_counts_nothing(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))

    def lose(point: str) -> None:
        if point == "lane.claimed":
            expire(store, lane)
            decide_some(bridge(store, crm, NEW, CARE), "fb")

    decide_some(bridge(store, crm, NEW, CARE, at=lose), "fb")

    assert counts(store) == {"new": (3, 0, 1, 0)}


def test_what_waits_is_not_watched_before_it_is_placed(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    made = bridge(store, crm, NEW, WITH_CONTACT)

    decide_some(dataclasses.replace(made, crms={}), "fb")
    before = counts(store)
    drain(made)

    assert (before, counts(store)) == ({}, {"new": (3, 0, 1, 0)})


def test_a_replay_by_another_revision_takes_the_place_of_what_differed(store: Store, crm: Logbook) -> None:
    hear(store, said("REFUSE spam", id="m-1"))
    drain(bridge(store, crm, DROPS, CARE))
    before = kept(store)

    with store.write() as c:
        ledger.replay(c, ledger.dead(c))
    drain(bridge(store, crm, NEW.replace("Phone", "Web"), CARE, revision=4))

    assert (before, kept(store)) == ({"m-1": "dropped"}, {})
    with store.read() as c:
        told = [shadows.standing(c, "new", number) for number in (3, 4)]
    assert [(one.same, one.differs, one.earlier) for one in told] == [(0, 1, (1, 0)), (1, 0, (1, 1))]


def test_what_is_deleted_leaves_no_trace(store: Store, crm: Logbook) -> None:
    one, made = said("one"), bridge(store, crm, NEW, CARE)
    hear(store, one, said("two", by="ben"))
    drain(made)

    hear(store, deleted(one))

    assert kept(store) == {"m-two": "case.Origin"}


def test_only_the_latest_items_are_kept_and_not_for_ever(store: Store, crm: Logbook) -> None:
    hear(store, *(said(str(n)) for n in range(4)))
    drain(bridge(store, crm, NEW, CARE))

    with store.write() as c:
        shadows.tidy(c, most=2)
    some = kept(store)
    age(store, timedelta(days=91))
    with store.write() as c:
        masking.tidy(c, protecting.UNPROTECTED)

    assert (some, kept(store)) == ({"m-2": "case.Origin", "m-3": "case.Origin"}, {})
    assert counts(store) == {"new": (3, 0, 4, 0)}


# --- a shadow has no say ---


def test_what_follows_an_older_message_never_goes_by_a_shadow(store: Store, crm: Logbook) -> None:
    one = said("one")
    hear(store, one)
    drain(bridge(store, crm, CARE))

    hear(store, edited(one, "ONE"))
    drain(bridge(store, crm, NEW, CARE.replace("mapping: care", "mapping: renamed")))

    assert list(column(store, item, "mapping").values()) == ["care", "renamed"]
    assert set(states(store).values()) == {"filed"}


def test_its_masks_do_not_count_and_it_makes_nobody_hurry(store: Store, crm: Logbook) -> None:
    masking_all = NEW.replace("source: any", "source: other") + "protect: {mask: {email: everywhere}}\n"
    made = bridge(store, crm, masking_all, CARE.replace("source: any", "source: fb"))

    protection = protecting.protection(made.mappings.values())

    assert protection.before_storing("other") == frozenset()
    assert gathering._sources(made, "crm") == {"fb"}


def test_a_mapping_that_became_a_shadow_finishes_what_it_began(store: Store, crm: Logbook) -> None:
    first = said("one")
    hear(store, first)
    decide_some(bridge(store, crm, CARE), "fb")

    watching = bridge(store, crm, CARE + "shadow: true\n")
    drain(watching)
    hear(store, deleted(first), said("two"))
    drain(watching)

    assert states(store) == {
        "m-one:created": "filed",
        "m-one:deleted": "filed",
        "m-two:created": "dropped: no_mapping",
    }


def test_counters_meet_in_one_order(store: Store, crm: Logbook) -> None:
    texts = [NEW.replace("mapping: new", f"mapping: {name}") for name in ("zz", "aa")]
    hear(store, said("one"), said("two", by="ben"))

    drain(bridge(store, crm, *texts, CARE))

    assert counts(store) == {"aa": (3, 0, 2, 0), "zz": (3, 0, 2, 0)}
    with store.write() as c:
        c.execute(insert(shadowed).values(mapping="gone", revision=1, same=1, differs=0, unasked=0))
        c.execute(update(shadowed).values(same=shadowed.c.same + 1))
    with store.read() as c:
        assert shadows.standing(c, "gone", 3).earlier == (2, 0)
