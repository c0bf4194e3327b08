"""The broken files, and the world that they are read in: adapters, CRMs, variables, a list and opening hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel

import bridge.connections
from adapters import meta, salesforce, zendesk
from adapters.salesforce import Salesforce
from adapters.zendesk import Zendesk
from bridge import online
from bridge.errors import ConfigError
from bridge.mapping import Folder, Kept, leaks, load, load_from
from bridge.mapping.advice import advice
from bridge.mapping.hours import Hours, Span
from bridge.mapping.load import load_payloads
from bridge.mapping.signals import Signal, indexed
from bridge.mapping.surroundings import Surroundings
from bridge.ports import Crm

BROKEN = Path(__file__).parent / "broken"
SOUND = ("sound", "borrower")  #: without fault, for the others to be based on
TARGETS: dict[str, type[Crm]] = {"crm": Salesforce, "desk": Zendesk}
MODELS: dict[str, type[BaseModel]] = {
    "meta": meta.Settings,
    "salesforce": salesforce.Settings,
    "zendesk": zendesk.Settings,
}
ENV = {"SECRET": "s3cret", "COPIED": "s3cret\n"}
CRM = "{crm: {adapter: salesforce, domain: acme.my, consumer_key: env:SECRET, consumer_secret: env:SECRET}}"
WEEKDAY = (Span(8 * 60, 20 * 60),)
AROUND = Surroundings(
    lists={"vip": frozenset({"zoe"})},
    hours={"day_desk": Hours(ZoneInfo("Europe/Lisbon"), (*[WEEKDAY] * 5, (), ()))},
    signals={"angry": Signal({"en": indexed(["furious"])})},
)

ABOVE = """\
version: 1
mapping: above
source: [acme]
target: crm
accept: {kinds: [comment]}
case: {object: Case, key_field: Key__c, create: {Subject: "{text | shorten 99}"}}
tests: [{name: a comment, message: {text: Hi}, expect: {case.Subject: Hi}}]
"""
"""A mapping without fault that stands above another one."""

Read = Callable[[Path, Path], None]
"""What reads a broken file, given an empty folder too."""


def of_mapping(path: Path, _: Path) -> None:
    """Load a mapping from where it is, as `casebridge check` does."""
    load(path.parent, [path.stem], sources=["acme"], targets=TARGETS, around=AROUND)


def of_connections(path: Path, folder: Path) -> None:
    """Load a connections.yaml, which can have only this name, from a folder of its own with all lists."""
    (folder / "connections.yaml").write_bytes(path.read_bytes())
    for text in path.parent.glob("*.txt"):
        (folder / text.name).write_bytes(text.read_bytes())
    of_folder(path, folder)


def of_signals(path: Path, folder: Path) -> None:
    """Load a connections.yaml that names the file as a signal."""
    around = f"signals: {{angry: {path.name}}}\nmappings: [care]\n"
    (folder / "connections.yaml").write_text(f"version: 1\nconnections: {CRM}\n{around}", encoding="utf-8")
    (folder / path.name).write_bytes(path.read_bytes())
    of_folder(path, folder)


def of_folder(_: Path, folder: Path) -> None:
    """Load the connections.yaml of a folder."""
    bridge.connections.load(folder, ENV, MODELS.get, adapters=MODELS)


def of_payload(path: Path, _: Path) -> None:
    """Load a payload map from where it is."""
    load_payloads(path.parents[1], [path.stem])


def of_online(path: Path, _: Path) -> None:
    """Check a mapping against what its CRM said, as `casebridge check --schema` does."""
    mappings = load(path.parent, [path.stem], sources=["acme"], targets=TARGETS)
    written = online.written(Folder(path.parent), mappings)
    faults = online.faults(written, online.saved(path.parent / "schema.json"))
    raise ConfigError([str(fault) for fault in faults])


def of_warnings(path: Path, _: Path) -> None:
    """Load a mapping, below one that takes all comments, and see what `casebridge check` warns of."""
    shelf = Kept({"above.yaml": ABOVE, path.name: path.read_text(encoding="utf-8")})
    names = ["above", path.stem]
    mappings = load_from(shelf, names, sources=["acme", "shop"], targets=TARGETS, around=AROUND)
    faults = advice(online.written(shelf, mappings), sources=["acme", "shop"], targets=TARGETS)
    faults += leaks.in_text(path.read_text(encoding="utf-8"), path.name)
    raise ConfigError([str(fault) for fault in faults])


KINDS: Mapping[str, Read] = {
    ".": of_mapping,
    "connections": of_connections,
    "online": of_online,
    "payloads": of_payload,
    "warnings": of_warnings,
    "signals": of_signals,
}
"""Folder of broken files -> what reads one."""

FILES = [path for kind in KINDS for path in sorted((BROKEN / kind).glob("*.yaml")) if path.stem not in SOUND]
