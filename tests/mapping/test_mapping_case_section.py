"""What becomes of a case later: edits, links to attachments, silence, and objects that take no comments."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from mapping_examples import CASE, MESSAGE, NOBODY, mapping, said, with_fields

from adapters.salesforce import Salesforce
from adapters.zendesk import Zendesk
from bridge.errors import ConfigError
from bridge.mapping import Mapping, blanked, comment, create, decide, load, rewritten
from bridge.mapping.targets import fitted
from bridge.message import Attachment, Message, Person
from bridge.ports import Value


def line(text: str) -> Mapping:
    """A mapping whose case has one more line, the 9th of the file."""
    return mapping(case=f"{CASE}  {text}\n")


def test_what_the_form_leaves_out_has_its_usual_value() -> None:
    made = mapping()

    assert (made.one_per, made.silence, made.on_edit, made.on_delete, made.copies, made.reassign) == (
        "author_and_thread", None, "comment", "redact", False, False,
    )  # fmt: skip
    assert (made.raises, made.named, made.owner, made.line) == ({}, {}, frozenset(), "care.yaml:6")


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("on_edit: replace", "on_edit", "replace"),
        ("on_edit: ignore", "on_edit", "ignore"),
        ("on_edit: ignore", "edit_line", "care.yaml:9"),
        ("on_delete: note", "on_delete", "note"),
        ("attachments: copy", "copies", True),
        ("new_after_silence: 30 days", "silence", timedelta(days=30)),
        ("new_after_silence: 1 minute", "silence", timedelta(minutes=1)),
        ("new_after_silence: 36 hours", "silence", timedelta(hours=36)),
        ("one_per: thread", "one_per", "thread"),
        ("update: {reassign: true}", "reassign", True),
        ("update: {comment: {text: x, public: true}}", "public", True),
    ],
)
def test_a_line_of_the_case_is_what_the_mapping_says(text: str, name: str, value: object) -> None:
    assert getattr(line(text), name) == value


# --- an edit ---


EDITED = with_fields(
    "Subject: '{author.name}: {text}'\n"
    "Raw__c: '{raw.n}'\n"
    "Followers__c: '{author.followers}'\n"
    "Kind__c: '{kind}'\n"
    "Id__c: '{author.id}'\n"
    "Topic__c: '{topic}'\n"
    "Echo__c: '{echo}'\n"
    "Tone__c: {from: '{text}', translate: {sorry: Kind}}\n"
    "Origin: Web\n"
    "OwnerId: {named: '{text}'}",
    sections="decide:\n  topic: [{when: {text: {has_any: [bill]}}, use: Billing}, {otherwise: General}]\n"
    "  echo: [{otherwise: '{topic}, {text}'}]\n",
)


def anew(message: Message, made: Mapping = EDITED) -> dict[str, Value]:
    return rewritten(made, message, decide(made, message, NOBODY), NOBODY)


def test_an_edit_writes_anew_what_shows_the_message_or_its_author() -> None:
    message = said("sorry", raw=b'{"n": 3}', author=Person(id="u-5", name="Zoe", followers=8))

    assert anew(message) == {
        "Subject": "Zoe: sorry",
        "Raw__c": 3,
        "Followers__c": 8,
        "Echo__c": "General, sorry",
        "Tone__c": "Kind",
    }


def test_what_an_edit_took_away_is_emptied() -> None:
    assert anew(said("", raw=b"", author=Person(id="u-5"))) == {
        "Subject": ": ", "Raw__c": "", "Followers__c": "", "Echo__c": "General, ", "Tone__c": "",
    }  # fmt: skip


def test_an_edit_and_a_deletion_write_the_same_fields() -> None:
    assert list(anew(MESSAGE)) == list(blanked(EDITED, MESSAGE, decide(EDITED, MESSAGE, NOBODY), NOBODY))


# --- links to attachments ---


PICTURE = Attachment(kind="image", url="https://cdn.example/1.jpg", name="broken.jpg")
LINKS = {
    (): "",
    (PICTURE,): "\nimage: broken.jpg https://cdn.example/1.jpg",
    (Attachment(kind="video", url="https://cdn.example/2"),): "\nvideo: https://cdn.example/2",
    (Attachment(kind="location", name="52.5,13.4"), PICTURE): (
        "\nlocation: 52.5,13.4\nimage: broken.jpg https://cdn.example/1.jpg"),
    (Attachment(kind="sticker"),): "\nsticker: ",
    (Attachment(kind="{text}", name="{{author.name}}"),): "\n{text}: {{author.name}}",
}  # fmt: skip


def commented(made: Mapping, message: Message) -> str:
    return comment(made, message, decide(made, message, NOBODY), NOBODY).text


@pytest.mark.parametrize("attachments", LINKS)
def test_attachments_stand_below_the_comment(attachments: tuple[Attachment, ...]) -> None:
    message = said("hi", attachments=attachments)

    assert commented(mapping(), message) == f"hi{LINKS[attachments]}"
    assert commented(line("update: {comment: {text: 'They: {text}'}}"), message) == f"They: hi{LINKS[attachments]}"
    assert commented(line("attachments: copy"), message) == f"hi{LINKS[attachments]}"


@pytest.mark.parametrize("shown", ["{attachments}", '{attachments | join " "}', "{pictures}"])
def test_a_comment_that_shows_its_attachments_has_no_links_below(shown: str) -> None:
    made = mapping(
        'decide: {pictures: [{otherwise: "{attachments}"}]}\n',
        case=f"{CASE}  update: {{comment: {{text: '{shown}'}}}}\n",
    )

    assert commented(made, said("hi", attachments=(PICTURE,))) == "https://cdn.example/1.jpg"


FIELDS = "case:\n  object: {}\n  create: {{{}: '{{text}}', subject: '{{text}}'}}\n"


@pytest.mark.parametrize(
    ("crm", "case", "field"),
    [
        (Salesforce, "Case", "Description"),
        (Salesforce, "Lead", "Description"),
        (Salesforce, "Task", "Description"),
        (Zendesk, "ticket", "description"),
    ],
)
def test_attachments_stand_below_the_opening_text_and_in_no_other_field(
    crm: type[Salesforce | Zendesk], case: str, field: str
) -> None:
    made = fitted(mapping(case=FIELDS.format(case, field)), crm)
    message = said("hi", attachments=(PICTURE,))
    decision = decide(made, message, NOBODY)

    assert create(made, message, decision, NOBODY) == {field: f"hi{LINKS[(PICTURE,)]}", "subject": "hi"}
    assert create(made, said("hi"), decision, NOBODY) == {field: "hi", "subject": "hi"}


def test_links_to_attachments_are_deleted_with_their_message() -> None:
    made = fitted(with_fields("Description: By {author.id}\nOrigin: Web"), Salesforce)
    message = said(attachments=(PICTURE,))
    decision = decide(made, message, NOBODY)

    assert create(made, message, decision, NOBODY) == {
        "Description": f"By u-5{LINKS[(PICTURE,)]}", "Origin": "Web",
    }  # fmt: skip
    assert blanked(made, message, decision, NOBODY) == {"Description": "By u-5"}


def test_without_the_field_of_the_opening_text_nothing_is_linked() -> None:
    made = fitted(with_fields("Subject: '{text}'"), Salesforce)
    message = said("hi", attachments=(PICTURE,))

    assert create(made, message, decide(made, message, NOBODY), NOBODY) == {"Subject": "hi"}


# --- objects without comments ---


PLAIN = "version: 1\nmapping: care\nsource: any\ntarget: crm\ncase:\n  object: {}\n  key_field: Key__c\n"
PLAIN += "  create: {{Company: '{{text}}', Rating: Hot}}\n{}"
TOLD = "a {} takes no comments and is never reopened: remove this [takes-no-comments]"
REFUSED = {
    "update: {comment: {text: '{text}'}}": "9:12",
    "update: {raise_only: {Rating: [Cold, Hot]}, comment: {text: x}}": "9:47",
    "if_closed: {after_that: new_case}": "9:3",
    "on_edit: comment": "9:3",
    "on_delete: note": "9:3",
}


def loaded(folder: Path, case: str, text: str = "") -> Mapping:
    (folder / "care.yaml").write_text(PLAIN.format(case, f"  {text}\n" if text else ""), encoding="utf-8")
    return load(folder, ["care"], targets={"crm": Salesforce})[0]


@pytest.mark.parametrize("case", ["Lead", "Task"])
@pytest.mark.parametrize("text", REFUSED)
def test_what_needs_comments_is_refused_for_an_object_without(tmp_path: Path, case: str, text: str) -> None:
    assert loaded(tmp_path, "Case", text).object == "Case"
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, case, text)

    told = [fault.split("\n")[0] for fault in caught.value.faults]
    assert told == [f"care.yaml:{REFUSED[text]} error: {TOLD.format(case)}"]


@pytest.mark.parametrize(
    ("case", "text", "on_edit"),
    [
        ("Lead", "", "replace"),
        ("Task", "", "replace"),
        ("Case", "", "comment"),
        ("Case", "on_edit: comment", "comment"),
        ("Lead", "on_edit: replace", "replace"),
        ("Lead", "on_edit: ignore", "ignore"),
        ("Lead", "on_delete: redact", "replace"),
        ("Lead", "attachments: copy", "replace"),
        ("Lead", "new_after_silence: 1 day", "replace"),
        ("Lead", "update: {raise_only: {Rating: [Cold, Hot]}}", "replace"),
    ],
)
def test_an_edit_of_what_takes_no_comments_replaces(tmp_path: Path, case: str, text: str, on_edit: str) -> None:
    assert loaded(tmp_path, case, text).on_edit == on_edit
