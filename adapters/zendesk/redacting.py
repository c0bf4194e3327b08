"""Black out the texts of messages that their authors deleted or edited, and empty the files of a deleted one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from adapters.zendesk import classify, notes, text
from adapters.zendesk.account import Account, next_page
from adapters.zendesk.answers import Json, each
from adapters.zendesk.classify import Refusal
from adapters.zendesk.job import Job, Steps, places
from adapters.zendesk.steps import Redact
from bridge.errors import RetryLater

MOST_PAGES = 50  #: of comments; a ticket takes 5,000
EMPTIED = "redacted.txt"
"""What Zendesk calls a file that was redacted.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-attachments/#redact-comment-attachment
"""


def redact(account: Account, job: Job, step: Redact) -> Steps[None]:
    """Black out the texts; where that is refused, withdraw the comments of a deleted message."""
    found, first = yield from _comments(account, job, step)
    if job.blocked or step.ticket.id not in job.plan.tickets:
        return
    texts = {comment: dict(numbers) for comment, numbers in step.texts.items()}
    if first:
        texts[first] = {**texts.get(first, {}), **step.first}
    clean = bool(texts) and texts.keys() <= found.keys()
    if not clean:
        said = notes.SAID[step.part.act].text
        job.plan.warn(f"{said} was not found in ticket {step.ticket.id} and may still stand.")
    for comment, numbers in texts.items():
        if comment in found and not job.blocked:
            clean &= yield from _blacken(account, job, step, found[comment], numbers)
    for comment in sorted(step.files & found.keys()):
        if not job.blocked:
            yield from _empty(account, job, step, found[comment])
    if not job.blocked:
        job.plan.blackened.add(step.part.key)
        job.plan.black |= {step.part.key} if clean else set()


def _blacken(account: Account, job: Job, step: Redact, comment: Json, texts: Mapping[int, int]) -> Steps[bool]:
    """Black out these texts of a comment; False = they still stand."""
    html, whole = notes.blackened(str(comment.get("html_body") or ""), texts)
    if html == comment.get("html_body"):
        return True
    yield []
    refused = account.redact(str(comment["id"]), step.ticket.id, html)
    if not isinstance(refused, Refusal):
        if whole:
            job.plan.warn("Zendesk changed a comment's markup: all of it was redacted, not one text of it alone.")
        return True
    if _waits(job, refused):
        return False
    told = f"{notes.SAID[step.part.act].text} still stands in ticket {step.ticket.id}: {refused}"
    if step.part.act == "delete":
        yield []
        hidden = account.make_private(step.ticket.id, str(comment["id"]))
        told += "; it is private now" if not isinstance(hidden, Refusal) else f"; nor made private: {hidden}"
    job.plan.warn(f"{told}.")
    return False


def _empty(account: Account, job: Job, step: Redact, comment: Json) -> Steps[None]:
    """Take the files of a comment away."""
    for file in each(comment.get("attachments")):
        if file.get("file_name") == EMPTIED:
            continue
        yield []
        refused = account.redact_file(step.ticket.id, str(comment["id"]), str(file.get("id")))
        if not isinstance(refused, Refusal):
            continue
        if _waits(job, refused):
            return
        job.plan.warn(f"A file of a deleted message is still attached to ticket {step.ticket.id}: {refused}.")


def _waits(job: Job, refused: Refusal) -> bool:
    """Let a part wait that was refused for the moment only."""
    if refused.status in (409, 429):
        trouble = classify.of_record(refused)
        assert isinstance(trouble, RetryLater)
        job.blocked = trouble
    return job.blocked is not None


def _comments(account: Account, job: Job, step: Redact) -> Steps[tuple[dict[str, Json], str]]:
    """Find the comments that are meant, by what the refs call them, and the name of the first; "" = not asked."""
    found: dict[str, Json] = {}
    first = ""
    if step.first:
        answer = account.comments(step.ticket.id, "", newest=False)
        if isinstance(answer, Refusal):
            job.unread(step.ticket.id, answer)
            return found, first
        for row in answer["comments"][:1]:
            first = str(row["id"])
            found[first] = row
    wanted = {*step.texts, *step.files}
    ids: dict[str, str] = {}
    if marks := {name for name in wanted if name.startswith(text.BY_MARK)}:
        yield []
        ids = yield from _written_with(account, job, step, marks)
    after, page = "", 0
    while wanted - found.keys() and page < MOST_PAGES and not job.blocked:
        if page or step.first or marks:
            yield []
        answer = account.comments(step.ticket.id, after, newest=True)
        if isinstance(answer, Refusal):
            job.unread(step.ticket.id, answer)
            break
        found |= {name: row for row in answer["comments"] for name in _names(row, ids) if name in wanted}
        after, page = next_page(answer), page + 1
        if not after:
            break
    return found, first


def _written_with(account: Account, job: Job, step: Redact, marks: Collection[str]) -> Steps[dict[str, str]]:
    """Find the writes that carry these marks: the write's id, as `_names` has it -> what the ref calls it."""
    found: dict[str, str] = {}
    after = ""
    for page in range(MOST_PAGES):
        if page:
            yield []
        answer = account.audits(step.ticket.id, after)
        if isinstance(answer, Refusal):
            job.unread(step.ticket.id, answer)
            break
        for row in answer["audits"]:
            names = (f"{text.BY_MARK}{mark}" for mark in places(row, step.ticket.id))
            found |= {f"a{row.get('id')}": name for name in names if name in marks}
        after = next_page(answer)
        if not after or len(found) == len(marks):
            break
    return found


def _names(comment: Json, ids: Mapping[str, str]) -> tuple[str, ...]:
    """Return what a ref calls this comment: its id, or the write that it came with by its id or mark."""
    write = f"a{comment.get('audit_id')}"
    return (str(comment["id"]), write, *((ids[write],) if write in ids else ()))
