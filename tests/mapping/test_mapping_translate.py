"""A translation: which row of its table a message leads to, and what becomes of it in a rule and in a field."""

from __future__ import annotations

import json
from collections.abc import Mapping as Dict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import MESSAGE, NOBODY, faults, mapping, said, with_fields

from bridge.mapping import Decision, Mapping, blanked, create, decide
from bridge.message import Account, Message
from bridge.ports import PersonFound, Value


def in_a_field(translation: str, message: Message = MESSAGE, person: PersonFound = NOBODY) -> Value:
    """What a field with this translation holds."""
    made = with_fields(f"Field__c: {translation}", sections=CONTACT)
    return create(made, message, decide(made, message, person), person)["Field__c"]


def decided(translation: str, message: Message = MESSAGE) -> Decision:
    """What a name with this translation becomes."""
    return decide(mapping(f"decide:\n  name: {translation}\n"), message, NOBODY)


CONTACT = 'contact: {object: Contact, match: [{X__c: "{author.id}"}], fetch: [Tier__c]}\n'
LANGUAGES = '{from: "{language}", translate: {de: German, de-CH: Swiss, "zh_Hant": Chinese}, otherwise: Other}'

ROWS = {
    "de": "German",
    "DE": "German",
    "de-AT": "German",
    "de_AT": "German",
    "de-CH": "Swiss",
    "De_ch": "Swiss",
    "de-CH-1996": "Swiss",
    "zh-hant-TW": "Chinese",
    "zh": "Other",
    "den": "Other",
    "d": "Other",
    "-": "Other",
    "-de": "Other",
    "": "Other",
}


@pytest.mark.parametrize("language", ROWS)
def test_a_language_is_known_by_its_longest_beginning_in_the_table(language: str) -> None:
    message = said(language=language)

    assert decided(LANGUAGES, message).values == {"name": ROWS[language]}
    assert in_a_field(LANGUAGES, message) == ROWS[language]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("{ language | lower }", "German"),
        ('{language | default \\"de-AT\\"}', "German"),
        ("{account.queue}", "Other"),
        ("{language}-{language}", "Other"),
    ],
)
def test_only_a_language_is_known_by_its_beginning(source: str, found: str) -> None:
    message = said(language="de-AT", account=Account(id="page-1", about={"queue": "de-AT"}))

    assert in_a_field(LANGUAGES.replace("{language}", source), message) == found


def test_a_language_that_is_missing_can_have_a_default() -> None:
    spoken = LANGUAGES.replace("{language}", '{language | default \\"de-AT\\"}')

    assert in_a_field(spoken, said(language="")) == "German"


@pytest.mark.parametrize(
    ("queue", "found"),
    [
        ("Social DE", "Bonn"),
        ("social de", "Bonn"),
        ("  SOCIAL DE\n", "Bonn"),
        ("Social DEN", None),
        ("Social", None),
        ("", None),
    ],
)
def test_any_other_text_is_looked_up_whole_and_blind_to_case(queue: str, found: str | None) -> None:
    message = said(account=Account(id="page-1", about={"queue": queue}))

    assert in_a_field('{from: "{account.queue}", translate: {"Social DE ": Bonn}}', message) == found


@pytest.mark.parametrize(
    ("rating", "found"), [(1, True), (2, False), (3, "true"), (4, "4 by u-5"), (5, None), (None, 7)]
)
def test_results_keep_their_types(rating: int | None, found: Value) -> None:
    table = "{1: true, 2: false, 3: 'true', 4: '{rating} by {author.id}', 5: ''}"
    message = said(rating=rating, author=MESSAGE.author)

    made = in_a_field(
        f'{{from: "{{rating}}", translate: {table}, otherwise: "{{person.Tier__c}}"}}',
        message,
        PersonFound(id="003", values={"Tier__c": 7}),
    )

    assert (made, type(made)) == (found, type(found))


def test_without_otherwise_a_field_is_left_out() -> None:
    assert in_a_field('{from: "{language}", translate: {de: German}}', said(language="fr")) is None


def test_rules_below_read_what_a_translation_gave() -> None:
    sections = (
        'decide:\n  market: {from: "{language}", translate: {de: DACH}, otherwise: "{language | upper}"}\n'
        "  desk:\n    - when: {market: DACH}\n      use: Bonn\n    - otherwise: Paris\n"
    )
    made = mapping(sections)

    found = [decide(made, said(language=language), NOBODY).values for language in ("de-CH", "fr")]

    assert found == [{"market": "DACH", "desk": "Bonn"}, {"market": "FR", "desk": "Paris"}]


