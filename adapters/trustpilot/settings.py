"""What a connection to Trustpilot has to know: what its URL holds, and the API key that asks for reviews."""

from __future__ import annotations

from typing import Annotated, Any

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

    @model_validator(mode="before")  # where variables are not there, what is written can be no key at all
    @classmethod
    def _both_or_neither(cls, given: dict[str, Any]) -> dict[str, Any]:
        for one, other in (("user", "password"), ("api_key", "api_secret")):
            if bool(given.get(one)) != bool(given.get(other)):
                raise ValueError(f"{one} and {other} go together: give both or neither")
        return given
