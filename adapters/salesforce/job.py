"""One filing on its way through `file`: what its calls brought, and the outcome that follows. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from adapters.salesforce import classify, rows
from adapters.salesforce.classify import Refusal
from adapters.salesforce.plan import Case, Change, Comment, Plan, Redaction, note_of_deletion
from bridge.errors import Rejected, RetryLater, Unsure
from bridge.ports import Filing, Known, Outcome, Receipt
from bridge.written import notes_of

Answer = str | Refusal | Rejected
"""Of one row: the record's id, the row's own refusal, or the refusal of a request with this row alone."""

GONE = ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY")
CLOSED_TO_EDITS = ("INSUFFICIENT_ACCESS", "CANNOT_", "INVALID_FIELD_FOR_INSERT_UPDATE")


@dataclass(slots=True, kw_only=True)
class Job:
    """A filing, its plan, and what has come back so far."""

    index: int
    filing: Filing
    plan: Plan | None = None
    met: list[str] = field(default_factory=list)  #: keys that an insert found taken
    lengths: dict[str, int] = field(default_factory=lambda: dict(rows.LENGTHS))
    blocked: RetryLater | Unsure | None = None  #: no later part may be applied by a later call
    told: bool = False

    @property
    def to_open(self) -> bool:
        """Whether a case is still to be inserted."""
        return self.plan is not None and self.plan.inserts and not self.over

    @property
    def over(self) -> bool:
        """Whether nothing is left to be sent."""
        plan = self.plan
        return self.blocked is not None or (
            plan is not None and all(p.key in plan.settled for p in self.filing.parts)
        )

    @property
    def touched(self) -> bool:
        """Whether the org has, or may have, something of it that nobody was told."""
        plan = self.plan
        gained = plan is not None and bool(plan.settled or any(c.ids for c in plan.comments))
        return not self.told and (gained or isinstance(self.blocked, Unsure))

    @property
    def found(self) -> str:
        """The case that a lost attempt opened, as the org was asked; "" = there was none."""
        plan = self.plan
        return plan.case.id if plan and plan.created and plan.case else ""

    def new_case(self) -> dict[str, Any]:
        """Return the row that opens the case, key and all."""
        assert self.plan
        lengths = self.lengths if self.filing.too_long == "shorten" else {}
        fields, warnings = rows.fields_of(self.filing.create, lengths)
        self.plan.warnings = list(dict.fromkeys(self.plan.warnings + warnings))
        key = self.filing.key_at(self.plan.episode)
        given = {name: value for name, value in fields.items() if value is not None}
        return {**given, "attributes": {"type": "Case"}, self.filing.key_field: key}

    def opened(self, answer: Answer) -> None:
        """Take the answer to `new_case`."""
        plan = self.plan
        assert plan
        if isinstance(answer, str):
            plan.case, plan.inserts, plan.created = Case(id=answer), False, True
            plan.refs[plan.opener] = answer
        elif _is(answer, "DUPLICATE_VALUE") and answer.field.casefold() in ("", self.filing.key_field.casefold()):
            self.met.append(self.filing.key_at(plan.episode))
            self.plan = None
        elif not (_is(answer, "STRING_TOO_LONG") and self._cut(answer)):
            self._not_opened(_fate(answer))

    def _cut(self, refused: Refusal) -> bool:
        """Learn a length from a refusal; False where that cannot help."""
        known = self.lengths.get(refused.field, refused.longest + 1)
        if (
            self.filing.too_long != "shorten"
            or not 0 < refused.longest < known
            or refused.field not in self.filing.create
        ):
            return False
        self.lengths[refused.field] = refused.longest
        return True

    def _not_opened(self, trouble: RetryLater | Rejected) -> None:
        """Let everything wait; or, where the opening message is refused for good, the others open without it."""
        plan = self.plan
        assert plan
        if isinstance(trouble, RetryLater):
            settled = plan.settled
            plan.failed |= {p.key: trouble for p in self.filing.parts if p.key not in settled}
            return
        plan.inserts = False
        plan.failed[plan.opener] = trouble
        plan.anew |= {comment.part.key for comment in plan.comments if not comment.parent}
        plan.comments = [comment for comment in plan.comments if comment.parent]

    def changed(self, change: Change, answer: Answer) -> None:
        """Take the answer to new values for a case."""
        plan = self.plan
        assert plan
        if isinstance(answer, str):
            return
        trouble = _fate_beside_agents(answer)
        plan.failed |= dict.fromkeys(change.parts, trouble)
        plan.comments = [c for c in plan.comments if c.part.key not in change.parts]
        self._block(trouble)

    def blanked(self, redaction: Redaction, comment_id: str, answer: Answer) -> None:
        """Take the answer to a comment's text being overwritten."""
        assert self.plan
        if isinstance(answer, str) or _is(answer, *GONE):
            return
        if _is(answer, *CLOSED_TO_EDITS):
            redaction.refused.append(comment_id)
        else:
            self._fail_redaction(redaction, _fate(answer))

    def hidden(self, redaction: Redaction, answer: Answer) -> None:
        """Take the answer to a comment being withdrawn from the portal."""
        assert self.plan
        if isinstance(answer, str) or _is(answer, *GONE):
            return
        trouble = _fate(answer)
        if isinstance(trouble, RetryLater):
            self._fail_redaction(redaction, trouble)
        else:
            self.plan.warnings.append(f"A deleted message could not be withdrawn from the portal: {trouble}.")

    def _fail_redaction(self, redaction: Redaction, trouble: RetryLater | Rejected) -> None:
        assert self.plan
        self.plan.failed[redaction.part.key] = trouble
        self._block(trouble)

    def redacted(self) -> None:
        """Settle deletions once their comments were tried: done, or to be told in a note."""
        plan = self.plan
        assert plan
        for redaction in plan.redactions:
            part = redaction.part
            if part.key in plan.failed or self.blocked:
                continue
            noted = any(comment.part.key == part.key for comment in plan.comments)
            if not noted and (not redaction.refused or not redaction.parent):
                plan.refs[part.key] = part.ref
            elif not noted:
                plan.comments.append(note_of_deletion(part, redaction.parent))
            if redaction.refused:
                plan.warnings.append(
                    "The org does not let comments be changed: the text of a deleted message still stands."
                )

    def commented(self, comment: Comment, piece: int, answer: Answer) -> None:
        """Take the answer to one comment row."""
        assert self.plan
        if isinstance(answer, str):
            comment.ids[piece] = answer
            return
        comment.trouble = comment.trouble or _fate_beside_agents(answer)

    def count(self) -> None:
        """Settle the parts whose comments are all in or were refused; after each call."""
        if self.plan is None:
            return
        for comment in self.plan.comments:
            if not comment.missing:
                self.plan.refs[comment.part.key] = ",".join(comment.ids[i] for i in sorted(comment.ids))
            elif comment.trouble:
                self.plan.failed[comment.part.key] = comment.trouble
                self._block(_partly(comment, comment.trouble))

    def _block(self, trouble: RetryLater | Unsure | Rejected) -> None:
        if self.blocked is None and not isinstance(trouble, Rejected):
            self.blocked = trouble

    def outcome(self, url: str, *, rest: RetryLater | None = None) -> Outcome:
        """Return what the bridge is told. rest: what becomes of parts that no call was made for."""
        self.told = True
        plan, trouble = self.plan, self.blocked or rest
        if plan is None:
            assert trouble
            return trouble
        failed = dict(plan.failed)
        for part in self.filing.parts:
            if part.key not in plan.settled:
                assert trouble
                failed[part.key] = trouble
        for comment in plan.comments:
            if comment.part.key in failed:
                failed[comment.part.key] = _partly(comment, failed[comment.part.key])
        known = self._known(plan)
        nothing_new = len(failed) == len(self.filing.parts) and known.case_id == self.filing.known.case_id
        if nothing_new and len(set(failed.values())) == 1:
            return next(iter(failed.values()))
        return Receipt(
            known=known,
            link=f"{url}/lightning/r/Case/{known.case_id}/view" if known.case_id else "",
            refs=plan.refs,
            failed=failed,
            dropped=plan.dropped,
            anew=frozenset(plan.anew),
            cases={
                k: case for k, case in plan.cases.items() if k in plan.refs and case not in ("", known.case_id)
            },
            warnings=tuple(plan.warnings),
        )

    def _known(self, plan: Plan) -> Known:
        filing = self.filing
        if plan.case is None or not plan.case.id:
            return filing.known
        notes: Mapping[str, str] = filing.known.notes if plan.case.id == filing.known.case_id else {}
        if plan.created:
            written = rows.folded(self.new_case()) if plan.standing is None else plan.standing
            notes = notes_of({name: written.get(name.casefold()) for name in self.filing.create})
        return Known(case_id=plan.case.id, episode=plan.episode, notes=notes)


