"""Reads a post as X's API v2 writes it: in the Activity API and in filtered streams. Pure.

https://docs.x.com/x-api/fundamentals/data-dictionary
"""

from __future__ import annotations

from adapters.x import entities
from adapters.x.entities import each, number_of, within
from adapters.x.posts import Post, first_version
from bridge.reading import Json, Unfit, ident, moment, need, ornament, parts, words


def read(post: Json, includes: Json) -> Post:
    """Return the post; includes: the posts and media that X sent along. Raises Unfit when it cannot be read."""
    own = need(ident(post, "id"), "id")
    long = within(post, "note_tweet")
    urls = [*each(within(long, "entities"), "urls"), *each(within(post, "entities"), "urls")]
    media = _media(post, includes)
    points_at = _references(post)
    answers = ident(post, "in_reply_to_tweet_id") or points_at.get("replied_to", "")
    quotes = points_at.get("quoted", "")
    authors = {
        number: ornament(one, "author_id") for one in each(includes, "tweets") if (number := number_of(one))
    }
    first = first_version(parts(post, "edit_history_tweet_ids"), own)
    return Post(
        id=own,
        first=first,
        author=ident(post, "author_id"),
        user=None,
        mentions=_mentions(post, long),
        answers=answers,
        answered=ident(post, "in_reply_to_user_id") or authors.get(answers, ""),
        quotes=quotes,
        quoted=authors.get(quotes, "") or entities.quoted_handle(urls, quotes),
        repost="retweeted" in points_at,
        thread=ident(post, "conversation_id") or first,
        text=entities.readable(
            words(long, "text") or words(post, "text"), urls, entities.of_media(urls) if media else ()
        ),
        language=entities.language(post),
        attachments=tuple(entities.attachment(one) for one in media),
        sent_at=moment(post, "created_at"),
    )


def _references(post: Json) -> dict[str, str]:
    """Return what a post points at: replied_to, quoted, retweeted -> id."""
    found = {}
    for one in parts(post, "referenced_tweets"):
        if not isinstance(one, dict):
            raise Unfit("referenced_tweets holds something that is not an object")
        found[words(one, "type")] = ident(one, "id")
    return found


def _mentions(post: Json, long: Json) -> tuple[str, ...]:
    found = (*entities.mentions(within(post, "entities")), *entities.mentions(within(long, "entities")))
    return tuple(dict.fromkeys(found))


def _media(post: Json, includes: Json) -> list[Json]:
    keys = within(post, "attachments").get("media_keys")
    wanted = {key for key in keys if isinstance(key, str)} if isinstance(keys, list) else set()
    return [one for one in each(includes, "media") if ornament(one, "media_key") in wanted]
