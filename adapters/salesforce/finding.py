"""Finding the authors' records, filling what is empty in them, and making new ones. All calls stand here."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from adapters.salesforce import classify, persons
from adapters.salesforce.classify import Refusal
from adapters.salesforce.describing import Describing
from adapters.salesforce.org import Org, Step, Stepped, page_of, rows_of
from adapters.salesforce.reading import finish, in_time, read
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.ports import Found, ObjectFacts, PersonFound, PersonMatch

log = logging.getLogger("casebridge")

BATCH = 200  #: rows of one collection
AT_ONCE = 5  #: queries and collections of one composite
AS_IT_IS = {
    "Sforce-Auto-Assign": "FALSE",
    "Sforce-Duplicate-Rule-Header": "allowSave=false; includeRecordDetails=false; runAsCurrentUser=true",
}
"""How a record is made: nobody is to be assigned, and what a duplicate rule holds against it is not overruled.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_duplicaterules.htm
"""

Numbered = Mapping[int, PersonMatch]
Facts = Mapping[str, ObjectFacts]  #: by object, in lower case


@dataclass(slots=True, kw_only=True)
class Met:
    """What one meeting with the org brought."""

    facts: Facts = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)  #: as they stand after all was made
    made: dict[int, str] = field(default_factory=dict)  #: person -> id
    refused: dict[int, Refusal | RetryLater | Rejected] = field(default_factory=dict)

    def hits(self, person: PersonMatch) -> list[persons.Row]:
        """The records that may be the person."""
        return persons.hits(person, self.rows, self.facts.get(person.object.casefold()))

    def add(self, other: Met) -> None:
        self.rows.extend(other.rows)
        self.made.update(other.made)
        self.refused.update(other.refused)


class People:
    """Who writes, in one org."""

    def __init__(self, org: Org, describing: Describing) -> None:
        self._org, self._describing = org, describing

    def find(self, people: Sequence[PersonMatch], *, until: float) -> list[Found]:
        """See Crm.find. until: no call is begun after it, on the monotonic clock.

        Whoever can be made at once is made and asked for in the same call as all others are asked for; who is
        then still unknown is made with a second one.
        """
        everyone = dict(enumerate(people))
        facts = self._facts_early(everyone, until)
        early = [i for i, p in everyone.items() if persons.at_once(p, facts.get(p.object.casefold()))]
        met = self._meet(everyone, early, facts, until)
        hits = {i: met.hits(person) for i, person in everyone.items()}
        known = [(everyone[i], found[0]) for i, found in hits.items() if len(found) == 1 and i not in met.made]
        self._fill(known, until)
        unknown = {i: p for i, p in everyone.items() if not hits[i] and p.create and i not in early}
        left, answers = self._make(unknown, until)
        met.add(left)
        answers |= {i: _answer(person, met, i) for i, person in everyone.items() if i not in answers}
        self._look_at({i: p for i, p in everyone.items() if _is_alike(p, met, i)}, answers, until)
        return [answers[i] for i in everyone]

    def _facts_early(self, people: Numbered, until: float) -> Facts:
        """What the org says of the objects that newcomers may be, and of those where case may tell two apart."""
        alike = persons.alike_but_for_case(people.values())
        wanted = [p for p in people.values() if (p.new and p.create) or p.object.casefold() in alike]
        try:
            return self._facts(wanted, until)
        except RetryLater:
            if alike:
                raise
            return {}  # those who are known need not wait for it

    def _facts(self, people: Iterable[PersonMatch], until: float) -> Facts:
        return self._describing.of(sorted({person.object for person in people}), until=until)

    def _make(self, people: Numbered, until: float) -> tuple[Met, dict[int, Found]]:
        """Make the records of these persons; a unique field keeps each single, whoever else makes it meanwhile.

        What came of it, and the answers that are certain without.
        """
        answers: dict[int, Found] = {}
        try:
            facts = self._facts(people.values(), until)
            for i, person in people.items():
                unique = persons.unique_in(facts.get(person.object.casefold()))
                if refusal := persons.single(person, unique):
                    answers[i] = refusal
                    self._describing.forget(person.object)  # once someone has made a field unique, it must be seen
            rest = {i: person for i, person in people.items() if i not in answers}
            return self._meet(rest, list(rest), facts, until), answers
        except RetryLater as error:
            return Met(), dict.fromkeys(people, error) | answers

    # --- calls ------------------------------------------------------------------------------------------------

    def _meet(self, people: Numbered, make: Sequence[int], facts: Facts, until: float) -> Met:
        """Make records of some of these persons, then read those of all: five such requests are one call.

        A collection that is refused whole is halved until its bad row is alone. Raises RetryLater, Paused, or
        Rejected when a rule names what the org does not have.
        """
        met = Met(facts=facts)
        # A collection takes ten runs of one object at most.
        sorted_ = sorted(make, key=lambda i: people[i].object.casefold())
        batches = [sorted_[i : i + BATCH] for i in range(0, len(sorted_), BATCH)]
        queries = persons.queries(list(people.values()))
        if not batches and len(queries) <= 1:
            met.rows.extend(finish(read(self._org, queries, until=until)))
            return met
        todo = [(_making([people[i] for i in batch], facts), batch) for batch in batches]
        todo += [(Step(method="GET", path=f"query?q={quote_plus(query)}"), []) for query in queries]
        halves: list[Sequence[int]] = []
        for some in (todo[i : i + AT_ONCE] for i in range(0, len(todo), AT_ONCE)):
            in_time(until)
            for (_, batch), answer in zip(some, self._send([step for step, _ in some]), strict=True):
                if not batch:
                    met.rows.extend(self._rows(answer, until))
                elif (trouble := _taken(met, batch, answer)) and len(batch) > 1:
                    halves += [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
                elif trouble:
                    met.refused[batch[0]] = trouble
        for half in halves:
            met.add(self._meet({i: people[i] for i in half}, half, facts, until))
        return met

    def _send(self, steps: Sequence[Step]) -> list[Stepped]:
        try:
            if any(step.refers for step in steps):
                return [self._org.alone(step) for step in steps]
            return self._org.composite(steps, write=any(step.method != "GET" for step in steps))
        except Unsure as error:
            # Asking finds what came in all the same; the unique field stops what comes in later.
            raise RetryLater(str(error), after=error.after) from None

    def _rows(self, answer: Stepped, until: float) -> list[dict[str, Any]]:
        """Read a query's answer to its last page."""
        if trouble := _trouble(answer):
            raise trouble
        rows, following = page_of(answer.body)
        while following:
            in_time(until)
            page, following = self._org.more(following)
            rows += page
        return rows

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
                    kind, why = record["attributes"]["type"], answer.wordless
                    log.warning("fill_if_empty: %s of a %s: %s", names, kind, why)

    def _look_at(self, people: Numbered, answers: dict[int, Found], until: float) -> None:
        """Read what is wanted of the records that duplicate rules named: of them only the ids are known."""
        linked = {
            i: PersonMatch(author=p.author, object=p.object, rules=({"Id": who.id},), fetch=p.fetch)
            for i, p in people.items()
            if p.fetch and isinstance(who := answers[i], PersonFound) and who.id
        }
        if linked:
            try:
                rows = self._meet(linked, (), {}, until).rows
            except RetryLater as error:
                answers.update(dict.fromkeys(linked, error))
                return
            answers.update({i: persons.found(p, persons.hits(p, rows)) for i, p in linked.items()})


