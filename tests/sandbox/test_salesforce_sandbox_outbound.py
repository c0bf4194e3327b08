"""Outbound messages: sent for what starts to meet, in the vendor's form, until somebody acknowledges them."""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from org_process import OrgProcess, row

from bridge.sandbox.salesforce.database import Record
from bridge.sandbox.salesforce.outbound import ACTIONS, letter

OUT, SF = "{http://soap.sforce.com/2005/09/outbound}", "{urn:sobject.enterprise.soap.sforce.com}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
KEY = "Social_Conversation_Key__c"
NO, YES = (
    f'<notificationsResponse xmlns="{OUT[1:-1]}"><Ack>{word}</Ack></notificationsResponse>'
    for word in ("false", "true")
)
QUEUED = {"Direction__c": "Outbound", "Status__c": "Queued"}


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as the receiver reads it."""

    action: str
    told: dict[str, dict[str, str]]  #: notification -> fields


class Receiver:
    """What outbound messages are sent to: acknowledges, unless it was told what to answer."""

    def __init__(self) -> None:
        self.answers: queue.Queue[tuple[int, str]] = queue.Queue()
        self.letters: queue.Queue[Letter] = queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["SOAPAction"] == '""'
                assert self.headers["Content-Type"] == "text/xml; charset=utf-8"
                try:
                    status, text = receiver.answers.get_nowait()
                except queue.Empty:
                    status, text = 200, YES
                receiver.letters.put(opened(body))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/in/salesforce/secret"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def next(self) -> Letter:
        return self.letters.get(timeout=20)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def opened(body: bytes) -> Letter:
    root = fromstring(body)
    [session] = root.iter(f"{OUT}SessionId")
    assert root.findtext(f".//{OUT}OrganizationId") == "00DSb0000000001MAA"
    assert (session.get(f"{XSI}nil"), session.text) == ("true", None)
    told = {one.findtext(f"{OUT}Id", ""): fields(one) for one in root.iter(f"{OUT}Notification")}
    return Letter(root.findtext(f".//{OUT}ActionId", ""), told)


def fields(notification: Element) -> dict[str, str]:
    record = notification.find(f"{OUT}sObject")
    assert record is not None
    found = {str(one.tag).removeprefix(SF): one.text or "" for one in record}
    return {"type": str(record.get(f"{XSI}type")), **found}


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgProcess]:
    process = OrgProcess(tmp_path_factory.mktemp("org"), "--plugin")
    yield process
    process.close()


@pytest.fixture
def receiver(org: OrgProcess) -> Iterator[Receiver]:
    org.reset()
    running = Receiver()
    org.command("outbound", url=running.url, speed=1000)
    yield running
    org.command("outbound")
    running.close()


def agent(org: OrgProcess) -> dict[str, str]:
    """The header that makes a call an agent's."""
    return {"X-Sandbox-User": str(org.query("SELECT Id FROM User WHERE Name = 'Anna Agent'")[0]["Id"])}


def write(org: OrgProcess, *rows: dict[str, Any], headers: dict[str, str] | None = None) -> list[str]:
    body = {"records": [row("Social_Message__c", **QUEUED, **one) for one in rows]}
    answer = org.call("POST", "composite/sobjects", json=body, headers=headers or agent(org))
    return [one["id"] for one in answer.json()]


def close(org: OrgProcess, case: str, status: str = "Closed") -> None:
    org.call("PATCH", f"sobjects/Case/{case}", json={"Status": status}, headers=agent(org))


def told(org: OrgProcess) -> dict[str, Any]:
    return dict(org.session.get(f"{org.base}/sandbox/outbound", timeout=20).json())


def settled(org: OrgProcess) -> dict[str, int]:
    """What has become of the notifications, once none waits any more."""
    for _ in range(400):
        now = told(org)
        if not now["waiting"]:
            return dict(now["told"])
        time.sleep(0.02)
    raise AssertionError(now)


# --- the letter -----------------------------------------------------------------------------------------------

