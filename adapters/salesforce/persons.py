"""Which records in Salesforce are the authors: what to ask for, what that means, what is to be made. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from adapters.salesforce import rows as written
from adapters.salesforce import soql
from adapters.salesforce.classify import Refusal
from adapters.salesforce.rows import folded
from bridge.errors import Rejected
from bridge.ports import ObjectFacts, PersonFound, PersonMatch, Value

Row = Mapping[str, Any]  #: of an answer, names in lower case

UNSEEN = (
    "Salesforce has one with the same unique value, but no match finds it; let the run-as user see all of them, "
    "or match by that field too"
)


def queries(people: Sequence[PersonMatch]) -> list[str]:
    """Write the queries that find all of them: one per object as long as the values fit into a URL.

    Raises Rejected for a name that is none.
    """
    asked_for = []
    for kind in dict.fromkeys(person.object.casefold() for person in people):
        asked = [person for person in people if person.object.casefold() == kind]
        rules = [rule for person in asked for rule in person.rules]
        fields = ["Id", *(f for rule in rules for f in rule)]
        fields += [f for person in asked for f in (*person.fetch, *person.fill)]
        try:
            asked_for += soql.queries(fields, asked[0].object, rules)
        except ValueError as error:
            raise Rejected(f"{error}; correct the mapping") from None
    return asked_for


def alike_but_for_case(people: Iterable[PersonMatch]) -> frozenset[str]:
    """Return the objects, in lower case, that are asked for two values which differ in nothing but case."""
    spelled: dict[tuple[str, str, str], set[str]] = {}
    for person in people:
        for name, value in (pair for rule in person.rules for pair in rule.items()):
            same = (person.object.casefold(), name.casefold(), _plain(value))
            spelled.setdefault(same, set()).add(value)
    return frozenset(kind for (kind, _, _), values in spelled.items() if len(values) > 1)


def hits(person: PersonMatch, rows: Iterable[Mapping[str, Any]], facts: ObjectFacts | None = None) -> list[Row]:
    """Return the records of `rows` that may be the person: the first rule that finds anything decides.

    Salesforce answers with its own spelling of names. facts: of the object, see `alike_but_for_case`; None = case
    makes no difference in any field.
    """
    exact = frozenset(n for n, one in facts.fields.items() if one.case_sensitive) if facts else frozenset[str]()
    own = [folded(row) for row in rows if soql.object_of(row).casefold() == person.object.casefold()]
    for rule in person.rules:
        fitting = {str(row["id"]): row for row in own if row.get("id") and _fits(rule, row, exact)}
        if fitting:
            return [fitting[record_id] for record_id in sorted(fitting)]
    return []


def found(person: PersonMatch, candidates: Sequence[Row]) -> PersonFound:
    """Tell who the person is: two are none. The values come back under the mapping's names."""
    if len(candidates) > 1:
        return PersonFound(several=tuple(str(row["id"]) for row in candidates))
    for row in candidates:
        values = {name: row.get(name.casefold()) for name in person.fetch}
        given = {name: _value(value) for name, value in values.items() if value is not None}
        return PersonFound(id=str(row["id"]), values=given)
    return PersonFound()


def missing(person: PersonMatch, row: Row) -> dict[str, Any]:
    """Return the fields of `fill` that the record has nothing in; {} = there is nothing to write."""
    wanted = {name: value for name, value in person.fill.items() if row.get(name.casefold()) in (None, "")}
    fields, _ = written.fields_of(wanted, written.lengths(person.object))
    return {name: value for name, value in fields.items() if value is not None}


def new(person: PersonMatch, facts: ObjectFacts | None = None) -> dict[str, Any]:
    """Return the record to be made of a person whom nobody knows.

    What is unique is never cut: it could become somebody else's. facts: of its object; None = only the lengths of
    standard fields are known.
    """
    unique = unique_in(facts)
    lengths = {n: most for n, most in written.lengths(person.object, facts).items() if n not in unique}
    fields, _ = written.fields_of(person.create, lengths)
    return {name: value for name, value in fields.items() if value is not None}


def unique_in(facts: ObjectFacts | None) -> frozenset[str]:
    """Return the names of an object's unique fields, in lower case."""
    return frozenset(name for name, field in facts.fields.items() if field.unique) if facts else frozenset()


def at_once(person: PersonMatch, facts: ObjectFacts | None) -> bool:
    """Whether the record of a newcomer can be made before anybody is asked, in the same call.

    So it is where the one field to match by is unique and written: a record that is there already refuses the new
    one, and is then found by that field.
    """
    if not person.new or len(person.rules) != 1 or len(person.rules[0]) != 1:
        return False
    [(name, value)] = person.rules[0].items()
    given = {field.casefold(): text for field, text in new(person, facts).items()}
    return name.casefold() in unique_in(facts) and given.get(name.casefold()) == value


def made(person: PersonMatch, record_id: str) -> PersonFound:
    """Tell of a record that was just made. What the org itself put there is read at the next look-up."""
    given = {name.casefold(): value for name, value in new(person).items()}
    values = {name: given[name.casefold()] for name in person.fetch if name.casefold() in given}
    return PersonFound(id=record_id, values=values)


def single(person: PersonMatch, unique: Collection[str]) -> Rejected | None:
    """Say why a new record could be made twice; None = a unique field that is matched by keeps it single.

    unique: the object's unique fields, in lower case.
    """
    given = {name.casefold() for name in new(person)}
    lines = [rule for rule in person.rules if given.issuperset(name.casefold() for name in rule)]
    if any(name.casefold() in unique for rule in lines for name in rule):
        return None
    names = ", ".join(dict.fromkeys(name for rule in lines for name in rule)) or "no field of a match"
    return Rejected(
        f"a new {person.object} could be made twice: {names} of `create` is not unique in Salesforce; tick Unique "
        "and External ID at one of them in Setup, Object Manager, then replay"
    )


def alike(person: PersonMatch, refused: Refusal) -> tuple[str, ...]:
    """Return the ids of the records that a duplicate rule held a new one against, as far as it shows them.

    The rule may look into other objects too: a lead is nobody to link to a case as its contact.
    """
    return tuple(number for kind, number in refused.matches if kind.casefold() == person.object.casefold())


def unmade(person: PersonMatch, reason: str) -> PersonFound:
    """Tell of a person whose record could not be made; their case is filed without it."""
    return PersonFound(says=f"No {person.object} was made for this author: {reason.removesuffix('.')}.")


def _fits(rule: Mapping[str, str], row: Row, exact: Collection[str]) -> bool:
    """Compare again what the org compared: it answered for all persons together. exact: where case counts."""
    return bool(rule) and all(
        value and _same(row.get(field.casefold()), value, exact=field.casefold() in exact)
        for field, value in rule.items()
    )


def _same(one: object, other: str, *, exact: bool) -> bool:
    return _plain(one) == _plain(other) and (not exact or str(one).strip() == other.strip())


def _plain(value: object) -> str:
    return "" if value is None else str(value).strip().casefold()


def _value(value: object) -> Value:
    """Addresses and locations come as objects; a mapping shows them as text."""
    return value if isinstance(value, (str, int, float, bool)) else str(value)
