"""What Hootsuite's documented callbacks must come to, read by the shipped payload map: item by item.

The bodies are not ours to publish: they are read from a folder that CASEBRIDGE_PAYLOADS names, or that lies beside
the repository. Each line was written from what the payload means, before any parser ran.
"""

from __future__ import annotations

TABLE: dict[str, tuple[str, ...]] = {
    "hootsuite/openapi-crm-error-notifications.json": ("skipped system DATA_IMPORT_ERROR",),
    "hootsuite/openapi-crm-write-back.json": ("skipped system CONVERSATION_RESOLVED",),
}
"""File -> one line per event: `<kind> <change>`, or `skipped <reason> <event>`."""
