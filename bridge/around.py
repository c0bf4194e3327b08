"""Reads the lists and opening hours that connections.yaml names: files of one entry a line, and maps of hours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from bridge.mapping.document import Document, Fault, Node
from bridge.mapping.hours import MOST_FAULTS, Holidays, Hours, holidays, hours
from bridge.mapping.surroundings import Surroundings, entry

MOST_BYTES = 5_000_000
MOST_ENTRIES = 100_000
LINE_END = re.compile("\r\n|\r|\n")  #: and none of the other signs at which Python would end a line
SEVERAL = re.compile(r"[,;]|\s#")

Lines = list[tuple[int, str]]
"""The number and the text of each line that holds something."""


def read(folder: Path, document: Document) -> tuple[Surroundings, list[Fault]]:
    """Read what connections.yaml says under `lists` and `hours`, and the files it names there.

    folder: where these files' paths begin, and what they must not leave. What is no map or no text is the form's
    fault, not said here.
    """
    reader = _Reader(folder, document)
    lists = {name: reader.entries(node) for name, node in _below(document, "lists").items()}
    times = {name: reader.hours(node) for name, node in _below(document, "hours").items()}
    known = {name: found for name, found in times.items() if found is not None}
    return Surroundings(lists=lists, hours=known), reader.faults


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

    def lines(self, node: Node) -> Lines:
        """The lines of the file that a node names, without remarks; [] = none, or a fault."""
        file = node.text or ""
        data = self.data(node, file) if file else b""
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = LINE_END.split(error.object[: error.start].decode())
            reason = "this is not UTF-8 text; save the file as UTF-8"
            self.faults.append(Fault(file, len(before), len(before[-1]) + 1, "not-utf-8", reason))
            return []
        stripped = ((number, line.strip()) for number, line in enumerate(LINE_END.split(text), 1))
        lines = [(number, line) for number, line in stripped if line and not line.startswith("#")]
        if len(lines) > MOST_ENTRIES:
            reason = f"a list has at most {MOST_ENTRIES:,} entries"
            self.faults.append(Fault(file, lines[MOST_ENTRIES][0], 1, "list-too-long", reason))
        return lines[:MOST_ENTRIES]

    def data(self, node: Node, file: str) -> bytes:
        """The bytes of a file inside the folder; b"" = a fault."""
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

    def refuse(self, node: Node, code: str, reason: str) -> bytes:
        self.faults.append(self.document.fault(node, code, reason))
        return b""
