"""Keywords in every script, by example; and that no text makes the search run away."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import faults, mapping, said

from bridge.mapping import Dropped, accept
from bridge.mapping.words import LONGEST, MARKS, MOST, folded, found

ZWJ = "\u200d"

FOUND = {
    # without spaces: anywhere
    "Thai": [("คืนเงิน", "อยากได้คืนเงินค่ะ"), ("น้ำ", "ไม่มีน\u0e49\u0e4d\u0e32ใช้"), ("คืนเงิน", "คืน\u200bเงิน")],
    "Lao": [("ຄືນເງິນ", "ຂໍຄືນເງິນແດ່")],
    "Burmese": [("ငွေပြန်အမ်း", "ကျေးဇူးပြု၍ငွေပြန်အမ်းပေးပါ")],
    "Khmer": [("សងប្រាក់", "សូមសងប្រាក់វិញ"), ("សងប្រាក់", "សូម\u200bសង\u200bប្រាក់")],
    "Tibetan": [("དངུལ", "ངའི་དངུལ་ཕྱིར་སློག"), ("བོད", "བོདཔའི")],
    "Javanese": [("ꦢꦸꦮꦶꦠ꧀", "ꦧꦭꦺꦏ꧀ꦢꦸꦮꦶꦠ꧀ꦏꦸ")],
    "Balinese": [("ᬧᬶᬲ᭄", "ᬫᬯᬮᬶᬧᬶᬲ᭄ᬤᬸᬮᬸ")],
    "Chinese": [("退款", "我要求立即退款！"), ("退款", "APP退款failed"), ("⽉", "一个月"), ("葛", "葛\U000e0100")],
    "Japanese": [
        ("iphone", "iPhoneが壊れた"),
        ("壊れた", "iPhoneが壊れた"),
        ("返金", "すぐに返金してください"),
        ("ガス", "ｶﾞｽ代"),
        ("ｶﾞｽ", "ガス代"),
        ("サーバー", "ｻｰﾊﾞｰが落ちた"),
        ("app", "ＡＰＰが落ちる"),
        ("様々", "様々な"),
        ("人", "人々"),
    ],
    "Korean": [
        ("환불", "환불을 해주세요"),
        ("환불", unicodedata.normalize("NFD", "환불이요")),
        ("iphone", "iPhone이"),
        ("ㅠㅠ", "안돼요ㅠㅠㅠ"),
    ],
    # with points, tatweel and letters that are written in several ways
    "Arabic": [
        ("بطاقة", "بِطَاقَة"),
        ("استرداد", "أريد إسترداد"),
        ("مشكله", "مشكلة كبيرة"),
        ("فاتورة", "فاتـــورة"),
        ("على", "علي الخط"),
        ("ٱلمال", "المال"),
        ("الغاء", "إلغاء؟"),
        ("شكرا", "ﺷﻜﺮﺍ"),
    ],
    "Persian": [("کتاب", "كتاب"), ("پول", "پول\u200cها"), ("می\u200cخواهم", "من می\u200cخواهم")],
    "Hebrew": [("החזר", "הַחְזֵר"), ("צה\"ל", "צה״ל"), ("צ'ק", "צ׳ק"), ("אל על", "אל על"), ("אל-על", "אל־על")],
    "Hindi": [("बिल", "मेरा बिल।"), ("जरूरत", "ज़रूरत"), ("क़", "क\u093c"), ("हां", "हाँ"), ("विद्युत", "विद्\u200dयुत")],
    "Bengali": [("টাকা", "আমার টাকা ফেরত"), ("বাড়ি", "বাড\u09bcি")],
    "Vietnamese": [("hoàn tiền", "HOÀN TIỀN ngay"), ("hoan tien", "hoàn tiền"), ("doi tra", "đổi trả")],
    # cases and letters
    "German": [("größe", "GROSSE"), ("straße", "STRASSE"), ("strasse", "Straße"), ("für", "fu\u0308r")],
    "Turkish": [("iade", "İADE"), ("ısı", "ISI"), ("sıcak", "SICAK"), ("fatura", "FATURA'yı")],
    "Greek": [("λόγος", "ΛΟΓΟΣ"), ("λογαριασμος", "λογαριασμός"), ("τέλος", "το ΤΕΛΟΣ.")],
    "French": [("cœur", "coeur"), ("coeur", "CŒUR"), ("appareil", "l’appareil"), ("resume", "Résumé")],
    "Nordic": [("smorrebrod", "smørrebrød"), ("faerge", "FÆRGE"), ("lodz", "Łódź")],
    "Russian": [("возврат", "Возврат?"), ("еще", "ещё раз"), ("об'єкт", "обʼєкт")],
    # signs
    "emoji": [
        ("😡", "so😡angry"),
        ("❤", "love ❤️"),
        ("❤️", "love ❤"),
        ("👍", "👍🏽"),
        ("👍🏿", "ok 👍"),
        ("👩", f"👩🏽{ZWJ}💻"),
        (f"👩{ZWJ}💻", f"👩🏽{ZWJ}💻!"),
        ("🇩🇪", "🇩🇪🇫🇷"),
    ],
    "hashtags": [("refund", "#refund"), ("#refund", "＃ｒｅｆｕｎｄ"), ("@acme", "@ACME,")],
    "apostrophes": [
        ("don't work", "they DON’T work"),
        ("don't", "don´t"),
        ("don't", "don`t"),
        ("don’t", "DON'T"),
        ("customer", "the customer's bill"),
    ],
    "invisible": [("fraud", "f\u200braud"), ("fraud", "\u202efraud\u202c"), ("fraud", "fra\u00adud")],
}  # fmt: skip

NOT_FOUND = {
    "inside a word": [
        ("cat", "category"),
        ("art", "Start"),
        ("bill", "handbill"),
        ("bill", "bill_2"),
        ("50", "150"),
    ],
    "another form": [
        ("возврат", "возвраты"),
        ("बिल", "बिली"),
        ("बिल", "बिल्ली"),
        ("بطاقة", "بطاقتي"),
        ("חזר", "החזר"),
    ],
    "another sign": [
        ("か", "が"),
        ("は", "ぱ"),
        ("하", "한"),
        ("ハ", "パン"),
        ("#refund", "refund"),
        ("👍", "👎"),
    ],
    "more of a hashtag": [("#refund", "#refunds"), ("refund", "#norefund")],
    "spaces that are not there": [("charged twice", "chargedtwice"), ("charged twice", "charged me twice")],
    "latin beside latin": [("app", "appsが"), ("iphone", "iPhonesが")],
}


@pytest.mark.parametrize(
    ("script", "keyword", "text"), [(s, *pair) for s, pairs in FOUND.items() for pair in pairs]
)
def test_a_keyword_is_found_in_its_own_script(script: str, keyword: str, text: str) -> None:
    assert found(folded(keyword), folded(text)), script


@pytest.mark.parametrize(
    ("why", "keyword", "text"), [(w, *pair) for w, pairs in NOT_FOUND.items() for pair in pairs]
)
def test_a_keyword_is_not_found_where_it_does_not_stand(why: str, keyword: str, text: str) -> None:
    assert not found(folded(keyword), folded(text)), why


def test_a_mapping_finds_hashtags_as_they_are_written() -> None:
    made = mapping('accept:\n  drop:\n    - text: {has_any: ["#refund"]}\n')

    answers = [accept(made, said(text)) == Dropped("care.yaml:7") for text in ("a #REFUND", "a refund")]

    assert answers == [True, False]


# --- nothing runs away ----


def work(do: Callable[[], Any]) -> int:
    """How many calls, also of built-in functions, something takes: a measure that no busy machine changes."""
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        do()
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("keyword", ["a" * 50, "a" * LONGEST, "aab" * 60, "ab" * 20 + "c"])
def test_the_search_takes_a_few_steps_for_each_character_at_most(keyword: str) -> None:
    text = (keyword[: len(keyword) // 2] * 4000)[:20_000]

    assert not found(keyword, text)
    assert work(lambda: found(keyword, text)) < 10 * len(text)


PILES = {
    "two kinds of accents": "\u0301\u0327",
    "voicing marks of half-width kana": "\u0301\uff9e",
    "Tibetan vowels that fall apart": "\u0f73\u0f71\u0327",
    "Thai vowels and tones": "\u0e48\u0e38",
}


@pytest.mark.timeout(10)  # Unicode's own sorting takes minutes for such a pile
@pytest.mark.parametrize("signs", PILES.values(), ids=PILES.keys())
def test_a_pile_of_marks_is_cut_before_it_is_sorted(signs: str) -> None:
    pile = "a" + signs * (MOST // len(signs))

    assert len(folded(pile)) <= 100
    assert found("bill", folded(f"{pile[:1000]} bill"))


def test_every_mark_of_unicode_counts_for_a_pile() -> None:
    signs = map(chr, range(0x80, sys.maxunicode))
    alone = [sign for sign in signs if all(map(unicodedata.combining, unicodedata.normalize("NFKD", sign)))]

    assert set(alone) == set(MARKS)


@pytest.mark.parametrize("sign", ["\ufdfa", "한", "ß", "ΐ", "a\u0334", "😀", "İ", "\u1e9e"])
def test_a_folded_text_is_bounded_whatever_its_signs_fall_apart_into(sign: str) -> None:
    assert len(folded(sign * MOST)) <= 3 * MOST


def test_a_keyword_of_any_use_is_short_enough() -> None:
    (told,) = faults(f"accept:\n  drop:\n    - text: {{has_any: [ok, {'a' * (LONGEST + 1)}]}}\n")

    reason = "a keyword has at most 200 characters: look for a part of this one [keyword-too-long]"
    assert told.split("\n")[0] == f"care.yaml:7:28 error: {reason}"


ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text(
    st.sampled_from([*MARKS[:40], "a", "か", "ก", "한", "\uff9e", "´", "ß", "İ", ZWJ, "\ufe0f", "🏽", " "]),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(ANY)
def test_folding_is_done_in_one_step_and_blind_to_how_signs_are_composed(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded(unicodedata.normalize("NFD", text)) == folded(unicodedata.normalize("NFC", text))


@settings(max_examples=100, deadline=None)
@given(ANY, ANY, ANY)
def test_a_keyword_between_spaces_is_found_in_any_script(keyword: str, before: str, behind: str) -> None:
    wanted = folded(keyword)

    assert not wanted or found(wanted, folded(f"{before} . {keyword} . {behind}"))
