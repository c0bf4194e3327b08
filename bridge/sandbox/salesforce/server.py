"""The HTTP side: Flask for the paths, werkzeug's threaded server, and hanging up without an answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from bridge.sandbox.salesforce import control, pages, refusals
from bridge.sandbox.salesforce.delivery import Delivery
from bridge.sandbox.salesforce.wire import Answer, Call, refused

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CUT = "sandbox.cut"
MOST_BODY = 50 * 1024 * 1024  # bytes; the vendor's own limit for JSON


class _Handler(WSGIRequestHandler):
    timeout = 60  # seconds that a silent client may hold a thread

    def log_request(self, *_: Any, **__: Any) -> None:
        """Say nothing of single requests: their addresses carry queries."""

    def connection_dropped(self, *_: Any) -> None:
        """Wait for no further request on this connection: closing it is what the client is to see."""
        self.close_connection = True


class CutOff:
    """The WSGI layer that hangs up where the app asks for it: not a byte of an answer goes out."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = self._app(environ, start_response)
        if environ.get(CUT):
            raise ConnectionAbortedError  # the server takes it for a client that went away
        return body


def create_app(delivery: Delivery) -> Flask:
    """All paths of one sandbox."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.register_blueprint(control.blueprint(delivery))
    app.register_blueprint(pages.blueprint(delivery.org))

    @app.route("/services/<path:_>", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
    def services(_: str) -> Response:
        answer = delivery.answer(_call())
        if answer is None:
            request.environ[CUT] = True
            return Response(status=500)
        return _response(answer)

    @app.errorhandler(404)
    def elsewhere(_: Exception) -> Response:
        return _response(refused(refusals.not_found()))

    @app.errorhandler(405)
    def otherwise(_: Exception) -> Response:
        return _response(refused(refusals.wrong_method(request.method, [])))

    return app


def _call() -> Call:
    headers = {name.lower(): value for name, value in request.headers.items()}
    size = len(request.environ.get("REQUEST_URI", "")) + sum(len(n) + len(v) + 4 for n, v in headers.items())
    return Call(
        method=request.method,
        path=request.path,
        query=request.args.to_dict(),
        headers=headers,
        body=request.get_data(),
        size=size,
    )


def _response(answer: Answer) -> Response:
    response = Response(answer.payload, status=answer.status, content_type=answer.type)
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response


def listen(delivery: Delivery, *, host: str, port: int) -> BaseWSGIServer:
    """Bind the address, port 0 = any free one; `server_port` says which."""
    app: Any = CutOff(create_app(delivery))
    return make_server(host, port, app, threaded=True, request_handler=_Handler)
