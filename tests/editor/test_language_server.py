"""Our schemas in the YAML language server that editors use: what is underlined, what is offered, what is told."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator

import nodejs
import pytest
from click.testing import CliRunner
from language_server import HERE, Editor

from bridge.cli import main

SAVED = HERE.parent / "mapping" / "broken" / "online" / "schema.json"  #: what the CRM `crm` said of itself
SHIPPED = HERE.parents[1] / "mappings"
MODELINE = "# yaml-language-server: $schema=./schemas/{}.schema.json\n"
MAPPING = MODELINE.format("mapping") + (
    "version: 1\nmapping: care\nsource: any\ntarget: crm\n"
    "case:\n  object: Case\n  key_field: Key__c\n  create: {Subject: '{text}'}\n"
)
CONNECTIONS = MODELINE.format("connections") + "version: 1\nmappings: [care]\nconnections:\n"
KINDS = [
    "comment", "direct", "mention", "post", "postback", "quote", "reaction", "reply", "review", "story_mention",
    "story_reply",
]  # fmt: skip


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """An editor on a copy of the shipped files, with the schemas that the command wrote beside them."""
    if why := nodejs.missing(HERE):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no language server: {why}")
    folder = tmp_path_factory.mktemp("acme") / "mappings"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("schemas"))
    (folder / "crm").mkdir()
    for arguments in ((str(folder),), (str(folder / "crm"), "--crm", str(SAVED))):
        done = CliRunner().invoke(main, ["schema", "--write", *arguments], catch_exceptions=False)
        assert done.exit_code == 0
    with Editor(folder) as started:
        yield started


def test_nothing_is_underlined_in_the_shipped_files(editor: Editor) -> None:
    paths = list(SHIPPED.rglob("*.yaml"))
    files = {path.relative_to(SHIPPED).as_posix(): path.read_text(encoding="utf-8") for path in paths}

    found = editor.faults(files)

    assert found == {key: [] for key in files}


def test_every_shipped_file_is_known_by_the_schema_that_it_names(editor: Editor) -> None:
    paths = list(SHIPPED.rglob("*.yaml"))
    files = {
        (path.relative_to(SHIPPED).parent / f"wrong-{path.name}").as_posix(): path.read_text("utf-8") + "\n0: x\n"
        for path in paths
    }

    found = editor.faults(files)

    assert [name for name, faults in found.items() if not faults] == []


def test_what_is_wrong_is_underlined_at_its_line(editor: Editor) -> None:
    sections = {
        "key": "acept:\n  kinds: [post]\n",
        "value": "protect:\n  too_long: shortn\n",
        "comparison": "accept:\n  when:\n    text: {has_some: [refund]}\n",
        "word": "accept:\n  when:\n    author.folowers: {at_least: 5000}\n",
        "type": "accept:\n  when:\n    author.followers: {has_any: [many]}\n",
        "list": "tests: none\n",
    }

    found = editor.faults({f"{name}.yaml": MAPPING + section for name, section in sections.items()})

    assert found == {
        "key.yaml": [(10, "Property acept is not allowed.")],
        "value.yaml": [(11, 'Value is not accepted. Valid values: "shorten", "refuse".')],
        "comparison.yaml": [(12, "Property has_some is not allowed.")],
        "word.yaml": [(12, "Property author.folowers is not allowed.")],
        "type.yaml": [(12, "Property has_any is not allowed.")],
        "list.yaml": [(10, 'Incorrect type. Expected "array".')],
    }


def test_what_is_wrong_in_connections_is_underlined(editor: Editor) -> None:
    entries = {
        "adapter": "  acme:\n    adapter: mta\n",
        "own": "  acme:\n    adapter: zendesk\n    subdomain: acme\n    consumer_key: x\n",
        "scheme": "  acme:\n    adapter: webhook\n    payload: tool\n    verify: {scheme: bearer, key: env:S}\n",
    }

    found = editor.faults({f"{name}.yaml": CONNECTIONS + entry for name, entry in entries.items()})

    assert [line for line, _ in found["adapter.yaml"]] == [6]
    assert found["own.yaml"] == [(8, "Property consumer_key is not allowed.")]
    assert sorted(found["scheme.yaml"]) == [
        (8, 'Missing property "secrets".'),
        (8, "Property key is not allowed."),
    ]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("@@", ["accept", "based_on", "contact", "decide", "profile", "protect", "shadow", "tests"]),
        ("accept:\n  @@", ["drop", "kinds", "when"]),
        ("accept:\n  kinds: [@@]", KINDS),
        ("accept:\n  kinds:\n    - @@", KINDS),
        ("accept:\n  when:\n    kind: @@", KINDS),
        ("accept:\n  when:\n    sent_at:\n      @@", ["inside_hours", "outside_hours", "present"]),
        ("accept:\n  when:\n    public: @@", ["false", "true"]),
        ("decide:\n  priority:\n    - @@", ["otherwise", "use", "when", "when_all", "when_any"]),
        ("protect:\n  too_long: @@", ["refuse", "shorten"]),
        ("protect:\n  mask:\n    @@", ["card_number", "email", "iban", "phone"]),
        ("shadow: @@", ["false", "true"]),
    ],
)
def test_a_mapping_is_completed(editor: Editor, typed: str, offered: list[str]) -> None:
    assert editor.offered(MAPPING + typed) == offered


def test_a_case_is_completed(editor: Editor) -> None:
    head = MODELINE.format("mapping") + "version: 1\n"

    keys = editor.offered(head + "case:\n  @@\n")

    assert {"attachments", "create", "if_closed", "key_field", "object", "on_delete", "one_per"} <= set(keys)
    assert editor.offered(head + "case:\n  one_per: @@\n") == [
        "author", "author_and_thread", "message", "person", "thread",
    ]  # fmt: skip


def test_words_are_offered_and_behind_them_what_fits_their_type(editor: Editor) -> None:
    words = editor.offered(MAPPING + "accept:\n  when:\n    @@")
    of_text = editor.offered(MAPPING + "accept:\n  when:\n    text:\n      @@")
    of_numbers = editor.offered(MAPPING + "accept:\n  when:\n    author.followers: {a@@}")

    assert {"author.followers", "channel", "language", "text", "person.id", "case.opened_at"} <= set(words)
    assert {"has_any", "has_all", "starts_with", "matches", "is"} <= set(of_text)
    assert {"at_least", "below", "between", "is"} <= set(of_numbers)
    assert not {"at_least", "below"} & set(of_text) | {"has_any", "matches"} & set(of_numbers)


def test_connections_are_completed_with_the_adapters_own_keys(editor: Editor) -> None:
    adapters = editor.offered(CONNECTIONS + "  acme:\n    adapter: @@\n")
    of_meta = editor.offered(CONNECTIONS + "  acme:\n    adapter: meta\n    @@\n")
    of_zendesk = editor.offered(CONNECTIONS + "  acme:\n    adapter: zendesk\n    @@\n")
    of_hmac = editor.offered(
        CONNECTIONS + "  a:\n    adapter: webhook\n    verify:\n      scheme: hmac\n      @@\n"
    )

    assert {"meta", "salesforce", "webhook", "zendesk"} <= set(adapters)
    assert {"accounts", "enabled", "app_secret", "instagram_login"} <= set(of_meta)
    assert {"accounts", "enabled", "subdomain", "app_installation"} <= set(of_zendesk)
    assert {"algorithm", "header", "secrets"} <= set(of_hmac)


def test_the_fields_of_the_crm_are_offered_and_their_values(editor: Editor) -> None:
    head = MODELINE.format("mapping").replace("./", "./crm/") + "version: 1\ntarget: crm\ncase:\n  object: Case\n"

    fields = editor.offered(head + "  create:\n    @@\n")
    values = editor.offered(head + "  create:\n    Origin: @@\n")

    assert {"Brand__c", "Origin", "Priority"} <= set(fields)
    assert not {"CaseNumber", "Id"} & set(fields)
    assert values == ["Email", "Phone", "Social"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (MAPPING + "sha@@dow: true\n", "true: it only watches"),
        (MAPPING + "accept:\n  when: {author.fol@@lowers: {at_least: 5}}\n", "How many follow who wrote."),
        (MAPPING + "accept:\n  when: {author.followers: {at_le@@ast: 5}}\n", "It is this number or more."),
        (CONNECTIONS + "  acme:\n    adapter: salesforce\n    dom@@ain: acme.my\n", "My Domain without"),
        (CONNECTIONS + "  acme:\n    adapter: google\n    to@@pic: ''\n", "the Pub/Sub topic"),
    ],
)
def test_a_key_under_the_mouse_tells_what_it_is_for(editor: Editor, text: str, told: str) -> None:
    assert editor.told(text).startswith(told)


def test_the_lock_pins_all_by_hash_and_names_no_registry() -> None:
    wanted = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    packages = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    del packages[""]

    assert [name for name, one in packages.items() if "resolved" in one or "integrity" not in one] == []
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
