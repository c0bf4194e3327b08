"""Who the authors are in their CRM: remembered, or asked for with one look-up for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta

from bridge import ports
from bridge.budget import FREE, Rhythm
from bridge.deciding import Accepted, Explain
from bridge.errors import Paused, Rejected, RetryLater
from bridge.ports import Crm, Pending, PersonFound, PersonMatch
from bridge.steps import Settle, Wait
from bridge.store import Store, pauses, people

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
    rhythms: Mapping[str, Rhythm]  #: how sparingly CRMs are called just now; the others are free

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
        resting = pauses.paused(c, crm)
    known = {digest: answer for digest, who in met.items() if (answer := _known(who)) is not None}
    asked: dict[str, dict[str, PersonMatch]] = {}  #: mapping -> digest -> match
    oldest = timedelta(0)
    for one, match in accepted:
        digest = people.digest(match)
        if digest not in known:
            before = met.get(digest)
            job = before.job if isinstance(before, Pending) else ""
            given = replace(match, new=digest not in met, job=job)
            asked.setdefault(one.mapping.name, {}).setdefault(digest, given)
            oldest = oldest if job else max(oldest, one.age)
    held = {digest for matches in asked.values() for digest, match in matches.items() if not match.job}
    rhythm = asking.rhythms.get(crm, FREE)
    if held and rhythm.holds(len(held)) and (early := rhythm.waits(asking.store.now(), oldest)):
        known |= dict.fromkeys(held, Wait(after=early))
        asked = {name: {d: m for d, m in matches.items() if m.job} for name, matches in asked.items()}
    return known | _ask(asking, crm, [matches for matches in asked.values() if matches], resting=resting)


def _known(who: PersonFound | Pending | None) -> Found | None:
    """What needs not be asked; None = it does. Nor does a job before its time."""
    if isinstance(who, Pending):
        return Wait(after=max(who.after, SOON)) if who.after else None
    return who


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
        return dict.fromkeys(asked, Wait(after=max(trouble.after, SOON), why=str(trouble)))
    except Paused as trouble:
        asking.pause(crm, trouble)
        return dict.fromkeys(asked, Wait(after=RESTS))
    except Rejected:
        raise
    except Exception as error:  # noqa: BLE001 - nothing was written: its messages wait, and the log says why
        why = asking.explain("looking for persons", error)
        return dict.fromkeys(asked, Wait(after=RESTS, why=why))
    answers = dict(zip(asked, found, strict=True))
    with asking.store.write() as c:
        told = {d: (asked[d], who) for d, who in answers.items() if isinstance(who, PersonFound | Pending)}
        people.remember(c, crm, told)
    return {d: _answer(who) for d, who in answers.items()}


def _answer(found: ports.Found) -> Found:
    match found:
        case RetryLater():
            return Wait(after=max(found.after, SOON), why=str(found))
        case Pending():
            return Wait(after=max(found.after, SOON))
        case Rejected():
            return _refused(found)
        case _:
            return found


def _refused(trouble: Rejected) -> Settle:
    return Settle(state="dead", reason=f"looking for the person: {trouble}")
