"""Which mapping set a process works by: the newest that was published, and that it can use.

Files are published at a start, at a release or by command, and only when they have no faults: a bad file never
replaces a good one. Processes that run take up a newer set by themselves. What was decided stays as it is.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from bridge import mapping_set
from bridge.errors import ConfigError
from bridge.mapping import Mapping as CaseMapping
from bridge.mapping.targets import Targets
from bridge.mapping_set import Files
from bridge.store import Store, revisions
from bridge.store.revisions import Revision

log = logging.getLogger("casebridge")

LOOKED_EVERY = 1.0  #: seconds
KEPT = 20  #: compiled sets, of which more than two are seldom needed; as many are tried at a start

Mappings = Mapping[str, CaseMapping]
"""By name, in the order in which they are tried."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A published set, made ready to run."""

    number: int
    mappings: Mappings


class Revisions:
    """The published sets as this process can use them, with the connections that it knows."""

    def __init__(self, store: Store, *, sources: Collection[str], targets: Targets) -> None:
        self.store, self.sources, self.targets = store, sources, targets
        self._compiled: dict[int, Mappings | None] = {}
        self._found: tuple[int, Edition | None] = (0, None)  #: the newest number seen, and what is worked by
        self._looked_at = -math.inf

    def compiled(self, files: Files) -> Mappings:
        """A set made ready. Raises ConfigError with every fault."""
        return self._compile(files, self.sources)

    def of(self, number: int) -> Mappings | None:
        """The mappings of a revision, for what they decided: connections that call us may be gone since.

        None = there is none, or it does not fit this process; the log says why.
        """
        if number not in self._compiled:
            while len(self._compiled) >= KEPT:
                self._compiled.pop(next(iter(self._compiled)))
            self._compiled[number] = self._read(number, None) if number else None
        return self._compiled[number]

    def _compile(self, files: Files, sources: Collection[str] | None) -> Mappings:
        found = mapping_set.compiled(files, sources=sources, targets=self.targets)
        return {one.name: one for one in found}

    def _read(self, number: int, sources: Collection[str] | None) -> Mappings | None:
        try:
            with self.store.read() as c:
                files = revisions.files(c, number)
            return self._compile(files, sources)
        except ConfigError as error:
            faults = "\n".join(error.faults)
            log.error("revision %d of the mappings cannot be used by this process:\n%s", number, faults)  # noqa: TRY400
            return None

    def current(self, now: float) -> Edition | None:
        """The newest set that can be used; a newer one is looked for once a second at most.

        now: seconds on a monotonic clock. None = none of the latest can be used.
        """
        if now < self._looked_at + LOOKED_EVERY:
            return self._found[1]
        self._looked_at = now
        with self.store.read() as c:
            number = revisions.active(c)
        seen, edition = self._found
        if number != seen:
            self._found = (number, self._usable(number, edition))
        return self._found[1]

    def _usable(self, newest: int, before: Edition | None) -> Edition | None:
        """The newest set that fits, of those after the one that is worked by; else that one."""
        oldest = max(before.number if before else 0, newest - KEPT)
        for number in range(newest, oldest, -1):
            mappings = self._read(number, self.sources)
            if mappings is not None:
                return Edition(number, mappings)
        return before


def publish(
    found: Revisions,
    files: Files,
    *,
    origin: str = revisions.FILES,
    wanted: Callable[[Sequence[Revision]], bool] = lambda _: True,
) -> int:
    """Publish a set, unless it is the newest already; the newest one's number.

    Files are published over a rollback to the same set: from then on they are the files published last. wanted:
    whether it is to be published after these, asked when it is our turn. Raises ConfigError, and then nothing
    changes.
    """
    found.compiled(files)
    digest = mapping_set.digest(files)
    with found.store.write() as c:
        revisions.take_turns(c)
        published = revisions.listed(c)
        newest = next(iter(published), None)
        if newest is not None:
            alike = newest.digest == digest and (newest.origin == revisions.FILES or origin != revisions.FILES)
            if alike or not wanted(published):
                return newest.number
        return revisions.publish(c, files, digest=digest, origin=origin)


def take_up(found: Revisions, files: Files, *, released: bool) -> None:
    """Publish the files that a process was started with, if they are news.

    Files that nobody has ever published are. released: so are those that differ from the files published last;
    else they may be older ones, with which a process of an earlier release is started again. A rollback stays as
    long as the files do.
    """
    digest = mapping_set.digest(files)

    def news(published: Sequence[Revision]) -> bool:
        last = next((one.digest for one in published if one.origin == revisions.FILES), None)
        return digest not in {one.digest for one in published} or (released and digest != last)

    with found.store.read() as c:
        published = revisions.listed(c)
    if news(published):
        publish(found, files, wanted=news)
    elif published[0].digest != digest:
        log.warning(
            "these files are revision %d, but revision %d is at work: `casebridge publish` brings them back",
            next(one.number for one in published if one.digest == digest),
            published[0].number,
        )
