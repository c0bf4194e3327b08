"""Answers on TikTok: which way they go, what is sent, what becomes of it, and what TikTok says when it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from stub import Said
from tiktok_calls import ACME, ANA, BEN, fixture, message
from tiktok_platform import (
    CREDENTIALS,
    NOW,
    TALK,
    TOKEN,
    VIDEO,
    World,
    bad,
    commented,
    good,
    heard,
    said,
    world,
)

from adapters.tiktok.faults import FAULTS
from bridge import measuring
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.message import Message
from bridge.ports import Credentials, Sending, Sent, Way

PAGE = (Path(__file__).parents[2] / "docs" / "channels" / "tiktok.md").read_text(encoding="utf-8")
COMMENT = "7400000000000000001"
RAISED = {"throttled": RetryLater, "temporary": Unsure, "token": Paused, "refused": Rejected}
SEND, REPLY = "/open_api/v1.3/business/message/send/", "/open_api/v1.3/business/comment/reply/create/"


@pytest.fixture
def tt() -> Iterator[World]:
    with world() as found:
        found.platform.talks = {TALK: []}
        found.platform.comments = [commented(COMMENT, "Mine broke after a day", NOW - timedelta(hours=1))]
        yield found


def sending(to: Message, text: str = "We look into it.", **changed: Any) -> Sending:
    given: dict[str, Any] = {
        "to": to,
        "text": text,
        "private": not to.public,
        "mark": "mark-1",
        "credentials": CREDENTIALS,
        "heard_at": NOW - timedelta(hours=1),
        "now": NOW,
    }
    return Sending(**{**given, **changed})


DIRECT, BELOW = sending(heard("dm_text")), sending(heard("comment"))


# --- the way ----------------------------------------------------------------------------------------------------

OPEN = Way(most=6000, unit="characters", split=True, until=NOW + timedelta(hours=48))
PUBLIC = Way(most=1200, unit="characters", split=False)
WAYS: dict[str, Way | str] = {
    "dm_text": OPEN,
    "dm_button": OPEN,
    "dm_video": OPEN,
    "dm_eu": "TikTok lets nobody answer this message through an app, as of customers in the EEA, Switzerland and "
    "the UK: answer in the TikTok app.",
    "comment": PUBLIC,
    "comment_reply": PUBLIC,
    "mention_comment": PUBLIC,
    "mention_video": "TikTok lets apps answer comments only, not videos of others that mention you: answer in "
    "TikTok.",
    "high_intent": "TikTok has not said under which video this comment stands: answer in the TikTok app.",
}


def way(one: World, name: str, *, private: bool = False) -> Way | str:
    found = one.channel.way(heard(name), private=private, heard_at=NOW)
    return found if isinstance(found, Way) else str(found)


@pytest.mark.parametrize("name", WAYS)
def test_an_answer_goes_where_the_customer_wrote(tt: World, name: str) -> None:
    assert way(tt, name) == WAYS[name]


def test_a_comment_is_not_answered_by_direct_message_unless_the_admin_says_so(tt: World) -> None:
    assert str(way(tt, "comment", private=True)).startswith("TikTok does not let this account answer a comment by")


def test_where_it_is_allowed_one_direct_message_answers_a_comment_for_48_hours() -> None:
    with world(comment_to_dm=True) as tt:
        told = Way(most=6000, unit="characters", split=False, until=NOW + timedelta(hours=47))

        assert [way(tt, name, private=True) for name in ("comment", "high_intent")] == [told, told]
        for name in ("comment_reply", "mention_comment", "mention_video"):
            assert str(way(tt, name, private=True)).startswith("TikTok lets one direct message answer a comment")


def test_the_longest_comment_is_the_admins_to_say() -> None:
    with world(longest_comment=150) as tt:
        assert way(tt, "comment") == replace(PUBLIC, most=150)


@pytest.mark.parametrize(("most", "private"), [(6000, True), (1200, False)])
def test_an_emoji_counts_as_its_characters(most: int, private: bool) -> None:
    unit = OPEN.unit if private else PUBLIC.unit

    assert measuring.measure("👍" * most, unit) == most
    assert measuring.measure("👍🏽", unit) == 2


# --- sending ----------------------------------------------------------------------------------------------------


def test_a_direct_message_quotes_what_it_answers(tt: World) -> None:
    found = tt.channel.send(DIRECT)

    assert found == Sent(id="Msg+901==")
    (call,) = tt.stub.calls
    assert (call.method, call.path, call.headers["access-token"]) == ("POST", SEND, TOKEN)
    assert call.json == {
        "business_id": ACME.id,
        "recipient_type": "CONVERSATION",
        "recipient": TALK,
        "referenced_message_info": {"referenced_message_id": "Msg+01=="},
        "message_type": "TEXT",
        "text": {"body": "We look into it."},
    }


@pytest.mark.parametrize("one", [replace(DIRECT, first=False), sending(heard("dm_video"))])
def test_only_the_first_piece_quotes_and_only_what_can_be_quoted(tt: World, one: Sending) -> None:
    tt.channel.send(one)

    assert "referenced_message_info" not in tt.stub.calls[0].json


def test_a_comment_is_answered_below_it(tt: World) -> None:
    found = tt.channel.send(BELOW)

    assert found == Sent(id="7400000000000000901", url=f"https://www.tiktok.com/player/v1/{VIDEO}")
    (call,) = tt.stub.calls
    assert (call.path, call.json) == (
        REPLY,
        {"business_id": ACME.id, "video_id": VIDEO, "comment_id": COMMENT, "text": "We look into it."},
    )


def test_a_comment_can_be_answered_by_direct_message(tt: World) -> None:
    found = tt.channel.send(replace(BELOW, private=True))

    assert found == Sent(id="Msg+901==")
    assert tt.stub.calls[0].json == {
        "business_id": ACME.id,
        "direct_reply": {"reply_type": "COMMENT_REPLY", "comment_reply": {"comment_id": COMMENT}},
        "message_type": "TEXT",
        "text": {"body": "We look into it."},
    }


def test_the_echo_of_a_direct_message_is_what_was_sent(tt: World) -> None:
    sent = tt.channel.send(DIRECT)

    echo = message(fixture("dm_sent", message_id=sent.id))

    assert (echo.id, echo.author.is_self, echo.thread) == (sent.id, True, heard("dm_text").thread)


def test_the_echo_of_a_comment_is_what_was_sent(tt: World) -> None:
    sent = tt.channel.send(BELOW)

    echo = message(fixture("comment_own", comment_id=int(sent.id)))

    assert (echo.id, echo.author.is_self, echo.reply_to, echo.url) == (sent.id, True, COMMENT, sent.url)


# --- what goes wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", [DIRECT, BELOW], ids=["direct", "comment"])
@pytest.mark.parametrize("code", FAULTS)
def test_every_documented_error_is_what_it_means(tt: World, code: str, one: Sending) -> None:
    tt.stub.plan.append(bad(int(code)))

    with pytest.raises(Trouble) as caught:
        tt.channel.send(one)

    assert type(caught.value) is RAISED[FAULTS[code].means]
    assert str(caught.value) == f"{FAULTS[code].says} (error {code})"


def test_the_table_of_the_page_is_the_table_of_errors() -> None:
    table = PAGE[PAGE.index("| Code | Means | Agents read |") :].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\d+)` \| (\w+) \| (.*) \|$", table, re.MULTILINE)

    assert rows == [(code, fault.means, fault.says) for code, fault in FAULTS.items()]


UNDOCUMENTED = [
    (bad("40105"), Paused),
    (bad(50123), Rejected),
    (bad(50042), Unsure),
    (bad(49999), Rejected),
    (Said(status=429, body=b""), RetryLater),
    (Said(status=401, body=b""), Paused),
    (Said(status=403, body=b""), Rejected),
    (Said(status=502, body=b"busy"), Unsure),
    (Said(status=500, body={"code": 50000}), Unsure),
    (Said(body=b"<html>"), Unsure),
    (Said(body={}), Unsure),
    (Said(body={"code": None}), Unsure),
    (good(), Unsure),
    ("before", Unsure),
    ("after", Unsure),
]


@pytest.mark.parametrize("one", [DIRECT, BELOW], ids=["direct", "comment"])
@pytest.mark.parametrize(("planned", "raised"), UNDOCUMENTED)
def test_what_may_have_been_sent_is_unsure_and_nothing_else(
    tt: World, planned: Said, raised: type[Exception], one: Sending
) -> None:
    tt.stub.plan.append(planned)

    with pytest.raises(raised):
        tt.channel.send(one)

    assert len(tt.stub.writes) == 1


def test_a_throttle_waits_as_long_as_tiktok_says(tt: World) -> None:
    tt.stub.plan.append(replace(bad(40100), headers={"Retry-After": "300"}))
    tt.stub.plan.append(bad(40100))

    waits = []
    for _ in range(2):
        with pytest.raises(RetryLater) as caught:
            tt.channel.send(DIRECT)
        waits.append(caught.value.after)

    assert waits == [timedelta(seconds=300), timedelta(minutes=1)]


def test_what_never_reached_tiktok_is_sent_later() -> None:
    with world() as tt:
        pass

    with pytest.raises(RetryLater):
        tt.channel.send(DIRECT)


def test_a_dead_token_rests_the_account_and_is_not_shown(tt: World) -> None:
    with pytest.raises(Paused) as caught:
        tt.channel.send(replace(DIRECT, credentials=Credentials(token=SecretStr("act.dead-token"))))

    assert "dead-token" not in str(caught.value)


def test_without_a_token_nothing_is_sent(tt: World) -> None:
    with pytest.raises(Rejected, match="holds no token for this account"):
        tt.channel.send(replace(DIRECT, credentials=Credentials()))

    assert tt.stub.calls == []


# --- after a lost answer ----------------------------------------------------------------------------------------


def test_what_tiktok_lists_is_looked_for_and_the_rest_is_not(tt: World) -> None:
    others = [replace(BELOW, private=True), sending(heard("mention_comment"))]

    assert [tt.channel.doubt(one) for one in (DIRECT, BELOW, *others)] == ["look", "look", "ask", "ask"]


@pytest.mark.parametrize("one", [DIRECT, BELOW], ids=["direct", "comment"])
@pytest.mark.parametrize("broken", ["after", "late"])
def test_what_was_sent_although_the_answer_was_lost_is_found(one: Sending, broken: Any) -> None:
    with world(timeout=0.5) as tt:
        tt.platform.talks = {TALK: []}
        tt.platform.comments = [commented(COMMENT, "Mine broke after a day", NOW)]
        tt.stub.plan.append(broken)
        with pytest.raises(Unsure):
            tt.channel.send(one)

        found = tt.channel.look(replace(one, tried_at=NOW))

        direct = not one.to.public
        assert found == Sent(id="Msg+901==" if direct else "7400000000000000901", url=one.to.url)


@pytest.mark.parametrize("one", [DIRECT, BELOW], ids=["direct", "comment"])
def test_what_was_not_sent_is_not_found(tt: World, one: Sending) -> None:
    tt.stub.plan.append("before")
    with pytest.raises(Unsure):
        tt.channel.send(one)

    assert tt.channel.look(replace(one, tried_at=NOW)) is None


LATER, EARLIER = NOW + timedelta(seconds=3), NOW - timedelta(seconds=6)
TEXT = "We look into it."

TALKED = {
    "as it was sent": ([said("M1", TEXT, LATER, by=ACME.id)], "M1"),
    "with other spaces": ([said("M1", " We look\ninto  it.", LATER, by=ACME.id)], "M1"),
    "a little before, by another clock": ([said("M1", TEXT, NOW - timedelta(seconds=5), by=ACME.id)], "M1"),
    "without a time": ([said("M1", TEXT, LATER, by=ACME.id, timestamp=None)], "M1"),
    "behind others": ([said("M2", "Thanks", LATER), said("M1", TEXT, LATER, by=ACME.id)], "M1"),
    "too early": ([said("M1", TEXT, EARLIER, by=ACME.id)], None),
    "by the customer": ([said("M1", TEXT, LATER)], None),
    "another text": ([said("M1", "We looked into it.", LATER, by=ACME.id)], None),
    "no text": ([said("M1", TEXT, LATER, by=ACME.id) | {"text": None}], None),
    "no author": ([said("M1", TEXT, LATER, by=ACME.id, from_user="acme")], None),
    "twenty, one of them earlier": ([*[said("M2", "x", LATER)] * 19, said("M1", "x", EARLIER)], None),
}


@pytest.mark.parametrize("case", TALKED)
def test_a_direct_message_is_known_by_its_text_its_time_and_its_author(tt: World, case: str) -> None:
    listed, number = TALKED[case]
    tt.platform.talks = {TALK: listed}

    found = tt.channel.look(replace(DIRECT, tried_at=NOW))

    assert found == (None if number is None else Sent(id=number))


def test_where_more_was_said_than_tiktok_lists_nobody_can_tell(tt: World) -> None:
    tt.platform.talks = {TALK: [said(f"M{n}", "x", LATER) for n in range(25)]}

    with pytest.raises(Rejected, match="more of our own words than TikTok lists"):
        tt.channel.look(replace(DIRECT, tried_at=NOW))


def below(text: str = TEXT, **more: Any) -> Any:
    given = {"by": ACME.id, "owner": True, "parent_comment_id": COMMENT, **more}
    return commented("7409", text, given.pop("when", LATER), **given)


COMMENTED = {
    "as it was sent": ([below()], True),
    "by our id": ([below(owner=False)], True),
    "by the owner of the video, under another id": ([below(by="other-id-of-acme")], True),
    "on the second page": ([below("x", by=BEN, owner=False, when=LATER + timedelta(1))] * 3 + [below()], True),
    "too early": ([below(when=EARLIER)], False),
    "by somebody else": ([below(by=ANA, owner=False)], False),
    "below another comment": ([below(parent_comment_id="7401")], False),
}


@pytest.mark.parametrize("case", COMMENTED)
def test_a_comment_is_known_by_its_text_its_time_and_its_author(tt: World, case: str) -> None:
    listed, found = COMMENTED[case]
    tt.platform.comments += listed

    assert (tt.channel.look(replace(BELOW, tried_at=NOW)) == Sent(id="7409", url=BELOW.to.url)) is found


def test_the_same_words_to_another_comment_a_little_before_are_another_reply(tt: World) -> None:
    tt.platform.comments.append(below("Mine too", by=BEN, owner=False) | {"comment_id": "7400000000000000003"})
    tt.channel.send(sending(heard("comment_reply")))
    later = NOW + timedelta(minutes=1)
    tt.stub.clock = later.timestamp()

    assert tt.channel.look(replace(BELOW, tried_at=NOW + timedelta(seconds=20), now=later)) is None


@pytest.mark.parametrize("one", [DIRECT, BELOW], ids=["direct", "comment"])
@pytest.mark.parametrize("behind", [timedelta(minutes=5), timedelta(0), -timedelta(minutes=5)])
def test_a_clock_that_goes_wrong_does_not_hide_what_was_sent(tt: World, one: Sending, behind: timedelta) -> None:
    tt.platform.now = NOW - behind
    tt.stub.clock = tt.platform.now.timestamp()
    sent = tt.channel.send(one)

    assert tt.channel.look(replace(one, tried_at=NOW)) == sent


def test_an_answer_below_an_answer_is_looked_for_below_the_top(tt: World) -> None:
    tt.platform.comments.append(below("Mine too", by=BEN, owner=False) | {"comment_id": "7400000000000000003"})
    one = sending(heard("comment_reply"))
    sent = tt.channel.send(one)

    assert tt.channel.look(replace(one, tried_at=NOW)) == sent


def test_a_list_that_does_not_end_is_given_up(tt: World) -> None:
    tt.platform.comments += [below("x")] * 25

    with pytest.raises(Rejected, match="more of our own words than TikTok lists"):
        tt.channel.look(replace(BELOW, tried_at=NOW))

    assert len(tt.stub.calls) == 10


@pytest.mark.parametrize("one", [DIRECT, BELOW], ids=["direct", "comment"])
@pytest.mark.parametrize(
    ("planned", "raised"),
    [(bad(40100), RetryLater), (bad(50002), RetryLater), ("after", RetryLater), (bad(40105), Paused)],
)
def test_a_look_that_fails_can_be_made_again(
    tt: World, planned: Said, raised: type[Exception], one: Sending
) -> None:
    tt.stub.plan.append(planned)

    with pytest.raises(raised):
        tt.channel.look(replace(one, tried_at=NOW))

    assert tt.stub.writes == []
