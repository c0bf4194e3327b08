"""The tokens of accounts: whether they live, what they allow, when they end; and new ones for those that end.

Only Facebook's own host tells of any token. Those of Instagram's own login and of Threads live for 60 days.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from adapters.meta.graph import NO_TOKEN, Graph, Host, under
from bridge.errors import Paused, Rejected, RetryLater, Trouble
from bridge.ports import Credentials, Finding, Renewed
from bridge.reading import Json, ident, moment, ornament

SOON = timedelta(days=7)  #: before its end

GRANTS: Mapping[Host, str] = {"instagram": "ig_refresh_token", "threads": "th_refresh_token"}
LIFE = timedelta(days=60)  #: of a renewed token, where Meta does not say
YOUNGEST = timedelta(hours=24)  #: before that Meta renews nothing
DUE = timedelta(days=14)  #: before its end
AGAIN = timedelta(hours=1)
LONGEST = 10**9  #: seconds, 30 years: whatever lasts longer is no answer of Meta's

RENEW = (
    "Make a new token of a system user in Business settings > Users > System users, and put it under the account "
    "in connections.yaml."
)
GRANT = (
    "Grant it in the App Dashboard under Use cases or App Review > Permissions, then make a new token that has "
    "it, and put that under the account in connections.yaml."
)

SIGN_IN = "Let the account sign in to the app anew, and put its new token into connections.yaml."


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What is known of one account's token."""

    token: str = field(default="", repr=False)  #: "" = there is none that works
    app: str = ""  #: the id of the app it is of; "" = not known
    findings: tuple[Finding, ...]


def examine(
    graph: Graph,
    account: str,
    credentials: Credentials | None,
    now: datetime,
    *,
    scopes: Collection[str],
    own: bool = False,
) -> Examined:
    """Return what Meta says of a token, and what is wrong with it.

    scopes: what it must allow. own: it must be the account's own, as a Page's is.
    https://developers.facebook.com/docs/graph-api/reference/debug_token
    """
    if credentials is None or credentials.token is None:
        return _unusable(account, NO_TOKEN)
    token = credentials.token.get_secret_value()
    try:
        answer = graph.get("/debug_token", graph.app_token or token, input_token=token)
        told = under(answer.json, "data")
        app, profile = ident(told, "app_id") or graph.app_id, ident(told, "profile_id")
    except (Trouble, ValueError) as trouble:
        return _untold(graph, account, token, trouble)
    if told.get("is_valid") is not True:
        return _unusable(account, f"Meta no longer accepts the token: {_reason(told, token)}")
    if own and profile and profile != account:
        return _unusable(account, f"The token is of the account {profile!r}, not of this one.")
    if graph.app_id and app != graph.app_id:
        return _unusable(account, f"The token is of the app {app!r}, not of app_id {graph.app_id!r}.")
    ends, missing = _ends(told), _missing(told, scopes)
    found = [_whole_life(account, ends, now)]
    if missing:
        names = ", ".join(missing)
        found.append(
            Finding(
                level="fault", account=account, about="scopes", says=f"The token does not allow {names}.", do=GRANT
            )
        )
    return Examined(token=token if ends is None or ends > now else "", app=app, findings=tuple(found))


def _unusable(account: str, why: str) -> Examined:
    return Examined(findings=(dead(account, why, do=RENEW),))


def _untold(graph: Graph, account: str, token: str, trouble: Exception) -> Examined:
    if isinstance(trouble, Paused) and not graph.app_token:
        return _unusable(account, str(trouble))
    do = (
        "Compare app_id and app_secret with App settings > Basic."
        if graph.app_token and isinstance(trouble, Paused | Rejected)
        else "Write app_id into connections.yaml: then the app itself asks."
        if isinstance(trouble, Rejected)
        else "Try again later."
    )
    says = f"Nobody can tell whether the token works: {trouble}"
    warning = Finding(level="warning", account=account, about="token", says=says, do=do)
    return Examined(token=token, app=graph.app_id, findings=(warning,))


def _reason(told: Json, token: str) -> str:
    """Return why, as Meta says it; of a malformed token it says that token."""
    return ornament(under(told, "error"), "message").replace(token, "…") or "it does not say why."


def _ends(told: Json) -> datetime | None:
    """Return when it ends, or when the customer data behind it closes; None = never. Meta writes 0 for never."""
    known = [when for name in ("expires_at", "data_access_expires_at") if (when := moment(told, name))]
    return min(known, default=None)


def _missing(told: Json, scopes: Collection[str]) -> list[str]:
    granted = told.get("scopes")
    has = set(granted) if isinstance(granted, list) and all(isinstance(one, str) for one in granted) else set()
    return [one for one in scopes if one not in has]


def _whole_life(account: str, ends: datetime | None, now: datetime) -> Finding:
    if ends is None:
        return Finding(level="ok", account=account, about="token", says="The token works and has no end.")
    return life(account, ends, now, what="The token, or its access to data,", do=RENEW)


# --- those that end after 60 days ---


def renew(graph: Graph, host: Host, credentials: Credentials, now: datetime) -> Renewed | None:
    """Return a token that lives for another 60 days; None = there is none to renew.

    Raises RetryLater, or Rejected where the token is dead.
    """
    if credentials.token is None:
        return None
    try:
        answer = graph.renew(credentials.token.get_secret_value(), host=host, grant=GRANTS[host])
    except Paused as refusal:
        raise Rejected(f"{refusal} {SIGN_IN}") from None
    except Rejected as refusal:  # it may be too young: nothing is lost by asking again
        raise RetryLater(f"Meta does not renew the token now: {refusal}", after=AGAIN) from None
    token, lasts = ornament(answer.json, "access_token"), answer.at("expires_in")
    if not token:
        raise RetryLater("Meta answered without a new token", after=AGAIN)
    told = type(lasts) is int and 0 < lasts < LONGEST
    until = now + (timedelta(seconds=lasts) if told else LIFE)
    return Renewed(credentials=replace(credentials, token=SecretStr(token)), until=until)


def life(account: str, ends: datetime, now: datetime, *, what: str = "The token", do: str = SIGN_IN) -> Finding:
    """Return how long a token still lives. what: begins the sentence. Pure."""
    day = f"{ends:%Y-%m-%d %H:%M} UTC"
    if ends <= now:
        says = f"{what} ended on {day}."
        return Finding(level="fault", account=account, about="expiry", says=says, do=do, until=ends)
    if ends - now <= SOON:
        says = f"{what} ends on {day}."
        return Finding(level="warning", account=account, about="expiry", says=says, do=do, until=ends)
    return Finding(level="ok", account=account, about="token", says=f"The token works until {day}.", until=ends)


def dead(account: str, why: str, *, do: str = SIGN_IN) -> Finding:
    """Return that a token does not work. Pure."""
    return Finding(level="fault", account=account, about="token", says=why, do=do)
