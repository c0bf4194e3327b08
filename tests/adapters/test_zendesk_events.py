"""What Zendesk's webhooks tell is read, and only what Zendesk signed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zendesk_events import AGENT, CUSTOMER, NOW, SECRET, US, call, dumped, event, said

from adapters.zendesk import events
from adapters.zendesk.subscribing import BODY
from bridge.errors import Forged, Malformed
from bridge.ports import Answer, CaseChange, Heard, Reply, Rung

TAKEN = Heard(answer=Answer())
HI = Reply(id="987", case_id="35436", text="Hi Ada", agent="Anna", meant=False, by=AGENT)


def hear(body: bytes, *, secrets: tuple[str, ...] = (SECRET,), **more: Any) -> Heard:
    return events.hear(replace(call(body), **more), secrets)


# --- who signed it ---


def test_the_signature_that_zendesk_documents_holds() -> None:
    secret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
    body = (
        b'{"account_id":12345,"detail":{"id":"35436","external_id":"sb:x:dm:42","tags":["social_bridge"]},'
        b'"event":{"comment":{"id":"987","body":"Hi Ada","is_public":true,"author":{"id":"7","is_staff":true,'
        b'"name":"Agent"}}},"id":"8b6a7b1c-2f3d-4e5f-8a9b-0c1d2e3f4a5b","subject":"zen:ticket:35436",'
        b'"time":"2026-11-21T19:59:59.123456789Z","type":"zen:event-type:ticket.comment_added",'
        b'"zendesk_event_version":"2022-11-06"}'
    )
    signed = {
        "x-zendesk-webhook-signature": "GUMeuZo1bAegV5jiClR3v5ftb8q56k8wQWEV4BIAfX4=",
        "x-zendesk-webhook-signature-timestamp": "2026-11-21T20:00:00Z",
    }

    heard = hear(body, secrets=(secret,), headers=signed)

    assert heard == Heard(said=(replace(HI, agent="Agent"),), answer=Answer())


@pytest.mark.parametrize("secrets", [("another", SECRET), (SECRET, "another")])
def test_while_a_secret_is_rotated_both_hold(secrets: tuple[str, str]) -> None:
    assert hear(said(), secrets=secrets) == Heard(said=(HI,), answer=Answer())


def test_an_old_call_is_as_good_as_a_new_one() -> None:
    old = call(said(), at="2026-11-20T20:00:00Z")

    assert events.hear(old, (SECRET,)).said == (HI,)


@pytest.mark.parametrize(
    "more",
    [
        {"secrets": ()},
        {"secrets": ("another",)},
        {"method": "GET"},
        {"headers": {}},
        {"headers": {**call(said()).headers, events.SIGNATURE: ""}},
        {"headers": {**call(said()).headers, events.SIGNATURE: "\ud800é"}},
        {"headers": {**call(said()).headers, events.TIMESTAMP: "2026-11-21T20:00:01Z"}},
        {"headers": {k: v for k, v in call(said()).headers.items() if k != events.TIMESTAMP}},
    ],
)
def test_what_nobody_signed_is_refused(more: Mapping[str, Any]) -> None:
    with pytest.raises(Forged) as refused:
        hear(said(), **more)

    assert SECRET not in str(refused.value)


@given(st.data())
@settings(max_examples=60)
def test_no_byte_of_a_call_can_be_another(data: st.DataObject) -> None:
    good = call(said())
    at = data.draw(st.integers(0, len(good.body) - 1))
    body = good.body[:at] + bytes([good.body[at] ^ data.draw(st.integers(1, 255))]) + good.body[at + 1 :]

    with pytest.raises(Forged):
        events.hear(replace(good, body=body), (SECRET,))


# --- what agents say ---


def test_a_public_comment_of_an_agent_is_a_reply() -> None:
    assert hear(said(" Grüße\n<b>&amp; \n")).said == (replace(HI, text="Grüße\n<b>&amp;"),)


@pytest.mark.parametrize(
    "body",
    [
        said(is_public=False),
        said(author={"is_staff": False}),
        said(author={"id": CUSTOMER}),
        said(detail={"requester_id": int(AGENT)}),
    ],
)
def test_what_is_not_said_by_an_agent_to_a_customer_is_no_reply(body: bytes) -> None:
    assert hear(body) == TAKEN


@pytest.mark.parametrize(("actor", "by"), [(US, US), (int(US), US), ("0", AGENT), ("", AGENT), (None, AGENT)])
def test_it_is_known_whose_token_wrote_a_comment(actor: object, by: str) -> None:
    [reply] = hear(said(detail={"actor_id": actor})).said

    assert reply.by == by


# --- what else is told ---


@pytest.mark.parametrize(
    ("current", "closed"),
    [("SOLVED", True), ("CLOSED", True), ("solved", True), ("OPEN", False), ("NEW", False), ("HOLD", False)],
)
def test_a_change_of_status_says_whether_a_ticket_is_closed(current: str, closed: bool) -> None:
    at = datetime(2026, 11, 21, 19, 59, 59, 123456, tzinfo=UTC)

    heard = hear(dumped(event("status_changed", current=current, previous="PENDING")))

    assert heard == replace(TAKEN, cases=(CaseChange(case_id="35436", closed=closed, at=at),))


@pytest.mark.parametrize(
    "told",
    [
        event("status_changed", current="DELETED", previous="OPEN"),
        event("merged", target_ticket_id="35437"),
        event("soft_deleted"),
        event("some_day_there_will_be_more"),
        {"type": "zen:event-type:user.created", "detail": {"id": "1"}},
    ],
)
def test_what_is_of_no_use_is_acknowledged(told: Any) -> None:
    assert hear(dumped(told)) == TAKEN


@pytest.mark.parametrize(
    ("updated", "at"),
    [
        ("2026-11-21T19:58:00Z", NOW.replace(minute=58, hour=19, second=0)),
        ("2026-11-21T20:58+01:00", NOW.replace(minute=58, hour=19, second=0)),
        ("2026-11-22T20:00:00Z", NOW),
        ("", NOW),
    ],
)
def test_the_triggers_call_is_a_bell(updated: str, at: datetime) -> None:
    told = {"ticket.id": "35436", "ticket.updated_at_with_timestamp": updated, "current_user.id": AGENT}
    body = re.sub(r"{{(.+?)}}", lambda found: told.get(found[1], ""), BODY)

    assert hear(body.encode()) == replace(TAKEN, rung=(Rung(case_id="35436", at=at, by=AGENT),))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        b"{}",
        b'{"v": 2, "ticket_id": "1"}',
        b'{"v": 1, "ticket_id": "{{ticket.id}}"}',
        b'{"v": 1, "v": 1, "ticket_id": "1"}',
        b'{"v": 1}',
        said(id="9" * 30),
        said(id=""),
        dumped(event(comment={"id": "1", "is_public": "yes", "body": "Hi"})),
        said(detail={"id": "../../1"}),
        dumped({**event(), "detail": [], "event": {}}),
    ],
)
def test_what_zendesk_does_not_document_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        hear(body)

    assert "Hi" not in str(refused.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(kind=st.sampled_from(sorted(events.READ)), detail=JSON, told=JSON, comment=JSON)
@settings(max_examples=150)
def test_whatever_is_signed_is_read_or_malformed(kind: str, detail: Any, told: Any, comment: Any) -> None:
    within = {**told, "comment": comment} if isinstance(told, dict) else told
    body = json.dumps({"type": kind, "detail": detail, "event": within}).encode()

    try:
        heard = hear(body)
    except Malformed:
        return

    assert all(reply.id.isdecimal() and reply.case_id.isdecimal() for reply in heard.said)
    assert heard.answer == Answer()


def test_a_time_that_nobody_can_read_is_now() -> None:
    told = {**event("status_changed", current="OPEN"), "time": "soon"}

    [change] = hear(dumped(told)).cases

    assert change.at - NOW == timedelta(0)
