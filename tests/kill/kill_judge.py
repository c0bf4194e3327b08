"""The judge: what a run came to, from the sandbox's state and the sender's list of 2xx alone. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from crms import Seen
from road import PAGE

GONE = "deleted by its author"
WORD = re.compile(rf"<[^<>]+>|{GONE}")
"""How a text is known again: every text of these tests is one word in angle brackets, used once."""

Stories = dict[str, list[str]]
"""Case key -> the words that stand in the case: its opening, then its comments, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One event at the platform that was answered with 2xx."""

    author: str
    thread: str
    id: str
    text: str = ""
    verb: Literal["add", "edited", "remove"] = "add"
    under: str = ""  #: the comment that it answers; "" = the post
    episode: int = 1  #: which case of this author and thread it belongs to

    @property
    def case(self) -> str:
        """The key of its case."""
        key = f"facebook:{PAGE}:{self.thread}:{self.author}"
        return key if self.episode == 1 else f"{key}~{self.episode}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What went wrong; nothing, if it equals Verdict()."""

    lost: tuple[str, ...] = ()  #: texts that were acknowledged and are nowhere
    twice: tuple[str, ...] = ()  #: texts that stand in more than one place
    kept: tuple[str, ...] = ()  #: texts that their authors deleted and that still stand
    strange: tuple[str, ...] = ()  #: texts in a case where they do not belong
    disorder: tuple[str, ...] = ()  #: keys of the cases whose texts stand in another order than they were said


def judge(cases: Iterable[Seen], told: Iterable[Said]) -> Verdict:
    """Compare the CRM's cases with what was acknowledged, in the order of each author's 2xx."""
    expected, deleted = _expected(told)
    found = {key: [w for w in words if w != GONE] for key, words in stories(cases).items()}
    owed = Counter((key, word) for key, words in expected.items() for word in words)
    there = Counter((key, word) for key, words in found.items() for word in words)
    places = Counter(word for words in found.values() for word in words)
    return Verdict(
        lost=tuple(sorted({word for _, word in owed} - set(places))),
        twice=tuple(sorted(word for word, n in places.items() if n > 1)),
        kept=tuple(sorted(deleted & set(places))),
        strange=tuple(sorted({word for _, word in there.keys() - owed.keys()} - deleted)),
        disorder=tuple(
            sorted(k for k, words in expected.items() if words != found.get(k) and _alike(words, found.get(k)))
        ),
    )


def stories(cases: Iterable[Seen]) -> Stories:
    """Read every case. The words that open one stand in its subject and its own text, too."""
    found: Stories = {}
    for case in cases:
        first, *later = [WORD.findall(text) for text in case.texts]
        words = [word for text in later for word in text]
        besides = dict.fromkeys(WORD.findall(f"{case.subject}\n{case.opening}"))
        # A later text may say that it is gone, too.
        alone = [word for word in besides if word not in first and (word == GONE or word not in words)]
        found.setdefault(case.key, []).extend([*alone, *first, *words])
    return found


def _expected(told: Iterable[Said]) -> tuple[Stories, set[str]]:
    """Return the texts that must stand in each case, and those that must stand nowhere."""
    said = list(told)
    removed = {(one.case, one.id) for one in said if one.verb == "remove"}
    expected: Stories = {}
    for one in said:
        if one.verb != "remove" and (one.case, one.id) not in removed:
            expected.setdefault(one.case, []).append(one.text)
    return expected, {one.text for one in said if one.text and (one.case, one.id) in removed}


def _alike(words: list[str], others: list[str] | None) -> bool:
    return Counter(words) == Counter(others)
