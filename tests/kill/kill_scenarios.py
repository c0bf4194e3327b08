"""What can be on its way when a process is killed, and how it must end."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crms import PLUGIN, ZENDESK, Side
from kill_judge import GONE, Said, Stories, Verdict, judge, stories
from kill_world import LATE, World

THREAD = "10150001_900100"
KEY = f"facebook:10150001:{THREAD}:ana"

RECEIVER = ("ingest.before_commit", "ingest.after_commit")
UNSENT = ("lane.claimed", "lane.placed", "work.claimed")
ANSWERED = ("work.sent", "work.settled")  #: passed after each call
FAULTS = {"sqlite": ("", "lost_answer", "late_commit"), "postgresql": ("lost_answer",)}
"""What becomes of the last write. What a CRM does is tried on one database, what a lost answer leaves on both."""


def says(number: int, **more: str | int) -> Said:
    return Said(author="ana", thread=THREAD, id=f"c{number}", text=f"<ana {number}>", **more)  # type: ignore[arg-type]


FIRST, SECOND = says(1), says(2)


@dataclass(frozen=True, slots=True)
class Calls:
    """What a CRM is asked and told until all of it is in."""

    answers: int  #: until the one that settles it
    method: str = "POST"  #: of the last write
    nth: int = 1  #: which one of the writes with this method is the last


# A new worker first asks Salesforce what its objects hold.
OPENING = {"salesforce": Calls(2), "salesforce-plugin": Calls(2), "zendesk": Calls(1)}
#: Zendesk's ticket is as our latest write left it, or else the answer says that it is not.
ADDING = {"salesforce": Calls(3), "salesforce-plugin": Calls(3), "zendesk": Calls(1, "PUT")}
#: With the plugin the message goes in while the case is asked for, and moves when the next case is opened.
OPENING_NEXT = {"salesforce": Calls(3), "salesforce-plugin": Calls(3, "POST", 2), "zendesk": Calls(2)}
#: Salesforce: the case's fields, then a note. Zendesk: the texts are read, blacked out, then fields and a note.
BLANKING = {
    "salesforce": Calls(4),
    "salesforce-plugin": Calls(3, "PATCH"),
    "zendesk": Calls(4, "PUT", 2),
}
WITHDRAWING = {**BLANKING, "salesforce": Calls(3, "PATCH")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What was there before, what is on its way when the process is killed, and the cases in the end."""

    sent: Said
    story: Stories
    quiet: Stories | None = None  #: the same, where no note tells of a deletion; None = there is none to tell of
    before: Sequence[Said] = ()
    meanwhile: Sequence[Said] = ()  #: said after the kill, before another worker is there
    closed: bool = False  #: an agent has closed the case 30 days before
    calls: Mapping[str, Calls] = field(default_factory=lambda: ADDING)

    def ends(self, crm: Side) -> Outcome:
        """How it must end where a process was killed."""
        return Outcome(story=self.quiet if crm is PLUGIN and self.quiet else self.story)


SCENARIOS = {
    "create": Scenario(sent=FIRST, story={KEY: ["<ana 1>"]}, calls=OPENING),
    "comment": Scenario(before=(FIRST,), sent=SECOND, story={KEY: ["<ana 1>", "<ana 2>"]}),
    "episode": Scenario(
        before=(FIRST,),
        closed=True,
        calls=OPENING_NEXT,
        sent=says(2, episode=2),
        story={KEY: ["<ana 1>"], f"{KEY}~2": ["<ana 2>"]},
    ),
    "edit": Scenario(
        before=(FIRST,),
        sent=Said(author="ana", thread=THREAD, id="c1", text="<ana 1, edited>", verb="edited"),
        story={KEY: ["<ana 1>", "<ana 1, edited>"]},
    ),
    "delete": Scenario(
        before=(FIRST, SECOND),
        calls=BLANKING,
        sent=Said(author="ana", thread=THREAD, id="c1", verb="remove"),
        story={KEY: [GONE, "<ana 2>", GONE]},
        quiet={KEY: [GONE, "<ana 2>"]},
    ),
    "withdraw": Scenario(
        before=(FIRST, SECOND),
        calls=WITHDRAWING,
        sent=Said(author="ana", thread=THREAD, id="c2", verb="remove"),
        story={KEY: ["<ana 1>", GONE]},
    ),
}


CLEAN = Verdict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended. ledger: exit code of `casebridge ledger`."""

    story: Stories
    verdict: Verdict = CLEAN
    killed: int | None = -signal.SIGKILL
    ledger: int = 0


def run(
    world: World, scenario: Scenario, *, point: str = "", last: bool = False, fault: str = "", kind: str = ""
) -> Outcome:
    """Bring one message on its way, kill whoever carries it at `point`, start another and wait for the end.

    last: where the CRM has answered, not the answer before but the one that settles it, if all goes well.
    fault: what becomes of the last write. kind: of the workers, from kill_processes.KINDS.
    """
    world.let_all_be_done()
    if scenario.before:
        helper = world.start_worker()
        for said in scenario.before:
            world.tell(said)
        world.drain()
        helper.kill()
    if scenario.closed:
        world.close_cases_long_ago()
    calls = scenario.calls[str(world.crm)]
    if fault:
        path, what = ("ticket", "method") if world.crm is ZENDESK else ("composite", "verb")
        world.order("faults", fault=fault, after=calls.nth - 1, seconds=LATE, path=path, **{what: calls.method})
    nth = max(calls.answers - (not last), 1) if point in ANSWERED else 1
    killed = world.start_receiver(point) if point in RECEIVER else world.start_worker(point, nth, kind=kind)
    world.tell(scenario.sent)
    code = killed.ended() if point else None
    for said in scenario.meanwhile:
        world.tell(said)
    world.start_worker(kind=kind)
    world.drain()
    if fault == "late_commit":
        time.sleep(LATE)  # what the org has taken on it still carries out, and the judge must see it
    cases = world.cases()
    return Outcome(
        story=stories(cases), verdict=judge(cases, world.told), killed=code, ledger=world.command("ledger")
    )
