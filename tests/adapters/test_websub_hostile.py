"""Feeds are strangers' text: nothing in one is fetched, expanded or run, and none takes long."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websub_calls import ATOM, TALK, atom, link, message, parse, post, websub

from adapters.websub.decoding import decoded, mended
from adapters.websub.wording import plain
from bridge.message import UNSTORABLE, Message, Person, dump
from bridge.ports import Skipped, Unreadable

LONGEST = 3 * 1024 * 1024 - 1000  # bytes: the receiver takes no more
LONG_HTML = 1_000_000  # bytes that are read as HTML: a second, where a reader that goes back would take an hour
GOOD = "<id>a</id><title>b</title>"
HTML = "<id>a</id><content type='html'>"
EXTENDED = (
    f"<feed {ATOM} xmlns:i='http://www.itunes.com/DTDs/PodCast-1.0.dtd' xmlns:dc='http://purl.org/dc/elements/1.1/'>"
    "<entry><id>a</id><title>b</title>"
)
END = "</entry></feed>"


def filled(piece: str, most: int = LONGEST) -> str:
    return piece * (most // len(piece.encode()))


# --- what XML can do to its reader ------------------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))


@pytest.mark.parametrize(
    "inner",
    [
        f'<!ENTITY a0 "ha">{LAUGHS}',
        '<!ENTITY a11 SYSTEM "FILE">',
        '<!ENTITY % all SYSTEM "http://127.0.0.1:9/x.dtd"> %all;',
        '<!ENTITY a11 "harmless">',
    ],
)
def test_a_document_type_is_refused_with_all_its_entities(tmp_path: Path, inner: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("what nobody may read", encoding="utf-8")
    named = inner.replace("FILE", secret.as_uri())
    body = f"<?xml version='1.0'?>\n<!-- <feed> --><!DOCTYPE feed [{named}]><feed><entry>&a11;</entry></feed>"

    found = parse(body)

    why = "the body cannot be read: it has a document type, which no feed needs"
    assert found == [Unreadable(item=body.encode(), error=why)]


def test_a_body_that_is_the_name_of_a_file_is_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_text(atom(GOOD), encoding="utf-8")

    (found,) = parse(str(file))

    assert isinstance(found, Unreadable)


@pytest.mark.parametrize("charset", ["punycode", "idna", "zlib", "rot13", "unicode_escape", "utf-7", "no-such"])
def test_an_encoding_that_no_feed_has_is_read_as_utf_8(charset: str) -> None:
    body = f'<?xml version="1.0" encoding="{charset}"?>{atom("<id>a</id><title>né</title>")}'

    assert message(body).text == "né"
    assert decoded("né".encode(), f"text/xml; charset={charset}") == "né"


# --- how long it may take ---------------------------------------------------------------------------------------

BOUNDED = 60
"""Seconds of this process's own time, where an unbounded reader would take hours; it is 1 to 4."""

LONG = {
    "new lines before": "<?xml version='1.0'?>" + filled("\n") + atom(GOOD),
    "new lines in the first tag": "<feed" + filled("\n") + f" {ATOM}/>",
    "brackets": filled("<"),
    "ampersands": filled("&", LONG_HTML),
    "nested": filled("<feed>"),
    "comments": f"<feed {ATOM}>" + filled("<!--"),
    "entries": atom(*["<id>a</id>"] * 100_000),
    "elements": EXTENDED + "<x/>" * 700_000 + END,
    "namespaces": EXTENDED + "".join(f"<x xmlns='u{i}'/>" for i in range(100_000)) + END,
    "categories": EXTENDED + "".join(f"<category term='a{i}'/>" for i in range(45_000)) + END,
    "keywords": EXTENDED + "<i:keywords>" + ",".join(map(str, range(400_000))) + "</i:keywords>" + END,
    "authors": EXTENDED + ("<dc:creator>" + "a" * 990 + "</dc:creator>") * 2_900 + END,
    "author": EXTENDED + "<author><name>" + filled("a", 2_000_000) + "</name></author>" + END,
    "author in pieces": EXTENDED + "<author>" + "<x y='1'>aaaaaaaaaaaaaaaaaaaaaa</x>" * 40_000 + "</author>" + END,
    "author in strange words": EXTENDED
    + "<x:summary xmlns:x='u'><author>"
    + filled("a", 2_000_000)
    + "</author></x:summary>"
    + END,
    "date": EXTENDED + "<updated>" + filled("2026-11-", 2_000_000) + "</updated>" + END,
    "base": f"<feed {ATOM} xml:base='https://x.example/" + filled("../", 2_000_000) + f"'>{END}",
    "scripts": atom(HTML + filled("&lt;script", LONG_HTML) + "</content>"),
    "html comments": atom(HTML + filled("&lt;!--", LONG_HTML) + "</content>"),
    "half tags": atom(HTML + filled("&lt;a ", LONG_HTML) + "</content>"),
    "digits": atom(HTML + "&lt;b>&amp;#" + filled("9", LONG_HTML) + ";</content>"),
}


@pytest.mark.parametrize("name", LONG)
def test_a_hostile_feed_of_megabytes_is_read_in_bounded_time(name: str) -> None:
    body = LONG[name].encode()
    began = time.process_time()

    found = parse(body)

    assert found
    assert len(body) <= LONGEST + 1000
    assert time.process_time() - began < BOUNDED


