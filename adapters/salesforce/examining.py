"""Looks whether cases can be filed: the login, the API and its limits, the objects, the key, the clock.

It changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.salesforce.org import Org
from bridge.errors import Paused, Rejected, Trouble
from bridge.examining import clock
from bridge.ports import Finding

LEFT = 0.1  #: of a day's calls
KEY_NEEDS: Mapping[str, str] = {"externalId": "External ID", "unique": "Unique", "caseSensitive": "case-sensitive"}
"""What a describe calls it -> what must be ticked."""

PERMIT = "Give the app's run-as user a permission set that may read and edit the object and this field."


def examine(org: Org, keys: Mapping[str, str], now: datetime) -> list[Finding]:
    """Return what there is to say about the org; it never raises for what Salesforce answers."""
    found: list[Finding] = []
    try:
        found += _limits(org)
        theirs = org.clock
        for kind, key in keys.items():
            found += _object(org, kind, key)
    except Paused as trouble:
        do = "Mend the External Client App and its run-as user in Setup."
        return [*found, Finding(level="fault", about="login", says=str(trouble), do=do)]
    except Trouble as trouble:
        do = "Run it again in a few minutes."
        return [*found, Finding(level="warning", about="reach", says=str(trouble), do=do)]
    login = Finding(level="ok", about="login", says="The login works, and the API's version is there.")
    return [login, *found, *clock("Salesforce", [theirs], now)]


def _limits(org: Org) -> list[Finding]:
    """Whether calls are left for today; nothing where the run-as user may not read that."""
    try:
        daily = org.limits().get("DailyApiRequests")
    except Rejected:
        return []
    most, left = (daily.get(n) if isinstance(daily, dict) else None for n in ("Max", "Remaining"))
    if not isinstance(most, int) or not isinstance(left, int):
        return []
    says = f"{left} of {most} API calls of these 24 hours are left."
    if left > most * LEFT:
        return [Finding(level="ok", about="limits", says=says)]
    do = "See in Setup, System Overview, who makes them; a longer GATHER makes fewer."
    return [Finding(level="warning", about="limits", says=says, do=do)]


def _object(org: Org, kind: str, key: str) -> list[Finding]:
    """Whether records of an object can be made with their key."""
    try:
        fields = org.describe(kind)
    except (Rejected, Paused) as refusal:  # the login works by now: what is refused is the object
        says = f"{kind} cannot be used: {refusal}"
        return [Finding(level="fault", about=f"object {kind}", says=says, do=PERMIT)]
    field = next((one for one in fields if str(one.get("name")).casefold() == key.casefold()), None)
    return [_key(kind, key, field)]


def _key(kind: str, key: str, field: Mapping[str, Any] | None) -> Finding:
    about = f"key {kind}.{key}"
    if field is None:
        says = f"{kind} has no field {key}, or the app's run-as user may not see it."
        return Finding(level="fault", about=about, says=says, do=f"Make it as docs/operating.md says. {PERMIT}")
    if not (field.get("createable") and field.get("updateable")):
        says = f"{kind}.{key} cannot be written."
        return Finding(level="fault", about=about, says=says, do=PERMIT)
    missing = [name for told, name in KEY_NEEDS.items() if not field.get(told)]
    if missing:
        says = f"{kind}.{key} is not {', '.join(missing)}, so one conversation could get two cases."
        return Finding(level="fault", about=about, says=says, do="Tick that in the field's definition.")
    return Finding(level="ok", about=about, says=f"{kind}.{key} is there, unique, and can be written.")
