"""Answer a parsed SOQL query from the records: check its names and literals, then filter, sort and cut.

The rules kept: text is compared blind to case unless the field is case-sensitive; != and NOT IN find empty fields
too; long text can be neither filtered nor sorted; at most 2,000 records may be skipped by OFFSET.
https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_conditionexpression.htm
"""

from __future__ import annotations

import operator
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bridge.sandbox.salesforce import database, ids, records, refusals, soql
from bridge.sandbox.salesforce.database import Record
from bridge.sandbox.salesforce.dates import span
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.salesforce.schema import NUMBERS, TEXTS, Field, SObject
from bridge.sandbox.salesforce.soql import Compare, Condition, Joined, Negated, Query, Value, pointed
from bridge.sandbox.salesforce.values import folded, parsed_time, shown_time

LONGEST = 100_000  # characters of a query
FARTHEST = 5  # references from the queried object on
Test = Callable[[Record], bool]
ORDERED = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
LITERALS = {"datetime": "time", "date": "date", "boolean": "boolean", **dict.fromkeys(NUMBERS, "number")}
NAMED = {"datetime": "dateTime"}  #: how the messages call a type, where that is not its name
LIKE_TOKEN = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a query found."""

    counted: bool  #: only COUNT() was asked for
    rows: list[dict[str, Any]]  #: in order, as they are answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """From where a query is asked."""

    tx: sqlite3.Connection
    objects: Mapping[str, SObject]
    now: datetime
    root: str  #: /services/data/v66.0


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the queried object, or of a record that its references lead to: Case__r.Contact.Email."""

    way: tuple[Field, ...]
    field: Field

    def of(self, tx: sqlite3.Connection, record: Record) -> Any:
        """The value in the form in which values are compared; None = empty, or a reference on the way is."""
        end: Record | None = record
        for reference in self.way:
            end = None if end is None else database.fetch(tx, end.get(reference.name) or "")
        return None if end is None else _comparable(self.field, end)


def run(asked: Asked, text: str, *, deleted: bool = False) -> Found:
    """Answer a query; deleted: the recycle bin too (queryAll). Raises Refusal in the vendor's words."""
    if len(text) > LONGEST:
        raise Refusal("MALFORMED_QUERY", f"SOQL statements cannot be longer than {LONGEST} characters.")
    query = soql.parse(text)
    checked = _Checked(query, asked)
    living = (record for record in checked.source() if deleted or not record.deleted)
    found = [record for record in living if checked.test is None or checked.test(record)]
    for order, column in reversed(checked.order):
        found.sort(key=_sort_key(asked.tx, order, column), reverse=order.descending)
    end = None if query.limit is None else query.offset + query.limit
    columns = [(column.way, column.field) for column in checked.columns]
    rows = [_row(asked, record, columns) for record in found[query.offset : end]]
    return Found(counted=not columns, rows=rows)


def _row(asked: Asked, record: Record, columns: Sequence[tuple[Sequence[Field], Field]]) -> dict[str, Any]:
    url = f"{asked.root}/sobjects/{record.object}/{record.id}"
    row: dict[str, Any] = {"attributes": {"type": record.object, "url": url}}
    beyond: dict[Field, list[tuple[Sequence[Field], Field]]] = {}
    for way, field in columns:
        if way:
            row.setdefault(way[0].relationship, None)
            beyond.setdefault(way[0], []).append((way[1:], field))
        else:
            row[field.name] = records.shown(record, field)
    for reference, rest in beyond.items():
        parent = database.fetch(asked.tx, record.get(reference.name) or "")
        row[reference.relationship] = None if parent is None else _row(asked, parent, rest)
    return row


