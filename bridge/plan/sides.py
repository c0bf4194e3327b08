"""The two mapping sets of a plan: the one at work, and what would come after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge import candidates, configuration, mapping_set
from bridge.errors import ConfigError
from bridge.mapping.load import text_of
from bridge.mapping.targets import Targets
from bridge.mapping_set import Files
from bridge.revising import Mappings
from bridge.store import Store, revisions


class Faulty(ConfigError):
    """The new side has faults: all of them, as `check` tells them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What is compared."""

    old: Mappings
    new: Mappings
    targets: Targets  #: the CRM connections
    decided_by: Callable[[int], Mappings | None]  #: the mappings of a revision; None = they are gone


def sides(
    store: Store, env: Mapping[str, str], *, files: Sequence[Path] = (), revision: int | None = None, before: str
) -> Sides:
    """The set at work, or the folder's where none was ever published, and the one with these files in it.

    Neither files nor a revision: the folder's. before: as for `candidates.candidate`. Raises Faulty, or
    ConfigError for what does not let it look.
    """
    connections = configuration.connected(env)
    sources, targets = configuration.sources_of(connections), configuration.targets_of(connections)
    known = configuration.revisions(connections, store)
    with store.read() as c:
        number = revisions.active(c)
        base = revisions.files(c, number) if number else configuration.offline(env).files
        other = None if revision is None else revisions.files(c, revision)
    old = known.compiled(base)
    try:
        whole, shown = _new(base, other, env, files, before)
        new = mapping_set.compiled(whole, sources=sources, targets=targets, shown=shown)
    except ConfigError as error:
        raise Faulty(error.found) from None

    def decided_by(number: int) -> Mappings | None:
        return known.of(number) if number else old

    return Sides(old=old, new={one.name: one for one in new}, targets=targets, decided_by=decided_by)


def _new(
    base: Files, other: Files | None, env: Mapping[str, str], files: Sequence[Path], before: str
) -> tuple[Files, Files]:
    """The texts of the new side, and what its files are called."""
    if other is not None:
        return other, {}
    if not files:
        return configuration.offline(env).files, {}
    return candidates.candidate(base, {str(file): text_of(file) for file in files}, before=before)