WRITTEN = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>00DSb0000000001MAA</OrganizationId>
   <ActionId>04kSb0000000002IAA</ActionId>
   <SessionId xsi:nil="true"/>
   <EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/64.0/00DSb0000000001</EnterpriseUrl>
   <PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/64.0/00DSb0000000001</PartnerUrl>
   <Notification>
    <Id>04lA</Id>
    <sObject xsi:type="sf:Case" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>500A</sf:Id>
     <sf:ClosedDate>2026-11-21T20:00:00.000Z</sf:ClosedDate>
     <sf:IsClosed>true</sf:IsClosed>
    </sObject>
   </Notification>
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>
"""


def test_a_letter_is_written_as_the_vendor_writes_it() -> None:
    values = {"IsClosed": True, "ClosedDate": "2026-11-21T20:00:00.000+0000", "Subject": "not told"}
    case = Record(id="500A", object="Case", deleted=False, values=values)

    text = letter(ACTIONS["Social_Bridge_Case"], "00DSb0000000001", "acme.my.salesforce.com", [("04lA", case)])

    assert text == WRITTEN


def test_what_stands_in_a_field_stays_text() -> None:
    record = Record(id="a00", object="Social_Message__c", deleted=False, values={"Status__c": "</sf:Id>&<x>{id}"})

    text = letter(ACTIONS["Social_Bridge_Reply"], "00DSb0000000001", "x", [("04lA", record)])

    assert opened(text.encode()).told["04lA"]["Status__c"] == "</sf:Id>&<x>{id}"


# --- which change starts one ----------------------------------------------------------------------------------


def test_an_agents_queued_reply_rings(org: OrgProcess, receiver: Receiver) -> None:
    [reply] = write(org, {"Body__c": "Thanks"})

    got = receiver.next()

    assert got.action == ACTIONS["Social_Bridge_Reply"].id
    assert list(got.told.values()) == [{"type": "sf:Social_Message__c", "Id": reply, "Status__c": "Queued"}]
    assert settled(org) == {"acknowledged": 1}


def test_only_what_starts_to_be_queued_rings(org: OrgProcess, receiver: Receiver) -> None:
    inbound, by_bridge = (
        row("Social_Message__c", Direction__c="Inbound", Status__c="Received"),
        {"X-Sandbox-User": ""},
    )
    org.call("POST", "composite/sobjects", json={"records": [inbound]}, headers=agent(org))
    write(org, {"Body__c": "by the bridge"}, headers=by_bridge)
    [reply] = write(org, {"Body__c": "a"})
    first = receiver.next()

    for change in ({"Body__c": "b"}, {"Status__c": "Failed"}, {"Status__c": "Queued"}):
        org.call("PATCH", f"sobjects/Social_Message__c/{reply}", json=change, headers=agent(org))
    second = receiver.next()
    settled(org)

    assert [[one["Id"] for one in got.told.values()] for got in (first, second)] == [[reply], [reply]]
    assert first.told.keys() != second.told.keys()
    assert receiver.letters.empty()


def test_a_case_of_ours_that_is_closed_or_opened_rings(org: OrgProcess, receiver: Receiver) -> None:
    ours, other = org.create("Case", Subject="a", **{KEY: "k"}), org.create("Case", Subject="b")
    close(org, other)
    org.call("PATCH", f"sobjects/Case/{ours}", json={"Subject": "c"}, headers=agent(org))
    close(org, ours)
    closed = receiver.next()
    close(org, ours, "Working")
    opened_again = receiver.next()

    [one], [two] = closed.told.values(), opened_again.told.values()
    assert (one["type"], one["Id"], one["IsClosed"], two["IsClosed"]) == ("sf:Case", ours, "true", "false")
    assert one["ClosedDate"].endswith(".000Z")
    assert "ClosedDate" not in two


def test_the_integration_user_rings_where_its_profile_lets_it(org: OrgProcess, receiver: Receiver) -> None:
    org.command("switches", integration_user_rings=True)

    [reply] = write(org, {"Body__c": "x"}, headers={"X-Sandbox-User": ""})

    assert [one["Id"] for one in receiver.next().told.values()] == [reply]


# --- delivery -------------------------------------------------------------------------------------------------


def test_it_is_sent_again_under_the_same_id_until_it_is_acknowledged(org: OrgProcess, receiver: Receiver) -> None:
    for answer in ((500, YES), (202, YES), (200, NO), (200, "")):
        receiver.answers.put(answer)
    write(org, {"Body__c": "x"})

    letters = [receiver.next() for _ in range(5)]
    settled(org)

    assert letters == [letters[0]] * 5
    assert receiver.letters.empty()


def test_a_late_letter_tells_what_holds_now(org: OrgProcess, receiver: Receiver) -> None:
    case = org.create("Case", Subject="a", **{KEY: "k"})
    org.command("outbound", url="http://127.0.0.1:9/", speed=1000)
    close(org, case)
    close(org, case, "Working")

    org.command("outbound", url=receiver.url, speed=1000)
    settled(org)
    letters = [receiver.letters.get() for _ in range(receiver.letters.qsize())]

    told_of = {own: values["IsClosed"] for got in letters for own, values in got.told.items()}
    assert sorted(told_of.values()) == ["false", "false"]


def test_at_most_a_hundred_travel_together_and_all_arrive(org: OrgProcess, receiver: Receiver) -> None:
    org.command("outbound", url="http://127.0.0.1:9/", speed=1000)
    replies = write(org, *({"Body__c": str(n)} for n in range(150)))

    org.command("outbound", url=receiver.url, speed=1000)
    settled(org)
    letters = [receiver.letters.get() for _ in range(receiver.letters.qsize())]

    arrived = [one["Id"] for got in letters for one in got.told.values()]
    assert sorted(arrived) == sorted(replies)
    assert max(len(got.told) for got in letters) <= 100


def test_the_same_can_come_twice(org: OrgProcess, receiver: Receiver) -> None:
    org.command("outbound", url=receiver.url, twice=True)

    write(org, {"Body__c": "x"})

    assert receiver.next() == receiver.next()


def test_a_deleted_record_is_told_of_no_more_and_a_day_is_the_end(org: OrgProcess, receiver: Receiver) -> None:
    org.command("outbound", url="http://127.0.0.1:9/", speed=100_000)
    write(org, {"Body__c": "never heard"})
    given_up = settled(org)["given_up"]
    org.command("outbound", url="http://127.0.0.1:9/", speed=1000)
    [reply] = write(org, {"Body__c": "deleted"})

    org.call("DELETE", f"sobjects/Social_Message__c/{reply}", headers=agent(org))
    settled(org)

    assert given_up == 1
    assert receiver.letters.empty()


def test_what_waits_outlives_the_sandbox(tmp_path: Path) -> None:
    org = OrgProcess(tmp_path, "--plugin")
    org.command("outbound", url="http://127.0.0.1:9/", speed=1000)
    [reply] = write(org, {"Body__c": "x"})
    org.stop(signal.SIGKILL)

    with closing(Receiver()) as receiver, closing(org):
        org.arguments = ("--plugin", "--outbound-url", receiver.url)
        org.start()
        got = receiver.next()
        org.stop()

    assert [one["Id"] for one in got.told.values()] == [reply]


@pytest.mark.parametrize(
    "spec",
    [
        {"url": "https://bridge.example/in/x"},
        {"url": "file:///etc/passwd"},
        {"url": 1},
        {"url": "http://[::1"},
        {"actions": ["Other"]},
        {"speed": 0},
        {"speed": True},
        {"twice": 1},
        {"urls": ""},
    ],
)
def test_a_wrong_target_is_refused_with_a_reason(org: OrgProcess, spec: dict[str, Any]) -> None:
    answer = org.command("outbound", **spec)

    assert answer.status_code == 400
    assert answer.json()["error"]
