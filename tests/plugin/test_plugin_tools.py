"""The Salesforce plugin before the vendor's own tools: formatted, linted, tested, converted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import nodejs
import project
import pytest

if nodejs.missing():
    pytest.skip(f"plugin checks skipped: {nodejs.missing()}", allow_module_level=True)

PRETTIER = ("node_modules/prettier/bin/prettier.cjs", "--config", ".prettierrc", "--log-level", "warn")


@pytest.mark.parametrize(
    "command",
    [
        (*PRETTIER, "--check", ".", "../../tests/sandbox/judge.mjs"),
        ("node_modules/eslint/bin/eslint.js", "--max-warnings", "0", "."),
        ("node_modules/jest/bin/jest.js", "--runInBand", "--silent"),
    ],
    ids=["prettier", "eslint", "jest"],
)
def test_the_plugin_passes(command: Sequence[str]) -> None:
    ran = nodejs.run(*command)

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_it_converts_and_an_org_gets_no_placeholder(tmp_path: Path) -> None:
    told = {"BRIDGE_PUBLIC_URL": "https://bridge.acme.test/in/crm/s3", "BRIDGE_SF_USERNAME": "bridge@acme.test"}
    quiet = {"SF_DISABLE_TELEMETRY": "true", "SF_AUTOUPDATE_DISABLE": "true", "HOME": str(tmp_path)}

    ran = nodejs.run(
        *("sf.mjs", "project", "convert", "source", "--root-dir", "force-app"),
        *("--output-dir", str(tmp_path / "out")),
        env={**told, **quiet, "SF_APPLY_REPLACEMENTS_ON_CONVERT": "true"},
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    made = {path: path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert [path.name for path, text in made.items() if ".invalid" in text or "__tests__" in path.parts] == []
    assert {value: sum(text.count(value) for text in made.values()) for value in told.values()} == dict.fromkeys(
        told.values(), len(project.read(nodejs.PLUGIN).messages)
    )


def test_the_lock_pins_all_by_hash_and_names_no_registry() -> None:
    wanted = json.loads((nodejs.PLUGIN / "package.json").read_text(encoding="utf-8"))
    packages = json.loads((nodejs.PLUGIN / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    del packages[""]

    assert [name for name, one in packages.items() if "resolved" in one or "integrity" not in one] == []
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted["devDependencies"]} == (
        wanted["devDependencies"]
    )
