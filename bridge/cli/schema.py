"""The command for whoever sets up an editor: schema."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from bridge.cli.commands import FILE, command

KINDS = ("mapping", "connections", "payload", "signals")
SCHEMAS = "schemas"


@command
@click.argument("kind", type=click.Choice(KINDS), required=False)
@click.option(
    "--write",
    "folder",
    metavar="[FOLDER]",
    is_flag=False,
    flag_value="",
    help="Write all of them into FOLDER/schemas; without FOLDER, into that of CASEBRIDGE_CONFIG.",
)
@click.option("--crm", type=FILE, help="Offer the fields of your CRMs too: what check --online --save wrote.")
def schema(kind: str | None, folder: str | None, crm: Path | None) -> None:
    """Print or write what editors check files by: JSON Schema."""
    if (kind is None) == (folder is None):
        raise click.UsageError(f"name one of {', '.join(KINDS)}, or write --write")
    if kind is not None:
        click.echo(texts(crm)[kind], nl=False)
        return
    from bridge import settings

    path = (Path(folder) if folder else settings.read(os.environ).config) / SCHEMAS
    try:
        path.mkdir(exist_ok=True)
        for name, text in texts(crm).items():
            file = path / f"{name}.schema.json"
            file.write_text(text, encoding="utf-8")
            click.echo(f"wrote {file}")
    except OSError as error:
        click.echo(f"{error.filename} cannot be written: {error.strerror}", err=True)
        sys.exit(2)


def texts(crm: Path | None = None) -> Mapping[str, str]:
    """The text of each schema, by the kind of file that it is about.

    crm: the file of what CRMs said of themselves. Raises ConfigError when it is none.
    """
    from adapters import ADAPTERS
    from bridge import online
    from bridge.configuration import settings_model
    from bridge.mapping import json_connections, json_crm, json_schema

    models = {adapter: model for adapter in ADAPTERS if (model := settings_model(adapter))}
    mapping = json_schema.mapping()
    made = {
        "mapping": json_crm.with_fields(mapping, online.saved(crm)) if crm else mapping,
        "connections": json_connections.connections(models),
        "payload": json_schema.payload(),
        "signals": json_schema.signals(),
    }
    return {kind: json_schema.written(schema) for kind, schema in made.items()}
