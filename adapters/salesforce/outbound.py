"""Reads the outbound messages of an org: agents have written, a case was closed or opened again. Pure.

Nobody signs them. A secret at the end of the URL and the org's id say that they are Salesforce's, and what they
say is only a hint: replies are read from the org itself.
https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging.htm
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bridge.errors import Forged, Malformed
from bridge.ports import Answer, Callback, CaseChange, Heard

LARGEST = 1024 * 1024  #: bytes; a hundred notifications with a few fields each have a tenth of it
MOST = 100  #: notifications in one message
SIGNIFICANT = 15  #: characters of an id: three more only say what is upper case

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
RECORD = "{urn:sobject.enterprise.soap.sforce.com}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"

REPLY, CASE = "Social_Message__c", "Case"

ACK = Answer(
    type="text/xml; charset=utf-8",
    body='<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>",
)
"""Whatever else it is answered, Salesforce sends the message again, for 24 hours."""


def hear(callback: Callback, *, secrets: Sequence[str], organization: str) -> Heard:
    """Read one message: its replies and cases; what is of other objects is passed over.

    secrets: those that may end the URL; [] = nobody may call. organization: the org's id, 15 or 18 characters.
    Raises Forged, or Malformed when it is no outbound message.
    """
    _verify(callback, secrets)
    told = _notifications(callback.body)
    found = (told.findtext(f"{OUTBOUND}OrganizationId") or "").strip()[:SIGNIFICANT]
    if not organization or not _same(found, organization[:SIGNIFICANT]):
        raise Forged(f"it comes from the organization {found!r}, which is not organization_id")
    notifications = told.findall(f"{OUTBOUND}Notification")
    if not 1 <= len(notifications) <= MOST:
        raise Malformed(f"it has {len(notifications)} notifications, and an outbound message has 1 to {MOST}")
    records = [one for each in notifications if (one := each.find(f"{OUTBOUND}sObject")) is not None]
    return Heard(
        replies=any(_object(one) == REPLY for one in records),
        cases=tuple(change for one in records if _object(one) == CASE and (change := _change(one)) is not None),
        answer=ACK,
    )


def _verify(callback: Callback, secrets: Sequence[str]) -> None:
    if callback.method != "POST":
        raise Forged(f"Salesforce calls with POST, not with {callback.method!r}")
    if not secrets:
        raise Forged("outbound_secret is not set, so nobody may call here")
    if not any(_same(callback.secret, secret) for secret in secrets):
        raise Forged("the URL does not end in outbound_secret: compare it with the outbound message's endpoint")


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(errors="surrogatepass"), wanted.encode())


def _notifications(body: bytes) -> Element:
    """Find what the envelope holds. Raises Malformed."""
    if len(body) > LARGEST:
        raise Malformed(f"its {len(body)} bytes are more than an outbound message has")
    try:
        envelope: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Malformed(f"it is no XML without a document type: {type(error).__name__}") from None
    found = envelope.find(f"{SOAP}Body/{OUTBOUND}notifications") if envelope.tag == f"{SOAP}Envelope" else None
    if found is None:
        raise Malformed("it is XML, but no outbound message")
    return found


def _object(record: Element) -> str:
    return record.get(TYPE, "").rpartition(":")[2]


def _change(record: Element) -> CaseChange | None:
    """Read whether a case is closed, and since when; None = it does not say."""
    case_id, closed = (_field(record, name) for name in ("Id", "IsClosed"))
    at = _moment(_field(record, "SystemModstamp") or _field(record, "ClosedDate"))
    if not case_id or closed not in ("true", "false") or at is None:
        return None
    return CaseChange(case_id=case_id, closed=closed == "true", at=at)


def _field(record: Element, name: str) -> str:
    return (record.findtext(f"{RECORD}{name}") or "").strip()


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
