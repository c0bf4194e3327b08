"""`casebridge check` asks the CRM what it has, saves the answer, and checks against it offline."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests
import road
from click.testing import CliRunner, Result
from crms import SALESFORCE, ZENDESK
from road import casebridge

from bridge.cli import main

FITS = SALESFORCE.mapping
BROKEN = (
    FITS.replace("Status: Reopened", "Status: Open again")
    .replace('    ContactId: "{person.id}"\n', "    OwnerId: {named: Social Queeu}\n    Origin: Social\n")
    .replace("  update:\n", "    Brand__c: Acme\n  update:\n")
)
FAULTS = [
    "plain.yaml:19:22 error: there is no queue or user called 'Social Queeu' [no-such-record]",
    (
        "plain.yaml:21:5 error: Case has no field Brand__c, or the user that Casebridge logs in as may not see it "
        "[no-such-field]"
    ),
    "plain.yaml:27:19 error: Case.Status does not take 'Open again' [not-a-choice]",
]
REMARK = "salesforce: Messages become comments, because the org has no Social_Message__c, or "
ALONE = "1 mapping: no faults\n"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    env = road.configure(folder := tmp_path_factory.mktemp("org"))
    with road.sandbox(folder, SALESFORCE, env) as found:
        yield found


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    env = road.configure(folder := tmp_path_factory.mktemp("desk"), crm=ZENDESK)
    with road.sandbox(folder, ZENDESK, env) as found:
        field = {"id": 27642, "title": "Brand", "type": "tagger", "options": ["acme", "acme_outlet"]}
        assert requests.post(f"{found}/sandbox/fields", json=field, timeout=10).ok
        yield found


def check(env: Mapping[str, str], *options: str) -> Result:
    """Run the command here: it needs no process of its own."""
    return CliRunner().invoke(main, ["check", *options], env=dict(env))


def firsts(text: str) -> list[str]:
    """The first lines of faults."""
    return [line for line in text.splitlines() if not line.startswith(" ")]


def test_a_mapping_that_fits_its_org_has_no_fault(tmp_path: Path, address: str) -> None:
    env = road.configure(tmp_path, SF_URL=address)

    code, told, errors = casebridge(env, "check", "--online", anew=True)

    assert (code, errors) == (0, "")
    assert told.startswith(REMARK)
    assert told.endswith(f"\n{ALONE}")


def test_everything_that_does_not_fit_is_told_at_once(tmp_path: Path, address: str) -> None:
    found = check(road.configure(tmp_path, mapping=BROKEN, SF_URL=address), "--online")

    assert found.exit_code == 1
    assert firsts(found.stderr) == FAULTS
    assert found.stdout.startswith(REMARK)
    assert "no faults" not in found.stdout


def test_what_was_saved_tells_the_same_without_org_and_secrets(tmp_path: Path, address: str) -> None:
    file = tmp_path / "schema.json"
    env = road.configure(tmp_path, mapping=BROKEN, SF_URL=address)

    online = check(env, "--online", "--save", str(file))
    offline = check(road.bare(tmp_path), "--schema", str(file))

    assert (offline.exit_code, offline.stdout, offline.stderr) == (1, online.stdout, online.stderr)
    saved = file.read_text(encoding="utf-8")
    assert list(json.loads(saved)["crms"]["salesforce"]["objects"]) == ["case", "contact"]
    assert [secret for secret in SALESFORCE.secrets.values() if secret in saved] == []
    check(env, "--online", "--save", str(file))
    assert file.read_text(encoding="utf-8") == saved


def test_a_warning_is_shown_and_leaves_the_mapping_good(tmp_path: Path, address: str) -> None:
    long = FITS.replace('Subject: "{account.brand}"', f"Subject: {'So long. ' * 40}")

    found = check(road.configure(tmp_path, mapping=long, SF_URL=address), "--online")

    assert found.exit_code == 0
    assert [line.partition(" [")[0] for line in firsts(found.stderr)] == [
        "plain.yaml:16:14 warning: Case.Subject holds 255 characters, and this has 359: so it will be shortened"
    ]
    assert found.stdout.endswith("\n1 mapping: no faults, 1 warning\n")


def test_an_org_that_cannot_be_asked_is_not_taken_for_a_good_one(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"

    found = check(road.configure(tmp_path), "--online", "--save", str(file))

    assert (found.exit_code, found.stdout) == (2, "")
    assert found.stderr.startswith("'salesforce' could not be asked, so nothing is known of its mappings: ")
    assert not file.exists()


def test_a_mapping_for_zendesk_is_checked_against_its_account(tmp_path: Path, desk: str) -> None:
    found = check(road.configure(tmp_path, crm=ZENDESK, ZENDESK_URL=desk), "--online")

    assert (found.exit_code, found.stderr) == (0, "")
    assert found.stdout.startswith("zendesk: ")
    assert found.stdout.endswith(f"\n{ALONE}")


def test_what_an_account_does_not_have_is_told_with_what_people_call_it(tmp_path: Path, desk: str) -> None:
    create = 'requester_id: "{person.id}"\n'
    own = f"""{create}    custom_field_27642: Outlet
    custom_field_27643: x
    priority: High
    group_id: {{named: Social Caer}}
    brand_id: "1"
