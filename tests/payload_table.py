"""Where the real payloads are, and how an event stands in the tables that say what each must come to."""

from __future__ import annotations

import os
from pathlib import Path

from bridge.message import Message
from bridge.ports import Delivered, Event, Skipped, Undelivered


def folder() -> Path | None:
    """Return where the real payloads are; None = not on this machine."""
    beside = Path(__file__).parents[2] / "shared" / "payloads"
    found = Path(os.environ.get("CASEBRIDGE_PAYLOADS") or beside)
    return found if found.is_dir() else None


def line(event: Event) -> str:
    """Return an event as it stands in a table."""
    if isinstance(event, Message):
        return f"{event.kind} {event.change}{' ours' if event.author.is_self else ''}"
    if isinstance(event, Delivered | Undelivered):
        return type(event).__name__.lower()
    return f"skipped {event.reason} {event.event}" if isinstance(event, Skipped) else f"unreadable {event.error}"
