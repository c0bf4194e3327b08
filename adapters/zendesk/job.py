"""One filing on its way through `file`: what its calls brought, and the outcome that follows. No I/O."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from adapters.zendesk import changes, classify, notes, plan, progress, text, tickets, users
from adapters.zendesk.answers import Json, each
from adapters.zendesk.classify import Refusal
from adapters.zendesk.progress import Plan
from adapters.zendesk.steps import Place, Write, joined
from adapters.zendesk.swallowed import swallowed
from bridge.errors import Rejected, RetryLater, Unsure
from bridge.ports import Filing, Known, Outcome, Receipt
from bridge.written import notes_of

Outcomes = list[tuple[int, Outcome]]
T = TypeVar("T")
Steps = Generator[Outcomes, None, T]
"""A stretch of the way, with a yield between each two calls; what it returns is for the next stretch."""


URGENT = "urgent"  #: a ticket's highest priority
HIDDEN = "A message whose author is not known in Zendesk was filed as a private comment."
UNSEEN = "Ticket {} was solved or set to pending just as a message came in, and may not be open again: look there."


@dataclass(slots=True, kw_only=True)
class Job:
    """A filing, its plan, and what has come back so far."""

    index: int
    filing: Filing
    plan: Plan
    blocked: RetryLater | Unsure | None = None  #: no later part may be applied by a later call

    @property
    def touched(self) -> bool:
        """Whether Zendesk has, or may have, something of it."""
        return bool(self.plan.settled or self.plan.places) or isinstance(self.blocked, Unsure)

    @property
    def urgent(self) -> bool:
        """Whether it may use what is left of Zendesk's limits when the others have used up theirs."""
        raised = self.filing.raises.get("priority")
        return URGENT in (self.filing.create.get("priority"), raised.value if raised else None)

    def body(self, write: Write) -> dict[str, Any]:
        """Return the ticket that a write sends: the same bytes for the same filing, whoever sends them."""
        comment: dict[str, Any] = {"html_body": joined(write.segments), "public": write.public}
        if write.author:
            comment["author_id"] = int(write.author)
        ours = {
            **({"comment": comment} if write.segments else {}),
            "metadata": {"casebridge": ",".join(segment.mark for segment in write.segments)},
        }
        if not write.public and any(p.public for p in self.filing.parts if p.key in write.parts):
            self.plan.warn(HIDDEN)
        if not write.ticket.id:
            return {**self._new_fields(write), **ours, "external_id": self.filing.key_at(write.episode)}
        fields, warnings = self._fields(write.fields)
        self.plan.warn(*warnings)
        if (self.filing.unsure_since or write.guarded or write.ticket.presumed) and write.ticket.stamp:
            # Should a lost attempt come through after all, or an agent be quicker, then this one does not.
            fields |= {"safe_update": True, "updated_stamp": write.ticket.stamp}
        return {**fields, **ours}

    def _new_fields(self, write: Write) -> dict[str, Any]:
        fields, warnings = self._fields(self.filing.create)
        self.plan.warn(*warnings)
        given = {name: value for name, value in fields.items() if value != ""}
        given["tags"] = [*(tag for tag in given.get("tags", ()) if tag != tickets.OURS), tickets.OURS]
        if write.follows is None:
            return given
        asks = "" if self.plan.nameless else plan.requester(self.filing, write.follows)
        follow: dict[str, Any] = {"via_followup_source_id": int(write.follows.id)}
        return follow | ({"requester_id": int(asks)} if asks else {}) | given

    def _fields(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        return tickets.written(given, cut=self.filing.too_long == "shorten")

    # --- answers ----------------------------------------------------------------------------------------------

    def key(self, write: Write) -> str:
        """Return the Idempotency-Key of a new ticket; "" = none."""
        op = self.filing.op
        return f"{op}:{write.episode}{':anew' if self.plan.key_refused else ''}" if op else ""

    def wrote(self, write: Write, answer: Json | Refusal, now: datetime) -> None:
        """Take the answer to a write."""
        if isinstance(answer, Refusal):
            self._refused(write, answer, now)
            return
        done = self.plan
        ticket = tickets.seen(answer["ticket"], {})
        done.tickets[ticket.id] = ticket
        done.overtaken = write.segments[0].part if _overtaken(write, ticket) else ""
        if answer["ignored"]:
            names = ", ".join(answer["ignored"])
            done.warn(f"Zendesk ignored {names}: it knows no such field, or not this value of it.")
        done.warn(*swallowed(self.body(write), answer["ticket"], answer["audit"]))
        if not write.ticket.id:
            done.home, done.episode, done.created = ticket.id, write.episode, True
            done.standing = ticket.values
            if self.filing.unsure_since is None or not answer["repeated"]:
                done.looked.add(ticket.id)
            else:
                done.found = True
        if write.ticket.id:
            done.rewritten |= {key: set(write.fields) for key in write.parts}
        # What was sent is in, whatever the answer says of it: else the same would be sent for ever.
        marks = [segment.mark for segment in write.segments]
        progress.take(done, standing(marks, answer["audit"], ticket.id, opens=not write.ticket.id))

    def _refused(self, write: Write, refused: Refusal, now: datetime) -> None:
        here = write.ticket.id
        self._left_as_it_is()
        if write.ticket.presumed and (refused.closed or refused.code == "UpdateConflict"):
            self.plan.stale.add(here)
        elif refused.closed and here in self.plan.tickets:
            progress.closed(self.plan, here, now)
        elif refused.status == 404 and here:
            progress.gone(self.plan, here)
        elif refused.code == "IdempotentRequestError" and not self.plan.key_refused:
            self.plan.key_refused = True
        elif refused.suspended and not self.plan.nameless:
            self.filing = self.plan.filing = _without_person(self.filing)
            self.plan.nameless = True
            self.plan.warn(users.SUSPENDED)
        else:
            # A new ticket is refused for what opens it; the others may open one themselves.
            self.fail(write.parts if here else {write.segments[0].part}, classify.of_record(refused))

    def _left_as_it_is(self) -> None:
        """Tell of a ticket that was to be opened again."""
        if self.plan.overtaken:
            self.plan.warn(UNSEEN.format(self.plan.home))
            self.plan.overtaken = ""

    def reread(self, number: str, there: Mapping[str, tickets.Ticket]) -> None:
        """Take a ticket as it is. there: {} = it was deleted."""
        self.plan.stale.discard(number)
        self.plan.tickets |= there
        if number not in there:
            progress.gone(self.plan, number)

    def carried_out(self, write: Write, ticket: tickets.Ticket, shown: Json) -> None:
        """Take what a job of Zendesk's has done. shown: a new ticket as it was read since; {} = nothing was read.

        The job does not tell which comment it is: the first one of a new ticket; of another it is found by the
        mark of its first text.
        """
        done, new = self.plan, not write.ticket.id
        sent = self.body(write)
        if shown and self.filing.same_op:  # else its author has deleted it since, and it is blank here
            done.warn(*swallowed(sent, shown))
        done.tickets[ticket.id] = ticket
        if new:
            done.home, done.episode, done.created = ticket.id, write.episode, True
            done.standing = ticket.values if _as_made(shown) else self._as_sent(ticket)
        marks = [segment.mark for segment in write.segments]
        name = text.FIRST if new else f"{text.BY_MARK}{marks[0]}"
        progress.take(done, placed(marks, name, ticket.id, opens=new))

    def _as_sent(self, ticket: tickets.Ticket) -> dict[str, Any]:
        """What a new ticket still holds of what was sent: the rest an agent has changed."""
        cut, given = self.filing.too_long == "shorten", ticket.values
        return {
            n: given[n]
            for n, v in self.filing.create.items()
            if n in given and tickets.holds(given[n], n, v, cut=cut)
        }

    def fail(self, parts: set[str], trouble: RetryLater | Rejected) -> None:
        """Give these parts up, or let all that is not settled wait."""
        if isinstance(trouble, Rejected):
            self.plan.failed |= dict.fromkeys(sorted(parts), trouble)
        else:
            self.blocked = trouble

    def unread(self, ticket: str, refused: Refusal) -> None:
        """Wait where a ticket could not be read, and go on without one that was deleted."""
        if refused.status == 404:
            progress.gone(self.plan, ticket)
        else:
            self.blocked = classify.of_reading(refused)

    def looked(self, ticket: str, found: Mapping[str, Place], *, untouched: bool) -> None:
        """Take what a ticket's audits tell. found: {} = nothing of ours; untouched: nobody else wrote there."""
        before = self.plan.settled
        self.plan.looked.add(ticket)
        marks = {segment.mark for texts in self.plan.texts.values() for segment in texts}
        progress.take(self.plan, found)
        self.plan.found |= bool(self.plan.settled - before) or bool(marks & found.keys())
        if untouched and self.plan.created and self.plan.home == ticket and not self.plan.standing:
            # The filing does not tell what it holds: an author's deletion may have blanked that since.
            self.plan.standing = self.plan.tickets[ticket].values

    def searched(self, key: str, there: Mapping[str, tickets.Ticket]) -> list[str]:
        """Take the tickets that carry a key; return those that nobody has looked at, the oldest first."""
        self.plan.candidates[key] = sorted(there, key=int)
        self.plan.tickets = {**there, **self.plan.tickets}
        return [ticket for ticket in self.plan.candidates[key] if ticket not in self.plan.looked]

    # --- the outcome ------------------------------------------------------------------------------------------

    def outcome(self, url: str, *, rest: RetryLater | None = None) -> Outcome:
        """Return what the bridge is told. rest: what becomes of parts that no call was made for."""
        done, trouble = self.plan, self.blocked or rest
        self._left_as_it_is()
        failed = dict(done.failed)
        for part in self.filing.parts:
            if part.key not in done.settled:
                assert trouble
                failed[part.key] = trouble
        failed = {key: self._partly(key, why) for key, why in failed.items()}
        known = self._known()
        nothing_new = len(failed) == len(self.filing.parts) and known.case_id == self.filing.known.case_id
        if nothing_new and len(set(failed.values())) == 1:
            return next(iter(failed.values()))
        return Receipt(
            known=known,
            link=f"{url}/agent/tickets/{known.case_id}" if known.case_id else "",
            refs=done.refs,
            failed=failed,
            dropped=done.dropped,
            anew=frozenset(done.anew),
            notes=self._rewritten(),
            cases={k: case for k, case in done.cases.items() if k in done.refs and case != known.case_id},
            warnings=tuple(done.warnings),
        )

    def _known(self) -> Known:
        done, known = self.plan, self.filing.known
        if not done.home:
            return known
        kept = known.notes if done.home == known.case_id else {}
        if done.created:
            said = {name: done.standing.get(name) for name in self.filing.create if name != "description"}
            kept = notes_of(said)
        return Known(case_id=done.home, episode=done.episode, notes=changes.noted(done, kept))

    def _rewritten(self) -> dict[str, dict[str, str]]:
        """What the fields of edited opening messages are known by from now on."""
        done, cut = self.plan, self.filing.too_long == "shorten"
        return {
            part.key: notes.of_row(part, ticket, done.rewritten.get(part.key, ()), cut=cut)
            for part in self.filing.parts
            if part.act == "edit" and part.row and part.key in done.cases
            if (ticket := done.tickets.get(part.case_id or self.filing.known.case_id))
        }

    def _partly(self, key: str, trouble: RetryLater | Unsure | Rejected) -> RetryLater | Unsure | Rejected:
        """A part of which some pieces are in must be asked for before the rest is sent; a person must know."""
        pieces = self.plan.texts[key]
        there = [str(i + 1) for i, segment in enumerate(pieces) if segment.mark in self.plan.places]
        if not there:
            return trouble
        if isinstance(trouble, RetryLater):
            what = "a part of a long text" if len(there) < len(pieces) else "the text"
            return Unsure(f"{what} is in, the rest is not: {trouble}", after=trouble.after)
        if isinstance(trouble, Rejected):
            told = f"pieces {', '.join(there)} of {len(pieces)} of this text stand in the ticket"
            return Rejected(f"{trouble}; {told}", field=trouble.field, partly=True)
        return trouble


def places(audit: Json, ticket: str) -> dict[str, Place]:
    """Read which of our texts came in with one write: mark -> place; {} = it is not ours."""
    metadata = audit.get("metadata")
    custom = metadata.get("custom") if isinstance(metadata, Mapping) else None
    marks = text.marks_in(custom.get("casebridge")) if isinstance(custom, Mapping) else []
    opens = any(event.get("type") == "Create" for event in _events(audit))
    return standing(marks, audit, ticket, opens=opens)


def standing(marks: Sequence[str], audit: Json, ticket: str, *, opens: bool) -> dict[str, Place]:
    """Return where the texts of one write stand: mark -> place."""
    # Without its comment's id a text is found again by the write's own: a comment names both.
    comment = next((event.get("id") for event in _events(audit) if event.get("type") == "Comment"), None)
    return placed(marks, str(comment or f"a{audit.get('id')}"), ticket, opens=opens)


def placed(marks: Sequence[str], comment: str, ticket: str, *, opens: bool) -> dict[str, Place]:
    """Return the places of the texts of one comment: mark -> place."""
    refs = (f"{comment}:{i}:{len(marks)}" for i in range(len(marks)))
    return {mark: Place(ticket=ticket, ref=ref, opens=opens) for mark, ref in zip(marks, refs, strict=True)}


def _without_person(filing: Filing) -> Filing:
    """Return a filing that stands in nobody's name but ours."""
    create = {name: value for name, value in filing.create.items() if name != "requester_id"}
    return replace(filing, create=create, parts=tuple(replace(part, person="") for part in filing.parts))


def _as_made(shown: Json) -> bool:
    """Whether nobody has changed a ticket since it was made."""
    return shown.get("created_at") == shown.get("updated_at")


def _overtaken(write: Write, ticket: tickets.Ticket) -> bool:
    """Whether an agent changed the status unseen: since we read it, or in the second of our last write."""
    return bool(write.ticket.id) and "status" not in write.fields and ticket.status != write.ticket.status


def _events(audit: Json) -> list[Json]:
    return each(audit.get("events"))
