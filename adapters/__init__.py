"""The adapters that a connection can name. Explicit, never scanned: what is not listed here does not exist."""

from __future__ import annotations

ADAPTERS: dict[str, str] = {
    "meta": "adapters.meta:Meta",
    "salesforce": "adapters.salesforce:Salesforce",
    "webhook": "adapters.webhook:Webhook",
    "x": "adapters.x:X",
    "zendesk": "adapters.zendesk:Zendesk",
}
"""`adapter:` in connections.yaml -> module:Class. The module also holds the adapter's `Settings`."""
