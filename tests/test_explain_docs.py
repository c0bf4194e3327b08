"""docs/explain.md is true: its consoles show what the commands print about the messages that it tells of."""

from __future__ import annotations

import shutil
from pathlib import Path

import pages
import pytest
from heart import LEASE, said
from logbook import Logbook
from wall import Inkwell, Wall, settle

from bridge import mapping_set, story
from bridge.filing import file_some
from bridge.flow import decide_some, keep
from bridge.mapping import read
from bridge.message import Account
from bridge.parts import Bridge
from bridge.ports import Reply, Skipped
from bridge.store import Store, connect, revisions

PAGE = (pages.DOCS / "explain.md").read_text(encoding="utf-8")
(MAPPING,) = (box.text for box in pages.boxes("explain.md") if box.file == "care.yaml")
NAMES = {
    "c1 logbook:c1": "5008d00001 https://acme.my.salesforce.com/5008d00001",
    "https://wall.example/p1": "https://www.facebook.com/900100_58",
}
"""What the page calls the case and the reply of the stand-ins for Salesforce and Facebook."""

CONNECTIONS = """\
version: 1
connections:
  acme-meta:
    adapter: meta
    app_secret: env:META_APP_SECRET
    verify_token: env:META_VERIFY_TOKEN
    accounts: {"10150001": {}}
  salesforce: {adapter: salesforce, domain: env:DOMAIN, consumer_key: env:KEY, consumer_secret: env:SECRET}
mappings: [care]
"""
POST = "https://www.facebook.com/10150001/posts/900100?comment_id="
SAID = {"55": "My router is on fire", "56": "A giveaway", "57": "REFUSE"}


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory, template: Path) -> dict[str, str]:
    """The environment of a database with what the page tells of."""
    folder = tmp_path_factory.mktemp("acme")
    (folder / "connections.yaml").write_text(CONNECTIONS, encoding="utf-8")
    (folder / "care.yaml").write_text(MAPPING, encoding="utf-8")
    url = f"sqlite:///{shutil.copy(template, folder / 'bridge.db')}"
    store = connect(url)
    _happened(store, folder)
    store.engine.dispose()
    return {"CASEBRIDGE_CONFIG": str(folder), "DATABASE_URL": url}


def _happened(store: Store, folder: Path) -> None:
    files = mapping_set.gather(folder)
    with store.write() as c:
        number = revisions.publish(c, files, digest=mapping_set.digest(files))
    ink, crm = Inkwell(), Logbook(folder / "logbook.db")
    made = Bridge(
        store=store,
        mappings={"care": read(MAPPING, "care.yaml")},
        revision=number,
        crms={"salesforce": crm},
        channels={"acme-meta": Wall()},
        desks={"salesforce": ink},
        gather=LEASE * 0,
        lease=LEASE,
    )
    comments = [
        said(
            text,
            id=f"900100_{n}",
            by=f"61{n}",
            thread="10150001_900100",
            url=POST + n,
            account=Account(id="10150001"),
            connection="acme-meta",
        )
        for n, text in SAID.items()
    ]
    liked = [Skipped(reason="reaction", event="feed:like:add")] * 3
    lost = [Skipped(reason="unknown_account", event="10150009")] * 12
    keep([*comments, *liked, *lost], "acme-meta", store.now(), store)
    while decide_some(made, "acme-meta") or file_some(made, "salesforce"):
        pass
    ink.written.append(Reply(id="00a8d001", case_id="c1", text="Unplug it!"))
    settle(made)


def as_the_page_calls_it(text: str) -> str:
    """What is printed, with the names that the page has."""
    for ours, theirs in NAMES.items():
        text = text.replace(ours, theirs)
    return text


def test_who_follows_the_page_sees_what_it_shows(env: dict[str, str]) -> None:
    told, shown = zip(*pages.follow("explain.md", Path(env["CASEBRIDGE_CONFIG"]), env), strict=True)

    assert tuple(map(as_the_page_calls_it, told)) == shown
    assert len(told) == 6


def test_the_page_knows_every_reason() -> None:
    assert [reason for reason in story.REASONS if f"`{reason}`" not in PAGE] == []
