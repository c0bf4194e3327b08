"""Meta: every channel that it receives has its answers, and every product somebody who looks after it."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from meta_calls import PAGE, RECEIVED
from page_platform import CREDENTIALS, DIRECT, UNKNOWN, adapter, platform
from stub import running

from adapters.meta.settings import Kind
from bridge.errors import Rejected
from bridge.ports import Finding, Upkeep, Way

CHANNELS = ("facebook", "messenger", "instagram", "threads", "whatsapp")


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_channel_says_how_it_is_answered(channel: str) -> None:
    message = replace(DIRECT, channel=channel)
    with platform() as (_, stub):
        meta = adapter(stub)

        assert isinstance(meta.way(message, private=False, heard_at=RECEIVED), Way | Rejected)
        assert isinstance([*meta.lacks(message)], list)
        assert stub.calls == []


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_product_is_looked_after(kind: Kind) -> None:
    upkeep = Upkeep(url="https://hooks.example.com/in/acme", credentials={PAGE.id: CREDENTIALS}, now=RECEIVED)
    with running(lambda _: UNKNOWN) as stub:
        meta = adapter(stub, products={PAGE.id: kind})

        for found in (meta.examine(upkeep), meta.subscribe(upkeep)):
            assert all(isinstance(one, Finding) for one in found)
            assert {"fault", "warning"} & {one.level for one in found if one.account == PAGE.id}
