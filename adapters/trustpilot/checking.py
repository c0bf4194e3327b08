"""Asks Trustpilot itself for the reviews that events name, since anybody may have sent those, and for missed ones.

https://developers.trustpilot.com/service-reviews-api and https://developers.trustpilot.com/product-reviews-api
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from adapters.trustpilot import faults, reviews
from adapters.trustpilot.service import Service
from bridge.calling import SOON, harmless
from bridge.errors import Rejected, RetryLater
from bridge.message import Account, Message
from bridge.ports import Callback, Event
from bridge.reading import Json, Unfit, compact, fit, ident, part

SETTLES = timedelta(minutes=2)  #: after an event: then Trustpilot's API knows its review, or there is none

PAGE = 100  #: reviews; Trustpilot gives no more at once


def content(service: Service, message: Message) -> Message | None:
    """Return the message with what Trustpilot itself says; None = it has no such review of ours.

    Raises RetryLater, Paused or Rejected.
    """
    answer = service.answer(reviews.path(message))
    if answer.status == 404:
        if answer.clock is not None and answer.clock - message.received_at < SETTLES:
            raise RetryLater("Trustpilot does not know the review yet", after=SOON)
        return None
    if not answer.ok:
        raise harmless(faults.refused(answer))
    try:
        review = fit(answer.json)
        return reviews.checked(message, review) if _is_ours(review, message.account) else None
    except Unfit as fault:
        raise Rejected(f"Trustpilot's answer cannot be read: {fault}") from None


def since(service: Service, account: Account, start: datetime) -> Iterator[list[Event]]:
    """Yield the reviews of the company written since then, page by page, the oldest first.

    https://developers.trustpilot.com/business-units-api. Raises RetryLater, Paused or Rejected.
    """
    query = {
        "startDateTime": f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        "orderBy": "createdat.asc",
        "perPage": str(PAGE),
    }
    page = 1
    while True:
        answer = service.read(
            f"/v1/private/business-units/{account.id}/reviews", query={**query, "page": str(page)}
        )
        listed = answer.at("reviews")
        if not isinstance(listed, list) or not listed:
            return
        yield _events(listed, account, start)
        page += 1


def _events(listed: list[object], account: Account, start: datetime) -> list[Event]:
    """What the events would have come to that were missed."""
    events = [{"eventName": "service-review-created", "eventData": one} for one in listed]
    callback = Callback(
        connection="backfill",
        method="POST",
        url="",
        query={},
        headers={},
        body=compact({"events": events}),
        received_at=start,
    )
    return reviews.read(callback, account, checked=True)


def _is_ours(review: Json, account: Account) -> bool:
    """Whether it is of the account's business unit; where Trustpilot does not say, the token is only for ours."""
    unit = ident(part(review, "businessUnit"), "id") or ident(review, "businessUnitId")
    return unit in ("", account.id)
