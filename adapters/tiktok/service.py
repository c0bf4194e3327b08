"""Calls to TikTok's API for Business v1.3: the code in the body decides, whatever the HTTP status.

https://business-api.tiktok.com/portal/docs?id=1737172488964097
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from adapters.tiktok.faults import FAULTS
from bridge.calling import SOON, Answered, Api, Fault, harmless, refusal, trouble
from bridge.errors import Rejected, Trouble, Unsure
from bridge.ports import Credentials
from bridge.reading import Json

HOME = "https://business-api.tiktok.com"
ROOT = "/open_api/v1.3"

CODE = re.compile("[0-9]{1,9}")
ITS_OWN = re.compile("500[0-9]{2}")
"""Codes for what is TikTok's own fault, where FAULTS does not say more."""

NO_TOKEN = "connections.yaml holds no token for this account: add `token` and `refresh_token` under the account."  # noqa: S105


class Service:
    """The API of one app."""

    def __init__(self, *, sandbox: str, patience: timedelta) -> None:
        self.api = Api(HOME, sandbox=sandbox, patience=patience)

    def answer(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        query: Mapping[str, str] | None = None,
        json: object = None,
    ) -> Answered:
        """Return the answer to a call that changes nothing, whatever it says. Raises RetryLater for none."""
        return self.api.read(method, ROOT + path, headers=_access(token), query=query, json=json)

    def read(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        query: Mapping[str, str] | None = None,
        json: object = None,
    ) -> Answered:
        """Return the answer to a call that changes nothing. Raises RetryLater, Rejected or Paused."""
        return good(self.answer(method, path, token=token, query=query, json=json))

    def write(self, path: str, *, token: str = "", json: object) -> Answered:
        """Return the answer to a call that does something. Raises RetryLater, Unsure, Rejected or Paused."""
        answer = self.api.write("POST", ROOT + path, headers=_access(token), json=json)
        if (wrong := _wrong(answer)) is not None:
            raise wrong
        return answer


def good(answer: Answered) -> Answered:
    """Return the answer to a read if it is a success. Raises RetryLater, Rejected or Paused."""
    if (wrong := _wrong(answer)) is not None:
        raise harmless(wrong)
    return answer


def token_of(credentials: Credentials) -> str:
    """Return the account's token. Raises Rejected where connections.yaml has none."""
    if credentials.token is None:
        raise Rejected(NO_TOKEN)
    return credentials.token.get_secret_value()


def rows(answer: Answered, name: str) -> list[Json]:
    """Return the objects of a list under `data`; [] = there are none."""
    found = answer.at("data", name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _access(token: str) -> Mapping[str, str]:
    return {"Access-Token": token} if token else {}


def _wrong(answer: Answered) -> Trouble | None:
    given = answer.at("code")
    code = str(given) if isinstance(given, str | int) and CODE.fullmatch(str(given)) else ""
    if answer.ok:
        if code == "0":
            return None
        if not code:
            return Unsure("TikTok's answer cannot be read", after=SOON)
    if code not in FAULTS and ITS_OWN.fullmatch(code):
        return trouble(Fault(means="temporary", says="TikTok itself is at fault."), code)
    return refusal(answer, code, FAULTS)
