"""A message's story is found by its id, its key or its address, and holds all that is kept of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from heart import CARE, NOON, PAGE, WITH_CONTACT, all_items, bridge, column, deleted, drain, edited, hear, said
from logbook import Logbook
from sqlalchemy import update
from wall import desk

from bridge import addresses, mapping_set, protecting, story
from bridge.errors import Rejected
from bridge.filing import file_some
from bridge.flow import decide_some, keep
from bridge.mapping import read
from bridge.ports import Skipped, Unreadable
from bridge.store import Store, inbox, lanes, queues, revisions, stories
from bridge.store.engine import now
from bridge.store.inbox import Arrival
from bridge.store.stories import Story
from bridge.store.tables import case_row, item, lane, target

URL = "https://www.facebook.com/10150001/posts/900100"
CARD = "4716044832501584"
MASKED = CARE + "protect: {mask: {card_number: our_copies}}\n"


def told(store: Store, name: str) -> list[Story]:
    """The stories of a name."""
    with store.read() as c:
        return stories.stories(c, name)


def keys(store: Store, name: str) -> list[str]:
    """The keys of the stories of a name."""
    return [one.item.key for one in told(store, name)]


# --- the road of a message ------------------------------------------------------------------------------------


def test_the_story_of_a_filed_message_has_every_time_in_its_order(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    drain(bridge(store, crm))

    (found,) = told(store, "m-one")

    times = [found.stored_at, found.placed_at, found.frozen_at, found.settled_at]
    whole = [time for time in times if time is not None]
    assert (len(whole), whole) == (4, sorted(whole))
    assert (found.connection, found.fetched, found.masked) == ("fb", False, False)
    assert (found.link, found.attempts, found.unsure, found.due_in) == ("logbook:c1", 0, False, None)
    text = story.text(found, {})
    assert "  decided   heard = one\n            care.yaml:10\n" in text
    assert "  case      c1 logbook:c1" in text


def test_the_deciding_lines_are_those_of_the_revision_that_decided(store: Store, crm: Logbook) -> None:
    files = {"connections.yaml": "version: 1\nmappings: [care]\n", "care.yaml": "\n" * 9 + "- the tenth line\n"}
    with store.write() as c:
        number = revisions.publish(c, files, digest=mapping_set.digest(files))
        revisions.publish(c, {**files, "care.yaml": "another\n" * 12}, digest="another")
    hear(store, said("one"))
    drain(bridge(store, crm, revision=number))

    with store.read() as c:
        (found,) = stories.stories(c, "m-one")
        sets = stories.sets(c, [found])

    assert sets == {1: files}
    assert "            care.yaml:10  - the tenth line\n" in story.text(found, sets)


def test_a_revision_that_is_not_kept_leaves_the_lines_out(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    drain(bridge(store, crm))

    with store.read() as c:
        assert stories.sets(c, stories.stories(c, "m-one")) == {}


def test_the_story_of_a_waiting_message_says_what_it_waits_for(store: Store, crm: Logbook) -> None:
    hear(store, said("one"))
    made = bridge(store, crm)
    crm.arm("locked")
    crm.arm("lost")
    for _ in range(2):
        decide_some(made, "fb")
        file_some(made, "crm")
        with store.write() as c:
            c.execute(update(case_row).values(due_at=now()))

    (found,) = told(store, said("one").key)

    assert (found.attempts, found.unsure) == (1, True)
    assert found.due_in == pytest.approx(0, abs=5)
    asked = "1 failed attempt; an answer was lost, the CRM will be asked first; the connection was cut;"
    assert asked in story.text(found, {})


def test_the_story_of_a_message_whose_author_nobody_could_look_up_says_why(store: Store, crm: Logbook) -> None:
    one = said("one")
    hear(store, one)
    crm.arm("throttled")
    decide_some(bridge(store, crm, WITH_CONTACT), "fb")

    (before,) = told(store, one.key)
    hear(store, deleted(one))
    after = told(store, one.key)[0]

    assert "  waiting   undecided: too many calls; looked at again in " in story.text(before, {})
    assert (before.why, after.why) == ("too many calls", "")


def test_the_story_of_a_message_whose_crm_rests_says_why(store: Store) -> None:
    hear(store, said("one"))
    decide_some(bridge(store, None), "fb")
    with store.write() as c:
        pause = {"id": "crm", "paused_until": now() + 60_000, "probe_at": 0, "reason": "the login was refused"}
        c.execute(target.insert().values(**pause))

    (found,) = told(store, "m-one")

    assert found.rests == "the login was refused"


def test_the_story_of_a_message_that_is_not_decided_as_a_crm_rests_says_so(store: Store) -> None:
    hear(store, said("one"))
    with store.write() as c:
        pause = {"id": "crm", "paused_until": now() + 60_000, "probe_at": 0, "reason": "the login was refused"}
        c.execute(target.insert().values(**pause))

    (found,) = told(store, "m-one")

    assert found.rests == "crm: the login was refused"


def test_what_waits_behind_another_does_not_bear_its_failures(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm)
    hear(store, said("one"), said("two"))
    undecided = [told(store, f"m-{name}")[0].behind for name in ("one", "two")]
    crm.arm("locked")
    decide_some(made, "fb")
    file_some(made, "crm")
    hear(store, said("three"))
    decide_some(made, "fb")

    placed = [told(store, f"m-{name}")[0] for name in ("one", "three")]

    assert undecided == [False, True]
    assert [(one.item.state, one.attempts, one.behind) for one in placed] == [
        ("sending", 1, False),
        ("ready", 0, True),
    ]


def test_the_replies_to_a_message_are_told_without_what_they_say(store: Store, crm: Logbook) -> None:
    road = desk(store, crm, said("Help"), said("Other", by="bo"))
    road.answer("Your card ends in 4111")
    road.wall.ways = Rejected("It is too old.")
    road.answer("Again")

    (found,), (other,) = told(store, "m-Help"), told(store, "m-Other")

    first, second = found.replies
    assert (first.id, first.state, first.url) == ("r1", "sent", "https://wall.example/p1")
    assert first.tried_at is not None
    assert (second.id, second.state, second.tried_at) == ("r2", "failed", None)
    assert "4111" not in story.text(found, {})
    assert found.answered_at is not None
    assert (other.replies, other.answered_at) == ((), None)


def test_what_we_fetched_is_told_from_what_a_platform_called_with(store: Store) -> None:
    hear(store, said("called"))
    keep([said("missed"), Unreadable(item=b"x", error="broken")], "fb", NOON, store, fetched=True)

    assert [told(store, one.key)[0].fetched for one in all_items(store)] == [False, True, True]


# --- found by its address -------------------------------------------------------------------------------------


def test_a_message_is_found_by_its_address_however_it_was_copied(store: Store) -> None:
    hear(store, said("one", url=URL), said("two", url=URL + "?comment_id=55"))

    assert keys(store, "m.facebook.com/10150001/posts/900100/?__tn__=R") == [said("one").key]


def test_its_edits_and_its_deletion_are_told_with_it_in_the_ledgers_order(store: Store) -> None:
    one = said("one", id="10150001_900100", url=URL)
    hear(store, one)
    hear(store, edited(one, "new"))
    hear(store, deleted(one))

    assert [key.split(":")[3] for key in keys(store, "10150001_900100")] == ["created", "edited", "deleted"]
    assert keys(store, URL) == keys(store, "10150001_900100")
    assert keys(store, one.key) == keys(store, f" {one.key}\n") == [one.key]


@pytest.mark.parametrize(
    ("channel", "stored", "asked"),
    [
        ("x", "2080001", "https://twitter.com/other_name/status/2080001/photo/1?s=20"),
        ("facebook", "10150001_900100", "https://www.facebook.com/permalink.php?story_fbid=900100&id=10150001"),
        ("facebook", "900100_55", "https://www.facebook.com/acme/posts/900100?comment_id=55"),
        ("trustpilot", "65a1b2c3", "https://uk.trustpilot.com/reviews/65a1b2c3"),
    ],
)
def test_a_message_whose_address_nobody_told_is_found_by_the_ids_in_it(
    store: Store, channel: str, stored: str, asked: str
) -> None:
    hear(store, said("one", id=stored, channel=channel), said("two", id="another"))

    assert [one.item.points_at[2] for one in told(store, asked)] == [stored]


def test_a_comment_that_never_came_is_not_taken_for_its_post(store: Store) -> None:
    hear(store, said("one", id="10150001_900100", url=URL))

    assert keys(store, f"{URL}?comment_id=55") == []


def test_a_post_that_never_came_is_not_taken_for_one_of_another_platform(store: Store) -> None:
    for channel in ("tiktok", "line", "x"):
        hear(store, said(channel, id="2080001", channel=channel))

    found = [told(store, f"https://{at}/2080001") for at in ("x.com/ana/status", "t.me/acme_care", "acme.example")]

    assert [[one.item.points_at[0] for one in some] for some in found] == [["x"], [], []]


def test_of_the_messages_that_share_an_address_the_latest_are_told(store: Store) -> None:
    film = "https://www.tiktok.com/@acme/video/7388001"
    hear(store, *(said(f"c{n:02}", url=film) for n in range(stories.MOST + 3)))

    found = [one.item.points_at[2] for one in told(store, film)]

    assert found == [f"m-c{n:02}" for n in range(3, stories.MOST + 3)]


def test_what_its_author_deleted_has_no_address_any_more(store: Store) -> None:
    one = said("one", url="https://www.threads.com/@ana/post/Pp")
    hear(store, one)

    hear(store, deleted(one))

    assert set(column(store, item, "url_digest").values()) == {""}


def test_an_address_that_was_fetched_later_is_known_too(store: Store) -> None:
    hear(store, said("one"))
    with store.write() as c:
        claim = queues.claim(c, lane, "fb", token="t", lease=timedelta(seconds=30), suspects_first=False)
        (waits,) = lanes.waiting(c, claim)
        body = waits.body.replace('"url":""', f'"url":"{URL}"')
        lanes.complete(c, claim, [replace(waits, body=body)])

    assert keys(store, URL) == [said("one").key]


def test_a_masked_address_leaves_no_trace_of_what_it_was(store: Store, crm: Logbook) -> None:
    mapping = read(MASKED, "care.yaml")
    hear(store, said("one", url=f"https://forum.example/cards/{CARD}"))
    before = set(column(store, item, "url_digest").values())
    drain(bridge(store, crm, MASKED, protection=protecting.protection([mapping])))

    after = set(column(store, item, "url_digest").values())

    assert before == {addresses.digest(f"https://forum.example/cards/{CARD}")}
    assert after == {addresses.digest("https://forum.example/cards/[card number]")}
    assert told(store, "m-one")[0].masked


# --- what never came ------------------------------------------------------------------------------------------


def test_a_message_that_never_came_has_no_story(store: Store) -> None:
    assert [told(store, name) for name in ("m-one", URL, "", "\x00")] == [[], [], [], []]


def test_what_came_in_its_place_is_told_by_connection_and_account(store: Store) -> None:
    hear(store, said("one"), said("two", by="bo"))
    day = timedelta(days=1)
    for age, reason in ((day, "typing"), (30 * day, "receipt")):
        skipped = Skipped(reason=reason, event="seen")  # type: ignore[arg-type]
        keep([skipped], "fb", store.now() - age, store)
    with store.write() as c:
        broken = Unreadable(item=b"x", error="broken")
        inbox.ingest(c, Arrival(connection="x", received_at=NOON, unreadable=[broken]))
        pause = {"id": "crm", "paused_until": now() + 60_000, "probe_at": 0, "reason": "it is away"}
        c.execute(target.insert().values(**pause))

    with store.read() as c:
        found = stories.around(c)

    assert list(found.latest) == [("fb", PAGE), ("x", "")]
    assert all(abs(store.now() - at) < timedelta(minutes=1) for at in found.latest.values())
    assert (found.whole, found.paused) == (True, {"crm": "it is away"})
    assert found.skipped == {("fb", "typing", "seen"): 1}


def test_nothing_ever_came_to_an_empty_database(store: Store) -> None:
    with store.read() as c:
        assert stories.around(c) == stories.Around()
