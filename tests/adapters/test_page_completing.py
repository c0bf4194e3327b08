"""Facebook and Messenger: what callbacks left out is asked for, with the account's token."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from meta_calls import OTHER_PAGE, PAGE
from page_platform import CREDENTIALS, DEAD, DIRECT, MENTION, TOKEN, UNKNOWN, adapter, platform, received, refused

from bridge.errors import Paused, Rejected, RetryLater
from bridge.fetching import Unfetchable
from bridge.message import Attachment, Message, Person
from bridge.ports import Credentials

PSID = "24000000001"
ANA: dict[str, Any] = {
    "id": "6100000001",
    "name": "Ana Ruiz",
    "picture": {"data": {"url": "https://cdn.example.com/ana.jpg"}},
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("text", ["author"]),
        ("postback", ["author"]),
        ("edit", ["author"]),
        ("echo", []),
        ("deleted", []),
        ("mention", ["content"]),
        ("mention_in_comment", ["content"]),
        ("comment_add", []),
        ("comment_edited", []),
        ("comment_by_page", []),
        ("comment_remove", []),
        ("comment_hide", []),
        ("visitor_post", []),
        ("rating", []),
    ],
)
def test_what_a_callback_leaves_out(name: str, expected: list[str]) -> None:
    with platform() as (_, stub):
        assert list(adapter(stub).lacks(received(name))) == expected


def test_a_known_name_is_not_asked_for_again() -> None:
    with platform() as (_, stub):
        known = replace(DIRECT, author=replace(DIRECT.author, name="Ana"))

        assert list(adapter(stub).lacks(known)) == []
        assert stub.calls == []


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ({"name": "Ana Ruiz", "first_name": "Ana", "last_name": "Ruiz"}, "Ana Ruiz"),
        ({"first_name": "Ana", "last_name": "Ruiz"}, "Ana Ruiz"),
        ({"first_name": "Ana"}, "Ana"),
        ({"name": 7}, ""),
    ],
)
def test_a_customer_of_messenger_gets_name_and_picture(profile: dict[str, Any], name: str) -> None:
    with platform() as (there, stub):
        there.nodes[PSID] = {"id": PSID, "profile_pic": "https://cdn.example.com/a.jpg", **profile}

        found = adapter(stub).author(DIRECT, CREDENTIALS)

        assert found == Person(id=PSID, name=name, avatar="https://cdn.example.com/a.jpg")
        (call,) = stub.calls
        assert (call.token, call.query) == (TOKEN, {"fields": "name,first_name,last_name,profile_pic"})


def test_a_mention_gets_author_words_address_and_time() -> None:
    with platform() as (there, stub):
        there.nodes[MENTION.id] = {
            "id": MENTION.id,
            "message": "@Acme where is it?",
            "permalink_url": "https://www.facebook.com/ana/posts/1",
            "created_time": "2026-10-26T07:33:20+0000",
            "from": ANA,
        }

        found = adapter(stub).content(replace(MENTION, text="", sent_at=None), CREDENTIALS)

        assert found == replace(
            MENTION,
            author=Person(id="6100000001", name="Ana Ruiz", avatar="https://cdn.example.com/ana.jpg"),
            text="@Acme where is it?",
            url="https://www.facebook.com/ana/posts/1",
            sent_at=datetime(2026, 10, 26, 7, 33, 20, tzinfo=UTC),
        )
        assert stub.calls[0].query == {"fields": "id,message,created_time,permalink_url,from{id,name,picture}"}


def test_what_the_callback_said_stays() -> None:
    with platform() as (there, stub):
        there.nodes[MENTION.id] = {"message": "newer", "created_time": 1, "from": "Ana", "permalink_url": None}

        found = adapter(stub).content(MENTION, CREDENTIALS)

        assert found == MENTION


def test_a_mention_by_another_page_of_ours_is_ours() -> None:
    with platform() as (there, stub):
        there.nodes[MENTION.id] = {"from": {"id": OTHER_PAGE.id, "name": "Acme AT"}}

        found = adapter(stub).content(MENTION, CREDENTIALS)

        assert found is not None
        assert found.author == Person(id=OTHER_PAGE.id, name="Acme AT", is_self=True)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            {"type": "photo", "url": "https://fb/1", "media": {"image": {"src": "https://cdn/1.jpg"}}},
            (Attachment(kind="image", url="https://cdn/1.jpg"),),
        ),
        (
            {"type": "sticker", "url": "https://fb/2", "media": {"image": {"src": "https://cdn/2.png"}}},
            (Attachment(kind="sticker", url="https://cdn/2.png"),),
        ),
        (
            {"type": "video_inline", "url": "https://fb/3", "media": {"image": {"src": "https://cdn/3.jpg"}}},
            (Attachment(kind="video", url="https://fb/3"),),
        ),
        ({"url": "https://fb/4"}, (Attachment(kind="link", url="https://fb/4"),)),
        ({"type": "share"}, ()),
        ("?", ()),
    ],
)
def test_a_comment_without_words_gets_what_it_shows(told: object, expected: tuple[Attachment, ...]) -> None:
    bare = replace(received("comment_add"), text="", attachments=())
    with platform() as (there, stub):
        there.nodes[bare.id] = {"id": bare.id, "attachment": told}
        meta = adapter(stub)

        found = meta.content(bare, CREDENTIALS)

        assert (list(meta.lacks(bare)), found) == (["content"], replace(bare, attachments=expected))
        assert stub.calls[0].query["fields"].endswith(",attachment")


def test_without_a_token_nothing_is_asked() -> None:
    with platform() as (_, stub):
        for ask in (adapter(stub).author, adapter(stub).content):
            message = DIRECT if ask.__name__ == "author" else MENTION
            with pytest.raises(Rejected, match=r"connections\.yaml holds no token for this account"):
                ask(message, Credentials())

        assert stub.calls == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (UNKNOWN, Rejected),
        (refused(10), Rejected),
        (refused(230), Rejected),
        (DEAD, Paused),
        (refused(4, 403), RetryLater),
        (refused(2, 500, is_transient=True), RetryLater),
        ("late", RetryLater),
        ("before", RetryLater),
    ],
)
@pytest.mark.parametrize("message", [DIRECT, MENTION])
def test_what_meta_does_not_tell(answer: Any, error: type[Exception], message: Message) -> None:
    with platform() as (_, stub):
        meta = adapter(stub, timeout=0.3)
        stub.plan.append(answer)

        with pytest.raises(error):
            (meta.author if message is DIRECT else meta.content)(message, CREDENTIALS)


def test_an_id_that_is_none_is_refused_and_not_guessed() -> None:
    with platform() as (there, stub):
        there.nodes[MENTION.id] = {"from": {"id": ["x"]}}

        with pytest.raises(Rejected, match="id is a list"):
            adapter(stub).content(MENTION, CREDENTIALS)


def test_an_app_that_demands_proof_of_its_secret_gets_it_and_no_other() -> None:
    with platform() as (there, stub):
        there.nodes[PSID] = {"name": "Ana"}

        adapter(stub, appsecret_proof=True).author(DIRECT, CREDENTIALS)

        adapter(stub).author(DIRECT, CREDENTIALS)

        first, second = stub.calls  # the value is openssl's
        assert first.query["appsecret_proof"] == "38bacd94608fc007e76af396a7b512b0c4b59a50fb78296564406b223086b8ed"
        assert "appsecret_proof" not in second.query


def test_a_page_hands_out_no_files_by_id() -> None:
    with platform() as (_, stub), pytest.raises(Unfetchable):
        adapter(stub).open("17890001", PAGE.id, CREDENTIALS)
