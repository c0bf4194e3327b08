"""Reads reviews as Google's API gives them: to complete what a notification names, and after an outage.

https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.google import faults
from adapters.google.notification import READ_THEM
from adapters.google.service import Service
from bridge.calling import SOON, harmless
from bridge.errors import Rejected, RetryLater
from bridge.message import Account, Attachment, Message, Person
from bridge.ports import Credentials, Event, Lack, Unreadable
from bridge.reading import Json, Unfit, as_object, compact, fit, ident, moment, need, ornament, part, words

STARS: Mapping[str, int] = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}

TRANSLATED = "(Translated by Google)"
ORIGINAL = "\n(Original)\n"

SETTLES = timedelta(minutes=2)  #: after a notification: then Google knows its review, or it is gone

PAGE = 50  #: reviews; Google gives no more at once

CONNECTION = "backfill"
"""The connection of these messages until whoever asked for them writes down their own."""


def lacks(message: Message) -> Collection[Lack]:
    """Return that a notification lacks all that the review says; () once it is there. Pure."""
    known = message.text or message.rating is not None
    wanted: list[Lack] = ["content"] if message.change in ("created", "edited") and not known else []
    return wanted


def content(service: Service, message: Message, credentials: Credentials) -> Message | None:
    """Return the message with what its review says; None = Google has it no more.

    Google says the same of a review that is gone and of a location that is not this account's, so before a
    customer's words are taken for gone the location is asked for; and a new review may not have got round yet.
    Raises RetryLater, Paused or Rejected.
    """
    answer = service.answer(service.reviews, f"/v4/{message.id}", credentials)
    if faults.is_gone(answer):
        if answer.clock is not None and answer.clock - message.received_at < SETTLES:
            raise RetryLater("Google does not know the review yet", after=SOON)
        service.read(service.reviews, f"/v4/{message.account.id}/reviews", credentials, query={"pageSize": "1"})
        return None
    if not answer.ok:
        raise harmless(faults.refused(answer))
    try:
        review = fit(answer.json)
        need(ident(review, "reviewId") or ident(review, "name"), "reviewId")
        return _told(message, review)
    except Unfit as fault:
        raise Rejected(f"Google's answer cannot be read: {fault}") from None


def since(service: Service, account: Account, credentials: Credentials, start: datetime) -> Iterator[list[Event]]:
    """Yield the reviews written since then, page by page, the latest change first.

    Reviews that were only changed since are left out: a notification numbers an edit by its own time, which the
    review does not tell, so that the edit could come twice. Raises RetryLater, Paused or Rejected.
    """
    query = {"pageSize": str(PAGE), "orderBy": "updateTime desc"}
    while True:
        answer = service.read(service.reviews, f"/v4/{account.id}/reviews", credentials, query=query)
        listed = answer.at("reviews")
        found = [_listed(one, account, start) for one in listed] if isinstance(listed, list) else []
        yield [event for event, _ in found if event is not None]
        following = answer.at("nextPageToken")
        if not isinstance(following, str) or not following or any(older for _, older in found):
            return
        query = {**query, "pageToken": following}


def _listed(item: object, account: Account, start: datetime) -> tuple[Event | None, bool]:
    """The event of one review, None = it was written before; and whether it was last changed before, too."""
    try:
        review = fit(as_object(item))
        written, changed = moment(review, "createTime"), moment(review, "updateTime")
        older = changed is not None and changed < start
        if written is not None and written < start:
            return None, older
        return _told(_named(review, account, start), review), older
    except Unfit as fault:
        return Unreadable(item=compact(item), error=f"the review cannot be read: {fault}"), False


def _named(review: Json, account: Account, start: datetime) -> Message:
    """The message that a notification about the review would have come to."""
    number = ident(review, "reviewId") or ident(review, "name").rpartition("reviews/")[2]
    name = f"{account.id}/reviews/{need(number, 'reviewId')}"
    return Message(
        channel="google",
        connection=CONNECTION,
        account=account,
        id=name,
        kind="review",
        thread=name,
        url=READ_THEM,
        received_at=start,
        public=True,
        completed=True,
    )


def _told(message: Message, review: Json) -> Message:
    """The message with what the review says."""
    written, changed = moment(review, "createTime"), moment(review, "updateTime")
    return replace(
        message,
        author=_author(part(review, "reviewer")),
        text=_original_first(words(review, "comment")),
        rating=STARS.get(words(review, "starRating")),
        url=ornament(review, "reviewReplyUrl") or message.url,
        attachments=tuple(_attachments(review)),
        sent_at=(changed if message.change == "edited" else written) or message.sent_at,
        raw=compact(review),
    )


def _author(reviewer: Json) -> Person:
    """Google tells no id of them, and of those who wish no name either."""
    if reviewer.get("isAnonymous") is True:
        return Person()
    return Person(name=ornament(reviewer, "displayName"), avatar=ornament(reviewer, "profilePhotoUrl"))


def _original_first(comment: str) -> str:
    """The customer's own words, and below them Google's translation, which says that it is one."""
    translated, _, original = comment.partition(ORIGINAL)
    if not original or TRANSLATED not in translated:
        return comment
    return f"{original.strip()}\n\n{translated.strip()}"


def _attachments(review: Json) -> Iterator[Attachment]:
    items = review.get("reviewMediaItems")
    for one in items if isinstance(items, list) else ():
        if isinstance(one, dict):
            video, picture = ornament(one, "videoUrl"), ornament(one, "thumbnailUrl")
            if video or picture:
                yield Attachment(kind="video" if video else "image", url=video or picture)
