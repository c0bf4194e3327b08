"""Outbound messages: which change of a record starts one, what waits to be sent, and the letter itself.

https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from bridge.sandbox.file import next_number
from bridge.sandbox.local import is_local
from bridge.sandbox.salesforce import ids
from bridge.sandbox.salesforce.database import Record

Values = Mapping[str, Any]
ZONE = re.compile(r"(?<=\.000)\+0000$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One outbound message of the plugin, with the flow that starts it."""

    name: str
    id: str
    object: str
    fields: tuple[str, ...]  #: sent beside the Id; empty ones are left out
    starts: Callable[[Values, Values], bool]  #: from the values before ({} = a new record) and after


def _queued(values: Values) -> bool:
    return values.get("Direction__c") == "Outbound" and values.get("Status__c") == "Queued"


def _reply_starts(before: Values, after: Values) -> bool:
    return _queued(after) and not _queued(before)


def _status_changes(before: Values, after: Values) -> bool:
    if not before or not after.get("Social_Conversation_Key__c"):
        return False
    return bool(before.get("IsClosed")) != bool(after.get("IsClosed"))


ACTIONS = {
    action.name: action
    for action in (
        Action(
            name="Social_Bridge_Reply",
            id=ids.long_form(ids.make("04k", 1)),
            object="Social_Message__c",
            fields=("Status__c",),
            starts=_reply_starts,
        ),
        Action(
            name="Social_Bridge_Case",
            id=ids.long_form(ids.make("04k", 2)),
            object="Case",
            fields=("ClosedDate", "IsClosed", "SystemModstamp"),
            starts=_status_changes,
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the messages go, and how."""

    url: str = ""  #: "" = none is made at all
    actions: tuple[str, ...] = tuple(ACTIONS)
    speed: float = 1.0  #: how much faster than the vendor's the clock of the retries goes
    twice: bool = False  #: what was acknowledged is delivered once more


def target(spec: Mapping[str, Any]) -> Target:
    """Read where messages are to go. Raises ValueError, one sentence."""
    unknown = sorted(set(spec) - {"url", "actions", "speed", "twice"})
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no key of outbound; allowed are url, actions, speed, twice")
    url, actions = spec.get("url", ""), spec.get("actions", list(ACTIONS))
    speed, twice = spec.get("speed", 1.0), spec.get("twice", False)
    if not isinstance(url, str) or (url and not is_local(url)):
        raise ValueError("url: send http://127.0.0.1:…, an address of this machine")
    if not isinstance(actions, list) or not all(name in ACTIONS for name in actions):
        raise ValueError(f"actions: {actions!r} is no list of {', '.join(ACTIONS)}")
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 < speed <= 1e6:
        raise ValueError(f"speed: {speed!r} is no number over 0")
    if not isinstance(twice, bool):
        raise ValueError(f"twice: {twice!r} is no bool")  # noqa: TRY004 -- what every command raises
    return Target(url=url, actions=tuple(actions), speed=float(speed), twice=twice)


def notice(
    tx: sqlite3.Connection,
    actions: Sequence[Action],
    sobject: str,
    record_id: str,
    *,
    before: Values,
    after: Values,
) -> None:
    """Keep a notification for each message that this change starts, in the transaction of the change."""
    for action in actions:
        if action.object == sobject and action.starts(before, after):
            own = ids.long_form(ids.make("04l", next_number(tx, "notification")))
            values = (own, action.name, record_id, time.time(), 0.0, 0)
            tx.execute("insert into notifications values (?, ?, ?, ?, ?, ?)", values)


def letter(action: Action, organization: str, home: str, notifications: Sequence[tuple[str, Record]]) -> str:
    """Compose the SOAP message for up to 100 notifications, each with its id and its record as it is now.

    organization: its id; home: My Domain, such as acme.my.salesforce.com. https://developer.salesforce.com/docs/
    atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_wsdl.htm
    """
    told = "".join(NOTIFICATION.format(id=own, fields=_fields(action, one), type=action.object)
                   for own, one in notifications)  # fmt: skip
    return ENVELOPE.format(
        organization=ids.long_form(organization), short=organization, action=action.id, home=home, told=told
    )


def _fields(action: Action, record: Record) -> str:
    values = {"Id": record.id, **{name: record.get(name) for name in action.fields}}
    shown = {name: _shown(value) for name, value in values.items() if value is not None}
    return "".join(f"\n     <sf:{name}>{escape(value)}</sf:{name}>" for name, value in shown.items())


def _shown(value: Any) -> str:
    """A value as SOAP writes it: true, and times that end in Z."""
    return str(value).lower() if isinstance(value, bool) else ZONE.sub("Z", str(value))


NOTIFICATION = """
   <Notification>
    <Id>{id}</Id>
    <sObject xsi:type="sf:{type}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">{fields}
    </sObject>
   </Notification>"""

ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>{organization}</OrganizationId>
   <ActionId>{action}</ActionId>
   <SessionId xsi:nil="true"/>
   <EnterpriseUrl>https://{home}/services/Soap/c/64.0/{short}</EnterpriseUrl>
   <PartnerUrl>https://{home}/services/Soap/u/64.0/{short}</PartnerUrl>{told}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>
"""
