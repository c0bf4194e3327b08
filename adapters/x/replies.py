"""Sends agents' replies: public posts that answer a post, and direct messages."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

from adapters.x import current, direct
from adapters.x.entities import each, number, readable, within
from adapters.x.faults import FAULTS, code, refused
from adapters.x.line import Line
from adapters.x.settings import Settings
from bridge import looking
from bridge.calling import SOON, Answered
from bridge.errors import Rejected, Unsure
from bridge.measuring import LINK
from bridge.message import Kind, Message
from bridge.ports import Sending, Sent, Way
from bridge.reading import Json, Unfit, moment, words

LONGEST_DIRECT = 10_000
SUMMONED: frozenset[Kind] = frozenset({"mention", "reply", "quote"})

ENCRYPTED = "The customer wrote in X's encrypted chat, which no app can answer: answer on X itself."
NOBODY = "X does not say who wrote this, so nobody can be written to: answer on X itself."
LINKS = "Links in public replies are switched off here, since X charges for them: leave the link out."

EARLIER = timedelta(minutes=10)  #: how far back X is asked, whose clock may go wrong


def way(settings: Settings, to: Message, *, private: bool) -> Way | Rejected:
    """Return how a message can be answered. X closes no conversation, but it lets most apps only speak when asked.

    https://docs.x.com/x-api/posts/manage-tweets/introduction, https://docs.x.com/fundamentals/counting-characters
    """
    if private or not to.public:
        if "encrypted" in to.notes:
            return Rejected(ENCRYPTED)
        return Way(most=LONGEST_DIRECT, unit="characters", split=True) if to.author.id else Rejected(NOBODY)
    if settings.summoned_only and to.kind not in SUMMONED:
        return Rejected(FAULTS["not mentioned"].says)
    return Way(most=settings.longest_post, unit="weighted", split=False)


def send(line: Line, settings: Settings, sending: Sending) -> Sent:
    """Send one text. Raises RetryLater, Unsure, Rejected or Paused.

    https://docs.x.com/x-api/posts/create-or-edit-post,
    https://docs.x.com/x-api/direct-messages/create-dm-message-by-participant-id
    """
    auth = line.as_handle(sending.credentials, sending.to.account.id)
    if sending.private:
        path, body = f"/2/dm_conversations/with/{_customer(sending)}/messages", {"text": sending.text}
        answer = line.api.write("POST", path, json=body, auth=auth)
        return _direct(sending, _made(sending, answer, "dm_event_id"))
    if not settings.allow_links and LINK.search(sending.text):
        raise Rejected(LINKS)
    answering = {"in_reply_to_tweet_id": _target(sending.to), "auto_populate_reply_metadata": True}
    answer = line.api.write("POST", "/2/tweets", json={"text": sending.text, "reply": answering}, auth=auth)
    return _post(sending, _made(sending, answer, "id"))


def look(line: Line, sending: Sending) -> Sent | None:
    """Return the reply where it stands among the handle's latest. Raises RetryLater, Paused or Rejected.

    It is known by its text and what it answers, since X hands back no mark, and must not be older than the first
    attempt. https://docs.x.com/x-api/users/get-posts, https://docs.x.com/x-api/direct-messages/get-dm-events
    """
    began = time.monotonic()
    found = _directs(line, sending, began) if sending.private else _posts(line, sending, began)
    try:
        return next((sent for sent, text in found if _plain(text) == _plain(sending.text)), None)
    except Unfit as fault:
        raise Rejected(f"What X lists cannot be read: {fault}") from None


# --- what it is called ---


def _target(to: Message) -> str:
    """Return the post that is answered: of an edited one the version that was read."""
    return to.version or to.id


def _customer(sending: Sending) -> str:
    return quote(sending.to.author.id, safe="")


def _post(sending: Sending, own: str) -> Sent:
    handle = sending.to.account.about.get("handle", "").removeprefix("@") or "i"
    return Sent(id=own, url=f"https://x.com/{quote(handle, safe='')}/status/{quote(own, safe='')}")


def _direct(sending: Sending, own: str) -> Sent:
    to = sending.to
    return Sent(id=direct.named(own), url=direct.address(to.account.id, to.author.id))


# --- what X answered ---


def _made(sending: Sending, answer: Answered, name: str) -> str:
    """Return the id of what was made. Raises what a refusal means."""
    if not answer.ok:
        if code(answer) == "duplicate content" and sending.tried_at is not None:
            raise Unsure("X says that it has this text: the first attempt may have gone through", after=SOON)
        raise refused(answer)
    made = number(within(answer.json, "data"), name)
    if not made:
        raise Unsure("X took the reply and did not say under what id", after=SOON)
    return made


# --- what stands there ---


def _posts(line: Line, sending: Sending, began: float) -> Iterator[tuple[Sent, str]]:
    account, since = sending.to.account.id, (sending.tried_at or sending.now) - EARLIER
    query = {
        "max_results": "100",
        "exclude": "retweets",
        "start_time": f"{since:%Y-%m-%dT%H:%M:%SZ}",
        "tweet.fields": "created_at,edit_history_tweet_ids,entities,note_tweet,referenced_tweets",
    }
    auth = line.as_handle(sending.credentials, account)
    for page in line.pages(f"/2/users/{quote(account, safe='')}/tweets", auth, query):
        earliest = looking.earliest(sending, page, began)
        for item in each(page.json, "data"):
            post = current.read(item, {})
            if post.answers == _target(sending.to) and looking.is_late(post.sent_at, earliest):
                yield _post(sending, post.first), post.text


def _directs(line: Line, sending: Sending, began: float) -> Iterator[tuple[Sent, str]]:
    account = sending.to.account.id
    query = {
        "max_results": "100",
        "event_types": "MessageCreate",
        "dm_event.fields": "created_at,entities,event_type,id,sender_id,text",
    }
    auth = line.as_handle(sending.credentials, account)
    for page in line.pages(f"/2/dm_conversations/with/{_customer(sending)}/dm_events", auth, query):
        items, earliest = each(page.json, "data"), looking.earliest(sending, page, began)
        late = [item for item in items if looking.is_late(moment(item, "created_at"), earliest)]
        for item in late:
            if number(item, "sender_id") == account:
                yield _direct(sending, number(item, "id")), _said(item)
        if len(late) < len(items):
            return  # the latest come first


def _said(item: Json) -> str:
    return readable(words(item, "text"), each(within(item, "entities"), "urls"))


def _plain(text: str) -> str:
    """Return what stays of a text at X: without the names that it puts in front, and however it writes links."""
    said = re.sub(r"\A(?:@\w{1,20}\s+)+", "", unicodedata.normalize("NFC", text).strip())
    return " ".join(word.rstrip("/") for word in re.sub(r"https?://", "", said).split())
