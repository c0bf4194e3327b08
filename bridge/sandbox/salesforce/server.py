"""The paths of the sandbox: the vendor's under /services, control and pages beside them."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer

from bridge.sandbox import replies, serving
from bridge.sandbox.salesforce import control, orders, pages, refusals, thread
from bridge.sandbox.salesforce.delivery import Delivery
from bridge.sandbox.salesforce.wire import refused

MOST_BODY = 50 * 1024 * 1024  # bytes; the vendor's own limit for JSON


def create_app(delivery: Delivery) -> Flask:
    """All paths of one sandbox."""
    app = serving.create_app(most_body=MOST_BODY)
    app.register_blueprint(control.blueprint(delivery))
    app.register_blueprint(orders.blueprint(delivery.org, delivery.sender))
    app.register_blueprint(replies.blueprint(delivery.org.database))
    app.register_blueprint(thread.blueprint(delivery.org))
    app.register_blueprint(pages.blueprint(delivery.org))

    @app.route("/services/<path:_>", methods=serving.METHODS)
    def services(_: str) -> Response:
        return serving.answered(delivery.answer(serving.asked(request)))

    @app.errorhandler(404)
    def elsewhere(_: Exception) -> Response:
        return serving.answered(refused(refusals.not_found()))

    @app.errorhandler(405)
    def otherwise(_: Exception) -> Response:
        return serving.answered(refused(refusals.wrong_method(request.method, [])))

    return app


def listen(delivery: Delivery, *, host: str, port: int) -> BaseWSGIServer:
    """Bind the address, port 0 = any free one; `server_port` says which."""
    return serving.listen(create_app(delivery), host=host, port=port)
