"""What the org does by itself around a change that a request makes: locks, rules, flows."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.sandbox.salesforce import outbound, refusals, rules
from bridge.sandbox.salesforce.locks import Locks
from bridge.sandbox.salesforce.outbound import Action
from bridge.sandbox.salesforce.rules import Rule

Values = Mapping[str, Any]

LOCKED_PARENTS = {"CaseComment": "ParentId"}
"""Details whose master is locked with them. A look-up that is cleared when its target goes locks nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """What is set up when a request comes."""

    rules: tuple[Rule, ...] = ()
    actions: tuple[Action, ...] = ()  #: outbound messages that this request's user sets off
    locks: Locks = field(default_factory=Locks)
    may_duplicate: bool = False  #: Sforce-Duplicate-Rule-Header: allowSave=true
    read_only: bool = False

    def begin(self, sobject: str, record_id: str, values: Values) -> None:
        """Lock what a change needs, or raise Refusal. record_id: "" = the record is not there yet."""
        if self.read_only:
            raise refusals.maintenance()
        needed = (record_id, str(values.get(LOCKED_PARENTS.get(sobject, "")) or ""))
        taken = self.locks.take(one for one in needed if one)
        if taken:
            raise refusals.locked(taken)

    def check(self, sobject: str, values: Values, *, creating: bool) -> None:
        """Raise the Refusal of the first rule that the record breaks."""
        rules.check(self.rules, sobject, values, creating=creating)

    def changed(
        self, tx: sqlite3.Connection, sobject: str, record_id: str, *, before: Values, after: Values
    ) -> None:
        """Let the flows look at what has changed; before: {} = the record is new."""
        outbound.notice(tx, self.actions, sobject, record_id, before=before, after=after)
