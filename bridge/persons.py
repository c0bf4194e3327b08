"""Who the authors are in their CRM: remembered, or asked for with one look-up for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta

from bridge import budget, ports
from bridge.deciding import Accepted, Explain
from bridge.errors import Paused, Rejected, RetryLater
from bridge.ports import Crm, PersonFound, PersonMatch
from bridge.steps import Settle, Wait
from bridge.store import Store, cases, meters, people

RESTS = timedelta(minutes=1)  #: of a lane whose CRM cannot be asked
SOON = timedelta(seconds=1)

Match = tuple[str, str]  #: CRM connection, digest of the match
Found = PersonFound | Wait | Settle  #: the person, or what becomes of the message that needs to know


def match_of(accepted: Accepted) -> Match:
    """Under what `look_up` answers for this message."""
    return accepted.mapping.target, people.digest(accepted.match) if accepted.match else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What it takes to ask the CRMs something on behalf of leased lanes."""

    store: Store
    crms: Mapping[str, Crm]
    until: float  #: the end of the lanes' lease on the monotonic clock
    pause: Callable[[str, Paused], None]
    metered: Callable[[str], AbstractContextManager[None]]  #: around the calls to a CRM
    explain: Explain

    def not_now(self, crm: str, *, resting: bool) -> Wait | None:
        """Why a CRM is not asked now; None = it can be asked.

        It rests or is switched off; or it may take longer than the lease lasts, and the lanes would go to another
        worker, as if this one had died.
        """
        if resting or crm not in self.crms:
            return Wait(after=RESTS)
        late = time.monotonic() + self.crms[crm].longest_find.total_seconds() > self.until
        return Wait(after=SOON) if late else None


def look_up(asking: Asking, accepted: Sequence[Accepted]) -> dict[Match, Found]:
    """Who wrote these messages; those without a match are not in it."""
    by_crm: dict[str, list[tuple[Accepted, PersonMatch]]] = {}
    for one in accepted:
        if one.match is not None:
            by_crm.setdefault(one.mapping.target, []).append((one, one.match))
    return {
        (crm, digest): who
        for crm, matches in by_crm.items()
        for digest, who in _look_up(asking, crm, matches).items()
    }


def _look_up(asking: Asking, crm: str, accepted: Sequence[tuple[Accepted, PersonMatch]]) -> dict[str, Found]:
    """Who wrote the messages of one CRM, by the digests of their matches."""
    with asking.store.read() as c:
        met = people.recall(c, crm, [match for _, match in accepted])
        resting = cases.paused(c, crm)
        usage = meters.fresh(c).get(crm)
    known: dict[str, Found] = {d: who for d, who in met.items() if who is not None}
    asked: dict[str, dict[str, PersonMatch]] = {}  #: mapping -> digest -> match
    oldest = timedelta(0)
    for one, match in accepted:
        digest = people.digest(match)
        if digest not in known:
            asked.setdefault(one.mapping.name, {}).setdefault(digest, replace(match, new=digest not in met))
            oldest = max(oldest, one.age)
    rhythm = budget.rhythm(usage) if usage else None
    if asked and rhythm and (early := budget.turn(asking.store.now(), rhythm, oldest)):
        return known | {d: Wait(after=early) for matches in asked.values() for d in matches}
    return known | _ask(asking, crm, list(asked.values()), resting=resting)


def _ask(
    asking: Asking, crm: str, asked: Sequence[Mapping[str, PersonMatch]], *, resting: bool
) -> dict[str, Found]:
    """Ask for the persons of all mappings together; a refusal does not say whose rule is at fault."""
    every = {d: match for matches in asked for d, match in matches.items()}
    if not every:
        return {}
    if wait := asking.not_now(crm, resting=resting):
        return dict.fromkeys(every, wait)
    try:
        return _find(asking, crm, every)
    except Rejected as trouble:
        if len(asked) == 1:
            return dict.fromkeys(every, _refused(trouble))
    apart = [_ask(asking, crm, [matches], resting=resting) for matches in asked]
    return {d: who for found in apart for d, who in found.items()}


def _find(asking: Asking, crm: str, asked: Mapping[str, PersonMatch]) -> dict[str, Found]:
    """Raises Rejected when a rule names what the CRM does not have."""
    try:
        with asking.metered(crm):
            found = asking.crms[crm].find(list(asked.values()))
    except RetryLater as trouble:
        return dict.fromkeys(asked, Wait(after=max(trouble.after, SOON)))
    except Paused as trouble:
        asking.pause(crm, trouble)
        return dict.fromkeys(asked, Wait(after=RESTS))
    except Rejected:
        raise
    except Exception as error:  # noqa: BLE001 - nothing was written: its messages wait, and the log says why
        asking.explain("looking for persons", error)
        return dict.fromkeys(asked, Wait(after=RESTS))
    answers = dict(zip(asked, found, strict=True))
    with asking.store.write() as c:
        people.remember(c, crm, {d: (asked[d], who) for d, who in answers.items() if isinstance(who, PersonFound)})
    return {d: _answer(who) for d, who in answers.items()}


def _answer(found: ports.Found) -> Found:
    match found:
        case RetryLater():
            return Wait(after=max(found.after, SOON))
        case Rejected():
            return _refused(found)
        case _:
            return found


def _refused(trouble: Rejected) -> Settle:
    return Settle(state="dead", reason=f"looking for the person: {trouble}")
