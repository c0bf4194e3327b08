"""What a CRM that calls us is answered, and what is stored by then."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import road
from flask.testing import FlaskClient
from heart import Killed, dying
from outbound_messages import SECRET, call, case, message, reply, salesforce
from sqlalchemy import event

from adapters.salesforce import outbound
from bridge import flow
from bridge.ports import Crm
from bridge.store import Store, connect
from bridge.web import Receiver, create_app

PATH = f"/in/acme-salesforce/{SECRET}"
BELL = message(reply())
NO_SECRET = "the URL does not end in outbound_secret: compare it with the outbound message's endpoint"
ACKNOWLEDGED = (200, "text/xml; charset=utf-8", outbound.ACK.body)


@pytest.fixture
def database(tmp_path: Path, template: Path) -> Path:
    return Path(shutil.copy(template, tmp_path))


@pytest.fixture
def store(database: Path) -> Iterator[Store]:
    """A database that is not waited for long when another holds it."""
    found = connect(f"sqlite:///{database}")
    event.listen(found.engine, "connect", lambda connection, _: connection.execute("pragma busy_timeout=20"))
    yield found
    found.engine.dispose()


def client(store: Store, crm: Crm | None = None, **more: Any) -> FlaskClient:
    crms = {"acme-salesforce": crm or salesforce(), "resting": None}
    return create_app(Receiver(store=store, channels={}, crms=crms, **more)).test_client()


def answer(to: FlaskClient, body: bytes = BELL, path: str = PATH) -> tuple[int, str, str]:
    said = to.post(path, data=body, content_type="text/xml; charset=utf-8")
    return said.status_code, said.headers["Content-Type"], said.text


def bells(database: Path) -> list[str]:
    return [crm for (crm,) in road.rows(database, "select crm from cursor")]


def test_a_bell_is_stored_and_acknowledged(store: Store, database: Path) -> None:
    assert answer(client(store)) == ACKNOWLEDGED
    assert bells(database) == ["acme-salesforce"]


def test_the_same_bell_again_is_acknowledged_and_changes_nothing(store: Store, database: Path) -> None:
    caller = client(store)

    assert [answer(caller), answer(caller)] == [ACKNOWLEDGED] * 2
    assert bells(database) == ["acme-salesforce"]


def test_a_case_that_nobody_knows_is_acknowledged(store: Store, database: Path) -> None:
    assert answer(client(store), message(case())) == ACKNOWLEDGED
    assert bells(database) == []


def test_the_acknowledgement_comes_after_the_commit(store: Store, database: Path) -> None:
    seen = list[tuple[str, int]]()

    answer(client(store, at=lambda point: seen.append((point, len(bells(database))))))

    assert seen == [("hear.before_commit", 0), ("hear.after_commit", 1)]


@pytest.mark.parametrize(("point", "kept"), [("hear.before_commit", 0), ("hear.after_commit", 1)])
def test_a_receiver_that_dies_acknowledges_nothing_and_is_called_again(
    store: Store, database: Path, point: str, kept: int
) -> None:
    with pytest.raises(Killed):
        flow.hear(call(BELL), salesforce(), store, dying(point))
    before = bells(database)

    answered = answer(client(store))

    assert (len(before), answered, bells(database)) == (kept, ACKNOWLEDGED, ["acme-salesforce"])


def test_what_cannot_be_stored_is_not_acknowledged(store: Store, database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("begin immediate")
        said = client(store).post(PATH, data=BELL)

    assert (said.status_code, said.headers["Retry-After"]) == (503, "30")
    assert "Ack" not in said.text
    assert bells(database) == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (PATH, message(reply(), organization="00D5g000009ZzZzEAK"), 403),
        (PATH + "x", BELL, 403),
        ("/in/acme-salesforce", BELL, 403),
        (PATH, b"<!DOCTYPE a><a/>", 400),
        (PATH, message("x" * outbound.LARGEST), 400),
        (PATH, b"x" * (3 * 1024 * 1024 + 1), 413),
        (f"/in/other/{SECRET}", BELL, 404),
        ("/in/resting/any", BELL, 503),
    ],
    ids=lambda given: str(given)[:30] if not isinstance(given, bytes) else "",
)
def test_what_is_refused_is_neither_stored_nor_acknowledged(
    store: Store, database: Path, path: str, body: bytes, status: int
) -> None:
    said = answer(client(store), body, path)

    assert said[:2] == (status, "text/plain; charset=utf-8")
    assert "Ack" not in said[2]
    assert bells(database) == []


def test_a_refusal_is_logged_without_the_secret_or_the_body(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "casebridge"):
        answer(client(store), path=PATH + "x")
        answer(client(store), b"<a>Ana Ruiz</a>")

    assert [one.getMessage() for one in caplog.records] == [
        f"refused a request to acme-salesforce: {NO_SECRET}",
        "refused a call of acme-salesforce: it is XML, but no outbound message",
    ]
