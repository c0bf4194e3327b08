"""What accounts are opened with: their keys in connections.yaml, or what the platform renewed those to.

A platform that renews a token often does away with the old one, so one process at a time renews an account's, and
what it got is on disk before anybody else uses it. If the process dies between the two, or the database stays away
for too long, what the platform gave is lost: the next attempt is refused, and an alarm asks for a new sign-in.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from bridge.errors import ConfigError, Rejected, RetryLater
from bridge.ports import Channel, Credentials, Finding, Level, Renewed
from bridge.sealed import Seal
from bridge.store import Store, tokens
from bridge.store.tokens import Kept, Origin

log = logging.getLogger("casebridge")

RENEWAL = "token renewal"  #: what findings are about where a token cannot be renewed
LEASE = timedelta(minutes=10)  #: longer than any call to a platform
HOURLY = timedelta(hours=1)
SOON = timedelta(minutes=1)
LONG = timedelta(hours=26)  #: some tokens are not renewed in their first 24 hours
LEFT = 0.25  #: of a token's life
WAITS = (1.0, 4.0, 10.0)  #: seconds, for a database that is away when there is a new token to store
STUCK = "See in the log whether the platform can be reached, and whether it still takes the app."
SIGN_IN = (
    "Sign in to the platform anew for this account, put the new tokens under it in connections.yaml, and start "
    "Casebridge again."
)
UNSEALED = "Set CASEBRIDGE_KEY for all processes: what a token is renewed to is kept encrypted, or not at all."


def _nothing(_: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The credentials of all accounts. Safe to share between threads."""

    store: Store
    configured: Mapping[str, Mapping[str, Credentials]]  #: by connection and account
    channels: Mapping[str, Channel]  #: those that are switched on
    seal: Seal | None = None  #: None = CASEBRIDGE_KEY is not set, so nothing is renewed
    at: Callable[[str], None] = _nothing  #: called at named points, so that tests can kill there

    def credentials(self, connection: str, account: str) -> Credentials:
        """What an account is opened with now; nothing where connections.yaml lists none of it."""
        configured = self._configured(connection, account)
        if self.seal is None or not self.renews(connection, account):
            return configured
        with self.store.read() as c:
            kept = tokens.recall(c, _origin(connection, account, configured))
        try:
            return configured if kept is None else self._opened(kept, configured)
        except ConfigError:
            log.warning("%s/%s: no key in CASEBRIDGE_KEY opens the renewed credentials", connection, account)
            return configured

    def renews(self, connection: str, account: str) -> bool:
        """Whether an account's credentials end, and its platform renews them."""
        channel = self.channels.get(connection)
        return channel is not None and channel.renews(account, self._configured(connection, account))

    def renew_due(self, connection: str, account: str) -> timedelta:
        """Renew an account's credentials if half of their life is over; after how long to look again.

        Nothing is done where somebody else renews them; an adapter that knows better says "not yet". Never raises
        for what the platform answers.
        """
        if self.seal is None or not self.renews(connection, account):
            return HOURLY
        origin = _origin(connection, account, configured := self._configured(connection, account))
        with self.store.write() as c:
            kept = tokens.take(c, origin, lease=LEASE)
        if kept is None:
            return SOON
        now = self.store.now()
        try:
            held = self._opened(kept, configured)
            renewed = self.channels[connection].renew(account, held, now) if _half_over(kept, now) else None
        except RetryLater as trouble:
            return self._put_off(origin, kept, trouble)
        except (Rejected, ConfigError) as trouble:
            self._put_back(origin, kept, reason=str(trouble))
            return HOURLY
        self.at("token.renewed")
        if renewed is None:
            newest = self.seal.close(_dump(held)) if kept.sealed else None  # an older key can be taken away then
            self._put_back(origin, kept, sealed=newest)
        else:
            self._keep(origin, kept, self.seal, renewed)
        return HOURLY

    def findings(self, connection: str, accounts: Collection[str]) -> list[Finding]:
        """What is wrong with the renewal of these accounts' tokens; [] = nothing."""
        renewed = [account for account in accounts if self.renews(connection, account)]
        if self.seal is None:
            says = "The account's token ends and is not renewed, since CASEBRIDGE_KEY is not set."
            return [_finding(account, says, UNSEALED) for account in renewed]
        found, now = [], self.store.now()
        for account in renewed:
            with self.store.read() as c:
                kept = tokens.recall(c, _origin(connection, account, self._configured(connection, account)))
            if kept is not None and kept.reason:
                found += _refused(account, kept, now)
        return found

    def _configured(self, connection: str, account: str) -> Credentials:
        return self.configured.get(connection, {}).get(account, Credentials())

    def _opened(self, kept: Kept, configured: Credentials) -> Credentials:
        """The renewed credentials, or the configured ones. Raises ConfigError if no key opens them."""
        if not kept.sealed or self.seal is None:
            return configured
        return _load(self.seal.open(kept.sealed))

    def _keep(self, origin: Origin, kept: Kept, seal: Seal, renewed: Renewed) -> None:
        sealed = seal.close(_dump(renewed.credentials))
        for wait in (*WAITS, None):
            try:
                with self.store.write() as c:
                    mine = tokens.keep(c, origin, kept, sealed, until=renewed.until, again=HOURLY)
                break
            except SQLAlchemyError:  # nobody else has what the platform gave
                if wait is None:
                    raise
                log.warning("the new token of %s/%s cannot be stored yet", origin.connection, origin.account)
                time.sleep(wait)
        if mine:
            log.info("the token of %s/%s was renewed", origin.connection, origin.account)
        else:
            log.error("%s/%s: somebody else renewed the token meanwhile", origin.connection, origin.account)

    def _put_back(self, origin: Origin, kept: Kept, *, sealed: bytes | None = None, reason: str = "") -> None:
        with self.store.write() as c:
            tokens.put_back(c, origin, kept, sealed=sealed, reason=reason, again=HOURLY)

    def _put_off(self, origin: Origin, kept: Kept, trouble: RetryLater) -> timedelta:
        log.info("the token of %s/%s is not renewed now: %s", origin.connection, origin.account, trouble)
        again = max(SOON, min(trouble.after, HOURLY))
        with self.store.write() as c:
            tokens.put_off(c, origin, kept, reason=str(trouble), again=again)
        return again


