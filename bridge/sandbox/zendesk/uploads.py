"""Files that are uploaded under a token, until a comment names it. Raises Refusal.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-attachments/
"""

from __future__ import annotations

import secrets
import sqlite3
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bridge.sandbox.zendesk import refusals, rows

LIVES = 3600  #: seconds that a token can be named by a comment


def upload(
    tx: sqlite3.Connection, root: str, *, name: str, kind: str, content: bytes, token: str, now: datetime
) -> dict[str, Any]:
    """Keep a file under its token, "" = a new one; what is answered."""
    if not name:
        raise refusals.invalid_attribute("filename", "filename is required")
    if not content:
        raise refusals.invalid_record({"base": ["Attachment: cannot be empty"]})
    expires, numbers = now.timestamp() + LIVES, list[int]()
    if token:
        expires, numbers = under(tx, token, now.timestamp())
    token = token or secrets.token_urlsafe(18)
    made = _attachment(root, rows.new_id(tx), name, kind or "application/octet-stream", len(content))
    rows.save_file(tx, made, content)
    rows.save_upload(tx, token, expires, [*numbers, made["id"]])
    files = [body for number in (*numbers, made["id"]) if (body := rows.file(tx, number))]
    shown = datetime.fromtimestamp(expires, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"upload": {"token": token, "expires_at": shown, "attachments": files, "attachment": made}}


def under(tx: sqlite3.Connection, token: str, now: float) -> tuple[float, list[int]]:
    """When a token runs out, and the files under it. Unsure: what the vendor says of one that it does not know."""
    found = rows.upload(tx, token)
    if found is None or found[0] <= now:
        raise refusals.invalid_record({"base": ["Attachment: upload token is invalid"]})
    return found


def _attachment(root: str, number: int, name: str, kind: str, size: int) -> dict[str, Any]:
    """A file as it is shown, in the vendor's order."""
    site = root.removesuffix("/api/v2")
    content = f"{site}/attachments/token/{secrets.token_urlsafe(18)}/?name={quote(name)}"
    return {
        "url": f"{root}/attachments/{number}.json", "id": number, "file_name": name, "content_url": content,
        "mapped_content_url": content, "content_type": kind, "size": size, "width": None, "height": None,
        "inline": False, "deleted": False, "malware_access_override": False,
        "malware_scan_result": "not_scanned", "thumbnails": [],
    }  # fmt: skip
