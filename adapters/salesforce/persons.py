"""Which records in Salesforce are the authors: what to ask for, and what the answer means. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapters.salesforce import soql
from adapters.salesforce.rows import folded
from bridge.errors import Rejected
from bridge.ports import PersonFound, PersonMatch, Value


def queries(people: Sequence[PersonMatch]) -> list[str]:
    """Write the queries that find all of them: one per object as long as the values fit into a URL.

    Raises Rejected for a name that is none.
    """
    written = []
    for kind in dict.fromkeys(person.object.casefold() for person in people):
        asked = [person for person in people if person.object.casefold() == kind]
        rules = [rule for person in asked for rule in person.rules]
        fields = ["Id", *(f for rule in rules for f in rule), *(f for person in asked for f in person.fetch)]
        try:
            written += soql.queries(fields, asked[0].object, rules)
        except ValueError as error:
            raise Rejected(f"{error}; correct the mapping") from None
    return written


def found(person: PersonMatch, rows: Iterable[Mapping[str, Any]]) -> PersonFound:
    """Tell who of `rows` the person is: the first rule that finds anything decides, and two are none.

    Salesforce answers with its own spelling of names; the values come back under the mapping's.
    """
    own = [folded(row) for row in rows if _object(row).casefold() == person.object.casefold()]
    for rule in person.rules:
        hits = {str(row["id"]): row for row in own if row.get("id") and _fits(rule, row)}
        if len(hits) > 1:
            return PersonFound(several=tuple(sorted(hits)))
        for record_id, row in hits.items():
            values = {name: row.get(name.casefold()) for name in person.fetch}
            given = {name: _value(value) for name, value in values.items() if value is not None}
            return PersonFound(id=record_id, values=given)
    return PersonFound()


def _fits(rule: Mapping[str, str], row: Mapping[str, Any]) -> bool:
    """Compare again what the org compared: it answered for all persons together."""
    return bool(rule) and all(
        value and _plain(row.get(field.casefold())) == _plain(value) for field, value in rule.items()
    )


def _plain(value: object) -> str:
    return "" if value is None else str(value).strip().casefold()


def _object(row: Mapping[str, Any]) -> str:
    attributes = row.get("attributes")
    return str(attributes.get("type")) if isinstance(attributes, Mapping) else ""


def _value(value: object) -> Value:
    """Addresses and locations come as objects; a mapping shows them as text."""
    return value if isinstance(value, (str, int, float, bool)) else str(value)
