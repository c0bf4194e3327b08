"""What a connection to TikTok has to know of its app, and what is looked after there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from bridge.configured import Duration, PlatformSettings, Secrets

Kind = Literal["direct", "comments", "mentions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one kind of message needs at TikTok."""

    event_type: str  #: of the webhook
    scopes: tuple[str, ...]  #: of a token


KINDS: Mapping[Kind, Wanted] = {
    "direct": Wanted(
        event_type="DIRECT_MESSAGE", scopes=("message.list.read", "message.list.send", "message.list.manage")
    ),
    "comments": Wanted(event_type="COMMENT", scopes=("comment.list", "comment.list.manage", "video.list")),
    "mentions": Wanted(event_type="BRAND_MENTION", scopes=()),  # TikTok's pages name none
}
"""https://business-api.tiktok.com/portal/docs?id=1759978319341570 and the scopes of tt_user/token_info/get."""


def _some(span: timedelta) -> timedelta:
    if not span:
        raise PydanticCustomError("wrong-setting", "every callback would be too old; write as in: 5 minutes")
    return span


class Settings(PlatformSettings):
    """The keys of a `tiktok` connection in connections.yaml, next to its accounts."""

    app_secret: Annotated[
        Secrets,
        Field(description="the app's secret; a list of two while it is rotated, the new one first"),
    ]
    app_id: Annotated[
        str, Field(description="the app's id, to renew tokens and to check and set up the webhooks")
    ] = ""
    tolerance: Annotated[
        Duration,
        AfterValidator(_some),
        Field(description="how far the time of a signature may be from ours"),
    ] = timedelta(minutes=5)
    reactions: Annotated[
        bool, Field(description="true: reactions to direct messages are messages too, of kind reaction")
    ] = False
    receives: Annotated[
        tuple[Kind, ...],
        Field(min_length=1, description="what is checked, set up and fetched after an outage"),
    ] = ("direct", "comments", "mentions")
    longest_comment: Annotated[
        int, Field(ge=1, le=1200, description="the longest answer to a comment, in characters")
    ] = 1200
    comment_to_dm: Annotated[
        bool, Field(description="true: a comment may be answered by direct message, where TikTok allows it")
    ] = False
