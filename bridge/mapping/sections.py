"""The sections `contact` and `case`, compiled: how the customer is found, and what goes into the case. Pure."""

from __future__ import annotations

import re
from collections import abc
from dataclasses import dataclass, field, replace

from bridge.mapping.document import Node, near, plain
from bridge.mapping.fields import TOO_EARLY, Fields, fields, fixed, unnamed
from bridge.mapping.paths import PATHS, Names, Scope
from bridge.mapping.placeholders import Check, Template, template
from bridge.ports import Value

ALONE = re.compile(r"\{\s*(\w+)\s*\}")
PLAIN_COMMENT = Template((PATHS["text"].read,), PATHS["text"].uses)


@dataclass(frozen=True, slots=True)
class Contact:
    """How to find the customer's record: the first of `rules` that finds anything decides.

    create: the fields of a new one where none is found; {} = none is made. fill: what is written into empty fields
    of one that is found.
    """

    object: str
    rules: tuple[abc.Mapping[str, Template], ...]
    fetch: tuple[str, ...]
    create: abc.Mapping[str, Template]
    fill: abc.Mapping[str, Template]


def contact(node: Node | None, check: Check) -> Contact | None:
    """Compile the section. Faults go to `check`; None = there is no such section."""
    if node is None:
        return None
    made = below(node, "none_found", "create")
    _found_again(node, made, check)
    return Contact(
        object=node.entries["object"].text or "" if "object" in node.entries else "",
        rules=_match(node, check),
        fetch=texts(node, "fetch"),
        create=unnamed(made, TOO_EARLY, check),
        fill=unnamed(below(node, "fill_if_empty"), TOO_EARLY, check),
    )


def _match(node: Node, check: Check) -> tuple[abc.Mapping[str, Template], ...]:
    rules = []
    for line in node.entries["match"].items if "match" in node.entries else ():
        rule = {field: template(value, TOO_EARLY, check) for field, value in line.entries.items()}
        fixed = [rule[name].constant is not None and node.text is not None for name, node in line.entries.items()]
        if fixed and all(fixed):
            reason = 'this line finds the same record for everybody: write a placeholder, "{author.id}"'
            check.refuse(line, "matches-everybody", reason)
        rules.append(rule)
    return tuple(rules)


def _found_again(node: Node, made: abc.Mapping[str, Node], check: Check) -> None:
    """A new record that no line of match would find again would be made again for every message."""
    written = {name: plain(value) for name, value in made.items()}
    lines = node.entries["match"].items if "match" in node.entries else ()
    again = any(
        line.entries and all(written.get(f) == plain(n) for f, n in line.entries.items()) for line in lines
    )
    if made and not again:
        reason = "a new record must be found again: repeat all fields of one line of match here"
        check.refuse(node.entries["none_found"].entries["create"], "not-found-again", reason, key=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFields:
    """What the section `case` writes."""

    create: Fields
    comment: Template
    reopening: abc.Mapping[str, Value] = field(default_factory=dict)
    raises: abc.Mapping[str, tuple[str, ...]] = field(default_factory=dict)  #: field -> its values, lowest first


def case(node: Node | None, names: Names, check: Check) -> CaseFields:
    """Compile the section. Faults go to `check`."""
    if node is None:
        return CaseFields(create=Fields({}, {}), comment=PLAIN_COMMENT)
    create = fields(below(node, "create"), names, check)
    key_field = node.entries["key_field"].text or "" if "key_field" in node.entries else ""
    if key_field in below(node, "create"):
        reason = f"{key_field!r} is the key field: the bridge fills it"
        check.refuse(below(node, "create")[key_field], "key-field-filled", reason, key=True)
    if_closed = node.entries.get("if_closed")
    if if_closed and ("reopen_within" in if_closed.entries) != ("set" in if_closed.entries):
        reason = "reopening needs both: reopen_within: 14 days, and set: {Status: …}"
        check.refuse(if_closed, "half-reopening", reason, key=True)
    given = below(node, "create")
    order = below(node, "update", "raise_only").items()
    raises = {name: _raised(name, values, given, names, check) for name, values in order}
    text = below(node, "update", "comment").get("text")
    comment = template(text, replace(names, of_case=True), check) if text else PLAIN_COMMENT
    return CaseFields(
        create=create,
        comment=with_links(comment),
        reopening={name: fixed(value, check) for name, value in below(node, "if_closed", "set").items()},
        raises=raises,
    )


def _raised(name: str, order: Node, create: abc.Mapping[str, Node], names: Names, check: Check) -> tuple[str, ...]:
    """The order of a field's values; every value that is known to be given must have its place in it."""
    values = tuple(item.text or "" for item in order.items)
    places = {value.casefold() for value in values}
    if not values:
        return ()  # which is the form's fault
    if len(places) < max(2, len(values)):
        reason = "at least two different values are expected here, from the lowest to the highest"
        check.refuse(order, "no-order", reason)
    if name not in create or "named" in create[name].entries:
        reason = f"{name!r} does not stand under create as text, so nothing says what it is raised to"
        others = [other for other in create if other != name]
        check.refuse(order, "nothing-to-raise", reason, key=True, suggestion=near(name, others))
        return values
    missing = sorted(value for value in _given(create[name], names) if value.casefold() not in places)
    if missing:
        reason = f"{name!r} can be {', '.join(map(repr, missing))}, which has no place in this order"
        check.refuse(order, "not-in-order", reason, key=True)
    return values


def _given(node: Node, names: Names) -> abc.Collection[str]:
    """All that a field can hold, where that is a fixed text or a decided name; else nothing is known."""
    word = ALONE.fullmatch(node.text or "")
    decided = names.decided.get(word[1]) if word else None
    if decided is not None:
        return [value for value in decided.values or () if value]
    return [node.text] if node.text and "{" not in node.text else ()


def with_links(found: Template) -> Template:
    """The text with a line for each attachment below it, unless it shows them itself."""
    if "attachments" in found.uses:
        return found
    return Template((*found.pieces, _links), found.uses | {"attachments"})


def _links(scope: Scope) -> str | None:
    shown = [f"{one.kind}: {' '.join(filter(None, (one.name, one.url)))}" for one in scope.message.attachments]
    return "".join(f"\n{line}" for line in shown) or None


def texts(node: Node | None, key: str) -> tuple[str, ...]:
    """The texts of a list under a key; () = there is none."""
    items = node.entries[key].items if node and key in node.entries else ()
    return tuple(item.text for item in items if item.text)


def below(node: Node | None, *keys: str) -> abc.Mapping[str, Node]:
    """The map under a path of keys; {} = there is none."""
    for key in keys:
        node = node.entries.get(key) if node else None
    return node.entries if node else {}
