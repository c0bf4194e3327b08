"""The Zendesk app before its own tools: formatted, linted, its pure parts tested, and what checks it pinned."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
import zaf_app

if zaf_app.missing():
    pytest.skip(f"app checks skipped: {zaf_app.missing()}", allow_module_level=True)


@pytest.mark.parametrize(
    "command",
    [
        ("node_modules/prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."),
        ("node_modules/eslint/bin/eslint.js", "--max-warnings", "0", "."),
        ("--test",),
    ],
    ids=["prettier", "eslint", "node"],
)
def test_the_app_passes(command: Sequence[str]) -> None:
    ran = zaf_app.run(*command)

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_linter_refuses_markup_made_of_text() -> None:
    shown = "document.body.innerHTML = name; document.body.insertAdjacentHTML('beforeend', name);"
    ran = zaf_app.run(
        *("node_modules/eslint/bin/eslint.js", "--stdin", "--stdin-filename", "app/assets/new.js"),
        said=f"export const show = (name) => {{ {shown} }};",
    )

    assert (ran.returncode, ran.stdout.count("Use textContent")) == (1, 2)


def test_the_lock_pins_all_by_hash_and_names_no_registry() -> None:
    wanted = json.loads((zaf_app.PLUGIN / "package.json").read_text(encoding="utf-8"))
    packages = json.loads((zaf_app.PLUGIN / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    del packages[""]

    assert [name for name, one in packages.items() if "resolved" in one or "integrity" not in one] == []
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted["devDependencies"]} == (
        wanted["devDependencies"]
    )
