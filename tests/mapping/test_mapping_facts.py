"""What a mapping reads beside the message: the lines that decided, the times of the case, the author's zeal."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from mapping_examples import CASE, HEAD, MESSAGE, NOBODY, faults, mapping, said, with_fields

from bridge.mapping import Comment, Facts, Mapping, blanked, comment, create, decide, read
from bridge.ports import Value

TOPIC = """decide:
  topic:
    - when: {text: {has_any: [bill]}}
      use: Billing
    - otherwise: General
  how:
    - when: {why.topic: {is: "care.yaml:7"}}
      use: by a word, {why.topic}
    - otherwise: by default
"""
OPENED, REPLIED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)


def with_comment(text: str, sections: str = "") -> Mapping:
    return mapping(sections, case=f"{CASE}  update: {{comment: {{text: '{text}'}}}}\n")


def commented(made: Mapping, facts: Facts, text: str = MESSAGE.text, *, recent: int | None = None) -> str:
    message = said(text)
    decision = decide(made, message, NOBODY, Facts(recent_messages=recent))
    return comment(made, message, decision, NOBODY, facts).text


# --- why ---


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("my bill", {"Why__c": "care.yaml:7", "How__c": "by a word, care.yaml:7 (care.yaml:11)"}),
        ("hello", {"Why__c": "care.yaml:9", "How__c": "by default (care.yaml:13)"}),
    ],
)
def test_why_is_the_line_that_decided(text: str, fields: dict[str, Value]) -> None:
    made = with_fields("Why__c: '{why.topic}'\nHow__c: '{how} ({why.how})'", sections=TOPIC)

    assert create(made, said(text), decide(made, said(text), NOBODY), NOBODY) == fields


def test_a_comment_can_tell_why_too() -> None:
    assert commented(with_comment("{topic}: {why.topic}", TOPIC), Facts()) == "Billing: care.yaml:7"


def test_why_of_a_borrowed_rule_is_its_line_in_its_own_file() -> None:
    head = HEAD.replace("care", "desk").replace("source", "based_on").replace("any", "care")
    made = read(head + CASE.replace("{text}", "{why.topic}"), "desk.yaml", HEAD + TOPIC + CASE)

    assert create(made, MESSAGE, decide(made, MESSAGE, NOBODY), NOBODY) == {"Subject": "care.yaml:7"}


def test_why_stays_after_a_deletion() -> None:
    made = with_fields("Subject: '{why.topic}: {text}'\nWhy__c: '{why.topic}'", sections=TOPIC)

    left = blanked(made, MESSAGE, decide(made, MESSAGE, NOBODY), NOBODY)

    assert left == {"Subject": "care.yaml:7: [deleted by its author]"}


WHY = {
    "decide: {a: [{otherwise: '{why.a}'}]}": (
        "5:28 error: 'why.a' is the line that decided 'a', which no rule above decides [why-undecided]"),
    "decide: {a: [{otherwise: '{why.b}'}], b: [{otherwise: x}]}": (
        "5:28 error: 'why.b' is the line that decided 'b', which no rule above decides [why-undecided]"),
    "decide: {a: [{otherwise: x}], b: [{otherwise: '{why.aa}'}]}": (
        "5:49 error: 'why.aa' is the line that decided 'aa', which no rule above decides [why-undecided]"),
    "decide: {why: [{otherwise: x}]}": (
        "5:10 error: 'why' is already a word of the form: choose another name [reserved-name]"),
    "decide: {case: [{otherwise: x}]}": (
        "5:10 error: 'case' is already a word of the form: choose another name [reserved-name]"),
    "contact: {object: Contact, match: [{A: '{why.text}'}]}": (
        "5:42 error: 'why.text' is the line that decided 'text', which no rule above decides [why-undecided]"),
}  # fmt: skip


@pytest.mark.parametrize("section", WHY)
def test_why_is_only_known_of_what_is_decided_above(section: str) -> None:
    assert [fault.split("\n")[0] for fault in faults(section + "\n")] == [f"care.yaml:{WHY[section]}"]


# --- the times of the case ---


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (Facts(), "my bill;;"),
        (Facts(opened_at=OPENED), "my bill;2026-11-20T09:30:00Z;"),
        (Facts(opened_at=OPENED, first_reply_at=REPLIED), "my bill;2026-11-20T09:30:00Z;2026-11-21"),
    ],
)
def test_a_comment_knows_when_its_case_was_opened_and_first_answered(facts: Facts, text: str) -> None:
    assert (
        commented(with_comment("{text};{case.opened_at};{case.first_reply_at | date}"), facts, "my bill") == text
    )


def test_a_comment_of_nothing_that_is_known_is_not_blank() -> None:
    assert commented(with_comment("{case.opened_at}"), Facts()) == "[without text]"


TOO_EARLY = [
    ("decide: {a: [{otherwise: '{case.opened_at}'}]}\n", CASE, "5:28"),
    ("decide: {a: [{when: {case.opened_at: {present: true}}, use: x}, {otherwise: y}]}\n", CASE, "5:22"),
    ("contact: {object: Contact, match: [{A: '{case.opened_at}'}]}\n", CASE, "5:42"),
    ("", CASE.replace("{text}", "{case.opened_at}"), "8:23"),
    ("", CASE.replace('"{text}"', '{named: "{case.opened_at}"}'), "8:31"),
]


@pytest.mark.parametrize(("sections", "case", "place"), TOO_EARLY)
def test_the_times_of_a_case_are_only_known_to_its_comments(sections: str, case: str, place: str) -> None:
    (told,) = faults(sections, case=case)

    assert told.startswith(f"care.yaml:{place} error: ")
    assert told.split("\n")[0].endswith(
        "can only be used in update.comment: before, there is no case [case-too-early]"
    )


def test_an_unknown_time_of_the_case_is_told_with_the_known_ones() -> None:
    (told,) = faults("", case=CASE + '  update: {comment: {text: "{case.opend_at}"}}\n')

    assert told.split("\n")[0] == "care.yaml:9:30 error: unknown word 'case.opend_at' [unknown-word]"
    assert told.split("\n")[3:] == [
        "    -> allowed: case.opened_at, case.first_reply_at",
        "    -> did you mean 'case.opened_at'?",
    ]


# --- how much an author wrote lately ---


RECENT = "decide:\n  heat: [{when: {author.recent_messages: {at_least: 3}}, use: High}, {otherwise: Low}]\n"


@pytest.mark.parametrize(("recent", "heat"), [(2, "Low"), (3, "High"), (None, "Low")])
def test_a_rule_and_a_field_know_how_much_an_author_wrote_lately(recent: int | None, heat: str) -> None:
    made = with_fields("Heat__c: '{heat}'\nRecent__c: '{author.recent_messages}'", sections=RECENT)

    decision = decide(made, MESSAGE, NOBODY, Facts(recent_messages=recent))

    assert create(made, MESSAGE, decision, NOBODY) == {"Heat__c": heat, "Recent__c": recent}


def test_a_comment_tells_the_count_of_its_own_message() -> None:
    made = with_comment("{author.recent_messages}/{case.opened_at | date}")

    assert commented(made, Facts(recent_messages=99, opened_at=OPENED), recent=4) == "4/2026-11-20"


def test_the_count_stays_after_a_deletion() -> None:
    made = with_fields(
        "Subject: '{author.recent_messages} messages, {text}'\nRecent__c: '{author.recent_messages}'"
    )

    left = blanked(made, MESSAGE, decide(made, MESSAGE, NOBODY, Facts(recent_messages=4)), NOBODY)

    assert left == {"Subject": "4 messages, [deleted by its author]"}


@pytest.mark.parametrize(
    ("sections", "counts"),
    [("", False), (RECENT, True), ("accept: {drop: [{author.recent_messages: {at_least: 50}}]}\n", True)],
)
def test_messages_are_only_counted_for_a_mapping_that_asks(sections: str, counts: bool) -> None:
    borrowing = HEAD.replace("care", "desk").replace("source: any", "based_on: care") + CASE

    assert mapping(sections).counts is counts
    assert read(borrowing, "desk.yaml", HEAD + sections + CASE).counts is counts


# --- examples ---


EXAMPLES = f"""{RECENT}tests:
  - name: it comes out
    message: {{EXAMPLE}}
    expect: {{EXPECT}}
