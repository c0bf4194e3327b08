"""What a CRM's answer means for the items of a filing. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from bridge import retry
from bridge.errors import Rejected, RetryLater, Unsure
from bridge.message import clean
from bridge.ports import Filing, Known, Outcome, Receipt
from bridge.steps import Settled

MOST_WARNINGS = 20
LONGEST_WHY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How a filing has fared so far."""

    attempts: int = 0  #: counted ones
    failing_for: timedelta = timedelta(0)  #: since the first counted one


def settled(filing: Filing, outcome: Outcome, history: History, *, jitter: float) -> Settled:
    """What to write for one outcome. Every part ends up in exactly one of Settled's sets."""
    match outcome:
        case Receipt():
            return _receipt(filing, outcome, history, jitter)
        case Rejected():
            return _rejected(filing, outcome)
        case _:
            return _left(Settled(), {part.key: outcome for part in filing.parts}, history, jitter)


def _receipt(filing: Filing, receipt: Receipt, history: History, jitter: float) -> Settled:
    refused = {k: why for k, why in receipt.failed.items() if isinstance(why, Rejected)}
    left = {k: why for k, why in receipt.failed.items() if not isinstance(why, Rejected)}
    elsewhere = {*receipt.failed, *receipt.dropped, *receipt.anew}
    filed = [p for p in filing.parts if p.key not in elsewhere]
    answer = Settled(
        known=receipt.known,
        opened=_opened(filing.known, receipt.known),
        replied_at=min((p.sent_at or p.received_at for p in filed if p.ours and not p.case_id), default=None),
        receipt=True,
        filed={part.key: receipt.refs.get(part.key, "") for part in filed},
        cases=receipt.cases,
        notes=receipt.notes,
        link=receipt.link,
        left_out=receipt.left_out,
        warnings=receipt.warnings[:MOST_WARNINGS],
        dropped=receipt.dropped,
        dead={key: _why(why) for key, why in refused.items()},
        partly=frozenset(key for key, why in refused.items() if why.partly),
        ready=receipt.anew,
    )
    return _left(answer, left, history, jitter)


def _opened(before: Known, now: Known) -> bool:
    """Whether another case is the conversation's now; one into which the old one was merged is no other."""
    other = bool(now.case_id) and now.case_id != before.case_id
    return other and (not before.case_id or now.episode != before.episode)


def _rejected(filing: Filing, refusal: Rejected) -> Settled:
    """The message that was to open the case is at fault; the others may open it themselves."""
    first = next((p for p in filing.parts if p.key == filing.opener), filing.parts[0])
    return Settled(
        dead={first.key: _why(refusal)},
        partly=frozenset([first.key]) if refusal.partly else frozenset(),
        ready=frozenset(part.key for part in filing.parts if part is not first),
    )


def _left(answer: Settled, left: dict[str, RetryLater | Unsure], history: History, jitter: float) -> Settled:
    """Keep in the stored filing what was not applied or may have been; give up what has failed for days."""
    if not left:
        return answer
    counts = any(isinstance(why, RetryLater) and why.counts for why in left.values())
    attempts = history.attempts + counts
    if counts and retry.exhausted(attempts, history.failing_for):
        dead = {key: f"given up after {attempts} attempts: {why}" for key, why in left.items()}
        return replace(answer, dead={**answer.dead, **dead})
    after = max(why.after for why in left.values())
    return replace(
        answer,
        left=frozenset(left),
        why=clean(str(next(iter(left.values()))))[:LONGEST_WHY],
        unsure=any(isinstance(why, Unsure) for why in left.values()),
        job=next((why.job for why in left.values() if isinstance(why, Unsure)), ""),
        clears=all(isinstance(why, RetryLater) and why.clears for why in left.values()),
        counts=counts,
        after=max(after, retry.backoff(attempts, jitter=jitter)) if counts else after,
    )


def poisoned(keys: Iterable[str], deaths: int) -> Settled:
    """The end of messages that killed every worker that took them up."""
    return Settled(dead=dict.fromkeys(keys, f"poison: {deaths} workers died on it"))


def _why(refusal: Rejected) -> str:
    return f"{refusal.field}: {refusal}" if refusal.field else str(refusal)
