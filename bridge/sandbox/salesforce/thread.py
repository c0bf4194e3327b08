"""The agents' side with the plugin: a case's social messages as a thread, and a box that queues a reply."""

from __future__ import annotations

import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from bridge.sandbox import commands, replies
from bridge.sandbox.salesforce import database, ids, records
from bridge.sandbox.salesforce.database import Record
from bridge.sandbox.salesforce.org import AGENT, Org
from bridge.sandbox.salesforce.records import Work
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.salesforce.values import shown_time

MESSAGE = "Social_Message__c"


def blueprint(org: Org) -> Blueprint:
    """The path of the reply box; 404 for every case while the plugin is not installed."""
    box = Blueprint("thread", __name__, url_prefix="/sandbox")
    box.before_request(commands.only_local_pages)

    @box.post("/cases/<case_id>/messages")
    def write(case_id: str) -> Response:
        if replies.from_elsewhere():
            return Response("another site may not write here", status=403)
        if MESSAGE not in org.objects:
            return Response("the plugin is not installed in this org", status=404)
        row = {
            "Case__c": ids.canonical(case_id),
            "Direction__c": "Outbound",
            "Status__c": "Queued",
            "Body__c": request.form.get("text", ""),
            "Reply_To_Key__c": request.form.get("answers", ""),
            "Private_Reply__c": request.form.get("private") == "yes",
        }
        try:
            _queue(org, row)
        except Refusal as refusal:
            said = f"{refusal.code}: {refusal.message}"
            return Response(said, status=400, content_type="text/plain; charset=utf-8")
        return replies.back()

    return box


def of_case(org: Org, tx: sqlite3.Connection, case_id: str) -> list[dict[str, Any]] | None:
    """The messages of one case as its page shows them, oldest first; None = the plugin is not installed."""
    if MESSAGE not in org.objects:
        return None
    found = database.look_up(tx, org.objects[MESSAGE], "Case__c", [case_id])
    living = [one for one in found if not one.deleted]
    return [_shown(tx, one) for one in sorted(living, key=_posted)]


def _queue(org: Org, row: dict[str, Any]) -> None:
    with org.database.write() as tx:
        agent = _agent(org, tx)
        work = Work(
            tx=tx,
            objects=org.objects,
            switches={**org.switches, "acting_user": agent},
            now=shown_time(org.now()),
            automation=org.automation({"x-sandbox-user": agent}),
        )
        records.create(work, org.objects[MESSAGE], row)


def _agent(org: Org, tx: sqlite3.Connection) -> str:
    users = database.scan(tx, org.objects["User"])
    return org.switches["acting_user"] or next(one.id for one in users if one.get("Username") == AGENT)


def _posted(message: Record) -> str:
    return str(message.get("Posted_At__c") or message.get("CreatedDate"))


def _shown(tx: sqlite3.Connection, message: Record) -> dict[str, Any]:
    writer = database.fetch(tx, str(message.get("CreatedById")))
    inbound = message.get("Direction__c") == "Inbound"
    agent = message.get("Agent__c") or (writer.get("Name") if writer else "")
    return {
        "direction": message.get("Direction__c"),
        "author": message.get("Author_Name__c") or message.get("Author_Handle__c") or ("" if inbound else agent),
        "status": message.get("Status__c") or "",
        "posted": _posted(message),
        "private": bool(message.get("Private_Reply__c")) or (inbound and not message.get("Public__c")),
        "body": message.get("Body__c") or "",
        "files": str(message.get("Attachments__c") or "").split(),
        "link": message.get("Permalink__c") or "",
        "error": message.get("Error_Message__c") or "",
        "note": message.get("Reply_Note__c") or "",
        "until": message.get("Reply_Until__c") or "",
        "key": message.get("External_Id__c") or "",
    }
