"""The shape of a mapping file: which keys there are, and what each may hold. Pure.

Templates and conditions are text and maps here; compiled.py reads them. The descriptions are the reference that
admins read.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from bridge.mapping.document import near
from bridge.masks import MASKS, Where
from bridge.masks import Kind as MaskKind
from bridge.message import Kind

OnePer = Literal["author_and_thread", "author", "thread", "message", "person"]
AfterThat = Literal["new_case", "comment_only", "drop"]
TooLong = Literal["shorten", "refuse"]
OnEdit = Literal["comment", "replace", "ignore"]
OnDelete = Literal["redact", "note"]
Attachments = Literal["link", "copy"]


def _duration(text: object) -> timedelta:
    found = re.fullmatch(r"([0-9]{1,4}) (minute|hour|day|week)s?", text) if isinstance(text, str) else None
    if not found:
        reason = "a time is a number and minutes, hours, days or weeks: 14 days"
        raise PydanticCustomError("not-a-duration", reason)
    return timedelta(**{f"{found[2]}s": int(found[1])})


def _truth(value: object) -> bool:
    if value not in ("true", "false"):
        raise PydanticCustomError("not-true-or-false", "write true or false")
    return value == "true"


def _names(value: object) -> object:
    """`any` is None, one name a list of one."""
    if value == "any":
        return None
    return [value] if isinstance(value, str) and value else value


def _crm_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,79}", text):
        reason = "the name of a CRM field or object has only letters, digits and _"
        raise PydanticCustomError("not-a-crm-name", reason)
    return text


def _word(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,79}", text):
        reason = "a decided name has only letters, digits and _, and no dot"
        raise PydanticCustomError("not-a-decided-name", reason)
    return text


def _filled(value: Any) -> Any:
    if not value:
        raise PydanticCustomError("empty", "this is empty: fill it in or remove it")
    return value


def _none_found(value: object) -> object:
    """`leave_blank` is None, a map is what is created."""
    if isinstance(value, str) and value != "leave_blank":
        allowed = {"allowed": "leave_blank, or {create: {…}}", "suggestion": near(value, ["leave_blank"])}
        raise PydanticCustomError("not-possible", "this is not possible here", allowed)
    return None if value == "leave_blank" else value


def _mask_kind(text: object) -> object:
    if text not in MASKS:
        context = {"allowed": ", ".join(MASKS), "suggestion": near(str(text), list(MASKS)), "kind": str(text)}
        raise PydanticCustomError("unknown-mask", "nothing called '{kind}' can be masked", context)
    return text


Filled = AfterValidator(_filled)
Duration = Annotated[timedelta, BeforeValidator(_duration)]
CrmName = Annotated[str, AfterValidator(_crm_name)]
Conditions = dict[str, Any]
Truth = Annotated[bool, BeforeValidator(_truth)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Translation(_Section):
    """A value by a table. A language is also known by its beginning: de is de-AT too."""

    from_: str = Field(alias="from", description='What is looked up: text with a placeholder, `"{language}"`.')
    translate: Annotated[dict[str, str], Filled] = Field(
        description="What it may be, and what each becomes. Capitals make no difference."
    )
    otherwise: str | None = Field(
        None,
        description="For everything else. Left out: the field is left out; under decide it must be there.",
    )


class NamedRecord(_Section):
    """Another record of the CRM, by the name that people know it by; the bridge looks its id up."""

    named: Annotated[str, Filled] = Field(
        description="The name of a queue, user, record type, group, agent, brand or form; placeholders are "
        "possible. Only in fields of the case, not of the customer's record."
    )


def _kind_of_value(value: object) -> str:
    if isinstance(value, dict):
        return "a name" if "named" in value else "a translation"
    return "a text"


def _kind_of_rules(value: object) -> str:
    return "a translation" if isinstance(value, dict) else "rules"


Text = Annotated[str, Tag("a text")]
Translated = Annotated[Translation, Tag("a translation")]
Called = Annotated[NamedRecord, Tag("a name")]
Fixed = dict[CrmName, str]
Fields = dict[CrmName, Annotated[Text | Translated | Called, Discriminator(_kind_of_value)]]


class Accept(_Section):
    """Which messages this mapping takes, and which of them it drops."""

    kinds: Annotated[tuple[Kind, ...] | None, Filled] = Field(
        None, description="Only these kinds; the rest goes to the next mapping. Left out: all kinds."
    )
    when: Conditions | None = Field(
        None, description="Only messages that fulfil all these conditions; the rest goes to the next mapping."
    )
    drop: tuple[Conditions, ...] = Field(
        (), description="What fulfils one of these lines becomes no case, here or in any other mapping."
    )


class Rule(_Section):
    """One rule of decide: a condition and what it gives, or `otherwise`. The first that matches is used."""

    when: Conditions | None = Field(None, description="All these conditions hold.")
    when_any: tuple[Conditions, ...] | None = Field(None, description="At least one line of conditions holds.")
    when_all: tuple[Conditions, ...] | None = Field(None, description="Every line of conditions holds.")
    use: str | None = Field(None, description="The value when they hold; placeholders are possible.")
    otherwise: str | None = Field(None, description="The value when no rule above matched: the last line.")


class NoneFound(_Section):
    """What is done where no record is found: one is created with these fields."""

    create: Annotated[Fields, Filled] = Field(
        description="The fields of a new record: at least all of one line of match, so that it is found again. "
        "One of these must be unique in the CRM, so that there is never a second one."
    )


class Contact(_Section):
    """How the customer's record is found."""

    object: CrmName = Field(description="Contact, Account, user …")
    match: Annotated[tuple[Annotated[Fixed, Filled], ...], Filled] = Field(
        description="Lines of fields and values. The first line that finds anything decides; one with a missing "
        "value is left out."
    )
    fetch: tuple[CrmName, ...] = Field(
        (), description="Fields that come with the record, read as `person.<field>`. No call of its own."
    )
    none_found: Annotated[NoneFound | None, BeforeValidator(_none_found)] = Field(
        None, description="leave_blank, or `{create: {…}}`: a new record."
    )
    many_found: Literal["leave_blank_and_note"] = Field(
        "leave_blank_and_note", description="Several records are never guessed between: the case says which."
    )
    fill_if_empty: Fields = Field(
        default_factory=dict, description="Written to the record that was found, where it has nothing yet."
    )


