"""What the receiver answers, and what it has stored by then; in this process, where HTTP does not matter."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import road
from flask.testing import FlaskClient
from sqlalchemy import event

from adapters.meta import Meta, Settings
from bridge.errors import Forged
from bridge.message import Account, Message
from bridge.ports import Answer, Callback, Channel, Event
from bridge.store import Store, connect, handshakes, items
from bridge.web import Receiver, create_app

TOKEN = road.SECRETS["META_VERIFY_TOKEN"]
BODY = json.dumps(
    {"object": "page", "entry": [road.comments(road.comment("1_1", "A secret wish", by="61"))]}
).encode()


@dataclass
class Recorder(Channel):
    """Takes everything, remembers how it was called, and reads one message from each callback."""

    calls: list[Callback] = field(default_factory=list)

    def verify(self, callback: Callback) -> Answer | None:
        self.calls.append(callback)
        return None

    def parse(self, callback: Callback) -> list[Event]:
        if callback.body:
            raise RuntimeError(callback.body.decode())
        return [
            Message(
                channel="test",
                connection=callback.connection,
                account=Account(id="1"),
                id=str(len(self.calls)),
                kind="direct",
                received_at=callback.received_at,
                public=False,
            )
        ]

    def sign(self, body: bytes) -> Mapping[str, str]:
        return {}

    def accepted(self) -> Answer:
        return Answer(body="<ack/>", type="text/xml")


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


def meta() -> Meta:
    settings = Settings.model_validate(
        {"app_secret": road.SECRETS["META_APP_SECRET"], "verify_token": road.SECRETS["META_VERIFY_TOKEN"]}
    )
    return Meta(settings, {road.PAGE: Account(id=road.PAGE)})


def client(store: Store, channel: Channel | None = None, **more: Any) -> FlaskClient:
    channels = {"acme-meta": channel or meta(), "resting": None}
    return create_app(Receiver(store=store, channels=channels, **more)).test_client()


def keys(database: Path) -> list[str]:
    return [key for (key,) in road.rows(database, "select key from item order by id")]


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Somebody else is writing all the while."""
    with closing(sqlite3.connect(database, isolation_level=None)) as c:
        c.execute("begin immediate")
        yield


# --- what is stored -------------------------------------------------------------------------------------------


def test_a_signed_callback_is_stored_and_answered_200(store: Store, database: Path) -> None:
    answer = client(store).post("/in/acme-meta", data=BODY, headers=road.signed(BODY))

    assert (answer.status_code, answer.data) == (200, b"")
    assert keys(database) == [f"facebook:{road.PAGE}:1_1:created"]


def test_200_comes_after_the_commit(store: Store, database: Path) -> None:
    seen: list[tuple[str, int]] = []

    def at(point: str) -> None:
        seen.append((point, len(keys(database))))

    answer = client(store, at=at).post("/in/acme-meta", data=BODY, headers=road.signed(BODY))

    assert seen == [("ingest.before_commit", 0), ("ingest.after_commit", 1)]
    assert answer.status_code == 200


def test_a_channel_chooses_what_stands_in_the_200(store: Store) -> None:
    answer = client(store, Recorder()).post("/in/acme-meta")

    assert (answer.status_code, answer.text, answer.content_type) == (200, "<ack/>", "text/xml")


def test_a_redelivery_is_answered_200_and_adds_nothing(store: Store, database: Path) -> None:
    web = client(store)

    answers = [web.post("/in/acme-meta", data=BODY, headers=road.signed(BODY)).status_code for _ in range(2)]

    assert answers == [200, 200]
    assert len(keys(database)) == 1


