"""The command `casebridge`. Exit codes: 0 all is well, 1 something is wrong in what was looked at, 2 the
configuration does not let it look."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import click

from bridge import __version__
from bridge.errors import ConfigError

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
@click.version_option(__version__, prog_name="casebridge")
def main() -> None:
    """Customers' posts and messages become cases in the CRM that is already there."""


def _command(function: Callable[..., None]) -> Any:
    """A command that says on standard error what keeps it from looking, and exits with 2."""

    @main.command(name=function.__name__)
    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except ConfigError as error:
            _say(error)
            sys.exit(2)
        except Exception as error:
            from sqlalchemy.exc import OperationalError

            if not isinstance(error, OperationalError):
                raise
            click.echo(f"the database of DATABASE_URL cannot be used: {error.orig}", err=True)
            sys.exit(2)

    return run


def _say(error: ConfigError) -> None:
    for fault in error.faults:
        click.echo(fault, err=True)


@_command
def run() -> None:
    """Run a receiver, a worker and a clock here, until Ctrl-C. SQLite is migrated first."""
    from bridge import supervise, wiring
    from bridge.store import connect, schema

    config = wiring.configure(os.environ)
    wiring.log(config.settings)
    if config.settings.database_url.startswith("sqlite"):
        schema.migrate(connect(config.settings.database_url))
    wiring.bridge(config, wiring.store(config))  # what a worker would refuse is said here
    s = config.settings
    click.echo(f"receiver on http://{s.host}:{s.port}/in/<connection>, a worker and a clock; Ctrl-C stops all")
    with supervise.together(supervise.embedded(s.host, s.port), os.environ) as group:
        why = group.wait()
    if why:
        click.echo(why, err=True)
        sys.exit(1)


@_command
def work() -> None:
    """Run one worker until it is told to stop; any number may run beside each other."""
    from bridge import wiring, worker

    config = wiring.configure(os.environ)
    wiring.log(config.settings)
    found = wiring.store(config)
    stop = _stopped()
    one = worker.Worker(wiring.bridge(config, found), tuple(wiring.channels(config)))
    worker.run(one, stop, poll=config.settings.poll)


@_command
def clock() -> None:
    """Renew tokens, look at the connections each day and raise alarms, until told to stop."""
    from bridge import clock as ticking
    from bridge import wiring

    config = wiring.configure(os.environ)
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


@_command
def migrate() -> None:
    """Bring the database to this version's tables."""
    from bridge import settings
    from bridge.store import connect, schema

    at = schema.migrate(connect(settings.read(os.environ).database_url))
    click.echo(f"the database is at revision {at}")


@_command
@click.option("--online", is_flag=True, help="Ask the CRMs too what they have, by calls that change nothing.")
@click.option("--save", type=FILE, help="With --online: write what they said to this file.")
@click.option("--schema", type=FILE, help="Check against such a file: offline again, and without secrets.")
def check(*, online: bool, save: Path | None, schema: Path | None) -> None:
    """Check connections.yaml and the mappings, offline and without secrets: exit 0, 1 (faults) or 2."""
    from bridge import report, wiring

    if (save and not online) or (schema and online):
        raise click.UsageError("--save belongs to --online, and --schema stands instead of it")
    try:
        found = wiring.offline(os.environ)
    except ConfigError as error:
        _say(error)
        looked = any(re.search(r":\d+:\d+ error: ", fault) for fault in error.faults)  # file:line:column
        sys.exit(1 if looked else 2)
    warned = _against_crms(found, save=save, schema=schema) if online or schema else 0
    click.echo(report.checked(len(found.mappings), warned))


def _against_crms(found: Any, *, save: Path | None, schema: Path | None) -> int:
    """How many warnings there are about what the CRMs say of themselves; a fault ends the command with 1."""
    from bridge import online, wiring

    written = online.written(found.folder, found.mappings)
    told = online.saved(schema) if schema else online.ask(wiring.describing(wiring.configure(os.environ)), written)
    if save:
        online.save(save, told)
    for remark in online.remarks(found.targets, written, told):
        click.echo(remark)
    faults = online.faults(written, told)
    for fault in faults:
        click.echo(fault, err=True)
    if any(fault.level == "error" for fault in faults):
        sys.exit(1)
    return len(faults)


def _store() -> Any:
    from bridge import settings
    from bridge.store import connect, schema

    found = connect(settings.read(os.environ).database_url)
    schema.check(found)
    return found


@_command
@click.argument("message_id")
def explain(message_id: str) -> None:
    """Tell the story of a stored message, by the platform's id or the whole key."""
    from bridge import report
    from bridge.store import ledger

    with _store().read() as c:
        stories = ledger.stories(c, message_id)
    if not stories:
        click.echo(f"no message {message_id!r} was ever received here", err=True)
        sys.exit(1)
    click.echo("\n\n".join(report.story(one) for one in stories))


@_command
def ledger() -> None:
    """Show the books; exit 1 if a message that was received is not accounted for."""
    from bridge import report
    from bridge.store import ledger as books

    with _store().read() as c:
        found = books.read(c)
    click.echo(report.books(found))
    sys.exit(1 if found.faults() else 0)


