"""Fetches what a callback left out before anybody decides about it: who wrote it, what it says.

What cannot be had does not hold a message up for long: it goes on with what is known, and says what it lacks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta

from bridge import placing, protecting
from bridge.deciding import Explain
from bridge.detecting import Detect, heard
from bridge.errors import Paused, Rejected, RetryLater
from bridge.message import Message, Person, dump
from bridge.ports import Channel, Credentials, Lack
from bridge.protecting import Protection
from bridge.steps import Item, Settle, Wait
from bridge.store import Store, lanes, profiles, queues
from bridge.store.profiles import Author, Profile
from bridge.store.queues import Claim

WAITS: Mapping[Lack, timedelta] = {"author": timedelta(minutes=2), "content": timedelta(hours=1)}
"""How old a message may get while it waits for what it lacks."""

AT_ONCE = 8  #: calls
SOON = timedelta(seconds=1)

NEXT_TURN = Wait(after=timedelta(0))
UNREACHED = "{what} could not be fetched: {why}"
WORDS: Mapping[Lack, str] = {"author": "The author's name", "content": "What the message says"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """What it takes to complete messages of one connection."""

    store: Store
    channel: Channel
    credentials: Callable[[str], Credentials]  #: by account
    protection: Protection
    explain: Explain
    alarm: Callable[[str, str], None]  #: account, what is wrong
    language: Detect | None = None


Wanted = tuple[Item, Message, Sequence[Lack]]
Completed = Item | Wait | Settle


def complete(fetching: Fetching, waiting: Sequence[Item], claim: Claim, lease: timedelta) -> dict[int, Completed]:
    """The items that lacked something, by number: as they are now, or why they wait, or how they ended."""
    wanted = [(one, m, lacks) for one in waiting if (m := _readable(one)) and (lacks := _lacks(fetching, m))]
    if not wanted:
        return {}
    until = time.monotonic() + lease.total_seconds() * queues.BEGINS  # the rest waits for its next turn
    with fetching.store.read() as c:
        known = profiles.recall(c, {author_of(m) for _, m, lacks in wanted if "author" in lacks})
    of_one: dict[object, list[Wanted]] = {}  # one after the other, so that nobody is asked for twice
    for one, m, lacks in wanted:
        of_one.setdefault(author_of(m) if m.author.id else one.id, []).append((one, m, lacks))
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="complete") as pool:
        jobs = [pool.submit(_complete_all, fetching, theirs, known, until) for theirs in of_one.values()]
        done = {i: became for job in jobs for i, became in job.result().items()}
    changed = [one for one in done.values() if isinstance(one, Item)]
    with fetching.store.write() as c:
        kept = lanes.complete(c, claim, changed)
    return {i: one if not isinstance(one, Item) or i in kept else NEXT_TURN for i, one in done.items()}


def author_of(message: Message) -> Author:
    """Under what the author is remembered."""
    return message.channel, message.account.id, message.author.id


def _readable(one: Item) -> Message | None:
    if one.deleted or one.change not in ("created", "edited"):
        return None
    try:
        message = one.message
    except ValueError:
        return None
    return None if message.completed else message


def _lacks(fetching: Fetching, message: Message) -> Sequence[Lack]:
    try:
        lacks = sorted(fetching.channel.lacks(message))
    except Exception as error:  # noqa: BLE001 - a fault of the adapter's: the message goes on as it came
        fetching.explain("completing", error)
        return []
    # Without a token nobody's name is told: that is for the admin to know, not for every case.
    trusted = "author" not in lacks or fetching.credentials(message.account.id) != Credentials()
    return [lack for lack in lacks if trusted or lack != "author"]


def _complete_all(
    fetching: Fetching, theirs: Sequence[Wanted], known: dict[Author, Profile], until: float
) -> dict[int, Completed]:
    return {one.id: _complete(fetching, one, m, lacks, known, until) for one, m, lacks in theirs}


def _complete(
    fetching: Fetching,
    one: Item,
    message: Message,
    lacks: Sequence[Lack],
    known: dict[Author, Profile],
    until: float,
) -> Completed:
    for lack in reversed(lacks):  # content first: it may name the author
        if time.monotonic() > until:
            return NEXT_TURN
        try:
            told = _ask(fetching, message, lack, known)
        except RetryLater as trouble:
            if one.age < WAITS[lack]:
                return Wait(after=max(SOON, min(trouble.after, WAITS[lack] - one.age)), why=str(trouble))
            told = _without(message, lack, str(trouble))
        if told is None:
            return placing.DELETED
        message = told
    safe = heard(fetching.protection.stored(replace(message, completed=True)), fetching.language)
    return replace(one, body=dump(safe), raw=safe.raw)


def _ask(fetching: Fetching, message: Message, lack: Lack, known: dict[Author, Profile]) -> Message | None:
    """The message with one thing more, or with a note that it will never be told; None = it is gone."""
    try:
        if lack == "content":
            return fetching.channel.content(message, fetching.credentials(message.account.id))
        return _with_author(fetching, message, known)
    except Rejected as refusal:
        return _without(message, lack, str(refusal))
    except Paused as trouble:
        fetching.alarm(message.account.id, str(trouble))
        raise RetryLater(str(trouble), after=timedelta(minutes=1)) from None
    except RetryLater:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of the adapter's must not keep the message
        return _without(message, lack, fetching.explain("completing", error))


def _with_author(fetching: Fetching, message: Message, known: dict[Author, Profile]) -> Message:
    """The message with who wrote it; what the platform says of an author is added to `known`."""
    found = known.get(author_of(message))
    if found is None:
        try:
            person = fetching.channel.author(message, fetching.credentials(message.account.id))
            found = Profile(person=_safe(fetching, message, person))
        except Rejected as refusal:
            found = Profile(reason=str(refusal))
        with fetching.store.write() as c:
            profiles.remember(c, author_of(message), found)
        known[author_of(message)] = found
    if found.person is None:
        return _without(message, "author", found.reason)
    return replace(message, author=_merged(message.author, found.person))


def _safe(fetching: Fetching, message: Message, person: Person) -> Person:
    """The person as anything of theirs is stored: masked as the mappings say."""
    kinds = fetching.protection.before_storing(message.connection)
    return protecting.received(replace(message, author=person), kinds).author


def _merged(had: Person, told: Person) -> Person:
    """What the callback said stays; the platform fills in what it left out."""
    values = {
        name: getattr(had, name) or getattr(told, name) for name in ("name", "handle", "avatar", "phone", "email")
    }
    return replace(
        had,
        **values,
        followers=told.followers if had.followers is None else had.followers,
        verified=told.verified if had.verified is None else had.verified,
    )


def _without(message: Message, lack: Lack, why: str) -> Message:
    return replace(message, lacking=(*message.lacking, UNREACHED.format(what=WORDS[lack], why=why)))
