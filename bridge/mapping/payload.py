"""A payload map at work: which path of a tool's JSON is which property of a message. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from bridge.mapping.conditions import Condition
from bridge.mapping.item import Item
from bridge.mapping.payload_values import AUTHOR, OWN, Attachments, flag, ident, ornament, read
from bridge.mapping.placeholders import Template
from bridge.message import Account, Change, Kind, Message, Person
from bridge.ports import Callback, Event, Skipped, Unreadable
from bridge.reading import Unfit, at, compact, document, event_name, fit, need

CHANNEL = re.compile("[a-z0-9_-]{1,40}")
CLOSED: Mapping[str, tuple[str, ...]] = {"kind": get_args(Kind), "change": get_args(Change)}
PRIVATE = frozenset({"direct", "story_reply", "postback"})
SHOWN = frozenset({"hidden", "unhidden"})  #: what can happen to one message again and again
SPOKEN = frozenset({"created", "edited"})  #: what is nothing without words, pictures or stars


@dataclass(frozen=True, slots=True)
class Skip:
    """One line of skip."""

    condition: Condition
    line: str  #: file:line


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A payload map, checked and compiled."""

    name: str
    items: str | None  #: path of the list; None = the body is the one item
    event: Template | None
    skips: tuple[Skip, ...]
    fields: Mapping[str, Template]  #: property, or channel -> what fills it
    attachments: Attachments | None

    @property
    def names_account(self) -> bool:
        """Whether items say which account was written to; if not, there can be only one."""
        return "account" in self.fields

    def events(self, callback: Callback, accounts: Mapping[str, Account]) -> list[Event]:
        """Return every item of the body in its order; never raises. A body that is no JSON is one Unreadable.

        accounts: id -> account; an item for any other is skipped by name.
        """
        try:
            body = document(callback.body)
            if self._listed(body) is None and (skipped := self._skipped(Item(body, body))):
                return [skipped]  # a ping, say, which has no list
            return [self._event(Item(item, body), callback, accounts) for item in self._items(body)]
        except (ValueError, RecursionError) as fault:  # RecursionError: nested past what JSON can read or write
            return [Unreadable(item=callback.body, error=f"the body cannot be read: {fault}")]

    def _listed(self, body: object) -> object:
        return body if self.items is None else at(body, self.items)

    def _items(self, body: object) -> list[object]:
        found = self._listed(body)
        if self.items is None:
            return [found]
        if found is None:
            raise Unfit(f"{self.items} is missing")
        if not isinstance(found, list):
            raise Unfit(f"{self.items} is not a list")
        return found

    def _event(self, item: Item, callback: Callback, accounts: Mapping[str, Account]) -> Event:
        raw = compact(item.item)
        try:
            fit(item.item)
            if skipped := self._skipped(item):
                return skipped
            account = self._account(item, accounts)
            return account if isinstance(account, Skipped) else self._message(item, raw, account, callback)
        except ValueError as fault:
            return Unreadable(item=raw, error=f"item: {fault}")

    def _skipped(self, item: Item) -> Skipped | None:
        line = next((skip.line for skip in self.skips if skip.condition(item)), "")
        if not line:
            return None
        called = self.event.text(item) if self.event else ""
        return Skipped(reason="system", event=event_name(called or line))

    def _account(self, item: Item, accounts: Mapping[str, Account]) -> Account | Skipped:
        if not self.names_account:
            if len(accounts) != 1:
                raise Unfit("the payload map names no account, and the connection has several or none")
            return next(iter(accounts.values()))
        number = need(read("account", ident, self.fields["account"], item), "account")
        if number not in accounts:
            return Skipped(reason="unknown_account", event=event_name(number))
        return accounts[number]

    def _message(self, item: Item, raw: bytes, account: Account, callback: Callback) -> Message:
        kind, change = self._choice("kind", item), self._choice("change", item)
        own = {n: read(n, convert, self.fields[n], item) for n, convert in OWN.items() if n in self.fields}
        author = {
            name.removeprefix("author."): read(name, convert, self.fields[name], item)
            for name, convert in AUTHOR.items()
            if name in self.fields
        }
        files = self.attachments.read(item) if self.attachments else ()
        if change in SPOKEN and not (own.get("text") or files or own.get("rating")):
            raise Unfit("text is missing, and attachments are too")
        if change in SHOWN and not own.get("version"):
            own["version"] = _moment_of(own.get("sent_at"))
        return Message(
            channel=self._channel(item),
            connection=callback.connection,
            account=account,
            id=need(read("id", ident, self.fields["id"], item), "id"),
            kind=kind,
            change=change,
            author=Person(**author),
            attachments=files,
            received_at=callback.received_at,
            public=self._public(kind, item),
            raw=raw,
            **own,
        )

    def _choice(self, name: str, item: Item) -> Any:
        found = read(name, ornament, self.fields[name], item)
        if found not in CLOSED[name]:  # what a translation may give was checked at load
            raise Unfit(f"{name}: its translation has nothing for this item")
        return found

    def _channel(self, item: Item) -> str:
        found: str = read("channel", ornament, self.fields["channel"], item)
        if not CHANNEL.fullmatch(found.lower()):
            raise Unfit("channel is missing, or not at most 40 of a-z, 0-9, - and _")
        return found.lower()

    def _public(self, kind: str, item: Item) -> bool:
        said = read("public", flag, self.fields["public"], item) if "public" in self.fields else None
        return kind not in PRIVATE if said is None else bool(said)


def _moment_of(sent_at: datetime | None) -> str:
    """The version of a hiding that the tool does not number. Raises Unfit without a time."""
    if sent_at is None:
        raise Unfit("version and sent_at are missing: one hiding could not be told from the next")
    return sent_at.isoformat()
