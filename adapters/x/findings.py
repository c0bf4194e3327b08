"""What a check of X comes to, in sentences. Pure."""

from __future__ import annotations

from bridge.errors import Paused, Rejected, Trouble
from bridge.ports import Finding

SIGN_IN = (
    "In X's developer console set the app's permissions to 'Read and write and Direct message', then make an "
    "access token and secret of this handle under Keys and tokens, and put them into connections.yaml."
)
BEARER = (
    "Copy the app's bearer token from X's developer console, under Keys and tokens, into connections.yaml as "
    "bearer_token."
)
URL = "Set PUBLIC_URL to the address of the receiver."
RUN = "Run `casebridge subscribe` for this connection."
REACH = (
    "See that the URL answers from outside, by https and without a redirect, and that consumer_secret is the "
    "app's; then run `casebridge subscribe` for this connection."
)
OWNER = (
    "Create the subscription once with an OAuth 2 token of the handle's owner, or take the event out of `events` "
    "in connections.yaml."
)
AGAIN = "Run it again later; https://developer.x.com/status tells of X's own troubles."


def untold(about: str, what: str, trouble: Trouble, do: str, *, account: str = "") -> Finding:
    """Return what is said where X refused; what may be over soon is a warning only."""
    lasts = isinstance(trouble, Paused | Rejected)
    return Finding(
        level="fault" if lasts else "warning",
        account=account,
        about=about,
        says=f"{what}: {trouble}",
        do=do if lasts else AGAIN,
    )
