"""What a callback left out is fetched before anybody decides; what cannot be had holds nothing up for long."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from heart import CARE, age, all_items, bridge, deleted, drain, dying, edited, hear, said, states
from logbook import Logbook
from pydantic import SecretStr
from sqlalchemy import select, update
from wall import Wall

from bridge import protecting
from bridge.errors import Paused, Rejected, RetryLater
from bridge.flow import decide_some
from bridge.mapping import read
from bridge.message import Message, Person
from bridge.parts import Bridge
from bridge.ports import Credentials, Lack
from bridge.store import Store
from bridge.store.engine import now
from bridge.store.tables import profile

SOON = RetryLater("the platform is busy", after=timedelta(seconds=5))
KNOWN = Person(id="ana", name="Ana Ruiz", handle="ana.ruiz", followers=97)

Told = Person | Message | Exception | None


@dataclass(slots=True)
class Shy(Wall):
    """A platform whose callbacks leave out what `missing` says; `answers` are what it tells when it is asked."""

    missing: tuple[Lack, ...] = ("author",)
    answers: deque[Told] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)
    trusted: list[str] = field(default_factory=list)  #: tokens with which it was asked
    busy_with: str = ""  #: the id of a message that it cannot tell of now

    def lacks(self, message: Message) -> Collection[Lack]:
        """As the test set it, but nothing of our own side's words."""
        return () if message.author.is_self else self.missing

    def author(self, message: Message, credentials: Credentials) -> Person:
        """Tell who it was."""
        self.asked.append(f"author of {message.id}")
        if message.id == self.busy_with:
            raise SOON
        self.trusted.append(credentials.token.get_secret_value() if credentials.token else "")
        found = self._next()
        return found if isinstance(found, Person) else KNOWN

    def content(self, message: Message, credentials: Credentials) -> Message | None:
        """Tell what it says."""
        self.asked.append(f"content of {message.id}")
        found = self._next()
        return found if isinstance(found, Message) or found is None else message

    def _next(self) -> Told:
        found = self.answers.popleft() if self.answers else KNOWN
        if isinstance(found, Exception):
            raise found
        return found


def quiet(text: str = "Help", **changes: object) -> Message:
    """A message whose author has an id and nothing else."""
    return replace(said(text), author=Person(id="ana"), **changes)  # type: ignore[arg-type]


def asking(store: Store, crm: Logbook, shy: Shy, mapping: str = CARE, **parts: object) -> Bridge:
    trusted = Credentials(token=SecretStr("t0ken"))
    return bridge(store, crm, mapping, **{"channels": {"fb": shy}, "credentials": lambda *_: trusted, **parts})


def filed(crm: Logbook) -> list[tuple[object, object]]:
    """Subject and name of every case."""
    return [(case.get("Subject"), case.get("Name")) for case in crm.cases().values()]


LACKS_NAME = "The author's name could not be fetched: "


def test_a_name_that_the_callback_lacked_stands_in_the_case(store: Store, crm: Logbook) -> None:
    made = asking(store, crm, Shy())
    hear(store, quiet())

    drain(made)

    assert filed(crm) == [("Help", "Ana Ruiz")]


def test_what_the_callback_said_is_not_overwritten(store: Store, crm: Logbook) -> None:
    made = asking(store, crm, Shy())
    hear(store, replace(said("Help"), author=Person(id="ana", name="A. Ruiz")))

    drain(made)

    (one,) = all_items(store)
    assert one.message.author == replace(KNOWN, name="A. Ruiz")


def test_an_author_is_asked_for_once_a_day(store: Store, crm: Logbook) -> None:
    shy = Shy()
    made = asking(store, crm, shy)
    for text in ("one", "two"):
        hear(store, quiet(text))
        drain(made)
    with store.write() as c:
        c.execute(update(profile).values(until=now() - 1))
    hear(store, quiet("three"))

    drain(made)

    assert shy.asked == ["author of m-one", "author of m-three"]


def test_an_author_who_writes_very_much_at_once_is_asked_for_once(store: Store, crm: Logbook) -> None:
    shy = Shy()
    made = asking(store, crm, shy)
    hear(store, *(quiet(f"{n}") for n in range(20)))

    drain(made)

    assert (shy.asked, {one.message.author.name for one in all_items(store)}) == (["author of m-0"], {"Ana Ruiz"})


def test_the_token_of_an_account_is_not_looked_up_for_what_lacks_nothing(store: Store, crm: Logbook) -> None:
    looked_up: list[str] = []

    def credentials(*name: str) -> Credentials:
        looked_up.append("/".join(name))
        return Credentials()

    made = asking(store, crm, Shy(missing=()), credentials=credentials)
    hear(store, quiet())

    drain(made)

    assert looked_up == []


