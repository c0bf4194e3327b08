"""What a metadata file may hold, by the Metadata API's own WSDL (v63.0), which simple-salesforce ships.

The Salesforce CLI converts elements that do not exist, impossible values and even files without an end tag.
https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_types_list.htm
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import simple_salesforce

XS = "{http://www.w3.org/2001/XMLSchema}"
METADATA = "{http://soap.sforce.com/2006/04/metadata}"

SIMPLE: Mapping[str, Callable[[str], object]] = {
    "xsd:boolean": {"true": True, "false": False}.__getitem__,
    "xsd:double": float,
    "xsd:int": int,
}
FREE = "xsd:base64Binary"  #: in source format XML of its own: a component's targetConfigs


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """What the WSDL says of one element."""

    kind: str
    required: bool
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wsdl:
    """Types with their elements, and the values of enumerations."""

    types: Mapping[str, Mapping[str, Element]]
    choices: Mapping[str, frozenset[str]]


def load() -> Wsdl:
    """Read the WSDL."""
    root = ET.parse(Path(simple_salesforce.__file__).with_name("metadata.wsdl")).getroot()
    own: dict[str, dict[str, Element]] = {}
    parents: dict[str, str] = {}
    for one in root.iter(f"{XS}complexType"):
        name = one.get("name", "")
        own[name] = {element.get("name", ""): _element(element) for element in one.iter(f"{XS}element")}
        for extension in one.iter(f"{XS}extension"):
            parents[name] = extension.get("base", "").removeprefix("tns:")
    choices = {
        one.get("name", ""): frozenset(value.get("value", "") for value in one.iter(f"{XS}enumeration"))
        for one in root.iter(f"{XS}simpleType")
    }
    return Wsdl(types={name: _with_parents(name, own, parents) for name in own}, choices=choices)


def faults(wsdl: Wsdl, text: str) -> list[str]:
    """Check one file: a line for each fault, [] = Salesforce knows every element and value in it.

    The order of elements is not checked: the Metadata API takes any.
    """
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        return [f"not well-formed: {error}"]
    kind = root.tag.removeprefix(METADATA)
    if kind not in wsdl.types:
        return [f"there is no metadata type {kind}"]
    return list(_faults(wsdl, root, kind, kind))


def _faults(wsdl: Wsdl, node: ET.Element, kind: str, path: str) -> Iterator[str]:
    elements = wsdl.types[kind]
    given = Counter(child.tag.removeprefix(METADATA) for child in node)
    for name, times in given.items():
        if name not in elements:
            yield f"{path}/{name}: {kind} has no such element"
        elif times > 1 and not elements[name].repeated:
            yield f"{path}/{name}: given {times} times"
    for name, element in elements.items():
        # The name of a whole file is the file's own.
        if element.required and not given[name] and name != "fullName":
            yield f"{path}/{name}: missing"
    for child in node:
        name = child.tag.removeprefix(METADATA)
        if name in elements:
            yield from _value(wsdl, child, elements[name].kind, f"{path}/{name}")


def _value(wsdl: Wsdl, node: ET.Element, kind: str, path: str) -> Iterator[str]:
    local, text = kind.removeprefix("tns:"), (node.text or "").strip()
    if kind == FREE:
        return
    if local in wsdl.types:
        yield from _faults(wsdl, node, local, path)
    elif len(node):
        yield f"{path}: elements within a plain value"
    elif wsdl.choices.get(local) and text not in wsdl.choices[local]:
        yield f"{path}: {text!r} is no {local}"
    elif kind in SIMPLE and not _reads(SIMPLE[kind], text):
        yield f"{path}: {text!r} is no {kind.removeprefix('xsd:')}"


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except (KeyError, ValueError):
        return False
    return True


def _element(found: ET.Element) -> Element:
    return Element(
        kind=found.get("type", ""),
        required=found.get("minOccurs", "1") != "0",
        repeated=found.get("maxOccurs", "1") != "1",
    )


def _with_parents(
    name: str, own: Mapping[str, Mapping[str, Element]], parents: Mapping[str, str]
) -> Mapping[str, Element]:
    inherited = _with_parents(parents[name], own, parents) if name in parents else {}
    return {**inherited, **own.get(name, {})}
