"""The patterns of `matches`: regular expressions that no text makes run away. Pure.

RE2 reads a text once, whatever stands in it: https://github.com/google/re2/wiki/WhyRE2
"""

from __future__ import annotations

import re
from collections.abc import Callable

import re2

MOST = 50_000  #: only so many characters of a text are searched
LARGEST = 3_000  #: steps of a compiled pattern: at worst each is taken for each character, within about a second
MEMORY = 2_000_000  #: bytes that one pattern may take

POSSIBLE = r". [a-z] \d \w \s \b \p{Greek} * + ? {2,5} | ( ) ^ $ (?-i); not: (?=…) (?!…) (?<=…) \1"
"""What RE2 has and lacks: https://github.com/google/re2/wiki/Syntax"""

FOREIGN_EDGE = re.compile(r"[^\W\x00-\x7f]\\b|(?<!\\)\\b[^\W\x00-\x7f]")
"""A letter that is none of a-z beside \\b: RE2 takes it for none at all, so no word begins or ends there."""

Search = Callable[[str], bool]


class BadPattern(Exception):
    """A pattern cannot be used, says why in a sentence. code: one of CODES. allowed: what can be written."""

    def __init__(self, code: str, reason: str, *, allowed: str = "") -> None:
        super().__init__(reason)
        self.code, self.allowed = code, allowed


def search(pattern: str) -> Search:
    """What tells whether a pattern is found somewhere in a text, blind to case unless it says (?-i).

    Raises BadPattern: RE2 cannot read it, it is too large, it finds even nothing, or a whole word never.
    """
    if FOREIGN_EDGE.search(pattern):
        raise BadPattern("foreign-word-edge", r"\b knows the letters a-z only: write has_any for whole words")
    options = re2.Options()
    options.case_sensitive, options.never_capture, options.log_errors = False, True, False
    options.max_mem = MEMORY
    try:
        compiled = re2.compile(pattern.encode(), options)
    except re2.error as error:
        raise _refused(error.args[0]) from None
    if compiled.programsize > LARGEST:
        raise _too_large()
    if compiled.search(b"") is not None:
        reason = "this pattern finds even nothing, so it is in every text: write + for *, or what must be there"
        raise BadPattern("always-matches", reason)
    return lambda text: compiled.search(text[:MOST].encode(errors="replace")) is not None


def _refused(error: bytes) -> BadPattern:
    reason = error.decode(errors="replace")
    if reason.startswith("pattern too large"):
        return _too_large()
    return BadPattern("wrong-pattern", f"this pattern cannot be read: {reason}", allowed=POSSIBLE)


def _too_large() -> BadPattern:
    return BadPattern("pattern-too-large", "this pattern is too large when it is counted out: repeat less in it")
