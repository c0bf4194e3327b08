"""What a connection to Trustpilot has to know: what its URL holds, and the API key that asks for reviews."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from bridge.configured import PathSecrets, PlatformSettings, Secret, Secrets


class Settings(PlatformSettings):
    """The keys of a `trustpilot` connection in connections.yaml, next to its one account."""

    path_secret: Annotated[PathSecrets, Field(description="what ends the URL; a list of two while it is rotated")]
    user: Annotated[
        str,
        Field(pattern="^[^:]*$", description="the user, where the URL at Trustpilot begins with user:password@"),
    ] = ""
    password: Annotated[
        Secrets | None, Field(description="the user's password; a list of two while it is rotated")
    ] = None
    api_key: Annotated[
        str, Field(pattern="^[^:]*$", description="the app's API key, to check reviews and to answer them")
    ] = ""
    api_secret: Annotated[Secret | None, Field(description="the app's API secret")] = None
    business_user: Annotated[
        str, Field(description="the id of the user at Trustpilot Business in whose name answers are written")
    ] = ""
    longest: Annotated[
        int, Field(ge=1, le=10_000, description="the longest answer, in characters; Trustpilot tells no limit")
    ] = 4000

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if bool(self.user) != bool(self.password):
            raise ValueError("user and password go together: give both or neither")
        if bool(self.api_key) != bool(self.api_secret):
            raise ValueError("api_key and api_secret go together: give both or neither")
        return self
