"""Which users in Zendesk are the authors, and what a new one holds. Pure.

https://developer.zendesk.com/api-reference/ticketing/users/users/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from adapters.zendesk import tickets
from adapters.zendesk.answers import each
from bridge.errors import Rejected
from bridge.ports import PersonFound, PersonMatch, Value

FIELDS = frozenset(
    (
        "external_id", "name", "email", "phone", "alias", "details", "notes", "locale", "time_zone",
        "organization_id", "tags", "remote_photo_url",
    )
)  # fmt: skip
MATCHED = frozenset(("external_id",))  #: searching for anything else lags behind what was just made
CUSTOM = "user_field_[a-z0-9_]{1,80}"
NAMELESS = "Unknown"
SUSPENDED = "The author's user in Zendesk is suspended, so this is not filed in their name."
LONGEST = 255  #: characters of an external_id
MOST_IDS = 100
ROOM = 6_000  #: encoded bytes of the ids in one URL

Users = Mapping[str, Mapping[str, Any] | None]
"""external_id in lower case -> the user, as Zendesk shows it; None = there is none, absent = nobody has asked."""


def external_ids(person: PersonMatch) -> list[str]:
    """Return the external_ids that may be this person's, the first that is found decides.

    Raises Rejected for a match that Zendesk cannot be asked for.
    """
    if person.object != "user":
        raise Rejected(
            f"Zendesk looks up persons in user, not in {person.object!r}; correct `object` in the mapping"
        )
    for rule in person.rules:
        if set(rule) != MATCHED:
            names = ", ".join(sorted(set(rule) - MATCHED))
            raise Rejected(f"users in Zendesk are matched by external_id alone, not by {names}", field=names)
    values = [rule["external_id"].strip() for rule in person.rules]
    if any("," in value or len(value) > LONGEST for value in values):
        raise Rejected(
            f"an external_id with a comma, or of more than {LONGEST} characters, cannot be looked up in Zendesk",
            field="external_id",
        )
    return [value for value in values if value]


def at_once(person: PersonMatch) -> bool:
    """Tell whether to make the user without asking for it: its one external_id keeps it single."""
    return person.new and bool(person.create) and len(external_ids(person)) == 1


def questions(external_ids: Iterable[str]) -> list[list[str]]:
    """Cut into runs that one question can hold; one id stands in one of them only."""
    runs: list[list[str]] = []
    left = 0
    for external_id in dict.fromkeys(external_ids):
        cost = len(quote(external_id, safe="")) + 1
        if not runs or cost > left or len(runs[-1]) == MOST_IDS:
            runs.append([])
            left = ROOM
        runs[-1].append(external_id)
        left -= cost
    return runs


def found(person: PersonMatch, users: Users) -> PersonFound:
    """Tell who the person is; Zendesk does not mind upper and lower case, so neither do we.

    An agent is found as they are. One who is suspended is not: Zendesk takes no tickets in their name.
    """
    user = _user(person, users)
    if user is None:
        return PersonFound()
    if user.get("suspended") is True:
        return PersonFound(says=SUSPENDED)
    shown = {name: _shown(user, name) for name in person.fetch}
    given = {name: value for name, value in shown.items() if value is not None}
    return PersonFound(id=str(user["id"]), values=given)


def is_there(person: PersonMatch, users: Users) -> bool:
    """Tell whether the person has a user, as far as anybody has asked."""
    return _user(person, users) is not None


def _user(person: PersonMatch, users: Users) -> Mapping[str, Any] | None:
    there = (users.get(external_id.lower()) for external_id in external_ids(person))
    return next((user for user in there if user is not None), None)


def asked_for(person: PersonMatch, users: Users) -> bool:
    """Tell whether all is known that decides who the person is."""
    return all(external_id.lower() in users for external_id in external_ids(person))


def by_external_id(answer: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Read the users of an answer."""
    rows = each(answer.get("users"))
    return {str(r["external_id"]).lower(): r for r in rows if r.get("external_id") and r.get("id")}


def _shown(user: Mapping[str, Any], name: str) -> Value:
    """Return a user's value, "" and null alike as None; lists as text."""
    own = user.get("user_fields")
    fields = own if isinstance(own, Mapping) else {}
    value = fields.get(name.removeprefix("user_field_")) if re.fullmatch(CUSTOM, name) else user.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, list):
        return tuple(str(one) for one in value)
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def lacking(people: Iterable[PersonMatch], users: Users) -> list[dict[str, Any]]:
    """Return what the customers that are there have nothing of yet: for each the id and the fields to write.

    Two authors may be one user; then the first has the word. To agents nothing is written: customers see it.
    """
    lacks: dict[str, dict[str, Any]] = {}
    for person in people:
        user = _user(person, users)
        if user is None or user.get("role") != "end-user":
            continue
        given = lacks.setdefault(str(user["id"]), {})
        empty = {n: v for n, v in person.fill.items() if n not in given and _shown(user, n) in (None, ())}
        given |= {n: v for n, v in empty.items() if v not in (None, "") and not tickets.no_id(n, v)}
    return [{"id": int(user_id), **_plain(given)} for user_id, given in lacks.items() if given]


def made(person: PersonMatch) -> dict[str, Any]:
    """Return the user to create: an end user who gets no mail, to be found by the first external_id from now.

    Raises Rejected where an id is none.
    """
    given = {name: value for name, value in person.create.items() if value not in (None, "")}
    for name, value in given.items():
        if no := tickets.no_id(name, value):
            raise no
    user = _plain(given)
    name = str(user.get("name") or "").strip() or NAMELESS
    ours = {"name": name, "external_id": external_ids(person)[0], "role": "end-user", "skip_verify_email": True}
    return {**user, **ours}


def _plain(given: Mapping[str, Value]) -> dict[str, Any]:
    """Return a user's fields as JSON carries them."""
    plain = {name: tickets.plain_of(name, value) for name, value in given.items()}
    own = {n.removeprefix("user_field_"): v for n, v in plain.items() if re.fullmatch(CUSTOM, n)}
    user = {name: value for name, value in plain.items() if not re.fullmatch(CUSTOM, name)}
    return user | ({"user_fields": own} if own else {})
