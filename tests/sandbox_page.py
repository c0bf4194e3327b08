"""What docs/sandbox.md says of one sandbox, and what a sandbox has: both as names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_SALESFORCE, _, _ZENDESK = (
    (Path(__file__).parents[1] / "docs" / "sandbox.md")
    .read_text(encoding="utf-8")
    .partition("\n# The sandbox Zendesk\n")
)


class Page:
    """One sandbox's part of the page."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.commands = re.findall(r"/sandbox/(\w+)(?:.* -d '(.*)')?$", text, re.MULTILINE)
        """Those of the examples: (name, body); "" = it is asked with GET."""

    def names(self, heading: str) -> list[str]:
        """What stands in code in the first column of the table that begins so."""
        rows = self.text.partition(f"| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
        return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]

    def bodies(self, *commands: str) -> list[tuple[str, str]]:
        """The bodies that the table of commands gives to these."""
        row = rf"^\| `({'|'.join(commands)})` \| `({{[^`]+}})`"
        return re.findall(row, self.text, re.MULTILINE)

    def switches(self) -> dict[str, Any]:
        """The table of switches: name -> what it is at first."""
        rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", self.text, re.MULTILINE)
        return {name: json.loads(value) for name, value in rows}


SALESFORCE, ZENDESK = Page(_SALESFORCE), Page(_ZENDESK)


def options(arguments: Callable[[list[str]], object], capsys: pytest.CaptureFixture[str]) -> set[str]:
    """The options that a sandbox tells of."""
    with pytest.raises(SystemExit):
        arguments(["--help"])
    return set(re.findall(r"^  (--[\w-]+)", capsys.readouterr().out, re.MULTILINE))


def commands(sandbox: Flask) -> Iterator[str]:
    """The paths under /sandbox."""
    for path in (rule.rule for rule in sandbox.url_map.iter_rules() if rule.rule.startswith("/sandbox/")):
        several = re.fullmatch(r"/sandbox/<any\((.*)\):name>", path)
        if several:
            yield from several[1].split(", ")
        else:
            yield re.sub(r"<[^>]+>", "<id>", path.removeprefix("/sandbox/"))


def order(client: FlaskClient, command: str, body: str) -> TestResponse:
    """Give a command as the page shows it. body: JSON; "" = it is asked with GET."""
    if body:
        return client.post(f"/sandbox/{command}", json=json.loads(body), base_url="http://127.0.0.1")
    return client.get(f"/sandbox/{command}", base_url="http://127.0.0.1")
