"""Trials as text for people and as JSON for programs. Pure.

What customers wrote stands on one line, without what a terminal would obey.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from bridge.mapping import Mapping as CaseMapping
from bridge.mapping.document import Document, Node, Plain, plain
from bridge.mapping.filters import as_text
from bridge.ports import Filing, Value
from bridge.printing import excerpt, many, one_line
from bridge.trial.attempt import FIRST, Contact, Filed, Name, Trial, Tried
from bridge.trial.masks import Masked

LONGEST = 110  #: characters of a line of a mapping
BELOW = " " * 6  #: before a line of a mapping, which stands below what it has decided
UNITS = (("day", 1440), ("hour", 60), ("minute", 1))

Documents = Mapping[str, tuple[Document, Document | None]]
"""By the name of a mapping: its file, and the one that it is based on."""

_FILING = TypeAdapter(Filing)
OF_SENDING = {"op", "unsure_since", "unsure_last", "same_op", "together", "job"}
"""What a filing gets only when it is sent."""


# --- the lines of a mapping -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lines:
    """What stands in the lines of mapping files."""

    documents: Documents

    def text(self, line: str) -> str:
        """What begins at file:line or file:line:column, on one line; "" = nothing does."""
        for document in self._files():
            if line.startswith(f"{document.file}:"):
                place = line[len(document.file) + 1 :].split(":")
                return excerpt(_beginning(document.root, tuple(int(n) for n in place)), LONGEST)
        return ""

    def at(self, mapping: str, *keys: str) -> str:
        """file:line of a key of a mapping, or of the file that it is based on; "" = neither has it."""
        for document in self.documents[mapping]:
            if document is not None and document.at(keys) is not document.at(keys[:-1]):
                return document.where(document.at(keys))
        return ""

    def match(self, mapping: str, number: int) -> str:
        """file:line of a line of contact.match."""
        document = self.documents[mapping][0]
        return document.where(document.at(("contact", "match", number)))

    def tests(self, mapping: str) -> int:
        """How many examples a mapping has passed: its own, and those that it borrows."""
        own, base = self.documents[mapping]
        borrowed = base if base is not None and "accept" not in own.root.entries else None
        return sum(len(one.at(("tests",)).items) for one in (own, borrowed) if one is not None)

    def _files(self) -> Iterator[Document]:
        return (one for pair in self.documents.values() for one in pair if one is not None)


def _beginning(root: Node, place: tuple[int, ...]) -> str:
    """The largest piece of a file that begins at this line, or line and column."""
    found = [(key, node) for key, node in _pieces("", root) if _place(node)[: len(place)] == place]
    if not found:
        return ""
    key, node = max(found, key=lambda one: one[1].span[1] - one[1].span[0])
    written = _flow(plain(node), bare=not key)
    return f"{key}: {written}" if key else written


def _place(node: Node) -> tuple[int, int]:
    return node.key_at or (node.line, node.column)


def _pieces(key: str, node: Node) -> Iterator[tuple[str, Node]]:
    yield key, node
    for name, one in node.entries.items():
        yield from _pieces(name, one)
    for one in node.items:
        yield from _pieces("", one)


def _flow(value: Plain, *, bare: bool = False) -> str:
    """A value as YAML writes it on one line, without remarks. bare: a map without its braces."""
    if isinstance(value, str):
        quotes = not value or value != one_line(value) or any(c in value for c in "{}[],:#\"'")
        return json.dumps(value, ensure_ascii=False) if quotes else value
    if isinstance(value, list):
        return f"[{', '.join(_flow(one) for one in value)}]"
    inside = ", ".join(f"{key}: {_flow(one)}" for key, one in value.items())
    return inside if bare else f"{{{inside}}}"


# --- as text ----------------------------------------------------------------------------------------------------


def text(trial: Trial, documents: Documents) -> str:
    """What people read of one message: a section for each part of a mapping, then what would be sent."""
    lines = Lines(documents)
    sections = [("message", _message(trial)), ("accept", _accept(trial, lines))]
    if trial.mapping is not None:
        name = trial.mapping.name
        sections += [
            ("decide", [told for one in trial.names for told in _name(one, lines)]),
            ("contact", _contact(trial.contact, trial.mapping, lines) if trial.contact else []),
            ("case", _case(trial.filed, trial.mapping, trial.contact, lines) if trial.filed else []),
            ("protect", [_masked(one) for one in trial.masked]),
            ("tests", [f"{lines.tests(name)} of {name} passed" if lines.tests(name) else f"{name} has none"]),
        ]
    sections += [("failed", [trial.failed] if trial.failed else [])]
    if trial.filed is None:
        sections += [("filing", ["none: nothing would be sent"])]
    else:
        filings = trial.filed.filings.items()
        sections += [(f"{when}, this is sent", _filing(one, trial.filed)) for when, one in filings]
    sections += [("afterwards", list(trial.later))]
    return "\n".join(_section(title, told) for title, told in sections if told)


def aside(says: str) -> str:
    """What is said of a part of a body that is no message."""
    return _section("no message", [says])


def _section(title: str, told: Sequence[str]) -> str:
    return "\n".join([title, *(f"{BELOW if one.startswith(' ') else '  '}{one_line(one)}" for one in told)])


def _message(trial: Trial) -> list[str]:
    one, given = trial.message, trial.given
    who = one.author.name or one.author.handle or one.author.id or "somebody"
    told = [f"{one.kind} by {who} on {one.channel}, through {one.connection}: {given.called}"]
    told.append(f"text: {one.text}" if one.text else "it has no text")
    told += [f"language: {one.language}"] if one.language else []
    told += [f"key: {one.key}"] if one.change == "created" else []
    return [*told, *given.notes]


def _accept(trial: Trial, lines: Lines) -> list[str]:
    if trial.follows:
        return [trial.follows]
    told = [part for one in trial.tried for part in _tried(one, lines)]
    return told if trial.mapping else [*told, "no mapping takes it: it is dropped as no_mapping"]


SAYS: Mapping[str, str] = {
    "takes": "{} takes it",
    "leaves": "{} leaves it to the next, for {}",
    "drops": "{} drops it, for good",
}


def _tried(one: Tried, lines: Lines) -> list[str]:
    return [SAYS[one.outcome].format(one.mapping, one.why), *_line(one.line, lines)]


def _line(line: str, lines: Lines) -> list[str]:
    return [f" {line}  {lines.text(line)}"] if line else []


def _name(one: Name, lines: Lines) -> list[str]:
    return [f"{one.name} = {one.value}" if one.value else f"{one.name} is missing", *_line(one.line, lines)]


def _contact(one: Contact, mapping: CaseMapping, lines: Lines) -> list[str]:
    told: list[str] = []
    for number, values in enumerate(one.lines):
        missing = [field for field, value in values.items() if value is None]
        asked = " and ".join(f"{field} = {value}" for field, value in values.items())
        left = f"this line is left out: what {', '.join(missing)} is compared with is missing"
        told += [
            left if missing else f"{one.object} with {asked}",
            *_line(lines.match(mapping.name, number), lines),
        ]
    if one.match is not None and one.match.create:
        told.append(f"if there is none, one is made: {_fields(one.match.create)}")
    return [*told, _known(one)]


def _known(one: Contact) -> str:
    who = one.person
    if who is None:
        unasked = "nobody is looked up: who wrote is not known, or every line is left out"
        return unasked if one.match is None else "who it is nobody knows here: the CRM is not asked"
    whence = "as you say" if one.said else "as the CRM said lately"
    if who.several:
        return f"{len(who.several)} records match, {whence}: none is linked, and the case says so"
    if not who.id and not who.values:
        return f"there is no such record, {whence}"
    return f"it is {who.id or 'somebody'}, {whence}" + (f": {_fields(who.values)}" if who.values else "")


def _case(one: Filed, mapping: CaseMapping, contact: Contact | None, lines: Lines) -> list[str]:
    target, kind, key = one.case_id.split("/", 2)
    told = [f"{kind} in {target}, key {key}", *_line(mapping.line, lines)]
    if mapping.one_per == "person" and contact and contact.match and contact.person is None:
        told.append("if the CRM knows who wrote, the key is that record's instead, for one_per is person")
    told.append(_standing(one))
    if one.missing:
        told.append(f"left out, because it is missing: {', '.join(one.missing)}")
    for field, name in one.names.items():
        known = f"whose id is {one.ids[field]}" if field in one.ids else "which is looked up before it is sent"
        told.append(f"{field} is filled by the name {name}, {known}")
    told += [f"an attachment is stored in the CRM: {file}" for file in _files(one)]
    return [*told, *_closed(mapping, lines)]


def _files(one: Filed) -> list[str]:
    parts = [part for filing in one.filings.values() for part in filing.parts]
    return list(dict.fromkeys(file.name or file.url or file.kind for part in parts for file in part.files))


def _standing(one: Filed) -> str:
    if one.known is not None:
        there = f"there is a case of this key: {one.known.case_id}"
        if FIRST in one.filings:
            return f"{there}, but its customer was silent for so long that this message opens another"
        return f"{there}, which is {one.known.status or 'open or closed'}; this message is added to it"
    if list(one.filings) == [FIRST]:
        return "this message opens a case"
    return "the first message of this key opens a case, each later one is added to it"


def _closed(mapping: CaseMapping, lines: Lines) -> list[str]:
    """What a message for a closed case does, and what edits and deletions do."""
    reopen, after = mapping.reopen, lines.at(mapping.name, "case", "if_closed")
    within = f"reopened within {_span(reopen.within)} ({_fields(reopen.set)}), then " if reopen.within else ""
    edit, delete = (lines.at(mapping.name, "case", key) for key in ("on_edit", "on_delete"))
    closed = [f"if that case is closed: {within}{reopen.after}", *_line(after, lines)] if after else []
    return [
        *closed,
        f"if it is edited: {mapping.on_edit}", *_line(edit, lines),
        f"if it is deleted: {mapping.on_delete}", *_line(delete, lines),
    ]  # fmt: skip


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    unit, size = next(one for one in UNITS if minutes % one[1] == 0)
    return many(minutes // size, unit)


EYES = {"everywhere": "before it is stored", "our_copies": "in our copy, once the CRM has it"}


def _masked(one: Masked) -> str:
    place = {"raw": "the platform's own message"}.get(one.place, one.place)
    return f"{one.kind}: {one.times} in {place}, masked {EYES[one.where]}"


def _filing(one: Filing, of: Filed) -> list[str]:
    """What stands in a filing: the fields of a case that is opened, or what becomes of one that is there."""
    if not one.known.case_id:
        written = {field: as_text(value) for field, value in one.create.items() if value is not None}
        named = {field: f"the id of {name}" for field, name in of.names.items() if field not in written}
        told = [f"{field} = {value}" for field, value in {**written, **named}.items()]
        told += [f"{one.key_field} = {one.key_at(one.known.episode)}"]
        return told + [_comment(part.text, public=part.public) for part in one.parts if part.key != one.opener]
    told = [_comment(part.text, public=part.public) for part in one.parts if of.comments]
    told += [] if of.comments else [f"no comment: a {one.object} takes none"]
    told += [f"{field} is raised to {up.value}, and never lowered" for field, up in one.raises.items()]
    return told + [f"{field} becomes {as_text(value)}" for field, value in one.assign.items()]


def _comment(words: str, *, public: bool) -> str:
    return f"a {'public comment' if public else 'comment that only agents see'}: {words}"


def _fields(values: Mapping[str, Value]) -> str:
    return ", ".join(f"{field} = {as_text(value)}" for field, value in values.items() if value is not None)


# --- as JSON ----------------------------------------------------------------------------------------------------


def data(trial: Trial, documents: Documents) -> dict[str, Any]:
    """The same for programs, made of what JSON knows; control characters are escaped when it is written."""
    lines, one, filings = Lines(documents), trial.message, trial.filed.filings if trial.filed else {}
    found: dict[str, Any] = {
        "message": {"from": trial.given.called, "key": one.key, "kind": one.kind, "text": one.text},
        "notes": list(trial.given.notes),
        "accept": [_with_line({"mapping": t.mapping, "outcome": t.outcome, "why": t.why}, t.line, lines)
                   for t in trial.tried],
        "decide": [_with_line({"name": n.name, "value": n.value}, n.line, lines) for n in trial.names],
        "contact": _contact_data(trial.contact),
        "case": _case_data(trial.filed),
        "protect": [{"kind": m.kind, "where": m.where, "in": m.place, "times": m.times} for m in trial.masked],
        "tests": lines.tests(trial.mapping.name) if trial.mapping else 0,
        "filings": {when: _FILING.dump_python(f, mode="json", exclude=OF_SENDING) for when, f in filings.items()},
        "afterwards": list(trial.later),
    }  # fmt: skip
    extra = {"follows": trial.follows, "failed": trial.failed}
    return {**found, **{key: told for key, told in extra.items() if told}}


def _with_line(told: dict[str, str], line: str, lines: Lines) -> dict[str, str]:
    return {**told, "line": line, "says": lines.text(line)}


def _contact_data(one: Contact | None) -> dict[str, Any] | None:
    if one is None:
        return None
    person = one.person and {"id": one.person.id, "values": dict(one.person.values)}
    return {"object": one.object, "match": [dict(rule) for rule in one.lines], "person": person}


def _case_data(one: Filed | None) -> dict[str, Any] | None:
    if one is None:
        return None
    target, _, key = one.case_id.split("/", 2)
    return {
        "target": target,
        "key": key,
        "known": one.known.case_id if one.known else "",
        "left_out": list(one.missing),
        "names": dict(one.names),
    }
