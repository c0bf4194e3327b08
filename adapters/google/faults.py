"""What the errors of Google's APIs mean for a reply. Pure.

https://docs.cloud.google.com/apis/design/errors and
https://developers.google.com/identity/protocols/oauth2/web-server#exchange-errors
"""

from __future__ import annotations

from collections.abc import Mapping

from bridge.calling import Answered, Fault, refusal
from bridge.errors import Trouble

LONGEST_CODE = 80

ANEW = (
    "sign in anew as somebody who manages the location, as the page about Google reviews shows, and put the new "
    "refresh_token under the account in connections.yaml."
)

FAULTS: Mapping[str, Fault] = {
    "RESOURCE_EXHAUSTED": Fault(
        means="throttled",
        says="Google takes no more calls of the project for now; if it never does, the project has not been "
        "granted the Business Profile APIs.",
    ),
    "RATE_LIMIT_EXCEEDED": Fault(means="throttled", says="Google takes no more calls of the project for now."),
    "UNAUTHENTICATED": Fault(means="token", says=f"Google does not accept the account's sign-in: {ANEW}"),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": Fault(
        means="token", says=f"The sign-in does not allow Casebridge to manage the Business Profile: {ANEW}"
    ),
    "SERVICE_DISABLED": Fault(
        means="token",
        says="The Google My Business API is not enabled in the project: enable it in the Google Cloud console.",
    ),
    "invalid_grant": Fault(means="token", says=f"Google does not renew the sign-in any more: {ANEW}"),
    "invalid_client": Fault(
        means="token",
        says="Google does not know the OAuth client: compare client_id and client_secret in connections.yaml with "
        "APIs & Services > Credentials in the Google Cloud console.",
    ),
    "unauthorized_client": Fault(
        means="token", says=f"The refresh_token was made with another OAuth client than client_id: {ANEW}"
    ),
    "PERMISSION_DENIED": Fault(
        means="refused",
        says="Whoever signed in may not answer for the location: make them an owner or a manager of the Business "
        "Profile, then answer again.",
    ),
    "NOT_FOUND": Fault(means="refused", says="The review is gone, so there is nothing left to answer."),
    "FAILED_PRECONDITION": Fault(
        means="refused",
        says="Google takes answers for verified locations only: verify the location in its Business Profile.",
    ),
    "INVALID_ARGUMENT": Fault(
        means="refused", says="Google refuses the text: shorten it, and leave out what Google could not show."
    ),
    "ABORTED": Fault(means="temporary", says="Google broke off, because something else changed the review."),
    "CANCELLED": Fault(means="temporary", says="Google broke off."),
    "DEADLINE_EXCEEDED": Fault(means="temporary", says="Google did not get done in time."),
    "INTERNAL": Fault(means="temporary", says="Google is at fault."),
    "UNAVAILABLE": Fault(means="temporary", says="Google cannot be reached for now."),
    "UNKNOWN": Fault(means="temporary", says="Google is at fault, and does not say how."),
}


def refused(answer: Answered) -> Trouble:
    """Return what an answer that is no success means: by the reason that it names, else by its status."""
    return refusal(answer, _code(answer), FAULTS)


def is_gone(answer: Answered) -> bool:
    """Whether Google itself says that something is not there, and not a server that knows no such path."""
    return answer.status == 404 and _code(answer) == "NOT_FOUND"


def _code(answer: Answered) -> str:
    told, details = answer.at("error"), answer.at("error", "details")
    if isinstance(told, str):  # as OAuth says it
        return told[:LONGEST_CODE]
    reasons = [one.get("reason") for one in details if isinstance(one, dict)] if isinstance(details, list) else []
    named = next((one for one in reasons if isinstance(one, str) and one in FAULTS), answer.at("error", "status"))
    return named[:LONGEST_CODE] if isinstance(named, str) else ""
