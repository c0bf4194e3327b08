"""The whole road as real processes for the tests: a sandbox CRM, the receiver and the worker."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import forked
import requests
from crms import SALESFORCE, Seen, Side
from forked import Forked
from sqlalchemy import text

from bridge import supervise
from bridge.store import connect, ledger
from bridge.store.ledger import Books

ROOT, PATIENCE = forked.ROOT, forked.PATIENCE
PAGE, OTHER_PAGE = "10150001", "10150002"
POST = f"{PAGE}_900100"
RETRIED = 8000  #: milliseconds: what is due later than that waits for something else, as an orphan does

SECRETS = {
    "META_APP_SECRET": "road-app-secret-7f1c",
    "META_VERIFY_TOKEN": "road-verify-token-7f1c",
}

CONNECTIONS = """\
version: 1
connections:
  acme-meta:
    adapter: meta
    app_secret: [env:META_APP_SECRET, env:META_APP_SECRET_OLD]
    verify_token: env:META_VERIFY_TOKEN
    accounts:
      "10150001": {about: {brand: Acme DE}}
      "10150002": {about: {brand: Acme FR}}
"""


def connections(crm: Side, *keys: str) -> str:
    """Return connections.yaml with this CRM; keys: more lines of its connection."""
    own = "".join(f"    {line}\n" for line in ("latest_commit: 2 seconds", *keys))
    return f"{CONNECTIONS}{crm.connection}{own}mappings: [plain]\n"


def configure(
    folder: Path, *, crm: Side = SALESFORCE, file: str = "", mapping: str = "", database_url: str = "", **more: str
) -> dict[str, str]:
    """Write connections.yaml and plain.yaml, and return the environment that names them.

    file: another connections.yaml; mapping: another plain.yaml; database_url: an empty, migrated database to be
    used instead of a new file; more: variables.
    """
    config = folder / "config"
    config.mkdir(parents=True)
    (config / "connections.yaml").write_text(file or connections(crm), encoding="utf-8")
    (config / "plain.yaml").write_text(mapping or crm.mapping, encoding="utf-8")
    return {
        **bare(folder),
        **SECRETS,
        **crm.secrets,
        **({"DATABASE_URL": database_url} if database_url else {}),
        crm.url: "http://127.0.0.1:9",  # nobody listens there
        "GATHER": "0",
        "POLL": "0.05",
        **more,
    }


def bare(folder: Path) -> dict[str, str]:
    """Return an environment without any secret."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "CASEBRIDGE_CONFIG": str(folder / "config"),
        "DATABASE_URL": f"sqlite:///{folder / 'bridge.db'}",
        "PORT": str(free_port()),
    }


def free_port() -> int:
    """Return a port on which nobody listens just now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def until(condition: Callable[[], Any], what: str, *, within: float = PATIENCE, every: float = 0.03) -> Any:
    """Return the condition's first true value; fails when none came in time."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < deadline, f"in {within:.0f} s it did not happen that {what}"
        time.sleep(every)
    return found


# --- commands and processes -----------------------------------------------------------------------------------


CASEBRIDGE = [sys.executable, "-m", "bridge.cli"]
Process = Forked | subprocess.Popen[bytes]


