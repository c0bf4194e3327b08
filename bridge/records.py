"""Which records the mappings mean by a name: remembered, or asked for with one call per CRM."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bridge.errors import Paused, Rejected, RetryLater
from bridge.persons import RESTS, SOON, Asking
from bridge.ports import Identified, Named
from bridge.steps import Wait
from bridge.store import pauses, records

TOO_LONG = Rejected("its name is longer than any record's")
LONGEST = 255  #: characters; no CRM has a longer name

Answer = str | Rejected | Wait  #: its id, why there is none, or that nobody can tell yet


def look_up(asking: Asking, wanted: Collection[tuple[str, Named]]) -> dict[tuple[str, Named], Answer]:
    """What each name means, by (CRM connection, name)."""
    answers: dict[tuple[str, Named], Answer] = {}
    for crm in sorted({crm for crm, _ in wanted}):
        names = list(dict.fromkeys(one for owner, one in wanted if owner == crm))
        with asking.store.read() as c:
            known = records.recall(c, crm, names)
            resting = pauses.paused(c, crm)
        known |= {one: TOO_LONG for one in names if len(one.name) > LONGEST}
        asked = [one for one in names if one not in known]
        answers |= {(crm, one): answer for one, answer in known.items()}
        wait = asking.not_now(crm, resting=resting) if asked else None
        found = dict.fromkeys(asked, wait) if wait else _ask(asking, crm, asked) if asked else {}
        answers |= {(crm, one): answer for one, answer in found.items()}
    return answers


def _ask(asking: Asking, crm: str, asked: Sequence[Named]) -> Mapping[Named, Answer]:
    try:
        with asking.metered(crm):
            found = dict(zip(asked, asking.crms[crm].identify(asked), strict=True))
    except RetryLater as trouble:
        return dict.fromkeys(asked, Wait(after=max(trouble.after, SOON), why=str(trouble)))
    except Paused as trouble:
        asking.pause(crm, trouble)
        return dict.fromkeys(asked, Wait(after=RESTS))
    except Rejected as trouble:
        return dict.fromkeys(asked, trouble)
    except Exception as error:  # noqa: BLE001 - nothing was written: its messages wait, and the log says why
        why = asking.explain("looking for records", error)
        return dict.fromkeys(asked, Wait(after=RESTS, why=why))
    with asking.store.write() as c:
        records.remember(c, crm, {o: a for o, a in found.items() if not isinstance(a, RetryLater)})
    return {one: _answer(answer) for one, answer in found.items()}


def _answer(found: Identified) -> Answer:
    return Wait(after=max(found.after, SOON), why=str(found)) if isinstance(found, RetryLater) else found
