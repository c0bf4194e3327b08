"""Looks whether tickets can be filed: the login and its scopes, the API, and the clock. It changes nothing."""

from __future__ import annotations

from datetime import datetime

from adapters.zendesk.account import SCOPES, Account
from bridge.errors import Paused, Trouble
from bridge.examining import clock
from bridge.ports import Finding

NOBODY = "casebridge-doctor"  #: an external_id that no ticket has: a read that finds nothing, and lags never


def examine(account: Account, now: datetime) -> list[Finding]:
    """Return what there is to say about the account; it never raises for what Zendesk answers."""
    try:
        account.tickets_by_key(NOBODY)
    except Paused as trouble:
        do = "Mend the OAuth client in Admin Center, as docs/settings.md says."
        return [Finding(level="fault", about="login", says=str(trouble), do=do)]
    except Trouble as trouble:
        return [Finding(level="warning", about="reach", says=str(trouble), do="Run it again in a few minutes.")]
    says = f"The login works, may do what is needed ({', '.join(SCOPES)}), and tickets can be read."
    return [Finding(level="ok", about="login", says=says), *clock("Zendesk", [account.clock], now)]
