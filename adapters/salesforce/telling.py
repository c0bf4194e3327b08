"""What the org says of the objects that mappings name, with the picklists of each record type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from adapters.salesforce import plugin
from adapters.salesforce.describing import Describing
from adapters.salesforce.org import Org
from adapters.salesforce.planned import MESSAGE
from bridge.errors import Paused, Rejected
from bridge.ports import ObjectFacts, RecordType, Schema

WITH_PLUGIN = (
    "Messages become Social Messages of the plugin. API calls: 1 for a message in a known conversation, at most 2 "
    "with a new author; at most 10 for 1,000 messages that wait together."
)
WITHOUT_PLUGIN = (
    "Messages become comments, because {}; so agents cannot answer from the case. API calls: at most 20 for 1,000 "
    "messages that wait together."
)
NOT_AT_ALL = "Nothing is filed into cases: connections.yaml says messages: plugin, but {}."


def schema(org: Org, describing: Describing, objects: Sequence[str], *, messages: str) -> Schema:
    """Read what is known of these objects: one call for all, and one for each of their record types.

    messages: the setting of this name. Raises RetryLater or Paused.
    """
    kinds = [*objects, MESSAGE]
    describing.forget(*kinds)  # whoever asks has just changed something
    facts = describing.of(kinds)
    of_plugin = facts.pop(MESSAGE.casefold(), None)
    why = "connections.yaml says so" if messages == "comments" else plugin.lacking(of_plugin)
    otherwise = NOT_AT_ALL if messages == "plugin" else WITHOUT_PLUGIN
    return Schema(
        objects={name: _with_picklists(org, one) for name, one in facts.items()},
        remarks=(otherwise.format(why) if why else WITH_PLUGIN,),
    )


def _with_picklists(org: Org, facts: ObjectFacts) -> ObjectFacts:
    return replace(
        facts,
        record_types=tuple(replace(one, picklists=_picklists(org, facts, one)) for one in facts.record_types),
    )


def _picklists(org: Org, facts: ObjectFacts, of: RecordType) -> Mapping[str, tuple[str, ...]]:
    """The values of each picklist there; {} = the org does not say.

    https://developer.salesforce.com/docs/atlas.en-us.uiapi.meta/uiapi/ui_api_resources_picklist_values_collection.htm
    """
    path = f"ui-api/object-info/{quote(facts.name, safe='')}/picklist-values/{quote(of.id, safe='')}"
    try:
        answer = org.get(path)
    except Paused as refused:
        if refused.until:
            raise
        return {}  # the login works by now: what is refused is this resource
    except Rejected:
        return {}
    fields = answer.get("picklistFieldValues") if isinstance(answer, dict) else None
    return {name: _values(told) for name, told in fields.items()} if isinstance(fields, dict) else {}


def _values(told: Any) -> tuple[str, ...]:
    values = told.get("values") if isinstance(told, dict) else None
    return tuple(str(one.get("value")) for one in values or () if isinstance(one, dict))
