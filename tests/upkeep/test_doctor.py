"""Each planted fault has its finding, which says what to do; and one connection hides no other's."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from beacon import ACCOUNT, CONFIGURED, Beacon, Plain, Platform, care
from heart import age, hear, said
from hypothesis import given
from hypothesis import strategies as st
from logbook import Logbook
from sqlalchemy import update
from stub import Stub, running
from wall import Wall, desk

from bridge import findings, upkeep
from bridge.errors import Rejected
from bridge.message import Account
from bridge.ports import Answer, Finding, Heard, Skipped, Unreadable, Upkeep
from bridge.store import Store, chores, handshakes, hearing, inbox, pauses
from bridge.store.inbox import Arrival
from bridge.store.tables import learned
from bridge.upkeep import Care

NOW = datetime.now(UTC)


@pytest.fixture
def stub() -> Iterator[Stub]:
    with running(Platform().answer) as found:
        yield found


def found(of: Care, connection: str = "fb") -> list[tuple[str, str, str]]:
    """What was found of one connection: level, account, what it is about."""
    return [(one.level, one.account, one.about) for one in upkeep.examine(of, [connection])[connection]]


def itself(of: Care) -> dict[str, tuple[str, str, str]]:
    """What was found of the bridge itself: what it is about -> level, what it says, what to do."""
    return {one.about: (one.level, one.says, one.do) for one in upkeep.examine_itself(of)}


def knocked(store: Store) -> None:
    with store.write() as c:
        handshakes.remember(c, "fb", {})


# --- a connection ---


def test_a_connection_without_faults_has_none(store: Store, stub: Stub) -> None:
    knocked(store)
    hear(store, said("Help"))

    assert found(care(store, {"fb": Beacon(stub.url)})) == [
        ("ok", ACCOUNT, "lease"),
        ("ok", "", "handshake"),
        ("ok", ACCOUNT, "events"),
    ]


def test_a_crm_that_calls_us_says_when_it_did_so_last(store: Store, crm: Logbook) -> None:
    class Calling(Logbook):
        calls = True

    quiet = found(care(store, {}, crms={"crm": crm}), "crm")
    made = care(store, {}, crms={"crm": Calling(crm.file_at)})
    never = [one.says for one in upkeep.examine(made, ["crm"])["crm"]]
    with store.write() as c:
        hearing.hear(c, "crm", Heard(answer=Answer()))

    called = [one.says for one in upkeep.examine(made, ["crm"])["crm"]]

    assert quiet == []
    assert never == ["It has never called us: agents' replies, if any, come when they are looked for."]
    assert called == [f"It called us last on {store.now():%Y-%m-%d}."]


class Subscribing(Logbook):
    """A CRM that can be set up to call us, and says for which URL it was asked."""

    subscribes = True

    def examine(self, keys: Mapping[str, str], now: datetime, url: str = "") -> list[Finding]:
        return [Finding(level="ok", about="webhook", says=f"{url}, {dict(keys)}, {now == NOW}")]

    def subscribe(self, url: str) -> list[Finding]:
        return [Finding(level="done", about="webhook", says=url)]


def test_a_crm_gets_the_url_that_it_is_to_call(store: Store, crm: Logbook) -> None:
    made = care(store, {}, crms={"crm": Subscribing(crm.file_at), "plain": crm}, now=NOW)
    url = "https://hooks.example.com/in/crm"

    assert [one.says for one in upkeep.examine(made, ["crm"])["crm"]] == [f"{url}, {{}}, True"]
    assert [one.says for one in upkeep.subscribe(made, ["crm"])["crm"]] == [url]
    assert made.subscribable == ["crm"]


def test_the_adapter_gets_what_it_needs(store: Store) -> None:
    given = list[Upkeep]()

    class Asks(Plain):
        def examine(self, upkeep: Upkeep) -> list[Finding]:
            given.append(upkeep)
            return []

    with store.write() as c:
        handshakes.remember(c, "fb", {"lease:t": "soon"})
        c.execute(update(learned).values(at=0))

    upkeep.examine(care(store, {"fb": Asks("http://127.0.0.1:9")}, now=NOW), ["fb"])

    (got,) = given
    assert (got.url, got.credentials, got.now) == ("https://hooks.example.com/in/fb", {ACCOUNT: CONFIGURED}, NOW)
    assert {name: told.value for name, told in got.learned.items()} == {"handshake": "", "lease:t": "soon"}


def test_a_dead_token_is_a_fault(store: Store) -> None:
    with running(Platform(serial=7).answer) as stub:
        assert ("fault", ACCOUNT, "token") in found(care(store, {"fb": Beacon(stub.url)}))


def test_a_handshake_that_never_came_is_a_warning(store: Store, stub: Stub) -> None:
    assert ("warning", "", "handshake") in found(care(store, {"fb": Beacon(stub.url)}))
    assert "handshake" not in {about for _, _, about in found(care(store, {"fb": Plain(stub.url)}))}


@pytest.mark.parametrize(
    ("days", "level", "says"),
    [
        (None, "warning", "Nothing has ever come."),
        (0, "ok", f"The last event came on {NOW:%Y-%m-%d}."),
        (6, "ok", f"The last event came on {NOW - timedelta(days=6):%Y-%m-%d}."),
        (8, "warning", f"The last event came on {NOW - timedelta(days=8):%Y-%m-%d}."),
    ],
)
def test_an_account_that_is_quiet_for_a_week_is_a_warning(
    store: Store, stub: Stub, days: int | None, level: str, says: str
) -> None:
    if days is not None:
        hear(store, said("Help"))
        age(store, timedelta(days=days))

    told = upkeep.examine(care(store, {"fb": Plain(stub.url)}), ["fb"])["fb"]

    assert [(one.level, one.account, one.about, one.says) for one in told] == [(level, ACCOUNT, "events", says)]


def test_each_account_has_its_own_last_event(store: Store, stub: Stub) -> None:
    hear(store, said("Help", account=Account(id="b")))

    assert found(care(store, {"fb": Plain(stub.url)}, accounts=("a", "b"))) == [
        ("warning", "a", "events"),
        ("ok", "b", "events"),
    ]


def test_without_accounts_what_was_skipped_is_an_event_too(store: Store, stub: Stub) -> None:
    made = care(store, {"fb": Plain(stub.url)}, accounts=())
    before = found(made)

    with store.write() as c:
        skipped = [Skipped(reason="receipt", event="read")]
        inbox.ingest(c, Arrival(connection="fb", received_at=datetime.now(UTC), skipped=skipped))

    assert (before, found(made)) == ([("warning", "", "events")], [("ok", "", "events")])


def test_a_crm_and_an_account_that_rest_are_faults(store: Store, stub: Stub, crm: Logbook) -> None:
    made = care(store, {"fb": Plain(stub.url)}, crms={"crm": crm})
    with store.write() as c:
        pauses.pause(c, "crm", until=None, reason="bad login")
        pauses.pause(c, f"fb/{ACCOUNT}", until=None, reason="dead token")

    told = upkeep.examine(made, ["fb", "crm"])

    assert [(one.account, one.says) for one in told["crm"]] == [("", "Nothing is sent there for now: bad login")]
    assert told["fb"][-1].account == ACCOUNT
    assert told["fb"][-1].says == "Nothing is sent there for now: dead token"


def test_a_missing_key_is_a_fault_where_tokens_end(store: Store, stub: Stub) -> None:
    assert ("fault", ACCOUNT, "token renewal") in found(care(store, {"fb": Beacon(stub.url)}, keys=()))


def test_an_adapter_that_breaks_is_a_finding_and_hides_no_other(store: Store, stub: Stub) -> None:
    class Broken(Plain):
        def examine(self, upkeep: Upkeep) -> list[Finding]:
            raise ZeroDivisionError("with a customer's words")

    told = upkeep.examine(care(store, {"fb": Plain(stub.url), "x": Broken(stub.url)}), ["x", "fb"])

    says = "Looking at this connection failed: examining failed: ZeroDivisionError (the log has the place)."
    assert [one.says for one in told["x"]] == [says]
    assert [one.about for one in told["fb"]] == ["events"]
    assert list(told) == ["x", "fb"]


def test_an_adapter_that_takes_too_long_is_a_finding_and_hides_no_other(store: Store, stub: Stub) -> None:
    over = threading.Event()

    class Slow(Plain):
        def examine(self, upkeep: Upkeep) -> list[Finding]:
            over.wait(20)
            raise ZeroDivisionError  # so that it touches the database no more, which is gone by then

    made = care(store, {"fb": Plain(stub.url), "x": Slow(stub.url)})
    fast = upkeep.examine(made, ["fb"])
    told = upkeep.examine(made, ["x"], limit=0.1)
    over.set()

    assert [(one.level, one.about) for one in told["x"]] == [("warning", "examination")]
    assert [one.about for one in fast["fb"]] == ["events"]


# --- the bridge itself ---


def test_a_bridge_without_faults_has_none(store: Store) -> None:
    with store.write() as c:
        chores.plan(c, {"examine": timedelta(minutes=1)})

    assert {about: level for about, (level, _, _) in itself(care(store, {})).items()} == {
        "url": "ok",
        "database": "ok",
        "clock": "ok",
        "chores": "ok",
    }


@pytest.mark.parametrize(
    ("url", "level", "says"),
    [
        ("", "warning", "PUBLIC_URL is not set, so nobody knows what platforms call."),
        ("http://a.example", "fault", "PUBLIC_URL is 'http://a.example', but platforms call https only."),
        (
            "https://a.example:81",
            "warning",
            "PUBLIC_URL is 'https://a.example:81', and some platforms, X among them, call no address with a port.",
        ),
        ("https://a.example", "ok", "Platforms call https://a.example/in/<connection>."),
    ],
)
def test_an_address_that_platforms_cannot_call_is_said(store: Store, url: str, level: str, says: str) -> None:
    assert itself(care(store, {}, public_url=url))["url"][:2] == (level, says)


def test_a_clock_that_is_wrong_is_a_warning(store: Store) -> None:
    level, says, do = itself(care(store, {}, now=store.now() + timedelta(seconds=100)))["clock"]

    assert (level, says.partition(" differ")[0]) == ("warning", "This machine's clock and the database's")
    assert do == "Let both take their time from a time server."


def test_a_clock_that_does_not_run_is_a_warning(store: Store) -> None:
    never = itself(care(store, {}))["chores"][0]
    with store.write() as c:
        chores.plan(c, {"examine": timedelta(hours=-2)})

    assert (never, itself(care(store, {}))["chores"][0]) == ("warning", "warning")


def test_the_chores_of_a_connection_that_was_taken_out_are_not_missed(store: Store) -> None:
    with store.write() as c:
        chores.plan(c, {"examine": timedelta(minutes=1), "examine old": timedelta(days=-9)})

    assert itself(care(store, {}))["chores"][0] == "ok"


def test_dead_messages_are_a_warning(store: Store) -> None:
    with store.write() as c:
        unreadable = [Unreadable(item=b"?", error="it is no JSON")]
        inbox.ingest(c, Arrival(connection="fb", received_at=NOW, unreadable=unreadable))

    assert itself(care(store, {}))["dead"][1] == "1 message is dead."


def test_replies_that_did_not_arrive_are_a_warning(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, wall=Wall(ways=Rejected("too late")))
    road.answer("Hello")

    assert itself(care(store, {}))["replies"][1] == "Of the replies of the last 7 days 1 failed."


def test_a_message_that_waits_for_hours_is_a_warning(store: Store) -> None:
    hear(store, said("Help"))
    before = itself(care(store, {}))
    age(store, timedelta(hours=3, minutes=1))

    after = itself(care(store, {}))["waiting"]

    assert "waiting" not in before
    assert after[:2] == ("warning", "The oldest of 1 waiting messages has waited for 3 hours.")


# --- how it is shown ---


def test_findings_are_shown_with_the_worst_of_each_connection_first() -> None:
    shown = findings.text(
        {
            "acme": [
                Finding(level="ok", about="clock", says="It is right."),
                Finding(level="warning", account="1", about="token", says="It ends.", do="Renew it."),
                Finding(level="fault", account="2", about="token", says="It is dead.", do="Get one."),
            ],
            "crm": [Finding(level="done", about="hook", says="It was set.")],
        }
    )

    assert shown.splitlines() == [
        "fault    acme / 2  token: It is dead.  -> Get one.",
        "warning  acme / 1  token: It ends.  -> Renew it.",
        "ok       acme  clock: It is right.",
        "done     crm  hook: It was set.",
    ]


@given(st.text(), st.text(), st.text())
def test_hostile_words_stay_on_their_line(says: str, do: str, account: str) -> None:
    shown = findings.text({"x": [Finding(level="fault", account=account, about="token", says=says, do=do)]})

    assert shown.isprintable()
    assert len(shown.splitlines()) == 1
