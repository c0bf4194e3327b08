"""Whether a mapping fits what its CRM said of itself: objects, fields, rights, values, names. Pure."""

from __future__ import annotations

from collections import abc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from bridge.mapping.compiled import Mapping
from bridge.mapping.described import Described
from bridge.mapping.document import Document, Fault, Node, near
from bridge.mapping.given import Given, Words, words
from bridge.mapping.sections import below
from bridge.mapping.suiting import Unsuited, called, listed, unsuited
from bridge.ports import LONGEST_KEY, FieldFacts, Named, ObjectFacts, RecordType

Right = Literal["create", "change", "look up"]
NEAREST = 10  #: of the fields with names that say nothing, in a message

PERMIT = "the user that Casebridge logs in as may not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A mapping as its files say it: compiled, its own tree, and the tree of the file that it is based on."""

    mapping: Mapping
    document: Document
    base: Document | None = None

    @property
    def case(self) -> Node:
        """Its section `case`."""
        return self.document.root.entries["case"]

    @property
    def contact(self) -> Node | None:
        """Its section `contact`."""
        return self.document.root.entries.get("contact")

    @property
    def words(self) -> Words:
        """Its decided names."""
        return words(self.document, self.base)


def objects(written: Written) -> list[str]:
    """The objects of the CRM that a mapping names."""
    contact = written.mapping.contact
    return [written.mapping.object, *([contact.object] if contact else [])]


def named(written: Written) -> list[Named]:
    """The records that a mapping calls by names that are known, each once."""
    return list(dict.fromkeys(name for name, _ in _named(written)))


def _named(written: Written) -> Iterator[tuple[Named, Given]]:
    for field, node in below(written.case, "create").items():
        if "named" in node.entries:
            for given in written.words.given(node.entries["named"], written.document):
                if given.value:
                    yield Named(object=written.mapping.object, field=field, name=str(given.value)), given


def unfitting(written: Written, told: Described) -> list[Fault]:
    """Say what does not fit, in the order of the file; warnings are among it."""
    found = [*_of_case(written, told), *_of_contact(written, told)]
    return sorted(dict.fromkeys(found), key=lambda fault: (fault.file, fault.line, fault.column, fault.reason))


# --- the case -----------------------------------------------------------------------------------------------


def _of_case(written: Written, told: Described) -> Iterator[Fault]:
    node, mapping = written.case, written.mapping
    where = _Section(written, told, mapping.object, node.entries["object"])
    yield from where.faults(creates=True)
    if where.facts is None:
        return
    where = replace(where, type=_type(mapping, where.facts))
    create = {name: given for name, given in below(node, "create").items() if name != mapping.key_field}
    yield from where.fields(create, "create")
    yield from where.required([*create, mapping.key_field], node.entries["create"])
    yield from where.fields(below(node, "if_closed", "set"), "change")
    yield from where.fields(below(node, "update", "raise_only"), "change")
    yield from _key(where, node)
    yield from _reassigned(where, node)
    yield from _records(where)


def _type(mapping: Mapping, facts: ObjectFacts) -> RecordType | None:
    """The record type that every new case gets; None = nobody can tell which it is."""
    fixed = {**mapping.create, **mapping.named}
    names = {found.constant for field, found in fixed.items() if field.casefold() == facts.type_field.casefold()}
    wanted = {name.casefold() for name in names if name}
    types = facts.record_types
    return next(
        (one for one in types if wanted & {n.casefold() for n in (one.id, one.name, one.developer_name)}), None
    )


KEY_NEEDS: abc.Mapping[str, str] = {
    "external_id": "External ID",
    "unique": "Unique",
    "case_sensitive": "case-sensitive",
    "filterable": "searchable",
}
"""What must hold of the key field -> what that is called in the CRM's setup."""


def _key(where: _Section, case: Node) -> Iterator[Fault]:
    name = where.written.mapping.key_field
    node = case.entries.get("key_field")
    if not name or node is None:
        return
    field = where.field(name)
    if isinstance(field, str):
        yield where.no_field(node, name, field)
        return
    if not field.createable:
        yield where.fault(node, "no-right", f"{PERMIT} create {where.name}.{field.name}")
    if missing := [word for told, word in KEY_NEEDS.items() if not getattr(field, told)]:
        reason = f"{where.name}.{field.name} is not {', '.join(missing)}: one conversation could get two cases"
        yield where.fault(node, "not-a-key", reason)
    if 0 < field.length < LONGEST_KEY:
        reason = f"{where.name}.{field.name} holds {field.length} characters, and a key may have {LONGEST_KEY}"
        yield where.fault(node, "not-a-key", reason)


