"""Answers in LINE: pushed to the chat that the message came from, with a key that keeps them single.

https://developers.line.biz/en/reference/messaging-api/#send-push-message
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from adapters.line import faults
from adapters.line.completing import token
from bridge.calling import SOON, Answered, Api
from bridge.errors import Rejected, Unsure
from bridge.message import Message
from bridge.ports import Doubt, Sending, Sent, Way

LONGEST = 5000  #: UTF-16 units. https://developers.line.biz/en/docs/messaging-api/text-character-count/

KEPT = timedelta(hours=23)
"""How long LINE is sure to know a retry key: 24 hours, less what our clocks may differ and a call may take.

https://developers.line.biz/en/docs/messaging-api/retrying-api-request/
"""

ACCEPTED = 409
NOWHERE = "LINE does not say which chat this came from: answer in the LINE Official Account Manager."


def way(to: Message) -> Way | Rejected:
    """Return how a message can be answered: in its chat, at any time."""
    return Way(most=LONGEST, unit="utf16", split=True) if "to" in to.notes else Rejected(NOWHERE)


def doubt(sending: Sending) -> Doubt:
    """Return "repeat" as long as LINE knows the key of the first attempt."""
    return "repeat" if sending.tried_at is None or sending.now - sending.tried_at < KEPT else "ask"


def send(api: Api, sending: Sending) -> Sent:
    """Push one text. LINE does it once for each mark, and says so when it has. Raises what Channel.send does.

    The reply token would be free of charge, but it lives for a minute and takes no key.
    """
    message = {"type": "text", "text": sending.text}
    if sending.first and "quote" in sending.to.notes:
        message["quoteToken"] = sending.to.notes["quote"]
    answer = api.write(
        "POST",
        "/v2/bot/message/push",
        token=token(sending.credentials),
        headers={"X-Line-Retry-Key": str(UUID(sending.mark))},
        json={"to": sending.to.notes["to"], "messages": [message]},
    )
    if not answer.ok and answer.status != ACCEPTED:
        raise faults.refused(answer)
    number = _number(answer)
    if not number and answer.ok:
        raise Unsure("LINE took the reply and did not say what became of it", after=SOON)
    return Sent(id=number or sending.mark)


def _number(answer: Answered) -> str:
    """Return the message's id, or that of the call that was accepted; "" = LINE says neither."""
    sent = answer.at("sentMessages")
    first = sent[0] if isinstance(sent, list) and sent else None
    number = first.get("id") if isinstance(first, dict) else None
    return str(
        number or answer.headers.get("x-line-accepted-request-id") or answer.headers.get("x-line-request-id") or ""
    )
