"""Answers to reviews: one for a review of the company, a conversation below a review of a product.

https://developers.trustpilot.com/service-reviews-api and https://developers.trustpilot.com/product-reviews-api
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote

from adapters.trustpilot import reviews
from adapters.trustpilot.service import NO_KEY, Service
from adapters.trustpilot.settings import Settings
from bridge.calling import SOON, Answered
from bridge.errors import Rejected, RetryLater, Unsure
from bridge.message import Message
from bridge.ports import Sending, Sent, Way
from bridge.reading import ident, moment

NOBODY = (
    "connections.yaml holds no business_user: write the id of the user at Trustpilot Business in whose name "
    "answers are written."
)
NOT_PRIVATE = (
    "Casebridge answers Trustpilot's reviews in public only: write to the customer with Find reviewer in "
    "Trustpilot Business."
)

SLACK = timedelta(minutes=1)  #: that Trustpilot's clock may be behind ours


def way(settings: Settings, *, private: bool) -> Way | Rejected:
    """Return how a review is answered. Pure."""
    if private:
        return Rejected(NOT_PRIVATE)
    if not settings.api_key:
        return Rejected(NO_KEY)
    if not settings.business_user:
        return Rejected(NOBODY)
    return Way(most=settings.longest, unit="characters", split=False)


def send(service: Service, sending: Sending, *, user: str) -> Sent:
    """Write the answer; user: in whose name. Raises what Channel.send does."""
    if not user:
        raise Rejected(NOBODY)
    if reviews.is_of_product(sending.to):
        return _comment(service, sending, user)
    body = {"authorBusinessUserId": user, "message": sending.text}
    service.write(f"{reviews.path(sending.to)}/reply", json=body)
    return _sent(sending.to)


def look(service: Service, sending: Sending) -> Sent | None:
    """Return the answer that stands there with these words; None = none. Raises RetryLater, Paused or Rejected."""
    if reviews.is_of_product(sending.to):
        return _commented(service, sending)
    answer = service.read(reviews.path(sending.to))
    return _sent(sending.to) if _alike(answer.at("companyReply", "text"), sending.text) else None


def _sent(to: Message) -> Sent:
    return Sent(id=f"{to.id}/reply", url=to.url)


# --- a product's review ---


def _comment(service: Service, sending: Sending, user: str) -> Sent:
    """Write below the review. To make a conversation is no answer: it is a number until somebody writes."""
    number = _conversation(service, sending.to)
    headers = {"x-business-user-id": user}
    if not number:
        try:
            made = service.write(f"{reviews.path(sending.to)}/create-conversation", json={}, headers=headers)
        except Unsure as lost:
            raise RetryLater(str(lost), after=lost.after) from None
        number = _ident(made, "conversationId")
    if not number:
        raise RetryLater("Trustpilot's answer names no conversation", after=SOON)
    path = f"{_conversations(number)}/comments"
    answer = service.write(path, json={"content": sending.text}, headers=headers)
    return Sent(id=_ident(answer, "commentId") or f"{sending.to.id}/reply", url=sending.to.url)


def _commented(service: Service, sending: Sending) -> Sent | None:
    number = _conversation(service, sending.to)
    if not number:
        return None
    comments = service.read(_conversations(number)).at("comments")
    found = [one for one in comments if isinstance(one, dict)] if isinstance(comments, list) else []
    for one in found:
        if _is_ours(one) and not _before(one, sending) and _alike(one.get("content"), sending.text):
            return Sent(id=ident(one, "commentId") or f"{sending.to.id}/reply", url=sending.to.url)
    return None


def _conversation(service: Service, to: Message) -> str:
    return _ident(service.read(reviews.path(to)), "conversationId")


def _conversations(number: str) -> str:
    return f"/v1/private/conversations/{quote(number, safe='')}"


def _is_ours(comment: Mapping[str, object]) -> bool:
    author = comment.get("author")
    return isinstance(author, dict) and author.get("type") == "businessUser"


def _before(comment: Mapping[str, object], sending: Sending) -> bool:
    """Whether it stood there before the first attempt; what has no time did not."""
    when = moment(comment, "createdAt")
    return when is not None and when < (sending.tried_at or sending.now) - SLACK


def _ident(answer: Answered, name: str) -> str:
    found = answer.at(name)
    return found if isinstance(found, str) else ""


def _alike(there: object, text: str) -> bool:
    """Whether it is the same text but for its spaces and the way its accents are written."""
    return isinstance(there, str) and _plain(there) == _plain(text)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
