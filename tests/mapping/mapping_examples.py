"""What the tests of the mapping language start from: a message, and a mapping made of sections."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.errors import ConfigError
from bridge.mapping import Mapping, create, decide, read
from bridge.message import Account, Message, Person
from bridge.ports import PersonFound, Value

MESSAGE = Message(
    channel="facebook",
    connection="acme-meta",
    account=Account(id="page-1", about={"queue": "Social DE"}),
    id="post-1_77",
    kind="comment",
    author=Person(id="u-5", name="Zoë Berg", handle="zoe"),
    thread="post-1",
    text="Hello, my bill is wrong",
    url="https://social.example/post-1?comment=77",
    sent_at=datetime(2026, 11, 23, 10, 0, tzinfo=UTC),
    received_at=datetime(2026, 11, 23, 10, 0, 2, tzinfo=UTC),
    public=True,
    raw=b'{"from": {"id": 5}, "tags": ["a", "b"], "big": [{"n": 1.5}], "ok": true, "none": null}',
)
NOBODY = PersonFound()

HEAD = "version: 1\nmapping: care\nsource: any\ntarget: crm\n"
CASE = 'case:\n  object: Case\n  key_field: Key__c\n  create: {Subject: "{text}"}\n'


def said(text: str = MESSAGE.text, **changes: Any) -> Message:
    """The message with another text or other properties."""
    return dataclasses.replace(MESSAGE, text=text, **changes)


def mapping(sections: str = "", *, case: str = CASE) -> Mapping:
    """A mapping of these sections and a case."""
    return read(HEAD + sections + case, "care.yaml")


def with_fields(fields: str, *, sections: str = "") -> Mapping:
    """A mapping whose new cases have these fields, written one a line."""
    lines = "".join(f"    {line}\n" for line in fields.splitlines())
    return mapping(sections, case=f"case:\n  object: Case\n  key_field: Key__c\n  create:\n{lines}")


def filled(template: str, message: Message = MESSAGE, person: PersonFound = NOBODY) -> Value:
    """What a field with this template holds for the message."""
    quoted = template.replace("'", "''")
    contact = "contact: {object: Contact, match: [{X__c: '{author.id}'}], fetch: [Tier__c, Value__c]}\n"
    made = with_fields(f"Field__c: '{quoted}'", sections=contact)
    return create(made, message, decide(made, message, person), person)["Field__c"]


def faults(sections: str, *, case: str = CASE) -> tuple[str, ...]:
    """The faults of a mapping of these sections, which begin on line 5 of care.yaml."""
    with pytest.raises(ConfigError) as caught:
        mapping(sections, case=case)
    return caught.value.faults
