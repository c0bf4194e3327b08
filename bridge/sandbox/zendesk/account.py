"""The account itself: its clock, switches, fields and tokens, over the database."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.sandbox import commands, file
from bridge.sandbox.file import Database
from bridge.sandbox.zendesk import fields, grants, identities, jobs, outbox, records, ringing, rows, shapes
from bridge.sandbox.zendesk.jobs import Jobs
from bridge.sandbox.zendesk.limits import ACCOUNT, Limits, Plan
from bridge.sandbox.zendesk.outbox import Outgoing

BRIDGE_USER = 6_100_000_000_101  #: whom the token stands for
AGENT = 6_100_000_000_102
PLAN = ("high_volume", "other_calls", "other_updates", "jobs_count")  #: switches
SWITCHES: Mapping[str, Any] = {
    "plan": "growth",  #: decides the limits
    "high_volume": False,  #: the add-on is bought
    "limits": True,  #: False = nothing is refused with 429
    "older_headers": False,  #: limits are told of as accounts did until 2023
    "other_calls": 0,  #: a minute, by other integrations
    "other_updates": 0,  #: of tickets a minute, by agents in their own pages
    "jobs_count": False,  #: an item of a job counts as an update of its ticket; unsure which is so
    "redaction": True,  #: agents may redact: False = 403
    "ticket_forms": True,  #: the plan has them: False = 403
    "bulk_users": False,  #: users may be created in jobs: False = 403
    "job_seconds": 10.0,  #: that a job of 100 updates takes, smaller ones less; 0 = none
    "api_tokens": True,  #: the account still takes them: False = 401
    "client_scopes": "",  #: what the OAuth client was given; "" = all. More than that: invalid_scope
    "ticket_events": True,  #: webhooks may subscribe to them: False = 400
    "search_seconds": 60.0,  #: until the search index has what was written
    "idempotency_in_progress": False,  #: creates with an Idempotency-Key are answered 409
}


class Account:
    """One account in one file."""

    def __init__(self, path: Path) -> None:
        self.database = Database(
            path, rows.TABLES + identities.TABLES + jobs.TABLES + grants.TABLES + outbox.TABLES
        )
        self.jobs = Jobs(self.database)
        self.limits = Limits()
        self.fields: dict[int, Mapping[str, Any]] = {}
        self.switches: dict[str, Any] = {}
        self.made = ""  #: when the account began
        self.offset = 0.0  #: seconds that the account's clock is ahead
        self.webhook_url = ""  #: where webhooks' calls go unless a command says otherwise
        self.webhook_secret = ""  #: of each new webhook; "" = one that nobody can guess
        self.outgoing = Outgoing()
        self.hooked = False  #: it has webhooks
        self.told: Counter[str] = Counter()  #: what became of webhooks' calls -> how many
        with self.database.write() as tx:
            if rows.user(tx, BRIDGE_USER) is None:
                self._seed(tx)
            self._load(tx)

    def now(self) -> datetime:
        """The account's own clock."""
        return datetime.fromtimestamp(time.time() + self.offset, tz=UTC)

    def plan(self) -> Plan:
        """What decides the limits."""
        return Plan(name=self.switches["plan"], **{name: self.switches[name] for name in PLAN})

    def catch_up(self) -> None:
        """Do what has come due on the account's clock."""
        self.jobs.advance(self.now().timestamp(), self.fields)

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
        field = fields.checked(spec)
        kept = {**self.fields, field["id"]: field}
        with self.database.write() as tx:
            file.save_setting(tx, "fields", list(kept.values()))
        self.fields = kept

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
            for ticket, audit in rows.close_solved(tx, self.now()):
                ringing.changed(tx, ticket, audit)

    def send_webhooks(self, spec: Mapping[str, Any]) -> None:
        """Say where webhooks' calls go, and how well. Raises ValueError, one sentence."""
        found = outbox.outgoing(spec, Outgoing(url=self.webhook_url))
        with self.database.write() as tx:
            file.save_setting(tx, "webhooks", dict(spec))
        self.outgoing = found

    def reset(self) -> None:
        """Make the account new: all that it holds, its switches, clock and limits. Tokens stay good."""
        with self.database.write() as tx:
            file.empty(tx, (*rows.EMPTIED_BY_RESET, *outbox.EMPTIED_BY_RESET))
            self._seed(tx)
            self._load(tx)
        self.limits.clear()
        self.told.clear()

    def _load(self, tx: sqlite3.Connection) -> None:
        records.seed(tx, shapes.shown_time(datetime.fromtimestamp(time.time(), tz=UTC)))
        self.fields = {spec["id"]: spec for spec in file.load_setting(tx, "fields", [])}
        self.switches = {**SWITCHES, **file.load_setting(tx, "switches", {})}
        self.offset = file.load_setting(tx, "clock", 0.0)
        self.made = (rows.user(tx, BRIDGE_USER) or {})["created_at"]
        self.jobs.load(tx)
        self.outgoing = outbox.outgoing(file.load_setting(tx, "webhooks", {}), Outgoing(url=self.webhook_url))
        self.hooked = bool(outbox.webhooks(tx))

    def _seed(self, tx: sqlite3.Connection) -> None:
        made = shapes.shown_time(datetime.fromtimestamp(time.time(), tz=UTC))
        for number, name in ((BRIDGE_USER, "Social Bridge"), (AGENT, "Sandbox Agent")):
            user = shapes.new_user(number, name, made)
            rows.save_user(tx, user | {"role": "admin", "email": f"user{number}@sandbox.example", **shapes.STAFF})
