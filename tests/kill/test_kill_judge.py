"""The judge is judged: what it must report, and that it says nothing when all is well."""

from __future__ import annotations

import pytest
from crms import Seen
from kill_judge import Said, Verdict, judge

ANA_1 = Said(author="ana", thread="p_1", id="1", text="<ana 1>")
ANA_2 = Said(author="ana", thread="p_1", id="2", text="<ana 2>")
ANA_3 = Said(author="ana", thread="p_1", id="3", text="<ana 3>", episode=2)
REMOVAL = Said(author="ana", thread="p_1", id="2", verb="remove")
KEY = "facebook:10150001:p_1:ana"


def org(**cases: list[str]) -> list[Seen]:
    """Cases: the opening text and the later ones of each, by what its key ends in."""
    return [
        Seen(
            id=end,
            key=KEY + end.replace("again", "~2").replace("first", ""),
            subject=words[0],
            name="",
            contact="",
            status="open",
            opening=words[0],
            texts=(words[0], *(f"Ana: {word}" for word in words[1:])),
        )
        for end, words in cases.items()
    ]


@pytest.mark.parametrize(
    ("cases", "verdict"),
    [
        (org(first=["<ana 1>", "<ana 2>"], again=["<ana 3>"]), Verdict()),
        (org(first=["<ana 1>", "<ana 2>"]), Verdict(lost=("<ana 3>",))),
        (org(first=["<ana 1>", "<ana 2>", "<ana 2>"], again=["<ana 3>"]), Verdict(twice=("<ana 2>",))),
        (org(first=["<ana 1>", "<ana 1>", "<ana 2>"], again=["<ana 3>"]), Verdict(twice=("<ana 1>",))),
        (org(first=["<ana 2>", "<ana 1>"], again=["<ana 3>"]), Verdict(disorder=(KEY,))),
        (org(first=["<ana 1>"], again=["<ana 3>", "<ana 2>"]), Verdict(strange=("<ana 2>",))),
        (
            org(first=["<ana 1>", "<ana 2>"], again=["<ana 3>"], elsewhere=["<ana 1>"]),
            Verdict(twice=("<ana 1>",), strange=("<ana 1>",)),
        ),
        (org(first=["<ana 1>", "<ana 2>"], again=["<ana 3>", "<eve>"]), Verdict(strange=("<eve>",))),
    ],
)
def test_the_judge_names_what_went_wrong(cases: list[Seen], verdict: Verdict) -> None:
    assert judge(cases, [ANA_1, ANA_2, ANA_3]) == verdict


def test_the_judge_names_two_cases_for_one_key() -> None:
    twins = org(first=["<ana 1>"]) * 2

    assert judge(twins, [ANA_1]) == Verdict(twice=("<ana 1>",))


@pytest.mark.parametrize(
    ("second", "verdict"),
    [
        ("[deleted by its author]", Verdict()),
        ("<ana 2>", Verdict(kept=("<ana 2>",))),
    ],
)
def test_the_judge_names_a_deleted_text_that_still_stands(second: str, verdict: Verdict) -> None:
    assert judge(org(first=["<ana 1>", second]), [ANA_1, ANA_2, REMOVAL]) == verdict