def test_a_value_that_a_translation_does_not_give_is_refused() -> None:
    sections = (
        'decide:\n  market: {from: "{language}", translate: {de: DACH}, otherwise: Rest}\n'
        "  desk: [{when: {market: DAHC}, use: Bonn}, {otherwise: Paris}]\n"
    )

    (told,) = faults(sections)

    assert told.split("\n")[0] == (
        "care.yaml:7:26 error: 'market' is compared with 'DAHC', but no rule above gives that value "
        "[never-decided]"
    )


REFUSED = {
    '{from: "{language}", translate: {de: x}}': (
        "6:3 error: 'name' needs a last line: otherwise: … [missing-otherwise]"),
    '{translate: {de: x}, otherwise: y}': "6:3 error: 'from' is missing [missing-key]",
    '{from: "{language}", otherwise: y}': "6:3 error: 'translate' is missing [missing-key]",
    '{from: "{language}", translate: {}, otherwise: y}': (
        "6:41 error: this is empty: fill it in or remove it [empty]"),
    '{from: de, translate: {de: x}, otherwise: y}': (
        "6:16 error: this is the same for every message: write a placeholder, \"{language}\" "
        "[nothing-to-translate]"),
    '{from: "{language}", translate: {de_AT: x, DE-at: y}, otherwise: z}': (
        "6:52 error: 'DE-at' is translated above already: case makes no difference [translated-twice]"),
    '{from: "{language}", translate: {de: [x]}, otherwise: y}': (
        "6:46 error: one text is expected here, not a list or a map [not-a-text]"),
    '{from: "{language}", translate: {de: {named: x}}, otherwise: y}': (
        "6:46 error: one text is expected here, not a list or a map [not-a-text]"),
    '{from: "{langage}", translate: {de: x}, otherwise: y}': (
        "6:18 error: unknown word 'langage' [unknown-word]"),
    '{from: "{name}", translate: {de: x}, otherwise: y}': (
        "6:18 error: 'name' is decided below, on line 6: move it above its first use [decided-below]"),
    '{from: "{language}", translate: {de: "{txt}"}, otherwise: y}': (
        "6:48 error: unknown word 'txt' [unknown-word]"),
    '{from: "{language}", translate: {de: x}, otherwise: y, use: z}': (
        "6:64 error: unknown key 'use' [unknown-key]"),
}  # fmt: skip


@pytest.mark.parametrize("translation", REFUSED)
def test_a_wrong_translation_is_refused(translation: str) -> None:
    told = faults(f"decide:\n  name: {translation}\n")

    assert [fault.split("\n")[0] for fault in told] == [f"care.yaml:{REFUSED[translation]}"]


# --- where it stands, and what is left of it after a deletion ---


def test_the_row_that_decided_is_named_by_its_line() -> None:
    rows = '\n    from: "{language}"\n    translate:\n      de: German\n      fr: French\n    otherwise: Other'

    found = [decided(rows, said(language=language)).lines["name"] for language in ("de", "fr", "nl")]

    assert found == ["care.yaml:9", "care.yaml:10", "care.yaml:11"]


def test_rows_on_one_line_are_told_apart_by_their_columns() -> None:
    found = [decided(LANGUAGES, said(language=language)).lines["name"] for language in ("de", "de-CH", "nl")]

    assert found == ["care.yaml:6:42", "care.yaml:6:54", "care.yaml:6:89"]


def test_rules_on_one_line_are_told_apart_by_their_columns() -> None:
    made = mapping("decide:\n  topic: [{when: {text: {has_any: [bill]}}, use: Billing}, {otherwise: General}]\n")

    found = [decide(made, said(text), NOBODY).lines["topic"] for text in ("bill", "hello")]

    assert found == ["care.yaml:6:11", "care.yaml:6:60"]


TRANSLATIONS = [
    '{from: "{raw.shop}", translate: {bonn: North, rome: South}, otherwise: "{text}"}',
    """
      from: "{raw.shop}"
      translate:
        bonn: North
        rome: South
      otherwise: "{text}\"""",
]


