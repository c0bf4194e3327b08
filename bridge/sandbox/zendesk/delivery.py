"""The way of one call: counted, admitted, met by a fault or not, carried out, answered or cut off."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from bridge.sandbox import faults
from bridge.sandbox.faults import Faults
from bridge.sandbox.late import Late
from bridge.sandbox.wire import Answer, Call
from bridge.sandbox.zendesk import limits, login, refusals
from bridge.sandbox.zendesk.account import Account
from bridge.sandbox.zendesk.api import Api
from bridge.sandbox.zendesk.faults import HARMS, MENU, TOKEN_PATH, Fault
from bridge.sandbox.zendesk.limits import Asked
from bridge.sandbox.zendesk.login import Client
from bridge.sandbox.zendesk.refusals import Refusal
from bridge.sandbox.zendesk.request import kind
from bridge.sandbox.zendesk.sender import Sender

HTML = "text/html; charset=utf-8"
HTML_ERROR = "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
MAINTENANCE = "<html><head><title>Maintenance</title></head><body><h1>We'll be right back</h1></body></html>"
REFUSALS: Mapping[str, Callable[[int], Refusal]] = {
    "rate_limit": refusals.too_many_requests,
    "server_error": refusals.unavailable,
    "conflict": lambda _: refusals.update_conflict(),
    "in_progress": lambda _: refusals.in_progress(),
    "forbidden": lambda _: refusals.forbidden(),
}


class Delivery:
    """One account's front door. `answer` gives None where the connection is to be cut without an answer."""

    def __init__(self, account: Account, client: Client) -> None:
        self.account, self.client = account, client
        self.api = Api(account)
        self.faults = Faults(MENU)
        self.late = Late()
        self.sender = Sender(account)

    def answer(self, call: Call) -> Answer | None:
        """Do what the call asks for, or what the fault makes of it; None = cut the connection."""
        self.api.count(call)
        if call.path == TOKEN_PATH:
            refuse = self.faults.pick(call) is not None
            return login.refused_client() if refuse else login.token(self.account, self.client, call)
        began = time.monotonic()
        answer = self._data(call)
        if answer is None:
            return None
        told = {
            "x-zendesk-api-version": "v2",
            "x-request-id": secrets.token_hex(8),
            "x-runtime": f"{time.monotonic() - began:.6f}",
        }
        return replace(answer, headers={**told, "x-zendesk-request-id": told["x-request-id"], **answer.headers})

    def _data(self, call: Call) -> Answer | None:
        now, switches = self.account.now().timestamp(), self.account.switches
        buckets = limits.buckets(asked(call), self.account.plan())
        windows, wait = self.account.limits.take(buckets, now)
        headers = limits.headers(windows, older=switches["older_headers"])
        try:
            scopes = login.admit(self.account, self.client, call)
            if wait and switches["limits"]:
                raise refusals.too_many_requests(wait)
            fault = self.faults.pick(call)
            answer = self._met(call, scopes, fault) if fault else self.api.begin(call, scopes)()
        except Refusal as refusal:
            answer = refusal.answer()
        if answer is not None and answer.status >= 400:
            self.api.count_refusal(answer.status)
        return None if answer is None else replace(answer, headers={**headers, **answer.headers})

    def _met(self, call: Call, scopes: frozenset[str], fault: faults.Fault) -> Answer | None:
        seconds = int(fault.seconds)
        if fault.fault in REFUSALS:
            raise REFUSALS[fault.fault](seconds)
        match fault.fault:
            case "refused":
                assert isinstance(fault, Fault)
                raise refusals.refused(fault.status)
            case "expired_token":
                self.account.expire(call.headers.get("authorization", "").partition(" ")[2].strip())
                raise refusals.invalid_token()
            case "html_error":
                return Answer(status=502, text=HTML_ERROR, type=HTML)
            case "maintenance":
                return Answer(status=503, text=MAINTENANCE, type=HTML, headers={"Retry-After": str(seconds)})
            case "refused_before":
                return None
            case name if name in HARMS:
                assert isinstance(fault, Fault)
                return self.api.begin(call, scopes, fault.harm())()
        act = self.api.begin(call, scopes)
        if fault.fault == "late_commit":
            self.late.put_off(fault.seconds, act)
            return None
        answer = act()
        match fault.fault:
            case "applied_server_error":
                raise refusals.unavailable(seconds)
            case "slow":
                time.sleep(fault.seconds)
                return answer
        return None  # the answer is lost


def asked(call: Call) -> Asked:
    """The call as the limits see it."""
    page = call.query.get("page", "")
    operation = f"{call.method} {kind(call)}"
    return Asked(operation=operation, subjects=_subjects(call), page=int(page[:9]) if page.isdecimal() else 1)


def _subjects(call: Call) -> tuple[str, ...]:
    """Whom the caps of one ticket or one user count for."""
    parts = kind(call).split("/")
    if parts[0] in ("tickets", "users") and parts[1:2] == ["{id}"]:
        return (call.path.split("/")[4].removesuffix(".json"),)
    if "ids" in call.query:
        return tuple(call.query["ids"].split(","))
    try:
        body = json.loads(call.body)
        if isinstance(body.get("tickets"), list):
            return tuple(dict.fromkeys(str(one.get("id")) for one in body["tickets"])) or ("",)
        user = body.get("user", {})
        return (str(body.get("ticket_id") or user.get("external_id") or user.get("email") or "").lower(),)
    except (ValueError, RecursionError, AttributeError):
        return ("",)
