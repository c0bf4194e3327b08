"""What every sandbox does at its start: take an address of this machine only, say where it listens, serve."""

from __future__ import annotations

import argparse
import ipaddress
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from werkzeug.serving import BaseWSGIServer

T = TypeVar("T")


def loopback(host: str) -> str:
    """Take an address of this machine only: the control paths ask for no password."""
    if host == "localhost":
        return host
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise argparse.ArgumentTypeError(f"{host!r} is no loopback address; use 127.0.0.1")
    return host


def parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """The arguments that all sandboxes have."""
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("--port", type=int, required=True, help="0 = any free port; the line printed says which")
    parser.add_argument("--database", type=Path, required=True, help="file that keeps everything")
    parser.add_argument("--host", type=loopback, default="127.0.0.1")
    return parser


def opened(kind: Callable[[Path], T], database: Path) -> T | None:
    """The sandbox over its file; None = it cannot be opened, and the reason is printed."""
    try:
        return kind(database)
    except sqlite3.Error as error:
        print(f"--database {str(database)!r}: {error}; name a file in a folder that exists", file=sys.stderr)
        return None


def serve(server: BaseWSGIServer, name: str, host: str) -> None:
    """Say where it listens, and serve until SIGTERM or SIGINT."""

    def stop(*_: object) -> None:
        # shutdown waits for serve_forever, which runs in this very thread
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    shown = f"[{host}]" if ":" in host else host
    print(f"{name} sandbox on http://{shown}:{server.server_port}", flush=True)
    server.serve_forever(poll_interval=0.1)  # seconds until a stop is noticed
    server.server_close()
