"""Our programs as processes forked from a server that has imported everything: alone each would take a second
of the processor for that, and the tests start some two hundred.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE = 45.0  #: seconds until a process that does not do what it should is a failure
IMPORTED = [
    "__main__", "pytest",
    "gunicorn.app.wsgiapp", "gunicorn.workers.gthread",
    "bridge.clock", "bridge.online", "bridge.report", "bridge.sending", "bridge.supervise", "bridge.web",
    "bridge.wiring", "bridge.worker", "bridge.store.schema", "psycopg",
    "adapters.meta", "adapters.salesforce", "adapters.telegram", "adapters.webhook", "adapters.websub",
    "adapters.zendesk",
    "bridge.sandbox.starting", "bridge.sandbox.salesforce.server", "bridge.sandbox.zendesk.server",
]  # fmt: skip

_context = multiprocessing.get_context("forkserver")
_one_at_a_time = threading.Lock()  #: multiprocessing shares its list of children between threads without a lock


class Forked:
    """A program that runs, shown as `subprocess.Popen` shows one."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], out: Path, err: Path | None = None) -> None:
        """Start what `python -m <module> …` would, in a process of its own.

        command: as for Popen, `[sys.executable, "-m", module, …]`; out, err: files that are appended to, err
        is out unless given.
        """
        assert list(command[:2]) == [sys.executable, "-m"], command
        _context.set_forkserver_preload(IMPORTED)  # has no effect once the server runs
        files = (str(out), str(err or out))
        self._process = _context.Process(target=_be, args=([*command[2:]], {**env}, files), daemon=True)
        with _one_at_a_time:
            self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Its exit code, -9 after SIGKILL; None = it runs."""
        with _one_at_a_time:
            return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended. Raises TimeoutExpired."""
        self._process.join(timeout)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired("the forked process", timeout)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Tell it to end."""
        self.send_signal(signal.SIGTERM)


def _be(command: Sequence[str], env: Mapping[str, str], files: Sequence[str]) -> None:
    """Become that program."""
    for file, stream in zip(files, (sys.stdout, sys.stderr), strict=True):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, stream.fileno())
        os.close(opened)
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [*command]
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


def run(command: Sequence[str], env: Mapping[str, str]) -> tuple[int, str, str]:
    """Run a program to its end: exit code, standard output, standard error."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        code = Forked(command, env, out, err).wait(PATIENCE)
        return code, out.read_text(), err.read_text()


class Sandbox(Forked):
    """A sandbox CRM that listens."""

    def __init__(self, crm: str, database: Path, *options: str) -> None:
        """crm: salesforce or zendesk; options: more arguments."""
        log = database.with_suffix(".log")
        log.write_text("")
        command = [sys.executable, "-m", f"bridge.sandbox.{crm}", "--port", "0", "--database", str(database)]
        super().__init__([*command, *options], {"PATH": os.environ["PATH"]}, log)
        self.line = self._said(log).strip()  #: what it said when it began to listen
        self.address = self.line.split()[-1]

    def _said(self, log: Path) -> str:
        deadline = time.monotonic() + PATIENCE
        while not (said := log.read_text()).endswith("\n"):
            assert self.poll() is None, said
            assert time.monotonic() < deadline, "the sandbox does not start"
            time.sleep(0.01)
        return said


@contextmanager
def sandbox(crm: str, database: Path, *options: str) -> Iterator[Sandbox]:
    """A sandbox CRM for as long as a `with` lasts; arguments: as for `Sandbox`."""
    running = Sandbox(crm, database, *options)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(PATIENCE)
