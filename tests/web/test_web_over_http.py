"""The receiver as it runs, over real sockets: what a browser or a test client would never send."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import road

from bridge import supervise

MB = 1024 * 1024
BODY = json.dumps({"object": "page", "entry": [road.direct("m_1", "A secret wish", by="24")]}).encode()


@dataclass(frozen=True)
class Listening:
    """A receiver without worker."""

    folder: Path
    port: int

    def say(self, *pieces: bytes, finish: bool = True) -> bytes:
        """Send raw bytes and return the answer up to the end of the connection; finish: say that all is sent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as s:
            try:
                for piece in pieces:
                    s.sendall(piece)
                if finish:
                    s.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has heard enough
            return self._answer(s)

    def _answer(self, s: socket.socket) -> bytes:
        answer = b""
        try:
            while piece := s.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
        return answer

    def items(self) -> list[tuple[str, str]]:
        return road.rows(self.folder / "bridge.db", "select state, key from item order by id")

    @property
    def log(self) -> str:
        return (self.folder / "receiver.log").read_text()


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    folder = tmp_path_factory.mktemp("receiver")
    env = road.configure(folder, LOG_LEVEL="debug")
    assert road.casebridge(env, "migrate")[0] == 0
    port = int(env["PORT"])
    with road.process(supervise.embedded("127.0.0.1", port)[0].command, env, folder / "receiver.log"):
        with requests.Session() as http:
            road.until(lambda: road.answers(http, f"http://127.0.0.1:{port}/readyz"), "the receiver answers")
        yield Listening(folder, port)


def head(*lines: str, line: str = "POST /in/acme-meta HTTP/1.1") -> bytes:
    return "\r\n".join([line, "Host: 127.0.0.1", "Connection: close", *lines, "", ""]).encode("latin-1")


def signature(body: bytes) -> str:
    return "X-Hub-Signature-256: " + road.signed(body)["X-Hub-Signature-256"]


def chunked(body: bytes, size: int = 65536) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def status(answer: bytes) -> int:
    """The status; 0 = there is no answer."""
    final = answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    return int(final.split(b" ", 2)[1]) if final else 0


def test_a_body_over_3_mb_is_refused_before_it_is_sent(receiver: Listening) -> None:
    before = receiver.items()

    answer = receiver.say(head(f"Content-Length: {4 * MB}"), finish=False)

    assert status(answer) == 413
    assert receiver.items() == before


def test_one_byte_over_3_mb_is_too_much_though_its_signature_holds(receiver: Listening) -> None:
    before = receiver.items()
    body = b"x" * (3 * MB + 1)

    answer = receiver.say(head(f"Content-Length: {len(body)}", signature(body)), body)

    assert status(answer) == 413
    assert receiver.items() == before


def test_a_body_over_3_mb_in_chunks_is_refused_though_its_signature_holds(receiver: Listening) -> None:
    before = receiver.items()
    body = b"x" * (3 * MB + 1)

    answer = receiver.say(head("Transfer-Encoding: chunked", signature(body)), *chunked(body), finish=False)

    assert status(answer) in {413, 0}  # 0: the answer was lost, since we were still sending
    assert receiver.items() == before


def test_a_body_of_3_mb_is_taken(receiver: Listening) -> None:
    before = receiver.items()
    body = b"x" * (3 * MB)

    answer = receiver.say(head(f"Content-Length: {len(body)}", signature(body)), body)

    assert status(answer) == 200
    assert [state for state, _ in receiver.items()[len(before) :]] == ["dead"]


def test_a_body_in_chunks_is_taken_and_its_signature_holds(receiver: Listening) -> None:
    answer = receiver.say(head("Transfer-Encoding: chunked", signature(BODY)), *chunked(BODY, size=7))

    assert status(answer) == 200
    assert ("ready", f"messenger:{road.PAGE}:m_1:created") in receiver.items()


def test_a_body_that_breaks_off_is_not_stored(receiver: Listening) -> None:
    before = receiver.items()

    answer = receiver.say(head(f"Content-Length: {len(BODY) + 1}", signature(BODY)), BODY)

    assert status(answer) == 400
    assert receiver.items() == before


def test_a_forged_callback_leaves_neither_words_nor_signature_in_the_log(receiver: Listening) -> None:
    before = receiver.items()
    forged = road.signed(BODY, "not-the-secret")["X-Hub-Signature-256"]

    answer = receiver.say(head(f"Content-Length: {len(BODY)}", f"X-Hub-Signature-256: {forged}"), BODY)

    assert status(answer) == 403
    assert receiver.items() == before
    assert "WARNING" in receiver.log
    assert "refused a request to acme-meta" in receiver.log
    assert not any(words in receiver.log for words in (forged, forged[7:], "A secret wish", "not-the-secret"))


HOSTILE = {
    "bytes": [b"\x00\xff\x16\x03\x01\r\n\r\n"],
    "no host": [b"GET /in/acme-meta HTTP/1.1\r\nConnection: close\r\n\r\n"],
    "a host that is none": [b"GET /in/acme-meta HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n"],
    "two lengths": [head("Content-Length: 1", "Content-Length: 2"), b"xx"],
    "a length that is none": [head("Content-Length: -1")],
    "length and chunks": [head("Content-Length: 1", "Transfer-Encoding: chunked"), b"0\r\n\r\n"],
    "chunks that are none": [head("Transfer-Encoding: chunked"), b"zz\r\n"],
    "an unknown coding": [head("Transfer-Encoding: gzip, chunked"), b"0\r\n\r\n"],
    "a header in the name": [head("X-Hub-Signature-256 : x")],
    "a null in a header": [head("X-A: a\x00b")],
    "two signatures": [head(signature(BODY), signature(BODY), f"Content-Length: {len(BODY)}"), BODY],
    "a long header": [head("X-A: " + "a" * 20_000)],
    "many headers": [head(*(f"X-{n}: {n}" for n in range(500)))],
    "a long path": [head(line="GET /in/" + "a" * 20_000 + " HTTP/1.1")],
    "a path in bytes": [head(line="GET /in/\xff%ff%00%2f.. HTTP/1.1")],
    "a query in bytes": [head(line="GET /in/acme-meta?hub.mode=%ff&\xff=%00&hub.verify_token=\xfe HTTP/1.1")],
    "an address for a path": [head(line="GET http://other.example/in/acme-meta HTTP/1.1")],
    "a method that is none": [head(line="BREW /in/acme-meta HTTP/1.1")],
    "a head": [head(line="HEAD /in/acme-meta HTTP/1.1")],
    "expectations": [head("Expect: 100-continue", "Content-Length: 3"), b"abc"],
    "an underscore": [head("X_HUB_SIGNATURE_256: sha256=" + "0" * 64, "X_FORWARDED_HOST: evil.example")],
}


@pytest.mark.parametrize("pieces", HOSTILE.values(), ids=HOSTILE)
def test_hostile_requests_are_refused_and_are_no_error_of_ours(receiver: Listening, pieces: list[bytes]) -> None:
    before = receiver.items()

    answer = receiver.say(*pieces)

    assert 400 <= status(answer) < 500 or status(answer) in {0, 501}
    assert receiver.items() == before


def test_hostile_requests_leave_the_receiver_well(receiver: Listening) -> None:
    for pieces in HOSTILE.values():
        receiver.say(*pieces)

    answer = receiver.say(head(line="GET /readyz HTTP/1.1"))

    assert status(answer) == 200
    assert "Traceback" not in receiver.log
