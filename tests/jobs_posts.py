"""What the platforms of docs/jobs.md post: each message with an id of its own, in the shape of its platform."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import road

HANDLE, PAGE, APP = "2244000001", "10150001", "acme-ios"
NUMBERS = itertools.count(2_080_000_000_000_000_001)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Somebody on X."""

    id: str
    handle: str
    followers: int = 12


ANA, BEN = Author(id="7100000901", handle="ana_b"), Author(id="7100000902", handle="ben_k")
IDA = Author(id="7100000903", handle="ida_wu")


def mention(words: str, by: Author, *, language: str = "en", under: str = "") -> dict[str, Any]:
    """A post that names our handle; under: the conversation that it stands in."""
    number = str(next(NUMBERS))
    post = {
        "id": number,
        "text": f"@Acme {words}",
        "author_id": by.id,
        "conversation_id": under or number,
        "created_at": "2026-11-20T10:00:00.000Z",
        "lang": language,
        "entities": {"mentions": [{"start": 0, "end": 5, "username": "Acme", "id": HANDLE}]},
    }
    return _activity("post.mention.create", post, {"users": [_user(by)]})


def direct(words: str, by: Author) -> dict[str, Any]:
    """A direct message to our handle."""
    item = {
        "type": "message_create",
        "id": str(next(NUMBERS)),
        "created_timestamp": "1793000000123",
        "message_create": {
            "target": {"recipient_id": HANDLE},
            "sender_id": by.id,
            "message_data": {"text": words, "entities": {"urls": []}},
        },
    }
    return _activity("dm.received", {"direct_message_events": [item], "users": {by.id: _user(by)}}, {})


def _activity(event: str, payload: object, includes: object) -> dict[str, Any]:
    return {
        "data": {
            "event_uuid": str(next(NUMBERS)),
            "filter": {"user_id": HANDLE},
            "event_type": event,
            "payload": payload,
            "includes": includes,
        }
    }


def _user(one: Author) -> dict[str, Any]:
    return {
        "id": one.id,
        "username": one.handle,
        "name": one.handle.title(),
        "public_metrics": {"followers_count": one.followers},
    }


def feedback(words: str, *, by: str, **more: Any) -> dict[str, Any]:
    """What somebody wrote in the app."""
    app = {"id": APP, "version": "8.2.1", "language": more.pop("language", "en")}
    user = {"id": by, "name": f"Customer {by}", "email": more.pop("email", "")}
    number = f"f-{next(NUMBERS)}"
    return {"event": "feedback.created", "id": number, "text": words, "user": user, "app": app, **more}


def page(words: str, *, by: str, page: str = PAGE) -> dict[str, Any]:
    """A comment under the page's post, which all comments here share."""
    return {"object": "page", "entry": [road.comments(road.comment(str(next(NUMBERS)), words, by=by), page=page)]}


def review(words: str, *, by: str) -> dict[str, Any]:
    """Somebody does not recommend the page."""
    value = {
        "item": "rating",
        "verb": "add",
        "open_graph_story_id": str(next(NUMBERS)),
        "reviewer_id": by,
        "reviewer_name": f"Customer {by}",
        "recommendation_type": "NEGATIVE",
        "review_text": words,
        "created_time": 1793000000,
    }
    changes = [{"field": "ratings", "value": value}]
    return {"object": "page", "entry": [{"id": PAGE, "time": 1793000001, "changes": changes}]}
