"""What is answered is on disk; the pages show it harmlessly; zenpy takes it for the real thing."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from zendesk_process import ZendeskProcess
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Ticket, User
from zenpy.lib.exception import APIException, RecordNotFoundException

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def zendesk(tmp_path: Path) -> Iterator[ZendeskProcess]:
    process = ZendeskProcess(tmp_path)
    yield process
    process.close()


def test_everything_answered_survives_kill_9(zendesk: ZendeskProcess) -> None:
    zendesk.command("fields", id=11, title="Link", type="text")
    zendesk.command("switches", redaction=False)
    zendesk.command("clock", offset_seconds=9 * 365 * 86_400)
    keyed: dict[str, Any] = {
        "json": {"ticket": {"comment": {"body": "x"}, "custom_fields": [{"id": 11, "value": "l"}]}},
        "headers": {"Idempotency-Key": "k"},
    }
    zendesk.user(external_id="fb:1")
    first = zendesk.call("POST", "tickets", **keyed)
    before = zendesk.state()

    zendesk.stop(signal.SIGKILL)
    zendesk.start()

    after = zendesk.state()
    assert (after["tickets"], after["users"]) == (before["tickets"], before["users"])
    assert zendesk.call("POST", "tickets", **keyed).content == first.content
    redaction = zendesk.call("PUT", "comment_redactions/1", json={"ticket_id": 1, "html_body": "x"})
    assert redaction.status_code == 403
    second = zendesk.ticket()
    assert (second["id"], second["created_at"][:4]) == (2, first.json()["ticket"]["created_at"][:4])


def test_a_kill_in_the_middle_loses_nothing_answered_and_halves_no_ticket(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", limits=False)
    answered: list[int] = []
    assert zendesk.call("GET", "users/me").status_code == 200

    def pour() -> None:
        while True:
            try:
                answered.append(zendesk.ticket(tags=["a"])["id"])
            except requests.ConnectionError:
                return

    pouring = threading.Thread(target=pour)
    pouring.start()
    while len(answered) < 40:
        pouring.join(0.01)
    zendesk.stop(signal.SIGKILL)
    pouring.join()
    zendesk.start()

    kept = zendesk.state()["tickets"]
    assert [one["id"] for one in kept][: len(answered)] == answered
    assert len(kept) in (len(answered), len(answered) + 1)
    assert all((len(one["comments"]), one["audits"]) == (1, 1) for one in kept)


def test_many_at_once_get_ids_of_their_own_and_one_key_makes_one_ticket(zendesk: ZendeskProcess) -> None:
    assert zendesk.call("GET", "users/me").status_code == 200
    statuses: list[int] = []

    def create(number: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            for n in range(8):
                key = "same" if n % 2 else f"{number}-{n}"
                answer = session.post(
                    f"{zendesk.base}/api/v2/tickets",
                    json={"ticket": {"comment": {"body": "x"}}},
                    headers={"Authorization": f"Bearer {zendesk.token}", "Idempotency-Key": key},
                    timeout=20,
                )
                statuses.append(answer.status_code)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    tickets = zendesk.state()["tickets"]
    comments = [comment["id"] for one in tickets for comment in one["comments"]]
    assert set(statuses) <= {201, 409}
    assert len(tickets) == 6 * 4 + 1
    assert len(set(comments)) == len(comments)


def test_of_two_safe_updates_with_one_stamp_one_goes_through(zendesk: ZendeskProcess) -> None:
    ticket = zendesk.ticket()
    zendesk.command("clock", offset_seconds=60)
    statuses: list[int] = []

    def update(text: str) -> None:
        body = {"subject": text, "safe_update": True, "updated_stamp": ticket["updated_at"]}
        with requests.Session() as session:
            session.trust_env = False
            url, headers = f"{zendesk.base}/api/v2/tickets/1", {"Authorization": f"Bearer {zendesk.token}"}
            statuses.append(session.put(url, json={"ticket": body}, headers=headers, timeout=20).status_code)

    threads = [threading.Thread(target=update, args=(f"{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200, *[409] * 5]


def test_sigterm_ends_it_cleanly(zendesk: ZendeskProcess) -> None:
    zendesk.ticket()

    assert zendesk.stop(signal.SIGTERM) == 0


def test_a_reset_makes_the_account_new_but_keeps_tokens(zendesk: ZendeskProcess) -> None:
    zendesk.user(external_id="fb:1")
    zendesk.ticket()

    zendesk.reset()

    assert zendesk.state() | {"refused": {}} == {"tickets": [], "users": [], "refused": {}, "calls": {}}
    assert zendesk.ticket()["id"] == 1
    assert zendesk.user(external_id="fb:1")


def test_an_answer_leaves_in_one_piece(zendesk: ZendeskProcess) -> None:
    zendesk.call("GET", "users/me")
    host, port = zendesk.base.removeprefix("http://").split(":")
    request = f"GET /api/v2/users/me HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {zendesk.token}\r\n\r\n"

    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(request.encode())
        first = line.recv(65_536)

    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert first.endswith(b"}")


# --- pages


def test_hostile_text_is_shown_as_text(zendesk: ZendeskProcess) -> None:
    ada = zendesk.user(name=HOSTILE)["id"]
    text = "&lt;script&gt;alert(1)&lt;/script&gt;\"'&gt;&lt;img src=x onerror=alert(1)&gt;"
    number = zendesk.ticket(subject=HOSTILE, requester_id=ada, comment={"html_body": text, "author_id": ada})["id"]

    answers = [
        zendesk.session.get(f"{zendesk.base}{path}", timeout=20) for path in ("/", f"/agent/tickets/{number}")
    ]

    for answer in answers:
        assert answer.status_code == 200
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&gt;&lt;img" in answer.text
        assert "<script" not in answer.text
        assert "<img" not in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_list_counts_comments_and_names_the_requester(zendesk: ZendeskProcess) -> None:
    ada = zendesk.user(name="Ada L.")["id"]
    number = zendesk.ticket(subject="Late", requester_id=ada, priority="urgent")["id"]
    zendesk.update(number, comment={"body": "x"})

    page = zendesk.session.get(f"{zendesk.base}/", timeout=20).text

    assert f'<a href="/agent/tickets/{number}">#{number}</a>' in page
    assert all(f"<td>{shown}</td>" in page for shown in ("Ada L.", "urgent", "new", "2"))


def test_a_long_list_is_leafed_through(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", limits=False)
    zendesk.ticket(subject="oldest")
    for _ in range(200):
        zendesk.ticket(subject="x")

    first = zendesk.session.get(f"{zendesk.base}/", timeout=20).text
    second = zendesk.session.get(f"{zendesk.base}/?skip=200", timeout=20).text

    assert ("oldest" in first, "/?skip=200" in first) == (False, True)
    assert ("oldest" in second, "/?skip=0" in second) == (True, True)


@pytest.mark.parametrize(
    "path", ["/agent/tickets/4711", "/agent/tickets/x", f"/agent/tickets/{10**30}", "/nowhere"]
)
def test_a_page_that_is_not_there_is_404(zendesk: ZendeskProcess, path: str) -> None:
    assert zendesk.session.get(zendesk.base + path, timeout=20).status_code == 404


# --- zenpy


@pytest.fixture
def client(zendesk: ZendeskProcess, monkeypatch: pytest.MonkeyPatch) -> Zenpy:
    """zenpy, logged in, believing that it talks to Zendesk."""
    monkeypatch.setenv("ZENPY_FORCE_NETLOC", zendesk.base.removeprefix("http://"))
    monkeypatch.setenv("ZENPY_FORCE_SCHEME", "http")
    zendesk.call("GET", "users/me")
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {zendesk.token}"
    return Zenpy(subdomain="acme", oauth_token=zendesk.token, session=session, disable_cache=True)


def test_zenpy_takes_it_for_the_real_thing(zendesk: ZendeskProcess, client: Zenpy) -> None:
    ada = client.users.create(User(name="Ada", external_id="fb:1"))
    comment = Comment(html_body="<p>late</p>", public=True, author_id=ada.id)
    audit = client.tickets.create(Ticket(subject="s", requester_id=ada.id, external_id="cb:1", comment=comment))
    client.tickets.update(Ticket(id=audit.ticket.id, status="open", comment=Comment(body="news", public=False)))

    found = list(client.tickets(external_id="cb:1"))
    comments = list(client.tickets.comments(audit.ticket.id))
    audits = list(client.tickets.audits(ticket=audit.ticket.id))
    shown = list(client.tickets(ids=[audit.ticket.id]))
    people = list(client.users(external_ids=["fb:1"]))

    assert [(one.id, one.status) for one in found + shown] == [(audit.ticket.id, "open")] * 2
    assert [(one.plain_body, one.public) for one in comments] == [("late", True), ("news", False)]
    assert len(audits) == 2
    assert [(one.id, one.name) for one in people] == [(ada.id, "Ada")]


def test_zenpy_understands_refusals(zendesk: ZendeskProcess, client: Zenpy) -> None:
    number = zendesk.ticket(status="closed")["id"]

    with pytest.raises(APIException, match="closed prevents ticket update"):
        client.tickets.update(Ticket(id=number, subject="x"))
    with pytest.raises(RecordNotFoundException):
        client.tickets(id=4711)
