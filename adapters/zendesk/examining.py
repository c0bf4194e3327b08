"""Looks whether tickets can be filed and replies heard: login, scopes, API and clock. It changes nothing."""

from __future__ import annotations

from datetime import datetime

from adapters.zendesk.account import Account
from adapters.zendesk.subscribing import Subscriber
from bridge.errors import Paused, Trouble
from bridge.examining import clock
from bridge.ports import Finding

NOBODY = "casebridge-doctor"  #: an external_id that no ticket has: a read that finds nothing, and lags never


SILENT = Finding(
    level="ok",
    about="replies",
    says="Agents' comments are not heard: `replies` says so, or `url` names a sandbox, which has a reply box.",
)


def examine(account: Account, subscriber: Subscriber | None, now: datetime) -> list[Finding]:
    """Return what there is to say about the account; it never raises for what Zendesk answers.

    subscriber: looks whether agents' replies are heard; None = they need not be.
    """
    try:
        account.tickets_by_key(NOBODY)
    except Paused as trouble:
        do = "Mend the OAuth client in Admin Center, as docs/settings.md says."
        warned = [one for one in account.findings() if one.level == "warning"]
        return [Finding(level="fault", about="login", says=str(trouble), do=do), *warned]
    except Trouble as trouble:
        return [Finding(level="warning", about="reach", says=str(trouble), do="Run it again in a few minutes.")]
    ok = Finding(level="ok", about="login", says="The login works, and tickets can be read.")
    theirs = account.clock
    told = subscriber.look(now) if subscriber else []
    return [ok, *account.findings(), *told, *clock("Zendesk", [theirs], now)]
