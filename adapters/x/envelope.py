"""Takes a callback of X apart into its items and has each read on its own. Pure.

Three products call one URL, each with a shape of its own: the Activity API (one event: `data.event_type`), the
legacy Account Activity API (lists of items: `for_user_id`) and filtered streams (one post: `matching_rules`).
https://docs.x.com/x-api/webhooks/introduction
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from adapters.x import current, direct, legacy, posts
from adapters.x.entities import each, within
from adapters.x.handle import Handle, names, people
from adapters.x.posts import Post
from bridge.message import Account
from bridge.ports import Callback, Event, Skipped, Unreadable
from bridge.reading import (
    Json,
    Unfit,
    as_object,
    compact,
    document,
    event_name,
    fit,
    ident,
    moment,
    need,
    ornament,
    part,
    parts,
    words,
)

Reader = Callable[[Json, bytes, Handle], Event]
Reason = Literal["receipt", "typing", "reaction", "system"]

SKIPPED: dict[str, Reason] = {
    "post.repost.create": "reaction",
    "like": "reaction",
    "dm.read": "receipt",
    "dm.indicate_typing": "typing",
    "follow": "system",
    "profile": "system",
    "spaces": "system",
    "broadcast": "system",
    "news": "system",
    "oauth": "system",
}
"""Events of the Activity API that are no messages, by name or by its first word."""

POSTS = frozenset({"post.create", "post.mention.create", "post.reply.create", "post.quote.create"})
"""What the event says a post is does not count: the same post comes under several of these."""

DIRECT = frozenset({"dm.received", "dm.sent"})
CHAT = frozenset({"chat.received", "chat.sent"})

SKIPPED_SECTIONS: dict[str, Reason] = {
    "favorite_events": "reaction",
    "follow_events": "system",
    "unfollow_events": "system",
    "block_events": "system",
    "unblock_events": "system",
    "mute_events": "system",
    "unmute_events": "system",
    "direct_message_mark_read_events": "receipt",
    "direct_message_indicate_typing_events": "typing",
    "replay_job_status": "system",
}
"""Lists of Account Activity that hold no messages."""

AROUND = frozenset({"for_user_id", "users", "apps", "user_has_blocked"})
"""What stands beside the lists of Account Activity and is none."""


def read(callback: Callback, accounts: Mapping[str, Account]) -> list[Event]:
    """Return every item of the body in X's order. Never raises.

    accounts: user id -> account; what is for another user is skipped by name. A body in none of the three shapes
    is one Unreadable.
    """
    try:
        found = as_object(document(callback.body))
        return _shape(found)(found, callback, accounts)
    except (ValueError, RecursionError) as fault:  # RecursionError: nested past what JSON can read or write
        return [Unreadable(item=callback.body, error=f"the body cannot be read: {fault}")]


def _shape(found: Json) -> Callable[[Json, Callback, Mapping[str, Account]], list[Event]]:
    if found.get("matching_rules") is not None:
        return _stream
    if found.get("data") is not None:
        return _activity
    if found.keys() & {"for_user_id", "user_event", "replay_job_status"}:
        return _account_activity
    raise Unfit("it has neither data nor for_user_id")


def _read(what: str, item: object, reader: Callable[[Json, bytes], list[Event]]) -> list[Event]:
    raw = compact(item)
    try:
        return reader(fit(item), raw)
    except ValueError as fault:
        return [Unreadable(item=raw, error=f"{what}: {fault}")]


# --- the Activity API: one event ------------------------------------------------------------------------------


def _activity(found: Json, callback: Callback, accounts: Mapping[str, Account]) -> list[Event]:
    return _read("event", found["data"], lambda data, _: _event(data, found, callback, accounts))


def _event(data: Json, around: Json, callback: Callback, accounts: Mapping[str, Account]) -> list[Event]:
    name = need(words(data, "event_type"), "event_type")
    reason = SKIPPED.get(name) or SKIPPED.get(name.partition(".")[0])
    if reason:
        return [Skipped(reason=reason, event=event_name(name))]
    if name not in POSTS | DIRECT | CHAT | {"post.delete"}:
        return [Skipped(reason="unknown_event", event=event_name(name))]
    number = need(ident(part(data, "filter"), "user_id"), "filter.user_id")
    if number not in accounts:
        return [Skipped(reason="unknown_account", event=event_name(number))]
    payload, includes = part(data, "payload"), within(data, "includes") or within(around, "includes")
    users = people(includes.get("users"), payload.get("users"))
    handle = _handle(accounts[number], accounts, callback, users)
    if name in DIRECT:
        return _directs(parts(payload, "direct_message_events"), handle)
    raw = compact(payload)
    if name in CHAT:
        return [direct.chat(payload, raw, handle)]
    if name == "post.delete":
        return [posts.deletion(need(ident(payload, "id"), "id"), ident(payload, "author_id"), raw, handle)]
    return [posts.message(current.read(payload, includes), raw, handle)]


def _directs(items: list[object], handle: Handle) -> list[Event]:
    if not items:
        raise Unfit("direct_message_events is missing or empty")
    return _section("direct_message_events", items, handle)


# --- Account Activity: lists of items -------------------------------------------------------------------------


def _account_activity(found: Json, callback: Callback, accounts: Mapping[str, Account]) -> list[Event]:
    """A section that should be a list and is not counts as one item."""
    number = ident(found, "for_user_id")
    events: list[Event] = []
    for section, held in found.items():
        if held is None or section in AROUND:
            continue
        items = held if isinstance(held, list) else [held]
        if section == "user_event":
            events += [Skipped(reason="system", event=event_name(section, *within(found, section)))]
        elif section in SKIPPED_SECTIONS:
            events += [Skipped(reason=SKIPPED_SECTIONS[section], event=section) for _ in items]
        elif section not in READERS:
            events += [Skipped(reason="unknown_event", event=event_name(section))]
        elif need(number, "for_user_id") not in accounts:
            events += [Skipped(reason="unknown_account", event=event_name(number)) for _ in items]
        else:
            events += _section(
                section, items, _handle(accounts[number], accounts, callback, people(found.get("users")))
            )
    return events or [Skipped(reason="system", event="nothing in it")]


def _section(section: str, items: list[object], handle: Handle) -> list[Event]:
    reader = READERS[section]
    return [
        event
        for item in items
        for event in _read(f"{section} item", item, lambda item, raw: [reader(item, raw, handle)])
    ]


def _created(item: Json, raw: bytes, handle: Handle) -> Event:
    return posts.message(legacy.read(item), raw, handle)


def _deleted(item: Json, raw: bytes, handle: Handle) -> Event:
    status = part(item, "status")
    number, author = need(ident(status, "id"), "status.id"), ident(status, "user_id")
    return posts.deletion(number, author, raw, handle, sent_at=moment(item, "timestamp_ms"))


READERS: dict[str, Reader] = {
    "tweet_create_events": _created,
    "tweet_delete_events": _deleted,
    "direct_message_events": direct.read,
}


# --- filtered streams: one post, which names no account -------------------------------------------------------


def _stream(found: Json, callback: Callback, accounts: Mapping[str, Account]) -> list[Event]:
    return _read("data", found.get("data"), partial(_match, around=found, callback=callback, accounts=accounts))


def _match(
    data: Json, raw: bytes, *, around: Json, callback: Callback, accounts: Mapping[str, Account]
) -> list[Event]:
    includes = within(around, "includes")
    users = people(includes.get("users"))
    post = current.read(data, includes)
    account = _whose(post, each(around, "matching_rules"), accounts, users)
    if account is None:
        return [Skipped(reason="unknown_account", event="matching_rules")]
    return [posts.message(post, raw, _handle(account, accounts, callback, users, subscribed=False))]


def _whose(
    post: Post, rules: list[Json], accounts: Mapping[str, Account], users: Mapping[str, Json]
) -> Account | None:
    """Return the account that a post is for: whose it is, or whom it answers, quotes or mentions.

    Else the only one, else the one whose id or handle stands in the tag of the rule; None = it is for nobody.
    """
    ours = {name: account for account in accounts.values() for name in names(account, users)}
    tags = [word for rule in rules for word in re.findall("[0-9a-z_]+", ornament(rule, "tag").lower())]
    named = [post.author, post.answered, post.quoted, *post.mentions]
    tagged = [name for word in tags for name in (word, f"@{word}")]
    only = list(accounts) if len(accounts) == 1 else []
    return next((ours[name] for name in (*named, *only, *tagged) if name in ours), None)


def _handle(
    account: Account,
    accounts: Mapping[str, Account],
    callback: Callback,
    users: Mapping[str, Json],
    *,
    subscribed: bool = True,
) -> Handle:
    return Handle(
        account=account,
        ours=frozenset(accounts),
        connection=callback.connection,
        received_at=callback.received_at,
        users=users,
        subscribed=subscribed,
    )
