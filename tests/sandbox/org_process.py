"""A sandbox Salesforce for the tests: a real process, spoken to over real HTTP."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import forked
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.login import SalesforceLogin

DATA = "/services/data/v66.0"
ROLLED_BACK = {
    "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "message": "Record rolled back because not all records were valid and the request was using AllOrNone header",
    "fields": [],
}


class ToSandbox(HTTPAdapter):
    """Sends what is meant for https://….salesforce.com to the sandbox."""

    def __init__(self, base: str) -> None:
        self._base = urlsplit(base)
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        meant = urlsplit(str(request.url))
        request.headers["Host"] = meant.netloc
        request.url = urlunsplit((self._base.scheme, self._base.netloc, meant.path, meant.query, ""))
        kwargs["timeout"] = 20
        return super().send(request, *args, **kwargs)


class OrgProcess:
    """One sandbox over one file; it can be killed and started again."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.arguments = arguments
        self.file = folder / "org.db"
        self.session = requests.Session()
        self.session.trust_env = False
        self.token = ""
        self.start()

    def start(self) -> None:
        self.process = forked.Sandbox("salesforce", self.file, *self.arguments)
        self.base = self.process.address

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(forked.PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.stop()
        self.session.close()

    # --- as a client

    def log_in(self, **form: str) -> requests.Response:
        right = {
            "grant_type": "client_credentials",
            "client_id": "sandbox-key",
            "client_secret": "sandbox-secret",
        }
        return self.session.post(f"{self.base}/services/oauth2/token", data={**right, **form}, timeout=20)

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        if not self.token:
            self.token = self.log_in().json()["access_token"]
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        path = path if path.startswith("/") else f"{DATA}/{path}"
        return self.session.request(method, self.base + path, headers=headers, timeout=20, **more)

    def create(self, sobject: str, **fields: Any) -> str:
        answer = self.call("POST", f"sobjects/{sobject}", json=fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def read(self, sobject: str, record_id: str) -> dict[str, Any]:
        answer = self.call("GET", f"sobjects/{sobject}/{record_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def collection(
        self, rows: Sequence[Mapping[str, Any]], *, method: str = "POST", whole: bool = False
    ) -> list[dict[str, Any]]:
        body = {"allOrNone": whole, "records": rows}
        answer = self.call(method, "composite/sobjects", json=body)
        assert answer.status_code == 200, answer.text
        return list(answer.json())

    def query(self, soql: str, *, how: str = "query") -> list[dict[str, Any]]:
        answer = self.call("GET", how, params={"q": soql})
        assert answer.status_code == 200, answer.text
        rows = answer.json()["records"]
        return [{name: value for name, value in row.items() if name != "attributes"} for row in rows]

    def refused_query(self, soql: str) -> tuple[int, str, str]:
        answer = self.call("GET", "query", params={"q": soql})
        error = answer.json()[0]
        return answer.status_code, error["errorCode"], error["message"]

    @contextmanager
    def library(self) -> Iterator[Any]:
        """simple-salesforce, logged in, believing that it talks to Salesforce."""
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", ToSandbox(self.base))
            token, host = SalesforceLogin(
                session=session,
                consumer_key="sandbox-key",
                consumer_secret="sandbox-secret",
                domain="acme.my",
            )
            yield Salesforce(session_id=token, instance=host, version="66.0", session=session)

    # --- as a judge

    def command(self, what: str, /, **spec: Any) -> requests.Response:
        return self.session.post(f"{self.base}/sandbox/{what}", json=spec, timeout=20)

    def state(self) -> dict[str, Any]:
        return dict(self.session.get(f"{self.base}/sandbox/state", timeout=20).json())

    def reset(self) -> None:
        assert self.command("reset").status_code == 200


def row(sobject: str, **fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": sobject}, **fields}


def failed(code: str, message: str, *fields: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": list(fields)}]}


def made(record_id: str) -> dict[str, Any]:
    return {"id": record_id, "success": True, "errors": []}