def casebridge(env: Mapping[str, str], *arguments: str, anew: bool = False) -> tuple[int, str, str]:
    """Run a command to its end: exit code, standard output, standard error.

    anew: by an interpreter that has imported nothing, as an admin does; one test of each command does so.
    """
    command = [*CASEBRIDGE, *arguments]
    if not anew:
        return forked.run(command, env)
    done = subprocess.run(
        command, env=dict(env), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    return done.returncode, done.stdout, done.stderr


@contextmanager
def process(command: Sequence[str], env: Mapping[str, str], log: Path, *, anew: bool = False) -> Iterator[Process]:
    """A process that writes to a log file; whatever happens, neither it nor a child of it is left behind.

    anew: as for `casebridge`.
    """
    running: Process
    if anew:
        with log.open("ab") as out:
            running = subprocess.Popen(command, env=dict(env), cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    else:
        running = Forked(command, env, log)
    family = [running.pid]
    try:
        yield running
    finally:
        family += descendants(running.pid)
        running.terminate()
        try:
            running.wait(PATIENCE)
        finally:
            for pid in filter(alive, family):
                kill(pid)
            running.wait(PATIENCE)


def descendants(pid: int) -> list[int]:
    """Return the ids of a process's children and theirs."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it has just ended
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def kill(pid: int) -> None:
    """End a process at once."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    """Tell whether a process is there; one that has ended and was not waited for is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def sandbox(folder: Path, crm: Side, env: Mapping[str, str]) -> Iterator[str]:
    """A sandbox of this CRM; its address."""
    with forked.sandbox(crm.name, folder / "org.db", *crm.options(env)) as running:
        yield running.address


# --- the road -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """A running bridge and the CRM behind it, as a platform, an agent and an admin see them."""

    folder: Path
    env: Mapping[str, str]
    crm: Side
    http: requests.Session = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.env['PORT']}"

    # as a platform

    def post(self, document: Any, *, secret: str = "") -> int:
        """Post a callback as Meta would; the status of the answer. document: bytes, or what becomes JSON."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        headers = {"Content-Type": "application/json", **signed(body, secret or self.env["META_APP_SECRET"])}
        return self.http.post(f"{self.url}/in/acme-meta", data=body, headers=headers, timeout=PATIENCE).status_code

    def deliver(self, *entries: dict[str, Any]) -> None:
        """Post entries in one callback and wait until what they brought has settled."""
        assert self.post({"object": "page", "entry": list(entries)}) == 200
        self.settle()

    # as an admin

    def settle(self) -> None:
        """Wait until nothing is due: what is left waits for something that may never come, as orphans do."""
        try:
            until(lambda: not self._busy(), "everything settles")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self._busy()}\n{self.log[-4000:]}") from None

    def _busy(self) -> list[Any]:
        soon = int(time.time() * 1000) + RETRIED
        due = "select id, due_at from {} where owner is not null or due_at < :soon"
        busy = [row for table in ("lane", "case_row") for row in self.rows(due.format(table), soon=soon)]
        return busy or self.rows("select case_id, job from filing where job <> ''")

    def rows(self, sql: str, **values: Any) -> list[Any]:
        """Read the database."""
        store = connect(self.env["DATABASE_URL"])
        try:
            with store.read() as c:
                return [tuple(row) for row in c.execute(text(sql), values)]
        finally:
            store.engine.dispose()

    def books(self) -> Books:
        """Read the ledger."""
        store = connect(self.env["DATABASE_URL"])
        try:
            with store.read() as c:
                return ledger.read(c)
        finally:
            store.engine.dispose()

    @property
    def log(self) -> str:
        """What receiver and workers have logged."""
        return (self.folder / "run.log").read_text(errors="backslashreplace")

    # as an agent

    def cases(self) -> list[Seen]:
        """Return the cases."""
        return self.crm.cases(self.state())

    def state(self) -> dict[str, Any]:
        """Return everything that stands in the CRM."""
        return self.crm.state(self.http, self.env)

    def case(self, key: str) -> Seen:
        """Return the one case with this key."""
        (found,) = [case for case in self.cases() if case.key == key]
        return found

    def order(self, what: str, **orders: Any) -> None:
        """Command the sandbox."""
        self.crm.order(self.http, self.env, what, **orders)

    def close(self, case: Seen) -> None:
        """Close a case as an agent would."""
        self.crm.close(self.http, self.env, [case.id])


def rows(database: Path, sql: str, *values: Any) -> list[Any]:
    """Read an SQLite database."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as c:
        return c.execute(sql, values).fetchall()


@contextmanager
def road(
    folder: Path, env: Mapping[str, str], *, crm: Side = SALESFORCE, workers: int = 1, anew: bool = False
) -> Iterator[Road]:
    """A sandbox and the programs of `casebridge run`, with more workers beside them if asked for.

    anew: `casebridge run` itself starts them, as an admin does it.
    """
    with ExitStack() as stack:
        address = stack.enter_context(sandbox(folder, crm, env))
        http = stack.enter_context(requests.Session())
        http.trust_env = False
        found = Road(folder=folder, env={**env, crm.url: address}, crm=crm, http=http)
        log = folder / "run.log"
        if anew:
            stack.enter_context(process([*CASEBRIDGE, "run"], found.env, log, anew=True))
        else:
            assert casebridge(found.env, "migrate")[0] == 0
            for program in supervise.embedded("127.0.0.1", int(found.env["PORT"])):
                stack.enter_context(process(program.command, found.env, log))
        until(lambda: answers(http, f"{found.url}/readyz"), "the receiver answers")
        for _ in range(workers - 1):
            stack.enter_context(process([*CASEBRIDGE, "work"], found.env, log))
        stack.callback(http.close)  # before the receiver ends: it would wait for the open connection
        yield found


def answers(http: requests.Session, url: str) -> bool:
    """Tell whether an address answers 200."""
    try:
        return http.get(url, timeout=PATIENCE).status_code == 200
    except requests.ConnectionError:
        return False


# --- what Meta sends ------------------------------------------------------------------------------------------


def signed(body: bytes, secret: str = SECRETS["META_APP_SECRET"]) -> dict[str, str]:
    """Return the signature of a body."""
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def comments(*values: Mapping[str, Any], page: str = PAGE) -> dict[str, Any]:
    """Return an entry with comments, each from `comment`."""
    return {"id": page, "time": 1793000001, "changes": [{"field": "feed", "value": value} for value in values]}


def comment(
    number: str, words: str, *, by: str, name: str = "", post: str = POST, under: str = ""
) -> dict[str, Any]:
    """Return a new comment; by: the author's id, also their name unless one is given; under: another comment."""
    return {
        "item": "comment", "verb": "add", "comment_id": number, "post_id": post, "parent_id": under or post,
        "from": {"id": by, "name": name or f"Customer {by}"}, "message": words, "created_time": 1793000000,
    }  # fmt: skip


def direct(mid: str, words: str, *, by: str, page: str = PAGE) -> dict[str, Any]:
    """Return an entry with one Messenger message."""
    item = {
        "sender": {"id": by}, "recipient": {"id": page}, "timestamp": 1793000000123,
        "message": {"mid": mid, "text": words},
    }  # fmt: skip
    return {"id": page, "time": 1793000000500, "messaging": [item]}


def count(found: Sequence[Any]) -> dict[Any, int]:
    """Return how often each stands in a list."""
    return dict(Counter(found))
