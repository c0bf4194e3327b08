"""The paths of the sandbox: the vendor's under /api/v2 and /oauth, control and pages beside them."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer

from bridge.sandbox import replies, serving
from bridge.sandbox.zendesk import agents, control, orders, pages, refusals
from bridge.sandbox.zendesk.delivery import Delivery

MOST_BODY = 50 * 1024 * 1024  # bytes


def create_app(delivery: Delivery) -> Flask:
    """All paths of one sandbox."""
    app = serving.create_app(most_body=MOST_BODY)
    app.before_request(delivery.account.catch_up)
    app.register_blueprint(control.blueprint(delivery))
    app.register_blueprint(orders.blueprint(delivery.account))
    app.register_blueprint(agents.blueprint(delivery.account))
    app.register_blueprint(replies.blueprint(delivery.account.database))
    app.register_blueprint(pages.blueprint(delivery.account))

    @app.route("/oauth/tokens", methods=serving.METHODS)
    @app.route("/api/v2/<path:_>", methods=serving.METHODS)
    def api(_: str = "") -> Response:
        return serving.answered(delivery.answer(serving.asked(request)))

    @app.errorhandler(404)
    @app.errorhandler(405)
    def elsewhere(_: Exception) -> Response:
        return serving.answered(refusals.no_endpoint().answer())

    return app


def listen(delivery: Delivery, *, host: str, port: int) -> BaseWSGIServer:
    """Bind the address, port 0 = any free one; `server_port` says which."""
    return serving.listen(create_app(delivery), host=host, port=port)
