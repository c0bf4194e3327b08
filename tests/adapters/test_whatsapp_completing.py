"""What WhatsApp's callbacks lack: nothing that could be asked for, but the bytes of files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from stub import Break, Said, Stub
from urllib3.util import parse_url
from whatsapp_calls import NUMBER, OTHER_NUMBER, fixture, message, text, value
from whatsapp_platform import DEAD, PICTURE, TOKEN, WhatsApp, adapter, platform, refused

from adapters.meta import Meta
from adapters.meta.whatsapp_files import PLACE
from bridge.calling import MOST
from bridge.fetching import File, Unfetchable
from bridge.ports import Credentials

CREDENTIALS = Credentials(token=SecretStr(TOKEN))
NO_PLACE = "WhatsApp names no address of its own for the file, and the token goes nowhere else"


@pytest.fixture
def there() -> Iterator[tuple[WhatsApp, Stub, Meta]]:
    with platform() as (whatsapp, stub):
        whatsapp.keeps("901")
        yield whatsapp, stub, adapter(stub)


def why(meta: Meta, media: str = "901", account: str = NUMBER.id, credentials: Credentials = CREDENTIALS) -> str:
    with pytest.raises(Unfetchable) as raised:
        meta.open(media, account, credentials)
    return str(raised.value)


@pytest.mark.parametrize("name", ["text", "username_only", "image", "revoke", "echo", "group"])
def test_nothing_lacks_that_whatsapp_could_be_asked_for(name: str) -> None:
    with platform() as (_, stub):
        found = message(fixture(name))
        nameless = replace(found, author=replace(found.author, name="", handle=""))

        assert (adapter(stub).lacks(found), adapter(stub).lacks(nameless)) == ((), ())
        assert stub.calls == []


def test_a_file_is_opened_by_the_id_in_the_message(there: tuple[WhatsApp, Stub, Meta]) -> None:
    _, stub, meta = there
    (attachment,) = message(fixture("image")).attachments

    found = meta.open(attachment.id, NUMBER.id, CREDENTIALS)

    assert found == File(content=PICTURE, type="image/jpeg", name="901.jpg")
    assert [(call.method, call.host, call.path, call.token) for call in stub.calls] == [
        ("GET", "graph.facebook.com", "/v25.0/901", TOKEN),
        ("GET", "lookaside.fbsbx.com", "/whatsapp_business/attachments/901", TOKEN),
    ]
    assert [call.query for call in stub.calls] == [
        {"phone_number_id": NUMBER.id},
        {"mid": "901", "ext": "1793000300"},
    ]


def test_a_voice_message_has_a_type_with_a_codec(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, _, meta = there
    whatsapp.keeps("902")
    whatsapp.files["/whatsapp_business/attachments/902"] = Said(
        body=b"OggS", headers={"Content-Type": "audio/ogg; codecs=opus"}
    )

    assert meta.open("902", NUMBER.id, CREDENTIALS) == File(content=b"OggS", type="audio/ogg", name="902.ogg")


def test_an_address_that_needs_our_token_does_not_stand_in_the_message() -> None:
    image = {"id": "901", "url": "https://lookaside.fbsbx.com/whatsapp_business/attachments/901"}
    bare = {"url": "https://lookaside.fbsbx.com/whatsapp_business/attachments/901"}

    both, alone = (
        message(value(messages=[text(type="image", text=None, image=one)])).attachments[0] for one in (image, bare)
    )

    assert (both.id, both.url) == ("901", "")
    assert (alone.id, alone.url) == ("", bare["url"])


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        7,
        "http://lookaside.fbsbx.com/901",
        "https://fbsbx.com.example.com/901",
        "https://notfbsbx.com/901",
        "https://example.com/lookaside.fbsbx.com/901",
        "https://lookaside.fbsbx.com@example.com/901",
        "https://lookaside.fbsbx.com:444/901",
        "https://lookaside.fbsbx.com\\@example.com/901",
        "https://lookaside.fbsbx.com#@example.com/901",
        "https://127.0.0.1/901",
        "https://[::1]/901",
        "https://lookaside.fbsbx.com/901\n",
    ],
)
def test_the_token_goes_to_whatsapps_own_places_only(there: tuple[WhatsApp, Stub, Meta], url: object) -> None:
    whatsapp, stub, meta = there
    whatsapp.media["901"]["url"] = url

    assert why(meta) == NO_PLACE
    assert len(stub.calls) == 1


@pytest.mark.parametrize(
    "said", [Said(status=302, headers={"Location": "https://example.com/"}), Said(status=404)]
)
def test_what_is_not_there_is_not_fetched_elsewhere(there: tuple[WhatsApp, Stub, Meta], said: Said) -> None:
    whatsapp, stub, meta = there
    whatsapp.files["/whatsapp_business/attachments/901"] = said

    assert why(meta) == f"WhatsApp answered {said.status} to the file '901'"
    assert len(stub.calls) == 2


PIECES = st.sampled_from(
    [*"abc/.:@#?\\%[]&=0-_ \n\t", "https://", "http://", "fbsbx.com", "whatsapp.net", "443", "x."]
)


@given(st.lists(PIECES, max_size=4), st.lists(PIECES, max_size=4))
def test_whatever_passes_for_whatsapps_place_leads_there(before: list[str], after: list[str]) -> None:
    url = f"https://{''.join(before)}x.fbsbx.com{''.join(after)}"

    if PLACE.match(url):
        host = parse_url(url).host or ""
        assert (host.endswith((".fbsbx.com", ".whatsapp.net")), urlsplit(url).hostname) == (True, host)


def test_a_file_that_is_too_large_is_not_even_asked_for(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, stub, meta = there
    whatsapp.media["901"]["file_size"] = MOST + 1

    assert why(meta) == f"the file has {MOST + 1} bytes: of WhatsApp's files at most {MOST} bytes are copied"
    assert len(stub.calls) == 1


def test_a_file_that_is_larger_than_it_said_ends(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, _, meta = there
    whatsapp.keeps("901", b"x" * (MOST + 1), file_size=5)

    assert why(meta).startswith("WhatsApp does not hand out the file '901': no answer came")


def test_a_file_of_exactly_the_size_is_copied(there: tuple[WhatsApp, Stub, Meta]) -> None:
    whatsapp, _, meta = there
    whatsapp.keeps("901", b"x" * MOST)

    assert len(meta.open("901", NUMBER.id, CREDENTIALS).content) == MOST


@pytest.mark.parametrize(
    ("body", "type_", "reason"),
    [
        (b"<script>", "text/html; charset=utf-8", "'text/html' is none of the types that are copied"),
        (b"", "image/jpeg", "the file '901' is empty"),
    ],
)
def test_what_is_no_file_is_not_copied(
    there: tuple[WhatsApp, Stub, Meta], body: bytes, type_: str, reason: str
) -> None:
    whatsapp, _, meta = there
    whatsapp.files["/whatsapp_business/attachments/901"] = Said(body=body, headers={"Content-Type": type_})

    assert why(meta) == reason


@pytest.mark.parametrize("broken", [DEAD, refused(100), refused(80007), refused(131052), "after", "late"])
def test_whatever_breaks_is_a_file_that_is_not_there(
    there: tuple[WhatsApp, Stub, Meta], broken: Said | Break
) -> None:
    _, stub, meta = there
    stub.plan.append(broken)

    found = why(meta)

    assert found.startswith("WhatsApp does not hand out the file '901': ")
    assert TOKEN not in found


def test_without_a_token_nothing_is_asked(there: tuple[WhatsApp, Stub, Meta]) -> None:
    _, stub, meta = there

    assert "holds no token for this account" in why(meta, credentials=Credentials())
    assert stub.calls == []


def test_a_file_of_another_number_is_not_opened(there: tuple[WhatsApp, Stub, Meta]) -> None:
    _, _, meta = there

    assert why(meta, account=OTHER_NUMBER.id).startswith("WhatsApp does not hand out the file '901': ")


def test_an_id_is_one_part_of_an_address(there: tuple[WhatsApp, Stub, Meta]) -> None:
    _, stub, meta = there

    why(meta, media="../901/messages?a=1")

    assert [call.path for call in stub.calls] == ["/v25.0/..%2F901%2Fmessages%3Fa%3D1"]
