"""Whether messages can be filed as the plugin's records, Social_Message__c, and if not, why. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.salesforce.planned import MESSAGE
from bridge.ports import FieldFacts, ObjectFacts

KEY = "External_Id__c"
NEEDED = (KEY, "Case__c", "Direction__c", "Status__c", "Body__c")
"""Fields without which nothing is filed as a record: its key, its case, and what agents and replies need."""
ANSWERED = ("Agent__c", "Private_Reply__c", "Reply_To_Key__c", "Permalink__c", "Error_Message__c")
"""Fields without which no reply is read, or its agent is not told why it failed, or where it stands."""
SHOWN = (
    "Contact__c", "Conversation_Key__c", "Network__c", "Kind__c", "Public__c", "Attachments__c", "Posted_At__c",
    "Rating__c", "Author_Key__c", "Author_Name__c", "Author_Handle__c", "Author_Followers__c",
    "Author_Verified__c", "Reply_Until__c", "Reply_Limit__c", "Reply_Note__c",
)  # fmt: skip
"""Fields that a record may lack: the component shows less."""


def lacking(facts: ObjectFacts | None) -> str:
    """Return why messages cannot be filed as records, as half a sentence that names all there is; "" = they can.

    facts: what the org says of Social_Message__c; None = it is not there.
    """
    if facts is None:
        return f"the org has no {MESSAGE}, or the app's user may not see it"
    said = [] if facts.createable and facts.updateable else [f"the app's user may not create and edit {MESSAGE}"]
    said += unusable(facts, NEEDED)
    key = facts.fields.get(KEY.casefold())
    if key and loose(key):
        said.append(f"{KEY} is not {', '.join(loose(key))}")
    return "; ".join(said)


def unusable(facts: ObjectFacts, names: Iterable[str]) -> list[str]:
    """Return what keeps us from writing these fields, one half sentence for each that we cannot."""
    said = []
    for name in names:
        field = facts.fields.get(name.casefold())
        if field is None:
            said.append(f"{name} is missing, or the app's user may not see it")
        elif not (field.createable and field.updateable):
            said.append(f"{name} cannot be written by the app's user")
    return said


def loose(field: FieldFacts) -> list[str]:
    """Return what must be ticked so that a key is in no more than one record; [] = nothing."""
    ticked = {
        "External ID": field.external_id,
        "Unique": field.unique,
        "case-sensitive": field.case_sensitive,
    }
    return [name for name, there in ticked.items() if not there]
