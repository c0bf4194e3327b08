"""Examines and mends where Meta sends an app's callbacks, about what, and which accounts let it hear of them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from pydantic import SecretStr

from adapters.meta.graph import Graph, Host, objects
from adapters.meta.tokens import Examined
from bridge.errors import Trouble
from bridge.ports import Finding, Level
from bridge.reading import Json, ornament

FIELD = re.compile("[a-z_]+")
USER = re.compile("//[^/]*@")

ASK = "Run casebridge subscribe, or set it under Webhooks in the App Dashboard."
NO_APP = "Write app_id into connections.yaml, from App settings > Basic."
DASHBOARD = "See in the App Dashboard under Instagram > API setup that the account's webhook subscription is on."
UNKNOWN = "lets several apps in, and nobody can tell which of them this one is: its id is not known."
BROKEN = "Compare app_id and app_secret with App settings > Basic, and try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the app should be subscribed to."""

    topic: str  #: page, instagram, whatsapp_business_account
    fields: Collection[str]
    url: str  #: our own; not ""
    token: SecretStr  #: the verify token


def attend(graph: Graph, wanted: Wanted, *, mend: bool) -> list[Finding]:
    """Return what is wrong with the app's subscription to one topic; mend: and write it, in one call.

    https://developers.facebook.com/docs/graph-api/reference/app/subscriptions
    """
    if not graph.app_token:
        says = f"Nobody can tell where Meta sends what happens on {wanted.topic}: the app's id is not known."
        return [Finding(level="warning", about="callback", says=says, do=NO_APP)]
    try:
        answer = graph.get(f"/{graph.app_id}/subscriptions", graph.app_token)
    except Trouble as trouble:
        says = f"Meta does not tell where it sends what happens on {wanted.topic}: {trouble}"
        return [Finding(level="fault", about="callback", says=says, do=BROKEN)]
    held = next((one for one in objects(answer.at("data")) if one.get("object") == wanted.topic), {})
    wrong = _wrong(held, wanted)
    if not wrong:
        says = f"Meta sends what happens on {wanted.topic} here: {', '.join(wanted.fields)}."
        return [Finding(level="ok", about="callback", says=says)]
    return _mended(graph, held, wanted, wrong) if mend else wrong


def _wrong(held: Json, wanted: Wanted) -> list[Finding]:
    found = []
    if why := _astray(held, wanted):
        found.append(Finding(level="fault", about="callback", says=why, do=ASK))
    missing = [one for one in wanted.fields if one not in subscribed(held)]
    if held and missing:
        says = f"The app does not hear of {', '.join(missing)} on {wanted.topic}."
        found.append(Finding(level="fault", about="subscription", says=says, do=ASK))
    return found


def _astray(held: Json, wanted: Wanted) -> str:
    """Return why callbacks do not come here; "" = they do."""
    if not held:
        return f"Meta sends nothing of what happens on {wanted.topic}: no callback URL is set."
    url = ornament(held, "callback_url")
    if url != wanted.url:
        return f"Meta sends what happens on {wanted.topic} to {bare(url)!r}, not to {wanted.url!r}."
    if held.get("active") is not True:
        return f"The callback URL for {wanted.topic} is not verified, or Meta has switched it off."
    return ""


def bare(url: str) -> str:
    """Return an address as people may see it: what stands before @ or behind ? may be somebody's secret."""
    return USER.sub("//", re.split("[?#]", url)[0])


def subscribed(held: Json) -> list[str]:
    """Return the fields of a subscription: Meta lists them as names, or as objects with a name and a version."""
    fields = held.get("fields")
    listed = fields if isinstance(fields, list) else []
    names = [ornament(one, "name") if isinstance(one, dict) else one for one in listed]
    return [one for one in names if isinstance(one, str) and FIELD.fullmatch(one)]


def _mended(graph: Graph, held: Json, wanted: Wanted, wrong: list[Finding]) -> list[Finding]:
    fields = dict.fromkeys([*subscribed(held), *wanted.fields])  # what somebody else added stays
    form = {
        "object": wanted.topic,
        "callback_url": wanted.url,
        "fields": ",".join(fields),
        "include_values": "true",
        "verify_token": wanted.token.get_secret_value(),
    }
    try:
        graph.post(f"/{graph.app_id}/subscriptions", graph.app_token, form=form)
    except Trouble as trouble:
        says = f"Meta did not take the subscription to {wanted.topic}: {trouble}"
        do = "See that the receiver runs and can be reached from outside: Meta calls it at once."
        return [*wrong, Finding(level="fault", about="callback", says=says, do=do)]
    return [replace(one, level="done", says=f"{one.says} Now it is set.", do="") for one in wrong]


# --- what an account lets the app hear ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Letting:
    """What an account should let the app hear."""

    account: str
    who: str  #: begins a sentence: The Page
    path: str  #: of the list of apps that it lets in
    host: Host = "facebook"
    fields: Collection[str]
    do: str


def let_in(graph: Graph, wanted: Letting, known: Examined, *, mend: bool) -> Finding:
    """Return whether an account lets the app hear what it should; mend: and write it, in one call.

    https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps,
    https://developers.facebook.com/docs/instagram-platform/webhooks#enable-subscriptions
    """
    try:
        app = listed(objects(graph.get(wanted.path, known.token, host=wanted.host).at("data")), known.app)
        if app is None:
            do = NO_APP if wanted.host == "facebook" else DASHBOARD
            return _installation("warning", wanted, f"{wanted.who} {UNKNOWN}", do)
        heard = subscribed({"fields": app.get("subscribed_fields")})
        missing = [one for one in wanted.fields if one not in heard]
        if not missing:
            return _installation("ok", wanted, f"{wanted.who} tells the app of {', '.join(wanted.fields)}.")
        says = f"{wanted.who} does not tell the app of {', '.join(missing)}."
        if not mend:
            return _installation("fault", wanted, says, wanted.do)
        form = {"subscribed_fields": ",".join(dict.fromkeys([*heard, *wanted.fields]))}
        graph.post(wanted.path, known.token, host=wanted.host, form=form)
    except Trouble as trouble:
        says = f"{wanted.who} does not tell which apps it lets in, or did not let this one in: {trouble}"
        return _installation("fault", wanted, says, wanted.do)
    return _installation("done", wanted, f"{says} Now it does.")


def listed(apps: list[Json], app: str) -> Json | None:
    """Return the app among those that an account lets in; {} = it is not there; None = nobody can tell.

    An app whose id is not known is the only one there, or any of several.
    """
    own = next((one for one in apps if app and str(one.get("id")) == app), None)
    if own is not None or app:
        return own or {}
    return None if len(apps) > 1 else next(iter(apps), {})


def _installation(level: Level, wanted: Letting, says: str, do: str = "") -> Finding:
    return Finding(level=level, account=wanted.account, about="installation", says=says, do=do)
