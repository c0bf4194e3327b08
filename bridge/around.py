"""Reads the lists, opening hours and signals that connections.yaml names, and their files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from bridge.errors import ConfigError
from bridge.mapping.document import Document, Fault, Node, parse
from bridge.mapping.hours import MOST_FAULTS, Holidays, Hours, holidays, hours
from bridge.mapping.signals import Signal, signal
from bridge.mapping.surroundings import Surroundings, entry

MOST_BYTES = 5_000_000
MOST_ENTRIES = 100_000
LINE_END = re.compile("\r\n|\r|\n")  #: and none of the other signs at which Python would end a line
SEVERAL = re.compile(r"[,;]|\s#")

Lines = list[tuple[int, str]]
"""The number and the text of each line that holds something."""


def read(folder: Path, document: Document) -> tuple[Surroundings, list[Fault]]:
    """Read what connections.yaml says under `lists`, `hours` and `signals`, and the files it names there.

    folder: where these files' paths begin, and what they must not leave. What is no map or no text is the form's
    fault, not said here.
    """
    return _around(_Reader(folder, document))


def kept(texts: Mapping[str, str], document: Document) -> tuple[Surroundings, list[Fault]]:
    """As `read`, from texts that were read before: by the names of their files."""
    return _around(_Kept(texts, document))


def named(document: Document) -> list[str]:
    """The files that connections.yaml names there, each once."""
    times = _below(document, "hours").values()
    holidays = [node.entries["holidays"] for node in times if "holidays" in node.entries]
    others = [node for key in ("lists", "signals") for node in _below(document, key).values()]
    return list(dict.fromkeys(node.text or "" for node in [*others, *holidays]))


def _around(reader: _Reader) -> tuple[Surroundings, list[Fault]]:
    document = reader.document
    lists = {name: reader.entries(node) for name, node in _below(document, "lists").items()}
    times = {name: reader.hours(node) for name, node in _below(document, "hours").items()}
    signals = {name: reader.signal(node) for name, node in _below(document, "signals").items()}
    found = Surroundings(
        lists=lists,
        hours={name: hours for name, hours in times.items() if hours is not None},
        signals={name: signal for name, signal in signals.items() if signal is not None},
    )
    return found, reader.faults


def _below(document: Document, key: str) -> Mapping[str, Node]:
    entries = document.root.entries
    return entries[key].entries if key in entries else {}


class _Reader:
    """Reads files of one folder, and keeps what is wrong with them."""

    def __init__(self, folder: Path, document: Document) -> None:
        self.folder, self.document = folder, document
        self.faults: list[Fault] = []

    def entries(self, node: Node) -> frozenset[str]:
        lines = self.lines(node)
        for number, text in [line for line in lines if SEVERAL.search(line[1])][:MOST_FAULTS]:
            reason = f"{text[:40]!r} is several entries or has a remark behind it: each has a line of its own"
            self.faults.append(Fault(node.text or "", number, 1, "several-entries", reason))
        return frozenset(found for _, text in lines if (found := entry(text)))

    def hours(self, node: Node) -> Hours | None:
        """One map of opening hours; None = it has faults."""
        file, closed = node.entries.get("holidays"), Holidays()
        if file is not None:
            closed, wrong = holidays(self.lines(file), file.text or "")
            self.faults += wrong
        found, wrong = hours(node, self.document, closed) if node.entries else (None, [])
        self.faults += wrong
        return found

    def signal(self, node: Node) -> Signal | None:
        """The signal of the file that a node names; None = it has faults."""
        text = self.text(node)
        if text is None:
            return None
        try:
            found, wrong = signal(parse(text, node.text or ""))
        except ConfigError as error:
            self.faults += [fault for fault in error.found if isinstance(fault, Fault)]
            return None
        self.faults += wrong
        return found

    def lines(self, node: Node) -> Lines:
        """The lines of the file that a node names, without remarks; [] = none, or a fault."""
        file, text = node.text or "", self.text(node) or ""
        stripped = ((number, line.strip()) for number, line in enumerate(LINE_END.split(text), 1))
        lines = [(number, line) for number, line in stripped if line and not line.startswith("#")]
        if len(lines) > MOST_ENTRIES:
            reason = f"a list has at most {MOST_ENTRIES:,} entries"
            self.faults.append(Fault(file, lines[MOST_ENTRIES][0], 1, "list-too-long", reason))
        return lines[:MOST_ENTRIES]

    def text(self, node: Node) -> str | None:
        """The text of the file that a node names; None = there is none, or a fault."""
        file = node.text or ""
        data = self.data(node, file) if file else None
        if data is None:
            return None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            return self.no_text(file, error.object[: error.start].decode())
        if "\0" in text:  # UTF-16 has them, and PostgreSQL keeps none
            return self.no_text(file, text.partition("\0")[0])
        return text

    def no_text(self, file: str, before: str) -> str | None:
        """Keep the fault that a file is no text from there on, and give nothing to read."""
        lines = LINE_END.split(before)
        reason = "this is not UTF-8 text; save the file as UTF-8"
        self.faults.append(Fault(file, len(lines), len(lines[-1]) + 1, "not-utf-8", reason))
        return None

    def data(self, node: Node, file: str) -> bytes | None:
        """The bytes of a file inside the folder; None = a fault."""
        path, written = self.folder / file, PurePosixPath(file)
        if written.is_absolute() or ".." in written.parts or not self.inside(path):
            reason = f"{file!r} is not inside the folder of {self.document.file}"
            return self.refuse(node, "list-outside", f"{reason}: write its path from there, lists/vip.txt")
        try:
            if path.exists() and not path.is_file():  # a pipe would be waited for
                return self.refuse(node, "unreadable-file", f"{file!r} cannot be read: it is no file")
            with path.open("rb") as stream:
                data = stream.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return self.refuse(node, "no-such-list-file", f"the folder of {self.document.file} has no {file!r}")
        except OSError as error:
            return self.refuse(node, "unreadable-file", f"{file!r} cannot be read: {error.strerror}")
        if len(data) > MOST_BYTES:
            reason = f"{file!r} is larger than {MOST_BYTES // 1_000_000} MB"
            return self.refuse(node, "list-too-long", reason)
        return data

    def inside(self, path: Path) -> bool:
        """Whether a path stays in the folder, links followed. Links that lead round in a circle do not."""
        try:
            return path.resolve().is_relative_to(self.folder.resolve())
        except (OSError, RuntimeError):
            return False

    def refuse(self, node: Node, code: str, reason: str) -> bytes | None:
        """Keep a fault, and give nothing to read."""
        self.faults.append(self.document.fault(node, code, reason))
        return None


class _Kept(_Reader):
    """Reads texts that were read before."""

    def __init__(self, texts: Mapping[str, str], document: Document) -> None:
        super().__init__(Path(), document)
        self.texts = texts

    def data(self, node: Node, file: str) -> bytes | None:
        """The text as bytes; None = a fault."""
        if file in self.texts:
            return self.texts[file].encode()
        return self.refuse(node, "no-such-list-file", f"the set of {self.document.file} has no {file!r}")