def _finding(account: str, says: str, do: str, *, level: Level = "fault") -> Finding:
    return Finding(level=level, account=account, about=RENEWAL, says=says, do=do)


def _refused(account: str, kept: Kept, now: datetime) -> list[Finding]:
    """What is wrong where the last attempt brought nothing; [] = it was put off, and there is time."""
    if kept.put_off_at is None:
        return [_finding(account, f"The account's token could not be renewed: {kept.reason}", SIGN_IN)]
    if now - kept.put_off_at < LONG and not _nearly_over(kept, now):
        return []
    since = f"{kept.put_off_at:%Y-%m-%d %H:%M} UTC"
    says = f"The account's token should have been renewed since {since}: {kept.reason}"
    return [_finding(account, says, STUCK, level="warning")]


def _nearly_over(kept: Kept, now: datetime) -> bool:
    if kept.until is None or kept.renewed_at is None:
        return False
    return kept.until - now < LEFT * (kept.until - kept.renewed_at)


def _half_over(kept: Kept, now: datetime) -> bool:
    """Whether credentials are old enough to be renewed; what nobody has renewed yet may be of any age."""
    if kept.renewed_at is None:
        return True
    return kept.until is not None and now - kept.renewed_at >= kept.until - now


def _origin(connection: str, account: str, configured: Credentials) -> Origin:
    digest = hashlib.sha256(_dump(configured)).hexdigest()
    return Origin(connection=connection, account=account, digest=digest)


def _dump(credentials: Credentials) -> bytes:
    held = (credentials.token, credentials.secret, credentials.refresh)
    return json.dumps([None if one is None else one.get_secret_value() for one in held]).encode()


def _load(content: bytes) -> Credentials:
    token, secret, refresh = (None if one is None else SecretStr(one) for one in json.loads(content))
    return Credentials(token=token, secret=secret, refresh=refresh)
