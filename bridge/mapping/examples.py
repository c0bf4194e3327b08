"""The examples under `tests:` of a mapping file: each is run whenever the file is loaded. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, get_args

from bridge.errors import ConfigError
from bridge.mapping.compiled import Mapping
from bridge.mapping.document import Document, Fault, Node, near
from bridge.mapping.filters import NUMBER, as_text
from bridge.mapping.judging import judge
from bridge.mapping.paths import ABOUT, CASE_TIMES, INBOX, PATHS, Facts
from bridge.mapping.placeholders import Check
from bridge.message import Account, Attachment, Change, Kind, Message, Person
from bridge.ports import PersonFound

OF_THE_CASE = re.compile(r"case\.|comment$")  #: what the case section gives
FACTS = (*INBOX, *(f"case.{name}" for name in CASE_TIMES))
PRIVATE = ("direct", "postback", "story_reply", "story_mention")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def failures(mapping: Mapping, document: Document, base: Document | None = None) -> list[Fault]:
    """Run the examples of a file. [] = all came out as expected; else a fault for each thing that did not.

    base: the file that it is based on, whose examples prove that both decide alike. What they expect of the case
    is left out, since each has a case of its own; and they are not run over another `accept`.
    """
    check = Check(document)
    for example in _examples(document):
        _run(mapping, example, example.entries["expect"].entries, check)
    if base is None or "accept" in document.root.entries:
        return check.faults
    borrowed = Check(base)
    for example in _examples(base):
        expected = {k: n for k, n in example.entries["expect"].entries.items() if not OF_THE_CASE.match(k)}
        _run(mapping, example, expected, borrowed)
    return check.faults + borrowed.faults


def _examples(document: Document) -> tuple[Node, ...]:
    return document.root.entries["tests"].items if "tests" in document.root.entries else ()


def _run(mapping: Mapping, example: Node, expected: Dict[str, Node], check: Check) -> None:
    before = len(check.faults)
    given = _Given(check, mapping)
    for key, node in (example.entries["message"].entries if "message" in example.entries else {}).items():
        given.take(key, node)
    if len(check.faults) > before:
        return
    try:
        outcome = given.outcome()
    except ValueError as error:  # a message without id, for one
        check.refuse(example.entries["message"], "half-message", str(error), key=True)
        return
    for key, node in expected.items():
        _compare(key, node, outcome, example.entries["name"].text or "", check)


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A message in the words of an example, who wrote it in the CRM, and what is known besides."""

    message: Message
    person: PersonFound
    facts: Facts


def described(document: Document, mapping: Mapping, connection: str = "") -> Described:
    """Read a file that holds what stands under `message` of an example; what it leaves out is as there.

    mapping: whose source and kinds say what is left out. connection: through which it came, "" = that says it too.
    Raises ConfigError with every fault.
    """
    check = Check(document)
    given = _Given(check, mapping, {"connection": connection} if connection else {})
    if not document.root.entries:
        check.refuse(document.root, "half-message", "a message is a map: {kind: comment, text: Hello}")
    for key, node in document.root.entries.items():
        given.take(key, node)
    if not check.faults:
        try:
            return Described(message=given.built(), person=given.known_person(), facts=Facts(**given.known))
        except ValueError as error:  # a message without id, for one
            check.refuse(document.root, "half-message", str(error))
    raise ConfigError(check.faults)


@dataclass(frozen=True, slots=True)
class _Outcome:
    values: Dict[str, str]  #: expect key -> what came out
    lines: Dict[str, str]  #: expect key -> file:line that decided it
    dropped: str = ""  #: file:line, or why no mapping took it


def _compare(key: str, node: Node, outcome: _Outcome, name: str, check: Check) -> None:
    if key == "dropped" and node.text not in ("true", "false"):
        check.refuse(node, "not-true-or-false", "'dropped' is true or false")
    elif outcome.dropped and key != "dropped":
        reason = f"test {name!r}: {key} is expected, but the message is {outcome.dropped}"
        check.refuse(node, "test-dropped", reason)
    elif key not in outcome.values:
        known, reason = list(outcome.values), f"nothing gives {key!r}"
        close = near(key, known)
        check.refuse(node, "never-given", reason, key=True, allowed=", ".join(known), suggestion=close)
    elif outcome.values[key] != node.text:
        why = outcome.dropped or (f"decided by {outcome.lines[key]}" if key in outcome.lines else "")
        told = f"test {name!r}: expected {key} {node.text!r}, got {outcome.values[key]!r}"
        check.refuse(node, "test-failed", f"{told}, {why}" if why else told)


