"""Reads connections.yaml: who calls us, whom we call, and where their secrets are.

`env:NAME` stands for a variable. Faults and reprs never show what a variable holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from bridge import around
from bridge.configured import Token
from bridge.errors import ConfigError
from bridge.mapping.document import Document, Fault, Node, near, parse, plain
from bridge.mapping.findings import EXPECTED, faults_of
from bridge.mapping.surroundings import NOTHING_AROUND, Surroundings
from bridge.message import UNSTORABLE, Account
from bridge.ports import Credentials

FILE = "connections.yaml"
REFERENCE = re.compile("env:([A-Za-z_][A-Za-z0-9_]*)")
LITERAL = frozenset({("adapter",), ("payload",), ("verify", "scheme")})
"""Keys of a connection that name code or a file: what runs stands in the file, never in a variable."""

TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

Models = Callable[[str], type[BaseModel] | None]
"""An adapter's name -> the model of its keys in connections.yaml; None = there is no such adapter."""

Place = tuple[str | int, ...]
"""The keys and indexes that lead to a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One callback URL or one CRM: an adapter, its secrets, and the accounts that call there."""

    name: str
    adapter: str
    enabled: bool
    accounts: Mapping[str, Account] = field(repr=False)  #: id -> account; values may come from variables
    credentials: Mapping[str, Credentials]  #: by account id, for every one that is listed
    settings: BaseModel = field(repr=False)  #: the adapter's own keys


@dataclass(frozen=True, slots=True)
class Connections:
    """What connections.yaml says."""

    connections: Mapping[str, Connection]
    mappings: tuple[str, ...]  #: names, tried in this order
    around: Surroundings = NOTHING_AROUND  #: the lists, hours and signals that mappings may name


def load(
    folder: Path,
    env: Mapping[str, str] | None,
    models: Models,
    *,
    adapters: Collection[str] = (),
    only: str = "",
) -> Connections:
    """Read folder/connections.yaml and put the variables' values in the place of every env:NAME.

    env: None = check the file without its secrets: references stay as they are written, and the settings of
    a connection that has any hold nothing but defaults and plain texts. adapters: the names that `models`
    knows, to suggest one. only: look at this connection alone, "" = at all. Raises ConfigError with every fault.
    """
    document = _alone(parse(_text(folder / FILE), FILE, secret=True), only)
    references = _References(document, env)
    filled = references.filled()
    file, faults = _file(filled, references)
    settings = {}
    for name, node in _connection_nodes(filled).items():
        adapter = node.entries.get("adapter")
        if adapter is None or adapter.text is None:
            continue  # said by the form already
        if model := models(adapter.text):
            settings[name], found = _settings(replace(filled, root=node), name, model, references)
            faults += found
        else:
            faults.append(_no_adapter(filled, adapter, adapter.text, adapters))
    surroundings, found = around.read(folder, filled)
    faults += [*references.faults, *found]
    if file is None or faults:
        faults.sort(key=lambda f: (f.file != FILE, f.file, f.line, f.column))
        raise ConfigError(faults)
    connections = {name: _connection(name, entry, settings[name]) for name, entry in file.connections.items()}
    return Connections(connections, file.mappings, surroundings)


def _alone(document: Document, only: str) -> Document:
    """The file without the other connections; as it is where there is none of that name."""
    if only not in _connection_nodes(document):
        return document
    node = document.root.entries["connections"]
    entries = {**document.root.entries, "connections": replace(node, value={only: node.entries[only]})}
    return replace(document, root=replace(document.root, value=entries))


