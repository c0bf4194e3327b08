"""What goes to Zendesk as text: harmless HTML for comments, plain text for fields, marks to find it again. Pure.

Zendesk fills {{…}} and {%…%} in what an agent sends, and our API user is one; so no two such braces stay together.
https://support.zendesk.com/hc/en-us/articles/4408886858138
"""

from __future__ import annotations

import hashlib
import html
import re

from bridge.fitting import size, split

LIMIT = 60_000
"""Bytes of UTF-8 in one comment: Zendesk cuts at 64 kB, and says nothing.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/
"""

COUNT_BYTES = 16  #: at most "(12345/12345) "
LINE = "<hr>"
"""Between the texts of one comment. No customer's text can hold one: it is escaped."""

FIRST, BY_MARK = "o", "m"
"""How a ref calls a comment whose id nobody told: the ticket's first one, or that of the write with this mark."""

NOTHING = "(no text)"  #: Zendesk refuses an empty comment
PLACEHOLDER = re.compile(r"(?<=\{)(?=[{%])|(?<=[%}])(?=\})")
MARK = re.compile(r"[0-9a-f]{10}")


def harmless(text: str) -> str:
    """Put a zero-width space where two characters would begin or end a placeholder."""
    return PLACEHOLDER.sub("\u200b", text)


def markup(text: str) -> str:
    """Return the HTML that shows this text and nothing else."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return html.escape(harmless(lines)).replace("\n", "<br>")


def pieces(text: str, *, limit: int = LIMIT) -> list[str]:
    """Return the HTML that carries `text`, in pieces of at most `limit` bytes; never none, never empty."""
    whole = markup(text if text.strip() else NOTHING)
    if size(whole) <= limit:
        return [whole]
    room = limit - COUNT_BYTES
    raw = split(text, room)
    # Escaping makes a text longer, a quotation mark six times; a smaller piece of it fits some time.
    while any(size(markup(piece)) > limit - COUNT_BYTES for piece in raw):
        room //= 2
        raw = split(text, room)
    return [f"({i + 1}/{len(raw)}) {markup(piece)}" for i, piece in enumerate(raw)]


def mark(key: str, piece: int = 0) -> str:
    """Return by what a text is found again in the metadata of its write."""
    name = f"{key}:{piece}" if piece else key
    return hashlib.sha256(name.encode()).hexdigest()[:10]


def marks_in(metadata: object) -> list[str]:
    """Return the marks of a write, one for each text of its comment; [] = it is not ours."""
    return MARK.findall(metadata) if isinstance(metadata, str) else []
