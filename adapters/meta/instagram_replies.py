"""Instagram: who wrote, what a mention says, and our answers in comments and in private.

Both logins have the same calls at different hosts. `me` is the account itself with Instagram's own login, and the
Page that it is connected to with Facebook's; private messages go through either.
https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api,
https://developers.facebook.com/docs/instagram-platform/comment-moderation
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from adapters.meta import standing
from adapters.meta.graph import Graph, made, objects, path, token_of, under
from adapters.meta.instagram import WORDLESS
from adapters.meta.item import handles
from adapters.meta.standing import alike, before
from adapters.meta.surface import Surface
from bridge.errors import Rejected
from bridge.message import Account, Message, Person
from bridge.ports import Credentials, Doubt, Lack, Sending, Sent, Way
from bridge.reading import Json, moment, ornament

Login = Literal["instagram", "facebook"]

DIRECT = 1000  #: bytes
WINDOW = timedelta(hours=24)
HUMAN = timedelta(days=7)  #: with the permission Human Agent
PRIVATE = timedelta(days=7)  #: for the one private message to a comment

PERSON = "name,username,profile_pic,follower_count,is_verified_user"
COMMENT = "id,text,timestamp,username,from,media{id,permalink}"
MENTIONED_COMMENT = "mentioned_comment.comment_id({id}){{id,text,timestamp,username,media{{id,permalink}}}}"
MENTIONED_MEDIA = "mentioned_media.media_id({id}){{id,caption,timestamp,username,permalink}}"
TOLD = 20
"""Messages of a conversation that Instagram tells more than the ids of.

https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/conversations-api
"""
TALK = f"messages.limit({TOLD}){{id,created_time,from,message}}"

NOTHING: frozenset[Lack] = frozenset()
AUTHOR: frozenset[Lack] = frozenset({"author"})
CONTENT: frozenset[Lack] = frozenset({"content"})

LIVE = "Instagram takes no comments of apps under a live video: answer with a private message while it runs."
NOT_HERE = (
    "Instagram takes a private message only to who commented under the account's own posts: answer in public."
)
NOBODY = "Instagram does not say who wrote this comment, so no private message can be sent: answer in public."


class Instagram(Surface):
    """Completes and answers what comes to Instagram accounts. As bridge.ports.Channel says of each method."""

    def __init__(
        self,
        graph: Graph,
        accounts: Mapping[str, Account],
        *,
        login: Login,
        human_agent: bool,
        comment_limit: int,
    ) -> None:
        """accounts: all of ours. human_agent: the app may answer for 7 days.

        comment_limit: characters of a public answer.
        """
        self.graph, self.accounts, self.login = graph, accounts, login
        self.window, self.comment_limit = HUMAN if human_agent else WINDOW, comment_limit

    # --- completing ---

    def lacks(self, message: Message) -> Collection[Lack]:
        """Return what the callback left out: a mention's words, who commented, a private message's author."""
        author = message.author
        if author.is_self or message.change not in ("created", "edited"):
            return NOTHING
        if message.public:
            whole = message.text if message.kind == "mention" else author.id or author.handle
            return NOTHING if whole else CONTENT
        return NOTHING if author.name or author.handle else AUTHOR

    def author(self, message: Message, credentials: Credentials) -> Person:
        """Return the profile of somebody who has written in private; of others Instagram tells none.

        https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/user-profile
        """
        number = message.author.id
        told = self.graph.get(path(number), token_of(credentials), host=self.login, fields=PERSON).json
        followers, verified = told.get("follower_count"), told.get("is_verified_user")
        return Person(
            id=number,
            name=ornament(told, "name"),
            handle=ornament(told, "username"),
            avatar=ornament(told, "profile_pic"),
            followers=followers if type(followers) is int else None,
            verified=verified if isinstance(verified, bool) else None,
        )

    def content(self, message: Message, credentials: Credentials) -> Message:
        """Return a mention or comment with its words, its author's name and its address.

        Never None: Instagram says the same of what is gone and of what the token may not read.
        """
        told = self._told(message, token_of(credentials))
        sender = under(told, "from")
        handle = ornament(told, "username") or ornament(sender, "username")
        author = message.author.id or ornament(sender, "id")
        ours = author in self.accounts or handle.lower() in handles(self.accounts.values())
        return replace(
            message,
            author=replace(message.author, id=author, handle=handle, is_self=ours),
            text=message.text or ornament(told, "text") or ornament(told, "caption") or WORDLESS,
            url=ornament(told, "permalink") or ornament(under(told, "media"), "permalink"),
            sent_at=moment(told, "timestamp") or message.sent_at,
        )

    def _told(self, message: Message, token: str) -> Json:
        """https://developers.facebook.com/docs/instagram-platform/instagram-api-with-facebook-login/mentions"""
        if message.kind != "mention":
            return self.graph.get(path(message.id), token, host=self.login, fields=COMMENT).json
        in_caption = message.id == message.thread
        asked = MENTIONED_MEDIA if in_caption else MENTIONED_COMMENT
        answer = self.graph.get(
            path(self._self(message)), token, host=self.login, fields=asked.format(id=message.id)
        )
        return under(answer.json, "mentioned_media" if in_caption else "mentioned_comment")

    # --- replies ---

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:
        """Return how a message can be answered: in private within its window, in public at any time."""
        if not to.public:
            return Way(most=DIRECT, unit="bytes", split=True, until=heard_at + self.window)
        if private:
            return _private_way(to)
        if to.notes.get("live"):
            return Rejected(LIVE)
        return Way(most=self.comment_limit - len(_address(to)), unit="characters", split=False)

    def doubt(self, sending: Sending) -> Doubt:
        """Return "look"; "ask" for answers to mentions: they stand under posts of others, which cannot be read."""
        return "ask" if sending.to.kind == "mention" else "look"

    def send(self, sending: Sending) -> Sent:
        """Send one private message, or publish one comment."""
        to, token = sending.to, token_of(sending.credentials)
        if sending.private:
            told = self.graph.post("/me/messages", token, host=self.login, json=_body(sending))
            return Sent(id=made(told, "message_id"))
        if to.kind == "mention":
            about = {"media_id": to.thread} | ({"comment_id": to.id} if to.id != to.thread else {})
            where, form = path(self._self(to), "mentions"), {**about, "message": sending.text}
        else:
            where, form = path(_top(to), "replies"), {"message": _address(to) + sending.text}
        return Sent(id=made(self.graph.post(where, token, host=self.login, form=form), "id"))

    def look(self, sending: Sending) -> Sent | None:
        """Return what stands in the conversation, or under the comment, with the same words since then."""
        to = sending.to
        if sending.private:
            found, written, text, time = self._messages(sending), sending.text, "message", "created_time"
        else:
            written = _address(to) + sending.text
            found, text, time = self._comments(sending), "text", "timestamp"
        ours = ourselves(self.graph, self.login, to.account.id, token_of(sending.credentials))
        for one in found:
            same = _is_by(one, ours) and alike(_plain(ornament(one, text)), _plain(written))
            if same and not before(one, sending, time=time) and (number := ornament(one, "id")):
                return Sent(id=number)
        return None

    def _messages(self, sending: Sending) -> Iterator[Json]:
        """Yield the last messages of a conversation.

        Raises Rejected where more has been written since than Instagram tells.
        """
        customer = sending.to.author.id if sending.to.public else sending.to.thread
        answer = self.graph.get(
            "/me/conversations",
            token_of(sending.credentials),
            host=self.login,
            platform="instagram",
            user_id=customer,
            fields=TALK,
        )
        for talk in objects(answer.at("data")):
            told = objects(under(talk, "messages").get("data"))
            yield from told
            if len(told) == TOLD and all(not before(one, sending, time="created_time") for one in told):
                raise Rejected(f"more than the {TOLD} messages that Instagram shows were written since")

    def _comments(self, sending: Sending) -> Iterator[Json]:
        """Yield what stands under a comment. Raises Rejected where there is too much to tell."""
        where, token = path(_top(sending.to), "replies"), token_of(sending.credentials)
        pages = self.graph.pages(where, token, host=self.login, fields=COMMENT, limit="100")
        for page in standing.read(pages):
            yield from page

    def _self(self, message: Message) -> str:
        """Return how the account itself is called: `me` is its Page with Facebook's login."""
        return "me" if self.login == "instagram" else message.account.id


