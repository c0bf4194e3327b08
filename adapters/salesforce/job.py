"""One filing on its way through `file`: what its calls brought, and the outcome that follows. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from adapters.salesforce import changes, classify, files, rewriting, rows
from adapters.salesforce.classify import Refusal
from adapters.salesforce.files import Copy
from adapters.salesforce.planned import Case, Change, Comment, Plan, Redaction, Rewrite
from bridge.errors import Rejected, RetryLater, Unsure
from bridge.ports import Filing, Known, Outcome, Receipt
from bridge.written import notes_of

Answer = str | Refusal | Rejected
"""Of one row: the record's id, the row's own refusal, or the refusal of a request with this row alone."""

GONE = ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY")
SOON = classify.LOCK_AGAIN
CLOSED_TO_EDITS = ("INSUFFICIENT_ACCESS", "CANNOT_", "INVALID_FIELD_FOR_INSERT_UPDATE")


@dataclass(slots=True, kw_only=True)
class Job:
    """A filing, its plan, and what has come back so far."""

    index: int
    filing: Filing
    plan: Plan | None = None
    met: list[str] = field(default_factory=list)  #: keys that an insert found taken
    lengths: dict[str, int] = field(init=False)
    copied: dict[str, str] = field(default_factory=dict)  #: marker -> id of a file that is in, "" = never will be
    looked: bool = False  #: for what a lost attempt may have attached to messages that are deleted now
    cleared: bool = False  #: the files of deleted messages are gone, or never will be
    blocked: RetryLater | Unsure | None = None  #: no later part may be applied by a later call
    held: RetryLater | Unsure | None = None  #: files may not be copied now: an attempt may still bring them
    wrote: bool = False  #: something of it may have been applied by this attempt
    told: bool = False

    def __post_init__(self) -> None:
        self.lengths = dict(rows.lengths(self.filing.object))

    @property
    def to_open(self) -> bool:
        """Whether a case is still to be inserted."""
        return self.plan is not None and self.plan.inserts and not self.over

    @property
    def over(self) -> bool:
        """Whether nothing is left to be sent but files."""
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
    def pending(self) -> list[Copy]:
        """The files that are still to be copied, of the parts whose text is in."""
        return [copy for copy in self.copies if copy.file and copy.marker not in self.copied]

    @property
    def copies(self) -> list[Copy]:
        """The files of the parts whose text is in, there or not."""
        return list(files.copies(self.filing, self.plan))

    @property
    def doomed(self) -> list[str]:
        """The ids of the files that are still to be taken away, of the messages whose deletion is in."""
        return [] if self.cleared else files.doomed(self.filing, self.plan)

    @property
    def lost(self) -> bool:
        """Whether deleted messages may have files that an attempt without an answer attached."""
        return bool(self.filing.unsure_since) and not self.looked and any(c.file is None for c in self.copies)

    @property
    def has_files(self) -> bool:
        """Whether files are left to be copied, looked for or taken away."""
        return bool(self.pending or self.doomed or self.lost)

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
        return {**given, "attributes": {"type": self.filing.object}, self.filing.key_field: key}

    def opened(self, answer: Answer) -> None:
        """Take the answer to `new_case`."""
        plan = self.plan
        assert plan
        if isinstance(answer, str):
            plan.case, plan.inserts, plan.created = Case(id=answer), False, True
            plan.refs[plan.opener] = answer
            changes.silence(plan, self.filing)
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
        plan.anew |= {part.key for part in plan.mute}
        plan.comments = [comment for comment in plan.comments if comment.parent]

    def changed(self, change: Change, answer: Answer) -> None:
        """Take the answer to new values for a case; refused, they go once more without what can be missed."""
        plan = self.plan
        assert plan
        change.done = True
        if isinstance(answer, str):
            plan.refs |= change.refs
            plan.assigned |= change.assigned
            return
        trouble = _fate_beside_agents(answer)
        if isinstance(trouble, Rejected) and change.carried:
            plan.warnings.append(
                f"{', '.join(change.carried)} of the case could not be changed: {classify.reason(trouble)}."
            )
            change.carried, change.assigned, change.done = {}, {}, not change.fields
            return
        keys = change.parts + (change.bearers if change.carried else [])
        plan.failed |= dict.fromkeys(keys, trouble)
        plan.comments = [c for c in plan.comments if c.part.key not in keys]
        self._block(trouble)

    def rewritten(self, rewrite: Rewrite, answer: Answer) -> None:
        """Take the answer to an edited message's new text in the old one's place."""
        assert self.plan
        if isinstance(answer, str):
            return
        trouble = _fate(answer)
        for edit in rewrite.edits:
            if isinstance(trouble, RetryLater):
                self.plan.failed[edit.part.key] = trouble
                self._block(trouble)
            else:
                edit.stuck, edit.refusal = True, "" if _is(answer, *GONE) else classify.reason(trouble)
                edit.notes = edit.notes if rewrite.kind == "CaseComment" else dict(edit.part.notes)

    def edited(self) -> None:
        """Settle edits once the new texts were tried."""
        plan = self.plan
        assert plan
        known = plan.settled | {comment.part.key for comment in plan.comments}
        for edit in plan.edits:
            if edit.part.key not in known and not self.blocked:
                rewriting.settle(plan, self.filing, edit)

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
                plan.comments.append(rewriting.note_of_deletion(part, redaction.parent))
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
                self.plan.refs[comment.part.key] = comment.ref
            elif comment.trouble:
                self.plan.failed[comment.part.key] = comment.trouble
                self._block(_partly(comment, comment.trouble))

    def _block(self, trouble: RetryLater | Unsure | Rejected) -> None:
        if self.blocked is None and not isinstance(trouble, Rejected):
            self.blocked = trouble

    def met_files(self, there: Mapping[str, str], now: datetime, latest_commit: timedelta) -> None:
        """Take what is there of the files; hold the rest back as long as a lost attempt may still bring them.

        there: marker -> id.
        """
        self.copied |= {copy.marker: there[copy.marker] for copy in self.copies if copy.marker in there}
        last = self.filing.unsure_last or self.filing.unsure_since
        if last and (self.pending or self.lost) and (wait := last + latest_commit - now) > timedelta(0):
            why = "an earlier attempt got no answer, and may still attach a file; then what is missing is copied"
            self.held = RetryLater(why, after=wait)
        self.looked = self.held is None

    def taken_away(self, answer: Answer) -> None:
        """Take the answer to the deletion of a file. Raises Unsure when it must be asked for again."""
        assert self.plan
        if isinstance(answer, str) or _is(answer, *GONE):
            return
        trouble = _fate(answer)
        if isinstance(trouble, RetryLater):
            raise Unsure(str(trouble), after=trouble.after)
        self.plan.warnings.append(files.STILL_THERE.format(classify.reason(trouble)))

    def outcome(self, url: str, *, rest: RetryLater | None = None) -> Outcome:
        """Return what the bridge is told. rest: what becomes of parts that no call was made for."""
        self.told = True
        plan, trouble = self.plan, self.blocked or rest
        if plan is None:
            assert trouble
            return trouble
        if self.has_files:
            # Told as filed, nobody would care for them; asked for again, the texts are found where they stand.
            after = trouble.after if trouble else SOON
            late = Unsure if self.wrote else RetryLater
            return self.held or late("not all files are copied or taken away yet", after=after)
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
            link=f"{url}/lightning/r/{self.filing.object}/{known.case_id}/view" if known.case_id else "",
            refs={key: self._with_files(key, ref) for key, ref in plan.refs.items()},
            failed=failed,
            dropped=plan.dropped,
            anew=frozenset(plan.anew),
            notes=plan.notes,
            cases={
                k: case for k, case in plan.cases.items() if k in plan.refs and case not in ("", known.case_id)
            },
            warnings=(*plan.warnings, *self._uncopied(plan)),
        )

    def _with_files(self, key: str, ref: str) -> str:
        """The ids of a part and of the files that came with it, by which a deletion finds them."""
        ids = [self.copied.get(copy.marker, "") for copy in self.copies if copy.key == key]
        return ",".join([ref, *filter(None, ids)])

    def _uncopied(self, plan: Plan) -> list[str]:
        filed = [part for part in self.filing.parts if plan.refs.get(part.key)]
        return [warning for part in filed if (warning := files.too_many(part))]

    def _known(self, plan: Plan) -> Known:
        filing = self.filing
        if plan.case is None or not plan.case.id:
            return filing.known
        notes: Mapping[str, str] = filing.known.notes if plan.case.id == filing.known.case_id else {}
        if plan.created:
            written = rows.folded(self.new_case()) if plan.standing is None else plan.standing
            notes = notes_of({name: written.get(name.casefold()) for name in self.filing.create})
        notes = changes.noted(notes, plan.assigned) if plan.assigned else notes
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
