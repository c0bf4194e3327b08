"""A Facebook Page's public side: what its callbacks left out, and our answers in public or private."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.meta import messenger_replies, standing
from adapters.meta.graph import Graph, made, path, token_of, under
from adapters.meta.surface import Surface
from bridge.errors import Rejected
from bridge.message import Attachment, Message
from bridge.ports import Credentials, Doubt, Lack, Sending, Sent, Way
from bridge.reading import Json, Unfit, ident, moment, ornament

LONGEST = 8000  #: characters of a comment
LONGEST_PRIVATE = 2000  #: characters of a private message
PRIVATE_WINDOW = timedelta(days=7)  #: after the comment or post

FIELDS = "id,message,created_time,permalink_url,from{id,name,picture}"
COMMENT_FIELDS = f"{FIELDS},attachment"
FILES = {"photo": "image", "video_inline": "video"}

ONLY_PUBLIC = (
    "Facebook takes private messages in answer to comments on the Page and to visitors' posts there only: answer "
    "in public."
)


class Facebook(Surface):
    """Posts, comments, mentions and reviews of a Page."""

    def __init__(self, graph: Graph, ours: Collection[str]) -> None:
        """ours: the ids of all our accounts."""
        self._graph, self._ours = graph, frozenset(ours)

    def lacks(self, message: Message) -> Collection[Lack]:
        """Return content where nobody or nothing is named, as in most mentions. Pure."""
        if message.author.is_self or message.kind == "review" or message.change not in ("created", "edited"):
            return ()
        if message.author.id and (message.text or message.attachments):
            return ()
        return ["content"]

    def content(self, message: Message, credentials: Credentials) -> Message:
        """Return the message with its author, words and address.

        What Facebook does not show may be gone, or not for us to see: it never counts as deleted.
        https://developers.facebook.com/docs/graph-api/reference/comment
        """
        fields = COMMENT_FIELDS if message.reply_to else FIELDS
        answer = self._graph.get(path(message.id), token_of(credentials), fields=fields)
        try:
            return self._told(message, answer.json)
        except Unfit as fault:
            raise Rejected(f"Facebook's answer cannot be read: {fault}") from None

    def _told(self, message: Message, told: Json) -> Message:
        author = under(told, "from")
        number = ident(author, "id") or message.author.id
        return replace(
            message,
            author=replace(
                message.author,
                id=number,
                name=ornament(author, "name") or message.author.name,
                avatar=ornament(under(author, "picture", "data"), "url") or message.author.avatar,
                is_self=number in self._ours,
            ),
            text=message.text or ornament(told, "message"),
            url=ornament(told, "permalink_url") or message.url,
            attachments=message.attachments or attachments(told),
            sent_at=message.sent_at or moment(told, "created_time"),
        )

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:  # noqa: ARG002
        """Return the public way, or the private one: a single message within 7 days. Pure.

        https://developers.facebook.com/docs/messenger-platform/discovery/private-replies
        """
        if not private:
            return Way(most=LONGEST, unit="characters", split=False)
        if to.kind not in ("comment", "post"):
            return Rejected(ONLY_PUBLIC)
        until = (to.sent_at or to.received_at) + PRIVATE_WINDOW
        return Way(most=LONGEST_PRIVATE, unit="characters", split=False, until=until)

    def doubt(self, sending: Sending) -> Doubt:
        """Return look where there is something to look at: comments, or the conversation with somebody. Pure."""
        return "look" if not sending.private or sending.to.author.id else "ask"

    def send(self, sending: Sending) -> Sent:
        """Comment on what the customer wrote, or write to them in private.

        https://developers.facebook.com/docs/graph-api/reference/object/comments
        """
        to = sending.to
        if sending.private:
            recipient = {"post_id" if to.kind == "post" else "comment_id": to.id}
            return messenger_replies.write(self._graph, sending, recipient)
        answer = self._graph.post(
            path(to.id, "comments"), token_of(sending.credentials), json={"message": sending.text}
        )
        return _comment(made(answer, "id"))

    def look(self, sending: Sending) -> Sent | None:
        """Return the comment or message if it stands there. Raises Rejected where there is too much to tell."""
        if sending.private:
            return messenger_replies.look(self._graph, sending, sending.to.author.id)
        pages = self._graph.pages(
            path(sending.to.id, "comments"),
            token_of(sending.credentials),
            fields="id,message,created_time,from",
            order="reverse_chronological",
            filter="stream",
            limit="100",
        )
        for page in standing.read(pages):
            if (number := standing.find(page, sending, text="message", time="created_time")) is not None:
                return _comment(number)
            if page and standing.before(page[-1], sending, time="created_time"):
                break
        return None


def _comment(number: str) -> Sent:
    return Sent(id=number, url=f"https://www.facebook.com/{number}")


def attachments(told: Json) -> tuple[Attachment, ...]:
    """Return the picture, film, sticker or link of a comment.

    https://developers.facebook.com/docs/graph-api/reference/story-attachment
    """
    found = under(told, "attachment")
    kind = ornament(found, "type")
    url = ornament(under(found, "media", "image"), "src") if kind in ("photo", "sticker") else ""
    url = url or ornament(found, "url")
    return (Attachment(kind=FILES.get(kind, kind or "link"), url=url),) if url else ()
