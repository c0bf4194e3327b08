"""What our app in Zendesk is shown of a case, and who else is shown nothing."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from app_calls import App, app, client, token, zendesk
from heart import NOON, PAGE, Killed, deleted, drain, dying, edited, expire, hear, hidden, ours, said
from logbook import REFUSE, Logbook
from sqlalchemy import update
from wall import Wall, desk

from bridge.answering import DELETED
from bridge.errors import Rejected
from bridge.filing import file_some
from bridge.flow import decide_some
from bridge.message import DELETED_TEXT, Attachment, Message, Person
from bridge.panel import NO_APP, NO_CASE, OFF
from bridge.ports import Way
from bridge.replying import poll_some
from bridge.store import Store
from bridge.store.tables import case_row, item
from bridge.store.threads import MOST

SAID = {
    "Content-Type": "application/json; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Allow-Origin": None,
}
WRONG = {"thread": ["OPTIONS", "POST", "PUT", "DELETE"], "replies/r1/retry": ["OPTIONS", "GET", "PUT", "DELETE"]}
AUTHOR = {"name": "Ana", "handle": "", "url": "", "avatar": "", "followers": None, "verified": False}


def shown(text: str, **other: Any) -> dict[str, Any]:
    """A message of Ana's as the app gets it."""
    return {
        "key": f"facebook:{PAGE}:m-{text}:created",
        "kind": "comment",
        "public": True,
        "change": "created",
        "text": text,
        "sent_at": None,
        "url": "",
        "state": "filed",
        "reason": "",
        "author": AUTHOR,
        "ours": False,
        "attachments": [],
        **other,
    }


def opened(store: Store, crm: Logbook, *messages: Message, **parts: Any) -> App:
    return app(desk(store, crm, *messages, **parts))


def told(at: App, *names: str) -> list[tuple[Any, ...]]:
    """These of every message."""
    return [tuple(one[name] for name in names) for one in at.thread()["messages"]]


# --- what is shown ---


def test_a_case_is_shown_whole(store: Store, crm: Logbook) -> None:
    at = opened(store, crm)

    found = at.thread()

    assert abs(datetime.fromisoformat(found.pop("now")) - store.now()) < timedelta(minutes=1)
    assert found == {
        "version": 1,
        "case": "c1",
        "channel": "facebook",
        "messages": [shown("Help")],
        "more": False,
        "replies": [],
        "window": {"until": None, "most": 0, "unit": "characters", "says": ""},
    }


def test_a_message_is_shown_with_its_author_and_where_it_stands(store: Store, crm: Logbook) -> None:
    ana = Person(
        id="ana", name="Ana Ruiz", handle="@ana", followers=120_345, verified=True, avatar="https://pics.example/a"
    )
    help_ = said("Help", author=ana, sent_at=NOON, url="https://wall.example/1")
    files = (Attachment(kind="image", url="https://pics.example/1"), Attachment(kind="sticker", id="7"))

    at = opened(store, crm, replace(help_, attachments=files))

    assert at.thread()["messages"] == [
        shown(
            "Help",
            sent_at="2026-11-21T12:00:00+00:00",
            url="https://wall.example/1",
            author={
                "name": "Ana Ruiz",
                "handle": "@ana",
                "url": "",
                "avatar": "https://pics.example/a",
                "followers": 120_345,
                "verified": True,
            },
            attachments=[{"type": "image", "url": "https://pics.example/1"}, {"type": "sticker", "url": ""}],
        )
    ]


def test_an_address_that_no_browser_should_open_is_not_shown(store: Store, crm: Logbook) -> None:
    hostile = "javascript:alert(1)"
    evil = said("Help", author=Person(id="ana", avatar="data:text/html,x"), url=hostile)

    at = opened(store, crm, replace(evil, attachments=(Attachment(kind="link", url=" https://x.example"),)))

    (one,) = at.thread()["messages"]
    assert (one["url"], one["author"]["avatar"], one["attachments"]) == ("", "", [{"type": "link", "url": ""}])


def test_hostile_text_is_shown_as_it_is(store: Store, crm: Logbook) -> None:
    hostile = '</script><b>{{ticket.id}}\u2028"}'

    assert told(opened(store, crm, said(hostile, id="m-1")), "text") == [(hostile,)]


def test_what_happened_to_a_message_stands_below_it(store: Store, crm: Logbook) -> None:
    first = said("Help")
    road = desk(store, crm, first)
    for later in (edited(first, "Help me"), hidden(first), ours("Hello Ana", to=first.id)):
        hear(store, later)
        drain(road.made)

    assert told(app(road), "change", "text", "ours") == [
        ("created", "Help", False),
        ("edited", "Help me", False),
        ("hidden", "", False),
        ("created", "Hello Ana", True),
    ]


