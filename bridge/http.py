"""Outgoing calls of the adapters: a limit for the whole of a call, and the way to a sandbox on this machine."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError

CONNECT = 5.0  #: seconds to reach a machine

logging.getLogger("urllib3.connection").setLevel(logging.ERROR)  # its warnings show addresses, and so tokens


class Wire(HTTPAdapter):
    """Gives every request what is left of its call's time, and sends it to the sandbox where there is one.

    Nothing is retried below us: a request that was sent may have been carried out. `deadline` stands on the
    monotonic clock and is set before each call; the libraries above never see the sandbox's address.
    """

    def __init__(self, sandbox: str, timeout: float) -> None:
        super().__init__()
        self.sandbox, self.timeout, self.deadline = urlsplit(sandbox), timeout, 0.0

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 -- requests' own signature
        timeout: object = None,  # noqa: ARG002 -- what is left of the call decides
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        left = self.deadline - time.monotonic()
        if left <= 0.1:
            raise requests.ConnectTimeout("no time is left for this call", request=request)
        connect = min(CONNECT, left / 2)
        meant = urlsplit(str(request.url))
        if self.sandbox.netloc:
            request.url = urlunsplit((self.sandbox.scheme, self.sandbox.netloc, meant.path, meant.query, ""))
            request.headers["X-Forwarded-Host"] = meant.netloc  # a stand-in may play several hosts
        limits = (connect, min(self.timeout, left - connect))
        response = super().send(request, stream=stream, timeout=limits, verify=verify, cert=cert, proxies=proxies)
        request.url = response.url = urlunsplit(meant)
        return response


def was_sent(error: BaseException) -> bool:
    """Whether a failed request may have left this machine."""
    if isinstance(error, requests.ConnectTimeout | UnicodeError):  # a UnicodeError: no request could be made of it
        return False
    if isinstance(error, requests.ConnectionError) and error.args:
        return not isinstance(getattr(error.args[0], "reason", None), NewConnectionError)
    return True
