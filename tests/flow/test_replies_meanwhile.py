"""What happens to a reply while it is on its way: echoes, bad news, dead tokens, hostile and strange values."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from heart import CARE, NOON, all_items, drain, hear, ledger_of, ours, said, worker
from heart import states as item_states
from logbook import Logbook
from sqlalchemy import update
from wall import ACCOUNT, Desk, Wall, desk, echo, rounds, settle, states

from bridge import replying
from bridge.answering import ANOTHER, LOST, UNREADABLE
from bridge.errors import Paused, Rejected, Unsure
from bridge.flow import decide_some
from bridge.message import Message
from bridge.ports import Delivered, Reply, Undelivered, Way
from bridge.store import Store, echoes, inbox, replies
from bridge.store.inbox import Arrival
from bridge.store.tables import item, piece
from bridge.worker import strangers

BY_THREE = Way(most=3, unit="characters", split=True)
LOST_IT = Unsure("the line broke", after=timedelta(seconds=1))
GONE = Undelivered(account="page-1", id="p2", reason="It never arrived.")


@pytest.fixture
def road(store: Store, crm: Logbook) -> Desk:
    return desk(store, crm)


def meanwhile(road: Desk, point: str, does: Callable[[], object], *, time: int = 1) -> None:
    """Have something happen when a worker comes to a point, for the `time`-th time."""
    left = [time]

    def at(here: str) -> None:
        if here == point:
            left[0] -= 1
            if not left[0]:
                does()

    road.made = replace(road.made, at=at)


def heard(road: Desk, message: Message) -> None:
    """Something of our own side comes, and is decided about."""
    hear(road.store, message)
    decide_some(replace(road.made, at=lambda _: None), "fb")


def news(store: Store, *told: Delivered | Undelivered) -> None:
    """The platform says what became of texts of ours."""
    came = [one for one in told if isinstance(one, Delivered)]
    lost = [one for one in told if isinstance(one, Undelivered)]
    with store.write() as c:
        inbox.ingest(c, Arrival(connection="fb", received_at=NOON, delivered=came, undelivered=lost))


# --- echoes ---


def test_an_echo_between_claim_and_attempt_ends_the_reply(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, wall=Wall(doubts="repeat"))
    road.wall.plan.append("lost")
    meanwhile(road, "talk.claimed", lambda: heard(road, echo(road.wall.posts[0])), time=3)

    road.answer("Once")

    assert (len(road.wall.sends), road.ink.last) == (1, {"r1": ("sent", "")})


def test_an_echo_of_a_piece_saves_its_reply_from_being_given_up(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, wall=Wall(doubts="ask", ways=BY_THREE))
    road.wall.plan.append("lost")
    meanwhile(road, "talk.claimed", lambda: heard(road, echo(road.wall.posts[0])), time=3)

    road.answer("one two six")

    assert (road.wall.texts, road.ink.last) == (["one", "two", "six"], {"r1": ("sent", "")})


def test_an_echo_is_of_the_text_that_was_tried_last(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, wall=Wall(doubts="ask"))
    road.wall.plan.append(LOST_IT)
    road.answer("ok")
    meanwhile(road, "talk.sent", lambda: heard(road, echo(road.wall.posts[0])))

    road.answer("ok")

    assert road.ink.last == {"r1": ("unsure", LOST), "r2": ("sent", "")}


def private_echo(road: Desk) -> Message:
    """What the platform calls back about a private reply to a comment: it opens a conversation elsewhere."""
    post = echo(road.wall.posts[0], reply_to="", thread="psid")
    return replace(post, channel="messenger", kind="direct", public=False)


@pytest.mark.parametrize("lost", ["", "lost"])
def test_the_echo_of_a_private_reply_to_a_comment_is_known_in_its_own_conversation(road: Desk, lost: str) -> None:
    wrote = said("Hello", by="psid", thread="psid")
    hear(road.store, replace(wrote, channel="messenger", kind="direct", public=False))
    drain(road.made)
    road.wall.plan.append(lost)
    meanwhile(road, "talk.settled", lambda: heard(road, private_echo(road)))

    road.answer("Psst", private=True)

    assert item_states(road.store)["p1:created"] == "dropped: our_reply"
    assert road.ink.last == {"r1": ("sent", "")}


def test_an_earlier_reply_with_the_same_words_is_not_taken_for_a_lost_one(road: Desk) -> None:
    road.answer("ok")
    road.wall.plan.append(LOST_IT)

    road.answer("ok")

    says = f"{LOST} Asked for it, the platform said: {ANOTHER}"
    assert road.ink.last == {"r1": ("sent", ""), "r2": ("unsure", says)}


def test_a_case_that_was_answered_from_the_crm_knows_since_when(store: Store, crm: Logbook) -> None:
    since = CARE.replace('{text: "{text}"', '{text: "{case.first_reply_at | default heard}"').replace(
        '{text}"}]', 'never"}]'
    )
    road = desk(store, crm, mapping=since)
    hear(store, said("Hello?"))
    drain(road.made)
    road.answer("Here", private=True)
    hear(store, said("Hello??"))
    drain(road.made)
    road.answer("Here")

    hear(store, said("Thanks"))
    drain(road.made)

    assert [text == "never" for text in crm.texts()] == [True, True, True, False]


# --- bad news ---


@pytest.mark.parametrize(("point", "sent"), [("talk.claimed", 2), ("talk.trying", 3), ("talk.sent", 3)])
def test_a_piece_that_never_arrived_fails_the_reply_while_the_next_is_sent(
    road: Desk, point: str, sent: int
) -> None:
    road.wall.ways = BY_THREE
    meanwhile(road, point, lambda: news(road.store, GONE), time=4 if point == "talk.claimed" else 3)

    road.answer("one two six")

    assert (len(road.wall.posts), road.ink.last) == (sent, {"r1": ("failed", GONE.reason)})
    assert ledger_of(road.store).faults() == []


def test_news_of_another_account_that_came_before_the_answer_changes_nothing(road: Desk) -> None:
    news(road.store, replace(GONE, id="p1", account="page-2"))

    road.answer("Hello")

    assert road.ink.last == {"r1": ("sent", "")}


def test_after_a_dead_token_nothing_more_of_its_account_is_tried(store: Store, crm: Logbook) -> None:
    people = ["ana", "bo", "cy"]
    road = desk(store, crm, *(said(f"Help {name}", by=name) for name in people))
    for one in all_items(store):
        road.write(f"Hi {one.message.author.id}", case_id=one.crm_case)
    replying.poll_some(road.road, "crm")
    replying.send_some(road.road, ACCOUNT)
    road.wall.plan.extend(Paused("The token is dead.") for _ in people)

    replying.send_some(road.road, ACCOUNT)

    assert (len(road.wall.sends), road.alarms) == (1, [(ACCOUNT, "The token is dead.")])
    road.wall.plan.clear()
    settle(road.made)
    assert sorted(road.wall.texts) == ["Hi ana", "Hi bo", "Hi cy"]


def test_callbacks_and_agents_that_come_to_the_same_conversations_do_not_deadlock(
    store: Store, crm: Logbook
) -> None:
    people = [f"p{n}" for n in range(8)]
    road = desk(store, crm, *(said(f"Help {name}", by=name) for name in people))
    cases = [one.crm_case for one in all_items(store)]
    for case in cases:
        road.write("Hi", case_id=case)
    settle(road.made)
    posts = [post.id for post in road.wall.posts]

    def told(order: list[str]) -> None:
        for _ in range(5):
            late = [Delivered(account="page-1", id=post, reply="") for post in order[4:]]
            news(store, *(replace(GONE, id=post) for post in order[:4]), *late)

    def taken(order: list[str]) -> None:
        for n in range(5):
            more = [Reply(id=f"{n}-{case}", case_id=case, text="And") for case in order]
            with store.write() as c:
                replies.take(c, "crm", more)

    def echoed(order: list[str]) -> None:
        for _ in range(5):
            with store.write() as c:
                echoes.match(c, {n: (ours("Hi", id=post), "", timedelta(0)) for n, post in enumerate(order)})

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(told, posts), pool.submit(told, posts[::-1]), pool.submit(taken, cases)]
        for job in [*jobs, pool.submit(echoed, posts[::-1])]:
            job.result()

    assert ledger_of(store).faults() == []


# --- values ---


def test_signs_that_no_database_stores_hold_nothing_up(road: Desk) -> None:
    road.write("a\0b\ud800")
    road.write("Fine")
    road.wall.plan.extend(["", Rejected("Refused: \0")])

    settle(road.made)

    assert road.wall.texts == ["a\ufffdb\ufffd"]
    assert states(road.store) == {"r1": ("sent", ""), "r2": ("failed", "Refused: \ufffd")}


def test_of_a_reply_that_has_ended_no_text_is_kept(road: Desk) -> None:
    road.wall.plan.append(Rejected("Never."))

    road.answer("Your card ends in 4111")

    with road.store.read() as c:
        assert c.execute(piece.select().with_only_columns(piece.c.text)).scalars().all() == [""]


@pytest.mark.parametrize("polled", [False, True])
def test_a_reply_to_what_this_version_cannot_read_fails_and_says_so(road: Desk, polled: bool) -> None:
    road.write("Hello")
    if polled:
        replying.poll_some(road.road, "crm")
    with road.store.write() as c:
        c.execute(update(item).values(body='{"of": "another version"}'))

    settle(road.made)

    assert (road.wall.sends, road.ink.last) == ([], {"r1": ("failed", UNREADABLE)})


def test_what_may_have_been_sent_and_cannot_be_read_any_more_did_not_surely_fail(road: Desk) -> None:
    road.wall.plan.append("lost")
    road.write("Hello")
    replying.poll_some(road.road, "crm")
    for _ in range(2):
        replying.send_some(road.road, ACCOUNT)
    with road.store.write() as c:
        c.execute(update(item).values(body='{"of": "another version"}'))

    settle(road.made)

    assert (road.wall.texts, road.ink.last) == (["Hello"], {"r1": ("unsure", f"{LOST} {UNREADABLE}")})


def test_a_fault_of_ours_after_a_lost_answer_does_not_say_that_it_failed(store: Store, crm: Logbook) -> None:
    class Forgetful(Wall):
        def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:
            if self.sends:
                raise ZeroDivisionError
            return self.ways

    road = desk(store, crm, wall=Forgetful(plan=deque(["lost"])))

    road.answer("Hello")

    assert road.wall.texts == ["Hello"]
    assert [(state, says.startswith(LOST)) for state, says in road.ink.last.values()] == [("unsure", True)]


def test_a_short_lease_still_sends(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, lease=timedelta(seconds=5))

    road.answer("Hello")

    assert road.wall.texts == ["Hello"]


def test_very_many_replies_at_once_are_all_taken_and_each_once(road: Desk) -> None:
    for n in range(2 * replying.TAKEN + 1):
        road.write(f"{n}")

    replying.poll_some(road.road, "crm")
    replying.poll_some(road.road, "crm")

    assert len(states(road.store)) == 2 * replying.TAKEN + 1
    assert ledger_of(road.store).faults() == []


def test_nothing_is_due_while_an_account_rests_and_its_agents_are_quiet(road: Desk) -> None:
    asleep = road.road
    road.ink.every = timedelta(hours=1)
    road.write("Hello")
    road.wall.plan.append(Paused("The token is dead."))
    replying.poll_some(asleep, "crm")
    replying.send_some(asleep, ACCOUNT)
    replying.send_some(asleep, ACCOUNT)

    due = rounds(asleep)

    assert (due, len(road.wall.sends)) == ([], 1)


def test_replies_for_a_platform_that_is_switched_off_are_named_when_a_worker_starts(road: Desk) -> None:
    road.write("Hello")
    replying.poll_some(road.road, "crm")

    told = strangers(worker(replace(road.made, channels={})))

    assert told == ["replies of 'fb' wait to be sent, but no such connection is switched on in connections.yaml"]
