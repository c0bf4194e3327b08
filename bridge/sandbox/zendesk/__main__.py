"""Start the sandbox: python -m bridge.sandbox.zendesk --port 8082 --database zendesk.db"""

from __future__ import annotations

import argparse
import os
import sys

from bridge.sandbox import starting
from bridge.sandbox.zendesk.account import Account
from bridge.sandbox.zendesk.delivery import Delivery
from bridge.sandbox.zendesk.login import Client
from bridge.sandbox.zendesk.server import listen


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = starting.parser("bridge.sandbox.zendesk", __doc__)
    parser.add_argument("--client-id", default=os.environ.get("SANDBOX_CLIENT_ID", "sandbox-client"))
    parser.add_argument("--client-secret", default=os.environ.get("SANDBOX_CLIENT_SECRET", "sandbox-secret"))
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT."""
    given = arguments(argv)
    account = starting.opened(Account, given.database)
    if account is None:
        return 2
    delivery = Delivery(account, Client(id=given.client_id, secret=given.client_secret))
    starting.serve(listen(delivery, host=given.host, port=given.port), "Zendesk", given.host)
    account.database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
