"""Find the users behind the authors, and make those who are not there."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from adapters.zendesk import classify, users
from adapters.zendesk.account import Account
from adapters.zendesk.classify import Refusal
from bridge.errors import Rejected, RetryLater, Trouble, Unsure
from bridge.ports import Found, PersonMatch

log = logging.getLogger("casebridge")

LATER = RetryLater("other persons took all the time; this one is next", after=timedelta(0))


def find(account: Account, people: Sequence[PersonMatch]) -> list[Found]:
    """See Crm.find."""
    until = time.monotonic() + account.patience / 5
    asked = [_external_ids(person) for person in people]
    there: dict[str, Mapping[str, Any]] = {}
    for question in users.questions(i for ids in asked if not isinstance(ids, Rejected) for i in ids):
        if time.monotonic() > until:
            raise LATER
        there |= users.by_external_id(account.users(question))
    _fill(
        account, [p for p, ids in zip(people, asked, strict=True) if not isinstance(ids, Rejected)], there, until
    )
    answers: list[Found] = []
    stopped: RetryLater | None = None
    for person, ids in zip(people, asked, strict=True):
        if isinstance(ids, Rejected):
            answers.append(ids)
            continue
        who = users.found(person, there)
        if who.id or not person.create or not ids:
            answers.append(who)
            continue
        stopped = stopped or (LATER if time.monotonic() > until else None)
        answer = stopped or _make(account, person, there, until)
        stopped = answer if isinstance(answer, RetryLater) else None
        answers.append(answer)
    return answers


def _fill(account: Account, people: Sequence[PersonMatch], there: users.Users, until: float) -> None:
    """Write what users lack. No message waits for that: what failed is tried at the next look-up."""
    lacking = users.lacking((person for person in people if person.fill), there)
    for i in range(0, len(lacking), users.MOST_IDS):
        some = lacking[i : i + users.MOST_IDS]
        if time.monotonic() > until:
            return
        try:
            answer = account.fill_users(some)
        except Trouble as error:
            log.warning("empty fields of users in Zendesk were not filled: %s", error)
            return
        if isinstance(answer, Refusal):
            names = sorted({name for user in some for name in user} - {"id"})
            log.warning("empty fields of users in Zendesk were not filled (%s): %s", ", ".join(names), answer)


def _external_ids(person: PersonMatch) -> list[str] | Rejected:
    try:
        return users.external_ids(person)
    except Rejected as refused:
        return refused


def _make(account: Account, person: PersonMatch, there: dict[str, Mapping[str, Any]], until: float) -> Found:
    """Create a user. A lost answer does no harm: no second user can have the external_id, so asking finds it."""
    try:
        answer = account.make_user(users.made(person))
        if isinstance(answer, Refusal) and _taken(answer):
            if time.monotonic() > until:
                return LATER
            there |= users.by_external_id(account.users(users.external_ids(person)[:1]))
            return users.found(person, there) if users.found(person, there).id else classify.of_record(answer)
    except (RetryLater, Rejected) as error:
        return error
    except Unsure as error:
        return RetryLater(f"{error}; who it is will be asked again", after=error.after)
    if isinstance(answer, Refusal):
        return classify.of_record(answer)
    if answer["ignored"]:
        log.warning("Zendesk ignored %s of a new user: it knows no such field", ", ".join(answer["ignored"]))
    there[users.external_ids(person)[0].lower()] = answer["user"]
    return users.found(person, there)


def _taken(refused: Refusal) -> bool:
    return refused.status == 422 and any(name == "external_id" for name, _ in refused.fields)
