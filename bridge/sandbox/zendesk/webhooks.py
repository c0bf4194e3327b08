"""What is answered about webhooks: made, changed, listed, tried, their secrets and what was sent.

https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from bridge.sandbox.wire import Answer
from bridge.sandbox.zendesk import bodies, events, listing, outbox, sender
from bridge.sandbox.zendesk.account import BRIDGE_USER, Account
from bridge.sandbox.zendesk.outbox import BY_TRIGGER, Invocation, Webhook
from bridge.sandbox.zendesk.refusals import JSON, Refusal
from bridge.sandbox.zendesk.request import Request

NEEDED = ("name", "endpoint", "http_method", "request_format", "status")
KNOWN = (*NEEDED, "description", "subscriptions", "authentication", "custom_headers")
SHOWN = (
    "id", "name", "description", "status", "subscriptions", "created_at", "created_by", "updated_at", "updated_by",
    "endpoint", "http_method", "request_format", "authentication", "custom_headers",
)  # fmt: skip
WORDS: Mapping[str, tuple[str, ...]] = {
    "http_method": ("GET", "POST", "PUT", "PATCH", "DELETE"),
    "request_format": ("json", "xml", "form_encoded"),
    "status": ("active", "inactive"),
}
CREDENTIALS: Mapping[str, tuple[str, ...]] = {
    "basic_auth": ("username", "password"),
    "bearer_token": ("token",),
    "api_key": ("name", "value"),
}
MOST_HEADERS = 5  #: of one's own
TRIAL_MOST = 10  #: webhooks of a trial account
TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  #: signs tests of what is not saved yet


def create(request: Request) -> Answer:
    account, now = request.account, request.account.now().timestamp()
    clone = request.call.query.get("clone_webhook_id")
    with request.writing() as work:
        found = outbox.webhooks(work.tx)
        if account.switches["plan"] == "trial" and len(found) >= TRIAL_MOST:
            raise _refused("TooManyWebhooks", f"Trial accounts are limited to {TRIAL_MOST} webhooks", status=403)
        given = (
            _cloned(found, clone)
            if clone
            else _checked(account, bodies.root(bodies.read(request.call), "webhook"))
        )
        made = {"created_at": outbox.exact_time(now), "created_by": str(BRIDGE_USER)}
        hook = Webhook(id=outbox.ulid(now), body={**given, **made}, secret=account.webhook_secret or _secret())
        outbox.save_webhook(work.tx, hook)
    account.hooked = True
    return Answer(status=201, body={"webhook": _shown(hook)}, type=JSON)


def index(request: Request) -> Answer:
    query = request.call.query
    with request.reading() as work:
        found = outbox.webhooks(work.tx)
    words, status = query.get("filter[name_contains]", ""), query.get("filter[status]", "")
    fitting = [one for one in found if words in one.body["name"] and status in ("", one.body["status"])]
    shown = [_shown(one) for one in fitting]
    return _listed(request, "webhooks", shown, f"{request.root}/webhooks")


def show(request: Request) -> Answer:
    with request.reading() as work:
        hook = outbox.webhook(work.tx, request.names[0])
    return Answer(body={"webhook": _shown(_there(hook))}, type=JSON)


def update(request: Request) -> Answer:
    return _changed(request, whole=True)


def patch(request: Request) -> Answer:
    return _changed(request, whole=False)


def _changed(request: Request, *, whole: bool) -> Answer:
    given = bodies.root(bodies.read(request.call), "webhook")
    now = outbox.exact_time(request.account.now().timestamp())
    with request.writing() as work:
        hook = _there(outbox.webhook(work.tx, request.names[0]))
        before = {name: hook.body[name] for name in KNOWN if name in hook.body}
        if "authentication" in given and given["authentication"] == _hidden(before.get("authentication")):
            given = {name: value for name, value in given.items() if name != "authentication"}
        kept = {"subscriptions", "authentication"} if whole else set(before)
        merged = {name: value for name, value in before.items() if name in kept} | dict(given)
        checked = _checked(request.account, merged)
        if (BY_TRIGGER in hook.subscriptions) != (BY_TRIGGER in checked["subscriptions"]):
            raise _refused("InvalidWebhook", "Cannot change between conditional ticket events and event types")
        made = {name: hook.body[name] for name in ("created_at", "created_by")}
        body = {**checked, **made, "updated_at": now, "updated_by": str(BRIDGE_USER)}
        outbox.save_webhook(work.tx, replace(hook, body=body))
    return Answer(status=204, type=JSON)


def delete(request: Request) -> Answer:
    with request.writing() as work:
        outbox.drop_webhook(work.tx, _there(outbox.webhook(work.tx, request.names[0])).id)
    return Answer(status=204, type=JSON)


# --- secrets


def show_secret(request: Request) -> Answer:
    with request.reading() as work:
        hook = _there(outbox.webhook(work.tx, request.names[0]))
    return Answer(body=_shown_secret(hook), type=JSON)


def reset_secret(request: Request) -> Answer:
    with request.writing() as work:
        hook = replace(_there(outbox.webhook(work.tx, request.names[0])), secret=_secret())
        outbox.save_webhook(work.tx, hook)
    return Answer(status=201, body=_shown_secret(hook), type=JSON)


def _secret() -> str:
    return base64.b64encode(secrets.token_bytes(33)).decode()


def _shown_secret(hook: Webhook) -> dict[str, Any]:
    return {"signing_secret": {"secret": hook.secret, "algorithm": "SHA256"}}


# --- what was sent


def test(request: Request) -> Answer:
    """Call a webhook at once, with what the request says in the place of what is saved; what came back."""
    given = bodies.root(bodies.read(request.call), "request")
    own, now = request.call.query.get("webhook_id"), request.account.now().timestamp()
    with request.reading() as work:
        saved = _there(outbox.webhook(work.tx, own)) if own else None
    before: Mapping[str, Any] = saved.body if saved else {"http_method": "POST", "request_format": "json"}
    body = {**before, **{name: value for name, value in given.items() if name in KNOWN}}
    if not _is_url(body.get("endpoint")):
        raise _refused("InvalidWebhook", "endpoint must be a URL")
    hook = Webhook(id=saved.id if saved else "", body=body, secret=saved.secret if saved else TEST_SECRET)
    payload = bodies.optional(given, "payload", str) or ""
    tried = Invocation(id=outbox.ulid(now), webhook=hook.id, event="", made=now, body=payload)
    result = sender.once(hook, tried, request.account.outgoing, now)
    response = {"headers": result.headers, "payload": result.text, "status": result.code}
    return Answer(body={"response": response}, type=JSON)


def invocations(request: Request) -> Answer:
    now = request.account.now().timestamp()
    with request.reading() as work:
        hook = _there(outbox.webhook(work.tx, request.names[0]))
        found = outbox.invocations(work.tx, hook.id, now)
    status = request.call.query.get("filter[status]", "")
    shown = [_shown_invocation(one) for one in found if status in ("", one.status)]
    url = f"{request.root}/webhooks/{hook.id}/invocations"
    return _listed(request, "invocations", shown, url)


def attempts(request: Request) -> Answer:
    hook, own = request.names
    with request.reading() as work:
        found = outbox.invocations(work.tx, hook, request.account.now().timestamp())
    mine = [one for one in found if one.id == own]
    if not mine:
        raise _refused("NotFound", "There is no invocation with this id", status=404)
    return Answer(body={"attempts": list(mine[0].attempts)}, type=JSON)


def _shown_invocation(one: Invocation) -> dict[str, Any]:
    completed = None if one.completed is None else outbox.exact_time(one.completed)
    shown = {"id": one.id, "latest_completed_at": completed, "status": one.status, "status_code": one.code}
    return {name: value for name, value in shown.items() if value is not None}


# --- reading and showing them


def _there(hook: Webhook | None) -> Webhook:
    if hook is None:
        raise _refused("NotFound", "There is no webhook with this id", status=404)
    return hook


def _listed(request: Request, name: str, found: list[dict[str, Any]], url: str) -> Answer:
    """A page by cursor, whether that was asked for or not; what leads nowhere is left out."""
    body = listing.paged(name, found, url, {"page[size]": "100", **request.call.query})
    told = {key: {k: v for k, v in body[key].items() if v is not None} for key in ("meta", "links")}
    return Answer(body=body | told, type=JSON)


def _shown(hook: Webhook) -> dict[str, Any]:
    body = {"id": hook.id, **hook.body}
    if "authentication" in body:
        body["authentication"] = _hidden(body["authentication"])
    return {name: body[name] for name in SHOWN if name in body}


def _hidden(given: Any) -> Any:
    """What is shown of how a webhook logs in: nothing that is secret."""
    if not given:
        return given
    data = {name: value for name, value in given["data"].items() if name in ("username", "name")}
    return {**given, "data": data}


def _cloned(found: list[Webhook], own: str) -> dict[str, Any]:
    source = _there(next((one for one in found if one.id == own), None))
    body = {name: source.body[name] for name in KNOWN if name in source.body}
    return {**body, "name": f"{body['name']} (copy)"}


def _checked(account: Account, given: Mapping[str, Any]) -> dict[str, Any]:
    """A webhook as it is kept. Raises Refusal, one sentence."""
    for name in NEEDED:
        if not isinstance(given.get(name), str) or not given[name].strip():
            raise _refused("InvalidWebhook", f"{name} is required")
    for name, words in WORDS.items():
        if given[name] not in words:
            raise _refused("InvalidWebhook", f"{name} must be one of {', '.join(words)}")
    if not _is_url(given["endpoint"]):
        raise _refused("InvalidWebhook", "endpoint must be a URL")
    subscriptions = given.get("subscriptions") or []
    for problem in (
        _subscribes_wrongly(account, given, subscriptions),
        _logs_in_wrongly(given.get("authentication")),
        _adds_wrongly(given.get("custom_headers")),
    ):
        if problem:
            raise _refused("InvalidWebhook", problem)
    return {name: given[name] for name in KNOWN if given.get(name) is not None} | {"subscriptions": subscriptions}


def _subscribes_wrongly(account: Account, given: Mapping[str, Any], wanted: Any) -> str:
    if not isinstance(wanted, list) or not all(isinstance(one, str) for one in wanted):
        return "subscriptions must be an array of strings"
    if not wanted or wanted == [BY_TRIGGER]:
        return ""
    unknown = [one for one in wanted if one not in events.TYPES]
    if BY_TRIGGER in wanted:
        return f"{BY_TRIGGER} cannot be combined with other subscriptions"
    if unknown or not account.switches["ticket_events"]:
        return f"{(unknown or wanted)[0]} is not a supported event type"
    if (given["http_method"], given["request_format"]) != ("POST", "json"):
        return "a webhook that subscribes to events must use POST and json"
    return ""


def _logs_in_wrongly(given: Any) -> str:
    if given is None:
        return ""
    if not isinstance(given, dict) or given.get("type") not in CREDENTIALS:
        return f"authentication type must be one of {', '.join(CREDENTIALS)}"
    data, names = given.get("data"), CREDENTIALS[given["type"]]
    if not isinstance(data, dict) or not all(isinstance(data.get(name), str) for name in names):
        return f"authentication data must have {' and '.join(names)}"
    return "" if given.get("add_position") == "header" else "authentication add_position must be header"


def _adds_wrongly(given: Any) -> str:
    fits = isinstance(given or {}, dict) and all(isinstance(value, str) for value in (given or {}).values())
    return "" if fits and len(given or {}) <= MOST_HEADERS else f"custom_headers: at most {MOST_HEADERS} strings"


def _is_url(given: Any) -> bool:
    try:
        parts = urlsplit(given) if isinstance(given, str) else urlsplit("")
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _refused(code: str, detail: str, *, status: int = 400) -> Refusal:
    return Refusal(status, {"errors": [{"code": code, "title": "Invalid webhook", "detail": detail}]})
