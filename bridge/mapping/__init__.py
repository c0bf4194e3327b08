"""The mapping language: a filled-in form in YAML says what becomes of a message. Pure, but for `load`."""

from bridge.mapping.compiled import Mapping
from bridge.mapping.decide import (
    Accepted,
    Decision,
    Dropped,
    accept,
    case_key,
    decide,
    dropped,
    person_key,
    person_match,
)
from bridge.mapping.load import Folder, Kept, Shelf, load, load_from, load_payloads, read
from bridge.mapping.paths import NO_FACTS, Facts
from bridge.mapping.payload import Payload
from bridge.mapping.render import Comment, assigned, blanked, comment, create, names, private, raised, rewritten

__all__ = [
    "NO_FACTS",
    "Accepted",
    "Comment",
    "Decision",
    "Dropped",
    "Facts",
    "Folder",
    "Kept",
    "Mapping",
    "Payload",
    "Shelf",
    "accept",
    "assigned",
    "blanked",
    "case_key",
    "comment",
    "create",
    "decide",
    "dropped",
    "load",
    "load_from",
    "load_payloads",
    "names",
    "person_key",
    "person_match",
    "private",
    "raised",
    "read",
    "rewritten",
]
