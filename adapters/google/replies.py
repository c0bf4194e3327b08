"""Answers to reviews: one for each, which a later one takes the place of.

https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews/updateReply
"""

from __future__ import annotations

from adapters.google.service import Service
from bridge.errors import Rejected
from bridge.ports import Sending, Sent, Way

LONGEST = 4096  #: bytes

WAY = Way(most=LONGEST, unit="bytes", split=False)

NOT_PRIVATE = "Google takes public answers to reviews only: answer in public, and ask the customer to contact you."
NOT_SHOWN = "Google does not show the answer, because it breaks a rule of Google's: write it anew, without that."


def way(*, private: bool) -> Way | Rejected:
    """Return how a review is answered. Pure."""
    return Rejected(NOT_PRIVATE) if private else WAY


def send(service: Service, sending: Sending) -> Sent:
    """Write the answer. Raises what Channel.send does."""
    path = f"/v4/{sending.to.id}/reply"
    answer = service.write(service.reviews, "PUT", path, sending.credentials, json={"comment": sending.text})
    if answer.at("reviewReplyState") == "REJECTED":
        raise Rejected(NOT_SHOWN)
    return Sent(id=f"{sending.to.id}/reply", url=sending.to.url)
