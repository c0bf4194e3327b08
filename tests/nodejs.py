"""Node's tools beside the plugins: whether they are here, and how one is run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

PLUGIN = Path(__file__).parents[1] / "plugins" / "salesforce"
OLDEST = 20


def missing(plugin: Path = PLUGIN) -> str:
    """Why those of this plugin cannot be run, "" = they can."""
    node = shutil.which("node")
    if node is None:
        return "node is not installed"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").split(".", maxsplit=1)[0]) < OLDEST:
        return f"node {version} is older than {OLDEST}"
    if not (plugin / "node_modules" / ".stamp").exists():
        return "their packages are not installed: `make tools` does that"
    return ""


def run(
    *command: str, plugin: Path = PLUGIN, env: Mapping[str, str] | None = None, said: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run node with these arguments in the plugin's folder, and return what it said. said: its standard input."""
    whole = {**os.environ, "NODE_ENV": "", "NO_COLOR": "1", "CI": "1", **(env or {})}
    return subprocess.run(
        ["node", *command],
        cwd=plugin,
        env=whole,
        input=said,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