def _connection_nodes(document: Document) -> Mapping[str, Node]:
    entries = document.root.entries
    return entries["connections"].entries if "connections" in entries else {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        reason = f"there is no such file; CASEBRIDGE_CONFIG names the folder that holds {FILE}"
        raise ConfigError([Fault(str(path), 0, 0, "no-such-file", reason)]) from None
    except UnicodeDecodeError as error:
        reason = f"this is not UTF-8 text: byte {error.start + 1} is none; save the file as UTF-8"
        raise ConfigError([Fault(str(path), 0, 0, "not-utf-8", reason)]) from None
    except OSError as error:
        reason = f"it cannot be read: {error.strerror}"
        raise ConfigError([Fault(str(path), 0, 0, "unreadable-file", reason)]) from None


# --- the variables ----------------------------------------------------------------------------------------------


class _References:
    """Puts values in the place of env:NAME; knows which places got none, and which values must stay hidden."""

    def __init__(self, document: Document, env: Mapping[str, str] | None) -> None:
        self.document, self.env = document, env
        self.faults: list[Fault] = []
        self.values: list[tuple[Place, str, str]] = []  # place, variable, value
        self.open: list[Place] = []

    def filled(self) -> Document:
        """The document with values; references that cannot be replaced stay as they are."""
        root = self.document.root
        if "connections" not in root.entries:
            return self.document
        connections = self._fill(root.entries["connections"], ("connections",))
        return replace(self.document, root=replace(root, value={**root.entries, "connections": connections}))

    def _fill(self, node: Node, place: Place) -> Node:
        if node.text is not None:
            return self._scalar(node, node.text, place)
        if not isinstance(node.value, tuple):
            inside = {key: (*place, key) for key in node.entries}
            return replace(
                node,
                value={
                    key: one if inside[key][2:] in LITERAL else self._fill(one, inside[key])
                    for key, one in node.entries.items()
                },
            )
        # A secret being rotated: one of the list is enough. When none is set, the first is asked for.
        items = [item for item in node.items if not self._unset(item)] or node.items[:1]
        return replace(node, value=tuple(self._fill(item, (*place, i)) for i, item in enumerate(items)))

    def _unset(self, node: Node) -> bool:
        found = REFERENCE.fullmatch(node.text or "")
        return bool(found and self.env is not None and not self.env.get(found[1]))

    def _scalar(self, node: Node, text: str, place: Place) -> Node:
        if not text.startswith("env:"):
            return node
        found = REFERENCE.fullmatch(text)
        name = found[1] if found else ""
        wrong = self._wrong(name, place)
        if wrong:
            self.faults.append(self.document.fault(node, *wrong))
        if wrong or self.env is None:
            self.open.append(place)
            return node
        self.values.append((place, name, self.env[name]))
        return replace(node, value=self.env[name])

    def _wrong(self, name: str, place: Place) -> tuple[str, str] | None:
        """Why a variable cannot be used, as code and reason; None = it can, or nobody asks."""
        if not name:
            return "not-a-variable", "after env: stands the name of a variable, as in env:META_APP_SECRET"
        if self.env is None:
            return None
        value, use = self.env.get(name, ""), f"({_use(place)})\n    ->"
        if not value:
            mend = "set this environment variable for the receiver and the workers"
            return "variable-not-set", f"{name} is not set {use} {mend}"
        if UNSTORABLE.search(value) or value != value.strip():
            wrong = "is not UTF-8 text, or has white space around it"
            return "white-space-around", f"{name} {wrong} {use} set it again; often a line end was copied too"
        return None

    def is_open(self, place: Place) -> bool:
        """Whether a value that is not there has to do with this place."""
        return any(place[: len(one)] == one[: len(place)] for one in self.open)

    def hide(self, text: str, place: Place) -> str:
        """The text with variables' names where it shows their values; place: what it is about."""
        used = [(name, value) for at, name, value in self.values if at[: len(place)] == place[: len(at)]]
        for name, value in sorted(used, key=lambda pair: -len(pair[1])):
            for shown in (repr(value), repr(value)[1:-1], value):
                text = text.replace(shown, name)
        return text


def _use(place: Place) -> str:
    _, connection, *keys = (str(part) for part in place if not isinstance(part, int))
    return f"{'.'.join(keys)} of {connection}" if keys else connection


# --- the form ---------------------------------------------------------------------------------------------------


def _truth(text: object) -> bool:
    if isinstance(text, str) and REFERENCE.fullmatch(text):
        return True  # nobody can know without the variables
    if not isinstance(text, str) or text.lower() not in TRUTHS:
        raise PydanticCustomError("not-true-or-false", "write true or false")
    return TRUTHS[text.lower()]


def _connection_name(text: str) -> str:
    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,62}", text):
        shown = {"name": repr(text[:80])}
        rule = "it stands in the URL, so it has at most 63 of a-z, 0-9 and -, and no - at its beginning"
        raise PydanticCustomError("not-a-connection-name", f"{{name}} cannot name a connection: {rule}", shown)
    return text


def _about_name(text: str) -> str:
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", text):
        shown = {"name": repr(text[:80])}
        rule = "mappings read it as account.NAME, so it has letters, digits and _"
        raise PydanticCustomError("not-an-about-name", f"{{name}} cannot stand under about: {rule}", shown)
    return text


def _filled(value: Any) -> Any:
    if not value:
        raise PydanticCustomError("empty", "this is empty: fill it in or remove it")
    return value


