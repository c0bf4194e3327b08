"""Files as an editor sees them, by YAML 1.2, and whether it would call them wrong by our schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import jobs_page
import pages
import tutorial
import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from bridge.cli.schema import texts
from bridge.mapping.document import LOADER, parse, plain

ROOT = Path(__file__).parents[2]
BROKEN = Path(__file__).parent / "broken"
SCHEMAS: Mapping[str, Any] = {kind: json.loads(text) for kind, text in texts().items()}
VALIDATORS = {kind: Draft7Validator(schema) for kind, schema in SCHEMAS.items()}
WHOLE = ("settings.md", "salesforce.md", "zendesk.md")  #: pages of which every whole file is good
BOX = re.compile("^```yaml\n(version: 1\n.*?)^```", re.MULTILINE | re.DOTALL)
FIRST = re.compile("^(mapping|connections|payload):", re.MULTILINE)


class _Core(LOADER):  # type: ignore[misc]
    """YAML 1.2's core schema, https://yaml.org/spec/1.2.2/#103-core-schema; keys are text."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        return {key.value: self.construct_object(value, deep=deep) for key, value in node.value}


CORE = (
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""], lambda _: None),
    ("bool", "true|True|TRUE|false|False|FALSE", list("tTfF"), lambda text: text.lower() == "true"),
    ("int", "[-+]?[0-9]+", list("-+0123456789"), int),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789"), float),
)
for _name, _pattern, _first, _read in CORE:
    _tag = f"tag:yaml.org,2002:{_name}"
    _Core.add_implicit_resolver(_tag, re.compile(f"^({_pattern})$"), _first)
    _Core.add_constructor(_tag, lambda _, node, read=_read: read(node.value))


def wrong(kind: str, text: str) -> list[str]:
    """What an editor calls wrong in a file, with all its scalars in quotes and without; [] = nothing."""
    views = (yaml.load(text.removeprefix("\ufeff"), _Core), plain(parse(text, "any.yaml").root))
    return [error.message for view in views for error in VALIDATORS[kind].iter_errors(view)]


def good() -> Iterator[tuple[str, str, str]]:
    """Every file of ours that is no bad example: its name, kind and text."""
    files = [*(ROOT / "mappings").glob("*.yaml"), *(ROOT / "mappings" / "payloads").glob("*.yaml")]
    for path in (*files, BROKEN / "sound.yaml", BROKEN / "borrower.yaml", BROKEN / "connections" / "sound.yaml"):
        text = path.read_text(encoding="utf-8")
        yield path.name, kind_of(text), text
        yield f"{path.name}, all switched on", kind_of(text), re.sub("^( *)#(?=[^ #\n])", r"\1", text, flags=re.M)
    for path in (ROOT / "mappings" / "signals").glob("*.yaml"):
        yield path.name, "signals", path.read_text(encoding="utf-8")
    for page in (*(ROOT / "docs" / name for name in WHOLE), *(ROOT / "docs" / "channels").glob("*.md")):
        for box in BOX.findall(page.read_text(encoding="utf-8")):
            yield page.name, kind_of(box), box
    for name, text in jobs_page.MAPPINGS.items():
        yield name, "mapping", text
    yield "jobs.md", "connections", jobs_page.CONNECTIONS
    yield from ((file, kind_of(text), text) for file, text in _followed().items())


def _followed() -> Mapping[str, str]:
    """The files at the end of the tutorial."""
    files: dict[str, str] = {}
    for box in tutorial.boxes():
        if box.kind == "diff":
            files[box.file] = pages.changed(files[box.file], box.text)
        elif box.kind == "yaml" and box.file:
            files[box.file] = tutorial.with_sections(files.get(box.file, ""), box.text)
    return {file: text for file, text in files.items() if FIRST.search(text)}


def kind_of(text: str) -> str:
    """What a file holds."""
    found = FIRST.search(text)
    assert found, text[:200]
    return found[1]
