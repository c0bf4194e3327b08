"""What the Bot API's errors mean for a reply. Pure.

Telegram numbers its errors roughly and tells them apart in words, which are documented nowhere: these are those of
its own server, https://github.com/tdlib/telegram-bot-api. What it says besides is known by its number alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from bridge.calling import Answered, Fault, refusal, trouble
from bridge.errors import Trouble

LATER = "429"

FAULTS: Mapping[str, Fault] = {
    "401": Fault(
        means="token",
        says="Telegram does not accept the bot's token: copy the current one from @BotFather to connections.yaml.",
    ),
    "404": Fault(
        means="token",
        says="Telegram knows no bot with this token: copy the one from @BotFather to connections.yaml.",
    ),
    LATER: Fault(means="throttled", says="Telegram takes no more of the bot's messages for now."),
    "403 blocked by the user": Fault(
        means="refused",
        says="The customer has blocked the bot: nothing reaches them there until they unblock it.",
    ),
    "403 user is deactivated": Fault(
        means="refused", says="The customer has deleted their Telegram account: answer them elsewhere."
    ),
    "403 can't initiate conversation": Fault(
        means="refused",
        says="The customer has never written to the bot itself, so it may not write to them privately: answer in "
        "public, and ask them there to open the bot and press Start.",
    ),
    "403 can't send messages to bots": Fault(
        means="refused", says="Another bot wrote this, and bots cannot write to bots."
    ),
    "403 was kicked": Fault(
        means="refused", says="The bot was removed from the group or channel: add it there again, then answer."
    ),
    "403 is not a member": Fault(
        means="refused", says="The bot is not in the group or channel any more: add it there again, then answer."
    ),
    "403": Fault(
        means="refused",
        says="Telegram does not let the bot write there: look at its rights in the group, or among the business "
        "account's chatbots.",
    ),
    "400 chat not found": Fault(
        means="refused", says="The chat is gone, or the bot is not in it any more: answer the customer elsewhere."
    ),
    "400 supergroup": Fault(
        means="refused", says="The group has become another one, which Telegram does not name: answer there."
    ),
    "400 not enough rights": Fault(
        means="refused",
        says="The bot may not write in the group: let its administrators give it the right to send messages.",
    ),
    "400 chat_write_forbidden": Fault(
        means="refused",
        says="The bot may not write in the group: let its administrators give it the right to send messages.",
    ),
    "400 message thread not found": Fault(
        means="refused", says="The group's topic was deleted: answer in another topic."
    ),
    "400 topic_closed": Fault(
        means="refused", says="The group's topic is closed: let an administrator open it, then answer."
    ),
    "400 topic_deleted": Fault(means="refused", says="The group's topic was deleted: answer in another topic."),
    "400 business_peer_usage_missing": Fault(
        means="refused",
        says="The customer wrote more than 24 hours ago, and then a bot may no longer answer for a business "
        "account: answer in the account's own app.",
    ),
    "400 business connection not found": Fault(
        means="refused",
        says="The business account is no longer connected to the bot: connect it in Telegram Business > Chatbots, "
        "or answer in the account's own app.",
    ),
    "400 business_connection_invalid": Fault(
        means="refused",
        says="The business account is no longer connected to the bot: connect it in Telegram Business > Chatbots, "
        "or answer in the account's own app.",
    ),
    "400 message is too long": Fault(means="refused", says="The text is too long for Telegram: shorten it."),
    "400 text must be non-empty": Fault(means="refused", says="Telegram sees no text in the reply: write some."),
    "400": Fault(means="refused", says="Telegram refuses it: look for the message in Telegram itself."),
}
"""An error's number, and the words that tell it from others of that number. The first that fits says it.

https://core.telegram.org/bots/api#making-requests, https://core.telegram.org/api/errors
"""


def refused(answer: Answered) -> Trouble:
    """Return what an answer that is no success means."""
    code = _code(answer)
    after = answer.at("parameters", "retry_after")
    if code == LATER and isinstance(after, int) and after >= 0:
        return trouble(FAULTS[LATER], code, after=timedelta(seconds=min(after, 86_400)))
    return refusal(answer, code, FAULTS)


def _code(answer: Answered) -> str:
    number, told = str(answer.at("error_code") or answer.status), str(answer.at("description") or "").lower()
    for code in FAULTS:
        known, _, words = code.partition(" ")
        if known == number and words in told:
            return code
    return number
