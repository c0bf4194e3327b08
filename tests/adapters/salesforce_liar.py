"""An org that says whatever it is told to, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pydantic import SecretStr

from adapters.salesforce import Salesforce, Settings
from bridge.ports import ObjectFacts

TOKEN = {"access_token": "t", "instance_url": "https://acme.my.salesforce.com"}
EXPIRED = (401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}])

ABSENT = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]

UNASKED = (400, [{"errorCode": "UNASKED", "message": "the test told the liar nothing of this path"}])

Says = tuple[int, Any] | Callable[["Heard"], tuple[int, Any]]
"""Status and body; "cut" = a body that ends too early."""


class Heard:
    """One request."""

    def __init__(self, name: str, headers: dict[str, str], body: bytes) -> None:
        self.name, self.headers, self.body = name, headers, body


class Liar(ThreadingHTTPServer):
    """Answers each path's last word with what `says` holds for it."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.says: dict[str, Says] = {"token": (200, TOKEN)}
        self.tells: dict[str, str] = {}  #: headers of every answer
        self.requests: list[Heard] = []

    @property
    def heard(self) -> list[str]:
        return [one.name for one in self.requests]

    @property
    def headers(self) -> list[dict[str, str]]:
        return [one.headers for one in self.requests]

    @property
    def logins(self) -> int:
        return self.heard.count("POST token")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def settings(self, timeout: float = 5, **more: Any) -> Settings:
        given = {"consumer_key": SecretStr("k"), "consumer_secret": SecretStr("s"), **more}
        return Settings(domain="acme.my", url=self.url, timeout=timeout, **given)

    def crm(self, timeout: float = 5) -> Salesforce:
        return Salesforce(self.settings(timeout))


class Handler(BaseHTTPRequestHandler):
    server: Liar

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = self.path.split("?")[0].rsplit("/", 1)[-1]
        heard = Heard(f"{self.command} {name}", dict(self.headers), body)
        self.server.requests.append(heard)
        says = self.server.says.get(name, UNASKED)
        status, told = says(heard) if callable(says) else says
        data = told.encode() if isinstance(told, str) else json.dumps(told).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "https://elsewhere.example/")
        for header, value in self.server.tells.items():
            self.send_header(header, value)
        self.send_header("Content-Length", str(len(data) + (5 if told == "cut" else 0)))
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = told == "cut"

    do_GET = answer  # noqa: N815 -- http.server's own names
    do_POST = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def describing(*objects: ObjectFacts, others: Says = (500, "")) -> Says:
    """Answer composites of describes honestly. others: what the others get."""
    there = {one.name.casefold(): one for one in objects}

    def answer(heard: Heard) -> tuple[int, Any]:
        steps = json.loads(heard.body)["compositeRequest"]
        if not all(step["url"].endswith("/describe") for step in steps):
            return others(heard) if callable(others) else others
        facts = [there.get(step["url"].split("/")[-2].casefold()) for step in steps]
        return answered(steps, [(200, _described(one)) if one else (404, ABSENT) for one in facts])

    return answer


def rows(body: Any, *found: Mapping[str, Any]) -> Says:
    """Answer each collection within a composite with this, and each query with the records that are found."""

    def answer(heard: Heard) -> tuple[int, Any]:
        steps = json.loads(heard.body)["compositeRequest"]
        page = {"records": found, "done": True, "totalSize": len(found)}
        return answered(steps, [(200, page if step["method"] == "GET" else body) for step in steps])

    return answer


def answered(steps: Sequence[Mapping[str, Any]], answers: Sequence[tuple[int, Any]]) -> tuple[int, Any]:
    """A composite's answer."""
    parts = [
        {"referenceId": step["referenceId"], "httpStatusCode": status, "body": body, "httpHeaders": {}}
        for step, (status, body) in zip(steps, answers, strict=True)
    ]
    return 200, {"compositeResponse": parts}


def _described(facts: ObjectFacts) -> dict[str, Any]:
    """The facts as a describe says them."""
    fields = [
        {
            "name": one.name,
            "type": one.type,
            "createable": one.createable,
            "updateable": one.updateable,
            "externalId": one.external_id,
            "unique": one.unique,
            "caseSensitive": one.case_sensitive,
        }
        for one in facts.fields.values()
    ]
    return {"name": facts.name, "createable": facts.createable, "updateable": facts.updateable, "fields": fields}


@contextmanager
def lying() -> Iterator[Liar]:
    """Run one of its own."""
    with Liar() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()
