"""The commands that look into the inbox: explain, ledger, dead, replies."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from bridge.cli.commands import TEXT_OR_JSON, command, opened
from bridge.errors import ConfigError

if TYPE_CHECKING:
    from bridge.protecting import Protection
    from bridge.steps import Item
    from bridge.store import Store

LONGEST_REASON = 200
AT_ONCE = 25  #: of the dead, so that a transaction stays short


@command
@click.argument("message")
@click.option("--text", "words", is_flag=True, help="Show what the message says, too.")
@TEXT_OR_JSON
def explain(message: str, form: str, *, words: bool) -> None:
    """Tell the story of a message: all that happened to it.

    MESSAGE is the post's address, the platform's id or the whole key. Exit 1 if it never came.
    """
    from bridge import story
    from bridge.store import stories

    with opened().read() as c:
        found = stories.stories(c, message)
        sets = stories.sets(c, found)
        around = None if found else stories.around(c)
    if around is not None:
        click.echo(story.absence(around) if form == "json" else story.absent(message, around), err=form == "text")
        sys.exit(1)
    told = (story.text(one, sets, words=words) for one in found)
    click.echo(story.document(found, sets, words=words) if form == "json" else "\n\n".join(told))


@command
def ledger() -> None:
    """Show the books: what became of all that was received. Exit 1 if they do not add up."""
    from bridge import report
    from bridge.store import ledger as books

    with opened().read() as c:
        found = books.read(c)
    click.echo(report.books(found))
    sys.exit(1 if found.faults() else 0)


@command
@click.option("--replay", metavar="KEY", multiple=True, help="Send this one on its road again; `all` for all.")
@click.option("--discard", metavar="KEY", multiple=True, help="Give this one up for good; `all` for all.")
@click.option("--because", metavar="TEXT", default="", help="With --discard: why, on one line.")
@click.option("--show", metavar="KEY", help="Print what came, of a callback that nobody could read.")
def dead(replay: tuple[str, ...], discard: tuple[str, ...], because: str, show: str | None) -> None:
    """List the messages that could not be filed, and why. Or replay them, or give them up.

    Exit 1 if one of those that are named is not dead.
    """
    from bridge import report
    from bridge.store import ledger as books

    if replay and discard:
        raise click.UsageError("--replay sends messages on, --discard gives them up: use one of the two")
    if because and not discard:
        raise click.UsageError("--because belongs to --discard")
    if len(because) > LONGEST_REASON or not because.isprintable():
        raise click.UsageError(f"--because takes one line of {LONGEST_REASON} characters at most")
    found = opened()
    with found.read() as c:
        listed = books.dead(c)
    if show is not None:
        _show(found, [one for one in listed if show in (one.key, one.points_at[2])], show)
    elif replay:
        _replay(found, *_named(listed, replay))
    elif discard:
        _discard(found, *_named(listed, discard), because=because)
    else:
        click.echo(report.dead(listed))


def _named(listed: Sequence[Item], keys: Sequence[str]) -> tuple[Sequence[Item], Sequence[str]]:
    """The dead that are meant, and the keys that mean none."""
    wanted = [one for one in listed if {"all", one.key, one.points_at[2]} & {*keys}]
    known = {"all", *(name for one in listed for name in (one.key, one.points_at[2]))}
    return wanted, [key for key in keys if key not in known]


def _replay(found: Store, wanted: Sequence[Item], unknown: Sequence[str]) -> None:
    from bridge.store import ledger as books

    with found.write() as c:
        went = books.replay(c, wanted)
    click.echo(f"{went} of {len(wanted)} are on their road again")
    for one in [one for one in wanted if not one.body]:
        click.echo(f"{one.key} cannot be replayed: nobody could read it", err=True)
    _end(unknown, whole=went == len(wanted))


def _discard(found: Store, wanted: Sequence[Item], unknown: Sequence[str], *, because: str) -> None:
    from bridge.store import ledger as books

    protection, went = _protection(found), 0
    for start in range(0, len(wanted), AT_ONCE):
        with found.write() as c:
            went += books.discard(c, wanted[start : start + AT_ONCE], protection, because)
    click.echo(f"{went} of {len(wanted)} are given up")
    for one in [one for one in wanted if one.unsure_since is not None]:
        click.echo(f"{one.key} may be in the CRM all the same: look for it there", err=True)
    _end(unknown, whole=went == len(wanted))


def _end(unknown: Sequence[str], *, whole: bool) -> None:
    for key in unknown:
        click.echo(f"there is no dead message {key!r}", err=True)
    sys.exit(0 if whole and not unknown else 1)


def _protection(found: Store) -> Protection:
    """What the mappings at work mask. Raises ConfigError."""
    from bridge import configuration, protecting

    known = configuration.revisions(configuration.connected(os.environ), found)
    current = known.current(time.monotonic())
    mappings = current.mappings.values() if current else configuration.offline(os.environ).mappings
    return protecting.protection(mappings)


def _show(found: Store, named: Sequence[Item], name: str) -> None:
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


@command
def replies() -> None:
    """List agents' replies that wait, failed or are unsure. What they say is not shown."""
    from bridge import report
    from bridge.store import health

    with opened().read() as c:
        found = health.replies(c)
    click.echo(report.replies(found))
