"""Reads an entry of Threads: replies, mentions, our own posts, deletions. Pure.

https://developers.facebook.com/docs/threads/webhooks
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from adapters.meta import item
from adapters.meta.item import handles
from bridge.message import Account, Attachment, Kind, Message, Person
from bridge.ports import Callback, Event, Skipped
from bridge.reading import (
    Json,
    Unfit,
    event_name,
    ident,
    moment,
    need,
    ornament,
    part,
    parts,
    words,
)

FIELDS = ("replies", "mentions", "publish", "delete")

WORDLESS = "[a post without words: open Threads to see it]"

ADDRESSES = ("media_url", "gif_url", "thumbnail_url")
"""Where a file's address stands, best first: a film's thumbnail is the last resort."""

KINDS = {"IMAGE": "image", "VIDEO": "video", "AUDIO": "audio", "CAROUSEL_ALBUM": "album"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What the events of Threads have in common. Nobody but the root's owner has an id, only a name."""

    value: Json
    field: str
    target: str  #: target_id: of a mention our account, else the id of a post of ours

    @property
    def root(self) -> Json:
        return part(self.value, "root_post")

    @property
    def owner(self) -> str:
        """Whose thread it is, or whose deleted post it was; "" = unknown."""
        return ident(self.root, "owner_id") or ident(part(self.value, "owner"), "owner_id")

    @property
    def author(self) -> str:
        return words(self.value, "username")


def entry(body: Json) -> Json:
    """Return a body of Threads as the entry that the other products have: {id, time, changes}."""
    return {"id": body.get("target_id"), "time": body.get("time"), "changes": body.get("values")}


def read(entry: Json, callback: Callback, accounts: Mapping[str, Account]) -> list[Event]:
    """Return the events of an entry, each item read on its own. Raises Unfit if the entry has no id.

    accounts: id -> account. Documented `changes` are one object, real ones a list of them.
    """
    target, found = need(ident(entry, "id"), "id"), entry.get("changes")
    items = found if isinstance(found, list) else [] if found is None else [found]
    if not items:
        return [Skipped(reason="system", event="empty entry")]
    return [
        event
        for one in items
        for event in item.read(
            "changes", one, lambda change, raw: [_event(change, raw, target, callback, accounts)]
        )
    ]


def _event(change: Json, raw: bytes, target: str, callback: Callback, accounts: Mapping[str, Account]) -> Event:
    field = need(words(change, "field"), "field")
    if field not in FIELDS:
        return Skipped(reason="unknown_event", event=event_name(field))
    post = Post(value=part(change, "value"), field=field, target=target)
    account = _whose(post, accounts)
    if account is None:
        return Skipped(reason="unknown_account", event=event_name(post.owner or target))
    return _message(post, account, raw, callback, accounts)


def _whose(post: Post, accounts: Mapping[str, Account]) -> Account | None:
    """Return the account that an event is for; None = none of ours.

    The target of a mention is our account, of all else a post; then the owner of the thread tells. Our own posts
    may stand in other people's threads, and tell only our name.
    """
    ids = (accounts.get(one) for one in (post.target, post.owner))
    named = {name: account for account in accounts.values() for name in handles([account])}
    names = (named.get(one.lower()) for one in (words(post.root, "username"), post.author))
    return next((one for one in (*ids, *names) if one), None)


def _message(
    post: Post, account: Account, raw: bytes, callback: Callback, accounts: Mapping[str, Account]
) -> Message:
    value, deleted = post.value, post.field == "delete"
    number, text, shown = need(ident(value, "id"), "id"), words(value, "text"), _attachments(value)
    if not text and not shown and post.field in ("replies", "mentions"):
        text = WORDLESS  # of our own posts Threads never tells the words
    return Message(
        channel="threads",
        connection=callback.connection,
        account=account,
        id=number,
        kind=_kind(post, account),
        change="deleted" if deleted else "created",
        author=_author(post, account, accounts),
        thread=ident(post.root, "id") or number,
        reply_to=ident(part(value, "replied_to"), "id"),
        text=text,
        url=ornament(value, "permalink"),
        attachments=shown,
        sent_at=moment(value, "deleted_at" if deleted else "timestamp"),
        received_at=callback.received_at,
        public=True,
        raw=raw,
    )


def _kind(post: Post, account: Account) -> Kind:
    """Read it from the post where possible: a reply that mentions us comes as a reply and as a mention."""
    answers = bool(part(post.value, "replied_to"))
    if post.field == "replies" or (answers and (post.field == "publish" or post.owner == account.id)):
        return "reply"
    return "mention" if post.field == "mentions" else "post"


def _author(post: Post, account: Account, accounts: Mapping[str, Account]) -> Person:
    """Return who wrote, known by name only. Of our own posts Threads tells when we publish or delete them."""
    names = {*handles(accounts.values())}
    if post.owner == account.id:
        names.add(words(post.root, "username").lower())
    by_us = post.field in ("publish", "delete") or post.author.lower() in names - {""}
    verified = post.value.get("is_verified")
    return Person(
        id=account.id if by_us else post.author,
        handle=post.author,
        verified=verified if isinstance(verified, bool) else None,
        avatar=ornament(post.value, "profile_picture_url"),
        is_self=by_us,
    )


def _attachments(value: Json) -> tuple[Attachment, ...]:
    """Return the post's file, or those of a carousel."""
    children = value.get("children")
    inner = parts(children, "data") if isinstance(children, dict) else parts(value, "children")
    if not inner:
        one = _attachment(value)
        return (one,) if one.kind else ()
    found = []
    for child in inner:
        if not isinstance(child, dict):
            raise Unfit("children holds something that is not an object")
        one = _attachment(child)
        found.append(replace(one, kind=one.kind or "unknown"))
    return tuple(found)


def _attachment(post: Json) -> Attachment:
    """Return a post's file; without an address it has the post's id, and without either no kind."""
    url = next((found for name in ADDRESSES if (found := words(post, name))), "")
    kind = KINDS.get(ornament(post, "media_type"), "image" if url else "")
    return Attachment(kind=kind, url=url, name=ornament(post, "alt_text"), id="" if url else ident(post, "id"))
