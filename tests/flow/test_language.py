"""The language that a platform does not say is found out before the message is stored, and stays with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from heart import CARE, NOON, all_items, drain, edited, hear, posted, said
from logbook import Logbook
from test_completing import Shy, asking

from bridge import protecting
from bridge.flow import Keeping, keep, receive
from bridge.mapping import read
from bridge.message import Message
from bridge.ports import Answer, Callback, Channel, Event
from bridge.store import Store

SPOKEN = {"Wo bleibt mein Paket?": "de", "Where is my parcel?": "en"}
BY_LANGUAGE = CARE.replace('Subject: "{text}"', 'Subject: "{language}"')


def listen(text: str) -> str:
    """A detector that knows two sentences."""
    return SPOKEN.get(text, "")


class Mute(Channel):
    """A platform that says no languages but of what begins with its code."""

    def verify(self, callback: Callback) -> Answer | None:
        return None

    def parse(self, callback: Callback) -> list[Event]:
        return [said(text, id=f"m-{i}", language=told) for i, (text, told) in enumerate(json.loads(callback.body))]

    def sign(self, body: bytes) -> Mapping[str, str]:
        return {}


def called(store: Store, *texts: tuple[str, str], keeping: Keeping) -> None:
    """A callback with these texts and their languages is received."""
    receive(posted(json.dumps(texts).encode()), Mute(), store, keeping=keeping)


def languages(store: Store) -> list[str]:
    return [one.message.language for one in all_items(store)]


def test_a_message_is_stored_with_its_language(store: Store) -> None:
    texts = ("Wo bleibt mein Paket?", ""), ("Where is my parcel?", ""), ("ok", "")

    called(store, *texts, keeping=Keeping(language=listen))

    assert languages(store) == ["de", "en", ""]


def test_what_the_platform_says_stays(store: Store) -> None:
    called(store, ("Wo bleibt mein Paket?", "en-GB"), keeping=Keeping(language=listen))

    assert languages(store) == ["en-GB"]


def test_without_a_detector_the_language_stays_unknown(store: Store) -> None:
    called(store, ("Wo bleibt mein Paket?", ""), keeping=Keeping())

    assert languages(store) == [""]


def test_the_detector_sees_what_is_stored_and_no_more(store: Store) -> None:
    protection = protecting.protection([read(f"{CARE}protect: {{mask: {{email: everywhere}}}}\n", "care.yaml")])

    called(store, ("I am ana@x.example", ""), keeping=Keeping(protection=protection, language=str.upper))

    assert languages(store) == ["I AM [E-MAIL]"]


def test_what_was_fetched_again_has_its_language_and_so_has_an_edit(store: Store) -> None:
    question = said("Wo bleibt mein Paket?")
    events = [question, edited(question, "Where is my parcel?")]

    keep(events, "fb", NOON, store, keeping=Keeping(language=listen), fetched=True)

    assert languages(store) == ["de", "en"]


@pytest.mark.parametrize(("told", "expected"), [("", "de"), ("nl", "nl")])
def test_a_text_that_came_later_has_its_language_before_anybody_decides(
    store: Store, crm: Logbook, told: str, expected: str
) -> None:
    whole: Message = replace(said("Wo bleibt mein Paket?", id="m-1"), language=told)
    shy = Shy(missing=("content",))
    shy.answers.append(whole)
    made = asking(store, crm, shy, BY_LANGUAGE, language=listen)
    hear(store, said("", id="m-1"))

    drain(made)

    assert languages(store) == [expected]
    assert [case.get("Subject") for case in crm.cases().values()] == [expected]
