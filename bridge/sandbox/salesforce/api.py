"""The REST API under /services/data: who may call, which path does what, and what is answered."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, TypeVar

from bridge.sandbox.salesforce import batches, composite, describe, ids, query, records, refusals, writing
from bridge.sandbox.salesforce.composite import Step
from bridge.sandbox.salesforce.database import Record, fetch, scan
from bridge.sandbox.salesforce.faults import Fault
from bridge.sandbox.salesforce.org import Org
from bridge.sandbox.salesforce.query import Asked, Found
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.salesforce.request import Request, several
from bridge.sandbox.salesforce.schema import Field, SObject
from bridge.sandbox.salesforce.values import parsed_time
from bridge.sandbox.salesforce.wire import read, refused, rows_in
from bridge.sandbox.wire import Answer, Call

T = TypeVar("T")

VERSIONS = {66: "Spring '26", 67: "Summer '26", 68: "Winter '27"}
OLDEST, NEWEST, RETIRED = 46, 68, 30
APP_NAME = "Casebridge"
PATH = re.compile(r"/services/data/v(\d{1,3})\.0(/.*)?", re.DOTALL)


class Api:
    """The data API of one org. Safe to call from several threads."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.calls: Counter[str] = Counter()  #: "POST composite/sobjects" -> how often
        self._cursors: OrderedDict[str, Found] = OrderedDict()
        self._lock = threading.Lock()
        self._routes: Sequence[tuple[str, Mapping[str, Callable[[Request], Answer]]]] = (
            ("", {"GET": self.resources}),
            ("limits", {"GET": self.limits}),
            ("query", {"GET": self.query}),
            ("queryAll", {"GET": self.query_all}),
            (r"query/(\w{15,18})-(\d{1,9})", {"GET": self.query_more}),
            ("sobjects", {"GET": self.list_objects}),
            (r"sobjects/(\w+)", {"GET": self.object_info, "POST": writing.create}),
            (r"sobjects/(\w+)/describe", {"GET": self.describe}),
            (r"ui-api/object-info/(\w+)/picklist-values/(\w+)", {"GET": self.picklists}),
            (r"sobjects/(\w+)/(\w+)", {"GET": self.get, "PATCH": writing.update, "DELETE": writing.delete}),
            (
                r"sobjects/(\w+)/(\w+)/((?s:.+))",
                {"GET": self.get_by_key, "PATCH": writing.upsert, "DELETE": writing.delete_by_key},
            ),
            ("composite", {"POST": self.composite}),
            (
                "composite/sobjects",
                {"POST": writing.create_all, "PATCH": writing.update_all, "DELETE": writing.delete_all},
            ),
            (r"composite/sobjects/(\w+)", {"GET": self.retrieve, "POST": self.retrieve}),
            (r"composite/sobjects/(\w+)/(\w+)", {"PATCH": writing.upsert_all}),
        )

    def admit(self, call: Call) -> None:
        """Let a call in, or raise Refusal: no living token, over the daily limit."""
        if call.path.rstrip("/") == "/services/data":
            return
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if token and scheme.lower() not in ("bearer", "oauth"):
            raise refusals.bad_auth_header()
        switches = self.org.switches
        if not token or switches["revoked"] or not self.org.knows_token(token.strip()):
            raise refusals.session_expired()
        if switches["maintenance"] == "down":
            raise refusals.maintenance(status=503)
        if self.used() > switches["daily_limit"]:
            raise refusals.daily_limit()

    def count(self, call: Call) -> None:
        """Count a call under its method and kind of path."""
        with self._lock:
            self.calls[_kind(call)] += 1

    def perform(self, call: Call, *, struck: Fault | None = None) -> Answer:
        """Carry a call out: committed to disk when this returns."""
        try:
            answer = self._route(call, struck)
        except Refusal as refusal:
            answer = refused(refusal)
        return answer

    def usage(self) -> dict[str, str]:
        """The header that every answer carries."""
        most, own = self.org.switches["daily_limit"], self.org.switches["app_limit"]
        app = f"; per-app-api-usage={self._made()}/{own}(appName={APP_NAME})" if own else ""
        return {"Sforce-Limit-Info": f"api-usage={self.used()}/{most}{app}"}

    def used(self) -> int:
        """The calls of this day, those of others too."""
        return self._made() + int(self.org.switches["daily_used"])

    def _made(self) -> int:
        """Our calls: logins count nothing."""
        with self._lock:
            return sum(times for kind, times in self.calls.items() if "services/oauth2/" not in kind)

    def _route(self, call: Call, struck: Fault | None, tx: sqlite3.Connection | None = None) -> Answer:
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
        for pattern, methods in self._routes:
            found = re.fullmatch(pattern, rest)
            if found:
                if call.method not in methods:
                    raise refusals.wrong_method(call.method, list(methods))
                root = f"/services/data/v{number}.0"
                request = Request(org=self.org, call=call, root=root, names=found.groups(), struck=struck, tx=tx)
                return methods[call.method](request)
        raise refusals.not_found()

    # --- reading

    def resources(self, request: Request) -> Answer:
        names = ("sobjects", "query", "queryAll", "limits", "composite")
        return Answer(body={name: f"{request.root}/{name}" for name in names})

    def limits(self, request: Request) -> Answer:
        del request
        most = self.org.switches["daily_limit"]
        storage = {"Max": 1073, "Remaining": 1073}
        daily = {"Max": most, "Remaining": max(0, most - self.used())}
        return Answer(body={"DailyApiRequests": daily, "DataStorageMB": storage, "FileStorageMB": storage})

    def list_objects(self, request: Request) -> Answer:
        objects = [describe.summary(sobject, request.root) for sobject in self.org.objects.values()]
        return Answer(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects})

    def describe(self, request: Request) -> Answer:
        sobject = request.sobject()
        changed = parsed_time(self.org.changed) or self.org.now()
        if _unchanged(request.call.headers.get("if-modified-since", ""), changed):
            return Answer(status=304)
        with request.reading() as tx:
            types = list(scan(tx, self.org.objects["RecordType"]))
        body = describe.full(sobject, request.root, objects=self.org.objects, record_types=types)
        return Answer(body=body, headers={"Last-Modified": format_datetime(changed, usegmt=True)})

    def picklists(self, request: Request) -> Answer:
        sobject, record_type = request.sobject(), ids.canonical(request.names[1])
        with request.reading() as tx:
            found = fetch(tx, record_type)
        if record_type != describe.MASTER and (found is None or found.get("SobjectType") != sobject.name):
            raise refusals.not_found()
        return Answer(body=describe.picklists(sobject, record_type))

    def object_info(self, request: Request) -> Answer:
        summary = describe.summary(request.sobject(), request.root)
        return Answer(body={"objectDescribe": summary, "recentItems": []})

    def get(self, request: Request) -> Answer:
        sobject = request.sobject()
        with request.reading() as tx:
            record = fetch(tx, ids.canonical(request.names[1]))
        if record is None or record.object != sobject.name:
            raise refusals.not_found()
        if record.deleted:
            raise refusals.deleted(status=404)
        return self._one(request, sobject, record)

    def get_by_key(self, request: Request) -> Answer:
        with request.reading() as tx:
            holders = request.held_by(tx)
        return several(request, holders) if len(holders) > 1 else self._one(request, request.sobject(), holders[0])

    @staticmethod
    def _one(request: Request, sobject: SObject, record: Record) -> Answer:
        wanted = request.call.query.get("fields")
        fields = sobject.visible if wanted is None else _picked(sobject, wanted)
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
        with request.reading() as tx:
            asked = Asked(tx=tx, objects=self.org.objects, now=self.org.now(), root=request.root)
            found = query.run(asked, text, deleted=deleted)
        if found.counted:
            return Answer(body={"totalSize": len(found.rows), "done": True, "records": []})
        locator = self._keep(found) if len(found.rows) > size else ""
        return Answer(body=_page(found, locator, 0, size, request.root))

    def query_more(self, request: Request) -> Answer:
        locator, start = request.names[0], int(request.names[1])
        with self._lock:
            found = self._cursors.get(locator)
        if found is None or start >= len(found.rows):
            raise Refusal("INVALID_QUERY_LOCATOR", "invalid query locator")
        return Answer(body=_page(found, locator, start, _page_size(request.call), request.root))

    def _keep(self, found: Found) -> str:
        with self._lock:
            locator = ids.long_form(ids.make("0r8", self.calls.total() * 1000 + len(self._cursors)))
            self._cursors[locator] = found
            while len(self._cursors) > 50:
                self._cursors.popitem(last=False)
            return locator

    def retrieve(self, request: Request) -> Answer:
        sobject, asked = request.sobject(), request.call.query
        if request.call.method == "GET":
            body: Any = {name: list(filter(None, asked.get(name, "").split(","))) for name in ("ids", "fields")}
        else:
            body = read(request.call)
        wanted, names = batches.retrieval(body)
        fields = _picked(sobject, ",".join(names))
        with request.reading() as tx:
            found = [fetch(tx, ids.canonical(one)) for one in wanted]
        living = [r if r and r.object == sobject.name and not r.deleted else None for r in found]
        return Answer(body=[record and _shown(record, fields, request.root) for record in living])

    def composite(self, request: Request) -> Answer:
        asked = composite.understood(read(request.call))
        steps = composite.order(asked, shuffle=self.org.switches["shuffle"])
        struck, headers = request.struck, request.call.headers
        acting = {name: value for name, value in headers.items() if name.startswith("x-sandbox-")}
        met = [s for s in steps if struck and struck.meets_step(s.name, rows_in(s.method, s.url, s.body))][:1]

        def perform(step: Step, call: Call, tx: sqlite3.Connection | None = None) -> Answer:
            with self._lock:
                self.org.steps[_kind(call)] += 1
            call = replace(call, headers={**acting, **call.headers})
            return self._route(call, struck if step in met else None, tx)

        if asked.all_or_none:
            with self.org.database.write() as tx:
                tx.execute("savepoint composite")
                answers = composite.run(steps, lambda step, call: perform(step, call, tx), all_or_none=True)
                if any(composite.failed(answer) for answer in answers.values()):
                    tx.execute("rollback to composite")
                    answers = composite.halted(steps, answers)
        else:
            answers = composite.run(steps, perform)
        return Answer(body={"compositeResponse": [composite.shown(s, answers[s.name]) for s in asked.steps]})


