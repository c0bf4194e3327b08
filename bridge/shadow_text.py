"""What `casebridge shadow` prints, as text and as JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from bridge.printing import change, many, one_line, utc
from bridge.shadowing import FAILED, Difference
from bridge.store.shadows import KEPT, Differing, Standing

Told = Sequence[tuple[Differing, Mapping[str, Difference]]]
"""Messages that differ, and what can still be told of that, by name."""


def overview(found: Sequence[Standing]) -> str:
    """How much each shadow would have decided otherwise, and what."""
    return "\n".join(_standing(one) for one in found) if found else "no mapping at work says `shadow: true`"


def _standing(one: Standing) -> str:
    since = f"since revision {one.revision}" + (f", {utc(one.since)}" if one.since else "")
    lines = [f"{one.mapping}  {since}"]
    lines.append(f"  {many(one.same + one.differs, 'message')}: {one.same} the same, {one.differs} different")
    if one.differs > KEPT:
        lines.append(f"  of the latest {KEPT} that are different:")
    lines += [f"  {n:>6}  {name}" for name, n in one.names.items()]
    if one.unasked:
        otherwise = "it looks for the author in another way than the mapping at work, so it was told of nobody"
        lines.append(f"  {many(one.unasked, 'message')}: {otherwise}")
    if one.earlier[0]:
        lines.append(f"  before that: {many(one.earlier[0], 'message')}, {one.earlier[1]} different")
    return "\n".join(lines)


def listed(mapping: str, told: Told) -> str:
    """The messages that a shadow would have decided otherwise, with both sides and both lines."""
    return "\n".join(_message(*one) for one in told) if told else f"{mapping} has decided nothing otherwise"


def _message(one: Differing, differences: Mapping[str, Difference]) -> str:
    width = max(map(len, one.differs))
    lines = [f"{one_line(one.item.key)}  {utc(one.received_at)}  revision {one.revision}"]
    lines += [f"  {name:<{width}}  {_difference(name, differences.get(name))}" for name in one.differs]
    return "\n".join(lines)


def _difference(name: str, found: Difference | None) -> str:
    if name == FAILED:
        return "it could not decide this message: the log has the place"
    if found is None:
        return "cannot be shown any more: what it was decided from was masked since, or is gone"
    return change(found.live.says, found.shadow.says, (found.live.line, found.shadow.line))


def overview_json(found: Sequence[Standing]) -> str:
    """The same as JSON: a list, one object for each shadow."""
    shadows = [
        {
            "mapping": one.mapping,
            "revision": one.revision,
            "since": one.since and one.since.isoformat(timespec="seconds"),
            "same": one.same,
            "different": one.differs,
            "names": one.names,
            "author_not_looked_for": one.unasked,
            "earlier": {"messages": one.earlier[0], "different": one.earlier[1]},
        }
        for one in found
    ]
    return json.dumps(shadows, indent=2)


def listed_json(told: Told) -> str:
    """The same as JSON: a list, one object for each message; null = it cannot be shown any more."""
    messages = [
        {
            "key": one.item.key,
            "received_at": one.received_at.isoformat(timespec="seconds"),
            "revision": one.revision,
            "differs": {name: _sides(differences.get(name)) for name in one.differs},
        }
        for one, differences in told
    ]
    return json.dumps(messages, indent=2)


def _sides(found: Difference | None) -> dict[str, dict[str, str]] | None:
    if found is None:
        return None
    sides = {"live": found.live, "shadow": found.shadow}
    return {name: {"value": side.says, "line": side.line} for name, side in sides.items()}
