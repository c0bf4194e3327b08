"""Answers to customers on WhatsApp.

https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from adapters.meta.graph import Graph, objects, path, token_of
from adapters.meta.surface import Surface
from adapters.meta.whatsapp import MARK
from bridge.calling import SOON, Answered
from bridge.errors import Rejected, Unsure
from bridge.message import Message
from bridge.ports import Doubt, Sending, Sent, Way
from bridge.reading import ornament

LONGEST_TEXT = 4096
WINDOW = timedelta(hours=24)

PHONE = re.compile(r"\+?([0-9]{5,20})")


class WhatsApp(Surface):
    """Answers through the phone number that was written to. Its callbacks say all there is to know."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way:  # noqa: ARG002 - all of it is private
        """Return how it is answered: in pieces of 4,096 characters, for 24 hours after the customer wrote last."""
        return Way(most=LONGEST_TEXT, unit="characters", split=True, until=heard_at + WINDOW)

    def doubt(self, sending: Sending) -> Doubt:  # noqa: ARG002 - it is the same for all
        """Return "ask": nothing can be looked up, but the status of what was sent brings the mark back."""
        return "ask"

    def send(self, sending: Sending) -> Sent:
        """Send one text. Raises RetryLater, Unsure, Rejected or Paused."""
        token = token_of(sending.credentials)
        answer = self.graph.post(path(sending.to.account.id, "messages"), token, json=body(sending))
        sent = _sent(answer)
        if not sent:
            raise Unsure("WhatsApp took the message and did not say under which id", after=SOON)
        return Sent(id=sent)

    def look(self, sending: Sending) -> Sent | None:  # noqa: ARG002 - whatever it is
        """Raise Rejected: WhatsApp does not tell what was sent."""
        raise Rejected("WhatsApp does not tell what was sent")


def body(sending: Sending) -> dict[str, object]:
    """Return the message as WhatsApp takes it. Pure.

    The first piece quotes what it answers; a reaction cannot be quoted.
    """
    to, quotes = sending.to, sending.first and sending.to.kind != "reaction"
    return {
        "messaging_product": "whatsapp",
        **_recipient(to),
        "type": "text",
        "text": {"body": sending.text, "preview_url": False},
        **({"context": {"message_id": to.id}} if quotes else {}),
        MARK: sending.mark,
    }


def _recipient(to: Message) -> Mapping[str, str]:
    """Return whom it goes to: the group, the phone number where it is known, or the user id of our business.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids,
    https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
    """
    if group := to.notes.get("group"):
        return {"recipient_type": "group", "to": group}
    phone = PHONE.fullmatch(to.author.phone) or PHONE.fullmatch(to.side)  # masked, it is no number
    named = {"to": phone[1]} if phone else {"recipient": to.side}
    return {"recipient_type": "individual", **named}


def _sent(answer: Answered) -> str:
    """Return the id of what was sent; "" = WhatsApp did not say."""
    return ornament(next(iter(objects(answer.at("messages"))), {}), "id")
