"""The adapters that a connection can name. Explicit, never scanned: what is not listed here does not exist."""

from __future__ import annotations

ADAPTERS: dict[str, str] = {
    "google": "adapters.google:Google",
    "line": "adapters.line:Line",
    "meta": "adapters.meta:Meta",
    "salesforce": "adapters.salesforce:Salesforce",
    "telegram": "adapters.telegram:Telegram",
    "tiktok": "adapters.tiktok:TikTok",
    "trustpilot": "adapters.trustpilot:Trustpilot",
    "webhook": "adapters.webhook:Webhook",
    "websub": "adapters.websub:WebSub",
    "x": "adapters.x:X",
    "zendesk": "adapters.zendesk:Zendesk",
}
"""`adapter:` in connections.yaml -> module:Class. The module also holds the adapter's `Settings`."""
