"""Payload maps at work: what becomes a message, what is skipped, what cannot be read, and that nothing raises."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payload_examples import ACCOUNTS, HEAD, MESSAGE, RECEIVED, events, one, payload, value

from bridge.mapping import accept, create, decide, read
from bridge.mapping.decide import Accepted
from bridge.message import Account, Attachment, Message, Person
from bridge.ports import PersonFound, Skipped, Unreadable

WHOLE = """\
message:
  id: "{box}/{n}"
  account: "{to}"
  kind: {from: "{type}", translate: {dm: direct, tag: mention}, otherwise: comment}
  change: {from: "{event}", translate: {edit: edited, gone: deleted}, otherwise: created}
  version: "{v}"
  thread: "{thread.id}"
  reply_to: "{thread.last}"
  text: "{title}: {words}"
  language: "{lang}"
  rating: "{stars}"
  url: "{link | link}"
  sent_at: "{at}"
  author.id: "{by.id}"
  author.name: "{by.name | default by.nick}"
  author.handle: "{by.nick}"
  author.followers: "{by.reach}"
  author.verified: "{by.ok}"
  author.avatar: "{by.picture}"
  author.phone: "{by.phone}"
  author.email: "{by.mail}"
  author.is_self: "{ours}"
  attachments: {each: files, kind: "{type}", url: "{href}", name: "{name}"}
