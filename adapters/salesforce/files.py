"""Copies of what came with a message, attached to its case, and taken away when its author deletes it. Pure.

A ContentVersion with a FirstPublishLocationId becomes a file of that record; as JSON it takes up to 37.5 MB.
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_sobject_insert_update_blob.htm
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.salesforce.comments import marker
from adapters.salesforce.planned import Plan, files_in
from bridge.fetching import File, harmless
from bridge.message import DELETED_TEXT, Attachment
from bridge.ports import Filing, Part

MOST = 5  #: files of one message
STILL_THERE = "A file of a deleted message still stands: {}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One file that is to be attached. marker: by it a copy is found again after a lost answer."""

    key: str  #: of its part
    file: Attachment | None  #: None = the author has deleted the message: it may be there, and is not copied
    record: str  #: the case, lead or task
    marker: str


def copies(filing: Filing, plan: Plan | None) -> Iterator[Copy]:
    """Name the files of all parts whose text is in."""
    home = plan.case.id if plan and plan.case else ""
    for part in filing.parts:
        # A part without a ref has only changed fields: nothing there shows what the file belongs to.
        if plan and part.act != "delete" and plan.refs.get(part.key):
            record = plan.cases.get(part.key) or home
            for n, file in enumerate(_wanted(part)):
                yield Copy(key=part.key, file=file, record=record, marker=marker(f"{part.key}#file{n}"))


def _wanted(part: Part) -> Sequence[Attachment | None]:
    return [None] * MOST if part.text == DELETED_TEXT else fetchable(part)[:MOST]


def doomed(filing: Filing, plan: Plan | None) -> list[str]:
    """Return the ids of the copies that came with messages whose deletion is in."""
    deletions = [part for part in filing.parts if plan and part.act == "delete" and part.key in plan.refs]
    return list(dict.fromkeys(file for part in deletions for file in files_in(part)))


def fetchable(part: Part) -> list[Attachment]:
    """Return what is a file with an address; a link is a page, and stands in the text."""
    return [file for file in part.files if file.url and file.kind != "link"]


def too_many(part: Part) -> str:
    """Say that not all files are copied; "" = they are."""
    most = len(fetchable(part))
    return f"Only the first {MOST} of {most} files of a message were copied." if most > MOST else ""


def record_of(copy: Copy, file: File) -> dict[str, Any]:
    """Return the row that attaches a file."""
    name = harmless(copy.file.name, file.type) if copy.file and copy.file.name else file.name
    return {
        "Title": name,
        "PathOnClient": name,
        "Description": f"Copied by Casebridge {copy.marker}",
        "FirstPublishLocationId": copy.record,
        "VersionData": base64.b64encode(file.content).decode(),
    }
