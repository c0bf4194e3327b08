"""What of a message is masked and what is not, and which mappings' masks count."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from heart import CARE, NOON, edited, said

from bridge import protecting
from bridge.decided import Decided, dump, load
from bridge.frozen import Frozen
from bridge.mapping import read
from bridge.masks import MASKS, Kind, Where
from bridge.message import Attachment, Person
from bridge.ports import Filing, Part, PersonFound, Reopen
from bridge.protecting import UNPROTECTED, Kinds, Protection

CARD = "4716044832501584"
APART = "4716 0448 3250 1584"
IBAN = "DE89370400440532013000"
PHONE = "+49 30 901820"
ALL: Kinds = frozenset(MASKS)


def masking(mask: str, *, source: str = "any", name: str = "care") -> str:
    """A mapping with these masks."""
    text = CARE.replace("source: any", f"source: {source}").replace("mapping: care", f"mapping: {name}")
    return f"{text}protect: {{mask: {mask}}}\n"


def made(*mappings: str) -> Protection:
    return protecting.protection([read(text, "care.yaml") for text in mappings])


# --- whose masks count ----------------------------------------------------------------------------------------


def test_before_storing_counts_what_any_mapping_of_the_connection_masks_everywhere() -> None:
    protection = made(
        masking("{card_number: everywhere, email: our_copies}", name="one"),
        masking("{iban: everywhere}", name="two", source="[fb]"),
        masking("{phone: everywhere}", name="three", source="[other]"),
    )

    assert protection.before_storing("fb") == {"card_number", "iban"}
    assert protection.before_storing("third") == {"card_number"}


def test_once_settled_counts_the_mapping_that_has_the_message_or_all_that_may() -> None:
    protection = made(
        masking("{email: our_copies}", name="one", source="[fb]"),
        masking("{iban: everywhere}", name="two", source="[fb]"),
        masking("{phone: our_copies}", name="three", source="[other]"),
    )

    assert protection.in_our_copies("one", "fb") == {"email"}
    assert protection.in_our_copies("", "fb") == {"email", "iban"}
    assert protection.in_our_copies("gone", "fb") == {"email", "iban"}


def test_whether_there_is_anything_to_mask_is_known_beforehand() -> None:
    several = [UNPROTECTED, made(CARE), made(masking("{iban: everywhere}")), made(masking("{iban: our_copies}"))]

    assert [one.masks for one in several] == [False, False, True, True]


# --- a message ------------------------------------------------------------------------------------------------


def test_text_names_and_addresses_are_masked_and_ids_are_not() -> None:
    message = replace(
        said(f"my card {APART}", id=CARD, thread=f"1_{CARD}"),
        url=f"https://social.example/{CARD}?call={PHONE}",
        author=Person(id=CARD, name=f"Ana {APART}", handle="ana@x.example", phone=PHONE, email="ana@x.example"),
        attachments=(Attachment(kind="link", url="https://x.example/?mail=ana@x.example", name=f"{IBAN}.pdf"),),
        raw=b"",
    )

    masked = protecting.received(message, ALL)

    assert masked == replace(
        message,
        text="my card [card number]",
        url=f"https://social.example/{CARD}?call=[phone number]",
        author=replace(message.author, name="Ana [card number]"),
        attachments=(Attachment(kind="link", url="https://x.example/?mail=[e-mail]", name="[IBAN].pdf"),),
    )
    assert masked.key == message.key


def test_the_authors_number_and_address_are_masked_once_they_are_not_needed_to_find_them() -> None:
    message = replace(said("Hello"), author=Person(id="1", phone=PHONE, email="ana@x.example"))

    several: list[Kinds] = [ALL, frozenset({"email"}), protecting.NONE]

    masked = [protecting.settled(message, kinds).author for kinds in several]

    assert [(one.phone, one.email) for one in masked] == [
        ("[phone number]", "[e-mail]"),
        (PHONE, "[e-mail]"),
        (PHONE, "ana@x.example"),
    ]


def test_the_key_of_an_edit_without_a_number_tells_nothing_of_what_was_masked() -> None:
    change = edited(said("Hello"), f"my card {CARD}")

    masked = protecting.received(change, ALL)

    assert masked.text == "my card [card number]"
    assert masked.key == edited(said("Hello"), "my card [card number]").key
    assert protecting.received(change, ALL).key == masked.key


def test_what_settles_keeps_its_key() -> None:
    change = edited(said("Hello"), f"my card {CARD}")

    assert protecting.settled(change, ALL).key == change.key


def test_a_message_may_be_masked_again() -> None:
    change = replace(edited(said(APART), f"my card {CARD}"), raw=json.dumps({"a": CARD}).encode())

    once = protecting.settled(change, ALL)

    assert protecting.settled(once, ALL) == once


# --- raw ------------------------------------------------------------------------------------------------------


def raw(document: object, *, number: str = "m-1") -> object:
    """What becomes of the raw of a message with this id."""
    data = json.dumps(document, separators=(",", ":")).encode()
    return json.loads(protecting.received(said("Hello", id=number, raw=data), ALL).raw)


def test_raw_stays_json_with_its_strings_and_whole_numbers_masked() -> None:
    masked = raw(
        {"text": f"my {APART}\u00a0!", "list": [int(CARD), 1.5, True, None, 1793000000123], "deep": {"a": IBAN}}
    )

    assert masked == {
        "text": "my [card number]\u00a0!",
        "list": ["[card number]", 1.5, True, None, 1793000000123],
        "deep": {"a": "[IBAN]"},
    }


def test_ids_of_the_message_stay_in_raw() -> None:
    document = {"id": f"7_{CARD}", "number": int(CARD), "link": f"https://social.example/{CARD}"}

    assert raw(document, number=f"7_{CARD}") == document


def test_raw_in_which_nothing_is_masked_stays_to_the_byte() -> None:
    message = said("Hello", raw=b'{ "a" : 1.50,\n"b":"\xc3\xa9" }')

    assert protecting.received(message, ALL).raw == message.raw


@pytest.mark.parametrize("before", [b"card ", b'{"card": ', b"\xff\xfe ", b"[" * 100_000], ids=len)
def test_what_is_no_json_is_masked_all_the_same(before: bytes) -> None:
    message = said("Hello", raw=before + CARD.encode())

    assert protecting.received(message, ALL).raw == before + b"[card number]"


# --- what was decided, and what is being sent -----------------------------------------------------------------


def test_what_was_decided_is_masked_and_the_customers_record_stays() -> None:
    person = PersonFound(id=CARD, values={"Phone": PHONE, "Value__c": 5})
    text = dump(Decided(values={"heard": f"my {CARD}"}, lines={"heard": "care.yaml:9"}, person=person))

    masked = load(protecting.decision(text, ALL))

    assert masked == Decided(
        values={"heard": "my [card number]"},
        lines={"heard": "care.yaml:9"},
        person=person,
    )


def test_of_a_filing_only_the_words_that_opened_it_are_masked() -> None:
    part = Part(key="k", act="add", text=CARD, public=False, sent_at=None, received_at=NOON)
    filing = Filing(
        key="k",
        key_field="K",
        object="Case",
        parts=(part,),
        create={"A": CARD, "B": 1},
        reopen=Reopen(),
        too_long="shorten",
    )

    masked = protecting.opened(Frozen(filing=filing, blanked={"A": f"by {CARD}"}), ALL)

    assert masked == Frozen(
        filing=replace(filing, create={"A": "[card number]", "B": 1}), blanked={"A": "by [card number]"}
    )


def test_what_storing_has_masked_is_not_masked_again() -> None:
    found = protecting.Protection({"care": protecting.Rule(source=None, kinds={"card_number": "everywhere"})})

    assert found.in_our_copies("care", "fb") == frozenset()


@pytest.mark.parametrize("kinds", [{"iban": "our_copies"}, {"phone": "everywhere"}])
def test_what_was_kept_until_it_settled_is_masked_then(kinds: dict[Kind, Where]) -> None:
    found = protecting.Protection(
        {"care": protecting.Rule(source=None, kinds={**kinds, "card_number": "everywhere"})}
    )

    assert found.in_our_copies("care", "fb") == frozenset({*kinds, "card_number"})
