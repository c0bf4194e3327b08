"""A mapping that is based on another: what it borrows, what it adds, and that the two decide alike."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import MESSAGE, NOBODY, said

from bridge.errors import ConfigError
from bridge.mapping import Accepted, Dropped, Mapping, accept, create, decide, load, read
from bridge.ports import PersonFound, Reopen

BASE = """\
version: 1
mapping: care
source: [acme-meta]
target: crm
accept:
  kinds: [comment, direct]
  drop:
    - text: {has_any: [giveaway]}
decide:
  topic:
    - when: {text: {has_any: [bill]}}
      use: Billing
    - otherwise: General
  priority:
    - when: {person.Tier__c: Gold}
      use: High
    - otherwise: Low
contact: {object: Contact, match: [{X__c: "{author.id}"}], fetch: [Tier__c]}
protect: {too_long: refuse, mask: {iban: everywhere}}
tests:
  - name: bills are billing
    message: {text: my bill, person.Tier__c: Gold}
    expect: {topic: Billing, priority: High, case.Subject: my bill, comment: my bill}
  - name: a giveaway is dropped
    message: {text: giveaway}
    expect: {dropped: true}
case:
  object: Case
  key_field: Key__c
  create: {Subject: "{text}"}
"""
HEAD = "version: 1\nmapping: desk\nbased_on: care\ntarget: desk\n"
CONTACT = 'contact: {object: user, match: [{external_id: "{author.id}"}], fetch: [Tier__c]}\n'
CASE = 'case:\n  object: ticket\n  create: {subject: "{topic}: {text}"}\n'


def borrower(sections: str = "", *, head: str = HEAD, contact: str = CONTACT, base: str = BASE) -> Mapping:
    """A mapping of these sections that is based on `care`."""
    return read(head + sections + contact + CASE, "desk.yaml", base)


def faults(sections: str = "", *, head: str = HEAD, contact: str = CONTACT, base: str | None = BASE) -> list[str]:
    """The first lines of its faults; its sections begin on line 5 of desk.yaml."""
    with pytest.raises(ConfigError) as caught:
        read(head + sections + contact + CASE, "desk.yaml", base)
    return [fault.split("\n")[0] for fault in caught.value.faults]


def files(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


# --- what is borrowed ---


def test_what_a_mapping_leaves_out_it_borrows() -> None:
    made, base = borrower(), read(BASE, "care.yaml")

    assert (made.source, made.kinds, made.too_long, made.mask) == (
        ("acme-meta",), ("comment", "direct"), "refuse", {"iban": "everywhere"},
    )  # fmt: skip
    assert list(made.decided) == list(base.decided) == ["topic", "priority"]


def test_what_is_its_own_is_not_borrowed() -> None:
    made = borrower()

    assert (made.name, made.file, made.target, made.object, made.key_field) == (
        "desk", "desk.yaml", "desk", "ticket", "",
    )  # fmt: skip
    assert create(made, MESSAGE, decide(made, MESSAGE, NOBODY), NOBODY) == {
        "subject": "Billing: Hello, my bill is wrong"
    }
    assert made.reopen == Reopen(line="desk.yaml:6")


def test_a_borrowed_rule_names_the_line_on_which_it_stands() -> None:
    made = borrower()

    dropped = accept(made, said("giveaway", connection="acme-meta"))
    decided = decide(made, MESSAGE, PersonFound(id="1", values={"Tier__c": "Gold"}))

    assert dropped == Dropped("care.yaml:8")
    assert decided.lines == {"topic": "care.yaml:11", "priority": "care.yaml:15"}


@pytest.mark.parametrize(
    ("sections", "found"),
    [
        ("source: any\n", (None, ("comment", "direct"), 1, "refuse", {"iban": "everywhere"})),
        ("accept: {kinds: [post]}\n", (("acme-meta",), ("post",), 1, "refuse", {"iban": "everywhere"})),
        ("accept: {drop: []}\n", (("acme-meta",), ("comment", "direct"), 0, "refuse", {"iban": "everywhere"})),
        ("protect: {too_long: shorten}\n",
         (("acme-meta",), ("comment", "direct"), 1, "shorten", {"iban": "everywhere"})),
        ("protect: {mask: {}}\n", (("acme-meta",), ("comment", "direct"), 1, "refuse", {})),
    ],
)  # fmt: skip
def test_a_key_of_its_own_stands_in_the_place_of_the_borrowed_one(sections: str, found: object) -> None:
    made = borrower(sections)

    assert (made.source, made.kinds, len(made.drops), made.too_long, made.mask) == found


def test_a_drop_of_its_own_names_its_own_line() -> None:
    made = borrower("accept:\n  drop:\n    - text: {has_any: [spam]}\n")

    outcomes = [accept(made, said(text, connection="acme-meta")) for text in ("giveaway", "spam")]

    assert outcomes == [Accepted(), Dropped("desk.yaml:7")]


# --- what is added ---


ADDED = """decide:
  word:
    - when: {priority: High, topic: {one_of: [Billing]}}
      use: urgent
    - otherwise: "{priority | lower}"
