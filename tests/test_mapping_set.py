"""A mapping set holds all that its mappings lean on, and nothing else: from it alone they come out the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import road
from crms import SALESFORCE
from hypothesis import given
from hypothesis import strategies as st

from bridge import configuration, mapping_set
from bridge.errors import ConfigError
from bridge.mapping_set import Files

MAPPINGS = road.ROOT / "mappings"
AROUND = """\
lists:
  vip: lists/vip.txt
hours:
  desk: {time_zone: Europe/Berlin, mon-fri: 08:00-20:00, holidays: lists/days.txt}
"""
RULES = """\
decide:
  rank:
    - when: {author.handle: {in_list: vip}}
      use: first
    - when: {sent_at: {outside_hours: desk}}
      use: night
    - otherwise: plain
case:
"""


OTHER = """\
version: 1
mapping: other
based_on: plain
source: any
target: salesforce
case: {object: Case, key_field: Key__c, create: {Subject: "{rank}: {text}"}}
"""


def folder(path: Path) -> Path:
    """A folder whose mapping leans on a list, on hours and on holidays, and on which another one is based."""
    file = road.connections(SALESFORCE).replace("[plain]", "[other]") + AROUND
    road.configure(path, file=file, mapping=SALESFORCE.mapping.replace("case:\n", RULES, 1))
    config = path / "config"
    (config / "other.yaml").write_text(OTHER)
    (config / "lists").mkdir()
    (config / "lists" / "vip.txt").write_text("\ufeffanna\n# remark\n@Bert\n")
    (config / "lists" / "days.txt").write_text("12-25\n")
    return config


def compiled(files: Files) -> list[str]:
    """The names of the set's mappings, made ready with the connections of the tests."""
    found = mapping_set.compiled(files, sources=["acme-meta"], targets={"salesforce": SALESFORCE_CLASS})
    return [one.name for one in found]


SALESFORCE_CLASS = configuration.adapter_of("salesforce")


def test_a_set_has_the_mappings_and_all_that_they_lean_on(tmp_path: Path) -> None:
    files = mapping_set.gather(folder(tmp_path))

    assert sorted(files) == ["connections.yaml", "lists/days.txt", "lists/vip.txt", "other.yaml", "plain.yaml"]
    assert files["lists/vip.txt"] == "anna\n# remark\n@Bert\n"


def test_a_set_tells_neither_who_calls_nor_what_opens_their_doors(tmp_path: Path) -> None:
    files = mapping_set.gather(folder(tmp_path))

    assert files["connections.yaml"] == (
        "version: '1'\n"
        "mappings:\n"
        "- other\n"
        "lists:\n"
        "  vip: lists/vip.txt\n"
        "hours:\n"
        "  desk:\n"
        "    time_zone: Europe/Berlin\n"
        "    mon-fri: 08:00-20:00\n"
        "    holidays: lists/days.txt\n"
    )


def test_a_set_comes_out_the_same_without_its_folder(tmp_path: Path) -> None:
    config = folder(tmp_path)
    files = mapping_set.gather(config)

    shutil.rmtree(config)

    assert compiled(files) == ["other"]


def test_a_set_that_lacks_a_file_says_which(tmp_path: Path) -> None:
    files = dict(mapping_set.gather(folder(tmp_path)))
    del files["lists/days.txt"]

    with pytest.raises(ConfigError, match=r"the set of connections\.yaml has no 'lists/days.txt'"):
        compiled(files)


def test_a_set_that_lacks_a_mapping_says_which(tmp_path: Path) -> None:
    files = dict(mapping_set.gather(folder(tmp_path)))
    del files["plain.yaml"]

    with pytest.raises(ConfigError, match="there is no such mapping"):
        compiled(files)


def test_faults_name_the_file_as_it_is_shown(tmp_path: Path) -> None:
    files = dict(mapping_set.gather(folder(tmp_path)))
    files["plain.yaml"] = files["plain.yaml"].replace("otherwise: plain", "otherwise: '{tezt}'")

    with pytest.raises(ConfigError) as caught:
        mapping_set.compiled(files, sources=None, targets=None, shown={"plain.yaml": "../new.yaml"})

    assert all(fault.startswith("../new.yaml:") for fault in caught.value.faults)


def test_the_shipped_mappings_are_a_set() -> None:
    files = mapping_set.gather(MAPPINGS)

    assert sorted(files) == ["connections.yaml", "meta-to-salesforce.yaml"]


# --- what changed ---


def test_a_diff_shows_each_file_that_changed() -> None:
    old = {"a.yaml": "one\ntwo\n", "b.yaml": "same\n", "gone.yaml": "x\n"}
    new = {"a.yaml": "one\nthree\n", "b.yaml": "same\n", "new.yaml": "y"}

    told = mapping_set.diff(old, new, before="revision 1", after="revision 2")

    assert told == (
        "--- revision 1/a.yaml\n+++ revision 2/a.yaml\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n"
        "--- revision 1/gone.yaml\n+++ revision 2/gone.yaml\n@@ -1 +0,0 @@\n-x\n"
        "--- revision 1/new.yaml\n+++ revision 2/new.yaml\n@@ -0,0 +1 @@\n+y\n"
    )
    assert mapping_set.changes(old, new) == {"a.yaml": (1, 1), "gone.yaml": (0, 1), "new.yaml": (1, 0)}


SETS = st.dictionaries(st.sampled_from(["a.yaml", "b.yaml", "c.txt"]), st.text(max_size=20), max_size=3)


@given(SETS, SETS)
def test_two_sets_have_one_digest_and_no_difference_exactly_when_they_are_alike(old: Files, new: Files) -> None:
    alike = dict(old) == dict(new)

    assert (mapping_set.digest(old) == mapping_set.digest(new)) is alike
    assert (mapping_set.changes(old, new) == {}) is alike
