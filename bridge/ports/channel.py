"""From a platform to us: what a channel's adapter takes and gives.

A channel is built as `Adapter(settings, accounts)`, one that `reads_payload_maps` as `Adapter(settings, accounts,
payload)`. It keeps no state: what it must remember comes in with the request and goes back with the answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Protocol

from bridge.errors import Rejected
from bridge.fetching import File, Unfetchable
from bridge.message import Account, Message, Person
from bridge.ports.replies import Credentials, Doubt, Sending, Sent, Way
from bridge.ports.upkeep import Finding, Renewed, Upkeep


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One HTTP request to /in/<connection>, as the web edge hands it on."""

    connection: str  #: name in connections.yaml
    method: str  #: GET or POST
    url: str  #: as the platform called it: PUBLIC_URL or the proxy's headers honoured
    query: Mapping[str, str]
    headers: Mapping[str, str]  #: names in lower case
    body: bytes  #: untouched: signatures are over these very bytes
    received_at: datetime
    secret: str = ""  #: what follows the connection's name in the path, of a channel that `takes_secret`


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to answer a platform."""

    status: int = 200
    body: str = ""
    type: str = "text/plain; charset=utf-8"
    learned: Mapping[str, str] = field(default_factory=dict)
    """What a handshake told, kept per connection under these names until it is told anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something that is not a message. Counted per connection and day; it has no row of its own."""

    reason: Literal["receipt", "typing", "reaction", "system", "other_app", "unknown_account", "unknown_event"]
    event: str  #: the platform's name for it, at most 80 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """One item of a callback that parse could not read; its neighbours were. Becomes one dead item."""

    item: bytes
    error: str  #: what was wrong, without the content


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The platform says that it has something of ours, and hands back the mark that we had sent along."""

    account: str  #: our account's id
    id: str  #: the platform's id of what we sent
    reply: str  #: the mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """The platform says later that something of ours never reached the customer, though it had taken it."""

    account: str  #: our account's id
    id: str  #: the platform's id of what we sent
    reason: str  #: a whole sentence for the agent, with the platform's code
    reply: str = ""  #: the mark that we had sent along, where the platform hands it back; "" = it does not


Event = Message | Skipped | Delivered | Undelivered | Unreadable


class PayloadMap(Protocol):
    """Says what the fields of a tool's JSON mean: a file under payloads/ that admins write. Pure."""

    def events(self, callback: Callback, accounts: Mapping[str, Account]) -> list[Event]:
        """Every item of the body, in its order. As Channel.parse, it never raises.

        accounts: id -> account; an item for any other is skipped by name.
        """


Lack = Literal["author", "content"]
"""What a callback leaves out: who the author is, the same for all their messages; or what the message says."""