@_command
@click.option("--replay", metavar="KEY", multiple=True, help="Send this one on its road again; `all` for all.")
@click.option("--show", metavar="KEY", help="Print what came, of a callback that nobody could read.")
def dead(replay: tuple[str, ...], show: str | None) -> None:
    """List the messages that could not be filed, with the reason, or replay them."""
    from bridge import report
    from bridge.store import ledger as books

    found = _store()
    with found.read() as c:
        listed = books.dead(c)
    if show is not None:
        _show(found, [one for one in listed if show in (one.key, one.points_at[2])], show)
        return
    if not replay:
        click.echo(report.dead(listed))
        return
    wanted = [one for one in listed if "all" in replay or one.key in replay or one.points_at[2] in replay]
    unknown = [k for k in replay if k != "all" and not any(k in (o.key, o.points_at[2]) for o in listed)]
    with found.write() as c:
        went = books.replay(c, wanted)
    click.echo(f"{went} of {len(wanted)} are on their road again")
    for one in [one for one in wanted if not one.body]:
        click.echo(f"{one.key} cannot be replayed: nobody could read it", err=True)
    for key in unknown:
        click.echo(f"there is no dead message {key!r}", err=True)
    sys.exit(1 if unknown or went < len(wanted) else 0)


def _show(found: Any, named: list[Any], name: str) -> None:
    """Decrypt and print the one dead item that nobody could read."""
    from bridge import report, settings
    from bridge.sealed import Seal
    from bridge.store import ledger as books

    keys = settings.read(os.environ).key
    if not keys:
        raise ConfigError(["CASEBRIDGE_KEY is not set: without it nothing can be decrypted"])
    with found.read() as c:
        kept = books.sealed(c, name)
    if kept is not None:
        click.echo(report.unreadable(Seal(keys).open(kept)))
        return
    if not named:
        why = f"there is no dead message {name!r}"
    elif named[0].body:
        why = f"{name!r} could be read: `casebridge explain` tells its story"
    else:
        why = f"only the hash of {name!r} is kept: CASEBRIDGE_KEY was not set when it came, or 72 hours are over"
    click.echo(why, err=True)
    sys.exit(1)


@_command
@click.argument("connections", nargs=-1)
def doctor(connections: tuple[str, ...]) -> None:
    """Check connections for real, all or some of them: exit 1 for faults; warnings leave it at 0."""
    from bridge import findings, upkeep

    care = _care()
    for name in connections:
        _known(care, name, care.connections)
    itself = {} if connections else {upkeep.ITSELF: upkeep.examine_itself(care)}
    found = {**itself, **upkeep.examine(care, connections or care.connections)}
    click.echo(findings.text(found))
    sys.exit(findings.faulty(found))


@_command
@click.argument("connections", nargs=-1)
def subscribe(connections: tuple[str, ...]) -> None:
    """Set up at platforms and CRMs what is missing there, for all connections or some: exit 1 for faults."""
    from bridge import findings, upkeep

    care = _care()
    for name in connections:
        _known(care, name, care.subscribable)
    found = upkeep.subscribe(care, connections or care.subscribable)
    click.echo(findings.text(found))
    sys.exit(findings.faulty(found))


@_command
@click.argument("connection")
@click.option("--since", required=True, help="2026-11-21, 2026-11-21T18:30+01:00, 2 days, 6 hours …")
@click.option("--account", default="", help="One account's id; all accounts of the connection otherwise.")
def backfill(connection: str, since: str, account: str) -> None:
    """Fetch what a connection missed, where its platform lets us; again is harmless. Exit 1 if it is not all."""
    from datetime import UTC, datetime

    from bridge import backfilling, report, wiring

    config = wiring.configure(os.environ)
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
            keeping=wiring.keeping(config),
        )
        click.echo(report.fetched(connection, fetched))
        whole &= not fetched.stopped
    sys.exit(not whole)


@_command
def replies() -> None:
    """List the replies of agents that wait, failed, or may not have arrived, without what they say."""
    from bridge import report
    from bridge.store import health

    with _store().read() as c:
        found = health.replies(c)
    click.echo(report.replies(found))


def _care() -> Any:
    """What looks after the connections."""
    from bridge import wiring

    config = wiring.configure(os.environ)
    return wiring.care(config, wiring.store(config))


def _known(care: Any, name: str, names: Sequence[str]) -> str:
    """The name, if it is one of these. Raises ConfigError."""
    if name in names:
        return name
    why = "has no API for this" if name in care.connections else "is not switched on in connections.yaml"
    raise ConfigError([f"the connection {name!r} {why}\n    -> allowed: {', '.join(names)}"])


@_command
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "connection", required=True, help="The connection, as named in connections.yaml.")
@click.option("--url", default="", help="Another receiver than PUBLIC_URL or the one on HOST and PORT.")
def send(file: Path, connection: str, url: str) -> None:
    """Sign a webhook body as its platform would and post it to the receiver."""
    from bridge import sending, wiring

    config = wiring.configure(os.environ)
    status, body = sending.send(config, file.read_bytes(), connection, url)
    click.echo(f"{status} {body}".rstrip())
    sys.exit(0 if status == 200 else 1)


if __name__ == "__main__":
    main()
