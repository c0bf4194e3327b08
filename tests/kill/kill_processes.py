"""What runs in the processes that are killed: a sandbox CRM, a receiver, a worker, and the admin's command.

They are forked from a server that has imported everything already, so a killed one is back within 0.1 s. Each
ends with the tests that started it, however those end: its `line` to them then breaks.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, make_server

from bridge import cli, configuration, wiring, worker
from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.ports import Crm, Filing, Found, Identified, Named, Outcome, PersonMatch, Receipt
from bridge.sandbox.salesforce import delivery as salesforce
from bridge.sandbox.salesforce.login import App
from bridge.sandbox.salesforce.org import Org
from bridge.sandbox.salesforce.server import listen as listen_salesforce
from bridge.sandbox.zendesk import delivery as zendesk
from bridge.sandbox.zendesk.account import Account
from bridge.sandbox.zendesk.login import Client
from bridge.sandbox.zendesk.server import listen as listen_zendesk
from bridge.web import create_app

Env = Mapping[str, str]


@dataclass(slots=True)
class KillAt:
    """Ends its own process with SIGKILL when it passes a named point for the n-th time; "" = never."""

    point: str
    nth: int = 1

    def __call__(self, point: str) -> None:
        if point != self.point:
            return
        self.nth -= 1
        if self.nth == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def sandbox(env: Env, line: Connection, log: Path, crm: str, database: Path) -> None:
    """Serve a sandbox CRM and send its port."""
    _begin(line, log)
    server = SANDBOXES[crm](env, database)
    line.send(server.server_port)
    server.serve_forever()


def _salesforce(env: Env, database: Path, *, plugin: bool = False) -> BaseWSGIServer:
    app = App(key=env["SF_CONSUMER_KEY"], secret=env["SF_CONSUMER_SECRET"])
    org = Org(database, plugin=plugin)
    return listen_salesforce(salesforce.Delivery(org, app), host="127.0.0.1", port=0)


def _zendesk(env: Env, database: Path) -> BaseWSGIServer:
    client = Client(id=env["ZENDESK_CLIENT_ID"], secret=env["ZENDESK_CLIENT_SECRET"])
    return listen_zendesk(zendesk.Delivery(Account(database), client), host="127.0.0.1", port=0)


SANDBOXES: Mapping[str, Callable[[Env, Path], BaseWSGIServer]] = {
    "salesforce": _salesforce,
    "salesforce-plugin": partial(_salesforce, plugin=True),
    "zendesk": _zendesk,
}


def receiver(env: Env, line: Connection, log: Path, point: str, nth: int) -> None:
    """Serve the receiver and send its port."""
    _begin(line, log)
    config = configuration.configure(env)
    parts = replace(wiring.receiver(config, wiring.store(config)), at=KillAt(point, nth))
    server = make_server("127.0.0.1", 0, create_app(parts), threaded=True)
    line.send(server.server_port)
    server.serve_forever()


def work(env: Env, line: Connection, log: Path, point: str, nth: int, kind: str) -> None:
    """Work until killed; kind: one of KINDS."""
    _begin(line, log)
    config = configuration.configure(env)
    bridge = wiring.bridge(config, wiring.store(config))
    crms = {name: KINDS[kind](crm) for name, crm in bridge.crms.items()}
    one = worker.Worker(replace(bridge, crms=crms, at=KillAt(point, nth)), tuple(wiring.channels(config)))
    line.send(0)
    worker.run(one, threading.Event(), poll=config.settings.poll)


def casebridge(env: Env, line: Connection, log: Path, arguments: Sequence[str]) -> None:
    """Run a command of the admin's; its exit code is the process's."""
    _begin(line, log)
    line.send(0)
    os.environ.update(env)
    cli.main(arguments)


def _begin(line: Connection, log: Path) -> None:
    """Write to the log from now on, and end when the tests do."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, sys.stdout.fileno())
    os.dup2(out, sys.stderr.fileno())
    logging.basicConfig(level="WARNING", format="%(asctime)s %(process)d %(levelname)s %(message)s")
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()


def _end_with(line: Connection) -> None:
    try:
        line.recv()
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGKILL)


# --- what a worker files into ---------------------------------------------------------------------------------

Trouble = RetryLater | Unsure | Rejected


class Around(Crm):
    """A CRM behind another one, so that what is sent to it and what it says can be changed on the way."""

    def __init__(self, crm: Crm) -> None:
        self.crm, self.patience = crm, crm.patience

    def find(self, people: Sequence[PersonMatch]) -> Sequence[Found]:
        return self.crm.find(people)

    def identify(self, records: Sequence[Named]) -> Sequence[Identified]:
        return self.crm.identify(records)

    def file(self, filings: Sequence[Filing], *, now: datetime) -> Iterator[list[tuple[int, Outcome]]]:
        try:
            for answer in self.crm.file([self.sent(filing) for filing in filings], now=now):
                yield [(i, self.said(outcome)) for i, outcome in answer]
        except RetryLater as why:
            raise self.trouble(why) from None
        except Paused as why:
            raise self.paused(why) from None

    def look(self, filings: Sequence[Filing]) -> Sequence[Collection[str]]:
        return self.crm.look(filings)

    def said(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Receipt):
            return replace(outcome, failed={key: self.trouble(why) for key, why in outcome.failed.items()})
        return self.trouble(outcome)

    def sent(self, filing: Filing) -> Filing:
        return filing

    def trouble(self, why: Trouble) -> Trouble:
        return why

    def paused(self, why: Paused) -> Paused:
        return why


class Blind(Around):
    """Resends what got no answer without asking for it: the duplicates that the bridge is there to prevent."""

    def sent(self, filing: Filing) -> Filing:
        return replace(filing, unsure_since=None, unsure_last=None)

    def trouble(self, why: Trouble) -> Trouble:
        return RetryLater(str(why), after=timedelta(0)) if isinstance(why, Unsure) else why


class Hasty(Around):
    """Asks after a lost answer, but does not wait until the org can no longer carry the attempt out."""

    def sent(self, filing: Filing) -> Filing:
        return replace(filing, unsure_last=filing.unsure_since and datetime(1970, 1, 1, tzinfo=UTC))


class Hurried(Around):
    """Waits a second where the adapter says 20 or 300: a busy org is back soon, and the tests are not patient."""

    LONGEST = timedelta(seconds=1)

    def trouble(self, why: Trouble) -> Trouble:
        if isinstance(why, RetryLater):
            after = min(why.after, self.LONGEST)
            return RetryLater(str(why), after=after, counts=why.counts, clears=why.clears)
        return why

    def paused(self, why: Paused) -> Paused:
        return Paused(str(why), until=datetime.now(UTC) + self.LONGEST)


KINDS: Mapping[str, Callable[[Crm], Crm]] = {
    "": lambda crm: crm,
    "blind": Blind,
    "hasty": Hasty,
    "hurried": Hurried,
}
