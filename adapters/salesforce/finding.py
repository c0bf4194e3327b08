"""Finding the authors' records, filling what is empty in them, and making new ones. All calls stand here."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.salesforce import classify, persons
from adapters.salesforce.classify import Refusal
from adapters.salesforce.org import Org
from adapters.salesforce.reading import finish, in_time, read
from bridge.errors import Paused, Rejected, RetryLater, Unsure
from bridge.ports import Found, PersonFound, PersonMatch

log = logging.getLogger("casebridge")

BATCH = 200  #: rows of one collection


class People:
    """Who writes, in one org. Remembers which fields are unique: that changes only in Setup."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._unique: dict[str, frozenset[str]] = {}

    def find(self, people: Sequence[PersonMatch], *, until: float) -> list[Found]:
        """See Crm.find. until: no call is begun after it, on the monotonic clock."""
        rows = finish(read(self._org, persons.queries(people), until=until))
        candidates = [persons.hits(person, rows) for person in people]
        self._fill([(p, c[0]) for p, c in zip(people, candidates, strict=True) if len(c) == 1], until)
        answers: list[Found] = [persons.found(p, c) for p, c in zip(people, candidates, strict=True)]
        unknown = [i for i, person in enumerate(people) if answers[i] == PersonFound() and person.create]
        for i, answer in self._make({i: people[i] for i in unknown}, until).items():
            answers[i] = answer
        return answers

    def _fill(self, found: Sequence[tuple[PersonMatch, persons.Row]], until: float) -> None:
        """Write what is missing in records; none of the persons fails when it does."""
        wanted: dict[str, dict[str, Any]] = {}
        for person, row in found:
            if fields := persons.missing(person, row):
                record = {"attributes": {"type": person.object}, "Id": row["id"]}
                wanted[str(row["id"])] = record | fields | wanted.get(str(row["id"]), {})
        records = list(wanted.values())
        for batch in (records[i : i + BATCH] for i in range(0, len(records), BATCH)):
            try:
                in_time(until)
                answers = self._org.write("PATCH", batch)
            except (RetryLater, Unsure, Paused, Rejected) as error:
                log.warning("fill_if_empty: %s records were not filled: %s", len(records), error)
                return
            for record, answer in zip(batch, answers, strict=True):
                if isinstance(answer, Refusal):
                    names = ", ".join(name for name in record if name not in ("attributes", "Id"))
                    log.warning("fill_if_empty: %s of a %s: %s", names, record["attributes"]["type"], answer)

    # --- new ones -------------------------------------------------------------------------------------------

    def _make(self, people: Mapping[int, PersonMatch], until: float) -> dict[int, Found]:
        """Make the records of these persons; a unique field keeps each single, whoever else makes it meanwhile."""
        answers: dict[int, Found] = {}
        for i, person in people.items():
            try:
                if refusal := persons.single(person, self._unique_in(person.object, until)):
                    answers[i] = refusal
            except RetryLater as error:
                answers[i] = error
        for i in answers:  # once someone has made a field unique, it must be seen
            self._unique.pop(people[i].object.casefold(), None)
        there = []
        for i, answer in self._insert({i: p for i, p in people.items() if i not in answers}, until).items():
            if isinstance(answer, str):
                answers[i] = persons.made(people[i], answer)
            elif isinstance(answer, Refusal) and answer.code == "DUPLICATE_VALUE" and not answer.locked:
                there.append(i)
            else:
                answers[i] = _refused(people[i], answer) if isinstance(answer, Refusal) else answer
        return answers | self._again({i: people[i] for i in there}, until)

    def _unique_in(self, kind: str, until: float) -> frozenset[str]:
        known = self._unique.get(kind.casefold())
        if known is None:
            in_time(until)
            fields = self._org.describe(kind)
            known = frozenset(str(field.get("name")).casefold() for field in fields if field.get("unique") is True)
            self._unique[kind.casefold()] = known
        return known

    def _insert(
        self, people: Mapping[int, PersonMatch], until: float
    ) -> dict[int, str | Refusal | RetryLater | Rejected]:
        """Send the new records in few calls; one that is refused whole is halved until its bad row is alone."""
        answers: dict[int, str | Refusal | RetryLater | Rejected] = {}
        waiting = list(people)
        batches = [waiting[i : i + BATCH] for i in range(0, len(waiting), BATCH)]
        while batches:
            batch = batches.pop(0)
            rows = [{"attributes": {"type": people[i].object}, **persons.new(people[i])} for i in batch]
            try:
                in_time(until)
                answers |= dict(zip(batch, self._org.write("POST", rows), strict=True))
            except Rejected as error:
                if len(batch) == 1:
                    answers[batch[0]] = error
                else:
                    batches[:0] = [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
            except (RetryLater, Unsure) as error:
                # Asking finds what came in all the same; the unique field stops what comes in later.
                answers |= dict.fromkeys(batch, RetryLater(str(error), after=error.after))
        return answers

    def _again(self, people: Mapping[int, PersonMatch], until: float) -> dict[int, Found]:
        """Read once more those whom someone else has made meanwhile."""
        if not people:
            return {}
        try:
            rows = finish(read(self._org, persons.queries(list(people.values())), until=until))
        except RetryLater as error:
            return dict.fromkeys(people, error)
        answers: dict[int, Found] = {}
        for i, person in people.items():
            who = persons.found(person, persons.hits(person, rows))
            answers[i] = _unseen(person) if who == PersonFound() else who
        return answers


def _refused(person: PersonMatch, refused: Refusal) -> Found:
    if refused.code != "DUPLICATES_DETECTED":
        return classify.of_row(refused)
    log.warning("a new %s was not made: a duplicate rule of the org found others like it", person.object)
    return PersonFound()


def _unseen(person: PersonMatch) -> Rejected:
    return Rejected(
        f"Salesforce has a {person.object} with one of the unique values of `create`, but no match finds it: let "
        "the run-as user see all of them, or match by that field too"
    )
