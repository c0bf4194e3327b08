"""A mapping made ready to run: conditions and templates compiled, every fault of the file found at once. Pure."""

from __future__ import annotations

from collections import abc
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from bridge.errors import ConfigError
from bridge.mapping.conditions import Condition, all_of, lines_of
from bridge.mapping.document import Document, plain
from bridge.mapping.fields import TOO_EARLY
from bridge.mapping.findings import faults_of
from bridge.mapping.form import Borrower, Case, Form, OnDelete, OnEdit, OnePer, TooLong, Update, completed
from bridge.mapping.paths import RECENT, Names
from bridge.mapping.placeholders import Check, Template
from bridge.mapping.rules import Rule, decided
from bridge.mapping.sections import CaseFields, Contact, below, case, contact, texts
from bridge.mapping.surroundings import NOTHING_AROUND, Surroundings
from bridge.masks import Kind, Where
from bridge.ports import Reopen


@dataclass(frozen=True, slots=True)
class Line:
    """One line of accept.when or accept.drop."""

    condition: Condition
    line: str  #: file:line


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """A mapping file, checked and compiled."""

    name: str
    file: str
    source: tuple[str, ...] | None  #: names of connections; None = any
    target: str
    kinds: tuple[str, ...] | None  #: None = every kind
    when: tuple[Line, ...]  #: all of them hold for what is taken
    drops: tuple[Line, ...]
    decided: abc.Mapping[str, tuple[Rule, ...]]  #: in the order of the file
    contact: Contact | None
    object: str
    line: str  #: file:line of `object`
    key_field: str  #: "" = the file names none, and which CRM it is for is not known
    one_per: OnePer
    silence: timedelta | None  #: after which a new case is opened
    create: abc.Mapping[str, Template]
    named: abc.Mapping[str, Template]  #: field -> the name of a record whose id goes into it
    comment: Template
    public: bool
    raises: abc.Mapping[str, tuple[str, ...]]  #: field -> its values from the lowest to the highest
    reassign: bool
    owner: frozenset[str] = (
        frozenset()
    )  #: the fields that `reassign` writes; empty also while the CRM is not known
    reopen: Reopen
    on_edit: OnEdit
    edit_line: str  #: file:line of on_edit
    on_delete: OnDelete
    copies: bool  #: attachments are stored in the CRM too
    counts: bool  #: it reads how many messages an author sent lately
    too_long: TooLong
    mask: abc.Mapping[Kind, Where]  #: what is masked -> in whose eyes
    regulated: bool = False  #: its profile
    shadow: bool = False  #: it only watches
    source_line: str = ""  #: file:line of `source`
    kinds_line: str = ""  #: file:line of `kinds`, where there are some


def compile_form(
    document: Document, base: Document | None = None, *, around: Surroundings = NOTHING_AROUND
) -> Mapping:
    """Check and compile a parsed mapping file.

    base: the file that it is based on, which is based on none itself; its rules keep the names of its lines.
    around: the lists and hours that it may name.
    Raises ConfigError with every fault of the two files, each in the order of its lines.
    """
    check = Check(document, around=around)
    form, lent = _form(check), _lent(base, around)
    root = document.root.entries
    borrowed, names = _borrowed(base, _words(document), check)
    rules, names = decided(root.get("decide"), names, check)
    who, what = contact(root.get("contact"), check), case(root.get("case"), names, check)
    when, drops = _accept(document, base, check)
    if form is not None and form.case.one_per == "person" and form.contact is None:
        reason = "one case for each person needs a contact section, which says who they are"
        check.refuse(document.at(("case", "one_per")), "person-without-contact", reason)
    faults = [*lent.faults, *sorted(check.faults, key=lambda f: (f.line, f.column, f.reason))]
    if form is None or faults:
        raise ConfigError(faults)
    form = completed(form, lent.form) if lent.form else form
    return Mapping(
        name=form.mapping,
        file=document.file,
        source=form.source,
        target=form.target,
        kinds=form.accept.kinds,
        when=when,
        drops=drops,
        decided={**borrowed, **rules},
        contact=who,
        counts=any(RECENT in one.source for one in (document, base) if one),
        too_long=form.protect.too_long,
        mask=form.protect.mask,
        regulated=form.profile == "regulated",
        shadow=form.shadow,
        source_line=_where(document, base, "source"),
        kinds_line=_where(document, base, "accept", "kinds"),
        **_of_case(form.case, what, document),
    )


