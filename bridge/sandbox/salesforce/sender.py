"""The thread that delivers outbound messages: at least once, in any order, until they are acknowledged."""

from __future__ import annotations

import random
import re
import sqlite3
import threading
import time
from collections.abc import Sequence

import requests

from bridge.sandbox.salesforce import database, outbound
from bridge.sandbox.salesforce.database import Record
from bridge.sandbox.salesforce.org import MY_DOMAIN, ORGANIZATION, Org
from bridge.sandbox.salesforce.outbound import ACTIONS, Target

ACKNOWLEDGED = re.compile(rb"<(?:\w+:)?Ack>\s*true\s*</", re.IGNORECASE)
MOST = 100  # notifications in one message
PATIENCE = 10.0  # seconds for one delivery
GRACE = 2.0  # seconds that a stop waits for it
FIRST_GAP, LONGEST_GAP, HORIZON = 15.0, 7_200.0, 86_400.0  # seconds of the vendor's clock
PAUSE = 0.05  # seconds between two looks at what waits

Due = tuple[str, str, str]  # notification, action, record


class Sender:
    """Delivers what waits in one org. All that must last is in the org's file."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbound", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the delivery that is under way, unless the receiver takes too long for it."""
        self._ended.set()
        self._thread.join(timeout=GRACE)

    def waiting(self) -> int:
        """How many notifications nobody has acknowledged yet."""
        with self._org.database.read() as tx:
            return int(tx.execute("select count(*) from notifications").fetchone()[0])

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._ended.wait(PAUSE):
                target = self._org.outbound
                if target.url:
                    self._round(session, target)

    def _round(self, session: requests.Session, target: Target) -> None:
        self._give_up(target)
        with self._org.database.read() as tx:
            due = tx.execute(
                "select id, action, record from notifications where due <= ?", (time.time(),)
            ).fetchall()
        random.shuffle(due)  # the vendor keeps no order, so nobody may count on one
        for action in ACTIONS:
            mine = [one for one in due if one[1] == action]
            for start in range(0, len(mine), MOST):
                if self._ended.is_set():
                    return
                self._deliver(session, target, mine[start : start + MOST])

    def _deliver(self, session: requests.Session, target: Target, batch: Sequence[Due]) -> None:
        action = ACTIONS[batch[0][1]]
        with self._org.database.read() as tx:
            records = [(own, _living(tx, record)) for own, _, record in batch]
        notifications = [(own, record) for own, record in records if record is not None]
        body = outbound.letter(action, ORGANIZATION, MY_DOMAIN, notifications)
        if notifications and not _posted(session, target.url, body):
            self._org.told["refused"] += len(batch)
            self._put_off(target, batch)
            return
        self._org.told["acknowledged"] += len(notifications)
        if target.twice and notifications:
            self._org.told["repeated"] += len(notifications)
            _posted(session, target.url, body)
        with self._org.database.write() as tx:
            tx.executemany("delete from notifications where id = ?", [(own,) for own, *_ in batch])

    def _put_off(self, target: Target, batch: Sequence[Due]) -> None:
        gaps = """update notifications set tries = tries + 1, due = ? + min(?, ? * (1 << min(tries, 20))) / ?
                  where id = ?"""
        with self._org.database.write() as tx:
            now = time.time()
            tx.executemany(gaps, [(now, LONGEST_GAP, FIRST_GAP, target.speed, own) for own, *_ in batch])

    def _give_up(self, target: Target) -> None:
        with self._org.database.read() as tx:
            ended = (time.time() - HORIZON / target.speed,)
            late = tx.execute("select id from notifications where made < ? and tries > 0", ended).fetchall()
        if late:
            with self._org.database.write() as tx:
                tx.executemany("delete from notifications where id = ?", late)
            self._org.told["given_up"] += len(late)


def _living(tx: sqlite3.Connection, record_id: str) -> Record | None:
    record = database.fetch(tx, record_id)
    return None if record is None or record.deleted else record


def _posted(session: requests.Session, url: str, body: str) -> bool:
    """Whether the receiver has taken it: only HTTP 200 with Ack true says so."""
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
    try:
        answer = session.post(url, data=body.encode(), headers=headers, timeout=PATIENCE, allow_redirects=False)
    except requests.RequestException:
        return False
    return answer.status_code == 200 and bool(ACKNOWLEDGED.search(answer.content))
