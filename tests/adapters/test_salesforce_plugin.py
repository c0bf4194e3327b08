"""Which way messages are filed is told, and all that stands in the way of the plugin's records is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from salesforce_liar import Liar, describing, lying
from salesforce_org import KEY_FIELD

from adapters.salesforce import examining, plugin
from adapters.salesforce.org import Org
from bridge.ports import FieldFacts, Finding, ObjectFacts

NAMES = (*plugin.NEEDED, *plugin.ANSWERED, *plugin.SHOWN)
FIELDS = {name.casefold(): FieldFacts(name=name, type="string") for name in NAMES}
KEY = replace(FIELDS["external_id__c"], external_id=True, unique=True, case_sensitive=True)
RECORDS = ObjectFacts(name="Social_Message__c", fields=FIELDS | {"external_id__c": KEY})


def but(**fields: FieldFacts | None) -> ObjectFacts:
    """The plugin's object with these fields otherwise, or without them."""
    changed = {**RECORDS.fields, **fields}
    return replace(RECORDS, fields={name: field for name, field in changed.items() if field})


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (RECORDS, ""),
        (None, "the org has no Social_Message__c, or the app's user may not see it"),
        (replace(RECORDS, createable=False), "the app's user may not create and edit Social_Message__c"),
        (replace(RECORDS, updateable=False), "the app's user may not create and edit Social_Message__c"),
        (but(body__c=None), "Body__c is missing, or the app's user may not see it"),
        (but(case__c=replace(KEY, createable=False)), "Case__c cannot be written by the app's user"),
        (but(status__c=replace(KEY, updateable=False)), "Status__c cannot be written by the app's user"),
        (
            but(external_id__c=FIELDS["external_id__c"]),
            "External_Id__c is not External ID, Unique, case-sensitive",
        ),
        (but(external_id__c=replace(KEY, case_sensitive=False)), "External_Id__c is not case-sensitive"),
        (but(rating__c=None), ""),
    ],
)
def test_what_keeps_messages_from_being_records_is_named(facts: ObjectFacts | None, said: str) -> None:
    assert plugin.lacking(facts) == said


def test_everything_that_is_lacking_is_named_at_once() -> None:
    facts = replace(but(body__c=None, status__c=None), createable=False)

    assert plugin.lacking(facts).count("; ") == 2


# --- the doctor -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[Liar]:
    with lying() as server:
        server.says["limits"] = (200, {})
        yield server


CASE = ObjectFacts(name="Case", fields={KEY_FIELD.casefold(): replace(KEY, name=KEY_FIELD)})
COMMENT = ObjectFacts(name="CaseComment", fields={})


def told(server: Liar, *objects: ObjectFacts, messages: str = "auto") -> list[Finding]:
    """What the doctor says of the messages in an org with these objects."""
    server.says["composite"] = describing(*objects)
    settings = server.settings(messages=messages)
    found = examining.examine(Org(settings), settings, {"case": KEY_FIELD}, datetime.now(UTC))
    assert [one.level for one in found if one.about.startswith(("login", "key"))] == ["ok", "ok"]
    return [one for one in found if one.about in ("messages", "plugin")]


@pytest.mark.parametrize("messages", ["auto", "plugin"])
def test_an_org_with_the_plugin_files_records(server: Liar, messages: str) -> None:
    [found] = told(server, CASE, RECORDS, messages=messages)

    assert (found.level, found.about) == ("ok", "messages")
    assert found.says == "Messages are filed as the plugin's records, and agents' replies are heard."


@pytest.mark.parametrize(
    ("messages", "objects", "why"),
    [
        ("auto", (CASE, COMMENT), "the org has no Social_Message__c, or the app's user may not see it"),
        ("comments", (CASE, COMMENT, RECORDS), "connections.yaml says so"),
    ],
)
def test_an_org_without_it_files_comments_and_the_doctor_says_why(
    server: Liar, messages: str, objects: tuple[ObjectFacts, ...], why: str
) -> None:
    [found] = told(server, *objects, messages=messages)

    assert (found.level, found.about) == ("ok", "messages")
    assert found.says == f"Messages are filed as comments on the case: {why}. Agents' replies are not heard."


def test_a_plugin_that_is_there_and_cannot_be_used_is_a_warning(server: Liar) -> None:
    unused, filed = told(server, CASE, COMMENT, but(body__c=None))

    assert (unused.level, filed.level) == ("warning", "ok")
    assert "Body__c is missing" in unused.says
    assert "comments on the case" in filed.says


def test_a_plugin_that_is_asked_for_and_missing_is_a_fault(server: Liar) -> None:
    [found] = told(server, CASE, COMMENT, messages="plugin")

    assert (found.level, found.about) == ("fault", "messages")
    assert "docs/salesforce-plugin.md" in found.do


def test_what_an_older_plugin_lacks_is_a_warning(server: Liar) -> None:
    filed, hidden = told(
        server, CASE, but(rating__c=None, reply_note__c=replace(FIELDS["reply_note__c"], createable=False))
    )

    assert (filed.level, hidden.level) == ("ok", "warning")
    assert hidden.says.endswith(
        "shows: Rating__c is missing, or the app's user may not see it; Reply_Note__c cannot be written by the "
        "app's user."
    )


def test_an_org_that_takes_neither_is_a_fault(server: Liar) -> None:
    [found] = told(server, CASE, replace(COMMENT, createable=False))

    assert (found.level, found.about) == ("fault", "messages")
    assert found.says.endswith("But the app's user may not create CaseComment.")
