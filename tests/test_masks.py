"""What is found in text and masked, what is left alone, and that hostile text changes nothing of it."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import masks
from bridge.masks import COUNTRIES, MASKS, Kind, mask

CARD, IBAN, PHONE, EMAIL = (MASKS[kind] for kind in ("card_number", "iban", "phone", "email"))
ALL: Sequence[Kind] = get_args(Kind)


def luhn(start: str) -> str:
    """The digits with Luhn's check digit behind them."""
    doubled = [sum(divmod(2 * int(d), 10)) if i % 2 == 0 else int(d) for i, d in enumerate(reversed(start))]
    return f"{start}{-sum(doubled) % 10}"


def iban(country: str, rest: str) -> str:
    """The country's IBAN with its check digits."""
    number = int("".join(str(int(one, 36)) for one in f"{rest}{country}00"))
    return f"{country}{98 - number % 97:02}{rest}"


def example(country: str) -> str:
    """An IBAN of a country with its own shape."""
    pieces = re.findall("([0-9]+)([nac])", COUNTRIES[country])
    return iban(country, "".join({"n": "7", "a": "K", "c": "4"}[kind] * int(n) for n, kind in pieces))


# --- card numbers ---------------------------------------------------------------------------------------------

CARDS = {
    "Visa": luhn("471604483250158"),
    "a Visa of 13": luhn("471604483250"),
    "a Visa of 19": luhn("471604483250158032"),
    "Mastercard": luhn("542733105561238"),
    "a newer Mastercard": luhn("222733105561238"),
    "American Express": luhn("37144963539804"),
    "Diners Club": luhn("3852000002323"),
    "Discover": luhn("601155667788990"),
    "JCB": luhn("353055667788990"),
    "Maestro of 18": luhn("67590055667788990"),
    "UnionPay": luhn("621055667788990"),
    "Mir": luhn("220155667788990"),
}


@pytest.mark.parametrize("number", CARDS.values(), ids=CARDS)
def test_a_card_number_is_masked(number: str) -> None:
    assert mask(f"My card {number}, please!", ALL) == f"My card {CARD}, please!"
    assert mask(f"{number[:4]} {number[4:8]}\n{number[8:]}", ALL) == CARD


VISA = CARDS["Visa"]


@pytest.mark.parametrize(
    "written",
    [
        " ".join(VISA[i : i + 4] for i in range(0, 16, 4)),
        "-".join(VISA[i : i + 4] for i in range(0, 16, 4)),
        "\u00a0".join((VISA[:6], VISA[6:])),
        "\u202f".join((VISA[:1], VISA[1:15], VISA[15:])),
        " - ".join((VISA[:4], VISA[4:])),
        " ".join(VISA),
        ".".join((VISA[:8], VISA[8:])),
        "\u200b".join((VISA[:8], VISA[8:])),
        "%20".join((VISA[:4], VISA[4:])),
        VISA.translate({ord("0") + i: 0x0660 + i for i in range(10)}),
        VISA.translate({ord("0") + i: 0xFF10 + i for i in range(10)}),
    ],
    ids=str,
)
def test_a_card_number_may_be_written_in_any_way(written: str) -> None:
    assert mask(f"({written})", ["card_number"]) == f"({CARD})"


@pytest.mark.parametrize(
    "text",
    [
        "order AC-20417 of 2026-11-21 10:30",
        "order 4716044832501586",  # one digit off
        luhn("171604483250158"),  # no scheme begins with 17
        luhn("47160448325"),  # too short
        luhn("9400100000000000000000"),  # a parcel
        f"10150001_{VISA}",
        f"https://cdn.example/{VISA}_1_n.jpg",
        f"1{VISA}",
        "0 " * 40,
        "1793000000123",
    ],
    ids=str,
)
def test_what_is_no_card_number_stays(text: str) -> None:
    assert mask(text, ["card_number"]) == text


def test_an_id_that_looks_like_a_card_number_is_kept() -> None:
    text = f"https://www.facebook.com/{VISA}"

    assert (mask(text, ALL, keep={VISA}), mask(text, ALL)) == (text, f"https://www.facebook.com/{CARD}")


def test_a_card_number_is_found_among_other_numbers() -> None:
    assert mask(f"12 {VISA[:4]} {VISA[4:]} 04 28 123", ["card_number"]) == f"12 {CARD} 04 28 123"


# --- IBANs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("country", COUNTRIES)
def test_an_iban_of_every_country_is_masked(country: str) -> None:
    number = example(country)
    apart = " ".join(number[i : i + 4] for i in range(0, len(number), 4))

    assert mask(f"{number}|{apart}|{number.lower()}", ["iban"]) == f"{IBAN}|{IBAN}|{IBAN}"


def test_an_iban_with_a_wrong_check_digit_stays() -> None:
    wrong = example("DE")[:-1] + "8"

    assert mask(wrong, ["iban"]) == wrong


def test_an_iban_that_is_too_short_stays() -> None:
    assert mask(example("DE")[:-1], ["iban"]) == example("DE")[:-1]


# --- phones and e-mail ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [
        "+49 30 901820", "+49 (0)30 901820", "+4930901820", "+1 (212) 555-0123", "+44 20 7946 0958",
        "0049 30 901820", "030 901820-33", "030/1234567", "(030) 1234567", "0170 1234567", "01701234567",
        "020 7946 0958", "06 12 34 56 78", "06.12.34.56.78", "(212) 555-0123", "212-555-0123", "1-212-555-0123",
        "%2B4930901820",
    ],
)  # fmt: skip
def test_a_phone_number_is_masked(number: str) -> None:
    assert mask(f"Call {number}, please.", ["phone"]) == f"Call {PHONE}, please."


