"""The real receiver over a real store for the tests, with an adapter whose clock stands where its callbacks do."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from sqlalchemy import text

from bridge.ports import Answer, Callback, Channel, Event
from bridge.store import Store, connect, ledger
from bridge.store.ledger import Books
from bridge.web import Receiver, create_app


class Then(Channel):
    """An adapter at the moment for which its callbacks are signed: the receiver's own clock stands elsewhere."""

    def __init__(self, channel: Channel, moment: datetime) -> None:
        self.channel, self.moment = channel, moment

    def verify(self, callback: Callback) -> Answer | None:
        return self.channel.verify(replace(callback, received_at=self.moment))

    def parse(self, callback: Callback) -> list[Event]:
        return self.channel.parse(replace(callback, received_at=self.moment))

    def sign(self, body: bytes) -> Mapping[str, str]:
        return self.channel.sign(body)


class ThenBySecret(Then):
    """The same of a channel whose URL ends in a secret."""

    takes_secret = True


@dataclass(frozen=True, slots=True)
class Receiving:
    """The receiver with one connection."""

    call: Callable[[bytes], Callback]  #: a body as the platform sends it
    web: FlaskClient
    store: Store

    def send(self, body: bytes, *, shouted: bool = False) -> int:
        """The status that the platform gets. shouted: its headers in upper case, and in another order."""
        call = self.call(body)
        headers = list(call.headers.items())
        if shouted:
            headers = [(name.upper(), value) for name, value in reversed(headers)]
        where = urlsplit(call.url)
        path = f"{where.path}?{where.query}" if where.query else where.path
        return self.web.open(path, method=call.method, data=body, headers=headers).status_code

    def books(self) -> Books:
        with self.store.read() as c:
            return ledger.read(c)

    def lines(self) -> Counter[str]:
        """What is stored, in the words of the tables, and how often."""
        with self.store.read() as c:
            items = c.execute(text("select state, body, reason from item")).all()
            skipped = c.execute(text("select reason, event, n from skipped")).all()
        found = Counter(_line(body) if body else _unreadable(reason) for _, body, reason in items)
        return found + Counter({f"skipped {reason} {event}": n for reason, event, n in skipped})


def _line(body: str) -> str:
    message = json.loads(body)
    return f"{message['kind']} {message['change']}{' ours' if message['author']['is_self'] else ''}"


def _unreadable(reason: str) -> str:
    return f"unreadable {reason.partition(': ')[2]}"


@contextmanager
def receiving(
    channel: Channel, call: Callable[[bytes], Callback], template: Path, folder: Path
) -> Iterator[Receiving]:
    """The receiver with this channel over an empty store in a folder."""
    store = connect(f"sqlite:///{shutil.copy(template, folder)}")
    example = call(b"{}")
    then = ThenBySecret if channel.takes_secret else Then
    where = urlsplit(example.url)
    receiver = Receiver(
        store=store,
        channels={example.connection: then(channel, example.received_at)},
        public_url=f"{where.scheme}://{where.netloc}",
    )
    yield Receiving(call, create_app(receiver).test_client(), store)
    store.engine.dispose()
