"""An agent's reply reaches the customer once, and the agent is told what became of it."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from heart import NOON, Killed, all_items, clocks, count, deleted, drain, dying, edited, hear, ledger_of, said
from heart import states as item_states
from logbook import Logbook
from sqlalchemy import select
from wall import ACCOUNT, ANY_LENGTH, Desk, Wall, desk, echo, pass_time, rounds, settle, states, throttled

from bridge import replying
from bridge.answering import DELETED, EMPTY, LOST, NOBODY
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.flow import decide_some
from bridge.message import Message
from bridge.ports import Delivered, Delivery, Doubt, Undelivered, Way
from bridge.store import Store, inbox
from bridge.store.inbox import Arrival
from bridge.store.tables import piece, reply, talk


@pytest.fixture
def road(store: Store, crm: Logbook) -> Desk:
    return desk(store, crm)


# --- there and back ---


def test_a_reply_is_sent_once_and_its_agent_is_told(road: Desk) -> None:
    road.answer("We are on it")
    settle(road.made)

    assert [(post.text, post.to) for post in road.wall.posts] == [("We are on it", "m-Help")]
    assert road.ink.told == [Delivery(reply="r1", case_id=road.case, state="sent", url="https://wall.example/p1")]


def test_what_was_sent_is_not_kept(road: Desk) -> None:
    road.answer("Your card ends in 4111")

    with road.store.read() as c:
        kept = [*c.execute(select(reply.c.text)).scalars(), *c.execute(select(piece.c.text)).scalars()]
    assert kept == ["", ""]


def test_a_reply_in_a_case_that_we_do_not_know_fails_and_says_so(road: Desk) -> None:
    road.answer("Hello?", case_id="500-nobody")

    assert (road.wall.posts, road.ink.last) == ([], {"r1": ("failed", NOBODY)})


def test_a_reply_answers_the_latest_message_of_the_customer(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, said("Help"), said("Hello?"))

    road.answer("Here")

    assert [post.to for post in road.wall.posts] == ["m-Hello?"]


def test_a_reply_answers_the_message_that_it_names(store: Store, crm: Logbook) -> None:
    first = said("Help")
    road = desk(store, crm, first, said("Hello?"))

    road.answer("Here", answers=first.key)

    assert [post.to for post in road.wall.posts] == ["m-Help"]


def test_a_reply_that_names_an_edit_answers_the_message_that_was_edited(store: Store, crm: Logbook) -> None:
    first = said("Help")
    later = edited(first, "Help me")
    road = desk(store, crm, first, said("Hello?"))
    hear(store, later)
    drain(road.made)

    road.answer("Here", answers=later.key)

    assert [post.to for post in road.wall.posts] == ["m-Help"]


def test_a_reply_finds_the_message_that_it_names_also_in_a_merged_case(store: Store, crm: Logbook) -> None:
    first = said("Help")
    road = desk(store, crm, first)

    road.answer("Here", answers=first.key, case_id="the-case-that-was-kept")

    assert [post.to for post in road.wall.posts] == ["m-Help"]
    assert road.ink.last == {"r1": ("sent", "")}


def test_a_reply_that_names_a_message_of_nobody_fails(road: Desk) -> None:
    road.answer("Hello?", answers="facebook:1:nobody:created")

    assert (road.wall.posts, road.ink.last) == ([], {"r1": ("failed", NOBODY)})


def test_a_reply_passes_over_what_its_author_has_deleted(store: Store, crm: Logbook) -> None:
    later = said("Hello?")
    road = desk(store, crm, said("Help"), later)
    hear(store, deleted(later))
    drain(road.made)

    road.answer("Here")

    assert [post.to for post in road.wall.posts] == ["m-Help"]


def test_a_reply_to_a_deleted_message_fails_and_says_so(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, said("Help"))
    hear(store, deleted(said("Help")))
    drain(road.made)

    road.answer("Here")

    assert (road.wall.posts, road.ink.last) == ([], {"r1": ("failed", DELETED)})


def test_the_replies_of_one_conversation_go_out_in_order(road: Desk) -> None:
    road.wall.plan.append(throttled())
    road.write("First")
    road.write("Second")

    settle(road.made)

    assert road.wall.texts == ["First", "Second"]


def test_the_platform_hears_when_the_customer_wrote_last(store: Store, crm: Logbook) -> None:
    wrote = NOON - timedelta(hours=3)
    road = desk(store, crm, said("Help", sent_at=wrote - timedelta(days=1)), said("Hello?", sent_at=wrote))

    road.answer("Here")

    assert [one.heard_at for one in road.wall.sends] == [wrote]


def test_a_comment_opens_no_window_for_private_messages(store: Store, crm: Logbook) -> None:
    wrote = NOON - timedelta(days=3)
    private = said("Help", kind="direct", public=False, sent_at=wrote, thread="ana")
    road = desk(store, crm, private, said("Hello?", sent_at=NOON))

    road.answer("Here", answers=private.key)

    assert [one.heard_at for one in road.wall.sends] == [wrote]


# --- what its desk forgets ---


def read_again(road: Desk) -> None:
    """Read the desk, and carry to its end what comes of that."""
    replying.poll_some(road.road, "crm")
    settle(road.made)


def test_a_reply_that_still_waits_although_it_was_sent_is_told_of_again_and_never_sent_twice(road: Desk) -> None:
    road.answer("We are on it")
    road.ink.told.clear()  # that news was lost, or the agent has set the record back

    read_again(road)

    assert (road.wall.texts, road.ink.last) == (["We are on it"], {"r1": ("sent", "")})


def test_a_reply_that_failed_and_still_waits_is_told_of_again_and_never_tried_anew(road: Desk) -> None:
    road.wall.plan.append(Rejected("The customer has blocked us."))
    road.answer("Hello")
    road.ink.told.clear()

    read_again(road)

    assert (len(road.wall.sends), road.ink.last) == (1, {"r1": ("failed", "The customer has blocked us.")})


def test_a_reply_on_its_way_that_is_read_again_is_not_told_of_yet(road: Desk) -> None:
    road.wall.plan.append(throttled())
    road.write("Patience")
    replying.poll_some(road.road, "crm")
    replying.send_some(road.road, ACCOUNT)

    replying.poll_some(road.road, "crm")

    assert not replying.report_some(road.road, "crm")
    assert states(road.store) == {"r1": ("ready", "")}


# --- what the platform takes ---


def test_a_long_private_text_goes_out_in_pieces(road: Desk) -> None:
    road.wall.ways = Way(most=12, unit="characters", split=True)

    road.answer("one two three four five")

    assert road.wall.texts == ["one two", "three four", "five"]
    assert [one.first for one in road.wall.sends] == [True, False, False]
    assert road.ink.last == {"r1": ("sent", "")}


def test_a_public_text_that_is_too_long_is_refused_and_never_cut(road: Desk) -> None:
    road.wall.ways = Way(most=5, unit="characters", split=False)

    road.answer("too long")

    assert road.wall.sends == []
    assert road.ink.last == {"r1": ("failed", "The reply has 8 characters, and the platform takes 5: shorten it.")}


def test_an_empty_reply_is_refused(road: Desk) -> None:
    road.answer("  \n")

    assert (road.wall.sends, road.ink.last) == ([], {"r1": ("failed", EMPTY)})


def test_a_closed_window_is_known_before_anything_is_sent(road: Desk) -> None:
    road.wall.ways = replace(ANY_LENGTH, until=NOON)

    road.answer("Too late")

    says = "The platform takes replies until 2026-11-21 12:00 UTC only, and that is over."
    assert (road.wall.sends, road.ink.last) == ([], {"r1": ("failed", says)})


def test_a_channel_that_takes_no_replies_says_so(road: Desk) -> None:
    road.wall.ways = Rejected("Nobody can be answered here.")

    road.answer("Hello")

    assert road.ink.last == {"r1": ("failed", "Nobody can be answered here.")}


def test_a_refusal_ends_the_reply_with_the_platforms_reason(road: Desk) -> None:
    road.wall.plan.append(Rejected("The customer has blocked us. (error 551)"))

    road.answer("Hello")

    assert (road.wall.posts, road.ink.last) == ([], {"r1": ("failed", "The customer has blocked us. (error 551)")})


def test_what_was_sent_before_a_refusal_is_told(road: Desk) -> None:
    road.wall.ways = Way(most=3, unit="characters", split=True)
    road.wall.plan.extend(["", Rejected("Enough.")])

    road.answer("one two six")

    assert road.ink.last == {"r1": ("failed", "The first 1 of its 3 parts were sent. Then: Enough.")}


def test_a_throttle_spends_nothing_and_the_reply_goes_out(road: Desk) -> None:
    road.wall.plan.extend(throttled() for _ in range(20))

    road.answer("Patience")

    assert road.wall.texts == ["Patience"]
    assert {one.tried_at for one in road.wall.sends} == {None}


def test_a_dead_token_rests_its_account_and_raises_an_alarm(store: Store, crm: Logbook) -> None:
    other = said("Other page", by="bo", account=replace(said("").account, id="page-2"))
    road = desk(store, crm, said("Help"), other)
    road.wall.plan.append(Paused("The token is dead."))
    road.write("Hello")
    replying.poll_some(road.road, "crm")

    assert replying.send_some(road.road, ACCOUNT)
    assert replying.send_some(road.road, ACCOUNT)
    assert not replying.send_some(road.road, ACCOUNT)

    assert road.alarms == [(ACCOUNT, "The token is dead.")]
    assert states(store) == {"r1": ("sending", "")}
    settle(road.made)
    assert (road.wall.texts, states(store)) == (["Hello"], {"r1": ("sent", "")})


# --- an answer that was lost ---


def test_what_stands_on_the_platform_is_not_sent_again(road: Desk) -> None:
    road.wall.plan.append("lost")

    road.answer("Once")

    assert (road.wall.texts, len(road.wall.sends), road.ink.last) == (["Once"], 1, {"r1": ("sent", "")})


def test_what_does_not_stand_there_is_sent_again(road: Desk) -> None:
    road.wall.plan.append(Unsure("the line broke", after=timedelta(seconds=1)))

    road.answer("Once")

    assert (road.wall.texts, len(road.wall.sends), road.ink.last) == (["Once"], 2, {"r1": ("sent", "")})


def test_a_look_is_not_taken_before_what_was_sent_can_show(road: Desk) -> None:
    road.wall.plan.append("lost")
    road.write("Once")
    replying.poll_some(road.road, "crm")
    replying.send_some(road.road, ACCOUNT)
    replying.send_some(road.road, ACCOUNT)
    assert pass_time(road.store, timedelta(seconds=1))

    replying.send_some(road.road, ACCOUNT)

    assert states(road.store) == {"r1": ("sending", "")}


def test_the_same_mark_is_sent_again_where_the_platform_knows_it(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, wall=Wall(doubts="repeat"))
    road.wall.plan.extend(["lost", "lost"])

    road.answer("Once")

    assert (road.wall.texts, len({one.mark for one in road.wall.sends})) == (["Once"], 1)
    assert road.ink.last == {"r1": ("sent", "")}


def test_where_nobody_can_tell_the_agent_is_asked_to_look(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, wall=Wall(doubts="ask"))
    road.wall.plan.append("lost")

    road.answer("Once")

    assert (road.wall.texts, len(road.wall.sends), road.ink.last) == (["Once"], 1, {"r1": ("unsure", LOST)})


def test_a_reply_that_nobody_can_tell_of_does_not_hold_up_the_next(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, wall=Wall(doubts="ask"))
    road.wall.plan.append("lost")
    road.write("First")
    road.write("Second")

    settle(road.made)

    assert road.wall.texts == ["First", "Second"]
    assert road.ink.last == {"r1": ("unsure", LOST), "r2": ("sent", "")}


def test_a_platform_that_cannot_be_asked_now_is_asked_later(road: Desk) -> None:
    road.wall.plan.append("lost")
    road.wall.looks.extend([throttled(), Paused("The token is dead."), throttled()])

    road.answer("Once")

    assert (road.wall.texts, road.ink.last) == (["Once"], {"r1": ("sent", "")})


def test_a_platform_that_will_not_tell_leaves_it_to_the_agent(road: Desk) -> None:
    road.wall.plan.append("lost")
    road.wall.looks.append(Rejected("This cannot be listed."))

    road.answer("Once")

    says = f"{LOST} Asked for it, the platform said: This cannot be listed."
    assert (road.wall.texts, road.ink.last) == (["Once"], {"r1": ("unsure", says)})


def test_a_refusal_after_a_lost_answer_does_not_say_that_it_failed(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, wall=Wall(doubts="repeat"))
    road.wall.plan.extend(["lost", Rejected("You have said that already.")])

    road.answer("Once")

    says = f"{LOST} Sent once more, the platform said: You have said that already."
    assert road.ink.last == {"r1": ("unsure", says)}


def test_a_fault_of_ours_while_sending_is_a_lost_answer(road: Desk) -> None:
    road.wall.plan.append("broken")

    road.answer("Once")

    assert (road.wall.texts, road.ink.last) == (["Once"], {"r1": ("sent", "")})


POINTS = ("talk.claimed", "talk.trying", "talk.sent", "talk.settled")


@pytest.mark.parametrize("doubts", ["repeat", "look", "ask"])
@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_dies_never_doubles_a_reply(store: Store, crm: Logbook, point: str, doubts: Doubt) -> None:
    road = desk(store, crm, wall=Wall(doubts=doubts, ways=Way(most=5, unit="characters", split=True)))
    road.made = replace(road.made, at=dying(point, times=3))
    road.write("one two three")

    _survive(road)

    sure = doubts != "ask" or point in ("talk.claimed", "talk.settled")
    assert road.wall.texts == ["one", "two", "three"] or not sure
    assert len(road.wall.texts) == len(set(road.wall.texts))
    assert road.ink.last["r1"][0] == ("sent" if sure else "unsure")


def _survive(road: Desk) -> None:
    for _ in range(10):
        try:
            settle(road.made)
        except Killed:
            pass_time(road.store)
        else:
            return


def test_a_reply_that_kills_its_workers_is_given_up_and_told(road: Desk) -> None:
    road.made = replace(road.made, at=dying("talk.trying", times=100))
    road.wall.doubts = "repeat"
    road.write("Poison")

    for _ in range(40):
        try:
            settle(road.made)
        except Killed:
            pass_time(road.store)

    assert states(road.store) == {"r1": ("unsure", replying.CRASHED)}


# --- echoes ---


def heard(road: Desk, message: Message) -> str:
    """What becomes of something that our own side wrote on the platform."""
    hear(road.store, message)
    drain(road.made)
    return item_states(road.store)[f"{message.id}:created"]


def test_the_echo_of_a_reply_is_no_second_comment(road: Desk) -> None:
    road.answer("We are on it")

    assert heard(road, echo(road.wall.posts[0])) == "dropped: our_reply"


def test_an_echo_that_comes_before_the_answer_settles_the_reply(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, wall=Wall(doubts="ask"))
    road.wall.plan.append("lost")
    road.write("Once")
    replying.poll_some(road.road, "crm")
    replying.send_some(road.road, ACCOUNT)
    replying.send_some(road.road, ACCOUNT)
    mark = road.wall.posts[0].mark

    became = heard(road, echo(road.wall.posts[0], mark=mark, text="as the platform set it"))

    settle(road.made)
    assert (became, road.ink.last, len(road.wall.sends)) == ("dropped: our_reply", {"r1": ("sent", "")}, 1)


def test_an_echo_without_a_mark_is_known_by_its_text(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, wall=Wall(doubts="ask"))
    road.wall.plan.append("lost")
    road.answer("Once  only")
    assert road.ink.last == {"r1": ("unsure", LOST)}

    became = heard(road, echo(replace(road.wall.posts[0], text="Once only")))

    settle(road.made)
    assert (became, road.ink.last) == ("dropped: our_reply", {"r1": ("sent", "")})


def test_an_echo_while_a_reply_is_on_its_way_waits_for_it(road: Desk) -> None:
    road.wall.plan.append("lost")
    road.write("Once")
    replying.poll_some(road.road, "crm")
    replying.send_some(road.road, ACCOUNT)
    replying.send_some(road.road, ACCOUNT)
    other = replace(road.wall.posts[0], id="p9", text="by a colleague")
    hear(road.store, echo(other))

    decide_some(road.made, "fb")
    waiting = item_states(road.store)["p9:created"]
    settle(road.made)
    drain(road.made)

    assert (waiting, item_states(road.store)["p9:created"]) == ("ready", "filed")


def test_what_a_colleague_writes_in_the_app_is_a_comment(road: Desk) -> None:
    road.answer("We are on it")

    other = replace(road.wall.posts[0], id="p9", text="And here is your voucher")

    assert heard(road, echo(other)) == "filed"


# --- what the platform says later ---


def news(road: Desk, *events: Delivered | Undelivered) -> None:
    arrival = Arrival(
        connection="fb",
        received_at=NOON,
        delivered=[one for one in events if isinstance(one, Delivered)],
        undelivered=[one for one in events if isinstance(one, Undelivered)],
    )
    with road.store.write() as c:
        inbox.ingest(c, arrival)
    settle(road.made)


GONE = Undelivered(account="page-1", id="p1", reason="The number does not use it. (error 131026)")


def test_a_reply_that_never_arrived_is_told(road: Desk) -> None:
    road.answer("Hello")

    news(road, GONE)

    assert road.ink.last == {"r1": ("failed", GONE.reason)}


def test_that_it_never_arrived_may_come_before_the_answer(road: Desk) -> None:
    news(road, GONE)

    road.answer("Hello")

    assert road.ink.last == {"r1": ("failed", GONE.reason)}


def test_news_of_a_reply_of_another_account_changes_nothing(road: Desk) -> None:
    road.answer("Hello")

    news(road, replace(GONE, account="page-2"))

    assert road.ink.last == {"r1": ("sent", "")}


def test_the_platforms_word_that_it_has_a_reply_settles_a_lost_answer(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, wall=Wall(doubts="ask"))
    road.wall.plan.append("lost")
    road.answer("Hello")
    assert road.ink.last == {"r1": ("unsure", LOST)}

    news(road, Delivered(account="page-1", id="p1", reply=road.wall.posts[0].mark))

    assert road.ink.last == {"r1": ("sent", "")}


# --- the agents' side ---


@pytest.mark.parametrize("trouble", [throttled(), Paused("The CRM rests.")])
def test_agents_are_told_as_soon_as_their_crm_can_be_reached(road: Desk, trouble: Trouble) -> None:
    road.write("Hello")
    for step in (replying.poll_some,):
        step(road.road, "crm")
    road.ink.troubles = deque([trouble])

    settle(road.made)

    assert road.ink.last == {"r1": ("sent", "")}


def test_a_crm_that_cannot_be_read_is_read_later(road: Desk) -> None:
    road.ink.troubles = deque([RetryLater("not now", after=timedelta(seconds=1))])
    road.write("Hello")

    settle(road.made)
    settle(road.made)

    assert road.wall.texts == ["Hello"]


def test_two_workers_send_a_reply_once(road: Desk) -> None:
    road.write("Once")
    replying.poll_some(road.road, "crm")
    inner: list[bool] = []

    def meanwhile(point: str) -> None:
        if point == "talk.trying":
            inner.append(replying.send_some(road.road, ACCOUNT))

    both = replace(road.made, at=meanwhile)
    settle(both)

    assert (inner, road.wall.texts) == ([False], ["Once"])


def test_the_books_hold_no_open_talk_once_all_is_said(road: Desk) -> None:
    road.answer("Hello")

    assert {clock.open for clock in clocks(road.store, talk).values()} == {0}
    assert count(road.store, talk) == 1
    assert (ledger_of(road.store).replies, ledger_of(road.store).faults()) == ({"sent": 1}, [])


def test_several_workers_send_every_reply_once_and_each_conversation_in_order(store: Store, crm: Logbook) -> None:
    people = [f"p{n}" for n in range(12)]
    road = desk(store, crm, *(said(f"Help {name}", by=name) for name in people))
    cases = {one.message.author.id: one.crm_case for one in all_items(store)}
    for text in ("one", "two", "three"):
        for name in people:
            road.write(f"{text} {name}", case_id=cases[name])
    road.wall.plan.extend(["lost", "", throttled(), "", "lost"])

    def work() -> None:
        for _ in range(60):
            for step in rounds(road.road):
                step()

    with ThreadPoolExecutor(3) as pool:
        for job in [pool.submit(work) for _ in range(3)]:
            job.result()
    settle(road.made)

    said_to = {name: [text for text in road.wall.texts if text.endswith(f" {name}")] for name in people}
    assert said_to == {name: [f"one {name}", f"two {name}", f"three {name}"] for name in people}
    assert set(road.ink.last.values()) == {("sent", "")}


def test_a_platform_that_loses_every_answer_is_not_asked_for_ever(road: Desk) -> None:
    road.wall.plan.extend(Unsure("the line broke", after=timedelta(seconds=1)) for _ in range(50))

    road.answer("Once")

    says = f"{LOST} It was tried 8 times: the line broke"
    assert (len(road.wall.sends), road.ink.last) == (8, {"r1": ("unsure", says)})
