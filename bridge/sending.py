"""Post a webhook body to a receiver, signed as its platform would: to try a mapping by hand."""

from __future__ import annotations

import requests

from bridge import wiring
from bridge.configuration import Config
from bridge.errors import ConfigError

TIMEOUT = 10.0  # seconds


def send(config: Config, body: bytes, connection: str, url: str = "") -> tuple[int, str]:
    """Status and text of the receiver's answer.

    Raises ConfigError if there is no such connection, it is switched off, or nobody listens.
    """
    channel = wiring.channels(config).get(connection)
    if channel is None:
        raise ConfigError([f"there is no enabled connection {connection!r} that a platform calls"])
    s = config.settings
    host = "127.0.0.1" if s.host == "0.0.0.0" else s.host  # noqa: S104 - it is where we connect to
    origin = (url or s.public_url or f"http://{host}:{s.port}").rstrip("/")
    headers = {"Content-Type": "application/json", **channel.sign(body)}
    try:
        answer = requests.post(f"{origin}/in/{connection}", data=body, headers=headers, timeout=TIMEOUT)
    except requests.ConnectionError:
        raise ConfigError([f"nobody listens at {origin}: is `casebridge run` running?"]) from None
    return answer.status_code, answer.text