def _is(answer: Answer, *codes: str) -> TypeGuard[Refusal]:
    return isinstance(answer, Refusal) and not answer.locked and answer.code.startswith(codes)


def _fate(answer: Refusal | Rejected) -> RetryLater | Rejected:
    return classify.of_row(answer) if isinstance(answer, Refusal) else answer


def _fate_beside_agents(answer: Refusal | Rejected) -> RetryLater | Rejected:
    """Like _fate, for a case that was there when we asked: gone now, it is asked for again."""
    if _is(answer, *GONE):
        return RetryLater(f"the case went away meanwhile: {answer}", after=classify.LOCK_AGAIN, counts=True)
    return _fate(answer)


def _partly(comment: Comment, trouble: RetryLater | Unsure | Rejected) -> RetryLater | Unsure | Rejected:
    """A part of which some comments are in must be asked for before the rest is sent; a person must know."""
    if comment.ids and isinstance(trouble, RetryLater):
        return Unsure(f"a part of a long text is in, the rest is not: {trouble}", after=trouble.after)
    if comment.ids and isinstance(trouble, Rejected):
        pieces = ", ".join(str(i + 1) for i in sorted(comment.ids))
        there = f"pieces {pieces} of {len(comment.bodies)} of this text stand in the case"
        return Rejected(f"{trouble}; {there}", field=trouble.field, partly=True)
    return trouble
