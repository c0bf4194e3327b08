"""Who the authors are in their CRM: remembered, or asked for with one read per mapping."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
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


def look_up(
    store: Store,
    crms: Mapping[str, Crm],
    accepted: Sequence[Accepted],
    *,
    until: float,
    pause: Callable[[str, Paused], None],
    explain: Explain,
) -> dict[Match, Found]:
    """Who wrote these messages; those without a match are not in it.

    until: the end of the lanes' lease on the monotonic clock. Nobody is asked who may take longer: the lanes
    would go to another worker, as if this one had died.
    """
    wanted: dict[tuple[str, str], dict[str, PersonMatch]] = {}
    for one in accepted:
        if one.match is not None:
            matches = wanted.setdefault((one.mapping.target, one.mapping.name), {})
            matches.setdefault(people.digest(one.match), one.match)
    answers: dict[Match, Found] = {}
    for (crm, _), matches in wanted.items():
        with store.read() as c:
            known = people.recall(c, crm, list(matches.values()))
            resting = crm not in crms or cases.paused(c, crm)  # switched off: its messages wait
        asked = {d: m for d, m in matches.items() if d not in known}
        answers |= {(crm, d): who for d, who in known.items()}
        if asked and resting:
            answers |= {(crm, d): Wait(after=RESTS) for d in asked}
        elif asked and time.monotonic() + crms[crm].longest_find.total_seconds() > until:
            answers |= {(crm, d): Wait(after=SOON) for d in asked}
        elif asked:
            answers |= {(crm, d): who for d, who in _find(store, crms, crm, asked, pause, explain).items()}
    return answers


def _find(
    store: Store,
    crms: Mapping[str, Crm],
    crm: str,
    asked: Mapping[str, PersonMatch],
    pause: Callable[[str, Paused], None],
    explain: Explain,
) -> Mapping[str, Found]:
    try:
        found = crms[crm].find(list(asked.values()))
    except RetryLater as trouble:
        return dict.fromkeys(asked, Wait(after=max(trouble.after, SOON)))
    except Paused as trouble:
        pause(crm, trouble)
        return dict.fromkeys(asked, Wait(after=RESTS))
    except Rejected as trouble:
        return dict.fromkeys(asked, _refused(trouble))
    except Exception as error:  # noqa: BLE001 - nothing was written: its messages wait, and the log says why
        explain("looking for persons", error)
        return dict.fromkeys(asked, Wait(after=RESTS))
    answers = dict(zip(asked, found, strict=True))
    with store.write() as c:
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
