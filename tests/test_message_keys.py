"""A message's key: other messages have other keys, whatever stands in ids and versions that strangers chose."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.fitting import size
from bridge.frozen import NOTE, is_item
from bridge.message import Account, Change, Message
from bridge.reading import LONGEST_ID

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WORDS = st.text(st.sampled_from("%:#23A5e") | st.characters(codec="utf-8"), min_size=1, max_size=6)
IDS = WORDS | st.sampled_from(["1", "1:edited", "1:created", "edited", "x#note", "1%3Aedited"])
CHANGES: st.SearchStrategy[Change] = st.sampled_from(["created", "edited", "deleted", "hidden", "unhidden"])


def of(message_id: str, change: Change, version: str, *, channel: str = "tool", account: str = "a") -> Message:
    return Message(
        channel=channel,
        connection="tool",
        account=Account(id=account),
        id=message_id,
        kind="comment",
        change=change,
        version=version,
        received_at=NOON,
        public=True,
    )


@pytest.mark.parametrize(
    ("message", "key"),
    [
        (of("m_1-A", "created", ""), "tool:a:m_1-A:created"),
        (of("m_1-A", "edited", "1795262400"), "tool:a:m_1-A:edited:1795262400"),
        (of("m_1-A", "edited", ""), "tool:a:m_1-A:edited:e3b0c44298fc1c14"),
        (of("m_1-A", "hidden", "7"), "tool:a:m_1-A:hidden:7"),
        (of("1:edited", "created", ""), "tool:a:1%3Aedited:created"),
        (of("1", "edited", "created"), "tool:a:1:edited:created"),
        (of("100%", "deleted", ""), "tool:a:100%25:deleted"),
        (of("1", "edited", "v#note"), "tool:a:1:edited:v%23note"),
        (of("1", "edited", "7" * 64), f"tool:a:1:edited:{'7' * 64}"),
        (of("1", "edited", "7" * 65), "tool:a:1:edited:6ba0f16fdb8b246d"),
    ],
)
def test_a_key_names_channel_account_message_and_change(message: Message, key: str) -> None:
    assert message.key == key


VERSIONED = ("edited", "hidden", "unhidden")


@given(IDS, CHANGES, IDS, IDS, CHANGES, IDS)
@example("1", "edited", "created", "1:edited", "created", "x")
def test_different_messages_have_different_keys(
    one: str, change: Change, version: str, other: str, then: Change, next_version: str
) -> None:
    first = (one, change, version if change in VERSIONED else "")
    second = (other, then, next_version if then in VERSIONED else "")

    assert (of(*first).key == of(*second).key) == (first == second)


@given(IDS.map(lambda text: text + NOTE), CHANGES)
def test_no_id_and_no_version_is_taken_for_a_note_of_ours(hostile: str, change: Change) -> None:
    assert is_item(of(hostile, change, "").key)
    assert is_item(of("1", change, hostile).key)


@pytest.mark.parametrize("sign", [":", "a", "é", "漢", "😀"])
def test_the_longest_key_fits_an_index_of_the_database(sign: str) -> None:
    longest = sign * (LONGEST_ID // size(sign))

    message = of(longest, "unhidden", sign * 64, channel="c" * 40, account="é" * (LONGEST_ID // 2))

    assert size(message.key) <= 2400
