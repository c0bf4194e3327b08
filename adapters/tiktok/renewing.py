"""Renews an account's token, which lives for a day; the token that renews it is another one each time.

https://business-api.tiktok.com/portal/docs?id=1832184175482945
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import SecretStr

from adapters.tiktok.faults import ANEW
from adapters.tiktok.service import Service
from bridge.calling import SOON, Answered
from bridge.errors import Paused, Rejected, RetryLater
from bridge.ports import Credentials, Renewed

LIVES = timedelta(hours=24)
LONGEST = 366 * 86_400  #: seconds


def renew(service: Service, *, app_id: str, secret: str, account: str, refresh: str, now: datetime) -> Renewed:
    """Return new tokens. Raises RetryLater, or Rejected when the account's owner must sign in anew.

    A lost answer is asked for again with the old token, which TikTok may have done away with by then.
    """
    asked = {
        "client_id": app_id,
        "client_secret": secret,
        "grant_type": "refresh_token",
        "refresh_token": refresh,
    }
    try:
        answer = service.read("POST", "/tt_user/oauth2/refresh_token/", json=asked)
    except Paused as refusal:
        raise Rejected(str(refusal)) from None
    except Rejected as refusal:
        raise Rejected(f"TikTok does not renew the account's token, so {ANEW} TikTok says: {refusal}") from None
    if answer.at("data", "open_id") not in (None, account):
        raise Rejected(f"The refresh_token is another account's: {ANEW}")
    token, next_refresh = _text(answer, "access_token"), _text(answer, "refresh_token")
    if not token:
        raise RetryLater("TikTok's answer holds no token", after=SOON)
    credentials = Credentials(token=SecretStr(token), refresh=SecretStr(next_refresh or refresh))
    return Renewed(credentials=credentials, until=now + _lives(answer))


def _text(answer: Answered, name: str) -> str:
    found = answer.at("data", name)
    return found if isinstance(found, str) else ""


def _lives(answer: Answered) -> timedelta:
    found = answer.at("data", "expires_in")
    return timedelta(seconds=found) if isinstance(found, int) and 0 < found < LONGEST else LIVES