# --- between persons and requests -----------------------------------------------------------------------------


def _making(people: Sequence[PersonMatch], facts: Facts) -> Step:
    rows = [{"attributes": {"type": p.object}, **persons.new(p, facts.get(p.object.casefold()))} for p in people]
    return Step(
        method="POST", path="composite/sobjects", body={"allOrNone": False, "records": rows}, headers=AS_IT_IS
    )


def _taken(met: Met, batch: Sequence[int], answer: Stepped) -> Rejected | None:
    """Note what became of the rows of one collection; Rejected: one of them is at fault, and none was made."""
    trouble = _trouble(answer, write=True)
    if isinstance(trouble, Rejected):
        return trouble
    if isinstance(trouble, Paused):
        raise trouble
    try:
        rows = [] if trouble else rows_of(answer.body, len(batch))
    except Unsure as error:
        trouble = error
    if trouble:
        met.refused.update(dict.fromkeys(batch, RetryLater(str(trouble), after=classify.BUSY_AGAIN)))
        return None
    for i, row in zip(batch, rows, strict=True):
        if isinstance(row, Refusal):
            met.refused[i] = row
        else:
            met.made[i] = row
    return None


def _trouble(answer: Stepped, *, write: bool = False) -> Trouble | None:
    if 200 <= answer.status < 300:
        return None
    return classify.of_request(answer.status, answer.body, write=write, now=datetime.now(UTC))


def _is_alike(person: PersonMatch, met: Met, i: int) -> bool:
    """Whether a duplicate rule named other records, and no rule of the mapping finds them."""
    refused = met.refused.get(i)
    alike = isinstance(refused, Refusal) and refused.code == "DUPLICATES_DETECTED"
    return alike and not met.hits(person)


def _answer(person: PersonMatch, met: Met, i: int) -> Found:
    candidates = met.hits(person)
    if candidates:
        return persons.found(person, candidates)
    if i in met.made:
        return persons.made(person, met.made[i])
    refused = met.refused.get(i)
    return PersonFound() if refused is None else _refused(person, refused)


def _refused(person: PersonMatch, refused: Refusal | RetryLater | Rejected) -> Found:
    """What becomes of a person whose record was not made: the case does without, and tells why."""
    trouble = classify.of_row(refused) if isinstance(refused, Refusal) else refused
    if isinstance(trouble, RetryLater):
        return trouble
    if not isinstance(refused, Refusal):
        return persons.unmade(person, classify.reason(refused))
    if refused.code == "DUPLICATE_VALUE":
        return persons.unmade(person, persons.UNSEEN)
    if refused.code != "DUPLICATES_DETECTED":
        return persons.unmade(person, classify.reason(trouble))
    several = persons.alike(person, refused)
    if not several:
        log.warning("a new %s was not made: a duplicate rule of the org found others like it", person.object)
    return PersonFound(several=several) if len(several) > 1 else PersonFound(id="".join(several))
