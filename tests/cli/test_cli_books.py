"""The commands that look at what was stored, as processes, over a bridge that has filed, dropped and given up."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import road
from crms import SALESFORCE
from road import PAGE, Road, casebridge, comment, comments

TOPIC = '    ContactId: "{person.id}"\n    Topic__c: "{raw.value.video}"\n'
MAPPING = SALESFORCE.mapping.replace('    ContactId: "{person.id}"\n', TOPIC) + "protect:\n  too_long: refuse\n"
"""A comment with a film brings an address that is too long for its field in the org."""

KEY, OTHER_KEY = (base64.urlsafe_b64encode(letter * 32).decode() for letter in (b"k", b"o"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    folder = tmp_path_factory.mktemp("books")
    with road.road(folder, road.configure(folder, mapping=MAPPING, CASEBRIDGE_KEY=KEY), anew=True) as found:
        found.order("fields", object="Case", name="Topic__c", type="string", length=10)
        found.deliver(
            comments(
                comment("1_1", "First words", by="61"),
                comment("1_2", "A giveaway", by="62"),
                comment("1_3", "With a film", by="63") | {"video": "https://cdn.example/1.mp4"},
                comment("1_4", "", by="64") | {"message": {}},
                comment("1_5", "Better words", by="65") | {"verb": "edited"},
                comment("1_6", "", by="66") | {"item": "like"},
            )
        )
        with closing(sqlite3.connect(folder / "bridge.db")) as c:
            c.execute("vacuum into ?", (str(folder / "first.db"),))
        yield found


@pytest.fixture
def copied(running: Road, tmp_path: Path) -> dict[str, str]:
    """The environment of a database with what came first, on which nobody works."""
    shutil.copy(running.folder / "first.db", tmp_path / "bridge.db")
    return {**running.env, "DATABASE_URL": f"sqlite:///{tmp_path / 'bridge.db'}"}


def key(number: str, change: str = "created") -> str:
    return f"facebook:{PAGE}:{number}:{change}"


# --- explain --------------------------------------------------------------------------------------------------

STORIES = {
    "1_1": [
        "  comment, acme-meta / 10150001: called by the platform, signature checked\n",
        "  placed    20",
        " UTC  by mapping plain of revision 1, for salesforce/Case/facebook",
        "  sent      20",
        " UTC  to salesforce\n",
        "  filed     20",
        "  case      500",
    ],
    "1_2": [
        "  dropped   20",
        f" UTC  by plain.yaml:7 of revision 1\n{' ' * 12}{MAPPING.splitlines()[6].strip()}\n",
    ],
    "1_3": ["  placed    20", "by mapping plain", "  dead      20", "Topic__c"],
    "1_5": ["  waiting   undecided: the message that it changes is not here; looked at again in "],
}


@pytest.mark.parametrize("number", STORIES)
def test_explain_tells_the_story_of_a_message_by_the_platforms_id(copied: dict[str, str], number: str) -> None:
    code, told, errors = casebridge(copied, "explain", number)

    assert (code, errors) == (0, "")
    assert told.startswith(key(number, "edited" if number == "1_5" else "created"))
    assert [words for words in STORIES[number] if words not in told] == []


def test_explain_tells_the_story_of_a_message_by_its_key(copied: dict[str, str]) -> None:
    by_id = casebridge(copied, "explain", "1_1", anew=True)

    by_key = casebridge(copied, "explain", key("1_1"))

    assert by_key == by_id


@pytest.mark.parametrize(
    "address",
    [
        f"https://www.facebook.com/{PAGE}/posts/900100?comment_id=1_1",
        "m.facebook.com/1_1/?__tn__=R",
        "https://www.facebook.com/permalink.php?story_fbid=1&id=1&comment_id=1",
    ],
)
def test_explain_tells_the_story_of_a_message_by_its_address(copied: dict[str, str], address: str) -> None:
    by_id = casebridge(copied, "explain", "1_1")

    by_address = casebridge(copied, "explain", address)

    assert by_address == by_id


def test_explain_tells_what_a_message_says_only_when_it_is_asked_to(copied: dict[str, str]) -> None:
    (_, without, _), (_, words, _) = (
        casebridge(copied, "explain", "1_1"),
        casebridge(copied, "explain", "1_1", "--text"),
    )

    assert "First words" not in without
    assert "  text      First words\n" in words


def test_explain_tells_its_story_as_json(copied: dict[str, str]) -> None:
    code, told, errors = casebridge(copied, "explain", "1_2", "--format", "json")

    (found,) = json.loads(told)["stories"]
    assert (code, errors) == (0, "")
    assert (found["key"], found["state"], found["reason"]) == (key("1_2"), "dropped", "plain.yaml:7")
    assert found["written"] == MAPPING.splitlines()[6].strip()


def test_explain_says_why_a_message_may_have_never_come(copied: dict[str, str]) -> None:
    code, told, why = casebridge(copied, "explain", "1_99")

    lines = why.splitlines()
    assert (code, told, lines[0]) == (
        1,
        "",
        "no message with the id, key or address '1_99' was ever received here",
    )
    assert [line.partition(" UTC  ")[2] for line in lines[3:5]] == [
        "acme-meta (unreadable)",
        f"acme-meta / {PAGE}",
    ]
    assert "       1  acme-meta: likes and other reactions (feed:like:add)" in lines
    assert any("casebridge doctor" in line for line in lines)


def test_explain_says_so_as_json_too(copied: dict[str, str]) -> None:
    code, told, errors = casebridge(copied, "explain", "1_99", "--format", "json")

    found = json.loads(told)
    assert (code, errors, found["stories"]) == (1, "", [])
    assert [(one["connection"], one["account"]) for one in found["latest"]] == [
        ("acme-meta", ""),
        ("acme-meta", PAGE),
    ]


# --- ledger ---------------------------------------------------------------------------------------------------

BOOKS = """\
received         5
  waiting        1
    ready         1
  filed          1
  dropped        1
  dead           2
