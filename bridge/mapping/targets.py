"""Whether a mapping fits the connections that it names, and the objects of its CRM. Pure."""

from __future__ import annotations

import re
from collections import abc
from collections.abc import Collection, Iterator
from dataclasses import replace

from bridge.mapping.compiled import Mapping
from bridge.mapping.document import Document, Fault, Node, near
from bridge.ports import Crm, Shape

Targets = abc.Mapping[str, type[Crm]]
"""The CRM connections by name, each with the class of its adapter."""


def misfits(
    mapping: Mapping, document: Document, *, sources: Collection[str] | None, targets: Targets | None
) -> list[Fault]:
    """What does not fit: names that no connection bears, another name than the file's, objects and fields.

    sources: the connections for channels. None = do not check those, and without targets no object or field.
    """
    root = document.root.entries
    faults = list[Fault]()
    if f"{mapping.name}.yaml" != mapping.file:
        faults.append(document.fault(root["mapping"], f"the file is called {mapping.file!r}: name it alike"))
    if sources is not None and mapping.source is not None:
        node = root.get("source") or root["based_on"]  # where it is borrowed
        for name, at in zip(mapping.source, node.items or [node] * len(mapping.source), strict=True):
            faults += _connection(name, at, sources, document)
    if targets is not None:
        faults += _connection(mapping.target, root["target"], targets, document)
        if mapping.target in targets:
            faults += _of_crm(mapping, targets[mapping.target], document)
    return faults


def _connection(name: str, node: Node, known: Collection[str], document: Document) -> Iterator[Fault]:
    if name not in known:
        yield document.fault(
            node,
            f"there is no connection {name!r} of that kind in connections.yaml",
            allowed=", ".join(sorted(known)),
            suggestion=near(name, sorted(known)),
        )


def _of_crm(mapping: Mapping, crm: type[Crm], document: Document) -> Iterator[Fault]:
    case = document.root.entries["case"]
    yield from _object(case.entries["object"], crm.case, mapping, document)
    yield from _key_field(case, crm, mapping, document)
    yield from _fields(_below(case, "create", besides=crm.key_field), crm.case, document)
    yield from _fields(_below(case, "if_closed", "set"), crm.case, document)
    contact = document.root.entries.get("contact")
    if contact is not None:
        yield from _of_person(contact, crm, mapping, document)


def _key_field(case: Node, crm: type[Crm], mapping: Mapping, document: Document) -> Iterator[Fault]:
    needed, written = crm.key_field, mapping.key_field
    if not needed and not written:
        yield document.fault(case, "'key_field' is missing: the field by which the bridge knows its case again")
    if needed and written not in ("", needed):
        reason = f"{mapping.target!r} can only keep its key in {needed!r}: write that, or leave key_field out"
        yield document.fault(case.entries["key_field"], reason)
    if needed and not written and needed in case.entries["create"].entries:
        node = case.entries["create"].entries[needed]
        yield document.fault(node, f"{needed!r} is the key field: the bridge fills it", key=True)


def _of_person(contact: Node, crm: type[Crm], mapping: Mapping, document: Document) -> Iterator[Fault]:
    created = _below(contact, "none_found", "create")
    if created and not crm.makes_persons:
        node = contact.entries["none_found"].entries["create"]
        yield document.fault(node, "'create' is not yet supported for this CRM", key=True)
    if crm.person is None:
        return
    yield from _object(contact.entries["object"], crm.person, mapping, document)
    matched = replace(crm.person, fields=crm.person.matched, custom="") if crm.person.matched else crm.person
    for line in contact.entries["match"].items:
        yield from _fields(line.entries, matched, document)
    yield from _fields(created, crm.person, document)


def _object(node: Node, shape: Shape, mapping: Mapping, document: Document) -> Iterator[Fault]:
    name = node.text or ""
    if name != shape.object:
        reason = f"{mapping.target!r} knows no {name!r} here"
        yield document.fault(node, reason, allowed=shape.object, suggestion=near(name, [shape.object]))


def _fields(fields: abc.Mapping[str, Node], shape: Shape, document: Document) -> Iterator[Fault]:
    for name, node in fields.items():
        if not shape.fields or name in shape.fields or (shape.custom and re.fullmatch(shape.custom, name)):
            continue
        known = sorted(shape.fields)
        reason = f"{name!r} is no field of {shape.object} that a mapping can use here"
        allowed = ", ".join([*known, shape.custom] if shape.custom else known)
        yield document.fault(node, reason, key=True, allowed=allowed, suggestion=near(name, known))


def _below(node: Node, *keys: str, besides: str = "") -> abc.Mapping[str, Node]:
    """The map under a path of keys, without one key that is told of elsewhere; {} = there is none."""
    for key in keys:
        if key not in node.entries:
            return {}
        node = node.entries[key]
    return {name: value for name, value in node.entries.items() if name != besides}
