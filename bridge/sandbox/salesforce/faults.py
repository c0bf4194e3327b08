"""The faults that this vendor has, beyond what all sandboxes know of them."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.sandbox import faults
from bridge.sandbox.faults import WRITES, Menu
from bridge.sandbox.salesforce.wire import rows_of
from bridge.sandbox.wire import Call

TOKEN_PATH = "/services/oauth2/token"


@dataclass(slots=True, kw_only=True)
class Fault(faults.Fault):
    """A fault that may be meant for the rows of one object."""

    sobject: str = ""  #: only calls with rows of this type; "" = any
    row: int = 0

    def suits(self, call: Call) -> bool:
        """Whether the call is one that was asked for."""
        # not super(): a slotted dataclass is made anew, and the old class is what super() would find
        return faults.Fault.suits(self, call) and (not self.sobject or self.sobject in rows_of(call))


MENU = Menu(
    known={
        "login_refused": "the token endpoint refuses the login",
        "expired_token": "401 INVALID_SESSION_ID, and the token is dead from then on",
        "row_lock": "one row (`row`, default the first) meets UNABLE_TO_LOCK_ROW; writes only",
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
    methods={"row_lock": WRITES, "late_commit": WRITES},
    kind=Fault,
)  # fmt: skip
