"""A bridge in this process over an empty database, and a sandbox CRM in a process of its own, which counts."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from bridge import configuration, wiring
from bridge.parts import Bridge
from bridge.store import Store, connect, schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One bridge with its defaults, and its CRM."""

    bridge: Bridge
    store: Store
    crm: str  #: the sandbox's address

    def waits(self) -> bool:
        """Whether a message is not filed yet."""
        with self.store.read() as c:
            asked = "select 1 from item where state in ('ready', 'sending', 'unknown') limit 1"
            return c.exec_driver_sql(asked).first() is not None

    def state(self) -> dict[str, Any]:
        """What stands in the sandbox."""
        found: dict[str, Any] = requests.get(f"{self.crm}/sandbox/state", timeout=60).json()
        return found

    def calls(self) -> dict[str, int]:
        """How often each call to the API was made: reads included, logins not."""
        return {name: n for name, n in self.state()["calls"].items() if "oauth" not in name}

    def order(self, what: str, body: Mapping[str, Any]) -> None:
        """Give the sandbox a command."""
        requests.post(f"{self.crm}/sandbox/{what}", json=body, timeout=10).raise_for_status()


@contextmanager
def running(
    sandbox: str, *options: str, connections: str, mapping: str, secrets: Mapping[str, str]
) -> Iterator[Running]:
    """Run a sandbox and make a bridge for it, whose connections find its address in CRM_URL.

    sandbox: its name below bridge.sandbox. secrets: what else the connections take from the environment.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "connections.yaml").write_text(connections)
        (folder / "care.yaml").write_text(mapping)
        command = [
            sys.executable,
            "-m",
            f"bridge.sandbox.{sandbox}",
            "--port",
            "0",
            "--database",
            f"{name}/crm.db",
        ]
        with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own words
            try:
                assert process.stdout
                url = process.stdout.readline().split()[-1]
                where = {
                    "CASEBRIDGE_CONFIG": name,
                    "DATABASE_URL": f"sqlite:///{name}/casebridge.db",
                    "CRM_URL": url,
                }
                config = configuration.configure({**where, **secrets})
                store = connect(config.settings.database_url)
                schema.migrate(store)
                yield Running(bridge=wiring.bridge(config, store), store=store, crm=url)
                store.engine.dispose()
            finally:
                process.terminate()
