"""Finds card numbers, IBANs, phone numbers and e-mail addresses in text, and masks them. Pure, linear in the text.

What has a checksum is masked only when it holds. Phone numbers have none: they are known by how they are written.
Masking what is masked already changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from itertools import accumulate
from typing import Literal

Kind = Literal["card_number", "iban", "phone", "email"]
Where = Literal["everywhere", "our_copies"]

#: What stands in the place of each.
MASKS: Mapping[Kind, str] = {
    "card_number": "[card number]",
    "iban": "[IBAN]",
    "phone": "[phone number]",
    "email": "[e-mail]",
}

SPACES = "\t\n\r \u00a0\u1680\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff"
HYPHENS = "\\-\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
BETWEEN = f"(?:[{SPACES}{HYPHENS}.+]|%20){{1,3}}"  # between groups of digits, in addresses too


def mask(text: str, kinds: Collection[Kind], *, keep: Collection[str] = ()) -> str:
    """Return the text with every number or address of these kinds replaced by its name in brackets.

    keep: digits that are ids and no card numbers, whatever their checksum says.
    """
    for kind, masked in MASKERS.items():
        if kind in kinds:
            text = masked(text, keep)
    return text


# --- card numbers ---------------------------------------------------------------------------------------------

#: Digits that are joined to others by _ are a platform's ids: 10150001_900100.
GROUP = r"(?:(?<!\d)|(?<=%20))(?<!\d_)\d++(?!_\d)"
RUN = re.compile(f"{GROUP}(?:{BETWEEN}{GROUP})*+")

SCHEMES: tuple[tuple[re.Pattern[str], Collection[int]], ...] = tuple(
    (re.compile(prefix), lengths)
    for prefix, lengths in (
        ("4", (13, 16, 19)),  # Visa
        ("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),  # Mastercard
        ("3[47]", (15,)),  # American Express
        ("30[0-5]|3095|3[689]", range(14, 20)),  # Diners Club
        ("35(?:2[89]|[3-8])|220[0-4]", range(16, 20)),  # JCB, Mir
        ("6011|62|64[4-9]|65|60|50|8[12]", range(16, 20)),  # Discover, UnionPay, RuPay, Elo, Hipercard, Verve
        ("9792", (16,)),  # Troy
        ("5018|5020|5038|5893|6304|6334|67(?:59|6[1-37])", range(13, 20)),  # Maestro
    )
)
"""What numbers begin with, and how long they are then: https://en.wikipedia.org/wiki/Payment_card_number. Of the
numbers that are no cards one in ten has a right checksum; of those with 16 digits this leaves one in thirty."""


def _cards(text: str, keep: Collection[str]) -> str:
    return RUN.sub(lambda run: _run(run[0], keep), text)


def _run(run: str, keep: Collection[str]) -> str:
    """Digits in groups: a card number is a row of whole groups."""
    groups = [found.span(1) for found in re.finditer(r"%20|(\d+)", run) if found[1]]
    digits = [int(run[i]) for start, end in groups for i in range(start, end)]
    if len(digits) < 13:
        return run
    sums = _luhn_sums(digits)
    ends = [0, *accumulate(end - start for start, end in groups)]
    pieces, copied, at = [], 0, 0
    while at < len(groups):
        last = _card_at(at, digits, ends, sums, keep)
        if last:
            pieces += [run[copied : groups[at][0]], MASKS["card_number"]]
            copied = groups[last - 1][1]
        at = last or at + 1
    return "".join([*pieces, run[copied:]])


def _card_at(
    at: int, digits: list[int], ends: list[int], sums: tuple[list[int], list[int]], keep: Collection[str]
) -> int:
    """Return the number of the group after the longest card number that begins with this one; 0 = none does."""
    start, found = ends[at], 0
    head = "".join(map(str, digits[start : start + 4]))
    lengths = {n for prefix, allowed in SCHEMES if prefix.match(head) for n in allowed}
    for after in range(at + 1, len(ends)):
        end = ends[after]
        if end - start > 19:
            break
        doubled = sums[end % 2]
        if end - start in lengths and (doubled[end] - doubled[start]) % 10 == 0:
            found = after if "".join(map(str, digits[start:end])) not in keep else found
    return found


DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  #: the digits of a doubled digit, added up


def _luhn_sums(digits: list[int]) -> tuple[list[int], list[int]]:
    """Running sums for Luhn's check: with every even digit doubled, and with every odd one."""
    even, odd = digits[:], digits[:]
    even[::2] = [DOUBLED[d] for d in digits[::2]]
    odd[1::2] = [DOUBLED[d] for d in digits[1::2]]
    return [0, *accumulate(even)], [0, *accumulate(odd)]


# --- IBANs ----------------------------------------------------------------------------------------------------

