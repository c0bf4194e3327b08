"""The receiver as gunicorn starts it for `casebridge run`, wherever that is run."""

from __future__ import annotations

import os

from flask import Flask

from bridge import configuration, wiring
from bridge.web import create_app


def app() -> Flask:
    """The WSGI application for the environment. Raises ConfigError."""
    config = configuration.configure(os.environ)
    wiring.log(config.settings)
    return create_app(wiring.receiver(config, wiring.store(config)))
