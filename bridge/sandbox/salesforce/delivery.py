"""The way of one call: counted, admitted, met by a fault or not, carried out, answered or cut off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from bridge.sandbox import faults
from bridge.sandbox.faults import Faults
from bridge.sandbox.late import Late
from bridge.sandbox.salesforce import login, refusals
from bridge.sandbox.salesforce.api import Api
from bridge.sandbox.salesforce.faults import MENU, TOKEN_PATH, USER_INFO_PATH, Fault
from bridge.sandbox.salesforce.login import App
from bridge.sandbox.salesforce.org import Org
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.salesforce.sender import Sender
from bridge.sandbox.salesforce.wire import refused
from bridge.sandbox.wire import Answer, Call

HTML_ERROR = "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
TOO_LONG = "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>"
LONGEST_URL = 16_384  # bytes of URL and headers together
REFUSALS: Mapping[str, Callable[[], Refusal]] = {
    "daily_limit": refusals.daily_limit,
    "concurrent_limit": refusals.concurrent_limit,
    "server_error": refusals.unavailable,
}


class Delivery:
    """One org's front door. `answer` gives None where the connection is to be cut without an answer."""

    def __init__(self, org: Org, app: App) -> None:
        self.org, self.app = org, app
        self.api = Api(org)
        self.faults = Faults(MENU)
        self.late = Late()
        self.sender = Sender(org)
        self._lock = threading.Lock()
        self._started: dict[object, float] = {}  #: when each call that is under way began

    def answer(self, call: Call) -> Answer | None:
        """Do what the call asks for, or what the fault makes of it; None = cut the connection."""
        self.api.count(call)
        if call.path == TOKEN_PATH:
            return self._login(call)
        if call.path == USER_INFO_PATH:
            return login.user_info(self.org, call)
        answer = self._data(call)
        return None if answer is None else replace(answer, headers={**self.api.usage(), **answer.headers})

    def _login(self, call: Call) -> Answer | None:
        fault = self.faults.pick(call)
        match fault.fault if fault else "":
            case "login_refused":
                return login.refused("no client credentials user enabled")
            case "login_unavailable":
                return Answer(status=503, text=HTML_ERROR, type="text/html;charset=UTF-8")
            case "login_cut":
                return None
            case "login_slow":
                assert fault is not None
                time.sleep(fault.seconds)
        return login.token(self.org, self.app, call)

    def _data(self, call: Call) -> Answer | None:
        if call.size > LONGEST_URL:
            return Answer(status=414, text=TOO_LONG, type="text/html;charset=UTF-8")
        try:
            self.api.admit(call)
        except Refusal as refusal:
            return refused(refusal)
        fault = self.faults.pick(call)
        self.org.locks.begin()
        with self._under_way() as long:
            if long >= self.org.switches["concurrent_limit"]:
                return refused(refusals.concurrent_limit())
            return self.api.perform(call) if fault is None else self._met(call, fault)

    @contextmanager
    def _under_way(self) -> Iterator[int]:
        """Note that a call is under way; how many others have been for long."""
        now, mine = time.monotonic(), object()
        with self._lock:
            since = now - self.org.switches["long_running"]
            long = sum(started <= since for started in self._started.values())
            self._started[mine] = now
        try:
            yield long
        finally:
            with self._lock:
                del self._started[mine]

    def _met(self, call: Call, fault: faults.Fault) -> Answer | None:
        if fault.fault in REFUSALS:
            return refused(REFUSALS[fault.fault]())
        match fault.fault:
            case "expired_token":
                self.org.expire(call.headers.get("authorization", "").partition(" ")[2].strip())
                return refused(refusals.session_expired())
            case "html_error":
                return Answer(status=502, text=HTML_ERROR, type="text/html;charset=UTF-8")
            case "row_lock" | "row_refused":
                assert isinstance(fault, Fault)
                return self.api.perform(call, struck=fault)
            case "slow":
                answer = self.api.perform(call)
                time.sleep(fault.seconds)
                return answer
            case "lost_answer":
                self.api.perform(call)
            case "late_commit":
                self.late.put_off(fault.seconds, lambda: self.api.perform(call))
        return None
