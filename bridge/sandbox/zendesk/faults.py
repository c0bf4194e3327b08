"""The faults that this vendor has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.sandbox import faults
from bridge.sandbox.faults import WRITES, Menu
from bridge.sandbox.wire import Call
from bridge.sandbox.zendesk.jobs import Harm

TOKEN_PATH = "/oauth/tokens"
JOBS = ("_many", "/merge")  #: how the paths end that make jobs
HARMS: Mapping[str, tuple[bool, bool]] = {
    "job_failed": (True, False),
    "job_item_failed": (False, False),
    "job_lost": (False, True),
    "job_dropped": (True, True),
}  #: what befalls a job -> whether nothing of it is applied, whether it cannot be asked for


@dataclass(slots=True, kw_only=True)
class Fault(faults.Fault):
    """A fault that may be told how to refuse."""

    status: int = 400  #: of `refused`
    index: int = 0  #: of `job_item_failed`: the first item that fails
    items: int = 1  #: how many fail from there on
    error: str = ""  #: what their error is called; "" = as any other

    def suits(self, call: Call) -> bool:
        """Whether the call is one that was asked for; what befalls jobs meets calls that make one."""
        makes_job = call.method in WRITES and call.path.removesuffix(".json").endswith(JOBS)
        return faults.Fault.suits(self, call) and (self.fault not in HARMS or makes_job)

    def harm(self) -> Harm:
        """What befalls the job."""
        failing = range(self.index, self.index + self.items) if self.fault == "job_item_failed" else ()
        failed, gone = HARMS[self.fault]
        return Harm(failed=failed, gone=gone, items=failing, error=self.error)


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
        "job_failed": "the job is taken in, and fails as a whole: nothing applied",
        "job_item_failed": "`items` of the job's items from `index` on fail with `error`, the others are applied",
        "job_lost": "the job is carried out, and nobody knows of it when it is asked for",
        "job_dropped": "the same, and nothing of it is applied",
    },
    chaos=(
        "expired_token", "rate_limit", "conflict", "lost_answer", "late_commit", "refused_before", "server_error",
        "applied_server_error",
    ),
    token_path=TOKEN_PATH,
    methods={"conflict": {"PUT"}, "in_progress": {"POST"}, "late_commit": WRITES},
    kind=Fault,
)  # fmt: skip
