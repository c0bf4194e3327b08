"""What a CRM says of its objects and fields, so that a mapping can be checked against it. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LONGEST_KEY = 205  #: characters: a conversation's key has 200, and the number of its episode comes behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFacts:
    """One field, as the user whose name we call in may see it."""

    name: str  #: as the CRM spells it
    type: str  #: string, textarea, picklist, reference, boolean …; what is not known takes any text
    label: str = ""  #: what people call it, where its name does not tell
    active: bool = True  #: False = switched off: whatever is written is not kept
    length: int = 0  #: characters; 0 = it has none
    required: bool = False  #: a new record must bring it
    createable: bool = True
    updateable: bool = True
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    filterable: bool = True  #: records can be looked up by it
    restricted: bool = False  #: takes nothing but `values`
    values: tuple[str, ...] = ()  #: those that can be chosen now
    labels: tuple[str, ...] = ()  #: what people call `values`, in the same order; () = just so
    pattern: str = ""  #: a regular expression that is found in all that it takes; "" = nobody says
    refers_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """One record type of an object, or one form for it, that can be used now."""

    id: str
    name: str
    developer_name: str = ""
    picklists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  #: field -> what it takes there
    fields: tuple[str, ...] = ()  #: those that agents see there; () = nobody says


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """One object."""

    name: str
    fields: Mapping[str, FieldFacts]  #: by name in lower case; what may not be seen is not there
    createable: bool = True
    updateable: bool = True
    record_types: tuple[RecordType, ...] = ()
    type_field: str = "RecordTypeId"  #: says which of them a record is of


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What was read of one CRM."""

    objects: Mapping[str, ObjectFacts]  #: by name in lower case
    remarks: tuple[str, ...] = ()  #: what an admin should know of it besides: whole sentences
