"""Whether a mapping fits the connections that it names, and the objects of its CRM. Pure."""

from __future__ import annotations

import re
from collections import abc
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from bridge.mapping.compiled import Mapping
from bridge.mapping.document import Document, Fault, Node, near
from bridge.mapping.sections import below, with_links
from bridge.ports import Crm, Shape

Targets = abc.Mapping[str, type[Crm]]
"""The CRM connections by name, each with the class of its adapter."""


def misfits(
    mapping: Mapping,
    document: Document,
    *,
    name: str,
    sources: Collection[str] | None,
    targets: Targets | None,
) -> list[Fault]:
    """What does not fit: names that no connection bears, another name than the file's, objects and fields.

    name: of the file, without .yaml.
    sources: the connections for channels. None = do not check those, and without targets no object or field.
    """
    root = document.root.entries
    faults = list[Fault]()
    if mapping.name != name:
        reason = f"the file is called {mapping.file!r}: name it alike"
        faults.append(document.fault(root["mapping"], "other-name", reason))
    if sources is not None and mapping.source is not None:
        node = root.get("source") or root["based_on"]  # where it is borrowed
        for one, at in zip(mapping.source, node.items or [node] * len(mapping.source), strict=True):
            faults += _connection(one, at, sources, document)
    if targets is not None:
        faults += _connection(mapping.target, root["target"], targets, document)
        if mapping.target in targets:
            faults += _of_crm(mapping, targets[mapping.target], document)
    return faults


def _connection(name: str, node: Node, known: Collection[str], document: Document) -> Iterator[Fault]:
    if name not in known:
        yield document.fault(
            node,
            "no-such-connection",
            f"there is no connection {name!r} of that kind in connections.yaml",
            allowed=", ".join(sorted(known)),
            suggestion=near(name, sorted(known)),
        )


def fitted(mapping: Mapping, crm: type[Crm]) -> Mapping:
    """The mapping with what only its CRM can say: the key field, the owner fields, where links go."""
    shape = next(shape for shape in crm.objects if shape.object == mapping.object)
    create = dict(mapping.create)
    if shape.text in create:
        create[shape.text] = with_links(create[shape.text])
    return replace(
        mapping,
        key_field=mapping.key_field or crm.key_field,
        create=create,
        owner=shape.owner & {*mapping.create, *mapping.named} if mapping.reassign else frozenset(),
        on_edit=mapping.on_edit if shape.comments or mapping.on_edit == "ignore" else "replace",
    )


def _of_crm(mapping: Mapping, crm: type[Crm], document: Document) -> Iterator[Fault]:
    case = document.root.entries["case"]
    yield from _key_field(case, crm, mapping, document)
    yield from _object(case.entries["object"], crm.objects, mapping, document)
    shape = next((shape for shape in crm.objects if shape.object == mapping.object), None)
    if shape is not None:
        written = {name: node for name, node in below(case, "create").items() if name != crm.key_field}
        yield from _fields(written, shape, document)
        yield from _fields(below(case, "if_closed", "set"), shape, document)
        yield from _named(mapping, case, shape, document)
        yield from _reassigned(mapping, case, shape, document)
        yield from () if shape.comments else _without_comments(case, shape, document)
    contact = document.root.entries.get("contact")
    if contact is not None and crm.person is not None:
        yield from _of_person(contact, crm.person, mapping, document)


def _named(mapping: Mapping, case: Node, shape: Shape, document: Document) -> Iterator[Fault]:
    known = sorted(shape.named)
    for name in mapping.named.keys() - shape.named:
        node = case.entries["create"].entries[name]
        reason = f"{name!r} cannot be filled by a record's name: write its id"
        allowed, close = ", ".join(known), near(name, known)
        yield document.fault(node, "not-by-name", reason, key=True, allowed=allowed, suggestion=close)


def _reassigned(mapping: Mapping, case: Node, shape: Shape, document: Document) -> Iterator[Fault]:
    if mapping.reassign and not shape.owner & {*mapping.create, *mapping.named}:
        node = case.entries["update"].entries["reassign"]
        reason = "no field of create says whose the case is, so there is nothing to reassign it to"
        yield document.fault(node, "no-owner", reason, key=True, allowed=", ".join(sorted(shape.owner)))


#: What needs comments, or a case that can be closed: keys below `case`, and the value that does; None = any.
OF_COMMENTS = (
    (("update", "comment"), None),
    (("if_closed",), None),
    (("on_edit",), "comment"),
    (("on_delete",), "note"),
)


def _without_comments(case: Node, shape: Shape, document: Document) -> Iterator[Fault]:
    for keys, value in OF_COMMENTS:
        node: Node | None = case
        for key in keys:
            node = node.entries.get(key) if node else None
        if node is not None and value in (None, node.text):
            reason = f"a {shape.object} takes no comments and is never reopened: remove this"
            yield document.fault(node, "takes-no-comments", reason, key=True)


def _key_field(case: Node, crm: type[Crm], mapping: Mapping, document: Document) -> Iterator[Fault]:
    needed, written = crm.key_field, mapping.key_field
    if not needed and not written:
        reason = "'key_field' is missing: the field by which the bridge knows its case again"
        yield document.fault(case, "missing-key", reason)
    if needed and written not in ("", needed):
        reason = f"{mapping.target!r} can only keep its key in {needed!r}: write that, or leave key_field out"
        yield document.fault(case.entries["key_field"], "wrong-key-field", reason)
    if needed and not written and needed in case.entries["create"].entries:
        node = case.entries["create"].entries[needed]
        reason = f"{needed!r} is the key field: the bridge fills it"
        yield document.fault(node, "key-field-filled", reason, key=True)


def _of_person(contact: Node, shape: Shape, mapping: Mapping, document: Document) -> Iterator[Fault]:
    yield from _object(contact.entries["object"], [shape], mapping, document)
    matched = replace(shape, fields=shape.matched, custom="") if shape.matched else shape
    for line in contact.entries["match"].items:
        yield from _fields(line.entries, matched, document)
    yield from _fields(below(contact, "none_found", "create"), shape, document)
    yield from _fields(below(contact, "fill_if_empty"), shape, document)


def _object(node: Node, shapes: Sequence[Shape], mapping: Mapping, document: Document) -> Iterator[Fault]:
    name, known = node.text or "", [shape.object for shape in shapes]
    if name not in known:
        reason = f"{mapping.target!r} knows no {name!r} here"
        close = near(name, known)
        yield document.fault(node, "unknown-object", reason, allowed=", ".join(known), suggestion=close)


def _fields(fields: abc.Mapping[str, Node], shape: Shape, document: Document) -> Iterator[Fault]:
    for name, node in fields.items():
        if not shape.fields or name in shape.fields or (shape.custom and re.fullmatch(shape.custom, name)):
            continue
        known = sorted(shape.fields)
        reason = f"{name!r} is no field of {shape.object} that a mapping can use here"
        allowed = ", ".join([*known, shape.custom] if shape.custom else known)
        close = near(name, known)
        yield document.fault(node, "unknown-field", reason, key=True, allowed=allowed, suggestion=close)
