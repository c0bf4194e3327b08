"""How long a mapping takes over one message: `make bench`. Exits 1 where the target is missed."""

from __future__ import annotations

import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from bench import by_hand
from bench.messages import messages
from bridge.mapping import (
    Accepted,
    Mapping,
    accept,
    case_key,
    comment,
    create,
    decide,
    load,
    names,
    person_match,
    raised,
)  # fmt: skip
from bridge.mapping.hours import Hours, Span
from bridge.mapping.surroundings import Surroundings
from bridge.message import Message
from bridge.ports import PersonFound

RUNS = 7
ROUNDS = 20  #: how often a run goes over all messages
MEDIAN, P99 = 0.3, 1.0  #: the target, in milliseconds

HERE = Path(__file__).parent
DAYS = (*[(Span(8 * 60, 20 * 60),)] * 5, (), ())
AROUND = Surroundings(
    lists={"employees": frozenset(by_hand.EMPLOYEES), "vip": frozenset(by_hand.VIPS)},
    hours={"care_desk": Hours(ZoneInfo("Europe/Berlin"), DAYS)},
)
NOBODY = PersonFound()

Work = Callable[[Message], object]


def by_mapping(mapping: Mapping) -> Work:
    """All that is computed of one message: both what opens a case and what joins it."""

    def work(message: Message) -> str | None:
        taken = accept(mapping, message)
        if not isinstance(taken, Accepted):
            return None
        person_match(mapping, message)
        decision = decide(mapping, message, NOBODY, taken=taken)
        names(mapping, message, decision, NOBODY)
        raised(mapping, message, decision, NOBODY)
        create(mapping, message, decision, NOBODY)
        comment(mapping, message, decision, NOBODY)
        case_key(mapping, message)
        return decision.values["priority"]

    return work


def parsed(message: Message) -> object:
    """What no receiver can do without."""
    return json.loads(message.raw)


@dataclass(frozen=True, slots=True)
class Times:
    """Of one message, in milliseconds of processor time, so that other programs do not count."""

    median: float  #: the runs' median
    p99: float  #: the same
    worst: float  #: the worst run's p99


def measure(works: Sequence[Work], sample: Sequence[Message]) -> list[Times]:
    """The times of each work, taken side by side: every run does a round of each in turn."""
    runs: list[list[list[float]]] = [[] for _ in works]
    for _ in range(RUNS):
        for run in runs:
            run.append([])
        for _ in range(ROUNDS):
            for work, run in zip(works, runs, strict=True):
                run[-1] += [_time(work, message) for message in sample]
    return [_times(run) for run in runs]


def _time(work: Work, message: Message) -> float:
    begin = time.thread_time_ns()
    work(message)
    return (time.thread_time_ns() - begin) / 1e6


def _times(run: Sequence[Sequence[float]]) -> Times:
    p99s = [statistics.quantiles(times, n=100)[98] for times in run]
    return Times(
        median=statistics.median(statistics.median(times) for times in run),
        p99=statistics.median(p99s),
        worst=max(p99s),
    )


def agreement(mapping: Work, hand: Callable[[Message], by_hand.Result | None], sample: Sequence[Message]) -> int:
    """For how many messages both decide the same priority, or leave it."""
    answers = [(mapping(message), hand(message)) for message in sample]
    return sum(decided == (written and written["Priority"]) for decided, written in answers)


def main() -> int:
    (shipped,) = load(HERE.parent / "mappings", ["meta-to-salesforce"])
    (care,) = load(HERE, ["care"], around=AROUND)
    sample = messages()
    pairs = [(shipped, by_hand.shipped), (care, by_hand.care)]
    works: list[Work] = [parsed]
    for mapping, hand in pairs:
        works += [by_mapping(mapping), hand]
    times = measure(works, sample)
    print(f"Python {platform.python_version()}, {len(sample)} messages, {RUNS} runs of {len(sample) * ROUNDS:,}\n")
    print("| | median ms | p99 ms | worst run's p99 | × json.loads | × by hand |")
    print("|---|---|---|---|---|---|")
    print(_row("json.loads of the raw item", times[0], times[0], None))
    late = False
    for (mapping, hand), mine, other in zip(pairs, times[1::2], times[2::2], strict=True):
        same = agreement(by_mapping(mapping), hand, sample)
        print(_row(f"{mapping.file}", mine, times[0], other))
        print(_row(f"the same by hand ({same} of {len(sample)} alike)", other, times[0], None))
        late = late or mine.median > MEDIAN or mine.p99 > P99
    print(f"\ntarget: median ≤ {MEDIAN} ms, p99 ≤ {P99:g} ms: {'MISSED' if late else 'met'}")
    return int(late)


def _row(name: str, mine: Times, parse: Times, hand: Times | None) -> str:
    ratio = f"{mine.median / hand.median:.1f}" if hand else ""
    return (
        f"| {name} | {mine.median:.3f} | {mine.p99:.3f} | {mine.worst:.3f} "
        f"| {mine.median / parse.median:.1f} | {ratio} |"
    )


if __name__ == "__main__":
    sys.exit(main())
