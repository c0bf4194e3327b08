"""The shipped mapping for X, and what is switched off in the shipped files: all of it can be switched on."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mapping_examples import NOBODY

from bridge import configuration
from bridge.mapping import (
    Accepted,
    Comment,
    Dropped,
    Facts,
    Mapping,
    accept,
    comment,
    create,
    decide,
    load,
    names,
    person_match,
    raised,
)
from bridge.mapping.document import parse
from bridge.message import Account, Kind, Message, Person
from bridge.ports import PersonFound, PersonMatch, Raise, Reopen

SHIPPED = Path(__file__).parents[2] / "mappings"
FILES = ("connections.yaml", "x-to-salesforce.yaml", "meta-to-salesforce.yaml")
OFF = re.compile(r"^( *)#(?=[^ #])", re.MULTILINE)
"""What keeps a line switched off; a remark has a space behind its #."""

BLOCKS = {"zendesk": "meta-to-zendesk", "acme-x": "x-to-salesforce", "acme-app": "", "lists": "", "hours": ""}
"""What can be switched on in connections.yaml -> the mapping that goes with it."""

(X,) = load(SHIPPED, ["x-to-salesforce"])
DAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
ADDRESS = "https://x.com/ana_b/status/2080000000000000101"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped files."""
    shutil.copytree(SHIPPED, tmp_path, dirs_exist_ok=True)
    return tmp_path


def checked(folder: Path) -> int:
    return len(configuration.offline({"CASEBRIDGE_CONFIG": str(folder)}).mappings)


def all_on(folder: Path) -> None:
    for name in FILES:
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(OFF.sub(r"\1", text), encoding="utf-8")


def block_on(folder: Path, first: str, mapping: str) -> None:
    """Switch one block of connections.yaml on, and a mapping if there is one for it."""
    file = folder / "connections.yaml"
    blocks = re.split(r"^(?= *# (?:---|The) )", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = [OFF.sub(r"\1", block) if f"#{first}:" in block else block for block in blocks]
    file.write_text("".join(found).replace(f"#- {mapping}\n", f"- {mapping}\n"), encoding="utf-8")


def said(text: str, *, kind: Kind = "mention", followers: int | None = None, at: datetime = DAY) -> Message:
    return Message(
        channel="x",
        connection="acme-x",
        account=Account(id="2244000001", about={"brand": "Acme", "queue": "Social Queue"}),
        id="2080000000000000101",
        kind=kind,
        author=Person(id="7100000901", handle="ana_b", name="Ana Brandt", followers=followers),
        text=text,
        language="de-AT",
        url=ADDRESS,
        sent_at=at,
        received_at=at,
        public=kind != "direct",
    )


# --- switching on ---------------------------------------------------------------------------------------------


def test_the_shipped_files_are_fine_as_they_are(folder: Path) -> None:
    assert checked(folder) == 1


@pytest.mark.parametrize("first", BLOCKS)
def test_each_block_of_the_connections_can_be_switched_on_alone(first: str, folder: Path) -> None:
    before = (folder / "connections.yaml").read_text(encoding="utf-8")

    block_on(folder, first, BLOCKS[first])

    text = (folder / "connections.yaml").read_text(encoding="utf-8")
    root = parse(text, "connections.yaml").root.entries
    assert first in {*root, *root["connections"].entries}
    assert text != before
    assert checked(folder) == 1 + bool(BLOCKS[first])


def test_all_that_is_switched_off_can_be_switched_on_together(folder: Path) -> None:
    all_on(folder)

    assert checked(folder) == 3
    assert [OFF.search((folder / name).read_text(encoding="utf-8")) for name in FILES] == [None] * 3


def test_the_remarks_stay_when_everything_is_switched_on(folder: Path) -> None:
    remarks = [re.findall("^ *# .*", (folder / name).read_text(encoding="utf-8"), re.MULTILINE) for name in FILES]

    all_on(folder)

    texts = [(folder / name).read_text(encoding="utf-8") for name in FILES]
    assert [re.findall("^ *# .*", text, re.MULTILINE) for text in texts] == remarks
    assert [len(found) > 10 for found in remarks] == [True] * 3


# --- what the mapping makes of messages -----------------------------------------------------------------------


def test_an_ordinary_mention_becomes_a_case_of_a_stock_org() -> None:
    message = said("Hello, where is AC-20417?\nIt was due today")

    decision = decide(X, message, NOBODY)

    assert decision.values == {"topic": "Order", "priority": "Medium", "place": "mention"}
    assert create(X, message, decision, NOBODY) == {
        "Subject": "@ana_b on X, mention: Hello, where is AC-20417? It was due today",
        "Description": f"Hello, where is AC-20417?\nIt was due today\n{ADDRESS}\n",
        "Status": "New",
        "Origin": "Web",
        "Priority": "Medium",
        "SuppliedName": "Ana Brandt",
    }
    assert (X.silence, X.raises) == (timedelta(days=30), {"Priority": ("Low", "Medium", "High")})
    assert X.reopen == Reopen(
        within=timedelta(days=14), set={"Status": "Working"}, after="new_case", line=X.reopen.line
    )


def test_a_later_message_is_a_comment_and_may_raise_the_priority() -> None:
    message = said("Now I was hacked", kind="direct")

    decision = decide(X, message, NOBODY)

    assert comment(X, message, decision, NOBODY) == Comment(
        text=f"@ana_b, direct message: Now I was hacked\n{ADDRESS}\n", public=False
    )
    assert raised(X, message, decision, NOBODY) == {
        "Priority": Raise(value="High", order=("Low", "Medium", "High"))
    }


@pytest.mark.parametrize(
    ("text", "kind", "followers", "recent", "priority"),
    [
        ("They hacked me", "mention", 3, 1, "High"),
        ("hello", "mention", 50_000, 1, "High"),
        ("it is broken", "reply", 5000, 1, "High"),
        ("it is broken", "reply", 4999, 1, "Medium"),
        ("my invoice", "quote", None, None, "Medium"),
        ("hello", "direct", None, 1, "Medium"),
        ("hello", "mention", 49_999, 5, "Medium"),
        ("hello", "mention", 49_999, 4, "Low"),
        ("hello", "mention", None, None, "Low"),
    ],
)
def test_the_first_line_that_fits_gives_the_priority(
    text: str, kind: Kind, followers: int | None, recent: int | None, priority: str
) -> None:
    message = said(text, kind=kind, followers=followers)

    assert decide(X, message, NOBODY, Facts(recent_messages=recent)).values["priority"] == priority


def test_posts_that_only_a_stream_found_are_left_to_the_next_mapping() -> None:
    assert accept(X, said("I like coffee", kind="post")) is None


def test_with_everything_switched_on_each_field_of_the_org_is_filled(folder: Path) -> None:
    full = on(folder)
    message = said("My invoice is wrong", followers=12, at=NIGHT)
    person = PersonFound(id="0035500000AbCdEAAV", values={"LifetimeValue__c": 9000.0})

    decision = decide(full, message, person)

    own = {
        "ContactId": "0035500000AbCdEAAV",
        "Followers__c": 12,
        "Language__c": "German",
        "Why__c": decision.lines["priority"],
        "Social_Network__c": "X",
        "Social_Permalink__c": ADDRESS,
    }
    made = create(full, message, decision, person)
    assert {field: made[field] for field in own} == own
    assert names(full, message, decision, person) == {"OwnerId": "Social Night Desk", "RecordTypeId": "Social"}
    assert person_match(full, message) == PersonMatch(
        author="x:7100000901",
        object="Contact",
        rules=({"X_User_Id__c": "7100000901"},),
        fetch=("LifetimeValue__c",),
        fill={"Title": "@ana_b on X"},
    )
    assert full.owner == {"OwnerId"}


def test_with_everything_switched_on_the_plugins_fields_are_filled_for_every_network(folder: Path) -> None:
    _, full, _ = everything(folder)
    message = replace(said("Hello"), channel="instagram")

    made = create(full, message, decide(full, message, NOBODY), PersonFound(id="0035500000AbCdEAAV"))

    assert {field: made[field] for field in ("Social_Network__c", "Social_Permalink__c", "ContactId")} == {
        "Social_Network__c": "Instagram",
        "Social_Permalink__c": ADDRESS,
        "ContactId": "0035500000AbCdEAAV",
    }
    assert person_match(full, message) == PersonMatch(
        author="instagram:7100000901",
        object="Contact",
        rules=({"Social_Author_Key__c": "instagram:7100000901"},),
        create={"Social_Author_Key__c": "instagram:7100000901", "LastName": "Ana Brandt"},
    )


def test_with_everything_switched_on_employees_and_other_brands_are_not_taken(folder: Path) -> None:
    full = on(folder)
    customer = said("Hello")
    employee = replace(customer, author=Person(id="7100000902", handle="Acme_Anna"))
    elsewhere = replace(customer, account=Account(id="2244000002", about={"brand": "Acme Outlet"}))

    taken = [accept(full, message) for message in (employee, elsewhere, customer)]

    assert taken == [Dropped(full.drops[1].line), None, Accepted()]


def on(folder: Path) -> Mapping:
    """The mapping for X as it is with everything switched on."""
    return everything(folder)[0]


def everything(folder: Path) -> Sequence[Mapping]:
    """The mappings as they are with everything switched on."""
    all_on(folder)
    variables = dict.fromkeys(
        re.findall(r"env:(\w+)", (folder / "connections.yaml").read_text()), "d2hhdGV2ZXIgaXQgaXM="
    )
    env = {**variables, "SF_DOMAIN": "acme.my", "ZENDESK_SUBDOMAIN": "acme", "CASEBRIDGE_CONFIG": str(folder)}
    return configuration.configure(env).mappings
