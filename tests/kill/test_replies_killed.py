"""kill -9 while an agent's answer is on its way: it is told again, sent once, and its agent learns of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import zendesk_events
from crms import ZENDESK
from kill_judge import Said as Told
from kill_world import World
from postgres import Databases
from road import PAGE, until
from sqlalchemy import select, update
from stub import Call, Said, running

from bridge.store.engine import now
from bridge.store.tables import learned, piece, reply, talk

KEYS = ("replies: comments", "webhook_secret: env:ZENDESK_WEBHOOK_SECRET", "poll: 1 hour")
RECEIVER = ("hear.before_commit", "hear.after_commit")
WORKER = ("talk.claimed", "talk.trying", "talk.sent", "talk.settled")


@dataclass(slots=True)
class Page:
    """The comments under our posts."""

    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __call__(self, call: Call) -> Said:
        """List what stands under a comment, or add to it."""
        under = self.comments.setdefault(call.path.split("/")[-2], [])
        if call.method == "GET":
            return Said(body={"data": under})
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
        made = {"id": f"{PAGE}_{len(self.texts)}", "message": call.json["message"], "created_time": at}
        under.insert(0, made | {"from": {"id": PAGE, "name": "Acme"}})
        return Said(body={"id": made["id"]})

    @property
    def texts(self) -> list[str]:
        """All that stands there."""
        return [one["message"] for under in self.comments.values() for one in under]


class Agency(World):
    """A world in which an agent answers."""

    def ask(self, customer: str) -> str:
        """Have a customer write; the ticket of that."""
        self.tell(Told(author=customer, thread=f"{PAGE}_900100", id=f"c_{customer}", text=f"<{customer}>"))
        self.drain()
        return next(case.id for case in self.cases() if customer in case.key)

    def answer(self, ticket: str, text: str) -> bytes:
        """Have an agent comment; the event that tells of it."""
        self.order("comment", ticket=int(ticket), body=text)
        tickets = self.crm.state(self.http, self.env)["tickets"]
        [comments] = [one["comments"] for one in tickets if str(one["id"]) == ticket]
        return zendesk_events.said(text, id=str(comments[-1]["id"]), detail={"id": ticket})

    def ring(self, body: bytes) -> None:
        """Call until it is answered with 200, as Zendesk does; a dead receiver is restarted by its host."""
        until(lambda: self._called(body), "the receiver answers with 200")

    def _called(self, body: bytes) -> bool:
        url, headers = f"http://127.0.0.1:{self.receiver.port}/in/zendesk", zendesk_events.headers(body)
        try:
            return self.http.post(url, data=body, headers=headers, timeout=5).status_code == 200
        except requests.RequestException:
            if self.receiver.exit is not None:
                self.start_receiver()
            return False

    def pass_time(self) -> None:
        """Let leases run out, and what was sent grow old enough to be looked for."""
        hour = 3_600_000
        with self.store.write() as c:
            c.execute(update(piece).values(tried_at=piece.c.tried_at - hour, tried_last=piece.c.tried_last - hour))
            c.execute(update(talk).where(talk.c.due_at.isnot(None)).values(due_at=now()))

    def states(self) -> list[tuple[str, bool]]:
        """State of each reply, and whether the agent was told."""
        with self.store.read() as c:
            return [(row.state, row.report_at is None) for row in c.execute(select(reply).order_by(reply.c.id))]

    def knows_us(self) -> bool:
        """Whether comments of our own can be told from those of agents."""
        with self.store.read() as c:
            return c.execute(select(learned.c.value).where(learned.c.name == "us")).scalar() is not None


@contextmanager
def agency(folder: Path, databases: Databases) -> Iterator[tuple[Agency, Page]]:
    page = Page()
    more = {"PAGE_TOKEN": "EAA-page-token-7f1c", "ZENDESK_WEBHOOK_SECRET": zendesk_events.SECRET, "LEASE": "90"}
    with (
        running(page) as platform,
        databases() as url,
        Agency(folder / "world", url, ZENDESK, *KEYS, platform=platform.url, **more) as world,
    ):
        world.let_all_be_done()
        yield world, page


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_answer_is_sent_once_whoever_is_killed_over_it(tmp_path: Path, databases: Databases) -> None:
    points, codes = [*RECEIVER, *WORKER], []
    with agency(tmp_path, databases) as (world, page):
        for n, point in enumerate(points):
            helper = world.start_worker()
            until(world.knows_us, "it is known who we are")
            body = world.answer(world.ask(f"customer{n}"), f"Answer {n}")
            helper.kill()
            killed = world.start_receiver(point) if point in RECEIVER else world.start_worker(point)
            world.ring(body)
            codes.append(killed.ended())
            world.pass_time()
            after = world.start_worker()
            until(lambda: world.states() == [("sent", True)] * (n + 1), f"it was sent and told after {point}")  # noqa: B023
            after.kill()
        tickets = world.crm.state(world.http, world.env)["tickets"]

    assert codes == [-9] * len(points)
    assert sorted(page.texts) == [f"Answer {n}" for n in range(len(points))]
    assert [len([one for one in ticket["comments"] if not one["public"]]) for ticket in tickets] == [1] * len(
        points
    )
