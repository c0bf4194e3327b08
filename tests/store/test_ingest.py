"""What a callback leaves behind: each message once, in its lane, and nothing of what its author deleted."""

from __future__ import annotations

import dataclasses
import hashlib
import random
from datetime import timedelta

import pytest
from heart import (
    NOON,
    PAGE,
    Clock,
    all_items,
    clocks,
    deleted,
    due_in,
    edited,
    hear,
    ledger_of,
    ours,
    said,
)
from hypothesis import given
from hypothesis import strategies as st

from bridge.message import Account, Change, Message, Person
from bridge.ports import Skipped, Unreadable
from bridge.reading import LONGEST_ID
from bridge.store import Store, inbox, queues
from bridge.store.inbox import Arrival, in_order, lane_of
from bridge.store.tables import lane

ANA = f"facebook:{PAGE}:ana"


def lanes(store: Store) -> dict[str, str]:
    """Message id:change -> lane."""
    return {f"{one.points_at[2]}:{one.change}": one.lane for one in all_items(store)}


def test_a_message_is_stored_as_it_came_and_its_lane_is_due(store: Store) -> None:
    one = said("one")

    new = hear(store, one)

    assert new == 1
    assert [i.message for i in all_items(store)] == [one]
    assert clocks(store, lane) == {ANA: Clock(owner=None, open=1, crashes=0)}
    assert due_in(store, lane)[ANA] == pytest.approx(0, abs=5)


def test_redelivery_is_harmless(store: Store) -> None:
    one = said("one")
    hear(store, one)

    new = hear(store, one, one, dataclasses.replace(one, received_at=NOON + timedelta(days=1)))

    assert new == 0
    assert ledger_of(store).received == 1
    assert [i.message for i in all_items(store)] == [one]


@pytest.mark.parametrize("signs", ["!-~", ":", "一-鿿", "😀-🙏"])
def test_the_longest_ids_are_stored_beside_their_neighbours(signs: str, store: Store) -> None:
    of_one, of_other, of_account, version = (_random(signs, LONGEST_ID, seed) for seed in range(4))
    longest = said("long", id=of_one, by=of_other, channel="c" * 40, account=Account(id=of_account))

    new = hear(store, said("one"), longest, edited(longest, "longer", version=version))

    assert new == 3
    assert [i.message.id for i in all_items(store)] == ["m-one", of_one, of_one]


def _random(signs: str, most: int, seed: int) -> str:
    """So many bytes of signs from the first to the last, which no database can make shorter."""
    chosen = random.Random(seed).choices(
        range(ord(signs[0]), ord(signs[-1]) + 1), k=most // len(signs[0].encode())
    )
    return "".join(map(chr, chosen))


def test_a_message_twice_in_one_callback_is_stored_once(store: Store) -> None:
    new = hear(store, said("one"), said("one"), said("two"))

    assert new == 2
    assert ledger_of(store).received == 2


def test_an_empty_callback_leaves_nothing(store: Store) -> None:
    new = hear(store)

    assert new == 0
    assert ledger_of(store).received == 0


def test_a_large_callback_keeps_its_order(store: Store) -> None:
    texts = [f"text {n}" for n in range(1500)]

    hear(store, *(said(text) for text in texts))

    assert [one.message.text for one in all_items(store)] == texts


def test_each_customer_has_a_lane_on_each_account(store: Store) -> None:
    elsewhere = said("three", account=Account(id="page-2"))

    hear(store, said("one"), said("two", by="bo"), elsewhere, said("four", thread="post-2"))

    assert lanes(store) == {
        "m-one:created": ANA,
        "m-two:created": f"facebook:{PAGE}:bo",
        "m-three:created": "facebook:page-2:ana",
        "m-four:created": ANA,
    }


def test_a_customers_reply_stays_in_the_customers_lane(store: Store) -> None:
    hear(store, said("one"))

    hear(store, said("two", by="bo", reply_to="m-one"))

    assert lanes(store)["m-two:created"] == f"facebook:{PAGE}:bo"


def test_our_reply_takes_its_parents_lane(store: Store) -> None:
    hear(store, said("one"))

    hear(store, ours("answer", to="m-one"))

    assert lanes(store)["m-answer:created"] == ANA


def test_one_callback_keeps_the_platforms_order() -> None:
    one, two = said("one"), said("two")
    told = [one, edited(one, "ONE"), two, ours("answer", to="m-one"), deleted(two)]

    assert in_order(told) == told


def test_nothing_comes_before_what_it_points_at_in_the_same_callback() -> None:
    one, two, answer = said("one"), said("two"), ours("answer", to="m-one")

    found = in_order([edited(answer, "ANSWER"), answer, edited(one, "ONE"), two, one])

    assert found == [two, one, answer, edited(one, "ONE"), edited(answer, "ANSWER")]


def test_our_reply_finds_its_parent_behind_it_in_the_same_callback(store: Store) -> None:
    hear(store, ours("answer", to="m-one"), said("one"))

    assert lanes(store)["m-answer:created"] == ANA


def test_what_we_write_to_nobody_has_a_lane_of_its_own(store: Store) -> None:
    hear(store, ours("news"), ours("answer", to="never came"))

    assert lanes(store) == {
        "m-news:created": f"facebook:{PAGE}:~m-news",
        "m-answer:created": f"facebook:{PAGE}:~m-answer",
    }


def test_our_direct_message_takes_the_customers_lane(store: Store) -> None:
    hear(store, said("one", kind="direct", thread="ana"), ours("answer", kind="direct", thread="ana"))

    assert set(lanes(store).values()) == {ANA}