class CommentForm(_Section):
    """What a later message becomes on the case."""

    text: str = Field(description="The comment; links to attachments are added below unless it shows them itself.")
    public: Truth = Field(False, description="true: the customer sees it in your portal.")  # noqa: FBT003


class Update(_Section):
    """What a later message does."""

    comment: CommentForm | None = Field(None, description="The comment. Left out: the text alone, not public.")
    raise_only: dict[CrmName, Annotated[tuple[Annotated[str, Filled], ...], Filled]] = Field(
        default_factory=dict,
        description="A field and its values from the lowest to the highest: a later message may raise it, never "
        "lower it. What an agent set to something else stays.",
    )
    reassign: Truth = Field(
        False,  # noqa: FBT003
        description="true: a later message for which the owner fields under create give another owner than before "
        "moves the case there.",
    )


class IfClosed(_Section):
    """What a message for a closed case does."""

    reopen_within: Duration = Field(timedelta(0), description="So long after the closing the case is reopened.")
    set: Fixed = Field(default_factory=dict, description="The fields that reopen it, fixed values.")
    after_that: AfterThat = Field(
        "new_case", description="new_case, comment_only (onto the closed one), or drop, named by its line."
    )


class Case(_Section):
    """The case: its key, and its fields."""

    object: CrmName = Field(description="Case, Lead or Task in Salesforce, ticket in Zendesk.")
    key_field: CrmName = Field(
        "", description="The field of the CRM by which the bridge knows its case again; Zendesk needs none."
    )
    one_per: OnePer = Field(
        "author_and_thread",
        description="Which messages share a case: of one author in one thread, of one author, of one thread, of "
        "one customer's record on all channels (person), or none (message).",
    )
    new_after_silence: Duration | None = Field(
        None, description="After so long without a message the next one opens a new case, even if one is open."
    )
    create: Annotated[Fields, Filled] = Field(description="The fields of a new case, from its first message.")
    update: Update | None = Field(None, description="What each later message does.")
    if_closed: IfClosed = Field(IfClosed(), description="What a message for a closed case does.")
    on_edit: OnEdit = Field(
        "comment", description="comment adds the new text, replace writes it over the old one, ignore drops it."
    )
    on_delete: OnDelete = Field(
        "redact", description="redact removes the words from the CRM, note only says that they were deleted."
    )
    attachments: Attachments = Field(
        "link", description="link names their addresses, copy also stores the files in the CRM."
    )


