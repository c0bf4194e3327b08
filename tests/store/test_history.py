"""What is read of the inbox to go through its last messages once more."""

from __future__ import annotations

from datetime import timedelta

from heart import NOON, edited, hear, ours, said
from sqlalchemy import update

from bridge.deciding import pointed_at
from bridge.errors import Rejected
from bridge.ports import Named, Pending, PersonFound, PersonMatch
from bridge.store import Store, history, people, records
from bridge.store.history import Entry
from bridge.store.tables import item, person, record

DAY = timedelta(days=1)
ANA = PersonMatch(author="facebook:ana", object="Contact", rules=({"Page_Id__c": "ana"},))
CARE, GONE = (Named(object="Case", field="OwnerId", name=name) for name in ("Care", "Gone"))


def numbers(entries: object) -> list[int]:
    assert isinstance(entries, list)
    return [one.item.id for one in entries if isinstance(one, Entry)]


def test_the_last_ones_come_in_the_ledgers_order_with_what_they_point_at(store: Store) -> None:
    first, answered = said("first"), said("answered")
    hear(store, first, said("second"), answered, edited(first, "first!", version="1"))
    hear(store, ours("we do", to="m-answered"), edited(first, "first!!", version="2"))

    with store.read() as c:
        found = history.last(c, 2, pointed_at)
        whole = history.last(c, 100, pointed_at)

    assert (numbers(found.last), numbers(found.before)) == ([5, 6], [1, 3, 4])
    assert (numbers(whole.last), numbers(whole.before)) == ([1, 2, 3, 4, 5, 6], [])


def test_what_an_older_one_points_at_comes_too(store: Store) -> None:
    hear(store, said("asked"))
    hear(store, ours("one", to="m-asked", id="m-one"))
    hear(store, ours("two", to="m-one"))

    with store.read() as c:
        found = history.last(c, 1, pointed_at)

    assert (numbers(found.last), numbers(found.before)) == ([3], [1, 2])


def test_each_says_when_it_came(store: Store) -> None:
    hear(store, said("first"))
    with store.write() as c:
        c.execute(update(item).values(ingested_at=round(NOON.timestamp() * 1000)))

    with store.read() as c:
        assert [one.at for one in history.last(c, 1, pointed_at).last] == [NOON]


def test_what_authors_wrote_before_is_as_far_back_as_it_counts(store: Store) -> None:
    hear(store, said("long ago"), said("lately"), said("of another", by="ben"), ours("we do", to="m-lately"))
    hear(store, said("last"))
    with store.write() as c:
        for number, days in ((1, 31), (2, 29), (3, 1), (4, 1), (5, 0)):
            at = round((NOON - days * DAY).timestamp() * 1000)
            c.execute(update(item).where(item.c.id == number).values(ingested_at=at))

    with store.read() as c:
        found = history.written_before(c, history.last(c, 1, pointed_at).last)

    assert found == [("facebook:page-1:ana", round((NOON - 29 * DAY).timestamp() * 1000))]


def test_what_came_between_an_old_message_and_its_edit_counts_too(store: Store) -> None:
    old = said("old")
    hear(store, old, said("between"), said("of another", by="ben"))
    hear(store, edited(old, "old!", version="1"))

    with store.read() as c:
        entries = history.last(c, 1, pointed_at)
        found = history.written_before(c, [*entries.before, *entries.last])

    assert [lane for lane, _ in found] == ["facebook:page-1:ana"]


def test_a_person_is_known_after_their_time_but_no_job(store: Store) -> None:
    ben = PersonMatch(author="facebook:ben", object="Contact", rules=())
    with store.write() as c:
        people.remember(c, "crm", {people.digest(ANA): (ANA, PersonFound(id="003"))})
        people.remember(c, "crm", {people.digest(ben): (ben, Pending(job="j", after=DAY))})
        c.execute(update(person).values(until=0))

    with store.read() as c:
        found = [people.last_known(c, crm, one) for crm, one in (("crm", ANA), ("crm", ben), ("other", ANA))]

    assert found == [PersonFound(id="003"), None, None]


def test_a_record_that_was_missing_is_known_after_its_time(store: Store) -> None:
    with store.write() as c:
        records.remember(c, "crm", {CARE: "00G", GONE: Rejected("there is none")})
        c.execute(update(record).values(until=0))

    with store.read() as c:
        found = [records.was_missing(c, "crm", one) for one in (CARE, GONE)]
        never = records.was_missing(c, "other", GONE)

    assert (found, never) == ([False, True], False)
