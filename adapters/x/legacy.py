"""Reads a post as X's API v1.1 writes it: in Account Activity, which X closes to newcomers. Pure.

https://docs.x.com/x-api/account-activity/introduction
"""

from __future__ import annotations

from adapters.x import entities
from adapters.x.entities import each, within
from adapters.x.posts import Post, first_version
from bridge.reading import Json, ident, moment, need, ornament, part, parts, words


def read(post: Json) -> Post:
    """Return the post; a truncated one has its whole text in extended_tweet. Raises Unfit."""
    number = need(ident(post, "id_str") or ident(post, "id"), "id")
    whole = part(post, "extended_tweet")
    marked = [within(shape, "entities") for shape in (whole, post)]
    urls = [one for some in marked for one in each(some, "urls")]
    media = _media(whole) or _media(post)
    user, answers = part(post, "user"), _id(post, "in_reply_to_status_id")
    quotes = _id(post, "quoted_status_id")
    first = first_version(parts(part(post, "edit_history"), "edit_tweet_ids"), number)
    return Post(
        id=number,
        first=first,
        author=_id(user, "id"),
        user=user,
        mentions=tuple(dict.fromkeys(one for some in marked for one in entities.mentions(some))),
        answers=answers,
        answered=_id(post, "in_reply_to_user_id"),
        quotes=quotes,
        quoted=_id(part(part(post, "quoted_status"), "user"), "id") or entities.quoted_handle(urls, quotes),
        repost=bool(part(post, "retweeted_status")),
        thread=answers or first,  # this API has no conversation ids
        text=entities.readable(
            words(whole, "full_text") or words(post, "full_text") or words(post, "text"),
            urls,
            [ornament(one, "url") for one in media],
        ),
        language=entities.language(post),
        attachments=tuple(entities.attachment(one) for one in media),
        sent_at=moment(post, "timestamp_ms") or moment(post, "created_at"),
    )


def _id(of: Json, name: str) -> str:
    """Return an id: text in its _str twin; the number beside it has been through JavaScript's rounding."""
    return ident(of, f"{name}_str") or ident(of, name)


def _media(shape: Json) -> list[Json]:
    return each(within(shape, "extended_entities"), "media")
