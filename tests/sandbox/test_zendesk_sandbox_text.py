"""The text of comments: what is kept of HTML, placeholders, the cut at 64 kB, redaction."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

import pytest
import zendesk_process
from hypothesis import given, settings
from hypothesis import strategies as st
from zendesk_process import ZendeskProcess, details

from bridge.sandbox.zendesk import markup

HTML = st.lists(
    st.sampled_from([
        "<p>", "</p>", "<b>", "</b>", "<br>", "<script>", "</script>", "<style>", "</style>", "<iframe src=x>",
        "<a href='javascript:x'>", "<a href=\"https://x.example\">", "</a>", "<!-- c -->", "<svg onload=x>", "<",
        "&lt;", "&", "&#123;", "&#x7b;", "{", "}", "{{", "}}", "{%", "%}", "ticket.id", "\u200b", "ä", "😀",
        "<redact>", "</redact>", " onclick=x", "<img src=x onerror=y>", "'", '"', "\n", "a",
        "<![x[", "<!doctype x>", "<?x", "<!--", "-->", "]]>",
    ]), max_size=25,
).map("".join)  # fmt: skip


zendesk = zendesk_process.zendesk


@pytest.fixture(autouse=True)
def _new(request: pytest.FixtureRequest) -> None:
    if "zendesk" in request.fixturenames:
        request.getfixturevalue("zendesk").reset()


class Seen(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))


def stored(given: str) -> str:
    """What is kept of it, without the wrapping."""
    found = re.fullmatch(
        r'<div class="zd-comment" dir="auto">(.*)</div>', markup.html_of_html(given, ticket_id=7), re.S
    )
    assert found
    return found[1]


# --- HTML


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("<b>bold</b> text", "<b>bold</b> text"),
        ("<p>a</p>", '<p dir="auto">a</p>'),
        ("a<script>alert(1)</script>b", "ab"),
        ("a<style>p{}</style>b", "ab"),
        ("<p onclick='x' title='t'>a</p>", '<p dir="auto" title="t">a</p>'),
        ("<a href='javascript:alert(1)'>a</a>", "<a>a</a>"),
        ("<a href='java\tscript:alert(1)'>a</a>", "<a>a</a>"),
        ("<a href='https://x.example/?a=1&amp;b=2'>a</a>", '<a href="https://x.example/?a=1&amp;b=2">a</a>'),
        ("<iframe src='x'>a</iframe>", "a"),
        ("a<br/>b", "a<br>b"),
        ("<b><i>a", "<b><i>a</i></b>"),
        ("</b>a</p>", "a"),
        ("a &amp; b &lt;c&gt; &#8203; &euro;", "a &amp; b &lt;c&gt; &#8203; &euro;"),
        ("1 < 2 & 3 > 2", "1 &lt; 2 & 3 &gt; 2"),
        ("<redact>a</redact>", "a"),
        ('<div class="zd-comment" dir="auto">a</div>', "a"),
        ("<!-- c -->a", "a"),
    ],
)
def test_of_html_the_harmless_part_is_kept(given: str, kept: str) -> None:
    assert stored(given) == kept


@given(HTML)
@settings(max_examples=100)
def test_nothing_that_runs_is_kept(text: str) -> None:
    for tag, attributes in Seen(stored(text)).tags:
        assert tag in markup.KEPT
        assert set(attributes) <= markup.ATTRIBUTES
        assert not (attributes.get("href") or "").lower().startswith("javascript:")


@given(HTML)
@settings(max_examples=100)
def test_what_is_kept_is_kept_again(text: str) -> None:
    # a tag that goes may leave a placeholder behind, or what looks like an entity
    once = stored(text.replace("}", ")").replace("&<", "+<"))

    assert stored(once) == once


@given(st.text())
@settings(max_examples=100)
def test_escaped_text_reads_as_it_was(text: str) -> None:
    shown = markup.plain(markup.html_of_html(html.escape(text.replace("{", "(")), ticket_id=7))

    assert shown.split() == text.replace("{", "(").replace("\x00", "\ufffd").split() or "\x00" in text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a<br>b", "a\nb"),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb"),
        ("a &amp; &lt;b&gt;", "a & <b>"),
        ("  a\n  b ", "a b"),
    ],
)
def test_plain_text_has_a_line_for_each_block(given: str, shown: str) -> None:
    assert markup.plain(markup.html_of_html(given, ticket_id=7)) == shown


def test_runs_of_spaces_and_newlines_in_a_body_become_one(zendesk: ZendeskProcess) -> None:
    zendesk.ticket(comment={"body": "a   b\n\n\nc <b>x</b> & y"})

    (comment,) = zendesk.state()["tickets"][0]["comments"]

    assert comment["plain_body"] == "a b\nc <b>x</b> & y"
    assert comment["html_body"] == (
        '<div class="zd-comment" dir="auto"><p dir="auto">a b<br>c &lt;b&gt;x&lt;/b&gt; &amp; y</p></div>'
    )


@pytest.mark.parametrize("length", [65_535, 65_536, 70_000])
def test_a_long_body_is_cut_in_silence(zendesk: ZendeskProcess, length: int) -> None:
    zendesk.ticket(comment={"html_body": "x" * length})

    assert zendesk.state()["tickets"][0]["comments"][0]["plain_body"] == "x" * 65_535


def test_the_cut_is_at_bytes_and_halves_no_character() -> None:
    assert markup.cut("a" + "€" * 30_000) == "a" + "€" * 21_844


# --- placeholders


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("{{ticket.id}}", "7"),
        ("a {{ ticket.id }} b", "a 7 b"),
        ("{{ticket.requester.email}}", ""),
        ("{{}}", ""),
        ("{% if x %}a{% endif %}", "a"),
        ("&#123;&#123;ticket.id&#125;&#125;", "7"),
        ("{&#x7B;ticket.id}&rbrace;", "7"),
        ("{&#8203;{ticket.id}&#8203;}", "{&#8203;{ticket.id}&#8203;}"),
        ("{\u200b{ticket.id}}", "{\u200b{ticket.id}}"),
        ("{ {ticket.id} }", "{ {ticket.id} }"),
        ("{{ticket.id", "{{ticket.id"),
        ("{ticket.id}", "{ticket.id}"),
        ("{{a\nb}}", ""),
        ("a &amp; {{x}} &lt;b", "a &amp;  &lt;b"),
    ],
)
def test_placeholders_are_filled_or_taken_out(given: str, kept: str) -> None:
    assert markup.filled(given, ticket_id=7) == kept


@given(HTML)
@settings(max_examples=100)
def test_no_placeholder_is_left(text: str) -> None:
    assert not markup.PLACEHOLDER.search(html.unescape(markup.filled(text.replace("}", "} "), ticket_id=7)))


@given(st.text(st.characters(exclude_characters="{", exclude_categories=["Cs"])))
def test_text_without_braces_is_left_alone(text: str) -> None:
    assert markup.filled(text.replace("&", "+"), ticket_id=7) == text.replace("&", "+")


# --- redaction


def first_comment(zendesk: ZendeskProcess, **fields: Any) -> tuple[int, dict[str, Any]]:
    number = int(zendesk.ticket(**fields)["id"])
    return number, zendesk.read(f"tickets/{number}/comments")["comments"][0]


def redact(zendesk: ZendeskProcess, number: int, comment_id: int, text: str) -> Any:
    body = {"ticket_id": number, "html_body": text}
    return zendesk.call("PUT", f"comment_redactions/{comment_id}", json=body)


@pytest.mark.parametrize("status", ["new", "solved", "closed"])
def test_what_is_redacted_is_gone_for_good(zendesk: ZendeskProcess, status: str) -> None:
    number, comment = first_comment(
        zendesk, status=status, comment={"html_body": "<p>card <b>12 34</b> &amp; 5</p>"}
    )
    marked = comment["html_body"].replace("card <b>12 34</b> &amp;", "card <redact><b>12 34</b> &amp;</redact>")

    answer = redact(zendesk, number, comment["id"], marked)

    left = '<div class="zd-comment" dir="auto"><p dir="auto">card <b>▇▇▇▇▇</b>▇▇ 5</p></div>'
    assert (answer.status_code, answer.json()["comment"]["html_body"]) == (200, left)
    (ticket,) = zendesk.state()["tickets"]
    assert [one["html_body"] for one in ticket["comments"]] == [left]
    assert ticket["fields"]["description"] == "card ▇▇▇▇▇▇▇ 5"
    audits = zendesk.read(f"tickets/{number}/audits")["audits"]
    assert audits[0]["events"][0]["html_body"] == left
    assert "12 34" not in str([audits, ticket])
    told = [(event["type"], event["comment_id"]) for event in audits[-1]["events"]]
    assert told == [("CommentRedactionEvent", comment["id"])]


def test_a_later_comment_is_redacted_without_the_description(zendesk: ZendeskProcess) -> None:
    number, _ = first_comment(zendesk)
    zendesk.update(number, comment={"html_body": "secret"})
    comment = zendesk.read(f"tickets/{number}/comments")["comments"][1]

    redact(zendesk, number, comment["id"], comment["html_body"].replace("secret", "<redact>secret</redact>"))

    (ticket,) = zendesk.state()["tickets"]
    assert [one["plain_body"] for one in ticket["comments"]] == ["Hello", "▇▇▇▇▇▇"]
    assert ticket["fields"]["description"] == "Hello"


def test_a_redacted_element_goes_and_its_text_stays() -> None:
    given = '<p><a href="https://x.example" redact>a <redact>b</redact></a><img src="y" redact></p>'

    assert markup.redacted(given) == "<p>a ▇</p>"
    assert markup.unmarked(given) == '<p><a href="https://x.example">a b</a><img src="y"></p>'


@pytest.mark.parametrize("text", ["<redact>Hello</redact>", "", "{same}"])
def test_a_redaction_must_be_of_the_stored_text(zendesk: ZendeskProcess, text: str) -> None:
    number, comment = first_comment(zendesk)

    answer = redact(zendesk, number, comment["id"], text.replace("{same}", comment["html_body"]))

    assert details(answer) == {"base": ["Html body: does not match the comment"]}


def test_a_comment_of_another_ticket_is_not_found(zendesk: ZendeskProcess) -> None:
    _, comment = first_comment(zendesk)
    other = zendesk.ticket()["id"]
    marked = comment["html_body"].replace("Hello", "<redact>Hello</redact>")

    answers = [redact(zendesk, number, comment["id"], marked) for number in (other, 4711)]

    assert [one.status_code for one in answers] == [404, 404]


def test_redaction_can_be_forbidden(zendesk: ZendeskProcess) -> None:
    number, comment = first_comment(zendesk)
    zendesk.command("switches", redaction=False)

    answer = redact(zendesk, number, comment["id"], comment["html_body"])

    assert (answer.status_code, answer.json()["error"]["title"]) == (403, "Forbidden")


@pytest.mark.parametrize("body", [{}, {"ticket_id": 1}, {"ticket_id": "1", "html_body": "x"}])
def test_a_redaction_needs_ticket_and_text(zendesk: ZendeskProcess, body: Any) -> None:
    assert zendesk.call("PUT", "comment_redactions/1", json=body).status_code == 400


# --- private


def test_a_comment_can_be_made_private(zendesk: ZendeskProcess) -> None:
    number, comment = first_comment(zendesk)

    answer = zendesk.call("PUT", f"tickets/{number}/comments/{comment['id']}/make_private", json={})

    assert (answer.status_code, answer.content) == (200, b"null")
    (ticket,) = zendesk.state()["tickets"]
    assert ([one["public"] for one in ticket["comments"]], ticket["fields"]["is_public"]) == ([False], False)


def test_no_comment_of_a_closed_ticket_is_made_private(zendesk: ZendeskProcess) -> None:
    number, comment = first_comment(zendesk, status="closed")

    answers = [
        zendesk.call("PUT", f"tickets/{number}/comments/{one}/make_private", json={}) for one in (comment["id"], 1)
    ]

    assert [one.status_code for one in answers] == [422, 404]
    assert "closed prevents ticket update" in answers[0].text
