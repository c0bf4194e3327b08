"""What no schema can say of the Salesforce plugin: whether its files agree with one another."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree as ET

from wsdl import METADATA

SOURCE = "force-app/main/default/"
NS = {"": METADATA.strip("{}")}  #: of names without a prefix

#: The end of a file's name -> its type. The name of what belongs to an object begins with the object's.
TYPES = {
    "compactLayout": "CompactLayout",
    "field": "CustomField",
    "flow": "Flow",
    "js": "LightningComponentBundle",
    "layout": "Layout",
    "listView": "ListView",
    "object": "CustomObject",
    "permissionset": "PermissionSet",
    "tab": "CustomTab",
    "validationRule": "ValidationRule",
    "workflow": "Workflow",
}
IN_AN_OBJECT = frozenset({"CompactLayout", "CustomField", "ListView", "ValidationRule"})

NAME = re.compile(r"(?<![\w.])(?:(\w+)\.)?(\w+?)__([cr])\b")
META = re.compile(r"(.+)\.(\w+)-meta\.xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One metadata file, understood."""

    path: str
    kind: str
    name: str  #: as a manifest has it: Case.Social_Network__c
    root: ET.Element

    def texts(self, path: str) -> list[str]:
        """The texts of all elements of this path: start/object."""
        return [one.text or "" for one in self.root.findall(path, NS)]

    def text(self, path: str) -> str:
        """The text of the first of them, "" = there is none."""
        return next(iter(self.texts(path)), "")


@dataclass(frozen=True)
class Project:
    """The plugin's folder as text: path -> what the file holds."""

    sources: Mapping[str, str]

    @cached_property
    def files(self) -> tuple[File, ...]:
        """The metadata files, in the order of their paths."""
        return tuple(_file(path, text) for path, text in sorted(self.sources.items()) if META.fullmatch(path))

    @cached_property
    def fields(self) -> Mapping[str, File]:
        """Object.Field -> its file."""
        return {file.name: file for file in self.files if file.kind == "CustomField"}

    @cached_property
    def objects(self) -> frozenset[str]:
        """The names of objects of ours."""
        return frozenset(file.name for file in self.files if file.kind == "CustomObject")

    @cached_property
    def messages(self) -> Mapping[str, ET.Element]:
        """Object.Name -> an outbound message."""
        return {
            f"{file.name}.{one.findtext('fullName', '', NS)}": one
            for file in self.files
            if file.kind == "Workflow"
            for one in file.root.findall("outboundMessages", NS)
        }

    @property
    def settings(self) -> Any:
        """What sfdx-project.json says."""
        return json.loads(self.sources["sfdx-project.json"])


def read(folder: Path) -> Project:
    """Read the files of a plugin's folder that reach an org, and those that say how."""
    paths = [folder / "sfdx-project.json", folder / "manifest" / "package.xml", *(folder / SOURCE).rglob("*.*")]
    wanted = [path for path in paths if path.is_file() and "__tests__" not in path.parts]
    return Project({path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in wanted})


def faults(project: Project) -> list[str]:
    """Check the project; a line for each fault, [] = its files agree."""
    return [line for check in CHECKS for line in check(project)]


def _names(project: Project) -> Iterator[str]:
    """Fields, objects and relationships that are named and are not there."""
    owners = {file.path: _owner(file) for file in project.files}
    lookups = {name.rpartition(".")[2] for name, field in project.fields.items() if field.text("referenceTo")}
    children = {f"{field.text('relationshipName')}__c" for field in project.fields.values()}
    anywhere = {name.rpartition(".")[2] for name in project.fields} | project.objects
    for path, text in project.sources.items():
        for before, stem, ending in sorted(set(NAME.findall(text))):
            name = f"{stem}__c"
            owner = owners.get(path, "") if before in ("", "Record") else before
            if ending == "r":
                there = name in lookups | children
            elif name in project.objects:
                there = True
            else:
                there = f"{owner}.{name}" in project.fields if owner else name in anywhere
            if not there:
                yield f"{path}: there is no {owner + '.' if owner else ''}{stem}__{ending}"


def _own_names(project: Project) -> Iterator[str]:
    for file in project.files:
        given = file.text("fullName")
        if given and given != file.name.rpartition(".")[2]:
            yield f"{file.path}: it is named {given!r} within"


def _manifest(project: Project) -> Iterator[str]:
    root = ET.fromstring(project.sources["manifest/package.xml"])
    listed = {
        f"{kind.findtext('name', '', NS)} {member.text}"
        for kind in root.findall("types", NS)
        for member in kind.findall("members", NS)
    }
    there = {f"{file.kind} {file.name}" for file in project.files if file.kind != "Workflow"}
    there |= {f"WorkflowOutboundMessage {name}" for name in project.messages}
    yield from (f"manifest/package.xml: does not list {one}" for one in sorted(there - listed))
    yield from (f"manifest/package.xml: lists {one}, which is not there" for one in sorted(listed - there))
    if root.findtext("version", "", NS) != project.settings["sourceApiVersion"]:
        yield "manifest/package.xml: its version is not the project's sourceApiVersion"


