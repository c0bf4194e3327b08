"""Replies that are written on a sandbox's pages, so that the way back can be tried without a CRM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError

from bridge.calling import Api
from bridge.errors import RetryLater
from bridge.ports import Delivery, Polled, Rung

SOON = timedelta(seconds=5)
PATIENCE = timedelta(seconds=5)

_POLLED = TypeAdapter(Polled)


class SandboxDesk:
    """The reply box of a sandbox: GET /sandbox/replies reads it, POST /sandbox/deliveries answers."""

    every = SOON  #: nothing rings, and somebody waits before the page

    def __init__(self, url: str) -> None:
        """url: the sandbox's address."""
        self._api = Api(url, sandbox=url, patience=PATIENCE)

    def poll(self, cursor: str, rung: Sequence[Rung] = ()) -> Polled:  # noqa: ARG002 - nobody rings
        """The replies that were written since; the cursor is the number of the last one.

        In a sandbox that is not running nobody writes: that is no trouble of which somebody must be told.
        """
        try:
            answer = self._api.read("GET", "/sandbox/replies", query={"after": cursor})
        except RetryLater:
            return Polled(replies=(), cursor=cursor)
        try:
            if answer.ok:
                return _POLLED.validate_json(answer.body)
        except ValidationError:
            pass
        raise RetryLater(f"the sandbox answered {answer.status} to a question for replies", after=SOON)

    def report(self, deliveries: Sequence[Delivery]) -> Mapping[str, RetryLater]:
        """Show beside each reply what became of it."""
        told = {"deliveries": [asdict(one) for one in deliveries]}
        answer = self._api.read("POST", "/sandbox/deliveries", json=told)
        if not answer.ok:
            raise RetryLater(f"the sandbox answered {answer.status} to what became of replies", after=SOON)
        return {}