def _reassigned(where: _Section, case: Node) -> Iterator[Fault]:
    if where.written.mapping.reassign:
        node = below(case, "update")["reassign"]
        for name in sorted(where.written.mapping.owner):
            field = where.field(name)
            if isinstance(field, FieldFacts) and not field.updateable:
                yield where.fault(node, "no-right", f"{PERMIT} change {where.name}.{field.name}", key=True)


def _records(where: _Section) -> Iterator[Fault]:
    for name, given in _named(where.written):
        record = where.told.record(name)
        if record is None:
            reason = f"nobody asked for {name.name!r} when the schema was saved: save it anew"
            yield _at(given, "not-asked", reason)
        elif not record.id:
            field = where.field(name.field)
            known = field.labels if isinstance(field, FieldFacts) else ()
            close = near(name.name, [one for one in known if one.casefold() != name.name.casefold()])
            yield _at(given, "no-such-record", record.why, allowed=listed(known), suggestion=close)
        elif where.typed_by(name.field) and not where.usable(record.id):
            can = [one.name for one in where.facts.record_types] if where.facts else []
            reason = f"{PERMIT} use the record type {name.name!r}"
            yield _at(given, "no-such-record", reason, allowed=listed(can))


# --- the customer -------------------------------------------------------------------------------------------


def _of_contact(written: Written, told: Described) -> Iterator[Fault]:
    node, contact = written.contact, written.mapping.contact
    if node is None or contact is None:
        return
    where = _Section(written, told, contact.object, node.entries["object"])
    yield from where.faults(creates=bool(contact.create))
    if where.facts is None:
        return
    for line in node.entries["match"].items:
        yield from where.fields(line.entries, "look up")
    for item in node.entries["fetch"].items if "fetch" in node.entries else ():
        field = where.field(item.text or "")
        if isinstance(field, str):
            yield where.no_field(item, item.text or "", field)
    yield from where.fields(below(node, "fill_if_empty"), "change")
    create = below(node, "none_found", "create")
    yield from where.fields(create, "create")
    if create:
        made = node.entries["none_found"].entries["create"]
        yield from where.required(create, made)
        yield from _single(where, node, made)


def _single(where: _Section, contact: Node, made: Node) -> Iterator[Fault]:
    """A new record is made only where a unique field that finds it again keeps it single."""
    lines = [line.entries for line in contact.entries["match"].items if line.entries.keys() <= made.entries.keys()]
    fields = [where.field(name) for line in lines for name in line]
    if not any(isinstance(field, FieldFacts) and field.unique for field in fields):
        names = ", ".join(dict.fromkeys(name for line in lines for name in line))
        reason = f"a new {where.name} could be made twice: {names} is not unique there; make it Unique"
        yield where.fault(made, "not-unique", reason, key=True)


