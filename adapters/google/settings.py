"""What a connection to Google has to know: whose pushes count, and the OAuth client that asks for reviews."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from bridge.configured import Duration, PathSecret, PlatformSettings, Secret


class Settings(PlatformSettings):
    """The keys of a `google` connection in connections.yaml, next to its accounts."""

    service_account: Annotated[
        str,
        Field(
            pattern=r"^[^@\s]+@[^@\s]+$",
            description="the e-mail address of the service account that the push subscription signs in with",
        ),
    ]
    audience: Annotated[
        str, Field(description="the subscription's audience, where it is not the URL that Google calls")
    ] = ""
    path_secret: Annotated[
        PathSecret | None,
        Field(description="what ends the URL besides; it may be left out, since Google signs in"),
    ] = None
    tolerance: Annotated[
        Duration, Field(description="how far Google's clock and ours may be apart; one minute if left out")
    ] = timedelta(minutes=1)
    client_id: Annotated[
        str, Field(description="the id of the OAuth client, to read reviews and to answer them")
    ] = ""
    client_secret: Annotated[Secret | None, Field(description="the secret of the OAuth client")] = None
    topic: Annotated[
        str,
        Field(
            pattern="^(projects/[^/]+/topics/[^/]+)?$",
            description="the Pub/Sub topic that Google is to publish in, to check and to set that up",
        ),
    ] = ""

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if bool(self.client_id) != bool(self.client_secret):
            raise ValueError("client_id and client_secret go together: give both or neither")
        return self
