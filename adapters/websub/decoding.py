"""From the bytes of a feed to text, and from text that is almost XML to XML. Pure.

The encoding is chosen here because feedparser would take any that Python knows, also those that take forever.
"""

from __future__ import annotations

import codecs
import re
from html.entities import html5

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
CHARSET = re.compile("charset *= *[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
DECLARED = re.compile(rb"\A\s{0,100}<\?xml[^>]{0,200}?encoding *= *[\"']([A-Za-z0-9_.:-]{1,40})[\"']")
KNOWN = re.compile(
    "ascii|utf-8|utf-16(-[bl]e)?|iso8859-[0-9]+|cp125[0-8]|koi8-[ru]|gb2312|gbk|gb18030|big5|euc_(jp|kr)|shift_jis"
)

ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
REFERENCE = re.compile("&(?:#(?:([0-9]{1,9})|[xX]([0-9A-Fa-f]{1,8}));|([A-Za-z][A-Za-z0-9]{0,40});|)")
PREDEFINED = frozenset({"amp", "lt", "gt", "quot", "apos"})


def decoded(body: bytes, content_type: str) -> str:
    """Return the text of a feed. What its encoding cannot hold stands as U+FFFD.

    The order is the one of https://www.rfc-editor.org/rfc/rfc7303#section-3: mark, header, declaration, UTF-8.
    """
    for mark, encoding in MARKS:
        if body.startswith(mark):
            return body.removeprefix(mark).decode(encoding, "replace")
    told, declared = CHARSET.search(content_type), DECLARED.match(body)
    names = [told[1] if told else "", declared[1].decode() if declared else ""]
    return body.decode(next((name for name in map(_known, names) if name), "utf-8"), "replace")


def mended(text: str) -> str:
    """Return the text as XML may hold it: no control characters, HTML's entities written out, & escaped.

    For feeds that their makers glued together from strings; a well-formed one is not to go through here.
    """
    return REFERENCE.sub(_reference, ILLEGAL.sub("\ufffd", text))


def _known(name: str) -> str:
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return ""
    return found if KNOWN.fullmatch(found) else ""


def _reference(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if decimal or hexadecimal:
        number = int(decimal) if decimal else int(hexadecimal, 16)
        return "\ufffd" if number > 0x10FFFF or ILLEGAL.match(chr(number)) else found[0]
    if name in PREDEFINED:
        return found[0]
    return html5.get(f"{name};") or f"&amp;{found[0][1:]}"
