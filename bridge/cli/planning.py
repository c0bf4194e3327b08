"""The command for whoever is about to change a mapping: plan."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from bridge.cli.commands import FILE, TEXT_OR_JSON, command, opened, say


@command
@click.argument("files", nargs=-1, type=FILE)
@click.option("--last", default=200, show_default=True, type=click.IntRange(1, 5000), help="So many messages.")
@click.option("--revision", type=int, help="Instead of files: a set that was published.")
@click.option("--before", default="", metavar="NAME", help="Try a new mapping before this one; else last.")
@TEXT_OR_JSON
@click.option("--exit-code", is_flag=True, help="Exit 1 if something would change.")
def plan(
    files: tuple[Path, ...], *, last: int, revision: int | None, before: str, form: str, exit_code: bool
) -> None:
    """Show what other mappings would make of the last messages. Nothing is sent, no CRM is asked.

    FILES take the places of the mappings of their names, or are new. Without files: the whole folder, against what
    is at work. Exit 1 for faults in them.
    """
    from bridge.plan import compare, rehearsal, sides, text

    if revision is not None and files:
        raise click.UsageError("--revision stands in the place of files")
    if before and not files:
        raise click.UsageError("--before says where a new file is tried: name the file")
    store = opened()
    try:
        sets = sides.sides(store, os.environ, files=files, revision=revision, before=before)
    except sides.Faulty as error:
        say(error)
        sys.exit(1)
    program = rehearsal.program(store, last)
    memory = rehearsal.memory(store, program, sets.decided_by)
    was, now = (rehearsal.rehearse(program, one, sets.targets, memory) for one in (sets.old, sets.new))
    compared = compare.compare(program, was, now)
    click.echo(text.as_json(compared) if form == "json" else text.text(compared))
    sys.exit(1 if exit_code and compared.changes else 0)
