"""What of a message is masked or not kept, where, and by which mapping's word. Pure.

Ids, keys and times are never masked: they say which message, conversation and customer it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from bridge import decided, masks
from bridge.frozen import Frozen, is_item
from bridge.mapping import Mapping as CaseMapping
from bridge.masks import Kind, Where
from bridge.message import Message
from bridge.ports import Value

Kinds = frozenset[Kind]
Sources = frozenset[str] | None
"""Names of connections; None = all of them."""

NONE: Kinds = frozenset()
OF_AUTHORS = ("phone", "email")  #: kept with the author until the message settles, whatever the mapping says


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one mapping masks, and in which connections' messages."""

    source: tuple[str, ...] | None  #: None = any
    kinds: Mapping[Kind, Where]
    regulated: bool = False  #: their messages are kept without raw

    def takes(self, connection: str) -> bool:
        """Whether the mapping may take messages of this connection."""
        return self.source is None or connection in self.source


@dataclass(frozen=True, slots=True)
class Protection:
    """What the mappings protect, by their names."""

    rules: Mapping[str, Rule] = field(default_factory=dict)

    def before_storing(self, connection: str) -> Kinds:
        """What is masked everywhere by some mapping that may take messages of this connection."""
        found = (rule.kinds.items() for rule in self.rules.values() if rule.takes(connection))
        return frozenset(kind for kinds in found for kind, where in kinds if where == "everywhere")

    def in_our_copies(self, mapping: str, connection: str) -> Kinds:
        """What is masked in a message that has settled; nothing where storing it has masked all of it already.

        mapping: the one that has it. Where none has ("", or it is gone): all that may take the connection's.
        """
        rule = self.rules.get(mapping)
        rules = [rule] if rule else [rule for rule in self.rules.values() if rule.takes(connection)]
        left = any(
            where == "our_copies" or kind in OF_AUTHORS for rule in rules for kind, where in rule.kinds.items()
        )
        return frozenset(kind for rule in rules for kind in rule.kinds) if left else NONE

    @property
    def masks(self) -> bool:
        """Whether anything is masked at all."""
        return any(rule.kinds for rule in self.rules.values())

    @property
    def rawless(self) -> Sources:
        """Whose messages are kept without raw, as some mapping that may take them is regulated."""
        sources = [rule.source for rule in self.rules.values() if rule.regulated]
        return None if None in sources else frozenset(chain.from_iterable(filter(None, sources)))

    def keeps_raw(self, connection: str) -> bool:
        """Whether raw payloads of this connection, and what nobody could read, may be kept."""
        rawless = self.rawless
        return rawless is not None and connection not in rawless

    def stored(self, message: Message) -> Message:
        """The message as it is stored: masked, and without raw, as the mappings say that may take it."""
        kept = message if self.keeps_raw(message.connection) else replace(message, raw=b"")
        return received(kept, self.before_storing(message.connection))

    def told(self, trouble: Exception) -> str:
        """What a log line tells of an error of a CRM's or a platform's.

        Where any mapping is regulated that is its kind only: what others say may quote what they were sent.
        """
        return type(trouble).__name__ if self.rawless != frozenset() else str(trouble)


UNPROTECTED = Protection()


def protection(mappings: Iterable[CaseMapping]) -> Protection:
    """What these mappings protect; one that only watches has no say."""
    return Protection(
        {
            one.name: Rule(source=one.source, kinds=one.mask, regulated=one.regulated)
            for one in mappings
            if not one.shadow
        }
    )


# --- a message ------------------------------------------------------------------------------------------------