"""
ITEM = {
    "box": "b1", "n": 9007199254740993, "to": "shop", "type": "TAG", "event": "edit", "v": 3, "lang": "de",
    "thread": {"id": "t-1", "last": 12}, "title": "Ha", "words": "Grüße\x00", "stars": "4", "at": 1795262400123,
    "link": "javascript:alert(1)", "ours": False,
    "by": {"id": 77, "nick": "zoe", "reach": "5000", "ok": True, "picture": "https://p.example/1", "phone": None},
    "files": [{"type": "image", "href": "https://f.example/1"}, {"type": "image"}, {"name": "a.pdf"}],
}  # fmt: skip


def test_every_property_is_filled_from_its_path() -> None:
    assert one(payload(message=WHOLE), ITEM) == Message(
        channel="tool",
        connection="acme-tool",
        account=ACCOUNTS["shop"],
        id="b1/9007199254740993",
        kind="mention",
        change="edited",
        version="3",
        author=Person(
            id="77", name="zoe", handle="zoe", followers=5000, verified=True, avatar="https://p.example/1"
        ),
        thread="t-1",
        reply_to="12",
        text="Ha: Grüße\ufffd",
        language="de",
        rating=4,
        attachments=(
            Attachment(kind="image", url="https://f.example/1"),
            Attachment(kind="file", name="a.pdf"),
        ),
        sent_at=datetime(2026, 11, 21, 12, 0, 0, 123000, UTC),
        received_at=RECEIVED,
        public=True,
        raw=json.dumps(ITEM, separators=(",", ":")).encode(),
    )


def test_a_redelivery_has_the_same_key() -> None:
    first, again = (
        one(payload(message=WHOLE), ITEM),
        one(payload(message=WHOLE), {**ITEM, "at": None, "lang": "x"}),
    )

    assert first.key == again.key == "tool:shop:b1/9007199254740993:edited:3"


@pytest.mark.parametrize(
    ("name", "written", "item", "expected"),
    [
        ("sent_at", '"{t}"', {"t": 1795262400}, RECEIVED),
        ("sent_at", '"{t}"', {"t": "1795262400000"}, RECEIVED),
        ("sent_at", '"{t}"', {"t": "2026-11-21T13:00:00+01:00"}, RECEIVED),
        ("sent_at", '"{t}"', {"t": "yesterday"}, None),
        ("sent_at", '"{t}"', {"t": {"s": 1}}, None),
        ("rating", '"{t}"', {"t": 5.0}, 5),
        ("rating", '"{t}"', {"t": 0}, None),
        ("rating", '"{t}"', {"t": 4.5}, None),
        ("rating", '"{t}"', {"t": True}, None),
        ("author.followers", '"{t}"', {"t": "12,800"}, None),
        ("author.followers", '"{t}"', {"t": -1}, None),
        ("author.verified", '"{t}"', {"t": "TRUE"}, True),
        ("author.verified", '"{t}"', {"t": "perhaps"}, None),
        (
            "author.is_self",
            '{from: "{t}", translate: {outbound: "true"}, otherwise: "false"}',
            {"t": "OUTBOUND"},
            True,
        ),
        ("author.is_self", '"{t}"', {}, False),
        ("author.name", '"{t}"', {"t": {"first": "A"}}, ""),
        ("author.id", '"{a}/{t}"', {"a": "x"}, ""),
        ("public", "true", {}, True),
        ("public", '"{t}"', {"t": 0}, False),
        ("public", '"{t}"', {}, False),
        ("thread", '"{t.0.id}"', {"t": [{"id": 5}]}, "5"),
        ("language", '"{t}"', {"t": "de"}, "de"),
        ("version", '"{kind}"', {"kind": "status"}, "status"),
    ],
)
def test_a_property_is_converted_or_left_out(
    name: str, written: str, item: dict[str, Any], expected: object
) -> None:
    assert value(name, written, item) == expected


@pytest.mark.parametrize(
    ("item", "error"),
    [
        ({}, "id is missing"),
        ({"id": None}, "id is missing"),
        ({"id": ""}, "id is missing"),
        ({"id": 1.5}, "id is not text or a whole number"),
        ({"id": True}, "id is not text or a whole number"),
        ({"id": ["a"]}, "id is not text or a whole number"),
        ({"id": {"a": 1}}, "id is not text or a whole number"),
        ({"id": "x" * 513}, "id is 513 bytes long, an id has at most 512"),
        ({"id": "漢" * 171}, "id is 513 bytes long, an id has at most 512"),
        ({"text": None}, "text is missing, and attachments are too"),
        ({"text": {"a": 1}}, "text: text is neither text nor a list of texts"),
        ({"text": [{"a": 1}]}, "text: text is neither text nor a list of texts"),
        ({"files": "a.png"}, "attachments: files is not a list"),
        ({"ours": "perhaps"}, "author.is_self is not true or false"),
        ({"public": "some"}, "public is not true or false"),
        ({"by": []}, None),
        ({"by": 1.5}, "author.id is not text or a whole number"),
        ({"deep": json.loads("[" * 70 + "]" * 70)}, "it is nested deeper than 64 levels"),
    ],
)
def test_what_must_not_be_guessed_makes_its_item_alone_unreadable(item: dict[str, Any], error: str | None) -> None:
    more = 'author.is_self: "{ours}"\n  public: "{public}"\n  author.id: "{by}"\n  attachments: {each: files}\n'
    made = payload("items: list\n", message=f"{MESSAGE}  {more}")
    good = {"id": "m-2", "text": "Hi"}
    bad = {"text": "Hi", **item} if error == "id is missing" else {"id": "m-1", "text": "Hi", **item}

    first, second = events(made, {"list": [bad, good]})

    assert isinstance(second, Message)
    if error:
        assert first == Unreadable(item=json.dumps(bad, separators=(",", ":")).encode(), error=f"item: {error}")
    else:
        assert isinstance(first, Message)


@pytest.mark.parametrize("change", ["deleted", "hidden", "unhidden"])
def test_only_what_says_something_needs_words(change: str) -> None:
    made = payload(message=f'{MESSAGE}  change: {change}\n  rating: "{{stars}}"\n  version: "{{n}}"\n')

    assert one(made, {"id": "1", "n": 3}).text == ""
    assert one(payload(message=f'{MESSAGE}  rating: "{{stars}}"\n'), {"id": "1", "stars": 2}).rating == 2


STATES = 'change: {from: "{state}", translate: {spam: hidden, ham: unhidden}, otherwise: created}\n'


@pytest.mark.parametrize("place", ["sent_at", "version"])
def test_hidden_shown_and_hidden_again_are_three_events(place: str) -> None:
    made = payload(message=f'{MESSAGE}  {STATES}  {place}: "{{at}}"\n')
    steps = [("spam", 1795262400), ("ham", 1795262401), ("spam", 1795262402), ("spam", 1795262402)]

    keys = [one(made, {"id": "1", "state": state, "at": at}).key for state, at in steps]

    assert keys[:3] == list(dict.fromkeys(keys))


def test_the_time_of_a_hiding_is_its_version() -> None:
    made = payload(message=f'{MESSAGE}  {STATES}  version: "{{n}}"\n  sent_at: "{{at}}"\n')
    body = {"id": "1", "state": "spam", "at": "2026-11-21T12:00:00+01:00"}

    assert one(made, body).version == "2026-11-21T11:00:00+00:00"
    assert one(made, {**body, "n": 7}).version == "7"
    assert one(made, {**body, "state": "new", "text": "Hi"}).version == ""


def test_a_hiding_without_version_and_time_is_unreadable() -> None:
    made = payload(message=f'{MESSAGE}  {STATES}  sent_at: "{{at}}"\n')
    error = "item: version and sent_at are missing: one hiding could not be told from the next"

    assert [getattr(event, "error", "") for event in events(made, {"id": "1", "state": "ham", "at": "soon"})] == [
        error
    ]


@pytest.mark.parametrize("bold", [{"type": "bold", "text": "900 EUR twice"}, ["900 EUR twice"]])
def test_a_list_with_an_object_is_never_shortened(bold: object) -> None:
    said = ["I paid ", bold, " yesterday"]
    made = payload("items: list\n", message=f'{MESSAGE}  language: "{{tags}}"\n')

    found = events(made, {"list": [{"id": 1, "text": said}, {"id": 2, "text": "Hi", "tags": said}]})

    assert [getattr(event, "error", "") for event in found] == [
        "item: text: text is neither text nor a list of texts",
        "",
    ]
    assert getattr(found[1], "language", None) == ""


def test_a_flaw_around_the_items_spoils_only_what_reads_it() -> None:
    made = payload("items: list\n", message=MESSAGE.replace("{text}", "{body.title | default text}"))
    spoiled = b'{"title":NaN,"list":[{"id":1,"text":"Hi"}]}'
    elsewhere = b'{"other":NaN,"list":[{"id":1,"text":"Hi"}]}'

    assert [getattr(e, "error", "") for e in events(made, spoiled)] == [
        "item: text: title is neither text nor a list of texts"
    ]
    assert [getattr(e, "text", "") for e in events(made, elsewhere)] == ["Hi"]


def test_a_kind_without_translation_is_unreadable() -> None:
    made = payload(message='message: {id: "{id}", text: "{text}", kind: {from: "{k}", translate: {dm: direct}}}\n')

    assert one(made, {"id": 1, "text": "Hi", "k": "DM"}).kind == "direct"
    assert [getattr(event, "error", "") for event in events(made, {"id": 1, "text": "Hi", "k": "fax"})] == [
        "item: kind: its translation has nothing for this item"
    ]


@pytest.mark.parametrize(("channel", "found"), [("Reddit", "reddit"), ("a:b", None), ("", None), ("x" * 41, None)])
def test_a_channel_from_the_body_stays_within_its_letters(channel: str, found: str | None) -> None:
    made = payload(head=HEAD.replace("channel: tool", 'channel: "{net}"'))

    (event,) = events(made, {"id": 1, "text": "Hi", "net": channel})

    told = "item: channel is missing, or not at most 40 of a-z, 0-9, - and _"
    assert getattr(event, "channel", None) == found
    assert found or getattr(event, "error", "") == told


# --- accounts, lists, skipping --------------------------------------------------------------------------------


def test_an_account_that_is_not_listed_is_skipped_by_name() -> None:
    assert events(payload(message=WHOLE), {**ITEM, "to": "other"}) == [
        Skipped(reason="unknown_account", event="other")
    ]


@pytest.mark.parametrize("accounts", [{}, {"a": Account(id="a"), "b": Account(id="b")}])
def test_without_an_account_in_the_map_there_must_be_exactly_one(accounts: dict[str, Account]) -> None:
    (event,) = events(payload(), {"id": 1, "text": "Hi"}, accounts)

    assert isinstance(event, Unreadable)


@pytest.mark.parametrize(
    ("where", "body"), [("a.b", {"a": {"b": [1, 2]}}), (".", [1, 2]), ("a.1", {"a": [0, [1, 2]]})]
)
def test_items_are_found_at_their_path(where: str, body: object) -> None:
    assert events(payload(f"items: {where}\n"), body) == [
        Unreadable(item=item, error="item: it is not an object") for item in (b"1", b"2")
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "list is missing"),
        ({"list": {}}, "list is not a list"),
        ({"list": "a"}, "list is not a list"),
        ([], "list is missing"),
        (b"", "Expecting value: line 1 column 1 (char 0)"),
        (b'{"list":[],"list":[]}', "an object has one key twice"),
    ],
)
def test_a_body_without_its_list_is_one_unreadable(body: object, error: str) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    assert events(payload("items: list\n"), body) == [
        Unreadable(item=raw, error=f"the body cannot be read: {error}")
    ]


def test_an_empty_list_is_nothing() -> None:
    assert events(payload("items: list\n"), {"list": []}) == []


def test_the_body_around_the_items_is_read_as_body() -> None:
    made = payload("items: list\n", message=MESSAGE.replace("{text}", "{body.title}: {body}"))

    assert [getattr(e, "text", "") for e in events(made, {"title": "T", "list": [{"id": 1, "body": "own"}]})] == [
        "T: own"
    ]
    assert (
        one(payload(message=MESSAGE.replace("{text}", "{body.x}")), {"id": 1, "body": {"x": "own"}}).text == "own"
    )


def test_what_a_line_of_skip_takes_is_counted_by_its_name() -> None:
    skip = "skip:\n  - type: {is_not: said}\n  - draft: true\n"
    named, bare = payload(f'event: "{{type}}"\n{skip}'), payload(skip)

    assert events(named, {"id": 1, "type": "x" * 100}) == [Skipped(reason="system", event="x" * 80)]
    assert events(bare, {"id": 1, "type": "ping"}) == [Skipped(reason="system", event="payloads/tool.yaml:5")]
    assert events(bare, {"id": 1, "type": "said", "draft": True}) == [
        Skipped(reason="system", event="payloads/tool.yaml:6")
    ]
    assert isinstance(events(bare, {"id": 1, "text": "no type"})[0], Message)


def test_a_tools_own_words_are_not_those_of_a_message() -> None:
    made = payload("skip: [{kind: status}, {change: {is: none}}, {language: d}]\n")

    assert [len(events(made, {"id": 1, "text": "Hi", "kind": kind})) for kind in ("status", "said")] == [1, 1]
    assert isinstance(events(made, {"id": 1, "kind": "status"})[0], Skipped)
    assert isinstance(events(made, {"id": 1, "text": "Hi", "language": "d-e"})[0], Message)


def test_a_ping_without_the_list_is_skipped() -> None:
    made = payload('items: list\nevent: "{body.type}"\nskip: [{body.type: ping}]\n')

    assert events(made, {"type": "ping"}) == [Skipped(reason="system", event="ping")]


def test_an_attachment_can_be_a_bare_address() -> None:
    made = payload(message=MESSAGE + '  attachments: {each: pictures, kind: image, url: "{.}"}\n')

    assert one(made, {"id": 1, "text": "", "pictures": ["https://p.example/1", ""]}).attachments == (
        Attachment(kind="image", url="https://p.example/1"),
    )


def test_what_has_no_word_of_its_own_is_read_as_raw_by_mappings() -> None:
    message = one(payload(), {"id": 1, "text": "Hi", "app": {"version": "8.1"}, "order": {"id": 5}})
    mapping = read(
        "version: 1\nmapping: care\nsource: any\ntarget: crm\naccept: {drop: [{raw.app.version: '7.0'}]}\n"
        "case: {object: Case, key_field: Key__c, create: {Order: '{raw.order.id}', App: '{raw.app.version}'}}\n",
        "care.yaml",
    )

    nobody = PersonFound()
    fields = create(mapping, message, decide(mapping, message, nobody), nobody)

    assert isinstance(accept(mapping, message), Accepted)
    assert fields == {"Order": 5, "App": "8.1"}


# --- whatever comes -------------------------------------------------------------------------------------------

NAMES = st.sampled_from([*ITEM, "id", "nick", "reach", "ok", "last"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["\ud800", "\x00", "1795262400", 10**30]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=9),
    max_leaves=25,
)
MAPS = [payload(message=WHOLE), payload("items: files\n", message=WHOLE), payload("items: .\nskip: [{n: 1}]\n")]


@settings(max_examples=100, deadline=None)
@given(JSON, st.sampled_from(MAPS))
def test_arbitrary_json_raises_nothing_and_is_all_accounted_for(body: object, made: Any) -> None:
    found = events(made, json.dumps(body).encode())

    assert all(isinstance(event, Message | Skipped | Unreadable) for event in found)
    listed = body if made.items == "." else body.get("files") if isinstance(body, dict) and made.items else [body]
    assert len(found) == (len(listed) if isinstance(listed, list) else 1)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(NAMES, JSON), NAMES, JSON)
def test_a_spoiled_message_raises_nothing(some: dict[str, Any], name: str, spoiled: object) -> None:
    assert len(events(MAPS[0], json.dumps({**ITEM, **some, name: spoiled}).encode())) == 1


@given(st.binary(max_size=60))
def test_arbitrary_bytes_raise_nothing(body: bytes) -> None:
    assert len([event for made in MAPS for event in events(made, body)]) >= 2
