"""A mapping made ready to run: conditions and templates compiled, every fault of the file found at once. Pure."""

from __future__ import annotations

import dataclasses
from collections import abc
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from bridge.errors import ConfigError
from bridge.mapping.conditions import Condition, all_of, each_of
from bridge.mapping.document import Document, Node, faults_of, plain
from bridge.mapping.form import Borrower, Form, OnePer, TooLong, completed
from bridge.mapping.paths import OPEN, PATHS, Decided, Names
from bridge.mapping.placeholders import Check, Template, template
from bridge.masks import Kind, Where
from bridge.ports import Reopen, Value

TOO_EARLY = "the customer's record is looked up later"
NO_CONTACT = "this mapping has no contact section"
PLAIN_COMMENT = Template((PATHS["text"].read,), PATHS["text"].uses)


@dataclass(frozen=True, slots=True)
class Drop:
    """One line of accept.drop."""

    condition: Condition
    line: str  #: file:line


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of decide. condition None: otherwise."""

    condition: Condition | None
    gives: Template
    line: str  #: file:line


@dataclass(frozen=True, slots=True)
class Contact:
    """How to find the customer's record: the first of `rules` that finds anything decides.

    create: the fields of a new one where none is found; {} = none is made.
    """

    object: str
    rules: tuple[abc.Mapping[str, Template], ...]
    fetch: tuple[str, ...]
    create: abc.Mapping[str, Template]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """A mapping file, checked and compiled."""

    name: str
    file: str
    source: tuple[str, ...] | None  #: names of connections; None = any
    target: str
    kinds: tuple[str, ...] | None  #: None = every kind
    drops: tuple[Drop, ...]
    decided: abc.Mapping[str, tuple[Rule, ...]]  #: in the order of the file
    contact: Contact | None
    object: str
    key_field: str  #: "" = the file names none, and which CRM it is for is not known
    one_per: OnePer
    create: abc.Mapping[str, Template]
    comment: Template
    public: bool
    reopen: Reopen
    too_long: TooLong
    mask: abc.Mapping[Kind, Where]  #: what is masked -> in whose eyes


def compile_form(document: Document, base: Document | None = None) -> Mapping:
    """Check and compile a parsed mapping file.

    base: the file that it is based on, which is based on none itself; its rules keep the names of its lines.
    Raises ConfigError with every fault of the two files, each in the order of its lines.
    """
    check = Check(document)
    form, lent = _form(check), _lent(base)
    root = document.root.entries
    contact = root.get("contact")
    borrowed, names = _borrowed(base, _words(document), check)
    decided, names = _decide(root.get("decide"), names, check)
    drops, match, made = _drops(document, base, check), _match(contact, check), _made(contact, check)
    create, comment, fixed = _case(root.get("case"), names, check)
    faults = [*lent.faults, *map(str, sorted(check.faults, key=lambda f: (f.line, f.column, f.reason)))]
    if form is None or faults:
        raise ConfigError(faults)
    form = completed(form, lent.form) if lent.form else form
    case, closed = form.case, form.case.if_closed
    return Mapping(
        name=form.mapping,
        file=document.file,
        source=form.source,
        target=form.target,
        kinds=form.accept.kinds,
        drops=drops,
        decided={**borrowed, **decided},
        contact=Contact(form.contact.object, match, form.contact.fetch, made) if form.contact else None,
        object=case.object,
        key_field=case.key_field,
        one_per=case.one_per,
        create=create,
        comment=comment or PLAIN_COMMENT,
        public=bool(case.update and case.update.comment.public),
        reopen=Reopen(
            within=closed.reopen_within,
            set=fixed,
            after=closed.after_that,
            line=document.where(document.at(("case", "if_closed", "after_that"))),
        ),
        too_long=form.protect.too_long,
        mask=form.protect.mask,
    )


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
    faults: Sequence[str] = ()


def _lent(base: Document | None) -> _Lent:
    if base is None:
        return _Lent()
    try:
        compile_form(base)
    except ConfigError as error:
        return _Lent(None, error.faults)
    return _Lent(_form(Check(base)))


def _words(document: Document) -> Names:
    """The words that a file may read before anything is decided."""
    contact = document.root.entries.get("contact")
    return Names(fetched=_texts(contact, "fetch"), no_person="" if contact else NO_CONTACT)


def _borrowed(
    base: Document | None, names: Names, check: Check
) -> tuple[abc.Mapping[str, tuple[Rule, ...]], Names]:
    """The rules of the base over the words of this file, which may fetch less; and the words below them."""
    if base is None:
        return {}, names
    section, alone, here = base.root.entries.get("decide"), Check(base), Check(base)
    _decide(section, _words(base), alone)
    decided, names = _decide(section, names, here)
    root = check.document.root.entries
    for fault in here.faults:
        if fault not in alone.faults:
            at = root.get("contact", root["based_on"])
            check.refuse(at, f"{base.file}:{fault.line} cannot be borrowed: {fault.reason}", key=True)
    own = root["decide"].entries if "decide" in root else {}
    for name in own.keys() & decided.keys():
        where = base.where(base.at(("decide", name)))
        check.refuse(own[name], f"{name!r} is already decided by {where}: choose another name", key=True)
    return decided, names


def _texts(node: Node | None, key: str) -> tuple[str, ...]:
    items = node.entries[key].items if node and key in node.entries else ()
    return tuple(item.text for item in items if item.text)


def _drops(document: Document, base: Document | None, check: Check) -> tuple[Drop, ...]:
    """The lines of accept.drop; those of the base when the file has none of its own."""
    own = _below(document.root, "accept")
    if base is not None and "drop" not in own:
        return _drops(base, None, Check(base))
    lines = own["drop"].items if "drop" in own else ()
    names = Names(no_person=TOO_EARLY)
    return tuple(Drop(all_of(line, names, check), document.where(line)) for line in lines)


def _decide(section: Node | None, names: Names, check: Check) -> tuple[abc.Mapping[str, tuple[Rule, ...]], Names]:
    """The rules of each name, and the words that may stand below the section."""
    entries = section.entries if section else {}
    decided: dict[str, tuple[Rule, ...]] = {}
    below = {name: (node.key_at or (0,))[0] for name, node in entries.items()}
    for name, node in entries.items():
        if name in PATHS or name in OPEN:
            check.refuse(node, f"{name!r} is already a word of the form: choose another name", key=True)
        names = dataclasses.replace(names, below=below)
        rules = decided[name] = _rules(name, node, names, check)
        below = {later: line for later, line in below.items() if later != name}
        names = dataclasses.replace(names, below=below, decided={**names.decided, name: _gives(rules)})
    return decided, names


def _gives(rules: Sequence[Rule]) -> Decided:
    constants = [rule.gives.constant for rule in rules]
    values = frozenset(constant for constant in constants if constant is not None)
    uses = frozenset[str]().union(*(rule.gives.uses for rule in rules))
    return Decided(values if len(values) == len(set(constants)) else None, uses)


def _rules(name: str, node: Node, names: Names, check: Check) -> tuple[Rule, ...]:
    last, seen = None, list[tuple[object, int]]()
    for item in node.items:
        if last is not None:
            reason = f"this rule can never be used: {name!r} already has an 'otherwise' on line {last.line}"
            check.refuse(item, reason)
        conditions = {key: plain(value) for key, value in item.entries.items() if key in WHENS}
        for earlier, line in seen:
            if conditions and earlier == conditions:
                check.refuse(item, f"this rule can never be used: line {line} has the same condition")
        seen.append((conditions, item.line))
        last = item if "otherwise" in item.entries else last
    if node.items and last is None:
        check.refuse(node, f"{name!r} needs a last line: - otherwise: …", key=True)
    return tuple(_rule(item, names, check) for item in node.items)


WHENS = ("when", "when_any", "when_all")


def _rule(node: Node, names: Names, check: Check) -> Rule:
    entries, line = node.entries, check.document.where(node)
    if "otherwise" in entries:
        if len(entries) > 1:
            check.refuse(node, "'otherwise' stands alone: it has no condition and no 'use'")
        return Rule(None, template(entries["otherwise"], names, check), line)
    whens = [key for key in WHENS if key in entries]
    if len(whens) != 1 or "use" not in entries:
        check.refuse(node, "a rule is one of when, when_any or when_all, with a 'use'; or it is 'otherwise'")
    conditions = [_when(key, entries[key], names, check) for key in whens]
    gives = template(entries["use"], names, check) if "use" in entries else Template(())
    return Rule(conditions[0] if conditions else None, gives, line)


def _when(key: str, node: Node, names: Names, check: Check) -> Condition:
    if key == "when":
        return all_of(node, names, check)
    parts = each_of(node, names, check)
    if key == "when_any":
        return lambda scope: any(part(scope) for part in parts)
    return lambda scope: all(part(scope) for part in parts)


def _match(contact: Node | None, check: Check) -> tuple[abc.Mapping[str, Template], ...]:
    lines = contact.entries["match"].items if contact and "match" in contact.entries else ()
    names = Names(no_person=TOO_EARLY)
    rules = []
    for line in lines:
        rule = {field: template(node, names, check) for field, node in line.entries.items()}
        if all(found.constant is not None for found in rule.values()) and rule:
            check.refuse(line, 'this line finds the same record for everybody: write a placeholder, "{author.id}"')
        rules.append(rule)
    return tuple(rules)


def _made(contact: Node | None, check: Check) -> abc.Mapping[str, Template]:
    """The fields of a new record of a customer; {} = none is made."""
    fields = _below(contact, "none_found", "create") if contact else {}
    texts = {name: plain(node) for name, node in fields.items()}
    lines = contact.entries["match"].items if contact and "match" in contact.entries else ()
    again = any(line.entries and all(texts.get(f) == plain(n) for f, n in line.entries.items()) for line in lines)
    if contact and fields and not again:
        reason = "a new record must be found again: repeat all fields of one line of match here"
        check.refuse(contact.entries["none_found"].entries["create"], reason, key=True)
    return {name: _field(node, Names(no_person=TOO_EARLY), check) for name, node in fields.items()}


def _case(
    case: Node | None, names: Names, check: Check
) -> tuple[dict[str, Template], Template | None, dict[str, Value]]:
    """The fields of a new case, the comment's text (None = none is written), the fields that reopen."""
    if case is None:
        return {}, None, {}
    create = {name: _field(node, names, check) for name, node in _below(case, "create").items()}
    key_field = case.entries.get("key_field")
    if key_field and key_field.text in create:
        node = _below(case, "create")[key_field.text]
        check.refuse(node, f"{key_field.text!r} is the key field: the bridge fills it", key=True)
    text = _below(case, "update", "comment").get("text")
    if_closed = case.entries.get("if_closed")
    fixed = {name: _fixed(node, check) for name, node in _below(case, "if_closed", "set").items()}
    if if_closed and ("reopen_within" in if_closed.entries) != ("set" in if_closed.entries):
        check.refuse(if_closed, "reopening needs both: reopen_within: 14 days, and set: {Status: …}", key=True)
    return create, template(text, names, check) if text else None, fixed


def _below(node: Node, *keys: str) -> abc.Mapping[str, Node]:
    """The map under a path of keys; {} = there is none."""
    found: Node | None = node
    for key in keys:
        found = found.entries.get(key) if found else None
    return found.entries if found else {}


def _field(node: Node, names: Names, check: Check) -> Template:
    truth = _truth(node, check)
    return template(node, names, check) if truth is None else Template((lambda _: truth,))


def _fixed(node: Node, check: Check) -> Value:
    found = template(node, Names(no_person=TOO_EARLY), check)
    if found.constant is None:
        check.refuse(node, "a fixed value is expected here, without placeholders")
    truth = _truth(node, check)
    return found.constant if truth is None else truth


def _truth(node: Node, check: Check) -> bool | None:
    """true or false without quotes, for a check box; None = text. CRMs refuse "true" where they want true."""
    quoted = check.document.source[node.span[0]] in "\"'|>" if node.text else True
    return {"true": True, "false": False}.get(node.text or "") if not quoted else None
