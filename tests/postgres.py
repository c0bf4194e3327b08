"""A real PostgreSQL from Debian's package, started for the tests on a free port and thrown away with them.

Its strings sort as most servers' do, by a language's rules and not by their bytes: what relies on an order that
Python and the database must share has to say so.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
from road import until

from bridge.store import connect, schema
from bridge.store.tables import metadata

Databases = Callable[[], AbstractContextManager[str]]
"""Gives the URL of an empty, migrated database that lives as long as a `with` lasts, in any thread."""

USER = "casebridge"
OWNER = "postgres"  #: the server refuses to run as root
SERVER = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",  # processes are killed in the tests, never the machine
    "full_page_writes": "off",
    "autovacuum": "off",
    "deadlock_timeout": "100ms",
    "max_connections": "300",
    "shared_buffers": "32MB",
    "jit": "off",
}
ALONE = (
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)
TABLES = [f"delete from {table.name}" for table in reversed(metadata.sorted_tables)]
EMPTY = ";".join([ALONE, *TABLES, "select setval('item_id_seq', 1, false)"])


def missing() -> str:
    """Why no server can be started here, in one sentence; "" = one can."""
    if _initdb() is None:
        return "PostgreSQL's initdb is not here: `make debian` installs it"
    if os.geteuid() == 0 and not _user_exists():
        return f"PostgreSQL does not run as root, and there is no user {OWNER!r}: `make debian` brings it"
    return ""


@contextmanager
def started() -> Iterator[Cluster]:
    """A server of its own for migrated databases; call `missing` first.

    It ends with the process that started it, however that ends.
    """
    initdb = _initdb()
    assert initdb is not None
    with tempfile.TemporaryDirectory(prefix="casebridge-pg-") as name:  # pytest's own folders are root's alone
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, OWNER, OWNER)
        _run([str(initdb), *_new(folder)], folder)
        port = _free_port()
        settings = SERVER | {"port": str(port), "unix_socket_directories": str(folder)}
        server = [str(initdb.with_name("postgres")), "-D", str(folder / "data")]
        server += [f"--{option}={value}" for option, value in settings.items()]
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen(_as_owner(server), cwd=folder, stdout=log, stderr=log)
        try:
            cluster = Cluster(port)
            until(lambda: _answers(cluster, process, folder), "PostgreSQL answers")
            yield cluster
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: what is in it is thrown away
            process.wait()


class Cluster:
    """A running server. Any number of threads may take databases from it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._numbers = itertools.count()
        self._spare: list[str] = []
        self._migrating = threading.Lock()  #: Alembic keeps what it works on in a global

    def url(self, database: str) -> str:
        """The DATABASE_URL of one of its databases."""
        return f"postgresql://{USER}@127.0.0.1:{self._port}/{database}"

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of an empty database at this version's revision.

        It is emptied and given out again, which takes 5 ms; to copy a template takes 120.
        """
        try:
            url = self._spare.pop()
        except IndexError:
            url = self.bare()
            with self._migrating:
                store = connect(url)
                schema.migrate(store)
                store.engine.dispose()
        try:
            yield url
        finally:
            self._do(EMPTY, url)
            self._spare.append(url)

    def bare(self) -> str:
        """The URL of a new database without tables."""
        name = f"test_{next(self._numbers)}"
        self._do(f"create database {name}", self.url("postgres"))
        return self.url(name)

    def _do(self, statements: str, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as c:
            c.execute(statements.encode())


def _initdb() -> Path | None:
    """Return the newest that Debian installed, or the one on PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin/initdb"), key=lambda f: int(f.parts[-3]))
    found = debian[-1] if debian else shutil.which("initdb")
    return Path(found).resolve() if found else None


def _user_exists() -> bool:
    try:
        pwd.getpwnam(OWNER)
    except KeyError:
        return False
    return True


def _new(folder: Path) -> Sequence[str]:
    where = ["--pgdata", str(folder / "data"), "--username", USER, "--auth", "trust", "--encoding", "UTF8"]
    return [*where, "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US", "--no-sync"]


def _as_owner(command: Sequence[str]) -> list[str]:
    """Return the command as one that ends with this process and does not run as root."""
    user = [f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups"] if os.geteuid() == 0 else []
    return ["setpriv", "--pdeathsig", "QUIT", *user, *command]


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(_as_owner(command), cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def _answers(cluster: Cluster, process: subprocess.Popen[bytes], folder: Path) -> bool:
    assert process.poll() is None, (folder / "server.log").read_text()
    try:
        psycopg.connect(cluster.url("postgres")).close()
    except psycopg.OperationalError:
        return False
    return True
