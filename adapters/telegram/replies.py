"""Answers in Telegram: how a message can be answered, and the one call that does it.

https://core.telegram.org/bots/api#sendmessage
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from adapters.telegram import faults, methods
from adapters.telegram.chat import joined, link
from bridge.calling import SOON, Answered, Api
from bridge.errors import Rejected, Unsure
from bridge.message import Message
from bridge.ports import Sending, Sent, Way
from bridge.reading import ornament

LONGEST = 4096
"""Telegram counts characters, and its entities UTF-16 units, which are never fewer: so no count is too small."""

BUSINESS = timedelta(hours=24)
"""How long a bot may answer for a business account. https://core.telegram.org/bots/api#businessbotrights"""

NUMBER = re.compile("-?[0-9]{1,20}")
PERSON = re.compile("[0-9]{1,20}")

NOWHERE = "Telegram gives a bot no way to answer this later: answer in Telegram itself, or with a private message."
NOBODY = "This was written in the name of a group or channel, and a bot writes privately to people only."


def way(to: Message, *, private: bool, heard_at: datetime) -> Way | Rejected:
    """Return how a message can be answered: privately to its author, else in the chat it stands in."""
    if private and not PERSON.fullmatch(to.author.id):
        return Rejected(NOBODY)
    if not private and "chat" not in to.notes:
        return Rejected(NOWHERE)
    until = heard_at + BUSINESS if "business" in to.notes else None
    return Way(most=LONGEST, unit="utf16", split=private or not to.public, until=until)


def send(api: Api, sending: Sending) -> Sent:
    """Send one text; where the group has become another one, which refuses the first call, there.

    Raises what Channel.send does.
    """
    answer = _call(api, sending, _body(sending))
    moved = answer.at("parameters", "migrate_to_chat_id")
    if answer.status == 400 and moved:
        answer = _call(api, sending, {"chat_id": moved, "text": sending.text})
    if not answer.ok or answer.at("ok") is False:
        raise faults.refused(answer)
    return _sent(answer, sending)


def _call(api: Api, sending: Sending, body: Mapping[str, object]) -> Answered:
    return api.write("POST", methods.method("sendMessage", sending.credentials), json=body)


def _body(sending: Sending) -> Mapping[str, object]:
    """Return what sendMessage is given. The text is plain: without parse_mode nothing in it is a command."""
    notes = sending.to.notes
    if sending.private and sending.to.public:
        return {"chat_id": _number(sending.to.author.id), "text": sending.text}
    given = {
        "message_thread_id": _number(notes.get("topic", "")),
        "direct_messages_topic_id": _number(notes.get("inbox", "")),
        "business_connection_id": notes.get("business", ""),
    }
    body: dict[str, object] = {"chat_id": _number(notes["chat"]), "text": sending.text}
    body |= {name: value for name, value in given.items() if value}
    if sending.first and "message" in notes:
        body["reply_parameters"] = {
            "message_id": _number(notes["message"]),
            "allow_sending_without_reply": True,
        }
    return body


def _number(text: str) -> int | str:
    """Return an id as Telegram's own JSON has it."""
    return int(text) if NUMBER.fullmatch(text) else text


def _sent(answer: Answered, sending: Sending) -> Sent:
    """Return the message that it has become. Its id is the one with which a business account's echo comes."""
    number, chat = answer.at("result", "message_id"), answer.at("result", "chat")
    if not isinstance(number, int) or not isinstance(chat, dict) or not isinstance(chat.get("id"), int):
        raise Unsure("Telegram took the reply and did not say what became of it", after=SOON)
    shown = sending.to.public and not sending.private
    scope = sending.to.notes.get("business", "")
    handle = ornament(chat, "username") if shown else ""
    return Sent(id=joined(scope, str(chat["id"]), str(number)), url=link(handle, str(number)))
