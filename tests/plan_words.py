"""What customers wrote, for plans that are proved against real sandboxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from road import PAGE

from bridge.filing import file_some
from bridge.flow import decide_some
from bridge.message import Account, Message, Person
from bridge.parts import Bridge

CONNECTION = "acme-meta"
FIRST = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
TEXTS = (
    "My invoice is wrong", "Kein Netz seit heute früh", "Danke, alles gut", "I was hacked!", "Win at our casino",
    "Ma facture est fausse", "A giveaway for all", "No signal in Leeds", "Ich will zwei kaufen", "¿Hay alguien?",
    "Die Rechnung stimmt nicht", "Thank you 🙏",
)  # fmt: skip
KINDS = ("comment", "mention", "comment", "review", "direct", "comment", "comment")


def said(number: int, text: str, *, by: str, kind: str = "comment", **more: Any) -> Message:
    """A message, twenty minutes after the one before; after each hundred and twenty there is a silence."""
    thread = by if kind == "direct" else f"post_{number % 5}"
    given: dict[str, Any] = {"author": Person(id=by, name=f"Customer {by}"), "thread": thread, **more}
    return Message(
        channel="facebook",
        connection=CONNECTION,
        account=Account(id=PAGE, about={"brand": "Acme DE"}),
        id=f"m_{number}",
        kind=kind,  # type: ignore[arg-type]
        text=text,
        received_at=FIRST + timedelta(minutes=20 * number, days=9 * (number // 120)),
        public=kind != "direct",
        completed=True,
        **given,
    )


def messages(many: int) -> Iterator[Message]:
    """So many, of several kinds, languages and authors; at the end an edit, an echo, a hiding and a deletion."""
    told = [said(n, TEXTS[n % len(TEXTS)], by=str(n % 17), kind=KINDS[n % len(KINDS)]) for n in range(many - 5)]
    yield from told
    asked = next(one for one in reversed(told) if one.kind == "comment" and "No signal" in one.text)
    yield replace(asked, change="edited", text="No signal in Leeds and York", version="2")
    yield said(900, "We are at it", by="", author=Person(id=PAGE, is_self=True), reply_to=asked.id)
    yield replace(asked, change="hidden", version="3", text="")
    lonely = said(901, "Never mind", by="99")
    yield lonely
    yield replace(lonely, change="deleted", text="", author=Person())


def drain(bridge: Bridge, crm: str) -> None:
    """Decide and file what is due, until nothing is."""
    while decide_some(bridge, CONNECTION) | file_some(bridge, crm):
        pass
