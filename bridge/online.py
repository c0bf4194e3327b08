"""What CRMs say of themselves, asked now or saved before, and mappings checked against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bridge.errors import ConfigError, RetryLater, Trouble
from bridge.mapping import Mapping as CaseMapping
from bridge.mapping import Shelf, described, online
from bridge.mapping.described import Described, Record
from bridge.mapping.document import Fault
from bridge.mapping.load import documents
from bridge.mapping.online import Written
from bridge.ports import Crm, Identified, Named


def written(shelf: Shelf, mappings: Sequence[CaseMapping]) -> list[Written]:
    """The mappings beside their files, in which they have been found good."""
    found = []
    for mapping in mappings:
        document, base = documents(shelf, mapping.name)
        found.append(Written(mapping=mapping, document=document, base=base))
    return found


def ask(crms: Mapping[str, Crm], mappings: Sequence[Written]) -> dict[str, Described]:
    """Ask the CRMs what their mappings need to know, with calls that change nothing: by the names of connections.

    crms: those that describe themselves. Raises ConfigError with each that gave no answer.
    """
    said, silent = dict[str, Described](), list[str]()
    for name, crm in crms.items():
        own = [one for one in mappings if one.mapping.target == name]
        try:
            said |= {name: _ask(crm, own)} if own else {}
        except Trouble as trouble:
            silent.append(f"{name!r} could not be asked, so nothing is known of its mappings: {trouble}")
    if silent:
        raise ConfigError(silent)
    return said


def _ask(crm: Crm, mappings: Sequence[Written]) -> Described:
    objects = list(dict.fromkeys(name for one in mappings for name in online.objects(one)))
    names = list(dict.fromkeys(name for one in mappings for name in online.named(one)))
    schema = crm.schema(objects)
    identified = crm.identify(names) if names else []
    return Described(
        objects={name.casefold(): schema.objects.get(name.casefold()) for name in objects},
        records=tuple(_record(name, found) for name, found in zip(names, identified, strict=True)),
        remarks=schema.remarks,
    )


def _record(named: Named, found: Identified) -> Record:
    if isinstance(found, RetryLater):
        raise found
    return Record(named=named, id=found) if isinstance(found, str) else Record(named=named, why=str(found))


def saved(file: Path) -> Mapping[str, Described]:
    """What was saved in a file. Raises ConfigError when it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError([f"{file} is not UTF-8 text, so it is no saved schema"]) from None
    except OSError as error:
        raise ConfigError([f"{file} cannot be read: {error.strerror}"]) from None
    return described.read_described(text, str(file))


def save(file: Path, said: Mapping[str, Described]) -> None:
    """Write what was said. Raises ConfigError when the file cannot be written."""
    try:
        file.write_text(described.written(said), encoding="utf-8")
    except OSError as error:
        raise ConfigError([f"{file} cannot be written: {error.strerror}"]) from None


def remarks(
    targets: Mapping[str, type[Crm]], mappings: Sequence[Written], said: Mapping[str, Described]
) -> list[str]:
    """What an admin should know of each CRM besides; also of which one nothing can be known.

    Raises ConfigError where something could be.
    """
    lines, unknown = list[str](), list[str]()
    for name in dict.fromkeys(one.mapping.target for one in mappings):
        if name in said:
            lines += [f"{name}: {remark}" for remark in said[name].remarks]
        elif targets[name].describes:
            unknown.append(name)
        else:
            lines.append(f"{name}: checked without asking it: its schema cannot be read yet")
    if unknown:
        why = "it is switched off in connections.yaml, or the schema was saved without it"
        raise ConfigError([f"nothing is known of {name!r}: {why}" for name in unknown])
    return lines


def faults(mappings: Sequence[Written], said: Mapping[str, Described]) -> list[Fault]:
    """All that does not fit, warnings too, each once: a file and one based on it share some."""
    found = [
        fault
        for one in mappings
        if one.mapping.target in said
        for fault in online.unfitting(one, said[one.mapping.target])
    ]
    return list(dict.fromkeys(found))
