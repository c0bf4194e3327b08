"""What Zendesk needs to call us is set up once, put right where it is not, and looked at without writing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import zendesk_account
from pydantic import SecretStr
from road import until
from zendesk_account import Sandbox, judged

from adapters.zendesk import Settings, Zendesk
from adapters.zendesk.subscribing import BODY, CONDITIONS
from bridge.ports import Finding

URL = "https://bridge.example.com/in/acme-zendesk"
NEW = [("done", "field"), ("done", "webhook"), ("fault", "secret")]
RIGHT = [("ok", "field"), ("ok", "webhook"), ("ok", "secret")]
BY_TRIGGER = [("ok", "field"), ("ok", "webhook"), ("ok", "trigger"), ("ok", "secret")]
EVENTS = {"zen:event-type:ticket.comment_added", "zen:event-type:ticket.status_changed"}


process = zendesk_account.process


@pytest.fixture
def account(process: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    process.reset()
    process.order("switches", ticket_events=True, client_scopes="")
    with judged(monkeypatch):
        yield process


def crm(account: Sandbox, *secrets: str, **given: Any) -> Zendesk:
    settings = {
        "subdomain": "acme",
        "client_id": "sandbox-client",
        "client_secret": SecretStr("sandbox-secret"),
        "url": account.url,
        "timeout": 5,
        "replies": "comments",
        **({"webhook_secret": list(secrets)} if secrets else {}),
    }
    return Zendesk(Settings.model_validate(settings | given))


def ready(account: Sandbox) -> Zendesk:
    """An account that is set up, and whose secret is configured beside an older one."""
    crm(account).subscribe(URL)
    return crm(account, "an older one", secret(account))


def admin(account: Sandbox, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """Do what an admin does in Admin Center."""
    form = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    login = requests.post(f"{account.url}/oauth/tokens", json={**form, "scope": "read write"}, timeout=10)
    answer = requests.request(
        method,
        f"{account.url}/api/v2/{path}",
        json=body,
        headers={"Authorization": f"Bearer {login.json()['access_token']}"},
        timeout=10,
    )
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def secret(account: Sandbox) -> str:
    [hook] = listed(account, "webhooks")
    found: str = admin(account, "GET", f"webhooks/{hook['id']}/signing_secret")["signing_secret"]["secret"]
    return found


def listed(account: Sandbox, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = admin(account, "GET", name)[name]
    return found


def short(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.level, one.about) for one in found if one.about != "limits"]


def writes(made: Mapping[str, int]) -> dict[str, int]:
    return {name: n for name, n in made.items() if not name.startswith("GET")}


# --- setting up ---


def test_field_and_webhook_are_made_and_the_secret_is_asked_for(account: Sandbox) -> None:
    found = crm(account).subscribe(URL)

    assert short(found) == NEW
    [hook] = listed(account, "webhooks")
    assert (hook["endpoint"], hook["status"], set(hook["subscriptions"])) == (URL, "active", EVENTS)
    assert "Reveal" in found[-1].do.title()
    assert secret(account) not in repr(found)


def test_a_second_time_nothing_is_written(account: Sandbox) -> None:
    made = ready(account)
    before = account.data_calls()

    assert short(made.subscribe(URL)) == RIGHT

    assert writes(account.made_since(before)) == {}


def test_a_webhook_that_calls_another_host_is_put_right(account: Sandbox) -> None:
    made = ready(account)

    found = made.subscribe("https://new.example.com/in/acme-zendesk")

    assert short(found) == [("ok", "field"), ("done", "webhook"), ("ok", "secret")]
    assert [hook["endpoint"] for hook in listed(account, "webhooks")] == [
        "https://new.example.com/in/acme-zendesk"
    ]


@pytest.mark.parametrize(
    "harm", [{"status": "inactive"}, {"subscriptions": ["zen:event-type:ticket.comment_added"]}]
)
def test_what_somebody_changed_in_the_webhook_is_put_right(account: Sandbox, harm: Mapping[str, Any]) -> None:
    made = ready(account)
    [hook] = listed(account, "webhooks")
    admin(account, "PATCH", f"webhooks/{hook['id']}", {"webhook": harm})

    looked, mended, again = made.examine({}, now(), URL), made.subscribe(URL), made.subscribe(URL)

    assert ("fault", "webhook") in short(looked)
    assert (short(mended)[1], short(again)) == (("done", "webhook"), RIGHT)


def test_the_webhooks_of_others_are_left_alone(account: Sandbox) -> None:
    other(account)

    crm(account).subscribe(URL)

    theirs = "https://other.example.com/in/acme-zendesk"
    assert sorted(hook["endpoint"] for hook in listed(account, "webhooks")) == [URL, theirs]


def other(account: Sandbox, **more: Any) -> None:
    """Make another webhook by hand."""
    made = {
        "name": "Other",
        "status": "active",
        "endpoint": "https://other.example.com/in/acme-zendesk",
        "http_method": "POST",
        "request_format": "json",
        "subscriptions": ["conditional_ticket_events"],
    }
    admin(account, "POST", "webhooks", {"webhook": made | more})


def test_the_webhook_that_calls_us_is_looked_at_before_one_that_is_called_like_ours(account: Sandbox) -> None:
    elsewhere = "https://staging.example.com/in/acme-zendesk"
    other(account, name="Casebridge acme-zendesk", endpoint=elsewhere)
    other(account, endpoint=URL, subscriptions=sorted(EVENTS))

    found = crm(account).subscribe(URL)

    assert ("ok", "webhook") in short(found)
    assert sorted(hook["endpoint"] for hook in listed(account, "webhooks")) == [URL, elsewhere]


def test_several_webhooks_that_call_us_are_a_warning(account: Sandbox) -> None:
    made = ready(account)
    other(account, endpoint=URL)

    found = made.examine({}, now(), URL)

    assert [one.level for one in found if one.about == "webhook"] == ["ok", "warning"]
    assert "'Casebridge acme-zendesk'" in next(one.do for one in found if one.level == "warning")


def test_calls_that_did_not_arrive_are_a_warning(account: Sandbox) -> None:
    made = ready(account)
    account.order("webhooks", url="http://127.0.0.1:9")
    ticket = account.api("POST", "tickets", {"ticket": {"subject": "?", "comment": {"body": "?"}}})["ticket"]
    account.order("comment", ticket=ticket["id"], body="Hello")

    def calls() -> list[Finding]:
        return [one for one in made.examine({}, now(), URL) if one.about == "calls"]

    [warning] = until(calls, "the calls have failed")
    assert (warning.level, "did not arrive" in warning.says) == ("warning", True)


def test_a_field_that_lacks_an_option_gets_it_and_keeps_the_others(account: Sandbox) -> None:
    held = [{"name": "Gone out", "value": "casebridge_sent"}, {"name": "Read", "value": "read"}]
    field = {"type": "tagger", "title": "Ours", "custom_field_options": held}
    admin(account, "POST", "ticket_fields", {"ticket_field": field})

    found = crm(account).subscribe(URL)

    [own] = [one for one in listed(account, "ticket_fields") if one["title"] == "Ours"]
    options = {one["value"]: one["name"] for one in own["custom_field_options"]}
    assert short(found)[0] == ("done", "field")
    assert options == {
        "casebridge_sent": "Gone out",
        "read": "Read",
        "casebridge_failed": "Not sent",
        "casebridge_unsure": "Perhaps sent",
    }


# --- an account without ticket events ---


def test_without_ticket_events_a_trigger_calls_us(account: Sandbox) -> None:
    account.order("switches", ticket_events=False)

    found = crm(account).subscribe(URL)

    assert short(found) == [("done", "field"), ("done", "webhook"), ("done", "trigger"), ("fault", "secret")]
    [hook], [trigger] = listed(account, "webhooks"), ours(account)
    assert hook["subscriptions"] == ["conditional_ticket_events"]
    assert trigger["actions"] == [{"field": "notification_webhook", "value": [hook["id"], BODY]}]
    assert trigger["conditions"] == {"all": list(CONDITIONS), "any": []}


def ours(account: Sandbox) -> list[dict[str, Any]]:
    return [one for one in listed(account, "triggers") if "Casebridge" in one["title"]]


def test_a_trigger_that_is_there_is_left_as_it_is(account: Sandbox) -> None:
    account.order("switches", ticket_events=False)
    made = ready(account)
    before = account.data_calls()

    assert short(made.subscribe(URL)) == BY_TRIGGER

    assert (writes(account.made_since(before)), len(ours(account))) == ({}, 1)


@pytest.mark.parametrize(
    "harm", [{"active": False}, {"conditions": {"all": list(CONDITIONS[:2]), "any": []}}, {"title": "Mine"}]
)
def test_what_somebody_changed_in_the_trigger_is_put_right(account: Sandbox, harm: Mapping[str, Any]) -> None:
    account.order("switches", ticket_events=False)
    made = ready(account)
    [trigger] = ours(account)
    admin(account, "PUT", f"triggers/{trigger['id']}", {"trigger": harm})

    made.subscribe(URL)

    assert short(made.subscribe(URL)) == BY_TRIGGER
    assert len(listed(account, "triggers")) == len({one["id"] for one in listed(account, "triggers")})


# --- looking only ---


def now() -> datetime:
    return datetime.now(UTC)


def test_looking_says_what_is_missing_and_writes_nothing(account: Sandbox) -> None:
    before = account.data_calls()

    found = crm(account).examine({}, now(), URL)

    assert short(found) == [("ok", "login"), ("warning", "field"), ("fault", "webhook"), ("ok", "clock")]
    assert writes(account.made_since(before)) == {}


def test_what_is_set_up_has_no_faults(account: Sandbox) -> None:
    found = ready(account).examine({}, now(), URL)

    assert short(found) == [("ok", "login"), *RIGHT, ("ok", "clock")]


def test_another_secret_than_the_webhooks_is_a_fault_that_shows_neither(account: Sandbox) -> None:
    crm(account).subscribe(URL)

    found = crm(account, "not-the-secret").examine({}, now(), URL)

    [fault] = [one for one in found if one.about == "secret"]
    assert fault.level == "fault"
    assert "not-the-secret" not in repr(found)
    assert secret(account) not in repr(found)


def test_without_a_url_nothing_is_looked_for_and_nothing_set_up(account: Sandbox) -> None:
    assert short(crm(account).examine({}, now())) == [("ok", "login"), ("ok", "clock")]
    assert ("fault", "url") in short(crm(account).subscribe(""))


@pytest.mark.parametrize("replies", ["off", "auto"])
def test_where_no_comments_are_heard_nothing_is_set_up(account: Sandbox, replies: str) -> None:
    before = account.data_calls()

    assert short(crm(account, replies=replies).subscribe(URL)) == [("ok", "replies")]
    assert account.made_since(before) == {}


def test_a_client_without_the_scopes_is_told_so_and_still_files(account: Sandbox) -> None:
    account.order("switches", client_scopes="read tickets:write users:write")

    found = crm(account).subscribe(URL)

    assert ("fault", "webhook") in short(found)
    assert "docs/zendesk.md" in next(one.do for one in found if one.about == "webhook")


def test_a_login_that_is_no_admins_is_a_warning(account: Sandbox) -> None:
    made = ready(account)
    me = admin(account, "GET", "users/me")["user"]
    admin(account, "PUT", f"users/{me['id']}", {"user": {"role": "agent"}})

    found = made.examine({}, now(), URL)

    assert short(found) == [("ok", "login"), ("warning", "rights"), *RIGHT, ("ok", "clock")]


@pytest.mark.parametrize("fault", ["rate_limit", "server_error", "maintenance", "html_error"])
def test_an_account_that_does_not_answer_is_a_warning(account: Sandbox, fault: str) -> None:
    account.fault(fault, times=9)

    assert {one.level for one in crm(account).subscribe(URL)} == {"warning"}
