"""Instagram tells who wrote, and what a mention says, to whoever asks with the account's token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from instagram_calls import ACME, ANA, fixture, message
from instagram_platform import (
    CAPTION,
    COMMENT,
    MENTION,
    NOW,
    PERMALINK,
    TOKEN,
    Instagram,
    asked,
    error,
    lively,
    meta,
)
from pydantic import SecretStr
from stub import Break, Said, Stub, running

from adapters.meta import Meta, Settings
from bridge.errors import Paused, Rejected, RetryLater
from bridge.message import Account, Person
from bridge.ports import Credentials

CREDENTIALS = Credentials(token=SecretStr(TOKEN))
HOUR_AGO = NOW - timedelta(hours=1)

LACKS = {
    "text": {"author"},
    "story_reply": {"author"},
    "postback": {"author"},
    "edit": {"author"},
    "mention_in_comment": {"content"},
    "mention_in_caption": {"content"},
    "comment": set(),
    "comment_by_us": set(),
    "comment_removed": set(),
    "echo": set(),
    "unsent": set(),
}


@pytest.fixture
def world() -> Instagram:
    return lively()


@pytest.fixture
def stub(world: Instagram) -> Iterator[Stub]:
    with running(world.answer) as found:
        yield found


def anonymous() -> Any:
    """A comment of which the callback says neither who wrote it nor what."""
    document = fixture("comment")
    value = document["entry"][0]["changes"][0]["value"]
    del value["from"], value["text"]
    return document


@pytest.mark.parametrize("name", LACKS)
def test_only_what_a_callback_leaves_out_is_asked_for(name: str) -> None:
    assert set(meta().lacks(message(fixture(name)))) == LACKS[name]


def test_a_comment_by_nobody_lacks_its_content() -> None:
    assert set(meta().lacks(message(anonymous()))) == {"content"}


def test_nothing_lacks_once_it_was_told(stub: Stub) -> None:
    channel, mention = meta(stub), message(fixture("mention_in_comment"))
    direct = message(fixture("text"))

    whole = channel.content(mention, CREDENTIALS)
    known = replace(direct, author=channel.author(direct, CREDENTIALS))

    assert whole is not None
    assert [set(channel.lacks(one)) for one in (whole, known)] == [set(), set()]


@pytest.mark.parametrize("login", ["instagram", "facebook"])
def test_a_private_message_gets_its_authors_profile(stub: Stub, login: str) -> None:
    found = meta(stub, instagram_login=login).author(message(fixture("text")), CREDENTIALS)

    assert found == Person(
        id=ANA,
        name="Ana Ruiz",
        handle="ana.ruiz",
        avatar="https://cdn.example.com/ana.jpg",
        followers=12,
        verified=False,
    )
    fields = "name,username,profile_pic,follower_count,is_verified_user"
    assert asked(stub) == [("GET", f"graph.{login}.com", f"/v25.0/{ANA}", {"fields": fields})]


def test_a_profile_may_tell_very_little(world: Instagram, stub: Stub) -> None:
    world.people[ANA] = {"id": ANA, "name": None, "follower_count": "many", "is_verified_user": "no"}

    assert meta(stub).author(message(fixture("text")), CREDENTIALS) == Person(id=ANA)


@pytest.mark.parametrize(
    ("name", "number", "text"),
    [("mention_in_comment", MENTION, "ask acme"), ("mention_in_caption", CAPTION, "My new acme grinder")],
)
def test_a_mention_gets_its_words_author_and_address(stub: Stub, name: str, number: str, text: str) -> None:
    mention = message(fixture(name))

    found = meta(stub).content(mention, CREDENTIALS)

    assert found == replace(mention, text=text, author=Person(handle="bo.berg"), url=PERMALINK, sent_at=HOUR_AGO)
    assert found.id == number
    assert found.key == mention.key


@pytest.mark.parametrize(("login", "path"), [("instagram", "/v25.0/me"), ("facebook", f"/v25.0/{ACME.id}")])
def test_a_mention_is_asked_for_by_the_account_of_the_login(stub: Stub, login: str, path: str) -> None:
    meta(stub, instagram_login=login).content(message(fixture("mention_in_comment")), CREDENTIALS)

    fields = f"mentioned_comment.comment_id({MENTION}){{id,text,timestamp,username,media{{id,permalink}}}}"
    assert asked(stub) == [("GET", f"graph.{login}.com", path, {"fields": fields})]


def test_a_mention_without_words_says_where_to_look(world: Instagram, stub: Stub) -> None:
    world.mentions[MENTION]["text"] = ""

    found = meta(stub).content(message(fixture("mention_in_comment")), CREDENTIALS)

    assert found is not None
    assert found.text == "[a comment without words: open Instagram to see it]"


def test_a_comment_by_nobody_is_read_again(world: Instagram, stub: Stub) -> None:
    comment = replace(message(anonymous()), text="")

    found = meta(stub).content(comment, CREDENTIALS)

    assert found == replace(
        comment,
        author=Person(id=ANA, handle="ana.ruiz"),
        text="Where is my order?",
        url=PERMALINK,
        sent_at=HOUR_AGO,
    )


def test_a_comment_that_turns_out_to_be_ours_says_so(world: Instagram, stub: Stub) -> None:
    world.comments[COMMENT] |= {"from": {"id": ACME.id, "username": "acme"}, "username": "acme"}

    found = meta(stub).content(message(anonymous()), CREDENTIALS)

    assert found is not None
    assert found.author == Person(id=ACME.id, handle="acme", is_self=True)


def test_what_is_gone_or_not_ours_to_read_is_never_taken_for_deleted(world: Instagram, stub: Stub) -> None:
    world.mentions.clear()

    with pytest.raises(Rejected, match=r"\(error 100\)"):
        meta(stub).content(message(fixture("mention_in_comment")), CREDENTIALS)


def test_a_customer_may_keep_the_profile_from_apps(stub: Stub) -> None:
    stub.plan.append(error(230))

    with pytest.raises(Rejected, match="not agreed that apps see who they are"):
        meta(stub).author(message(fixture("text")), CREDENTIALS)


def test_without_a_token_nothing_is_asked(stub: Stub) -> None:
    channel = meta(stub)

    with pytest.raises(Rejected, match=r"connections\.yaml holds no token for this account"):
        channel.author(message(fixture("text")), Credentials())
    with pytest.raises(Rejected, match=r"connections\.yaml holds no token for this account"):
        channel.content(message(fixture("mention_in_comment")), Credentials())
    assert stub.calls == []


def test_a_dead_token_pauses(stub: Stub) -> None:
    with pytest.raises(Paused, match="Meta does not accept the account's token"):
        meta(stub).author(message(fixture("text")), Credentials(token=SecretStr("old")))


@pytest.mark.parametrize(
    "broken", ["before", "after", error(2, status=500), error(1, transient=True), Said(status=502), error(4)]
)
def test_what_breaks_for_a_moment_is_asked_again(stub: Stub, broken: Break | Said) -> None:
    stub.plan.append(broken)

    with pytest.raises(RetryLater):
        meta(stub).content(message(fixture("mention_in_comment")), CREDENTIALS)


def test_another_account_of_ours_is_one_of_us(stub: Stub) -> None:
    other = Account(id="17841400000000002", about={"handle": "@Bo.Berg"})
    settings = {"app_secret": "app-secret-of-acme", "verify_token": "our-verify-token", "url": stub.url}
    both = Meta(Settings.model_validate(settings), {one.id: one for one in (ACME, other)})

    found = both.content(message(fixture("mention_in_comment")), CREDENTIALS)

    assert found is not None
    assert (found.author.handle, found.author.is_self) == ("bo.berg", True)
