"""The commands that reach out to platforms and CRMs: doctor, subscribe, backfill, send."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from bridge.cli.commands import command
from bridge.errors import ConfigError


@command
@click.argument("connections", nargs=-1)
def doctor(connections: tuple[str, ...]) -> None:
    """Ask platforms and CRMs for real whether all is set up.

    All connections, or those that are named. Exit 1 for faults; warnings leave it at 0.
    """
    from bridge import findings, upkeep

    care = _care()
    for name in connections:
        _known(care, name, care.connections)
    itself = {} if connections else {upkeep.ITSELF: upkeep.examine_itself(care)}
    found = {**itself, **upkeep.examine(care, connections or care.connections)}
    click.echo(findings.text(found))
    sys.exit(findings.faulty(found))


@command
@click.argument("connections", nargs=-1)
def subscribe(connections: tuple[str, ...]) -> None:
    """Set up at platforms and CRMs what is missing there.

    For all connections, or those that are named. Exit 1 for faults.
    """
    from bridge import findings, upkeep

    care = _care()
    for name in connections:
        _known(care, name, care.subscribable)
    found = upkeep.subscribe(care, connections or care.subscribable)
    click.echo(findings.text(found))
    sys.exit(findings.faulty(found))


@command
@click.argument("connection")
@click.option("--since", required=True, help="2026-11-21, 2026-11-21T18:30+01:00, 2 days, 6 hours …")
@click.option("--account", default="", help="One account's id; all accounts of the connection otherwise.")
def backfill(connection: str, since: str, account: str) -> None:
    """Fetch what a connection missed. Again is harmless. Exit 1 if it is not all, or the platform has no API."""
    from datetime import UTC, datetime

    from bridge import backfilling, configuration, report, wiring

    config = configuration.configure(os.environ)
    care = wiring.care(config, found := wiring.store(config))
    channel = care.channels[_known(care, connection, [*care.channels])]
    if account and account not in care.accounts[connection]:
        raise ConfigError([f"the connection {connection!r} lists no account {account!r}"])
    try:
        moment = backfilling.moment(since, datetime.now(UTC))
    except ValueError as error:
        raise ConfigError([f"--since {error}"]) from None
    if not channel.backfills:
        click.echo(f"the platform of {connection} has no API for what was missed", err=True)
        sys.exit(1)
    whole = True
    for one in [account] if account else care.accounts[connection]:
        fetched = backfilling.backfill(
            channel,
            connection,
            one,
            care.tokens.credentials(connection, one),
            since=moment,
            store=found,
            keeping=_keeping(config, found),
        )
        click.echo(report.fetched(connection, fetched))
        whole &= not fetched.stopped
    sys.exit(not whole)


@command
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "connection", required=True, help="The connection, as named in connections.yaml.")
@click.option("--url", default="", help="Another receiver than PUBLIC_URL or the one on HOST and PORT.")
def send(file: Path, connection: str, url: str) -> None:
    """Sign a webhook body as its platform would, and post it. Exit 1 unless the receiver takes it."""
    from bridge import configuration, sending

    config = configuration.configure(os.environ)
    status, body = sending.send(config, file.read_bytes(), connection, url)
    click.echo(f"{status} {body}".rstrip())
    sys.exit(0 if status == 200 else 1)


def _keeping(config: Any, found: Any) -> Any:
    """How what is fetched is kept, as the mappings at work say; newer files are published by others."""
    from bridge import configuration, wiring

    known = configuration.revisions(config.connections, found)
    if known.current(time.monotonic()) is None:
        known = wiring.published(config, found)
    return wiring.keeping(config, known)()


def _care() -> Any:
    """What looks after the connections."""
    from bridge import configuration, wiring

    config = configuration.configure(os.environ)
    return wiring.care(config, wiring.store(config))


def _known(care: Any, name: str, names: Sequence[str]) -> str:
    """The name, if it is one of these. Raises ConfigError."""
    if name in names:
        return name
    why = "has no API for this" if name in care.connections else "is not switched on in connections.yaml"
    raise ConfigError([f"the connection {name!r} {why}\n    -> allowed: {', '.join(names)}"])
