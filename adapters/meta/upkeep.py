"""Looks after a connection: Meta's clock, our URL, the app's subscriptions, and each account by its product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from adapters.meta import subscriptions
from adapters.meta.graph import Graph
from adapters.meta.settings import Kind
from adapters.meta.subscriptions import Wanted
from adapters.meta.surface import Product
from bridge.errors import RetryLater
from bridge.ports import Finding, Level, Upkeep

SKEWED, BADLY_SKEWED = timedelta(seconds=60), timedelta(seconds=300)

NO_URL = Finding(
    level="fault",
    about="url",
    says="Nobody can tell what Meta should call, since the address of this receiver is not known.",
    do="Set PUBLIC_URL to the https address under which Meta reaches it.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """A connection's app, and what looks after its accounts."""

    graph: Graph
    kinds: Mapping[str, Kind]  #: by account; one that is not in it is a page
    products: Mapping[Kind, Product]
    token: SecretStr  #: the verify token

    def product(self, account: str) -> Product:
        """Return what looks after an account."""
        return self.products[self.kinds.get(account, "page")]

    def attend(self, upkeep: Upkeep, *, mend: bool) -> list[Finding]:
        """Return what was found, worst and best. mend: write what is missing or wrong. Never raises."""
        try:
            clock = self.graph.wire("facebook").clock
        except RetryLater as trouble:
            do = "See whether this machine may call graph.facebook.com, and whether Meta is down."
            return [Finding(level="fault", about="reach", says=f"Meta cannot be reached: {trouble}", do=do)]
        found = [skew(clock, upkeep.now)] if clock else []
        kinds = dict.fromkeys(self.kinds.get(account, "page") for account in upkeep.credentials)
        found += [one for kind in kinds for one in self._app(self.products[kind], upkeep, mend=mend)]
        if not upkeep.url:
            found.append(NO_URL)
        for account in upkeep.credentials:
            found += self.product(account).examine(account, upkeep, mend=mend)
        return found

    def _app(self, product: Product, upkeep: Upkeep, *, mend: bool) -> list[Finding]:
        if not product.topic or not upkeep.url:
            return []
        wanted = Wanted(topic=product.topic, fields=product.fields, url=upkeep.url, token=self.token)
        return subscriptions.attend(self.graph, wanted, mend=mend)


def skew(clock: datetime, now: datetime) -> Finding:
    """Return how far this machine's clock is from Meta's. Pure."""
    apart = abs(clock - now)
    if apart <= SKEWED:
        return Finding(level="ok", about="clock", says="This machine's clock agrees with Meta's.")
    level: Level = "fault" if apart > BADLY_SKEWED else "warning"
    says = f"This machine's clock is {apart.total_seconds():.0f} s from Meta's."
    return Finding(level=level, about="clock", says=says, do="Let this machine set its clock by NTP.")
