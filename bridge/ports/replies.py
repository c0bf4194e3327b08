"""An agent's reply on its way to the customer, and what the platform makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from pydantic import SecretStr

from bridge.errors import RetryLater
from bridge.message import Message

Unit = Literal["characters", "utf16", "bytes", "graphemes", "weighted", "emoji_bytes"]
"""What a platform counts in a text: bridge.measuring says how."""

Doubt = Literal["repeat", "look", "ask"]
"""What to do about a reply that may have been sent.

repeat: send it again, the platform knows the mark. look: the platform can be asked. ask: nobody can tell but the
echo, so an agent must look.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What an account of ours is opened with: its keys in connections.yaml, or what they were renewed to."""

    token: SecretStr | None = None
    secret: SecretStr | None = None  #: `token_secret`: X
    refresh: SecretStr | None = None  #: `refresh_token`: TikTok, Google


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an agent answers a customer, as the CRM tells it."""

    id: str  #: the CRM's, without a ~: the same again is the same reply
    case_id: str  #: the CRM's
    text: str
    agent: str = ""
    private: bool = False  #: a private message, also where the customer wrote in public
    answers: str = ""  #: key of the message that it answers; "" = the case's latest one of a customer
    meant: bool = True  #: for us, surely; False: agents write the like in cases that are none of ours
    by: str = ""  #: the CRM's id of whoever wrote it there, where that may have been we ourselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A case in which an agent has written."""

    case_id: str
    at: datetime  #: about when; what stands there from long before is no news
    reply: str = ""  #: the Reply.id to be read again, whenever it was written; "" = what is new
    by: str = ""  #: as Reply.by; "" = it does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """Replies since a cursor, and the cursor for next time."""

    replies: Sequence[Reply]
    cursor: str
    us: str = ""  #: the Reply.by of what we write there ourselves; "" = it is told apart without


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a reply, for the CRM. A later one takes the place of an earlier."""

    reply: str  #: Reply.id
    case_id: str
    state: Literal["sent", "failed", "unsure"]
    says: str = ""  #: why it failed, or what the agent should look for; a whole sentence
    url: str = ""  #: where the customer reads it


class Desk(Protocol):
    """Where agents write: the reply half of a CRM. Both raise RetryLater or Paused."""

    @property
    def every(self) -> timedelta:
        """How long to wait between two reads, where nothing rings."""

    def poll(self, cursor: str, rung: Sequence[Rung] = ()) -> Polled:
        """The replies since a cursor, "" = from now on or from the beginning, as the CRM can; and those in `rung`.

        One that was meant for us, and that it gives although it was told how that ended, is told of again.
        """

    def report(self, deliveries: Sequence[Delivery]) -> Mapping[str, RetryLater]:
        """Tell the agents; Reply.id -> why it could not be told yet, {} = all are told.

        The same delivery may be reported twice. When it raises, none is told.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a message can be answered."""

    most: int  #: the longest text, in `unit`
    unit: Unit
    split: bool  #: a longer one goes out as several messages; False: it is refused, and the agent told
    until: datetime | None = None  #: when the platform takes no more; None = it always does


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One text to send."""

    to: Message  #: the customer's message that it answers
    text: str
    private: bool  #: by private message, although `to` may be public
    mark: str  #: random, the same whenever this text is sent again: an idempotency key, or to know our echo by
    first: bool = True  #: the first or only text of its reply: later ones need not quote `to`
    credentials: Credentials
    heard_at: datetime  #: when the customer wrote last in this conversation
    now: datetime
    tried_at: datetime | None = None  #: the first attempt whose answer was lost; None = there was none


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the platform made of it."""

    id: str  #: as its echo will carry it
    url: str = ""