def test_the_platform_is_asked_with_the_accounts_own_token(store: Store, crm: Logbook) -> None:
    shy = Shy()
    tokens = {("fb", "page-1"): Credentials(token=SecretStr("token-of-page-1"))}
    made = asking(store, crm, shy, credentials=lambda *name: tokens[name])
    hear(store, quiet())

    drain(made)

    assert shy.trusted == ["token-of-page-1"]


def test_without_a_token_no_name_is_asked_for_and_no_case_complains(store: Store, crm: Logbook) -> None:
    shy = Shy()
    made = asking(store, crm, shy, credentials=lambda *_: Credentials())
    hear(store, quiet())

    drain(made)

    assert (shy.asked, crm.texts()) == ([], ["Help"])


def test_a_text_that_the_callback_lacked_is_decided_about(store: Store, crm: Logbook) -> None:
    shy = Shy(missing=("content",))
    shy.answers.append(said("a giveaway entry", id="m-1"))
    made = asking(store, crm, shy)
    hear(store, quiet("", id="m-1"))

    drain(made)

    (state,) = states(store).values()
    assert (filed(crm), state.partition(":")[0]) == ([], "dropped")


def test_content_is_fetched_before_the_author_whom_it_may_name(store: Store, crm: Logbook) -> None:
    shy = Shy(missing=("author", "content"))
    shy.answers.extend([said("Late", id="m-1", by="bo"), Person(id="bo", name="Bo B")])
    made = asking(store, crm, shy)
    hear(store, replace(said("", id="m-1"), author=Person()))

    drain(made)

    assert shy.asked == ["content of m-1", "author of m-1"]
    assert filed(crm) == [("Late", "Bo")]


def test_what_is_no_longer_there_opens_no_case(store: Store, crm: Logbook) -> None:
    shy = Shy(missing=("content",))
    shy.answers.append(None)
    made = asking(store, crm, shy)
    hear(store, quiet("", id="m-1"))

    drain(made)

    assert (filed(crm), states(store)) == ([], {"m-1:created": "dropped: deleted_by_author"})


def test_a_refusal_files_the_message_with_a_note(store: Store, crm: Logbook) -> None:
    shy = Shy()
    shy.answers.append(Rejected("The customer does not show it."))
    made = asking(store, crm, shy)
    hear(store, quiet())

    drain(made)

    assert filed(crm) == [("Help", None)]
    assert crm.texts() == ["Help", f"{LACKS_NAME}The customer does not show it."]


def test_a_refusal_is_remembered(store: Store, crm: Logbook) -> None:
    shy = Shy()
    shy.answers.append(Rejected("No."))
    made = asking(store, crm, shy)
    for text in ("one", "two"):
        hear(store, quiet(text))
        drain(made)

    assert shy.asked == ["author of m-one"]


def test_a_platform_that_is_down_holds_a_message_for_two_minutes_only(store: Store, crm: Logbook) -> None:
    shy = Shy()
    shy.answers.extend([SOON] * 100)
    made = asking(store, crm, shy)
    hear(store, quiet())

    decide_some(made, "fb")
    assert (states(store), filed(crm)) == ({"m-Help:created": "ready: the platform is busy"}, [])
    age(store, timedelta(minutes=2))
    drain(made)

    assert crm.texts() == ["Help", f"{LACKS_NAME}the platform is busy"]


def test_a_text_is_waited_for_an_hour(store: Store, crm: Logbook) -> None:
    shy = Shy(missing=("content",))
    shy.answers.extend([SOON] * 100)
    made = asking(store, crm, shy)
    hear(store, quiet("", id="m-1"))
    decide_some(made, "fb")
    age(store, timedelta(minutes=59))
    decide_some(made, "fb")
    assert states(store) == {"m-1:created": "ready: the platform is busy"}

    age(store, timedelta(minutes=1))
    drain(made)

    assert crm.texts() == ["[without text]", "What the message says could not be fetched: the platform is busy"]


def test_a_dead_token_raises_an_alarm_and_the_message_is_filed(store: Store, crm: Logbook) -> None:
    alarms: list[tuple[str, str]] = []
    shy = Shy()
    shy.answers.extend([Paused("The token is dead.")] * 2)
    made = asking(store, crm, shy, alarm=lambda name, says: alarms.append((name, says)))
    hear(store, quiet())
    decide_some(made, "fb")
    age(store, timedelta(minutes=2))

    drain(made)

    assert alarms == [("fb/page-1", "The token is dead.")] * 2
    assert crm.texts() == ["Help", f"{LACKS_NAME}The token is dead."]


def test_a_fault_of_the_adapter_does_not_keep_the_message(store: Store, crm: Logbook) -> None:
    shy = Shy()
    shy.answers.append(ZeroDivisionError())
    made = asking(store, crm, shy)
    hear(store, quiet())

    drain(made)

    why = "completing failed: ZeroDivisionError (the log has the place)"
    assert crm.texts() == ["Help", f"{LACKS_NAME}{why}"]


