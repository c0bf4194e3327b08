"""Looks whether cases and messages can be filed: the login, the API and its limits, objects, keys, the clock.

It changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from adapters.salesforce import plugin
from adapters.salesforce.describing import Describing
from adapters.salesforce.org import Org
from adapters.salesforce.planned import MESSAGE
from adapters.salesforce.settings import Settings
from bridge.errors import Paused, Rejected, Trouble
from bridge.examining import clock
from bridge.ports import LONGEST_KEY, Finding, ObjectFacts

LEFT = 0.1  #: of a day's calls
COMMENT = "CaseComment"

PERMIT = "Give the app's user a permission set that may read, create and edit the object and this field."
INSTALL = "Install the plugin and assign its permission set Social_Bridge_Integration: docs/salesforce-plugin.md."


def examine(org: Org, settings: Settings, keys: Mapping[str, str], now: datetime) -> list[Finding]:
    """Return what there is to say about the org; it never raises for what Salesforce answers."""
    found: list[Finding] = []
    try:
        found += _limits(org, settings.pause_at)
        theirs = org.clock
        facts = Describing(org).of([*keys, MESSAGE, COMMENT]) if keys else {}
    except Paused as trouble:
        do = "Mend the External Client App and its user in Setup; docs/salesforce.md names what each answer means."
        return [*found, Finding(level="fault", about="login", says=str(trouble), do=do)]
    except Trouble as trouble:
        do = "Run it again in a few minutes."
        return [*found, Finding(level="warning", about="reach", says=str(trouble), do=do)]
    flow = "JWT bearer" if settings.private_key else "client credentials"
    says = f"The login works ({flow}), and the API's version {settings.api_version} is there."
    found.insert(0, Finding(level="ok", about="login", says=says))
    found += [_object(kind, key, facts.get(kind.casefold())) for kind, key in keys.items()]
    if "case" in map(str.casefold, keys):
        found += _messages(settings.messages, facts)
    return [*found, *clock("Salesforce", [theirs], now)]


def _limits(org: Org, pause_at: int) -> list[Finding]:
    """Whether calls are left for today; nothing where the app's user may not read that."""
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
    rests = f"{says} Filing rests from {pause_at} percent on."
    return [Finding(level="warning", about="limits", says=rests, do=do)]


def _object(kind: str, key: str, facts: ObjectFacts | None) -> Finding:
    """Whether records of an object can be made with their key."""
    if facts is None:
        says = f"{kind} cannot be used: the org has no such object, or the app's user may not see it."
        return Finding(level="fault", about=f"object {kind}", says=says, do=PERMIT)
    if not (facts.createable and facts.updateable):
        says = f"{kind} cannot be used: the app's user may not create and edit its records."
        return Finding(level="fault", about=f"object {kind}", says=says, do=PERMIT)
    about = f"key {kind}.{key}"
    field = facts.fields.get(key.casefold())
    if field is None:
        says = f"{kind} has no field {key}, or the app's user may not see it."
        return Finding(level="fault", about=about, says=says, do=f"Make it as docs/salesforce.md says. {PERMIT}")
    if not (field.createable and field.updateable):
        says = f"{kind}.{key} cannot be written."
        return Finding(level="fault", about=about, says=says, do=PERMIT)
    if missing := plugin.loose(field):
        says = f"{kind}.{key} is not {', '.join(missing)}, so one conversation could get two cases."
        return Finding(level="fault", about=about, says=says, do="Tick that in the field's definition.")
    if 0 < field.length < LONGEST_KEY:
        says = f"{kind}.{key} holds {field.length} characters, and a key may have {LONGEST_KEY}."
        return Finding(level="fault", about=about, says=says, do="Make the field 255 characters long.")
    return Finding(level="ok", about=about, says=f"{kind}.{key} is there, unique, and can be written.")


def _messages(wanted: str, facts: Mapping[str, ObjectFacts]) -> list[Finding]:
    """Which way messages are filed, and why."""
    records = facts.get(MESSAGE.casefold())
    lacking = plugin.lacking(records)
    if wanted == "comments":
        return [_comments("connections.yaml says so", facts)]
    if lacking and wanted == "plugin":
        says = f"Messages cannot be filed as the plugin's records: {lacking}."
        return [Finding(level="fault", about="messages", says=says, do=INSTALL)]
    if records is None:
        return [_comments(lacking, facts)]
    if lacking:
        says = f"The plugin is there and cannot be used: {lacking}."
        unused = Finding(level="warning", about="plugin", says=says, do=INSTALL)
        return [unused, _comments("the plugin cannot be used", facts)]
    return _shown(records)


def _shown(records: ObjectFacts) -> list[Finding]:
    """How well agents are served where messages are filed as records."""
    deaf = plugin.unusable(records, plugin.ANSWERED)
    says = "Messages are filed as the plugin's records" + ("." if deaf else ", and agents' replies are heard.")
    found = [Finding(level="ok", about="messages", says=says)]
    if deaf:
        says = f"Agents' replies do not work as they should: {'; '.join(deaf)}."
        found.append(Finding(level="fault", about="replies", says=says, do=INSTALL))
    if hidden := plugin.unusable(records, plugin.SHOWN):
        says = f"Messages are filed without some of what the plugin shows: {'; '.join(hidden)}."
        found.append(Finding(level="warning", about="plugin", says=says, do=INSTALL))
    return found


def _comments(why: str, facts: Mapping[str, ObjectFacts]) -> Finding:
    says = f"Messages are filed as comments on the case: {why}."
    comment = facts.get(COMMENT.casefold())
    if comment and comment.createable:
        return Finding(level="ok", about="messages", says=f"{says} Agents' replies are not heard.")
    says += f" But the app's user may not create {COMMENT}."
    return Finding(level="fault", about="messages", says=says, do=PERMIT)
