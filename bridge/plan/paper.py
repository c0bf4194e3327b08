"""A CRM on paper: it takes filings as a real one would, and shows what it would have then. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bridge.errors import Rejected
from bridge.message import DELETED_TEXT
from bridge.ports import (
    Crm,
    Filing,
    Identified,
    Known,
    Named,
    Outcome,
    Part,
    PersonFound,
    PersonMatch,
    Receipt,
    Value,
)

Fields = Mapping[str, Value]
COMMENT = "#"  #: in a ref, between a case and the number of its comment


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What a later message became."""

    text: str
    public: bool = False
    files: tuple[str, ...] = ()  #: addresses of those that are copied with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case, or another record. Fields that are empty are not there."""

    fields: Fields = field(default_factory=dict)
    comments: tuple[Comment, ...] = ()
    files: tuple[str, ...] = ()  #: addresses of those that are copied with what opened it


class Paper(Crm):
    """One CRM connection.

    Nobody works there: no case is closed, and no field is changed but by filings. A record that a mapping names
    stands there with its name.
    """

    objects = ()
    patience = timedelta(seconds=1)

    def __init__(
        self,
        *,
        mute: Collection[str] = (),
        person: Callable[[PersonMatch], PersonFound | None] = lambda _: None,
        lacks: Callable[[Named], bool] = lambda _: False,
    ) -> None:
        """mute: objects that take no comments. person: who an author is; None = it would have to be asked."""
        self.cases: dict[str, Case] = {}  #: by object/key, in the order in which they were opened
        self.strangers: set[str] = set()  #: authors of whom nobody knows who they are there
        self._mute, self._person, self._lacks = mute, person, lacks

    def find(self, people: Sequence[PersonMatch]) -> list[PersonFound]:
        """Whom `person` knows; the others are nobody."""
        found = [self._person(one) for one in people]
        self.strangers |= {one.author for one, who in zip(people, found, strict=True) if who is None}
        return [who or PersonFound() for who in found]

    def identify(self, records: Sequence[Named]) -> list[Identified]:
        """Their names, but of those that `lacks` knows to be missing."""
        return [Rejected(f"there is no {one.name!r}") if self._lacks(one) else one.name for one in records]

    def file(
        self,
        filings: Sequence[Filing],
        *,
        now: datetime,  # noqa: ARG002 - nothing is ever unsure
    ) -> Iterator[list[tuple[int, Outcome]]]:
        """Write them down, one after the other."""
        for i, one in enumerate(filings):
            yield [(i, self._file(one))]

    def look(self, filings: Sequence[Filing]) -> list[Collection[str]]:
        """Nothing: what was written was answered too."""
        return [() for _ in filings]

    def _file(self, filing: Filing) -> Receipt:
        there = filing.known.case_id
        changed = bool(there) and any(map(_comes, filing.parts)) and self._change(there, filing)
        refs: dict[str, str] = {}
        dropped: dict[str, str] = {}
        for part in filing.parts:
            if part.act != "add":
                refs[part.key] = self._rewrite(part)
            elif not (there or part.case_id) and not part.opens:
                dropped[part.key] = "echo"
            elif not (there or part.case_id):
                there = refs[part.key] = self._open(filing, part)
            elif filing.object not in self._mute:
                refs[part.key] = self._comment(part.case_id or there, part)
            elif not (changed and _comes(part)):
                dropped[part.key] = f"{filing.line}: a {filing.object} takes no comments"
        known = Known(case_id=there, episode=filing.known.episode)
        return Receipt(known=known, link="", refs=refs, dropped=dropped)

    def _open(self, filing: Filing, part: Part) -> str:
        case_id = f"{filing.object}/{filing.key_at(filing.known.episode)}"
        self.cases[case_id] = Case(fields=_filled(filing.create), files=_files(part))
        return case_id

    def _change(self, case_id: str, filing: Filing) -> bool:
        """Raise the case and give it to its owner; False = it stands there already."""
        case = self.cases[case_id]
        raised = {f: one.value for f, one in filing.raises.items() if one.over(case.fields.get(f))}
        fields = _filled({**case.fields, **raised, **filing.assign})
        self.cases[case_id] = replace(case, fields=fields)
        return fields != case.fields

    def _comment(self, case_id: str, part: Part) -> str:
        case = self.cases[case_id]
        said = Comment(text=part.text, public=part.public, files=_files(part))
        self.cases[case_id] = replace(case, comments=(*case.comments, said))
        return f"{case_id}{COMMENT}{len(case.comments)}"

    def _rewrite(self, part: Part) -> str:
        """Write over what an edited or deleted message became."""
        text = part.text if part.act == "edit" else DELETED_TEXT
        for ref in filter(None, part.ref.split(",")):
            case_id, _, number = ref.partition(COMMENT)
            case = self.cases[case_id]
            if number:
                comments = list(case.comments)
                comments[int(number)] = replace(comments[int(number)], text=text)
                self.cases[case_id] = replace(case, comments=tuple(comments))
            else:
                self.cases[case_id] = replace(case, fields=_filled({**case.fields, **part.row}))
        return part.ref


def _comes(part: Part) -> bool:
    """Whether it is a new message of a customer, which may change the case that it meets."""
    return part.opens and part.act == "add" and not part.case_id


def _filled(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value not in (None, "", ())}


def _files(part: Part) -> tuple[str, ...]:
    return tuple(one.url or one.id for one in part.files)
