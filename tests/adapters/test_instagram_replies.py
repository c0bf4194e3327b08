"""Answers on Instagram: in private by bytes and within a window, in public under the right comment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from instagram_calls import ACME, ANA, fixture, message, parse
from instagram_platform import COMMENT, MENTION, NOW, TOKEN, Instagram, error, lively, meta
from pydantic import SecretStr
from stub import Said, Stub, running

from adapters.meta.faults import FAULTS, INSTAGRAM
from bridge import measuring
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.message import Message
from bridge.ports import Credentials, Sending, Sent, Way

DIRECT, PUBLIC, NESTED = (message(fixture(name)) for name in ("text", "comment", "comment_reply"))
MENTIONED, CAPTIONED = (message(fixture(name)) for name in ("mention_in_comment", "mention_in_caption"))
LIVE = message(fixture("live_comment"))
HEARD = NOW - timedelta(hours=1)
DAY, WEEK = timedelta(hours=24), timedelta(days=7)
LOGINS = pytest.mark.parametrize("login", ["instagram", "facebook"])

PAGE = Path(__file__).parents[2] / "docs" / "channels" / "meta.md"


@pytest.fixture
def world() -> Instagram:
    return lively()


@pytest.fixture
def stub(world: Instagram) -> Iterator[Stub]:
    with running(world.answer) as found:
        yield found


def sending(to: Message, text: str = "Yes, in black.", *, private: bool = False, **changed: Any) -> Sending:
    one = Sending(
        to=to,
        text=text,
        private=private or not to.public,
        mark="cb-1",
        credentials=Credentials(token=SecretStr(TOKEN)),
        heard_at=HEARD,
        now=NOW,
    )
    return replace(one, **changed)


def written(stub: Stub) -> list[tuple[str, str, Any]]:
    """What was written: host, path and body."""
    forms = ("application/x-www-form-urlencoded",)
    return [
        (call.host, call.path, call.form if call.headers["content-type"] in forms else call.json)
        for call in stub.writes
    ]


# --- ways ---


@pytest.mark.parametrize("name", ["text", "story_reply", "story_mention", "postback"])
def test_a_conversation_takes_a_thousand_bytes_for_a_day(name: str) -> None:
    found = meta().way(message(fixture(name)), private=False, heard_at=HEARD)

    assert found == Way(most=1000, unit="bytes", split=True, until=HEARD + DAY)


def test_human_agents_have_a_week() -> None:
    found = meta(human_agent=True).way(DIRECT, private=False, heard_at=HEARD)

    assert found == Way(most=1000, unit="bytes", split=True, until=HEARD + WEEK)


def test_a_comment_takes_one_comment_at_any_time() -> None:
    assert meta().way(PUBLIC, private=False, heard_at=HEARD) == Way(most=300, unit="characters", split=False)
    assert meta(instagram_comment_limit=500).way(PUBLIC, private=False, heard_at=HEARD) == Way(
        most=500, unit="characters", split=False
    )


def test_the_name_before_an_answer_to_an_answer_counts() -> None:
    found = meta().way(NESTED, private=False, heard_at=HEARD)

    assert found == Way(most=300 - len("@bo.berg "), unit="characters", split=False)


def test_a_comment_takes_one_private_message_for_a_week() -> None:
    found = meta().way(PUBLIC, private=True, heard_at=HEARD)

    assert PUBLIC.sent_at is not None
    assert found == Way(most=1000, unit="bytes", split=False, until=PUBLIC.sent_at + WEEK)


def test_a_live_comment_takes_private_messages_only() -> None:
    public, private = (meta().way(LIVE, private=one, heard_at=HEARD) for one in (False, True))

    assert isinstance(public, Rejected)
    assert str(public) == (
        "Instagram takes no comments of apps under a live video: answer with a private message while it runs."
    )
    assert private == Way(most=1000, unit="bytes", split=False)


NOT_HERE = (
    "Instagram takes a private message only to who commented under the account's own posts: answer in public."
)
NOBODY = "Instagram does not say who wrote this comment, so no private message can be sent: answer in public."


@pytest.mark.parametrize(
    ("to", "why"), [(MENTIONED, NOT_HERE), (replace(PUBLIC, author=replace(PUBLIC.author, id="")), NOBODY)]
)
def test_some_comments_take_no_private_message(to: Message, why: str) -> None:
    found = meta().way(to, private=True, heard_at=HEARD)

    assert isinstance(found, Rejected)
    assert str(found) == why


def test_a_text_is_cut_by_its_bytes() -> None:
    way = meta().way(DIRECT, private=False, heard_at=HEARD)

    assert isinstance(way, Way)
    assert measuring.split("ä" * 500, way.most, way.unit) == ["ä" * 500]
    assert measuring.split("ä" * 501, way.most, way.unit) == ["ä" * 500, "ä"]


# --- sending ---


@LOGINS
def test_a_private_message_goes_to_the_customer(stub: Stub, login: str) -> None:
    found = meta(stub, instagram_login=login).send(sending(DIRECT))

    assert found == Sent(id="aWdfZ901")
    body = {"recipient": {"id": ANA}, "message": {"text": "Yes, in black."}}
    assert written(stub) == [(f"graph.{login}.com", "/v25.0/me/messages", body)]
    assert [call.token for call in stub.calls] == [TOKEN]


def test_after_a_day_a_human_answers(stub: Stub) -> None:
    channel = meta(stub, human_agent=True)

    channel.send(sending(DIRECT, heard_at=NOW - DAY))
    channel.send(sending(DIRECT, heard_at=NOW - DAY - timedelta(seconds=1)))

    plain = {"recipient": {"id": ANA}, "message": {"text": "Yes, in black."}}
    tagged = {**plain, "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    assert [body for _, _, body in written(stub)] == [plain, tagged]


@LOGINS
def test_a_comment_is_answered_below_it(stub: Stub, login: str) -> None:
    found = meta(stub, instagram_login=login).send(sending(PUBLIC, "It left today & äöü"))

    assert found == Sent(id="1800000000000901")
    path = f"/v25.0/{COMMENT}/replies"
    assert written(stub) == [(f"graph.{login}.com", path, {"message": "It left today & äöü"})]


def test_an_answer_to_an_answer_stands_below_the_first_and_names_the_customer(stub: Stub) -> None:
    meta(stub).send(sending(NESTED, "Yours too."))

    path = f"/v25.0/{COMMENT}/replies"
    assert written(stub) == [("graph.instagram.com", path, {"message": "@bo.berg Yours too."})]


def test_an_answer_to_somebody_unnamed_names_nobody(stub: Stub) -> None:
    meta(stub).send(sending(replace(NESTED, author=replace(NESTED.author, handle="")), "Yours too."))

    assert [body for _, _, body in written(stub)] == [{"message": "Yours too."}]


@pytest.mark.parametrize(("login", "account"), [("instagram", "me"), ("facebook", ACME.id)])
def test_a_mention_is_answered_where_it_stands(stub: Stub, login: str, account: str) -> None:
    channel = meta(stub, instagram_login=login)

    channel.send(sending(MENTIONED))
    channel.send(sending(CAPTIONED))

    where = (f"graph.{login}.com", f"/v25.0/{account}/mentions")
    assert written(stub) == [
        (*where, {"media_id": MENTIONED.thread, "comment_id": MENTION, "message": "Yes, in black."}),
        (*where, {"media_id": CAPTIONED.thread, "message": "Yes, in black."}),
    ]


def test_a_comment_is_answered_in_private(stub: Stub) -> None:
    found = meta(stub).send(sending(PUBLIC, private=True))

    assert found == Sent(id="aWdfZ901")
    body = {"recipient": {"comment_id": COMMENT}, "message": {"text": "Yes, in black."}}
    assert written(stub) == [("graph.instagram.com", "/v25.0/me/messages", body)]


def test_a_success_without_an_id_is_unsure(stub: Stub) -> None:
    stub.plan.append(Said(body={"recipient_id": ANA}))

    with pytest.raises(Unsure, match="message_id is missing"):
        meta(stub).send(sending(DIRECT))


# --- echoes ---


def test_the_echo_of_a_private_message_has_its_id(world: Instagram, stub: Stub) -> None:
    found = meta(stub).send(sending(DIRECT))

    document = fixture("echo")
    said = document["entry"][0]["messaging"][0]["message"]
    said |= {"mid": world.talks[ANA][0]["id"], "text": world.talks[ANA][0]["message"]}
    (echo,) = parse(document)
    assert isinstance(echo, Message)
    assert (echo.id, echo.text, echo.author.is_self) == (found.id, "Yes, in black.", True)


def test_the_echo_of_a_comment_has_its_id(world: Instagram, stub: Stub) -> None:
    found = meta(stub).send(sending(PUBLIC))

    document = fixture("comment_by_us")
    stands = world.comments[found.id]
    value = {name: stands[name] for name in ("id", "text", "from", "media")}
    document["entry"][0]["changes"][0]["value"] |= value | {"parent_id": stands["under"]}
    (echo,) = parse(document)
    assert isinstance(echo, Message)
    assert (echo.id, echo.text, echo.author.is_self) == (found.id, "Yes, in black.", True)


def test_metadata_that_comes_back_is_the_mark() -> None:
    assert message(fixture("echo")).mark == "cb-1"


# --- lost answers ---


@pytest.mark.parametrize("to", [DIRECT, PUBLIC, NESTED])
@pytest.mark.parametrize("lost", ["after", "late"])
def test_what_went_out_is_found(world: Instagram, stub: Stub, to: Message, lost: Any) -> None:
    channel, one = meta(stub), sending(to)
    stub.plan.append(lost)

    with pytest.raises(Unsure):
        channel.send(one)
    found = channel.look(replace(one, tried_at=NOW, now=NOW + timedelta(minutes=1)))

    assert channel.doubt(one) == "look"
    assert found == Sent(id=f"{'1800000000000' if to.public else 'aWdfZ'}{world.given}")


@pytest.mark.parametrize("to", [DIRECT, PUBLIC, NESTED])
def test_what_did_not_go_out_is_not_found(stub: Stub, to: Message) -> None:
    channel, one = meta(stub), sending(to)
    stub.plan.append("before")

    with pytest.raises(Unsure):
        channel.send(one)

    assert channel.look(replace(one, tried_at=NOW)) is None


def test_a_private_answer_to_a_comment_is_found_in_the_conversation(stub: Stub) -> None:
    channel, one = meta(stub), sending(PUBLIC, private=True, tried_at=NOW)
    sent = channel.send(one)

    assert channel.look(one) == sent


def test_the_same_words_of_before_and_of_others_are_not_ours(world: Instagram, stub: Stub) -> None:
    channel, later = meta(stub), NOW + timedelta(minutes=2)
    channel.send(sending(DIRECT))
    channel.send(sending(PUBLIC))
    world.now = later
    world.talks[ANA].insert(0, {**world.talks[ANA][0], "id": "aWdfZA9", "from": {"id": ANA}})
    hers = {"id": ANA, "username": "ana.ruiz"}
    world.comments["1"] = {**world.comments["1800000000000902"], "id": "1", "from": hers, "username": "ana.ruiz"}

    found = [channel.look(sending(to, tried_at=later)) for to in (DIRECT, PUBLIC)]

    assert found == [None, None]


@pytest.mark.parametrize("who", [{"from": {"id": "5", "username": "cy"}, "username": "cy"}, {}])
@pytest.mark.parametrize("to", [DIRECT, PUBLIC])
def test_the_same_words_of_somebody_else_or_of_nobody_are_not_ours(
    world: Instagram, stub: Stub, to: Message, who: dict[str, Any]
) -> None:
    when = "2026-11-21T12:00:00+0000"
    world.talks[ANA].insert(0, {"id": "aWdfZA9", "created_time": when, "message": "Yes, in black.", **who})
    told = {"id": "1", "text": "Yes, in black.", "timestamp": when, "media": {}, "under": COMMENT}
    world.comments["1"] = told | who

    assert meta(stub).look(sending(to, tried_at=NOW)) is None


def test_where_the_account_has_no_name_nothing_is_told_apart(world: Instagram, stub: Stub) -> None:
    stub.answer = lambda call: Said(body={"id": "7"}) if call.path.endswith("/me") else world.answer(call)

    with pytest.raises(Rejected, match="does not tell the name of the account itself"):
        meta(stub).look(sending(PUBLIC, tried_at=NOW))


def test_spaces_and_missing_ats_make_no_difference(world: Instagram, stub: Stub) -> None:
    channel, one = meta(stub), sending(NESTED, "Yours  too.", tried_at=NOW)
    sent = channel.send(one)
    world.comments[sent.id]["text"] = "bo.berg Yours too."

    assert channel.look(one) == sent


def test_every_page_of_comments_is_looked_at(world: Instagram, stub: Stub) -> None:
    other = {**world.comments[COMMENT], "under": COMMENT, "from": {"id": "7"}, "username": "cy"}
    world.comments |= {str(n): {**other, "id": str(n)} for n in range(5)}
    channel, one = meta(stub), sending(PUBLIC, tried_at=NOW)
    sent = channel.send(one)

    assert channel.look(one) == sent
    assert all("access_token" not in call.query for call in stub.calls)


def test_more_comments_than_can_be_looked_at_leave_it_open(world: Instagram, stub: Stub) -> None:
    other = {**world.comments[COMMENT], "under": COMMENT, "from": {"id": "7"}, "username": "cy"}
    world.comments |= {str(n): {**other, "id": str(n)} for n in range(20)}

    with pytest.raises(Rejected, match="too many comments to find it among them"):
        meta(stub).look(sending(PUBLIC, tried_at=NOW))


def test_more_messages_than_instagram_tells_leave_it_open(world: Instagram, stub: Stub) -> None:
    said = {**world.talks[ANA][0], "created_time": "2026-11-21T12:00:30+0000"}
    world.talks[ANA] = [{**said, "id": f"aWdfZB{n}"} for n in range(20)]

    with pytest.raises(Rejected, match="more than the 20 messages that Instagram shows were written since"):
        meta(stub).look(sending(DIRECT, tried_at=NOW))


def test_answers_to_mentions_cannot_be_looked_for() -> None:
    assert [meta().doubt(sending(to)) for to in (MENTIONED, CAPTIONED)] == ["ask", "ask"]


# --- errors ---

OUTCOMES: dict[str, type[Trouble]] = {
    "throttled": RetryLater,
    "temporary": Unsure,
    "token": Paused,
    "refused": Rejected,
}


@pytest.mark.parametrize("code", FAULTS)
def test_every_documented_error_says_what_it_means(stub: Stub, code: str) -> None:
    number, _, subcode = code.partition("/")
    stub.plan.append(error(int(number), int(subcode) if subcode else None))

    with pytest.raises(Trouble) as caught:
        meta(stub).send(sending(DIRECT))

    assert type(caught.value) is OUTCOMES[FAULTS[code].means]
    assert str(caught.value) == f"{FAULTS[code].says} (error {code})"


def test_a_window_that_closed_meanwhile_has_its_own_sentence(stub: Stub) -> None:
    stub.plan.append(error(10, 2534022, status=403))

    with pytest.raises(Rejected, match="Instagram takes answers for 24 hours") as caught:
        meta(stub).send(sending(DIRECT))

    assert str(caught.value) == f"{INSTAGRAM['10/2534022'].says} (error 10/2534022)"


def test_a_throttle_is_heeded_for_as_long_as_instagram_wants(stub: Stub) -> None:
    usage = '{"17841400000000001": [{"type": "instagram", "estimated_time_to_regain_access": 7}]}'
    stub.plan.append(replace(error(80002), headers={"X-Business-Use-Case-Usage": usage}))

    with pytest.raises(RetryLater) as caught:
        meta(stub).send(sending(DIRECT))

    assert caught.value.after == timedelta(minutes=7)
    assert not caught.value.counts


@pytest.mark.parametrize("said", [error(2, status=500), error(100, transient=True), Said(status=502)])
def test_what_broke_may_have_gone_out(stub: Stub, said: Said) -> None:
    stub.plan.append(said)

    with pytest.raises(Unsure):
        meta(stub).send(sending(PUBLIC))


def test_a_dead_token_pauses_the_account(stub: Stub) -> None:
    with pytest.raises(Paused, match="Make a new token"):
        meta(stub).send(sending(DIRECT, credentials=Credentials(token=SecretStr("old"))))


def test_without_a_token_nothing_is_sent(stub: Stub) -> None:
    with pytest.raises(Rejected, match=r"connections\.yaml holds no token"):
        meta(stub).send(sending(DIRECT, credentials=Credentials()))

    assert stub.calls == []


def test_the_page_lists_exactly_these_errors() -> None:
    page = PAGE.read_text(encoding="utf-8")
    section = page[page.index("\n## Instagram\n") :]
    table = section[section.index("| Code | Means | Agents read |") :].partition("\n\n")[0]

    rows = [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in table.splitlines()[2:]]

    assert rows == [(f"`{code}`", fault.means, fault.says) for code, fault in INSTAGRAM.items()]
