"""What the org says of its objects: asked in one call for all of them, and remembered for an hour."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from adapters.salesforce import classify
from adapters.salesforce.classify import Refusal
from adapters.salesforce.org import Org, Step, Stepped
from bridge.errors import Paused, Rejected, RetryLater
from bridge.ports import FieldFacts, ObjectFacts, RecordType

STEPS = 25  #: requests of one composite; a describe is none of the few queries and collections among them
KEPT, KEPT_ABSENT = timedelta(hours=1), timedelta(minutes=5)
ABSENT = frozenset(("NOT_FOUND", "INVALID_TYPE", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY"))
"""What a describe of an object is refused with that is not there, or that our user may not see."""
MISSING = Stepped(status=404, body=[{"errorCode": "NOT_FOUND"}])

Found = dict[str, ObjectFacts | None]
"""By name in lower case; None = absent."""


class Describing:
    """The objects of one org. Safe to share between threads: one of them asks for all."""

    def __init__(self, org: Org, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._org, self._clock = org, clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, ObjectFacts | None]] = {}  #: until when, and what was said

    def of(self, kinds: Sequence[str], *, until: float = math.inf) -> dict[str, ObjectFacts]:
        """Return what the org says of these objects, by their names in lower case.

        An object that is not there, or that may not be seen, is left out. One API call for all that are not
        remembered. until: no call is begun after it, on the monotonic clock. Raises RetryLater or Paused.
        https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm
        """
        wanted = {kind.casefold(): kind for kind in kinds}
        found = self._remembered(wanted)
        if len(found) < len(wanted):
            if not self._lock.acquire(timeout=self._org.patience):
                raise RetryLater("another describe takes too long", after=classify.BUSY_AGAIN)
            try:
                found = self._remembered(wanted)
                found |= self._ask([kind for name, kind in wanted.items() if name not in found], until)
            finally:
                self._lock.release()
        return {name: facts for name in wanted if (facts := found[name]) is not None}

    def forget(self, *kinds: str) -> None:
        """Ask for these anew when they are needed next: what the org said of them no longer holds."""
        for kind in kinds:
            self._kept.pop(kind.casefold(), None)

    def _remembered(self, wanted: Iterable[str]) -> Found:
        now = self._clock()
        kept = {name: self._kept.get(name, (now, None)) for name in wanted}
        return {name: facts for name, (until, facts) in kept.items() if until > now}

    def _ask(self, kinds: Sequence[str], until: float) -> Found:
        found: Found = {}
        for batch in (kinds[i : i + STEPS] for i in range(0, len(kinds), STEPS)):
            if time.monotonic() > until:
                raise RetryLater("asking takes too long; it is tried again", after=classify.BUSY_AGAIN)
            answers = [_facts(answer) for answer in self._answers(batch)]
            found |= {kind.casefold(): facts for kind, facts in zip(batch, answers, strict=True)}
        now = self._clock()
        for name, facts in found.items():
            self._kept[name] = (now + (KEPT if facts else KEPT_ABSENT).total_seconds(), facts)
        return found

    def _answers(self, kinds: Sequence[str]) -> list[Stepped]:
        paths = [f"sobjects/{quote(kind, safe='')}/describe" for kind in kinds]
        try:
            return self._org.composite([Step(method="GET", path=path) for path in paths], write=False)
        except Rejected:  # a describe within a composite: one by one it is understood everywhere
            return [self._answer(path) for path in paths]

    def _answer(self, path: str) -> Stepped:
        try:
            return Stepped(status=200, body=self._org.get(path))
        except Paused as refused:
            if refused.until:
                raise
        except Rejected:
            pass
        return MISSING  # the login works by now: what is refused is the object


def _facts(answer: Stepped) -> ObjectFacts | None:
    """Read one answer; None = the object is not there for us. Raises RetryLater or Paused."""
    body = answer.body
    if answer.status == 200 and isinstance(body, dict) and isinstance(body.get("fields"), list):
        return facts_of(body)
    if answer.status == 200:
        raise RetryLater("Salesforce answered a describe with something else", after=classify.BUSY_AGAIN)
    refused: Refusal = classify.refusal(body[0] if isinstance(body, list) and body else None)
    if refused.code in ABSENT:
        return None
    trouble = classify.of_request(answer.status, body, write=False, now=datetime.now(UTC))
    if isinstance(trouble, (RetryLater, Paused)):
        raise trouble
    raise RetryLater(str(trouble), after=classify.BUSY_AGAIN)


def facts_of(body: Mapping[str, Any]) -> ObjectFacts:
    """Read a describe. What has no name is passed over."""
    fields = [_field(one) for one in _maps(body.get("fields"))]
    return ObjectFacts(
        name=_text(body, "name"),
        fields={field.name.casefold(): field for field in fields if field.name},
        createable=body.get("createable") is True,
        updateable=body.get("updateable") is True,
        record_types=tuple(
            RecordType(
                id=_text(one, "recordTypeId"), name=_text(one, "name"), developer_name=_text(one, "developerName")
            )
            for one in _maps(body.get("recordTypeInfos"))
            # `available` is about our user; every object has a master, which is no record type of its own.
            if one.get("active", True) is True and one.get("available") is True and one.get("master") is not True
        ),
    )


def _field(told: Mapping[str, Any]) -> FieldFacts:
    length, refers_to = told.get("length"), told.get("referenceTo")
    createable = told.get("createable") is True
    return FieldFacts(
        name=_text(told, "name"),
        type=_text(told, "type"),
        length=length if isinstance(length, int) else 0,
        required=createable and told.get("nillable") is False and told.get("defaultedOnCreate") is not True,
        createable=createable,
        updateable=told.get("updateable") is True,
        unique=told.get("unique") is True,
        external_id=told.get("externalId") is True,
        case_sensitive=told.get("caseSensitive") is True,
        filterable=told.get("filterable", True) is True,
        restricted=told.get("restrictedPicklist") is True,
        values=tuple(
            _text(one, "value") for one in _maps(told.get("picklistValues")) if one.get("active") is True
        ),
        refers_to=tuple(map(str, refers_to)) if isinstance(refers_to, list) else (),
    )


def _maps(listed: object) -> list[Mapping[str, Any]]:
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""