class _Checked:
    """A query whose names and literals are known to fit the schema."""

    def __init__(self, query: Query, asked: Asked) -> None:
        self.query, self._asked = query, asked
        self.sobject = self._object(asked.objects)
        self.columns = tuple(dict.fromkeys(self._column(token.text, token.at) for token in query.fields))
        self.test = None if query.where is None else self._test(query.where)
        self.order = [(order, self._sortable(order)) for order in query.order]
        if query.offset > 2000:
            raise Refusal("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")

    def source(self) -> Iterable[Record]:
        """The records to look at: by look-up where a condition that must hold names an indexed field."""
        where = self.query.where
        must = where.parts if isinstance(where, Joined) and where.word == "AND" else (where,)
        for part in must:
            if isinstance(part, Compare) and part.sign in ("=", "IN"):
                column = self._column(part.field, part.at)
                field = column.field
                if column.way or not (field.indexed or field.type == "id"):
                    continue
                wanted = [self._literal(field, value) for value in part.value.items or (part.value,)]
                if None not in wanted:
                    return database.look_up(self._asked.tx, self.sobject, field.name, wanted)
        return database.scan(self._asked.tx, self.sobject)

    def _refuse(self, at: int, refusal: Refusal) -> Refusal:
        return pointed(self.query.text, at, refusal)

    def _object(self, objects: Mapping[str, SObject]) -> SObject:
        token = self.query.sobject
        for sobject in objects.values():
            if sobject.name.lower() == token.text.lower():
                return sobject
        raise self._refuse(token.at, refusals.no_such_object(token.text))

    def _column(self, name: str, at: int) -> Column:
        own = name.split(".", 1)[1] if name.lower().startswith(f"{self.sobject.name.lower()}.") else name
        *relations, last = own.split(".")
        way: list[Field] = []
        owners: Sequence[SObject] = (self.sobject,)
        for relation in relations:
            reference = next(filter(None, (owner.related(relation) for owner in owners)), None)
            if reference is None or len(way) == FARTHEST:
                raise self._refuse(at, _no_such_relation(relation))
            way.append(reference)
            owners = [self._asked.objects[name] for name in reference.refers_to if name in self._asked.objects]
        field = next(filter(None, (owner.find(last) for owner in owners)), None)
        if field is None:
            raise self._refuse(at, refusals.no_such_queried_column(last, owners[0].name))
        return Column(tuple(way), field)

    def _sortable(self, order: soql.Order) -> Column:
        column = self._column(order.field, order.at)
        if not column.field.filterable:
            text = f"field '{column.field.name}' can not be sorted in a query call"
            raise self._refuse(order.at, Refusal("MALFORMED_QUERY", text))
        return column

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
        column = self._column(condition.field, condition.at)
        field, value = column.field, condition.value
        if not field.filterable:
            text = f"field '{field.name}' can not be filtered in a query call"
            raise self._refuse(condition.at, Refusal("INVALID_FIELD", text))
        if condition.sign == "LIKE":
            holds = self._like(field, condition)
        elif value.kind == "span" and field.type in ("date", "datetime"):
            holds = self._within(condition)
        elif condition.sign in ("IN", "NOT IN", "=", "!="):
            wanted = {self._literal(field, one) for one in value.items or (value,)}
            among = condition.sign in ("IN", "=")
            holds = lambda found: (found in wanted) is among  # noqa: E731
        else:
            holds = self._ordered(field, condition)
        tx = self._asked.tx
        return lambda record: holds(column.of(tx, record))

    def _within(self, condition: Compare) -> Callable[[Any], bool]:
        value = condition.value
        first, last = self._time(value, value.text, lambda text: span(text, self._asked.now.date()))
        from_day, to_day = first.isoformat(), last.isoformat()
        tests: Mapping[str, Callable[[str], bool]] = {
            "=": lambda day: from_day <= day <= to_day,
            "<": lambda day: day < from_day,
            ">": lambda day: day > to_day,
            "<=": lambda day: day <= to_day,
            ">=": lambda day: day >= from_day,
        }
        if condition.sign == "!=":
            return lambda found: found is None or not from_day <= found[:10] <= to_day
        holds = tests[condition.sign]
        return lambda found: found is not None and holds(found[:10])

    def _ordered(self, field: Field, condition: Compare) -> Callable[[Any], bool]:
        if field.type in ("id", "reference", "boolean"):
            text = f"invalid operator on {'boolean' if field.type == 'boolean' else 'id'} field"
            raise self._refuse(condition.at, Refusal("INVALID_QUERY_FILTER_OPERATOR", text))
        bound, holds = self._literal(field, condition.value), ORDERED[condition.sign]
        return lambda found: found is not None and bound is not None and bool(holds(found, bound))

    def _like(self, field: Field, condition: Compare) -> Callable[[Any], bool]:
        if field.type not in TEXTS or condition.value.kind != "string":
            text = f"invalid operator on {'id' if field.type in ('id', 'reference') else field.type} field"
            raise self._refuse(condition.at, Refusal("INVALID_QUERY_FILTER_OPERATOR", text))
        flags = re.DOTALL if field.case_sensitive else re.DOTALL | re.IGNORECASE
        pattern = re.compile(self._pattern(condition.value), flags)
        return lambda found: pattern.fullmatch(found or "") is not None

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


def _no_such_relation(name: str) -> Refusal:
    text = (
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
        "relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL "
        "or the describe call for the appropriate names."
    )
    return Refusal("INVALID_FIELD", text)


def _sort_key(tx: sqlite3.Connection, order: soql.Order, column: Column) -> Callable[[Record], tuple[bool, Any]]:
    # what comes last has True here, and descending turns the whole key round
    empty_is_true = order.nulls_last != order.descending

    def key(record: Record) -> tuple[bool, Any]:
        value = column.of(tx, record)
        return (empty_is_true, "") if value is None else (not empty_is_true, value)

    return key
