"""The commands that run the bridge: run, work, clock, migrate."""

from __future__ import annotations

import os
import signal
import sys
import threading

import click

from bridge.cli.commands import command


@command
def run() -> None:
    """Run a receiver, a worker and a clock here, until Ctrl-C. SQLite is migrated first."""
    from bridge import configuration, supervise, wiring
    from bridge.store import connect, schema

    config = configuration.configure(os.environ)
    wiring.log(config.settings)
    if config.settings.database_url.startswith("sqlite"):
        schema.migrate(connect(config.settings.database_url))
    found = wiring.store(config)
    known = wiring.published(config, found, released=True)
    wiring.bridge(config, found, known)  # what a worker would refuse is said here
    s = config.settings
    click.echo(f"receiver on http://{s.host}:{s.port}/in/<connection>, a worker and a clock; Ctrl-C stops all")
    with supervise.together(supervise.embedded(s.host, s.port), os.environ) as group:
        why = group.wait()
    if why:
        click.echo(why, err=True)
        sys.exit(1)


@command
def work() -> None:
    """Run one more worker, until it is told to stop."""
    from bridge import configuration, wiring, worker

    config = configuration.configure(os.environ)
    wiring.log(config.settings)
    found = wiring.store(config)
    stop = _stopped()
    known = wiring.published(config, found)
    one = worker.Worker(wiring.bridge(config, found, known), tuple(wiring.channels(config)), known.current)
    worker.run(one, stop, poll=config.settings.poll)


@command
def clock() -> None:
    """Renew tokens, look at the connections and raise alarms. It runs until it is told to stop."""
    from bridge import clock as ticking
    from bridge import configuration, wiring

    config = configuration.configure(os.environ)
    wiring.log(config.settings)
    found = wiring.store(config)
    stop = _stopped()
    ticking.run(ticking.Clock(care=wiring.care(config, found), alarms=wiring.alarms(config, found)), stop)


def _stopped() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@command
def migrate() -> None:
    """Bring the database to this version's tables."""
    from bridge import settings
    from bridge.store import connect, schema

    at = schema.migrate(connect(settings.read(os.environ).database_url))
    click.echo(f"the database is at revision {at}")
