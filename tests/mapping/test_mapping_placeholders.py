"""{Placeholders} say what stands in a field: typed, missing, filtered, never looked at twice."""

from __future__ import annotations

import dataclasses
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mapping_examples import MESSAGE, faults, filled, said

from bridge.errors import ConfigError
from bridge.mapping.filters import MOST, shortened
from bridge.message import Attachment, Person
from bridge.ports import PersonFound, Value

PICTURES = (Attachment(kind="image", url="https://cdn.example/1"), Attachment(kind="sticker"), Attachment(
    kind="file", url="https://cdn.example/2"))  # fmt: skip
FULL = said(
    "One two  three",
    kind="review",
    author=Person(id="u-5", name="Zoë", followers=0, verified=False, is_self=False),
    rating=4,
    language="de-AT",
    attachments=PICTURES,
)
FOUND = PersonFound(id="003A", values={"Tier__c": "Gold", "Value__c": 12.5})

FILLED: dict[str, Value] = {
    "plain text": "plain text",
    "": "",
    "{author.name}: {text}": "Zoë: One two  three",
    "{{text} is {{{text}}}": "{text} is {One two  three}",
    "a } b }} c": "a } b } c",
    "{text|upper}": "ONE TWO  THREE",
    "{ text | lower }": "one two  three",
    "{text | one_line}": "One two three",
    "{text | first 2 words}": "One two",
    "{text | first 1 word}": "One",
    "{text | shorten 8}": "One two…",
    "{text | shorten 999}": "One two  three",
    "{author.followers}": 0,
    "{author.verified}": False,
    "{author.is_self}": False,
    "{public}": True,
    "{rating}": 4,
    "{rating} of 5": "4 of 5",
    "verified: {author.verified}": "verified: false",
    "{author.handle}": None,
    "[{author.handle}]": "[]",
    "{author.handle | default author.name}": "Zoë",
    '{author.handle | default "somebody"}': "somebody",
    "{author.handle | default 'somebody | else'}": "somebody | else",
    "{author.handle | default author.email | default author.phone}": None,
    "{author.handle | upper}": None,
    "{reply_to}": None,
    "{account.id}": "page-1",
    "{account.queue}": "Social DE",
    "{account.brand}": None,
    "{language}": "de-AT",
    "{sent_at}": "2026-11-23T10:00:00Z",
    "at {sent_at}": "at 2026-11-23T10:00:00Z",
    "{sent_at | date}": "2026-11-23",
    "{sent_at | local_time Europe/Berlin}": "2026-11-23 11:00",
    "{sent_at | local_time Asia/Kathmandu}": "2026-11-23 15:45",
    "{text | date}": None,
    "{attachments}": "https://cdn.example/1\nhttps://cdn.example/2",
    '{attachments | join ", "}': "https://cdn.example/1, https://cdn.example/2",
    "{url | link}": "https://social.example/post-1?comment=77",
    "{text | link}": None,
    "{text | number}": None,
    "{raw.from.id}": 5,
    "{raw.from.id}!": "5!",
    "{raw.ok}": True,
    "{raw.tags}": ("a", "b"),
    "{raw.tags.1}": "b",
    '{raw.tags | join "+"}': "a+b",
    "{raw.tags.7}": None,
    "{raw.tags.x}": None,
    "{raw.big.0.n}": 1.5,
    "{raw.big.0.n | number}": 1.5,
    "{raw.from}": None,
    "{raw.none}": None,
    "{raw.from.id.deeper}": None,
    "{raw.nowhere | default 'nothing'}": "nothing",
    "{person.id}": "003A",
    "{person.Tier__c}": "Gold",
    "{person.Value__c}": 12.5,
}


@pytest.mark.parametrize("template", FILLED)
def test_a_template_is_filled(template: str) -> None:
    value = filled(template, FULL, FOUND)

    assert (value, type(value)) == (FILLED[template], type(FILLED[template]))


NUMBERS = {
    "5": 5,
    " -7 ": -7,
    "2.50": 2.5,
    "1e9": None,
    "1,5": None,
    "٣": None,
    "nan": None,
    "9" * 30: None,
    "": None,
}


@pytest.mark.parametrize("text", NUMBERS)
def test_number_reads_plain_numbers_only(text: str) -> None:
    assert filled("{text | number}", said(text)) == NUMBERS[text]


LINKS = {
    "https://a.example/x?y#z": True,
    "HTTP://a.example": True,
    "javascript:alert(1)": False,
    "https://": False,
    "data:text/html,x": False,
    "https://a.example/ x": False,
    "https://a.example/\n": True,
    'https://a.example/"onload="x': False,
    "//a.example": False,
}


@pytest.mark.parametrize("address", LINKS)
def test_link_lets_only_web_addresses_through(address: str) -> None:
    assert (filled("{url | link}", said(url=address)) is not None) == LINKS[address]


PLAIN = {
    "<p>Hello <b>you</b></p><p>there": "Hello you\nthere",
    "a<br/>b": "a\nb",
    "1 &lt; 2 &amp;amp; 3": "1 < 2 &amp; 3",
    "&lt;script&gt;x": "<script>x",
    "a < b": "a < b",
    "<" * 50_000: "<" * 50_000,
}