COUNTRIES: Mapping[str, str] = dict(
    re.findall(
        r"([A-Z]{2}):(\S+)",
        """
    AD:8n12c AE:19n AL:8n16c AT:16n AZ:4a20c BA:16n BE:12n BG:4a6n8c BH:4a14c BI:23n BR:23n1a1c BY:4c4n16c
    CH:5n12c CR:18n CY:8n16c CZ:20n DE:18n DJ:23n DK:14n DO:4c20n EE:16n EG:25n ES:20n FI:14n FK:2a12n FO:14n
    FR:10n11c2n GB:4a14n GE:2a16n GI:4a15c GL:14n GR:7n16c GT:24c HN:4a20n HR:17n HU:24n IE:4a14n IL:19n IQ:4a15n
    IS:22n IT:1a10n12c JO:4a4n18c KW:4a22c KZ:3n13c LB:4n20c LC:4a24c LI:5n12c LT:16n LU:3n13c LV:4a13c LY:21n
    MC:10n11c2n MD:20c ME:18n MK:3n10c2n MN:16n MR:23n MT:4a5n18c MU:4a19n3a NI:4a20n NL:4a10n NO:11n OM:3n16c
    PK:4a16c PL:24n PS:4a21c PT:21n QA:4a21c RO:4a16c RS:18n RU:14n15c SA:2n18c SC:4a20n3a SD:14n SE:20n SI:15n
    SK:20n SM:1a10n12c SO:19n ST:21n SV:4a20n TL:19n TN:20n TR:6n16c UA:6n19c VA:18n VG:4a16n XK:16n YE:4a4n18c
    """,
    )
)
"""Country: what follows its code and the two check digits; n digits, a letters, c both.
https://www.swift.com/standards/data-standards/iban-international-bank-account-number"""

CLASSES = {"n": r"\d", "a": "[A-Za-z]", "c": r"[A-Za-z\d]"}
GAP = f"(?:{BETWEEN})?"


@cache  # all of them at once would hold up every command by a fifth of a second
def _shape(country: str) -> re.Pattern[str] | None:
    """What follows country and check digits, the groups written apart or not; None = there is no such country."""
    pieces = COUNTRIES.get(country)
    if pieces is None:
        return None
    classes = [CLASSES[kind] for n, kind in re.findall("([0-9]+)([nac])", pieces) for _ in range(int(n))]
    return re.compile("".join(GAP + one for one in classes))


IBAN_HEAD = re.compile(rf"(?=([A-Za-z]{{2}}){GAP}(\d){GAP}(\d))")


def _ibans(text: str, _keep: Collection[str]) -> str:
    pieces, copied = [], 0
    for head in IBAN_HEAD.finditer(text):
        shape = _shape(head[1].upper())
        rest = shape.match(text, head.end(3)) if shape and head.start() >= copied else None
        if rest and _mod97(rest[0] + head[1] + head[2] + head[3]) == 1:
            pieces += [text[copied : head.start()], MASKS["iban"]]
            copied = rest.end()
    return "".join([*pieces, text[copied:]])


def _mod97(text: str) -> int:
    """The remainder with letters as 10 to 35; what separates the groups does not count."""
    written = re.sub("%20", "", text)
    return int("".join(str(int(one, 36)) for one in written if one.isdecimal() or one.isalpha())) % 97


# --- e-mail addresses and phone numbers -----------------------------------------------------------------------

LETTER = "A-Za-z\u00c0-\u024f"  # other scripts write no spaces before and after an address
INSIDE = f"[{LETTER}0-9_.+\\-]"
EMAIL = re.compile(
    rf"(?<!{INSIDE})[.+\-]*+[{LETTER}0-9_]{INSIDE}*+(?:@|%40)(?:[{LETTER}0-9_\-]++\.)+[{LETTER}]{{2,}}+"
    rf"(?:[.+\-]*+[{LETTER}0-9_]++)*+"
)

APART = f"[{SPACES}{HYPHENS}./()]{{0,3}}"
NOT_IN_A_NAME = rf"(?<!\w)(?<![^\W\d_][{HYPHENS}])"  # AC-0204178889 is an order
PHONE = re.compile(
    rf"(?:(?:\+|%2B|(?<![\w.,\-])00)[ (]{{0,2}}[1-9](?:{APART}\d){{7,14}}"  # +49 (0)30 123456, 0049…
    rf"|{NOT_IN_A_NAME}(?:"
    rf"\(?0[1-9]\d(?:{APART}\d){{6,9}}"  # 030 1234567, 0170/1234567
    rf"|0[1-9]([ .\-])\d\d(?:\1\d\d){{3}}"  # 06 12 34 56 78
    rf"|(?:1[ .\-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .\-])[2-9]\d\d[ .\-]\d{{4}}"  # (212) 555-0123
    r"))(?![\d_])"
)


def _all(pattern: re.Pattern[str], kind: Kind) -> Callable[[str, Collection[str]], str]:
    return lambda text, _keep: pattern.sub(MASKS[kind], text)


MASKERS: Mapping[Kind, Callable[[str, Collection[str]], str]] = {
    "iban": _ibans,  # before the card numbers: an IBAN's groups may look like one
    "card_number": _cards,
    "email": _all(EMAIL, "email"),
    "phone": _all(PHONE, "phone"),
}
