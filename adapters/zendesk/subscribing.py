"""Sets up what Zendesk needs to tell us of agents' replies, and looks whether it is as it should be.

A drop-down field shows what became of a reply. A webhook calls us when an agent comments: one that is subscribed
to events where the account has them, else one that a trigger calls.
https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
"""

from __future__ import annotations

import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from adapters.zendesk import delivered, events, tickets
from adapters.zendesk.account import Account
from adapters.zendesk.answers import Json, each
from adapters.zendesk.classify import Refusal
from adapters.zendesk.desk import read_field
from bridge import reading
from bridge.errors import Paused, Trouble
from bridge.ports import Finding

TRIGGERED = "conditional_ticket_events"
EVENTS = tuple(events.READ)
TITLE = "Social reply"
NAMES: Mapping[str, str] = {"sent": "Sent", "failed": "Not sent", "unsure": "Perhaps sent"}
OPTION = ("id", "name", "value")
PAGES = 20  #: of a list, at most
LATELY = timedelta(days=1)

BODY = json.dumps(
    {
        "v": events.VERSION,
        "ticket_id": "{{ticket.id}}",
        "external_id": "{{ticket.external_id}}",
        "updated_at": "{{ticket.updated_at_with_timestamp}}",
        "by": "{{current_user.id}}",
    }
)
CONDITIONS = (
    {"field": "update_type", "operator": "is", "value": "Change"},
    {"field": "current_tags", "operator": "includes", "value": tickets.OURS},
    {"field": "comment_is_public", "operator": "is", "value": "true"},
    {"field": "role", "operator": "is", "value": "agent"},
)

RUN = "Run casebridge subscribe."
REVEAL = (
    "In Admin Center, Apps and integrations, Webhooks, open the webhook, reveal its signing secret, and put that "
    "where webhook_secret in connections.yaml says."
)
RIGHTS = (
    "Make the OAuth client's user an admin, and give the client the scopes read, webhooks:write and "
    "triggers:write too: docs/zendesk.md."
)
BY_HAND = (
    "Make a drop-down ticket field with the tags casebridge_sent, casebridge_failed and casebridge_unsure: "
    "docs/zendesk.md."
)
AGAIN = "Run it again in a few minutes."
ONLY = "Delete all but {!r} in Admin Center, Apps and integrations, Webhooks."


