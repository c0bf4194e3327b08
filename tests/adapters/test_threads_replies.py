"""Answers on Threads: prepared, then published; only the second step is seen by anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from stub import Said, Stub, running
from threads_calls import ACME, ROOT, fixture, message, parse
from threads_platform import NOW, PICTURE, REPLY, TOKEN, Threads, error, lively, meta

from adapters.meta.faults import FAULTS, THREADS
from bridge import measuring
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.fetching import Unfetchable
from bridge.message import Message
from bridge.ports import Credentials, Sending, Sent, Way

CREDENTIALS = Credentials(token=SecretStr(TOKEN))
TO = message(fixture("reply"))
FORM = {"media_type": "TEXT", "text": "We are on it", "reply_to_id": REPLY}

PAGE = Path(__file__).parents[2] / "docs" / "channels" / "meta.md"


@pytest.fixture
def world() -> Threads:
    return lively()


@pytest.fixture
def stub(world: Threads) -> Iterator[Stub]:
    with running(world.answer) as found:
        yield found


def sending(text: str = "We are on it", **changed: Any) -> Sending:
    one = Sending(to=TO, text=text, private=False, mark="cb-1", credentials=CREDENTIALS, heard_at=NOW, now=NOW)
    return replace(one, **changed)


def written(stub: Stub) -> list[tuple[str, str, dict[str, str]]]:
    return [(call.host, call.path, call.form) for call in stub.writes]


# --- completing ---


@pytest.mark.parametrize("name", ["reply", "reply_with_picture", "mention", "publish", "delete", "reply_by_us"])
def test_callbacks_lack_nothing(name: str) -> None:
    assert set(meta().lacks(message(fixture(name)))) == set()


@pytest.mark.parametrize("told", [None, {"id": PICTURE}, {"id": PICTURE, "media_url": "http://127.0.0.1/p.jpg"}])
def test_a_file_that_cannot_be_had_is_unfetchable(world: Threads, stub: Stub, told: Any) -> None:
    world.posts |= {PICTURE: told} if told else {}

    with pytest.raises(Unfetchable):
        meta(stub).open(PICTURE, ACME.id, CREDENTIALS)

    (call,) = stub.calls
    assert (call.host, call.path) == ("graph.threads.net", f"/v1.0/{PICTURE}")
    assert call.query == {"fields": "media_url,gif_url,thumbnail_url"}


# --- ways ---


def test_a_reply_takes_500_characters_in_public_at_any_time() -> None:
    way = meta().way(TO, private=False, heard_at=NOW)

    assert way == Way(most=500, unit="emoji_bytes", split=False)


def test_an_emoji_counts_as_its_bytes() -> None:
    texts = ["ä" * 500, "ä" * 496 + "😀", "ä" * 497 + "😀"]

    assert [measuring.measure(text, "emoji_bytes") for text in texts] == [500, 500, 501]


def test_there_is_nothing_private() -> None:
    found = meta().way(TO, private=True, heard_at=NOW)

    assert isinstance(found, Rejected)
    assert str(found) == "Threads has no private messages for apps: answer in public."


# --- sending ---


def test_a_reply_is_prepared_then_published(world: Threads, stub: Stub) -> None:
    found = meta(stub).send(sending())

    assert found == Sent(id="18100000000000902")
    assert written(stub) == [
        ("graph.threads.net", "/v1.0/me/threads", FORM),
        ("graph.threads.net", "/v1.0/me/threads_publish", {"creation_id": "18100000000000901"}),
    ]
    assert {call.token for call in stub.calls} == {TOKEN}
    assert world.posts[found.id]["replied_to"] == {"id": REPLY}


def test_the_echo_has_the_id_of_what_was_sent(world: Threads, stub: Stub) -> None:
    found = meta(stub).send(sending())

    document = fixture("reply_by_us")
    owner = {"id": ROOT, "owner_id": ACME.id, "username": "acme"}
    document["values"][0]["value"] = {**world.posts[found.id], "root_post": owner}
    (echo,) = parse(document)
    assert isinstance(echo, Message)
    assert (echo.id, echo.text, echo.author.is_self, echo.reply_to) == (found.id, "We are on it", True, REPLY)


def test_five_links_are_taken_and_six_are_not(stub: Stub) -> None:
    links = [f"https://acme.example/{n}" for n in range(6)]
    channel = meta(stub)

    channel.send(sending(" ".join([*links[:5], links[0]])))
    calls = len(stub.calls)
    with pytest.raises(Rejected, match="Threads takes 5 links in a reply, and this one has 6: leave some out"):
        channel.send(sending(" ".join(links)))

    assert len(stub.calls) == calls


# --- lost answers ---


@pytest.mark.parametrize("broken", ["before", "after", "late", error(2, status=500), Said(status=502), Said()])
def test_what_was_only_prepared_was_not_sent(world: Threads, stub: Stub, broken: Any) -> None:
    stub.plan.append(broken)

    with pytest.raises(RetryLater):
        meta(stub).send(sending())

    assert meta(stub).look(sending(tried_at=NOW)) is None


@pytest.mark.parametrize("lost", ["after", "late"])
def test_what_was_published_is_found(world: Threads, stub: Stub, lost: Any) -> None:
    channel = meta(stub)
    stub.plan += [None, lost]

    with pytest.raises(Unsure):
        channel.send(sending())

    number = f"18100000000000{world.given}"
    assert channel.doubt(sending()) == "look"
    assert channel.look(sending(tried_at=NOW)) == Sent(
        id=number, url=f"https://www.threads.example/@acme/post/{number}"
    )


@pytest.mark.parametrize("broken", ["before", error(2, status=500), error(100, transient=True), Said(status=502)])
def test_what_was_not_published_is_not_found(stub: Stub, broken: Any) -> None:
    channel = meta(stub)
    stub.plan += [None, broken]

    with pytest.raises(Unsure):
        channel.send(sending())

    assert channel.look(sending(tried_at=NOW)) is None


def test_only_the_reply_to_this_post_since_then_is_ours(world: Threads, stub: Stub) -> None:
    channel = meta(stub)
    world.now = NOW - timedelta(minutes=2)
    channel.send(sending())
    world.now = NOW
    channel.send(sending("Something else"))
    world.posts["1"] = {**world.posts[f"18100000000000{world.given}"], "id": "1", "text": "We are on it"}
    world.posts["1"]["replied_to"] = {"id": "7"}

    assert channel.look(sending(tried_at=NOW)) is None


def test_every_page_of_replies_is_looked_at(world: Threads, stub: Stub) -> None:
    channel = meta(stub)
    sent = channel.send(sending())
    for n in range(5):
        world.now = NOW + timedelta(seconds=n)
        channel.send(sending(f"Reply {n}"))

    found = channel.look(sending(tried_at=NOW))

    assert found is not None
    assert found.id == sent.id


def test_a_page_may_be_empty_and_not_the_last(stub: Stub) -> None:
    channel = meta(stub)
    sent = channel.send(sending())
    stub.plan.append(Said(body={"data": [], "paging": {"cursors": {"after": "0"}}}))

    found = channel.look(sending(tried_at=NOW))

    assert found is not None
    assert found.id == sent.id


def test_a_list_that_leads_back_to_itself_ends(stub: Stub) -> None:
    told = {"after": "A", "A": "B", "B": "A"}
    stub.answer = lambda call: Said(
        body={"data": [{"id": "1"}], "paging": {"cursors": {"after": told[call.query.get("after", "after")]}}}
    )

    assert meta(stub).look(sending(tried_at=NOW)) is None
    assert len(stub.calls) == 3


def test_a_list_without_an_end_is_given_up(stub: Stub) -> None:
    stub.answer = lambda call: Said(
        body={"data": [{"id": "1"}], "paging": {"cursors": {"after": call.query.get("after", "") + "A"}}}
    )

    with pytest.raises(Rejected, match="too many comments"):
        meta(stub).look(sending(tried_at=NOW))


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
    stub.plan += [None, error(int(number), int(subcode) if subcode else None)]

    with pytest.raises(Trouble) as caught:
        meta(stub).send(sending())

    assert type(caught.value) is OUTCOMES[FAULTS[code].means]
    assert str(caught.value) == f"{FAULTS[code].says} (error {code})"


def test_what_threads_does_not_know_yet_is_prepared_anew(stub: Stub) -> None:
    channel = meta(stub)
    stub.plan += [None, error(24, 4279009)]

    with pytest.raises(RetryLater, match="does not know yet what it is to publish"):
        channel.send(sending())
    found = channel.send(sending())

    assert found == Sent(id="18100000000000903")


def test_a_post_that_is_gone_cannot_be_answered(world: Threads, stub: Stub) -> None:
    del world.posts[REPLY]

    with pytest.raises(Rejected, match="Threads knows the post no more that this answers"):
        meta(stub).send(sending())


@pytest.mark.parametrize("step", [0, 1])
def test_a_throttle_is_heeded(stub: Stub, step: int) -> None:
    usage = '{"9900000000000001": [{"type": "threads", "estimated_time_to_regain_access": 7}]}'
    stub.plan += [*[None] * step, replace(error(4), headers={"X-Business-Use-Case-Usage": usage})]

    with pytest.raises(RetryLater) as caught:
        meta(stub).send(sending())

    assert caught.value.after == timedelta(minutes=7)


def test_a_dead_token_pauses_the_account(stub: Stub) -> None:
    with pytest.raises(Paused, match="The token's time is over"):
        meta(stub).send(sending(credentials=Credentials(token=SecretStr("old"))))


def test_without_a_token_nothing_is_sent(stub: Stub) -> None:
    with pytest.raises(Rejected, match=r"connections\.yaml holds no token"):
        meta(stub).send(sending(credentials=Credentials()))

    assert stub.calls == []


def test_the_page_lists_exactly_these_errors() -> None:
    page = PAGE.read_text(encoding="utf-8")
    section = page[page.index("\n## Threads\n") :]
    table = section[section.index("| Code | Means | Agents read |") :].partition("\n\n")[0]

    rows = [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in table.splitlines()[2:]]

    assert rows == [(f"`{code}`", fault.means, fault.says) for code, fault in THREADS.items()]
