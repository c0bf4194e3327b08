"""Reads mapping files. The only I/O of the mapping language: `load`; `read` is pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from bridge.errors import ConfigError
from bridge.mapping.compiled import Mapping, compile_form
from bridge.mapping.document import Document, Node, near, parse
from bridge.mapping.examples import failures


def read(text: str, file: str) -> Mapping:
    """Check, compile and try out one mapping file.

    file: how faults and receipts call it. Raises ConfigError with every fault, those of its tests too.
    """
    return _read(text, file)[0]


def load(
    folder: Path,
    names: Sequence[str],
    *,
    sources: Collection[str] | None = None,
    targets: Collection[str] | None = None,
) -> tuple[Mapping, ...]:
    """Read folder/<name>.yaml for each name, in that order.

    sources, targets: the connections that exist for channels and for CRMs; None = do not check.
    Raises ConfigError with every fault of every file.
    """
    mappings, faults = [], list[str]()
    for name in names:
        try:
            mappings.append(_load(folder, name, sources=sources, targets=targets))
        except ConfigError as error:
            faults += error.faults
    if faults:
        raise ConfigError(faults)
    return tuple(mappings)


def _load(folder: Path, name: str, *, sources: Collection[str] | None, targets: Collection[str] | None) -> Mapping:
    file = f"{name}.yaml"
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", name):
        raise ConfigError([f"{name!r} is no name for a mapping: use letters, digits, '-' and '_'"])
    try:
        text = (folder / file).read_text(encoding="utf-8")
    except FileNotFoundError:
        known = sorted(path.stem for path in folder.glob("*.yaml"))
        close = near(name, known)
        hint = f"did you mean {close!r}?" if close else f"the folder holds: {', '.join(known) or 'no mapping'}"
        raise ConfigError([f"{folder / file} error: there is no such mapping; {hint}"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{folder / file} error: cannot be read as UTF-8 text: {error}"]) from error
    mapping, document = _read(text, file)
    _connections(mapping, document, sources=sources, targets=targets)
    return mapping


def _read(text: str, file: str) -> tuple[Mapping, Document]:
    document = parse(text, file)
    mapping = compile_form(document)
    if faults := failures(mapping, document):
        raise ConfigError([str(fault) for fault in sorted(faults, key=lambda fault: fault.line)])
    return mapping, document


def _connections(
    mapping: Mapping, document: Document, *, sources: Collection[str] | None, targets: Collection[str] | None
) -> None:
    """Refuse names that no connection bears, and a mapping that is called differently from its file."""
    root = document.root.entries
    source = root["source"]
    asked: list[tuple[str, Node, Collection[str] | None]] = [
        *((node.text or "", node, sources) for node in (source.items or (source,)) if mapping.source),
        (mapping.target, root["target"], targets),
    ]
    faults = [
        document.fault(
            node,
            f"there is no connection {name!r} of that kind in connections.yaml",
            allowed=", ".join(sorted(known)),
            suggestion=near(name, sorted(known)),
        )
        for name, node, known in asked
        if known is not None and name not in known
    ]
    if f"{mapping.name}.yaml" != mapping.file:
        faults.append(document.fault(root["mapping"], f"the file is called {mapping.file!r}: name it alike"))
    if faults:
        raise ConfigError([str(fault) for fault in sorted(faults, key=lambda fault: fault.line)])