"""
    mapping = ZENDESK.mapping.replace(create, own).replace("{status: open}", "{status: opne}")
    file = tmp_path / "schema.json"

    found = check(
        road.configure(tmp_path, crm=ZENDESK, mapping=mapping, ZENDESK_URL=desk), "--online", "--save", str(file)
    )

    assert found.exit_code == 1
    assert firsts(found.stderr) == [
        "plain.yaml:20:25 error: ticket.custom_field_27642 (Brand) does not take 'Outlet' [not-a-choice]",
        (
            "plain.yaml:21:5 error: ticket has no field custom_field_27643, or the user that Casebridge logs in "
            "as may not see it [no-such-field]"
        ),
        "plain.yaml:22:15 error: ticket.priority does not take 'High' [not-a-choice]",
        "plain.yaml:23:23 error: there is no group called 'Social Caer' in Zendesk [no-such-record]",
        (
            "plain.yaml:24:15 error: there is no record with the id '1' that ticket.brand_id can name "
            "[no-such-record]"
        ),
        "plain.yaml:31:19 error: ticket.status does not take 'opne' [not-a-choice]",
    ]
    offline = check(road.bare(tmp_path), "--schema", str(file))
    assert (offline.exit_code, offline.stdout, offline.stderr) == (1, found.stdout, found.stderr)


def test_a_crm_that_the_file_does_not_know_is_named(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text('{"version": 1}', encoding="utf-8")
    road.configure(tmp_path)

    found = check(road.bare(tmp_path), "--schema", str(tmp_path / "schema.json"))

    assert found.exit_code == 2
    why = "it is switched off in connections.yaml, or the schema was saved without it"
    assert found.stderr == f"nothing is known of 'salesforce': {why}\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--schema", "{}/none.json"], "none.json cannot be read: No such file or directory"),
        (["--schema", "{}/config/plain.yaml"], "plain.yaml holds no saved schema (the whole: "),
        (["--save", "{}/x.json"], "--save belongs to --online, and --schema stands instead of it"),
        (["--online", "--schema", "{}/x.json"], "--save belongs to --online, and --schema stands instead of it"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, options: list[str], said: str) -> None:
    env = road.configure(tmp_path)

    found = check(env, *(option.format(tmp_path) for option in options))

    assert (found.exit_code, found.stdout) == (2, "")
    assert said in found.stderr


def test_faults_that_need_no_org_come_first(tmp_path: Path) -> None:
    found = check(road.configure(tmp_path, mapping=FITS.replace("{text}", "{txt}")), "--online")

    assert found.exit_code == 1
    assert "unknown word 'txt'" in found.stderr
    assert "could not be asked" not in found.stderr
