"""A connection to X is checked and set up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from stub import Break, Said
from x_calls import ACME, ACME_FR
from x_platform import NOW, OWN, PROBLEMS, URL, Platform, asked, channel, platform, problem, upkeep

from adapters.x import findings
from adapters.x.faults import FAULTS
from bridge.ports import Credentials, Finding

EVENTS = ["post.mention.create", "post.delete"]
HOOK = "1500000000000000001"


@pytest.fixture
def x() -> Iterator[Platform]:
    """X as it should be."""
    with platform() as held:
        held.hooks = [{"id": HOOK, "url": URL, "valid": True}]
        held.subscriptions = [
            {
                "subscription_id": str(n),
                "event_type": event,
                "filter": {"user_id": account},
                "webhook_id": HOOK,
            }
            for n, (account, event) in enumerate((a, e) for a in OWN for e in EVENTS)
        ]
        yield held


def examined(x: Platform, *, settings: dict[str, Any] | None = None, **other: Any) -> list[Finding]:
    """What is not as it should be."""
    found = channel(x, **({"events": EVENTS} | (settings or {}))).examine(upkeep(**other))
    assert x.stub.writes == []
    return [one for one in found if one.level != "ok"]


def subscribed(x: Platform, **other: Any) -> list[Finding]:
    return channel(x, events=EVENTS).subscribe(upkeep(**other))


def fault(about: str, says: str, do: str, **other: Any) -> Finding:
    return Finding(**({"level": "fault", "about": about, "says": says, "do": do} | other))


# --- examine ---


def test_a_connection_as_it_should_be_has_no_faults(x: Platform) -> None:
    found = channel(x, events=EVENTS).examine(upkeep())

    token = Finding(level="ok", about="token", says="The token holds; it does not end by itself.")
    heard = Finding(level="ok", about="subscription", says="X sends all events that are wanted of this account.")
    assert found == [
        replace(token, account=ACME.id),
        replace(token, account=ACME_FR.id),
        Finding(level="ok", about="callback", says=f"X calls {URL}."),
        replace(heard, account=ACME.id),
        replace(heard, account=ACME_FR.id),
        Finding(level="ok", about="clock", says="This machine's clock and X's agree."),
    ]
    assert x.stub.writes == []


def test_a_missing_token_is_found(x: Platform) -> None:
    missing = (
        f"connections.yaml holds no token and no token_secret for this account ({ACME_FR.id}): an admin must add "
        "what X's developer console shows under Keys and tokens."
    )

    assert examined(x, credentials=OWN | {ACME_FR.id: Credentials()}) == [
        fault(
            "token",
            f"Replies and direct messages cannot work: {missing}",
            findings.SIGN_IN,
            account=ACME_FR.id,
        )
    ]


def test_a_dead_token_is_found(x: Platform) -> None:
    del x.owners["token-of-acme"]

    assert examined(x) == [
        fault(
            "token",
            f"Replies and direct messages cannot work: {FAULTS['401'].says} (error 401)",
            findings.SIGN_IN,
            account=ACME.id,
        )
    ]


def test_a_token_of_somebody_else_is_found(x: Platform) -> None:
    x.owners["token-of-acme"] = ACME.id
    swapped = {ACME_FR.id: OWN[ACME.id], ACME.id: OWN[ACME.id]}

    assert examined(x, credentials=swapped) == [
        fault("token", f"The token is @Acme's, whose id is '{ACME.id}'.", findings.SIGN_IN, account=ACME_FR.id)
    ]


@pytest.mark.parametrize("level", ["read", "read-write"])
def test_missing_permissions_are_found(x: Platform, level: str) -> None:
    x.level = level
    says = f"The token allows '{level}', which is not enough for replies and direct messages."

    assert examined(x) == [fault("scopes", says, findings.SIGN_IN, account=account) for account in OWN]


def test_permissions_that_x_does_not_tell_are_no_fault(x: Platform) -> None:
    x.level = ""

    assert examined(x) == []


def test_a_missing_bearer_token_is_found(x: Platform) -> None:
    says = "connections.yaml holds no bearer_token for this connection: copy the app's."

    assert examined(x, settings={"bearer_token": None}) == [
        fault("bearer_token", f"Nobody can see what X sends here: {says}", findings.BEARER)
    ]


@pytest.mark.parametrize(("status", "name"), [(401, "401"), (402, "402")])
def test_a_dead_bearer_token_is_found(x: Platform, status: int, name: str) -> None:
    x.stub.plan += [None, None, problem(status)]

    assert examined(x) == [
        fault(
            "bearer_token",
            f"Nobody can see what X sends here: {FAULTS[name].says} (error {name})",
            findings.BEARER,
        )
    ]


def test_an_unknown_url_is_found(x: Platform) -> None:
    says = "Nobody knows by which URL X reaches this connection."

    assert examined(x, url="") == [fault("url", says, findings.URL)]


def test_a_missing_webhook_is_found(x: Platform) -> None:
    x.hooks = []

    assert examined(x) == [fault("callback", f"X does not call {URL}.", findings.RUN)]


def test_a_webhook_at_another_host_is_found_and_only_its_host_told(x: Platform) -> None:
    x.hooks = [{"id": "7", "url": "https://old.example.com/in/acme-x/a-secret", "valid": True}]

    assert examined(x) == [
        fault("callback", f"X does not call {URL}; what it calls is at old.example.com.", findings.RUN)
    ]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://user:s3cret@old.example.com:8443/hook", "old.example.com"),
        ("https://[old/s3cret", "an unknown host"),
        ("", "an unknown host"),
    ],
)
def test_of_any_address_only_the_host_is_told(x: Platform, url: str, host: str) -> None:
    x.hooks = [{"id": "7", "url": url, "valid": True}]

    assert examined(x) == [fault("callback", f"X does not call {URL}; what it calls is at {host}.", findings.RUN)]


def test_a_webhook_that_x_holds_for_broken_is_found(x: Platform) -> None:
    x.hooks[0]["valid"] = False

    assert examined(x) == [
        fault("callback", f"X has stopped calling {URL}, since its check of it failed.", findings.REACH)
    ]


def test_missing_subscriptions_are_found(x: Platform) -> None:
    del x.subscriptions[0]
    x.subscriptions[0]["webhook_id"] = "7"

    says = "X does not send post.mention.create, post.delete of this account."
    assert examined(x) == [fault("subscription", says, findings.RUN, account=ACME.id)]


def test_subscriptions_are_read_to_the_last_page(x: Platform) -> None:
    x.page = 1

    assert examined(x) == []


def test_a_clock_that_goes_wrong_is_found_once(x: Platform) -> None:
    says = "This machine's clock and X's differ by 61 seconds."
    wrong = fault("clock", says, "Let the machine take its time from a time server.", level="warning")

    assert examined(x, now=NOW + timedelta(seconds=61)) == [wrong]


@pytest.mark.parametrize("planned", ["after", problem(503), problem(429)])
@pytest.mark.parametrize(
    ("call", "about", "account"),
    [(0, "token", ACME.id), (2, "callback", ""), (3, "subscription", "")],
)
def test_what_cannot_be_asked_just_now_is_a_warning(
    x: Platform, planned: Said | Break, call: int, about: str, account: str
) -> None:
    x.stub.plan += [*[None] * call, planned]

    (found,) = examined(x)

    assert (found.level, found.about, found.account, found.do) == ("warning", about, account, findings.AGAIN)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": 7}', b'{"data": {"id": []}}', b'{"data": [{"url": 7}]}'])
def test_nonsense_is_a_finding_too(x: Platform, body: bytes) -> None:
    x.stub.plan += [Said(body=body)] * 3

    found = examined(x)

    assert {one.about for one in found} == {"token", "callback"}


# --- subscribe ---


def test_where_nothing_is_set_up_all_is_and_a_second_time_nothing(x: Platform) -> None:
    x.hooks, x.subscriptions = [], []

    first = subscribed(x)
    wrote = [asked(call) for call in x.stub.writes]
    second = subscribed(x)

    hook = x.hooks[0]["id"]
    says = "X sends post.mention.create, post.delete of this account now."
    assert first == [
        Finding(level="done", about="callback", says=f"X did not call {URL}, and now it does."),
        Finding(level="done", account=ACME.id, about="subscription", says=says),
        Finding(level="done", account=ACME_FR.id, about="subscription", says=says),
    ]
    assert wrote[0] == ("POST", "/2/webhooks", {"url": URL})
    assert [one["webhook_id"] for one in x.subscriptions] == [hook] * 4
    assert {one.level for one in second} == {"ok"}
    assert len(x.stub.writes) == len(wrote)
    assert examined_again(x) == []


def examined_again(x: Platform) -> list[Finding]:
    x.stub.calls.clear()
    return examined(x)


def test_where_all_is_set_up_nothing_is_written(x: Platform) -> None:
    assert {one.level for one in subscribed(x)} == {"ok"}
    assert x.stub.writes == []


def test_a_private_event_is_subscribed_to_with_the_handles_own_token(x: Platform) -> None:
    x.subscriptions = x.subscriptions[2:]

    subscribed(x)

    wanted = {"filter": {"user_id": ACME.id}, "webhook_id": HOOK}
    assert [(asked(call)[2], call.token != "") for call in x.stub.writes] == [
        ({"event_type": "post.mention.create", **wanted}, True),
        ({"event_type": "post.mention.create", **wanted}, True),
        ({"event_type": "post.delete", **wanted}, True),
    ]
    assert [call.headers["authorization"].split()[0] for call in x.stub.writes] == ["Bearer", "OAuth", "Bearer"]


def test_a_broken_webhook_is_checked_again(x: Platform) -> None:
    x.hooks[0]["valid"] = False

    found = subscribed(x)

    says = f"X has stopped calling {URL}, since its check of it failed; it has checked it again."
    assert found[0] == Finding(level="done", about="callback", says=says)
    assert [asked(call) for call in x.stub.writes] == [("PUT", f"/2/webhooks/{HOOK}", None)]


def test_a_subscription_that_leads_nowhere_is_led_here_and_somebody_elses_left_alone(x: Platform) -> None:
    x.hooks.append({"id": "8", "url": "https://test.example.com/in/acme-x", "valid": True})
    x.subscriptions[0]["webhook_id"] = "7"
    del x.subscriptions[1]["webhook_id"]
    x.subscriptions[3]["webhook_id"] = "8"

    subscribed(x)

    assert [asked(call)[:2] for call in x.stub.writes] == [
        ("PUT", "/2/activity/subscriptions/0"),
        ("PUT", "/2/activity/subscriptions/1"),
        ("POST", "/2/activity/subscriptions"),
    ]
    assert x.subscriptions[3]["webhook_id"] == "8"


def test_what_x_refuses_is_told_and_the_rest_is_done(x: Platform) -> None:
    x.subscriptions = x.subscriptions[2:]
    x.refuses = {"post.mention.create"}

    found = subscribed(x)

    why = f"{FAULTS['unsupported-authentication'].says} (error unsupported-authentication)"
    assert [one for one in found if one.level != "ok"] == [
        fault(
            "subscription",
            f"X does not let the app subscribe to post.mention.create: {why}",
            findings.OWNER,
            account=ACME.id,
        ),
        Finding(
            level="done", account=ACME.id, about="subscription", says="X sends post.delete of this account now."
        ),
    ]


def test_a_url_that_x_does_not_take_is_told(x: Platform) -> None:
    x.hooks = []
    x.stub.plan += [None, problem(400, f"{PROBLEMS}invalid-request", "CRC failed")]

    why = f"{FAULTS['invalid-request'].says} (error invalid-request)"
    assert subscribed(x) == [fault("callback", f"X does not take {URL} as a webhook: {why}", findings.REACH)]


@pytest.mark.parametrize("planned", ["after", "before"])
def test_a_lost_answer_is_told_and_a_second_run_reads_first(x: Platform, planned: Break) -> None:
    x.hooks, x.subscriptions = [], []
    x.stub.plan += [None, planned]

    (found,) = subscribed(x)
    subscribed(x)

    assert (found.level, found.about, found.do) == ("warning", "callback", findings.AGAIN)
    assert len(x.hooks) == 1


def test_without_url_or_bearer_token_nothing_is_written(x: Platform) -> None:
    x.hooks = []

    assert [one.about for one in subscribed(x, url="")] == ["url"]
    assert [one.about for one in channel(x, bearer_token=None).subscribe(upkeep())] == ["bearer_token"]
    assert x.stub.calls == []