@pytest.mark.parametrize("html", PLAIN, ids=lambda html: html[:20])
def test_plain_strips_tags_and_writes_entities_out_once(html: str) -> None:
    assert filled("{text | plain}", said(html)) == PLAIN[html]


SHORTENED = {
    ("abcdef", 6): "abcdef",
    ("abcdef", 5): "abcd…",
    ("abcdef", 1): "…",
    ("abc def", 5): "abc…",
    ("ab👩‍👩‍👧cd", 5): "ab…",
    ("ab👍🏽cd", 4): "ab…",
    ("abe\u0301cd", 4): "ab…",
    ("a🇩🇪🇫🇷b", 5): "a🇩🇪…",
    ("a🇩🇪🇫🇷b", 4): "a🇩🇪…",
    ("e" + "\u0301" * 50, 10): "e" + "\u0301" * 8 + "…",
}


@pytest.mark.parametrize(("text", "most"), SHORTENED)
def test_shorten_never_cuts_inside_one_sign(text: str, most: int) -> None:
    assert shortened(text, most) == SHORTENED[text, most]


def test_times_are_told_in_utc_whatever_their_zone() -> None:
    sent = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=5)))

    assert filled("{sent_at | date} {sent_at}", said(sent_at=sent)) == "2026-02-28 2026-02-28T20:30:00Z"


@pytest.mark.parametrize(
    ("day", "local"), [((2026, 3, 29), "03:30"), ((2026, 3, 28), "02:30"), ((2026, 10, 25), "02:30")]
)
def test_local_time_knows_summer_time(day: tuple[int, int, int], local: str) -> None:
    sent = datetime(*day, 1, 30, tzinfo=UTC)

    assert filled("{sent_at | local_time Europe/Berlin}", said(sent_at=sent)) == f"{sent:%Y-%m-%d} {local}"


@pytest.mark.parametrize("year", [1, 9999])
def test_a_time_at_the_edge_of_the_calendar_is_missing_not_an_error(year: int) -> None:
    offset = timezone(timedelta(hours=14 if year == 1 else -14))
    sent = datetime(year, 1 if year == 1 else 12, 1 if year == 1 else 31, 12, tzinfo=offset)

    assert filled("{sent_at}", said(sent_at=sent)) is None


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 5000, b'{"a": NaN}', b"\xff", b"9" * 5000])
def test_raw_that_cannot_be_read_is_missing(raw: bytes) -> None:
    assert filled("{raw.a}", said(raw=raw)) is None


def test_half_a_character_in_raw_is_replaced() -> None:
    assert filled("{raw.a}{raw.b}", said(raw=rb'{"a": "x\ud800", "b": ["\u0000"]}')) == "x\ufffd\ufffd"


def test_hostile_text_is_filled_in_literally_and_never_looked_at_again() -> None:
    hostile = "{person.id} {{7*7}} ' OR Name LIKE '%' -- <script> {{ | default}} %s \\n ${x}"

    assert filled("{text}/{author.name | default text}", said(hostile, author=Person())) == f"{hostile}/{hostile}"


FAULTS = {
    "{author.folowers}": (1, "unknown word 'author.folowers' [unknown-word]", "author.followers"),
    "Hello {txt}": (7, "unknown word 'txt' [unknown-word]", "text"),
    "{text} {text | shortn 5}": (15, "unknown filter 'shortn' [unknown-filter]", "shorten"),
    "{text | shorten}": (8, "'shorten' needs a number from 1 to 999999: shorten 80 [filter-needs-number]", ""),
    "{text | shorten many}": (16,
        "'shorten' needs a number from 1 to 999999: shorten 80 [filter-needs-number]", ""),
    "{text | shorten 0}": (16, "'shorten' needs a number from 1 to 999999: shorten 80 [filter-needs-number]", ""),
    "{text | first 3}": (8, "'first' needs a number and 'words': first 12 words [first-needs-words]", ""),
    "{text | upper 3}": (14, "'upper' takes nothing behind it [filter-takes-nothing]", ""),
    "{text | join}": (8, "'join' needs what stands between, in quotes: join \", \" [join-needs-text]", ""),
    "{sent_at | local_time Europe/Berln}": (22,
        "unknown time zone 'Europe/Berln' [unknown-time-zone]", "Europe/Berlin"),
    "{sent_at | local_time Europe}": (22, "unknown time zone 'Europe' [unknown-time-zone]", ""),
    "{sent_at | local_time ../../etc/passwd}": (22,
        "unknown time zone '../../etc/passwd' [unknown-time-zone]", ""),
    "{sent_at | local_time}": (11,
        "'local_time' needs a time zone: local_time Europe/Berlin [local-time-needs-zone]", ""),
    "{text | default}": (8,
        "'default' needs one word or one quoted text: default author.handle [default-needs-one]", ""),
    "{text | default authr.name}": (16, "unknown word 'authr.name' [unknown-word]", "author.name"),
    "{text": (0, "'{' is never closed: write {text}, or {{ for the brace itself [open-brace]", ""),
    "a {": (2, "'{' is never closed: write {text}, or {{ for the brace itself [open-brace]", ""),
    "{text | default \"x}": (0, "'{' is never closed: write {text}, or {{ for the brace itself [open-brace]", ""),
    "{}": (0, "a placeholder is {word} or {word | filter}: a word is missing here [empty-placeholder]", ""),
    "{text |}": (0, "a placeholder is {word} or {word | filter}: a word is missing here [empty-placeholder]", ""),
    "{text shorten 5}": (6, "only a filter can follow here, after '|' [not-a-filter]", ""),
    "{\"text\"}": (2,
        "a placeholder begins with a word such as text or author.name, not with quotes [quoted-word]", ""),
    "{raw..x}": (1,
        "'raw..x' has an empty part: write raw.one.two, with 0 for the first of a list [empty-path-part]", ""),
    "{why.topic}": (
        1, "'why.topic' is the line that decided 'topic', which no rule above decides [why-undecided]", ""),
    "{person.id}": (1, "'person.id' cannot be used here: this mapping has no contact section [no-contact]", ""),
    "{__class__}": (1, "unknown word '__class__' [unknown-word]", ""),
    "{author.__init__}": (1, "unknown word 'author.__init__' [unknown-word]", ""),
    "{account.__dict__}": (1, "unknown word 'account.__dict__' [unknown-word]", ""),
}  # fmt: skip


