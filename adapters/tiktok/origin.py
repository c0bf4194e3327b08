"""Where an event came in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from bridge.message import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an event came in: what its messages take from the callback around it."""

    event: str  #: TikTok's name for it
    account: Account
    ours: frozenset[str]  #: the ids of all our accounts behind this URL
    connection: str
    received_at: datetime
    created: str  #: create_time as digits; "" = unknown
    created_at: datetime | None
    reactions: bool  #: whether reactions are messages here

    def page_of(self, video: str) -> str:
        """Return where a person can see a video of ours; "" = of none.

        The page's address needs our handle, the player's does not: https://developers.tiktok.com/doc/embed-player
        """
        handle = quote(self.account.about.get("handle", "").removeprefix("@"), safe="")
        if not video or not handle:
            return player(video)
        return f"https://www.tiktok.com/@{handle}/video/{quote(video, safe='')}"


def noted(**ids: str) -> Mapping[str, str]:
    """Return what is noted of a message, to complete and to answer it: the ids that are known."""
    return {name: value for name, value in ids.items() if value}


def player(video: str) -> str:
    """Return the address of TikTok's player with a video; "" = with none."""
    return f"https://www.tiktok.com/player/v1/{quote(video, safe='')}" if video else ""
