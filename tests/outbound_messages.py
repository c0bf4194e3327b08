"""Outbound messages as Salesforce writes them, with our own values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from adapters.salesforce import Salesforce, Settings
from bridge.ports import Callback

ORGANIZATION = "00D5g000004AbCdEAK"
SECRET = "quiet-harbour-at-noon-7"
CASE = "5005g00000XyZaBAAV"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def salesforce(**given: Any) -> Salesforce:
    """An org that may call us, unless the test says otherwise."""
    settings = {
        "domain": "acme.my",
        "consumer_key": SecretStr("key"),
        "consumer_secret": SecretStr("secret"),
        "outbound_secret": SECRET,
        "organization_id": ORGANIZATION,
    }
    return Salesforce(Settings.model_validate(settings | given))


def reply(record: str = "a015g00000QwErTAAV") -> str:
    """What the flow of a reply sends."""
    return _notification("Social_Message__c", Id=record, Status__c="Queued")


def case(*, closed: bool = True, at: str = "2026-11-21T12:00:00.000Z", **fields: str) -> str:
    """What the flow of a case sends."""
    told = {"Id": CASE, "IsClosed": str(closed).lower(), "SystemModstamp": at}
    return _notification("Case", **(told | fields))


def _notification(kind: str, **fields: str) -> str:
    record = "".join(f"<sf:{name}>{value}</sf:{name}>" for name, value in fields.items())
    return (
        "<Notification><Id>04l5g00000AbCdEAAV</Id>"
        f'<sObject xsi:type="sf:{kind}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">{record}</sObject>'
        "</Notification>"
    )


def message(*notifications: str, organization: str = ORGANIZATION) -> bytes:
    """The whole SOAP message."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{organization}</OrganizationId><ActionId>04k5g000000AbCdAAK</ActionId>"
        '<SessionId xsi:nil="true"/>'
        "<EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/66.0/00D5g000004AbCd</EnterpriseUrl>"
        "<PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/66.0/00D5g000004AbCd</PartnerUrl>"
        f"{''.join(notifications)}</notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()


def call(body: bytes, *, secret: str = SECRET, method: str = "POST") -> Callback:
    """The request that carries it."""
    return Callback(
        connection="acme-salesforce",
        method=method,
        url="https://bridge.example.com/in/acme-salesforce/…",
        query={},
        headers={"content-type": "text/xml; charset=utf-8", "soapaction": '""'},
        body=body,
        received_at=NOON,
        secret=secret,
    )
