"""Looks after WhatsApp's phone numbers: their tokens, their standing, and whether the app hears of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from adapters.meta import tokens, whatsapp, whatsapp_files
from adapters.meta.graph import Graph, objects, path, token_of, under
from adapters.meta.subscriptions import NO_APP, UNKNOWN, bare, listed
from adapters.meta.surface import Product
from adapters.meta.tokens import Examined
from bridge.calling import Answered
from bridge.errors import Rejected, Trouble
from bridge.fetching import File, Unfetchable
from bridge.ports import Credentials, Event, Finding, Level, Upkeep
from bridge.reading import Json, ornament

SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management")

ASKED = "display_phone_number,quality_rating,code_verification_status,status,webhook_configuration"

STATUS: Mapping[str, Level] = {
    "": "ok",  # older versions of the API do not say
    "CONNECTED": "ok",
    "FLAGGED": "warning",
    "PENDING": "warning",
    "RATE_LIMITED": "warning",
    "RESTRICTED": "warning",
    "UNKNOWN": "warning",
}
"""What WhatsApp says of a number; one with any other status neither sends nor receives."""

COMPARE = "Compare the phone number id with WhatsApp Manager, and give the token's system user the account."
MANAGER = "Look in WhatsApp Manager under Account tools > Phone numbers for what to do."
LIST = "Write its id, from WhatsApp Manager, under whatsapp_business_accounts in connections.yaml."
INSTALL = "Run casebridge subscribe."
ALTERNATE = (
    "Take the alternate callback URL away from the number or from its WhatsApp Business account, or set it to "
    "this receiver's: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override."
)
NO_HISTORY = (
    "WhatsApp keeps no history for apps: nothing can be fetched. What it could not deliver it sends again by "
    "itself, for 7 days."
)


class Numbers(Product):
    """WhatsApp phone numbers."""

    topic = "whatsapp_business_account"
    fields: Collection[str] = whatsapp.FIELDS

    def __init__(self, graph: Graph, businesses: Collection[str]) -> None:
        """businesses: ids of the WhatsApp Business accounts that the numbers belong to."""
        self._graph, self._businesses = graph, businesses

    def examine(self, account: str, upkeep: Upkeep, *, mend: bool) -> list[Finding]:
        """Return what is wrong with a number, its token, and with what the app hears of it."""
        known = tokens.examine(self._graph, account, upkeep.credentials.get(account), upkeep.now, scopes=SCOPES)
        if not known.token:
            return list(known.findings)
        return [
            *known.findings,
            *self._number(account, known.token, upkeep.url),
            self._installed(account, known, mend=mend),
        ]

    def open(self, media: str, account: str, credentials: Credentials) -> File:
        """Return the file behind a media id. Raises Unfetchable."""
        try:
            token = token_of(credentials)
        except Rejected as refusal:
            raise Unfetchable(str(refusal)) from None
        return whatsapp_files.read(self._graph, media, account, token)

    def backfill(
        self,
        account: str,  # noqa: ARG002 - there is nothing, whoever asks
        credentials: Credentials,  # noqa: ARG002
        since: datetime,  # noqa: ARG002
    ) -> Iterator[list[Event]]:
        """Raise Rejected: WhatsApp keeps nothing that was missed."""
        raise Rejected(NO_HISTORY)

    # --- the number ---

    def _number(self, account: str, token: str, url: str) -> list[Finding]:
        """Return how the number stands.

        https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
        """
        try:
            told = self._graph.get(path(account), token, fields=ASKED).json
        except Trouble as trouble:
            says = f"WhatsApp does not tell how the number stands: {trouble}"
            return [Finding(level="fault", account=account, about="number", says=says, do=COMPARE)]
        return [_standing(account, told), *_quality(account, told), *_astray(account, told, url)]

    # --- what the app hears of it ---

    def _installed(self, account: str, known: Examined, *, mend: bool) -> Finding:
        """Return whether the number's WhatsApp Business account lets the app in.

        https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/subscribed-apps-api
        """
        try:
            business = self._business(account, known.token)
            if not business:
                says = (
                    "Nobody can tell whether WhatsApp lets the app hear of this number: its account is not listed."
                )
                return Finding(level="warning", account=account, about="installation", says=says, do=LIST)
            where = path(business, "subscribed_apps")
            app = listed(_apps(self._graph.get(where, known.token)), known.app)
            if app is None:
                says = f"The WhatsApp Business account {business} {UNKNOWN}"
                return Finding(level="warning", account=account, about="installation", says=says, do=NO_APP)
            if app:
                says = f"The WhatsApp Business account {business} lets the app hear of this number."
                return Finding(level="ok", account=account, about="installation", says=says)
            says = f"The WhatsApp Business account {business} does not let the app hear of this number."
            if not mend:
                return Finding(level="fault", account=account, about="installation", says=says, do=INSTALL)
            self._graph.post(where, known.token)
        except Trouble as trouble:
            says = f"WhatsApp does not tell whom it lets hear of this number, or did not let the app: {trouble}"
            return Finding(level="fault", account=account, about="installation", says=says, do=COMPARE)
        return Finding(level="done", account=account, about="installation", says=f"{says} Now it does.")

    def _business(self, account: str, token: str) -> str:
        """Return which of the listed accounts the number belongs to; "" = none of them."""
        for business in self._businesses:
            for page in self._graph.pages(path(business, "phone_numbers"), token, fields="id"):
                if any(str(one.get("id")) == account for one in page):
                    return business
        return ""


def _standing(account: str, told: Json) -> Finding:
    name = ornament(told, "display_phone_number") or account
    status, proved = ornament(told, "status"), ornament(told, "code_verification_status")
    level = STATUS.get(status, "fault")
    if level != "ok":
        says = f"WhatsApp says of the number {name}: {status}."
        return Finding(level=level, account=account, about="number", says=says, do=MANAGER)
    if proved == "NOT_VERIFIED":
        says = f"Nobody has proved to WhatsApp that the number {name} is yours."
        return Finding(level="warning", account=account, about="number", says=says, do=MANAGER)
    return Finding(level="ok", account=account, about="number", says=f"The number {name} is connected.")


def _quality(account: str, told: Json) -> list[Finding]:
    if ornament(told, "quality_rating") != "RED":
        return []
    says = "Customers block this number or call it spam: WhatsApp rates it RED and may restrict it."
    do = "Look in WhatsApp Manager under Insights for what customers complain of."
    return [Finding(level="warning", account=account, about="quality", says=says, do=do)]


def _astray(account: str, told: Json, url: str) -> list[Finding]:
    """Return whether an alternate callback URL takes the number's messages elsewhere, whatever the app says.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override
    """
    held = under(told, "webhook_configuration")
    alternate = ornament(held, "phone_number") or ornament(held, "whatsapp_business_account")
    if not url or not alternate or alternate == url:
        return []
    says = f"WhatsApp sends what comes to this number to {bare(alternate)} instead of here."
    return [Finding(level="fault", account=account, about="callback", says=says, do=ALTERNATE)]


def _apps(answer: Answered) -> list[Json]:
    """Return the apps that are let in."""
    return [under(one, "whatsapp_business_api_data") for one in objects(answer.at("data"))]
