"""has_signal: the phrases of the message's language, found as has_any finds them, however many there are."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import CASE, HEAD, faults, said

from bridge.errors import ConfigError
from bridge.mapping import Dropped, accept, read
from bridge.mapping.document import Document, parse
from bridge.mapping.signals import Signal, indexed, signal
from bridge.mapping.surroundings import Surroundings
from bridge.mapping.words import folded, found, pieces
from bridge.message import Message

ANGRY = """\
any: [🤬, wtf]
en: [furious, worst service, "can't believe"]
de: [Unverschämt, 'eine Frechheit']
de-AT: [leiwand oder was]
pt_BR: [que absurdo]
ja: [ひどい]
"no": [elendig service]
"""
URGENT = "en: [asap]\n"


def signals(**texts: str) -> Surroundings:
    """Signals of these files, which have no fault."""
    made = {name: signal(parse(text, f"{name}.yaml")) for name, text in texts.items()}
    assert [wrong for _, wrong in made.values() if wrong] == []
    return Surroundings(signals={name: found for name, (found, _) in made.items()})


AROUND = signals(angry=ANGRY, urgent=URGENT)


def fires(message: Message, names: str = "angry", word: str = "text") -> bool:
    """Whether the condition is true, as a line of accept.drop."""
    made = read(
        f"{HEAD}accept:\n  drop:\n    - {word}: {{has_signal: {names}}}\n{CASE}", "care.yaml", around=AROUND
    )
    return accept(made, message) == Dropped("care.yaml:7")


# --- what is found -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "I am FURIOUS!",
        "furious",
        "the worst   service\never",
        "I can’t believe it",
        "CAN`T BELIEVE",
        "fúrious",
        "well,furious.",
        "🤬🤬",
        "WTF?",
    ],
)
def test_a_phrase_is_found_as_has_any_finds_it(text: str) -> None:
    assert fires(said(text, language="en"))


@pytest.mark.parametrize(
    "text", ["", "infuriously", "furiously", "the worst of services", "worst, service", "believe", "wtfs"]
)
def test_only_whole_phrases_count(text: str) -> None:
    assert not fires(said(text, language="en"))


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("eine frechheit", "de", True),
        ("UNVERSCHÄMT", "de-CH", True),
        ("unverschamt", "DE_at", True),
        ("leiwand oder was", "de-AT", True),
        ("leiwand oder was", "de", False),
        ("que absurdo", "pt-br", True),
        ("que absurdo", "pt", False),
        ("本当にひどいです", "ja", True),
        ("elendig service", "nb", True),
        ("furious", "nb", False),
        ("furious", "de", False),
        ("wtf", "de", True),
        ("wtf", "pl", True),
        ("furious", "pl", False),
        ("furious", "", True),
        ("leiwand oder was", "", True),
        ("eine frechheit", "und", True),
        ("eine frechheit", "english", True),
    ],
)
def test_the_language_of_the_message_says_which_phrases_count(text: str, language: str, expected: bool) -> None:
    assert fires(said(text, language=language)) is expected


def test_of_several_signals_any_will_do() -> None:
    assert fires(said("asap please"), "[angry, urgent]")
    assert fires(said("furious"), "[angry, urgent]")
    assert not fires(said("asap please"))
    assert not fires(said("hello"), "[angry, urgent]")


def test_every_word_that_is_text_can_be_asked() -> None:
    message = said("hello", language="en", raw=b'{"title": "Worst service", "tags": ["x", "furious"]}')

    assert fires(message, word="raw.title")
    assert fires(message, word="raw.tags")
    assert not fires(message, word="raw.body")
    assert not fires(message, word="author.name")


def test_a_test_of_a_mapping_says_the_language() -> None:
    rules = "decide:\n  mood:\n    - {when: {text: {has_signal: angry}}, use: bad}\n    - otherwise: good\n"
    proof = (
        "tests:\n"
        "  - {name: it is German, message: {text: Eine Frechheit!, language: de}, expect: {mood: bad}}\n"
        "  - {name: it is English, message: {text: eine Frechheit, language: en}, expect: {mood: good}}\n"
    )

    assert read(HEAD + rules + CASE + proof, "care.yaml", around=AROUND).name == "care"


# --- however many there are ------------------------------------------------------------------------------------


PHRASE = st.text("ab'ä.- 12_ひ🤬", min_size=1, max_size=7).map(folded).filter(bool)


@settings(max_examples=300, deadline=None)
@given(st.lists(PHRASE, max_size=8, unique=True), st.text("abä'.- 12_ひ🤬\n", max_size=30))
def test_the_index_finds_what_a_search_for_each_phrase_finds(phrases: list[str], text: str) -> None:
    here = folded(text)
    fired = Signal({"any": indexed(phrases)}).fires(here, pieces(here), "en")

    assert fired is any(found(phrase, here) for phrase in phrases)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=12).map(folded).filter(bool), st.text(max_size=12), st.text(max_size=12))
def test_where_a_phrase_is_found_its_pieces_are(phrase: str, before: str, behind: str) -> None:
    text = folded(f"{before} {phrase} {behind}")

    assert not found(phrase, text) or pieces(phrase) <= pieces(text)


def test_of_20_000_phrases_a_text_is_asked_for_few() -> None:
    """To look for each of them would take longer than all the rest of a decision."""
    phrases = [
        f"i want my {thing} number {i}" for i in range(5000) for thing in ("money", "card", "line", "phone")
    ]

    index = indexed(phrases)

    assert Counter(map(len, index.values())) == {4: 5000}
    assert sorted(phrase for some in index.values() for phrase in some) == sorted(phrases)


# --- what is told ----------------------------------------------------------------------------------------------


def told(text: str) -> list[str]:
    return [str(fault).split("\n")[0] for fault in signal(parse(text, "angry.yaml"))[1]]


def test_everything_wrong_in_a_file_is_told_at_once() -> None:
    no_list = "a list of words and phrases is expected here: [furious, worst service] [not-a-list]"
    too_long = "a keyword has at most 200 characters: look for a part of this one [keyword-too-long]"
    text = (
        "english: [furious]\n"
        "en: furious\n"
        "de: []\n"
        "fr: [honte, {a: b}, '', '\u200b']\n"
        "fr-CA:\n"
        f"  - {'x' * 201}\n"
        "  - scandaleux\n"
        "  - SCANDALEUX\n"
        "EN: [livid]\n"
    )

    assert told(text) == [
        "angry.yaml:1:1 error: there is no language 'english' [unknown-language]",
        f"angry.yaml:2:5 error: {no_list}",
        f"angry.yaml:3:5 error: {no_list}",
        "angry.yaml:4:13 error: one word or phrase is expected here, not a list or a map [not-a-text]",
        "angry.yaml:4:21 error: the keyword '' has nothing to look for [empty-keyword]",
        "angry.yaml:4:25 error: the keyword '\\u200b' has nothing to look for [empty-keyword]",
        f"angry.yaml:6:5 error: {too_long}",
        "angry.yaml:8:5 error: 'SCANDALEUX' is looked for already: it stands on line 7 [same-phrase]",
        "angry.yaml:9:1 error: 'EN' stands here twice, in another spelling [duplicate-key]",
    ]


@pytest.mark.parametrize("text", ["furious", "[furious]", "{}"])
def test_a_file_is_a_map_of_languages(text: str) -> None:
    reason = "a map of languages is expected here: {en: [furious, worst service]} [not-a-map]"
    assert told(text) == [f"angry.yaml:1:1 error: {reason}"]


def test_a_file_that_is_something_else_is_not_told_of_line_by_line() -> None:
    assert len(told("en:\n" + "  - {word: furious}\n" * 500)) == 10


WORDS = st.text(max_size=9) | st.sampled_from(["en", "any", "de_AT", "furious", "", "xx"])
TREES = st.recursive(WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3))


@settings(max_examples=100, deadline=None)
@given(TREES)
def test_any_document_is_a_signal_or_faults_in_their_places(tree: object) -> None:
    try:
        document: Document = parse(str(tree), "angry.yaml")
    except ConfigError:
        return

    made, wrong = signal(document)

    assert [fault for fault in wrong if fault.file != "angry.yaml" or not fault.line] == []
    assert wrong or made.lists


def test_an_unknown_signal_is_told_with_the_near_and_the_known_names() -> None:
    text = f"{HEAD}accept:\n  drop:\n    - text: {{has_signal: [urgent, angri]}}\n{CASE}"

    with pytest.raises(ConfigError) as caught:
        read(text, "care.yaml", around=AROUND)

    assert str(caught.value) == (
        "care.yaml:7:35 error: connections.yaml has no signal 'angri' [no-such-signal]\n"
        "    - text: {has_signal: [urgent, angri]}\n"
        "                                  ^\n"
        "    -> allowed: angry, urgent\n"
        "    -> did you mean 'angry'?"
    )


def test_without_surroundings_every_signal_is_unknown() -> None:
    (fault,) = faults("accept:\n  drop:\n    - text: {has_signal: angry}\n")

    assert fault.split("\n")[0] == "care.yaml:7:26 error: connections.yaml has no signal 'angry' [no-such-signal]"


@pytest.mark.parametrize("operand", ["[]", "''", "{a: b}", "[angry, '']"])
def test_one_name_or_several_are_needed(operand: str) -> None:
    (fault,) = faults(f"accept:\n  drop:\n    - text: {{has_signal: {operand}}}\n")

    reason = "'has_signal' needs a value or a list of values: [one, two] [missing-value]"
    assert fault.split("\n")[0] == f"care.yaml:7:26 error: {reason}"


def test_a_number_has_no_signal() -> None:
    (fault,) = faults("accept:\n  drop:\n    - rating: {has_signal: angry}\n")

    reason = "'has_signal' can never be true for 'rating', which is a number [wrong-comparison]"
    assert fault.split("\n")[0] == f"care.yaml:7:16 error: {reason}"
