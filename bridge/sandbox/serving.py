"""The HTTP side: Flask for the paths, werkzeug's threaded server, hanging up without an answer, pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from bridge.sandbox.wire import Answer, Call

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CUT = "sandbox.cut"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class _Handler(WSGIRequestHandler):
    timeout = 60  # seconds that a silent client may hold a thread
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one write: two of them cost the client 40 ms

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


def create_app(*, most_body: int) -> Flask:
    """An app without any path; most_body: bytes that a request may carry."""
    app = Flask("bridge.sandbox")
    app.config["MAX_CONTENT_LENGTH"] = most_body
    app.json.sort_keys = False  # type: ignore[attr-defined]
    return app


def asked(given: Request) -> Call:
    """What came in, as a Call."""
    headers = {name.lower(): value for name, value in given.headers.items()}
    size = len(given.environ.get("REQUEST_URI", "")) + sum(len(n) + len(v) + 4 for n, v in headers.items())
    return Call(
        method=given.method,
        path=given.path,
        query=given.args.to_dict(),
        headers=headers,
        body=given.get_data(),
        size=size,
    )


def answered(answer: Answer | None) -> Response:
    """The answer as Flask sends it; None = the connection is cut."""
    if answer is None:
        request.environ[CUT] = True
        return Response(status=500)
    response = Response(answer.payload, status=answer.status, content_type=answer.type)
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response


def page(html: str) -> Response:
    """A page that can load and run nothing."""
    return Response(html.encode("utf-8", "replace"), content_type="text/html; charset=utf-8", headers=SAFE)


def listen(app: Flask, *, host: str, port: int) -> BaseWSGIServer:
    """Bind the address, port 0 = any free one; `server_port` says which."""
    wsgi: Any = CutOff(app)
    return make_server(host, port, wsgi, threaded=True, request_handler=_Handler)
