"""The faults that this vendor has."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.sandbox import faults
from bridge.sandbox.faults import WRITES, Menu

TOKEN_PATH = "/oauth/tokens"


@dataclass(slots=True, kw_only=True)
class Fault(faults.Fault):
    """A fault that may be told how to refuse."""

    status: int = 400  #: of `refused`


MENU = Menu(
    known={
        "login_refused": "the token endpoint refuses the login",
        "expired_token": "401 invalid_token, and the token is dead from then on",
        "rate_limit": "429 with Retry-After `seconds`",
        "conflict": "409 UpdateConflict; PUT only",
        "in_progress": "409 IdempotentRequestInProgress; POST only",
        "server_error": "503 with Retry-After `seconds`, nothing applied",
        "applied_server_error": "applied and committed, then 503 with Retry-After `seconds`",
        "html_error": "502 with HTML",
        "forbidden": "403 Forbidden",
        "refused": "`status`, nothing applied; a redirect names another account",
        "maintenance": "503 with HTML and Retry-After `seconds`",
        "lost_answer": "applied and committed, then the connection is cut",
        "late_commit": "the connection is cut now; applied and committed `seconds` later",
        "slow": "applied and committed; answered after `seconds`",
        "refused_before": "the connection is cut and nothing is applied",
    },
    chaos=(
        "expired_token", "rate_limit", "conflict", "lost_answer", "late_commit", "refused_before", "server_error",
        "applied_server_error",
    ),
    token_path=TOKEN_PATH,
    methods={"conflict": {"PUT"}, "in_progress": {"POST"}, "late_commit": WRITES},
    kind=Fault,
)  # fmt: skip
