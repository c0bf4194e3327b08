"""Files that a platform hands out by an id are copied where the mapping says so, and never keep the text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from heart import CARE, bridge, drain, hear, said
from logbook import Logbook
from pydantic import SecretStr
from wall import Wall

from bridge.fetching import File, Unfetchable
from bridge.media import SCHEME, Media, to_copy
from bridge.message import Attachment
from bridge.ports import Credentials
from bridge.store import Store

COPYING = CARE.replace("  object: Case\n", "  object: Case\n  attachments: copy\n")
PICTURE = Attachment(kind="image", id="media/7 ü", name="box.jpg")
SHOWN = File(content=b"\xff\xd8", type="image/jpeg", name="box.jpg")
PATIENCE = timedelta(seconds=1)


@dataclass(slots=True)
class Album(Wall):
    """A platform that hands out one picture to whoever has the account's token."""

    def open(self, media: str, account: str, credentials: Credentials) -> File:
        """Give the picture."""
        if media == "broken":
            raise ZeroDivisionError
        if (media, account, credentials.token) != ("media/7 ü", "page-1", SecretStr("t0ken")):
            raise Unfetchable("there is no such picture")
        return SHOWN


def fetch(url: str) -> File:
    tokens = {("fb", "page-1"): Credentials(token=SecretStr("t0ken"))}
    return Media({"fb": Album()}, lambda *name: tokens.get(name, Credentials()))(url, patience=PATIENCE)


def test_a_file_with_an_id_is_had_from_its_platform() -> None:
    (one,) = to_copy(said("Look", attachments=(PICTURE,)))

    assert fetch(one.url) == SHOWN


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"{SCHEME}fb/page-1/8", "there is no such picture"),
        (f"{SCHEME}gone/page-1/8", "the file cannot be had: the connection 'gone' is switched off"),
        (f"{SCHEME}fb/page-1/broken", "the file cannot be had: ZeroDivisionError"),
    ],
)
def test_a_file_that_cannot_be_had_says_why(url: str, why: str) -> None:
    with pytest.raises(Unfetchable, match=why):
        fetch(url)


def test_an_address_that_a_stranger_made_up_is_no_file_of_ours() -> None:
    hostile = Attachment(kind="image", url=f"{SCHEME}fb/page-1/media%2F7%20%C3%BC")

    assert to_copy(said("Look", attachments=(hostile,))) == ()


@pytest.mark.parametrize("kind", ["link", "location", "story"])
def test_pages_and_places_and_stories_are_not_copied(kind: str) -> None:
    assert to_copy(said("Look", attachments=(Attachment(kind=kind, url="https://a.example/x", id="9"),))) == ()


def test_a_file_with_an_address_of_its_own_is_fetched_from_there() -> None:
    plain = Attachment(kind="image", url="https://cdn.example/p.jpg")

    assert to_copy(said("Look", attachments=(plain,))) == (plain,)
    with pytest.raises(Unfetchable):
        fetch("http://127.0.0.1/p.jpg")


def test_a_file_with_an_id_goes_with_its_message(store: Store, crm: Logbook) -> None:
    made = bridge(store, crm, COPYING)
    message = said("Look", attachments=(PICTURE,))
    hear(store, message)

    drain(made)

    assert crm.files() == {message.key: [f"{SCHEME}fb/page-1/media%2F7%20%C3%BC"]}
    assert crm.texts() == ["Look\nimage: box.jpg"]