def _version(number: int) -> dict[str, str]:
    label = VERSIONS.get(number, f"Release {number}")
    return {"label": label, "url": f"/services/data/v{number}.0", "version": f"{number}.0"}


def _kind(call: Call) -> str:
    """The method and the kind of path, such as GET sobjects/Case/<id>."""
    match = PATH.fullmatch(call.path)
    rest = (match[2] or "" if match else call.path).strip("/")
    rest = re.sub(r"^(sobjects/\w+|query)/[^/]{15,}$", r"\1/<id>", rest)
    rest = re.sub(r"(?s)^(sobjects/\w+/\w+)/.+$", r"\1/<key>", rest)
    return f"{call.method} {rest}"


def _unchanged(since: str, changed: datetime) -> bool:
    try:
        return bool(since) and parsedate_to_datetime(since) >= changed
    except ValueError:
        return False


def _page_size(call: Call) -> int:
    given = call.headers.get("sforce-query-options", "batchSize=2000")
    match = re.fullmatch(r"\s*batchSize\s*=\s*(\d{1,6})\s*", given, re.IGNORECASE)
    if match is None:
        raise Refusal("INVALID_HEADER", f"Invalid value for header Sforce-Query-Options: {given}")
    return min(2000, max(200, int(match[1])))


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
    rows = found.rows[start : start + size]
    done = start + size >= len(found.rows)
    more = {} if done else {"nextRecordsUrl": f"{root}/query/{locator}-{start + size}"}
    return {"totalSize": len(found.rows), "done": done, **more, "records": rows}
