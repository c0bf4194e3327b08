"""What Trustpilot's documented events must come to: event by event.

The bodies are not ours to publish: they are read from a folder that CASEBRIDGE_PAYLOADS names, or that lies beside
the repository. Each line was written from what the payload means, before any parser ran.
"""

from __future__ import annotations

TABLE: dict[str, tuple[str, ...]] = {
    "trustpilot/support_docs-service-review-created.json": ("review created",),
}
"""File -> one line per event, as payload_table.line writes it."""
