"""Looks after Instagram accounts of both logins: their tokens, what the app hears, and what was missed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from adapters.meta import instagram_history, tokens
from adapters.meta.graph import NO_TOKEN, Graph, token_of
from adapters.meta.history import Gap
from adapters.meta.instagram_replies import Login
from adapters.meta.subscriptions import Letting, let_in
from adapters.meta.surface import Product
from adapters.meta.tokens import Examined
from bridge.errors import Paused, Rejected, Trouble
from bridge.message import Account
from bridge.ports import Credentials, Event, Finding, Renewed, Upkeep
from bridge.reading import ornament

FIELDS = ("comments", "live_comments", "messages", "message_edit", "messaging_postbacks")
PAGE_FIELDS = ("messages",)
"""With Facebook's login any field of the Page lets the app hear of its Instagram account."""

SCOPES = (
    "instagram_basic",
    "instagram_manage_messages",
    "instagram_manage_comments",
    "pages_manage_metadata",
    "pages_show_list",
)

PROBES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "instagram_business_manage_messages": (
        "/me/conversations",
        {"platform": "instagram", "limit": "1", "fields": "id"},
    ),
    "instagram_business_manage_comments": ("/me/media", {"limit": "1", "fields": "id,comments.limit(1){id}"}),
}
"""What only a token with such a permission may read: Instagram's own login does not tell a token's scopes."""

GRANT = (
    "Grant it in the App Dashboard under Instagram > API setup, and let the account sign in anew. For private "
    "messages switch on Allow access to messages in the Instagram app, under Messages and story replies."
)
INSTALL = "Run casebridge subscribe. If the account is not on Instagram, say under products what it is."
LATER = "Try again later."


class InstagramAccounts(Product):
    """Instagram accounts."""

    topic = "instagram"

    def __init__(self, graph: Graph, accounts: Mapping[str, Account], *, login: Login, reactions: bool) -> None:
        self._graph, self._accounts, self._login = graph, accounts, login
        fields = (*FIELDS, "message_reactions") if reactions else FIELDS
        own = login == "instagram"
        self.fields: Collection[str] = fields if own else (*fields, "mentions")
        self._heard: Collection[str] = fields if own else PAGE_FIELDS
        self.renews = own

    def examine(self, account: str, upkeep: Upkeep, *, mend: bool) -> list[Finding]:
        """Return what is wrong with an account's token, and with what the app hears of the account."""
        credentials = upkeep.credentials.get(account)
        if self._login == "facebook":
            known = tokens.examine(self._graph, account, credentials, upkeep.now, scopes=SCOPES)
        else:
            known = self._signed_in(account, credentials)
        if not known.token:
            return list(known.findings)
        wanted = Letting(
            account=account,
            who="The account",
            path="/me/subscribed_apps",
            host=self._login,
            fields=self._heard,
            do=INSTALL,
        )
        return [*known.findings, let_in(self._graph, wanted, known, mend=mend)]

    def renew(self, account: str, credentials: Credentials, now: datetime) -> Renewed | None:  # noqa: ARG002
        """Return a new token with Instagram's own login; Facebook's are renewed by a person, or never end."""
        return tokens.renew(self._graph, "instagram", credentials, now) if self.renews else None

    def backfill(self, account: str, credentials: Credentials, since: datetime) -> Iterator[list[Event]]:
        """Yield comments under the posts of late, then private messages."""
        gap = Gap(
            graph=self._graph,
            accounts=self._accounts,
            account=account,
            token=token_of(credentials),
            since=since,
        )
        return instagram_history.History(gap=gap, login=self._login).read()

    def _signed_in(self, account: str, credentials: Credentials | None) -> Examined:
        """Return whether the token works, is the account's, and allows what is needed.

        https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started
        """
        if credentials is None or credentials.token is None:
            return Examined(findings=(tokens.dead(account, NO_TOKEN),))
        token = token_of(credentials)
        try:
            told = self._graph.get("/me", token, host="instagram", fields="user_id,username").json
        except (Paused, Rejected) as refusal:
            return Examined(findings=(tokens.dead(account, str(refusal)),))
        except Trouble as trouble:
            says = f"Nobody can tell whether the token works: {trouble}"
            return Examined(findings=(_untold(account, "token", says),))
        if (number := ornament(told, "user_id")) != account:
            says = f"The token is of the account {number!r}, not of this one."
            return Examined(findings=(tokens.dead(account, says),))
        says = "The token works. Instagram does not tell until when: for 60 days after it was made or renewed."
        works = Finding(level="ok", account=account, about="token", says=says)
        return Examined(token=token, findings=(works, *self._allowed(account, token)))

    def _allowed(self, account: str, token: str) -> list[Finding]:
        """Return which permissions a token lacks: each is tried with a read that needs it."""
        missing = []
        for scope, (where, query) in PROBES.items():
            try:
                self._graph.get(where, token, host="instagram", **query)
            except (Paused, Rejected):
                missing.append(scope)
            except Trouble as trouble:
                return [_untold(account, "scopes", f"Nobody can tell what the token allows: {trouble}")]
        if not missing:
            return []
        says = f"The token does not allow {', '.join(missing)}."
        return [Finding(level="fault", account=account, about="scopes", says=says, do=GRANT)]


def _untold(account: str, about: str, says: str) -> Finding:
    return Finding(level="warning", account=account, about=about, says=says, do=LATER)
