"""Reads mapping files and payload maps: the only I/O of the mapping language. `read` and `load_from` are pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from bridge.errors import ConfigError
from bridge.mapping import regulated
from bridge.mapping.compiled import Mapping, compile_form
from bridge.mapping.document import Document, Fault, Node, in_order, near, parse
from bridge.mapping.examples import failures
from bridge.mapping.payload import Payload
from bridge.mapping.payload_compile import read_payload
from bridge.mapping.surroundings import NOTHING_AROUND, Surroundings
from bridge.mapping.targets import Targets, fitted, misfits

PAYLOADS = "payloads"  #: the folder of payload maps, beside the mappings


class Shelf(Protocol):
    """Where the texts of mapping files come from."""

    def text(self, name: str) -> str:
        """The text of the mapping of this name. Raises NoText."""

    def called(self, name: str) -> str:
        """What faults and receipts call its file."""

    def where(self, name: str) -> str:
        """What a fault calls the file that is not there."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a folder."""

    path: Path
    kind: str = "mapping"  #: what a fault calls one

    def text(self, name: str) -> str:
        """Read it. Raises NoText."""
        _nameable(name, self.kind)
        try:
            return (self.path / f"{name}.yaml").read_text(encoding="utf-8")
        except FileNotFoundError:
            raise _missing(name, sorted(other.stem for other in self.path.glob("*.yaml")), self.kind) from None
        except UnicodeDecodeError as error:
            at = f"byte {error.start + 1} is none"
            raise NoText("not-utf-8", f"this is not UTF-8 text: {at}; save the file as UTF-8") from None
        except OSError as error:
            raise NoText("unreadable-file", f"it cannot be read: {error.strerror}") from None

    def called(self, name: str) -> str:
        """Without the folder."""
        return f"{name}.yaml"

    def where(self, name: str) -> str:
        """With the folder: perhaps it is the wrong one."""
        return str(self.path / f"{name}.yaml")


def text_of(path: Path) -> str:
    """What an admin wrote into a file. Raises ConfigError."""
    try:
        return bytes_of(path).decode("utf-8")
    except UnicodeDecodeError as error:
        reason = f"this is not UTF-8 text: byte {error.start + 1} is none; save the file as UTF-8"
        raise ConfigError([Fault(str(path), 0, 0, "not-utf-8", reason)]) from None


