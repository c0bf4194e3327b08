"""What Salesforce's refusals mean for us, decided by their code: an HTTP status or a class says too little. Pure.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure

Class = Literal["lock", "busy", "pause", "configuration", "row"]

CLASSES: Mapping[str, Class] = {
    "UNABLE_TO_LOCK_ROW": "lock",
    # In a row these come from the org's own automation, so they may be that row's fault.
    "UNKNOWN_EXCEPTION": "lock",
    "INTERNAL_ERROR": "lock",
    "SERVER_UNAVAILABLE": "busy",
    "QUERY_TIMEOUT": "busy",
    "REQUEST_RUNNING_TOO_LONG": "busy",
    "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE": "busy",
    "TOO_MANY_APEX_REQUESTS": "busy",
    "PLATFORM_EVENT_PUBLISHING_UNAVAILABLE": "busy",
    "REQUEST_LIMIT_EXCEEDED": "pause",
    "LIMIT_EXCEEDED": "pause",
    "LICENSE_LIMIT_EXCEEDED": "pause",
    "STORAGE_LIMIT_EXCEEDED": "pause",
    "ORG_IN_MAINTENANCE": "pause",
    "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE": "pause",
    "ORG_LOCKED": "pause",
    "API_DISABLED_FOR_ORG": "configuration",
    "API_CURRENTLY_DISABLED": "configuration",
    "TXN_SECURITY_NO_ACCESS": "configuration",
    "PACKAGE_LICENSE_REQUIRED": "configuration",
    "INACTIVE_OWNER_OR_USER": "row",
    "INSUFFICIENT_ACCESS": "configuration",
    "INVALID_SESSION_ID": "configuration",
    "INVALID_TYPE": "configuration",
    "NOT_FOUND": "configuration",
    "METHOD_NOT_ALLOWED": "configuration",
    "UNSUPPORTED_API_VERSION": "configuration",
    "GONE": "configuration",
}

ASIDE = frozenset(
    (
        "INSUFFICIENT_ACCESS",
        "STORAGE_LIMIT_EXCEEDED",
        "LIMIT_EXCEEDED",
        "INVALID_TYPE",
        "NOT_FOUND",
        "INVALID_FIELD",
    )
)
"""Codes that, about files or replies, leave everything else in the org as it is: no right to them, or no room."""

QUOTABLE = frozenset(
    (
        "REQUIRED_FIELD_MISSING", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "NOT_FOUND", "API_DISABLED_FOR_ORG",
        "INVALID_FIELD_FOR_INSERT_UPDATE", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "REQUEST_LIMIT_EXCEEDED", "UNABLE_TO_LOCK_ROW",
    )
)  # fmt: skip
"""Codes whose message is the org's own words. The others may quote what the customer wrote."""

NO_COLUMN = r"No such column '(\w+)' on (?:sobject of type|entity) '?\w+'?"
ABOUT_NAMES = re.compile(rf"{NO_COLUMN}|sObject type '\w+' is not supported")
"""What may be quoted of INVALID_FIELD, INVALID_TYPE and MALFORMED_QUERY.

Around it may stand an excerpt of the query, with the customers' data that it asked for.
"""

TOO_LONG = frozenset((413, 414, 431))
"""HTTP statuses with which the edge refuses a request before anything is done, however often it comes."""

ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")

LOCK_AGAIN = timedelta(seconds=2)
BUSY_AGAIN = timedelta(seconds=20)
PROBE = timedelta(minutes=5)
"""The daily limit is a rolling window of 24 hours: room comes back bit by bit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One error as Salesforce gave it, for a row or for a whole request; "" = not said."""

    code: str
    message: str = ""
    field: str = ""
    matches: tuple[tuple[str, str], ...] = ()  #: DUPLICATES_DETECTED: object and id of each record that is alike

    @property
    def locked(self) -> bool:
        """Whether someone else held the row; it may be nested in the error of a trigger or a flow."""
        return "UNABLE_TO_LOCK_ROW" in (self.code + self.message)

    @property
    def kind(self) -> Class:
        if self.locked:
            return "lock"
        if self.code == "REQUEST_LIMIT_EXCEEDED" and "Concurrent" in self.message:
            return "busy"
        return CLASSES.get(self.code, "row")

    @property
    def duplicate(self) -> str:
        """The record that has the unique value already, from DUPLICATE_VALUE; "" = not said."""
        found = re.search(r"record with id: (\w{15}(?:\w{3})?)\b", self.message)
        return found[1] if found and self.code == "DUPLICATE_VALUE" else ""

    @property
    def longest(self) -> int:
        """Characters that the field takes, from STRING_TOO_LONG; 0 = not said."""
        found = re.search(r"\(max length=(\d{1,6})\)\s*\Z", self.message)
        return int(found[1]) if found and self.code == "STRING_TOO_LONG" else 0

    def __str__(self) -> str:
        said = f": {self._quotable}" if self._quotable else ""
        return f"{self.wordless}{said}"

    @property
    def wordless(self) -> str:
        """What logs tell of a row: an org's triggers and flows may write their words from what was sent."""
        where = f" {self.field}" if self.field else ""
        return f"Salesforce refused{where} with {self.code or 'no code'}"

    @property
    def _quotable(self) -> str:
        if self.code in ("INVALID_FIELD", "INVALID_TYPE", "MALFORMED_QUERY"):
            # The last, because the excerpt stands before it.
            return ([found[0] for found in ABOUT_NAMES.finditer(self.message)] or [""])[-1]
        return self.message[:300] if self.code in QUOTABLE else ""


