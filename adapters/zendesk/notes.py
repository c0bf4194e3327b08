"""A message that its author deleted or edited: what to black out, what to write anew, what to tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from adapters.zendesk import tickets
from adapters.zendesk.tickets import Ticket
from bridge import written
from bridge.ports import Part, Value


@dataclass(frozen=True, slots=True)
class Words:
    """How warnings call a message, and the text of it that may still stand."""

    message: str
    text: str
    stays: str


SAID: Mapping[str, Words] = {
    "delete": Words("a deleted message", "The text of a deleted message", "the deleted text"),
    "edit": Words(
        "an edited message", "The old text of an edited message", "the text from before its author's edit"
    ),
}
"""Part.act -> the words for it."""

REF = re.compile(r"(a?\d{1,19}|o|m[0-9a-f]{10}):(\d{1,4}):(\d{1,4})")
"""comment, or what it is called instead:number of the text in it:how many there are. See steps.Place."""

FILES = re.compile(r"f(a?\d{1,19})")
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


def of_files(ref: str) -> str:
    """Return the ref of the files that came with a comment, out of the ref of its text."""
    return f"f{ref.partition(':')[0]}"


def files_of(refs: Sequence[str]) -> frozenset[str]:
    """Read the refs of files: the comments that they came with."""
    return frozenset(found[1] for ref in refs if (found := FILES.fullmatch(ref)))


def to_rewrite(part: Part, ticket: Ticket, *, cut: bool) -> tuple[dict[str, Value], list[str]]:
    """Return the fields of the opening message to write anew, and the names of those that an agent has changed.

    Whose the ticket is holds no words of the message. cut: too long texts are shortened.
    """
    fields: dict[str, Value] = {}
    changed = []
    for name, value in part.row.items():
        if name == "description" or name in tickets.OWNER:
            continue
        current = ticket.values.get(name)
        if tickets.holds(current, name, value, cut=cut):
            continue
        if written.stands(part.notes, name, current):
            fields[name] = value
        else:
            changed.append(name)
    return fields, changed


def of_row(part: Part, ticket: Ticket, wrote: Collection[str], *, cut: bool) -> dict[str, str]:
    """Return Part.notes from now on: the fields of the ticket that hold what the edited message makes of them.

    wrote: those that were written just now, however Zendesk shows them.
    """
    values = {name: ticket.values.get(name) for name in part.row if name != "description"}
    ours = {n: v for n, v in values.items() if n in wrote or tickets.holds(v, n, part.row[n], cut=cut)}
    return written.notes_of(ours)


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