def _private_way(to: Message) -> Way | Rejected:
    """https://developers.facebook.com/docs/instagram-platform/private-replies"""
    if to.kind == "mention":
        return Rejected(NOT_HERE)
    if not to.author.id:
        return Rejected(NOBODY)
    until = None if to.notes.get("live") else (to.sent_at or to.received_at) + PRIVATE
    return Way(most=DIRECT, unit="bytes", split=False, until=until)


def _body(sending: Sending) -> Json:
    to = sending.to
    if to.public:
        return {"recipient": {"comment_id": to.id}, "message": {"text": sending.text}}
    late = sending.now > sending.heard_at + WINDOW
    tag = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"} if late else {}
    return {"recipient": {"id": to.thread}, "message": {"text": sending.text}, **tag}


def ourselves(graph: Graph, login: Login, account: str, token: str) -> frozenset[str]:
    """Return the ids and the name under which the account itself stands in conversations and comments.

    Raises RetryLater, Paused, or Rejected, where Instagram does not tell its name too.
    https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started
    """
    me, fields = ("me", "id,user_id,username") if login == "instagram" else (account, "id,username")
    told = graph.get(path(me), token, host=login, fields=fields).json
    name = ornament(told, "username")
    if not name:
        raise Rejected("Instagram does not tell the name of the account itself")
    return frozenset({account, name, ornament(told, "id"), ornament(told, "user_id")} - {""})


def _top(comment: Message) -> str:
    """Return the comment that an answer stands under: Instagram knows one level of answers only.

    https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-comment/replies
    """
    return comment.reply_to if _is_nested(comment) else comment.id


def _is_nested(comment: Message) -> bool:
    return comment.kind == "comment" and comment.reply_to not in ("", comment.thread)


def _is_by(node: Json, names: Collection[str]) -> bool:
    sender = under(node, "from")
    return not {ornament(node, "username"), ornament(sender, "username"), ornament(sender, "id")}.isdisjoint(names)


def _address(to: Message) -> str:
    """Return how an answer begins that does not stand right under what it answers."""
    return f"@{to.author.handle} " if _is_nested(to) and to.author.handle else ""


def _plain(text: str) -> str:
    """Return the words as they are compared: Instagram leaves out the @ of some names."""
    return text.replace("@", "")
