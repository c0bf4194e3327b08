"""The plugin's objects and fields, read from its own metadata files, so that the sandbox has what admins deploy.

Shapes: https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/customfield.htm
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import parse

from bridge.sandbox.salesforce import schema
from bridge.sandbox.salesforce.schema import Field, SObject

FOLDER = Path(__file__).parents[3] / "plugins" / "salesforce" / "force-app" / "main" / "default" / "objects"
NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
TYPES: Mapping[str, Mapping[str, Any]] = {
    "Text": {"type": "string", "length": 255},
    "TextArea": {"type": "textarea", "length": 255},
    "LongTextArea": {"type": "textarea", "length": 32768, "filterable": False},
    "Checkbox": {"type": "boolean", "default": False},
    "DateTime": {"type": "datetime"},
    "Number": {"type": "double", "precision": 18},
    "Picklist": {"type": "picklist", "length": 255},
    "Lookup": {"type": "reference", "length": 18},
    "Url": {"type": "url", "length": 255},
    "AutoNumber": {"type": "string", "length": 30, "createable": False, "updateable": False},
}
"""What a field is by its type in the metadata, where the file says nothing else."""

NUMBERS = {"length": "length", "precision": "precision", "scale": "scale"}
FLAGS = {
    "required": "required",
    "unique": "unique",
    "externalId": "external_id",
    "caseSensitive": "case_sensitive",
}


def objects(folder: Path = FOLDER) -> dict[str, SObject]:
    """The objects of an org with the plugin. Raises ValueError, one sentence: it is not there, or not readable."""
    if not folder.is_dir():
        raise ValueError(f"the plugin's objects are not in {str(folder)!r}; start it from a whole checkout")
    found = dict(schema.STANDARD)
    prefixes = (f"a0{digit}" for digit in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    for directory in sorted(path for path in folder.iterdir() if path.is_dir()):
        fields = [_field(path) for path in sorted((directory / "fields").glob("*.field-meta.xml"))]
        if directory.name in found:
            found[directory.name] = schema.with_fields(found[directory.name], fields)
        else:
            found[directory.name] = _object(directory, next(prefixes), fields)
    return found


def _object(directory: Path, prefix: str, fields: list[Field]) -> SObject:
    root = _root(directory / f"{directory.name}.object-meta.xml")
    pattern, name_label = _text(root, "nameField/displayFormat"), _text(root, "nameField/label")
    name = Field(
        name="Name",
        label=name_label or "Name",
        type="string",
        length=80,
        auto_number=pattern,
        createable=not pattern,
        updateable=not pattern,
    )
    return schema.custom_object(directory.name, _text(root, "label"), prefix, [name, *fields])


def _field(path: Path) -> Field:
    root = _root(path)
    kind = _text(root, "type")
    if kind not in TYPES:
        raise ValueError(f"{path}: the type {kind!r} is none of {', '.join(TYPES)}")
    settings = dict(TYPES[kind])
    for tag, target in NUMBERS.items():
        if text := _text(root, tag):
            settings[target] = int(text)
    for tag, target in FLAGS.items():
        if text := _text(root, tag):
            settings[target] = text == "true"
    if kind == "Checkbox":
        settings["default"] = _text(root, "defaultValue") == "true"
    if kind == "Picklist":
        settings |= _choices(root)
    if kind == "Lookup":
        settings |= {"refers_to": (_text(root, "referenceTo"),), "children": _text(root, "relationshipName")}
    if kind == "AutoNumber":
        settings["auto_number"] = _text(root, "displayFormat")
    return Field(name=_text(root, "fullName"), label=_text(root, "label"), **settings)


def _choices(root: Element) -> dict[str, Any]:
    values = root.findall(_path("valueSet/valueSetDefinition/value"))
    names = tuple(_text(value, "fullName") for value in values)
    default = next((_text(value, "fullName") for value in values if _text(value, "default") == "true"), None)
    return {"values": names, "restricted": _text(root, "valueSet/restricted") == "true", "default": default}


def _root(path: Path) -> Element:
    try:
        root = parse(path).getroot()
    except (OSError, ParseError) as error:
        raise ValueError(f"{path}: {error}; repair the plugin's file") from None
    assert root is not None
    return root


def _text(element: Element, path: str) -> str:
    return (element.findtext(_path(path)) or "").strip()


def _path(tags: str) -> str:
    return "/".join(NAMESPACE + tag for tag in tags.split("/"))
