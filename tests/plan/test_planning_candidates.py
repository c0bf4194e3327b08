"""New files take the places of the mappings that are called alike; faults and lines name them as given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from bridge.candidates import candidate
from bridge.errors import ConfigError
from bridge.mapping_set import compiled

FILE = "connections.yaml"
CONNECTIONS = "version: '1'\nmappings: [care, late]\nlists: {vip: vip.txt}\n"
FILES = {FILE: CONNECTIONS, "vip.txt": "ana\n", "care.yaml": "", "late.yaml": "", "shared.yaml": ""}


def mapping(name: str, *, subject: str = "{text}", base: str = "") -> str:
    borrowed = f"based_on: {base}\n" if base else ""
    create = f'{{Subject: "{subject}"}}'
    return (
        f"version: 1\nmapping: {name}\n{borrowed}source: any\ntarget: crm\n"
        f"case: {{object: Case, key_field: Key__c, create: {create}}}\n"
    )


SET = FILES | {f"{name}.yaml": mapping(name) for name in ("care", "late", "shared")}


def order(files: Mapping[str, str]) -> list[str]:
    found: list[str] = yaml.safe_load(files[FILE])["mappings"]
    return found


def refused(**given: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        candidate(SET, **given)
    return str(caught.value)


def test_a_file_takes_the_place_of_the_mapping_that_is_called_alike() -> None:
    new = mapping("care", subject="New")

    files, shown = candidate(SET, {"drafts/next.yaml": new})

    assert files == {**SET, "care.yaml": new}
    assert shown == {"care.yaml": "drafts/next.yaml"}


@pytest.mark.parametrize(
    ("before", "tried"),
    [("", ["care", "late", "new"]), ("late", ["care", "new", "late"]), ("care", ["new", "care", "late"])],
)
def test_a_new_mapping_is_tried_last_or_where_it_is_told(before: str, tried: list[str]) -> None:
    files, _ = candidate(SET, {"new.yaml": mapping("new")}, before=before)

    assert order(files) == tried
    assert yaml.safe_load(files[FILE])["lists"] == {"vip": "vip.txt"}


def test_several_new_mappings_are_tried_in_the_order_in_which_they_are_given() -> None:
    given = {f"{name}.yaml": mapping(name) for name in ("one", "two")}

    assert order(candidate(SET, given, before="late")[0]) == ["care", "one", "two", "late"]


def test_what_others_are_based_on_is_replaced_but_not_tried() -> None:
    new = mapping("shared", subject="New")

    files, shown = candidate(SET, {"new.yaml": new})

    assert (order(files), files["shared.yaml"], shown) == (["care", "late"], new, {"shared.yaml": "new.yaml"})


def test_lines_and_faults_name_the_file_as_it_was_given() -> None:
    files, shown = candidate(SET, {"a/new.yaml": mapping("care"), "b.yaml": mapping("late", subject="{txt}")})

    with pytest.raises(ConfigError) as caught:
        compiled(files, sources=None, targets=None, shown=shown)
    assert str(caught.value).startswith("b.yaml:5:")
    files, shown = candidate(SET, {"a/new.yaml": mapping("care")})
    assert [one.line for one in compiled(files, sources=None, targets=None, shown=shown)] == [
        "a/new.yaml:5",
        "late.yaml:5",
    ]


def test_two_files_of_one_name_are_refused() -> None:
    given = {"a.yaml": mapping("care"), "b.yaml": mapping("care")}

    assert refused(given=given) == "a.yaml and b.yaml are both called 'care': give one of them"


def test_a_file_that_would_take_the_place_of_the_connections_is_refused() -> None:
    told = "a.yaml: no mapping can be called 'connections', for connections.yaml is another file"

    assert refused(given={"a.yaml": mapping("connections")}) == told


def test_a_file_without_a_name_is_refused() -> None:
    told = "a.yaml does not say which mapping it is\n    -> write mapping: and its name"

    assert refused(given={"a.yaml": "version: 1\n"}) == told


def test_text_that_is_no_yaml_is_refused_with_its_place() -> None:
    assert refused(given={"a.yaml": "mapping: [\n"}).startswith("a.yaml:2:")


def test_a_place_before_nothing_is_refused() -> None:
    told = "there is no mapping 'crae' to be tried before\n    -> allowed: care, late"

    assert refused(given={"a.yaml": mapping("new")}, before="crae") == told