def test_what_takes_feedparser_too_long_is_left_out_and_all_else_stays() -> None:
    categories = "".join(f"<category term='{i}'/>" for i in range(60))
    author = f"<author><name>{'x' * 201}</name><uri>https://a.example/</uri></author>"
    own = f"<x:full>{'y' * 2_001}</x:full><x:short>kept</x:short><summary>{'z' * 5_000}</summary>"

    found = message(f"<feed {ATOM} xmlns:x='u'><entry>{GOOD}{categories}{author}{own}{END}")

    raw = json.loads(found.raw)
    assert [one["term"] for one in raw["tags"]] == [str(i) for i in range(50)]
    assert [value for key, value in raw.items() if key.startswith("x_")] == ["kept"]
    assert found.author == Person(id="https://a.example/")
    assert found.text == "b\n" + "z" * 5_000


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (f"<feed {ATOM}>" + "<entry><id>a</id><title>b</title></entry>" * 2_001, "it has more than 2000 entries"),
        (atom(GOOD)[:-7] + "<entry>" + "<x/>" * 50_000 + END, "it has more than 50000 elements"),
        (atom(GOOD)[:-7] + "<entry>" + "<x>" * 70, "it is nested deeper than 64 levels"),
        (
            atom(GOOD)[:-7] + "<entry>" + "".join(f"<x xmlns='{i}'/>" for i in range(70)) + END,
            "it has more than 64 namespaces",
        ),
        (atom(GOOD)[:-7] + "<entry><id>x</i", "it is no XML: unclosed token: line 1, column 95"),
        (atom(GOOD)[:-7] + "<entry></id></entry></feed>", "it is no XML: mismatched tag: line 1, column 92"),
    ],
)
def test_what_stands_before_the_fault_is_read_and_the_rest_is_kept(body: str, why: str) -> None:
    *read, rest = parse(body)

    assert {one.id for one in read if isinstance(one, Message)} == {"a"}
    assert isinstance(rest, Unreadable)
    assert rest.error == f"what follows cannot be read: {why}"
    assert rest.item.startswith(b"<entry>")


@pytest.mark.parametrize(
    "body", ["", " ", "{}", "null", "\x00", "<html><body/></html>", "<entry/>", "<é:feed xmlns:é='x'/>", "<feed"]
)
def test_what_is_no_feed_is_one_unreadable(body: str) -> None:
    (found,) = parse(body)

    assert isinstance(found, Unreadable)
    assert found.item == body.encode()
    assert found.error.startswith("the body cannot be read: ")


# --- text arrives -----------------------------------------------------------------------------------------------


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


TOLD = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=80)


@given(TOLD)
def test_a_title_in_any_script_arrives_literally(text: str) -> None:
    words = f"{text}\u202e😀"  # beyond Latin-1, which feedparser takes for UTF-8 read wrongly

    found = message(atom(f"<id>a</id><title>{escaped(words)}</title>"))

    assert found.text == words.strip()


@given(TOLD)
def test_html_in_any_script_arrives_as_its_text(text: str) -> None:
    words = " ".join(f"{text}\u202e😀".split())

    found = message(atom(f"{HTML}{escaped(f'<p>{escaped(words)}</p>')}</content>"))

    assert " ".join(found.text.split()) == words


@given(st.text(max_size=80))
def test_whatever_stands_unescaped_in_a_title_is_never_raised_and_can_be_stored(text: str) -> None:
    body = atom(f"<id>a</id><title>{text}😀</title>").encode(errors="surrogatepass")

    found = parse(body)

    assert found
    for one in found:
        if isinstance(one, Message):
            assert not UNSTORABLE.search(one.text)
            assert dump(one)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("AT&T", "AT&T"),
        ("a&nbsp;b &copy; &eacute;", "a\xa0b © é"),
        ("a\x00b\x0bc", "a\ufffdb\ufffdc"),
        ("&#0;&#xD800;&#x110000;&#233;&unknown;", "\ufffd\ufffd\ufffdé&unknown;"),
        ("\ufffe\uffff", "\ufffd\ufffd"),
    ],
)
def test_what_is_almost_xml_is_mended(title: str, text: str) -> None:
    assert message(atom(f"<id>a</id><title>{title}</title>")).text == text


@given(st.text())
def test_well_formed_text_is_mended_to_itself(text: str) -> None:
    once = mended(text)

    assert mended(once) == once


@given(st.text() | st.from_regex("(<[a-z/!-]{0,9}[^>]?|[&#;0-9x]{0,9}|>|script|--)*", fullmatch=True))
def test_no_html_is_too_much(markup: str) -> None:
    assert isinstance(plain(markup), str)


@given(st.binary(max_size=300), st.text(max_size=60))
def test_no_bytes_and_no_header_raise_anything(body: bytes, header: str) -> None:
    callback = post(body, link=header, **{"content-type": header})

    found = websub(TALK).parse(callback)

    assert all(isinstance(one, Message | Skipped | Unreadable) for one in found)


@given(st.binary(max_size=60))
def test_no_bytes_inside_a_feed_raise_anything(inner: bytes) -> None:
    head, tail = atom(f"{GOOD}<x>").removesuffix(END).encode(), f"</x>{END}".encode()

    found = websub(TALK).parse(post(head + inner + tail, link=link(TALK.id)))

    assert found
