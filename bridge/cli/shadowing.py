"""The command for mappings that only watch: shadow."""

from __future__ import annotations

import os
import sys
import time

import click

from bridge.cli.commands import TEXT_OR_JSON, command, opened


@command
@click.argument("mapping", required=False)
@click.option("--last", type=click.IntRange(1, 1000), default=20, show_default=True, help="So many messages.")
@TEXT_OR_JSON
def shadow(mapping: str | None, *, last: int, form: str) -> None:
    """Tell what watching mappings would have decided otherwise.

    They are those with `shadow: true`. Of one MAPPING it is told message by message; exit 1 if there is none of
    that name.
    """
    from bridge import configuration, shadow_text, shadowing
    from bridge.store import shadows

    store = opened()
    known = configuration.revisions(configuration.connected(os.environ), store)
    current = known.current(time.monotonic())
    number, mappings = (current.number, current.mappings) if current else (0, {})
    watching = [one.name for one in shadowing.shadows(mappings)]
    if mapping is None:
        with store.read() as c:
            overview = [shadows.standing(c, name, number) for name in watching]
        click.echo(shadow_text.overview_json(overview) if form == "json" else shadow_text.overview(overview))
        return
    with store.read() as c:
        rows = shadows.latest(c, mapping, last)
    if mapping not in watching and not rows:
        others = f": these do: {', '.join(watching)}" if watching else ""
        click.echo(f"no mapping {mapping!r} at work says `shadow: true`{others}", err=True)
        sys.exit(1)
    told = [
        (one, shadowing.recalled(known.of(one.revision), mapping, one.item, recent=one.recent)) for one in rows
    ]
    click.echo(shadow_text.listed_json(told) if form == "json" else shadow_text.listed(mapping, told))