@pytest.mark.parametrize(
    "text",
    [
        "AC-20417", "AC-0204178889", "2026-11-21", "01.02.2026 10:30", "09-11-2026", "2026-11-21T10:30:00Z",
        "10150001_900100", "12345678", "+1", "1.000.000,00", "192.168.100.200", "00:11:22:33:44:55",
        "#0012", "+100 000",
    ],
)  # fmt: skip
def test_what_is_no_phone_number_stays(text: str) -> None:
    assert mask(text, ["phone"]) == text


@pytest.mark.parametrize(
    "address",
    [
        "ana@example.com",
        "a.b+c-d_e@mail.example.co.uk",
        "ANA@EXAMPLE.DE",
        "jörg@bücher.example",
        "ana%40example.com",
    ],
)
def test_an_address_is_masked(address: str) -> None:
    assert mask(f"Write to {address}.", ["email"]) == f"Write to {EMAIL}."


@pytest.mark.parametrize("text", ["@acme", "a@b", "10 @ 5.50", "@ana.example.com", "a@.com", "me@10.0.0.1"])
def test_what_is_no_address_stays(text: str) -> None:
    assert mask(text, ["email"]) == text


# --- together -------------------------------------------------------------------------------------------------


def test_several_stand_side_by_side_and_inside_addresses() -> None:
    german = example("DE")
    text = f"{VISA}{german}{german} ana@x.example +49 30 901820;https://x.example/?c={VISA}&m=ana%40x.example&i={german}"

    masked = mask(text, ALL)

    assert masked == (f"{CARD}{IBAN}{IBAN} {EMAIL} {PHONE};https://x.example/?c={CARD}&m={EMAIL}&i={IBAN}")


def test_only_what_was_asked_for_is_masked() -> None:
    text = f"{VISA} {example('DE')} ana@x.example +49 30 901820"

    assert mask(text, []) == text
    assert mask(text, ["email"]) == text.replace("ana@x.example", EMAIL)


def test_text_in_other_scripts_stays_around_an_address() -> None:
    assert mask("我的邮箱是ana@x.com请回复", ["email"]) == f"我的邮箱是{EMAIL}请回复"


GERMAN = example("DE")
PIECES = st.one_of(
    st.sampled_from([VISA, GERMAN, VISA[:9], GERMAN[:9], "+49 30 901820", "0170 1234567", "06 12 34 56 78", "DE"]),
    st.sampled_from(
        ["ana@x.com", "@", "%40", "+", "-", "_", ".", " ", "00", "(", ")", "%20", "1", "4", "x", "É", "\n"]
    ),
    st.text(max_size=5),
    st.from_regex(r"\d{1,20}", fullmatch=True),
)
HOSTILE = st.lists(PIECES, max_size=12).map("".join)
SOME = st.sets(st.sampled_from(ALL))


@given(HOSTILE, SOME)
def test_masking_again_changes_nothing(text: str, kinds: set[Kind]) -> None:
    once = mask(text, kinds)

    assert mask(once, kinds) == once


@given(HOSTILE)
def test_what_is_not_masked_stays_to_the_letter_and_in_order(text: str) -> None:
    rest = re.split("|".join(map(re.escape, MASKS.values())), mask(text, ALL))

    at = 0
    for piece in rest:
        at = text.index(piece, at) + len(piece)
    assert text.startswith(rest[0])
    assert text.endswith(rest[-1])


AROUND = st.text(alphabet=st.characters(exclude_categories=["Nd"], exclude_characters="_"), max_size=8)


@given(AROUND, st.sampled_from(sorted(CARDS.values())), st.sets(st.integers(1, 15)), AROUND)
def test_a_card_number_is_nowhere_whatever_stands_around_it(
    before: str, number: str, gaps: set[int], after: str
) -> None:
    written = "".join(" " + digit if i in gaps else digit for i, digit in enumerate(number))

    assert mask(f"{before}{written}{after}", ["card_number"]) == f"{before}{CARD}{after}"


@given(st.sampled_from(sorted(COUNTRIES)), st.integers(2, 40), st.booleans())
def test_an_iban_is_found_however_it_is_cut(country: str, size: int, small: bool) -> None:
    number = example(country).lower() if small else example(country)

    assert mask(f"{number[:size]} {number[size:]}".strip(), ["iban"]) == IBAN


# --- how much work it is --------------------------------------------------------------------------------------

HEAVY = [
    "4 ", "41", "4111 1111 1111 111 ", "1", "1-", "1.+", "a", "a@", "a.", "x@a.", "a@a.b1.", "-", "DE89", "DE",
    "+49 ", "+", "0", "01", "06 12 ", "(", "%20", "%", "_1", " ", "(212) ", "de 8 9 ", "é",
]  # fmt: skip


def cost(text: str) -> float:
    """Processor time."""
    start = time.process_time()
    mask(text, ALL)
    return time.process_time() - start


def grows_evenly(piece: str) -> bool:
    small, large = (cost(piece * (size // len(piece))) for size in (20_000, 80_000))
    return large < 9 * small + 0.01  # were it quadratic: 16 times


@pytest.mark.parametrize("piece", HEAVY)
def test_four_times_the_text_is_about_four_times_the_work(piece: str) -> None:
    assert any(grows_evenly(piece) for _ in range(3))  # a busy machine may spoil a go


def test_a_megabyte_of_everything_is_masked() -> None:
    text = "".join(HEAVY) * 100
    whole = f"{text} {VISA} " * (1_000_000 // len(text))

    masked = mask(whole, ALL)

    assert (VISA in masked, masked.count(f" {CARD} ")) == (False, 1_000_000 // len(text))


def test_every_kind_has_its_name_and_its_finder() -> None:
    assert set(ALL) == MASKS.keys() == masks.MASKERS.keys()
