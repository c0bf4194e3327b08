"""Pages to look at: cases, leads and tasks, and one of them with its comments and files. Everything escaped."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, Response, abort, render_template, request

from bridge.sandbox import replies, serving
from bridge.sandbox.salesforce import database, ids, records, thread
from bridge.sandbox.salesforce.control import files_of, shown_comment, shown_file
from bridge.sandbox.salesforce.database import Record
from bridge.sandbox.salesforce.org import Org

STEP = 200


def blueprint(org: Org) -> Blueprint:
    """The pages of one org."""
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    def cases() -> Response:
        skip = max(0, request.args.get("skip", 0, type=int))
        with org.database.read() as tx:
            newest = list(database.scan(tx, org.objects["Case"]))[::-1]
            living = [case for case in newest if not case.deleted]
            rows = [_row(org, tx, case) for case in living[skip : skip + STEP]]
            others = {kind: _others(org, tx, kind) for kind in ("Lead", "Task")}
        html = render_template("cases.html", cases=rows, total=len(living), skip=skip, step=STEP, others=others)
        return serving.page(html)

    @pages.get("/cases/<record_id>", defaults={"kind": "Case"})
    @pages.get("/lightning/r/<any(Case, Lead, Task):kind>/<record_id>/view")
    def record(kind: str, record_id: str) -> Response:
        with org.database.read() as tx:
            found = database.fetch(tx, ids.canonical(record_id))
            if found is None or found.object != kind:
                abort(404)
            comments = [shown_comment(comment) for comment in _comments(org, tx, found)]
            written = replies.of_case(tx, found.id)
            messages = thread.of_case(org, tx, found.id)
            files = [shown_file(file) for file in files_of(org, tx, found.id)]
        fields = [
            (field.name, field.label, _text(records.shown(found, field)))
            for field in org.objects[kind].fields.values()
        ]
        title = f"{kind} {_text(found.get('CaseNumber')) or _title(found)}"
        html = render_template(
            "case.html",
            title=title,
            deleted=found.deleted,
            fields=fields,
            comments=comments if kind == "Case" else None,
            files=files,
            id=found.id,
            replies=written,
            thread=messages,
            back=request.path,
        )
        return serving.page(html)

    return pages


def _row(org: Org, tx: sqlite3.Connection, case: Record) -> dict[str, object]:
    owner = database.fetch(tx, str(case.get("OwnerId")))
    return {
        "id": case.id,
        "number": case.get("CaseNumber"),
        "subject": _text(case.get("Subject")),
        "status": _text(case.get("Status")),
        "origin": _text(case.get("Origin")),
        "owner": _text(owner.get("Name") if owner else case.get("OwnerId")),
        "created": case.get("CreatedDate"),
        "comments": len(_comments(org, tx, case)),
    }


def _others(org: Org, tx: sqlite3.Connection, kind: str) -> list[dict[str, str]]:
    newest = [one for one in database.scan(tx, org.objects[kind]) if not one.deleted][::-1]
    return [
        {"id": one.id, "title": _title(one), "status": _text(one.get("Status")), "created": one.get("CreatedDate")}
        for one in newest[:STEP]
    ]


def _title(record: Record) -> str:
    return _text(record.get("Subject") or record.get("Name"))


def _comments(org: Org, tx: sqlite3.Connection, case: Record) -> list[Record]:
    return database.look_up(tx, org.objects["CaseComment"], "ParentId", [case.id])


def _text(value: object) -> str:
    return "" if value is None else str(value)
