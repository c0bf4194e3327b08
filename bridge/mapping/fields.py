"""The fields of a record, as a mapping fills them: text, a translation, or another record's name. Pure."""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass

from bridge.mapping.document import Document, Node
from bridge.mapping.paths import Found, Names, Scope
from bridge.mapping.placeholders import EMPTY, Check, Template, template
from bridge.ports import Value

TOO_EARLY = Names(no_person="person-too-early")
"""The words that can be read before anything is decided and anybody looked up."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What goes into a record. named: field -> the name of another record, whose id goes in."""

    values: abc.Mapping[str, Template]
    named: abc.Mapping[str, Template]


def fields(entries: abc.Mapping[str, Node], names: Names, check: Check) -> Fields:
    """Compile the fields of a record. Faults go to `check`."""
    named = {name: node.entries["named"] for name, node in entries.items() if "named" in node.entries}
    return Fields(
        values={name: _field(node, names, check) for name, node in entries.items() if name not in named},
        named={name: template(node, names, check) for name, node in named.items()},
    )


def unnamed(entries: abc.Mapping[str, Node], names: Names, check: Check) -> abc.Mapping[str, Template]:
    """Compile the fields of a customer's record, where nothing is looked up by its name."""
    found = fields(entries, names, check)
    for name in found.named:
        reason = f"{name!r} cannot be filled by a record's name here: write its id"
        check.refuse(entries[name], "named-not-here", reason)
    return found.values


def fixed(node: Node, check: Check) -> Value:
    """Compile a value without placeholders."""
    found = template(node, TOO_EARLY, check)
    if found.constant is None:
        check.refuse(node, "not-fixed", "a fixed value is expected here, without placeholders")
    truth = truth_of(node, check.document)
    return found.constant if truth is None else truth


def _field(node: Node, names: Names, check: Check) -> Template:
    if node.entries:
        return _translated(node, names, check)
    truth = truth_of(node, check.document)
    return template(node, names, check) if truth is None else Template((lambda _: truth,))


def truth_of(node: Node, document: Document) -> bool | None:
    """true or false without quotes, for a check box; None = text. CRMs refuse "true" where they want true."""
    quoted = document.source[node.span[0]] in "\"'|>" if node.text else True
    return {"true": True, "false": False}.get(node.text or "") if not quoted else None


# --- translations ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Translation:
    """A table of values. row: which of its keys a message leads to, None = none of them."""

    row: abc.Callable[[Scope], str | None]
    results: abc.Mapping[str, Node]  #: key -> what it becomes
    otherwise: Node | None
    uses: frozenset[str]  #: the message's properties that the choice shows


def translation(node: Node, names: Names, check: Check) -> Translation:
    """Compile {from: …, translate: {…}, otherwise: …}. A language is also known by its beginning: de for de-AT."""
    entries = node.entries
    source = template(entries["from"], names, check) if "from" in entries else EMPTY
    if source.constant is not None and "from" in entries:
        reason = 'this is the same for every message: write a placeholder, "{language}"'
        check.refuse(entries["from"], "nothing-to-translate", reason)
    table = entries["translate"].entries if "translate" in entries else {}
    rows: dict[str, str] = {}
    by_language = source.uses == {"language"} and len(source.pieces) == 1
    for key, result in table.items():
        known = _plain(key.strip(), by_language=by_language)
        if known in rows:
            reason = f"{key!r} is translated above already: case makes no difference"
            check.refuse(result, "translated-twice", reason, key=True)
        rows.setdefault(known, key)
    longest = max(map(len, rows), default=0)

    def row(scope: Scope) -> str | None:
        text = source.text(scope).strip()[: longest + 1]  # what is longer still stands in no row, but takes time
        value = _plain(text, by_language=by_language)
        while by_language and value not in rows and "-" in value:
            value = value.rpartition("-")[0]
        return rows.get(value)

    return Translation(row, table, entries.get("otherwise"), source.uses)


def _plain(value: str, *, by_language: bool) -> str:
    plain = value.casefold()
    return plain.replace("_", "-") if by_language else plain


def _translated(node: Node, names: Names, check: Check) -> Template:
    found = translation(node, names, check)
    results = {key: _field(result, names, check) for key, result in found.results.items()}
    otherwise = _field(found.otherwise, names, check) if found.otherwise else None

    def read(scope: Scope) -> Found:
        key = found.row(scope)
        result = otherwise if key is None else results[key]
        value = result.value(scope) if result else None
        return None if value == "" else value

    shown = frozenset[str]().union(*(t.uses for t in (*results.values(), *([otherwise] if otherwise else []))))
    return Template((read,), found.uses | shown)
