"""Run several processes as one: if one ends, all end."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

PATIENCE = 30.0  #: seconds between SIGTERM and SIGKILL, as hosts give


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One process to run."""

    name: str
    command: Sequence[str]


def embedded(host: str, port: int) -> list[Program]:
    """A receiver, a worker and a clock on this machine, with this environment."""
    receiver = [
        *(sys.executable, "-m", "gunicorn", "--bind", f"{host}:{port}", "--no-control-socket"),
        *("--worker-class", "gthread", "--workers", "1", "--threads", "8", "--graceful-timeout", "25"),
        *("--log-level", "warning", "bridge.serving:app()"),
    ]
    ours = [sys.executable, "-m", "bridge.cli"]
    return [
        Program(name="receiver", command=receiver),
        Program(name="worker", command=[*ours, "work"]),
        Program(name="clock", command=[*ours, "clock"]),
    ]


class Group:
    """Programs that are running together."""

    def __init__(self, running: Mapping[str, subprocess.Popen[bytes]]) -> None:
        self.running = running
        self.told = threading.Event()  #: set by SIGTERM and SIGINT

    def broken(self) -> str:
        """Which program has ended by itself, and how; "" = none has."""
        codes = {name: process.poll() for name, process in self.running.items()}
        return next((f"{name} ended with code {code}" for name, code in codes.items() if code is not None), "")

    def wait(self) -> str:
        """Wait until we are told to stop (""), or until a program ends by itself (which one, and how)."""
        while not self.told.wait(0.2):
            if why := self.broken():
                return why
        return ""


@contextmanager
def together(programs: Sequence[Program], env: Mapping[str, str]) -> Iterator[Group]:
    """Start programs; at the end stop all of them, whatever happened, in the order they were started."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    group = Group(running)

    def stop(_number: int, _frame: FrameType | None) -> None:
        group.told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        for program in programs:
            # A session of its own: Ctrl-C in a terminal reaches us alone, and we end them in order.
            running[program.name] = subprocess.Popen(  # noqa: S603 - our own commands
                program.command, env=dict(env), start_new_session=True
            )
        yield group
    finally:
        _end(list(running.values()))


def _end(running: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in running:
        if process.poll() is None:
            process.terminate()
    for process in running:
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
