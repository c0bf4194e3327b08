"""From the files and the environment to a configuration: settings, connections.yaml, mappings, payload maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from adapters import ADAPTERS
from bridge import connections, mapping, mapping_set, settings
from bridge.connections import Connection, Connections
from bridge.errors import ConfigError
from bridge.mapping import Mapping as CaseMapping
from bridge.mapping import Payload
from bridge.mapping_set import Files
from bridge.ports import Channel, Crm
from bridge.revising import Revisions
from bridge.settings import Settings
from bridge.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A configuration without faults, but for its mappings: others may be published already."""

    settings: Settings
    connections: Connections
    mappings: Sequence[CaseMapping]  #: of the folder; () = they have faults
    payloads: Mapping[str, Payload]  #: by name
    files: Files  #: the mapping set of the folder; {} = it has faults
    wrong: tuple[object, ...]  #: these faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Offline:
    """What is known without secrets."""

    folder: Path  #: of connections.yaml and the mappings
    mappings: Sequence[CaseMapping]
    files: Files  #: their set
    sources: Sequence[str]  #: the connections for channels
    targets: Mapping[str, type[Crm]]  #: the CRM connections


def configure(env: Mapping[str, str]) -> Config:
    """Read everything that is configured.

    Raises ConfigError with the faults of all files at once, unless only mappings have any.
    """
    config, faults = _read(env, secrets=env)
    if faults:
        raise ConfigError([*faults, *config.wrong])
    return config


def offline(env: Mapping[str, str]) -> Offline:
    """Read all that `check` looks at. Raises ConfigError with the faults of all files at once."""
    config, faults = _read(env, secrets=None)
    if faults or config.wrong:
        raise ConfigError([*faults, *config.wrong])
    return Offline(
        folder=config.settings.config,
        mappings=config.mappings,
        files=config.files,
        sources=sources_of(config.connections),
        targets=targets_of(config.connections),
    )


def _read(env: Mapping[str, str], *, secrets: Mapping[str, str] | None) -> tuple[Config, list[object]]:
    """Everything, and what is wrong but for mappings. Raises ConfigError unless connections.yaml can be used."""
    read, faults = _settings(env)
    try:
        found = _connections(read, secrets)
    except ConfigError as error:
        faults += error.found
        try:  # a missing variable shall not hide what is wrong in a mapping
            found = _connections(read, None)
        except ConfigError:
            raise ConfigError(faults) from None
    mappings: Sequence[CaseMapping] = ()
    files: Files = {}
    wrong: tuple[object, ...] = ()
    payloads: Mapping[str, Payload] = {}
    try:
        mappings = mapping.load(
            read.config,
            found.mappings,
            sources=sources_of(found),
            targets=targets_of(found),
            around=found.around,
        )
        files = mapping_set.gather(read.config)
    except ConfigError as error:
        wrong = error.found
    try:
        payloads = _payloads(read, found)
    except ConfigError as error:
        faults += error.found
    faults += _not_one(found)
    config = Config(
        settings=read, connections=found, mappings=mappings, payloads=payloads, files=files, wrong=wrong
    )
    return config, faults


def connected(env: Mapping[str, str]) -> Connections:
    """Read connections.yaml alone, without secrets. Raises ConfigError."""
    return _connections(settings.read(env), None)


def revisions(found: Connections, store: Store) -> Revisions:
    """The published mapping sets, as they fit these connections."""
    return Revisions(store, sources=sources_of(found), targets=targets_of(found))


def _settings(env: Mapping[str, str]) -> tuple[Settings, list[object]]:
    """The settings, and what is wrong in them: the files can be read all the same."""
    try:
        return settings.read(env), []
    except ConfigError as error:
        return settings.read({k: v for k, v in env.items() if k == "CASEBRIDGE_CONFIG"}), [*error.found]


def _connections(read: Settings, env: Mapping[str, str] | None) -> Connections:
    return connections.load(read.config, env, settings_model, adapters=ADAPTERS)


def sources_of(found: Connections) -> Sequence[str]:
    return [c.name for c in _channels(found)]


def targets_of(found: Connections) -> Mapping[str, type[Crm]]:
    classes = {c.name: adapter_of(c.adapter) for c in found.connections.values()}
    return {name: adapter for name, adapter in classes.items() if issubclass(adapter, Crm)}


def _channels(found: Connections) -> list[Connection]:
    return [c for c in found.connections.values() if issubclass(adapter_of(c.adapter), Channel)]


def _not_one(found: Connections) -> list[str]:
    """Faults for connections whose callbacks do not say whom they are for, and that do not list one account."""
    return [
        f"the connection {c.name!r} lists {len(c.accounts)} accounts, but {c.adapter} never says which it calls"
        " for\n    -> list exactly one, and make a connection for each other one"
        for c in _channels(found)
        if adapter_of(c.adapter).one_account and len(c.accounts) != 1
    ]


def _payloads(read: Settings, found: Connections) -> Mapping[str, Payload]:
    """The payload maps that connections name. Raises ConfigError also where one does not fit its connection."""
    named = [(c, name) for c in found.connections.values() if (name := payload_of(c))]
    payloads = mapping.load_payloads(read.config, dict.fromkeys(name for _, name in named))
    lost = [
        f"the payload map {name!r} names no account, but the connection {c.name!r} lists {len(c.accounts)}\n"
        "    -> write account under message, or list exactly one account in connections.yaml"
        for c, name in named
        if not payloads[name].names_account and len(c.accounts) != 1
    ]
    if faults := [*lost, *_shared(found)]:
        raise ConfigError(faults)
    return payloads


def _shared(found: Connections) -> list[str]:
    """Faults for accounts of several connections, one of which reads a payload map: ids differ within a tool only.

    Two connections to one platform may share an account: what comes by both is one message.
    """
    sources = _channels(found)
    listed = {account: [c for c in sources if account in c.accounts] for c in sources for account in c.accounts}
    return [
        f"the account {account!r} is listed under {' and '.join(repr(c.name) for c in those)}: the messages of "
        "one could be taken for the other's\n"
        f"    -> give it an id of its own in each, such as {f'{those[-1].name}-{account}'!r}, and have the "
        "payload maps write that under account"
        for account, those in listed.items()
        if len(those) > 1 and any(adapter_of(c.adapter).reads_payload_maps for c in those)
    ]


def payload_of(c: Connection) -> str:
    """The payload map that a connection names; "" = none."""
    name: str = getattr(c.settings, "payload", "")
    return name


def settings_model(adapter: str) -> type[BaseModel] | None:
    """The model of an adapter's keys in connections.yaml; None = there is no such adapter."""
    if adapter not in ADAPTERS:
        return None
    model: type[BaseModel] = _module(adapter).Settings
    return model


def adapter_of(adapter: str) -> Any:
    return getattr(_module(adapter), ADAPTERS[adapter].partition(":")[2])


def _module(adapter: str) -> Any:
    """Import an adapter. Raises ConfigError where its vendor's library is not installed."""
    try:
        return import_module(ADAPTERS[adapter].partition(":")[0])
    except ModuleNotFoundError as error:
        missing = f"adapter {adapter!r} needs {error.name}, which is not installed here"
        raise ConfigError([f"{missing}\n    -> pip install {error.name}, or remove its connections"]) from None
