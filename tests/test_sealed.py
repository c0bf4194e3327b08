"""What nobody could read is kept so that only the keys' holder can read it, and not for long."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta

import pytest
from heart import all_items, bridge, column, hear, ledger_of, posted, said, worker
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from bridge import report
from bridge.errors import ConfigError
from bridge.flow import Keeping, receive
from bridge.ports import Answer, Callback, Channel, Event, PersonFound, PersonMatch, Unreadable
from bridge.sealed import Seal
from bridge.store import Store, ledger, people
from bridge.store.tables import item, person

KEY, OLD_KEY, OTHER_KEY = (base64.urlsafe_b64encode(letter * 32).decode() for letter in (b"k", b"p", b"o"))
CONTENT = b'{"from": "ana", "message": 7}'


class Puzzled(Channel):
    """A platform of which nobody can read a word."""

    def verify(self, callback: Callback) -> Answer | None:
        return None

    def parse(self, callback: Callback) -> list[Event]:
        return [Unreadable(item=callback.body, error="message is a number")]

    def sign(self, body: bytes) -> Mapping[str, str]:
        return {}


def called(store: Store, content: bytes = CONTENT, *, key: str = KEY) -> str:
    """A callback that nobody can read is received; its item's key."""
    receive(posted(content), Puzzled(), store, keeping=Keeping(seal=Seal([key]).close if key else None))
    return all_items(store)[-1].key


def sealed(store: Store, name: str) -> bytes | None:
    with store.read() as c:
        return ledger.sealed(c, name)


# --- keys -----------------------------------------------------------------------------------------------------


@given(st.binary(max_size=200))
def test_what_was_closed_is_opened_by_its_key(content: bytes) -> None:
    assert Seal([KEY]).open(Seal([KEY]).close(content)) == content


def test_the_first_key_closes_and_all_of_them_open() -> None:
    closed, before = Seal([KEY, OLD_KEY]).close(CONTENT), Seal([OLD_KEY]).close(CONTENT)

    assert Seal([KEY]).open(closed) == Seal([KEY, OLD_KEY]).open(before) == CONTENT


def test_no_other_key_opens_it() -> None:
    closed = Seal([KEY]).close(CONTENT)

    with pytest.raises(ConfigError, match="no key in CASEBRIDGE_KEY opens this") as caught:
        Seal([OTHER_KEY]).open(closed)

    assert [key for key in (KEY, OTHER_KEY) if key in str(caught.value)] == []


def test_what_was_changed_is_not_opened() -> None:
    closed = Seal([KEY]).close(CONTENT)

    with pytest.raises(ConfigError):
        Seal([KEY]).open(closed[:-1] + bytes([closed[-1] ^ 1]))


# --- keeping --------------------------------------------------------------------------------------------------


def test_with_a_key_what_came_is_kept_encrypted(store: Store) -> None:
    key = called(store)

    kept = sealed(store, key)

    assert kept is not None
    assert (Seal([KEY]).open(kept), b"ana" in kept) == (CONTENT, False)
    assert sealed(store, key.rpartition(":")[2]) == kept
    assert [(one.body, one.raw, one.state) for one in all_items(store)] == [("", b"", "dead")]
    assert ledger_of(store).faults() == []


def test_without_a_key_only_the_hash_is_kept(store: Store) -> None:
    key = called(store, key="")

    assert (sealed(store, key), key.startswith("unreadable:fb:")) == (None, True)


def test_a_redelivery_leaves_what_is_kept(store: Store) -> None:
    called(store)
    first = column(store, item, "sealed")

    called(store)

    assert column(store, item, "sealed") == first


def test_what_can_be_read_is_not_kept_sealed(store: Store) -> None:
    hear(store, said("one"))

    assert list(column(store, item, "sealed").values()) == [None]


@pytest.mark.parametrize(("hours", "there"), [(71, True), (73, False)])
def test_it_is_kept_for_72_hours(store: Store, hours: int, there: bool) -> None:
    key = called(store)
    back = round(timedelta(hours=hours).total_seconds() * 1000)
    with store.write() as c:
        c.execute(update(item).values(ingested_at=item.c.ingested_at - back))

    worker(bridge(store, None)).tidy(0)

    assert (sealed(store, key) is not None) == there
    assert [one.key for one in all_items(store)] == [key]


def test_what_a_crm_said_of_a_person_is_forgotten_in_time(store: Store) -> None:
    told = {
        number: (PersonMatch(author=f"facebook:{number}", object="Contact", rules=()), PersonFound(id=number))
        for number in ("1", "2")
    }
    with store.write() as c:
        people.remember(c, "crm", told)
        c.execute(update(person).where(person.c.author == "facebook:1").values(until=1))

    worker(bridge(store, None)).tidy(0)

    assert list(column(store, person, "found", "author")) == ["facebook:2"]


# --- showing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b'{"text": "\\u00e9"}', '{"text": "\\u00e9"}'),
        ("é\n😀".encode(), "é\n😀"),
        (b"\x1b[31m\x00\xff\r", "\\x1b[31m\\x00\\xff\\r"),
        ("a\u202eb".encode(), "a\\u202eb"),
    ],
)
def test_what_is_shown_does_nothing_to_a_terminal(content: bytes, shown: str) -> None:
    assert report.unreadable(content) == shown
