"""The form refuses what it does not know, says what is not built yet, and tells every fault at once."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import CASE, HEAD, faults

from bridge.errors import ConfigError
from bridge.mapping import Mapping, read


def told(sections: str, *, case: str = CASE) -> list[str]:
    """The first lines of the faults, without the file."""
    return [fault.split("\n")[0].removeprefix("care.yaml:") for fault in faults(sections, case=case)]


def in_case(line: str) -> list[str]:
    """The faults of a case section with one more line, the 9th of the file."""
    return told("", case=f"{CASE}  {line}\n")


REFUSED = {
    "acept: {kinds: [post]}": "5:1 error: unknown key 'acept' [unknown-key]",
    "accept: {kinds: [pots]}": "5:18 error: 'pots' is not possible here [not-possible]",
    "accept: {kinds: []}": "5:17 error: this is empty: fill it in or remove it [empty]",
    "accept: [post]": "5:9 error: a map (key: value) is expected here [not-a-map]",
    "accept: {drop: {kind: post}}": "5:16 error: a list is expected here: - one, or [one, two] [not-a-list]",
    "decide: {text: [{otherwise: x}]}": (
        "5:10 error: 'text' is already a word of the form: choose another name [reserved-name]"),
    "decide: {raw: [{otherwise: x}]}": (
        "5:10 error: 'raw' is already a word of the form: choose another name [reserved-name]"),
    "decide: {a.b: [{otherwise: x}]}": (
        "5:10 error: a decided name has only letters, digits and _, and no dot: 'a.b' [not-a-decided-name]"),
    "decide: {a: [{when: {kind: post}, use: x}]}": (
        "5:10 error: 'a' needs a last line: - otherwise: … [missing-otherwise]"),
    "decide: {a: [{otherwise: x}, {when: {kind: post}, use: y}]}": (
        "5:30 error: this rule can never be used: 'a' already has an 'otherwise' on line 5 [after-otherwise]"),
    "decide: {a: [{when: {kind: post}, use: x}, {when: {kind: post}, use: y}, {otherwise: z}]}": (
        "5:44 error: this rule can never be used: line 5 has the same condition [same-condition]"),
    "decide: {a: [{when: {kind: post}}, {otherwise: z}]}": (
        "5:14 error: a rule is one of when, when_any or when_all, with a 'use'; or it is 'otherwise' "
        "[not-a-rule]"),
    "decide: {a: [{when: {kind: post}, when_any: [{kind: direct}], use: x}, {otherwise: z}]}": (
        "5:14 error: a rule is one of when, when_any or when_all, with a 'use'; or it is 'otherwise' "
        "[not-a-rule]"),
    "decide: {a: [{otherwise: z, use: x}]}": (
        "5:14 error: 'otherwise' stands alone: it has no condition and no 'use' [otherwise-not-alone]"),
    "decide: {a: [{when: {}, use: x}, {otherwise: z}]}": (
        "5:21 error: a condition is a map: {text: {has_any: [fraud, hacked]}} [not-a-condition]"),
    "decide: {a: [{when_any: [], use: x}, {otherwise: z}]}": (
        "5:25 error: a list of conditions is expected here, each beginning with '-' [no-conditions]"),
    "decide: {a: [{when: {b: x}, use: y}, {otherwise: z}], b: [{otherwise: x}]}": (
        "5:22 error: condition on 'b' is decided below, on line 5: move it above its first use [decided-below]"),
    "decide: {a: [{otherwise: '{a}'}]}": (
        "5:28 error: 'a' is decided below, on line 5: move it above its first use [decided-below]"),
    "decide: {a: [{otherwise: General}], b: [{when: {a: Genral}, use: x}, {otherwise: y}]}": (
        "5:52 error: 'a' is compared with 'Genral', but no rule above gives that value [never-decided]"),
    "decide: {a: [{when: {person.id: x}, use: y}, {otherwise: z}]}": (
        "5:22 error: condition on 'person.id' cannot be used here: this mapping has no contact section "
        "[no-contact]"),
    "contact: {object: Contact, match: []}": "5:35 error: this is empty: fill it in or remove it [empty]",
    "contact: {object: Contact, match: [{Name: Zoe}]}": (
        '5:36 error: this line finds the same record for everybody: write a placeholder, "{author.id}" '
        '[matches-everybody]'),
    "contact: {object: 'Contact; DROP', match: [{A: '{author.id}'}]}": (
        "5:19 error: the name of a CRM field or object has only letters, digits and _: 'Contact; DROP' "
        "[not-a-crm-name]"),
    "contact: {object: Contact, match: [{A: '{person.id}'}]}": (
        "5:42 error: 'person.id' cannot be used here: the customer's record is looked up later "
        "[person-too-early]"),
    "contact: {object: Contact, match: [{A: '{author.id}'}], many_found: first}": (
        "5:69 error: 'first' is not possible here [not-possible]"),
    "contact: {object: Contact, match: [{A: '{author.id}'}], none_found: leave_blnk}": (
        "5:69 error: this is not possible here: 'leave_blnk' [not-possible]"),
    "contact: {object: Contact, match: [{A: '{author.id}'}], none_found: {}}": (
        "5:57 error: 'create' is missing [missing-key]"),
    "contact: {object: Contact, match: [{A: '{author.id}'}], none_found: {create: {}}}": (
        "5:78 error: this is empty: fill it in or remove it [empty]"),
    "contact: {object: A, match: [{A: '{id}'}], none_found: {create: {A: '{id}', B: '{person.id}'}}}": (
        "5:82 error: 'person.id' cannot be used here: the customer's record is looked up later "
        "[person-too-early]"),
    "contact: {object: Contact, match: [{A: '{author.id}'}], none_found: {create: {B: '{author.id}'}}}": (
        "5:70 error: a new record must be found again: repeat all fields of one line of match here "
        "[not-found-again]"),
    "protect: {too_long: cut}": "5:21 error: 'cut' is not possible here [not-possible]",
    "tests: [{name: x, expect: {}}]": "5:27 error: this is empty: fill it in or remove it [empty]",
}  # fmt: skip


@pytest.mark.parametrize("section", REFUSED)
def test_a_wrong_section_is_refused(section: str) -> None:
    assert told(section + "\n") == [REFUSED[section]]


REFUSED_IN_CASE = {
    "if_closed: {reopen_within: fortnight, set: {S: N}}": (
        "9:30 error: a time is a number and minutes, hours, days or weeks: 14 days: 'fortnight' [not-a-duration]"),
    "if_closed: {reopen_within: 14 days}": (
        "9:3 error: reopening needs both: reopen_within: 14 days, and set: {Status: …} [half-reopening]"),
    "if_closed: {set: {Status: New}}": (
        "9:3 error: reopening needs both: reopen_within: 14 days, and set: {Status: …} [half-reopening]"),
    "if_closed: {reopen_within: 1 day, set: {Status: '{text}'}}": (
        "9:51 error: a fixed value is expected here, without placeholders [not-fixed]"),
    "if_closed: {after_that: nothing}": "9:27 error: 'nothing' is not possible here [not-possible]",
    "one_per: author_and_tread": "9:12 error: 'author_and_tread' is not possible here [not-possible]",
    "update: {comment: just text}": "9:21 error: a map (key: value) is expected here [not-a-map]",
    "update: {comment: {text: x, public: maybe}}": (
        "9:39 error: write true or false: 'maybe' [not-true-or-false]"),
}  # fmt: skip


@pytest.mark.parametrize("line", REFUSED_IN_CASE)
def test_a_wrong_line_of_the_case_is_refused(line: str) -> None:
    assert in_case(line) == [REFUSED_IN_CASE[line]]


def test_the_key_field_is_the_bridge_s() -> None:
    assert told("", case=CASE.replace("{Subject", "{Key__c: x, Subject")) == [
        "8:12 error: 'Key__c' is the key field: the bridge fills it [key-field-filled]"
    ]


def test_a_file_without_the_needed_sections_names_them_all() -> None:
    with pytest.raises(ConfigError) as caught:
        read("version: 2\n", "care.yaml")

    assert [fault.split("\n")[0] for fault in caught.value.faults] == [
        "care.yaml:1:1 error: 'case' is missing [missing-key]",
        "care.yaml:1:1 error: 'mapping' is missing [missing-key]",
        "care.yaml:1:1 error: 'source' is missing [missing-key]",
        "care.yaml:1:1 error: 'target' is missing [missing-key]",
        "care.yaml:1:10 error: '2' is not possible here [not-possible]",
    ]


def test_faults_of_shape_of_words_and_of_comparisons_are_told_together() -> None:
    assert told(
        "accept: {kind: [post], drop: [{txt: x}]}\ndecide: {a: [{when: {rating: {at_leest: 3}}, use: x}]}\n",
        case=CASE.replace("{text}", "{texd}"),
    ) == [
        "5:10 error: unknown key 'kind' [unknown-key]",
        "5:32 error: condition on unknown word 'txt' [unknown-word]",
        "6:10 error: 'a' needs a last line: - otherwise: … [missing-otherwise]",
        "6:31 error: unknown comparison 'at_leest' [unknown-comparison]",
        "10:23 error: unknown word 'texd' [unknown-word]",
    ]


def test_a_value_that_no_rule_gives_is_told_with_its_near_spelling() -> None:
    (fault,) = faults("decide: {a: [{otherwise: General}], b: [{when: {a: Genral}, use: x}, {otherwise: y}]}\n")

    assert fault.endswith("-> allowed: General\n    -> did you mean 'General'?")


def test_a_name_that_can_be_anything_is_compared_with_anything() -> None:
    sections = "decide: {a: [{otherwise: '{text}'}], b: [{when: {a: x}, use: x}, {otherwise: y}]}\n"

    assert isinstance(read(HEAD + sections + CASE, "care.yaml"), Mapping)


FULL = f"""{HEAD}accept: {{kinds: [post], drop: [{{text: {{has_any: [a]}}}}]}}
decide: {{p: [{{when: {{kind: post}}, use: H}}, {{otherwise: L}}]}}
contact: {{object: Contact, match: [{{X: '{{author.id}}'}}], fetch: [T]}}
protect: {{too_long: refuse}}
tests: [{{name: t, message: {{text: b}}, expect: {{p: H}}}}]
{CASE}  if_closed: {{reopen_within: 1 day, set: {{S: N}}}}
"""
INSTEAD = ["", "x", "{", "}", "[]", "{}", ": ", "\n", "'", "1", "- ", "{a: b}", "|", "&", "#"]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_change_to_a_file_raises_anything_but_config_errors(data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(FULL)))
    end = data.draw(st.integers(begin, min(len(FULL), begin + 12)))
    instead = data.draw(st.sampled_from(INSTEAD))

    with suppress(ConfigError):
        assert isinstance(read(FULL[:begin] + instead + FULL[end:], "care.yaml"), Mapping)
