"""Find the users behind the authors, and make those who are not there: many of them in one call, as a job.

A lost answer does no harm, nor does a job that is late or carried out twice: no second user can have an
external_id, so whoever is asked for again is found.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from adapters.zendesk import classify, jobs, users
from adapters.zendesk.account import Account
from adapters.zendesk.classify import Refusal
from bridge.errors import Rejected, RetryLater, Trouble, Unsure
from bridge.ports import Found, Pending, PersonFound, PersonMatch

log = logging.getLogger("casebridge")

LATER = RetryLater("other persons took all the time; this one is next", after=timedelta(0))
FEW = 5  #: new users that are made one by one: that is sooner done than a job
REFUSED_FOR = 24 * 3600.0  #: seconds in which bulk import is not tried again where the account lacks it

Numbered = Mapping[int, PersonMatch]


class People:
    """Who writes, in one account. Keeps only when it may be asked to make users in bulk again."""

    def __init__(self, account: Account, *, bulk: bool) -> None:
        self._account = account
        self._bulk_from = -math.inf if bulk else math.inf  # on the monotonic clock

    def find(self, people: Sequence[PersonMatch]) -> list[Found]:
        """See Crm.find."""
        search = Search(account=self._account, until=time.monotonic() + self._account.patience / 5)
        asked, answers = _asked(people)
        search.read(person for person in asked.values() if not users.at_once(person))
        search.fill([person for person in asked.values() if not person.job])
        missing = {i: p for i, p in asked.items() if search.lacks(p)}
        pending = search.pending(missing)
        search.read_anew(p for i, p in missing.items() if p.job and i not in pending)
        missing = {i: p for i, p in missing.items() if i not in pending and search.lacks(p)}
        answers |= pending | self._make(search, missing)
        answers |= {i: search.answer(person) for i, person in asked.items() if i not in answers}
        return [answers[i] for i in range(len(people))]

    def _make(self, search: Search, missing: Numbered) -> dict[int, Found]:
        fresh = {i: p for i, p in missing.items() if not p.job}  # what one job did not make the next would not
        many = len({users.external_ids(person)[0].lower() for person in fresh.values()}) > FEW
        answers: dict[int, Found] = {}
        if many and time.monotonic() >= self._bulk_from:
            answers, refused = search.make_many(fresh)
            if refused is not None and refused.status == 403:
                log.info("Zendesk makes no users in bulk for this account (%s): it makes them one by one", refused)
                self._bulk_from = time.monotonic() + REFUSED_FOR
        return answers | search.make_each({i: p for i, p in missing.items() if i not in answers})


@dataclass(slots=True, kw_only=True)
class Search:
    """One look-up: what it has brought so far."""

    account: Account
    until: float  #: no call is begun after it, on the monotonic clock
    users: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)  #: users.Users
    stopped: RetryLater | None = None  #: why no further call is made

    def goes_on(self) -> bool:
        """Whether another call can be made."""
        if self.stopped is None and time.monotonic() > self.until:
            self.stopped = LATER
        return self.stopped is None

    def read_anew(self, people: Iterable[PersonMatch]) -> None:
        """Ask for the users of these persons, also where that was done: what was said then holds no more."""
        asked = list(people)
        for external_id in [i for person in asked for i in users.external_ids(person)]:
            self.users.pop(external_id.lower(), None)
        self.read(asked)

    def read(self, people: Iterable[PersonMatch]) -> None:
        """Ask for the users of these persons, 100 in a call, where that was not done."""
        ids = [i for p in people if not users.asked_for(p, self.users) for i in users.external_ids(p)]
        for question in users.questions(ids):
            if not self.goes_on():
                return
            try:
                there = users.by_external_id(self.account.users(question))
            except RetryLater as error:
                self.stopped = error
                return
            self.users.update({i.lower(): None for i in question})
            self.users.update(there)

    def lacks(self, person: PersonMatch) -> bool:
        """Whether the person is to be made, as far as is known."""
        asked = users.at_once(person) or users.asked_for(person, self.users)
        return bool(person.create) and asked and not users.is_there(person, self.users)

    def answer(self, person: PersonMatch) -> Found:
        """Who the person is, or that nobody could be asked."""
        if users.asked_for(person, self.users):
            return users.found(person, self.users)
        return self.stopped or LATER

    def fill(self, people: Sequence[PersonMatch]) -> None:
        """Write what users lack. No message waits for that: what failed is tried at the next look-up."""
        lacking = users.lacking((person for person in people if person.fill), self.users)
        for i in range(0, len(lacking), users.MOST_IDS):
            some = lacking[i : i + users.MOST_IDS]
            if not self.goes_on():
                return
            try:
                answer = self.account.fill_users(some)
            except Trouble as error:
                log.warning("empty fields of users in Zendesk were not filled: %s", error)
                return
            if isinstance(answer, Refusal):
                names = sorted({name for user in some for name in user} - {"id"})
                log.warning("empty fields of users in Zendesk were not filled (%s): %s", ", ".join(names), answer)

    # --- many at once -----------------------------------------------------------------------------------------

    def pending(self, people: Numbered) -> dict[int, Found]:
        """Those of them whose job is not at its end: one call for all jobs."""
        working = self._at_work({_name(person.job) for person in people.values() if person.job})
        there = {i: person.job for i, person in people.items() if _name(person.job) in working}
        return {i: Pending(job=job, after=_again(job)) for i, job in there.items()}

    def _at_work(self, names: Collection[str]) -> Collection[str]:
        if not names or not self.goes_on():
            return ()
        try:
            told = jobs.statuses(self.account, sorted(names)[: jobs.MOST])
        except RetryLater as error:
            self.stopped = error
            return ()
        return {name for name, job in told.items() if job.get("status") in jobs.AT_WORK}

    def make_many(self, people: Numbered) -> tuple[dict[int, Found], Refusal | None]:
        """Have them made by jobs of 100, and say what was refused. Who is not among the answers was not taken."""
        answers: dict[int, Found] = {}
        rows: dict[str, Mapping[str, Any]] = {}
        numbers: dict[str, list[int]] = {}
        for i, person in people.items():
            try:
                row = users.made(person)
            except Rejected as error:
                answers[i] = error
                continue
            external_id = users.external_ids(person)[0].lower()
            rows.setdefault(external_id, row)
            numbers.setdefault(external_id, []).append(i)
        for some in _runs(list(rows)):
            job = self._submit([rows[external_id] for external_id in some])
            if isinstance(job, Refusal) or job is None:
                return answers, job
            begun = Pending(job=f"{job}@{int(time.time())}", after=_takes(len(rows)))
            answers |= {i: begun for n in some for i in numbers[n]}
        return answers, None

    def _submit(self, rows: Sequence[Mapping[str, Any]]) -> str | Refusal | None:
        """The job that makes these users; None = nobody can tell, or no more calls are made."""
        if not self.goes_on():
            return None
        try:
            answer = self.account.send("POST", "users/create_many", {"users": rows})
            if isinstance(answer, Refusal):
                return answer
            _warn(answer)
            return jobs.named(answer)
        except (RetryLater, Unsure) as error:
            self._stop(error)
            return None

    # --- one by one -------------------------------------------------------------------------------------------

    def make_each(self, people: Numbered) -> dict[int, Found]:
        """Make them; one call more for all whom somebody else has made meanwhile."""
        answers: dict[int, Found] = {}
        taken: dict[int, Refusal] = {}
        for i, person in people.items():
            made = self._make(person)
            if isinstance(made, Refusal) and _is_taken(made):
                taken[i] = made
            else:
                answers[i] = classify.of_record(made) if isinstance(made, Refusal) else made
        self.read_anew(people[i] for i in taken)
        for i, refusal in taken.items():
            person = people[i]
            nobody = users.asked_for(person, self.users) and not users.is_there(person, self.users)
            answers[i] = classify.of_record(refusal) if nobody else self.answer(person)
        return answers

    def _make(self, person: PersonMatch) -> Found | Refusal:
        if users.is_there(person, self.users):  # another mapping's match may have made the same user
            return users.found(person, self.users)
        if not self.goes_on():
            return self.stopped or LATER
        try:
            answer = self.account.make_user(users.made(person))
        except Rejected as error:
            return error
        except (RetryLater, Unsure) as error:
            return self._stop(error)
        if isinstance(answer, Refusal):
            return answer
        _warn(answer)
        self.users[users.external_ids(person)[0].lower()] = answer["user"]
        return users.found(person, self.users)

    def _stop(self, error: RetryLater | Unsure) -> RetryLater:
        unsure = RetryLater(f"{error}; who it is will be asked again", after=error.after)
        self.stopped = unsure if isinstance(error, Unsure) else error
        return self.stopped


def _asked(people: Sequence[PersonMatch]) -> tuple[dict[int, PersonMatch], dict[int, Found]]:
    """Whom Zendesk can be asked for, and the answers about the others."""
    asked: dict[int, PersonMatch] = {}
    answers: dict[int, Found] = {}
    for i, person in enumerate(people):
        try:
            if users.external_ids(person):
                asked[i] = person
            else:
                answers[i] = PersonFound()
        except Rejected as refused:
            answers[i] = refused
    return asked, answers


def _takes(made: int) -> timedelta:
    """How long jobs that make so many users take, at 100 a job: 100 took 8 to 12 seconds."""
    return timedelta(seconds=3 + 0.1 * min(made, users.MOST_IDS))


def _name(job: str) -> str:
    """Zendesk's id of a Pending.job, which says too when it was begun."""
    return job.partition("@")[0]


def _again(job: str) -> timedelta:
    """How long to wait for a job that is not done: the longer, the older it is."""
    begun = job.partition("@")[2]
    age = timedelta(seconds=time.time() - int(begun)) if begun.isdecimal() else jobs.AGAIN
    return min(max(jobs.AGAIN, age / 4), classify.LONGEST_WAIT)


def _runs(external_ids: Sequence[str]) -> list[Sequence[str]]:
    return [external_ids[i : i + users.MOST_IDS] for i in range(0, len(external_ids), users.MOST_IDS)]


def _warn(answer: Mapping[str, Any]) -> None:
    if answer["ignored"]:
        log.warning("Zendesk ignored %s of a new user: it knows no such field", ", ".join(answer["ignored"]))


def _is_taken(refused: Refusal) -> bool:
    # Unsure: under which field Zendesk says so. Where it was another one's, nobody is found: the refusal stands.
    return refused.status == 422 and any(n == "external_id" or "already" in why for n, why in refused.fields)
