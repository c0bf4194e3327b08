"""From the settings to the parts: the one place that knows the adapters and the bridge."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pydantic import BaseModel

from adapters import ADAPTERS
from bridge import connections, mapping, protecting, settings
from bridge.connections import Connections
from bridge.errors import ConfigError
from bridge.flow import Bridge, Keeping
from bridge.mapping import Mapping as CaseMapping
from bridge.ports import Channel, Crm
from bridge.sealed import Seal
from bridge.settings import Settings
from bridge.store import Store, connect, schema
from bridge.web import Receiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A configuration without faults."""

    settings: Settings
    connections: Connections
    mappings: Sequence[CaseMapping]


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
        mappings = _mappings(read, found)
    except ConfigError as error:
        faults += error.faults
    if faults:
        raise ConfigError(faults)
    return Config(settings=read, connections=found, mappings=mappings)


def check(env: Mapping[str, str]) -> int:
    """Check the settings, connections.yaml and every mapping it names without secrets; how many mappings are good.

    Raises ConfigError.
    """
    read, faults = _settings(env)
    try:
        good = len(_mappings(read, _connections(read, None)))
    except ConfigError as error:
        faults += error.faults
    if faults:
        raise ConfigError(faults)
    return good


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
        keeping=Keeping(
            protection=protecting.protection(config.mappings),
            seal=Seal(config.settings.key).close if config.settings.key else None,
        ),
        public_url=config.settings.public_url,
        proxies=config.settings.proxies,
    )


def channels(config: Config) -> dict[str, Channel | None]:
    """The connections that platforms call; None = switched off."""
    return {
        c.name: _adapter(c.adapter)(c.settings, c.accounts) if c.enabled else None
        for c in config.connections.connections.values()
        if issubclass(_adapter(c.adapter), Channel)
    }


def bridge(config: Config, found: Store) -> Bridge:
    """The parts of a worker. A CRM connection that is switched off keeps its cases waiting.

    Raises ConfigError if a call to a CRM may take longer than a lease: nothing could ever be sent.
    """
    crms: dict[str, Crm] = {
        c.name: _adapter(c.adapter)(c.settings)
        for c in config.connections.connections.values()
        if c.enabled and issubclass(_adapter(c.adapter), Crm)
    }
    lease = config.settings.lease
    slow = {name: crm.longest_find for name, crm in crms.items() if crm.longest_find >= lease}
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
    )


def _connections(read: Settings, env: Mapping[str, str] | None) -> Connections:
    return connections.load(read.config, env, settings_model, adapters=ADAPTERS)


def _mappings(read: Settings, found: Connections) -> Sequence[CaseMapping]:
    classes = {c.name: _adapter(c.adapter) for c in found.connections.values()}
    return mapping.load(
        read.config,
        found.mappings,
        sources=[name for name, adapter in classes.items() if issubclass(adapter, Channel)],
        targets={name: adapter for name, adapter in classes.items() if issubclass(adapter, Crm)},
    )


def _module(adapter: str) -> Any:
    """Import an adapter. Raises ConfigError where its vendor's library is not installed."""
    try:
        return import_module(ADAPTERS[adapter].partition(":")[0])
    except ModuleNotFoundError as error:
        missing = f"adapter {adapter!r} needs {error.name}, which is not installed here"
        raise ConfigError([f"{missing}\n    -> pip install {error.name}, or remove its connections"]) from None


def _adapter(adapter: str) -> Any:
    return getattr(_module(adapter), ADAPTERS[adapter].partition(":")[2])
