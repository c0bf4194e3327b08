"""What Zendesk is answered when it tells of an agent's comment, and what is stored by then."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import copy

import pytest
import road
from flask.testing import FlaskClient
from logbook import Logbook
from pydantic import SecretStr
from sqlalchemy import event
from wall import Desk, desk
from zendesk_events import SECRET, headers, said

from adapters.zendesk import Settings, Zendesk
from bridge.ports import Callback, Crm, Heard
from bridge.store import Store, connect, hearing
from bridge.web import Receiver, create_app

PATH = "/in/crm"


@pytest.fixture
def database(tmp_path: Path, template: Path) -> Path:
    return Path(copy(template, tmp_path))


@pytest.fixture
def store(database: Path) -> Iterator[Store]:
    """A database that is not waited for long when another holds it."""
    found = connect(f"sqlite:///{database}")
    event.listen(found.engine, "connect", lambda connection, _: connection.execute("pragma busy_timeout=20"))
    yield found
    found.engine.dispose()


@pytest.fixture
def case(store: Store, crm: Logbook) -> Desk:
    """A case of ours, in an account that knows us as 9."""
    made = desk(store, crm)
    with store.write() as c:
        hearing.know_us(c, "crm", "9")
        c.exec_driver_sql("update item set crm_case = '35436' where crm_case != ''")
    return made


def zendesk() -> Zendesk:
    given = {
        "subdomain": "acme",
        "client_id": "id",
        "client_secret": SecretStr("secret"),
        "webhook_secret": SECRET,
    }
    return Zendesk(Settings.model_validate(given))


def client(store: Store, crm: Crm) -> FlaskClient:
    return create_app(Receiver(store=store, channels={}, crms={"crm": crm})).test_client()


def call(to: FlaskClient, body: bytes, *, secret: str = SECRET) -> tuple[int, str, str | None]:
    told = to.post(PATH, data=body, headers=headers(body, secret))
    return told.status_code, told.text, told.headers.get("Retry-After")


def replies(database: Path) -> list[tuple[str, str]]:
    return road.rows(database, "select crm_id, text from reply")


@pytest.mark.usefixtures("case")
def test_what_an_agent_says_is_stored_once_and_answered_with_nothing(store: Store, database: Path) -> None:
    caller = client(store, zendesk())

    assert [call(caller, said()), call(caller, said())] == [(200, "", None)] * 2

    assert replies(database) == [("987", "Hi Ada")]


@pytest.mark.usefixtures("case")
def test_what_we_wrote_ourselves_and_other_tickets_are_acknowledged(store: Store, database: Path) -> None:
    caller = client(store, zendesk())

    ours = call(caller, said(detail={"actor_id": "9"}))
    others = call(caller, said(detail={"id": "4"}))

    assert (ours, others, replies(database)) == ((200, "", None), (200, "", None), [])


@pytest.mark.usefixtures("case")
def test_what_cannot_be_stored_is_to_be_told_again_in_half_a_minute(store: Store, database: Path) -> None:
    caller = client(store, zendesk())
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("begin immediate")

        assert call(caller, said()) == (503, "cannot store just now", "30")

    assert call(caller, said())[0] == 200
    assert replies(database) == [("987", "Hi Ada")]


def test_an_error_of_ours_is_never_a_500_which_zendesk_does_not_repeat(store: Store) -> None:
    class Broken(Zendesk):
        def hear(self, callback: Callback) -> Heard:
            raise ZeroDivisionError

    given = {"subdomain": "acme", "client_id": "id", "client_secret": SecretStr("secret")}

    assert call(client(store, Broken(Settings.model_validate(given))), said())[0] == 503


@pytest.mark.usefixtures("case")
def test_what_somebody_else_signed_is_refused(store: Store, database: Path) -> None:
    assert call(client(store, zendesk()), said(), secret="another") == (403, "refused", None)
    assert replies(database) == []


@pytest.mark.parametrize("body", [b"[]", b'{"v": 1}'])
def test_what_is_no_event_is_refused(store: Store, body: bytes) -> None:
    assert call(client(store, zendesk()), body) == (400, "refused", None)