# --- both ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of a mapping beside what the CRM said of its object. type: the record's, if known."""

    written: Written
    told: Described
    object: str
    node: Node
    type: RecordType | None = None

    @property
    def facts(self) -> ObjectFacts | None:
        return self.told.objects.get(self.object.casefold())

    @property
    def name(self) -> str:
        """The object's, as the CRM spells it."""
        return self.facts.name if self.facts else self.object

    def faults(self, *, creates: bool) -> Iterator[Fault]:
        """What is wrong with the object itself."""
        if self.object.casefold() not in self.told.objects:
            reason = f"nobody asked for {self.object} when the schema was saved: save it anew"
            yield self.fault(self.node, "not-asked", reason)
        elif self.facts is None:
            reason = f"the CRM has no {self.object}, or {PERMIT} see it"
            yield self.fault(self.node, "no-such-object", reason)
        elif creates and not self.facts.createable:
            yield self.fault(self.node, "no-right", f"{PERMIT} create a {self.name}")

    def field(self, name: str) -> FieldFacts | str:
        """What is known of a field, or why nothing is."""
        found = self.facts.fields.get(name.casefold()) if self.facts else None
        if found and not found.active:
            return f"{self.called(found)} is switched off, so nothing that is written there is kept"
        return found or f"{self.name} has no field {name}, or {PERMIT} see it"

    def called(self, field: FieldFacts) -> str:
        """A field as the CRM spells it, and as people know it."""
        return called(f"{self.name}.{field.name}", field.label)

    def typed_by(self, field: str) -> bool:
        """Whether it is this field that says which record type a record is of."""
        return self.facts is not None and field.casefold() == self.facts.type_field.casefold()

    def no_field(self, node: Node, name: str, reason: str, *, key: bool = False) -> Fault:
        """That a field cannot be used, with those that may be meant: where names say nothing, what they are."""
        fields = [field for field in self.facts.fields.values() if field.active] if self.facts else []
        kin = {field.name: field.label for field in fields if field.label and _kind(field.name) == _kind(name)}
        if kin:
            close = sorted(kin, key=lambda one: -SequenceMatcher(None, name, one).ratio())[:NEAREST]
            allowed, suggestion = listed([called(one, kin[one]) for one in close]), ""
        else:
            allowed, suggestion = "", near(name, [field.name for field in fields])
        return self.fault(node, "no-such-field", reason, key=key, allowed=allowed, suggestion=suggestion)

    def usable(self, record_type: str) -> bool:
        """Whether our user may use a record type; ids are written with 15 or 18 characters."""
        return any(one.id[:15] == record_type[:15] for one in self.facts.record_types) if self.facts else False

    def fields(self, entries: abc.Mapping[str, Node], right: Right) -> Iterator[Fault]:
        """What is wrong with fields and their values."""
        for name, node in entries.items():
            field = self.field(name)
            if isinstance(field, str):
                yield self.no_field(node, name, field, key=True)
                continue
            if lack := self._lack(field, right):
                yield self.fault(node, "no-right", lack, key=True)
            if right == "create" and self.type and self.type.fields and field.name not in self.type.fields:
                reason = f"agents do not see {self.called(field)} in a {self.name} of {self.type.name!r}"
                yield replace(self.fault(node, "not-shown", reason, key=True), level="warning")
            if "named" not in node.entries:
                yield from self._values(node, field, right)

    def _lack(self, field: FieldFacts, right: Right) -> str:
        """Why a field cannot be used in this way; "" = it can."""
        if right == "look up":
            return "" if field.filterable else f"no {self.name} can be looked up by {field.name}"
        may = field.createable if right == "create" else field.updateable
        return "" if may else f"{PERMIT} {right} {self.name}.{field.name}"

    def _values(self, node: Node, field: FieldFacts, right: Right) -> Iterator[Fault]:
        nodes = node.items or (node,)  # an order of raise_only is a list
        of_type = self.type.picklists if self.type else {}
        choices = {name.casefold(): values for name, values in of_type.items()}.get(field.name.casefold())
        cut = self.written.mapping.too_long == "shorten" and right != "look up"
        for given in (one for each in nodes for one in self.written.words.given(each, self.written.document)):
            if lack := unsuited(given.value, field, choices, name=self.called(field), cut=cut):
                yield _unsuited(given, lack)

    def required(self, given: Iterable[str], create: Node) -> Iterator[Fault]:
        """Fields without which the CRM takes no new record."""
        filled = {name.casefold() for name in given}
        lacking = [
            f.name
            for name, f in (self.facts.fields.items() if self.facts else ())
            if f.required and name not in filled
        ]
        if lacking:
            reason = f"a new {self.name} needs {', '.join(sorted(lacking))} too"
            yield self.fault(create, "required-field", reason, key=True)

    def fault(
        self, node: Node, code: str, reason: str, *, key: bool = False, allowed: str = "", suggestion: str = ""
    ) -> Fault:
        """A fault in the mapping's own file."""
        document = self.written.document
        return document.fault(node, code, reason, key=key, allowed=allowed, suggestion=suggestion)


def _kind(name: str) -> str:
    """A name without its last part, in which it differs from others like it: custom_field of custom_field_9."""
    return name.casefold().rpartition("_")[0]


def _at(given: Given, code: str, reason: str, *, allowed: str = "", suggestion: str = "") -> Fault:
    return given.document.fault(given.node, code, reason, allowed=allowed, suggestion=suggestion)


def _unsuited(given: Given, lack: Unsuited) -> Fault:
    fault = given.document.fault(
        given.node, lack.code, lack.reason, allowed=lack.allowed, suggestion=lack.suggestion
    )
    return replace(fault, level="warning") if lack.warning else fault
