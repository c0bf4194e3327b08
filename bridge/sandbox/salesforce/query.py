"""Answer a parsed SOQL query from the records: check its names and literals, then filter, sort and cut.

The rules kept: text is compared blind to case unless the field is case-sensitive; != and NOT IN find empty fields
too; long text can be neither filtered nor sorted; at most 2,000 records may be skipped by OFFSET.
https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_conditionexpression.htm
"""

from __future__ import annotations

import operator
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bridge.sandbox.salesforce import database, ids, refusals, soql
from bridge.sandbox.salesforce.database import Record
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.salesforce.schema import NUMBERS, TEXTS, Field, SObject
from bridge.sandbox.salesforce.soql import Compare, Condition, Joined, Negated, Query, Value, pointed
from bridge.sandbox.salesforce.values import folded, parsed_time, shown_time

Test = Callable[[Record], bool]
ORDERED = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
LITERALS = {"datetime": "time", "date": "date", "boolean": "boolean", **dict.fromkeys(NUMBERS, "number")}
NAMED = {"datetime": "dateTime"}  #: how the messages call a type, where that is not its name
LIKE_TOKEN = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found: its object, the fields asked for (() = COUNT()) and the records in order."""

    sobject: SObject
    fields: tuple[Field, ...]
    records: list[Record]


def run(tx: sqlite3.Connection, objects: Mapping[str, SObject], text: str, *, deleted: bool = False) -> Found:
    """Answer a query; deleted: the recycle bin too (queryAll). Raises Refusal in the vendor's words."""
    query = soql.parse(text)
    checked = _Checked(query, objects)
    records: Iterable[Record] = checked.source(tx)
    records = [r for r in records if (deleted or not r.deleted) and (checked.test is None or checked.test(r))]
    for order, field in reversed(checked.order):
        records.sort(key=_sort_key(order, field), reverse=order.descending)
    end = None if query.limit is None else query.offset + query.limit
    return Found(checked.sobject, checked.fields, records[query.offset : end])


