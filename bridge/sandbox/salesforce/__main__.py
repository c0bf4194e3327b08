"""Start the sandbox: python -m bridge.sandbox.salesforce --port 8081 --database sandbox.db"""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from bridge.sandbox.salesforce.delivery import Delivery
from bridge.sandbox.salesforce.login import App
from bridge.sandbox.salesforce.org import Org
from bridge.sandbox.salesforce.server import listen


def loopback(host: str) -> str:
    """Take an address of this machine only: the control paths ask for no password."""
    if host == "localhost":
        return host
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise argparse.ArgumentTypeError(f"{host!r} is no loopback address; use 127.0.0.1")
    return host


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bridge.sandbox.salesforce", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="0 = any free port; the line printed says which")
    parser.add_argument("--database", type=Path, required=True, help="file that keeps everything")
    parser.add_argument("--host", type=loopback, default="127.0.0.1")
    parser.add_argument("--consumer-key", default=os.environ.get("SANDBOX_CONSUMER_KEY", "sandbox-key"))
    parser.add_argument("--consumer-secret", default=os.environ.get("SANDBOX_CONSUMER_SECRET", "sandbox-secret"))
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT."""
    given = arguments(argv)
    try:
        org = Org(given.database)
    except sqlite3.Error as error:
        print(f"--database {str(given.database)!r}: {error}; name a file in a folder that exists", file=sys.stderr)
        return 2
    delivery = Delivery(org, App(key=given.consumer_key, secret=given.consumer_secret))
    server = listen(delivery, host=given.host, port=given.port)

    def stop(*_: object) -> None:
        # shutdown waits for serve_forever, which runs in this very thread
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    host = f"[{given.host}]" if ":" in given.host else given.host
    print(f"Salesforce sandbox on http://{host}:{server.server_port}", flush=True)
    server.serve_forever(poll_interval=0.1)  # seconds until a stop is noticed
    server.server_close()
    org.database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
