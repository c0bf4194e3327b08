"""The text of comments: what the vendor makes of given HTML, plain text, placeholders and redactions. Pure.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/
"""

from __future__ import annotations

import re
from html import escape, unescape
from html.parser import HTMLParser

MOST_BYTES = 65_535
BLOCK = "▇"
KEPT = frozenset({
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub",
    "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
})  # fmt: skip
ATTRIBUTES = frozenset({
    "href", "src", "title", "alt", "dir", "class", "id", "name", "start", "width", "height", "rel", "target",
    "colspan", "rowspan",
})  # fmt: skip
HIDDEN = frozenset({"script", "style"})  #: go with all that stands inside
ALONE = frozenset({"br", "hr", "img"})
BREAKS = frozenset({
    "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "table", "tr", "ul",
})  # fmt: skip
SCHEMES = re.compile(r"(?:https?|mailto|tel):|[^:]*(?:[/?#]|$)", re.IGNORECASE)
PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}|\{%.*?%\}", re.DOTALL)
ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});|.", re.DOTALL)
REDACT_TAG = re.compile(r"<redact>(.*?)</redact>", re.DOTALL)
REDACT_ATTRIBUTE = re.compile(r"(<[a-zA-Z][^<>]*?) redact(?=[\s/>])")
REDACTED_ELEMENT = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)\b[^<>]*? redact(?=[\s/>])[^<>]*>(.*?)</\1>", re.DOTALL)
REDACTED_ALONE = re.compile(r"<(?:img|br|hr)\b[^<>]*? redact(?=[\s/>])[^<>]*>")
DECLARATION = re.compile(r"<!(?!--)")
WRAPPED = re.compile(r"\s*<div class=\"zd-comment\" dir=\"auto\">(.*)</div>\s*", re.DOTALL)


def html_of_html(given: str, *, ticket_id: int) -> str:
    """The stored html_body of a comment given as HTML: cut, placeholders filled, what could run taken out."""
    inside = WRAPPED.fullmatch(given)
    cleaner = _Cleaner()
    text = filled(cut(inside[1] if inside else given), ticket_id=ticket_id)
    cleaner.feed(DECLARATION.sub("&lt;!", text))  # the parser gives up at declarations that it does not know
    cleaner.close()
    return f'<div class="zd-comment" dir="auto">{cleaner.done()}</div>'


def html_of_text(given: str, *, ticket_id: int) -> str:
    """The stored html_body of a comment given as text: runs of spaces and of newlines become one."""
    text = re.sub(r"\n+", "\n", re.sub(r"[ \t]+", " ", filled(cut(given), ticket_id=ticket_id)))
    lines = "<br>".join(escape(line, quote=False) for line in text.strip().split("\n"))
    return f'<div class="zd-comment" dir="auto"><p dir="auto">{lines}</p></div>'


def plain(html: str) -> str:
    """The text that people read: a line for each block, entities decoded."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in "".join(reader.text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def cut(text: str) -> str:
    """The first 64 kB, in silence, as the vendor does."""
    return text.encode("utf-8", "replace")[:MOST_BYTES].decode("utf-8", "ignore")


def filled(text: str, *, ticket_id: int) -> str:
    """The ticket's id where {{ticket.id}} stands, nothing for any other placeholder.

    Braces that are written as entities count, as the vendor decodes before it looks.
    """
    units = ENTITY.findall(text)
    decoded = [unescape(unit) if len(unit) > 1 else unit for unit in units]
    starts: list[int] = []  # of each decoded character, the unit that it comes from
    for number, piece in enumerate(decoded):
        starts.extend([number] * len(piece))
    starts.append(len(units))
    kept: list[str] = []
    end = 0
    for match in PLACEHOLDER.finditer("".join(decoded)):
        kept.extend(units[end : starts[match.start()]])
        kept.append(str(ticket_id) if (match[1] or "").strip() == "ticket.id" else "")
        end = starts[match.end()]
    return "".join([*kept, *units[end:]])


def unmarked(html: str) -> str:
    """The html_body of a redaction without its redact tags and attributes."""
    return REDACT_ATTRIBUTE.sub(r"\1", html.replace("<redact>", "").replace("</redact>", ""))


def redacted(html: str) -> str:
    """What is left: blocks for the characters inside redact tags, no tag where one had the attribute."""
    blocked = REDACT_TAG.sub(lambda match: _blocked(match[1]), html)
    return REDACTED_ELEMENT.sub(r"\2", REDACTED_ALONE.sub("", blocked))


def _blocked(inside: str) -> str:
    pieces = re.split(r"(<[^<>]*>)", inside)
    return "".join(piece if n % 2 else ENTITY.sub(BLOCK, piece) for n, piece in enumerate(pieces))


class _Cleaner(HTMLParser):
    """Writes HTML again with what is harmless; text and its entities stay as they are."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._out: list[str] = []
        self._open: list[str] = []
        self._hidden = 0

    def done(self) -> str:
        """The whole, with every open element closed."""
        return "".join([*self._out, *(f"</{tag}>" for tag in reversed(self._open))])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in HIDDEN:
            self._hidden += 1
        if self._hidden or tag not in KEPT:
            return
        if tag == "p" and "dir" not in dict(attrs):
            attrs = [("dir", "auto"), *attrs]
        given = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs if _harmless(name, value))
        self._out.append(f"<{tag}{given}>")
        if tag not in ALONE:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        if self._hidden or tag not in self._open:
            return
        while self._open:
            last = self._open.pop()
            self._out.append(f"</{last}>")
            if last == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._out.append(data.replace("<", "&lt;").replace(">", "&gt;"))

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in BREAKS:
            self.text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in BREAKS:
            self.text.append("\n")

    def handle_data(self, data: str) -> None:
        self.text.append(re.sub(r"[\r\n]+", " ", data))


def _harmless(name: str, value: str | None) -> bool:
    if name not in ATTRIBUTES:
        return False
    return name not in ("href", "src") or SCHEMES.match((value or "").strip()) is not None
