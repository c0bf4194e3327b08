"""Facebook and Messenger: answers in public and in private, their limits and windows, every error of Meta's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from meta_calls import RECEIVED, fixture, parse
from page_platform import (
    AT,
    COMMENT,
    DIRECT,
    MENTION,
    POST,
    PRESSED,
    REVIEW,
    TOKEN,
    adapter,
    answer,
    platform,
    refused,
)
from stub import Said

from adapters.meta.faults import COMMON, CONVERSATIONS, FAULTS, PRIVATE_REPLIES
from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.message import Message
from bridge.ports import Credentials, Sent, Way

DAY = timedelta(days=1)
DOCS = Path(__file__).parents[2] / "docs" / "channels" / "meta.md"

# --- whether and how ---


@pytest.mark.parametrize("to", [COMMENT, POST, REVIEW, MENTION])
def test_what_is_public_is_answered_by_one_comment_at_any_time(to: Message) -> None:
    with platform() as (_, stub):
        way = adapter(stub).way(to, private=False, heard_at=RECEIVED)

        assert way == Way(most=8000, unit="characters", split=False, until=None)


@pytest.mark.parametrize("to", [COMMENT, POST])
def test_a_private_message_to_what_is_public_is_taken_once_and_for_seven_days(to: Message) -> None:
    with platform() as (_, stub):
        assert to.sent_at

        way = adapter(stub).way(to, private=True, heard_at=RECEIVED)

        assert way == Way(most=2000, unit="characters", split=False, until=to.sent_at + 7 * DAY)


@pytest.mark.parametrize("to", [REVIEW, MENTION])
def test_reviews_and_mentions_elsewhere_take_no_private_message(to: Message) -> None:
    with platform() as (_, stub):
        way = adapter(stub).way(to, private=True, heard_at=RECEIVED)

        assert isinstance(way, Rejected)
        assert str(way).endswith("answer in public.")


@pytest.mark.parametrize("to", [DIRECT, PRESSED])
@pytest.mark.parametrize(("human_agent", "days"), [(False, 1), (True, 7)])
def test_messenger_is_open_since_the_customer_wrote_last(to: Message, human_agent: bool, days: int) -> None:
    with platform() as (_, stub):
        way = adapter(stub, human_agent=human_agent).way(to, private=False, heard_at=AT)

        assert way == Way(most=2000, unit="characters", split=True, until=AT + days * DAY)


# --- sending ---


@pytest.mark.parametrize("to", [COMMENT, POST, REVIEW, MENTION])
def test_a_public_answer_is_a_comment_on_what_was_written(to: Message) -> None:
    with platform() as (_, stub):
        sent = adapter(stub).send(answer(to))

        number = f"{to.id.partition('_')[0]}_770001"
        assert sent == Sent(id=number, url=f"https://www.facebook.com/{number}")
        (call,) = stub.calls
        assert (call.path, call.token, call.json) == (
            f"/v25.0/{to.id}/comments",
            TOKEN,
            {"message": "We are on it."},
        )


@pytest.mark.parametrize(("to", "name"), [(COMMENT, "comment_id"), (POST, "post_id")])
def test_a_private_answer_to_what_is_public_names_it(to: Message, name: str) -> None:
    with platform() as (there, stub):
        sent = adapter(stub).send(answer(to, private=True))

        assert sent == Sent(id="m_Sent1")
        assert there.sent == [
            {"recipient": {name: to.id}, "message": {"text": "We are on it.", "metadata": "mark-1"}}
        ]


@pytest.mark.parametrize(
    ("since", "around"),
    [
        (DAY, {"messaging_type": "RESPONSE"}),
        (DAY + timedelta(microseconds=1), {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}),
    ],
)
def test_messenger_is_told_that_a_human_answers_after_a_day(since: timedelta, around: dict[str, str]) -> None:
    with platform() as (there, stub):
        sent = adapter(stub, human_agent=True).send(answer(DIRECT, now=AT + since))

        assert sent == Sent(id="m_Sent1")
        message = {"text": "We are on it.", "metadata": "mark-1"}
        assert there.sent == [{"recipient": {"id": DIRECT.author.id}, **around, "message": message}]


def test_an_id_is_one_part_of_a_path() -> None:
    with platform() as (_, stub):
        stub.answer = lambda _: Said(body={"id": "1_2"})

        adapter(stub).send(answer(replace(COMMENT, id="1_2/../me?x=#")))

        assert [call.path for call in stub.calls] == ["/v25.0/1_2%2F..%2Fme%3Fx%3D%23/comments"]


@pytest.mark.parametrize(("to", "private"), [(COMMENT, False), (COMMENT, True), (DIRECT, True)])
def test_the_longest_text_is_taken_and_one_character_more_is_not(to: Message, private: bool) -> None:
    with platform() as (_, stub):
        meta = adapter(stub)
        way = meta.way(to, private=private and to.public, heard_at=AT)
        assert isinstance(way, Way)

        assert meta.send(answer(to, "😀" * way.most, private=private))
        with pytest.raises(Rejected):
            meta.send(answer(replace(to, id="5_6"), "😀" * (way.most + 1), private=private))


def test_a_comment_takes_one_private_message() -> None:
    with platform() as (_, stub):
        adapter(stub).send(answer(COMMENT, private=True))

        with pytest.raises(Rejected) as caught:
            adapter(stub).send(answer(COMMENT, private=True))

        assert str(caught.value) == (
            "This comment has had its private message already: Meta takes one. Go on in that conversation. "
            "(error 10900)"
        )


def test_the_echo_of_a_comment_is_known_by_its_id() -> None:
    with platform() as (_, stub):
        sent = adapter(stub).send(answer(COMMENT))
        echo = fixture("comment_by_page")
        echo["entry"][0]["changes"][0]["value"]["comment_id"] = sent.id

        (found,) = parse(echo)

        assert isinstance(found, Message)
        assert (found.id, found.author.is_self) == (sent.id, True)


@pytest.mark.parametrize("to", [DIRECT, COMMENT])
def test_the_echo_of_a_message_is_known_by_its_id_and_its_mark(to: Message) -> None:
    with platform() as (there, stub):
        sent = adapter(stub).send(answer(to, private=True))
        echo = fixture("echo")
        said = echo["entry"][0]["messaging"][0]["message"]
        said |= {"mid": sent.id, "metadata": there.sent[0]["message"]["metadata"]}

        (found,) = parse(echo)

        assert isinstance(found, Message)
        assert (found.id, found.mark, found.author.is_self) == (sent.id, "mark-1", True)


def test_a_customer_cannot_write_a_mark() -> None:
    whole = fixture("text")
    whole["entry"][0]["messaging"][0]["message"]["metadata"] = "mark-1"

    (found,) = parse(whole)

    assert isinstance(found, Message)
    assert found.mark == ""


# --- errors ---


@pytest.mark.parametrize("code", FAULTS)
@pytest.mark.parametrize("to", [COMMENT, DIRECT])
def test_every_error_means_what_the_table_says(code: str, to: Message) -> None:
    number, _, subcode = code.partition("/")
    raised = {"throttled": RetryLater, "temporary": Unsure, "token": Paused, "refused": Rejected}
    with platform() as (_, stub):
        stub.plan.append(refused(int(number), error_subcode=int(subcode or 0)))

        with pytest.raises((RetryLater, Unsure, Paused, Rejected)) as caught:
            adapter(stub).send(answer(to))

        fault = FAULTS[code]
        assert (type(caught.value), str(caught.value)) == (raised[fault.means], f"{fault.says} (error {code})")


@pytest.mark.parametrize(
    ("said", "error", "says"),
    [
        (refused(299, 403), Rejected, f"{FAULTS['200'].says} (error 299)"),
        (refused(190, 401, error_subcode=999), Paused, f"{FAULTS['190'].says} (error 190)"),
        (refused(9999, 400), Rejected, "The platform refuses it. (error 9999)"),
        (refused(9999, 400, is_transient=True), Unsure, "Meta says that this broke for a moment. (error 9999)"),
        (refused(100, 400, is_transient=True), Unsure, "Meta says that this broke for a moment. (error 100)"),
        (refused(9999, 503), Unsure, "The platform is at fault. (error 9999)"),
        (Said(status=502, body=b"<html>"), Unsure, "the platform answered 502"),
        (refused(9999, 429), RetryLater, "The platform takes no more for now. (error 9999)"),
        (Said(status=400, body={"error": "no"}), Rejected, "The platform refuses it. (error HTTP 400)"),
        (
            Said(status=400, body={"error": {"code": "9" * 99}}),
            Rejected,
            "The platform refuses it. (error HTTP 400)",
        ),
        (Said(body={"success": False}), Rejected, "Meta says that it did not do it, and not why."),
        (Said(body={"error": {"code": 4}}), RetryLater, f"{FAULTS['4'].says} (error 4)"),
        (Said(body={"ok": True}), Unsure, "Meta says that it was done, but not as what: id is missing"),
        (Said(status=302, headers={"Location": "https://evil.example/"}), Rejected, "(error HTTP 302)"),
    ],
)
def test_an_error_outside_the_table(said: Said, error: type[Exception], says: str) -> None:
    with platform() as (_, stub):
        stub.plan.append(said)

        with pytest.raises(error) as caught:
            adapter(stub).send(answer(COMMENT))

        assert (type(caught.value), str(caught.value).endswith(says)) == (error, True)


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({}, timedelta(minutes=1)),
        ({"Retry-After": "90"}, timedelta(seconds=90)),
        ({"X-Business-Use-Case-Usage": '{"1":[{"estimated_time_to_regain_access":7}]}'}, timedelta(minutes=7)),
        (
            {"X-Business-Use-Case-Usage": '{"1":[{"estimated_time_to_regain_access":2},{},7],"2":[], "3":3}'},
            timedelta(minutes=2),
        ),
        ({"X-Business-Use-Case-Usage": '{"1":[{"estimated_time_to_regain_access":9000}]}'}, timedelta(hours=1)),
        ({"X-Business-Use-Case-Usage": '{"1":[{"estimated_time_to_regain_access":true}]}'}, timedelta(minutes=1)),
        ({"X-Business-Use-Case-Usage": "{"}, timedelta(minutes=1)),
    ],
)
def test_a_throttle_is_heeded_as_long_as_meta_wants(headers: dict[str, str], after: timedelta) -> None:
    with platform() as (there, stub):
        stub.plan.append(refused(80006, 400, headers))

        with pytest.raises(RetryLater) as caught:
            adapter(stub).send(answer(DIRECT))

        assert (caught.value.after, caught.value.counts, there.sent) == (after, False, [])


def test_an_error_that_is_null_is_none() -> None:
    with platform() as (_, stub):
        stub.plan.append(Said(body={"id": "1_2", "error": None}))

        assert adapter(stub).send(answer(COMMENT)).id == "1_2"


def test_a_closed_window_has_its_own_sentence() -> None:
    with platform() as (_, stub):
        stub.plan.append(refused(10, 403, error_subcode=2018278))

        with pytest.raises(Rejected, match="wrote last too long ago: Meta takes answers for 24 hours"):
            adapter(stub).send(answer(DIRECT))


def test_nothing_is_sent_where_meta_cannot_be_reached() -> None:
    with platform() as (_, stub):
        meta = adapter(stub, url="http://127.0.0.1:1")

        with pytest.raises(RetryLater):
            meta.send(answer(DIRECT))


def test_a_dead_token_pauses_the_account() -> None:
    with platform() as (there, stub):
        there.tokens[TOKEN]["is_valid"] = False
        for act in (adapter(stub).send, adapter(stub).look):
            with pytest.raises(Paused, match=r"The token's time is over\. Make a new token"):
                act(answer(DIRECT))


def test_an_account_without_a_token_answers_nobody() -> None:
    with platform() as (_, stub):
        with pytest.raises(Rejected, match=r"connections\.yaml holds no token for this account"):
            adapter(stub).send(answer(DIRECT, credentials=Credentials()))

        assert stub.calls == []


# --- the page of the docs ---


def test_the_table_of_errors_is_the_one_in_the_docs() -> None:
    page = DOCS.read_text(encoding="utf-8")
    section = page[page.index("\n## Errors\n") :]
    table = section[section.index("| Code | Means | Agents read |") :].partition("\n\n")[0]

    rows = [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in table.splitlines()[2:]]

    ours = {**COMMON, **CONVERSATIONS, **PRIVATE_REPLIES}
    assert rows == [(f"`{code}`", fault.means, fault.says) for code, fault in ours.items()]
    assert all(fault.says.endswith(".") for fault in FAULTS.values())
