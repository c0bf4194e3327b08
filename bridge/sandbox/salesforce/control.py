"""The org as judges see it: every case with its comments and files, leads, tasks, contacts, deleted ones too."""

from __future__ import annotations

import sqlite3
from typing import Any

from flask import Blueprint

from bridge.sandbox import commands
from bridge.sandbox.salesforce import database, records
from bridge.sandbox.salesforce.database import Record
from bridge.sandbox.salesforce.delivery import Delivery
from bridge.sandbox.salesforce.org import Org

KEY = "Social_Conversation_Key__c"


def blueprint(delivery: Delivery) -> Blueprint:
    """The control paths of one sandbox."""
    org = delivery.org

    def state() -> dict[str, Any]:
        with org.database.read() as tx:
            return {
                "cases": _cases(org, tx),
                "leads": _records(org, tx, "Lead"),
                "tasks": _records(org, tx, "Task"),
                "contacts": _plain(org, tx, "Contact"),
                "messages": _plain(org, tx, "Social_Message__c") if "Social_Message__c" in org.objects else [],
                "steps": dict(org.steps),
            }

    return commands.blueprint(org, state, faults=delivery.faults, late=delivery.late, calls=delivery.api.calls)


def _cases(org: Org, tx: sqlite3.Connection) -> list[dict[str, Any]]:
    comments: dict[str, list[dict[str, Any]]] = {}
    for comment in database.scan(tx, org.objects["CaseComment"]):
        comments.setdefault(str(comment.get("ParentId")), []).append(shown_comment(comment))
    return [
        {
            "Id": case.id,
            "CaseNumber": case.get("CaseNumber"),
            "key": case.get(KEY),
            "fields": _fields(org, case),
            "deleted": case.deleted,
            "comments": comments.get(case.id, []),
            "files": [shown_file(file) for file in files_of(org, tx, case.id)],
        }
        for case in database.scan(tx, org.objects["Case"])
    ]


def _plain(org: Org, tx: sqlite3.Connection, kind: str) -> list[dict[str, Any]]:
    found = database.scan(tx, org.objects[kind])
    return [{"Id": one.id, "fields": _fields(org, one), "deleted": one.deleted} for one in found]


def _records(org: Org, tx: sqlite3.Connection, kind: str) -> list[dict[str, Any]]:
    return [
        {
            "Id": one.id,
            "key": one.get(KEY),
            "fields": _fields(org, one),
            "deleted": one.deleted,
            "files": [shown_file(file) for file in files_of(org, tx, one.id)],
        }
        for one in database.scan(tx, org.objects[kind])
    ]


def files_of(org: Org, tx: sqlite3.Connection, record_id: str) -> list[Record]:
    """The files of a record that nobody has deleted, oldest first."""
    found = database.look_up(tx, org.objects["ContentVersion"], "FirstPublishLocationId", [record_id])
    return [file for file in found if not file.deleted]


def shown_file(file: Record) -> dict[str, Any]:
    """A file for people and judges, without its content."""
    return {
        "Id": file.id,
        "name": file.get("PathOnClient"),
        "size": file.get("ContentSize"),
        "description": file.get("Description") or "",
        "created": file.get("CreatedDate"),
    }


def shown_comment(comment: Record) -> dict[str, Any]:
    """A comment for people and judges; body "" = empty."""
    return {
        "Id": comment.id,
        "body": comment.get("CommentBody") or "",
        "published": bool(comment.get("IsPublished")),
        "created": comment.get("CreatedDate"),
        "deleted": comment.deleted,
    }


def _fields(org: Org, record: Record) -> dict[str, Any]:
    fields = org.objects[record.object].fields.values()
    return {field.name: records.shown(record, field) for field in fields}
