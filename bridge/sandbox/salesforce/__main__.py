"""Start the sandbox: python -m bridge.sandbox.salesforce --port 8081 --database sandbox.db"""

from __future__ import annotations

import argparse
import os
import sys

from bridge.sandbox import starting
from bridge.sandbox.salesforce.delivery import Delivery
from bridge.sandbox.salesforce.login import App
from bridge.sandbox.salesforce.org import Org
from bridge.sandbox.salesforce.server import listen


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = starting.parser("bridge.sandbox.salesforce", __doc__)
    parser.add_argument("--consumer-key", default=os.environ.get("SANDBOX_CONSUMER_KEY", "sandbox-key"))
    parser.add_argument("--consumer-secret", default=os.environ.get("SANDBOX_CONSUMER_SECRET", "sandbox-secret"))
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT."""
    given = arguments(argv)
    org = starting.opened(Org, given.database)
    if org is None:
        return 2
    delivery = Delivery(org, App(key=given.consumer_key, secret=given.consumer_secret))
    starting.serve(listen(delivery, host=given.host, port=given.port), "Salesforce", given.host)
    org.database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
