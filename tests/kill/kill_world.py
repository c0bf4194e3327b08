"""One world: an org, a receiver, workers, and a platform that repeats every callback until it gets a 2xx."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

import kill_processes
import requests
import road
from kill_judge import Said
from road import until
from sqlalchemy import select

from bridge.store import connect, schema
from bridge.store.tables import WAITING, item

LEASE = 2.0  #: seconds; longer than the adapter's patience, which is 1.5 × timeout
LATE = 3.5  #: seconds after which a late commit is carried out: after the first question, before latest_commit
TIRELESS = 30.0  #: seconds for which the platform repeats a callback

CONNECTIONS = """\
version: 1
connections:
  acme-meta:
    adapter: meta
    app_secret: env:META_APP_SECRET
    verify_token: env:META_VERIFY_TOKEN
    accounts: {"10150001": {about: {brand: Acme}}}
  salesforce:
    adapter: salesforce
    domain: acme.my
    consumer_key: env:SF_CONSUMER_KEY
    consumer_secret: env:SF_CONSUMER_SECRET
    url: env:SF_URL
    timeout: 1
    latest_commit: 5 seconds
mappings: [plain]
"""

MAPPING = """\
version: 1
mapping: plain
source: any
target: salesforce
case:
  object: Case
  key_field: Social_Conversation_Key__c
  create:
    Subject: "{text | one_line | shorten 80}"
    Description: "{text}"
    Status: New
  update:
    comment:
      text: "{author.name}: {text}"
  if_closed:
    reopen_within: 14 days
    set: {Status: Working}
    after_that: new_case
"""

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["__main__", "pytest", "bridge.cli", "bridge.wiring", "bridge.worker", "bridge.web",
                               "bridge.store.schema", "adapters.meta", "adapters.salesforce",
                               "bridge.sandbox.salesforce.server"])  # fmt: skip
_one_at_a_time = threading.Lock()  #: multiprocessing shares its list of children between threads without a lock


class Child:
    """One process, forked from a server that has everything imported."""

    def __init__(self, target: Callable[..., None], env: Mapping[str, str], log: Path, *arguments: Any) -> None:
        self._line, theirs = _forks.Pipe()
        self._process = _forks.Process(target=target, args=(env, theirs, log, *arguments), daemon=True)
        with _one_at_a_time:
            self._process.start()
        theirs.close()
        self.port = self._started(target.__name__, log)

    def _started(self, name: str, log: Path) -> int:
        try:
            assert self._line.poll(TIRELESS)
            port: int = self._line.recv()
        except (AssertionError, EOFError):
            raise RuntimeError(f"{name} does not start, see {log}") from None
        return port

    @property
    def exit(self) -> int | None:
        """Its exit code, -9 after SIGKILL; None = it runs."""
        with _one_at_a_time:
            return self._process.exitcode

    def signal(self, number: int) -> None:
        """Send it a signal if it still runs."""
        assert self._process.pid is not None
        if self.exit is None:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it with SIGKILL and wait until it has ended."""
        self.signal(signal.SIGKILL)
        self.ended()
        self._line.close()

    def ended(self) -> int:
        """Wait until it has ended by itself; its exit code."""
        until(lambda: self.exit is not None, "the process ends")
        code = self.exit
        assert code is not None
        return code