@pytest.mark.parametrize("template", FAULTS)
def test_a_wrong_template_is_refused_at_its_place(template: str) -> None:
    at, reason, suggestion = FAULTS[template]

    told = faults("", case=f"case: {{object: Case, key_field: K, create: {{\nF: '   {template}'}}}}")

    assert told[0].split("\n")[0] == f"care.yaml:6:{8 + at} error: {reason}"
    assert f"did you mean {suggestion!r}?" in told[0] if suggestion else "did you mean" not in told[0]


def test_every_fault_of_a_template_is_reported() -> None:
    told = faults("", case='case:\n  object: Case\n  key_field: K\n  create: {F: "{a} {b | c} {text | d}"}')

    assert [fault.split("\n")[0] for fault in told] == [
        "care.yaml:8:17 error: unknown word 'a' [unknown-word]",
        "care.yaml:8:21 error: unknown word 'b' [unknown-word]",
        "care.yaml:8:25 error: unknown filter 'c' [unknown-filter]",
        "care.yaml:8:36 error: unknown filter 'd' [unknown-filter]",
    ]


def test_a_fault_in_a_block_of_text_points_at_its_line() -> None:
    told = faults(
        "", case="case:\n  object: Case\n  key_field: K\n  create:\n    F: |\n      Dear all\n      {texd}\n"
    )

    assert told[0].startswith(
        "care.yaml:11:8 error: unknown word 'texd' [unknown-word]\n          {texd}".replace("          ", "    ")
    )


def test_a_person_s_field_must_be_fetched() -> None:
    with pytest.raises(ConfigError) as caught:
        filled("{person.Tier_c}")

    assert "'person.Tier_c' is not fetched: add Tier_c to contact.fetch [not-fetched]" in str(caught.value)
    assert "did you mean 'person.Tier__c'?" in str(caught.value)


SIGNS = ["{", "}", "{{", "}}", "|", '"', "`", ".", " ", "\n", "é", "😀", "\\", "80"]
WORDS = [
    "text",
    "author.name",
    "raw.a.0",
    "account.x",
    "person.id",
    "shorten",
    "first",
    "words",
    "default",
    "join",
]
PIECES = st.lists(st.sampled_from(SIGNS + WORDS), max_size=14).map("".join)


@settings(max_examples=100, deadline=None)
@given(PIECES | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_no_template_raises_anything_but_config_errors(template: str) -> None:
    with suppress(ConfigError):
        assert isinstance(filled(template, FULL, FOUND), (str, int, float, bool, tuple, type(None)))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60).filter(lambda text: "\x00" not in text), st.integers(1, 40))
@example("👩‍👩‍👧" * 9, 7)
def test_shortened_text_fits_and_begins_like_the_whole(text: str, most: int) -> None:
    short = shortened(text, most)

    assert len(short) <= most
    assert text.startswith(short.removesuffix("…")) or text == short


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_text_arrives_as_it_was_written(text: str) -> None:
    assert filled("<{text}>", dataclasses.replace(MESSAGE, text=text)) == f"<{text}>"


BIG = [
    "<" * 300_000,
    "&lt;" * 100_000,
    "e\u0301" * 150_000,
    "🇩" * 300_000,
    " " * 300_000,
    "ß" * 300_000,
    "ﷺ" * 300_000,
]


@pytest.mark.parametrize("text", BIG, ids=lambda text: unicodedata.name(text[0]))
def test_no_text_makes_a_filter_run_away(text: str) -> None:
    template = (
        "{text | plain | upper | one_line | lower | first 99999 words | shorten 150000 | default text}{text}{text}"
    )

    value = filled(template, said(text))

    assert isinstance(value, str)
    assert len(value) == MOST
