"""The mapping language: a filled-in form in YAML says what becomes of a message. Pure, but for `load`."""

from bridge.mapping.compiled import Mapping
from bridge.mapping.decide import Accepted, Decision, Dropped, accept, case_key, decide, person_match
from bridge.mapping.load import load, read
from bridge.mapping.render import Comment, blanked, comment, create

__all__ = [
    "Accepted",
    "Comment",
    "Decision",
    "Dropped",
    "Mapping",
    "accept",
    "blanked",
    "case_key",
    "comment",
    "create",
    "decide",
    "load",
    "person_match",
    "read",
]