def test_what_its_author_deleted_is_shown_to_nobody_and_nobody_can_answer_it(store: Store, crm: Logbook) -> None:
    first = said("Help")
    road = desk(store, crm, first)
    hear(store, deleted(first))
    drain(road.made)

    found = app(road).thread()

    assert [(one["change"], one["text"]) for one in found["messages"]] == [
        ("created", DELETED_TEXT),
        ("deleted", DELETED_TEXT),
    ]
    assert found["window"] == {"until": None, "most": 0, "unit": "", "says": DELETED}


def test_what_is_not_filed_yet_is_shown_too(store: Store, crm: Logbook) -> None:
    road = desk(store, crm)
    hear(store, said("Hello?"))
    decide_some(road.made, "fb")
    waits = told(app(road), "text", "state")
    with pytest.raises(Killed):
        file_some(replace(road.made, at=dying("work.frozen")), "crm")
    goes = told(app(road), "text", "state")
    expire(store, case_row)
    crm.arm("lost")
    file_some(road.made, "crm")

    lost = told(app(road), "text", "state")

    before = ("Help", "filed")
    assert (waits, goes, lost) == tuple([before, ("Hello?", one)] for one in ("ready", "sending", "unknown"))


def test_a_message_that_was_refused_says_why(store: Store, crm: Logbook) -> None:
    road = desk(store, crm)
    hear(store, said(REFUSE))
    drain(road.made)

    (_, dead) = app(road).thread()["messages"]

    assert (dead["text"], dead["state"], bool(dead["reason"])) == (REFUSE, "dead", True)


def test_the_latest_messages_are_shown_and_that_there_are_more(store: Store, crm: Logbook) -> None:
    at = opened(store, crm, *(said(f"{n}") for n in range(MOST + 1)))

    found = at.thread()

    assert [one["text"] for one in found["messages"]] == [f"{n}" for n in range(1, MOST + 1)]
    assert found["more"]


def test_another_customers_case_is_another(store: Store, crm: Logbook) -> None:
    at = opened(store, crm, said("Help"), said("Mine", by="ben"))

    assert told(at, "text") == [("Help",)]
    assert told(replace(at, case="c2"), "text") == [("Mine",)]


def test_a_case_of_another_crm_with_the_same_number_is_not_shown(store: Store, crm: Logbook) -> None:
    road = desk(store, crm)

    answer = client(road, other=zendesk()).get(
        f"/app/other/cases/{road.case}/thread", headers={"Authorization": f"Bearer {token(road.case)}"}
    )

    assert (answer.status_code, answer.get_json()) == (404, {"error": NO_CASE})


def test_a_message_that_this_version_cannot_read_is_left_out(store: Store, crm: Logbook) -> None:
    at = opened(store, crm, said("Help"), said("Hello?"))
    with store.write() as c:
        c.execute(update(item).where(item.c.message_id == "m-Hello?").values(body='{"of": "another version"}'))

    found = at.thread()

    assert ([one["text"] for one in found["messages"]], found["window"]) == (["Help"], None)


# --- how it can be answered ---


def test_the_window_is_that_of_the_latest_word_of_the_customer(store: Store, crm: Logbook) -> None:
    class Windowed(Wall):
        def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:
            assert not private
            return Way(most=280, unit="weighted", split=False, until=heard_at + timedelta(days=1))

    direct: dict[str, Any] = {"kind": "direct", "public": False, "thread": "ana"}
    first = said("Help", sent_at=NOON, **direct)
    road = desk(store, crm, first, wall=Windowed())
    hear(store, said("Hello?", sent_at=NOON + timedelta(hours=3), **direct))

    window = app(road).thread()["window"]

    assert window == {"until": "2026-11-22T15:00:00+00:00", "most": 280, "unit": "weighted", "says": ""}


def test_a_platform_that_takes_no_reply_says_why(store: Store, crm: Logbook) -> None:
    at = opened(store, crm, wall=Wall(ways=Rejected("This was a review: answer it there.")))

    assert at.thread()["window"] == {
        "until": None,
        "most": 0,
        "unit": "",
        "says": "This was a review: answer it there.",
    }


def test_of_a_channel_that_is_switched_off_nobody_can_tell(store: Store, crm: Logbook) -> None:
    road = desk(store, crm)

    assert app(road, off=True).thread()["window"] is None


# --- what agents answered ---


