"""Instagram and Threads: any one value of an answer of Meta's spoilt, and nothing but Trouble comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Any

import instagram_calls
import instagram_platform
import pytest
import threads_calls
import threads_platform
from hypothesis import given, settings
from hypothesis import strategies as st
from instagram_platform import NOW, TOKEN, URL
from pydantic import SecretStr
from spoiling import DROPPED, RETYPED, places, spoiled
from stub import Call, Said, Stub, running

from adapters.meta import Meta
from bridge.errors import Trouble
from bridge.message import Message
from bridge.ports import Credentials, Finding, Sending, Upkeep

CREDENTIALS = Credentials(token=SecretStr(TOKEN))


def sending(to: Message, *, private: bool) -> Sending:
    return Sending(
        to=to,
        text="Yes",
        private=private,
        mark="cb-1",
        credentials=CREDENTIALS,
        heard_at=NOW,
        now=NOW,
        tried_at=NOW,
    )


@dataclass(frozen=True)
class World:
    """One product: how it is played, reached and called."""

    account: str
    populated: Callable[[], Any]
    meta: Callable[[Stub], Meta]
    acts: dict[str, Callable[[Meta], object]]


def busy_instagram() -> instagram_platform.Instagram:
    """An account that has said Yes everywhere, with files and stories."""
    there = instagram_platform.lively()
    us = {
        "timestamp": instagram_platform.at(NOW),
        "from": instagram_platform.US,
        "username": "acme",
        "text": "Yes",
    }
    under = there.comments[instagram_platform.COMMENT]
    there.comments["1"] = {**under, **us, "id": "1", "under": instagram_platform.COMMENT}
    said = {**there.talks[instagram_calls.ANA][0], "to": {"data": [instagram_platform.US]}}
    there.talks[instagram_calls.ANA] = [
        {
            **said,
            "id": "2",
            "attachments": {"data": [{"image_data": {"url": "https://cdn.example.com/i.jpg"}}]},
            "story": {"reply_to": {"id": "17", "link": "https://cdn.example.com/s.jpg"}},
        },
        said,
    ]
    return there


def busy_threads() -> threads_platform.Threads:
    """An account that has replied Yes."""
    there = threads_platform.lively()
    reply = there.posts[threads_platform.REPLY]
    there.posts["1"] = {
        **reply,
        "id": "1",
        "username": "acme",
        "text": "Yes",
        "timestamp": threads_platform.at(NOW),
    }
    return there


COMMENT, DIRECT, MENTION = (
    instagram_calls.message(instagram_calls.fixture(name)) for name in ("comment", "text", "mention_in_comment")
)
REPLY = threads_calls.message(threads_calls.fixture("reply"))


def backfill(account: str) -> Callable[[Meta], object]:
    def act(meta: Meta) -> object:
        pages = meta.backfill(account, CREDENTIALS, NOW - timedelta(hours=2))
        return [event for events in islice(pages, 20) for event in events]

    return act


INSTAGRAM = World(
    account=instagram_calls.ACME.id,
    populated=busy_instagram,
    meta=lambda stub: instagram_platform.meta(stub, app_id=instagram_platform.APP),
    acts={
        "author": lambda meta: meta.author(DIRECT, CREDENTIALS),
        "content": lambda meta: meta.content(MENTION, CREDENTIALS),
        "comment": lambda meta: meta.send(sending(COMMENT, private=False)),
        "message": lambda meta: meta.send(sending(DIRECT, private=True)),
        "look": lambda meta: meta.look(sending(COMMENT, private=False)),
        "look in private": lambda meta: meta.look(sending(DIRECT, private=True)),
        "renew": lambda meta: meta.renew(instagram_calls.ACME.id, CREDENTIALS, NOW),
        "backfill": backfill(instagram_calls.ACME.id),
    },
)
THREADS = World(
    account=threads_calls.ACME.id,
    populated=busy_threads,
    meta=threads_platform.meta,
    acts={
        "reply": lambda meta: meta.send(sending(REPLY, private=False)),
        "look": lambda meta: meta.look(sending(REPLY, private=False)),
        "renew": lambda meta: meta.renew(threads_calls.ACME.id, CREDENTIALS, NOW),
        "backfill": backfill(threads_calls.ACME.id),
    },
)
ACTS = [(world, name) for world in (INSTAGRAM, THREADS) for name in world.acts]


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with running(lambda _: Said()) as found:
        found.clock = NOW.timestamp()
        yield found


def answering(stub: Stub, world: World, *, nth: int = -1, change: Callable[[Any], Any] | None = None) -> list[Any]:
    """Let a fresh platform answer, the nth call with a changed body; the bodies fill the list that is returned."""
    there, bodies = world.populated(), list[Any]()

    def answer(call: Call) -> Said:
        said: Said = there.answer(call)
        bodies.append(said.body)
        return replace(said, body=change(said.body)) if change and len(bodies) == nth + 1 else said

    stub.answer = answer
    return bodies


def spoilt(stub: Stub, world: World, bodies: list[Any], data: st.DataObject) -> None:
    """Let one value of one answer be dropped or retyped."""
    nth, place = data.draw(st.sampled_from([(n, at) for n, body in enumerate(bodies) for at in places(body)]))
    value = data.draw(st.sampled_from([DROPPED, *RETYPED]))
    answering(stub, world, nth=nth, change=lambda body: spoiled(body, place, value))


@pytest.mark.parametrize(("world", "name"), ACTS, ids=lambda one: one if isinstance(one, str) else one.account)
def test_a_spoilt_answer_is_trouble_at_most(stub: Stub, world: World, name: str) -> None:
    meta, bodies = world.meta(stub), answering(stub, world)
    world.acts[name](meta)
    bodies = [*bodies]

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def spoil(data: st.DataObject) -> None:
        spoilt(stub, world, bodies, data)

        try:
            found = world.acts[name](meta)
        except Trouble:
            return

        assert getattr(found, "id", "some") != "" or isinstance(found, Message)

    spoil()


@pytest.mark.parametrize("world", [INSTAGRAM, THREADS], ids=lambda world: world.account)
@pytest.mark.parametrize("name", ["examine", "subscribe"])
def test_a_spoilt_answer_ends_in_findings(stub: Stub, world: World, name: str) -> None:
    meta, bodies = world.meta(stub), answering(stub, world)
    upkeep = Upkeep(url=URL, credentials={world.account: CREDENTIALS}, now=NOW)
    assert {one.level for one in getattr(meta, name)(upkeep)} == {"ok"}
    bodies = [*bodies]

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def spoil(data: st.DataObject) -> None:
        spoilt(stub, world, bodies, data)

        found = getattr(meta, name)(upkeep)

        assert found
        assert all(isinstance(one, Finding) and one.says for one in found)

    spoil()
