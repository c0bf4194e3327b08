"""The commands for published mapping sets: publish, revisions, diff, rollback."""

from __future__ import annotations

import os
import sys

import click

from bridge.cli.commands import command, opened, say
from bridge.errors import ConfigError


@command
@click.option("--if-changed", is_flag=True, help="For releases: not where a rollback came after these very files.")
def publish(*, if_changed: bool) -> None:
    """Check the folder's mappings and put them to work. They become a new revision. Exit 1 for faults."""
    from bridge import checked, configuration, revising
    from bridge.store import revisions

    try:
        store = opened()
    except ConfigError:
        configuration.offline(os.environ)  # the settings' faults are said with those of all files
        raise
    with store.read() as c:
        before = revisions.active(c)
    try:
        here = configuration.offline(os.environ)
        known = revising.Revisions(store, sources=here.sources, targets=here.targets)
        if if_changed:
            revising.take_up(known, here.files, released=True)
        else:
            revising.publish(known, here.files)
    except ConfigError as error:
        say(error)
        stays = f"; revision {before} stays at work" if before else ""
        click.echo(f"nothing was published{stays}", err=True)
        sys.exit(checked.code(checked.each(error.found), strict=False))
    with store.read() as c:
        now = revisions.active(c)
    click.echo(f"revision {now} is at work now" if now != before else f"revision {now} stays at work")


@command
def revisions() -> None:
    """List the published mapping sets, the newest first."""
    from bridge import mapping_set, report
    from bridge.store import revisions as published

    with opened().read() as c:
        listed = published.listed(c)
        files = {0: dict[str, str](), **{one.number: published.files(c, one.number) for one in listed}}
    changes = {one.number: mapping_set.changes(files[one.number - 1], files[one.number]) for one in listed}
    click.echo(report.revisions(listed, changes))


@command
@click.argument("old", type=int, required=False)
@click.argument("new", type=int, required=False)
def diff(old: int | None, new: int | None) -> None:
    """Show what changed between revisions, or since the newest.

    Without numbers: from the newest to the folder's files. With one: from that to the newest.
    """
    from bridge import configuration, mapping_set
    from bridge.store import revisions

    with opened().read() as c:
        newest = revisions.active(c)
        before = newest if old is None else old
        was = revisions.files(c, before)
        after = newest if new is None else new
        now = None if old is None else revisions.files(c, after)
    here = "the folder" if now is None else f"revision {after}"
    told = mapping_set.diff(
        was, now or configuration.offline(os.environ).files, before=f"revision {before}", after=here
    )
    click.echo(told.rstrip("\n") if told else f"revision {before} and {here} are alike")


@command
@click.argument("number", type=int)
def rollback(number: int) -> None:
    """Put an earlier revision to work again, as a new one.

    What was decided meanwhile stays as it is. Exit 1 if it does not fit connections.yaml any more.
    """
    from bridge import configuration, revising
    from bridge.store import revisions

    store = opened()
    with store.read() as c:
        before, files = revisions.active(c), revisions.files(c, number)
    known = configuration.revisions(configuration.connected(os.environ), store)
    try:
        now = revising.publish(known, files, origin=f"rollback to {number}")
    except ConfigError as error:
        say(error)
        click.echo(f"revision {number} does not fit connections.yaml any more: nothing was changed", err=True)
        sys.exit(1)
    same = f"revision {now} is these files, and at work already"
    click.echo(same if now <= before else f"revision {now} is at work now, with the files of revision {number}")