def test_one_that_waits_holds_back_what_is_behind_it_and_nobody_else(store: Store, crm: Logbook) -> None:
    made = asking(store, crm, Shy(busy_with="m-one"))
    hear(store, quiet("one"), quiet("two"), replace(said("other", by="bo"), author=Person(id="bo")))

    decide_some(made, "fb")

    placed = {one.message.text: one.case_id is not None for one in all_items(store)}
    assert placed == {"one": False, "two": False, "other": True}


def test_what_was_fetched_is_masked_before_it_is_stored(store: Store, crm: Logbook) -> None:
    masking = CARE + "protect: {mask: {card_number: everywhere}}\n"
    shy = Shy(missing=("content",))
    shy.answers.append(said("my card 4111 1111 1111 1111", id="m-1"))
    made = asking(store, crm, shy, masking, protection=protecting.protection([read(masking, "care.yaml")]))
    hear(store, quiet("", id="m-1"))

    drain(made)

    (one,) = all_items(store)
    assert "4111" not in one.body
    assert crm.texts() == ["my card [card number]"]


def test_a_profile_is_remembered_masked(store: Store, crm: Logbook) -> None:
    masking = CARE + "protect: {mask: {phone: everywhere}}\n"
    shy = Shy()
    shy.answers.append(Person(id="ana", name="Ana +49 30 5550 1042"))
    made = asking(store, crm, shy, masking, protection=protecting.protection([read(masking, "care.yaml")]))
    hear(store, quiet())

    drain(made)

    with store.read() as c:
        kept = c.execute(select(profile.c.found)).scalars().all()
    assert ["5550" in one for one in kept] == [False]


def test_nothing_is_fetched_of_what_its_author_has_deleted(store: Store, crm: Logbook) -> None:
    shy = Shy()
    made = asking(store, crm, shy)
    hear(store, quiet(), deleted(quiet()))

    drain(made)

    assert (shy.asked, filed(crm)) == ([], [])


def test_a_deletion_that_comes_while_we_ask_wins(store: Store, crm: Logbook) -> None:
    shy = Shy()

    def meanwhile(point: str) -> None:
        if point == "lane.claimed" and not shy.asked:
            hear(store, deleted(quiet()))

    made = asking(store, crm, shy, at=meanwhile)
    hear(store, quiet())

    drain(made)

    assert filed(crm) == []
    assert [one.message.text for one in all_items(store)] == ["[deleted by its author]"] * 2


def test_an_edit_is_completed_too(store: Store, crm: Logbook) -> None:
    shy = Shy(missing=("content",))
    shy.answers.extend([said("first", id="m-1"), edited(said("", id="m-1"), "second", version="2")])
    made = asking(store, crm, shy)
    hear(store, quiet("", id="m-1"))
    drain(made)
    hear(store, edited(quiet("", id="m-1"), "", version="2"))

    drain(made)

    assert crm.texts() == ["first", "Edited by its author:\nsecond"]


@pytest.mark.parametrize("point", ["lane.claimed", "lane.completed", "lane.placed"])
def test_a_worker_that_dies_over_it_loses_and_doubles_nothing(store: Store, crm: Logbook, point: str) -> None:
    made = asking(store, crm, Shy(), at=dying(point, times=2))
    hear(store, quiet())

    drain(made)

    assert (filed(crm), crm.texts()) == ([("Help", "Ana Ruiz")], ["Help"])


def test_a_message_is_completed_once(store: Store, crm: Logbook) -> None:
    shy = Shy(missing=("content",))
    made = asking(store, crm, shy, at=dying("lane.placed"))
    hear(store, quiet())

    drain(made)

    assert shy.asked == ["content of m-Help"]


def test_our_own_words_lack_nothing(store: Store, crm: Logbook) -> None:
    shy = Shy()
    made = asking(store, crm, shy)
    hear(store, replace(said("ours"), author=Person(id="page-1", is_self=True)))

    drain(made)

    assert shy.asked == []


def test_words_that_turn_out_to_be_ours_join_the_case_that_they_answer(store: Store, crm: Logbook) -> None:
    shy = Shy(missing=("content",))
    made = asking(store, crm, shy)
    hear(store, said("Help"))
    drain(made)
    shy.answers.append(
        replace(said("We are on it", id="m-9", reply_to="m-Help"), author=Person(id="x", is_self=True))
    )
    hear(store, replace(said("", id="m-9", reply_to="m-Help"), author=Person(id="x")))

    drain(made)

    assert crm.texts() == ["Help", "Written by our own side on the platform:\nWe are on it"]
