"""One world: a CRM, a receiver, workers, and a platform that repeats every callback until it gets a 2xx."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from zlib import crc32

import kill_processes
import requests
import road
from crms import SALESFORCE, ZENDESK, Seen, Side
from kill_judge import Said
from road import until
from sqlalchemy import select

from bridge.store import connect
from bridge.store.tables import WAITING, item

LEASE = 2.0  #: seconds; longer than the adapter's patience, which is 1.5 × timeout
LATE = 3.5  #: seconds after which a late commit is carried out: after the first question, before latest_commit
TIRELESS = 30.0  #: seconds for which the platform repeats a callback

MAPPINGS = {
    "salesforce": """\
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
""",
    "zendesk": """\
version: 1
mapping: plain
source: any
target: zendesk
contact:
  object: user
  match:
    - external_id: "{author.id}"
  none_found: {create: {external_id: "{author.id}", name: "{author.name}"}}
case:
  object: ticket
  key_field: external_id
  create:
    subject: "{text | one_line | shorten 80}"
    description: "{text}"
    requester_id: "{person.id}"
  update:
    comment:
      text: "{author.name}: {text}"
      public: true
  if_closed:
    reopen_within: 14 days
    set: {status: open}
    after_that: new_case
""",
}

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["__main__", "pytest", "bridge.cli", "bridge.wiring", "bridge.worker", "bridge.web",
                               "bridge.store.schema", "adapters.meta", "adapters.salesforce",
                               "adapters.zendesk", "bridge.sandbox.salesforce.server",
                               "bridge.sandbox.zendesk.server"])  # fmt: skip
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
    """A CRM and a receiver in a folder of their own. Leaving it ends every process that was started."""

    def __init__(
        self, folder: Path, database_url: str, crm: Side = SALESFORCE, *keys: str, platform: str = "", **more: str
    ) -> None:
        """database_url: an empty, migrated database; keys: more of the CRM's connection; more: variables.

        platform: where replies are sent to; "" = nowhere.
        """
        self.folder, self.log, self.crm = folder, folder / "processes.log", crm
        self.told: list[Said] = []  #: what was answered with 2xx, in that order
        self._children: list[Child] = []
        self._http = threading.local()
        self._restarting = threading.Lock()
        self.env = road.configure(
            folder,
            crm=crm,
            file=_file(crm, keys, platform),
            mapping=MAPPINGS[crm.name],
            database_url=database_url,
            POLL="0.2",
            GATHER="0",  # nothing waits for a crowd's turn, which comes twice a minute
            **{"LEASE": str(LEASE), **more},
        )
        self.store = connect(database_url)

    def __enter__(self) -> Self:
        try:
            self.sandbox = self._start(kill_processes.sandbox, str(self.crm), self.folder / "org.db")
            self.env[self.crm.url] = f"http://127.0.0.1:{self.sandbox.port}"
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
        until(lambda: not self._waiting(), f"everything settles, see {self.log}", within=within, every=0.2)

    def _waiting(self) -> bool:
        with self.store.read() as c:
            return c.execute(select(1).where(item.c.state.in_(WAITING)).limit(1)).scalar() is not None

    def order(self, what: str, **orders: Any) -> None:
        """Command the sandbox."""
        self.crm.order(self.http, self.env, what, **orders)

    def let_all_be_done(self) -> None:
        """Let comments be changed, and nothing be refused for being too much."""
        self.order("switches", **({"limits": False} if self.crm is ZENDESK else {"comment_edit": True}))

    def injected(self, *faults: str) -> int:
        """Return how often the sandbox did one of these faults."""
        answer = self.http.get(f"{self.env[self.crm.url]}/sandbox/chaos", timeout=10).json()
        return sum(int(answer["injected"].get(fault, 0)) for fault in faults)

    def called(self, path: str) -> int:
        """Return how often the sandbox was called where the path ends so."""
        calls = self.crm.state(self.http, self.env)["calls"]
        return sum(n for name, n in calls.items() if name.endswith(path))

    def cases(self) -> list[Seen]:
        """Return what stands in the CRM."""
        return self.crm.cases(self.crm.state(self.http, self.env))

    def close_cases_long_ago(self) -> None:
        """Let an agent have closed every case 30 days ago."""
        self.order("clock", offset_seconds=-30 * 86_400)
        self.crm.close(self.http, self.env, [case.id for case in self.cases()])
        self.order("clock", offset_seconds=0)


def _file(crm: Side, keys: Sequence[str], platform: str) -> str:
    file = road.connections(crm, "timeout: 1", *keys).replace("latest_commit: 2", "latest_commit: 5")
    if platform:
        file = file.replace("    accounts:\n", f"    url: {platform}\n    accounts:\n", 1)
        file = file.replace('"10150001": {', '"10150001": {token: env:PAGE_TOKEN, ', 1)
    return file


def _value(said: Said) -> dict[str, Any]:
    value = road.comment(said.id, said.text, by=said.author, post=said.thread, under=said.under)
    if said.verb == "remove":  # names neither author nor text
        return {n: value[n] for n in ("item", "comment_id", "post_id", "parent_id")} | {"verb": "remove"}
    if said.verb == "edited":
        return value | {"verb": "edited", "edited_time": 1793000000 + crc32(said.text.encode()) % 1_000_000}
    return value
