"""From the settings to the parts: the one place that knows the adapters and the bridge."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from adapters import ADAPTERS
from bridge import connections, mapping, protecting, settings
from bridge.alarms import Alarms
from bridge.connections import Connection, Connections
from bridge.errors import ConfigError
from bridge.flow import Keeping
from bridge.mapping import Mapping as CaseMapping
from bridge.mapping import Payload
from bridge.media import Media
from bridge.metering import Metering
from bridge.parts import Bridge
from bridge.ports import Channel, Credentials, Crm, Desk
from bridge.practice import SandboxDesk
from bridge.sealed import Seal
from bridge.settings import Settings
from bridge.store import Store, connect, queues, schema
from bridge.tokens import Tokens
from bridge.upkeep import Care
from bridge.web import Receiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A configuration without faults."""

    settings: Settings
    connections: Connections
    mappings: Sequence[CaseMapping]
    payloads: Mapping[str, Payload]  #: by name


def configure(env: Mapping[str, str]) -> Config:
    """Read everything that is configured. Raises ConfigError with the faults of all files at once."""
    read, faults = _settings(env)
    try:
        found = _connections(read, env)
    except ConfigError as error:
        faults += error.faults
        try:  # a missing variable shall not hide what is wrong in a mapping
            found = _connections(read, None)
        except ConfigError:
            raise ConfigError(faults) from None
    try:
        mappings, payloads = _files(read, found)
    except ConfigError as error:
        faults += error.faults
    if faults:
        raise ConfigError(faults)
    return Config(settings=read, connections=found, mappings=mappings, payloads=payloads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offline:
    """What is known without secrets."""

    folder: Path  #: of connections.yaml and the mappings
    mappings: Sequence[CaseMapping]
    targets: Mapping[str, type[Crm]]  #: by the names of connections


def check(env: Mapping[str, str]) -> int:
    """Check the settings, connections.yaml and every file it names without secrets; how many mappings are good.

    Raises ConfigError.
    """
    return len(offline(env).mappings)


def offline(env: Mapping[str, str]) -> Offline:
    """Read all that `check` looks at. Raises ConfigError."""
    read, faults = _settings(env)
    try:
        mappings, _ = _files(read, found := _connections(read, None))
    except ConfigError as error:
        faults += error.faults
    if faults:
        raise ConfigError(faults)
    return Offline(folder=read.config, mappings=mappings, targets=_targets(found))


def _settings(env: Mapping[str, str]) -> tuple[Settings, tuple[str, ...]]:
    """The settings, and what is wrong in them: the files can be read all the same."""
    try:
        return settings.read(env), ()
    except ConfigError as error:
        return settings.read({name: env[name] for name in ("CASEBRIDGE_CONFIG",) if name in env}), error.faults


def log(read: Settings) -> None:
    """Log our own lines from LOG_LEVEL on to standard error, and libraries' warnings.

    Libraries say more on lower levels, but what they say holds queries, and with them customers' names.
    """
    level = logging.getLevelNamesMapping()[read.log_level.upper()]
    logging.basicConfig(
        level=max(level, logging.WARNING), format="%(asctime)s %(levelname)s %(process)d %(message)s"
    )
    logging.getLogger("casebridge").setLevel(level)


def settings_model(adapter: str) -> type[BaseModel] | None:
    """The model of an adapter's keys in connections.yaml; None = there is no such adapter."""
    if adapter not in ADAPTERS:
        return None
    model: type[BaseModel] = _module(adapter).Settings
    return model


def store(config: Config) -> Store:
    """The database. Raises ConfigError unless it is at this version's revision."""
    found = connect(config.settings.database_url)
    schema.check(found)
    return found


def receiver(config: Config, found: Store) -> Receiver:
    """The parts of the web edge."""
    return Receiver(
        store=found,
        channels=channels(config),
        crms=calling(config),
        keeping=keeping(config),
        public_url=config.settings.public_url,
        proxies=config.settings.proxies,
        metrics_token=config.settings.metrics_token,
    )


def keeping(config: Config) -> Keeping:
    """How what platforms tell is kept."""
    seal = Seal(config.settings.key).close if config.settings.key else None
    return Keeping(protection=protecting.protection(config.mappings), seal=seal)


def channels(config: Config) -> dict[str, Channel | None]:
    """The connections that platforms call; None = switched off."""
    return {
        c.name: _channel(c, config.payloads) if c.enabled else None
        for c in config.connections.connections.values()
        if issubclass(_adapter(c.adapter), Channel)
    }


def calling(config: Config) -> dict[str, Crm | None]:
    """The CRM connections that call us; None = switched off."""
    return {
        c.name: _adapter(c.adapter)(c.settings) if c.enabled else None
        for c in config.connections.connections.values()
        if issubclass(_adapter(c.adapter), Crm) and _adapter(c.adapter).calls
    }


def _channel(c: Connection, payloads: Mapping[str, Payload]) -> Channel:
    adapter = _adapter(c.adapter)
    parts = (payloads[_payload(c)],) if adapter.reads_payload_maps else ()
    channel: Channel = adapter(c.settings, c.accounts, *parts)
    return channel


def _payload(c: Connection) -> str:
    """The payload map that a connection names; "" = none."""
    name: str = getattr(c.settings, "payload", "")
    return name


def bridge(config: Config, found: Store) -> Bridge:
    """The parts of a worker. A CRM connection that is switched off keeps its cases waiting.

    Raises ConfigError if a call to a CRM or a platform may outlast its lease: two workers would do the same.
    """
    tokens = _tokens(config, found)
    crms = _crms(config, found, fetch=Media(tokens.channels, tokens.credentials))
    lease = config.settings.lease
    slow = {name: crm.longest_find for name, crm in crms.items() if crm.longest_find >= lease}
    slow |= {name: span for name, span in _longest_calls(config).items() if span > lease * (1 - queues.BEGINS)}
    if slow:
        raise ConfigError(
            [
                f"LEASE is {lease.total_seconds():g} seconds, but asking {name} may take "
                f"{span.total_seconds():g}: make LEASE longer or the timeout of {name} shorter"
                for name, span in slow.items()
            ]
        )
    return Bridge(
        store=found,
        mappings={m.name: m for m in config.mappings},
        crms=crms,
        gather=config.settings.gather,
        lease=config.settings.lease,
        protection=protecting.protection(config.mappings),
        channels=tokens.channels,
        credentials=tokens.credentials,
        desks=desks(config, crms),
        alarm=alarms(config, found).token,
    )


def _longest_calls(config: Config) -> dict[str, timedelta]:
    """How long it may take to ask a platform, by connection: one call for a token and one with it."""
    return {
        c.name: 2 * timeout
        for c in config.connections.connections.values()
        if c.enabled and any(one != Credentials() for one in c.credentials.values())
        if (timeout := getattr(c.settings, "timeout", None)) and issubclass(_adapter(c.adapter), Channel)
    }


def _crms(config: Config, found: Store | None = None, **parts: Any) -> dict[str, Crm]:
    """The CRMs that are switched on. found: where those calls are counted whose CRM wants it; None = nowhere."""
    return {
        c.name: _adapter(c.adapter)(c.settings, **parts, **_counted(c, found))
        for c in config.connections.connections.values()
        if c.enabled and issubclass(_adapter(c.adapter), Crm)
    }


def _counted(c: Connection, found: Store | None) -> dict[str, Metering]:
    return {"meters": Metering(found, c.name)} if found and _adapter(c.adapter).meters else {}


def describing(config: Config) -> dict[str, Crm]:
    """Those of them that tell what objects and fields they have."""
    return {name: crm for name, crm in _crms(config).items() if crm.describes}


def _tokens(config: Config, found: Store) -> Tokens:
    """What accounts are opened with, and the channels that are switched on, whose tokens those are."""
    return Tokens(
        store=found,
        configured={c.name: c.credentials for c in config.connections.connections.values()},
        channels={name: channel for name, channel in channels(config).items() if channel is not None},
        seal=Seal(config.settings.key) if config.settings.key else None,
    )


def care(config: Config, found: Store) -> Care:
    """The parts that look after the connections."""
    tokens = _tokens(config, found)
    keys: dict[str, dict[str, str]] = {}
    for one in config.mappings:
        keys.setdefault(one.target, {})[one.object] = one.key_field
    return Care(
        store=found,
        channels=tokens.channels,
        crms=_crms(config, found),
        accounts={c.name: list(c.accounts) for c in config.connections.connections.values()},
        keys=keys,
        pages={c.name: f"docs/channels/{c.adapter}.md" for c in config.connections.connections.values()},
        tokens=tokens,
        public_url=config.settings.public_url,
        clock=lambda: datetime.now(UTC),
    )


def alarms(config: Config, found: Store) -> Alarms:
    """What tells of alarms."""
    return Alarms(found, config.settings.alert_url)


def desks(config: Config, crms: Mapping[str, Crm]) -> dict[str, Desk]:
    """Where agents reply, by CRM connection: in the CRM itself, or on its sandbox's page."""
    found = {name: _desk(config.connections.connections[name], crm) for name, crm in crms.items()}
    return {name: desk for name, desk in found.items() if desk is not None}


def _desk(c: Connection, crm: Crm) -> Desk | None:
    """A sandbox has a reply box, and is read like a real CRM only where its connection insists on that."""
    read = {name: getattr(c.settings, name, "") for name in ("messages", "replies")}
    insists = read["messages"] == "plugin" or read["replies"] == "comments"
    url = getattr(c.settings, "url", "")
    if read["replies"] == "off":
        return None
    if url and not insists:
        return SandboxDesk(url)
    return cast("Desk", crm) if crm.desk and read["messages"] != "comments" else None


def _connections(read: Settings, env: Mapping[str, str] | None) -> Connections:
    return connections.load(read.config, env, settings_model, adapters=ADAPTERS)


def _files(read: Settings, found: Connections) -> tuple[Sequence[CaseMapping], Mapping[str, Payload]]:
    """Every mapping and every payload map. Raises ConfigError with the faults of all."""
    mappings: Sequence[CaseMapping] = ()
    payloads: Mapping[str, Payload] = {}
    faults = list[str]()
    try:
        mappings = _mappings(read, found)
    except ConfigError as error:
        faults += error.faults
    try:
        payloads = _payloads(read, found)
    except ConfigError as error:
        faults += error.faults
    if faults := [*faults, *_not_one(found)]:
        raise ConfigError(faults)
    return mappings, payloads


def _not_one(found: Connections) -> list[str]:
    """Faults for connections whose callbacks do not say whom they are for, and that do not list one account."""
    return [
        f"the connection {c.name!r} lists {len(c.accounts)} accounts, but {c.adapter} never says which it calls"
        " for\n    -> list exactly one, and make a connection for each other one"
        for c in found.connections.values()
        if issubclass(_adapter(c.adapter), Channel) and _adapter(c.adapter).one_account and len(c.accounts) != 1
    ]


def _payloads(read: Settings, found: Connections) -> Mapping[str, Payload]:
    """The payload maps that connections name. Raises ConfigError also where one does not fit its connection."""
    named = [(c, name) for c in found.connections.values() if (name := _payload(c))]
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
    sources = [c for c in found.connections.values() if issubclass(_adapter(c.adapter), Channel)]
    listed = {account: [c for c in sources if account in c.accounts] for c in sources for account in c.accounts}
    return [
        f"the account {account!r} is listed under {' and '.join(repr(c.name) for c in those)}: the messages of "
        "one could be taken for the other's\n"
        f"    -> give it an id of its own in each, such as {f'{those[-1].name}-{account}'!r}, and have the "
        "payload maps write that under account"
        for account, those in listed.items()
        if len(those) > 1 and any(_adapter(c.adapter).reads_payload_maps for c in those)
    ]


def _mappings(read: Settings, found: Connections) -> Sequence[CaseMapping]:
    classes = {c.name: _adapter(c.adapter) for c in found.connections.values()}
    return mapping.load(
        read.config,
        found.mappings,
        sources=[name for name, adapter in classes.items() if issubclass(adapter, Channel)],
        targets=_targets(found),
        around=found.around,
    )


def _targets(found: Connections) -> Mapping[str, type[Crm]]:
    classes = {c.name: _adapter(c.adapter) for c in found.connections.values()}
    return {name: adapter for name, adapter in classes.items() if issubclass(adapter, Crm)}


def _module(adapter: str) -> Any:
    """Import an adapter. Raises ConfigError where its vendor's library is not installed."""
    try:
        return import_module(ADAPTERS[adapter].partition(":")[0])
    except ModuleNotFoundError as error:
        missing = f"adapter {adapter!r} needs {error.name}, which is not installed here"
        raise ConfigError([f"{missing}\n    -> pip install {error.name}, or remove its connections"]) from None


def _adapter(adapter: str) -> Any:
    return getattr(_module(adapter), ADAPTERS[adapter].partition(":")[2])
