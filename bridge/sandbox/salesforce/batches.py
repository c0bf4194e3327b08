"""Collections (composite/sobjects): up to 200 rows in one call, each with its own result, in order.

Facts: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from bridge.sandbox.salesforce import records, refusals
from bridge.sandbox.salesforce.records import Work
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.salesforce.schema import SObject

Row = Mapping[str, Any]


def create_all(work: Work, body: Any) -> list[dict[str, Any]]:
    """Insert the rows of a request; one result for each. Raises Refusal when the request itself is malformed."""
    rows, all_or_none = _request(body)

    def one(row: Row) -> str:
        return records.create(work, _object(work, row), _fields(row))

    return _each(work, rows, one, all_or_none=all_or_none)


def update_all(work: Work, body: Any) -> list[dict[str, Any]]:
    """Change the records that the rows name by Id; one result for each."""
    rows, all_or_none = _request(body)
    named = Counter(_id(row)[:15] for row in rows)

    def one(row: Row) -> str:
        record_id = _id(row)
        if not record_id:
            raise refusals.missing_argument("Id not specified in an update call")
        if named[record_id[:15]] > 1:
            raise refusals.duplicate_id(record_id)
        return records.update(work, _object(work, row), record_id, _fields(row, without="id"))

    return _each(work, rows, one, all_or_none=all_or_none)


def delete_all(work: Work, wanted: Sequence[str], *, all_or_none: bool) -> list[dict[str, Any]]:
    """Delete the records of these ids, of any objects; one result for each."""
    if not wanted:
        raise refusals.missing_argument("The ids parameter is required")
    if len(wanted) > 200:
        raise refusals.too_many_rows()

    def one(row: Row) -> str:
        return records.delete(work, records.object_of(work.objects, row["Id"]), row["Id"])

    return _each(work, [{"Id": record_id} for record_id in wanted], one, all_or_none=all_or_none)


def _each(
    work: Work, rows: Sequence[Row], apply: Callable[[Row], str], *, all_or_none: bool
) -> list[dict[str, Any]]:
    work.tx.execute("savepoint rows")
    results: list[dict[str, Any]] = []
    failed = 0
    for number, row in enumerate(rows):
        try:
            if number == work.locked_row:
                raise refusals.locked(str(row.get("ParentId") or _id(row)))
            results.append({"id": apply(row), "success": True, "errors": []})
        except Refusal as refusal:
            if refusal.code == "JSON_PARSER_ERROR":
                raise
            failed += 1
            results.append(refusal.as_row())
    if all_or_none and failed:
        work.tx.execute("rollback to rows")
        results = [refusals.rolled_back().as_row() if result["success"] else result for result in results]
    work.tx.execute("release rows")
    return results


def _request(body: Any) -> tuple[list[Row], bool]:
    if not isinstance(body, dict):
        raise refusals.cannot_deserialize(
            "sObjectCollection", "START_ARRAY" if isinstance(body, list) else "VALUE"
        )
    for key in body:
        if key not in ("allOrNone", "records"):
            raise refusals.bad_json(f'Unrecognized field "{key}"')
    rows, all_or_none = body.get("records"), body.get("allOrNone", False)
    if not isinstance(all_or_none, bool):
        raise refusals.cannot_deserialize("boolean", f"VALUE_STRING value {all_or_none}")
    if not isinstance(rows, list) or not rows:
        raise refusals.missing_argument("The records parameter is required and must not be empty")
    if len(rows) > 200:
        raise refusals.too_many_rows()
    kinds = [_type(row) for row in rows]
    if len([kind for kind, _ in groupby(kinds)]) > 10:
        raise refusals.too_many_runs()
    return rows, all_or_none


def _type(row: Any) -> str:
    attributes = row.get("attributes") if isinstance(row, dict) else None
    kind = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(kind, str) or not kind:
        raise Refusal("INVALID_INPUT", "The type attribute is required for each record: attributes.type")
    return kind.lower()


def _object(work: Work, row: Row) -> SObject:
    wanted = row["attributes"]["type"]
    for sobject in work.objects.values():
        if sobject.name.lower() == wanted.lower():
            return sobject
    raise refusals.no_such_object(wanted)


def _id(row: Row) -> str:
    return next((str(value or "") for name, value in row.items() if name.lower() == "id"), "")


def _fields(row: Row, *, without: str = "") -> Row:
    return {name: value for name, value in row.items() if name != "attributes" and name.lower() != without}
