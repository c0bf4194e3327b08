"""What judges and admins command under /sandbox: state, faults, chaos, switches, fields, the clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from flask import Blueprint, Response, jsonify, request

from bridge.sandbox.faults import Faults
from bridge.sandbox.late import Late

LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Commanded(Protocol):
    """What a vendor's sandbox lets be set. Each raises ValueError, one sentence, and changes nothing then."""

    switches: dict[str, Any]

    def switch(self, changes: Mapping[str, Any], /) -> None: ...
    def add_field(self, spec: Mapping[str, Any], /) -> None: ...
    def set_clock(self, offset: float, /) -> None: ...
    def reset(self) -> None: ...


def blueprint(
    sandbox: Commanded, state: Callable[[], Mapping[str, Any]], *, faults: Faults, late: Late, calls: Counter[str]
) -> Blueprint:
    """The control paths of one sandbox."""
    control = Blueprint("control", __name__, url_prefix="/sandbox")
    commands: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
        "faults": faults.command,
        "chaos": faults.set_chaos,
        "switches": sandbox.switch,
        "fields": sandbox.add_field,
        "clock": lambda spec: sandbox.set_clock(_offset(spec)),
    }

    control.before_request(only_local_pages)

    @control.get("/state")
    def show_state() -> Response:
        return jsonify(**state(), calls=dict(calls))

    @control.get("/faults")
    def waiting() -> Response:
        return jsonify(waiting=faults.waiting(), late=len(late), known=dict(faults.menu.known))

    @control.delete("/faults")
    def clear_faults() -> Response:
        faults.clear()
        return jsonify(ok=True)

    @control.get("/chaos")
    def chaos() -> Response:
        return jsonify(**faults.chaos(), late=len(late))

    @control.get("/switches")
    def switches() -> Response:
        return jsonify(sandbox.switches)

    @control.post("/<any(faults, chaos, switches, fields, clock):name>")
    def command(name: str) -> tuple[Response, int]:
        return commanded(commands[name])

    @control.post("/reset")
    def reset() -> Response:
        sandbox.reset()
        faults.clear()
        calls.clear()
        return jsonify(ok=True)

    return control


def only_local_pages() -> tuple[Response, int] | None:
    """Refuse what calls us by another name: a page in the admin's browser must not come in by a rebound one."""
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    if host not in LOCAL:
        return jsonify(error=f"the host {host!r} is not this machine; call 127.0.0.1"), 403
    return None


def checked(known: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """Raise ValueError unless each of the changes is a known switch and of its type."""
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"{name!r} is no switch; there are {', '.join(known)}")
        if type(value) is not type(known[name]):
            raise ValueError(f"{name}: {value!r} is no {type(known[name]).__name__}")


def commanded(act: Callable[[Mapping[str, Any]], None]) -> tuple[Response, int]:
    """Carry out an order of the request's body: {"ok": true}, or 400 with what was wrong."""
    if not request.is_json:
        return jsonify(error="send JSON with Content-Type: application/json"), 415
    spec = request.get_json(silent=True)
    if not isinstance(spec, dict):
        return jsonify(error="the body must be one JSON object"), 400
    try:
        act(spec)
    except ValueError as error:
        return jsonify(error=str(error)), 400
    return jsonify(ok=True), 200


def _offset(spec: Mapping[str, Any]) -> float:
    offset = spec.get("offset_seconds")
    if set(spec) != {"offset_seconds"} or isinstance(offset, bool) or not isinstance(offset, int | float):
        raise ValueError('send {"offset_seconds": a number}')
    if abs(offset) > 10 * 365 * 86400:
        raise ValueError(f"offset_seconds: {offset!r} is over ten years")
    return float(offset)
