"""What the sandbox Zendesk's webhooks call in the tests: keeps what comes, answers as it was told."""

from __future__ import annotations

import json
import queue
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One call as it came in."""

    method: str
    path: str
    headers: dict[str, str]  #: names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """What it is answered."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    held: threading.Event | None = None  #: nothing is answered before it is set


class Receiver:
    """Answers 200 unless it was told otherwise."""

    def __init__(self) -> None:
        self.replies: queue.Queue[Reply] = queue.Queue()
        self.calls: queue.Queue[Heard] = queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                try:
                    reply = receiver.replies.get_nowait()
                except queue.Empty:
                    reply = Reply(200)
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.calls.put(Heard(self.command, self.path, headers, body))
                if reply.held is not None:
                    reply.held.wait(PATIENCE)
                try:
                    self.send_response(reply.status)
                    for name, value in {**reply.headers, "Content-Length": "2"}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(b"ok")
                except OSError:
                    """The caller has gone."""

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def next(self) -> Heard:
        return self.calls.get(timeout=PATIENCE)

    def forget(self) -> None:
        """Be as new."""
        for kept in (self.calls, self.replies):
            while not kept.empty():
                kept.get_nowait()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
