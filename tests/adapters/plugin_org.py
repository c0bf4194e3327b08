"""Messages as an org with the plugin keeps them, and parts that tell of some."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from salesforce_org import NOW, Sandbox, part

from bridge.message import Account, Message, Person
from bridge.ports import Part, Reopen

REOPEN = Reopen(within=timedelta(days=14), set={"Status": "Reopened"})
LATER = NOW + timedelta(days=3)
MUCH_LATER = NOW + timedelta(days=60)


def said(name: str, text: str = "hello", **more: Any) -> Message:
    given: dict[str, Any] = {
        "channel": "x",
        "connection": "acme-x",
        "account": Account(id="1"),
        "id": name,
        "kind": "mention",
        "author": Person(id="u7", name="Ann", handle="ann", followers=1200, verified=True),
        "received_at": NOW,
        "sent_at": NOW,
        "public": True,
    }
    return Message(text=text, **given | more)


def post(name: str, text: str = "hello", **more: Any) -> Part:
    """A part whose key is its name, with the message that it tells of."""
    message = more.pop("said", None) or said(name, text)
    return part(name, f"@ann: {text}", said=message, **more)


def rows(org: Sandbox) -> dict[str, dict[str, Any]]:
    """The messages that stand in the org, by their keys."""
    return {row["fields"]["External_Id__c"]: {"Id": row["Id"], **row["fields"]} for row in org.state()["messages"]}


def places(org: Sandbox) -> dict[str, tuple[str, str]]:
    """What each says, and in which case."""
    return {key: (row["Body__c"], row["Case__c"]) for key, row in rows(org).items()}


def calls(org: Sandbox) -> int:
    return org.data_calls().get("POST composite", 0)