@pytest.mark.parametrize("translation", TRANSLATIONS, ids=["one line", "lines"])
@pytest.mark.parametrize(
    ("shop", "created", "left"),
    [
        ("rome", "South", "South"),
        ("secret", "secret", "[deleted by its author]"),
    ],
)
def test_after_a_deletion_the_row_that_decided_stays(translation: str, shop: str, created: str, left: str) -> None:
    made = with_fields(
        'Region__c: "{region}"\nBoth__c: "{region}: {kind}"', sections=f"decide:\n    region: {translation}\n"
    )
    message = said("secret", raw=json.dumps({"shop": shop}).encode())
    decision = decide(made, message, NOBODY)

    assert create(made, message, decision, NOBODY) == {
        "Region__c": created, "Both__c": f"{created}: comment",
    }  # fmt: skip
    assert blanked(made, message, Decision({}, decision.lines), NOBODY) == {
        "Region__c": left, "Both__c": f"{left}: comment",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("{language}", {}),
        ("{author.id}", {}),
        ("{author.handle}", {"Field__c": "Other"}),
        ("{raw.from.id}", {"Field__c": "Other"}),
        ("{text}", {"Field__c": "Other"}),
        ("{said}", {"Field__c": "Other"}),
    ],
)
def test_a_field_that_translates_what_was_deleted_is_written_anew(source: str, left: Dict[str, Value]) -> None:
    made = with_fields(
        f"Field__c: {{from: '{source}', translate: {{hello: x, zoe: x, 5: x, u-5: x}}, otherwise: Other}}",
        sections='decide: {said: [{otherwise: "{text}"}]}\n',
    )
    message = said("hello")

    assert blanked(made, message, decide(made, message, NOBODY), NOBODY) == left


def test_a_result_that_shows_the_message_is_written_anew() -> None:
    made = with_fields('Field__c: {from: "{kind}", translate: {comment: "{text}"}, otherwise: "{author.name}"}')

    decision = decide(made, MESSAGE, NOBODY)

    assert create(made, MESSAGE, decision, NOBODY) == {"Field__c": "Hello, my bill is wrong"}
    assert blanked(made, MESSAGE, decision, NOBODY) == {"Field__c": "[deleted by its author]"}


# --- any table, any value ---


TAG = st.lists(st.sampled_from(["de", "DE", "at", "AT", "zh", "Hant", "ß", "ss", "x"]), min_size=1, max_size=4)
LANGUAGE = st.tuples(TAG, st.sampled_from("-_")).map(lambda parts: parts[1].join(parts[0]))


def plain(language: str) -> str:
    return language.casefold().replace("_", "-")


TABLES = st.lists(LANGUAGE, min_size=1, max_size=6, unique_by=plain).map(
    lambda keys: {key: f"row {n}" for n, key in enumerate(keys)}
)


def looked_up(table: Dict[str, str], language: str) -> str:
    """What a table says of a language, its longest beginning first."""
    rows = {plain(key): result for key, result in table.items()}
    parts = plain(language).split("-")
    beginnings = ["-".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return next((rows[beginning] for beginning in beginnings if beginning in rows), "none")


def of_table(source: str, table: Dict[str, str]) -> Mapping:
    """A mapping that translates by a table in a rule and in a field."""
    rows = f"{{from: '{source}', translate: {json.dumps(table, ensure_ascii=False)}, otherwise: none}}"
    return with_fields(f"Field__c: {rows}\nDecided__c: '{{name}}'", sections=f"decide:\n  name: {rows}\n")


def both(made: Mapping, message: Message) -> Dict[str, Value]:
    return create(made, message, decide(made, message, NOBODY), NOBODY)


@settings(max_examples=100, deadline=None)
@given(TABLES, st.lists(LANGUAGE, min_size=1, max_size=5))
def test_a_translated_language_is_looked_up_by_its_beginnings(table: dict[str, str], spoken: list[str]) -> None:
    made = of_table("{language}", table)

    found = [both(made, said(language=language)) for language in spoken]

    wanted = [looked_up(table, language) for language in spoken]
    assert found == [{"Field__c": one, "Decided__c": one} for one in wanted]


WORDS = st.text(st.sampled_from("aAßsSİiı-_ \u0301é"), min_size=1, max_size=4).filter(str.strip)


@settings(max_examples=100, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=6, unique_by=lambda w: w.strip().casefold()), WORDS)
def test_a_translated_text_is_looked_up_whole(keys: list[str], text: str) -> None:
    table = {key: f"row {n}" for n, key in enumerate(keys)}
    made = of_table("{text}", table)

    found = [both(made, said(one)) for one in (text, *keys)]

    rows = {key.strip().casefold(): result for key, result in table.items()}
    wanted = [rows.get(one.strip().casefold(), "none") for one in (text, *keys)]
    assert found == [{"Field__c": one, "Decided__c": one} for one in wanted]


@pytest.mark.timeout(20)  # each of these takes seconds where a text is looked at once for each row, or part
@pytest.mark.parametrize("text", ["-" * 200_000, "_a" * 100_000, "É" * 200_000, "a" + " " * 199_999])
def test_no_text_makes_a_table_run_away(text: str) -> None:
    rows = {f"k{n}": "row" for n in range(1500)} | {"a": "found"}
    found = "found" if text.strip() == "a" else "none"

    for source in ("{text}", "{language}") * 3:
        made = of_table(source, rows if source == "{text}" else {"a": "found"})

        assert both(made, said(text, language=text)) == {"Field__c": found, "Decided__c": found}