class Channel(ABC):
    """A platform that calls us. verify, parse and all that says `pure` do no I/O; the others have time limits.

    What a channel does not build it inherits: one that takes no replies, and whose callbacks lack nothing.
    """

    reads_payload_maps: ClassVar[bool] = False  #: its settings name a payload map, which it is built with
    takes_secret: ClassVar[bool] = False  #: its URL ends in a secret, which `verify` compares
    one_account: ClassVar[bool] = False  #: its callbacks do not say whom they are for: it lists exactly one
    handshakes: ClassVar[bool] = False  #: the platform checks the callback's URL before it calls it
    subscribes: ClassVar[bool] = False  #: it has an API to set up what the platform sends
    backfills: ClassVar[bool] = False  #: it has an API for what was missed

    # --- a callback ---

    @abstractmethod
    def verify(self, callback: Callback) -> Answer | None:
        """None: the request is the platform's. An Answer ends the request here: a handshake.

        Raises Forged (403), Malformed (400), or Unready (503) when it cannot tell just now.
        """

    @abstractmethod
    def parse(self, callback: Callback) -> list[Event]:
        """Every item of a verified callback, in the platform's order; [] = nothing in it. Pure.

        Content never makes it raise: an item that cannot be read is an Unreadable among its neighbours.
        """

    @abstractmethod
    def sign(self, body: bytes) -> Mapping[str, str]:
        """The headers with which the platform would send this body: for `casebridge send` and the tests."""

    def accepted(self) -> Answer:
        """The answer once everything is stored."""
        return Answer()

    # --- what the callback lacked ---

    def lacks(self, message: Message) -> Collection[Lack]:  # noqa: ARG002 - most callbacks lack nothing
        """What has to be fetched before anybody can decide about the message; () = nothing. Pure."""
        return ()

    def author(self, message: Message, credentials: Credentials) -> Person:
        """Who wrote it, as far as the platform says. It is remembered for all of the author's messages.

        Raises RetryLater, Paused (the token is dead), or Rejected when it will never be told.
        """
        raise NotImplementedError

    def content(self, message: Message, credentials: Credentials) -> Message | None:
        """The message with what it says; None = it is no longer there. The same id, change and version.

        Raises RetryLater, Paused (the token is dead), or Rejected when it will never be told.
        """
        raise NotImplementedError

    def open(self, media: str, account: str, credentials: Credentials) -> File:  # noqa: ARG002
        """The file behind Attachment.id, for a mapping that copies. Raises Unfetchable."""
        raise Unfetchable("this platform hands out no files by their ids")

    # --- replies ---

    def way(self, to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:  # noqa: ARG002
        """How this message can be answered now, or a sentence why it cannot. Pure.

        private: the agent asks for a private message although the conversation is public. heard_at: when the
        customer wrote last in this conversation.
        """
        return Rejected("this platform takes no replies: answer where the customer wrote")

    def doubt(self, sending: Sending) -> Doubt:  # noqa: ARG002
        """What tells whether a reply went out whose answer was lost. Pure."""
        return "ask"

    def send(self, sending: Sending) -> Sent:
        """Send one text, with one call that may have an effect, the last one it makes.

        Raises RetryLater (nothing was sent), Unsure (it may have been), Rejected (never; a whole sentence for
        the agent) or Paused (the account's token is dead: nothing of it can be sent).
        """
        raise NotImplementedError

    def look(self, sending: Sending) -> Sent | None:
        """Whether an earlier attempt went out: what stands there, None = nothing does. Only after "look".

        Raises RetryLater, Paused, or Rejected when the platform will not tell.
        """
        raise NotImplementedError

    # --- upkeep ---

    def examine(self, upkeep: Upkeep) -> list[Finding]:  # noqa: ARG002
        """Look, with calls that change nothing, whether the platform is set up so that callbacks and replies work.

        Credentials, their scopes and their end; the callback and the subscription; the platform's clock. What
        cannot be reached is a finding too: it never raises.
        """
        return []

    def subscribe(self, upkeep: Upkeep) -> list[Finding]:  # noqa: ARG002
        """Look, and write what is missing or wrong and nothing else: a second time it writes nothing.

        Only where `subscribes`. It never raises.
        """
        return []

    def renews(self, account: str, credentials: Credentials) -> bool:  # noqa: ARG002
        """Whether these credentials end, and `renew` puts others in their place. Pure."""
        return False

    def renew(self, account: str, credentials: Credentials, now: datetime) -> Renewed | None:  # noqa: ARG002
        """Put new credentials in the place of those that end; None = these need none, or not yet.

        Raises RetryLater, or Rejected when a person must sign in anew.
        """
        return None

    def backfill(self, account: str, credentials: Credentials, since: datetime) -> Iterator[list[Event]]:
        """What came since then, page by page, with the very keys that callbacks give. Only where `backfills`.

        The adapter knows neither its connection's name nor our clock: whoever calls puts `connection` and
        `received_at` of each message right. Raises RetryLater, Paused or Rejected; what was yielded is good.
        """
        raise NotImplementedError
