"""Start the sandbox: python -m bridge.sandbox.salesforce --port 8081 --database sandbox.db"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from bridge.sandbox import starting
from bridge.sandbox.salesforce.assertion import public_key
from bridge.sandbox.salesforce.delivery import Delivery
from bridge.sandbox.salesforce.login import App
from bridge.sandbox.salesforce.org import INTEGRATION, Org
from bridge.sandbox.salesforce.outbound import target
from bridge.sandbox.salesforce.server import listen


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = starting.parser("bridge.sandbox.salesforce", __doc__)
    parser.add_argument("--consumer-key", default=os.environ.get("SANDBOX_CONSUMER_KEY", "sandbox-key"))
    parser.add_argument("--consumer-secret", default=os.environ.get("SANDBOX_CONSUMER_SECRET", "sandbox-secret"))
    parser.add_argument("--plugin", action="store_true", help="the org has the plugin's objects and fields")
    parser.add_argument("--jwt-key", type=uploaded, help="PEM certificate or public key for the JWT bearer flow")
    parser.add_argument("--jwt-user", default=INTEGRATION, help="who has approved the app for that flow")
    parser.add_argument("--outbound-url", type=endpoint, default="", help="where outbound messages go")
    return parser.parse_args(argv)


def uploaded(name: str) -> RSAPublicKey:
    """Read the key file of an argument."""
    try:
        return public_key(Path(name).read_bytes())
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{name!r}: {error}") from None


def endpoint(url: str) -> str:
    """Take an address that outbound messages can go to."""
    try:
        return target({"url": url}).url
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT."""
    given = arguments(argv)
    try:
        org = starting.opened(partial(Org, plugin=given.plugin), given.database)
    except ValueError as error:
        print(f"--plugin: {error}", file=sys.stderr)
        return 2
    if org is None:
        return 2
    if given.outbound_url:
        org.endpoint = given.outbound_url
        org.set_outbound({"url": org.endpoint})
    app = App(key=given.consumer_key, secret=given.consumer_secret, certificate=given.jwt_key, user=given.jwt_user)
    delivery = Delivery(org, app)
    delivery.sender.start()
    starting.serve(listen(delivery, host=given.host, port=given.port), "Salesforce", given.host)
    delivery.sender.stop()
    org.database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
