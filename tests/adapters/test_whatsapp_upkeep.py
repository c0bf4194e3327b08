"""Looking after WhatsApp's numbers: every planted fault is found under its own name, and mended once."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meta_calls import SECRET
from pydantic import SecretStr
from spoiling import DROPPED, RETYPED, places, spoiled
from stub import Call, Said, Stub
from whatsapp_calls import NUMBER, OTHER_NUMBER
from whatsapp_platform import (
    APP,
    BUSINESS,
    CALLBACK,
    TOKEN,
    VERIFY_TOKEN,
    WhatsApp,
    adapter,
    platform,
    refused,
)

from adapters.meta import Meta
from bridge.errors import Rejected
from bridge.ports import Credentials, Finding, Upkeep

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TOPIC = "whatsapp_business_account"
OPENED = Credentials(token=SecretStr(TOKEN))
SEEN = {"callback", "subscription", "token", "scopes", "expiry", "number", "quality", "installation", "url"}


def upkeep(
    *, url: str = CALLBACK, credentials: Mapping[str, Credentials] | None = None, now: datetime = NOW
) -> Upkeep:
    return Upkeep(url=url, credentials={NUMBER.id: OPENED} if credentials is None else credentials, now=now)


@pytest.fixture
def there() -> Iterator[tuple[WhatsApp, Stub, Meta]]:
    with platform() as (whatsapp, stub):
        stub.clock = calendar.timegm(NOW.timetuple())
        yield whatsapp, stub, adapter(stub)


def wrong(findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.level != "ok"]


def names(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.level, one.account, one.about) for one in findings]


def number(whatsapp: WhatsApp, **changed: object) -> None:
    whatsapp.numbers[NUMBER.id] |= changed


def token(whatsapp: WhatsApp, **changed: object) -> None:
    whatsapp.tokens[TOKEN] |= changed


def subscription(whatsapp: WhatsApp, **changed: object) -> None:
    whatsapp.subscriptions[TOPIC] |= changed


# --- what is found --------------------------------------------------------------------------------------------


def test_a_connection_in_order_is_all_ok(there: tuple[WhatsApp, Stub, Meta]) -> None:
    _, stub, meta = there
    both = {NUMBER.id: OPENED, OTHER_NUMBER.id: OPENED}

    findings = meta.examine(upkeep(credentials=both))

    of_both = [("ok", one, about) for one in both for about in ("token", "number", "installation")]
    assert names(findings) == [("ok", "", "clock"), ("ok", "", "callback"), *of_both]
    assert stub.writes == []


PLANTED: dict[str, tuple[Callable[[WhatsApp], object], list[tuple[str, str]]]] = {
    "the token is dead": (lambda w: token(w, is_valid=False), [("fault", "token")]),
    "it is of another app": (lambda w: token(w, app_id="1"), [("fault", "token")]),
    "it may not send": (
        lambda w: token(w, scopes=["whatsapp_business_management"]),
        [("fault", "scopes")],
    ),
    "it ends in 7 days": (
        lambda w: token(w, expires_at=int((NOW + timedelta(days=7)).timestamp())),
        [("warning", "expiry")],
    ),
    "it has ended": (
        lambda w: token(w, expires_at=int((NOW - timedelta(days=1)).timestamp())),
        [("fault", "expiry")],
    ),
    "no callback": (lambda w: w.subscriptions.clear(), [("fault", "callback")]),
    "another host": (
        lambda w: subscription(w, callback_url="https://old.example.com/in/acme-meta"),
        [("fault", "callback")],
    ),
    "not verified": (lambda w: subscription(w, active=False), [("fault", "callback")]),
    "no messages": (
        lambda w: subscription(w, fields=[{"name": "smb_message_echoes"}]),
        [("fault", "subscription")],
    ),
    "an alternate for the number": (
        lambda w: number(w, webhook_configuration={"phone_number": "https://old.example.com/?key=1"}),
        [("fault", "callback")],
    ),
    "an alternate that is no address": (
        lambda w: number(w, webhook_configuration={"phone_number": "https://["}),
        [("fault", "callback")],
    ),
    "an alternate for the account": (
        lambda w: number(w, webhook_configuration={"application": CALLBACK, TOPIC: "https://b.example"}),
        [("fault", "callback")],
    ),
    "an unknown number": (lambda w: w.numbers.pop(NUMBER.id), [("fault", "number")]),
    "a banned number": (lambda w: number(w, status="BANNED"), [("fault", "number")]),
    "a flagged number": (lambda w: number(w, status="FLAGGED"), [("warning", "number")]),
    "an unproved number": (
        lambda w: number(w, code_verification_status="NOT_VERIFIED"),
        [("warning", "number")],
    ),
    "bad quality": (lambda w: number(w, quality_rating="RED"), [("warning", "quality")]),
    "not let in": (lambda w: w.businesses[BUSINESS].remove(APP), [("fault", "installation")]),
    "another account's number": (lambda w: w.belongs.pop(NUMBER.id), [("warning", "installation")]),
    "an account that is not ours": (lambda w: w.businesses.pop(BUSINESS), [("fault", "installation")]),
}


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_fault_is_found_alone_and_under_its_name(
    there: tuple[WhatsApp, Stub, Meta], name: str
) -> None:
    whatsapp, stub, meta = there
    plant, expected = PLANTED[name]
    plant(whatsapp)

    found = wrong(meta.examine(upkeep()))

    assert [(one.level, one.about) for one in found] == expected
    assert all(one.says.endswith((".", ")")) and one.do for one in found)
    assert not any(TOKEN in one.says + one.do or SECRET in one.says + one.do for one in found)
    assert "key=1" not in found[0].says
    assert stub.writes == []


def test_what_is_wrong_with_a_number_is_said_whole(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, _, meta = there
    number(whatsapp, status="BANNED", quality_rating="RED")

    assert wrong(meta.examine(upkeep())) == [
        Finding(
            level="fault",
            account=NUMBER.id,
            about="number",
            says="WhatsApp says of the number +49 30 555010: BANNED.",
            do="Look in WhatsApp Manager under Account tools > Phone numbers for what to do.",
        ),
        Finding(
            level="warning",
            account=NUMBER.id,
            about="quality",
            says="Customers block this number or call it spam: WhatsApp rates it RED and may restrict it.",
            do="Look in WhatsApp Manager under Insights for what customers complain of.",
        ),
    ]


def test_a_number_of_which_nothing_is_told_is_in_order(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, _, meta = there
    whatsapp.numbers[NUMBER.id] = {"id": NUMBER.id}

    assert wrong(meta.examine(upkeep())) == []


def test_an_alternate_callback_that_leads_here_is_in_order(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, _, meta = there
    number(whatsapp, webhook_configuration={"phone_number": CALLBACK, TOPIC: "https://old.example.com"})

    assert wrong(meta.examine(upkeep())) == []


def test_without_a_token_nothing_is_asked_about_the_number(there: tuple[WhatsApp, Stub, Meta]) -> None:
    _, stub, meta = there

    found = wrong(meta.examine(upkeep(credentials={NUMBER.id: Credentials()})))

    assert names(found) == [("fault", NUMBER.id, "token")]
    assert [call.path for call in stub.calls] == ["/v25.0/", f"/v25.0/{APP}/subscriptions"]


def test_accounts_that_are_not_listed_cannot_be_looked_at() -> None:
    with platform() as (_, stub):
        stub.clock = NOW.timestamp()
        found = wrong(adapter(stub, whatsapp_business_accounts=[]).examine(upkeep()))

    assert found == [
        Finding(
            level="warning",
            account=NUMBER.id,
            about="installation",
            says="Nobody can tell whether WhatsApp lets the app hear of this number: its account is not listed.",
            do="Write its id, from WhatsApp Manager, under whatsapp_business_accounts in connections.yaml.",
        )
    ]


def test_an_address_that_is_not_known_is_one_fault(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, _, meta = there
    number(whatsapp, webhook_configuration={"phone_number": "https://old.example.com/hook"})

    assert names(wrong(meta.examine(upkeep(url="")))) == [("fault", "", "url")]


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(60, "ok"), (-60, "ok"), (61, "warning"), (300, "warning"), (301, "fault"), (-301, "fault")],
)
def test_the_clock_is_compared_with_whatsapps(
    there: tuple[WhatsApp, Stub, Meta], seconds: int, level: str
) -> None:
    _, _, meta = there

    clock = meta.examine(upkeep(now=NOW + timedelta(seconds=seconds)))[0]

    assert (clock.about, clock.level) == ("clock", level)


def test_an_app_without_an_id_is_the_only_one_or_nobody_can_tell() -> None:
    with platform() as (whatsapp, stub):
        stub.clock = NOW.timestamp()
        stub.answer = lambda call: refused(200) if "debug_token" in call.path else whatsapp.answer(call)
        meta = adapter(stub, app_id="")
        several = wrong(meta.subscribe(upkeep()))
        written = len(stub.writes)
        whatsapp.businesses[BUSINESS] = [APP]
        alone = wrong(meta.examine(upkeep()))

    assert [one.about for one in several] == ["callback", "token", "installation"]
    assert (several[-1].level, written) == ("warning", 0)
    assert [one.about for one in alone] == ["callback", "token"]


@pytest.mark.parametrize("name", ["examine", "subscribe"])
def test_a_spoilt_answer_ends_in_findings(there: tuple[WhatsApp, Stub, Meta], name: str) -> None:
    whatsapp, stub, meta = there
    whatsapp.numbers[NUMBER.id]["webhook_configuration"]["phone_number"] = CALLBACK
    numbers = f"/{BUSINESS}/phone_numbers"
    onward = {"next": f"https://graph.facebook.com/v25.0{numbers}?after=1"}

    def says(call: Call) -> Said:
        said = whatsapp.answer(call)
        onwards = call.path.endswith(numbers) and "after" not in call.query
        return replace(said, body={"data": [], "paging": onward}) if onwards else said

    bodies = list[Said]()

    def remembers(call: Call) -> Said:
        bodies.append(says(call))
        return bodies[-1]

    stub.answer = remembers
    assert {one.level for one in getattr(meta, name)(upkeep())} == {"ok"}

    where = [(n, place) for n, said in enumerate(bodies) for place in places(said.body)]

    @settings(max_examples=80, deadline=None)
    @given(st.data())
    def spoil(data: st.DataObject) -> None:
        n, place = data.draw(st.sampled_from(where))
        value = data.draw(st.sampled_from([DROPPED, "https://[", *RETYPED]))
        spoilt = replace(bodies[n], body=spoiled(bodies[n].body, place, value))
        calls = iter(range(99))
        stub.answer = lambda call: spoilt if next(calls) == n else says(call)

        found = getattr(meta, name)(upkeep())

        assert found
        assert all(isinstance(one, Finding) and one.says for one in found)

    spoil()


@pytest.mark.parametrize("planned", [0, 1, 2, 3, 4, 5])
def test_examining_never_raises_whatever_breaks(there: tuple[WhatsApp, Stub, Meta], planned: int) -> None:
    _, stub, meta = there
    stub.plan.extend([*[None] * planned, "after"])

    found = wrong(meta.examine(upkeep()))

    assert len(found) == 1
    assert found[0].about in SEEN | {"reach"}


# --- what is mended -------------------------------------------------------------------------------------------


def test_subscribing_writes_what_is_missing_and_a_second_time_nothing(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, stub, meta = there
    whatsapp.subscriptions.clear()
    whatsapp.businesses[BUSINESS].remove(APP)
    both = upkeep(credentials={NUMBER.id: OPENED, OTHER_NUMBER.id: OPENED})

    first = meta.subscribe(both)
    writes = [(call.path, call.form) for call in stub.writes]
    second = meta.subscribe(both)

    assert names(wrong(first)) == [("done", "", "callback"), ("done", NUMBER.id, "installation")]
    assert writes == [
        (
            f"/v25.0/{APP}/subscriptions",
            {
                "object": TOPIC,
                "callback_url": CALLBACK,
                "fields": "messages,smb_message_echoes",
                "include_values": "true",
                "verify_token": VERIFY_TOKEN,
            },
        ),
        (f"/v25.0/{BUSINESS}/subscribed_apps", {}),
    ]
    assert wrong(second) == []
    assert len(stub.writes) == 2


def test_subscribing_keeps_what_somebody_else_added(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, _, meta = there
    subscription(whatsapp, fields=[{"name": "calls", "version": "v25.0"}])

    meta.subscribe(upkeep())

    fields = [one["name"] for one in whatsapp.subscriptions[TOPIC]["fields"]]
    assert sorted(fields) == ["calls", "messages", "smb_message_echoes"]


def test_an_alternate_callback_that_somebody_set_is_left_to_them(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, stub, meta = there
    number(whatsapp, webhook_configuration={"phone_number": "https://old.example.com/hook"})

    found = wrong(meta.subscribe(upkeep()))

    assert names(found) == [("fault", NUMBER.id, "callback")]
    assert "https://old.example.com/hook" in found[0].says
    assert stub.writes == []


def test_what_could_not_be_written_is_said(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, stub, meta = there
    whatsapp.businesses[BUSINESS].remove(APP)
    stub.answer = lambda call: refused(200) if call.method == "POST" else whatsapp.answer(call)

    found = wrong(meta.subscribe(upkeep()))

    assert names(found) == [("fault", NUMBER.id, "installation")]
    assert "(error 200)" in found[0].says


# --- what WhatsApp has no API for -----------------------------------------------------------------------------


def test_nothing_that_was_missed_can_be_fetched(there: tuple[WhatsApp, Stub, Meta]) -> None:
    _, stub, meta = there

    with pytest.raises(Rejected, match="keeps no history for apps"):
        list(meta.backfill(NUMBER.id, OPENED, NOW - timedelta(days=1)))
    assert stub.calls == []


def test_a_system_users_token_is_not_renewed(there: tuple[WhatsApp, Stub, Meta]) -> None:
    _, stub, meta = there

    assert meta.renew(NUMBER.id, OPENED, NOW) is None
    assert stub.calls == []
