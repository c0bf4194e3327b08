"""protect.mask in the form: what may be masked, and where."""

from __future__ import annotations

import pytest
from mapping_examples import CASE, HEAD, faults

from bridge.mapping import read


def test_a_mapping_says_what_is_masked_and_where() -> None:
    mapping = read(f"{HEAD}protect: {{mask: {{card_number: everywhere, phone: our_copies}}}}\n{CASE}", "care.yaml")

    assert mapping.mask == {"card_number": "everywhere", "phone": "our_copies"}
    assert read(HEAD + CASE, "care.yaml").mask == {}


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ("{card_numbers: everywhere}", "nothing called 'card_numbers' can be masked [unknown-mask]"),
        ("{iban: everwhere}", "'everwhere' is not possible here [not-possible]"),
        ("[iban]", "a map (key: value) is expected here [not-a-map]"),
    ],
)
def test_an_unknown_kind_or_place_is_a_fault(mask: str, said: str) -> None:
    (fault,) = faults(f"protect: {{mask: {mask}}}\n")

    assert said in fault


def test_the_nearest_spelling_is_suggested() -> None:
    told = "\n".join(faults("protect: {mask: {card_numbers: everywhere, iban: everwhere}}\n"))

    assert "did you mean 'card_number'?" in told
    assert "did you mean 'everywhere'?" in told
