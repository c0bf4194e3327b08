"""Copy the files of a message onto its ticket, in a private comment of their own; each that fails is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

from adapters.zendesk import classify, progress, tickets
from adapters.zendesk.account import Account
from adapters.zendesk.classify import Refusal
from adapters.zendesk.job import Job, Steps, standing
from adapters.zendesk.steps import Copy
from bridge.errors import RetryLater, Unsure
from bridge.fetching import File, Unfetchable
from bridge.message import Attachment

MOST = 5  #: files of one message
SAID = "Files of this message:"
GIVEN_UP = timedelta(hours=1)
"""After so long without a clear answer a text goes on without its files: they hold up what is behind them."""


class Fetch(Protocol):
    """How a file is had from its address: bridge.fetching.fetch. Raises Unfetchable."""

    def __call__(self, url: str, *, patience: timedelta) -> File: ...


def copy(account: Account, fetch: Fetch, job: Job, step: Copy, now: datetime) -> Steps[None]:
    """Fetch and upload each file, then attach them all. What was uploaded and not attached goes within an hour.

    https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-attachments/#upload-files
    """
    files = [file for file in step.part.files if file.url]
    if len(files) > MOST:
        job.plan.warn(f"Only the first {MOST} of {len(files)} files of a message were copied.")
    token = ""
    for i, file in enumerate(files[:MOST]):
        if i:
            yield []
        token = yield from _uploaded(account, fetch, job, file, token, now)
    if token:
        yield []
        _attach(account, job, step, token, now)
    if job.blocked is None:
        job.plan.copied.add(step.part.key)


def _uploaded(
    account: Account, fetch: Fetch, job: Job, given: Attachment, token: str, now: datetime
) -> Steps[str]:
    """Put one file under the token; return the token, "" = there is none yet."""
    try:
        file = fetch(given.url, patience=timedelta(seconds=account.patience))
    except Unfetchable as error:
        job.plan.warn(f"{error}.")
        return token
    yield []
    try:
        answer = account.upload(file.name, file.type, file.content, token)
    except Unsure as error:
        if not _given_up(job, now):
            raise
        job.plan.warn(f"{file.name!r} was not copied: {error}.")
        return token
    if isinstance(answer, Refusal):
        job.plan.warn(f"{file.name!r} was not copied: {answer}.")
        return token
    return str(answer["upload"]["token"])


def _attach(account: Account, job: Job, step: Copy, token: str, now: datetime) -> None:
    """Write the comment that holds the files."""
    ticket, mark = step.ticket.id, progress.files_mark(step.part)
    body: dict[str, Any] = {
        "comment": {"html_body": SAID, "public": False, "uploads": [token]},
        "metadata": {"casebridge": mark},
    }
    if job.filing.unsure_since and step.ticket.stamp:
        body |= {"safe_update": True, "updated_stamp": step.ticket.stamp}  # as every comment after a lost attempt
    told = f"The files of a message were not attached to ticket {ticket}"
    try:
        answer = account.update(ticket, body)
    except Unsure as error:
        if not _given_up(job, now):
            raise
        job.plan.warn(f"{told}: {error}.")
        return
    if not isinstance(answer, Refusal):
        job.plan.tickets[ticket] = tickets.seen(answer["ticket"], {})
        progress.take(job.plan, standing([mark], answer["audit"], ticket, opens=False))
        return
    trouble = classify.of_record(answer)
    if isinstance(trouble, RetryLater) and answer.status in (409, 429):
        job.blocked = trouble
        return
    if answer.closed:
        progress.closed(job.plan, ticket, now)
    elif answer.status == 404:
        progress.gone(job.plan, ticket)
    job.plan.warn(f"{told}: {answer}.")


def _given_up(job: Job, now: datetime) -> bool:
    since = job.filing.unsure_since
    return since is not None and now - since >= GIVEN_UP
