"""What zenpy calls through: to one host only, within the account's limits, and with every answer kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests

from adapters.zendesk import classify
from adapters.zendesk.counting import Counting
from bridge.errors import Paused
from bridge.http import was_sent


class Session(requests.Session):
    """It carries the credentials to one host, counts each call before it is made, and keeps the last answer."""

    authorized = True  # zenpy: the session sees to its own credentials

    def __init__(self, home: str, counting: Counting) -> None:
        super().__init__()
        self.trust_env = False
        self.home, self._counting = home, counting
        self.authorization = self.key = ""
        self.urgent = False
        self.answer: requests.Response | None = None
        self._held: Exception | None = None  #: why the last request was not sent

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        if not str(url).startswith(f"{self.home}/"):
            raise requests.exceptions.InvalidURL(f"only {self.home} is called; is ZENPY_FORCE_NETLOC set?")
        own = {"Accept": "application/json", **(kwargs.get("headers") or {})}
        own |= {"Authorization": self.authorization} if self.authorization else {}
        own |= {"Idempotency-Key": self.key} if self.key else {}
        self.answer = None
        try:
            asked = self._counting.take(str(method).upper(), urlsplit(str(url)).path, urgent=self.urgent)
        except Exception as error:
            self._held = error
            raise
        # A redirect would turn a POST into a GET, or carry the credentials elsewhere.
        answer = super().request(method, url, *args, **{**kwargs, "headers": own, "allow_redirects": False})
        self.answer = answer
        self._counting.told(asked, answer.status_code, answer.headers)
        if answer.status_code == 429:
            raise requests.HTTPError("429", response=answer)  # before zenpy sleeps in this thread
        return answer

    def answered(self, call: Callable[[], object], *, write: bool) -> requests.Response:
        """Make a call through this session and return its answer, whatever zenpy makes of it.

        Raises counting.Full where no room was left for it; RetryLater, Silent or Paused where no answer came.
        """
        self.answer = self._held = None
        failed: Exception | None = None
        try:
            call()
        except requests.exceptions.InvalidURL as error:
            raise Paused(str(error)) from None
        except Exception as error:  # noqa: BLE001 -- zenpy stumbles over answers that we read ourselves
            failed = error
        held: Exception | None = self._held
        if held is not None:
            raise held
        answer: requests.Response | None = self.answer
        if answer is None:
            # Not chained: zenpy's errors quote whole answers, and with them what customers wrote.
            name, sent = (type(failed).__name__, was_sent(failed)) if failed else ("no request", False)
            raise classify.of_silence(name, sent=sent, write=write)
        return answer
