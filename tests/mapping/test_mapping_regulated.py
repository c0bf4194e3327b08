"""A mapping with `profile: regulated` is refused where it breaks that, and so is who reads what it takes away."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from broken_files import TARGETS
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from bridge.errors import ConfigError
from bridge.mapping import Mapping, load, read
from bridge.mapping.document import Fault

MASK = "protect: {mask: {card_number: everywhere, iban: everywhere}}\n"
CASE = 'case: {object: Case, key_field: Key__c, create: {Subject: "{text}"}}\n'


def mapping(name: str, more: str = "", *, source: str = "acme", case: str = CASE) -> str:
    """A mapping file; its sections begin on line 5."""
    return f"version: 1\nmapping: {name}\nsource: {source}\ntarget: crm\n{more}{case}"


def regulated(more: str = "", *, name: str = "bank", source: str = "acme", case: str = CASE) -> str:
    return mapping(name, f"profile: regulated\n{MASK}{more}", source=source, case=case)


def borrowing(more: str = "") -> str:
    """A mapping that borrows from `shop`; its sections begin on line 5."""
    return f"version: 1\nmapping: bank\nbased_on: shop\ntarget: crm\n{more}{CASE}"


def loaded(folder: Path, **files: str) -> tuple[Mapping, ...]:
    """These files, read as `casebridge check` reads them."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load(folder, list(files), sources=["acme", "shop-x", "bank-x"], targets=TARGETS)


