"""The org itself: its schema, clock, switches and tokens, over the database."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.sandbox import commands, file
from bridge.sandbox.file import Database
from bridge.sandbox.salesforce import database, duplicates, ids, outbound, refusals, rights, rules, schema
from bridge.sandbox.salesforce.automation import Automation
from bridge.sandbox.salesforce.locks import Locks
from bridge.sandbox.salesforce.plugin import objects as objects_of_plugin
from bridge.sandbox.salesforce.schema import SObject
from bridge.sandbox.salesforce.values import shown_time

ORGANIZATION = "00DSb0000000001"
MY_DOMAIN = "sandbox.my.salesforce.com"
INTEGRATION = "integration@sandbox.example"
AGENT = "anna@sandbox.example"
RUNNING_USER = ids.long_form(ids.make("005", 1))
SWITCHES: Mapping[str, Any] = {
    "comment_edit": False,  #: CaseComment.CommentBody may be changed (Modify All Data)
    "assignment_rule": "",  #: id of the queue to which the active Case assignment rule gives; "" = no active rule
    "duplicate_rule": False,  #: a second contact of one e-mail address is refused
    "duplicate_warns": True,  #: that rule lets a request overrule it by allowSave=true
    "closed_statuses": ["Closed"],  #: in which a case is closed
    "acting_user": "",  #: id of the user in whose name records change, such as an agent; "" = the integration user
    "daily_limit": 5_000_000,  #: API calls a day, as a full sandbox has
    "daily_used": 0,  #: of those, made by others
    "app_limit": 0,  #: API calls a day of the bridge's own app; 0 = the app has no quota
    "concurrent_limit": 25,  #: long calls at one time
    "long_running": 20,  #: seconds that make a call a long one
    "revoked": False,  #: the app's access is taken away: no token is good, and none is given
    "login_error": "",  #: what logins are told that would be right, in the words of refusals.LOGINS
    "maintenance": "",  #: read_only: nothing can be changed; down: nothing is answered
    "shuffle": True,  #: the steps of a composite that may be collated run last first; False = in their order
    "integration_user_rings": False,  #: "Send Outbound Messages" is on in the integration user's profile
}

WORDS: Mapping[str, Collection[str]] = {"login_error": refusals.LOGINS, "maintenance": ("read_only", "down")}


class Org:
    """One org in one file."""

    def __init__(self, path: Path, *, plugin: bool = False) -> None:
        """Open or make the org; plugin: it has the plugin's objects. Raises ValueError: they cannot be read."""
        self._base = objects_of_plugin() if plugin else schema.STANDARD
        self.database = Database(path, database.TABLES)
        self.objects: dict[str, SObject] = {}
        self.switches: dict[str, Any] = {}
        self.offset = 0.0  #: seconds that the org's clock is ahead
        self.locks = Locks()
        self.told: Counter[str] = Counter()  #: acknowledged, refused, repeated, given_up -> notifications so far
        self.endpoint = ""  #: where outbound messages go until a command says otherwise; "" = none is made
        self.steps: Counter[str] = Counter()  #: of composites: "POST composite/sobjects" -> number
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
        schema.with_field(self.objects, spec)
        with self.database.write() as tx:
            kept = file.load_setting(tx, "fields", [])
            file.save_setting(tx, "fields", [*kept, dict(spec)])
            orders = file.load_setting(tx, "rights", {})
            orders.pop(f"{spec['object']}.{spec['name']}", None)
            file.save_setting(tx, "rights", orders)
            self._arrange(tx, spec["object"])

    def set_rights(self, spec: Mapping[str, Any]) -> None:
        """Say what may be done with a field, or delete it. Raises ValueError, one sentence."""
        place = rights.place(self.objects, spec)
        with self.database.write() as tx:
            file.save_setting(tx, "rights", {**file.load_setting(tx, "rights", {}), place: dict(spec)})
            if spec.get("access") == "deleted":
                database.forget(tx, self.objects[spec["object"]], spec["field"])
            self._arrange(tx, spec["object"])

    def narrow(self, spec: Mapping[str, Any]) -> None:
        """Cut a picklist for one record type. Raises ValueError, one sentence."""
        with self.database.write() as tx:
            rights.narrowed(self.objects, spec, self._record_types(tx, spec.get("object")))
            kept = file.load_setting(tx, "picklists", [])
            file.save_setting(tx, "picklists", [*kept, dict(spec)])
            self._arrange(tx, spec["object"])

    def _arrange(self, tx: sqlite3.Connection, changed: str) -> None:
        file.save_setting(tx, "schema_changed", shown_time(self.now()))
        self._load(tx)
        database.reindex(tx, self.objects[changed])

    def _record_types(self, tx: sqlite3.Connection, sobject: Any) -> dict[str, str]:
        found = database.scan(tx, schema.RECORD_TYPE)
        return {str(r.get("DeveloperName")): r.id for r in found if r.get("SobjectType") == sobject}

    def switch(self, changes: Mapping[str, Any]) -> None:
        """Set switches. Raises ValueError, one sentence, and changes nothing then."""
        commands.checked(SWITCHES, changes)
        queue, user = changes.get("assignment_rule", ""), changes.get("acting_user", "")
        with self.database.write() as tx:
            if queue and _object_of(tx, queue) not in ("Group", "User"):
                raise ValueError(f"assignment_rule: {queue!r} is no id of a queue or user")
            if user and _object_of(tx, user) != "User":
                raise ValueError(f"acting_user: {user!r} is no id of a user")
            for name, words in WORDS.items():
                if changes.get(name, "") not in ("", *words):
                    raise ValueError(f"{name}: {changes[name]!r} is none of {', '.join(words)}")
            self.switches = {**self.switches, **changes}
            file.save_setting(tx, "switches", self.switches)

    def set_rules(self, specs: Sequence[Any]) -> None:
        """Put these rules in the place of all others. Raises ValueError, one sentence."""
        made = tuple(rules.parse(spec) for spec in specs)
        with self.database.write() as tx:
            file.save_setting(tx, "rules", list(specs))
        self.rules = made

    def set_outbound(self, spec: Mapping[str, Any]) -> None:
        """Say where outbound messages go. Raises ValueError, one sentence."""
        target = outbound.target(spec)
        with self.database.write() as tx:
            file.save_setting(tx, "outbound", dict(spec))
        self.outbound = target

    def user(self, headers: Mapping[str, str]) -> str:
        """The id of the user in whose name a request changes records."""
        named = headers.get("x-sandbox-user") or self.switches["acting_user"]
        return ids.canonical(named) or RUNNING_USER

    def automation(self, headers: Mapping[str, str]) -> Automation:
        """What is set up around the changes of one request."""
        rings = self.switches["integration_user_rings"] or self.user(headers) != RUNNING_USER
        wanted = self.outbound.actions if self.outbound.url and rings else ()
        return Automation(
            rules=self.rules,
            actions=tuple(outbound.ACTIONS[name] for name in wanted),
            locks=self.locks,
            may_duplicate=bool(self.switches["duplicate_warns"]) and duplicates.allowed(headers),
            read_only=self.switches["maintenance"] == "read_only",
        )

    def set_clock(self, offset: float) -> None:
        """Put the org's clock so many seconds ahead (behind, if negative) of the machine's."""
        self.offset = offset
        with self.database.write() as tx:
            file.save_setting(tx, "clock", offset)

    def reset(self) -> None:
        """Make the org new: records, fields, switches and clock. Tokens stay good."""
        with self.database.write() as tx:
            file.empty(tx, ("records", "entries", "counters", "settings", "notifications"))
            self._seed(tx)
            self._load(tx)
        self.locks.clear()
        self.told.clear()
        self.steps.clear()

    def _load(self, tx: sqlite3.Connection) -> None:
        objects: Mapping[str, SObject] = self._base
        for spec in file.load_setting(tx, "fields", []):
            objects = schema.with_field(objects, spec)
        for spec in file.load_setting(tx, "rights", {}).values():
            objects = rights.applied(objects, spec)
        for spec in file.load_setting(tx, "picklists", []):
            objects = rights.narrowed(objects, spec, self._record_types(tx, spec["object"]))
        self.objects = dict(objects)
        self.changed = file.load_setting(tx, "schema_changed", "") or shown_time(self.now())
        self.switches = {**SWITCHES, **file.load_setting(tx, "switches", {})}
        self.offset = file.load_setting(tx, "clock", 0.0)
        self.rules = tuple(rules.parse(spec) for spec in file.load_setting(tx, "rules", []))
        self.outbound = outbound.target(file.load_setting(tx, "outbound", {"url": self.endpoint}))

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
    _user("Integration User", INTEGRATION),
    _queue("Support Queue"),
    _queue("Social Queue"),
    _user("Anna Agent", AGENT),
    _user("Otto Agent", "otto@sandbox.example"),
    _user("Gerd Gone", "gerd@sandbox.example", active=False),
    _record_type("Social", "Case"),
    _record_type("Review", "Case"),
    _record_type("Social", "Lead"),
    _record_type("Social", "Task"),
)
"""What every new org has. The order gives the ids: the integration user is the first user."""
