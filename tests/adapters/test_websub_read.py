"""What the entries of a feed come to: RSS, Atom, RDF and YouTube, whole messages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from websub_calls import (
    ATOM,
    NEWEST,
    OLD,
    RECEIVED,
    TALK,
    VIDEOS,
    atom,
    fixture,
    link,
    message,
    parse,
    post,
    websub,
)

from bridge.message import Account, Attachment, Message, Person
from bridge.ports import Event, Skipped, Unreadable

VIDEO = Message(
    channel="websub",
    connection="acme-feeds",
    account=VIDEOS,
    id="yt:video:Acme0000001",
    kind="post",
    author=Person(id="https://www.youtube.com/channel/UCacme0000000000000000001", name="Acme Kitchen"),
    thread="yt:video:Acme0000001",
    text="How to descale the Acme 300 & 400",
    url="https://www.youtube.com/watch?v=Acme0000001",
    sent_at=datetime(2026, 11, 21, 11, 58, 41, tzinfo=UTC),
    received_at=RECEIVED,
    public=True,
)
LEAK = Message(
    channel="websub",
    connection="acme-feeds",
    account=TALK,
    id="tag:kitchen-talk.example,2026:post-41",
    kind="post",
    author=Person(id="https://kitchen-talk.example/users/ana", name="Ana", email="ana@mail.example"),
    thread="tag:kitchen-talk.example,2026:post-41",
    text="My Acme 300 leaks\nWater & coffee on the floor.\nWhat now?",
    language="en",
    url="https://kitchen-talk.example/posts/41",
    attachments=(Attachment(kind="image", url="https://kitchen-talk.example/leak.jpg"),),
    sent_at=datetime(2026, 11, 21, 10, 0, tzinfo=UTC),
    received_at=RECEIVED,
    public=True,
)
REVIEW = Message(
    channel="websub",
    connection="acme-feeds",
    account=TALK,
    id="tag:kitchen-talk.example,2026:post-40",
    kind="post",
    author=Person(id="https://kitchen-talk.example/editors", name="The editors"),
    thread="tag:kitchen-talk.example,2026:post-40",
    text="Kaffee im Test\nNeuer Stand:\n3 Sterne",
    language="de",
    url="https://kitchen-talk.example/posts/40",
    sent_at=datetime(2026, 11, 19, 8, 0, tzinfo=UTC),
    received_at=RECEIVED,
    public=True,
)
TOPIC = Message(
    channel="websub",
    connection="acme-feeds",
    account=NEWEST,
    id="kitchen-talk.example-topic-77",
    kind="post",
    author=Person(id="ben_k", name="ben_k"),
    thread="kitchen-talk.example-topic-77",
    text="Acme does not answer\nWaiting since Monday.\nNobody calls back.",
    language="en-GB",
    url="https://kitchen-talk.example/t/acme-does-not-answer/77",
    attachments=(
        Attachment(kind="audio", url="https://kitchen-talk.example/call.mp3"),
        Attachment(kind="image", url="https://kitchen-talk.example/ben.png"),
    ),
    sent_at=datetime(2026, 11, 21, 10, 30, tzinfo=UTC),
    received_at=RECEIVED,
    public=True,
)
NOBODY = Message(
    channel="websub",
    connection="acme-feeds",
    account=NEWEST,
    id="https://kitchen-talk.example/t/no-author/78",
    kind="post",
    thread="https://kitchen-talk.example/t/no-author/78",
    text="No author, no words",
    language="en-GB",
    url="https://kitchen-talk.example/t/no-author/78",
    sent_at=datetime(2026, 11, 21, 10, 40, tzinfo=UTC),
    received_at=RECEIVED,
    public=True,
)
BLOG = Message(
    channel="websub",
    connection="acme-feeds",
    account=OLD,
    id="https://old-blog.example/2026/11/acme",
    kind="post",
    author=Person(id="Old Hand", name="Old Hand"),
    thread="https://old-blog.example/2026/11/acme",
    text="Acme, again\nBroken after a week.",
    url="https://old-blog.example/2026/11/acme",
    sent_at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
    received_at=RECEIVED,
    public=True,
)


def edit(of: Message, updated: str) -> Message:
    when = datetime.fromisoformat(updated).replace(microsecond=0).astimezone(UTC)
    return replace(of, change="edited", version=updated, sent_at=when)


READ = [
    ("atom", TALK, [LEAK, REVIEW, edit(REVIEW, "2026-11-21T11:00:00Z")]),
    ("rss", NEWEST, [TOPIC, NOBODY]),
    ("rdf", OLD, [BLOG]),
    ("youtube_upload", VIDEOS, [VIDEO, edit(VIDEO, "2026-11-21T11:59:03.120000000+00:00")]),
]


def bare(events: list[Event]) -> list[Event]:
    """Without raw, which has tests of its own."""
    return [replace(one, raw=b"") if isinstance(one, Message) else one for one in events]


@pytest.mark.parametrize(("name", "account", "expected"), READ, ids=[name for name, _, _ in READ])
def test_a_feed_comes_to_its_entries(name: str, account: Account, expected: list[Event]) -> None:
    assert bare(parse(fixture(name), topic=account.id)) == expected


def test_a_tombstone_is_the_deletion_of_its_entry() -> None:
    found = message(fixture("youtube_deleted"), topic=VIDEOS.id)

    assert found == Message(
        channel="websub",
        connection="acme-feeds",
        account=VIDEOS,
        id=VIDEO.id,
        kind="post",
        change="deleted",
        sent_at=datetime(2026, 11, 21, 12, 30, 0, 250000, tzinfo=UTC),
        received_at=RECEIVED,
        public=True,
        raw=b'{"ref":"yt:video:Acme0000001","when":"2026-11-21T12:30:00.250000+00:00"}',
    )


def test_raw_is_the_entry_as_feedparser_reads_it() -> None:
    created, _ = parse(fixture("youtube_upload"))

    assert isinstance(created, Message)
    raw = json.loads(created.raw)
    assert (raw["yt_videoid"], raw["yt_channelid"]) == ("Acme0000001", "UCacme0000000000000000001")
    assert [key for key in raw if key.endswith("_parsed")] == []


def test_raw_has_the_categories_of_an_entry() -> None:
    topic, _ = parse(fixture("rss"), topic=NEWEST.id)

    assert isinstance(topic, Message)
    assert json.loads(topic.raw)["tags"] == [{"term": "Complaints", "scheme": None, "label": None}]


# --- once, and edited -------------------------------------------------------------------------------------------


def dated(published: str, updated: str) -> list[tuple[str, str]]:
    """The changes that an entry with these dates comes to, and their versions."""
    told = f"<published>{published}</published>" if published else ""
    told += f"<updated>{updated}</updated>" if updated else ""
    events = parse(atom(f"<id>a</id><title>b</title>{told}"))
    return [(one.change, one.version) for one in events if isinstance(one, Message)]


def test_a_feed_that_comes_again_brings_the_same_keys() -> None:
    first, second = parse(fixture("atom")), parse(fixture("atom"))

    assert [one.key for one in first if isinstance(one, Message)] == [
        one.key for one in second if isinstance(one, Message)
    ]


@pytest.mark.parametrize(
    ("published", "updated"),
    [
        ("", ""),
        ("2026-11-21T10:00:00Z", ""),
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"),
        ("2026-11-21T10:00:00Z", "2026-11-21T11:00:00+01:00"),
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00.4Z"),
        ("soon", "soon"),
    ],
)
def test_an_entry_that_was_never_updated_is_created_only(published: str, updated: str) -> None:
    assert dated(published, updated) == [("created", "")]


@pytest.mark.parametrize("published", ["2026-11-21T10:00:00Z", ""])
def test_an_entry_that_was_updated_is_created_and_edited(published: str) -> None:
    assert dated(published, "2026-11-21T10:05:00Z") == [("created", ""), ("edited", "2026-11-21T10:05:00Z")]


def test_each_update_of_an_entry_is_an_edit_of_its_own() -> None:
    versions = [f"2026-11-21T10:00:{second:02}.{part}Z" for second in (1, 2) for part in (1, 2)]

    found = [dated("2026-11-21T10:00:00Z", version)[1] for version in versions]

    assert found == [("edited", version) for version in versions]


# --- whose feed it is -------------------------------------------------------------------------------------------

ENTRY = "<entry><id>a</id><title>b</title></entry>"


def account_of(body: str, header: str = "", accounts: tuple[Account, ...] = (TALK, NEWEST)) -> str:
    """The topic that the one entry of a feed is filed under, or why it is skipped."""
    (event,) = websub(*accounts).parse(post(body.encode(), **({"link": header} if header else {})))
    return event.account.id if isinstance(event, Message) else f"{event}"


def feed(inner: str = "") -> str:
    return f"<feed {ATOM}>{inner}{ENTRY}</feed>"


@pytest.mark.parametrize(
    "header",
    [
        link(NEWEST.id),
        f"<{NEWEST.id}>; rel=self",
        f"<{NEWEST.id}>;rel=self,<https://hub.example/>;rel=hub",
        f'<{NEWEST.id}>; type="a"; REL = "alternate Self"',
        f"<https://other.example/>; rel=self, <{NEWEST.id}>; rel=self",
    ],
)
def test_the_link_header_says_whose_feed_it_is(header: str) -> None:
    assert account_of(feed(f'<link rel="self" href="{TALK.id}"/>'), header) == NEWEST.id


@pytest.mark.parametrize(
    "inner",
    [
        f'<link rel="self" href="{TALK.id}"/>',
        f"<id>{TALK.id}</id>",
        f'<link rel="self" href="https://other.example/"/><id>{TALK.id}</id>',
    ],
)
@pytest.mark.parametrize(
    "header", ["", "<https://hub.example/>; rel=hub", "nonsense", "<x>; rel=selfish", "<>;rel=self"]
)
def test_else_the_feed_says_so_itself(inner: str, header: str) -> None:
    assert account_of(feed(inner), header) == TALK.id


def test_a_feed_that_says_nothing_is_the_only_one_there_is() -> None:
    assert account_of(feed(), accounts=(VIDEOS,)) == VIDEOS.id


@pytest.mark.parametrize(
    ("body", "header", "name"),
    [
        (feed(), "", ""),
        (feed(), link("https://other.example/feed"), "https://other.example/feed"),
        (feed('<link rel="self" href="https://other.example/"/>'), "", "https://other.example/"),
        (feed(f"<id>{'x' * 100}</id>"), "", "x" * 80),
    ],
)
def test_the_entries_of_any_other_feed_are_skipped(body: str, header: str, name: str) -> None:
    found = websub(TALK, NEWEST).parse(post(body.encode(), **({"link": header} if header else {})))

    assert found == [Skipped(reason="unknown_account", event=name)]


# --- parts of an entry ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("<title>a &lt;b&gt; c</title>", "a <b> c"),
        ("<title>same</title><summary>same</summary>", "same"),
        ("<title>a</title><summary>b</summary><content>c</content>", "a\nc"),
        ("<title>a</title><summary>b</summary><content type='image/png'>AAAA</content>", "a\nb"),
        ("<title>a</title><summary>b</summary><content type='html' src='https://x.example/'/>", "a\nb"),
        (
            "<content type='html'>&lt;p>1&lt;/p>&lt;script>evil()&lt;/script>&lt;p>2&lt;br/>3&lt;/p></content>",
            "1\n2\n3",
        ),
        (
            "<content type='html'>&amp;lt;b> &amp;amp;lt; &amp;nbsp;x&amp;#99999999999;</content>",
            "<b> &lt; \xa0x\ufffd",
        ),
        ("<content type='html'>&lt;!-- &lt;b>no&lt;/b> -->yes &lt;3</content>", "yes <3"),
        ("<content>two\n\nlines</content>", "two\n\nlines"),
        ("<link href='https://x.example/1'/>", "https://x.example/1"),
    ],
)
def test_the_text_of_an_entry_is_what_a_person_reads(inner: str, text: str) -> None:
    assert message(atom(f"<id>a</id>{inner}")).text == text


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("https://x.example/1?a=1&amp;b=2", "https://x.example/1?a=1&b=2"),
        ("/posts/1", "https://kitchen-talk.example/posts/1"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("http://[", ""),
    ],
)
def test_an_address_is_one_that_a_browser_opens(href: str, url: str) -> None:
    assert message(atom(f'<id>a</id><title>b</title><link href="{href}"/>')).url == url


def test_an_entry_that_holds_nothing_is_skipped() -> None:
    assert parse(atom("<id>a</id>")) == [Skipped(reason="system", event="entry without content")]


UNFIT = [
    ("<title>b</title>", "id, guid or link is missing"),
    (f"<id>{'x' * 513}</id><title>b</title>", "id is 513 bytes long, an id has at most 512"),
]


@pytest.mark.parametrize(("inner", "error"), UNFIT)
def test_an_entry_that_cannot_be_read_costs_its_neighbours_nothing(inner: str, error: str) -> None:
    good = "<id>a</id><title>b</title>"

    first, bad, second = parse(atom(good, inner, good))

    assert bad == Unreadable(item=f"<entry>{inner}</entry>".encode(), error=f"entry: {error}")
    assert [first] == [second] == parse(atom(good))


def test_a_tombstone_of_nothing_is_unreadable() -> None:
    body = f'<feed {ATOM} xmlns:at="http://purl.org/atompub/tombstones/1.0"><at:deleted-entry/></feed>'

    assert parse(body) == [Unreadable(item=b"<at:deleted-entry/>", error="deleted-entry: ref is missing")]


@pytest.mark.parametrize(
    "body", [f"<feed {ATOM}/>", "<rss><channel/></rss>", "<rss/>", f"<feed {ATOM}><title>a</title></feed>"]
)
def test_a_feed_without_entries_holds_nothing(body: str) -> None:
    assert parse(body) == []


@pytest.mark.parametrize(
    ("author", "person"),
    [
        ("<name>Ana</name>", Person(id="Ana", name="Ana")),
        ("<name>Ana</name><uri>https://a.example</uri>", Person(id="https://a.example", name="Ana")),
        ("<email>ana@mail.example</email>", Person(id="ana@mail.example", email="ana@mail.example")),
        (f"<name>Ana</name><uri>{'x' * 600}</uri>", Person(id="Ana", name="Ana")),
        (f"<name>{'x' * 201}</name>", Person()),
        ("", Person()),
    ],
)
def test_an_author_is_known_by_address_or_name(author: str, person: Person) -> None:
    found = message(atom(f"<id>a</id><title>b</title><author>{author}</author>"))

    assert found.author == person


def test_an_entry_may_stand_in_any_prefix_and_any_encoding() -> None:
    plain = '<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:id>ä</a:id><a:title>é</a:title></a:entry></a:feed>'
    spelled = [
        plain.encode(),
        b"\xef\xbb\xbf" + plain.encode(),
        plain.encode("utf-16"),
        f"<?xml version='1.0' encoding='iso-8859-1'?>{plain}".encode("latin-1"),
        f'\n<?xml version="1.0" encoding="windows-1252"?>{plain}'.strip().encode("cp1252"),
    ]

    assert [message(body).text for body in spelled] == ["é"] * 5
    (told,) = parse(plain.encode("latin-1"), **{"content-type": "text/xml; charset=ISO-8859-1"})
    assert getattr(told, "text", "") == "é"
