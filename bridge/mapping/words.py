"""Finding keywords in customers' text: whole words and phrases, blind to case and accents. Pure.

Languages written without spaces have no whole words to look for: there a keyword is found anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MOST = 200_000  #: only so many characters of a text are searched
LONGEST = 200  #: characters that a keyword may have

SPACELESS = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Thai, Lao, Tibetan, Burmese
    "\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\uaa80-\uaadf"  # Khmer, Tai
    "\u1b00-\u1b7f\ua980-\ua9df"  # Balinese, Javanese
    "\u3005-\u3007\u3040-\u312f\u3190-\u31ff\u3400-\u9fff\ua000-\ua4cf\uf900-\ufaff"  # kana, Bopomofo, Han, Yi
    "\U00016fe0-\U00018dff\U0001aff0-\U0001b2ff\U00020000-\U0003ffff"  # Tangut, rare kana and Han
    "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]"  # Hangul, whose particles are written onto the word
)
SAME: dict[str, str] = {
    "o": "ø",
    "l": "ł",
    "d": "đ",
    "i": "ı",
    "h": "ħ",
    "ae": "æ",
    "oe": "œ",
    "'": "’‘‛′ʹʻʼ׳",
    '"': "״",
    "-": "־",
    "ا": "ٱ",  # Arabic letters that languages and keyboards write in several ways
    "ي": "ىیې",
    "ك": "کڪ",
    "ه": "ةۃہە",
    "\u0902": "\u0901",  # Hindi's two signs of a nasal
    "": "\u00ad\u0640\u061c\u180e\u200b\u200d\u200e\u200f\u2060\ufeff"  # soft hyphen, tatweel, joiners
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # which way the text runs
    "🏻🏼🏽🏾🏿",  # colours of skin
}
"""How letters are compared -> what NFKD leaves of them. "" = not at all."""

VARIANTS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))  #: signs that choose another look of a sign
ODD = str.maketrans({sign: plain for plain, signs in SAME.items() for sign in signs}) | dict.fromkeys(VARIANTS)


MARKS = "".join(filter(unicodedata.combining, map(chr, range(0x300, 0x1F000)))) + "\u0f73\u0f75\u0f81\uff9e\uff9f"
"""What can only stand upon another sign, or falls apart into nothing but that."""

UPON = frozenset(MARKS)
PILE = re.compile(f"([{MARKS}]{{30}})[{MARKS}]+")
"""More marks than any language puts upon one sign: Unicode needs square time to sort them.

https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format
"""


def folded(text: str) -> str:
    """The text as it is compared: without case, accents and vowel points, one space between words."""
    text = text[:MOST].replace("`", "'").replace("´", "'")  # before NFKD, which makes a space of ´
    if not text.isascii():
        text = unicodedata.normalize("NFKC", PILE.sub(r"\1", text) if _piled(text) else text)[:MOST]
        for sign in set(text):  # translate() would ask for each sign anew, and take ten times as long
            if sign != (plain := _plain(sign)):
                text = text.replace(sign, plain)
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.casefold().split())


def found(keyword: str, text: str) -> bool:
    """Whether the folded keyword stands in the folded text as a word or phrase of its own."""
    at = text.find(keyword)
    while at >= 0:
        if _apart(text, keyword[0], at - 1) and _apart(text, keyword[-1], at + len(keyword)):
            return True
        at = text.find(keyword, at + 1)
    return False


def pieces(text: str) -> frozenset[str]:
    """The words of a folded text, and every other sign of it alone.

    Where a keyword is found in a text, the pieces of the keyword are among those of the text.
    """
    return frozenset(text.translate({ord(s): s if _letter(s) else f" {s} " for s in set(text)}).split())


def unfit(text: str, keyword: str) -> tuple[str, str] | None:
    """Why nothing like this text can be looked for, as code and reason; None = it can.

    keyword: the text, folded.
    """
    if not keyword:
        return "empty-keyword", f"the keyword {text!r} has nothing to look for"
    if len(keyword) > LONGEST:
        return "keyword-too-long", f"a keyword has at most {LONGEST} characters: look for a part of this one"
    return None


def _piled(text: str) -> bool:
    """Whether there may be a PILE: it fills one of these blocks. To look for it takes far longer."""
    return any(text[at] in UPON and UPON.issuperset(text[at : at + 15]) for at in range(0, len(text), 15))


@lru_cache(maxsize=4096)
def _plain(sign: str) -> str:
    """How one sign is compared, "" = not at all; itself made of signs that stay as they are."""
    # apart, folded, and apart again: each of the two makes work for the other
    split = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", sign).casefold()).translate(ODD)
    return unicodedata.normalize("NFC", "".join(one for one in split if not _accent(one)))


def _accent(sign: str) -> bool:
    """Accents above and below letters, Hebrew and Arabic points, nuktas; no voicing of kana, no viramas."""
    kind = unicodedata.combining(sign)
    return kind >= 200 or 10 <= kind <= 35 or kind == 7


def _apart(text: str, edge: str, beside: int) -> bool:
    """The keyword's edge is not glued to what stands beside it."""
    if not 0 <= beside < len(text) or not _letter(edge):
        return True
    return not _letter(text[beside])


@lru_cache(maxsize=4096)
def _letter(sign: str) -> bool:
    """A sign that makes words longer: letters, digits, marks, _ ; but none of a script without spaces."""
    return (sign == "_" or unicodedata.category(sign)[0] in "LNM") and not SPACELESS.match(sign)
