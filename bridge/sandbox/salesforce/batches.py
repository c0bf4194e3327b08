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
from bridge.sandbox.salesforce.schema import Field, SObject
from bridge.sandbox.salesforce.values import folded

Row = Mapping[str, Any]


def create_all(work: Work, body: Any) -> list[dict[str, Any]]:
    """Insert the rows of a request; one result for each. Raises Refusal when the request itself is malformed."""
    rows, all_or_none = _request(body)

    def one(row: Row) -> Row:
        return {"id": records.create(work, _object(work, row), _fields(row))}

    return _each(work, rows, one, all_or_none=all_or_none)


def update_all(work: Work, body: Any) -> list[dict[str, Any]]:
    """Change the records that the rows name by Id; one result for each."""
    rows, all_or_none = _request(body)
    named = Counter(_id(row)[:15] for row in rows)

    def one(row: Row) -> Row:
        record_id = _id(row)
        if not record_id:
            raise refusals.missing_argument("Id not specified in an update call")
        if named[record_id[:15]] > 1:
            raise refusals.duplicate_id(record_id)
        return {"id": records.update(work, _object(work, row), record_id, _fields(row, without="id"))}

    return _each(work, rows, one, all_or_none=all_or_none)


def upsert_all(work: Work, sobject: SObject, field: Field, body: Any) -> list[dict[str, Any]]:
    """Change the records that have the rows' keys, insert the others; one result for each, with `created`.

    A key that stands in several rows fails all of them.
    https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_upsert.htm
    """
    rows, all_or_none = _request(body)
    if {_type(row) for row in rows} != {sobject.name.lower()}:
        raise Refusal("INVALID_INPUT", f"All records must be of the type {sobject.name}")
    keys = [folded(field, _value(row, field.name)) for row in rows]

    def one(row: Row) -> Row:
        value = _value(row, field.name)
        if value in (None, ""):
            raise refusals.missing_argument(f"{field.name} not specified")
        if _id(row):
            text = "Cannot specify both an external ID reference and a salesforce id"
            raise Refusal("INVALID_FIELD", text, fields=["Id"])
        if keys.count(folded(field, value)) > 1:
            raise refusals.duplicate_key(str(value), field.name)
        holders = records.by_key(work.tx, sobject, field, value)
        if len(holders) > 1:
            raise refusals.several_by_key(field.label, [holder.id for holder in holders])
        if holders:
            given = _fields(row, without=field.name.lower())
            return {"id": records.update(work, sobject, holders[0].id, given), "created": False}
        return {"id": records.create(work, sobject, _fields(row)), "created": True}

    return _each(work, rows, one, all_or_none=all_or_none)


def retrieval(body: Any) -> tuple[list[str], list[str]]:
    """The ids and the fields that a retrieve asks for. Raises Refusal when it is malformed.

    https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_retrieve.htm
    """
    given = body if isinstance(body, dict) else {}
    wanted, names = given.get("ids"), given.get("fields")
    for name, value in (("ids", wanted), ("fields", names)):
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            raise refusals.missing_argument(f"The {name} parameter is required")
    assert isinstance(wanted, list)
    assert isinstance(names, list)
    if len(wanted) > 2000:
        text = "record limit reached. cannot retrieve more than 2000 records in this call"
        raise Refusal("EXCEEDED_ID_LIMIT", text)
    return wanted, names


def delete_all(work: Work, wanted: Sequence[str], *, all_or_none: bool) -> list[dict[str, Any]]:
    """Delete the records of these ids, of any objects; one result for each."""
    if not wanted:
        raise refusals.missing_argument("The ids parameter is required")
    if len(wanted) > 200:
        raise refusals.too_many_rows()

    def one(row: Row) -> Row:
        return {"id": records.delete(work, records.object_of(work.objects, row["Id"]), row["Id"])}

    return _each(work, [{"Id": record_id} for record_id in wanted], one, all_or_none=all_or_none)


def _each(
    work: Work, rows: Sequence[Row], apply: Callable[[Row], Row], *, all_or_none: bool
) -> list[dict[str, Any]]:
    work.tx.execute("savepoint rows")
    results: list[dict[str, Any]] = []
    failed = 0
    for number, row in enumerate(rows):
        try:
            if work.struck is not None and work.struck.meets_row(number, row):
                raise work.struck.refusal(str(row.get("ParentId") or _id(row)))
            results.append({"id": "", "success": True, "errors": [], **apply(row)})
        except Refusal as refusal:
            if refusal.code == "JSON_PARSER_ERROR":
                raise
            failed += 1
            results.append(refusal.as_row())
    if (all_or_none or work.whole) and failed:
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
    return str(_value(row, "Id") or "")


def _value(row: Row, wanted: str) -> Any:
    return next((value for name, value in row.items() if name.lower() == wanted.lower()), None)


def _fields(row: Row, *, without: str = "") -> Row:
    return {name: value for name, value in row.items() if name != "attributes" and name.lower() != without}