def faults(folder: Path, **files: str) -> list[tuple[str, str]]:
    """Where each fault stands, and its code."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder, **files)
    found = [one for one in caught.value.found if isinstance(one, Fault)]
    return [(f"{one.file}:{one.line}:{one.column}", one.code) for one in found]


def test_a_mapping_that_keeps_to_the_profile_is_good(tmp_path: Path) -> None:
    tests = "tests: [{name: raw is no word here, message: {text: raw.id}, expect: {case.Subject: raw.id}}]\n"

    (made,) = loaded(tmp_path, bank=regulated(tests))

    assert (made.regulated, made.mask) == (True, {"card_number": "everywhere", "iban": "everywhere"})


@pytest.mark.parametrize(
    "more",
    [
        "accept: {when: {@raw.a: b}}\n",
        "accept: {drop: [{@raw.a.0: {present: true}}]}\n",
        "decide: {a: [{when_any: [{text: x}, {@raw.a: b}], use: c}, {otherwise: d}]}\n",
        "decide: {a: [{otherwise: 'raw.a {@raw.a}'}]}\n",
        "decide: {a: {from: '{@raw.a | upper}', translate: {x: y}, otherwise: z}}\n",
        "decide: {a: {from: '{kind}', translate: {direct: '{@raw.a}'}, otherwise: z}}\n",
        "contact: {object: Contact, match: [{X__c: '{author.id}-{@raw.a}'}]}\n",
        "decide: {a: [{otherwise: '{text | default @raw.a}'}]}\n",
        "decide: {a: [{otherwise: \"{text | default 'raw.a'} {{raw.a}} {@raw.a}\"}]}\n",
    ],
)
def test_raw_is_found_wherever_it_is_read(tmp_path: Path, more: str) -> None:
    """The @ marks the place."""
    place = f"bank.yaml:7:{more.index('@') + 1}"

    assert faults(tmp_path, bank=regulated(more.replace("@", ""))) == [(place, "raw-not-kept")]


@pytest.mark.parametrize(
    "more",
    [
        "decide: {a: [{otherwise: \"{text | default 'raw.a'} {{raw.a}} raw.a\"}]}\n",
        "decide: {a: {from: '{text}', translate: {raw.a: b}, otherwise: c}}\n",
        "decide: {a: [{when: {text: {has_any: [raw.a]}}, use: b}, {otherwise: c}]}\n",
    ],
)
def test_what_only_looks_like_raw_is_none(tmp_path: Path, more: str) -> None:
    assert len(loaded(tmp_path, bank=regulated(more))) == 1


PIECES = st.sampled_from(
    [
        "{",
        "{{",
        "}",
        "}}",
        "raw.a",
        "raw.b.0",
        "text",
        "raw",
        " | ",
        " | default ",
        " | upper",
        '"',
        "'",
        '"raw.a"',
    ]
)


@given(pieces=st.lists(PIECES, max_size=8))
@example(pieces=["{", "text", " | default ", '"raw.a"', "}", "raw.a"])
@example(pieces=["{{", "{", "raw.a", " | upper", "}"])
@settings(max_examples=300, deadline=None)
def test_raw_is_found_exactly_where_the_language_reads_it(pieces: list[str]) -> None:
    text = "".join(pieces).replace("'", "''")
    case = f"case: {{object: Case, key_field: Key__c, create: {{Subject: '{text}'}}}}\n"
    try:
        made = read(mapping("bank", case=case), "bank.yaml")
    except ConfigError:
        reject()

    refused = "raw" in made.create["Subject"].uses
    with pytest.raises(ConfigError) if refused else nullcontext():
        read(regulated(case=case), "bank.yaml")


def test_everything_that_breaks_the_profile_is_told_at_once(tmp_path: Path) -> None:
    case = (
        'case: {object: Case, key_field: Key__c, create: {Subject: "{raw.a}"}, '
        'update: {comment: {text: "{raw.b}", public: true}}}\n'
    )

    found = faults(tmp_path, bank=mapping("bank", "profile: regulated\n", case=case))

    assert found == [
        ("bank.yaml:5:1", "not-masked"),
        ("bank.yaml:6:61", "raw-not-kept"),
        ("bank.yaml:6:98", "raw-not-kept"),
        ("bank.yaml:6:115", "nothing-public"),
    ]


@pytest.mark.parametrize(
    ("protect", "written"),
    [
        ("", "write protect: {mask: {card_number: everywhere, iban: everywhere}}"),
        ("protect: {too_long: refuse}\n", "write protect: {mask: {card_number: everywhere, iban: everywhere}}"),
        ("protect: {mask: {iban: everywhere, phone: everywhere}}\n", "write card_number: everywhere"),
        ("protect: {mask: {card_number: everywhere, iban: our_copies}}\n", "write iban: everywhere"),
    ],
)
def test_the_line_to_write_is_told(protect: str, written: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(mapping("bank", f"profile: regulated\n{protect}"), "bank.yaml")

    assert caught.value.faults[0].split("\n")[0].endswith(f"IBANs everywhere: {written} [not-masked]")


# --- based_on -------------------------------------------------------------------------------------------------


def test_the_profile_is_borrowed(tmp_path: Path) -> None:
    made = loaded(tmp_path, shop=regulated(name="shop"), bank=borrowing())

    assert [one.regulated for one in made] == [True, True]


def test_a_borrower_that_breaks_the_borrowed_profile_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(regulated(name="shop"), encoding="utf-8")

    found = faults(tmp_path, bank=borrowing("protect: {mask: {iban: everywhere}}\naccept: {when: {raw.a: b}}\n"))

    assert found == [("bank.yaml:5:11", "not-masked"), ("bank.yaml:6:17", "raw-not-kept")]


def test_what_a_regulated_mapping_borrows_must_keep_to_the_profile_too(tmp_path: Path) -> None:
    lent = "accept: {when: {raw.a: b}, drop: [{raw.b: c}]}\ndecide: {d: [{otherwise: '{raw.c}'}]}\n"
    (tmp_path / "shop.yaml").write_text(mapping("shop", lent), encoding="utf-8")

    found = faults(tmp_path, bank=borrowing("profile: regulated\naccept: {when: {kind: direct}}\n"))

    assert found == [
        ("bank.yaml:5:1", "not-masked"),
        ("shop.yaml:5:36", "raw-not-kept"),
        ("shop.yaml:6:28", "raw-not-kept"),
    ]


def test_who_borrows_is_named_where_the_fault_stands_in_the_file_lent(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(mapping("shop", "accept: {drop: [{raw.a: b}]}\n"), encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, bank=borrowing(f"profile: regulated\n{MASK}"))

    assert str(caught.value).split("\n")[0] == (
        "shop.yaml:5:18 error: a regulated mapping keeps no raw, so 'raw.a' cannot be read: use the words that "
        "every message has; it is bank.yaml that borrows this [raw-not-kept]"
    )


def test_without_a_profile_of_its_own_the_base_is_shown(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(mapping("shop", "profile: regulated\n"), encoding="utf-8")

    assert faults(tmp_path, bank=borrowing()) == [("shop.yaml:5:1", "not-masked")]


def test_a_borrower_may_leave_the_profile(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(regulated(name="shop"), encoding="utf-8")

    (made,) = loaded(tmp_path, bank=borrowing('profile: ""\ndecide: {a: [{otherwise: "{raw.a}"}]}\n'))

    assert made.regulated is False


# --- beside others --------------------------------------------------------------------------------------------

READS_RAW = "accept: {drop: [{raw.a: b}]}\n"


@pytest.mark.parametrize(("mine", "theirs"), [("acme", "acme"), ("any", "shop-x"), ("[bank-x, acme]", "any")])
def test_who_reads_raw_of_the_same_connection_is_refused_and_told_because_of_whom(
    tmp_path: Path, mine: str, theirs: str
) -> None:
    bank, shop = regulated(source=mine), mapping("shop", READS_RAW, source=theirs)

    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, shop=shop, bank=bank)

    assert str(caught.value) == (
        "shop.yaml:5:18 error: 'raw.a' is not there: the regulated mapping 'bank' may take messages of the same "
        "connection, so they are stored without raw: use the words that every message has, or give each mapping a "
        "source of its own [raw-not-kept]\n"
        "    accept: {drop: [{raw.a: b}]}\n"
        "                     ^"
    )


def test_of_other_connections_raw_is_there(tmp_path: Path) -> None:
    shop = mapping("shop", READS_RAW, source="shop-x")

    assert len(loaded(tmp_path, bank=regulated(source="[bank-x]"), shop=shop)) == 2


def test_a_regulated_mapping_that_only_watches_takes_nothing_away(tmp_path: Path) -> None:
    assert len(loaded(tmp_path, bank=regulated("shadow: true\n"), shop=mapping("shop", READS_RAW))) == 2


def test_one_that_only_watches_is_refused_where_raw_is_not_there(tmp_path: Path) -> None:
    found = faults(tmp_path, bank=regulated(), shop=mapping("shop", f"shadow: true\n{READS_RAW}"))

    assert found == [("shop.yaml:6:18", "raw-not-kept")]
