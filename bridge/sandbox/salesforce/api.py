"""The REST API under /services/data: who may call, which path does what, and what is answered."""

from __future__ import annotations

import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bridge.sandbox.salesforce import batches, describe, ids, query, records, refusals
from bridge.sandbox.salesforce.database import Record, fetch
from bridge.sandbox.salesforce.org import Org
from bridge.sandbox.salesforce.query import Found
from bridge.sandbox.salesforce.records import Work
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.salesforce.schema import Field, SObject
from bridge.sandbox.salesforce.values import shown_time
from bridge.sandbox.salesforce.wire import read, refused
from bridge.sandbox.wire import Answer, Call

T = TypeVar("T")

VERSIONS = {66: "Spring '26", 67: "Summer '26", 68: "Winter '27"}
OLDEST, NEWEST, RETIRED = 46, 68, 30
PATH = re.compile(r"/services/data/v(\d{1,3})\.0(/.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call whose path is understood."""

    call: Call
    root: str  #: /services/data/v66.0
    names: tuple[str, ...]  #: what the path's pattern caught
    locked_row: int | None = None


class Api:
    """The data API of one org. Safe to call from several threads."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.calls: Counter[str] = Counter()  #: "POST composite/sobjects" -> how often
        self._cursors: OrderedDict[str, Found] = OrderedDict()
        self._lock = threading.Lock()

    def admit(self, call: Call) -> None:
        """Let a call in, or raise Refusal: no living token, over the daily limit."""
        if call.path.rstrip("/") == "/services/data":
            return
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if token and scheme.lower() not in ("bearer", "oauth"):
            raise refusals.bad_auth_header()
        if not token or not self.org.knows_token(token.strip()):
            raise refusals.session_expired()
        if self.calls.total() > self.org.switches["daily_limit"]:
            raise refusals.daily_limit()

    def count(self, call: Call) -> None:
        """Count a call under its method and kind of path."""
        match = PATH.fullmatch(call.path)
        rest = (match[2] or "" if match else call.path).strip("/")
        rest = re.sub(r"^(sobjects/\w+|query)/[^/]{15,}$", r"\1/<id>", rest)
        with self._lock:
            self.calls[f"{call.method} {rest}"] += 1

    def perform(self, call: Call, *, locked_row: int | None = None) -> Answer:
        """Carry a call out: committed to disk when this returns."""
        try:
            answer = self._route(call, locked_row)
        except Refusal as refusal:
            answer = refused(refusal)
        return answer

    def usage(self) -> dict[str, str]:
        """The header that every answer carries."""
        return {"Sforce-Limit-Info": f"api-usage={self.calls.total()}/{self.org.switches['daily_limit']}"}

    def _route(self, call: Call, locked_row: int | None) -> Answer:
        if call.path.rstrip("/") == "/services/data":
            return Answer(body=[_version(number) for number in range(OLDEST, NEWEST + 1)])
        match = PATH.fullmatch(call.path)
        if match is None:
            raise refusals.not_found()
        number = int(match[1])
        if number <= RETIRED:
            raise Refusal("GONE", "The requested API version is no longer available", status=410)
        if not OLDEST <= number <= NEWEST:
            raise refusals.not_found()
        rest = (match[2] or "").strip("/")
        for pattern, methods in ROUTES:
            found = re.fullmatch(pattern, rest)
            if found:
                if call.method not in methods:
                    raise refusals.wrong_method(call.method, list(methods))
                root = f"/services/data/v{number}.0"
                request = Request(call=call, root=root, names=found.groups(), locked_row=locked_row)
                return methods[call.method](self, request)
        raise refusals.not_found()

    # --- reading

    def resources(self, request: Request) -> Answer:
        names = ("sobjects", "query", "queryAll", "limits", "composite")
        return Answer(body={name: f"{request.root}/{name}" for name in names})

    def limits(self, request: Request) -> Answer:
        del request
        most = self.org.switches["daily_limit"]
        storage = {"Max": 1073, "Remaining": 1073}
        daily = {"Max": most, "Remaining": max(0, most - self.calls.total())}
        return Answer(body={"DailyApiRequests": daily, "DataStorageMB": storage, "FileStorageMB": storage})

    def list_objects(self, request: Request) -> Answer:
        objects = [describe.summary(sobject, request.root) for sobject in self.org.objects.values()]
        return Answer(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects})

    def describe(self, request: Request) -> Answer:
        return Answer(body=describe.full(self._object(request), request.root))

    def object_info(self, request: Request) -> Answer:
        summary = describe.summary(self._object(request), request.root)
        return Answer(body={"objectDescribe": summary, "recentItems": []})

    def get(self, request: Request) -> Answer:
        sobject = self._object(request)
        with self.org.database.read() as tx:
            record = fetch(tx, ids.canonical(request.names[1]))
        if record is None or record.object != sobject.name:
            raise refusals.not_found()
        if record.deleted:
            raise refusals.deleted(status=404)
        wanted = request.call.query.get("fields")
        fields = list(sobject.fields.values()) if wanted is None else _picked(sobject, wanted)
        return Answer(body=_shown(record, fields, request.root))

    def query(self, request: Request) -> Answer:
        return self._query(request, deleted=False)

    def query_all(self, request: Request) -> Answer:
        return self._query(request, deleted=True)

    def _query(self, request: Request, *, deleted: bool) -> Answer:
        text = request.call.query.get("q")
        if not text:
            raise Refusal("MALFORMED_QUERY", "A query string has to be specified")
        size = _page_size(request.call)
        with self.org.database.read() as tx:
            found = query.run(tx, self.org.objects, text, deleted=deleted)
        if not found.fields:
            return Answer(body={"totalSize": len(found.records), "done": True, "records": []})
        locator = self._keep(found) if len(found.records) > size else ""
        return Answer(body=_page(found, locator, 0, size, request.root))

    def query_more(self, request: Request) -> Answer:
        locator, start = request.names[0], int(request.names[1])
        with self._lock:
            found = self._cursors.get(locator)
        if found is None or start >= len(found.records):
            raise Refusal("INVALID_QUERY_LOCATOR", "invalid query locator")
        return Answer(body=_page(found, locator, start, _page_size(request.call), request.root))

    def _keep(self, found: Found) -> str:
        with self._lock:
            locator = ids.long_form(ids.make("0r8", self.calls.total() * 1000 + len(self._cursors)))
            self._cursors[locator] = found
            while len(self._cursors) > 50:
                self._cursors.popitem(last=False)
            return locator

    # --- writing

    def create(self, request: Request) -> Answer:
        sobject = self._object(request)
        record_id = self._write_one(request, lambda work: records.create(work, sobject, _row(request, sobject)))
        location = f"{request.root}/sobjects/{sobject.name}/{record_id}"
        body = {"id": record_id, "success": True, "errors": []}
        return Answer(status=201, body=body, headers={"Location": location})

    def update(self, request: Request) -> Answer:
        sobject, record_id = self._object(request), request.names[1]
        row = _row(request, sobject)
        if "id" in {name.lower() for name in row}:
            raise Refusal("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
        self._write_one(request, lambda work: records.update(work, sobject, record_id, row))
        return Answer(status=204)

    def delete(self, request: Request) -> Answer:
        sobject, record_id = self._object(request), request.names[1]
        self._write_one(request, lambda work: records.delete(work, sobject, record_id))
        return Answer(status=204)

    def create_all(self, request: Request) -> Answer:
        body = read(request.call)
        return Answer(body=self._write(request, lambda work: batches.create_all(work, body)))

    def update_all(self, request: Request) -> Answer:
        body = read(request.call)
        return Answer(body=self._write(request, lambda work: batches.update_all(work, body)))

    def delete_all(self, request: Request) -> Answer:
        wanted = [one for one in request.call.query.get("ids", "").split(",") if one]
        whole = request.call.query.get("allOrNone", "false").lower()
        if whole not in ("true", "false"):
            raise refusals.cannot_deserialize("boolean", f"VALUE_STRING value {whole}")
        rows = self._write(request, lambda work: batches.delete_all(work, wanted, all_or_none=whole == "true"))
        return Answer(body=rows)

    def _write(self, request: Request, act: Callable[[Work], T]) -> T:
        with self.org.database.write() as tx:
            work = Work(
                tx=tx,
                objects=self.org.objects,
                switches=self.org.switches,
                now=shown_time(self.org.now()),
                assign=_assigns(request.call),
                locked_row=request.locked_row,
            )
            return act(work)

    def _write_one(self, request: Request, act: Callable[[Work], T]) -> T:
        record_id = request.names[1] if len(request.names) > 1 else ""
        if request.locked_row is not None:
            raise refusals.locked(record_id)
        try:
            return self._write(request, act)
        except Refusal as refusal:
            if (
                record_id
                and refusal.code in ("MALFORMED_ID", "INVALID_CROSS_REFERENCE_KEY")
                and not refusal.fields
            ):
                raise refusals.not_found() from None
            if record_id and refusal.code == "ENTITY_IS_DELETED":
                raise refusals.deleted(status=404) from None
            raise

    def _object(self, request: Request) -> SObject:
        found = self.org.object(request.names[0])
        if found is None:
            raise refusals.not_found()
        return found


Handler = Callable[[Api, Request], Answer]
ROUTES: tuple[tuple[str, Mapping[str, Handler]], ...] = (
    ("", {"GET": Api.resources}),
    ("limits", {"GET": Api.limits}),
    ("query", {"GET": Api.query}),
    ("queryAll", {"GET": Api.query_all}),
    (r"query/(\w{15,18})-(\d{1,9})", {"GET": Api.query_more}),
    ("sobjects", {"GET": Api.list_objects}),
    (r"sobjects/(\w+)", {"GET": Api.object_info, "POST": Api.create}),
    (r"sobjects/(\w+)/describe", {"GET": Api.describe}),
    (r"sobjects/(\w+)/(\w+)", {"GET": Api.get, "PATCH": Api.update, "DELETE": Api.delete}),
    ("composite/sobjects", {"POST": Api.create_all, "PATCH": Api.update_all, "DELETE": Api.delete_all}),
)


def _version(number: int) -> dict[str, str]:
    label = VERSIONS.get(number, f"Release {number}")
    return {"label": label, "url": f"/services/data/v{number}.0", "version": f"{number}.0"}


def _assigns(call: Call) -> bool:
    given = call.headers.get("sforce-auto-assign", "TRUE").upper()
    if given not in ("TRUE", "FALSE"):
        raise Refusal("INVALID_HEADER", f"Invalid value for header Sforce-Auto-Assign: {given}")
    return given == "TRUE"


def _page_size(call: Call) -> int:
    given = call.headers.get("sforce-query-options", "batchSize=2000")
    match = re.fullmatch(r"\s*batchSize\s*=\s*(\d{1,6})\s*", given, re.IGNORECASE)
    if match is None:
        raise Refusal("INVALID_HEADER", f"Invalid value for header Sforce-Query-Options: {given}")
    return min(2000, max(200, int(match[1])))


def _row(request: Request, sobject: SObject) -> dict[str, Any]:
    row = read(request.call)
    if not isinstance(row, dict):
        raise refusals.cannot_deserialize(sobject.name, "START_ARRAY" if isinstance(row, list) else "VALUE")
    return {name: value for name, value in row.items() if name != "attributes"}


def _picked(sobject: SObject, wanted: str) -> list[Field]:
    fields = []
    for name in wanted.split(","):
        field = sobject.find(name.strip())
        if field is None:
            raise refusals.no_such_queried_column(name.strip(), sobject.name)
        fields.append(field)
    return [sobject.fields["Id"], *(field for field in fields if field.name != "Id")]


def _shown(record: Record, fields: Sequence[Field], root: str) -> dict[str, Any]:
    attributes = {"type": record.object, "url": f"{root}/sobjects/{record.object}/{record.id}"}
    return {"attributes": attributes, **{field.name: records.shown(record, field) for field in fields}}


def _page(found: Found, locator: str, start: int, size: int, root: str) -> dict[str, Any]:
    rows = [_shown(record, found.fields, root) for record in found.records[start : start + size]]
    done = start + size >= len(found.records)
    more = {} if done else {"nextRecordsUrl": f"{root}/query/{locator}-{start + size}"}
    return {"totalSize": len(found.records), "done": done, **more, "records": rows}
