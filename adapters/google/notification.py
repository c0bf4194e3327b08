"""Reads a push of Pub/Sub: which review is new or has changed. Pure.

What the review says is not in it; the notification only names it.
https://developers.google.com/my-business/reference/notifications/rest/v1/NotificationSetting
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence

from bridge.message import Account, Change, Message
from bridge.ports import Callback, Event, Skipped, Unreadable
from bridge.reading import (
    Json,
    Unfit,
    compact,
    document,
    event_name,
    fit,
    ident,
    moment,
    need,
    ornament,
    part,
    words,
)

CHANGES: dict[str, Change] = {"NEW_REVIEW": "created", "UPDATED_REVIEW": "edited"}

# Google documents reviewName and locationName in v4, review_name and location_name in v1; others were recorded.
TYPE = ("type", "notificationType", "notification_type")
REVIEW = ("reviewName", "review_name", "review", "resourceName")
LOCATION = ("locationName", "location_name", "location")

READ_THEM = "https://business.google.com/reviews"
"""Where a person can read reviews. Google gives no address of a single one."""


def read(callback: Callback, accounts: Mapping[str, Account]) -> list[Event]:
    """Return the one event of a push. Never raises.

    accounts: location name -> account; a review of another location is skipped by name. What is no notification is
    Unreadable, and so answered 200: Pub/Sub would push it again for days.
    """
    try:
        message = part(fit(document(callback.body)), "message")
        return [_event(_notification(message), message, callback, accounts)]
    except (ValueError, RecursionError) as fault:  # RecursionError: nested past what JSON can read or write
        return [Unreadable(item=callback.body, error=f"the push cannot be read: {fault}")]


def _notification(message: Json) -> Json:
    if not message:
        raise Unfit("message is missing: switch payload unwrapping off on the push subscription")
    data = need(words(message, "data"), "message.data")
    plain = data.translate({ord("-"): "+", ord("_"): "/"}).rstrip("=")
    try:
        return fit(document(b64decode(plain + "=" * (-len(plain) % 4), validate=True)))
    except ValueError as fault:
        raise Unfit(f"message.data: {fault}") from None


def _event(told: Json, message: Json, callback: Callback, accounts: Mapping[str, Account]) -> Event:
    name = need(_first(told, TYPE), "type")
    if name not in CHANGES:
        return Skipped(reason="unknown_event", event=event_name(name))
    where, _, number = need(_first(told, REVIEW), "reviewName").rpartition("reviews/")
    locations = [one for one in (where.rstrip("/"), _first(told, LOCATION)) if one]
    if not number or "/" in number or not locations:
        raise Unfit("reviewName is not a location's name, /reviews/ and an id")
    account = _whose(locations, accounts)
    if account is None:
        return Skipped(reason="unknown_account", event=event_name(locations[0]))
    review = f"{account.id}/reviews/{number}"
    return Message(
        channel="google",
        connection=callback.connection,
        account=account,
        id=review,
        kind="review",
        change=CHANGES[name],
        version=_version(message) if CHANGES[name] == "edited" else "",
        thread=review,
        url=READ_THEM,
        sent_at=moment(message, "publishTime") or moment(message, "publish_time"),
        received_at=callback.received_at,
        public=True,
        raw=compact(told),
    )


def _first(told: Json, names: Sequence[str]) -> str:
    """Return the text under the first of these names that there is; "" = none."""
    return next((found for name in names if (found := ident(told, name))), "")


def _whose(locations: Sequence[str], accounts: Mapping[str, Account]) -> Account | None:
    """Return the account of a location; None = it is not listed.

    A location that several Google accounts manage has a name under each, all with one number.
    """
    listed = next((accounts[one] for one in locations if one in accounts), None)
    numbers = {number for one in locations if (number := one.partition("locations/")[2])}
    return listed or next((a for a in accounts.values() if a.id.partition("locations/")[2] in numbers), None)


def _version(message: Json) -> str:
    """Return what tells two edits apart and stays the same when one is pushed again."""
    published = ornament(message, "publishTime") or ornament(message, "publish_time")
    return published or need(ident(message, "messageId") or ident(message, "message_id"), "messageId")