def refusal(error: object) -> Refusal:
    """Read one error of an answer, whatever it is; the code stands in errorCode or, within rows, in statusCode."""
    if not isinstance(error, Mapping):
        return Refusal(code="")
    code, message, fields = (error.get(n) for n in ("errorCode", "message", "fields"))
    code = code or error.get("statusCode")
    message = message if isinstance(message, str) else ""
    named = [f for f in fields if isinstance(f, str)] if isinstance(fields, list) else []
    return Refusal(
        code=code if isinstance(code, str) else "",
        message=message,
        field=(named or [_field(message)])[0],
        matches=_matches(error.get("duplicateResult")),
    )


def _matches(result: object) -> tuple[tuple[str, str], ...]:
    """Read which records a duplicate rule found, each once; several rules may name the same one."""
    found: dict[str, tuple[str, str]] = {}
    for one in _maps(result, "matchResults"):
        for match in _maps(one, "matchRecords"):
            record = match.get("record")
            told = record if isinstance(record, Mapping) else {}
            about, number = told.get("attributes"), told.get("Id")
            kind = about.get("type") if isinstance(about, Mapping) else None
            if isinstance(kind, str) and isinstance(number, str) and ID.fullmatch(number):
                found.setdefault(number[:15], (kind, number))
    return tuple(found.values())


def _maps(holder: object, name: str) -> list[Mapping[str, object]]:
    listed = holder.get(name) if isinstance(holder, Mapping) else None
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


FIELD_IN_MESSAGE = (
    r"\ARequired fields are missing: \[(\w+)",
    r"\AUnable to create/update fields: (\w+)",
    r"\Aduplicate value found: (\w+) duplicates",
    r"\A(\w+): (?:data value too large|bad value|invalid)",
    rf"(?s:.*){NO_COLUMN}",
)


def _field(message: str) -> str:
    found = (re.match(pattern, message) for pattern in FIELD_IN_MESSAGE)
    return next((f[1] for f in found if f), "")


def reason(trouble: Trouble) -> str:
    """Return what the org said, without what to do: for a warning about what went on without it."""
    return str(trouble).partition("; ")[0]


def of_row(refused: Refusal) -> RetryLater | Rejected:
    """Return what becomes of one row; the rest of its request stands."""
    match refused.kind:
        case "lock":
            return RetryLater(str(refused), after=LOCK_AGAIN, counts=True)
        case "busy":
            return RetryLater(str(refused), after=BUSY_AGAIN)
        case "pause":
            return RetryLater(str(refused), after=PROBE)
        case _ if not refused.code:
            return RetryLater("Salesforce refused a row without a reason", after=LOCK_AGAIN, counts=True)
        case _:
            return Rejected(f"{refused}; correct the mapping or the field, then replay", field=refused.field)