def _permissions(project: Project) -> Iterator[str]:
    """A required field in a permission set makes the deployment fail; one in none is seen by no one."""
    readable: set[str] = set()
    for file in project.files:
        if file.kind == "PermissionSet":
            named = file.texts("fieldPermissions/field")
            yield from (
                f"{file.path}: {one} is listed twice" for one, times in Counter(named).items() if times > 1
            )
            for name in named:
                if name in project.fields and project.fields[name].text("required") == "true":
                    yield f"{file.path}: {name} is required, and no permission can be given for it"
            readable.update(named)
    for name, field in project.fields.items():
        if field.text("required") != "true" and name not in readable:
            yield f"{field.path}: no permission set lets anyone read it"


def _flows(project: Project) -> Iterator[str]:
    for file in (one for one in project.files if one.kind == "Flow"):
        actions = {action.findtext("name", "", NS): action for action in file.root.findall("actionCalls", NS)}
        for action in actions.values():
            name = action.findtext("actionName", "", NS)
            if action.findtext("actionType", "", NS) == "outboundMessage" and name not in project.messages:
                yield f"{file.path}: there is no outbound message {name}"
            elif name.partition(".")[0] != file.text("start/object"):
                yield f"{file.path}: {name} is not of the object that starts the flow"
        for target in file.texts(".//targetReference"):
            if target not in actions:
                yield f"{file.path}: nothing in it is named {target}"


def _choices(project: Project) -> Iterator[str]:
    """Values that a filter asks for and no record can have."""
    for file in (one for one in project.files if one.kind in ("Flow", "ListView")):
        for found in file.root.findall(".//filters", NS):
            field = project.fields.get(f"{_owner(file)}.{found.findtext('field', '', NS)}")
            given = found.findtext("value/stringValue", "", NS) or found.findtext("value", "", NS)
            if field and field.text("type") == "Picklist":
                known = field.texts(".//valueSetDefinition/value/fullName")
                for one in given.strip().split(","):
                    if one not in known:
                        yield f"{file.path}: {field.name} is never {one!r}"


def _relationships(project: Project) -> Iterator[str]:
    named = Counter(
        (field.text("referenceTo"), field.text("relationshipName")) for field in project.fields.values()
    )
    for (target, name), times in named.items():
        if target and times > 1:
            yield f"{target} would have {times} child relationships {name}"


def _doorbells(project: Project) -> Iterator[str]:
    """What an org is told at install must be a placeholder here, and every placeholder must be replaced."""
    replaced = {one["stringToReplace"]: one for one in project.settings["replacements"]}
    for file in (one for one in project.files if one.kind == "Workflow"):
        for one in file.root.findall("outboundMessages", NS):
            if one.findtext("includeSessionId", "", NS) != "false":
                yield f"{file.path}: includeSessionId must be false"
            for name in ("endpointUrl", "integrationUser"):
                given = one.findtext(f"{name}", "", NS)
                pattern = replaced.get(given, {})
                if not re.search(r"[@/][\w.-]+\.invalid(/|$)", given):
                    yield f"{file.path}: {name} {given!r} is real: put a placeholder under .invalid there"
                elif not PurePosixPath(file.path).match(pattern.get("glob", pattern.get("filename", "none"))):
                    yield f"{file.path}: nothing in sfdx-project.json replaces {given!r}"
    everything = "\n".join(text for path, text in project.sources.items() if path.startswith(SOURCE))
    yield from (f"sfdx-project.json: {one!r} is nowhere" for one in replaced if one not in everything)


CHECKS: tuple[Callable[[Project], Iterator[str]], ...] = (
    _names, _own_names, _manifest, _permissions, _flows, _choices, _relationships, _doorbells,
)  # fmt: skip


def _owner(file: File) -> str:
    """The object that a bare field in the file is of, "" = none: there is only a name with its object."""
    if file.kind == "Flow":
        return file.text("start/object")
    if file.kind in ("Layout", "Workflow", *IN_AN_OBJECT):
        return re.split(r"[.-]", file.name)[0]
    return ""


def _file(path: str, text: str) -> File:
    found = META.fullmatch(PurePosixPath(path).name)
    assert found, path
    kind = TYPES[found[2]]
    name = f"{PurePosixPath(path).parts[-3]}.{found[1]}" if kind in IN_AN_OBJECT else found[1]
    return File(path=path, kind=kind, name=name, root=ET.fromstring(text))
