"""When what waits for a CRM goes out: at once, or with others at the next turn."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from bridge import budget
from bridge.budget import Rhythm
from bridge.parts import Bridge
from bridge.store import lanes, meters


def rhythms(c: Connection, bridge: Bridge) -> dict[str, Rhythm]:
    """How sparingly each CRM is to be called just now; the others are free.

    Where nothing is gathered, no crowd is held either.
    """
    usages = meters.fresh(c)
    crowds = {name: crm.crowd for name, crm in bridge.crms.items() if crm.crowd and bridge.gather}
    there = {name: one for name, one in crowds.items() if lanes.crowded(c, one, _sources(bridge, name))}
    return {name: budget.together(usages.get(name), there.get(name)) for name in {*usages, *there}}


def _sources(bridge: Bridge, crm: str) -> Collection[str] | None:
    """The connections whose messages may go to a CRM; None = any."""
    named = [one.source for one in bridge.mappings.values() if one.target == crm and not one.shadow]
    return None if None in named else {name for source in named if source for name in source}
