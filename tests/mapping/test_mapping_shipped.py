"""The two shipped mappings decide alike, and what the one to Zendesk makes of what was decided."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_examples import MESSAGE, NOBODY, said

from bridge.errors import ConfigError
from bridge.mapping import Accepted, Dropped, Mapping, accept, create, decide, load, person_match, read
from bridge.mapping.document import parse
from bridge.mapping.examples import _Given as Given
from bridge.mapping.placeholders import Check
from bridge.message import Account, Attachment, Message, Person
from bridge.ports import PersonFound, PersonMatch, Reopen

SHIPPED = Path(__file__).parents[2] / "mappings"
SALESFORCE, ZENDESK = load(SHIPPED, ["meta-to-salesforce", "meta-to-zendesk"])
WORDS = [
    "Fraud", "SCAM!", "hacked", "lawyer", "refund", "charged twice", "no signal", "cancel", "giveaway", "GIVEAWAY",
    "follow me back", "crypto signals", "thanks", "frauds", "hello", "\n", "",
]  # fmt: skip
MESSAGES = st.builds(
    Message,
    channel=st.sampled_from(["facebook", "messenger", "x"]),
    connection=st.sampled_from(["acme-meta", "other"]),
    account=st.builds(Account, id=st.just("page-1"), about=st.just({"brand": "Acme"})),
    id=st.just("m-1"),
    kind=st.sampled_from(["comment", "post", "mention", "direct", "review", "reaction"]),
    author=st.builds(Person, id=st.sampled_from(["", "u-5"]), name=st.text(max_size=5), is_self=st.booleans()),
    text=st.lists(st.sampled_from(WORDS) | st.text(max_size=8), max_size=5).map(" ".join),
    attachments=st.sampled_from([(), (Attachment(kind="image", url="https://cdn.example/1"),)]),
    received_at=st.just(MESSAGE.received_at),
    public=st.booleans(),
)


def outcome(made: Mapping, message: Message) -> object:
    """What becomes of the message, without what is Zendesk's own."""
    took = accept(made, message)
    if not isinstance(took, Accepted):
        return took
    decision = decide(made, message, NOBODY)
    own = {"zendesk_priority"}
    return [{k: v for k, v in found.items() if k not in own} for found in (decision.values, decision.lines)]


@settings(max_examples=100, deadline=None)
@given(MESSAGES)
def test_both_shipped_mappings_decide_and_drop_every_message_alike(message: Message) -> None:
    assert outcome(ZENDESK, message) == outcome(SALESFORCE, message)


def test_both_shipped_mappings_protect_alike() -> None:
    assert [(made.mask, made.too_long) for made in (SALESFORCE, ZENDESK)] == [
        ({"card_number": "everywhere"}, "shorten"),
        ({"card_number": "everywhere"}, "shorten"),
    ]


def examples() -> list[Message]:
    """The messages of the tests that stand in the two files."""
    found = []
    for name in ("meta-to-salesforce", "meta-to-zendesk"):
        document = parse((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml")
        for example in document.root.entries["tests"].items:
            given_ = Given(Check(document), SALESFORCE)
            for key, node in example.entries["message"].entries.items():
                given_.take(key, node)
            found.append(given_.built())
    return found


def test_both_shipped_mappings_decide_and_drop_the_messages_of_all_tests_alike() -> None:
    outcomes = [(outcome(ZENDESK, message), outcome(SALESFORCE, message)) for message in examples()]

    assert len(outcomes) == 10
    assert [one for one, other in outcomes if one != other] == []
    assert Dropped("meta-to-salesforce.yaml:17") in [one for one, _ in outcomes]


@pytest.mark.parametrize(
    ("old", "new", "file", "said"),
    [
        ("expect: {priority: Medium}", "expect: {priority: Low}", "salesforce", "test 'a refund"),
        ("expect: {dropped: true}", "expect: {dropped: false}", "salesforce", "test 'a giveaway"),
        ("use: Messenger", "use: Chat", "salesforce", "test 'a direct"),
        ("use: High", "use: Top", "zendesk", "'priority' is compared with 'High', but"),
    ],
)
def test_a_change_to_the_salesforce_mapping_is_felt_by_the_zendesk_one(
    old: str, new: str, file: str, said: str
) -> None:
    base = (SHIPPED / "meta-to-salesforce.yaml").read_text(encoding="utf-8")
    own = (SHIPPED / "meta-to-zendesk.yaml").read_text(encoding="utf-8")

    with pytest.raises(ConfigError, match=rf"^meta-to-{file}.yaml:\d+:\d+ error: {said}"):
        read(own, "meta-to-zendesk.yaml", base.replace(old, new))


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("fraud", "comment", "high"),
        ("refund", "post", "normal"),
        ("hi", "direct", "normal"),
        ("hi", "post", "low"),
    ],
)
def test_the_zendesk_mapping_translates_what_was_decided(text: str, kind: str, words: str) -> None:
    message = said(text, kind=kind)

    fields = create(ZENDESK, message, decide(ZENDESK, message, NOBODY), PersonFound(id="4711"))

    assert fields == {
        "subject": f"Zoë Berg on Facebook: {text}",
        "description": f"{text}\nhttps://social.example/post-1?comment=77\n",
        "requester_id": "4711",
        "priority": words,
        "tags": "casebridge facebook",
    }


def test_the_zendesk_mapping_makes_a_user_once_for_each_author_of_a_channel() -> None:
    nameless = dataclasses.replace(MESSAGE, channel="messenger", author=Person(id="u-5"))

    assert [person_match(ZENDESK, message) for message in (MESSAGE, nameless)] == [
        PersonMatch(
            author=f"{channel}:u-5",
            object="user",
            rules=({"external_id": f"casebridge:{channel}:u-5"},),
            create={"external_id": f"casebridge:{channel}:u-5", "name": name},
        )
        for channel, name in (("facebook", "Zoë Berg"), ("messenger", "u-5"))
    ]


def test_the_zendesk_mapping_reopens_and_files_in_public() -> None:
    assert (ZENDESK.reopen, ZENDESK.public) == (
        Reopen(
            within=timedelta(days=14),
            set={"status": "open"},
            after="new_case",
            line=ZENDESK.reopen.line,
        ),
        True,
    )
