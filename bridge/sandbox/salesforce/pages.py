"""Pages to look at: the list of cases, and one case with its comments. No script, everything escaped."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, Response, abort, render_template, request

from bridge.sandbox import serving
from bridge.sandbox.salesforce import database, ids, records
from bridge.sandbox.salesforce.control import shown_comment
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
        return serving.page(render_template("cases.html", cases=rows, total=len(living), skip=skip, step=STEP))

    @pages.get("/cases/<record_id>")
    @pages.get("/lightning/r/Case/<record_id>/view")
    def case(record_id: str) -> Response:
        with org.database.read() as tx:
            found = database.fetch(tx, ids.canonical(record_id))
            if found is None or found.object != "Case":
                abort(404)
            comments = _comments(org, tx, found)
        fields = [
            (field.name, field.label, _text(records.shown(found, field)))
            for field in org.objects["Case"].fields.values()
        ]
        number = found.get("CaseNumber")
        html = render_template(
            "case.html", number=number, deleted=found.deleted, fields=fields, comments=map(shown_comment, comments)
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


def _comments(org: Org, tx: sqlite3.Connection, case: Record) -> list[Record]:
    return database.look_up(tx, org.objects["CaseComment"], "ParentId", [case.id])


def _text(value: object) -> str:
    return "" if value is None else str(value)
