"""What the tests of case rows start from: messages that are placed, claimed, rendered, frozen."""

from __future__ import annotations

from typing import Any

from heart import (
    LEASE,
    bridge,
    column,
    hear,
    row_of,
    said,
)
from pydantic import TypeAdapter

from bridge import composing
from bridge.batches import Versions
from bridge.flow import decide_some
from bridge.frozen import Frozen
from bridge.message import Message
from bridge.parts import explain
from bridge.ports import Known
from bridge.steps import Rendered, Settled, Waiting
from bridge.store import Store, cases, items, queues
from bridge.store.queues import Claim
from bridge.store.tables import case_row, filing

ROW = row_of()
ONE, TWO, THREE = (said(text).key for text in ("one", "two", "three"))
KNOWN = Known(case_id="c1", notes={"w:Subject": "1a2b"})


def claimed(store: Store, token: str = "t") -> tuple[Claim, dict[str, Waiting]]:
    """Claim what is due."""
    with store.write() as c:
        claim = queues.claim(c, case_row, "crm", token=token, lease=LEASE, suspects_first=False)
        return claim, cases.load(c, claim)


def rendered(store: Store, waiting: dict[str, Waiting]) -> dict[str, Rendered]:
    """Render what waits, as the flow does."""
    with store.read() as c:
        families = items.related(c, {i.points_at for w in waiting.values() for i in w.items})
    mappings = bridge(store, None).mappings
    return {row: composing.compose(row, w, families, Versions(mappings), explain) for row, w in waiting.items()}


def placed(store: Store, *messages: Message) -> None:
    """Hear messages and hand them over to their case rows."""
    hear(store, *messages)
    decide_some(bridge(store, None), "fb")


def sent(store: Store, *texts: str) -> tuple[Claim, dict[str, Frozen]]:
    """A filing of these texts, frozen and still leased."""
    placed(store, *(said(text) for text in texts))
    claim, waiting = claimed(store)
    with store.write() as c:
        return claim, cases.freeze(c, claim, rendered(store, waiting))


def settle(store: Store, claim: Claim, settled: Settled, **more: Any) -> None:
    """Settle the one case row."""
    with store.write() as c:
        cases.settle(c, claim, {ROW: settled}, lease=LEASE, **more)


def stored(store: Store) -> Any:
    """The one stored filing's row."""
    with store.read() as c:
        return c.execute(filing.select()).one()


def known(store: Store) -> Known:
    """What is known of the case."""
    return TypeAdapter(Known).validate_json(column(store, case_row, "known")[ROW])
