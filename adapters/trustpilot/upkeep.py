"""Looks whether Trustpilot's API takes the app and knows the business unit. Webhooks have no API.

https://developers.trustpilot.com/business-units-api
"""

from __future__ import annotations

from adapters.trustpilot import faults
from adapters.trustpilot.service import Service
from bridge.calling import harmless
from bridge.errors import Paused, RetryLater, Trouble
from bridge.examining import clock
from bridge.ports import Finding, Upkeep

LATER = "Run it again in a few minutes."
KEYS = "Copy both from Integrations > Developers > APIs in Trustpilot Business to connections.yaml."
UNIT = "Find it with GET https://api.trustpilot.com/v1/business-units/find?name=<your domain>, header apikey."
PLAN = "Have Trustpilot add the API to the plan, and let the app have this business unit."

UNADDRESSED = Finding(
    level="fault", about="url", says="Nobody knows where Trustpilot reaches Casebridge.", do="Set PUBLIC_URL."
)
UNARMED = Finding(
    level="warning",
    about="app",
    says="connections.yaml holds no api_key, so events are believed as they come, and no review can be answered.",
    do="Write api_key, api_secret and business_user into connections.yaml.",
)
NOBODY = Finding(
    level="warning",
    about="business_user",
    says="connections.yaml holds no business_user, so no review can be answered.",
    do="Write the user's id, which stands in their profile in Trustpilot Business.",
)
WEBHOOKS = Finding(
    level="ok",
    about="callback",
    says="Whether webhooks lead here nobody can ask Trustpilot: press Test in Integrations > Developers > Webhook "
    "notifications.",
)


def examine(service: Service, account: str, upkeep: Upkeep, *, user: str) -> list[Finding]:
    """Return what there is to say about the app and the business unit. Changes nothing, and never raises."""
    found = [WEBHOOKS if upkeep.url else UNADDRESSED]
    if not service.key:
        return [*found, UNARMED]
    found += [] if user else [NOBODY]
    try:
        answer = service.sign_in()
    except Trouble as trouble:
        return [*found, _unasked(trouble, account, "token", "for a token", KEYS)]
    token = Finding(level="ok", account=account, about="token", says="Trustpilot accepts the app.")
    return [*found, token, *_unit(service, account), *clock("Trustpilot", [answer.clock], upkeep.now)]


def _unit(service: Service, account: str) -> list[Finding]:
    try:
        answer = service.public(f"/v1/business-units/{account}")
        if answer.status == 404:
            says = f"Trustpilot knows no business unit {account!r}."
            return [Finding(level="fault", account=account, about="business_unit", says=says, do=UNIT)]
        if not answer.ok:
            raise harmless(faults.refused(answer))
    except Trouble as trouble:
        return [_unasked(trouble, account, "business_unit", "for the business unit", KEYS)]
    try:
        service.read(f"/v1/private/business-units/{account}/reviews", query={"perPage": "1"})
    except Trouble as trouble:
        return [_unasked(trouble, account, "access", "for the business unit's reviews", PLAN)]
    says = "The business unit's reviews can be read."
    return [Finding(level="ok", account=account, about="access", says=says)]


def _unasked(trouble: Trouble, account: str, about: str, what: str, do: str) -> Finding:
    """What was found where Trustpilot did not answer as it should: broken, or only not to be told now."""
    says = f"Trustpilot was asked {what}: {trouble}"
    if isinstance(trouble, RetryLater):
        return Finding(level="warning", account=account, about=about, says=says, do=LATER)
    about, do = ("token", KEYS) if isinstance(trouble, Paused) else (about, do)
    return Finding(level="fault", account=account, about=about, says=says, do=do)
