"""From a post, in whichever shape it came, to its message. Pure.

What kind of message it is follows from the post alone, never from the event's name: X sends one post as a mention
and as a reply, and both are one message.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from adapters.x.handle import Handle
from bridge.message import Attachment, Kind, Message
from bridge.ports import Event, Skipped
from bridge.reading import Json, ident, need


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post as any of X's shapes tells it. Whom it names: an id, or @handle where X gives no id; "" = unknown."""

    id: str
    first: str  #: the id of its first version: each edit is a post with an id of its own
    author: str
    user: Json | None  #: the author as X describes them in the post itself; None = beside it, or not at all
    mentions: tuple[str, ...]
    answers: str  #: the post that it replies to
    answered: str  #: who is answered; also who is addressed with @handle at the beginning
    quotes: str  #: the post that it quotes
    quoted: str  #: who wrote that
    repost: bool  #: it only shows somebody else's post again
    thread: str
    text: str
    language: str
    attachments: tuple[Attachment, ...]
    sent_at: datetime | None


def first_version(history: list[object], number: str) -> str:
    """Return the id of a post's first version; history: the ids of all, oldest first. Raises Unfit."""
    return need(ident({"edit_history": history[0]}, "edit_history"), "edit_history") if history else number


def message(post: Post, raw: bytes, handle: Handle) -> Event:
    """Return what a post comes to: an edit lands on its first version. raw: its bytes for the message."""
    if post.repost:
        return Skipped(reason="reaction", event="repost")
    edited = post.first != post.id
    author = handle.person(post.author, post.user)
    return Message(
        channel="x",
        connection=handle.connection,
        account=handle.account,
        id=post.first,
        kind=_kind(post, handle),
        change="edited" if edited else "created",
        version=post.id if edited else "",
        author=author,
        thread=post.thread,
        reply_to=post.answers or post.quotes,
        text=post.text,
        language=post.language,
        url=f"https://x.com/{quote(author.handle or 'i', safe='')}/status/{quote(post.id, safe='')}",
        attachments=post.attachments,
        sent_at=post.sent_at,
        received_at=handle.received_at,
        public=True,
        raw=raw,
    )


def deletion(number: str, author: str, raw: bytes, handle: Handle, *, sent_at: datetime | None = None) -> Message:
    """Return the deletion of a post, of which X tells its id and author only."""
    return Message(
        channel="x",
        connection=handle.connection,
        account=handle.account,
        id=number,
        kind="post",
        change="deleted",
        author=handle.person(author),
        sent_at=sent_at,
        received_at=handle.received_at,
        public=True,
        raw=raw,
    )


def _kind(post: Post, handle: Handle) -> Kind:
    us, ours = handle.names, post.author == handle.account.id
    if post.quoted in us:
        return "quote"
    if post.answers and (ours or post.answered in us):
        return "reply"
    if ours:
        return "post"
    if post.answered in us or not us.isdisjoint(post.mentions):
        return "mention"
    if post.quotes and handle.subscribed and not _known(post.quoted, us):
        return "quote"  # X sent it to us and nothing else in it has to do with us
    return "post"


def _known(quoted: str, us: frozenset[str]) -> bool:
    """Whether we know that this is somebody else: @handle says nothing to who does not know their own."""
    return len(us) > 1 if quoted.startswith("@") else bool(quoted)
