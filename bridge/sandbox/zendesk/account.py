"""The account itself: its clock, switches, fields and tokens, over the database."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.sandbox import commands, file
from bridge.sandbox.file import Database
from bridge.sandbox.zendesk import records, rows, shapes
from bridge.sandbox.zendesk.limits import ACCOUNT, Limits

BRIDGE_USER = 6_100_000_000_101  #: whom the token stands for
AGENT = 6_100_000_000_102
FIELD_TYPES = ("text", "textarea", "integer", "decimal", "checkbox", "date", "tagger", "multiselect", "regexp")
SWITCHES: Mapping[str, Any] = {
    "plan": "growth",  #: decides the limits
    "limits": True,  #: False = nothing is refused with 429
    "redaction": True,  #: agents may redact: False = 403
    "ticket_forms": True,  #: the plan has them: False = 403
    "idempotency_in_progress": False,  #: creates with an Idempotency-Key are answered 409
}


class Account:
    """One account in one file."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, rows.TABLES)
        self.limits = Limits()
        self.fields: dict[int, Mapping[str, Any]] = {}
        self.switches: dict[str, Any] = {}
        self.offset = 0.0  #: seconds that the account's clock is ahead
        with self.database.write() as tx:
            if rows.user(tx, BRIDGE_USER) is None:
                self._seed(tx)
            self._load(tx)

    def now(self) -> datetime:
        """The account's own clock."""
        return datetime.fromtimestamp(time.time() + self.offset, tz=UTC)

    # --- tokens

    def log_in(self, scopes: Collection[str], seconds: int) -> str:
        """Make a token that lives so long on the account's clock."""
        token = secrets.token_urlsafe(30)
        expires = self.now().timestamp() + seconds
        with self.database.write() as tx:
            tx.execute("insert into tokens values (?, ?, ?)", (token, " ".join(scopes), expires))
        return token

    def scopes(self, token: str) -> frozenset[str] | None:
        """What a token may do; None = it is unknown or has expired."""
        with self.database.read() as tx:
            row = tx.execute("select scopes, expires from tokens where token = ?", (token,)).fetchone()
        if row is None or row[1] <= self.now().timestamp():
            return None
        return frozenset(row[0].split())

    def expire(self, token: str) -> None:
        with self.database.write() as tx:
            tx.execute("delete from tokens where token = ?", (token,))

    # --- set-up

    def add_field(self, spec: Mapping[str, Any]) -> None:
        """Add or change a ticket field. Raises ValueError, one sentence."""
        number, title, kind = spec.get("id"), spec.get("title"), spec.get("type")
        if set(spec) - {"id", "title", "type", "options"}:
            raise ValueError(f"{', '.join(spec)}: a field has id, title, type and, where it is a list, options")
        fits = isinstance(number, int) and isinstance(title, str) and isinstance(spec.get("options", []), list)
        if not fits or kind not in FIELD_TYPES:
            raise ValueError(
                f"send a number as id, a title, a type out of {', '.join(FIELD_TYPES)}, a list as options"
            )
        fields = {**self.fields, spec["id"]: dict(spec)}
        with self.database.write() as tx:
            file.save_setting(tx, "fields", list(fields.values()))
        self.fields = fields

    def add_record(self, spec: Mapping[str, Any]) -> None:
        """Add a group, brand or ticket form. Raises ValueError, one sentence."""
        with self.database.write() as tx:
            records.add(tx, spec, shapes.shown_time(self.now()))

    def switch(self, changes: Mapping[str, Any]) -> None:
        """Set switches. Raises ValueError, one sentence, and changes nothing then."""
        commands.checked(SWITCHES, changes)
        if changes.get("plan", "growth") not in ACCOUNT:
            raise ValueError(f"plan: {changes['plan']!r} is none of {', '.join(ACCOUNT)}")
        with self.database.write() as tx:
            self.switches = {**self.switches, **changes}
            file.save_setting(tx, "switches", self.switches)

    def set_clock(self, offset: float) -> None:
        """Put the clock so many seconds ahead (behind, if negative) of the machine's.

        Tickets that have been solved for 96 hours by then are closed, as the account's automation does.
        """
        self.offset = offset
        with self.database.write() as tx:
            file.save_setting(tx, "clock", offset)
            rows.close_solved(tx, self.now())

    def reset(self) -> None:
        """Make the account new: all that it holds, its switches, clock and limits. Tokens stay good."""
        with self.database.write() as tx:
            file.empty(tx, rows.EMPTIED_BY_RESET)
            self._seed(tx)
            self._load(tx)
        self.limits.clear()

    def _load(self, tx: sqlite3.Connection) -> None:
        records.seed(tx, shapes.shown_time(datetime.fromtimestamp(time.time(), tz=UTC)))
        self.fields = {spec["id"]: spec for spec in file.load_setting(tx, "fields", [])}
        self.switches = {**SWITCHES, **file.load_setting(tx, "switches", {})}
        self.offset = file.load_setting(tx, "clock", 0.0)

    def _seed(self, tx: sqlite3.Connection) -> None:
        made = shapes.shown_time(datetime.fromtimestamp(time.time(), tz=UTC))
        for number, name in ((BRIDGE_USER, "Social Bridge"), (AGENT, "Sandbox Agent")):
            user = shapes.new_user(number, name, made)
            rows.save_user(tx, user | {"role": "admin", "email": f"user{number}@sandbox.example", **shapes.STAFF})
