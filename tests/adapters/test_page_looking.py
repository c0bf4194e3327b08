"""Facebook and Messenger: after a lost answer a look tells whether the reply stands there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from page_platform import AT, COMMENT, DEAD, DIRECT, MADE_AT, OURS, TOKEN, adapter, answer, platform, refused
from stub import Break, Said

from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.message import Message
from bridge.ports import Sent

STANDS: dict[str, Any] = {"id": "1_2", "message": "We are on it.", "created_time": MADE_AT, "from": OURS}


@pytest.mark.parametrize(("to", "private"), [(COMMENT, False), (COMMENT, True), (DIRECT, True)])
@pytest.mark.parametrize("lost", ["before", "after", "late"])
def test_a_lost_answer_leaves_it_open_and_a_look_tells(to: Message, private: bool, lost: Break) -> None:
    with platform() as (there, stub):
        meta = adapter(stub, timeout=0.3)
        stub.plan.append(lost)
        sending = answer(to, "Grüße!", private=private)

        with pytest.raises(Unsure):
            meta.send(sending)
        if private:  # conversations are known by whom they are with
            there.said[to.author.id] = there.said.get("24000000001", [])
        found = meta.look(replace(sending, tried_at=AT, text="Gru\u0308\u00dfe! "))

        number = "m_Sent1" if private else f"{to.id.partition('_')[0]}_770001"
        url = "" if private else f"https://www.facebook.com/{number}"
        assert meta.doubt(sending) == "look"
        assert found == (None if lost == "before" else Sent(id=number, url=url))
        assert len(stub.writes) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"message": "We were on it."},
        {"from": {"id": "6100000001"}},
        {"from": None},
        {"created_time": "2026-11-21T11:58:59+0000"},
    ],
)
@pytest.mark.parametrize("to", [COMMENT, DIRECT])
def test_what_somebody_else_or_something_else_says_is_not_ours(to: Message, changed: dict[str, Any]) -> None:
    node = STANDS | changed
    with platform() as (there, stub):
        there.comments[to.id] = [node]
        there.said[to.author.id] = [node]

        assert adapter(stub).look(answer(to, tried_at=AT)) is None


def test_a_look_goes_on_until_the_time_of_the_first_attempt() -> None:
    def comment(n: int, minutes: int) -> dict[str, Any]:
        when = f"{AT - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S%z}"
        return {"id": f"900100_{n}", "message": f"me too {n}", "created_time": when, "from": {"id": str(n)}}

    with platform() as (there, stub):
        there.comments[COMMENT.id] = [comment(n, 0) for n in range(3)] + [comment(n, 2) for n in range(3, 9)]

        assert adapter(stub).look(answer(COMMENT, tried_at=AT)) is None
        assert len(stub.calls) == 2

        there.comments[COMMENT.id][2] |= {"from": OURS, "message": "We are on it."}

        found = adapter(stub).look(answer(COMMENT, tried_at=AT))
        assert found == Sent(id="900100_2", url="https://www.facebook.com/900100_2")
        assert all("access_token" not in call.query for call in stub.calls)


def test_a_page_may_be_empty_and_not_the_last() -> None:
    with platform() as (there, stub):
        there.comments[COMMENT.id] = [STANDS]
        onward = "https://graph.facebook.com/v25.0/1/comments?order=reverse_chronological&limit=100"
        stub.plan.append(Said(body={"data": [], "paging": {"next": onward}}))

        found = adapter(stub).look(answer(COMMENT, tried_at=AT))

        assert found == Sent(id="1_2", url="https://www.facebook.com/1_2")


@pytest.mark.parametrize("where", ["https://[", "?token=x&path=/me&host=threads&self=1", "#", "\x00"])
def test_wherever_the_next_page_is_said_to_be_only_its_questions_are_taken(where: str) -> None:
    with platform() as (_, stub):
        stub.plan.append(Said(body={"data": [], "paging": {"next": where}}))
        stub.answer = lambda _: Said(body={"data": [STANDS]})

        found = adapter(stub).look(answer(COMMENT, tried_at=AT))

        assert found is not None
        assert {(call.path, call.token) for call in stub.calls} == {(f"/v25.0/{COMMENT.id}/comments", TOKEN)}


def test_a_look_gives_up_among_very_many_comments() -> None:
    with platform() as (there, stub):
        node = {"id": "1_2", "message": "me too", "created_time": MADE_AT, "from": {"id": "7"}}
        there.comments[COMMENT.id] = [node] * 30

        with pytest.raises(Rejected, match="too many comments"):
            adapter(stub).look(answer(COMMENT, tried_at=AT))

        assert len(stub.calls) == 11


@pytest.mark.parametrize(("last", "told"), [(AT, False), (AT - timedelta(minutes=2), True)])
def test_a_look_gives_up_where_a_conversation_went_on_out_of_sight(last: datetime, told: bool) -> None:
    said = {"id": "m_1", "message": "and?", "created_time": MADE_AT, "from": {"id": DIRECT.author.id}}
    with platform() as (there, stub):
        oldest = {**said, "created_time": f"{last:%Y-%m-%dT%H:%M:%S%z}"}
        there.said[DIRECT.author.id] = [*[said] * 19, oldest]
        look = adapter(stub).look

        if told:
            assert look(answer(DIRECT, tried_at=AT)) is None
        else:
            with pytest.raises(Rejected, match="too many new messages"):
                look(answer(DIRECT, tried_at=AT))


def test_a_private_answer_to_somebody_unknown_cannot_be_looked_for() -> None:
    with platform() as (_, stub):
        nobody = replace(COMMENT, author=replace(COMMENT.author, id=""))

        assert adapter(stub).doubt(answer(nobody, private=True)) == "ask"


@pytest.mark.parametrize(
    ("said", "error"), [(DEAD, Paused), (refused(32, 403), RetryLater), (refused(2, 500), RetryLater)]
)
def test_a_look_that_fails_says_why(said: Said, error: type[Exception]) -> None:
    with platform() as (_, stub):
        stub.plan.append(said)

        with pytest.raises(error):
            adapter(stub).look(answer(DIRECT, tried_at=AT))
