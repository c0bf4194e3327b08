"""What can be tried: words of an example, webhook bodies without their secrets, mappings that nobody lists yet."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import road
from crms import SALESFORCE
from road import comment, comments

from bridge import configuration
from bridge.errors import ConfigError
from bridge.mapping import Facts
from bridge.mapping.load import bytes_of, text_of
from bridge.message import Account, Person
from bridge.ports import PersonFound, Value
from bridge.trial.attempt import Given
from bridge.trial.message import Aside, body, person, rules, written

DOCS = road.ROOT / "docs" / "channels"
PAYLOADS = road.ROOT / "mappings" / "payloads"


def offline(folder: Path) -> configuration.Offline:
    """A configuration with one mapping, plain, and no secrets."""
    road.configure(folder)
    return configuration.offline(road.bare(folder))


# --- words of an example -----------------------------------------------------------------------------------------


def test_words_become_a_message_as_under_tests(tmp_path: Path) -> None:
    found = offline(tmp_path)
    words = """\
kind: mention
connection: acme-meta
text: "Fraud: 100%"
author.followers: 7200
author.recent_messages: 3
account.queue: Care
person.id: "0031"
person.Value__c: 9000
"""

    given = written(words, "mention.yaml", found.mappings[0], "")

    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert given == Given(
        message=replace(
            given.message,
            kind="mention",
            connection="acme-meta",
            text="Fraud: 100%",
            author=Person(id="author-1", followers=7200),
            account=Account(id="account-1", about={"queue": "Care"}),
            received_at=noon,
        ),
        called="mention.yaml",
        person=PersonFound(id="0031", values={"Value__c": 9000}),
        facts=Facts(recent_messages=3),
    )


def test_what_is_left_out_is_as_the_mapping_and_the_caller_say(tmp_path: Path) -> None:
    found = offline(tmp_path)

    given = written("text: Hello", "hello.yaml", found.mappings[0], "acme-meta")

    assert (given.message.connection, given.message.kind, given.person) == ("acme-meta", "comment", None)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("txt: Hello", "m.yaml:1:1 error: a message has no 'txt' [unknown-property]"),
        ("[Hello]", "m.yaml:1:1 error: a message is a map: {kind: comment, text: Hello} [half-message]"),
        ("id: ''", "m.yaml:1:1 error: a message needs id [half-message]"),
        ("kind: tweet", "m.yaml:1:7 error: unknown kind 'tweet' [unknown-kind]"),
        ("", "m.yaml:1:1 error: the file is empty [empty-file]"),
    ],
)
def test_a_message_that_cannot_be_says_where(tmp_path: Path, words: str, fault: str) -> None:
    first = offline(tmp_path).mappings[0]

    with pytest.raises(ConfigError) as caught:
        written(words, "m.yaml", first, "")

    assert caught.value.faults[0].partition("\n")[0] == fault


# --- who wrote it ------------------------------------------------------------------------------------------------


def test_a_person_has_an_id_that_stays_text_and_fields_that_may_be_numbers() -> None:
    found = person("id=0031, Value__c=9000,Rate__c=0.5,Tier__c=gold=best, Empty__c=")

    values: dict[str, Value] = {"Value__c": 9000, "Rate__c": 0.5, "Tier__c": "gold=best", "Empty__c": ""}
    assert found == PersonFound(id="0031", values=values)


@pytest.mark.parametrize("text", ["0031", "id=1,Tier", "=x", "id=1,,Tier=2"])
def test_a_person_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="--person is written id=003…,FIELD=value, and"):
        person(text)


# --- webhook bodies ----------------------------------------------------------------------------------------------


def configured(folder: Path, text: str) -> Path:
    (folder / "connections.yaml").write_text(text, encoding="utf-8")
    (folder / "payloads").mkdir()
    for file in PAYLOADS.glob("*.yaml"):
        (folder / "payloads" / file.name).write_bytes(file.read_bytes())
    return folder


def of_page(name: str) -> str:
    """The connections.yaml that a channel's page shows."""
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    (found,) = re.findall(
        r"^```yaml\n((?:#.*\n)*version: 1\nconnections:\n.*?)^```", page, re.DOTALL | re.MULTILINE
    )
    return str(found)


@pytest.mark.parametrize("name", [page.stem for page in sorted(DOCS.glob("*.md"))])
def test_every_platforms_body_is_read_without_its_secrets(tmp_path: Path, name: str) -> None:
    text = of_page(name).replace("payload: reviews", "payload: mobile-app")
    connection = next(iter(re.findall("^  ([a-z0-9-]+):$", text, re.MULTILINE)))
    folder = configured(tmp_path, text)

    found = body(b'{"entirely": "something else"}', "body.json", folder, {}, connection)

    assert found
    assert all(isinstance(one, Aside) for one in found)


def test_everything_in_a_body_is_told_in_its_order(tmp_path: Path) -> None:
    folder = configured(tmp_path, road.connections(SALESFORCE))
    entry = comments(
        comment("1_1", "First", by="61"),
        comment("1_2", "", by="62") | {"item": "like"},
        comment("1_3", "", by="63") | {"message": {}},
    )
    data = json.dumps({"object": "page", "entry": [entry]}).encode()

    message, skipped, unreadable = body(data, "b.json", folder, {}, "acme-meta")

    assert isinstance(message, Given)
    assert (message.called, message.message.text, message.message.account.about) == (
        "b.json, 1 of 3", "First", {"brand": "Acme DE"}
    )  # fmt: skip
    assert skipped == Aside("b.json, 2 of 3: skipped, for it is no message: reaction (feed:like:add).")
    assert isinstance(unreadable, Aside)
    assert unreadable.says.startswith("b.json, 3 of 3: it cannot be read: ")


