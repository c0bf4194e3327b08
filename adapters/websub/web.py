"""Calls to feeds and hubs, which strangers choose: only to the public internet, or to the stand-in for it."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.websub.settings import Settings
from bridge.calling import Api, Unanswered
from bridge.visiting import Page, Unfetchable, visit

SECURE = "https://"


class Web:
    """The web as one connection reaches it."""

    def __init__(self, settings: Settings) -> None:
        self._patience = settings.timeout
        self._stand_in = (
            Api(settings.url, sandbox=settings.url, patience=settings.timeout) if settings.url else None
        )

    def get(self, url: str) -> Page:
        """Return what stands at an address, whatever the status. Raises Unfetchable."""
        return self._call("GET", url)

    def post(self, url: str, form: Mapping[str, str]) -> Page:
        """Return the answer to a form, which is sent over https only. Raises Unfetchable."""
        return self._call("POST", url, form)

    def _call(self, method: str, url: str, form: Mapping[str, str] | None = None) -> Page:
        if self._stand_in is None:
            return visit(url, patience=self._patience, form=form)
        try:
            answer = self._stand_in.call(method, f"{SECURE}{url.partition('://')[2]}", form=form)
        except Unanswered as lost:
            raise Unfetchable(str(lost)) from None
        return Page(status=answer.status, headers=answer.headers, content=answer.body)