def test_a_callback_that_breaks_the_parser_is_kept_as_one_dead_item(
    store: Store, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client(store, Recorder()).post("/in/acme-meta", data=b"A secret wish")

    assert answer.status_code == 200
    assert road.rows(database, "select state, reason from item") == [
        ("dead", "unreadable (13 bytes): parsing failed: RuntimeError (the log has the place)")
    ]
    assert "RuntimeError" in caplog.text
    assert "A secret wish" not in caplog.text


# --- what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/in/nobody", "/in/", "/in/acme-meta/", "/in/acme-meta/more", "/", "/in/%2e%2e"])
def test_an_unknown_address_is_404(store: Store, path: str) -> None:
    answer = client(store).post(path, data=BODY, headers=road.signed(BODY))

    assert answer.status_code == 404


@pytest.mark.parametrize(("method", "path"), [("PUT", "/in/acme-meta"), ("DELETE", "/in/x"), ("POST", "/healthz")])
def test_another_method_is_405_and_says_which_are_allowed(store: Store, method: str, path: str) -> None:
    answer = client(store).open(path, method=method)

    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


FORGERIES = {
    "no signature": {},
    "an empty one": {"X-Hub-Signature-256": ""},
    "the old kind only": {"X-Hub-Signature": "sha1=" + "0" * 40},
    "another secret's": road.signed(BODY, "not-the-secret"),
    "another body's": road.signed(BODY + b" "),
    "not hex": {"X-Hub-Signature-256": "sha256=" + "é" * 64},
}


@pytest.mark.parametrize("headers", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_callback_is_403_and_leaves_nothing_behind(
    store: Store, database: Path, caplog: pytest.LogCaptureFixture, headers: dict[str, str]
) -> None:
    caplog.set_level(logging.DEBUG)

    answer = client(store).post("/in/acme-meta", data=BODY, headers=headers)

    assert (answer.status_code, answer.text) == (403, "refused")
    assert keys(database) == []
    assert "refused a request to acme-meta" in caplog.text
    assert "A secret wish" not in caplog.text
    assert not any(value and value in caplog.text for value in headers.values())


def test_a_handshake_is_answered_with_its_challenge(store: Store, database: Path) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": TOKEN, "hub.challenge": "1158201444"}

    answer = client(store).get("/in/acme-meta", query_string=query)

    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert keys(database) == []


@pytest.mark.parametrize("challenge", ["", "{}", "[1]", "x" * 513, "a\x00b"])
def test_a_handshake_that_no_platform_sends_is_400(store: Store, challenge: str) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": TOKEN, "hub.challenge": challenge}

    answer = client(store).get("/in/acme-meta", query_string=query)

    assert (answer.status_code, answer.text) == (400, "refused")


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", "é", "\x00"])
def test_a_handshake_with_another_token_is_403_and_its_token_is_not_logged(
    store: Store, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    caplog.set_level(logging.DEBUG)
    query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158201444"}

    answer = client(store).get("/in/acme-meta", query_string=query)

    assert (answer.status_code, answer.text) == (403, "refused")
    assert TOKEN not in caplog.text


# --- what must come again -------------------------------------------------------------------------------------


def test_a_connection_that_is_switched_off_says_come_back(store: Store, database: Path) -> None:
    answer = client(store).post("/in/resting", data=BODY, headers=road.signed(BODY))

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert keys(database) == []


@pytest.mark.parametrize("path", ["/in/acme-meta", "/readyz"])
def test_a_database_that_another_holds_is_503(store: Store, database: Path, path: str) -> None:
    method = "GET" if path == "/readyz" else "POST"

    with held(database):
        answer = client(store).open(path, method=method, data=BODY, headers=road.signed(BODY))

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert keys(database) == []


def test_a_full_disk_is_503_and_says_nothing_of_the_message(
    store: Store, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    big = json.dumps(
        {"object": "page", "entry": [road.comments(road.comment("1_2", "A secret wish" * 50_000, by="61"))]}
    ).encode()
    event.listen(store.engine, "connect", lambda connection, _: connection.execute("pragma max_page_count=1"))

    answer = client(store).post("/in/acme-meta", data=big, headers=road.signed(big))

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert keys(database) == []
    assert "storing failed: OperationalError" in caplog.text
    assert "A secret wish" not in caplog.text


def test_what_could_not_be_stored_is_stored_when_it_comes_again(store: Store, database: Path) -> None:
    web = client(store)
    with held(database):
        web.post("/in/acme-meta", data=BODY, headers=road.signed(BODY))

    answer = web.post("/in/acme-meta", data=BODY, headers=road.signed(BODY))

    assert answer.status_code == 200
    assert len(keys(database)) == 1


def test_health_does_not_ask_the_database_and_readiness_does(store: Store, database: Path) -> None:
    web = client(store)
    with held(database):
        broken = [web.get(path).status_code for path in ("/healthz", "/readyz")]

    well = [web.get(path).status_code for path in ("/healthz", "/readyz")]

    assert (broken, well) == ([200, 503], [200, 200])


# --- the address that was called ------------------------------------------------------------------------------

FORWARDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "hooks.example.com",
    "X-Forwarded-For": "203.0.113.9",
}


@pytest.mark.parametrize(
    ("settings", "headers", "url"),
    [
        ({}, {}, "http://localhost/in/acme-meta?a=1&b=%C3%A9"),
        ({}, FORWARDED, "http://localhost/in/acme-meta?a=1&b=%C3%A9"),
        ({"proxies": 1}, FORWARDED, "https://hooks.example.com/in/acme-meta?a=1&b=%C3%A9"),
        ({"proxies": 1}, {}, "http://localhost/in/acme-meta?a=1&b=%C3%A9"),
        ({"proxies": 2}, FORWARDED, "http://localhost/in/acme-meta?a=1&b=%C3%A9"),
        ({"public_url": "https://a.example"}, FORWARDED, "https://a.example/in/acme-meta?a=1&b=%C3%A9"),
        (
            {"public_url": "https://a.example", "proxies": 1},
            FORWARDED,
            "https://a.example/in/acme-meta?a=1&b=%C3%A9",
        ),
    ],
)
def test_a_channel_sees_the_address_that_the_platform_called(
    store: Store, settings: dict[str, Any], headers: dict[str, str], url: str
) -> None:
    channel = Recorder()

    client(store, channel, **settings).post("/in/acme-meta?a=1&b=%C3%A9", data=b"\x00\xff", headers=headers)

    (call,) = channel.calls
    assert (call.connection, call.method, call.url, call.body) == ("acme-meta", "POST", url, b"\x00\xff")
    assert call.query == {"a": "1", "b": "é"}
    assert abs(call.received_at - datetime.now(UTC)).total_seconds() < 3600


def test_a_channel_sees_the_headers_names_in_lower_case(store: Store) -> None:
    channel = Recorder()

    client(store, channel).post("/in/acme-meta", headers={"X-Hub-SIGNATURE-256": "SHA"})

    assert channel.calls[0].headers["x-hub-signature-256"] == "SHA"


HOSTILE = {
    "a host that is none": {"Host": "["},
    "a host with a path": {"Host": "a/../b?c#d"},
    "a host in bytes": {"Host": "\xff\xfe"},
    "a forwarded host that is none": {"X-Forwarded-Host": "[::1"},
    "forwarded nonsense": {"X-Forwarded-Proto": ",,", "X-Forwarded-Host": ":", "X-Forwarded-For": "'; drop table"},
    "a content type that is none": {"Content-Type": "multipart/form-data; boundary="},
    "an unknown coding": {"Content-Encoding": "gzip", "Content-Type": "application/json; charset=x"},
    "a wild cookie": {"Cookie": "=;\xff=\x01;" + "a" * 4000},
    "a range": {"Range": "bytes=-1", "If-None-Match": '"', "Accept": "*/*;q=x", "Expect": "x"},
    "markup": {"User-Agent": "{{7*7}}<script>", "X-Hub-Signature-256": "sha256=" + "\xff" * 64},
}


@pytest.mark.parametrize("proxies", [0, 1])
@pytest.mark.parametrize("headers", HOSTILE.values(), ids=HOSTILE)
def test_hostile_headers_are_no_error_of_ours(store: Store, headers: dict[str, str], proxies: int) -> None:
    answer = client(store, Recorder(), proxies=proxies).post("/in/acme-meta?x=%FF%00&%5B", headers=headers)

    assert answer.status_code < 500


@dataclass
class Lodge(Recorder):
    """Takes callbacks whose address ends in a secret, and refuses others as its protocol wants."""

    takes_secret = True

    def verify(self, callback: Callback) -> Answer | None:
        self.calls.append(callback)
        if callback.secret != "knock-knock-7f1c-7f1c":
            raise Forged("the secret in the address is wrong", status=202)
        if callback.method == "GET":
            return Answer(body="hello", learned={"lease:topic": "2026-12-01T00:00:00+00:00"})
        return None


def test_the_secret_of_an_address_reaches_its_channel(store: Store) -> None:
    lodge = Lodge()

    answer = client(store, lodge).post("/in/acme-meta/knock-knock-7f1c-7f1c")

    assert (answer.status_code, [one.secret for one in lodge.calls]) == (200, ["knock-knock-7f1c-7f1c"])
    assert lodge.calls[0].url == "http://localhost/in/acme-meta/knock-knock-7f1c-7f1c"


def test_a_refusal_is_answered_as_the_protocol_wants_and_stores_nothing(store: Store) -> None:
    answer = client(store, Lodge()).post("/in/acme-meta/guessed")

    assert (answer.status_code, answer.data) == (202, b"refused")
    with store.read() as c:
        assert items.read(c, items.query()) == []


def test_a_channel_without_a_secret_has_no_such_address(store: Store) -> None:
    assert client(store).post("/in/acme-meta/anything", data=BODY).status_code == 404


def test_a_secret_is_never_logged(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client(store, Lodge()).post("/in/acme-meta/guessed-secret")

    assert "refused a request to acme-meta" in caplog.text
    assert "guessed-secret" not in caplog.text


def test_what_a_handshake_told_is_kept(store: Store) -> None:
    client(store, Lodge()).get("/in/acme-meta/knock-knock-7f1c-7f1c")

    with store.read() as c:
        told = handshakes.recall(c, "acme-meta")
    assert {name: one.value for name, one in told.items()} == {
        "handshake": "",
        "lease:topic": "2026-12-01T00:00:00+00:00",
    }
