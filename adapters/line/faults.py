"""What the Messaging API's errors mean. Pure.

https://developers.line.biz/en/reference/messaging-api/#error-responses
"""

from __future__ import annotations

from collections.abc import Mapping

from bridge.calling import Answered, Fault, refusal
from bridge.errors import Trouble

FAULTS: Mapping[str, Fault] = {
    "401": Fault(
        means="token",
        says="LINE does not accept the channel access token: issue a new one in the LINE Developers Console and "
        "write it to connections.yaml.",
    ),
    "429 monthly limit": Fault(
        means="refused",
        says="The account has sent as many messages this month as its plan allows: answer in the LINE Official "
        "Account Manager, or let an administrator book more.",
    ),
    "429": Fault(means="throttled", says="LINE takes no more calls of the account for now."),
    "403": Fault(
        means="refused",
        says="LINE does not let the account do this: an administrator must look at its plan and its permissions.",
    ),
    "400 hasn't added": Fault(
        means="refused",
        says="The customer is no friend of the account, or has blocked it: nothing reaches them until they add it "
        "again.",
    ),
    "400 failed to send": Fault(
        means="refused",
        says="LINE could not send it: the customer or the group is gone, or the account has left the group.",
    ),
    "400 the property, 'to'": Fault(
        means="refused",
        says="LINE does not know the customer or the group by this account: it has left the group, or its channel "
        "has moved to another provider.",
    ),
    "400": Fault(
        means="refused", says="LINE refuses it: look at the conversation in the LINE Official Account Manager."
    ),
    "404": Fault(
        means="refused",
        says="LINE has nothing under this id: a person is no friend of the account, has blocked it or has not "
        "agreed to it; a file is deleted after some time.",
    ),
    "410": Fault(means="refused", says="It is gone: its sender has taken it back."),
    "413": Fault(means="refused", says="The text is too long for LINE: shorten it."),
    "500": Fault(means="temporary", says="LINE is at fault."),
}
"""A status, and the words that tell it from others of that status. The first that fits says it.

https://developers.line.biz/en/reference/messaging-api/#status-codes
"""


def refused(answer: Answered) -> Trouble:
    """Return what an answer that is no success means."""
    return refusal(answer, _code(answer), FAULTS)


def _code(answer: Answered) -> str:
    number, told = str(answer.status), str(answer.at("message") or "").lower()
    for code in FAULTS:
        known, _, words = code.partition(" ")
        if known == number and words in told:
            return code
    return number