def _unlike(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if names.count(name) > 1:
            raise PydanticCustomError("listed-twice", "{name} stands here twice", {"name": repr(name)})
    return names


Filled = AfterValidator(_filled)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class _Account(_Part):
    token: Annotated[Token, BeforeValidator(_filled)] | None = None
    token_secret: Annotated[Token, BeforeValidator(_filled)] | None = None
    refresh_token: Annotated[Token, BeforeValidator(_filled)] | None = None
    about: dict[Annotated[str, AfterValidator(_about_name)], str] = Field(default_factory=dict)


class _Entry(_Part):
    model_config = ConfigDict(extra="ignore")  # the other keys are the adapter's

    adapter: str
    enabled: Annotated[bool, BeforeValidator(_truth)] = True
    accounts: dict[str, _Account] = Field(default_factory=dict)


class _File(_Part):
    version: Literal["1"]
    connections: Annotated[dict[Annotated[str, AfterValidator(_connection_name)], _Entry], Filled]
    mappings: Annotated[tuple[Annotated[str, Filled], ...], Filled, AfterValidator(_unlike)]
    lists: dict[str, Annotated[str, Filled]] = Field(default_factory=dict)
    hours: dict[str, Annotated[dict[str, str], Filled]] = Field(default_factory=dict)
    signals: dict[str, Annotated[str, Filled]] = Field(default_factory=dict)


def _file(document: Document, references: _References) -> tuple[_File | None, list[Fault]]:
    """The file but for the adapters' keys; None = it has faults."""
    try:
        return _File.model_validate(plain(document.root)), []
    except ValidationError as error:
        return None, _faults(error, document, _File, references, ())


def _settings(
    document: Document, name: str, model: type[BaseModel], references: _References
) -> tuple[BaseModel, list[Fault]]:
    """One connection's settings, without values when variables are missing; document: the connection's part."""
    place = ("connections", name)
    own = {key: plain(node) for key, node in document.root.entries.items() if key not in _Entry.model_fields}
    try:
        settings, faults = model.model_validate(own), list[Fault]()
    except ValidationError as error:
        settings, faults = model.model_construct(), _faults(error, document, model, references, place)
    if not references.is_open(place):
        return settings, faults
    texts: dict[str, Any] = {
        key: own[key]
        for key, field in model.model_fields.items()
        if key in own and field.annotation is str and not references.is_open((*place, key))
    }
    return model.model_construct(**texts), faults


CERTAIN = {*EXPECTED, "extra_forbidden", "missing"}
"""Errors that hold whatever a variable may say, and never show its value."""


def _faults(
    error: ValidationError, document: Document, model: type[BaseModel], references: _References, above: Place
) -> list[Fault]:
    """What pydantic found, but for what it says of values that are not there; above: where the document begins."""
    found = zip(error.errors(include_url=False), faults_of(error, document, model), strict=True)
    faults = []
    for details, fault in found:
        kind, loc = details["type"], details["loc"]
        place = (*above, *_steps(document, loc))
        of_key = loc[-1:] == ("[key]",)  # pydantic's way to say that the key is wrong
        certain = kind in CERTAIN or of_key
        if not certain and loc and references.is_open(place):
            continue
        told = fault if certain else replace(fault, reason=references.hide(fault.reason, place))
        if kind == "extra_forbidden" and above and len(loc) == 1:
            known = [*_Entry.model_fields, *model.model_fields]
            told = replace(told, allowed=", ".join(known), suggestion=near(str(loc[0]), known))
        if of_key:
            line, column = document.at(loc).key_at or (fault.line, fault.column)
            told = replace(told, line=line, column=column)
        faults.append(told)
    return faults


def _steps(document: Document, loc: Place) -> Place:
    """The steps of a path in the file: pydantic also names which of several forms it took a value for.

    The last one may be missing in the file: a default.
    """
    node, steps = document.root, list[str | int]()
    for i, part in enumerate(loc, start=1):
        below = document.at((*steps, part))
        if below is not node or i == len(loc):
            steps.append(part)
        node = below
    return tuple(steps)


def _no_adapter(document: Document, node: Node, name: str, adapters: Collection[str]) -> Fault:
    known = sorted(adapters)
    reason = f"there is no adapter {name!r}"
    return document.fault(node, "no-such-adapter", reason, allowed=", ".join(known), suggestion=near(name, known))


def _connection(name: str, entry: _Entry, settings: BaseModel) -> Connection:
    return Connection(
        name=name,
        adapter=entry.adapter,
        enabled=entry.enabled,
        accounts={id_: Account(id=id_, about=account.about) for id_, account in entry.accounts.items()},
        credentials={
            id_: Credentials(token=account.token, secret=account.token_secret, refresh=account.refresh_token)
            for id_, account in entry.accounts.items()
        },
        settings=settings,
    )
