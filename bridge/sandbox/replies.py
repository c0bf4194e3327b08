"""A reply box on the sandbox's pages: what an agent writes there, and what the bridge says became of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request

from bridge.sandbox import commands
from bridge.sandbox.file import Database, next_number

AGENT = "An agent in the sandbox"
LONGEST = 100_000  #: characters
STATES = ("sent", "failed", "unsure")

Given = Mapping[str, Any]


def blueprint(database: Database) -> Blueprint:
    """The paths of the reply box."""
    box = Blueprint("replies", __name__, url_prefix="/sandbox")
    box.before_request(commands.only_local_pages)

    @box.post("/cases/<case_id>/replies")
    def write(case_id: str) -> Response:
        if from_elsewhere():
            return Response("another site may not write here", status=403)
        text = request.form.get("text", "")[:LONGEST]
        with database.write() as tx:
            add(tx, case_id, text, private=request.form.get("private") == "yes")
        return back()

    @box.get("/replies")
    def listed() -> Response:
        after = request.args.get("after", 0, type=int)
        with database.read() as tx:
            rows = tx.execute("select * from reply where n > ? order by n limit 100", (after,)).fetchall()
        last = rows[-1][0] if rows else after
        return jsonify(replies=[_reply(row) for row in rows], cursor=str(last))

    @box.post("/deliveries")
    def tell() -> tuple[Response, int]:
        return commands.commanded(lambda spec: _tell(database, spec))

    return box


def from_elsewhere() -> bool:
    """Whether a form of another site sends this."""
    return request.headers.get("Origin") not in (None, request.host_url.rstrip("/"))


def back() -> Response:
    """Lead to the page that the form stood on."""
    page = request.form.get("back", "/")
    return redirect(page if page.startswith("/") and not page.startswith("//") else "/", code=303)  # type: ignore[return-value]


def add(tx: sqlite3.Connection, case_id: str, text: str, *, private: bool) -> None:
    """Keep what an agent wrote."""
    n = next_number(tx, "reply")
    values = (n, case_id, text, private, "waiting", "", "")
    tx.execute("insert into reply values (?, ?, ?, ?, ?, ?, ?)", values)


def of_case(tx: sqlite3.Connection, case_id: str) -> list[dict[str, Any]]:
    """The replies of one case, as its page shows them."""
    rows = tx.execute("select * from reply where case_id = ? order by n", (case_id,)).fetchall()
    names = ("n", "case_id", "text", "private", "state", "says", "url")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _reply(row: tuple[Any, ...]) -> dict[str, Any]:
    n, case_id, text, private, *_ = row
    return {"id": str(n), "case_id": case_id, "text": text, "private": bool(private), "agent": AGENT}


def _tell(database: Database, spec: Given) -> None:
    deliveries = spec.get("deliveries")
    if not isinstance(deliveries, list) or not all(isinstance(one, dict) for one in deliveries):
        raise ValueError('send {"deliveries": [{"reply", "state", "says", "url"}, …]}')
    for one in deliveries:
        if one.get("state") not in STATES:
            raise ValueError(f"state: {one.get('state')!r} is none of {', '.join(STATES)}")
    with database.write() as tx:
        for one in deliveries:
            told = (one["state"], str(one.get("says", "")), str(one.get("url", "")), str(one.get("reply", "")))
            tx.execute("update reply set state = ?, says = ?, url = ? where n = cast(? as integer)", told)
