"""What a regulated mapping takes is kept without raw; what came before loses it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from heart import CARE, NOON, all_items, bridge, drain, hear, posted, said, states
from logbook import Logbook
from sqlalchemy import text, update
from sqlalchemy.exc import DatabaseError

from bridge import protecting
from bridge.backfilling import backfill
from bridge.errors import Paused
from bridge.flow import Keeping, receive
from bridge.mapping import read
from bridge.message import Message, Person
from bridge.ports import (
    Answer,
    Callback,
    Channel,
    Credentials,
    Event,
    Lack,
    Unreadable,
)
from bridge.sealed import Seal
from bridge.store import Store, masking
from bridge.store.tables import item

MASK = "protect: {mask: {card_number: everywhere, iban: everywhere}}\n"
BANK = CARE.replace("public: true", "public: false") + f"profile: regulated\n{MASK}"
TEXT, NAME, RAW = "written", "Zimmer", "told-by-the-platform"


def protected(mapping: str, **parts: str) -> protecting.Protection:
    for old, new in parts.items():
        mapping = mapping.replace(f"{old}: any", f"{old}: {new}")
    return protecting.protection([read(mapping, "care.yaml")])


class Chatty(Channel):
    """A platform that tells more than messages hold; a text with ! cannot be read, and one with ? breaks it."""

    def verify(self, callback: Callback) -> Answer | None:
        return None

    def parse(self, callback: Callback) -> list[Event]:
        return [self._event(text) for text in json.loads(callback.body)]

    def _event(self, text: str) -> Event:
        if text.startswith("?"):
            raise ValueError(f"cannot read {text}")
        if text.startswith("!"):
            return Unreadable(item=text.encode(), error="no text")
        author = Person(id="ana", name=f"Ana {NAME}")
        raw = json.dumps({"text": text, "extra": RAW}).encode()
        return said(text, id=f"m-{len(text)}", author=author, raw=raw)

    def sign(self, body: bytes) -> Mapping[str, str]:
        return {}


def called(store: Store, *texts: str, mapping: str = BANK) -> None:
    """A callback with these texts is received; what nobody can read would be kept sealed."""
    keeping = Keeping(protection=protected(mapping), seal=Seal([Fernet.generate_key().decode()]).close)
    receive(posted(json.dumps(texts).encode()), Chatty(), store, keeping=keeping)


# --- whose raw is not kept ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mapping", "kept_of"),
    [
        (CARE, ["fb", "other"]),
        (BANK, []),
        (BANK.replace("source: any", "source: [fb, third]"), ["other"]),
        (BANK + "shadow: true\n", ["fb", "other"]),
    ],
)
def test_raw_is_not_kept_of_connections_that_a_regulated_mapping_may_take(
    mapping: str, kept_of: Sequence[str]
) -> None:
    protection = protected(mapping)

    assert [name for name in ("fb", "other") if protection.keeps_raw(name)] == kept_of


def test_one_that_only_watches_masks_nothing_for_the_others() -> None:
    protection = protected(f"{BANK}shadow: true\n")

    assert (protection.before_storing("fb"), protection.masks) == (frozenset(), False)


def test_logs_tell_the_kind_of_an_error_only_where_any_mapping_is_regulated() -> None:
    said = Paused("Ana wrote: help")

    told = [protected(mapping).told(said) for mapping in (CARE, BANK, BANK.replace("source: any", "source: fb"))]

    assert told == ["Ana wrote: help", "Paused", "Paused"]


def test_an_error_of_the_database_does_not_show_what_was_to_be_stored(store: Store) -> None:
    with pytest.raises(DatabaseError) as caught, store.write() as c:
        c.execute(text("select * from nowhere where words = :words"), {"words": TEXT})

    assert TEXT not in str(caught.value)


def test_a_message_is_stored_without_raw_and_with_all_else(store: Store) -> None:
    called(store, f"hello {TEXT}")

    (one,) = all_items(store)
    assert (one.raw, one.message.text, one.message.author.name) == (b"", f"hello {TEXT}", f"Ana {NAME}")


def test_of_what_nobody_could_read_only_hash_length_and_error_are_kept(store: Store) -> None:
    called(store, f"!{TEXT}")
    called(store, f"?{TEXT}")

    assert list(states(store).values()) == [
        "dead: unreadable (8 bytes): no text",
        "dead: unreadable (12 bytes): parsing failed: ValueError (the log has the place)",
    ]
    with store.read() as c:
        assert {row.sealed for row in c.execute(item.select())} == {None}


def test_other_connections_keep_both(store: Store) -> None:
    called(store, f"hello {TEXT}", f"!{TEXT}", mapping=BANK.replace("source: any", "source: other"))

    with store.read() as c:
        rows = c.execute(item.select().order_by(item.c.id)).all()
    assert [RAW.encode() in rows[0].raw, rows[1].sealed is not None] == [True, True]


class Lacking(Chatty):
    """A platform that tells texts only when it is asked, and hands out what was missed."""

    def lacks(self, message: Message) -> Collection[Lack]:
        return ["content"]

    def content(self, message: Message, credentials: Credentials) -> Message | None:
        return replace(message, text="fetched", raw=RAW.encode())

    def backfill(self, account: str, credentials: Credentials, since: datetime) -> Iterator[list[Event]]:
        yield [said("missed", raw=RAW.encode())]


def test_what_is_fetched_is_kept_without_raw_too(store: Store, crm: Logbook) -> None:
    protection = protected(BANK)
    keeping = Keeping(protection=protection)
    backfill(Lacking(), "fb", "page-1", Credentials(), since=NOON, store=store, keeping=keeping)
    before = [one.raw for one in all_items(store)]

    drain(bridge(store, crm, BANK, protection=protection, channels={"fb": Lacking()}))

    assert (before, [(one.message.text, one.raw) for one in all_items(store)]) == ([b""], [("fetched", b"")])
    assert crm.texts() == ["fetched"]


# --- what came before -----------------------------------------------------------------------------------------


def aged(store: Store, span: timedelta = timedelta(minutes=2)) -> None:
    """Make everything that has come so much older."""
    back = round(span.total_seconds() * 1000)
    with store.write() as c:
        c.execute(update(item).values(ingested_at=item.c.ingested_at - back))


def left(store: Store) -> list[bool]:
    """Of each item, whether something of raw or sealed is left."""
    with store.read() as c:
        rows = c.execute(item.select().order_by(item.c.id)).all()
    return [bool(row.raw or row.sealed) for row in rows]


def tidied(store: Store, mapping: str) -> list[bool]:
    """Tidy until nothing is left to do; what there still is."""
    for _ in range(10):
        with store.write() as c:
            more = masking.tidy(c, protected(mapping))
        if not more:
            return left(store)
    raise AssertionError("it never ends")


def test_what_came_before_the_profile_loses_its_raw(store: Store) -> None:
    called(store, f"hello {TEXT}", f"!{TEXT}", mapping=CARE)
    hear(store, said("from elsewhere", connection="other"))
    with store.write() as c:
        c.execute(update(item).where(item.c.message_id == "m-13").values(body="{}"))  # of an older version
    hear(store, said("readable"))
    aged(store)

    found = tidied(store, BANK.replace("source: any", "source: fb"))

    assert (left(store), found) == ([False, False, True, False], [False, False, True, False])


def test_without_the_profile_everything_stays(store: Store) -> None:
    called(store, f"hello {TEXT}", f"!{TEXT}", mapping=CARE)
    aged(store)

    assert tidied(store, CARE) == tidied(store, f"{BANK}shadow: true\n") == [True, True]


def test_a_connection_that_is_regulated_later_is_looked_at_from_the_beginning(store: Store) -> None:
    hear(store, said("one"), said("two", connection="other"))
    aged(store)
    one = tidied(store, BANK.replace("source: any", "source: fb"))

    assert (one, tidied(store, BANK)) == ([False, True], [False, False])


def test_raw_is_removed_some_at_a_time_and_the_last_minute_later(store: Store) -> None:
    hear(store, *(said(f"m{n}") for n in range(masking.EMPTIED + 1)))
    aged(store)
    hear(store, said("fresh"))
    seen = []
    for _ in range(2):
        with store.write() as c:
            seen.append((masking.tidy(c, protected(BANK)), left(store).count(True)))
    aged(store)

    assert seen == [(True, masking.EMPTIED + 2), (False, 2)]
    assert not any(tidied(store, BANK))
