"""The keys of a `meta` connection in connections.yaml, next to its accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from bridge.configured import PlatformSettings, Secret, Secrets

Kind = Literal["page", "instagram", "threads", "whatsapp"]
"""What an account's id stands for. A Page's is Messenger's too."""


class Settings(PlatformSettings):
    """What the platform's console shows, and how the app is set up there."""

    app_secret: Annotated[Secrets, Field(description="the app's secret; a list of two while it is rotated")]
    instagram_app_secret: Annotated[
        Secrets | None, Field(description="the secret of the app's Instagram login, if it has one")
    ] = None
    threads_app_secret: Annotated[
        Secrets | None, Field(description="the secret of the app's Threads use case")
    ] = None
    verify_token: Annotated[
        Secret, Field(description="any text, the same as under Webhooks in Meta's App Dashboard")
    ]
    reactions: Annotated[bool, Field(description="reactions to private messages become messages")] = False
    app_id: Annotated[
        str, Field(pattern="^[0-9]*$", description="the app's id, to look after its tokens and subscriptions")
    ] = ""
    api_version: Annotated[
        str, Field(pattern=r"^v[0-9]{1,3}\.[0-9]$", description="of the Graph API, as in v25.0")
    ] = "v25.0"
    appsecret_proof: Annotated[bool, Field(description="the app demands proof of its secret with every call")] = (
        False
    )
    human_agent: Annotated[
        bool, Field(description="the app has the permission Human Agent: answers are taken for 7 days")
    ] = False
    instagram_login: Annotated[
        Literal["instagram", "facebook"], Field(description="whose login the Instagram accounts' tokens are of")
    ] = "instagram"
    instagram_comment_limit: Annotated[
        int, Field(ge=50, le=2200, description="the longest public answer on Instagram, in characters")
    ] = 300
    whatsapp_business_accounts: Annotated[
        tuple[str, ...], Field(description="ids of the WhatsApp Business accounts that the numbers belong to")
    ] = ()
    products: Annotated[
        Mapping[str, Kind], Field(description="id of an account -> what it is, where it is no page")
    ] = {}