def test_replies_are_shown_without_their_words_and_in_order(store: Store, crm: Logbook) -> None:
    road = desk(store, crm)
    road.answer("We are on it", agent="Kim")
    road.wall.ways = Rejected("The post is gone.")
    road.answer("Done")

    first, second = app(road).thread()["replies"]

    assert datetime.fromisoformat(first.pop("taken_at")) <= datetime.fromisoformat(second.pop("taken_at"))
    assert first == {
        "id": "r1",
        "agent": "Kim",
        "text": "",
        "private": False,
        "state": "sent",
        "reason": "",
        "url": "https://wall.example/p1",
        "retry": False,
    }
    assert second == first | {
        "id": "r2", "agent": "", "state": "failed", "reason": "The post is gone.", "url": "", "retry": True
    }  # fmt: skip


def test_the_latest_replies_are_shown(store: Store, crm: Logbook) -> None:
    road = desk(store, crm)
    for n in range(MOST + 1):
        road.write(f"{n}")
    poll_some(road.road, "crm")

    assert [one["id"] for one in app(road).thread()["replies"]] == [f"r{n}" for n in range(2, MOST + 2)]


# --- who is shown nothing ---


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/app/crm/cases/c2/thread", 403, "The token was made for another ticket: load it again."),
        ("/app/crm/cases/c1%00/thread", 403, "The token was made for another ticket: load it again."),
        ("/app/crm/cases/c1'--/thread", 403, "The token was made for another ticket: load it again."),
        ("/app/crm/cases/%25/thread", 403, "The token was made for another ticket: load it again."),
        ("/app/crm/cases/%ff/thread", 403, "The token was made for another ticket: load it again."),
        ("/app/none/cases/c1/thread", 404, NO_APP),
        ("/app/fb/cases/c1/thread", 404, NO_APP),
        ("/app/%25/cases/c1/thread", 404, NO_APP),
        ("/app/plain/cases/c1/thread", 404, NO_APP),
        ("/app/resting/cases/c1/thread", 503, OFF),
    ],
)
def test_strange_names_and_other_tickets_are_refused(
    store: Store, crm: Logbook, path: str, status: int, error: str
) -> None:
    to = client(desk(store, crm), plain=crm, resting=None)

    answer = to.get(path, headers={"Authorization": f"Bearer {token('c1')}"})

    assert (answer.status_code, answer.get_json()) == (status, {"error": error})


@pytest.mark.parametrize("case", ["%", "_1", "c1\x00", "c1\ufffd", "' or 1=1 --", '"', "35436", "c" * 1000, "\\"])
def test_a_signed_name_of_no_case_finds_nothing(store: Store, crm: Logbook, case: str) -> None:
    to = client(desk(store, crm))

    answer = to.get(f"/app/crm/cases/{quote(case)}/thread", headers={"Authorization": f"Bearer {token(case)}"})

    assert (answer.status_code, answer.get_json()) == (404, {"error": NO_CASE})


@pytest.mark.parametrize("path", ["thread", "replies/r1/retry"])
def test_no_browser_of_another_site_may_call(store: Store, crm: Logbook, path: str) -> None:
    headers = {"Authorization": f"Bearer {token('c1')}", "Origin": "https://evil.example"}
    to = client(desk(store, crm))

    answers = [to.open(f"/app/crm/cases/c1/{path}", method=verb, headers=headers) for verb in WRONG[path]]

    assert {one.status_code for one in answers} == {405}
    assert not [name for one in answers for name, _ in one.headers if name.startswith("Access-Control")]


def test_an_answer_is_kept_nowhere_and_read_by_no_other_site(store: Store, crm: Logbook) -> None:
    to = client(desk(store, crm))
    headers = {"Authorization": f"Bearer {token('c1')}", "Origin": "https://evil.example"}

    answer = to.get("/app/crm/cases/c1/thread", headers=headers)

    assert {name: answer.headers.get(name) for name in SAID} == SAID


def test_a_refusal_is_logged_without_the_token_and_shows_no_message(
    store: Store, crm: Logbook, caplog: pytest.LogCaptureFixture
) -> None:
    given = token("c1", inst="9002")

    with caplog.at_level(logging.INFO, "casebridge"):
        answer = client(desk(store, crm)).get(
            "/app/crm/cases/c1/thread", headers={"Authorization": f"Bearer {given}"}
        )

    why = "This is the installation '9002' of the app, and app_installation is another."
    assert (answer.status_code, answer.get_json()) == (403, {"error": why})
    assert [one.getMessage() for one in caplog.records if "app of" in one.getMessage()] == [
        f"refused a request of the app of crm: {why}"
    ]
    assert given not in caplog.text
