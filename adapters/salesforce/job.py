"""One filing on its way through `file`: what its calls brought, and the outcome that follows. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from adapters.salesforce import changes, classify, files, messages, rewriting, rows, soql
from adapters.salesforce.answers import (
    CLOSED_TO_EDITS,
    GONE,
    Answer,
    fate,
    fate_beside_agents,
    half_open,
    key_taken,
    lacks_field,
    lacks_parent,
    partly,
    refused_with,
    there_already,
    went_ahead,
)
from adapters.salesforce.comments import marker
from adapters.salesforce.files import Copy
from adapters.salesforce.planned import Comment, Plan, Redaction, Rewrite
from bridge.errors import Rejected, RetryLater, Unsure
from bridge.ports import Filing, Known, ObjectFacts, Outcome, Receipt, Value
from bridge.written import notes_of

SOON = classify.LOCK_AGAIN
HIDDEN = "Salesforce has a message with this key but does not show it; let the run-as user see all of them"
UNSEEN = "Salesforce has a case with this key but does not show it; let the run-as user see all cases"


@dataclass(slots=True, kw_only=True)
class Job:
    """A filing, its plan, and what has come back so far."""

    index: int
    filing: Filing
    facts: ObjectFacts | None = None  #: what the org says of the filing's object; None = it did not
    message: ObjectFacts | None = None  #: the same, of the plugin's messages; None = comments carry them
    tells_no_replies: bool = False  #: agents who could reply elsewhere must be told that they cannot here
    plan: Plan | None = None
    met: list[str] = field(default_factory=list)  #: keys that an insert found taken
    ahead: dict[str, str] = field(default_factory=dict)  #: marker -> id of what was sent before the plan was made
    homes: dict[str, str] = field(default_factory=dict)  #: by that id its case; "" = the one whose key was taken
    went_ahead: bool = False
    lengths: dict[str, int] = field(init=False)  #: by field in lower case
    left_out: dict[str, str] = field(default_factory=dict)  #: field of a new case -> why the org refuses it
    stand_ins: dict[str, Value] = field(default_factory=dict)  #: of fields that the org demands
    bare: bool = False  #: the new case is the least that the org may take
    tries: int = 0  #: at opening a case
    unchecked: bool = False  #: a case was opened, and nobody has looked what the org made of it
    opening: Mapping[str, object] = field(default_factory=dict)  #: the new case as it was sent last
    unread: bool = False  #: a lost attempt opened a case, and nobody has looked yet what stands in it
    copied: dict[str, str] = field(default_factory=dict)  #: marker -> id of a file that is in, "" = never will be
    looked: bool = False  #: for what a lost attempt may have attached to messages that are deleted now
    cleared: bool = False  #: the files of deleted messages are gone, or never will be
    blocked: RetryLater | Unsure | None = None  #: no later part may be applied by a later call
    held: RetryLater | Unsure | None = None  #: files may not be copied now: an attempt may still bring them
    outdated: bool = False  #: the org's objects are no longer what was remembered of them
    wrote: bool = False  #: something of it may have been applied by this attempt
    told: bool = False

    def __post_init__(self) -> None:
        self.lengths = rows.lengths(self.filing.object, self.facts)

    @property
    def merges(self) -> bool:
        """Whether the org can merge records of this kind, and says into which."""
        return self.facts is not None and "masterrecordid" in self.facts.fields

    def readable(self, names: Iterable[str]) -> list[str]:
        """Return which of these fields can be asked for: one that is not there would spoil the query for all."""
        fields = None if self.facts is None else self.facts.fields
        return [n for n in names if (soql.NAME.fullmatch(n) if fields is None else n.casefold() in fields)]

    @property
    def asks_messages(self) -> bool:
        """Whether some of its messages may be in already."""
        return self.message is not None and self.filing.unsure_since is not None

    @property
    def goes_ahead(self) -> bool:
        """Whether its parts can be sent in the very call that asks for the case's state, as most cases are open.

        A message that met a closed case can be moved, a comment cannot: that needs word that the case is open.
        """
        filing = self.filing
        known, plain = filing.known, all(p.act == "add" and p.opens and not p.case_id for p in filing.parts)
        # A comment that is found after a lost answer says that what it brings was written before it.
        brings = filing.raises or filing.assign
        likely = known.status != "closed" if self.message else known.status == "open" and not brings
        usual = filing.object == "Case" and filing.unsure_since is None and filing.reopen.after != "drop"
        return (
            bool(known.case_id) and plain and likely and usual and not (self.plan or self.met or self.went_ahead)
        )

    @property
    def over(self) -> bool:
        """Whether nothing is left to be sent but files."""
        plan = self.plan
        return self.blocked is not None or (
            plan is not None
            and not plan.pending
            and not self.unchecked
            and all(p.key in plan.settled for p in self.filing.parts)
        )

    @property
    def touched(self) -> bool:
        """Whether the org has, or may have, something of it that nobody was told."""
        plan = self.plan
        gained = plan is not None and bool(plan.settled or any(c.ids for c in plan.comments))
        return not (self.told or self.unread) and (gained or bool(self.ahead) or isinstance(self.blocked, Unsure))

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

    def meets(self, key: str) -> None:
        """Take a case as there whose key was found taken; what was sent along hangs on it."""
        if key in self.met:  # it was asked for since
            self.block(RetryLater(UNSEEN, after=classify.BUSY_AGAIN, counts=True))
        self.met.append(key)
        self.plan = None

    def rewritten(self, rewrite: Rewrite, answer: Answer) -> None:
        """Take the answer to an edited message's new text in the old one's place."""
        assert self.plan
        rewrite.done = True
        if isinstance(answer, str):
            return
        trouble = fate(answer)
        for edit in rewrite.edits:
            if isinstance(trouble, RetryLater):
                self.plan.failed[edit.part.key] = trouble
                self.block(trouble)
            else:
                edit.stuck, edit.refusal = True, "" if refused_with(answer, *GONE) else classify.reason(trouble)
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
        redaction.blanked.add(comment_id)
        if isinstance(answer, str) or refused_with(answer, *GONE):
            return
        if refused_with(answer, *CLOSED_TO_EDITS):
            redaction.refused.append(comment_id)
        else:
            self._fail_redaction(redaction, fate(answer))

    def hidden(self, redaction: Redaction, comment_id: str, answer: Answer) -> None:
        """Take the answer to a comment being withdrawn from the portal."""
        assert self.plan
        redaction.hidden.add(comment_id)
        if isinstance(answer, str) or refused_with(answer, *GONE):
            return
        trouble = fate(answer)
        if isinstance(trouble, RetryLater):
            self._fail_redaction(redaction, trouble)
        else:
            self.plan.warnings.append(f"A deleted message could not be withdrawn from the portal: {trouble}.")

    def _fail_redaction(self, redaction: Redaction, trouble: RetryLater | Rejected) -> None:
        assert self.plan
        self.plan.failed[redaction.part.key] = trouble
        self.block(trouble)

    def redacted(self) -> None:
        """Settle deletions once their comments were tried: done, or to be told in a note."""
        plan = self.plan
        assert plan
        for redaction in plan.redactions:
            part = redaction.part
            if part.key in plan.failed or self.blocked or redaction.told:
                continue
            redaction.told = True
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
        """Take the answer to one comment or message."""
        there = answer if isinstance(answer, str) else there_already(answer) if comment.message else ""
        if self.plan is None or comment not in self.plan.comments:
            if there:  # its case turned out to be another than was thought
                self._in_ahead(comment, piece, there)
        elif there and not isinstance(answer, str):
            comment.there = there  # nobody has said in which case: it is moved to this one
        elif there:
            comment.ids[piece], comment.there = there, ""
            self.plan.warnings = list(dict.fromkeys([*self.plan.warnings, *messages.shown_less(comment)]))
        elif comment.message and key_taken(answer):
            asked = self.filing.unsure_since is not None
            self.block(RetryLater(HIDDEN, after=SOON, counts=True) if asked else Unsure(HIDDEN, after=SOON))
        elif comment.message and lacks_field(answer):
            self.outdated = True
            comment.trouble = RetryLater(f"the plugin has changed: {answer}", after=SOON, counts=True)
        elif comment.message and (less := messages.lighter(comment, answer)):
            comment.left_out |= dict.fromkeys(less, str(answer))
        elif not isinstance(answer, str) and not (not comment.parent and lacks_parent(answer)):
            comment.trouble = comment.trouble or fate_beside_agents(answer)

    def sent_ahead(self, comment: Comment, piece: int, answer: Answer) -> None:
        """Take the answer to what was sent before the case's state was known; what was refused is sent again."""
        if there := answer if isinstance(answer, str) else there_already(answer) if comment.message else "":
            self._in_ahead(comment, piece, there)

    def _in_ahead(self, comment: Comment, piece: int, there: str) -> None:
        self.ahead[marker(comment.part.key, piece)], self.homes[there] = there, comment.parent

    def settle(self) -> None:
        """Settle what has come to its end; after each call."""
        plan = self.plan
        if plan is None:
            return
        if not plan.rewriting:
            self.edited()
        if not plan.redacting:
            self.redacted()
        # What went ahead is done with once that is written which it brings to its case.
        held = [key for change in plan.changes.values() if not change.done for key in change.waited_for]
        for comment in plan.comments:
            if not comment.missing and comment.part.key not in held:
                plan.refs[comment.part.key] = comment.ref
            elif comment.trouble:
                plan.failed[comment.part.key] = comment.trouble
                self.block(partly(comment, comment.trouble))

    def block(self, trouble: RetryLater | Unsure | Rejected) -> None:
        """Let the rest wait behind a part that could not be applied yet; a refusal holds nobody up."""
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
        if isinstance(answer, str) or refused_with(answer, *GONE):
            return
        trouble = fate(answer)
        if isinstance(trouble, RetryLater):
            raise Unsure(str(trouble), after=trouble.after)
        self.plan.warnings.append(files.STILL_THERE.format(classify.reason(trouble)))

    def outcome(self, url: str, *, rest: RetryLater | None = None) -> Outcome:
        """Return what the bridge is told. rest: what becomes of parts that no call was made for."""
        self.told = True
        plan, trouble = self.plan, self.blocked or rest
        if plan is None:
            assert trouble
            return Unsure(str(trouble), after=trouble.after) if self.ahead else trouble
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
            if comment.part.key in failed and comment.missing:
                failed[comment.part.key] = partly(comment, failed[comment.part.key])
        said = {comment.part.key for comment in plan.comments if not comment.missing}
        halfway = {why: went_ahead(why) for why in failed.values()}
        failed = {k: halfway[why] if k in said or marker(k) in self.ahead else why for k, why in failed.items()}
        known = self._known(plan)
        if plan.created and isinstance(why := failed.get(self.filing.opener), RetryLater | Unsure):
            # Asked for by its key once more, the case is known again as the one that these words opened.
            known = self.filing.known
            failed[self.filing.opener] = why if self.filing.unsure_since else half_open(why)
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
            left_out=bool(self.left_out) or any(comment.left_out for comment in plan.comments),
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
            written = rows.folded(self.opening) if plan.standing is None else plan.standing
            notes = notes_of({name: written.get(name.casefold()) for name in self.filing.create})
        notes = changes.noted(notes, plan.assigned) if plan.assigned else notes
        reopening = [change for change in plan.changes.values() if change.reopens]
        status: Literal["", "open", "closed"] = "closed" if plan.case.closed and not reopening else "open"
        if any(not change.done or plan.failed.keys() & change.parts for change in reopening):
            status = ""
        return Known(case_id=plan.case.id, episode=plan.episode, status=status, notes=notes)
