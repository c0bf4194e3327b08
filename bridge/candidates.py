"""A mapping set with some files in the place of its own, before anybody publishes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from bridge.connections import FILE
from bridge.errors import ConfigError
from bridge.mapping.document import Document, parse
from bridge.mapping_set import Files, order


def candidate(files: Files, given: Mapping[str, str], *, before: str = "") -> tuple[Files, Files]:
    """Put mapping files into a set, each in the place of the mapping that is called alike.

    given: path -> text. before: where in the order a new mapping is tried; "" = last. Returns the set, and for
    mapping_set.compiled what faults and lines call the new files. Raises ConfigError for files that cannot be
    read as mappings at all, and for two of one name.
    """
    whole, shown = dict(files), dict[str, str]()
    names = order(parse(files[FILE], FILE))
    if before and before not in names:
        reason = f"there is no mapping {before!r} to be tried before"
        raise ConfigError([f"{reason}\n    -> allowed: {', '.join(names)}"])
    for path, text in given.items():
        name = _name(parse(text, path))
        file = f"{name}.yaml"
        if file == FILE:
            raise ConfigError([f"{path}: no mapping can be called {name!r}, for {FILE} is another file"])
        if file in shown:
            raise ConfigError([f"{shown[file]} and {path} are both called {name!r}: give one of them"])
        if file not in whole:
            names.insert(names.index(before) if before else len(names), name)
            whole[FILE] = _ordered(files[FILE], names)
        whole[file], shown[file] = text, path
    return whole, shown


def _name(document: Document) -> str:
    node = document.root.entries.get("mapping")
    if node is None or not node.text:
        reason = f"{document.file} does not say which mapping it is"
        raise ConfigError([f"{reason}\n    -> write mapping: and its name"])
    return node.text


def _ordered(text: str, names: Sequence[str]) -> str:
    """The set's part of connections.yaml, with these mappings."""
    ours = yaml.safe_load(text) | {"mappings": [*names]}
    return yaml.safe_dump(ours, sort_keys=False, allow_unicode=True)
