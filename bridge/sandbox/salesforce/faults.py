"""The faults that this vendor has, beyond what all sandboxes know of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.sandbox import faults
from bridge.sandbox.faults import WRITES, Menu
from bridge.sandbox.salesforce import refusals
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.salesforce.wire import Row, rows_of
from bridge.sandbox.wire import Call

TOKEN_PATH = "/services/oauth2/token"
USER_INFO_PATH = "/services/oauth2/userinfo"
OF_ROWS = ("row_lock", "row_refused")


@dataclass(slots=True, kw_only=True)
class Fault(faults.Fault):
    """A fault that may be meant for the rows of one object, or for one row.

    In a composite it meets the first step that writes such rows.
    """

    sobject: str = ""  #: only calls with rows of this type; "" = any
    verb: str = ""  #: only calls with rows that are written so: POST, PATCH, in a composite too; "" = any
    row: int = 0  #: which row of a collection it meets, where `holding` does not say
    holding: str = ""  #: only calls with a row that has this text as one of its values, and that row; "" = any
    step: str = ""  #: only the step of a composite with this referenceId; "" = any
    code: str = "FIELD_CUSTOM_VALIDATION_EXCEPTION"  #: of row_refused
    says: str = "The record does not fit our rules."  #: of row_refused
    field: str = ""  #: of row_refused: the field that is named; "" = none

    def suits(self, call: Call) -> bool:
        """Whether the call is one that was asked for."""
        # not super(): a slotted dataclass is made anew, and the old class is what super() would find
        rows = rows_of(call)
        reads = call.path.endswith("/composite") and not rows
        return faults.Fault.suits(self, call) and self._fits(rows) and not (reads and self.fault in OF_ROWS)

    def meets_step(self, name: str, rows: Sequence[Row]) -> bool:
        """Whether a step of a composite is the one for a fault of one row."""
        return bool(rows) and self.step in ("", name) and self._fits(rows)

    def meets_row(self, number: int, fields: Mapping[str, Any]) -> bool:
        """Whether a row of a collection is the one."""
        return self.holding in fields.values() if self.holding else number == self.row

    def refusal(self, record_id: str) -> Refusal:
        """What the row that it meets is answered."""
        if self.fault == "row_lock":
            return refusals.locked(record_id)
        return Refusal(self.code, self.says, fields=[self.field] if self.field else [])

    def _fits(self, rows: Sequence[Row]) -> bool:
        wanted = [row for row in rows if self.sobject in ("", row.type) and self.verb in ("", row.method)]
        if self.holding:
            wanted = [row for row in wanted if self.holding in row.fields.values()]
        return bool(wanted) or not (self.sobject or self.verb or self.holding)


MENU = Menu(
    known={
        "login_refused": "the token endpoint refuses the login",
        "login_unavailable": "the token endpoint answers 503 with HTML",
        "login_slow": "the token endpoint answers after `seconds`",
        "login_cut": "the token endpoint hangs up",
        "expired_token": "401 INVALID_SESSION_ID, and the token is dead from then on",
        "row_lock": "one row (`row`, default the first, or `holding`) meets UNABLE_TO_LOCK_ROW; writes only",
        "row_refused": "the same row is refused with `code` and `says` (and `field`); writes only",
        "daily_limit": "403 REQUEST_LIMIT_EXCEEDED, TotalRequests",
        "concurrent_limit": "403 REQUEST_LIMIT_EXCEEDED, ConcurrentRequests",
        "server_error": "503 with JSON",
        "html_error": "502 with HTML",
        "lost_answer": "applied and committed, then the connection is cut",
        "late_commit": "the connection is cut now; applied and committed `seconds` later",
        "slow": "applied and committed; answered after `seconds`",
        "refused_before": "the connection is cut and nothing is applied",
    },
    chaos=(
        "expired_token", "row_lock", "concurrent_limit", "lost_answer", "late_commit", "refused_before",
        "server_error",
    ),
    token_path=TOKEN_PATH,
    at_login=("login_refused", "login_unavailable", "login_slow", "login_cut"),
    methods={"row_lock": WRITES, "row_refused": WRITES, "late_commit": WRITES},
    kind=Fault,
)  # fmt: skip
