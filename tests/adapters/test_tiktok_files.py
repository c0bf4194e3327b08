"""Pictures and films of direct messages on TikTok, which want the account's token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stub import Said
from tiktok_calls import ACME, fixture, message
from tiktok_platform import (
    CREDENTIALS,
    JPEG,
    TOKEN,
    World,
    bad,
    world,
)

from adapters.tiktok import files, media
from bridge.fetching import File, Unfetchable
from bridge.ports import Credentials

PICTURE = "image/Cnv%2BAnaAndAcme%3D%3D/Msg%2B02%3D%3D/media-2"


@pytest.fixture
def tt() -> Iterator[World]:
    with world() as found:
        yield found


def test_a_picture_of_a_direct_message_is_fetched_with_the_token(tt: World) -> None:
    (shown,) = message(fixture("dm_image")).attachments

    found = tt.channel.open(shown.id, ACME.id, CREDENTIALS)

    assert found == File(content=b"\xff\xd8\xff\xe0picture", type="image/jpeg", name="media-2.jpg")
    assert [(call.host, call.headers.get("x-user", "")) for call in tt.stub.calls] == [
        ("business-api.tiktok.com", ""),
        ("p16-sign.tiktokcdn.com", TOKEN),
    ]


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example.com/file",
        "https://eviltiktokcdn.com/file",
        "https://tiktokcdn.com.evil.example/file",
        "https://tiktokcdn.com@evil.example/file",
        "https://evil.example\\@tiktokcdn.com/file",
        "https://evil.example\\.tiktokcdn.com/file",
        "https://evil.example;.tiktokcdn.com/file",
        "https://tiktokcdn.com:8443/file",
        "http://p16-sign.tiktokcdn.com/file",
        "https://[tiktokcdn.com/file",
        "//tiktokcdn.com/file",
        "",
        None,
        7,
    ],
)
def test_a_token_goes_to_hosts_of_tiktok_only(tt: World, place: object) -> None:
    tt.platform.place = place  # type: ignore[assignment]

    with pytest.raises(Unfetchable):
        tt.channel.open(PICTURE, ACME.id, CREDENTIALS)

    assert [call.host for call in tt.stub.calls] == ["business-api.tiktok.com"]


@pytest.mark.parametrize(
    "answer",
    [
        Said(status=404, body=b""),
        Said(status=302, body=b"", headers={**JPEG, "Location": "https://evil.example.com"}),
        Said(body=b"", headers=JPEG),
        Said(body=b"<svg/>", headers={"Content-Type": "image/svg+xml"}),
        Said(body=b"x" * 5_000_001, headers=JPEG),
    ],
)
def test_what_is_no_picture_is_not_fetched(tt: World, answer: Said) -> None:
    tt.platform.file = answer

    with pytest.raises(Unfetchable):
        tt.channel.open(PICTURE, ACME.id, CREDENTIALS)


@pytest.mark.parametrize("id_", ["media-2", "sticker/a/b/c", "image//b/c", "image/a/b/c/d", ""])
def test_an_id_that_is_none_is_not_asked_for(tt: World, id_: str) -> None:
    with pytest.raises(Unfetchable):
        tt.channel.open(id_, ACME.id, CREDENTIALS)

    assert tt.stub.calls == []


@pytest.mark.parametrize("planned", [bad(40100), bad(40105), "before"])
def test_a_file_that_cannot_be_had_says_why(tt: World, planned: Said) -> None:
    tt.stub.plan.append(planned)

    with pytest.raises(Unfetchable, match="the image was not fetched from TikTok: "):
        tt.channel.open(PICTURE, ACME.id, CREDENTIALS)


def test_a_file_without_a_token_says_so(tt: World) -> None:
    with pytest.raises(Unfetchable, match="holds no token"):
        tt.channel.open(PICTURE, ACME.id, Credentials())


@given(st.lists(st.text(min_size=1), min_size=3, max_size=3))
def test_what_a_file_is_asked_for_by_survives_its_id(parts: list[str]) -> None:
    whole = media.Media(kind="image", conversation=parts[0], message=parts[1], number=parts[2])

    assert media.read(whole.id) == whole


@given(st.text())
def test_an_id_of_another_shape_is_none_of_ours_or_the_same_again(text: str) -> None:
    found = media.read(text)

    assert found is None or media.read(found.id) == found


def test_no_domain_of_tiktok_is_a_part_of_another_name() -> None:
    assert [own for own in files.OWN if own.count(".") != 1] == []
