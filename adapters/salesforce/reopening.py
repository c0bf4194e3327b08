"""What becomes of a record that is there when Salesforce answers to its new values. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from adapters.salesforce import classify
from adapters.salesforce.answers import GONE, Answer, fate_beside_agents, refused_with
from adapters.salesforce.job import Job
from adapters.salesforce.planned import Change
from bridge.errors import Rejected

NEVER = timedelta.min  #: no message comes within this time of a closing


def changed(job: Job, change: Change, answer: Answer) -> None:
    """Take the answer to new values for a record; refused, they go once more without what can be missed."""
    plan = job.plan
    assert plan
    change.done = True
    if isinstance(answer, str) or (change.kind and refused_with(answer, *GONE)):
        plan.refs |= change.refs
        plan.assigned |= change.assigned
        return
    trouble = fate_beside_agents(answer)
    if isinstance(trouble, Rejected) and change.carried:
        plan.warnings.append(
            f"{', '.join(change.carried)} of the case could not be changed: {classify.reason(trouble)}."
        )
        change.carried, change.assigned, change.done = {}, {}, not change.fields
    elif isinstance(trouble, Rejected) and change.reopens and not job.left_out:
        _open_another(job, trouble)
    else:
        keys = change.waited_for
        plan.failed |= dict.fromkeys(keys, trouble)
        plan.comments = [c for c in plan.comments if c.part.key not in keys]
        job.block(trouble)


def _open_another(job: Job, trouble: Rejected) -> None:
    """Decide anew as if the case could not be reopened: in a new one agents see the message, and why."""
    filing = job.filing
    job.left_out[""] = f"the case before could not be reopened: {classify.reason(trouble)}"
    job.filing = replace(filing, reopen=replace(filing.reopen, within=NEVER, after="new_case"))
    job.plan = None
