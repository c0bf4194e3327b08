"""Reads Trustpilot's events: reviews of the company and of its products, written, changed or taken back. Pure.

https://support.trustpilot.com/hc/en-us/community/posts/10109980750738-How-to-set-up-Trustpilot-Webhooks
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from urllib.parse import quote

from bridge.message import Account, Change, Message, Person
from bridge.ports import Callback, Event, Skipped, Unreadable
from bridge.reading import (
    Json,
    Unfit,
    as_object,
    compact,
    digits,
    document,
    event_name,
    fit,
    ident,
    moment,
    need,
    ornament,
    part,
    parts,
    words,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a review is about. The company's and the products' reviews are numbered apart."""

    prefix: str
    resource: str  #: the API's name for them
    address: str  #: where a person can read it, before its id; "" = Trustpilot has no page of a single one


ABOUT: dict[str, About] = {
    "service-review": About(prefix="", resource="reviews", address="https://www.trustpilot.com/reviews/"),
    "product-review": About(prefix="product:", resource="product-reviews", address=""),
}

CHANGES: dict[str, Change] = {"created": "created", "updated": "edited", "deleted": "deleted"}
WHEN: dict[Change, str] = {"created": "createdAt", "edited": "updatedAt", "deleted": "deletedAt"}

STARS = frozenset("12345")


def read(callback: Callback, account: Account, *, checked: bool = False) -> list[Event]:
    """Return every event of the body in Trustpilot's order. Never raises.

    A body that is not a JSON object with a list of events is one Unreadable. checked: it is Trustpilot's own word.
    """
    try:
        items = parts(as_object(document(callback.body)), "events")
        events = [_read(item, callback, account, checked=checked) for item in items]
    except (ValueError, RecursionError) as fault:  # RecursionError: nested past what JSON can read or write
        return [Unreadable(item=callback.body, error=f"the body cannot be read: {fault}")]
    return events or [Skipped(reason="system", event="nothing in it")]


def is_of_product(message: Message) -> bool:
    """Whether a product's review is meant, and not one of the company."""
    return message.id.startswith(ABOUT["product-review"].prefix)


def path(message: Message) -> str:
    """Return where the API has the review."""
    what = "product-review" if is_of_product(message) else "service-review"
    number = message.id.removeprefix(ABOUT[what].prefix)
    return f"/v1/private/{ABOUT[what].resource}/{quote(number, safe='')}"


def checked(message: Message, review: Json) -> Message:
    """Return the message with what the API says of its review; whatever else it held is forgotten.

    Raises Unfit when the review cannot be read.
    """
    what = "product-review" if is_of_product(message) else "service-review"
    happened = next(one for one, change in CHANGES.items() if change == message.change)
    raw = compact({"eventName": f"{what}-{happened}", "eventData": review})
    return replace(_said(message, review), raw=raw)


def _read(item: object, callback: Callback, account: Account, *, checked: bool) -> Event:
    raw = compact(item)
    try:
        event = _event(fit(item), raw, callback, account)
        return replace(event, completed=checked) if isinstance(event, Message) else event
    except ValueError as fault:
        return Unreadable(item=raw, error=f"event: {fault}")


def _event(item: Json, raw: bytes, callback: Callback, account: Account) -> Event:
    name = need(words(item, "eventName"), "eventName")
    what, _, happened = name.rpartition("-")
    if what not in ABOUT or happened not in CHANGES:
        return Skipped(reason="unknown_event", event=event_name(name))
    about, change, review = ABOUT[what], CHANGES[happened], part(item, "eventData")
    number = need(ident(review, "id"), "id")
    message = Message(
        channel="trustpilot",
        connection=callback.connection,
        account=account,
        id=f"{about.prefix}{number}",
        kind="review",
        change=change,
        version=_version(review) if change == "edited" else "",
        author=_author(review),
        thread=f"{about.prefix}{number}",
        language=ornament(review, "language"),
        url=about.address + quote(number, safe="") if about.address else "",
        sent_at=moment(review, WHEN[change]),
        received_at=callback.received_at,
        public=True,
        raw=raw,
    )
    return message if change == "deleted" else _said(message, review)


def _said(message: Message, review: Json) -> Message:
    text, rating = _text(review), _rating(review)
    if not text and rating is None:
        raise Unfit("it has neither stars nor words")
    return replace(
        message,
        author=_author(review),
        text=text,
        rating=rating,
        language=ornament(review, "language"),
        sent_at=moment(review, WHEN[message.change]) or message.sent_at,
    )


def _author(review: Json) -> Person:
    consumer = part(review, "consumer")
    return Person(
        id=ident(consumer, "id"),
        name=ornament(consumer, "name") or ornament(consumer, "displayName"),
        email=ornament(consumer, "email") or ornament(review, "referralEmail"),  # events of products, and the API
    )


def _text(review: Json) -> str:
    """Return the title and, below it, what was written; product reviews have no title."""
    said = words(review, "text") or words(review, "content")
    return "\n".join(one for one in (words(review, "title"), said) if one)


def _rating(review: Json) -> int | None:
    stars = digits(review, "stars")
    return int(stars) if stars in STARS else None


def _version(review: Json) -> str:
    """Return what tells two edits apart: the time of this one or, where none is given, a hash of what it says."""
    said = compact([digits(review, "stars"), _text(review)])
    return ornament(review, "updatedAt") or digits(review, "updatedAt") or hashlib.sha256(said).hexdigest()[:16]