@dataclass(slots=True)
class _Given:
    """The message of an example as it is put together from its dotted keys."""

    check: Check
    mapping: Mapping
    message: dict[str, Any] = field(default_factory=dict)
    author: dict[str, Any] = field(default_factory=dict)
    account: dict[str, str] = field(default_factory=dict)
    person: dict[str, str | int | float] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)

    def take(self, key: str, node: Node) -> None:
        """Note one line of the message; a line that cannot be goes to the faults."""
        prefix, _, rest = key.partition(".")
        if key in FACTS:
            self.known[rest or key] = self.value(key, node)
        elif key in PATHS:
            value = self.value(key, node)
            {"author": self.author, "account": self.account}.get(prefix, self.message)[rest or key] = value
        elif prefix == "account" and ABOUT.fullmatch(rest):
            self.account[rest] = self.text(node)
        elif prefix == "person" and rest:
            self.person[rest] = self.fetched(node)
        elif key == "raw":
            self.message[key] = self.text(node).encode()
        else:
            known = [*PATHS, *FACTS, "raw", "person.id"]
            close = near(key, known)
            allowed = "" if close else ", ".join(known)
            reason = f"a message has no {key!r}"
            self.check.refuse(node, "unknown-property", reason, key=True, allowed=allowed, suggestion=close)

    def value(self, key: str, node: Node) -> object:
        """The node's text as what the message holds there."""
        kind = PATHS[key].type if key in PATHS else "time"
        if kind == "attachments":
            return self.attachments(node)
        text = self.text(node)
        try:
            if kind == "number":
                return int(text)
            if kind == "truth":
                return {"true": True, "false": False}[text]
            if kind == "time":
                when = datetime.fromisoformat(text)
                return when if when.tzinfo else when.replace(tzinfo=UTC)
        except (ValueError, KeyError):
            code, written = WRITTEN[kind]
            self.check.refuse(node, code, f"{key!r} cannot be {text!r}: write {written}")
        closed: tuple[str, ...] = {"kind": get_args(Kind), "change": get_args(Change)}.get(key, ())
        if closed and text not in closed:
            known = ", ".join(closed)
            close = near(text, closed)
            self.check.refuse(node, "unknown-kind", f"unknown {key} {text!r}", allowed=known, suggestion=close)
        return text

    def fetched(self, node: Node) -> str | int | float:
        """A value of the customer's record: a number, unless it is written in quotes."""
        text = self.text(node)
        quoted = self.check.document.source[node.span[0]] in "\"'|>" if text else True
        return text if quoted or not NUMBER.fullmatch(text) else float(text) if "." in text else int(text)

    def text(self, node: Node) -> str:
        if node.text is None:
            self.check.refuse(node, "not-a-text", "one text is expected here, not a list or a map")
        return node.text or ""

    def attachments(self, node: Node) -> tuple[Attachment, ...]:
        found = []
        for item in node.items:
            parts = {key: value.text or "" for key, value in item.entries.items()}
            if "kind" not in parts or not parts.keys() <= {"kind", "url", "name"}:
                self.check.refuse(
                    item, "not-an-attachment", "an attachment is {kind: image, url: https://…, name: …}"
                )
            else:
                found.append(Attachment(**parts))
        if not node.items:
            reason = "a list of attachments is expected here: [{kind: image, url: https://…}]"
            self.check.refuse(node, "not-a-list", reason)
        return tuple(found)

    def outcome(self) -> _Outcome:
        """What the mapping makes of the message."""
        message, facts = self.built(), Facts(**self.known)
        person = self.known_person()
        found = judge(self.mapping, message, person, facts)
        if not found.taken:
            left = f"not taken: {found.why_not} ({found.why_line})"
            dropped = f"dropped by {found.dropped}" if found.dropped else left
            return _Outcome({"dropped": "true" if found.dropped else "false"}, {}, dropped)
        fields = {**found.fields, **found.names}
        values = {
            **found.values,
            **{f"case.{name}": as_text(value) for name, value in fields.items()},
            "comment": found.comment.text,
            "dropped": "false",
        }
        return _Outcome(values, found.lines)

    def known_person(self) -> PersonFound:
        """Who wrote it in the CRM."""
        values = {name: value for name, value in self.person.items() if name != "id"}
        return PersonFound(id=str(self.person.get("id", "")), values=values)

    def built(self) -> Message:
        """The message; what the example leaves out is one customer's comment at noon."""
        kinds = self.mapping.kinds or ("comment",)
        given = {
            "channel": "facebook",
            "connection": (self.mapping.source or ("example",))[0],
            "id": "message-1",
            "kind": kinds[0],
            "thread": "thread-1",
            "sent_at": NOON,
            "received_at": NOON,
            **self.message,
        }
        account = {"id": "account-1", **self.account}
        author = {"id": "author-1", **self.author}
        return Message(
            account=Account(id=account.pop("id"), about=account),
            author=Person(**author),
            public=given.pop("public", given["kind"] not in PRIVATE),
            **given,
        )


WRITTEN = {
    "number": ("not-a-whole-number", "a whole number"),
    "truth": ("not-true-or-false", "true or false"),
    "time": ("not-a-time", "a time such as 2026-11-23T10:00:00Z"),
}
"""Type -> the code of what is none, and what to write."""
