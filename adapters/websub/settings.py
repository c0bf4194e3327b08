"""What a connection to hubs has to know: what they sign with, how our URL ends, and where the hub is."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from bridge.configured import PathSecret, PlatformSettings, Secrets

LONGEST_SECRET = 199
"""Bytes. https://www.w3.org/TR/websub/#subscriber-sends-subscription-request"""


def _short(secrets: Secrets) -> Secrets:
    if any(len(secret.get_secret_value().encode()) > LONGEST_SECRET for secret in secrets):
        raise ValueError(f"a hub takes secrets of at most {LONGEST_SECRET} bytes")
    return secrets


class Settings(PlatformSettings):
    """The keys of a `websub` connection in connections.yaml, next to its accounts."""

    secret: Annotated[
        Secrets,
        AfterValidator(_short),
        Field(
            description="the hub.secret that hubs sign with; a list of two while it is rotated, the new one first"
        ),
    ]
    path_secret: Annotated[
        PathSecret, Field(description="what ends the callback's URL, so that nobody can confirm a subscription")
    ]
    hub: Annotated[
        str,
        Field(
            pattern=r"^(https://[^\s/?#@]+([/?][^\s#]*)?)?$",
            description="the hub of all topics of this connection; left out, each feed says its own",
        ),
    ] = ""