def of_request(status: int, content: object, *, write: bool, now: datetime, aside: bool = False) -> Trouble:
    """Return what becomes of a request that was answered with an HTTP error, none of it applied.

    aside: it was about files or replies, whose refusal pauses nothing else.

    Unsure for a write that failed inside Salesforce or before it: a 5xx or a page of HTML does not say how far
    it came. Rejected: a row of a write is at fault, or a name in a read.
    """
    errors = content if isinstance(content, list) and content else [None]
    refused = refusal(errors[0])
    if status in (420, 429) or (
        refused.kind == "busy" and status < 500 and refused.code == "REQUEST_LIMIT_EXCEEDED"
    ):
        return RetryLater(f"Salesforce is busy (HTTP {status}); it goes on by itself", after=BUSY_AGAIN)
    if status in TOO_LONG:
        return Rejected(
            f"Salesforce takes no request of this length (HTTP {status}), nothing was applied; shorten what the "
            "mapping finds persons by or writes, then replay"
        )
    if aside and refused.code in ASIDE:
        return Rejected(f"{refused}; see Setup, Storage Usage, and the permission set", field=refused.field)
    if refused.kind == "pause":
        return Paused(f"{refused} (HTTP {status}); the next try is in 5 minutes", until=now + PROBE)
    if status == 401 or refused.kind == "configuration":
        return Paused(f"{refused} (HTTP {status}); check the app's run-as user and its permission set in Setup")
    if status >= 500 or not refused.code or refused.kind == "busy":
        where = f"HTTP {status}" + (f", {refused.code}" if refused.code else ", not Salesforce's own error")
        return _lost(f"Salesforce did not do it ({where})", write=write)
    if refused.kind == "lock":
        return RetryLater(f"{refused} (HTTP {status})", after=LOCK_AGAIN)
    return Rejected(f"{refused}; correct the mapping or the field, then replay", field=refused.field)


def _lost(reason: str, *, write: bool) -> RetryLater | Unsure:
    return Unsure(reason, after=LOCK_AGAIN) if write else RetryLater(reason, after=BUSY_AGAIN)


def of_silence(reason: str, *, sent: bool, write: bool) -> RetryLater | Unsure:
    """Return what becomes of a request without an answer. sent: it may have reached Salesforce."""
    if sent and write:
        return _lost(f"Salesforce gave no answer ({reason})", write=True)
    return RetryLater(f"Salesforce cannot be reached ({reason}); nothing was applied", after=BUSY_AGAIN)


PASSING = frozenset(("unknown_error", "server_error", "temporarily_unavailable", "rate_limit_exceeded"))

ADVICE: Mapping[str, str] = {
    "user hasn't approved this consumer": (
        "in the app's policies let admin-approved users in, and give the user of `username` a permission set that "
        "is named there"
    ),
    "audience is invalid": (
        "set `audience` to https://login.salesforce.com, of a sandbox to https://test.salesforce.com"
    ),
    "invalid assertion": (
        "the app must have the certificate that belongs to `private_key`, and this machine's clock must be right"
    ),
    "no client credentials user enabled": (
        "name a run-as user in the app's policies, under the client credentials flow"
    ),
    "request not supported on this domain": (
        "`domain` must be the org's My Domain, as Setup, My Domain shows it, without .salesforce.com"
    ),
    "authentication failure": (
        "Setup, Login History says why; mostly the user is locked, or may not log in from here or at this hour"
    ),
    "invalid_client_id": (
        "copy `consumer_key` anew from the app; Salesforce takes up to ten minutes to know a new one"
    ),
    "invalid_client": "copy `consumer_secret` anew from the app; it may have been rotated",
    "invalid_app_access": "in the app's policies let this user in, by profile or by permission set",
    "inactive_user": "activate the user in Setup, Users, or let the app act for another one",
    "inactive_org": "the org is locked or has expired: ask whoever pays for it",
    "unsupported_grant_type": (
        "switch the flow on in the app: client credentials for `consumer_secret`, JWT bearer for `private_key`"
    ),
}
"""What OAuth's error or its description holds -> what to do. The first that fits is said."""

ANY_ADVICE = "check domain and consumer_key, and in the External Client App that the flow is on and has its user"


def of_login(code: object, said: object = "") -> RetryLater | Paused:
    """Return what a failed login means.

    code: OAuth's error, or the HTTP status where the answer was no JSON; None = neither error nor token in it.
    said: its description, which holds no secret; where the answer was no JSON it is not looked at.

    https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flow_errors.htm
    """
    if isinstance(code, str) and code not in PASSING:
        words = f"{code[:80]}: {said[:200]}" if said and isinstance(said, str) else code[:80]
        fits = (do for part, do in ADVICE.items() if part in words.casefold())
        return Paused(f"Salesforce refused the login with {words!r}; {next(fits, ANY_ADVICE)}")
    strange = "; check domain" if isinstance(code, int) and code < 500 else ""
    return RetryLater(
        f"Salesforce's login did not work ({code or 'no token in its answer'}){strange}; nothing was applied",
        after=BUSY_AGAIN,
    )