"""


def test_names_of_its_own_stand_below_the_borrowed_ones_and_use_them() -> None:
    made = borrower(ADDED)

    gold, anybody = (decide(made, MESSAGE, PersonFound(values={"Tier__c": tier})) for tier in ("Gold", "Tin"))

    assert gold.values == {"topic": "Billing", "priority": "High", "word": "urgent"}
    assert anybody.values == {"topic": "Billing", "priority": "Low", "word": "low"}
    assert gold.lines["word"] == "desk.yaml:7"


def test_a_borrowed_name_cannot_be_decided_again() -> None:
    assert faults("decide:\n  topic: [{otherwise: x}]\n") == [
        "desk.yaml:6:3 error: 'topic' is already decided by care.yaml:10: choose another name [decided-twice]"
    ]


def test_a_comparison_with_a_value_that_the_borrowed_rules_do_not_give_is_a_fault() -> None:
    assert faults("decide:\n  word: [{when: {topic: Biling}, use: x}, {otherwise: y}]\n") == [
        (
            "desk.yaml:6:25 error: 'topic' is compared with 'Biling', but no rule above gives that value "
            "[never-decided]"
        )
    ]


# --- what cannot be borrowed ---


def test_a_field_that_is_not_fetched_here_is_told_with_both_places() -> None:
    assert faults(contact=CONTACT.replace("fetch: [Tier__c]", "fetch: []")) == [
        (
            "desk.yaml:5:1 error: care.yaml:15 cannot be borrowed: condition on 'person.Tier__c' is not fetched: "
            "add Tier__c to contact.fetch [cannot-borrow]"
        )
    ]


def test_a_person_without_a_contact_section_is_told_with_both_places() -> None:
    assert faults(contact="") == [
        (
            "desk.yaml:3:1 error: care.yaml:15 cannot be borrowed: condition on 'person.Tier__c' cannot be used "
            "here: this mapping has no contact section [cannot-borrow]"
        )
    ]


def test_faults_of_both_files_are_told_once_each_where_they_stand() -> None:
    wrong = BASE.replace("has_any: [bill]", "has_some: [bill]").replace("{text}", "{texd}")

    assert faults("protct: {}\ndecide: {word: [{otherwise: '{topik}'}]}\n", base=wrong) == [
        "care.yaml:11:21 error: unknown comparison 'has_some' [unknown-comparison]",
        "care.yaml:30:23 error: unknown word 'texd' [unknown-word]",
        "desk.yaml:5:1 error: unknown key 'protct' [unknown-key]",
        "desk.yaml:6:31 error: unknown word 'topik' [unknown-word]",
    ]


def test_what_only_a_borrower_may_leave_out_is_missing_elsewhere() -> None:
    assert faults(head="version: 1\nmapping: desk\nbased_on: ''\n", base=None) == [
        "desk.yaml:3:11 error: this names another mapping in the same folder [not-another-mapping]"
    ]
    assert faults(head="version: 1\nmapping: desk\nbased_on: care\n", base=BASE) == [
        "desk.yaml:1:1 error: 'target' is missing [missing-key]"
    ]


def test_a_base_stands_by_itself(tmp_path: Path) -> None:
    chain = HEAD.replace("desk", "third").replace("care", "desk") + CONTACT + CASE
    files(tmp_path, care=BASE, desk=HEAD + CONTACT + CASE, third=chain)

    with pytest.raises(ConfigError) as caught:
        load(tmp_path, ["third"])

    assert caught.value.faults[0].split("\n")[0] == (
        "third.yaml:3:11 error: 'desk' is itself based on 'care': base this mapping on that one "
        "[based-on-borrower]"
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("desk", "this names another mapping in the same folder [not-another-mapping]"),
        ("car", "there is no such mapping; did you mean 'care'? [no-such-mapping]"),
        ("zz", "there is no such mapping; the folder holds: care, desk [no-such-mapping]"),
        ("../care", "'../care' is no name for a mapping: use letters, digits, '-' and '_' [not-a-mapping-name]"),
        ("[care]", "one text is expected here, not a list or a map [not-a-text]"),
    ],
)
def test_a_base_that_is_not_there_is_a_fault(tmp_path: Path, name: str, reason: str) -> None:
    alone = HEAD.replace("care", name) + "source: any\n" + CONTACT + CASE.replace("{topic}: ", "")
    files(tmp_path, care=BASE, desk=alone)

    with pytest.raises(ConfigError) as caught:
        load(tmp_path, ["desk"])

    assert [fault.split("\n")[0] for fault in caught.value.faults] == [f"desk.yaml:3:11 error: {reason}"]


def test_two_files_that_are_based_on_each_other_are_refused(tmp_path: Path) -> None:
    files(tmp_path, desk=HEAD + CASE, care=HEAD.replace("care", "desk").replace("g: desk", "g: care") + CASE)

    with pytest.raises(ConfigError, match="is itself based on"):
        load(tmp_path, ["desk", "care"])


def test_a_base_need_not_be_switched_on_and_its_faults_are_told_once(tmp_path: Path) -> None:
    files(tmp_path, care=BASE, desk=HEAD + CONTACT + CASE)

    alone = load(tmp_path, ["desk"])
    files(tmp_path, care=BASE.replace("otherwise: Low", "otherwise: '{texd}'"))
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, ["desk", "care"])

    assert [made.name for made in alone] == ["desk"]
    assert [fault.split("\n")[0] for fault in caught.value.faults] == [
        "care.yaml:17:20 error: unknown word 'texd' [unknown-word]"
    ]


# --- the borrowed tests ---


def test_borrowed_tests_are_run_but_for_what_they_expect_of_the_case() -> None:
    wrong = BASE.replace("expect: {topic: Billing", "expect: {topic: General").replace(
        "dropped: true", "dropped: false"
    )

    assert faults(base=wrong) == [
        (
            "care.yaml:23:21 error: test 'bills are billing': expected topic 'General', got 'Billing', "
            "decided by care.yaml:11 [test-failed]"
        ),
        (
            "care.yaml:26:23 error: test 'a giveaway is dropped': expected dropped 'false', got 'true', "
            "dropped by care.yaml:8 [test-failed]"
        ),
    ]
    assert isinstance(borrower(base=BASE.replace("case.Subject: my bill", "case.Subject: wrong here")), Mapping)


def test_its_own_tests_are_run_beside_them() -> None:
    own = "tests: [{name: own, message: {text: hi}, expect: {case.subject: 'General: ho'}}]\n"

    assert faults(own) == [
        "desk.yaml:5:65 error: test 'own': expected case.subject 'General: ho', got 'General: hi' [test-failed]"
    ]


def test_over_an_accept_of_its_own_borrowed_tests_are_not_run() -> None:
    wrong = BASE.replace("topic: Billing, priority", "topic: General, priority")

    assert isinstance(borrower("accept: {kinds: [post]}\n", base=wrong), Mapping)


def test_a_failing_test_of_both_is_told_once(tmp_path: Path) -> None:
    files(tmp_path, care=BASE.replace("{topic: Billing,", "{topic: General,"), desk=HEAD + CONTACT + CASE)

    with pytest.raises(ConfigError) as caught:
        load(tmp_path, ["desk", "care"])

    assert len(caught.value.faults) == 1


INSTEAD = ["", "x", "{", "}", "[]", ": ", "\n", "\n  ", "- ", "any", "|", "'"]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_change_to_either_file_raises_anything_but_config_errors(data: st.DataObject) -> None:
    texts = [HEAD + ADDED + CONTACT + CASE, BASE]
    which = data.draw(st.integers(0, 1))
    begin = data.draw(st.integers(0, len(texts[which])))
    end = data.draw(st.integers(begin, min(len(texts[which]), begin + 12)))
    texts[which] = texts[which][:begin] + data.draw(st.sampled_from(INSTEAD)) + texts[which][end:]

    with suppress(ConfigError):
        assert isinstance(read(texts[0], "desk.yaml", texts[1]), Mapping)
