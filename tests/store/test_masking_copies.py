"""The columns that are masked when an item settles, and those that are not."""

from __future__ import annotations

from case_rows import KNOWN, ONE, TWO, claimed, placed, rendered, sent, settle, stored
from heart import CARE, all_items, column, hear, said
from sqlalchemy import update

from bridge import frozen, protecting
from bridge.frozen import Frozen
from bridge.mapping import read
from bridge.steps import Settle, Settled
from bridge.store import Store, cases, lanes, masking
from bridge.store.queues import Claim
from bridge.store.tables import item

CARD = "4716044832501584"
PROTECTION = protecting.protection([read(f"{CARE}protect: {{mask: {{card_number: our_copies}}}}\n", "care.yaml")])
SECRET = said(f"card {CARD}", id="m-one")


def frozen_pair(store: Store) -> Claim:
    """A filing of a text with a card number, which opens the case, and of another."""
    placed(store, SECRET, said("two"))
    claim, waiting = claimed(store)
    with store.write() as c:
        cases.freeze(c, claim, rendered(store, waiting), protection=PROTECTION)
    return claim


def test_warnings_are_masked(store: Store) -> None:
    claim, _ = sent(store, "one")
    warnings = (f"the comment {CARD} was cut",)

    settle(
        store,
        claim,
        Settled(known=KNOWN, receipt=True, filed={ONE: "c1"}, warnings=warnings),
        protection=PROTECTION,
    )

    assert list(column(store, item, "warnings").values()) == ["the comment [card number] was cut"]


def test_the_reason_of_what_is_dropped_is_masked_and_that_of_the_dead_stays_for_now(store: Store) -> None:
    hear(store, said("one"), said("two"))
    first, second = (one.id for one in all_items(store))

    with store.write() as c:
        why = {first: Settle(state="dropped", reason=CARD), second: Settle(state="dead", reason=CARD)}
        lanes.end(c, why, PROTECTION)

    assert list(column(store, item, "reason").values()) == ["[card number]", CARD]
    assert list(column(store, item, "masked").values()) == [True, False]


def test_an_answer_masks_what_it_settles_and_leaves_the_rest_of_the_filing(store: Store) -> None:
    claim = frozen_pair(store)

    settle(
        store,
        claim,
        Settled(known=KNOWN, receipt=True, filed={ONE: "c1"}, left=frozenset({TWO})),
        protection=PROTECTION,
    )

    assert [one.message.text for one in all_items(store)] == ["card [card number]", "two"]
    assert left(store) == ("card [card number]", ["two"])


def test_what_stays_in_a_filing_stays_to_the_letter(store: Store) -> None:
    claim = frozen_pair(store)
    before = stored(store).body

    settle(store, claim, Settled(left=frozenset({ONE, TWO}), unsure=True), protection=PROTECTION)

    assert stored(store).body == before
    assert [one.message.text for one in all_items(store)] == [f"card {CARD}", "two"]


def left(store: Store) -> tuple[object, list[str]]:
    """The subject of the stored filing's case, and its texts."""
    kept: Frozen = frozen.load(stored(store).body)
    return kept.filing.create["Subject"], [part.text for part in kept.filing.parts]


def test_an_item_of_a_mapping_that_is_gone_is_masked_by_all_that_may_take_it(store: Store) -> None:
    hear(store, SECRET)
    with store.write() as c:
        c.execute(update(item).values(mapping="gone"))

        kinds = masking.settled(c, item.c.key == SECRET.key, PROTECTION)

    assert kinds == {SECRET.key: {"card_number"}}
    assert all_items(store)[0].message.text == "card [card number]"
