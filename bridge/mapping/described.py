"""What CRMs said of themselves, for mappings to be checked against, and the file it is saved in. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter, ValidationError

from bridge.errors import ConfigError
from bridge.ports import Named, ObjectFacts

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record that mappings call by its name. id "" = there is none such, or several, and `why` says so."""

    named: Named
    id: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What one CRM said."""

    objects: Mapping[str, ObjectFacts | None]
    """By name in lower case, all that were asked for; None = not there, or it may not be seen."""
    records: tuple[Record, ...] = ()
    remarks: tuple[str, ...] = ()

    def record(self, named: Named) -> Record | None:
        """What was said of a record; None = it was not asked for."""
        return next((one for one in self.records if _folded(one.named) == _folded(named)), None)


def _folded(named: Named) -> Named:
    texts = {name: getattr(named, name).strip().casefold() for name in ("object", "field", "name")}
    return replace(named, **texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The file. crms: by the names of connections."""

    version: int = 0
    crms: Mapping[str, Described] = field(default_factory=dict)


FILE = TypeAdapter(Saved)


def written(crms: Mapping[str, Described]) -> str:
    """The file's text: JSON in which a change of the CRM is a change of few lines. It holds no secrets."""
    ordered = {name: _ordered(told) for name, told in crms.items()}
    plain = FILE.dump_python(Saved(version=VERSION, crms=ordered), mode="json", exclude_defaults=True)
    return json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _ordered(told: Described) -> Described:
    def place(record: Record) -> tuple[str, str, str]:
        return record.named.object, record.named.field, record.named.name

    return replace(told, records=tuple(sorted(told.records, key=place)))


def read_described(text: str, file: str) -> Mapping[str, Described]:
    """Read what `written` wrote: by the names of connections.

    Raises ConfigError when it is nothing of the kind, or another version's.
    """
    anew = "save it anew: casebridge check --online --save FILE"
    try:
        saved = FILE.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise ConfigError([f"{file} holds no saved schema ({where}: {first['msg']})\n    -> {anew}"]) from None
    if saved.version != VERSION:
        reason = f"{file} is of version {saved.version}, this Casebridge reads {VERSION}"
        raise ConfigError([f"{reason}\n    -> {anew}"])
    return saved.crms
