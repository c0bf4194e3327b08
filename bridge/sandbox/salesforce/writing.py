"""The paths that change records: one by its id, one by its key, and up to 200 in a collection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bridge.sandbox.salesforce import batches, records, refusals
from bridge.sandbox.salesforce.records import Work
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.salesforce.request import Request, several
from bridge.sandbox.salesforce.wire import read
from bridge.sandbox.wire import Answer

T = TypeVar("T")


def create(request: Request) -> Answer:
    sobject = request.sobject()
    record_id = _one(request, lambda work: records.create(work, sobject, request.row(sobject)))
    body = {"id": record_id, "success": True, "errors": []}
    return Answer(status=201, body=body, headers=_location(request, record_id))


def update(request: Request) -> Answer:
    sobject, record_id = request.sobject(), request.names[1]
    row = request.row(sobject)
    if "id" in {name.lower() for name in row}:
        raise _not_in_body("Id")
    _one(request, lambda work: records.update(work, sobject, record_id, row))
    return Answer(status=204)


def delete(request: Request) -> Answer:
    sobject, record_id = request.sobject(), request.names[1]
    _one(request, lambda work: records.delete(work, sobject, record_id))
    return Answer(status=204)


def upsert(request: Request) -> Answer:
    """Change the record that has the key, or make it; updateOnly=true: make none.

    https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_upsert.htm
    """
    sobject, field = request.sobject(), request.key()
    value, row = records.from_url(field, request.names[2]), request.row(sobject)
    for name in row:
        if name.lower() in ("id", field.name.lower()):
            raise _not_in_body(name)
    only = request.call.query.get("updateOnly", "").lower() == "true"

    def act(work: Work) -> Answer:
        holders = records.by_key(work.tx, sobject, field, value)
        if len(holders) > 1:
            return several(request, holders)
        if holders:
            record_id = records.update(work, sobject, holders[0].id, row)
        elif only:
            raise refusals.not_found()
        else:
            record_id = records.create(work, sobject, {**row, field.name: value})
        body = {"id": record_id, "success": True, "errors": [], "created": not holders}
        if holders:
            return Answer(body=body)
        return Answer(status=201, body=body, headers=_location(request, record_id))

    if request.struck is not None:
        raise request.struck.refusal("")
    return request.write(act)


def delete_by_key(request: Request) -> Answer:
    def act(work: Work) -> Answer:
        holders = request.held_by(work.tx)
        if len(holders) > 1:
            return several(request, holders)
        records.delete(work, request.sobject(), holders[0].id)
        return Answer(status=204)

    return request.write(act)


def create_all(request: Request) -> Answer:
    body = read(request.call)
    return Answer(body=request.write(lambda work: batches.create_all(work, body)))


def update_all(request: Request) -> Answer:
    body = read(request.call)
    return Answer(body=request.write(lambda work: batches.update_all(work, body)))


def upsert_all(request: Request) -> Answer:
    sobject, field, body = request.sobject(), request.key(), read(request.call)
    return Answer(body=request.write(lambda work: batches.upsert_all(work, sobject, field, body)))


def delete_all(request: Request) -> Answer:
    wanted = [one for one in request.call.query.get("ids", "").split(",") if one]
    whole = request.call.query.get("allOrNone", "false").lower()
    if whole not in ("true", "false"):
        raise refusals.cannot_deserialize("boolean", f"VALUE_STRING value {whole}")
    return Answer(body=request.write(lambda work: batches.delete_all(work, wanted, all_or_none=whole == "true")))


def _one(request: Request, act: Callable[[Work], T]) -> T:
    """Write one record. What a row of a collection is told of a wrong id is "not found" of a path."""
    record_id = request.names[1] if len(request.names) > 1 else ""
    if request.struck is not None:
        raise request.struck.refusal(record_id)
    try:
        return request.write(act)
    except Refusal as refusal:
        about_id = refusal.code in ("MALFORMED_ID", "INVALID_CROSS_REFERENCE_KEY") and not refusal.fields
        if record_id and about_id:
            raise refusals.not_found() from None
        if record_id and refusal.code == "ENTITY_IS_DELETED":
            raise refusals.deleted(status=404) from None
        raise


def _location(request: Request, record_id: str) -> dict[str, str]:
    return {"Location": f"{request.root}/sobjects/{request.sobject().name}/{record_id}"}


def _not_in_body(name: str) -> Refusal:
    return Refusal("INVALID_FIELD", f"The {name} field should not be specified in the sobject data.")
