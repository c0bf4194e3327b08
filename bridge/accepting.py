"""From accepted messages to their cases: the CRM says who wrote them, and what the names in their cases mean."""

from __future__ import annotations

from collections.abc import Mapping

from bridge import batches, deciding, persons, records
from bridge.deciding import Accepted, Placed
from bridge.persons import Asking
from bridge.ports import PersonFound
from bridge.steps import Settle, Verdict
from bridge.store import cases


def place(asking: Asking, accepted: Mapping[int, Accepted]) -> dict[int, Verdict]:
    """One verdict for each accepted message, by the same number: the ledger's, in its order."""
    who = persons.look_up(asking, list(accepted.values()))
    answers = {i: (one, who.get(persons.match_of(one), PersonFound())) for i, one in accepted.items()}
    known = {i: (one, found) for i, (one, found) in answers.items() if isinstance(found, PersonFound)}
    placed = _placed(asking, known)
    named = [(p.mapping.target, n) for p in placed.values() if isinstance(p, Placed) for n in p.named.values()]
    ids = records.look_up(asking, named)
    settled = {i: deciding.named(p, ids) if isinstance(p, Placed) else p for i, p in placed.items()}
    waiting = {i: found for i, (_, found) in answers.items() if not isinstance(found, PersonFound)}
    return {**waiting, **settled}


def _placed(asking: Asking, known: Mapping[int, tuple[Accepted, PersonFound]]) -> dict[int, Placed | Settle]:
    """Decide them. An author's own case, opened before anybody knew who they are, is kept until a silence."""
    own = {before for one, who in known.values() if (before := deciding.case_ids(one, who)[1])}
    going = {}
    if own:
        with asking.store.read() as c:
            going = cases.going(c, own)
    placed = {}
    for i, (one, who) in known.items():
        before = deciding.case_ids(one, who)[1]
        when, silence = one.message.received_at, one.mapping.silence
        heard = going.get(before)
        keeps = before in going and not (heard and silence and when - heard > silence)
        placed[i] = deciding.place(one, who, asking.explain, own=keeps)
        if keeps and heard:
            going[before] = batches.latest(heard, when)
    return placed
