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
from bridge.masks import MASKS, Where
from bridge.masks import Kind as MaskKind
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


def _none_found(value: object) -> object:
    """`leave_blank` is None, a map is what is created."""
    if isinstance(value, str) and value != "leave_blank":
        allowed = {"allowed": "leave_blank, or {create: {…}}", "suggestion": near(value, ["leave_blank"])}
        raise PydanticCustomError("none_found", "this is not possible here", allowed)
    return None if value == "leave_blank" else value


def _mask_kind(text: object) -> object:
    if text not in MASKS:
        context = {"allowed": ", ".join(MASKS), "suggestion": near(str(text), list(MASKS)), "kind": str(text)}
        raise PydanticCustomError("mask_kind", "nothing called '{kind}' can be masked", context)
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


class NoneFound(_Section):
    """What is done where no record is found: one is created with these fields."""

    create: Annotated[Fields, Filled]


class Contact(_Section):
    """How the customer's record is found."""

    not_yet = frozenset({"fill_if_empty"})
    object: CrmName
    match: Annotated[tuple[Annotated[Fields, Filled], ...], Filled]
    fetch: tuple[CrmName, ...] = ()
    none_found: Annotated[NoneFound | None, BeforeValidator(_none_found)] = None
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
    object: CrmName
    key_field: CrmName = ""
    one_per: Annotated[OnePer, _not_yet("person")] = "author_and_thread"
    create: Annotated[Fields, Filled]
    update: Update | None = None
    if_closed: IfClosed = IfClosed()


class Protect(_Section):
    """What is masked, and what is done with text that a field cannot hold."""

    mask: dict[Annotated[MaskKind, BeforeValidator(_mask_kind)], Where] = Field(default_factory=dict)
    too_long: TooLong = "shorten"


class Test(_Section):
    """An example that is run whenever the mapping is loaded."""

    __test__: ClassVar[bool] = False  # its name must not make pytest collect it
    name: Annotated[str, Filled]
    message: dict[str, Any] = Field(default_factory=dict)
    expect: Annotated[dict[str, str], Filled]


DecidedName = Annotated[str, AfterValidator(_word)]
Rules = Annotated[tuple[Rule, ...], Filled, _not_yet("from", "translate")]


Source = Annotated[Annotated[tuple[str, ...], Filled] | None, BeforeValidator(_names)]


class Form(_Section):
    """A whole mapping file."""

    not_yet = frozenset({"profile", "shadow"})
    version: Literal["1"]
    mapping: Annotated[str, Filled]
    based_on: Annotated[str, Filled] = ""
    source: Source
    target: Annotated[str, Filled]
    accept: Accept = Accept()
    decide: dict[DecidedName, Rules] = Field(default_factory=dict)
    contact: Contact | None = None
    case: Case
    protect: Protect = Protect()
    tests: tuple[Test, ...] = ()


class Borrower(Form):
    """A mapping that is based on another one, whose source it may borrow too."""

    source: Source = None


def completed(form: Form, base: Form) -> Form:
    """The form of a borrower with what it leaves out of source, accept and protect, key by key, from its base."""
    return form.model_copy(
        update={
            "source": form.source if "source" in form.model_fields_set else base.source,
            "accept": base.accept.model_copy(update=_written(form.accept)),
            "protect": base.protect.model_copy(update=_written(form.protect)),
        }
    )


def _written(section: _Section) -> dict[str, Any]:
    return {name: getattr(section, name) for name in section.model_fields_set}