def _of_case(form: Case, found: CaseFields, document: Document) -> dict[str, Any]:
    """What the section `case` says, by the names of Mapping's attributes."""
    update, closed = form.update or Update(), form.if_closed
    return {
        "object": form.object,
        "line": document.where(document.at(("case", "object"))),
        "key_field": form.key_field,
        "one_per": form.one_per,
        "silence": form.new_after_silence,
        "create": found.create.values,
        "named": found.create.named,
        "comment": found.comment,
        "public": bool(update.comment and update.comment.public),
        "raises": found.raises,
        "reassign": update.reassign,
        "reopen": Reopen(
            within=closed.reopen_within,
            set=found.reopening,
            after=closed.after_that,
            line=document.where(document.at(("case", "if_closed", "after_that"))),
        ),
        "on_edit": form.on_edit,
        "edit_line": document.where(document.at(("case", "on_edit"))),
        "on_delete": form.on_delete,
        "copies": form.attachments == "copy",
    }


def _form(check: Check) -> Form | None:
    document = check.document
    model = Borrower if "based_on" in document.root.entries else Form
    try:
        return model.model_validate(plain(document.root))
    except ValidationError as error:
        check.faults += faults_of(error, document, model)
        return None


@dataclass(frozen=True, slots=True)
class _Lent:
    """What a base file says by itself. form None: there is no base, or it has faults."""

    form: Form | None = None
    faults: Sequence[object] = ()


def _lent(base: Document | None, around: Surroundings) -> _Lent:
    if base is None:
        return _Lent()
    try:
        compile_form(base, around=around)
    except ConfigError as error:
        return _Lent(None, error.found)
    return _Lent(_form(Check(base)))


def _words(document: Document) -> Names:
    """The words that a file may read before anything is decided."""
    section = document.root.entries.get("contact")
    return Names(fetched=texts(section, "fetch"), no_person="" if section else "no-contact")


def _borrowed(
    base: Document | None, names: Names, check: Check
) -> tuple[abc.Mapping[str, tuple[Rule, ...]], Names]:
    """The rules of the base over the words of this file, which may fetch less; and the words below them."""
    if base is None:
        return {}, names
    section, around = base.root.entries.get("decide"), check.around
    alone, here = Check(base, around=around), Check(base, around=around)
    decided(section, _words(base), alone)
    rules, names = decided(section, names, here)
    root = check.document.root.entries
    for fault in here.faults:
        if fault not in alone.faults:
            at = root.get("contact", root["based_on"])
            reason = f"{base.file}:{fault.line} cannot be borrowed: {fault.reason}"
            check.refuse(at, "cannot-borrow", reason, key=True)
    own = root["decide"].entries if "decide" in root else {}
    for name in own.keys() & rules.keys():
        where = base.where(base.at(("decide", name)))
        reason = f"{name!r} is already decided by {where}: choose another name"
        check.refuse(own[name], "decided-twice", reason, key=True)
    return rules, names


def _where(document: Document, base: Document | None, *keys: str) -> str:
    """Where a key stands: in the file, or else in the one that it is borrowed from."""
    own = document.at(keys) is not document.at(keys[:-1])
    file = document if own or base is None else base
    return file.where(file.at(keys))


def _accept(document: Document, base: Document | None, check: Check) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The lines of accept.when and of its drop; each from the base when the file has none of its own."""

    def owner(key: str) -> tuple[Document, Check]:
        borrowed = base is not None and key not in below(document.root, "accept")
        return (base, Check(base, around=check.around)) if base is not None and borrowed else (document, check)

    file, told = owner("when")
    when = below(file.root, "accept").get("when")
    conditions = lines_of(when, TOO_EARLY, told) if when else []
    places = [file.where(node) for node in when.entries.values()] if when else []
    file, told = owner("drop")
    drop = below(file.root, "accept").get("drop")
    lines = drop.items if drop else ()
    drops = tuple(Line(all_of(line, TOO_EARLY, told), file.where(line)) for line in lines)
    return tuple(Line(one, at) for one, at in zip(conditions, places, strict=True)), drops
