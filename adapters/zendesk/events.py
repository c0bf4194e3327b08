"""Reads what Zendesk's webhooks call us with: an agent has answered, a ticket was solved or opened again. Pure.

https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bridge import reading
from bridge.errors import Forged, Malformed
from bridge.ports import Answer, Callback, CaseChange, Heard, Reply, Rung
from bridge.reading import Json, Unfit

SIGNATURE, TIMESTAMP = "x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp"
TAKEN = Answer()
VERSION = 1  #: of the body that the trigger of `subscribe` sends
CLOSED = frozenset({"SOLVED", "CLOSED"})
STATUSES = frozenset({"NEW", "OPEN", "PENDING", "HOLD"}) | CLOSED


def hear(callback: Callback, secrets: Sequence[str]) -> Heard:
    """Read one call: of an event the reply or the change in it, of our trigger the ticket to be read.

    Events of other kinds are acknowledged, and nothing is kept of them. How old a call is makes no difference:
    Zendesk repeats some after minutes, and the same comment is the same reply whenever it is told.
    secrets: the webhook's signing secrets; [] = nobody may call. Raises Forged, or Malformed.
    """
    _verify(callback, secrets)
    try:
        told = reading.fit(reading.document(callback.body))
        return _rung(told, callback.received_at) if "v" in told else _event(told, callback.received_at)
    except (ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, Unfit) else type(error).__name__
        raise Malformed(f"it is no event that Zendesk documents, and none of our trigger's calls: {why}") from None


def _verify(callback: Callback, secrets: Sequence[str]) -> None:
    """See that Zendesk signed it: the secret's own letters are the key, over timestamp and body.

    https://developer.zendesk.com/documentation/webhooks/verifying/
    """
    if callback.method != "POST":
        raise Forged(f"Zendesk calls with POST, not with {callback.method!r}")
    if not secrets:
        raise Forged("webhook_secret is not set, so nobody may call here")
    given, when = (callback.headers.get(name, "") for name in (SIGNATURE, TIMESTAMP))
    if not given or not when:
        raise Forged("it is not signed")
    signed = when.encode(errors="surrogatepass") + callback.body
    wanted = [signature(secret, signed) for secret in secrets]
    if not any(hmac.compare_digest(given.encode(errors="surrogatepass"), one) for one in wanted):
        raise Forged("the signature does not hold: compare webhook_secret with the webhook's signing secret")


def signature(secret: str, signed: bytes) -> bytes:
    """Return what Zendesk puts into the header for these bytes: the timestamp, and right behind it the body."""
    return base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256))


def _rung(told: Json, received_at: datetime) -> Heard:
    """Our trigger tells ids alone: the texts would break the JSON, and the latest one may be another's by now."""
    if reading.ident(told, "v") != str(VERSION):
        raise Unfit("its version is not the one that subscribe sets up")
    case_id = _number(told, "ticket_id")
    at = reading.moment(told, "updated_at") or received_at
    ring = Rung(case_id=case_id, at=min(at, received_at), by=reading.ident(told, "by"))
    return Heard(rung=(ring,), answer=TAKEN)


def _event(told: Json, received_at: datetime) -> Heard:
    kind = reading.need(reading.words(told, "type"), "type")
    read = READ.get(kind)
    if read is None:
        return Heard(answer=TAKEN)
    return read(reading.part(told, "detail"), reading.part(told, "event"), _moment(told, received_at))


def _commented(ticket: Json, event: Json, _: datetime) -> Heard:
    """Return what an agent says to the customer: public, and not the customer's own, who may be an agent too."""
    comment = reading.part(event, "comment")
    author = reading.part(comment, "author")
    by = reading.ident(author, "id")
    public, staff = reading.flag(comment, "is_public"), reading.flag(author, "is_staff")
    if not (public and staff) or by == reading.ident(ticket, "requester_id"):
        return Heard(answer=TAKEN)
    reply = Reply(
        id=_number(comment, "id"),
        case_id=_number(ticket, "id"),
        text=reading.words(comment, "body").strip(),
        agent=reading.ornament(author, "name"),
        meant=False,
        by=_actor(ticket) or by,
    )
    return Heard(said=(reply,), answer=TAKEN)


def _actor(ticket: Json) -> str:
    """Return whose token or browser did it, which is not always the comment's author; "" = it does not say."""
    actor = reading.ident(ticket, "actor_id")
    return actor if actor.isdecimal() and int(actor) else ""


def _moved(ticket: Json, event: Json, at: datetime) -> Heard:
    status = reading.words(event, "current").upper()
    if status not in STATUSES:  # deleted, archived or scrubbed: that tells nothing of it
        return Heard(answer=TAKEN)
    change = CaseChange(case_id=_number(ticket, "id"), closed=status in CLOSED, at=at)
    return Heard(cases=(change,), answer=TAKEN)


READ: Mapping[str, Callable[[Json, Json, datetime], Heard]] = {
    "zen:event-type:ticket.comment_added": _commented,
    "zen:event-type:ticket.status_changed": _moved,
}
"""Type of event -> what is read of it; `subscribe` subscribes to these."""


def _moment(told: Json, received_at: datetime) -> datetime:
    return reading.moment(told, "time") or received_at


def _number(of: Json, name: str) -> str:
    """Return an id. Raises Unfit where it is none of Zendesk's, which are all numbers."""
    value = reading.ident(of, name)
    if not (value.isascii() and value.isdecimal() and len(value) <= 19):
        raise Unfit(f"{name} is no number")
    return value
