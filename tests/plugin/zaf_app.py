"""The Zendesk app as `make app` builds it, and node's tools beside it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import nodejs

PLUGIN = Path(__file__).parents[2] / "plugins" / "zendesk"


def build(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What the builder says to these arguments."""
    command = [sys.executable, str(PLUGIN / "build.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def built(host: str, target: Path) -> dict[str, bytes]:
    """The files of the app for this host, out of the file that is uploaded."""
    ran = build(host, str(target))
    assert ran.returncode == 0, ran.stderr
    with zipfile.ZipFile(target) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def missing() -> str:
    """Why node's tools cannot be run, "" = they can."""
    return nodejs.missing(PLUGIN)


def run(*command: str, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run node with these arguments in the app's folder, and return what it said. said: its standard input."""
    return nodejs.run(*command, plugin=PLUGIN, said=said)
