"""What Zendesk's webhooks call us with, made and signed as Zendesk does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.ports import Callback

SECRET = "bm90IGEgcmVhbCBzZWNyZXQ="  # of a webhook, as Zendesk writes them
NOW = datetime(2026, 11, 21, 20, 0, 5, tzinfo=UTC)
AGENT, CUSTOMER, US = "7", "8", "9"


def event(kind: str = "comment_added", detail: Mapping[str, Any] | None = None, **told: Any) -> dict[str, Any]:
    """An event of a ticket that a customer has asked for."""
    ticket = {"id": "35436", "requester_id": CUSTOMER, "actor_id": AGENT, "external_id": "x:1:2", "status": "OPEN"}
    return {
        "account_id": 12345,
        "detail": {**ticket, **(detail or {})},
        "event": told,
        "id": "8b6a7b1c-2f3d-4e5f-8a9b-0c1d2e3f4a5b",
        "subject": "zen:ticket:35436",
        "time": "2026-11-21T19:59:59.123456789Z",
        "type": f"zen:event-type:ticket.{kind}",
        "zendesk_event_version": "2022-11-06",
    }


def comment(body: str = "Hi Ada", *, author: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """What an agent says, as event.comment."""
    who = {"id": AGENT, "is_staff": True, "name": "Anna", **(author or {})}
    return {"id": "987", "body": body, "is_public": True, "author": who, **more}


def said(body: str = "Hi Ada", *, detail: Mapping[str, Any] | None = None, **more: Any) -> bytes:
    """The body of an event that tells of a comment."""
    return dumped(event(detail=detail, comment=comment(body, **more)))


def dumped(told: Any) -> bytes:
    """As Zendesk prints it."""
    return json.dumps(told, indent=3).encode()


def headers(body: bytes, secret: str = SECRET, at: str = "2026-11-21T20:00:00Z") -> dict[str, str]:
    """How Zendesk signs it: by another way than the adapter's."""
    digest = hmac.new(secret.encode("ascii"), at.encode("ascii") + body, hashlib.sha256).digest()
    return {
        "x-zendesk-webhook-signature": base64.b64encode(digest).decode("ascii"),
        "x-zendesk-webhook-signature-timestamp": at,
        "x-zendesk-account-id": "12345",
        "content-type": "application/json; charset=utf-8",
    }


def call(body: bytes, **signed: str) -> Callback:
    """The call that carries this body."""
    return Callback(
        connection="acme-zendesk",
        method="POST",
        url="https://bridge.example.com/in/acme-zendesk",
        query={},
        headers=headers(body, **signed),
        body=body,
        received_at=NOW,
    )
