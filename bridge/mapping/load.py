"""Reads mapping files. The only I/O of the mapping language: `load`; `read` is pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from bridge.errors import ConfigError
from bridge.mapping.compiled import Mapping, compile_form
from bridge.mapping.document import Document, Fault, Node, near, parse
from bridge.mapping.examples import failures
from bridge.mapping.targets import Targets, misfits


def read(text: str, file: str, base: str | None = None) -> Mapping:
    """Check, compile and try out one mapping file.

    file: how faults and receipts call it. base: the text of the mapping file that it is based on.
    Raises ConfigError with every fault, those of its tests too.
    """
    document = parse(text, file)
    node = document.root.entries.get("based_on")
    other = None if node is None else _based_on(document, node, base)
    mapping = compile_form(document, other)
    _refuse(failures(mapping, document, other))
    return mapping


def load(
    folder: Path,
    names: Sequence[str],
    *,
    sources: Collection[str] | None = None,
    targets: Targets | None = None,
) -> tuple[Mapping, ...]:
    """Read folder/<name>.yaml for each name, in that order, and the files that these are based on.

    sources, targets: the connections that exist for channels and for CRMs; None = do not check. A key field that
    is left out is filled in where the CRM has only one.
    Raises ConfigError with every fault of every file.
    """
    mappings, faults = [], list[str]()
    for name in names:
        try:
            mappings.append(_load(folder, name, sources=sources, targets=targets))
        except ConfigError as error:
            faults += error.faults
    if faults:
        raise ConfigError(list(dict.fromkeys(faults)))  # a file and one based on it share some
    return tuple(mappings)


def _load(folder: Path, name: str, *, sources: Collection[str] | None, targets: Targets | None) -> Mapping:
    file = f"{name}.yaml"
    try:
        document = parse(_text(folder, name), file)
    except _NoText as error:
        raise ConfigError([f"{folder / file} error: {error}"]) from None
    base = _base(folder, document)
    mapping = compile_form(document, base)
    misfit = misfits(mapping, document, sources=sources, targets=targets)
    _refuse([*failures(mapping, document, base), *misfit])
    if targets is None:
        return mapping
    return dataclasses.replace(mapping, key_field=mapping.key_field or targets[mapping.target].key_field)


def _base(folder: Path, document: Document) -> Document | None:
    """The file that this one is based on; None = on none."""
    node = document.root.entries.get("based_on")
    if node is None or not node.text:
        return None  # an empty name is the form's fault
    try:
        return _based_on(document, node, _text(folder, node.text))
    except _NoText as error:
        raise ConfigError([str(document.fault(node, str(error)))]) from None


def _based_on(document: Document, node: Node, text: str | None) -> Document:
    """The parsed text of the mapping that `node` names."""
    file = f"{node.text}.yaml"
    if text is None or file == document.file:
        raise ConfigError([str(document.fault(node, "this names another mapping in the same folder"))])
    base = parse(text, file)
    if other := base.root.entries.get("based_on"):
        reason = f"{node.text!r} is itself based on {other.text!r}: base this mapping on that one"
        raise ConfigError([str(document.fault(node, reason))])
    return base


class _NoText(Exception):
    """There is no text for a mapping of that name; says why in a sentence."""


def _text(folder: Path, name: str) -> str:
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", name):
        raise _NoText(f"{name!r} is no name for a mapping: use letters, digits, '-' and '_'")
    try:
        return (folder / f"{name}.yaml").read_text(encoding="utf-8")
    except FileNotFoundError:
        known = sorted(other.stem for other in folder.glob("*.yaml"))
        close = near(name, known)
        hint = f"did you mean {close!r}?" if close else f"the folder holds: {', '.join(known) or 'no mapping'}"
        raise _NoText(f"there is no such mapping; {hint}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise _NoText(f"cannot be read as UTF-8 text: {error}") from error


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise ConfigError([str(fault) for fault in sorted(faults, key=lambda f: (f.file, f.line, f.column))])