def bytes_of(path: Path) -> bytes:
    """What a file holds. Raises ConfigError."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = f"it cannot be read: {error.strerror}"
        raise ConfigError([Fault(str(path), 0, 0, "unreadable-file", reason)]) from None


@dataclass(frozen=True, slots=True)
class Kept:
    """Texts that were read before. texts: by the names of files. shown: those that are called otherwise."""

    texts: Dict[str, str]
    shown: Dict[str, str] = field(default_factory=dict)  #: x-care.yaml -> ../new.yaml

    def text(self, name: str) -> str:
        """Look it up. Raises NoText."""
        _nameable(name, "mapping")
        try:
            return self.texts[f"{name}.yaml"]
        except KeyError:
            known = sorted(file.removesuffix(".yaml") for file in self.texts if file.endswith(".yaml"))
            raise _missing(name, known, "mapping") from None

    def called(self, name: str) -> str:
        """As it is shown."""
        return self.shown.get(f"{name}.yaml", f"{name}.yaml")

    where = called


def read(text: str, file: str, base: str | None = None, *, around: Surroundings = NOTHING_AROUND) -> Mapping:
    """Check, compile and try out one mapping file.

    file: how faults and receipts call it. base: the text of the mapping file that it is based on. around: the
    lists and hours that they may name.
    Raises ConfigError with every fault, those of its tests too.
    """
    document = parse(text, file)
    node = document.root.entries.get("based_on")
    other = None if node is None else _based_on(document, node, base, f"{node.text}.yaml")
    mapping = compile_form(document, other, around=around)
    _refuse([*failures(mapping, document, other), *regulated.breaches(mapping, document, other)])
    return mapping


def load(
    folder: Path,
    names: Sequence[str],
    *,
    sources: Collection[str] | None = None,
    targets: Targets | None = None,
    around: Surroundings = NOTHING_AROUND,
) -> tuple[Mapping, ...]:
    """Read folder/<name>.yaml for each name, and what these are based on. As `load_from`."""
    return load_from(Folder(folder), names, sources=sources, targets=targets, around=around)


def load_from(
    shelf: Shelf,
    names: Sequence[str],
    *,
    sources: Collection[str] | None = None,
    targets: Targets | None = None,
    around: Surroundings = NOTHING_AROUND,
) -> tuple[Mapping, ...]:
    """Read the mapping of each name, in that order, and those that these are based on.

    sources, targets: the connections that exist for channels and for CRMs; None = do not check. With targets the
    mappings are fitted to their CRMs. around: the lists and hours that mappings may name.
    Raises ConfigError with every fault of every file.
    """
    mappings, faults = [], list[object]()
    for name in names:
        try:
            mappings.append(_load(shelf, name, sources=sources, targets=targets, around=around))
        except ConfigError as error:
            faults += error.found
    faults += regulated.deprived(mappings, partial(documents, shelf))
    if faults:
        raise ConfigError(list(dict.fromkeys(faults)))  # a file and one based on it share some
    return tuple(mappings)


def load_payloads(folder: Path, names: Collection[str]) -> dict[str, Payload]:
    """Read folder/payloads/<name>.yaml for each name.

    Raises ConfigError with every fault of every file.
    """
    shelf = Folder(folder / PAYLOADS, "payload map")
    payloads, faults = dict[str, Payload](), list[object]()
    for name in names:
        try:
            payloads[name] = read_payload(shelf.text(name), f"{PAYLOADS}/{name}.yaml")
        except NoText as error:
            faults.append(Fault(shelf.where(name), 0, 0, error.code, str(error)))
        except ConfigError as error:
            faults += error.found
    if faults:
        raise ConfigError(faults)
    return payloads


def documents(shelf: Shelf, name: str) -> tuple[Document, Document | None]:
    """Parse a mapping that `load` has found good, and the one that it is based on, if any."""
    document = parse(shelf.text(name), shelf.called(name))
    return document, _base(shelf, document)


def _load(
    shelf: Shelf,
    name: str,
    *,
    sources: Collection[str] | None,
    targets: Targets | None,
    around: Surroundings,
) -> Mapping:
    try:
        document = parse(shelf.text(name), shelf.called(name))
    except NoText as error:
        raise ConfigError([Fault(shelf.where(name), 0, 0, error.code, str(error))]) from None
    base = _base(shelf, document)
    mapping = compile_form(document, base, around=around)
    misfit = misfits(mapping, document, name=name, sources=sources, targets=targets)
    _refuse([*failures(mapping, document, base), *regulated.breaches(mapping, document, base), *misfit])
    return mapping if targets is None else fitted(mapping, targets[mapping.target])


def _base(shelf: Shelf, document: Document) -> Document | None:
    """The file that this one is based on; None = on none."""
    node = document.root.entries.get("based_on")
    if node is None or not node.text:
        return None  # an empty name is the form's fault
    try:
        return _based_on(document, node, shelf.text(node.text), shelf.called(node.text))
    except NoText as error:
        raise ConfigError([document.fault(node, error.code, str(error))]) from None


def _based_on(document: Document, node: Node, text: str | None, file: str) -> Document:
    """The parsed text of the mapping that `node` names."""
    if text is None or file == document.file:
        reason = "this names another mapping in the same folder"
        raise ConfigError([document.fault(node, "not-another-mapping", reason)])
    base = parse(text, file)
    if other := base.root.entries.get("based_on"):
        reason = f"{node.text!r} is itself based on {other.text!r}: base this mapping on that one"
        raise ConfigError([document.fault(node, "based-on-borrower", reason)])
    return base


class NoText(Exception):
    """There is no text for a mapping of that name; says why in a sentence, and its code."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def _nameable(name: str, kind: str) -> None:
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", name):
        reason = f"{name!r} is no name for a {kind}: use letters, digits, '-' and '_'"
        raise NoText("not-a-mapping-name", reason)


def _missing(name: str, known: Sequence[str], kind: str) -> NoText:
    close = near(name, known)
    hint = f"did you mean {close!r}?" if close else f"the folder holds: {', '.join(known) or f'no {kind}'}"
    return NoText("no-such-mapping", f"there is no such {kind}; {hint}")


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise ConfigError(in_order(faults))