skipped, because they are no messages:
       1  acme-meta: reaction (feed:like:add)
"""


def test_the_ledger_accounts_for_every_message(copied: dict[str, str]) -> None:
    answer = casebridge(copied, "ledger", anew=True)

    assert answer == (0, BOOKS, "")


LOSSES = {
    "an item is gone": (
        "delete from item where state = 'filed'",
        ["FAULT: 5 messages were received, but filed + dropped + waiting + dead are 4"],
    ),
    "a lane is gone": (
        "delete from lane where id like '%:61'",
        ["FAULT: 4 messages were received, but filed + dropped + waiting + dead are 5"],
    ),
    "a state is unknown": (
        "update item set state = 'Filed' where state = 'filed'",
        [
            "FAULT: 1 items are in the unknown state 'Filed'",
            "FAULT: 5 messages were received, but filed + dropped + waiting + dead are 4",
        ],
    ),
    "a waiting one is nobody's": (
        "update lane set open = 0 where open = 1",
        ["FAULT: the lanes count 0 open items, but 1 are undecided"],
    ),
}


@pytest.mark.parametrize(("loss", "faults"), LOSSES.values(), ids=LOSSES)
def test_the_ledger_says_what_does_not_add_up(copied: dict[str, str], loss: str, faults: list[str]) -> None:
    tampered(copied, loss)

    code, told, _ = casebridge(copied, "ledger")

    assert (code, [line for line in told.splitlines() if line.startswith("FAULT")]) == (1, faults)


def tampered(env: dict[str, str], sql: str) -> None:
    with closing(sqlite3.connect(env["DATABASE_URL"].removeprefix("sqlite:///"))) as c, c:
        assert c.execute(sql).rowcount == 1


# --- dead -----------------------------------------------------------------------------------------------------


VALUE = comment("1_4", "", by="64") | {"message": {}}
UNREADABLE = json.dumps({"field": "feed", "value": VALUE}, separators=(",", ":"))


def unreadable() -> str:
    return f"unreadable:acme-meta:{hashlib.sha256(UNREADABLE.encode()).hexdigest()}"


def test_dead_lists_what_could_not_be_filed_with_the_reason(copied: dict[str, str]) -> None:
    code, told, errors = casebridge(copied, "dead", anew=True)

    keys, reasons = told.splitlines()[::2], told.splitlines()[1::2]
    assert (code, keys, errors) == (0, [key("1_3"), unreadable()], "")
    assert reasons[1].endswith("changes item: message is an object, expected text")
    assert "Topic__c" in reasons[0]
    assert "With a film" not in told


def test_dead_says_when_nothing_is(copied: dict[str, str]) -> None:
    with closing(sqlite3.connect(copied["DATABASE_URL"].removeprefix("sqlite:///"))) as c, c:
        c.execute("update item set state = 'dropped' where state = 'dead'")

    answer = casebridge(copied, "dead")

    assert answer == (0, "no message is dead\n", "")


@pytest.mark.parametrize("name", [unreadable(), unreadable().rpartition(":")[2]])
@pytest.mark.parametrize("keys", [KEY, f"{OTHER_KEY},{KEY}"])
def test_dead_shows_what_nobody_could_read(copied: dict[str, str], name: str, keys: str) -> None:
    answer = casebridge({**copied, "CASEBRIDGE_KEY": keys}, "dead", "--show", name)

    assert answer == (0, f"{UNREADABLE}\n", "")


@pytest.mark.parametrize(
    ("name", "keys", "code", "why"),
    [
        (unreadable(), "", 2, "CASEBRIDGE_KEY is not set: without it nothing can be decrypted"),
        (unreadable(), OTHER_KEY, 2, "no key in CASEBRIDGE_KEY opens this: add the key that was set when it came"),
        (key("1_3"), KEY, 1, f"{key('1_3')!r} could be read: `casebridge explain` tells its story"),
        ("1_99", KEY, 1, "there is no dead message '1_99'"),
    ],
)
def test_dead_says_why_it_cannot_show(copied: dict[str, str], name: str, keys: str, code: int, why: str) -> None:
    answer = casebridge({**copied, "CASEBRIDGE_KEY": keys}, "dead", "--show", name)

    assert answer == (code, "", f"{why}\n")


def test_dead_says_that_it_is_no_longer_kept(copied: dict[str, str]) -> None:
    tampered(copied, "update item set sealed = null where sealed is not null")

    code, told, why = casebridge(copied, "dead", "--show", unreadable())

    assert (code, told) == (1, "")
    assert why.startswith(f"only the hash of {unreadable()!r} is kept: ")


@pytest.mark.parametrize("name", [key("1_3"), "1_3"])
def test_replay_puts_one_dead_message_on_its_road_again(copied: dict[str, str], name: str) -> None:
    answer = casebridge(copied, "dead", "--replay", name)

    _, story, _ = casebridge(copied, "explain", "1_3")
    assert answer == (0, "1 of 1 are on their road again\n", "")
    assert "  waiting   undecided: looked at again in 0 s" in story


def test_replay_all_names_what_nobody_can_replay(copied: dict[str, str]) -> None:
    answer = casebridge(copied, "dead", "--replay", "all")

    refusal = f"{unreadable()} cannot be replayed: nobody could read it\n"
    assert answer == (1, "1 of 2 are on their road again\n", refusal)


def test_replay_of_an_unknown_key_is_said_and_the_others_go(copied: dict[str, str]) -> None:
    answer = casebridge(copied, "dead", "--replay", "1_99", "--replay", "1_3")

    assert answer == (1, "1 of 1 are on their road again\n", "there is no dead message '1_99'\n")


@pytest.mark.parametrize(
    ("because", "reason"),
    [([], "given up by an admin"), (["--because", "by hand"], "given up by an admin: by hand")],
)
def test_discard_gives_a_dead_message_up_and_the_books_add_up(
    copied: dict[str, str], because: list[str], reason: str
) -> None:
    answer = casebridge(copied, "dead", "--discard", "1_3", *because)

    _, story, _ = casebridge(copied, "explain", "1_3")
    code, told, _ = casebridge(copied, "ledger")
    assert answer == (0, "1 of 1 are given up\n", "")
    assert f" UTC  {reason}\n" in story
    assert (code, [line.split() for line in told.splitlines()[4:6]]) == (0, [["dropped", "2"], ["dead", "1"]])


def test_discard_all_leaves_nothing_dead(copied: dict[str, str]) -> None:
    answer = casebridge(copied, "dead", "--discard", "all")

    assert answer == (0, "2 of 2 are given up\n", "")
    assert casebridge(copied, "dead") == (0, "no message is dead\n", "")
    assert casebridge(copied, "dead", "--discard", "all") == (0, "0 of 0 are given up\n", "")


def test_discard_of_an_unknown_key_is_said_and_the_others_go(copied: dict[str, str]) -> None:
    answer = casebridge(copied, "dead", "--discard", "1_99", "--discard", key("1_3"))

    assert answer == (1, "1 of 1 are given up\n", "there is no dead message '1_99'\n")


def test_discard_of_what_may_be_in_the_crm_says_so(copied: dict[str, str]) -> None:
    tampered(copied, "update item set unsure_since = 1 where state = 'dead' and body <> ''")

    answer = casebridge(copied, "dead", "--discard", "1_3")

    note = f"{key('1_3')} may be in the CRM all the same: look for it there\n"
    assert answer == (0, "1 of 1 are given up\n", note)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (
            ["--replay", "1_3", "--discard", "1_3"],
            "--replay sends messages on, --discard gives them up: use one of the two",
        ),
        (["--because", "by hand"], "--because belongs to --discard"),
        (["--discard", "1_3", "--because", "a\nb"], "--because takes one line of 200 characters at most"),
        (["--discard", "1_3", "--because", "x" * 201], "--because takes one line of 200 characters at most"),
    ],
)
def test_what_dead_cannot_be_told_is_refused_and_nothing_changes(
    copied: dict[str, str], options: list[str], why: str
) -> None:
    code, told, error = casebridge(copied, "dead", *options)

    assert (code, told, error.splitlines()[-1]) == (2, "", f"Error: {why}")
    assert "1_3" in casebridge(copied, "dead")[1]


def test_a_replayed_message_reaches_the_crm_once_its_fault_is_mended(running: Road) -> None:
    film = comment("2_3", "Another film", by="68") | {"video": "https://cdn.example/2.mp4"}
    running.deliver(comments(film))
    running.order("fields", object="Case", name="Topic__c", type="string", length=255)

    replayed = casebridge(running.env, "dead", "--replay", key("2_3"))

    running.settle()
    case = running.case(f"facebook:{PAGE}:{road.POST}:68")
    assert replayed == (0, "1 of 1 are on their road again\n", "")
    (topic,) = [one["fields"]["Topic__c"] for one in running.state()["cases"] if one["Id"] == case.id]
    assert (case.texts, topic) == (
        ("Another film\nvideo: https://cdn.example/2.mp4",),
        "https://cdn.example/2.mp4",
    )


# --- send -----------------------------------------------------------------------------------------------------


@pytest.fixture
def body(tmp_path: Path) -> str:
    file = tmp_path / "body.json"
    file.write_text(json.dumps({"object": "page", "entry": [road.direct("m_3", "Hello", by="71")]}))
    return str(file)


def test_send_signs_a_body_and_the_receiver_takes_it(running: Road, body: str) -> None:
    answer = casebridge(running.env, "send", body, "--to", "acme-meta", anew=True)

    running.settle()
    assert answer == (0, "200\n", "")
    assert running.case(f"messenger:{PAGE}:71:71").texts == ("Hello",)


def test_send_shows_that_the_receiver_refuses(running: Road, body: str) -> None:
    answer = casebridge({**running.env, "META_APP_SECRET": "another"}, "send", body, "--to", "acme-meta")

    assert answer == (1, "403 refused\n", "")


def test_send_says_when_there_is_no_such_connection(running: Road, body: str) -> None:
    answer = casebridge(running.env, "send", body, "--to", "nobody")

    assert answer == (2, "", "there is no enabled connection 'nobody' that a platform calls\n")


def test_send_says_when_nobody_listens(running: Road, body: str) -> None:
    url = f"http://127.0.0.1:{road.free_port()}"

    answer = casebridge(running.env, "send", body, "--to", "acme-meta", "--url", url)

    assert answer == (2, "", f"nobody listens at {url}: is `casebridge run` running?\n")
