"""The keys of an `x` connection in connections.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bridge.configured import PlatformSettings, Secret, Secrets, Token

Wanted = Literal[
    "post.mention.create", "post.reply.create", "post.quote.create", "post.create", "post.delete",
    "dm.received", "dm.sent", "chat.received", "chat.sent",
]  # fmt: skip
"""Events of the Activity API that bring a message."""


class Settings(PlatformSettings):
    """What an `x` connection has next to its accounts."""

    consumer_secret: Annotated[
        Secrets,
        Field(description="the app's API key secret; a list of two while it is rotated, the new one first"),
    ]
    client_secret: Annotated[
        Secrets | None, Field(description="the secret of the app's OAuth 2 client, if it has one")
    ] = None
    consumer_key: Annotated[
        Secret | None, Field(description="the app's API key: replies and direct messages need it")
    ] = None
    bearer_token: Annotated[
        Token | None, Field(description="the app's bearer token: to check the webhook and to set it up")
    ] = None
    events: Annotated[
        tuple[Wanted, ...], Field(description="what X is to send of each account; X charges for every one")
    ] = (
        "post.mention.create",
        "post.reply.create",
        "post.quote.create",
        "dm.received",
        "chat.received",
        "post.create",
        "dm.sent",
        "post.delete",
    )
    longest_post: Annotated[
        int, Field(ge=1, le=25_000, description="how long a public reply may be; with Premium 25000")
    ] = 280
    allow_links: Annotated[
        bool, Field(description="public replies may hold links, for which X charges a multiple")
    ] = True
    summoned_only: Annotated[
        bool, Field(description="only what mentions, answers or quotes the account is answered in public")
    ] = True
