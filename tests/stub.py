"""A platform on this machine: it answers over real HTTP, keeps what it was asked, and breaks where it is told to.

An adapter reaches it by its `url`. What it stands for in a test is a function from a call to an answer.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

Break = Literal["before", "after", "late"]
"""before: the connection ends before anything was done. after: it was done, and the answer is lost. late: it was
done, and the answer comes when nobody waits for it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, as the platform got it."""

    method: str
    host: str  #: the platform's, which the adapter meant
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  #: names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; None where there is none."""
        return json.loads(self.body) if self.body else None

    @property
    def form(self) -> dict[str, str]:
        """The body as an HTML form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def token(self) -> str:
        """What stands behind Bearer."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer. body: bytes as they are, anything else as JSON."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Stub:
    """A running platform. `plan` holds what happens to the next calls instead of `answer`, None = nothing."""

    def __init__(self, answer: Callable[[Call], Said]) -> None:
        self.answer = answer
        self.calls: list[Call] = []
        self.plan: deque[Said | Break | None] = deque()
        self.over = threading.Event()
        self.clock: float | None = None  #: what its Date header says, in seconds since 1970; None = the truth
        self.url = ""

    def asked(self, method: str, path: str = "") -> list[Call]:
        """The calls of a method whose path begins so."""
        return [call for call in self.calls if call.method == method and call.path.startswith(path)]

    @property
    def writes(self) -> list[Call]:
        """The calls that may change something."""
        return [call for call in self.calls if call.method != "GET"]

    def take(self, call: Call) -> Said | None:
        """Answer one call, or None: the connection ends."""
        self.calls.append(call)
        planned = self.plan.popleft() if self.plan else None
        if isinstance(planned, Said):
            return planned
        if planned == "before":
            return None
        said = self.answer(call)
        if planned == "late":
            self.over.wait(10)
        return said if planned is None else None


@contextmanager
def running(answer: Callable[[Call], Said]) -> Iterator[Stub]:
    """Run a platform until the end of the block."""
    stub = Stub(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            said = stub.take(self._call())
            if said is None:
                self.close_connection = True
                return
            self._say(said)

        def _call(self) -> Call:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            return Call(
                method=self.command,
                host=headers.get("x-forwarded-host", ""),
                path=parts.path,
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers=headers,
                body=self.rfile.read(int(headers.get("content-length", "0"))),
            )

        def _say(self, said: Said) -> None:
            raw = isinstance(said.body, bytes)
            body = said.body if raw else json.dumps(said.body).encode()
            self.send_response_only(said.status)
            self.send_header("Date", formatdate(stub.clock, usegmt=True))
            given = {"Content-Type": "application/octet-stream" if raw else "application/json", **said.headers}
            for name, value in given.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Say nothing: whoever called may have gone, as the test wanted."""

    server = Server(("127.0.0.1", 0), Handler)
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        stub.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
