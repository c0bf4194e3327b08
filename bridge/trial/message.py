"""Reads what is given to a trial: a message in the words of an example, or a webhook body; and the mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bridge import configuration, connections, mapping, mapping_set
from bridge.candidates import candidate
from bridge.configuration import Offline
from bridge.connections import FILE, REFERENCE, Connections
from bridge.errors import ConfigError
from bridge.mapping import Folder, Kept
from bridge.mapping import Mapping as CaseMapping
from bridge.mapping.document import Document, Fault, parse
from bridge.mapping.examples import described
from bridge.mapping.filters import NUMBER
from bridge.mapping.load import NoText, documents, text_of
from bridge.mapping_set import Files
from bridge.message import Message
from bridge.ports import Callback, Channel, Event, Lack, PersonFound, Skipped, Unreadable
from bridge.trial.attempt import Given

STAND_IN = "7" * 64  #: for a variable that is not set: a signature is not checked, so no secret is needed


# --- mappings -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Mappings to try a message with, and their files."""

    mappings: Sequence[CaseMapping]
    documents: Mapping[str, tuple[Document, Document | None]]  #: by mapping: its file, and what that is based on


def rules(offline: Offline, files: Files, name: str) -> Read:
    """The mappings of a set in their order; or the one of this name, or of this file, as if it were at work.

    Raises ConfigError with the faults of what is read; a file's are shown with its path.
    """
    shown: Files = {}
    if name and f"{name}.yaml" not in files:
        files, shown = _with(offline.folder, files, name)
    wanted = next(iter(shown), f"{name}.yaml").removesuffix(".yaml") if name else ""
    found = mapping_set.compiled(files, sources=offline.sources, targets=offline.targets, shown=shown)
    mappings = [replace(one, shadow=False) for one in found if one.name == wanted] if name else found
    shelf = Kept(files, shown)
    return Read(mappings=mappings, documents={one.name: documents(shelf, one.name) for one in mappings})


def _with(folder: Path, files: Files, name: str) -> tuple[Files, Files]:
    """The set with one more mapping, or another one in its place; and what its file is called instead."""
    path = Path(name)
    outside = path.suffix in (".yaml", ".yml")
    text = text_of(path) if outside else _named(folder, name)
    called = name if outside else f"{name}.yaml"
    base = parse(text, called).root.entries.get("based_on")
    if base is not None and base.text and f"{base.text}.yaml" not in files:
        files = {**files, f"{base.text}.yaml": _named(folder, base.text)}
    return candidate(files, {called: text})


def _named(folder: Path, name: str) -> str:
    """The text of a mapping of the folder that no other file names. Raises ConfigError."""
    shelf = Folder(folder)
    try:
        return shelf.text(name)
    except NoText as error:
        raise ConfigError([Fault(shelf.where(name), 0, 0, error.code, str(error))]) from None


# --- a message in the words of an example -----------------------------------------------------------------------


def written(text: str, file: str, first: CaseMapping, connection: str) -> Given:
    """The message that a YAML file describes. first: whose source and kinds say what it leaves out.

    Raises ConfigError.
    """
    found = described(parse(text, file), first, connection)
    person = found.person if found.person.id or found.person.values else None
    return Given(message=found.message, called=file, person=person, facts=found.facts)


def person(text: str) -> PersonFound:
    """The customer's record that id=003…,FIELD=value describes: a plain number is one. Raises ValueError."""
    pairs = [part.partition("=") for part in text.split(",")]
    if wrong := [name for name, sign, _ in pairs if not (name.strip() and sign)]:
        raise ValueError(f"--person is written id=003…,FIELD=value, and {wrong[0]!r} is not")
    values = {name.strip(): value.strip() for name, _, value in pairs}
    found = {name: _value(value) for name, value in values.items() if name != "id"}
    return PersonFound(id=values.get("id", ""), values=found)


def _value(text: str) -> str | int | float:
    if not NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


# --- a webhook body ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Aside:
    """What a body holds beside messages."""

    says: str  #: a whole sentence


def body(data: bytes, file: str, folder: Path, env: Mapping[str, str], connection: str) -> list[Given | Aside]:
    """Everything in a webhook body, as the connection's adapter reads it. Its signature is not checked.

    Raises ConfigError where the adapter cannot be made.
    """
    channel = _channel(folder, env, connection)
    kind = "application/xml" if file.endswith(".xml") else "application/json"
    callback = Callback(
        connection=connection, method="POST", url=f"https://localhost/in/{connection}", query={},
        headers={"content-type": kind}, body=data, received_at=datetime.now(UTC),
    )  # fmt: skip
    try:
        events = channel.parse(callback)
    except Exception as error:  # noqa: BLE001 - as in flow.receive: it would be stored as a whole, unreadable
        events = [Unreadable(item=data, error=f"parsing failed: {type(error).__name__}")]
    if not events:
        return [Aside("There is nothing in it: nothing would be stored.")]
    return [_event(one, channel, f"{file}, {n} of {len(events)}") for n, one in enumerate(events, start=1)]


LACKS: Mapping[Lack, str] = {
    "author": "The platform does not say here who wrote it: at work that is fetched first.",
    "content": "The platform does not say here what was written: at work that is fetched first.",
}


def _event(one: Event, channel: Channel, called: str) -> Given | Aside:
    match one:
        case Message():
            lacks = tuple(LACKS[lack] for lack in sorted(channel.lacks(one)))
            return Given(message=one, called=called, notes=lacks)
        case Skipped():
            return Aside(f"{called}: skipped, for it is no message: {one.reason} ({one.event}).")
        case Unreadable():
            return Aside(f"{called}: it cannot be read: {one.error}.")
        case _:
            return Aside(f"{called}: news of a reply of ours, no message.")


def _channel(folder: Path, env: Mapping[str, str], name: str) -> Channel:
    """The connection's adapter, with stand-ins for the variables that are not set."""
    unset = [one for one in _variables(folder, name) if not env.get(one)]
    known = {**env, **dict.fromkeys(unset, STAND_IN)}
    try:
        return _built(folder, _connections(folder, known, name), name)
    except ConfigError:
        _connections(folder, None, name)  # what is wrong in the file itself is said before
        if not unset:
            raise
        told = f"{name} can read nothing without its variables: set {', '.join(unset)}"
        raise ConfigError([told]) from None


def _variables(folder: Path, name: str) -> list[str]:
    """The variables that a connection names, each once."""
    document = parse(text_of(folder / FILE), FILE, secret=True)
    begin, end = document.at(("connections", name)).span
    return list(dict.fromkeys(REFERENCE.findall(document.source[begin:end])))


def _connections(folder: Path, env: Mapping[str, str] | None, name: str) -> Connections:
    return connections.load(folder, env, configuration.settings_model, only=name)


def _built(folder: Path, found: Connections, name: str) -> Channel:
    one = found.connections[name]
    adapter, payload = configuration.adapter_of(one.adapter), configuration.payload_of(one)
    parts = (mapping.load_payloads(folder, [payload])[payload],) if adapter.reads_payload_maps else ()
    channel: Channel = adapter(one.settings, one.accounts, *parts)
    return channel