class _Checked:
    """A query whose names and literals are known to fit the schema."""

    def __init__(self, query: Query, objects: Mapping[str, SObject]) -> None:
        self.query = query
        self.sobject = self._object(objects)
        self.fields = tuple(dict.fromkeys(self._field(token.text, token.at) for token in query.fields))
        self.test = None if query.where is None else self._test(query.where)
        self.order = [(order, self._sortable(order)) for order in query.order]
        if query.offset > 2000:
            raise Refusal("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")

    def source(self, tx: sqlite3.Connection) -> Iterable[Record]:
        """The records to look at: by look-up where a condition that must hold names an indexed field."""
        where = self.query.where
        must = where.parts if isinstance(where, Joined) and where.word == "AND" else (where,)
        for part in must:
            if isinstance(part, Compare) and part.sign in ("=", "IN"):
                field = self._field(part.field, part.at)
                wanted = [self._literal(field, value) for value in part.value.items or (part.value,)]
                if (field.indexed or field.type == "id") and None not in wanted:
                    return database.look_up(tx, self.sobject, field.name, wanted)
        return database.scan(tx, self.sobject)

    def _refuse(self, at: int, refusal: Refusal) -> Refusal:
        return pointed(self.query.text, at, refusal)

    def _object(self, objects: Mapping[str, SObject]) -> SObject:
        token = self.query.sobject
        for sobject in objects.values():
            if sobject.name.lower() == token.text.lower():
                return sobject
        raise self._refuse(token.at, refusals.no_such_object(token.text))

    def _field(self, name: str, at: int) -> Field:
        own = name.split(".", 1)[1] if name.lower().startswith(f"{self.sobject.name.lower()}.") else name
        field = self.sobject.find(own)
        if field is not None:
            return field
        if "." in own:
            text = (
                f"Didn't understand relationship '{own.split('.')[0]}' in field path. If you are attempting to "
                "use a custom relationship, be sure to append the '__r' after the custom relationship name. "
                "Please reference your WSDL or the describe call for the appropriate names."
            )
            raise self._refuse(at, Refusal("INVALID_FIELD", text))
        raise self._refuse(at, refusals.no_such_queried_column(own, self.sobject.name))

    def _sortable(self, order: soql.Order) -> Field:
        field = self._field(order.field, order.at)
        if not field.filterable:
            text = f"field '{field.name}' can not be sorted in a query call"
            raise self._refuse(order.at, Refusal("MALFORMED_QUERY", text))
        return field

    # --- conditions into tests of one record

    def _test(self, condition: Condition) -> Test:
        match condition:
            case Negated(part):
                inner = self._test(part)
                return lambda record: not inner(record)
            case Joined(word, parts):
                tests = [self._test(part) for part in parts]
                holds = all if word == "AND" else any
                return lambda record: holds(test(record) for test in tests)
            case Compare():
                return self._compare(condition)

    def _compare(self, condition: Compare) -> Test:
        field = self._field(condition.field, condition.at)
        if not field.filterable:
            text = f"field '{field.name}' can not be filtered in a query call"
            raise self._refuse(condition.at, Refusal("INVALID_FIELD", text))
        if condition.sign == "LIKE":
            return self._like(field, condition)
        if condition.sign in ("IN", "NOT IN", "=", "!="):
            wanted = {self._literal(field, value) for value in condition.value.items or (condition.value,)}
            among = condition.sign in ("IN", "=")
            return lambda record: (_comparable(field, record) in wanted) is among
        return self._ordered(field, condition)

    def _ordered(self, field: Field, condition: Compare) -> Test:
        if field.type in ("id", "reference", "boolean"):
            text = f"invalid operator on {'boolean' if field.type == 'boolean' else 'id'} field"
            raise self._refuse(condition.at, Refusal("INVALID_QUERY_FILTER_OPERATOR", text))
        bound, holds = self._literal(field, condition.value), ORDERED[condition.sign]

        def test(record: Record) -> bool:
            value = _comparable(field, record)
            return value is not None and bound is not None and bool(holds(value, bound))

        return test

    def _like(self, field: Field, condition: Compare) -> Test:
        if field.type not in TEXTS or condition.value.kind != "string":
            text = f"invalid operator on {'id' if field.type in ('id', 'reference') else field.type} field"
            raise self._refuse(condition.at, Refusal("INVALID_QUERY_FILTER_OPERATOR", text))
        flags = re.DOTALL if field.case_sensitive else re.DOTALL | re.IGNORECASE
        pattern = re.compile(self._pattern(condition.value), flags)
        return lambda record: pattern.fullmatch(record.get(field.name) or "") is not None

    def _pattern(self, value: Value) -> str:
        pieces = []
        for token in LIKE_TOKEN.findall(value.text):
            if token in ("%", "_"):
                pieces.append(".*" if token == "%" else ".")
            elif token in (r"\%", r"\_"):
                pieces.append(re.escape(token[1]))
            else:
                pieces.append(re.escape(soql.unescape(token, query=self.query.text, at=value.at)))
        return "".join(pieces)

    # --- literals into the form in which values are compared

    def _literal(self, field: Field, value: Value) -> Any:
        if value.kind == "null":
            return False if field.type == "boolean" else None
        wanted = LITERALS.get(field.type, "string")
        if value.kind != wanted:
            raise self._wrong_type(field, value, wanted)
        match wanted:
            case "string":
                return self._string(field, value)
            case "number":
                return float(value.text)
            case "boolean":
                return value.text == "TRUE"
            case "date":
                return self._time(value, value.text, date.fromisoformat).isoformat()
            case _:
                return shown_time(self._time(value, value.text, _must_parse))

    def _string(self, field: Field, value: Value) -> Any:
        text = soql.unescape(value.text, query=self.query.text, at=value.at)
        if field.type in ("id", "reference"):
            full = ids.canonical(text)
            if text and not full:
                refusal = Refusal("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
                raise self._refuse(value.at, refusal)
            return full or None
        return folded(field, text) or None

    def _time(self, value: Value, text: str, read: Callable[[str], Any]) -> Any:
        try:
            return read(text)
        except ValueError:
            raise self._refuse(value.at, Refusal("MALFORMED_QUERY", f"Invalid date: {text}")) from None

    def _wrong_type(self, field: Field, value: Value, wanted: str) -> Refusal:
        quoted = "should be" if wanted == "string" else "should not be"
        kind = NAMED.get(field.type, "string" if wanted == "string" else field.type)
        criterion = f"value of filter criterion for field '{field.name}'"
        text = f"{criterion} must be of type {kind} and {quoted} enclosed in quotes"
        return self._refuse(value.at, Refusal("INVALID_FIELD", text))


def _must_parse(text: str) -> Any:
    when = parsed_time(text)
    if when is None:
        raise ValueError(text)
    return when


def _comparable(field: Field, record: Record) -> Any:
    value = folded(field, record.get(field.name))
    if field.type == "boolean":
        return bool(value)
    return float(value) if value is not None and field.type in NUMBERS else value


def _sort_key(order: soql.Order, field: Field) -> Callable[[Record], tuple[bool, Any]]:
    # what comes last has True here, and descending turns the whole key round
    empty_is_true = order.nulls_last != order.descending

    def key(record: Record) -> tuple[bool, Any]:
        value = _comparable(field, record)
        return (empty_is_true, "") if value is None else (not empty_is_true, value)

    return key
