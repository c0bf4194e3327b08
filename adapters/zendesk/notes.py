"""What is left of a message after its author deleted it: what to black out, what to blank, what to tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC

from adapters.zendesk.tickets import Ticket
from bridge import written
from bridge.ports import Part, Value

REF = re.compile(r"(a?\d{1,19}):(\d{1,4}):(\d{1,4})")
LINE = re.compile(r"(<hr\s*/?>)", re.IGNORECASE)
RUN = re.compile(r"<[^>]*>|[^<]+")
CARRIES = re.compile(r"<(?:a|img)\b[^>]*", re.IGNORECASE)  #: tags that hold an address
BLACK = "\N{LOWER SEVEN EIGHTHS BLOCK}"
"""What Zendesk puts for each character that was redacted."""


def of_deletion(part: Part) -> str:
    """Return what agents are told."""
    when = (part.sent_at or part.received_at).astimezone(UTC)
    return f"A message was deleted by its author {when:%Y-%m-%d %H:%M} UTC."


def texts_of(refs: Sequence[str]) -> dict[str, dict[int, int]]:
    """Read the refs of texts: comment -> number of the text -> how many texts it holds."""
    texts: dict[str, dict[int, int]] = {}
    for ref in refs:
        if found := REF.fullmatch(ref):
            texts.setdefault(found[1], {})[int(found[2])] = int(found[3])
    return texts


def to_blank(part: Part, ticket: Ticket) -> tuple[dict[str, Value], list[str]]:
    """Return the fields of the opening message to write anew, and a warning for each that an agent has changed."""
    fields: dict[str, Value] = {}
    warnings = []
    for name, value in part.row.items():
        current = ticket.values.get(name)
        if name == "description" or (current or "") == (value or ""):
            continue
        if written.stands(part.notes, name, current):
            fields[name] = value
        else:
            warnings.append(
                f"{name} of ticket {ticket.id} was changed in Zendesk; the deleted text may stand there."
            )
    return fields, warnings


def blackened(html_body: str, texts: Mapping[int, int]) -> tuple[str, bool]:
    """Return a comment's HTML with these of its texts marked for redaction, and whether all of it had to be.

    texts: number of the text -> how many there should be, 0 = nobody knows. All of it is redacted where there are
    more or fewer: then Zendesk has changed the lines between them. The same HTML: everything is black already.
    https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#redact-ticket-comment-in-agent-workspace
    """
    parts = LINE.split(html_body)
    here = len(parts[::2])
    whole = any(number >= here or of not in (0, here) for number, of in texts.items())
    for i in range(0, len(parts), 2):
        if whole or i // 2 in texts:
            parts[i] = RUN.sub(lambda run: _black(run[0]), parts[i])
    return "".join(parts), whole


def _black(run: str) -> str:
    if run.startswith("<"):
        carries = CARRIES.match(run)
        return f"{carries[0].rstrip(' /')} redact>" if carries and " redact" not in run else run
    return f"<redact>{run}</redact>" if run.strip(f"{BLACK} \n\t") else run
