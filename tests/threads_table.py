"""What Threads' callbacks, as Meta documents them and other projects recorded them, must come to: item by item.

The bodies are not ours to publish: they are read from a folder that CASEBRIDGE_PAYLOADS names, or that lies beside
the repository. Each line was written from what the payload means, before any parser ran.
"""

from __future__ import annotations

from typing import Any

TABLE: dict[str, tuple[str, ...]] = {
    "threads/metadocs-delete.json": ("post deleted ours",),
    # An answer of the API, no callback.
    "threads/restfb_api-basic-reply.json": ("unreadable the body cannot be read: entry is missing",),
}
"""File -> one line per event: `<kind> <change>`, `ours` if our account wrote it, or what is wrong with it."""


def whose(document: Any) -> str:
    """Return the id of the account that a body is for; any where it names none."""
    return str(document.get("target_id") or "1")
