"""Reads mapping files and payload maps. The only I/O of the mapping language: `load…`; `read` is pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from bridge.errors import ConfigError
from bridge.mapping.compiled import Mapping, compile_form
from bridge.mapping.document import Document, Fault, Node, near, parse
from bridge.mapping.examples import failures
from bridge.mapping.payload import Payload
from bridge.mapping.payload_compile import read_payload
from bridge.mapping.surroundings import NOTHING_AROUND, Surroundings
from bridge.mapping.targets import Targets, fitted, misfits

PAYLOADS = "payloads"  #: the folder of payload maps, beside the mappings


def read(text: str, file: str, base: str | None = None, *, around: Surroundings = NOTHING_AROUND) -> Mapping:
    """Check, compile and try out one mapping file.

    file: how faults and receipts call it. base: the text of the mapping file that it is based on. around: the
    lists and hours that they may name.
    Raises ConfigError with every fault, those of its tests too.
    """
    document = parse(text, file)
    node = document.root.entries.get("based_on")
    other = None if node is None else _based_on(document, node, base)
    mapping = compile_form(document, other, around=around)
    _refuse(failures(mapping, document, other))
    return mapping


def load(
    folder: Path,
    names: Sequence[str],
    *,
    sources: Collection[str] | None = None,
    targets: Targets | None = None,
    around: Surroundings = NOTHING_AROUND,
) -> tuple[Mapping, ...]:
    """Read folder/<name>.yaml for each name, in that order, and the files that these are based on.

    sources, targets: the connections that exist for channels and for CRMs; None = do not check. With targets the
    mappings are fitted to their CRMs. around: the lists and hours that mappings may name.
    Raises ConfigError with every fault of every file.
    """
    mappings, faults = [], list[str]()
    for name in names:
        try:
            mappings.append(_load(folder, name, sources=sources, targets=targets, around=around))
        except ConfigError as error:
            faults += error.faults
    if faults:
        raise ConfigError(list(dict.fromkeys(faults)))  # a file and one based on it share some
    return tuple(mappings)


def load_payloads(folder: Path, names: Collection[str]) -> dict[str, Payload]:
    """Read folder/payloads/<name>.yaml for each name.

    Raises ConfigError with every fault of every file.
    """
    payloads, faults = dict[str, Payload](), list[str]()
    for name in names:
        try:
            payloads[name] = read_payload(_text(folder / PAYLOADS, name, "payload map"), f"{PAYLOADS}/{name}.yaml")
        except _NoText as error:
            faults.append(str(Fault(str(folder / PAYLOADS / f"{name}.yaml"), 0, 0, error.code, str(error))))
        except ConfigError as error:
            faults += error.faults
    if faults:
        raise ConfigError(faults)
    return payloads


def documents(folder: Path, name: str) -> tuple[Document, Document | None]:
    """Parse folder/<name>.yaml, which `load` has found good, and the file that it is based on, if any."""
    document = parse(_text(folder, name), f"{name}.yaml")
    return document, _base(folder, document)


def _load(
    folder: Path,
    name: str,
    *,
    sources: Collection[str] | None,
    targets: Targets | None,
    around: Surroundings,
) -> Mapping:
    file = f"{name}.yaml"
    try:
        document = parse(_text(folder, name), file)
    except _NoText as error:
        raise ConfigError([str(Fault(str(folder / file), 0, 0, error.code, str(error)))]) from None
    base = _base(folder, document)
    mapping = compile_form(document, base, around=around)
    misfit = misfits(mapping, document, sources=sources, targets=targets)
    _refuse([*failures(mapping, document, base), *misfit])
    return mapping if targets is None else fitted(mapping, targets[mapping.target])


def _base(folder: Path, document: Document) -> Document | None:
    """The file that this one is based on; None = on none."""
    node = document.root.entries.get("based_on")
    if node is None or not node.text:
        return None  # an empty name is the form's fault
    try:
        return _based_on(document, node, _text(folder, node.text))
    except _NoText as error:
        raise ConfigError([str(document.fault(node, error.code, str(error)))]) from None


def _based_on(document: Document, node: Node, text: str | None) -> Document:
    """The parsed text of the mapping that `node` names."""
    file = f"{node.text}.yaml"
    if text is None or file == document.file:
        reason = "this names another mapping in the same folder"
        raise ConfigError([str(document.fault(node, "not-another-mapping", reason))])
    base = parse(text, file)
    if other := base.root.entries.get("based_on"):
        reason = f"{node.text!r} is itself based on {other.text!r}: base this mapping on that one"
        raise ConfigError([str(document.fault(node, "based-on-borrower", reason))])
    return base


class _NoText(Exception):
    """There is no text for a mapping of that name; says why in a sentence, and its code."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def _text(folder: Path, name: str, kind: str = "mapping") -> str:
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", name):
        reason = f"{name!r} is no name for a {kind}: use letters, digits, '-' and '_'"
        raise _NoText("not-a-mapping-name", reason)
    try:
        return (folder / f"{name}.yaml").read_text(encoding="utf-8")
    except FileNotFoundError:
        known = sorted(other.stem for other in folder.glob("*.yaml"))
        close = near(name, known)
        hint = f"did you mean {close!r}?" if close else f"the folder holds: {', '.join(known) or f'no {kind}'}"
        raise _NoText("no-such-mapping", f"there is no such {kind}; {hint}") from None
    except UnicodeDecodeError as error:
        at = f"byte {error.start + 1} is none"
        raise _NoText("not-utf-8", f"this is not UTF-8 text: {at}; save the file as UTF-8") from None
    except OSError as error:
        raise _NoText("unreadable-file", f"it cannot be read: {error.strerror}") from None


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise ConfigError([str(fault) for fault in sorted(faults, key=lambda f: (f.file, f.line, f.column))])
