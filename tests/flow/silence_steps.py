"""Composes one claim after the other for a case, without a store: what `compose` leaves waits for the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from heart import NOON, said

from bridge import decided, message
from bridge.batches import Versions
from bridge.decided import Decided
from bridge.mapping import read
from bridge.ports import Known
from bridge.steps import Item, Waiting


def item(n: int, day: int) -> Item:
    """A message of that day, decided."""
    one = said(str(day), id=f"m{n}", received_at=NOON + timedelta(days=day))
    return Item(
        id=n, key=one.key, lane="l", points_at=("facebook", "page-1", one.id), change="created", state="ready",
        deleted=False, age=timedelta(0), mapping="care", decision=decided.dump(Decided()), case_id="crm/Case/k",
        reason="", crm_case="", crm_ref="", crm_notes="", unsure_since=None, unsure_last=None,
        body=message.dump(one), raw=b"",
    )  # fmt: skip


def composed(compose: Callable[..., Any], text: str, days: Sequence[int]) -> list[list[int]]:
    """The days of the messages of each case."""
    mapping = read(text, "care.yaml")
    waiting = Waiting(known=Known(), items=tuple(item(n, day) for n, day in enumerate(days)))
    cases: dict[int, list[int]] = {}
    while waiting.items:
        rendered = compose("crm/Case/k", waiting, {}, Versions({"care": mapping}), lambda what, error: what)
        known = rendered.known or waiting.known
        texts = [int(part.text) for part in rendered.frozen.filing.parts]
        cases.setdefault(known.episode, []).extend(texts)
        rest = waiting.items[len(rendered.items) :]
        waiting = replace(waiting, known=replace(known, case_id="c"), heard_at=rendered.heard_at, items=rest)
    return list(cases.values())
