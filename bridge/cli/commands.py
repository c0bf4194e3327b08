"""What every command is: it says on standard error what keeps it from looking, and exits with 2."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from bridge import __version__
from bridge.errors import ConfigError

FILE = click.Path(dir_okay=False, path_type=Path)
TEXT_OR_JSON = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="json: for programs."
)


@click.group()
@click.version_option(__version__, prog_name="casebridge")
def main() -> None:
    """Customers' posts and messages become cases in the CRM that is already there.

    Exit codes: 0 all is well, 1 something is wrong in what was looked at, 2 it could not look, or the command is
    written wrong.
    """


def command(function: Callable[..., None]) -> Any:
    """Make a function a command; its name is the function's."""

    @main.command(name=function.__name__.rstrip("_"))
    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except ConfigError as error:
            say(error)
            sys.exit(2)
        except Exception as error:
            from sqlalchemy.exc import DatabaseError, OperationalError

            if not isinstance(error, DatabaseError) or type(error) not in (DatabaseError, OperationalError):
                raise  # the other kinds of DatabaseError are faults of ours
            click.echo(f"the database of DATABASE_URL cannot be used: {error.orig}", err=True)
            sys.exit(2)

    return run


def say(error: ConfigError) -> None:
    """Write every fault to standard error."""
    for fault in error.faults:
        click.echo(fault, err=True)


def opened() -> Any:
    """The database. Raises ConfigError unless it is at this version's revision."""
    from bridge import settings
    from bridge.store import connect, schema

    found = connect(settings.read(os.environ).database_url)
    schema.check(found)
    return found
