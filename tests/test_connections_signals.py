"""signals of connections.yaml: what their files give, what is told of them, and that they belong to the set."""

from __future__ import annotations

from pathlib import Path

import pytest
from heart import said
from pydantic import BaseModel

from bridge import mapping_set
from bridge.connections import load
from bridge.errors import ConfigError
from bridge.mapping import Accepted, Dropped, accept
from bridge.mapping.document import MEND
from bridge.mapping.signals import Signal, indexed
from bridge.mapping.surroundings import Surroundings

HEAD = "version: 1\nconnections: {acme: {adapter: shop}}\nmappings: [care]\n"  #: what is added begins on line 4
CARE = """\
version: 1
mapping: care
source: any
target: crm
accept:
  drop:
    - text: {has_signal: angry}
case: {object: Case, key_field: Key__c, create: {Subject: "{text}"}}
"""

OUTSIDE = "'../up.yaml' is not inside the folder of connections.yaml: write its path from there, lists/vip.txt"
OPEN = f"did not find expected ',' or ']', in what begins on line 1; {MEND}"


class Shop(BaseModel):
    """An adapter without settings."""


def around(folder: Path, text: str) -> Surroundings:
    (folder / "connections.yaml").write_text(HEAD + text, encoding="utf-8")
    return load(folder, {}, {"shop": Shop}.get).around


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        around(folder, text)
    return [fault.split("\n")[0] for fault in caught.value.faults]


def written(folder: Path, content: bytes, name: str = "signals/angry.yaml") -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)


def test_a_signal_is_read_from_its_file(tmp_path: Path) -> None:
    written(tmp_path, b"\xef\xbb\xbf# How they swear\r\nany: [WTF]\r\nDE:\r\n  - Eine   Frechheit\r\n")

    found = around(tmp_path, "signals: {angry: signals/angry.yaml}\n")

    lists = {"any": indexed(["wtf"]), "de": indexed(["eine frechheit"])}
    assert found == Surroundings(signals={"angry": Signal(lists)})


def test_everything_wrong_is_told_at_once_file_by_file(tmp_path: Path) -> None:
    written(tmp_path, b"german: [boese]\nen: [x, X]\n")
    written(tmp_path, b"en: [caf\xe9]\n", "latin.yaml")
    written(tmp_path, b"en: [open\n", "open.yaml")
    written(tmp_path, b"", "empty.yaml")
    files = "{a: signals/angry.yaml, b: latin.yaml, c: open.yaml, d: empty.yaml, e: none.yaml, f: ../up.yaml}"

    assert faults(tmp_path, f"signals:\n  {files}\nlists: {{}}\nsignal: {{}}\n") == [
        "connections.yaml:5:74 error: the folder of connections.yaml has no 'none.yaml' [no-such-list-file]",
        f"connections.yaml:5:88 error: {OUTSIDE} [list-outside]",
        "connections.yaml:7:1 error: unknown key 'signal' [unknown-key]",
        "empty.yaml:1:1 error: the file is empty [empty-file]",
        "latin.yaml:1:9 error: this is not UTF-8 text; save the file as UTF-8 [not-utf-8]",
        f"open.yaml:2:1 error: this is not valid YAML: {OPEN} [invalid-yaml]",
        "signals/angry.yaml:1:1 error: there is no language 'german' [unknown-language]",
        "signals/angry.yaml:2:9 error: 'X' is looked for already: it stands on line 2 [same-phrase]",
    ]


@pytest.mark.parametrize("named", ["[a.yaml]", "{a: b}", "''"])
def test_a_signal_is_the_name_of_one_file(tmp_path: Path, named: str) -> None:
    (fault,) = faults(tmp_path, f"signals: {{angry: {named}}}\n")

    assert fault.startswith("connections.yaml:4:18 error: ")


def test_signals_belong_to_the_mapping_set(tmp_path: Path) -> None:
    written(tmp_path, b"de: [Frechheit]\n")
    (tmp_path / "care.yaml").write_text(CARE, encoding="utf-8")
    around(tmp_path, "signals: {angry: signals/angry.yaml}\n")

    files = mapping_set.gather(tmp_path)
    (made,) = mapping_set.compiled(files, sources=None, targets=None)

    assert list(files) == ["connections.yaml", "signals/angry.yaml", "care.yaml"]
    assert files["signals/angry.yaml"] == "de: [Frechheit]\n"
    assert accept(made, said("So eine Frechheit!")) == Dropped("care.yaml:7")
    assert isinstance(accept(made, said("Guten Tag")), Accepted)


def test_a_set_whose_signal_has_faults_is_not_used(tmp_path: Path) -> None:
    written(tmp_path, b"de: [Frechheit]\n")
    (tmp_path / "care.yaml").write_text(CARE, encoding="utf-8")
    around(tmp_path, "signals: {angry: signals/angry.yaml}\n")
    files = mapping_set.gather(tmp_path)

    with pytest.raises(ConfigError) as caught:
        mapping_set.compiled({**files, "signals/angry.yaml": "de: Frechheit\n"}, sources=None, targets=None)

    (fault,) = caught.value.faults
    assert fault.startswith("signals/angry.yaml:1:5 error: a list of words and phrases is expected here")
