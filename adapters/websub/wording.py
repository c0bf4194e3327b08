"""From the HTML in a feed to the text that a person reads. Pure; takes linear time, whatever it is given."""

from __future__ import annotations

import html
import re

SILENT = re.compile(
    r"<!--(?:.*?-->|.*)|<(script|style)\b[^<>]*>(?:.*?</\1\b[^<>]*>|.*)", re.DOTALL | re.IGNORECASE
)
LINE = re.compile(r"</?(?:blockquote|br|dd|div|dt|h[1-6]|hr|li|ol|p|pre|table|tr|ul)\b[^<>]*>", re.IGNORECASE)
TAG = re.compile("</?[A-Za-z][^<>]*>|<![^<>]*>")
SPACE = re.compile("[ \t\r\n\f]+")
LONG_ENTITY = re.compile("&#[0-9]{10,};?")
"""No character has such a number, and Python refuses to read long ones."""


def plain(markup: str) -> str:
    """Return HTML as text: a line for each block, entities written out once, no scripts and no style sheets.

    Where there is not one tag it may as well be text that somebody took for HTML, and its own lines stay.
    """
    text = SILENT.sub("", markup)
    if TAG.search(text):
        marked = TAG.sub("", LINE.sub("\n", SPACE.sub(" ", text)))
        lines = (" ".join(word for word in line.split(" ") if word) for line in marked.split("\n"))
        text = "\n".join(line for line in lines if line)
    return html.unescape(LONG_ENTITY.sub("\ufffd", text)).strip()
