"""Finds a text of ours among what stands at Meta, after an answer was lost. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import timedelta

from adapters.meta.graph import under
from bridge.errors import Rejected
from bridge.ports import Sending
from bridge.reading import Json, moment, ornament

SLACK = timedelta(minutes=1)  #: that Meta's clock may be behind ours
PAGES = 10  #: of a list that are looked at


def find(nodes: Iterable[Json], sending: Sending, *, text: str, time: str) -> str | None:
    """Return the id of what the account wrote since the first attempt with these words; None = nothing here.

    text, time: names of the fields, which differ between the products.
    """
    return next(
        (
            ornament(node, "id")
            for node in nodes
            if _by(node) == sending.to.account.id
            and alike(ornament(node, text), sending.text)
            and not before(node, sending, time=time)
        ),
        None,
    )


def read(pages: Iterable[list[Json]]) -> Iterator[list[Json]]:
    """Yield PAGES pages of a list. Raises Rejected where it goes on: what is not found may stand there."""
    for n, page in enumerate(pages):
        if n == PAGES:
            raise Rejected("there are too many comments to find it among them")
        yield page


def before(node: Json, sending: Sending, *, time: str) -> bool:
    """Whether something stood there before the first attempt; what has no time did not."""
    when = moment(node, time)
    return when is not None and when < (sending.tried_at or sending.now) - SLACK


def alike(one: str, other: str) -> bool:
    """Whether two texts are the same but for their spaces and the way their accents are written."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _by(node: Json) -> str:
    return ornament(under(node, "from"), "id")
