"""From the settings to the parts: the one place that knows the adapters and the bridge."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from bridge import protecting, revising
from bridge.alarms import Alarms
from bridge.configuration import (
    Config,
    adapter_of,
    payload_of,
    revisions,
)
from bridge.connections import Connection
from bridge.detecting import detector
from bridge.errors import ConfigError
from bridge.flow import Keeping
from bridge.mapping import Payload
from bridge.media import Media
from bridge.metering import Metering
from bridge.parts import Bridge
from bridge.ports import Channel, Credentials, Crm, Desk
from bridge.practice import SandboxDesk
from bridge.revising import Revisions
from bridge.sealed import Seal
from bridge.settings import Settings
from bridge.store import Store, connect, queues, schema
from bridge.tokens import Tokens
from bridge.upkeep import Care
from bridge.web import Receiver

logger = logging.getLogger("casebridge")


def log(read: Settings) -> None:
    """Log our own lines from LOG_LEVEL on to standard error, and libraries' warnings.

    Libraries say more on lower levels, but what they say holds queries, and with them customers' names.
    """
    level = logging.getLevelNamesMapping()[read.log_level.upper()]
    logging.basicConfig(
        level=max(level, logging.WARNING), format="%(asctime)s %(levelname)s %(process)d %(message)s"
    )
    logging.getLogger("casebridge").setLevel(level)


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
        keeping=keeping(config, published(config, found)),
        public_url=config.settings.public_url,
        proxies=config.settings.proxies,
        metrics_token=config.settings.metrics_token,
    )


def published(config: Config, found: Store, *, released: bool = False) -> Revisions:
    """The mapping sets to work by; the files are published first if they are news.

    released: this is a release, or the one machine that there is. Files with faults are not published, and the log
    tells them. Raises ConfigError where there is no set that can be used.
    """
    known = revisions(config.connections, found)
    if config.files:
        revising.take_up(known, config.files, released=released)
    current = known.current(time.monotonic())
    if current is None:
        raise ConfigError(config.wrong or ["no published mappings fit connections.yaml: run `casebridge publish`"])
    if config.wrong:
        told = "\n".join(map(str, config.wrong))
        logger.error("the mappings here have faults, so revision %d stays at work:\n%s", current.number, told)
    return known


def keeping(config: Config, known: Revisions) -> Callable[[], Keeping]:
    """How what platforms tell is kept, as the newest mappings say."""
    seal = Seal(config.settings.key).close if config.settings.key else None
    language = detector(config.settings.detect_language)

    def now() -> Keeping:
        current = known.current(time.monotonic())
        protection = protecting.protection(current.mappings.values() if current else ())
        return Keeping(protection=protection, seal=seal, language=language)

    return now


def channels(config: Config) -> dict[str, Channel | None]:
    """The connections that platforms call; None = switched off."""
    return {
        c.name: _channel(c, config.payloads) if c.enabled else None
        for c in config.connections.connections.values()
        if issubclass(adapter_of(c.adapter), Channel)
    }


def calling(config: Config) -> dict[str, Crm | None]:
    """The CRM connections that call us; None = switched off."""
    return {
        c.name: adapter_of(c.adapter)(c.settings) if c.enabled else None
        for c in config.connections.connections.values()
        if issubclass(adapter_of(c.adapter), Crm) and adapter_of(c.adapter).calls
    }


def _channel(c: Connection, payloads: Mapping[str, Payload]) -> Channel:
    adapter = adapter_of(c.adapter)
    parts = (payloads[payload_of(c)],) if adapter.reads_payload_maps else ()
    channel: Channel = adapter(c.settings, c.accounts, *parts)
    return channel


def bridge(config: Config, found: Store, known: Revisions | None = None) -> Bridge:
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
    known = known or published(config, found)
    current = known.current(time.monotonic())
    assert current is not None  # else it had been said
    return Bridge(
        store=found,
        mappings=current.mappings,
        revision=current.number,
        earlier=known.of,
        crms=crms,
        gather=config.settings.gather,
        lease=config.settings.lease,
        protection=protecting.protection(current.mappings.values()),
        channels=tokens.channels,
        credentials=tokens.credentials,
        language=detector(config.settings.detect_language),
        desks=desks(config, crms),
        alarm=alarms(config, found).token,
    )


def _longest_calls(config: Config) -> dict[str, timedelta]:
    """How long it may take to ask a platform, by connection: one call for a token and one with it."""
    return {
        c.name: 2 * timeout
        for c in config.connections.connections.values()
        if c.enabled and any(one != Credentials() for one in c.credentials.values())
        if (timeout := getattr(c.settings, "timeout", None)) and issubclass(adapter_of(c.adapter), Channel)
    }


def _crms(config: Config, found: Store | None = None, **parts: Any) -> dict[str, Crm]:
    """The CRMs that are switched on. found: where those calls are counted whose CRM wants it; None = nowhere."""
    return {
        c.name: adapter_of(c.adapter)(c.settings, **parts, **_counted(c, found))
        for c in config.connections.connections.values()
        if c.enabled and issubclass(adapter_of(c.adapter), Crm)
    }


def _counted(c: Connection, found: Store | None) -> dict[str, Metering]:
    return {"meters": Metering(found, c.name)} if found and adapter_of(c.adapter).meters else {}


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
    known = revisions(config.connections, found)

    def keys() -> Mapping[str, Mapping[str, str]]:
        current = known.current(time.monotonic())
        told: dict[str, dict[str, str]] = {}
        for one in current.mappings.values() if current else config.mappings:
            if not one.shadow:
                told.setdefault(one.target, {})[one.object] = one.key_field
        return told

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
