"""What Zendesk took with a 200 and yet did not keep: unknown options, fields that are not there, cut texts. Pure.

An unknown key is told in a header (see classify.warned), a value is not. Triggers and agents rightly change
tickets at once, so only what was plainly not kept is told, and never what a customer may have written.
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-requests/#setting-custom-field-values
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import unescape
from typing import Any

from adapters.zendesk.answers import Json, each

FIELDS = (
    "subject", "type", "priority", "status", "custom_status_id", "requester_id", "assignee_id", "group_id",
    "organization_id", "brand_id", "ticket_form_id", "problem_id", "recipient", "due_at", "external_id",
)  # fmt: skip
"""Fields of a ticket that are shown as they are written."""

OTHERS = frozenset(("type", "priority", "status", "custom_status_id", "assignee_id", "group_id", "tags"))
"""Those that Zendesk itself (an assigned ticket is open), triggers and agents change.

That one is empty is told where the audit shows that it never was anything else.
"""

HINTS: Mapping[str, str] = {
    "due_at": "only a ticket of the type task has it",
    "problem_id": "only a ticket of the type incident has it",
}
NO_FIELD = "Zendesk did not keep {}: the account has no such field, or it is switched off."
NO_VALUE = "Zendesk did not keep {}: {}."
NO_OPTION = "the field is empty now, so the value is none of its options, or of another type"
SOME = "Zendesk kept only some of the values of {}: the others are none of its options."
OTHER = "Zendesk did not keep {}: it shows another value."
CUT = "Zendesk cut {} to {} of {} characters."
TAGS = "Zendesk did not keep {} of {} tags: a tag has letters, digits and _ - / : only."
PUBLIC = "Zendesk made the comment {}, not {}: look which comments the OAuth client's agent may write."
SHORTEST = 100  #: characters: a shorter text is another value, of which this one happens to be the beginning
TAIL = 16  #: characters at the end of a text by which it is known to be whole


def swallowed(sent: Json, shown: Json, audit: Json | None = None) -> list[str]:
    """Return whole sentences for what a ticket does not show of what was sent; [] = all that can be told is there.

    sent: the ticket as it stood in the request. shown: the ticket as Zendesk answered it. audit: that of the very
    write; None = the write was one of a job's, and the ticket was read later.
    """
    events = _events(audit)
    return [*_fields(sent, shown, events), *_custom(sent, shown, events), *_tags(sent, shown, events),
            *_comment(sent, shown, events)]  # fmt: skip


# --- fields -------------------------------------------------------------------------------------------------


def _fields(sent: Json, shown: Json, events: Sequence[Json] | None) -> list[str]:
    given = {name: sent[name] for name in FIELDS if name in sent and name in shown}
    hints = {name: HINTS.get(name, "the field is empty now") for name in given}
    said = [_lost(name, name, value, shown[name], events, hints[name]) for name, value in given.items()]
    return [sentence for sentence in said if sentence]


def _custom(sent: Json, shown: Json, events: Sequence[Json] | None) -> list[str]:
    if not isinstance(shown.get("custom_fields"), list):
        return []
    there = {str(row.get("id")): row.get("value") for row in each(shown["custom_fields"])}
    said = []
    for row in each(sent.get("custom_fields")):
        number, value = str(row.get("id")), row.get("value")
        name = f"custom_field_{number}"
        if number in there:
            said.append(_lost(name, number, value, there[number], events, NO_OPTION))
        elif not _empty(value):
            said.append(NO_FIELD.format(name))
    return [sentence for sentence in said if sentence]


def _lost(name: str, logged: str, sent: Any, shown: Any, events: Sequence[Json] | None, hint: str) -> str:
    """Say that one field was not kept; "" = it was, or nobody can tell. logged: its name in an audit."""
    if _empty(sent) or _same(sent, shown):
        return ""
    if name in OTHERS and (events is None or not _empty(shown)):
        return ""
    if any(_same(sent, event.get("value")) for event in events or () if event.get("field_name") == logged):
        return ""  # something changed it since
    if _empty(shown):
        return NO_VALUE.format(name, hint)
    return _shortened(name, sent, shown) or (OTHER.format(name) if events is not None else "")


def _shortened(name: str, sent: Any, shown: Any) -> str:
    """Say that only a part was kept; "" = it is no part."""
    if isinstance(sent, list) or isinstance(shown, list):
        some = {_plain(one) for one in _listed(shown)}
        return SOME.format(name) if some < {_plain(one) for one in _listed(sent)} else ""
    whole, part = _plain(sent), _plain(shown)
    cut = SHORTEST <= len(part) < len(whole) and whole.startswith(part)
    return CUT.format(name, len(part), len(whole)) if cut else ""


def _empty(value: Any) -> bool:
    return value is None or value is False or value in ("", [])


def _same(one: Any, other: Any) -> bool:
    """Whether two writings mean one value: 12.50 and 12.5, [a, b] and [b, a], 21:00+01:00 and 20:00Z."""
    if isinstance(one, list) or isinstance(other, list):
        return sorted(map(_plain, _listed(one))) == sorted(map(_plain, _listed(other)))
    moment = _moment(one)
    return _plain(one) == _plain(other) or (moment is not None and moment == _moment(other))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


NUMBER = re.compile(r"([+-]?)0*(\d+)(?:[.,](\d*?)0*)?", re.ASCII)
DAY = re.compile(r"(\d{4}-\d\d-\d\d)T00:00:00(?:\.0+)?(?:Z|[+-]\d\d:?\d\d)", re.ASCII)


def _plain(value: Any) -> str:
    """A value without what its writing adds."""
    text = " ".join(_seen("true" if value is True else str(value)).split()).casefold()
    if found := NUMBER.fullmatch(text):
        sign, whole, part = found[1].replace("+", ""), found[2], found[3]
        return f"{sign}{whole}{'.' if part else ''}{part or ''}"
    day = DAY.fullmatch(text.upper())
    return day[1] if day else text


def _moment(value: Any) -> datetime | None:
    """A time on the clock on which Zendesk shows all of them: in UTC, in whole seconds. None = it is none."""
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC).replace(microsecond=0) if found.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None


# --- tags and the comment -----------------------------------------------------------------------------------


def _tags(sent: Json, shown: Json, events: Sequence[Json] | None) -> list[str]:
    """Zendesk writes tags small and parts them at white space, which is no loss."""
    if events is None or not isinstance(shown.get("tags"), list):
        return []
    logged = [event.get("value") for event in events if event.get("field_name") == "tags"]
    asked, kept = _words(sent.get("tags")), _words(shown["tags"], *logged)
    return [TAGS.format(len(asked - kept), len(asked))] if asked - kept else []


def _words(*given: Any) -> set[str]:
    """The tags in lists and texts of them."""
    text = " ".join(str(one) for some in given for one in _listed(some) if one is not None)
    return {word for word in re.split(r"[\s,]+", _seen(text).casefold()) if word}


def _comment(sent: Json, shown: Json, events: Sequence[Json] | None) -> list[str]:
    comment = sent.get("comment")
    if not isinstance(comment, Mapping):
        return []
    if events is None:
        # The first comment stands in the ticket itself; of a later one it tells nothing.
        return [] if "id" in sent else _cut(comment, _letters(shown.get("description")))
    made = next((event for event in events if event.get("type") == "Comment"), {})
    said = _cut(comment, _letters_of(made))
    wanted, public = comment.get("public"), made.get("public")
    if isinstance(wanted, bool) and isinstance(public, bool) and wanted != public:
        names = {True: "public", False: "private"}
        said.append(PUBLIC.format(names[public], names[wanted]))
    return said


def _cut(comment: Json, kept: str) -> list[str]:
    """Compare the letters alone: Zendesk writes markup, white space and entities in its own way."""
    whole = _letters_of(comment)
    cut = len(kept) < len(whole) and (whole.startswith(kept) or whole[-TAIL:] != kept[-TAIL:])
    return [CUT.format("the comment", len(kept), len(whole))] if kept and cut else []


def _letters_of(comment: Json) -> str:
    html = comment.get("html_body")
    return _letters(unescape(re.sub(r"<[^<>]*>", "", html)) if isinstance(html, str) else comment.get("body"))


def _letters(text: object) -> str:
    return "".join(one for one in _seen(text) if not one.isspace()) if isinstance(text, str) else ""


def _seen(text: str) -> str:
    """A text without what nobody sees, such as that which keeps braces from being a placeholder."""
    kept = (one for one in text if one.isspace() or unicodedata.category(one) not in ("Cc", "Cf"))
    return unicodedata.normalize("NFC", "".join(kept))


def _events(audit: Json | None) -> list[Json] | None:
    return None if audit is None else each(audit.get("events"))
