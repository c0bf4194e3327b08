"""Calls of the Bot API. The bot's token stands in their addresses, so no address is ever shown or logged.

https://core.telegram.org/bots/api#making-requests
"""

from __future__ import annotations

from urllib.parse import quote

from bridge.errors import Rejected
from bridge.ports import Credentials

HOME = "https://api.telegram.org"

UNARMED = "connections.yaml holds no token for this account: write the one that @BotFather gave the bot there."


def method(name: str, credentials: Credentials) -> str:
    """Return the path of a method. Raises Rejected without a token."""
    return f"/bot{_token(credentials)}/{name}"


def file(path: str, credentials: Credentials) -> str:
    """Return the path of a file that getFile named. Raises Rejected without a token."""
    return f"/file/bot{_token(credentials)}/{quote(path)}"


def _token(credentials: Credentials) -> str:
    if credentials.token is None:
        raise Rejected(UNARMED)
    return quote(credentials.token.get_secret_value(), safe=":")
