"""Real posts for the three shipped payload maps, through the receiver into the store; and hostile ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import road
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from webhook_calls import KEY, SECRET, fixture, signed, webhook

from adapters.webhook import Webhook
from bridge.store import connect, schema
from bridge.web import Receiver, create_app

STANDARD = {"scheme": "standard_webhooks", "secrets": KEY}
HOOTSUITE = signed(
    header="X-Hootsuite-Signature", timestamp_body="timestamp", secret_encoding="hex", secrets="c0ffee00"
)
TOKEN = {"scheme": "bearer", "secrets": "t0ken"}
TIMED = signed(timestamp_header="X-Time", signed="{timestamp}.{body}")
TOOLS: dict[str, Webhook] = {
    "acme-hootsuite": webhook(HOOTSUITE, "hootsuite-inbox", accounts=("0-02",)),
    "acme-listening": webhook(TOKEN, "listening-tool", accounts=("brand-watch",)),
    "acme-app": webhook(STANDARD, "mobile-app", accounts=("acme-ios", "acme-android")),
    "timed": webhook(TIMED, accounts=("acme-ios",)),
    "basic": webhook({"scheme": "basic", "user": "u", "password": SECRET}, accounts=("acme-ios",)),
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("received") / "bridge.db"


@pytest.fixture(scope="module")
def web(database: Path) -> Iterator[FlaskClient]:
    store = connect(f"sqlite:///{database}")
    schema.migrate(store)
    yield create_app(Receiver(store=store, channels=TOOLS)).test_client()
    store.engine.dispose()


def send(web: FlaskClient, name: str, body: bytes) -> int:
    return web.post(f"/in/{name}", data=body, headers=dict(TOOLS[name].sign(body))).status_code


def stored(database: Path, name: str) -> list[Mapping[str, Any]]:
    columns = ("state", "reason", "key", "body", "raw")
    query = "select {} from item join lane on lane.id = item.lane where lane.connection = ? order by item.id"
    rows = road.rows(database, query.format(", ".join(f"item.{column}" for column in columns)), name)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def fresh(body: bytes) -> bytes:
    """A callback of Hootsuite that is sent now: the receiver reads the clock."""
    return json.dumps({**json.loads(body), "timestamp": datetime.now(UTC).isoformat()}).encode()


def test_a_message_from_hootsuite_is_stored_once(web: FlaskClient, database: Path) -> None:
    body = fixture("hootsuite_message")

    answers = [send(web, "acme-hootsuite", fresh(body)) for _ in range(2)]

    (item,) = stored(database, "acme-hootsuite")
    assert (answers, item["key"]) == ([200, 200], "instagram:0-02:m-88:created")


def test_an_old_callback_from_hootsuite_is_refused(web: FlaskClient) -> None:
    old = json.dumps({**json.loads(fixture("hootsuite_message")), "timestamp": "2024-01-01T00:00:00Z"}).encode()

    assert send(web, "acme-hootsuite", old) == 403


def test_a_ping_from_hootsuite_is_answered_and_counted(web: FlaskClient, database: Path) -> None:
    before = stored(database, "acme-hootsuite")

    assert send(web, "acme-hootsuite", fresh(fixture("hootsuite_ping"))) == 200
    assert stored(database, "acme-hootsuite") == before
    assert road.rows(database, "select reason, event from skipped where connection = 'acme-hootsuite'") == [
        ("system", "com.hootsuite.ping.event.v1")
    ]


def test_the_mentions_of_a_listening_tool_are_stored_each_on_its_own(web: FlaskClient, database: Path) -> None:
    assert send(web, "acme-listening", fixture("listening_mentions")) == 200

    items = stored(database, "acme-listening")
    assert [(one["state"], one["reason"]) for one in items][2:] == [
        ("dead", "unreadable (15 bytes): item: it is not an object"),
        ("dead", "unreadable (75 bytes): item: text is missing, and attachments are too"),
    ]
    assert [one["key"] for one in items][:2] == [
        "x:brand-watch:9007199254740993:created",
        "web:brand-watch:forum-77:created",
    ]


def test_what_a_customer_writes_in_the_app_is_stored(web: FlaskClient, database: Path) -> None:
    assert send(web, "acme-app", fixture("app_feedback")) == 200

    (item,) = stored(database, "acme-app")
    body, raw = json.loads(item["body"]), json.loads(item["raw"])
    assert (item["key"], body["rating"], body["author"]["id"]) == ("app:acme-ios:f-9:created", 2, "771")
    assert (raw["order"]["id"], raw["app"]["version"], raw["screen"]) == ("A-2041", "8.2.1", "checkout")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"a":1,"a":2}', b"[" * 100_000, b'{"id":NaN}']
)
@pytest.mark.parametrize("name", ["acme-listening", "acme-app", "basic"])
def test_what_is_signed_and_not_understood_is_answered_200(web: FlaskClient, name: str, body: bytes) -> None:
    assert send(web, name, body) == 200


NAMES = ["X-Signature", "X-Time", "X-Hootsuite-Signature", "Authorization", "webhook-id", "webhook-timestamp",
         "webhook-signature", "svix-id", "svix-timestamp", "svix-signature"]  # fmt: skip
ODD = ["", ",", "=", "²", "٣", "9" * 5000, "Bearer ", "Bearer \xff", "Basic !!", "Basic " + "A" * 9000,
       "Basic w6Q=", "v1,", "v1," + "A" * 43 + "=", "\x00", "\x80\xff", "é", "0" * 64, "1795262400", "1e400",
       "2026-11-21T12:00:00Z", "t=1,v1=00"]  # fmt: skip
VALUES = st.sampled_from(ODD) | st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=40)


@pytest.mark.parametrize("name", TOOLS)
@settings(max_examples=60, deadline=None)
@given(headers=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=12), body=st.binary(max_size=40))
def test_hostile_headers_are_refused_and_never_an_error_of_ours(
    web: FlaskClient, name: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    answer = web.post(f"/in/{name}", data=body, headers=headers)

    assert (answer.status_code, answer.text) == (403, "refused")


@pytest.mark.parametrize("name", TOOLS)
def test_a_handshake_is_refused(web: FlaskClient, name: str) -> None:
    answer = web.get(f"/in/{name}", query_string={"crc_token": "{}", "hub.challenge": "1"})

    assert (answer.status_code, answer.text) == (403, "refused")
