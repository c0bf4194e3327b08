"""The org itself: its schema, clock, switches and tokens, over the database."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.sandbox import commands, file
from bridge.sandbox.file import Database
from bridge.sandbox.salesforce import database, ids, schema
from bridge.sandbox.salesforce.schema import SObject
from bridge.sandbox.salesforce.values import shown_time

ORGANIZATION = "00DSb0000000001"
RUNNING_USER = ids.long_form(ids.make("005", 1))
SWITCHES: Mapping[str, Any] = {
    "comment_edit": False,  #: CaseComment.CommentBody may be changed (Modify All Data)
    "assignment_rule": "",  #: id of the queue to which the active Case assignment rule gives; "" = no active rule
    "duplicate_rule": False,  #: a second contact of one e-mail address is refused
    "acting_user": "",  #: id of the user in whose name records change, such as an agent; "" = the integration user
    "daily_limit": 5_000_000,  #: API calls a day, as a full sandbox has
}


class Org:
    """One org in one file."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, database.TABLES)
        self.objects: dict[str, SObject] = {}
        self.switches: dict[str, Any] = {}
        self.offset = 0.0  #: seconds that the org's clock is ahead
        with self.database.write() as tx:
            if database.fetch(tx, RUNNING_USER) is None:
                self._seed(tx)
            self._load(tx)

    def now(self) -> datetime:
        """The org's own clock."""
        return datetime.fromtimestamp(time.time() + self.offset, tz=UTC)

    def object(self, name: str) -> SObject | None:
        """The object of that name in any case; None = there is none."""
        return next((o for o in self.objects.values() if o.name.lower() == name.lower()), None)

    # --- tokens

    def log_in(self) -> str:
        """Make a token; it lives until it is expired on command."""
        token = f"{ORGANIZATION}!AQ{secrets.token_urlsafe(48)}"
        with self.database.write() as tx:
            tx.execute("insert into tokens values (?)", (token,))
        return token

    def knows_token(self, token: str) -> bool:
        with self.database.read() as tx:
            return tx.execute("select 1 from tokens where token = ?", (token,)).fetchone() is not None

    def expire(self, token: str) -> None:
        with self.database.write() as tx:
            tx.execute("delete from tokens where token = ?", (token,))

    # --- set-up

    def add_field(self, spec: Mapping[str, Any]) -> None:
        """Add or change a custom field. Raises ValueError, one sentence."""
        objects = schema.with_field(self.objects, spec)
        with self.database.write() as tx:
            kept = file.load_setting(tx, "fields", [])
            file.save_setting(tx, "fields", [*kept, dict(spec)])
            database.reindex(tx, objects[spec["object"]])
        self.objects = objects

    def switch(self, changes: Mapping[str, Any]) -> None:
        """Set switches. Raises ValueError, one sentence, and changes nothing then."""
        commands.checked(SWITCHES, changes)
        queue, user = changes.get("assignment_rule", ""), changes.get("acting_user", "")
        with self.database.write() as tx:
            if queue and _object_of(tx, queue) not in ("Group", "User"):
                raise ValueError(f"assignment_rule: {queue!r} is no id of a queue or user")
            if user and _object_of(tx, user) != "User":
                raise ValueError(f"acting_user: {user!r} is no id of a user")
            self.switches = {**self.switches, **changes}
            file.save_setting(tx, "switches", self.switches)

    def set_clock(self, offset: float) -> None:
        """Put the org's clock so many seconds ahead (behind, if negative) of the machine's."""
        self.offset = offset
        with self.database.write() as tx:
            file.save_setting(tx, "clock", offset)

    def reset(self) -> None:
        """Make the org new: records, fields, switches and clock. Tokens stay good."""
        with self.database.write() as tx:
            file.empty(tx, ("records", "entries", "counters", "settings"))
            self._seed(tx)
            self._load(tx)

    def _load(self, tx: sqlite3.Connection) -> None:
        self.objects = dict(schema.STANDARD)
        for spec in file.load_setting(tx, "fields", []):
            self.objects = schema.with_field(self.objects, spec)
        self.switches = {**SWITCHES, **file.load_setting(tx, "switches", {})}
        self.offset = file.load_setting(tx, "clock", 0.0)

    def _seed(self, tx: sqlite3.Connection) -> None:
        made = shown_time(datetime.fromtimestamp(time.time(), tz=UTC))
        stamps = {"CreatedDate": made, "LastModifiedDate": made, "SystemModstamp": made}
        for sobject, row in SEEDS:
            database.insert(tx, sobject, {**row, **stamps})


def _object_of(tx: sqlite3.Connection, record_id: str) -> str:
    record = database.fetch(tx, ids.canonical(record_id))
    return record.object if record else ""


def _user(name: str, username: str, *, active: bool = True) -> tuple[SObject, Mapping[str, Any]]:
    return schema.USER, {"Username": username, "Name": name, "Email": username, "IsActive": active}


def _queue(name: str) -> tuple[SObject, Mapping[str, Any]]:
    return schema.GROUP, {"Name": name, "DeveloperName": name.replace(" ", "_"), "Type": "Queue"}


def _record_type(name: str, sobject: str) -> tuple[SObject, Mapping[str, Any]]:
    row = {"Name": name, "DeveloperName": name.replace(" ", "_"), "SobjectType": sobject, "IsActive": True}
    return schema.RECORD_TYPE, row


SEEDS = (
    _user("Integration User", "integration@sandbox.example"),
    _queue("Support Queue"),
    _queue("Social Queue"),
    _user("Anna Agent", "anna@sandbox.example"),
    _user("Otto Agent", "otto@sandbox.example"),
    _user("Gerd Gone", "gerd@sandbox.example", active=False),
    _record_type("Social", "Case"),
    _record_type("Review", "Case"),
    _record_type("Social", "Lead"),
    _record_type("Social", "Task"),
)
"""What every new org has. The order gives the ids: the integration user is the first user."""
