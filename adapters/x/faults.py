"""What X's refusals mean, and what agents and admins read about them. Pure.

https://docs.x.com/x-api/fundamentals/response-codes-and-errors
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from adapters.x.entities import each
from bridge.calling import Answered, Fault, refusal, trouble
from bridge.errors import Trouble
from bridge.reading import digits, ornament

THROTTLED = "X takes no more from this handle or app for now."
BROKEN = "X is at fault, and may have taken the reply all the same."
GONE = "The post is deleted, or its author hides it from the handle: there is nothing to answer."
HIDDEN = "The customer's account is protected or has blocked the handle: it cannot be answered from here."
MALFORMED = "X cannot read the request: write the reply anew in plain words, or answer on X itself."

FAULTS: Mapping[str, Fault] = {
    "400": Fault(means="refused", says=MALFORMED),
    "invalid-request": Fault(means="refused", says=MALFORMED),
    "401": Fault(
        means="token",
        says="X does not accept the token: an admin must make a new one in X's developer console and put it into "
        "connections.yaml.",
    ),
    "402": Fault(
        means="token",
        says="The app's credits at X are used up or its spending limit is reached: an admin must top them up or "
        "raise it in X's developer console.",
    ),
    "403": Fault(means="refused", says="X does not allow this: answer on X itself."),
    "404": Fault(means="refused", says=GONE),
    "resource-not-found": Fault(means="refused", says=GONE),
    "not-authorized-for-resource": Fault(means="refused", says=HIDDEN),
    "client-forbidden": Fault(
        means="token",
        says="The app may not use this part of X's API: an admin must give it a project and a plan that holds it, "
        "in X's developer console.",
    ),
    "oauth1-permissions": Fault(
        means="refused",
        says="The handle's token does not allow this: an admin must set the app's permissions to 'Read and write "
        "and Direct message' in X's developer console, and then make a new access token and secret.",
    ),
    "unsupported-authentication": Fault(
        means="refused", says="X does not take this kind of token here: it wants a sign-in by OAuth 2."
    ),
    "not mentioned": Fault(
        means="refused",
        says="X lets apps answer only posts that mention, answer or quote the handle: answer on X itself.",
    ),
    "replies limited": Fault(
        means="refused",
        says="The author lets only some people answer this post, and the handle is none of them: write a private "
        "message instead.",
    ),
    "post gone": Fault(means="refused", says=GONE),
    "duplicate content": Fault(
        means="refused",
        says="X says that the handle has posted this very text already: look whether it stands in the "
        "conversation; if it does not, change a word and send it again.",
    ),
    "messages closed": Fault(
        means="refused",
        says="The customer takes no direct messages from the handle: answer in public, and ask them to write one.",
    ),
    "too long": Fault(means="refused", says="The reply is too long for X: shorten it."),
    "automated": Fault(
        means="refused", says="X takes the reply for spam: say it in other words, or answer on X itself."
    ),
    "account locked": Fault(
        means="token",
        says="X has locked or suspended the handle: its owner must sign in at x.com and do what it says.",
    ),
    "429": Fault(means="throttled", says=THROTTLED),
    "rate-limit-exceeded": Fault(means="throttled", says=THROTTLED),
    "usage-capped": Fault(
        means="throttled",
        says="The app has used up what its plan at X allows: wait, or raise it in X's developer console.",
    ),
    "500": Fault(means="temporary", says=BROKEN),
    "502": Fault(means="temporary", says=BROKEN),
    "503": Fault(means="temporary", says=BROKEN),
    "504": Fault(means="temporary", says=BROKEN),
}
"""X's errors: by the last word of the problem's type, by what its detail says, else by the HTTP status."""

SAID: Mapping[str, str] = {
    "duplicate": "duplicate content",
    "not been mentioned": "not mentioned",
    "where you are mentioned": "not mentioned",
    "restricted who can reply": "replies limited",
    "deleted or not visible": "post gone",
    "permission to dm": "messages closed",
    "cannot send messages to this user": "messages closed",
    "too long": "too long",
    "over the max character limit": "too long",
    "looks like it might be automated": "automated",
    "temporarily locked": "account locked",
    "is suspended": "account locked",
    "oauth1 app permissions": "oauth1-permissions",
}
"""Words of a detail whose type says nothing -> the fault."""

NUMBERED: Mapping[str, str] = {
    "32": "401",
    "64": "account locked",
    "88": "429",
    "89": "401",
    "130": "503",
    "131": "500",
    "144": "post gone",
    "150": "messages closed",
    "185": "429",
    "186": "too long",
    "187": "duplicate content",
    "226": "automated",
    "261": "oauth1-permissions",
    "326": "account locked",
    "349": "messages closed",
    "354": "too long",
    "385": "post gone",
    "433": "replies limited",
}
"""Codes of the older API, which X still answers with now and then -> the fault."""

LIMITS = ("x-user-limit-24hour", "x-app-limit-24hour", "x-rate-limit")


def refused(answer: Answered) -> Trouble:
    """Return what an answer that is no success means for something that was to be sent."""
    name = code(answer)
    known = FAULTS.get(name)
    return trouble(known, name, after=rest(answer)) if known else refusal(answer, name, FAULTS)


def code(answer: Answered) -> str:
    """Return under what an answer stands in FAULTS; what stands nowhere goes by its HTTP status."""
    errors = each(answer.json, "errors")
    for problem in (answer.json, *errors):
        kind = ornament(problem, "type").rpartition("/problems/")[2]
        if kind in FAULTS and kind != "invalid-request":
            return kind
        said = f"{ornament(problem, 'detail')} {ornament(problem, 'message')}".lower()
        found = next((name for words, name in SAID.items() if words in said), "")
        if found:
            return found
        if (number := digits(problem, "code")) in NUMBERED:
            return NUMBERED[number]
    if ornament(answer.json, "type").endswith("/invalid-request"):
        return "invalid-request"
    return str(answer.status)


def rest(answer: Answered) -> timedelta | None:
    """Return how long X wants to be left alone, by its own clock; None = it does not say."""
    now = answer.clock
    if answer.status != 429 or now is None:
        return answer.retry_after
    spent = [limit for limit in LIMITS if answer.headers.get(f"{limit}-remaining") == "0"] or ["x-rate-limit"]
    ends = [_ends(answer, limit) for limit in spent]
    waits = [end - now for end in ends if end is not None and end > now]
    return max(waits, default=answer.retry_after)


def _ends(answer: Answered, limit: str) -> datetime | None:
    seconds = digits(answer.headers, f"{limit}-reset")
    return datetime.fromtimestamp(int(seconds), UTC) if 0 < len(seconds) < 11 else None