class Barred(Exception):
    """Zendesk does not let us see or do something; `finding` says so."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.says)
        self.finding = finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Looks after what one account tells us."""

    account: Account
    url: str  #: what the webhook is to call: https://host/in/<connection>
    secrets: Sequence[str]
    mend: bool  #: False: nothing is written

    def look(self, now: datetime | None = None) -> list[Finding]:
        """Return what there is to say, and where `mend` what was done. now: None = not of calls that failed."""
        subjects = (self._rights, self._field, lambda: self._webhooks(now))
        return [one for subject in subjects for one in _each(subject)]

    def _rights(self) -> Iterator[Finding]:
        """Tell of a user who is no admin: the export that the desk reads is for admins, webhooks mostly too."""
        user = self._read("rights", "users/me", "Nobody can tell whose the login is").get("user")
        role = user.get("role") if isinstance(user, Mapping) else None
        if role != "admin":
            says = "The login is no admin's, so replies that no webhook told of cannot be looked for."
            yield Finding(level="warning", about="rights", says=says, do=RIGHTS)

    # --- the field ---

    def _field(self) -> Iterator[Finding]:
        held = read_field(self.account)
        if isinstance(held, Refusal):
            raise Barred(_by_hand("The ticket fields cannot be seen", held))
        if delivered.usable(held):
            yield Finding(level="ok", about="field", says="A drop-down field shows what became of a reply.")
            return
        if not self.mend:
            what = "lacks options or is switched off" if held else "is not there"
            says = f"The drop-down field for what became of replies {what}, so only an internal note tells of it."
            yield Finding(level="warning", about="field", says=says, do=RUN)
            return
        if held is None:
            made = {"type": "tagger", "title": TITLE, "custom_field_options": _options(())}
            answer = self.account.send("POST", "ticket_fields", {"ticket_field": made})
            says = f"The drop-down field {TITLE!r} was made; put it on the ticket form that agents use."
        else:
            given = {"active": True, "custom_field_options": _options(each(held.get("custom_field_options")))}
            answer = self.account.send("PUT", f"ticket_fields/{held['id']}", {"ticket_field": given})
            says = "The drop-down field for what became of replies was put right."
        if isinstance(answer, Refusal):
            raise Barred(_by_hand("The drop-down field cannot be set up", answer))
        yield Finding(level="done", about="field", says=says)

    # --- the webhook ---

    def _webhooks(self, now: datetime | None) -> Iterator[Finding]:
        if not self.url:
            says = "Nobody knows by which URL Zendesk reaches this connection."
            raise Barred(Finding(level="fault", about="url", says=says, do="Set PUBLIC_URL."))
        webhooks = list(self._list("webhooks"))
        calling = [one for one in webhooks if one.get("endpoint") == self.url]
        named = (one for one in webhooks if one.get("name") == self._name)
        held = next(iter((*calling, *named)), None)
        if held is None and not self.mend:
            says = f"No webhook calls {self.url}, so replies are only found every few minutes."
            raise Barred(Finding(level="fault", about="webhook", says=says, do=RUN))
        if held is None:
            held, finding = self._make()
        else:
            finding = self._put_right(held)
        yield finding
        if len(calling) > 1:
            says = f"{len(calling)} webhooks call {self.url}, each with a secret of its own, which is refused."
            yield Finding(level="warning", about="webhook", says=says, do=ONLY.format(held.get("name")))
        number = quote(str(held.get("id")), safe="")
        if TRIGGERED in _words(held.get("subscriptions")):
            yield from _each(lambda: self._trigger(str(held.get("id"))))
        yield from _each(lambda: self._secret(number))
        if now is not None:
            yield from _each(lambda: self._calls(number, now))

    @property
    def _name(self) -> str:
        return f"Casebridge {self.url.rpartition('/')[2]}"

    def _make(self) -> tuple[Json, Finding]:
        """Make the webhook; where the account has no ticket events, one for a trigger."""
        wanted = {**self._wanted(), "name": self._name, "subscriptions": list(EVENTS)}
        made = self.account.send("POST", "webhooks", {"webhook": wanted})
        says = f"Zendesk did not call {self.url}, and now it does, when agents comment."
        if isinstance(made, Refusal) and made.status in (400, 404, 422):
            says = (
                f"This account has no ticket events ({made}), so a trigger has Zendesk call {self.url} when "
                "agents comment."
            )
            wanted |= {"subscriptions": [TRIGGERED]}
            made = self.account.send("POST", "webhooks", {"webhook": wanted})
        if isinstance(made, Refusal):
            raise Barred(_untold("webhook", "The webhook cannot be made", made))
        held = made.get("webhook")
        return held if isinstance(held, Mapping) else {}, Finding(level="done", about="webhook", says=says)

    def _wanted(self) -> dict[str, Any]:
        return {"status": "active", "endpoint": self.url, "http_method": "POST", "request_format": "json"}

    def _put_right(self, held: Json) -> Finding:
        """Change what differs; of which of the two kinds a webhook is stays as it was made."""
        wrong = {name: value for name, value in self._wanted().items() if held.get(name) != value}
        has = _words(held.get("subscriptions"))
        if TRIGGERED not in has and not set(EVENTS) <= has:
            wrong["subscriptions"] = sorted({*has, *EVENTS})
        if not wrong:
            return Finding(level="ok", about="webhook", says=f"Zendesk calls {self.url} when agents comment.")
        says = f"The webhook {self._name!r} is not as it should be: {', '.join(sorted(wrong))}."
        if not self.mend:
            return Finding(level="fault", about="webhook", says=says, do=RUN)
        number = quote(str(held.get("id")), safe="")
        self._write("webhook", "PATCH", f"webhooks/{number}", {"webhook": wrong})
        return Finding(level="done", about="webhook", says=f"{says[:-1]}; that was put right.")

    def _secret(self, webhook: str) -> Iterator[Finding]:
        """Compare the secret that Zendesk signs with those that are configured; neither is ever shown."""
        answer = self._read(
            "secret", f"webhooks/{webhook}/signing_secret", "The signing secret cannot be compared"
        )
        given = answer.get("signing_secret")
        secret = given.get("secret") if isinstance(given, Mapping) else None
        theirs = str(secret or "").encode()
        if theirs and any(hmac.compare_digest(theirs, one.encode()) for one in self.secrets):
            yield Finding(level="ok", about="secret", says="webhook_secret is what Zendesk signs its calls with.")
            return
        what = "is not what Zendesk signs its calls with" if self.secrets else "is not set"
        says = f"webhook_secret {what}, so every call is refused."
        yield Finding(level="fault", about="secret", says=says, do=REVEAL)

    def _calls(self, webhook: str, now: datetime) -> Iterator[Finding]:
        """Tell of calls that failed lately. Zendesk stops calling for a while where most of them fail."""
        answer = self._read("calls", f"webhooks/{webhook}/invocations", "Its latest calls cannot be seen")
        late = [
            str(one.get("status"))
            for one in each(answer.get("invocations"))
            if (at := reading.moment(one, "latest_completed_at")) is None or at > now - LATELY
        ]
        failed = Counter(status for status in late if status != "success")
        if failed:
            kinds = ", ".join(f"{n} {status}" for status, n in sorted(failed.items()))
            says = f"Of the webhook's latest {len(late)} calls in a day {failed.total()} did not arrive: {kinds}."
            do = "See whether PUBLIC_URL can be reached from outside, and in Zendesk what was answered."
            yield Finding(level="warning", about="calls", says=says, do=do)

    # --- the trigger, where there are no events ---

    def _trigger(self, webhook: str) -> Iterator[Finding]:
        wanted = {
            "title": f"{self._name}: an agent has answered",
            "active": True,
            "conditions": {"all": list(CONDITIONS), "any": []},
            "actions": [{"field": "notification_webhook", "value": [webhook, BODY]}],
        }
        held = next((one for one in self._list("triggers") if _calls_it(one, webhook, wanted)), None)
        if held is not None and _same(held, wanted):
            yield Finding(level="ok", about="trigger", says="A trigger has it call when agents comment.")
            return
        says = "The trigger that has Zendesk call us is not as it should be" if held else "No trigger calls us"
        if not self.mend:
            yield Finding(level="fault", about="trigger", says=f"{says}.", do=RUN)
            return
        where = f"triggers/{held['id']}" if held else "triggers"
        self._write("trigger", "PUT" if held else "POST", where, {"trigger": wanted})
        done = "that was put right" if held else "and now one does"
        yield Finding(level="done", about="trigger", says=f"{says}{';' if held else ','} {done}.")

    # --- the wire ---

    def _list(self, name: str) -> Iterator[Json]:
        for page in self.account.pages(name, most=PAGES):
            if isinstance(page, Refusal):
                raise Barred(_untold(name.removesuffix("s"), f"The account's {name} cannot be seen", page))
            yield from each(page.get(name))

    def _read(self, about: str, path: str, says: str) -> Json:
        answer = self.account.get(path, one=True)
        if isinstance(answer, Refusal):
            raise Barred(_untold(about, says, answer))
        return answer

    def _write(self, about: str, method: str, path: str, body: Json) -> None:
        answer = self.account.send(method, path, body)
        if isinstance(answer, Refusal):
            raise Barred(_untold(about, f"The {about} cannot be set up", answer))


