"""Reads what came while nobody listened: posts that mention a handle, and its direct messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Protocol
from urllib.parse import quote

from adapters.x import current, direct, posts
from adapters.x.completing import USER
from adapters.x.entities import each
from adapters.x.handle import Handle, people
from adapters.x.line import Line, included
from bridge.calling import Answered
from bridge.errors import Paused, Rejected, RetryLater
from bridge.message import Account
from bridge.ports import Credentials, Event, Unreadable
from bridge.reading import Json, compact, fit, moment, ornament

FIELDS = USER | {
    "max_results": "100",
    "media.fields": "alt_text,media_key,preview_image_url,type,url,variants",
}
POSTS = FIELDS | {
    "expansions": "attachments.media_keys,author_id,referenced_tweets.id",
    "tweet.fields": "attachments,author_id,conversation_id,created_at,edit_history_tweet_ids,entities,"
    "in_reply_to_user_id,lang,note_tweet,referenced_tweets",
}
DIRECTS = FIELDS | {
    "event_types": "MessageCreate",
    "expansions": "attachments.media_keys,sender_id",
    "dm_event.fields": "attachments,created_at,dm_conversation_id,entities,event_type,id,sender_id,text",
}


def missed(
    line: Line, account: Account, ours: frozenset[str], credentials: Credentials, since: datetime
) -> Iterator[list[Event]]:
    """Yield what X lists of one handle, oldest first: of posts the last 800, of direct messages 30 days.

    Raises RetryLater, Paused or Rejected once all that could be read is yielded.
    https://docs.x.com/x-api/users/get-mentions, https://docs.x.com/x-api/direct-messages/get-dm-events
    """
    auth = line.as_handle(credentials, account.id)
    mentions = POSTS | {"start_time": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    path = f"/2/users/{quote(account.id, safe='')}/mentions"
    yield from _oldest_first(_mentions(page, account, ours) for page in line.pages(path, auth, mentions))
    yield from _oldest_first(_until(since, account, ours, line.pages("/2/dm_events", auth, DIRECTS)))


def _oldest_first(pages: Iterator[list[Event]]) -> Iterator[list[Event]]:
    """Turn round what X lists with the latest first, so that a conversation keeps its order."""
    read: list[list[Event]] = []
    stopped: RetryLater | Paused | Rejected | None = None
    try:
        for page in pages:
            read.append(page[::-1])  # noqa: PERF401 - what was read before a throttle counts
    except (RetryLater, Paused, Rejected) as trouble:
        stopped = trouble
    yield from reversed(read)
    if stopped is not None:
        raise stopped


def _until(
    since: datetime, account: Account, ours: frozenset[str], pages: Iterator[Answered]
) -> Iterator[list[Event]]:
    """Yield pages of direct messages as far as they are new: X takes no time to begin with."""
    for page in pages:
        items = each(page.json, "data")
        late = [item for item in items if (moment(item, "created_at") or since) >= since]
        media = {ornament(one, "media_key"): one for one in each(included(page), "media")}
        reader = partial(direct.listed, media=media, handle=_handle(page, account, ours))
        yield [_read(item, reader) for item in late]
        if len(late) < len(items):
            return


def _mentions(page: Answered, account: Account, ours: frozenset[str]) -> list[Event]:
    reader = partial(_mention, around=included(page), handle=_handle(page, account, ours))
    return [_read(item, reader) for item in each(page.json, "data")]


def _mention(item: Json, *, raw: bytes, around: Json, handle: Handle) -> Event:
    return posts.message(current.read(item, around), raw, handle)


class Reader(Protocol):
    """Reads one item of a list."""

    def __call__(self, item: Json, /, *, raw: bytes) -> Event:
        """Return its event. Raises ValueError when it cannot be read."""


def _read(item: Json, reader: Reader) -> Event:
    raw = compact(item)
    try:
        return reader(fit(item), raw=raw)
    except ValueError as fault:
        return Unreadable(item=raw, error=f"backfill: {fault}")


def _handle(page: Answered, account: Account, ours: frozenset[str]) -> Handle:
    return Handle(
        account=account,
        ours=ours,
        connection="backfill",  # who asked for it knows the name
        received_at=datetime.now(UTC),
        users=people(included(page).get("users")),
    )
