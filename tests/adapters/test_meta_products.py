"""What Meta's products share: one URL for all their secrets, and whether reactions are messages."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from meta_calls import PAGE, fixture, post, written
from pydantic import ValidationError

from adapters.meta import Meta, Settings
from bridge.errors import Forged
from bridge.message import Message
from bridge.ports import Skipped

APP, INSTAGRAM, THREADS = "app-secret", "instagram-secret", "threads-secret"
BODIES = {
    "page": b'{"object":"page","entry":[]}',
    "instagram": b'{"object":"instagram","entry":[]}',
    "whatsapp": b'{"object":"whatsapp_business_account","entry":[]}',
    "threads": b'{"target_id":"1","values":[]}',
    "threads in entries": b'{"object":"threads","entry":[]}',
    "none": b"no JSON",
}


def channel(**more: object) -> Meta:
    settings = {"app_secret": APP, "verify_token": "our-verify-token"}
    return Meta(Settings.model_validate(settings | more), {PAGE.id: PAGE})


def signed(body: bytes, secret: str) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


ALL = channel(instagram_app_secret=[INSTAGRAM, "older"], threads_app_secret=THREADS)


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("secret", [APP, INSTAGRAM, "older", THREADS])
def test_the_secret_of_any_product_holds_for_every_body(secret: str, name: str) -> None:
    body = BODIES[name]

    assert ALL.verify(post(body, **signed(body, secret))) is None


@pytest.mark.parametrize("name", BODIES)
def test_no_other_secret_holds(name: str) -> None:
    body = BODIES[name]

    with pytest.raises(Forged, match="instagram_app_secret and threads_app_secret too") as caught:
        ALL.verify(post(body, **signed(body, "another-secret")))

    assert not any(secret in str(caught.value) for secret in ("another-secret", APP + " ", THREADS + " "))


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("page", APP),
        ("instagram", INSTAGRAM),
        ("whatsapp", APP),
        ("threads", THREADS),
        ("threads in entries", THREADS),
        ("none", APP),
    ],
)
def test_a_body_is_signed_as_its_product_does(name: str, secret: str) -> None:
    body = BODIES[name]

    assert ALL.sign(body) == {"content-type": "application/json"} | signed(body, secret)


@pytest.mark.parametrize("name", BODIES)
def test_without_secrets_of_their_own_all_products_sign_with_the_apps(name: str) -> None:
    body = BODIES[name]

    assert channel().sign(body) == {"content-type": "application/json"} | signed(body, APP)
    with pytest.raises(Forged):
        channel().verify(post(body, **signed(body, INSTAGRAM)))


@pytest.mark.parametrize("key", ["instagram_app_secret", "threads_app_secret"])
@pytest.mark.parametrize("given", ["", [], ["one", "two", "three"], ["new", ""]])
def test_a_secret_that_would_let_anyone_in_is_refused(key: str, given: object) -> None:
    with pytest.raises(ValidationError):
        channel(**{key: given})


def test_the_reactions_of_messenger_are_messages_where_they_are_wanted() -> None:
    document = fixture("text")
    item = document["entry"][0]["messaging"][0]
    item |= {
        "message": None,
        "reaction": {"mid": "m_Our", "action": "react", "reaction": "angry", "emoji": "\U0001f620"},
    }
    callback = post(written(document))

    (found,) = channel(reactions=True).parse(callback)

    assert isinstance(found, Message)
    assert (found.channel, found.kind, found.reply_to, found.text) == (
        "messenger",
        "reaction",
        "m_Our",
        "\U0001f620",
    )
    assert channel().parse(callback) == [Skipped(reason="reaction", event="reaction")]


def test_the_reactions_to_posts_never_are() -> None:
    callback = post(written(fixture("reaction")))

    assert channel(reactions=True).parse(callback) == [Skipped(reason="reaction", event="feed:reaction:add")]
