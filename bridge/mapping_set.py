"""A mapping set: the mappings that work together, and all the files that they lean on. Published as a whole.

Of connections.yaml it holds only which mappings there are, in their order, and the lists, hours and signals they
name: who calls us, whom we call and their secrets are no part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from difflib import unified_diff
from pathlib import Path

import yaml

from bridge import around
from bridge.connections import FILE
from bridge.errors import ConfigError
from bridge.mapping import Kept, load_from
from bridge.mapping import Mapping as CaseMapping
from bridge.mapping.document import Document, in_order, parse, plain
from bridge.mapping.targets import Targets

Files = Mapping[str, str]
"""The texts of a set's files, by their names in the folder."""

KEYS = ("version", "mappings", "lists", "hours", "signals")


def gather(folder: Path) -> Files:
    """Read the set of a folder that was found good."""
    document = parse((folder / FILE).read_text(encoding="utf-8"), FILE)
    files = {FILE: _ours(document)}
    for file in around.named(document):
        files[file] = (folder / file).read_text(encoding="utf-8-sig")
    names = order(document)
    while names:
        file = f"{names.pop(0)}.yaml"
        if file not in files:
            files[file] = (folder / file).read_text(encoding="utf-8")
            base = parse(files[file], file).root.entries.get("based_on")
            names += [base.text] if base and base.text else []
    return files


def order(document: Document) -> list[str]:
    """The names of the mappings that connections.yaml lists."""
    return [node.text or "" for node in document.root.entries["mappings"].items]


def _ours(document: Document) -> str:
    """The part of connections.yaml that belongs to the set, written anew."""
    ours = {key: plain(node) for key, node in document.root.entries.items() if key in KEYS}
    return yaml.safe_dump(ours, sort_keys=False, allow_unicode=True)


def compiled(
    files: Files, *, sources: Collection[str] | None, targets: Targets | None, shown: Files | None = None
) -> tuple[CaseMapping, ...]:
    """The mappings of a set, in their order. sources, targets: as for mapping.load.

    shown: files -> what faults and lines call them instead. Raises ConfigError with every fault.
    """
    document = parse(files[FILE], FILE)
    surroundings, faults = around.kept(files, document)
    if faults:
        raise ConfigError(in_order(faults))
    shelf = Kept(files, shown or {})
    return load_from(shelf, order(document), sources=sources, targets=targets, around=surroundings)


def digest(files: Files) -> str:
    """What tells two sets apart."""
    whole = "".join(f"{name}\0{text}\0" for name, text in sorted(files.items()))
    return hashlib.sha256(whole.encode()).hexdigest()


def changes(old: Files, new: Files) -> dict[str, tuple[int, int]]:
    """How many lines were added to each file and taken away, of those that changed."""
    counts = {}
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            signs = [line[0] for line in _diff(old.get(name, ""), new.get(name, ""), "", "")[2:]]
            counts[name] = signs.count("+"), signs.count("-")
    return counts


def diff(old: Files, new: Files, *, before: str, after: str) -> str:
    """What changed from one set to another, as `diff -u` shows it; "" = nothing."""
    lines = list[str]()
    for name in sorted({*old, *new}):
        lines += _diff(old.get(name, ""), new.get(name, ""), f"{before}/{name}", f"{after}/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _diff(old: str, new: str, before: str, after: str) -> list[str]:
    return list(unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), before, after))
