"""Looking after Instagram accounts: what is wrong is found, what can be is mended, what was missed comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from instagram_calls import ACME, ANA, fixture, parse
from instagram_platform import (
    CUSTOMER,
    HEARD,
    NESTED,
    NOW,
    TOKEN,
    URL,
    US,
    Instagram,
    at,
    error,
    lively,
    meta,
)
from pydantic import SecretStr
from stub import Said, Stub, running

from bridge.errors import Paused, Rejected, RetryLater
from bridge.message import Message
from bridge.ports import Credentials, Finding, Renewed, Upkeep

CREDENTIALS = Credentials(token=SecretStr(TOKEN))
SIGN_IN = "Let the account sign in to the app anew, and put its new token into connections.yaml."
INSTALL = "Run casebridge subscribe. If the account is not on Instagram, say under products what it is."
OK = [
    Finding(level="ok", about="clock", says="This machine's clock agrees with Meta's."),
    Finding(
        level="ok",
        about="callback",
        says=f"Meta sends what happens on instagram here: {', '.join(HEARD)}.",
    ),
    Finding(
        level="ok",
        account=ACME.id,
        about="token",
        says="The token works. Instagram does not tell until when: for 60 days after it was made or renewed.",
    ),
    Finding(
        level="ok", account=ACME.id, about="installation", says=f"The account tells the app of {', '.join(HEARD)}."
    ),
]


@pytest.fixture
def world() -> Instagram:
    return lively()


@pytest.fixture
def stub(world: Instagram) -> Iterator[Stub]:
    with running(world.answer) as found:
        found.clock = NOW.timestamp()
        yield found


def upkeep(token: str = TOKEN, *, url: str = URL, **changed: Any) -> Upkeep:
    credentials = {ACME.id: Credentials(token=SecretStr(token) if token else None)}
    return replace(Upkeep(url=url, credentials=credentials, now=NOW), **changed)


def examined(stub: Stub, kept: Upkeep | None = None, **settings: object) -> list[Finding]:
    return meta(stub, app_id="5500000000000001", **settings).examine(kept or upkeep())


def wrong(found: list[Finding]) -> list[Finding]:
    return [one for one in found if one.level != "ok"]


def fault(about: str, says: str, do: str) -> list[Finding]:
    return [Finding(level="fault", account=ACME.id, about=about, says=says, do=do)]


# --- examining ---


def test_where_all_is_well_everything_is_ok(stub: Stub) -> None:
    assert examined(stub) == OK
    assert stub.writes == []


def test_an_account_without_a_token_is_found(stub: Stub) -> None:
    says = "connections.yaml holds no token for this account: write one under its id."

    assert wrong(examined(stub, upkeep(""))) == fault("token", says, SIGN_IN)


def test_a_dead_token_is_found(stub: Stub) -> None:
    (found,) = wrong(examined(stub, upkeep("old")))

    assert (found.level, found.about, found.do) == ("fault", "token", SIGN_IN)
    assert "error 190" in found.says
    assert "old" not in found.says


def test_a_token_of_another_account_is_found(world: Instagram, stub: Stub) -> None:
    world.account = "17841400000000009"

    assert wrong(examined(stub)) == fault(
        "token", "The token is of the account '17841400000000009', not of this one.", SIGN_IN
    )


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/me/conversations", "instagram_business_manage_messages"),
        ("/me/media", "instagram_business_manage_comments"),
    ],
)
def test_a_missing_permission_is_found(world: Instagram, stub: Stub, path: str, scope: str) -> None:
    world.denied = {path}

    (found,) = wrong(examined(stub))

    assert (found.level, found.about) == ("fault", "scopes")
    assert found.says == f"The token does not allow {scope}."
    assert "Allow access to messages" in found.do


def test_fields_that_the_app_does_not_hear_are_found(world: Instagram, stub: Stub) -> None:
    world.heard = ["comments", "messages"]

    assert wrong(examined(stub)) == fault(
        "installation",
        "The account does not tell the app of live_comments, message_edit, messaging_postbacks.",
        INSTALL,
    )


def test_an_app_that_is_not_let_in_is_found(world: Instagram, stub: Stub) -> None:
    world.heard = []

    (found,) = wrong(examined(stub))

    assert found.says == f"The account does not tell the app of {', '.join(HEARD)}."


def test_reactions_are_asked_for_where_they_are_wanted(stub: Stub) -> None:
    found = wrong(examined(stub, reactions=True))

    assert [one.says for one in found] == [
        "The app does not hear of message_reactions on instagram.",
        "The account does not tell the app of message_reactions.",
    ]


@pytest.mark.parametrize("broken", ["before", Said(status=503), error(4)])
def test_what_cannot_be_told_now_is_a_warning(stub: Stub, broken: Any) -> None:
    stub.plan += [None, None, broken]

    (found,) = wrong(examined(stub))

    assert (found.level, found.about, found.do) == ("warning", "token", "Try again later.")


def test_a_platform_that_is_down_is_a_finding(world: Instagram, stub: Stub) -> None:
    world.down = True

    assert [one.level for one in examined(stub)] == ["fault"]


@pytest.mark.parametrize(
    ("apart", "level"), [(60, "ok"), (61, "warning"), (300, "warning"), (301, "fault"), (-301, "fault")]
)
def test_a_wrong_clock_is_found(stub: Stub, apart: int, level: str) -> None:
    stub.clock = (NOW + timedelta(seconds=apart)).timestamp()

    assert [one.level for one in examined(stub) if one.about == "clock"] == [level]


# --- Facebook's login ---


def test_with_facebooks_login_the_token_tells_what_it_allows(world: Instagram, stub: Stub) -> None:
    ends = NOW + timedelta(days=3)
    world.debugged |= {"scopes": ["instagram_basic", "pages_show_list"], "expires_at": int(ends.timestamp())}

    found = wrong(examined(stub, instagram_login="facebook"))

    assert [(one.level, one.about, one.until) for one in found] == [
        ("fault", "subscription", None),
        ("warning", "expiry", ends),
        ("fault", "scopes", None),
    ]
    assert found[2].says == (
        "The token does not allow instagram_manage_messages, instagram_manage_comments, pages_manage_metadata."
    )


def test_with_facebooks_login_the_page_lets_the_app_in(world: Instagram, stub: Stub) -> None:
    world.heard = []

    found = wrong(examined(stub, instagram_login="facebook"))

    assert found[-1:] == fault("installation", "The account does not tell the app of messages.", INSTALL)


# --- subscribing ---


def test_what_is_missing_is_written_once(world: Instagram, stub: Stub) -> None:
    world.heard, world.callback = ["story_insights", "messages"], None
    channel = meta(stub, app_id="5500000000000001")

    first = channel.subscribe(upkeep())
    written = [call.path for call in stub.writes]
    second = channel.subscribe(upkeep())

    assert [(one.level, one.about) for one in wrong(first)] == [("done", "callback"), ("done", "installation")]
    assert world.heard == ["story_insights", "messages", "comments", "live_comments", *HEARD[3:]]
    assert written == ["/v25.0/5500000000000001/subscriptions", "/v25.0/me/subscribed_apps"]
    assert wrong(second) == []
    assert len(stub.writes) == 2


def test_which_of_several_apps_this_is_is_not_guessed(world: Instagram, stub: Stub) -> None:
    apps = [{"id": "1", "subscribed_fields": ["messages"]}, {"id": "2", "subscribed_fields": HEARD}]
    told = Said(body={"data": apps})
    stub.answer = lambda call: told if call.path.endswith("/subscribed_apps") else world.answer(call)

    (found,) = wrong(meta(stub, app_id="5500000000000001").subscribe(upkeep()))

    assert (found.level, found.about) == ("warning", "installation")
    assert stub.writes == []


def test_a_refusal_to_let_the_app_in_is_a_finding(world: Instagram, stub: Stub) -> None:
    world.heard = []
    world.denied = {"/me/subscribed_apps"}

    (found,) = wrong(meta(stub, app_id="5500000000000001").subscribe(upkeep()))

    assert (found.level, found.about, found.do) == ("fault", "installation", INSTALL)


# --- renewing ---


def test_a_token_is_renewed_for_sixty_days(stub: Stub) -> None:
    found = meta(stub).renew(ACME.id, CREDENTIALS, NOW)

    assert found == Renewed(
        credentials=Credentials(token=SecretStr("token-of-acme-anew")), until=NOW + timedelta(days=60)
    )
    (call,) = stub.calls
    query = {"grant_type": "ig_refresh_token", "access_token": TOKEN}
    assert (call.method, call.host, call.path, call.query) == (
        "GET",
        "graph.instagram.com",
        "/refresh_access_token",
        query,
    )


@pytest.mark.parametrize("lasts", [None, "5184000", -1, 10**12, True])
def test_a_renewed_token_whose_end_is_not_told_ends_all_the_same(stub: Stub, lasts: object) -> None:
    stub.plan.append(Said(body={"access_token": "anew", "expires_in": lasts}))

    found = meta(stub).renew(ACME.id, CREDENTIALS, NOW)

    assert found is not None
    assert found.until == NOW + timedelta(days=60)


def test_a_page_token_is_not_renewed(stub: Stub) -> None:
    assert meta(stub, instagram_login="facebook").renew(ACME.id, CREDENTIALS, NOW) is None
    assert meta(stub).renew(ACME.id, Credentials(), NOW) is None
    assert stub.calls == []


def test_a_dead_token_asks_for_a_person(stub: Stub) -> None:
    with pytest.raises(Rejected, match="sign in to the app anew"):
        meta(stub).renew(ACME.id, Credentials(token=SecretStr("old")), NOW)


@pytest.mark.parametrize("broken", [error(100), error(4), "before", "after", Said(status=500), Said()])
def test_a_renewal_that_fails_comes_again(stub: Stub, broken: Any) -> None:
    stub.plan.append(broken)

    with pytest.raises(RetryLater) as caught:
        meta(stub).renew(ACME.id, CREDENTIALS, NOW)

    assert TOKEN not in str(caught.value)


# --- what was missed ---


def backfilled(stub: Stub, since: timedelta = timedelta(hours=2), **settings: object) -> list[Message]:
    pages = meta(stub, **settings).backfill(ACME.id, CREDENTIALS, NOW - since)
    events = [one for page in pages for one in page]
    messages = [one for one in events if isinstance(one, Message)]
    assert messages == events
    return messages


@pytest.mark.parametrize("login", ["instagram", "facebook"])
def test_what_was_missed_has_the_keys_of_callbacks(world: Instagram, stub: Stub, login: str) -> None:
    world.talks[ANA].insert(
        0, {"id": "aWdfZA5", "created_time": at(NOW), "from": US, "to": {"data": [CUSTOMER]}, "message": "Yes"}
    )
    nested = fixture("comment_reply")
    called = [
        *parse(fixture("comment")),
        *parse(nested),
        *parse(fixture("echo")),
        *parse(fixture("text")),
    ]

    found = backfilled(stub, instagram_login=login)

    assert [one.key for one in found] == [one.key for one in called if isinstance(one, Message)]
    assert [one.author.is_self for one in found] == [False, False, True, False]
    assert [one.thread for one in found] == [one.thread for one in called if isinstance(one, Message)]


def test_a_comment_comes_back_as_it_came(world: Instagram, stub: Stub) -> None:
    comment, nested, *_ = backfilled(stub)
    (called,) = parse(fixture("comment"))

    assert isinstance(called, Message)
    assert comment == replace(
        called,
        connection="backfill",
        raw=comment.raw,
        received_at=NOW - timedelta(hours=2),
        sent_at=NOW - timedelta(hours=1),
    )
    assert (nested.id, nested.reply_to) == (NESTED, called.id)


def test_only_what_came_since_then_comes_back(stub: Stub) -> None:
    assert backfilled(stub, timedelta(minutes=59)) == []


def test_posts_of_long_ago_are_left_out(world: Instagram, stub: Stub) -> None:
    world.media[0]["timestamp"] = at(NOW - timedelta(days=31))

    assert [one.kind for one in backfilled(stub)] == ["direct"]


def test_answers_that_do_not_come_along_are_fetched(world: Instagram, stub: Stub) -> None:
    answer = world.comments[NESTED]
    world.comments |= {str(n): {**answer, "id": str(n)} for n in range(1, 5)}
    world.shown = 1

    found = backfilled(stub)

    assert [one.id for one in found if one.reply_to == answer["under"]] == [NESTED, "1", "2", "3", "4"]


def test_stories_and_files_come_back_as_what_they_are(world: Instagram, stub: Stub) -> None:
    said = {**world.talks[ANA][0], "to": {"data": [US]}, "message": ""}
    world.talks[ANA] = [
        {
            **said,
            "id": "1",
            "message": "Nice!",
            "story": {"reply_to": {"id": "17", "link": "https://cdn.example.com/s.jpg"}},
        },
        {**said, "id": "2", "story": {"mention": {"link": "https://cdn.example.com/m.jpg"}}},
        {**said, "id": "3", "attachments": {"data": [{"image_data": {"url": "https://cdn.example.com/i.jpg"}}]}},
        {**said, "id": "4", "attachments": {"data": [{"file_url": "https://cdn.example.com/f.pdf"}]}},
    ]

    found = [one for one in backfilled(stub) if not one.public]

    assert [(one.id, one.kind, [(a.kind, a.url) for a in one.attachments]) for one in found] == [
        ("1", "story_reply", [("link", "https://cdn.example.com/s.jpg")]),
        ("2", "story_mention", [("link", "https://cdn.example.com/m.jpg")]),
        ("3", "direct", [("image", "https://cdn.example.com/i.jpg")]),
        ("4", "direct", [("file", "https://cdn.example.com/f.pdf")]),
    ]


def test_a_throttle_goes_up_and_what_came_before_is_good(stub: Stub) -> None:
    pages = meta(stub).backfill(ACME.id, CREDENTIALS, NOW - timedelta(hours=2))
    first = next(pages)
    stub.plan.append(error(80002))

    with pytest.raises(RetryLater):
        list(pages)
    assert len(first) == 1


def test_a_dead_token_stops_it(stub: Stub) -> None:
    with pytest.raises(Paused):
        list(meta(stub).backfill(ACME.id, Credentials(token=SecretStr("old")), NOW))


def test_comments_that_are_refused_keep_no_private_message(world: Instagram, stub: Stub) -> None:
    world.denied = {"/me/media"}
    pages = meta(stub).backfill(ACME.id, CREDENTIALS, NOW - timedelta(hours=2))

    (found,) = next(pages)

    assert isinstance(found, Message)
    assert found.id == "aWdfZA1"
    with pytest.raises(Rejected, match="lacks a permission"):
        next(pages)


def test_one_post_that_is_refused_keeps_no_other(world: Instagram, stub: Stub) -> None:
    world.media.insert(0, {**world.media[0], "id": "1"})
    world.denied = {"/1/comments"}
    pages, found = meta(stub).backfill(ACME.id, CREDENTIALS, NOW - timedelta(hours=2)), list[Any]()

    with pytest.raises(Rejected, match="lacks a permission"):
        found.extend(one for some in pages for one in some)

    assert [one.kind for one in found] == ["comment", "comment", "direct"]
