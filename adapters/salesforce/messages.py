"""A message as a record of the plugin's, Social_Message__c, which its component shows as a thread. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Set
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.salesforce import plugin, rows
from adapters.salesforce.answers import GONE, Answer, fate, lacks_parent, refused_with
from adapters.salesforce.planned import MESSAGE, Comment
from bridge.errors import Rejected
from bridge.message import DELETED_TEXT, Message
from bridge.ports import ObjectFacts, Part, Value

KEY = plugin.KEY
LONGEST_KEY = 255  #: characters of an External Id
EDITED = "Edited by its author:\n"
CONTACT_PREFIX = "003"
SPARED = frozenset((*plugin.SHOWN, *plugin.ANSWERED))
"""Fields that a message can go without, where the org takes it in no other form."""
FEW = 3  #: fields that are left out one by one; then all that can be

REDACTED: Mapping[str, Value] = {
    "Body__c": DELETED_TEXT,
    "Status__c": "Deleted",
    "Attachments__c": "",
    "Permalink__c": "",
    "Author_Name__c": "",
    "Author_Handle__c": "",
    "Author_Followers__c": "",
    "Author_Verified__c": False,
    "Rating__c": "",
}
"""What the record of a message becomes when its author deletes that; "" empties a field."""


def key_of(part_key: str) -> str:
    """Return what stands in External_Id__c; keys that are too long for it are hashed."""
    if len(part_key) <= LONGEST_KEY:
        return part_key
    digest = hashlib.sha256(part_key.encode()).hexdigest()
    return f"{part_key[: LONGEST_KEY - len(digest) - 1]}#{digest}"


def record_of(part: Part, conversation: str, facts: ObjectFacts) -> dict[str, Any]:
    """Return the fields of a new record but for its case, cut to what the org's fields hold."""
    given: dict[str, Value] = {
        KEY: key_of(part.key),
        "Conversation_Key__c": conversation,
        "Direction__c": "Inbound",
        "Status__c": "Received",
        "Body__c": part.text,
        "Posted_At__c": _time(part.sent_at or part.received_at),
        "Contact__c": part.person if part.person.startswith(CONTACT_PREFIX) else None,
    }
    if part.said is None:
        given["Direction__c"] = "Note"
    else:
        given |= _said(part.said)
    if part.said is not None and part.said.author.is_self:
        given |= {"Direction__c": "Outbound", "Status__c": "Sent"}
    if part.answer is not None:
        given |= {
            "Reply_Until__c": _time(part.answer.until),
            "Reply_Limit__c": part.answer.most or None,
            "Reply_Note__c": part.answer.says or None,
        }
    return {"attributes": {"type": MESSAGE}, **_fitting(given, facts)}


def lighter(comment: Comment, answer: Answer) -> Set[str]:
    """Return what a new message that was refused goes without next; empty = nothing helps.

    Its words are worth more than what the component shows around them.
    """
    before = comment.left_out.keys()
    if isinstance(answer, str) or comment.there or lacks_parent(answer) or before >= SPARED:
        return frozenset()
    trouble = fate(answer)
    if refused_with(answer, *GONE):  # the contact, or else the case
        mine = comment.part.person.startswith(CONTACT_PREFIX) and "Contact__c" not in before
        return {"Contact__c"} if mine else frozenset()
    if not isinstance(trouble, Rejected):
        return frozenset()
    named = {name for name in SPARED if name.casefold() == trouble.field.casefold()} - before
    return named if named and len(before) < FEW else SPARED - before


def shown_less(comment: Comment) -> list[str]:
    """Return what to say of a message that is in without all its fields; [] = nothing."""
    return [
        f"A message's record shows less than it could: {why.removesuffix('.')}."
        for why in comment.left_out.values()
    ]


def rewritten(part: Part) -> dict[str, Value]:
    """Return the fields of a record whose message reads otherwise now; "" empties a field."""
    said = part.said
    if said is None:
        return {"Body__c": part.text}
    return {
        "Body__c": said.text,
        "Attachments__c": _links(said),
        "Rating__c": "" if said.rating is None else said.rating,
    }


def _said(said: Message) -> dict[str, Value]:
    author = said.author
    edited = EDITED if said.change == "edited" else ""
    answered = replace(said, id=said.reply_to, change="created").key if said.reply_to else ""
    return {
        "Body__c": edited + said.text,
        "Network__c": said.channel,
        "Kind__c": said.kind,
        "Public__c": said.public,
        "Permalink__c": said.url or None,
        "Rating__c": said.rating,
        "Reply_To_Key__c": key_of(answered) or None,
        "Attachments__c": _links(said) or None,
        "Author_Key__c": f"{said.channel}:{author.id}" if author.id else None,
        "Author_Name__c": author.name or None,
        "Author_Handle__c": author.handle or None,
        "Author_Followers__c": author.followers,
        "Author_Verified__c": author.verified,
    }


def _links(said: Message) -> str:
    return "\n".join(one.url for one in said.attachments if one.url)


def _time(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="milliseconds")


def usable(given: Mapping[str, Any], facts: ObjectFacts) -> dict[str, Any]:
    """Leave out the fields that an older version of the plugin does not have, or that we may not write."""
    known = {name: facts.fields.get(name.casefold()) for name in given}
    return {n: value for n, value in given.items() if (one := known[n]) and (one.createable or one.updateable)}


def _fitting(given: Mapping[str, Value], facts: ObjectFacts) -> dict[str, Any]:
    """Return the usable fields, and cut what is too long."""
    fields, _ = rows.fields_of(usable(given, facts), rows.lengths(facts.name, facts))
    # A link that is cut leads nowhere.
    link = facts.fields.get("permalink__c")
    if link and link.length and len(str(given.get("Permalink__c") or "")) > link.length:
        fields.pop("Permalink__c", None)
    return fields