"""
FULL_CASE = CASE.replace(
    '{Subject: "{text}"}', '{Subject: "{why.heat}", OwnerId: {named: "Desk {account.queue}"}}'
)
FULL_CASE += '  update: {comment: {text: "{text} {case.opened_at | date} {case.first_reply_at | default heat}"}}\n'


def tried(message: str, expect: str) -> Mapping:
    return mapping(EXAMPLES.replace("EXAMPLE", message).replace("EXPECT", expect), case=FULL_CASE)


@pytest.mark.parametrize(
    ("message", "expect"),
    [
        ("author.recent_messages: 3", "heat: High, case.Subject: 'care.yaml:6:10'"),
        ("author.recent_messages: 2", "heat: Low"),
        ("account.queue: DE", "case.OwnerId: Desk DE"),
        ("text: hi", "case.OwnerId: ''"),
        ("text: hi, case.opened_at: 2026-11-20", "comment: hi 2026-11-20 Low"),
        ("text: hi, case.first_reply_at: 2026-11-21T10:00:00+02:00", "comment: 'hi  2026-11-21T08:00:00Z'"),
    ],
)
def test_an_example_can_say_what_else_is_known(message: str, expect: str) -> None:
    assert isinstance(tried(message, expect), Mapping)


REFUSED = {
    ("author.recent_messages: many", "heat: Low"): (
        "9:39 error: 'author.recent_messages' cannot be 'many': write a whole number [not-a-whole-number]"),
    ("case.opened_at: yesterday", "heat: Low"): (
        "9:31 error: 'case.opened_at' cannot be 'yesterday': write a time such as 2026-11-23T10:00:00Z "
        "[not-a-time]"),
    ("case.opend_at: 2026-11-20", "heat: Low"): "9:15 error: a message has no 'case.opend_at' [unknown-property]",
    ("why.heat: x", "heat: Low"): "9:15 error: a message has no 'why.heat' [unknown-property]",
    ("account.queue: DE", "case.OwnerId: Desk FR"): (
        "10:28 error: test 'it comes out': expected case.OwnerId 'Desk FR', got 'Desk DE' [test-failed]"),
    ("author.recent_messages: 3", "heat: Low"): (
        "10:20 error: test 'it comes out': expected heat 'Low', got 'High', decided by care.yaml:6:10 "
        "[test-failed]"),
}  # fmt: skip


@pytest.mark.parametrize(("message", "expect"), REFUSED)
def test_a_wrong_example_of_what_else_is_known_is_told(message: str, expect: str) -> None:
    told = faults(EXAMPLES.replace("EXAMPLE", message).replace("EXPECT", expect), case=FULL_CASE)

    assert [fault.split("\n")[0] for fault in told] == [f"care.yaml:{REFUSED[message, expect]}"]


def test_the_comment_of_update_need_not_be_there() -> None:
    made = mapping(case=CASE + "  update: {reassign: false}\n")

    assert comment(made, MESSAGE, decide(made, MESSAGE, NOBODY), NOBODY) == Comment(MESSAGE.text, public=False)
