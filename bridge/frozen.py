"""What is being sent for one case, as it is stored before it is sent. Pure.

A frozen filing is repeated exactly until the CRM gives a receipt: a worker that died, a lost answer or a new
mapping change nothing in it. Two things may: a receipt that leaves a rest, and a deletion by an author.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from bridge.message import DELETED_TEXT, redacted
from bridge.ports import Filing, Part, Value

NOTE = "#note"  #: ends the key of a part that is a note of ours and no item


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A filing, and what the fields of its cases become should the author delete what stands in them."""

    filing: Filing
    blanked: Mapping[str, Value] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)  #: edit's key -> what its row becomes


_JSON = TypeAdapter(Frozen)


def dump(frozen: Frozen) -> str:
    """The frozen filing as JSON."""
    return _JSON.dump_json(frozen).decode()


def load(text: str) -> Frozen:
    """The frozen filing that `dump` wrote."""
    return _JSON.validate_json(text)


def keep(frozen: Frozen, keys: Collection[str], *, filed: Collection[str] = ()) -> Frozen:
    """What is left of it: the parts with these keys, in their order.

    filed: the parts that were filed just now. One that stands behind a part that is left has overtaken it, and
    so that part says when it was written.
    """
    parts = frozen.filing.parts
    last = max((i for i, part in enumerate(parts) if part.key in filed), default=-1)
    left = tuple(_late(part) if i < last else part for i, part in enumerate(parts) if part.key in keys)
    return replace(frozen, filing=replace(frozen.filing, parts=left))


def _late(part: Part) -> Part:
    written = f"Written {part.sent_at or part.received_at:%Y-%m-%d %H:%M} UTC, before what stands above:\n"
    if part.act != "add" or part.text.startswith(written):
        return part
    return replace(part, text=written + part.text)


def blank(frozen: Frozen, keys: Collection[str]) -> Frozen:
    """The filing without the texts of these parts and our notes to them, in the fields of their cases too."""
    filing = frozen.filing
    parts = tuple(
        _blank(part, frozen.rows) if part.key.removesuffix(NOTE) in keys else part for part in filing.parts
    )
    create = {**filing.create, **frozen.blanked} if filing.opener in keys else filing.create
    return replace(frozen, filing=replace(filing, parts=parts, create=create))


def _blank(part: Part, rows: Mapping[str, Mapping[str, Value]]) -> Part:
    said = part.said and redacted(part.said)
    return replace(part, text=DELETED_TEXT, files=(), said=said, row=rows.get(part.key, part.row))


def is_item(key: str) -> bool:
    """Whether a part's key is an item's: notes of ours are sent and forgotten."""
    return not key.endswith(NOTE)
