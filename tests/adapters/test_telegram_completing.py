"""Telegram's files, for mappings that copy them: fetched by their ids, and the token seen by nobody else."""

from __future__ import annotations

import pytest
from stub import Said
from telegram_calls import ACME, fixture, message
from telegram_platform import CREDENTIALS, DEAD, PICTURE, platform

from adapters.telegram import Telegram
from bridge.fetching import File, Unfetchable
from bridge.ports import Credentials

NOT_TOLD = "Telegram did not hand the file out:"


def why_not(channel: Telegram, media: str = "AgAC-big", credentials: Credentials = CREDENTIALS) -> str:
    with pytest.raises(Unfetchable) as caught:
        channel.open(media, ACME.id, credentials)
    assert "AAE-of_acme" not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_a_picture_is_fetched_by_its_id() -> None:
    (attached, _) = message(fixture("photo")).attachments

    with platform() as (_, stub, channel):
        found = channel.open(attached.id, ACME.id, CREDENTIALS)

    assert found == File(content=PICTURE, type="image/jpeg", name="file_1.jpg")
    assert {call.host for call in stub.calls} == {"api.telegram.org"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("voice/file_2.oga", File(content=b"x", type="audio/ogg", name="file_2.oga")),
        ("videos/file 3?.MP4", File(content=b"x", type="video/mp4", name="file 3_.MP4")),
        ("documents/file_4.pdf", File(content=b"x", type="application/pdf", name="file_4.pdf")),
    ],
)
def test_a_files_name_says_what_it_is(path: str, expected: File) -> None:
    with platform(files={"1": (path, b"x")}) as (_, _, channel):
        assert channel.open("1", ACME.id, CREDENTIALS) == expected


def test_what_is_not_there_is_not_fetched() -> None:
    with platform() as (_, _, channel):
        assert why_not(channel, "gone") == (
            f"{NOT_TOLD} Telegram refuses it: look for the message in Telegram itself. (error 400)"
        )


@pytest.mark.parametrize("path", ["documents/page.html", "documents/drawing.svg", "documents/noname"])
def test_what_a_browser_runs_is_not_copied(path: str) -> None:
    with platform(files={"1": (path, b"x")}) as (_, _, channel):
        name = path.rpartition("/")[2]
        assert why_not(channel, "1") == f"{NOT_TOLD} {name!r} is none of the types that are copied"


def test_an_empty_file_is_none() -> None:
    with platform(files={"1": ("photos/1.jpg", b"")}) as (_, _, channel):
        assert why_not(channel, "1") == f"{NOT_TOLD} it is empty"


def test_a_file_that_has_gone_meanwhile_is_not_fetched() -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend([None, Said(status=404, body=b"gone")])
        assert why_not(channel) == f"{NOT_TOLD} it answered 404"


def test_a_path_that_cannot_be_written_leads_nowhere() -> None:
    with platform() as (held, _, channel):
        held.files = {"AgAC-big": ("photos/\ud800.jpg", b"x")}
        assert why_not(channel) == f"{NOT_TOLD} it answered 404"


def test_without_a_token_nothing_is_asked() -> None:
    with platform() as (_, stub, channel):
        assert why_not(channel, credentials=Credentials()).startswith(
            f"{NOT_TOLD} connections.yaml holds no token for this account"
        )
    assert stub.calls == []


def test_a_dead_token_is_named() -> None:
    with platform() as (_, stub, channel):
        stub.plan.append(DEAD)
        assert why_not(channel).startswith(f"{NOT_TOLD} Telegram does not accept the bot's token")


@pytest.mark.parametrize("steps", [["late"], [None, "late"], ["before"], [None, "before"]])
def test_a_lost_answer_shows_no_address(steps: list[object]) -> None:
    with platform() as (_, stub, channel):
        stub.plan.extend(steps)  # type: ignore[arg-type]
        assert why_not(channel).startswith(f"{NOT_TOLD} no answer came: ")


def test_callbacks_say_who_wrote_and_what() -> None:
    with platform() as (_, _, channel):
        found = [channel.lacks(message(fixture(name))) for name in ("text", "group", "business_message", "photo")]

    assert found == [(), (), (), ()]
