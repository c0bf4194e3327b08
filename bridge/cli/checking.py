"""The commands for whoever writes mappings: check."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.commands import FILE, command
from bridge.errors import ConfigError

if TYPE_CHECKING:
    from bridge.checked import Found


@command
@click.option("--online", is_flag=True, help="Ask the CRMs too what they have, by calls that change nothing.")
@click.option("--save", type=FILE, help="With --online: write what they said to this file.")
@click.option("--schema", type=FILE, help="Check against such a file: offline again, and without secrets.")
@click.option("--strict", is_flag=True, help="Warnings count as faults: exit 1.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="json: for programs. github: beside the lines of a pull request.",
)
def check(*, online: bool, save: Path | None, schema: Path | None, strict: bool, shape: str) -> None:
    """Check connections.yaml and the mappings, offline. It needs no secrets. Exit 1 for faults."""
    from bridge import checked

    if (save and not online) or (schema and online):
        raise click.UsageError("--save belongs to --online, and --schema stands instead of it")
    remarks: Sequence[str] = ()
    try:
        found, mappings, remarks = _found(online=online, save=save, schema=schema)
    except ConfigError as error:
        found, mappings = error.found, 0
    told = checked.each(found)
    for remark in remarks:
        click.echo(remark, err=shape != "text")
    if shape == "json":
        click.echo(checked.as_json(told, mappings))
    elif shape == "github":
        click.echo("".join(f"{line}\n" for line in checked.as_github(told, _placed)), nl=False)
    else:
        _say(told, mappings)
    sys.exit(checked.code(told, strict=strict))


def _found(*, online: bool, save: Path | None, schema: Path | None) -> tuple[Sequence[object], int, Sequence[str]]:
    """All that was found, warnings too; how many mappings are good; and remarks on CRMs. Raises ConfigError."""
    from bridge import advising, configuration
    from bridge import online as asking
    from bridge.mapping import Kept
    from bridge.mapping.document import in_order

    here = configuration.offline(os.environ)
    written = asking.written(Kept(here.files), here.mappings)
    if not (online or schema):
        return in_order(advising.warnings(here, written)), len(here.mappings), ()
    if schema:
        told = asking.saved(schema)
    else:
        from bridge import wiring

        told = asking.ask(wiring.describing(configuration.configure(os.environ)), written)
    if save:
        asking.save(save, told)
    faults = [*asking.faults(written, told), *advising.warnings(here, written, told)]
    return in_order(faults), len(here.mappings), asking.remarks(here.targets, written, told)


def _say(told: Sequence[Found], mappings: int) -> None:
    """For people: what was found to standard error, and in the end how many mappings are good."""
    from bridge import checked, report

    for one in told:
        click.echo(one, err=True)
    if checked.warned(told) == len(told):
        click.echo(report.checked(mappings, len(told)))


def _placed(file: str) -> str:
    """A fault's file as it is reached from here: GitHub knows files from the top of the repository."""
    from bridge import settings

    folder = settings.read({k: v for k, v in os.environ.items() if k == "CASEBRIDGE_CONFIG"}).config
    path = Path(file)
    inside = path if path.is_absolute() or path.is_relative_to(folder) else folder / path
    return os.path.relpath(inside)
