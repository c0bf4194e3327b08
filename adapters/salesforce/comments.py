"""The text of a CaseComment: cut to what Salesforce holds, with a last line by which it is found again. Pure."""

from __future__ import annotations

import hashlib
import re

from bridge.fitting import size, split

LIMIT = 4000
"""Bytes of UTF-8 in CaseComment.CommentBody.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_casecomment.htm
"""

LAST_LINE = re.compile(r"\[cb:[0-9a-f]{10}\]\Z")
MARKER_BYTES = 16  #: the marker and its line break
COUNT_BYTES = 16  #: at most "(12345/12345) "


def marker(key: str, piece: int = 0) -> str:
    """Return the last line of a comment: by it a lost answer is told from a lost request."""
    name = f"{key}:{piece}" if piece else key
    return f"[cb:{hashlib.sha256(name.encode()).hexdigest()[:10]}]"


def marker_in(body: str) -> str:
    """Return the marker of a comment; "" = none. Only the last line counts: a customer may write markers too."""
    found = LAST_LINE.search(body.rstrip())
    return found[0] if found else ""


def bodies(text: str, key: str, *, limit: int = LIMIT) -> list[str]:
    """Return the comments that carry `text`, each at most `limit` bytes with its marker; never none."""
    pieces = split(text, limit - MARKER_BYTES - COUNT_BYTES) if size(text) > limit - MARKER_BYTES else [text]
    if len(pieces) == 1:
        return [f"{text}\n{marker(key)}"]
    return [f"({i + 1}/{len(pieces)}) {piece}\n{marker(key, i)}" for i, piece in enumerate(pieces)]
