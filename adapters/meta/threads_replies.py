"""Threads: our answers to replies and mentions, published in two steps.

https://developers.facebook.com/docs/threads/retrieve-and-manage-replies/create-replies,
https://developers.facebook.com/docs/threads/overview
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from adapters.meta import standing
from adapters.meta.faults import FAULTS
from adapters.meta.graph import Graph, made, token_of, under
from adapters.meta.standing import SLACK, alike, before
from adapters.meta.surface import Surface
from bridge.calling import Fault, harmless
from bridge.errors import Rejected, Unsure
from bridge.message import Message
from bridge.ports import Doubt, Sending, Sent, Way
from bridge.reading import Json, ornament

LONGEST = 500
LINKS = 5
LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
REPLY = "id,text,timestamp,replied_to,permalink"

PUBLISHING: Mapping[str, Fault] = {
    **FAULTS,
    "24/4279009": Fault(means="throttled", says="Threads does not know yet what it is to publish."),
}
"""Right after it was made, a container is not known to all of Threads: the next one may be."""

MANY_LINKS = f"Threads takes {LINKS} links in a reply, and this one has {{n}}: leave some out."
NO_PRIVATE = "Threads has no private messages for apps: answer in public."


class Threads(Surface):
    """Answers what comes to Threads accounts. As bridge.ports.Channel says of each method."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:  # noqa: ARG002
        """Return that 500 characters go out in public, at any time, and nothing in private."""
        return Rejected(NO_PRIVATE) if private else Way(most=LONGEST, unit="emoji_bytes", split=False)

    def doubt(self, sending: Sending) -> Doubt:  # noqa: ARG002
        """Return "look": an account can read what it has replied."""
        return "look"

    def send(self, sending: Sending) -> Sent:
        """Publish one reply. What is prepared for it first is seen by nobody, and forgotten after a day."""
        links = len(set(LINK.findall(sending.text)))
        if links > LINKS:
            raise Rejected(MANY_LINKS.format(n=links))
        token = token_of(sending.credentials)
        form = {"creation_id": self._prepared(sending, token)}
        answer = self.graph.post("/me/threads_publish", token, host="threads", form=form, faults=PUBLISHING)
        return Sent(id=made(answer, "id"))

    def look(self, sending: Sending) -> Sent | None:
        """Return the account's reply to this post with the same words since then; None = there is none.

        Raises Rejected where there is too much to tell.
        https://developers.facebook.com/docs/threads/reference/user
        """
        since = str(int(((sending.tried_at or sending.now) - SLACK).timestamp()))
        token = token_of(sending.credentials)
        pages = self.graph.pages("/me/replies", token, host="threads", fields=REPLY, since=since)
        for page in standing.read(pages):
            for one in page:
                same = _answered(one) == sending.to.id and alike(ornament(one, "text"), sending.text)
                if same and not before(one, sending, time="timestamp") and (number := ornament(one, "id")):
                    return Sent(id=number, url=ornament(one, "permalink"))
        return None

    def _prepared(self, sending: Sending, token: str) -> str:
        """Return the id of a container that holds the reply and is not published yet.

        https://developers.facebook.com/docs/threads/posts
        """
        form = {"media_type": "TEXT", "text": sending.text, "reply_to_id": sending.to.id}
        try:
            return made(self.graph.post("/me/threads", token, host="threads", form=form), "id")
        except Unsure as lost:  # a container that nobody publishes is as good as none
            raise harmless(lost) from None


def _answered(post: Json) -> str:
    """Return the id of the post that another one answers."""
    return ornament(under(post, "replied_to"), "id")
