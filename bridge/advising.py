"""All that `check` warns of: in mappings that are good, and secrets in any file of the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bridge.configuration import Offline, settings_model
from bridge.connections import FILE
from bridge.mapping import leaks
from bridge.mapping.advice import advice
from bridge.mapping.described import Described
from bridge.mapping.document import Fault, parse
from bridge.mapping.load import PAYLOADS
from bridge.mapping.online import Written


def warnings(
    found: Offline, written: Sequence[Written], told: Mapping[str, Described] | None = None
) -> list[Fault]:
    """Say what to look at. written: its mappings beside their files. told: what CRMs said, by connection."""
    return [*advice(written, sources=found.sources, targets=found.targets, told=told), *_secrets(found)]


def _secrets(found: Offline) -> list[Fault]:
    """Each line of any file that holds one, once."""
    text = (found.folder / FILE).read_text(encoding="utf-8")
    document = parse(text, FILE, secret=True)
    adapters = {
        name: node.entries["adapter"].text or ""
        for name, node in document.root.entries["connections"].entries.items()
    }
    models = {name: model for name, adapter in adapters.items() if (model := settings_model(adapter))}
    warned = leaks.in_settings(document, models)
    maps = {
        f"{PAYLOADS}/{path.name}": path.read_text(encoding="utf-8", errors="replace")
        for path in sorted((found.folder / PAYLOADS).glob("*.yaml"))
        if path.is_file()
    }
    for file, said in {**found.files, **maps, FILE: text}.items():
        warned += leaks.in_text(said, file)
    return list({(fault.file, fault.line): fault for fault in reversed(warned)}.values())[::-1]
