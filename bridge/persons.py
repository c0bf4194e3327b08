"""Who the authors are in their CRM: remembered, or asked for with one read per mapping."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bridge import ports
from bridge.deciding import Accepted, Explain
from bridge.errors import Paused, Rejected, RetryLater
from bridge.ports import Crm, PersonFound, PersonMatch
from bridge.steps import Settle, Wait
from bridge.store import Store, cases, people

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
    wanted: dict[tuple[str, str], dict[str, PersonMatch]] = {}
    for one in accepted:
        if one.match is not None:
            matches = wanted.setdefault((one.mapping.target, one.mapping.name), {})
            matches.setdefault(people.digest(one.match), one.match)
    answers: dict[Match, Found] = {}
    for (crm, _), matches in wanted.items():
        with asking.store.read() as c:
            known = people.recall(c, crm, list(matches.values()))
            resting = cases.paused(c, crm)
        asked = {d: m for d, m in matches.items() if d not in known}
        answers |= {(crm, d): who for d, who in known.items()}
        wait = asking.not_now(crm, resting=resting) if asked else None
        found = dict.fromkeys(asked, wait) if wait else _find(asking, crm, asked) if asked else {}
        answers |= {(crm, d): who for d, who in found.items()}
    return answers


def _find(asking: Asking, crm: str, asked: Mapping[str, PersonMatch]) -> Mapping[str, Found]:
    try:
        found = asking.crms[crm].find(list(asked.values()))
    except RetryLater as trouble:
        return dict.fromkeys(asked, Wait(after=max(trouble.after, SOON)))
    except Paused as trouble:
        asking.pause(crm, trouble)
        return dict.fromkeys(asked, Wait(after=RESTS))
    except Rejected as trouble:
        return dict.fromkeys(asked, _refused(trouble))
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