def test_what_is_fetched_at_work_is_said(tmp_path: Path) -> None:
    folder = configured(tmp_path, road.connections(SALESFORCE))
    data = json.dumps({"object": "page", "entry": [road.direct("m_1", "Hello", by="61")]}).encode()

    (given,) = body(data, "b.json", folder, {}, "acme-meta")

    assert isinstance(given, Given)
    assert given.notes == ("The platform does not say here who wrote it: at work that is fetched first.",)


def test_an_empty_body_is_said(tmp_path: Path) -> None:
    folder = configured(tmp_path, road.connections(SALESFORCE))

    found = body(b'{"object": "page", "entry": []}', "b.json", folder, {}, "acme-meta")

    assert found == [Aside("There is nothing in it: nothing would be stored.")]


APP = """\
version: 1
connections:
  acme-app:
    adapter: webhook
    payload: mobile-app
    verify: {scheme: standard_webhooks, secrets: [env:APP_SECRET, env:APP_SECRET_OLD]}
    accounts: {acme-ios: {about: {brand: Acme}}}
mappings: [plain]
"""


def test_a_variable_that_an_adapter_cannot_do_without_is_named(tmp_path: Path) -> None:
    folder = configured(
        tmp_path, APP.replace("payload: mobile-app", "payload: mobile-app\n    enabled: env:APP_IS_ON")
    )

    with pytest.raises(ConfigError) as caught:
        body(b"{}", "b.json", folder, {"APP_SECRET_OLD": "whsec_c2VjcmV0"}, "acme-app")

    told = "acme-app can read nothing without its variables: set APP_IS_ON, APP_SECRET"
    assert caught.value.faults == (told,)


def test_what_is_wrong_in_the_file_itself_is_told_with_its_place(tmp_path: Path) -> None:
    folder = configured(tmp_path, APP.replace("scheme: standard_webhooks", "scheme: magic"))

    with pytest.raises(ConfigError, match=r"^connections.yaml:6:\d+ error: "):
        body(b"{}", "b.json", folder, {"APP_SECRET": "whsec_" + "c2VjcmV0" * 4}, "acme-app")


# --- mappings ----------------------------------------------------------------------------------------------------


def test_without_a_name_all_mappings_are_read_in_their_order(tmp_path: Path) -> None:
    found = offline(tmp_path)

    read = rules(found, found.files, "")

    assert [one.name for one in read.mappings] == ["plain"]
    own, base = read.documents["plain"]
    assert (own.file, base) == ("plain.yaml", None)


def test_a_mapping_of_the_folder_that_is_not_at_work_yet_can_be_named(tmp_path: Path) -> None:
    found = offline(tmp_path)
    base = SALESFORCE.mapping.replace("mapping: plain", "mapping: basic")
    draft = "version: 1\nmapping: draft\nbased_on: basic\ntarget: salesforce\nshadow: true\ncase:\n"
    draft += base.partition("case:\n")[2].replace('"{account.brand}"', "Draft")
    draft += 'contact: {object: Contact, match: [{LastName: "{author.name}"}]}\n'
    (found.folder / "draft.yaml").write_text(draft, encoding="utf-8")
    (found.folder / "basic.yaml").write_text(base, encoding="utf-8")

    read = rules(found, found.files, "draft")

    assert [(one.name, one.shadow) for one in read.mappings] == [("draft", False)]
    own, lent = read.documents["draft"]
    assert (own.file, lent and lent.file) == ("draft.yaml", "basic.yaml")


def test_a_file_stands_in_for_the_mapping_of_its_name(tmp_path: Path) -> None:
    found = offline(tmp_path)
    new = tmp_path / "new.yaml"
    new.write_text(SALESFORCE.mapping.replace("[giveaway]", "[lottery]"), encoding="utf-8")

    read = rules(found, found.files, str(new))

    assert [(one.name, one.drops[0].line) for one in read.mappings] == [("plain", f"{new}:7")]


def test_the_faults_of_a_file_are_shown_with_its_path(tmp_path: Path) -> None:
    found = offline(tmp_path)
    new = tmp_path / "new.yaml"
    new.write_text(SALESFORCE.mapping.replace("{author.name}", "{author.nme}"), encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        rules(found, found.files, str(new))

    assert len(caught.value.faults) > 1
    assert {fault.partition(".yaml:")[0] + ".yaml" for fault in caught.value.faults} == {str(new)}


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("plian", "/config/plian.yaml error: there is no such mapping; did you mean 'plain'? [no-such-mapping]"),
        ("gone.yaml", "gone.yaml error: it cannot be read: No such file or directory [unreadable-file]"),
    ],
)
def test_a_mapping_that_is_not_there_is_said(tmp_path: Path, name: str, fault: str) -> None:
    found = offline(tmp_path)

    with pytest.raises(ConfigError) as caught:
        rules(found, found.files, name)

    assert caught.value.faults[0].removeprefix(str(tmp_path)) == fault


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_bytes(b"caf\xe9")

    assert bytes_of(tmp_path / "m.yaml") == b"caf\xe9"
    with pytest.raises(ConfigError, match="this is not UTF-8 text: byte 4 is none"):
        text_of(tmp_path / "m.yaml")