class Protect(_Section):
    """What is masked, and what is done with text that a field cannot hold."""

    mask: dict[Annotated[MaskKind, BeforeValidator(_mask_kind)], Where] = Field(
        default_factory=dict,
        description="card_number, iban, phone, email: everywhere, or in our_copies (your CRM still gets it).",
    )
    too_long: TooLong = Field(
        "shorten", description="shorten, or refuse: the message then waits in `casebridge dead`."
    )


class Test(_Section):
    """An example that is run whenever the mapping is loaded."""

    __test__: ClassVar[bool] = False  # its name must not make pytest collect it
    name: Annotated[str, Filled] = Field(description="What it shows.")
    message: dict[str, Any] = Field(default_factory=dict, description="Words of a message and their values.")
    expect: Annotated[dict[str, str], Filled] = Field(
        description="Decided names, `case.<field>`, `comment`, `dropped`, and what comes out for them."
    )


DecidedName = Annotated[str, AfterValidator(_word)]
Rules = Annotated[
    Annotated[Annotated[tuple[Rule, ...], Filled], Tag("rules")] | Translated, Discriminator(_kind_of_rules)
]
Source = Annotated[Annotated[tuple[str, ...], Filled] | None, BeforeValidator(_names)]


class Form(_Section):
    """A whole mapping file."""

    version: Literal["1"] = Field(description="1")
    mapping: Annotated[str, Filled] = Field(description="The name of the file, without .yaml.")
    based_on: Annotated[str, Filled] = Field(
        "", description="Another mapping, whose accept, decide, protect and tests are borrowed."
    )
    source: Source = Field(description="The connections whose messages are taken, or `any`.")
    target: Annotated[str, Filled] = Field(description="The CRM's connection.")
    profile: Literal["", "regulated"] = Field(
        "",
        description="regulated: for banks, insurers, health. Platforms' own messages are not kept, nothing is "
        "public, and what breaks that is refused.",
    )
    shadow: Truth = Field(
        False,  # noqa: FBT003
        description="true: it only watches. It takes no message and files nothing, and `casebridge shadow` tells "
        "what it would have decided otherwise.",
    )
    accept: Accept = Field(Accept(), description="Which messages are taken, and which of them are dropped.")
    decide: dict[DecidedName, Rules] = Field(
        default_factory=dict, description="Names and their rules, or a translation. What stands above can be read."
    )
    contact: Contact | None = Field(None, description="How the customer's record is found.")
    case: Case = Field(description="The case.")
    protect: Protect = Field(Protect(), description="What is masked, and what is done with long text.")
    tests: tuple[Test, ...] = Field((), description="Examples, run at every start.")


class Borrower(Form):
    """A mapping that is based on another one, whose source it may borrow too."""

    source: Source = Field(None, description="As in the other one, unless it stands here.")


def completed(form: Form, base: Form) -> Form:
    """The form of a borrower with what it leaves out from its base: source, profile; accept, protect by key."""
    return form.model_copy(
        update={
            "source": form.source if "source" in form.model_fields_set else base.source,
            "profile": form.profile if "profile" in form.model_fields_set else base.profile,
            "accept": base.accept.model_copy(update=_written(form.accept)),
            "protect": base.protect.model_copy(update=_written(form.protect)),
        }
    )


def _written(section: _Section) -> dict[str, Any]:
    return {name: getattr(section, name) for name in section.model_fields_set}
