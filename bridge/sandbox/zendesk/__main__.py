"""Start the sandbox: python -m bridge.sandbox.zendesk --port 8082 --database zendesk.db"""

from __future__ import annotations

import argparse
import os
import sys

from bridge.sandbox import starting
from bridge.sandbox.local import is_local
from bridge.sandbox.zendesk.account import Account
from bridge.sandbox.zendesk.delivery import Delivery
from bridge.sandbox.zendesk.login import Client
from bridge.sandbox.zendesk.server import listen


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = starting.parser("bridge.sandbox.zendesk", __doc__)
    parser.add_argument("--client-id", default=os.environ.get("SANDBOX_CLIENT_ID", "sandbox-client"))
    parser.add_argument("--client-secret", default=os.environ.get("SANDBOX_CLIENT_SECRET", "sandbox-secret"))
    parser.add_argument("--api-email", default=os.environ.get("SANDBOX_API_EMAIL", "bridge@sandbox.example"))
    parser.add_argument("--api-token", default=os.environ.get("SANDBOX_API_TOKEN", "sandbox-token"))
    parser.add_argument("--webhook-url", type=endpoint, default="", help="where webhooks' calls go")
    parser.add_argument("--webhook-secret", default="", help="the signing secret of new webhooks")
    return parser.parse_args(argv)


def endpoint(url: str) -> str:
    """Take an address that webhooks' calls can go to."""
    if url and not is_local(url):
        raise argparse.ArgumentTypeError(f"{url!r} is no address of this machine; use http://127.0.0.1:…")
    return url


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT."""
    given = arguments(argv)
    account = starting.opened(Account, given.database)
    if account is None:
        return 2
    if given.webhook_url:
        account.webhook_url = given.webhook_url
        account.send_webhooks({})
    account.webhook_secret = given.webhook_secret
    client = Client(
        id=given.client_id, secret=given.client_secret, email=given.api_email, api_token=given.api_token
    )
    delivery = Delivery(account, client)
    delivery.sender.start()
    starting.serve(listen(delivery, host=given.host, port=given.port), "Zendesk", given.host)
    delivery.sender.stop()
    account.database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
