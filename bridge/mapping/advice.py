"""What an admin should look at in mappings that are good: warnings, each certain and with a way out. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from bridge.mapping import reach
from bridge.mapping.conditions import CLOSED
from bridge.mapping.described import Described
from bridge.mapping.document import Document, Fault, Node, in_order
from bridge.mapping.examples import PRIVATE
from bridge.mapping.given import BRACES, results
from bridge.mapping.implied import Atom, clash
from bridge.mapping.lengths import SHORT, excesses
from bridge.mapping.online import Written
from bridge.mapping.paths import PATHS
from bridge.mapping.sections import ALONE, below
from bridge.mapping.targets import Targets
from bridge.ports import Crm

LANGUAGE = re.compile("[a-z]{2,3}([-_][a-z0-9]{1,8})*", re.IGNORECASE)
NO_LANGUAGE = "{!r} is no code of a language: platforms say de, en-GB"
DOUBLED = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
STARRED = re.compile(r"\w[^*]*\*")
CUT = frozenset(("string", "textarea", "combobox", "encryptedstring"))
"""Types of fields whose text says the same when its end is missing; a link or an address does not."""


def advice(
    mappings: Sequence[Written],
    *,
    sources: Collection[str],
    targets: Targets,
    told: Mapping[str, Described] | None = None,
) -> list[Fault]:
    """Say what to look at in mappings that `load` has found good, in the order of files and lines.

    sources: the connections for channels. told: what CRMs said of themselves, by connection; it knows the lengths
    of more fields.
    """
    found = list(reach.unreached(mappings, sources))
    for one in mappings:
        crm = targets[one.mapping.target]
        found += [*_of_files(one), *reach.never_taken(one, sources), *reach.dropped(one, sources)]
        found += [*_rows(one), *_unfilled(one), *_shared(one, sources), *_untested(one)]
        found += _too_long(one, crm, (told or {}).get(one.mapping.target))
    return in_order(dict.fromkeys(found))


def _of_files(one: Written) -> Iterator[Fault]:
    for document in filter(None, (one.document, one.base)):
        yield from reach.of_file(document)
        for _, atoms in reach.conditions(document):
            for atom in atoms:
                yield from _values(atom, document)


def _values(atom: Atom, document: Document) -> Iterator[Fault]:
    """What is written as people say it, and not as it is compared."""
    node = atom.node
    if node is None:
        return
    if atom.word == "language" and atom.comparison in ("is", "is_not", "one_of"):
        for wrong in (value for value in atom.values if not LANGUAGE.fullmatch(value)):
            yield document.warning(node, "not-a-language", NO_LANGUAGE.format(wrong), inside=wrong)
    if atom.word == "author.handle" and atom.comparison in ("is", "is_not", "one_of", "starts_with"):
        for wrong in (value for value in atom.values if value.startswith("@")):
            reason = f"handles come without @: write {wrong[1:]!r}"
            yield document.warning(node, "never-true", reason, inside=wrong)
    if atom.comparison in ("has_any", "has_all", "one_of"):
        alone = next(iter(node.entries.values())).text
        if alone and "," in alone:
            several = ", ".join(part.strip() for part in alone.split(",") if part.strip())
            reason = f"this is one value, comma and all: write [{several}] if they are several, else [{alone!r}]"
            yield document.warning(node, "literal-sign", reason, inside=alone)
        for wrong in (value for value in atom.values if STARRED.fullmatch(value)):
            reason = f"{wrong!r} stands for no other words: write each, such as [{wrong[:-1]}, {wrong[:-1]}s]"
            yield document.warning(node, "literal-sign", reason, inside=wrong)


def _rows(one: Written) -> Iterator[Fault]:
    """Rows of translations that nothing leads to."""
    lent = [rules for rules in one.words.rules.values() if rules[1] is one.base]
    for whole, document in ((one.document.root, one.document), *lent):
        for node in _translations(whole):
            if word := ALONE.fullmatch(node.entries["from"].text or ""):
                yield from _keys(word[1], node.entries["translate"].entries, one, document)


def _keys(word: str, rows: Mapping[str, Node], one: Written, document: Document) -> Iterator[Fault]:
    known = _possible(word, one)
    for key, row in rows.items():
        if word == "language" and not LANGUAGE.fullmatch(key.strip()):
            yield document.warning(row, "not-a-language", NO_LANGUAGE.format(key), key=True)
        if known and key.strip().casefold() not in map(str.casefold, known):
            reason = f"{word!r} is never {key!r}: it is {', '.join(sorted(known))}"
            yield document.warning(row, "never-true", reason, key=True)


def _translations(node: Node) -> Iterator[Node]:
    if "from" in node.entries and node.entries.get("translate", node).entries:
        yield node
    for inside in (*node.entries.values(), *node.items):
        yield from _translations(inside)


def _possible(word: str, one: Written) -> Collection[str]:
    """All that a word can be; () = anything."""
    if word not in one.words.rules:
        return CLOSED.get(word, ())
    given = [result.text or "" for result in results(one.words.rules[word][0])]
    return () if any(set("{}") & set(text) for text in given) else set(given) - {""}


def _shared(one: Written, sources: Collection[str]) -> Iterator[Fault]:
    """Strangers who write below one post, and share its case."""
    mapping, holds = one.mapping, reach.taken(one, sources)
    public = [kind for kind in mapping.kinds or reach.KINDS if kind not in (*PRIVATE, "reaction")]
    in_private = any(clash(atoms, (Atom("public", "is", ("true",)),)) for atoms in holds.values())
    if mapping.one_per == "thread" and public and not in_private:
        reason = (
            "all who write below one post share a case, because anybody can write there "
            f"({', '.join(public[:3])}): write author_and_thread for a case each"
        )
        yield one.document.warning(one.case.entries["one_per"], "shared-case", reason)


def _untested(one: Written) -> Iterator[Fault]:
    own = one.document.root.entries
    lent = one.base.root.entries if one.base and "accept" not in own else {}
    if not any(entries["tests"].items for entries in (own, lent) if "tests" in entries):
        reason = "this mapping has no tests: write one for each thing that must never go wrong"
        yield one.document.warning(own["mapping"], "no-tests", reason, key=True)


def _unfilled(one: Written) -> Iterator[Fault]:
    """Texts that were meant to be filled: a word alone without braces, or a word in two of them."""
    sections = (
        below(one.case, "create"),
        below(one.case, "update", "comment"),
        below(one.contact, "none_found", "create"),
        below(one.contact, "fill_if_empty"),
    )
    fields = [field for section in sections for field in section.items()]
    texts = [(name, text, one.document) for name, node in fields for text in results(node) or (node,)]
    texts += [("", text, file) for rules, file in one.words.rules.values() for text in results(rules)]
    for name, node, document in texts:
        text = node.text or ""
        doubled = DOUBLED.fullmatch(text)
        word = doubled[1] if doubled else text
        decided = word in one.words.rules and (doubled or name.casefold().removesuffix("__c") == word)
        if decided or (word in PATHS and (doubled or "." in word)):
            reason = f'this is always the text {BRACES.sub(lambda two: two[0][0], text)!r}: write "{{{word}}}"'
            yield document.warning(node, "not-filled", reason)


# --- texts and their fields -----------------------------------------------------------------------------------


def _too_long(one: Written, crm: type[Crm], told: Described | None) -> Iterator[Fault]:
    contact = one.mapping.contact
    yield from _fields(one, below(one.case, "create"), one.mapping.object, crm, told)
    if contact is not None:
        for keys in (("none_found", "create"), ("fill_if_empty",)):
            yield from _fields(one, below(one.contact, *keys), contact.object, crm, told)


def _fields(
    one: Written, fields: Mapping[str, Node], kind: str, crm: type[Crm], told: Described | None
) -> Iterator[Fault]:
    lengths = _lengths(kind, crm, told)
    for name, node in fields.items():
        most = lengths.get(name.casefold(), 0)
        if not 0 < most <= SHORT or "named" in node.entries:
            continue
        for found in excesses(node, one.document, one.words, most):
            may = f"{kind}.{name} holds {most} characters, and {found.written} may bring more"
            do = f"write {found.instead}" if found.instead else "the text around it alone fills it"
            yield found.document.warning(found.node, "may-be-too-long", f"{may}: {do}", inside=found.written)


def _lengths(kind: str, crm: type[Crm], told: Described | None) -> dict[str, int]:
    """Characters that the fields of an object hold, by name in lower case."""
    shapes = [*crm.objects, *crm.known, *([crm.person] if crm.person else [])]
    known = {name.casefold(): most for one in shapes if one.object == kind for name, most in one.lengths.items()}
    facts = told.objects.get(kind.casefold()) if told else None
    said = {name: one.length for name, one in (facts.fields if facts else {}).items() if one.type in CUT}
    return known | said
