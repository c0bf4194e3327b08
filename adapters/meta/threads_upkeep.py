"""Looks after Threads accounts: their tokens and quota, files by their ids, and what was missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from adapters.meta import threads_history, tokens
from adapters.meta.graph import NO_TOKEN, Graph, objects, path, token_of, under
from adapters.meta.history import Gap
from adapters.meta.surface import Product
from adapters.meta.threads import ADDRESSES
from bridge.errors import Paused, Rejected, Trouble
from bridge.fetching import File, Unfetchable, fetch
from bridge.message import Account
from bridge.ports import Credentials, Event, Finding, Renewed, Upkeep
from bridge.reading import Json, moment, ornament

SCOPES = (
    "threads_basic",
    "threads_content_publish",
    "threads_read_replies",
    "threads_manage_replies",
    "threads_manage_mentions",
)
GRANT = "Grant it in the App Dashboard under Use cases > Access the Threads API, and let the account sign in anew."
LATER = "Try again later."
UNSEEN = (
    "Threads has no API that tells what the app hears: look for replies, delete, mentions and publish in the App "
    "Dashboard, under Use cases > Access the Threads API > Settings."
)

FULL = 0.8  #: of the day's replies


class ThreadsAccounts(Product):
    """Threads accounts. What the app hears of them is set in the App Dashboard alone."""

    topic = ""
    fields = ()
    renews = True

    def __init__(self, graph: Graph, accounts: Mapping[str, Account], *, patience: timedelta) -> None:
        """patience: for fetching a file."""
        self._graph, self._accounts, self._patience = graph, accounts, patience

    def examine(self, account: str, upkeep: Upkeep, *, mend: bool) -> list[Finding]:  # noqa: ARG002
        """Return what is wrong with an account's token, and how much of the day's replies is left."""
        credentials = upkeep.credentials.get(account)
        if credentials is None or credentials.token is None:
            return [tokens.dead(account, NO_TOKEN)]
        token = token_of(credentials)
        found = self._token(account, token, upkeep.now)
        works = all(one.level != "fault" or one.about == "scopes" for one in found)
        return [*found, *(self._quota(account, token) if works else []), _unseen(account)]

    def open(self, media: str, account: str, credentials: Credentials) -> File:  # noqa: ARG002
        """Return the file of a post. Raises Unfetchable.

        https://developers.facebook.com/docs/threads/retrieve-and-discover-posts/retrieve-posts
        """
        try:
            told = self._graph.get(
                path(media), token_of(credentials), host="threads", fields=",".join(ADDRESSES)
            ).json
        except Trouble as trouble:
            raise Unfetchable(f"Threads does not say where the file is: {trouble}") from None
        address = next((found for name in ADDRESSES if (found := ornament(told, name))), "")
        if not address:
            raise Unfetchable("Threads keeps the file to itself")
        return fetch(address, patience=self._patience)

    def renew(self, account: str, credentials: Credentials, now: datetime) -> Renewed | None:  # noqa: ARG002
        """Return a new token when the old one ends within two weeks, or nobody can tell when it does."""
        if credentials.token is None:
            return None
        try:
            told = self._debugged(credentials.token.get_secret_value())
        except (Paused, Rejected):
            told = {}
        issued, ends = moment(told, "issued_at"), moment(told, "expires_at")
        if ends is not None and ends - now > tokens.DUE:
            return None
        if issued is not None and now - issued < tokens.YOUNGEST:
            return None
        return tokens.renew(self._graph, "threads", credentials, now)

    def backfill(self, account: str, credentials: Credentials, since: datetime) -> Iterator[list[Event]]:
        """Yield replies in the account's threads of late, then what names it elsewhere."""
        gap = Gap(
            graph=self._graph,
            accounts=self._accounts,
            account=account,
            token=token_of(credentials),
            since=since,
        )
        return threads_history.read(gap)

    def _debugged(self, token: str) -> Json:
        """Return what Threads says of a token. Raises RetryLater, Paused, or Rejected where it says nothing.

        https://developers.facebook.com/docs/threads/troubleshooting/debug-access-token
        """
        answer = self._graph.get("/debug_token", token, host="threads", input_token=token)
        return under(answer.json, "data")

    def _token(self, account: str, token: str, now: datetime) -> list[Finding]:
        try:
            told = self._debugged(token)
        except Paused as dead:
            return [tokens.dead(account, str(dead))]
        except Rejected:  # Threads tells testers' tokens only
            return [self._signed_in(account, token)]
        except Trouble as trouble:
            return [_untold(account, f"Nobody can tell whether the token works: {trouble}")]
        number, ends = str(told.get("user_id") or ""), moment(told, "expires_at")
        if told.get("is_valid") is not True:
            return [tokens.dead(account, "Threads no longer accepts the token.")]
        if number and number != account:
            return [tokens.dead(account, f"The token is of the account {number!r}, not of this one.")]
        found = [tokens.life(account, ends, now) if ends else _works(account)]
        granted = told.get("scopes")
        missing = [one for one in SCOPES if not isinstance(granted, list) or one not in granted]
        if missing:
            says = f"The token does not allow {', '.join(missing)}."
            found.append(Finding(level="fault", account=account, about="scopes", says=says, do=GRANT))
        return found

    def _signed_in(self, account: str, token: str) -> Finding:
        """https://developers.facebook.com/docs/threads/threads-profiles"""
        try:
            told = self._graph.get("/me", token, host="threads", fields="id,username").json
        except (Paused, Rejected) as refusal:
            return tokens.dead(account, str(refusal))
        except Trouble as trouble:
            return _untold(account, f"Nobody can tell whether the token works: {trouble}")
        if (number := ornament(told, "id")) != account:
            return tokens.dead(account, f"The token is of the account {number!r}, not of this one.")
        return _works(account)

    def _quota(self, account: str, token: str) -> list[Finding]:
        """Return how many replies are left of the last 24 hours; [] = Threads does not say.

        https://developers.facebook.com/docs/threads/overview#rate-limiting
        """
        fields = "reply_quota_usage,reply_config"
        try:
            answer = self._graph.get("/me/threads_publishing_limit", token, host="threads", fields=fields)
        except Trouble:
            return []
        told = next(iter(objects(answer.at("data"))), {})
        used, most = told.get("reply_quota_usage"), under(told, "reply_config").get("quota_total")
        if type(used) is not int or type(most) is not int:
            return []
        says = f"{used} of {most} replies of the last 24 hours are used."
        if used < most * FULL:
            return [Finding(level="ok", account=account, about="quota", says=says)]
        do = "Answer less on Threads, or in its app: what is over waits in Casebridge."
        return [Finding(level="warning", account=account, about="quota", says=says, do=do)]


def _works(account: str) -> Finding:
    says = "The token works. Threads does not tell until when: for 60 days after it was made or renewed."
    return Finding(level="ok", account=account, about="token", says=says)


def _untold(account: str, says: str) -> Finding:
    return Finding(level="warning", account=account, about="token", says=says, do=LATER)


def _unseen(account: str) -> Finding:
    """Return what nobody can look up."""
    return Finding(level="ok", account=account, about="subscription", says=UNSEEN)