class World:
    """An org and a receiver in a folder of their own. Leaving it ends every process that was started."""

    def __init__(self, folder: Path, template: Path, *, database_url: str = "") -> None:
        """template: the file of a migrated database; database_url: an empty one to be used instead."""
        self.folder, self.log = folder, folder / "processes.log"
        self.told: list[Said] = []  #: what was answered with 2xx, in that order
        self._children: list[Child] = []
        self._http = threading.local()
        self._restarting = threading.Lock()
        settings = {"LEASE": str(LEASE), "GATHER": "0.05", "POLL": "0.1"}
        self.env = road.configure(folder, connections=CONNECTIONS, mapping=MAPPING, **settings)
        self.env |= {"DATABASE_URL": database_url} if database_url else {}
        self.store = connect(self.env["DATABASE_URL"])
        if database_url:
            schema.migrate(self.store)
        else:
            shutil.copy(template, folder / "bridge.db")

    def __enter__(self) -> World:
        try:
            self.org = self._start(kill_processes.org, self.folder / "org.db")
            self.env["SF_URL"] = f"http://127.0.0.1:{self.org.port}"
            self.receiver = self.start_receiver()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            child.signal(signal.SIGKILL)
        for child in self._children:
            child.kill()
        self.store.engine.dispose()

    def _start(self, target: Callable[..., None], *arguments: Any) -> Child:
        child = Child(target, self.env, self.log, *arguments)
        self._children.append(child)
        return child

    def start_receiver(self, point: str = "", nth: int = 1) -> Child:
        """Start a receiver in place of the one that was there; point: where it shall be killed."""
        if hasattr(self, "receiver"):
            self.receiver.kill()
        self.receiver = self._start(kill_processes.receiver, point, nth)
        return self.receiver

    def start_worker(self, point: str = "", nth: int = 1, *, kind: str = "") -> Child:
        """Start one more worker; point: where it shall be killed, kind: what it files into."""
        return self._start(kill_processes.work, point, nth, kind)

    def command(self, *arguments: str) -> int:
        """Run a command of the admin's; its exit code."""
        return self._start(kill_processes.casebridge, arguments).ended()

    # --- as the platform

    def tell(self, *said: Said) -> None:
        """Post events in one callback until it is answered with 2xx; a dead receiver is restarted by its host."""
        self.redeliver(*said)
        self.told += said

    def redeliver(self, *said: Said) -> None:
        """Post events like `tell`, but for the second time."""
        body = json.dumps({"object": "page", "entry": [road.comments(*map(_value, said))]}).encode()
        until(lambda: self._post(body), "the receiver answers with 2xx", within=TIRELESS)

    def _post(self, body: bytes) -> bool:
        headers = {"Content-Type": "application/json", **road.signed(body)}
        url = f"http://127.0.0.1:{self.receiver.port}/in/acme-meta"
        try:
            return self.http.post(url, data=body, headers=headers, timeout=5).status_code == 200
        except requests.RequestException:
            with self._restarting:
                if self.receiver.exit is not None:
                    self.start_receiver()
            return False

    @property
    def http(self) -> requests.Session:
        """This thread's session. It keeps no connection, for the other end may be killed at any time."""
        if not hasattr(self._http, "session"):
            self._http.session = requests.Session()
            self._http.session.trust_env = False
            self._http.session.headers["Connection"] = "close"
        session: requests.Session = self._http.session
        return session

    # --- as an admin and an agent

    def drain(self, *, within: float = 60.0) -> None:
        """Wait until nothing is on its way."""
        until(lambda: not self._waiting(), f"everything settles, see {self.log}", within=within)

    def _waiting(self) -> bool:
        with self.store.read() as c:
            return c.execute(select(1).where(item.c.state.in_(WAITING)).limit(1)).scalar() is not None

    def order(self, what: str, **orders: Any) -> None:
        """Command the sandbox."""
        answer = self.http.post(f"{self.env['SF_URL']}/sandbox/{what}", json=orders, timeout=10)
        assert answer.ok, answer.text

    def injected(self, fault: str) -> int:
        """Return how often the sandbox did a fault."""
        answer = self.http.get(f"{self.env['SF_URL']}/sandbox/chaos", timeout=10).json()
        return int(answer["injected"].get(fault, 0))

    def state(self) -> dict[str, Any]:
        """Return the org's state."""
        found: dict[str, Any] = self.http.get(f"{self.env['SF_URL']}/sandbox/state", timeout=10).json()
        return found

    def close_cases_long_ago(self) -> None:
        """Let an agent have closed every case 30 days ago."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.env["SF_CONSUMER_KEY"],
            "client_secret": self.env["SF_CONSUMER_SECRET"],
        }
        token = self.http.post(f"{self.env['SF_URL']}/services/oauth2/token", data=form, timeout=10).json()
        rows = [
            {"attributes": {"type": "Case"}, "Id": case["Id"], "Status": "Closed"}
            for case in self.state()["cases"]
        ]
        self.order("clock", offset_seconds=-30 * 86_400)
        answer = self.http.patch(
            f"{self.env['SF_URL']}/services/data/v66.0/composite/sobjects",
            json={"allOrNone": True, "records": rows},
            headers={"Authorization": f"Bearer {token['access_token']}"},
            timeout=10,
        )
        assert all(row["success"] for row in answer.json()), answer.text
        self.order("clock", offset_seconds=0)


def _value(said: Said) -> dict[str, Any]:
    value = road.comment(said.id, said.text, by=said.author, post=said.thread, under=said.under)
    if said.verb == "remove":  # names neither author nor text
        return {n: value[n] for n in ("item", "comment_id", "post_id", "parent_id")} | {"verb": "remove"}
    if said.verb == "edited":
        return value | {"verb": "edited", "edited_time": 1793000000 + crc32(said.text.encode()) % 1_000_000}
    return value