def received(message: Message, kinds: Kinds) -> Message:
    """The message as it is stored: its text, names and addresses, and raw, masked.

    author.phone and author.email stay, for they find the customer's record. The key of an edit that holds a hash
    of the text holds that of the masked one: a hash of what was masked could be guessed back.
    """
    if not kinds:
        return message
    ids = _ids(message)
    return replace(
        message,
        text=masks.mask(message.text, kinds),
        url=masks.mask(message.url, kinds, keep=ids),
        author=replace(
            message.author,
            name=masks.mask(message.author.name, kinds),
            avatar=masks.mask(message.author.avatar, kinds, keep=ids),
        ),
        attachments=tuple(
            replace(one, name=masks.mask(one.name, kinds), url=masks.mask(one.url, kinds, keep=ids))
            for one in message.attachments
        ),
        raw=_raw(message, kinds, ids),
    )


def settled(message: Message, kinds: Kinds) -> Message:
    """The message as our copy keeps it: as `received` does, and the author's phone number and e-mail too.

    Its key stays: it is what the item is known by.
    """
    if not kinds:
        return message
    safe = received(message, kinds)
    author = safe.author
    return replace(
        safe,
        version=safe.version if safe.key == message.key else message.key.rpartition(":")[2],
        author=replace(
            author,
            phone=masks.MASKS["phone"] if author.phone and "phone" in kinds else author.phone,
            email=masks.MASKS["email"] if author.email and "email" in kinds else author.email,
        ),
    )


def decision(text: str, kinds: Kinds) -> str:
    """What was decided from it, masked: a rule may have taken up the text.

    What was fetched of the customer's record stays: an edit or a deletion writes it into the case once more.
    """
    if not kinds:
        return text
    what = decided.load(text)
    values = {name: masks.mask(value, kinds) for name, value in what.values.items()}
    unnamed = tuple(masks.mask(told, kinds) for told in what.unnamed)
    return decided.dump(replace(what, values=values, unnamed=unnamed))


def opened(frozen: Frozen, kinds: Kinds) -> Frozen:
    """The filing once its opening message has settled: what it would have written into the case, masked."""
    if not kinds:
        return frozen
    told = frozen.filing.parts
    parts = tuple(p if is_item(p.key) else replace(p, text=masks.mask(p.text, kinds)) for p in told)
    filing = replace(frozen.filing, create=_values(frozen.filing.create, kinds), parts=parts)
    return replace(frozen, filing=filing, blanked=_values(frozen.blanked, kinds))


def _values(values: Mapping[str, Value], kinds: Kinds) -> dict[str, Value]:
    return {name: masks.mask(v, kinds) if isinstance(v, str) else v for name, v in values.items()}


# --- the platform's own words ---------------------------------------------------------------------------------


def _ids(message: Message) -> frozenset[str]:
    """The message's ids, whole and in the pieces that platforms join: some look like card numbers by chance."""
    ids = (message.id, message.thread, message.reply_to, message.account.id, message.author.id)
    return frozenset(ids) | {piece for one in ids for piece in re.findall(r"\d+", one)}


def _raw(message: Message, kinds: Kinds, ids: Collection[str]) -> bytes:
    """raw with its strings and whole numbers masked; what is no JSON is masked as text.

    A string that is one of the message's ids stays, and so do the names in front of the values.
    """
    if not message.raw:
        return message.raw
    try:
        document = json.loads(message.raw)
        masked = _within(document, kinds, ids)
        if masked == document:
            return message.raw
        return json.dumps(masked, separators=(",", ":")).encode("ascii")
    except (ValueError, RecursionError):
        text = message.raw.decode("utf-8", "surrogateescape")
        return masks.mask(text, kinds, keep=ids).encode("utf-8", "surrogateescape")


def _within(value: object, kinds: Kinds, ids: Collection[str]) -> object:
    match value:
        case dict():
            return {name: _within(one, kinds, ids) for name, one in value.items()}
        case list():
            return [_within(one, kinds, ids) for one in value]
        case str():
            return value if value in ids else masks.mask(value, kinds, keep=ids)
        case int():
            text = str(value)
            masked = masks.mask(text, kinds & {"card_number"}, keep=ids)
            return value if masked == text else masked
        case _:
            return value
