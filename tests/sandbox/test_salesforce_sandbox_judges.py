"""Two clients that others wrote do the same at the sandbox, and both are told what Salesforce tells.

What that is stands in judged.json, ids as <prefix number> in the order in which they appear.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import judge
import nodejs
import pytest
from org_process import OrgProcess

HERE = Path(__file__).parent
JUDGED = json.loads((HERE / "judged.json").read_text(encoding="utf-8"))
ID = re.compile(r"\b(?=(003|500|a0\w))(\w{15})(?:[A-Z0-9]{3})?\b", re.ASCII)


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("judged"), "--plugin")
    yield process
    process.close()


@pytest.fixture(autouse=True)
def _new(org: OrgProcess) -> None:
    org.reset()


def told(text: str) -> Any:
    """Read what a client was told, with its ids by their order."""
    known: dict[str, dict[str, int]] = {}

    def name(match: re.Match[str]) -> str:
        numbers = known.setdefault(match[1], {})
        return f"<{match[1]} {numbers.setdefault(match[2], len(numbers) + 1)}>"

    return json.loads(ID.sub(name, text))


def test_simple_salesforce_is_told_what_salesforce_tells(org: OrgProcess) -> None:
    found = told(json.dumps(judge.run(org)))

    assert found == JUDGED


@pytest.mark.skipif(bool(nodejs.missing()), reason=f"jsforce was not asked: {nodejs.missing()}")
def test_jsforce_is_told_the_same(org: OrgProcess) -> None:
    ran = nodejs.run(str(HERE / "judge.mjs"), org.base)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert told(ran.stdout) == JUDGED
