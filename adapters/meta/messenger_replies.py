"""Messenger: who wrote, and our answers; private answers to what is public on a Page are messages here too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from adapters.meta import standing
from adapters.meta.graph import Graph, made, objects, path, token_of, under
from adapters.meta.surface import Surface
from bridge.errors import Rejected
from bridge.message import Message, Person
from bridge.ports import Credentials, Doubt, Lack, Sending, Sent, Way
from bridge.reading import Json, ornament

LONGEST = 2000  #: characters of one message
WINDOW = timedelta(hours=24)
HUMAN_WINDOW = timedelta(days=7)

SHOWN = 20
"""Messages of a conversation that Meta tells more than the ids of."""

LOOKED_AT = f"messages.limit({SHOWN}){{id,message,created_time,from}}"


class Messenger(Surface):
    """Private messages to a Page."""

    def __init__(self, graph: Graph, *, human_agent: bool) -> None:
        self._graph, self._window = graph, HUMAN_WINDOW if human_agent else WINDOW

    def lacks(self, message: Message) -> Collection[Lack]:
        """Return author for a customer: Messenger tells only an id. Pure."""
        author = message.author
        if author.is_self or author.name or message.change not in ("created", "edited"):
            return ()
        return ["author"]

    def author(self, message: Message, credentials: Credentials) -> Person:
        """Return the customer's name and picture.

        https://developers.facebook.com/docs/messenger-platform/identity/user-profile
        """
        answer = self._graph.get(
            path(message.author.id), token_of(credentials), fields="name,first_name,last_name,profile_pic"
        )
        told = answer.json
        name = ornament(told, "name") or " ".join(
            filter(None, (ornament(told, "first_name"), ornament(told, "last_name")))
        )
        return Person(id=message.author.id, name=name, avatar=ornament(told, "profile_pic"))

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way:  # noqa: ARG002 - it always is
        """Return the way for 24 hours after the customer wrote last, or for 7 days with Human Agent. Pure.

        https://developers.facebook.com/docs/messenger-platform/policy/policy-overview
        """
        return Way(most=LONGEST, unit="characters", split=True, until=heard_at + self._window)

    def doubt(self, sending: Sending) -> Doubt:  # noqa: ARG002 - every conversation can be looked at
        """Return look: conversations can be read. Pure."""
        return "look"

    def send(self, sending: Sending) -> Sent:
        """Send one message: as a plain answer for 24 hours, after that tagged as a human's."""
        if sending.now - sending.heard_at <= WINDOW:
            around = {"messaging_type": "RESPONSE"}
        else:
            around = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        return write(self._graph, sending, {"id": sending.to.author.id}, **around)

    def look(self, sending: Sending) -> Sent | None:
        """Return the message if it stands in the conversation."""
        return look(self._graph, sending, sending.to.author.id)


def write(graph: Graph, sending: Sending, recipient: Mapping[str, str], **around: str) -> Sent:
    """Send one text with its mark, which the echo hands back.

    https://developers.facebook.com/docs/messenger-platform/reference/send-api
    """
    answer = graph.post(
        path(sending.to.account.id, "messages"),
        token_of(sending.credentials),
        json={
            "recipient": recipient,
            **around,
            "message": {"text": sending.text, "metadata": sending.mark},
        },
    )
    return Sent(id=made(answer, "message_id"))


def look(graph: Graph, sending: Sending, customer: str) -> Sent | None:
    """Return what stands in the conversation with a customer; None = nothing of this text.

    Raises Rejected where so much was said since that it may be out of sight.
    https://developers.facebook.com/docs/messenger-platform/conversations
    """
    answer = graph.get(
        path(sending.to.account.id, "conversations"),
        token_of(sending.credentials),
        user_id=customer,
        fields=LOOKED_AT,
    )
    said = [one for thread in objects(answer.at("data")) for one in _said(thread)]
    number = standing.find(said, sending, text="message", time="created_time")
    if number is None and len(said) >= SHOWN and not standing.before(said[-1], sending, time="created_time"):
        raise Rejected("there are too many new messages to find it among them")
    return None if number is None else Sent(id=number)


def _said(thread: Json) -> list[Json]:
    return objects(under(thread, "messages").get("data"))
