"""Where an item came in: our handle, and the people whom X described beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from adapters.x.entities import number_of
from bridge.message import Account, Person
from bridge.reading import Json, digits, ornament


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """Where an item came in: what its message takes from the callback around it."""

    account: Account
    ours: frozenset[str]  #: the ids of all our handles behind this URL
    connection: str
    received_at: datetime
    users: Mapping[str, Json] = field(default_factory=dict)  #: by id, as `people` gives them
    subscribed: bool = True  #: X sent it for this very handle; False: a keyword of a stream found it

    @property
    def names(self) -> frozenset[str]:
        """Our id, and @handle where we know it."""
        return names(self.account, self.users)

    def person(self, number: str, user: Json | None = None, *, public: bool = True) -> Person:
        """Return who has this id; user: how X describes them, if not beside the item.

        In public any of our handles may speak for us; one that writes to another in private is its customer.
        """
        known = self.users.get(number, {}) if user is None else user
        return described(number, known, is_self=number in self.ours if public else number == self.account.id)


def described(number: str, user: Json, *, is_self: bool = False) -> Person:
    """Return the person with this id; user: how X describes them, {} = not at all."""
    return Person(
        id=number,
        name=ornament(user, "name"),
        handle=_handle(user),
        followers=_followers(user),
        verified=_verified(user),
        avatar=ornament(user, "profile_image_url_https") or ornament(user, "profile_image_url"),
        is_self=is_self,
    )


def names(account: Account, users: Mapping[str, Json]) -> frozenset[str]:
    """Return what stands for an account of ours in a post: its id, and @handle in lower case where known."""
    handle = account.about.get("handle", "").removeprefix("@") or _handle(users.get(account.id, {}))
    return frozenset({account.id, f"@{handle.lower()}"} if handle else {account.id})


def people(*given: object) -> dict[str, Json]:
    """Return the users that X sent along, by id: each `given` a list of them or a map, or of no use.

    They come plain or wrapped in {"data": …}; only in a map the key is sure to be the id.
    """
    return {number: user for some in given for number, user in _users(some) if number}


def _users(given: object) -> Iterator[tuple[str, Json]]:
    pairs: Iterable[tuple[str, object]] = ()
    if isinstance(given, dict):
        pairs = given.items()
    elif isinstance(given, list):
        pairs = (("", one) for one in given)
    for key, one in pairs:
        user = one.get("data", one) if isinstance(one, dict) else None
        if isinstance(user, dict):
            yield key or number_of(user), user


def _handle(user: Json) -> str:
    return ornament(user, "username") or ornament(user, "screen_name")


def _followers(user: Json) -> int | None:
    metrics = user.get("public_metrics")
    count = digits(metrics if isinstance(metrics, dict) else user, "followers_count")
    return int(count) if count else None


def _verified(user: Json) -> bool | None:
    verified, kind = user.get("verified"), ornament(user, "verified_type")
    if verified is True or kind not in ("", "none"):
        return True
    return False if verified is False or kind else None
