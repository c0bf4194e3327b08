"""What goes to the CRM: fields, comments, reopening, and what stays after a deletion."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import CASE, MESSAGE, NOBODY, mapping, said, with_fields

from bridge.mapping import Comment, Decision, Mapping, blanked, comment, create, decide
from bridge.message import Attachment, Message, Person
from bridge.ports import PersonFound, Reopen, Value


def created(made: Mapping, message: Message = MESSAGE, person: PersonFound = NOBODY) -> dict[str, Value]:
    return create(made, message, decide(made, message, person), person)


def after_deletion(made: Mapping, message: Message = MESSAGE) -> dict[str, Value]:
    return blanked(made, message, decide(made, message, NOBODY), NOBODY)


def test_fields_are_filled_in_the_order_of_the_form() -> None:
    made = with_fields('Subject: "{author.name} on {channel}"\nOrigin: Web\nFollowers__c: "{author.followers}"')

    assert created(made) == {"Subject": "Zoë Berg on facebook", "Origin": "Web", "Followers__c": None}


def test_true_and_false_without_quotes_tick_a_box() -> None:
    made = with_fields("A: true\nB: false\nC: 'true'\nD: \"false\"\nE: NO\nF: 17:00\nG: |-\n      true")

    assert created(made) == {
        "A": True, "B": False, "C": "true", "D": "false", "E": "NO", "F": "17:00", "G": "true",
    }  # fmt: skip


def test_decided_names_and_the_person_found_can_be_written() -> None:
    made = with_fields(
        'ContactId: "{person.id}"\nPriority: "{priority}"\nTier__c: "{person.Tier__c}"',
        sections='contact: {object: Contact, match: [{X__c: "{author.id}"}], fetch: [Tier__c]}\n'
        "decide: {priority: [{when: {person.Tier__c: Gold}, use: High}, {otherwise: Low}]}\n",
    )

    found = created(made, person=PersonFound(id="003", values={"Tier__c": "Gold"}))

    assert found == {"ContactId": "003", "Priority": "High", "Tier__c": "Gold"}
    assert created(made) == {"ContactId": None, "Priority": "Low", "Tier__c": None}


def test_a_decided_value_is_not_looked_at_again() -> None:
    made = with_fields('Subject: "{said}"', sections='decide: {said: [{otherwise: "{text}"}]}\n')

    assert created(made, said("{author.name} {{x}}")) == {"Subject": "{author.name} {{x}}"}


def test_after_a_deletion_only_what_showed_the_message_is_written_anew() -> None:
    made = with_fields(
        'Subject: "{author.name | default \\"Somebody\\"}: {text}"\n'
        'Description: "{text}\\n{url}"\n'
        'Name__c: "{author.name}"\n'
        'Id__c: "{author.id}"\n'
        'Raw__c: "{raw.from.id}"\n'
        'Pictures__c: "{attachments}"\n'
        'Followers__c: "{author.followers}"\n'
        'Default__c: "{reply_to | default text}"\n'
        'Thread__c: "{thread}"\n'
        "Origin: Web"
    )
    message = said(attachments=(Attachment(kind="image", url="https://cdn.example/1"),))

    assert after_deletion(made, message) == {
        "Subject": "Somebody: [deleted by its author]",
        "Description": "[deleted by its author]\n",
        "Name__c": "",
        "Raw__c": "",
        "Pictures__c": "",
        "Followers__c": "",
        "Default__c": "[deleted by its author]",
    }


DECIDED = """decide:
  topic:
    - when: {text: {has_any: [bill]}}
      use: Billing
    - otherwise: General
  said:
    - when: {topic: Billing}
      use: "bill of {author.name}: {text}"
    - otherwise: other
  again:
    - otherwise: "{said}!"
"""


def test_decided_names_that_showed_the_message_are_written_anew_too() -> None:
    made = with_fields('Topic__c: "{topic}"\nSaid__c: "{again}"', sections=DECIDED)

    assert created(made) == {
        "Topic__c": "Billing",
        "Said__c": "bill of Zoë Berg: Hello, my bill is wrong!",
    }
    assert after_deletion(made) == {"Said__c": "bill of : [deleted by its author]!"}


def test_a_decision_of_an_older_mapping_shows_nothing_after_a_deletion() -> None:
    made = with_fields('Said__c: "{said}"\nBoth__c: "{topic}/{text}"', sections=DECIDED)
    older = Decision({"said": "secret", "topic": "Billing"}, {"said": "care.yaml:99", "topic": "care.yaml:98"})

    fields = blanked(made, MESSAGE, older, NOBODY)

    assert fields == {"Said__c": "", "Both__c": "/[deleted by its author]"}


SECRETS = st.text(st.characters(categories=["L", "N"]), min_size=12, max_size=20)


@settings(max_examples=50, deadline=None)
@given(SECRETS, SECRETS, SECRETS)
def test_nothing_of_a_deleted_message_is_left(text: str, name: str, url: str) -> None:
    message = said(text, author=Person(id="u", name=name), url=url, raw=b'{"a": "' + text.encode() + b'"}')

    left = {**created(EVERYTHING, message), **after_deletion(EVERYTHING, message)}

    assert not [secret for secret in (text, name, url) if secret in repr(left)]


EVERYTHING = with_fields(
    'A: "{text | upper | lower}"\nB: "{url} {author.name}"\nC: "{raw.a | shorten 99}"\nD: "{again}"\n'
    'E: "{person.id | default url}"',
    sections=DECIDED + 'contact: {object: Contact, match: [{X__c: "{author.id}"}]}\n',
)


def with_update(update: str) -> Mapping:
    return mapping(case=f"{CASE}  update:\n    comment: {update}\n")


def commented(made: Mapping, message: Message = MESSAGE) -> Comment:
    return comment(made, message, decide(made, message, NOBODY), NOBODY)


def test_a_later_message_becomes_a_comment() -> None:
    made = with_update('{text: "{author.name}: {text}", public: true}')

    assert commented(made) == Comment("Zoë Berg: Hello, my bill is wrong", public=True)


def test_without_update_the_text_is_a_comment_that_is_not_public() -> None:
    assert commented(mapping()) == Comment("Hello, my bill is wrong", public=False)


def test_a_comment_is_never_blank() -> None:
    assert commented(with_update('{text: "{text}\\n"}'), said("")) == Comment("[without text]", public=False)


def test_if_closed_is_what_the_form_says() -> None:
    made = mapping(
        case=CASE
        + "  if_closed:\n    reopen_within: 2 weeks\n    set: {Status: Reopened, IsEscalated: true, Reason: ''}\n"
        + "    after_that: comment_only\n"
    )

    assert made.reopen == Reopen(
        within=timedelta(days=14),
        set={"Status": "Reopened", "IsEscalated": True, "Reason": ""},
        after="comment_only",
        line="care.yaml:12",
    )


def test_without_if_closed_a_closed_case_is_followed_by_a_new_one() -> None:
    assert mapping().reopen == Reopen(within=timedelta(0), set={}, after="new_case", line="care.yaml:5")


def test_text_that_does_not_fit_is_shortened_unless_refused() -> None:
    assert [mapping().too_long, mapping("protect: {too_long: refuse}\n").too_long] == ["shorten", "refuse"]
