"""Trouble on command and at random: which fault meets which call. Knows nothing of how a fault is done."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.salesforce.wire import Call

FAULTS: Mapping[str, str] = {
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
}
CHAOS = (
    "expired_token", "row_lock", "concurrent_limit", "lost_answer", "late_commit", "refused_before",
    "server_error",
)  # fmt: skip
WRITES_ONLY = frozenset({"row_lock", "late_commit"})
TOKEN_PATH = "/services/oauth2/token"
SPEC: Mapping[str, tuple[type, ...]] = {
    "fault": (str,), "times": (int,), "path": (str,), "method": (str,), "after": (int,), "seconds": (int, float),
    "sobject": (str,), "row": (int,),
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault that waits for its calls."""

    fault: str
    times: int = 1  #: calls that it still meets
    path: str = ""  #: part of the path; "" = any
    method: str = ""  #: "" = any
    after: int = 0  #: matching calls that it still lets pass
    seconds: float = 1.0
    sobject: str = ""  #: only calls with rows of this type; "" = any
    row: int = 0

    def meets(self, call: Call) -> bool:
        if (call.path == TOKEN_PATH) != (self.fault == "login_refused"):
            return False
        if self.fault in WRITES_ONLY and call.method == "GET":
            return False
        if self.path not in call.path or self.method not in ("", call.method):
            return False
        return not self.sobject or self.sobject in call.objects()


class Faults:
    """The faults of one server, in memory: commanded ones first, then chaos."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._random = random.Random(0)
        self._chaos: dict[str, Any] = {"seed": 0, "rate": 0.0, "late_seconds": [0.2, 1.5]}
        self.injected: Counter[str] = Counter()

    def command(self, spec: Mapping[str, Any]) -> None:
        """Add a fault. Raises ValueError, one sentence."""
        for key, value in spec.items():
            if key not in SPEC:
                raise ValueError(f"{key!r} is no key of a fault; allowed are {', '.join(SPEC)}")
            fits = isinstance(value, SPEC[key]) and not isinstance(value, bool)
            if not fits:
                raise ValueError(f"{key}: {value!r} is no {SPEC[key][-1].__name__}")
        if spec.get("fault") not in FAULTS:
            raise ValueError(f"fault: {spec.get('fault')!r} is none of {', '.join(FAULTS)}")
        with self._lock:
            self._waiting.append(Fault(**spec))

    def clear(self) -> None:
        """Forget every fault, chaos and the counts."""
        with self._lock:
            self._waiting.clear()
            self._chaos["rate"] = 0.0
            self.injected.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """What is still to come, in order."""
        with self._lock:
            return [{name: getattr(fault, name) for name in SPEC} for fault in self._waiting]

    def set_chaos(self, spec: Mapping[str, Any]) -> None:
        """Begin (or, with rate 0, end) random faults; each of CHAOS with `rate` on every data call."""
        known = {"seed", "rate", "late_seconds"}
        if set(spec) - known:
            raise ValueError(
                f"{min(set(spec) - known)!r} is no key of chaos; allowed are seed, rate, late_seconds"
            )
        rate, seed = spec.get("rate", 0.0), spec.get("seed", 0)
        late = spec.get("late_seconds", [0.2, 1.5])
        if not isinstance(rate, int | float) or not 0 <= rate <= 1 / len(CHAOS) or not isinstance(seed, int):
            raise ValueError(f"rate: {rate!r} must be from 0 to {1 / len(CHAOS):.3f}, seed a whole number")
        if not isinstance(late, list) or len(late) != 2 or not all(isinstance(n, int | float) for n in late):
            raise ValueError(f"late_seconds: {late!r} is no pair of seconds")
        with self._lock:
            self._chaos = {"seed": seed, "rate": rate, "late_seconds": late}
            self._random = random.Random(seed)
            self.injected.clear()

    def chaos(self) -> dict[str, Any]:
        """The settings of chaos, and how often each fault has been injected, commanded ones too."""
        with self._lock:
            return {**self._chaos, "injected": dict(self.injected)}

    def pick(self, call: Call) -> Fault | None:
        """The fault that this call meets, counted down; None = it goes well."""
        with self._lock:
            found = self._commanded(call) or self._by_chance(call)
            if found is not None:
                self.injected[found.fault] += 1
            return found

    def _commanded(self, call: Call) -> Fault | None:
        for fault in self._waiting:
            if not fault.meets(call):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self._waiting.remove(fault)
            return fault
        return None

    def _by_chance(self, call: Call) -> Fault | None:
        rate = self._chaos["rate"]
        if not rate or call.path == TOKEN_PATH:
            return None
        drawn = self._random.random()
        number = int(drawn / rate)
        if number >= len(CHAOS):
            return None
        name = CHAOS[number]
        if name in WRITES_ONLY and call.method == "GET":
            name = "lost_answer"
        return Fault(fault=name, seconds=self._random.uniform(*self._chaos["late_seconds"]))
