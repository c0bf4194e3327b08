"""What the errors of Trustpilot's API mean for a reply. Pure.

Trustpilot numbers its errors by the HTTP status alone:
https://developers.trustpilot.com/common-errors-for-integration-partners
"""

from __future__ import annotations

from collections.abc import Mapping

from bridge.calling import Answered, Fault, refusal
from bridge.errors import Trouble

FAULTS: Mapping[str, Fault] = {
    "400": Fault(
        means="refused",
        says="Trustpilot refuses the answer: shorten it, and see that business_user in connections.yaml is the id "
        "of a user.",
    ),
    "401": Fault(
        means="token",
        says="Trustpilot does not accept the app: compare api_key and api_secret in connections.yaml with "
        "Integrations > Developers > APIs in Trustpilot Business.",
    ),
    "403": Fault(
        means="refused",
        says="Trustpilot does not let the app do this for the business unit: it needs a plan with the API, and a "
        "user who may answer for it.",
    ),
    "404": Fault(means="refused", says="The review is gone, so there is nothing left to answer."),
    "415": Fault(means="refused", says="Trustpilot cannot read what it was sent: answer in Trustpilot Business."),
    "429": Fault(means="throttled", says="Trustpilot takes no more calls of the app for now."),
    "500": Fault(means="temporary", says="Trustpilot is at fault."),
    "501": Fault(means="refused", says="Trustpilot has not built this: answer in Trustpilot Business."),
}


def refused(answer: Answered) -> Trouble:
    """Return what an answer that is no success means."""
    return refusal(answer, str(answer.status), FAULTS)
