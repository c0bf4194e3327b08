"""The receiver: HTTP in, one commit, HTTP out. It never waits for a CRM."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from bridge import flow, metrics, panel, parts
from bridge.errors import Forged, Malformed, Unready
from bridge.flow import Keeping
from bridge.panel import Panel
from bridge.ports import Answer, Callback, Channel, Crm
from bridge.store import Store, health, ledger

log = logging.getLogger("casebridge")

BODY_LIMIT = 3 * 1024 * 1024  #: bytes: the largest callback of any platform (WhatsApp)
COME_BACK = 30  #: seconds, in Retry-After: Zendesk calls again only where it has less than a minute to wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """The parts that the web edge needs."""

    store: Store
    channels: Mapping[str, Channel | None]  #: connection name -> its adapter; None = switched off
    crms: Mapping[str, Crm | None] = field(default_factory=dict)  #: those that call us, alike
    keeping: Callable[[], Keeping] = lambda: flow.AS_IT_COMES
    public_url: str = ""  #: https://bridge.example.com: what platforms call, "" = as the request says
    proxies: int = 0  #: how many in front of us set X-Forwarded-…
    metrics_token: str = field(default="", repr=False)  #: who knows it may read /metrics; "" = nobody may
    at: Callable[[str], None] = field(default=lambda _: None)  #: named points, so that tests can kill there


def create_app(receiver: Receiver) -> Flask:
    """The WSGI application. /in/<connection> takes callbacks, /app/<connection>/… what our app in a CRM asks.

    /healthz, /readyz and /metrics are for the host.
    """
    app = Flask("casebridge", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT + 1  # one more, so that _body sees what was cut off
    if receiver.proxies:
        n = receiver.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    app.register_error_handler(HTTPException, _plain)
    app.register_error_handler(Exception, _unavailable)

    @app.get("/healthz")
    def healthz() -> Response:
        return _text(200, "ok")

    @app.get("/readyz")
    def readyz() -> Response:
        """Whether a commit works: a backlog must not take the receiver out of rotation."""
        with receiver.store.write() as c:
            ledger.mark(c)
        return _text(200, "ok")

    @app.get("/metrics")
    def metrics_() -> Response:
        given = request.headers.get("Authorization", "").encode("latin-1", "replace")
        wanted = f"Bearer {receiver.metrics_token}".encode()
        if not receiver.metrics_token or not hmac.compare_digest(given, wanted):
            return _text(404, "not found")
        with receiver.store.read() as c:
            return _text(200, metrics.text(health.read(c)), metrics.TYPE)

    @app.route("/in/<connection>", methods=["GET", "POST"])
    @app.route("/in/<connection>/<secret>", methods=["GET", "POST"])
    def take(connection: str, secret: str = "") -> Response:
        return _take(receiver, connection, secret)

    app.register_blueprint(
        panel.routes(Panel(store=receiver.store, channels=receiver.channels, crms=receiver.crms))
    )
    return app


def _take(receiver: Receiver, connection: str, secret: str) -> Response:
    if connection not in receiver.channels and connection not in receiver.crms:
        return _text(404, "no such connection")
    adapter = receiver.channels.get(connection) or receiver.crms.get(connection)
    if secret and isinstance(adapter, Channel) and not adapter.takes_secret:
        return _text(404, "no such connection")
    if adapter is None:
        return _come_back("this connection is switched off")
    callback = Callback(
        connection=connection,
        method=request.method,
        url=_called(receiver.public_url),
        query=request.args.to_dict(),
        headers={name.lower(): value for name, value in request.headers},
        body=_body(),
        received_at=datetime.now(UTC),
        secret=secret,
    )
    try:
        return _answer(_told(receiver, callback, adapter))
    except Forged as why:
        log.warning("refused a request to %s: %s", connection, why)
        return _text(why.status, "refused")
    except Malformed as why:
        log.warning("refused a %s: %s", _named(adapter, connection), why)
        return _text(400, "refused")
    except Unready as why:
        log.warning("cannot verify a request to %s: %s", connection, why)
        return _come_back("cannot verify just now")


def _told(receiver: Receiver, callback: Callback, adapter: Channel | Crm) -> Answer:
    if isinstance(adapter, Crm):
        return flow.hear(callback, adapter, receiver.store, receiver.at)
    return flow.receive(callback, adapter, receiver.store, receiver.at, keeping=receiver.keeping())


def _named(adapter: Channel | Crm, connection: str) -> str:
    return f"call of {connection}" if isinstance(adapter, Crm) else f"handshake with {connection}"


def _body() -> bytes:
    """The body, untouched. Raises 413 if it is over BODY_LIMIT, 400 if it breaks off.

    Of a body in chunks werkzeug only cuts off what is too much, and one that ends early it takes for whole.
    """
    try:
        body = request.get_data(cache=False)
    except HTTPException:
        raise
    except Exception:  # noqa: BLE001 - each server has its own errors for chunks that are none
        raise BadRequest from None
    if len(body) > BODY_LIMIT:
        raise RequestEntityTooLarge
    if request.content_length not in (None, len(body)):
        raise BadRequest
    return body


def _called(public_url: str) -> str:
    """The address that the platform called, spelled as it came: some platforms sign it."""
    query = request.query_string.decode("latin-1")
    origin = public_url.rstrip("/") or f"{request.scheme}://{request.host}"
    return origin + request.path + (f"?{query}" if query else "")


def _answer(answer: Answer) -> Response:
    return _text(answer.status, answer.body, answer.type)


def _text(status: int, body: str, kind: str = "text/plain; charset=utf-8") -> Response:
    response = Response(body, status=status, content_type=kind)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _come_back(body: str) -> Response:
    response = _text(503, body)
    response.headers["Retry-After"] = str(COME_BACK)
    return response


def _plain(error: HTTPException) -> Response:
    response = _text(error.code or 500, error.name.lower())
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _unavailable(error: Exception) -> Response:
    """Nothing was committed that the platform may count on: it shall send again. After a 500 Zendesk does not."""
    parts.explain("storing", error)
    return _come_back("cannot store just now")
