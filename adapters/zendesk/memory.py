"""A ticket as our latest write left it, kept in Known.notes, so that the next one need not read it first. Pure.

Zendesk refuses a safe update where the ticket has another updated_at by then: only that one is read.
https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#protecting-against-ticket-update-collisions
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adapters.zendesk.tickets import Ticket
from bridge.ports import Filing

STATUS, STAMP, VALUE = "t:status", "t:stamp", "t:value:"
LONGEST = 60  #: characters of a value; what is longer is read
STATUSES = frozenset(("new", "open", "pending", "hold"))
"""In which a ticket takes a message whatever else is known of it."""


def of(ticket: Ticket | None, names: Iterable[str]) -> dict[str, str]:
    """Return what to remember of a ticket that was written just now: its status, and what these fields hold.

    {} = it must be read the next time. Empty values are remembered as "".
    """
    if ticket is None or ticket.presumed or not ticket.stamp or ticket.status not in STATUSES:
        return {}
    shown = {name: ticket.values.get(name) for name in dict.fromkeys(names)}
    plain = {n: "" if v is None else str(v) for n, v in shown.items() if v is None or isinstance(v, str | int)}
    values = {f"{VALUE}{name}": value for name, value in plain.items() if len(value) <= LONGEST}
    return {STATUS: ticket.status, STAMP: ticket.stamp, **values}


def holds(name: str) -> bool:
    """Whether a note is one of these."""
    return name in (STATUS, STAMP) or name.startswith(VALUE)


def recalled(filing: Filing) -> Ticket | None:
    """Return the ticket as it must be unless somebody changed it since; None = it must be read.

    After a lost attempt it is always read, and where anything but new comments is to be written.
    """
    notes, case_id = filing.known.notes, filing.known.case_id
    plain = all(part.act == "add" and part.case_id in ("", case_id) for part in filing.parts)
    names = {*filing.raises, *(name for name, value in filing.assign.items() if value not in (None, ""))}
    known = {n: notes[f"{VALUE}{n}"] for n in names if f"{VALUE}{n}" in notes}
    if not case_id or filing.unsure_since or not plain or len(known) < len(names):
        return None
    if notes.get(STATUS) not in STATUSES or not notes.get(STAMP):
        return None
    values: Mapping[str, str | None] = {name: value or None for name, value in known.items()}
    return Ticket(id=case_id, status=notes[STATUS], stamp=notes[STAMP], presumed=True, values=values)
