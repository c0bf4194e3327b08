"""Another client than ours reads the sandbox: python-zendesk, which checks each answer by models of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from zendesk import Zendesk
from zendesk_process import ZendeskProcess


@pytest.fixture(scope="module")
def zendesk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZendeskProcess]:
    process = ZendeskProcess(tmp_path_factory.mktemp("zendesk"))
    process.command("switches", limits=False, job_seconds=0.0, bulk_users=True)
    yield process
    process.close()


@pytest.fixture
def other(zendesk: ZendeskProcess) -> Iterator[Zendesk]:
    token = zendesk.log_in().json()["access_token"]
    with httpx.Client(trust_env=False, headers={"Authorization": f"Bearer {token}"}) as client:
        yield Zendesk(server_url=zendesk.base, client=client)


def test_it_reads_tickets(zendesk: ZendeskProcess, other: Zendesk) -> None:
    zendesk.command("fields", id=7, title="Link", type="text")
    link = "https://example.org/1"
    number = zendesk.ticket(
        subject="late", external_id="cb:1", tags=["casebridge"], custom_fields=[{"id": 7, "value": link}]
    )["id"]

    shown = other.tickets.show_ticket(ticket_id=number).ticket
    several = other.tickets.tickets_show_many(ids=str(number)).tickets
    listed = other.tickets.list_tickets(external_id="cb:1")

    assert shown is not None
    assert several is not None
    assert listed is not None
    assert (shown.id, shown.subject, shown.external_id, shown.tags) == (number, "late", "cb:1", ["casebridge"])
    assert [(one.id, one.value) for one in shown.custom_fields or []] == [(7, link)]
    assert several == listed.result.tickets == [shown]


def test_it_reads_users(zendesk: ZendeskProcess, other: Zendesk) -> None:
    number = zendesk.user(external_id="x:1", email="ada@example.org")["id"]

    shown = other.users.show_user(user_id=number).user
    several = other.users.show_many_users(external_ids="x:1").users

    assert shown is not None
    assert several == [shown]
    assert [getattr(shown, name) for name in ("id", "name", "external_id", "email", "role")] == [
        number, "Ada", "x:1", "ada@example.org", "end-user",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "tickets/create_many", {"tickets": [{"comment": {"body": "x"}}]}),
        ("PUT", "tickets/update_many", {"tickets": [{"id": 1, "priority": "low"}]}),
    ],
)
def test_it_reads_jobs(  # of tickets: its models know neither failed items nor new users as they were recorded
    zendesk: ZendeskProcess, other: Zendesk, method: str, path: str, body: Any
) -> None:
    zendesk.ticket()
    job = zendesk.call(method, path, json=body).json()["job_status"]

    shown = other.job_statuses.show_job_status(job_status_id=job["id"]).job_status
    several = other.job_statuses.show_many_job_statuses(ids=job["id"]).job_statuses
    listed = other.job_statuses.list_job_statuses()

    assert shown is not None
    assert listed is not None
    assert (shown.id, shown.status, shown.total, shown.progress) == (job["id"], "completed", 1, 1)
    assert several == listed.result.job_statuses[:1] == [shown]


def test_it_reads_and_writes_comments(zendesk: ZendeskProcess, other: Zendesk) -> None:
    ada = zendesk.user(external_id="x:ada")["id"]
    number = zendesk.ticket(comment={"html_body": "<p>late</p>", "public": True, "author_id": ada})["id"]

    other.tickets.update_ticket(ticket_id=number, ticket={"comment": {"body": "on its way", "public": False}})

    listed = other.ticket_comments.list_ticket_comments(ticket_id=number)
    assert listed is not None
    told = [(one.author_id == ada, one.public, one.plain_body) for one in listed.result.comments or []]
    assert told == [(True, True, "late"), (False, False, "on its way")]


def test_it_reads_what_admins_set_up(zendesk: ZendeskProcess, other: Zendesk) -> None:
    zendesk.command("fields", id=8, title="Topic", type="tagger", options=["refund"])
    zendesk.command("user_fields", key="tier", title="Tier", type="dropdown", options=["gold"])
    zendesk.command("records", kind="custom_statuses", name="On the phone", category="pending")

    fields = other.ticket_fields.list_ticket_fields()
    of_users = other.user_fields.list_user_fields()
    statuses = other.custom_ticket_statuses.list_custom_statuses().custom_statuses or []

    assert fields is not None
    assert of_users is not None
    topic = next(one for one in fields.result.ticket_fields or [] if one.id == 8)
    assert [one.value for one in topic.custom_field_options or []] == ["refund"]
    assert [(one.key, one.title) for one in of_users.result.user_fields or []] == [("tier", "Tier")]
    assert (statuses[-1].agent_label, statuses[-1].status_category) == ("On the phone", "pending")
