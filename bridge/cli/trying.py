"""The command that tries mappings on a message: try."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.commands import TEXT_OR_JSON, command, say
from bridge.errors import ConfigError

if TYPE_CHECKING:
    from bridge.configuration import Offline
    from bridge.mapping import Mapping
    from bridge.ports import PersonFound
    from bridge.trial.attempt import Given
    from bridge.trial.memory import Remembered
    from bridge.trial.message import Aside

DESCRIBED, BODIES = (".yaml", ".yml"), (".json", ".xml")


@command
@click.argument("message")
@click.argument("mapping", default="")
@click.option("--connection", default="", help="Through which a webhook body came, by its name.")
@click.option("--person", default="", help="Who wrote it in the CRM: id=003…,LifetimeValue__c=9000")
@click.option("--revision", type=click.IntRange(min=1), help="The mappings of this published revision.")
@TEXT_OR_JSON
def try_(message: str, mapping: str, connection: str, person: str, revision: int | None, form: str) -> None:
    """Show what the mappings make of a message, line by line. Nothing is sent or stored.

    MESSAGE is a stored one (its id, key or address), a .yaml file with the words of an example, any other file
    with a webhook body, or - for words on standard input. MAPPING is a name or a .yaml file; without it all of
    them are tried, in their order. Exit 1 if one of the two has faults or is not there.
    """
    from bridge import configuration, detecting, settings
    from bridge.trial import attempt
    from bridge.trial import memory as remembering
    from bridge.trial import message as given_as
    from bridge.trial import text as shown_as

    try:
        offline = configuration.offline(os.environ)
        setting = settings.read(os.environ)
        memory, why = remembering.opened(setting.database_url)
        detect = detecting.detector(setting.detect_language)
        files = offline.files if revision is None else _needed(memory, why).files(revision)
        read = given_as.rules(offline, files, mapping)
        found = _found(message, offline, read.mappings[0], memory, why, connection)
    except ConfigError as error:
        say(error)
        sys.exit(1)
    who = _person(person) if person else None
    told: list[Any] = []
    for one in found:
        if isinstance(one, given_as.Aside):
            told.append({"aside": one.says} if form == "json" else shown_as.aside(one.says))
            continue
        given = attempt.supposed(one, who, revision)
        made = attempt.attempt(given, read.mappings, memory or attempt.Memory(), offline.targets, detect)
        told.append((shown_as.data if form == "json" else shown_as.text)(made, read.documents))
    click.echo(json.dumps(told, indent=2) if form == "json" else "\n\n".join(told))


def _needed(memory: Remembered | None, why: str) -> Remembered:
    if memory is None:
        raise ConfigError([f"nothing can be looked up: {why}"])
    return memory


def _found(
    message: str, offline: Offline, first: Mapping, memory: Remembered | None, why: str, connection: str
) -> list[Given | Aside]:
    """What was given. Raises ConfigError when it is not there, or cannot be read."""
    from bridge.mapping.load import bytes_of, text_of
    from bridge.trial import message as given_as

    path, channels = Path(message), list(offline.sources)
    name = connection or (channels[0] if len(channels) == 1 else "")
    if message == "-":
        return [given_as.written(sys.stdin.read(), "standard input", first, name)]
    if path.suffix in DESCRIBED and "://" not in message:
        return [given_as.written(text_of(path), message, first, name)]
    if path.is_file() or (path.suffix in BODIES and "://" not in message):
        if name not in channels:
            raise ConfigError([f"say through which connection it came: --connection {' or '.join(channels)}"])
        return [*given_as.body(bytes_of(path), message, offline.folder, os.environ, name)]
    stored = memory.stored(message) if memory else []
    if not stored:
        told = f"no message {message!r} is stored here" + (f": {why}" if why else "")
        raise ConfigError([f"{told}\n    -> give its id, key or address, or a file: casebridge try message.yaml"])
    return [*stored]


def _person(text: str) -> PersonFound:
    """Who --person says. Raises UsageError."""
    from bridge.trial import message as given_as

    try:
        return given_as.person(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
