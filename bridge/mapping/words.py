"""Finding keywords in customers' text: whole words and phrases, blind to case and accents. Pure.

Languages written without spaces have no whole words to look for: there a keyword is found anywhere.
"""

from __future__ import annotations

import re
import unicodedata

MOST = 200_000  #: only so many characters of a text are searched

SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)  # Thai, Lao, Burmese, Khmer, kana, Han; and Hangul, whose particles are written onto the word
ODD = str.maketrans(
    "øłđı’‘ʼ＇", "oldi''''", "\u00ad\u200b\u2060\ufe0e\ufe0f"
)  #: what NFKD leaves; invisible signs


def folded(text: str) -> str:
    """The text as it is compared: without case, accents and vowel points, one space between words."""
    text = text[:MOST]
    if not text.isascii():  # apart, folded, and apart again: each of the two makes work for the other
        split = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(ODD)
        text = unicodedata.normalize("NFC", "".join(sign for sign in split if not _accent(sign)))
    return " ".join(text.casefold().split())


def found(keyword: str, text: str) -> bool:
    """Whether the folded keyword stands in the folded text as a word or phrase of its own."""
    at = text.find(keyword)
    while at >= 0:
        if _apart(text, keyword[0], at - 1) and _apart(text, keyword[-1], at + len(keyword)):
            return True
        at = text.find(keyword, at + 1)
    return False


def _accent(sign: str) -> bool:
    """Accents above and below letters, Hebrew and Arabic points; no voicing marks of kana, no viramas."""
    kind = unicodedata.combining(sign)
    return kind >= 200 or 10 <= kind <= 35


def _apart(text: str, edge: str, beside: int) -> bool:
    """The keyword's edge is not glued to what stands beside it."""
    if not 0 <= beside < len(text) or not _letter(edge):
        return True
    return not _letter(text[beside])


def _letter(sign: str) -> bool:
    """A sign that makes words longer: letters, digits, marks, _ ; but none of a script without spaces."""
    return (sign == "_" or unicodedata.category(sign)[0] in "LNM") and not SPACELESS.match(sign)