def test_a_message_without_author_has_a_lane_of_its_own(store: Store) -> None:
    hear(store, said("one", author=Person()))

    assert lanes(store) == {"m-one:created": f"facebook:{PAGE}:~m-one"}


@pytest.mark.parametrize("change", ["edited", "deleted", "hidden", "unhidden"])
def test_a_change_takes_its_targets_lane(store: Store, change: Change) -> None:
    one = said("one", author=Person())
    hear(store, one)

    hear(store, dataclasses.replace(one, change=change, version="1", author=Person(id="ana")))

    assert lanes(store)[f"m-one:{change}"] == f"facebook:{PAGE}:~m-one"


def test_an_orphan_waits_beside_everybody(store: Store) -> None:
    hear(store, said("two"), edited(said("one"), "ONE"))

    assert lanes(store)["m-one:edited"] == f"facebook:{PAGE}:?m-one"


def test_the_same_id_on_another_account_is_another_message(store: Store) -> None:
    one = said("one")
    hear(store, one)

    hear(store, deleted(dataclasses.replace(one, account=Account(id="page-2"))))

    assert lanes(store)["m-one:deleted"] == "facebook:page-2:?m-one"
    assert all_items(store)[0].message == one


def test_ingest_neither_breaks_a_lease_nor_shortens_a_back_off(store: Store) -> None:
    hear(store, said("one"), said("one for bo", by="bo"))
    with store.write() as c:
        claim = queues.claim(c, lane, "fb", token="t", lease=timedelta(seconds=50), suspects_first=False)
    with store.write() as c:
        queues.release(c, lane, {f"facebook:{PAGE}:bo": queues.Release(after=timedelta(seconds=20))})

    hear(store, said("two"), said("two for bo", by="bo"))

    assert claim.rows == {ANA: 0, f"facebook:{PAGE}:bo": 0}
    assert clocks(store, lane) == {
        ANA: Clock(owner="t", open=2, crashes=0),
        f"facebook:{PAGE}:bo": Clock(owner=None, open=2, crashes=0),
    }
    assert due_in(store, lane) == {
        ANA: pytest.approx(50, abs=5),
        f"facebook:{PAGE}:bo": pytest.approx(20, abs=5),
    }


def test_what_nobody_could_read_is_one_dead_item_without_its_content(store: Store) -> None:
    broken = Unreadable(item=b"{secret", error="no JSON")
    digest = hashlib.sha256(b"{secret").hexdigest()

    with store.write() as c:
        inbox.ingest(c, Arrival(connection="fb", received_at=NOON, unreadable=[broken, broken]))

    [one] = all_items(store)
    assert (one.key, one.state, one.body, one.raw) == (f"unreadable:fb:{digest}", "dead", "", b"")
    assert one.reason == "unreadable (7 bytes): no JSON"
    assert (ledger_of(store).received, ledger_of(store).faults()) == (1, [])
    assert due_in(store, lane) == {"fb:unreadable": None}


def test_what_is_no_message_is_counted_per_day_and_apart(store: Store) -> None:
    seen, typing = Skipped(reason="receipt", event="read"), Skipped(reason="typing", event="typing_on")

    for day in (NOON, NOON, NOON + timedelta(days=1)):
        with store.write() as c:
            inbox.ingest(c, Arrival(connection="fb", received_at=day, skipped=[seen, seen, typing]))

    assert ledger_of(store).skipped == {("fb", "receipt", "read"): 6, ("fb", "typing", "typing_on"): 3}
    assert ledger_of(store).received == 0


def test_a_rolled_back_callback_leaves_nothing(store: Store) -> None:
    arrival = Arrival(connection="fb", received_at=NOON, messages=[said("one")])

    def break_off() -> None:
        with store.write() as c:
            inbox.ingest(c, arrival)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert (all_items(store), clocks(store, lane)) == ([], {})


# --- the rules of lanes, for all messages ---

IDS = st.sampled_from(["a", "b", "a:b", "?", "~x", ""])
MESSAGES = st.builds(
    lambda author, own, thread, reply_to, kind, change: said(
        "text",
        id="x",
        author=Person(id=author, is_self=own),
        thread=thread,
        reply_to=reply_to,
        kind=kind,
        change=change,
        version="1",
    ),
    IDS,
    st.booleans(),
    IDS,
    IDS,
    st.sampled_from(["comment", "post", "direct"]),
    st.sampled_from(["created", "edited", "deleted", "hidden", "unhidden"]),
)


@given(MESSAGES)
def test_every_message_has_a_lane_on_its_account(message: Message) -> None:
    alone, beside = lane_of(message, lambda _: None), lane_of(message, lambda _: "known")

    assert alone.startswith(f"facebook:{PAGE}:")
    assert alone != f"facebook:{PAGE}:"
    assert (beside == "known") == (
        message.change != "created" or bool(message.author.is_self and message.reply_to and not message.side)
    )


def test_a_chain_of_our_replies_stands_behind_its_beginning() -> None:
    first, second = ours("first", to="m-one"), ours("second", to="m-first")

    found = in_order([edited(second, "2nd"), second, first, said("one"), said("two")])

    assert found == [said("one"), first, second, edited(second, "2nd"), said("two")]


def test_replies_that_point_at_each_other_are_all_kept() -> None:
    told = [ours("first", to="m-second"), ours("second", to="m-first")]

    assert sorted(in_order(told), key=lambda m: m.id) == told
