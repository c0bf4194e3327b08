"""The shape of a mapping file: which keys there are, and what each may hold. Pure.

Templates and conditions are text and maps here; compiled.py reads them. `not_yet` holds the keys of the full
form that this version does not build: they are refused as not yet supported, not as unknown.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from bridge.mapping.document import near
from bridge.message import Kind

OnePer = Literal["author_and_thread", "thread", "author", "message"]
AfterThat = Literal["new_case", "comment_only", "drop"]
TooLong = Literal["shorten", "refuse"]


def _not_yet(*values: str) -> BeforeValidator:
    """Refuse values of the full form that are not built."""

    def check(value: object) -> object:
        name = next(iter(value), "") if isinstance(value, dict) else value
        if name in values:
            raise PydanticCustomError("not_yet", "'{name}' is not yet supported", {"name": name})
        return value

    return BeforeValidator(check)


def _duration(text: object) -> timedelta:
    found = re.fullmatch(r"([0-9]{1,4}) (minute|hour|day|week)s?", text) if isinstance(text, str) else None
    if not found:
        raise PydanticCustomError("duration", "a time is a number and minutes, hours, days or weeks: 14 days")
    return timedelta(**{f"{found[2]}s": int(found[1])})


def _names(value: object) -> object:
    """`any` is None, one name a list of one."""
    if value == "any":
        return None
    return [value] if isinstance(value, str) and value else value


def _crm_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,79}", text):
        raise PydanticCustomError("crm_name", "the name of a CRM field or object has only letters, digits and _")
    return text


def _word(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,79}", text):
        raise PydanticCustomError("word", "a decided name has only letters, digits and _, and no dot")
    return text


def _filled(value: Any) -> Any:
    if not value:
        raise PydanticCustomError("empty", "this is empty: fill it in or remove it")
    return value


def _only_case(text: str) -> str:
    if text != "Case":
        suggestion = near(text, ["Case"])
        raise PydanticCustomError(
            "object", "only 'Case' is supported yet as case.object", {"allowed": "Case", "suggestion": suggestion}
        )
    return text


Filled = AfterValidator(_filled)
CrmName = Annotated[str, AfterValidator(_crm_name)]
FieldText = Annotated[str, _not_yet("named", "from", "translate")]
Fields = dict[CrmName, FieldText]
Conditions = dict[str, Any]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    not_yet: ClassVar[frozenset[str]] = frozenset()


class Accept(_Section):
    """Which messages this mapping takes, and which of them it drops."""

    not_yet = frozenset({"when"})
    kinds: Annotated[tuple[Kind, ...] | None, Filled] = None
    drop: tuple[Conditions, ...] = ()


class Rule(_Section):
    """One rule of decide: a condition and what it gives, or `otherwise`."""

    when: Conditions | None = None
    when_any: tuple[Conditions, ...] | None = None
    when_all: tuple[Conditions, ...] | None = None
    use: str | None = None
    otherwise: str | None = None


class Contact(_Section):
    """How the customer's record is found."""

    not_yet = frozenset({"fill_if_empty"})
    object: CrmName
    match: Annotated[tuple[Annotated[Fields, Filled], ...], Filled]
    fetch: tuple[CrmName, ...] = ()
    none_found: Annotated[Literal["leave_blank"], _not_yet("create")] = "leave_blank"
    many_found: Literal["leave_blank_and_note"] = "leave_blank_and_note"


class CommentForm(_Section):
    """What a later message becomes on the case."""

    text: str
    public: bool = False


class Update(_Section):
    """What a later message does."""

    not_yet = frozenset({"raise_only", "reassign"})
    comment: CommentForm


class IfClosed(_Section):
    """What a message for a closed case does."""

    reopen_within: Annotated[timedelta, BeforeValidator(_duration)] = timedelta(0)
    set: Fields = Field(default_factory=dict)
    after_that: AfterThat = "new_case"


class Case(_Section):
    """The case: its key, and its fields."""

    not_yet = frozenset({"new_after_silence", "on_edit", "on_delete", "attachments"})
    object: Annotated[str, AfterValidator(_only_case)]
    key_field: CrmName
    one_per: Annotated[OnePer, _not_yet("person")] = "author_and_thread"
    create: Annotated[Fields, Filled]
    update: Update | None = None
    if_closed: IfClosed = IfClosed()


class Protect(_Section):
    """What is done with text that a field cannot hold."""

    not_yet = frozenset({"mask"})
    too_long: TooLong = "shorten"


class Test(_Section):
    """An example that is run whenever the mapping is loaded."""

    __test__: ClassVar[bool] = False  # its name must not make pytest collect it
    name: Annotated[str, Filled]
    message: dict[str, Any] = Field(default_factory=dict)
    expect: Annotated[dict[str, str], Filled]


DecidedName = Annotated[str, AfterValidator(_word)]
Rules = Annotated[tuple[Rule, ...], Filled, _not_yet("from", "translate")]


class Form(_Section):
    """A whole mapping file."""

    not_yet = frozenset({"based_on", "profile", "shadow"})
    version: Literal["1"]
    mapping: Annotated[str, Filled]
    source: Annotated[Annotated[tuple[str, ...], Filled] | None, BeforeValidator(_names)]
    target: Annotated[str, Filled]
    accept: Accept = Accept()
    decide: dict[DecidedName, Rules] = Field(default_factory=dict)
    contact: Contact | None = None
    case: Case
    protect: Protect = Protect()
    tests: tuple[Test, ...] = ()
