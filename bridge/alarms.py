"""Alarms: a row, a line in the log and, where ALERT_URL is set, a POST there.

Each is told of once when it begins, once a day while it lasts, and once when it is over.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from bridge.calling import Api, Unanswered
from bridge.findings import bad, connection_of, name_of
from bridge.ports import Finding
from bridge.printing import one_line
from bridge.store import Store, alarms
from bridge.store.alarms import Alarm

log = logging.getLogger("casebridge")

PATIENCE = timedelta(seconds=5)
LONGEST = 500  #: characters of a sentence
DEAD_TOKEN = "Run casebridge doctor: it says what to do."  # noqa: S105 - no password


class Alarms:
    """All alarms of one database. Safe to share between threads."""

    def __init__(self, store: Store, url: str = "") -> None:
        """url: what each alarm is posted to; "" = nowhere."""
        self._store, self._api = store, Api(url, patience=PATIENCE) if url else None

    def token(self, account: str, says: str) -> None:
        """Raise the alarm that the token of an account (connection/account) is dead. Cheap, and never raises.

        A database that is away has louder alarms.
        """
        try:
            self._begin(one_line(f"{account}: token"), says, DEAD_TOKEN)
        except SQLAlchemyError:
            log.warning("the token of %s is dead, and nobody can be told: %s", account, one_line(says))

    def settle(self, connection: str, findings: Iterable[Finding], *, only: str = "") -> None:
        """Raise an alarm for each warning and each fault that was found, and end the connection's other ones.

        only: the name of the one alarm that was looked into; "" = all of the connection's were.
        """
        raised = {name_of(connection, finding): finding for finding in reversed(bad(findings))}
        for name, finding in sorted(raised.items()):
            self._begin(name, finding.says, finding.do)
        with self._store.write() as c:
            over = alarms.end(c, connection, besides=raised, only=one_line(only))
        for name in over:
            log.warning("alarm over: %s", name)

    def retire(self, connections: Collection[str]) -> None:
        """End the alarms of all but these connections: nobody looks at the others any more."""
        with self._store.read() as c:
            gone = {connection_of(name) for name in alarms.lasting(c)} - set(connections)
        for connection in sorted(gone):
            self.settle(connection, ())

    def remind(self) -> None:
        """Log the alarms that have lasted for another day."""
        with self._store.write() as c:
            lasting = alarms.remind(c)
        for one in lasting:
            says = f"{one.says} {one.do}".strip()
            log.error("alarm lasts since %s: %s: %s", f"{one.since:%Y-%m-%d}", one.name, says)

    def post(self) -> None:
        """Tell ALERT_URL what it does not know yet; what it does not take is told again in a minute."""
        if self._api is None:
            return
        with self._store.read() as c:
            waiting = alarms.anything_to_post(c)
        if not waiting:
            return
        with self._store.write() as c:
            due = alarms.to_post(c)
        for one in due:
            try:
                answer = self._api.call("POST", "", json=_told(one))
            except Unanswered as lost:
                log.warning("ALERT_URL cannot be told of %s: %s", one.name, lost)
                return  # it is away: the others need not wait for it, too
            if not answer.ok:
                log.warning("ALERT_URL cannot be told of %s: it answered %s", one.name, answer.status)
                continue
            with self._store.write() as c:
                alarms.posted(c, one)

    def _begin(self, name: str, says: str, do: str) -> None:
        says, do = (one_line(text)[:LONGEST] for text in (says, do))
        with self._store.read() as c:
            if alarms.stands(c, name, says, do):
                return
        with self._store.write() as c:
            fresh = alarms.begin(c, name, says, do)
        if fresh:
            log.error("alarm: %s: %s", name, f"{says} {do}".strip())


def _told(one: Alarm) -> dict[str, str]:
    return {"name": one.name, "says": one.says, "do": one.do, "since": one.since.isoformat(), "state": one.state}
