"""Where a mapping is regulated, raw is in no byte of the database, and no log line holds words of customers.

The platform sends what is hostile, broken and too much; the CRM refuses in sentences that quote what it was sent.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from heart import WITH_CONTACT, drain, said, states
from logbook import REFUSE, Logbook

from bridge import protecting
from bridge.errors import Paused, Rejected, RetryLater
from bridge.flow import Keeping
from bridge.mapping import read
from bridge.mapping.targets import fitted
from bridge.message import Attachment, Person
from bridge.parts import Bridge
from bridge.ports import (
    Answer,
    Callback,
    Channel,
    Delivery,
    Event,
    Filing,
    Outcome,
    PersonFound,
    PersonMatch,
    Polled,
    Rung,
    Unreadable,
)
from bridge.replying import poll_some
from bridge.sealed import Seal
from bridge.store import Store
from bridge.store.tables import metadata
from bridge.web import Receiver, create_app

TEXT, NAME, RAW = "kanarienvogel", "Kanarienname", "kanarienroh"
HOSTILE = (
    f"\n2026-11-21 ERROR {TEXT}",
    f"%s %(name)s {{text}} {TEXT}",
    f"'; drop table item; -- {TEXT}",
    f"\x1b[2J{TEXT}",
)
TROUBLES = ("crm rests: Paused", "failed: RuntimeError", "failed: ValueError", "crm cannot be read: Paused")
"""What the log must tell all the same."""

REGULATED = """profile: regulated
protect: {mask: {card_number: everywhere, iban: everywhere}}
"""
BANK = WITH_CONTACT.replace("public: true", "public: false") + REGULATED
BANK = BANK.replace('{Page_Id__c: "{author.id}"}', '{Email: "{author.email}"}')


class Loud(Channel):
    """A platform: a text with ! cannot be read, one with ? breaks the whole callback."""

    def verify(self, callback: Callback) -> Answer | None:
        return None

    def parse(self, callback: Callback) -> list[Event]:
        return [self._event(n, text) for n, text in enumerate(json.loads(callback.body))]

    def _event(self, n: int, text: str) -> Event:
        if text.startswith("?"):
            raise ValueError(f"cannot read {text} {RAW}")
        if text.startswith("!"):
            return Unreadable(item=f"{text} {RAW}".encode(), error="no text")
        picture = Attachment(kind="image", name=f"{TEXT}.jpg", url=f"https://cdn.example/{TEXT}")
        return replace(
            said(text, id=f"m-{n}", by=f"b-{n}", raw=json.dumps({"text": text, "extra": RAW}).encode()),
            author=Person(id=f"b-{n}", name=f"Ana {NAME}", email=f"{NAME}@x.example"),
            attachments=(picture,),
        )

    def sign(self, body: bytes) -> Mapping[str, str]:
        return {}


class Gossip(Logbook):
    """A CRM that says in each of its errors what it was sent."""

    when_asked: Sequence[type[Exception]] = ()
    when_sent: Sequence[type[Exception]] = ()

    def find(self, people: Sequence[PersonMatch]) -> list[PersonFound]:
        if self.when_asked:
            mood, *self.when_asked = self.when_asked
            raise _error(mood, people)
        return super().find(people)

    def file(self, filings: Sequence[Filing], *, now: datetime) -> Iterator[list[tuple[int, Outcome]]]:
        if self.when_sent:
            mood, *self.when_sent = self.when_sent
            raise _error(mood, filings)
        for answer in super().file(filings, now=now):
            yield [(i, Rejected(str(filings[i])) if isinstance(one, Rejected) else one) for i, one in answer]


def _error(mood: type[Exception], words: object) -> Exception:
    return RetryLater(str(words), after=timedelta(0)) if mood is RetryLater else mood(str(words))


class Gossiping:
    """Where agents answer: it quotes them when it cannot be read, or told."""

    every = timedelta(0)

    def poll(self, cursor: str, rung: Sequence[Rung] = ()) -> Polled:
        raise Paused(f"{TEXT} {cursor} {rung}")

    def report(self, deliveries: Sequence[Delivery]) -> Mapping[str, RetryLater]:
        raise RetryLater(f"{TEXT} {deliveries}", after=timedelta(0))


@pytest.fixture
def gossip(tmp_path: Path) -> Gossip:
    return Gossip(tmp_path / "gossip.db")


def regulated(store: Store, crm: Gossip) -> Bridge:
    mapping = fitted(read(BANK, "care.yaml"), Logbook)
    return Bridge(
        store=store,
        mappings={"care": mapping},
        crms={"crm": crm},
        gather=timedelta(0),
        lease=timedelta(seconds=30),
        protection=protecting.protection([mapping]),
        desks={"crm": Gossiping()},
    )


def post(store: Store, made: Bridge, *texts: str) -> int:
    """Call the web edge, which would keep what nobody can read; its answer's status."""
    seal = Seal([Fernet.generate_key().decode()]).close
    keeping = Keeping(protection=made.protection, seal=seal)
    app = create_app(Receiver(store=store, channels={"fb": Loud()}, keeping=lambda: keeping))
    return app.test_client().post("/in/fb", data=json.dumps(texts)).status_code


def everything(store: Store) -> bytes:
    """Every row of every table, and of SQLite the bytes of its files."""
    with store.read() as c:
        rows = [row for table in metadata.sorted_tables for row in c.execute(table.select()).all()]
    told = "\n".join(str(tuple(row)) for row in rows).encode()
    name = store.engine.url.database or ""
    if store.engine.dialect.name == "sqlite":
        told += b"".join(file.read_bytes() for file in Path(name).parent.glob(f"{Path(name).name}*"))
    return told


def test_no_log_line_holds_words_and_no_byte_of_the_database_raw(
    store: Store, gossip: Gossip, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, "casebridge")
    made = regulated(store, gossip)
    gossip.when_asked = gossip.when_sent = [Paused, RetryLater, RuntimeError]

    statuses = [
        post(store, made, *HOSTILE, f"{REFUSE} {TEXT}", f"!{TEXT}"),
        post(store, made, f"fine {TEXT}", f"? {TEXT}"),
    ]
    drain(made)
    poll_some(made.road, "crm")

    lines = [f"{record.getMessage()}{record.exc_text}" for record in caplog.records]
    log = "\n".join([*lines, *capfd.readouterr()])
    found = everything(store)
    assert statuses == [200, 200]
    assert sorted(one.partition(" ")[0] for one in states(store).values()) == ["dead:"] * 3 + ["filed"] * 4
    assert (gossip.when_asked, gossip.when_sent) == ([], [])
    assert [told for told in TROUBLES if told not in log] == []
    assert [word for word in (TEXT, NAME, RAW) if word in log] == []
    assert (RAW.encode() in found, TEXT.encode() in found) == (False, True)