def _each(look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """Return the findings of one subject; what Zendesk refuses or does not answer is the last of them."""
    found: list[Finding] = []
    try:
        for one in look():
            found.append(one)  # noqa: PERF402 - those before a refusal count
    except Barred as barred:
        found.append(barred.finding)
    except Paused as trouble:
        found.append(Finding(level="fault", about="replies", says=str(trouble), do=RIGHTS))
    except Trouble as trouble:
        found.append(Finding(level="warning", about="reach", says=str(trouble), do=AGAIN))
    return found


def _untold(about: str, says: str, refused: Refusal) -> Finding:
    return Finding(level="fault", about=about, says=f"{says}: {refused}.", do=RIGHTS)


def _by_hand(says: str, refused: Refusal) -> Finding:
    """Without the field an internal note tells what became of a reply, so that is no fault."""
    return Finding(level="warning", about="field", says=f"{says}: {refused}.", do=BY_HAND)


def _options(held: Sequence[Json]) -> list[dict[str, Any]]:
    """Return the options of the field: those that are there, and ours that are not."""
    there = {str(one.get("value")): {name: one[name] for name in OPTION if name in one} for one in held}
    ours = {value: {"name": NAMES[state], "value": value} for state, value in delivered.VALUES.items()}
    return list((ours | there).values())


def _calls_it(trigger: Json, webhook: str, wanted: Json) -> bool:
    actions = each(trigger.get("actions"))
    values = [one.get("value") for one in actions if one.get("field") == "notification_webhook"]
    return trigger.get("title") == wanted["title"] or any(isinstance(v, list) and webhook in v[:1] for v in values)


def _same(held: Json, wanted: Json) -> bool:
    """Return whether a trigger does what it should; the order of its conditions is no matter."""
    conditions = held.get("conditions")
    has = conditions if isinstance(conditions, Mapping) else {}
    exact = [name for name in ("active", "actions") if held.get(name) != wanted[name]]
    return not exact and not has.get("any") and _plain(has.get("all")) == _plain(wanted["conditions"]["all"])


def _plain(conditions: object) -> list[tuple[str, ...]]:
    names = ("field", "operator", "value")
    return sorted(tuple(str(one.get(name)).lower() for name in names) for one in each(conditions))


def _words(given: object) -> set[str]:
    return {str(one) for one in given} if isinstance(given, list) else set()
