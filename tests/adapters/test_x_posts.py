"""Posts of X: each becomes the message that it is, whatever shape and event brought it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from x_calls import ACME, ACME_FR, ANA, RECEIVED, activity, compact, fixture, message, parse, payload

from bridge.message import Account, Attachment, Message, Person
from bridge.ports import Skipped, Unreadable

PERSON = Person(
    id=ANA,
    name="Ana Brandt",
    handle="ana_b",
    followers=97,
    verified=False,
    avatar="https://img.example.com/ana.jpg",
)
FIRST, REPLY, OURS = "2080000000000000101", "2080000000000000202", "2080000000000000150"
PHOTO = Attachment(kind="image", url="https://img.example.com/late.jpg", name="An empty box")

MENTION = Message(
    channel="x",
    connection="acme-x",
    account=ACME,
    id=FIRST,
    kind="mention",
    author=PERSON,
    thread=FIRST,
    text="@Acme my order is <3 weeks> late &amp; nobody answers für 😠 https://shop.example.com/order?a=1&b=2",
    language="en",
    url=f"https://x.com/ana_b/status/{FIRST}",
    attachments=(PHOTO, Attachment(kind="video", url="https://img.example.com/7.mp4")),
    sent_at=datetime(2026, 10, 26, 10, tzinfo=UTC),
    received_at=RECEIVED,
    public=True,
)
ANSWER = replace(
    MENTION,
    id=REPLY,
    kind="reply",
    author=Person(id=ANA),
    reply_to=OURS,
    text="@Acme still nothing",
    url=f"https://x.com/i/status/{REPLY}",
    attachments=(),
    sent_at=datetime(2026, 10, 26, 10, 5, tzinfo=UTC),
)

FIXTURES: dict[str, Message | Skipped] = {
    "mention": MENTION,
    "reply": ANSWER,
    "quote": replace(
        MENTION,
        id="2080000000000000303",
        kind="quote",
        thread="2080000000000000303",
        reply_to="2080000000000000010",
        text="Look at this nonsense https://twitter.com/Acme/status/2080000000000000010",
        url="https://x.com/ana_b/status/2080000000000000303",
        attachments=(),
        sent_at=datetime(2026, 10, 26, 11, tzinfo=UTC),
    ),
    "edited": replace(
        ANSWER,
        change="edited",
        version="2080000000000000205",
        author=PERSON,
        text="@Acme still nothing, 2 weeks now",
        url="https://x.com/ana_b/status/2080000000000000205",
        sent_at=datetime(2026, 10, 26, 10, 15, tzinfo=UTC),
    ),
    "own_reply": replace(
        ANSWER,
        id=OURS,
        author=Person(id=ACME.id, name="Acme", handle="Acme", followers=5000, verified=True, is_self=True),
        reply_to=FIRST,
        text="@ana_b We look into it",
        url=f"https://x.com/Acme/status/{OURS}",
        sent_at=datetime(2026, 10, 26, 10, 2, tzinfo=UTC),
    ),
    "long": replace(
        MENTION,
        id="2080000000000000505",
        thread="2080000000000000505",
        text="@Acme it began in spring and has not ended: https://blog.example.com/story",
        language="",
        url="https://x.com/ana_b/status/2080000000000000505",
        attachments=(),
        sent_at=datetime(2026, 10, 26, 12, tzinfo=UTC),
    ),
    "delete": replace(
        MENTION,
        kind="post",
        change="deleted",
        thread="",
        text="",
        language="",
        url="",
        attachments=(),
        sent_at=None,
    ),
    "repost": Skipped(reason="reaction", event="repost"),
}


@pytest.mark.parametrize("name", FIXTURES)
def test_an_event_becomes_the_message_that_its_post_is(name: str) -> None:
    expected = FIXTURES[name]

    found = parse(fixture(name))

    raw = compact(payload(name))
    assert found == [replace(expected, raw=raw) if isinstance(expected, Message) else expected]


def test_a_post_of_the_legacy_api_becomes_the_same_message() -> None:
    document = fixture("legacy_mention")

    found = message(document)

    assert found == replace(
        MENTION,
        text="@Acme my order is <3 weeks> late https://shop.example.com/order?a=1&b=2",
        attachments=(replace(PHOTO, name=""),),
        raw=compact(document["tweet_create_events"][0]),
    )
    assert found.key == MENTION.key


def test_a_keyword_hit_of_a_stream_is_a_post() -> None:
    document = fixture("stream")

    found = message(document, ACME)

    assert found == replace(
        MENTION,
        id="2080000000000000606",
        kind="post",
        thread="2080000000000000606",
        text="my acme grinder broke",
        url="https://x.com/ana_b/status/2080000000000000606",
        attachments=(),
        sent_at=datetime(2026, 10, 26, 13, tzinfo=UTC),
        raw=compact(document["data"]),
    )


# --- one post is one message ------------------------------------------------------------------------------------

CREATED = ["post.create", "post.mention.create", "post.reply.create", "post.quote.create"]


@pytest.mark.parametrize("name", ["mention", "reply", "quote", "edited", "own_reply", "long"])
def test_the_same_post_under_every_event_name_is_the_same_message(name: str) -> None:
    data = fixture(name)["data"]

    found = [message(activity(event, data["payload"], data["includes"])) for event in CREATED]

    assert found == [found[0]] * len(CREATED)


@pytest.mark.parametrize("name", ["mention", "reply", "quote", "own_reply", "long"])
def test_a_stream_brings_the_same_message_again(name: str) -> None:
    data = fixture(name)["data"]

    streamed = message({"data": data["payload"], "includes": data["includes"], "matching_rules": [{"id": "1"}]})

    assert streamed == message(fixture(name))


REFERENCES = st.lists(st.sampled_from(["replied_to", "quoted"]), unique=True)
PEOPLE = st.sampled_from([ACME.id, ACME_FR.id, ANA, "7100000902", None])
POSTS = st.fixed_dictionaries(
    {"id": st.just("9"), "author_id": PEOPLE, "in_reply_to_user_id": PEOPLE},
    optional={
        "text": st.text(),
        "referenced_tweets": REFERENCES.map(lambda kinds: [{"type": kind, "id": "8"} for kind in kinds]),
        "entities": st.lists(PEOPLE).map(lambda ids: {"mentions": [{"id": one, "username": "u"} for one in ids]}),
        "edit_history_tweet_ids": st.sampled_from([["9"], ["7", "9"], []]),
        "lang": st.text(max_size=3),
    },
)


@given(POSTS, st.sampled_from(CREATED), st.sampled_from(CREATED))
def test_whatever_a_post_is_its_event_does_not_change_it(post: dict[str, Any], one: str, other: str) -> None:
    assert message(activity(one, post)) == message(activity(other, post))


def test_a_post_that_mentions_two_handles_is_a_message_for_each() -> None:
    post = payload("mention")
    post["entities"]["mentions"].append({"username": "Acme_FR", "id": ACME_FR.id})

    found = [message(activity("post.mention.create", post, account=one)) for one in (ACME.id, ACME_FR.id)]

    assert [(one.account, one.kind) for one in found] == [(ACME, "mention"), (ACME_FR, "mention")]
    assert found[0].key != found[1].key


# --- what kind of message it is ---------------------------------------------------------------------------------

MENTIONED = {"entities": {"mentions": [{"id": ACME.id, "username": "Acme"}]}}
TO_US = {"in_reply_to_user_id": ACME.id}
ANSWERS = {"referenced_tweets": [{"type": "replied_to", "id": "8"}]}
QUOTES = {"referenced_tweets": [{"type": "quoted", "id": "8"}]}
BOTH = {"referenced_tweets": [{"type": "replied_to", "id": "7"}, {"type": "quoted", "id": "8"}]}
OURS_QUOTED = {"tweets": [{"id": "8", "author_id": ACME.id}]}
ANOTHERS_QUOTED = {"tweets": [{"id": "8", "author_id": "7100000902"}]}
US = {"users": [{"id": ACME.id, "username": "ACME"}]}


def linked(url: str) -> dict[str, object]:
    return {"entities": {"urls": [{"url": "https://t.co/q", "expanded_url": url}]}}


@pytest.mark.parametrize(
    ("post", "includes", "expected"),
    [
        (MENTIONED, {}, "mention"),
        (TO_US, {}, "mention"),  # addressed to us at the beginning, but no reply
        (TO_US | ANSWERS, {}, "reply"),
        (TO_US | {"in_reply_to_tweet_id": "8"}, {}, "reply"),
        (ANSWERS, OURS_QUOTED, "reply"),
        (MENTIONED | ANSWERS | {"in_reply_to_user_id": "7100000902"}, {}, "mention"),
        (QUOTES, OURS_QUOTED, "quote"),
        (TO_US | MENTIONED | BOTH, OURS_QUOTED, "quote"),
        (TO_US | MENTIONED | BOTH, ANOTHERS_QUOTED, "reply"),
        (MENTIONED | QUOTES, ANOTHERS_QUOTED, "mention"),
        (MENTIONED | QUOTES, {}, "mention"),
        (QUOTES, {}, "quote"),  # whose is unknown, but why else did X send it?
        (QUOTES, ANOTHERS_QUOTED, "post"),
        (QUOTES | linked("https://x.com/acme/status/8"), US, "quote"),
        (QUOTES | linked("https://twitter.com/acme/status/8?s=20"), US, "quote"),
        (QUOTES | linked("https://x.com/acme/status/8"), {}, "quote"),
        (QUOTES | linked("https://x.com/other/status/8"), US, "post"),
        (QUOTES | linked("https://x.com/i/status/8"), US, "quote"),
        (QUOTES | linked("https://x.com/other/status/9"), US, "quote"),
        ({}, {}, "post"),
        ({"author_id": ACME.id} | MENTIONED, {}, "post"),
        ({"author_id": ACME.id} | ANSWERS, {}, "reply"),
        ({"author_id": ACME.id} | QUOTES, {}, "post"),
    ],
)
def test_the_kind_follows_from_the_post(post: dict[str, Any], includes: dict[str, Any], expected: str) -> None:
    assert message(activity("post.create", {"id": "9", "author_id": ANA} | post, includes)).kind == expected


def test_a_handle_from_connections_yaml_tells_our_posts_where_x_gives_no_id() -> None:
    quoted = QUOTES | linked("https://x.com/acme_fr/status/8")
    mentioned = {"entities": {"mentions": [{"username": "ACME_fr"}]}}

    found = [
        message(activity("post.create", {"id": "9"} | post, account=ACME_FR.id)) for post in (quoted, mentioned)
    ]

    assert [one.kind for one in found] == ["quote", "mention"]


def test_a_streams_quote_of_unknown_posts_is_a_post() -> None:
    assert message({"data": {"id": "9"} | QUOTES, "matching_rules": []}, ACME).kind == "post"


# --- edits, deletions -------------------------------------------------------------------------------------------


def test_each_edit_changes_the_first_version_and_has_a_key_of_its_own() -> None:
    versions = [["1"], ["1", "2"], ["1", "2", "3"], ["1", "2"]]

    found = [
        message(activity("post.create", {"id": history[-1], "edit_history_tweet_ids": history}))
        for history in versions
    ]

    keys = [one.key for one in found]
    first = f"x:{ACME.id}:1"
    assert keys == [f"{first}:created", f"{first}:edited:2", f"{first}:edited:3", f"{first}:edited:2"]
    assert {one.thread for one in found} == {"1"}


def test_the_first_version_that_knows_its_later_ones_is_still_the_first() -> None:
    found = message(activity("post.create", {"id": "1", "edit_history_tweet_ids": ["1", "2"]}))

    assert (found.id, found.change) == ("1", "created")


def test_a_legacy_edit_changes_the_first_version() -> None:
    document = fixture("legacy_mention")
    document["tweet_create_events"][0]["edit_history"] = {"edit_tweet_ids": ["2079", FIRST]}

    found = message(document)

    assert (found.id, found.change, found.version, found.thread) == ("2079", "edited", FIRST, "2079")


def test_a_deletion_by_ourselves_is_a_deletion_too() -> None:
    found = message(activity("post.delete", {"id": OURS, "author_id": ACME.id}))

    assert (found.key, found.author) == (f"x:{ACME.id}:{OURS}:deleted", Person(id=ACME.id, is_self=True))


# --- text -------------------------------------------------------------------------------------------------------


def shown(text: str, *urls: dict[str, object], media: bool = False) -> str:
    post = {"id": "9", "text": text, "entities": {"urls": list(urls)}, "attachments": {"media_keys": ["3_1"]}}
    includes = {
        "media": [{"media_key": "3_1", "type": "photo", "url": "https://img.example.com/1"}] if media else []
    }
    return message(activity("post.create", post, includes)).text


def link(short: str, long: object, **more: object) -> dict[str, object]:
    return {"url": f"https://t.co/{short}", "expanded_url": long} | more


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt; stays, once is enough", "&lt; stays, once is enough"),
        ("&quot; &#39; &nbsp; &AMP; &amp", "&quot; &#39; &nbsp; &AMP; &amp"),
    ],
)
def test_escapes_of_x_are_undone_once(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_short_links_become_what_they_lead_to_by_their_whole_name() -> None:
    text = "https://t.co/a https://t.co/ab https://t.co/c http://t.co/a"

    assert shown(text, link("a", "https://one.example.com/?x=1&amp;y"), link("ab", "https://two.example.com")) == (
        "https://one.example.com/?x=1&amp;y https://two.example.com https://t.co/c http://t.co/a"
    )


@pytest.mark.parametrize("long", ["", None, 7, [], {}, "https://x/" + "x" * 2000])
def test_a_link_that_leads_nowhere_or_too_far_stays_short(long: object) -> None:
    assert shown("see https://t.co/a", link("a", long)) == "see https://t.co/a"


def test_what_a_link_leads_to_is_not_expanded_again() -> None:
    assert shown("https://t.co/a", link("a", "https://t.co/b &lt;"), link("b", "c")) == "https://t.co/b &lt;"


PIC: dict[str, object] = {"display_url": "pic.x.com/p"}


def test_the_link_to_attached_media_goes_from_the_end_only() -> None:
    text = "https://t.co/p first, then https://t.co/p "

    assert shown(text, link("p", "https://x.com/a/status/9/photo/1", **PIC), media=True) == (
        "https://x.com/a/status/9/photo/1 first, then"
    )
    assert shown("https://t.co/p", link("p", "https://x.com/9", media_key="3_1"), media=True) == ""


def test_the_link_to_media_that_x_left_out_stays() -> None:
    assert shown("see https://t.co/p", link("p", "https://x.com/9", **PIC)) == "see https://x.com/9"


def test_hostile_text_is_stored_literally_but_for_what_no_database_holds() -> None:
    text = "{author.name} '; DROP TABLE--\u202e<b>\r\n"

    assert shown(text + "\x00\ud83d") == text + "\ufffd\ufffd"


def test_hostile_links_do_not_fill_the_memory() -> None:
    text = "https://t.co/a " * 50_000
    urls = [
        link("a", "https://long.example.com/" + "x" * 1900),
        *(link(f"p{n}", "y", **PIC) for n in range(5_000)),
    ]

    found = shown(text, *urls, media=True)

    assert len(found) < len(text) + 100 * 2000


LOOSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("https://t.co/a"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["urls", "mentions", "url", "expanded_url", "id", "username", "media_key", "media", "data"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(LOOSE, LOOSE, LOOSE)
def test_whatever_stands_beside_a_text_the_text_arrives(entities: Any, attachments: Any, includes: Any) -> None:
    post = {"id": "9", "text": "my order", "entities": entities, "attachments": attachments}

    found = message(activity("post.create", post, includes))

    assert found.text == "my order"


# --- ornaments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        *[(one, one) for one in ("de", "pt", "in", "qu", "zh-TW")],
        *[(one, "") for one in ("und", "zxx", "qme", "qam", "qct", "qht", "qst", "art", None, 7)],
    ],
)
def test_a_language_that_is_none_is_left_out(said: object, expected: str) -> None:
    assert message(activity("post.create", {"id": "9", "lang": said})).language == expected


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({}, Person(id=ANA)),
        ({"verified": True, "verified_type": "none"}, Person(id=ANA, verified=True)),
        ({"verified": False, "verified_type": "blue"}, Person(id=ANA, verified=True)),
        ({"verified_type": "none"}, Person(id=ANA, verified=False)),
        ({"verified": "yes", "verified_type": 7}, Person(id=ANA)),
        ({"public_metrics": {"followers_count": "12"}}, Person(id=ANA, followers=12)),
        ({"public_metrics": {"followers_count": True}}, Person(id=ANA)),
        ({"public_metrics": {"followers_count": -1}}, Person(id=ANA)),
        (
            {"public_metrics": [], "followers_count": 3, "screen_name": "a"},
            Person(id=ANA, handle="a", followers=3),
        ),
        ({"name": "A\x00", "username": [], "profile_image_url": 1}, Person(id=ANA, name="A\ufffd")),
    ],
)
@pytest.mark.parametrize("wrap", [lambda user: user, lambda user: {"data": user}])
def test_an_author_is_as_far_known_as_x_describes_them(user: dict[str, Any], expected: Person, wrap: Any) -> None:
    includes = {"users": [{"id": "1", "name": "Other"}, "x", None, {"data": 7}, wrap({"id": ANA} | user)]}

    assert message(activity("post.create", {"id": "9", "author_id": ANA}, includes)).author == expected


def test_a_post_of_nobody_has_a_neutral_address() -> None:
    found = message(activity("post.create", {"id": 9}))

    assert (found.author, found.url, found.side) == (Person(), "https://x.com/i/status/9", "")


def test_a_handle_cannot_break_out_of_the_address_made_from_it() -> None:
    post = {"id": "9/../?#", "author_id": ANA}

    found = message(activity("post.create", post, {"users": [{"id": ANA, "username": "../a?"}]}))

    assert found.url == "https://x.com/..%2Fa%3F/status/9%2F..%2F%3F%23"


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        (
            {"type": "animated_gif", "preview_image_url": "https://x/p"},
            Attachment(kind="video", url="https://x/p"),
        ),
        ({"type": "video", "variants": [{"content_type": "video/mp4"}]}, Attachment(kind="video")),
        ({"type": "video", "variants": "x", "url": 7}, Attachment(kind="video")),
        ({"type": []}, Attachment(kind="unknown")),
        ({"type": "model3d", "url": "https://x/1"}, Attachment(kind="model3d", url="https://x/1")),
    ],
)
def test_an_attachment_is_what_x_gives_of_it(media: dict[str, Any], expected: Attachment) -> None:
    post = {"id": "9", "attachments": {"media_keys": ["m", 7, []]}}
    includes = {"media": [{"media_key": ["m"]}, {"media_key": "m"} | media]}

    assert message(activity("post.create", post, includes)).attachments == (expected,)


def test_a_legacy_film_is_its_best_file() -> None:
    document = fixture("legacy_mention")
    variants = [{"content_type": "video/mp4", "bitrate": rate, "url": f"https://x/{rate}"} for rate in (1, 9, 3)]
    media = {"type": "video", "media_url_https": "https://x/still", "video_info": {"variants": variants}}
    document["tweet_create_events"][0]["extended_tweet"]["extended_entities"]["media"] = [media]

    assert message(document).attachments == (Attachment(kind="video", url="https://x/9"),)


@pytest.mark.parametrize(
    ("created_at", "expected"),
    [
        ("Mon Oct 26 10:00:00 +0000 2026", datetime(2026, 10, 26, 10, tzinfo=UTC)),
        ("Mon Oct 26 12:00:00 +0200 2026", datetime(2026, 10, 26, 10, tzinfo=UTC)),
        ("Mon Oct 26 10:00:00 2026", None),
        ("Mon Okt 26 10:00:00 +0000 2026", None),
        ("Mon Oct 26 10:00:00 +0000 1726", None),
        ("Mon Jan 01 00:00:00 +2359 0001", None),
        ("M" * 10_000, None),
    ],
)
def test_a_legacy_time_is_read_or_unknown(created_at: str, expected: datetime | None) -> None:
    document = fixture("legacy_mention")
    document["tweet_create_events"][0]["created_at"] = created_at

    assert message(document).sent_at == expected


# --- whose a stream's post is -----------------------------------------------------------------------------------

THIRD = Account(id="2244000003")


@pytest.mark.parametrize(
    ("post", "tags", "expected"),
    [
        ({"author_id": ACME_FR.id} | MENTIONED, (), ACME_FR),
        ({"in_reply_to_user_id": ACME_FR.id} | MENTIONED, (), ACME_FR),
        (QUOTES | linked("https://x.com/acme_fr/status/8") | {"author_id": ANA}, (), ACME_FR),
        (MENTIONED, ("acme_fr",), ACME),
        ({"entities": {"mentions": [{"username": "acme_FR"}]}}, (), ACME_FR),
        ({"entities": {"mentions": [{"id": "7"}, {"id": ACME_FR.id}, {"id": ACME.id}]}}, (), ACME_FR),
        ({}, ("care @ACME_FR: refunds",), ACME_FR),
        ({}, ("nobody's", f"for {THIRD.id}, then acme_fr"), THIRD),
        ({}, ("acme_french", f"1{THIRD.id}"), None),
        ({}, (7, None), None),
        ({}, (), None),
    ],
)
def test_a_streams_post_is_for_whom_it_names_else_for_whom_its_rule_names(
    post: dict[str, Any], tags: tuple[object, ...], expected: Account | None
) -> None:
    document = {"data": {"id": "9"} | post, "matching_rules": [{"id": "1", "tag": tag} for tag in tags]}

    (found,) = parse(document, ACME, ACME_FR, THIRD)

    unknown = Skipped(reason="unknown_account", event="matching_rules")
    assert (found.account if isinstance(found, Message) else found) == (expected or unknown)


# --- several handles of ours ------------------------------------------------------------------------------------


def test_a_post_by_another_handle_of_ours_is_ours_in_every_shape() -> None:
    by_fr = {**payload("reply"), "author_id": ACME_FR.id}
    deleted = fixture("delete")
    deleted["data"]["payload"]["author_id"] = ACME_FR.id
    legacy = fixture("legacy_mention")
    legacy["tweet_create_events"][0]["user"] |= {"id": int(ACME_FR.id), "id_str": ACME_FR.id}
    documents = [activity("post.reply.create", by_fr), deleted, legacy]

    found = [message(one) for one in documents]

    assert [(one.account, one.author.id, one.author.is_self, one.side) for one in found] == [
        (ACME, ACME_FR.id, True, "")
    ] * 3
    assert found[0].reply_to == message(fixture("reply")).reply_to  # whose case has it, or nobody's
    assert [message(one, ACME).author.is_self for one in documents] == [False] * 3  # nobody told us whose that is


# --- what cannot be read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("post", "error"),
    [
        ({"id": None}, "id is missing"),
        ({"id": ""}, "id is missing"),
        ({"id": True}, "id is true or false, expected text or a whole number"),
        ({"id": ["secret words"]}, "id is a list, expected text or a whole number"),
        ({"text": 7}, "text is a number, expected text"),
        ({"author_id": 1.5}, "author_id is a fraction, expected text or a whole number"),
        ({"note_tweet": {"text": []}}, "text is a list, expected text"),
        ({"referenced_tweets": "x"}, "referenced_tweets is text, expected a list"),
        ({"referenced_tweets": ["x"]}, "referenced_tweets holds something that is not an object"),
        ({"edit_history_tweet_ids": [None]}, "edit_history is missing"),
        ({"edit_history_tweet_ids": [{}]}, "edit_history is an object, expected text or a whole number"),
        ({"conversation_id": "x" * 513}, "conversation_id is 513 bytes long, an id has at most 512"),
    ],
)
def test_what_must_not_be_guessed_is_unreadable_and_says_why(post: dict[str, object], error: str) -> None:
    document = activity("post.create", payload("mention") | post)

    assert parse(document) == [Unreadable(item=compact(document["data"]), error=f"event: {error}")]
