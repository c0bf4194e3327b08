"""Trouble on command and at random: which fault meets which call. Knows nothing of how a fault is done."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from bridge.sandbox.wire import Call

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault that waits for its calls."""

    fault: str = ""
    times: int = 1  #: calls that it still meets
    path: str = ""  #: part of the path; "" = any
    method: str = ""  #: "" = any
    after: int = 0  #: matching calls that it still lets pass
    seconds: float = 1.0

    def suits(self, call: Call) -> bool:
        """Whether the call is one that was asked for."""
        return self.path in call.path and self.method in ("", call.method)


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """The faults of one vendor."""

    known: Mapping[str, str]  #: name -> what happens
    chaos: tuple[str, ...]  #: those that may come by chance
    token_path: str  #: where logins go
    at_login: Collection[str] = ("login_refused",)  #: those that meet logins, and nothing else does
    methods: Mapping[str, Collection[str]] = field(default_factory=dict)  #: fault -> the only methods it meets
    kind: type[Fault] = Fault

    def fits(self, fault: str, call: Call) -> bool:
        """Whether this fault can meet a call of that kind at all."""
        if (call.path == self.token_path) != (fault in self.at_login):
            return False
        return call.method in self.methods.get(fault, (call.method,))


class Faults:
    """The faults of one server, in memory: commanded ones first, then chaos."""

    def __init__(self, menu: Menu) -> None:
        self.menu = menu
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._random = random.Random(0)
        self._chaos: dict[str, Any] = {"seed": 0, "rate": 0.0, "late_seconds": [0.2, 1.5]}
        self.injected: Counter[str] = Counter()

    def command(self, spec: Mapping[str, Any]) -> None:
        """Add a fault. Raises ValueError, one sentence."""
        allowed = {field.name: type(getattr(self.menu.kind(), field.name)) for field in fields(self.menu.kind)}
        for key, value in spec.items():
            if key not in allowed:
                raise ValueError(f"{key!r} is no key of a fault; allowed are {', '.join(allowed)}")
            fits = isinstance(value, int | float if allowed[key] is float else allowed[key])
            if not fits or isinstance(value, bool):
                raise ValueError(f"{key}: {value!r} is no {allowed[key].__name__}")
        if spec.get("fault") not in self.menu.known:
            raise ValueError(f"fault: {spec.get('fault')!r} is none of {', '.join(self.menu.known)}")
        with self._lock:
            self._waiting.append(self.menu.kind(**spec))

    def clear(self) -> None:
        """Forget every fault, chaos and the counts."""
        with self._lock:
            self._waiting.clear()
            self._chaos["rate"] = 0.0
            self.injected.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """What is still to come, in order."""
        with self._lock:
            names = [field.name for field in fields(self.menu.kind)]
            return [{name: getattr(fault, name) for name in names} for fault in self._waiting]

    def set_chaos(self, spec: Mapping[str, Any]) -> None:
        """Begin (or, with rate 0, end) random faults; each of the menu's with `rate` on every data call."""
        known = {"seed", "rate", "late_seconds"}
        if set(spec) - known:
            raise ValueError(
                f"{min(set(spec) - known)!r} is no key of chaos; allowed are seed, rate, late_seconds"
            )
        most = 1 / len(self.menu.chaos)
        rate, seed = spec.get("rate", 0.0), spec.get("seed", 0)
        late = spec.get("late_seconds", [0.2, 1.5])
        if not isinstance(rate, int | float) or not 0 <= rate <= most or not isinstance(seed, int):
            raise ValueError(f"rate: {rate!r} must be from 0 to {most:.3f}, seed a whole number")
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
            if not self.menu.fits(fault.fault, call) or not fault.suits(call):
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
        if not rate or call.path == self.menu.token_path:
            return None
        drawn = self._random.random()
        number = int(drawn / rate)
        if number >= len(self.menu.chaos):
            return None
        name = self.menu.chaos[number]
        if not self.menu.fits(name, call):
            name = "lost_answer"
        return self.menu.kind(fault=name, seconds=self._random.uniform(*self._chaos["late_seconds"]))
