"""What Salesforce calls to say, and what is refused: strangers find the URL too."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st
from outbound_messages import CASE, NOON, ORGANIZATION, SECRET, call, case, message, reply, salesforce

from adapters.salesforce import outbound
from bridge.errors import Forged, Malformed
from bridge.ports import CaseChange, Heard

CLOSED = CaseChange(case_id=CASE, closed=True, at=NOON)


def heard(body: bytes) -> Heard:
    return salesforce().hear(call(body))


# --- what it says ---


def test_a_reply_rings() -> None:
    assert heard(message(reply())) == Heard(replies=True, answer=outbound.ACK)


def test_a_closed_case_is_a_change() -> None:
    assert heard(message(case())) == Heard(cases=(CLOSED,), answer=outbound.ACK)


def test_a_message_may_hold_several_of_both() -> None:
    later = "2026-11-21T12:00:05.000Z"

    told = heard(message(case(), reply(), case(closed=False, at=later), reply("a015g00000QwErUAAV")))

    opened = replace(CLOSED, closed=False, at=NOON + timedelta(seconds=5))
    assert told == Heard(replies=True, cases=(CLOSED, opened), answer=outbound.ACK)


def test_the_time_of_closing_does_where_there_is_no_other() -> None:
    told = heard(message(case(SystemModstamp="", ClosedDate="2026-11-21T11:30:00.000Z")))

    assert told.cases == (replace(CLOSED, at=datetime(2026, 11, 21, 11, 30, tzinfo=UTC)),)


@pytest.mark.parametrize(
    "fields",
    [{"Id": ""}, {"IsClosed": "1"}, {"SystemModstamp": "noon"}, {"SystemModstamp": "2026-11-21T12:00:00"}],
)
def test_a_case_that_says_too_little_is_passed_over_and_acknowledged(fields: dict[str, Any]) -> None:
    assert heard(message(case(**fields))) == Heard(answer=outbound.ACK)


def test_other_objects_are_passed_over_and_acknowledged() -> None:
    body = message(case().replace("sf:Case", "sf:Contact"), "<Notification><Id>04l</Id></Notification>")

    assert heard(body) == Heard(answer=outbound.ACK)


def test_the_acknowledgement_is_what_salesforce_waits_for() -> None:
    answer = fromstring(outbound.ACK.body)

    ack = answer.findtext(f"{outbound.SOAP}Body/{outbound.OUTBOUND}notificationsResponse/{outbound.OUTBOUND}Ack")
    assert (ack, outbound.ACK.status, outbound.ACK.type) == ("true", 200, "text/xml; charset=utf-8")


# --- whose it is ---


def test_both_secrets_hold_while_they_are_rotated() -> None:
    old = "an-older-harbour-at-dusk"
    org = salesforce(outbound_secret=[SECRET, old])

    told = [org.hear(call(message(reply()), secret=secret)) for secret in (SECRET, old)]

    assert told == [Heard(replies=True, answer=outbound.ACK)] * 2


@pytest.mark.parametrize("secret", ["", "wrong", SECRET.upper(), SECRET + "7", "\ud800", "ü" * 23])
def test_another_secret_is_refused(secret: str) -> None:
    with pytest.raises(Forged, match="does not end in outbound_secret"):
        salesforce().hear(call(message(reply()), secret=secret))


def test_nobody_may_call_where_no_secret_is_set() -> None:
    org = salesforce(outbound_secret=None, organization_id="")

    with pytest.raises(Forged, match="outbound_secret is not set"):
        org.hear(call(message(reply()), secret=""))


def test_salesforce_calls_with_post() -> None:
    with pytest.raises(Forged, match="not with 'GET'"):
        salesforce().hear(call(b"", method="GET"))


@pytest.mark.parametrize("organization", [ORGANIZATION, ORGANIZATION[:15], f"\n {ORGANIZATION} \n"])
def test_an_org_is_known_by_the_first_15_characters_of_its_id(organization: str) -> None:
    assert heard(message(reply(), organization=organization)).replies


@pytest.mark.parametrize(
    "organization", ["", ORGANIZATION[:15].swapcase(), ORGANIZATION[:14], "00D5g000009ZzZzEAK"]
)
def test_another_org_is_refused(organization: str) -> None:
    with pytest.raises(Forged, match="which is not organization_id"):
        heard(message(reply(), organization=organization))


def test_without_an_organization_every_org_is_refused() -> None:
    with pytest.raises(Forged, match="which is not organization_id"):
        outbound.hear(call(message(reply(), organization="")), secrets=[SECRET], organization="")


# --- what it is not ---

BOMB = '<!DOCTYPE x [<!ENTITY a "ha">]>'


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no XML"),
        (b"{}", "no XML"),
        (message(reply())[:-20], "no XML"),
        (b"\xff\xfe<a/>", "no XML"),
        (b'<?xml version="1.0" encoding="x-klingon"?><a/>', "no XML"),
        (message(reply()).replace(b"?>", b"?>" + BOMB.encode(), 1), "no XML without a document type"),
        (b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>', "no XML without a document type"),
        (b"<a/>", "no outbound message"),
        (message(reply()).replace(b"schemas.xmlsoap.org", b"example.com"), "no outbound message"),
        (message(reply()).replace(b"2005/09/outbound", b"2005/09/inbound"), "no outbound message"),
        (message(), "0 notifications"),
        (message(*[reply()] * 101), "101 notifications"),
        (message("x" * outbound.LARGEST), "more than an outbound message has"),
        (b"<a>" * 100_000, "no XML"),
    ],
    ids=lambda given: given[:20] if isinstance(given, str) else "",
)
def test_what_is_no_outbound_message_is_not_acknowledged(body: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        heard(body)


def test_a_hundred_notifications_are_read() -> None:
    assert len(heard(message(*[case()] * 100)).cases) == 100


def test_a_refusal_quotes_no_field_of_the_record() -> None:
    body = message(reply().replace("Queued", "&secret-of-ana;"))

    with pytest.raises(Malformed) as caught:
        heard(body)

    assert "ana" not in str(caught.value)


SPOILT = st.builds(
    lambda at, drop, put: lambda body: body[: at % len(body)] + put + body[at % len(body) + drop :],
    st.integers(0, 5000),
    st.integers(0, 40),
    st.one_of(
        st.binary(max_size=12), st.sampled_from([b"&a;", b"<", b">", b"</", b"<!DOCTYPE a>", b"\0", b"]]>"])
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(SPOILT, min_size=1, max_size=3))
def test_nothing_but_a_refusal_comes_of_hostile_xml(spoilers: list[object]) -> None:
    body = message(case(), reply())
    for spoil in spoilers:
        body = spoil(body)  # type: ignore[operator]

    try:
        told = heard(body)
    except (Forged, Malformed):
        return

    assert told.answer == outbound.ACK
    assert all(change.at.tzinfo is not None for change in told.cases)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_nothing_but_a_refusal_comes_of_noise(body: bytes) -> None:
    with pytest.raises((Forged, Malformed)):
        heard(body)
