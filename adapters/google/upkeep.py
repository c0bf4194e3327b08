"""Looks whether Google tells of reviews and takes answers, and tells it where to publish.

https://developers.google.com/my-business/reference/notifications/rest/v1/NotificationSetting
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.google.faults import ANEW
from adapters.google.notification import CHANGES
from adapters.google.service import Service
from bridge.calling import Answered
from bridge.errors import Paused, RetryLater, Trouble
from bridge.examining import clock
from bridge.ports import Credentials, Finding, Upkeep
from bridge.reading import ornament

SCOPE = "https://www.googleapis.com/auth/business.manage"

SOON = timedelta(days=7)

SIGN_IN = ANEW[:1].upper() + ANEW[1:]
SUBSCRIBE = "Run casebridge subscribe."
PUBLISHED = (
    "Publish the app under Google Auth Platform > Audience in the Google Cloud console: of one that is in testing "
    f"Google ends sign-ins after 7 days. Then {ANEW}"
)
CONSOLE = "whether the subscription of the topic leads here, only the Google Cloud console shows"

UNADDRESSED = Finding(
    level="fault",
    about="url",
    says="Nobody knows where Google reaches Casebridge.",
    do="Set PUBLIC_URL.",
)
UNARMED = Finding(
    level="fault",
    about="app",
    says="connections.yaml holds no client_id, so reviews cannot be read, answered or checked.",
    do="Make an OAuth client as the page about Google reviews shows, and write its client_id and client_secret.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where Google publishes what happens at the locations of one Google account."""

    topic: str  #: "" = nowhere
    types: frozenset[str]

    @property
    def missing(self) -> list[str]:
        """What is needed and not told of."""
        return sorted(CHANGES.keys() - self.types)


class Upkeeper:
    """One look at Google, and what was found."""

    def __init__(self, service: Service, *, topic: str) -> None:
        self.service, self.topic = service, topic
        self._clocks: list[datetime | None] = []

    def examine(self, upkeep: Upkeep, *, mend: bool = False) -> list[Finding]:
        """Return all findings, and with `mend` set up what is wrong first. Never raises."""
        found = [] if upkeep.url else [UNADDRESSED]
        if not self.service.tokens.armed:
            return [*found, UNARMED]
        signed_in: dict[str, Credentials] = {}  #: Google account -> credentials that may ask for it
        for location, credentials in upkeep.credentials.items():
            checked = self._location(location, credentials, upkeep.now)
            found += checked
            if checked[-1].level == "ok":
                signed_in.setdefault(_owner(location), credentials)
        for owner, credentials in signed_in.items():
            found.append(self._notifications(owner, credentials, mend=mend))
        return [*found, *clock("Google", self._clocks, upkeep.now)]

    # --- an account ---

    def _location(self, location: str, credentials: Credentials, now: datetime) -> list[Finding]:
        try:
            grant = self.service.tokens.ask(credentials)
        except Trouble as trouble:
            return [_unasked(trouble, location, "token", "to sign in", SIGN_IN)]
        self._clocks.append(grant.clock)
        if grant.scopes is not None and SCOPE not in grant.scopes:
            says = f"The sign-in does not allow {SCOPE}."
            return [Finding(level="fault", account=location, about="scopes", says=says, do=SIGN_IN)]
        life = _life(location, grant.ends_after, now)
        try:
            self._heard(
                self.service.read(
                    self.service.reviews, f"/v4/{location}/reviews", credentials, query={"pageSize": "1"}
                )
            )
        except Trouble as trouble:
            do = "Compare the account's name with Google's, and make who signed in an owner or manager of it."
            return [life, _unasked(trouble, location, "location", "for the location's reviews", do)]
        says = "The location's reviews can be read."
        return [life, Finding(level="ok", account=location, about="location", says=says)]

    # --- where Google publishes ---

    def _notifications(self, owner: str, credentials: Credentials, *, mend: bool) -> Finding:
        """Return where Google publishes for one Google account, or that this was mended."""
        path = f"/v1/{owner}/notificationSetting"
        try:
            setting = _setting(self._heard(self.service.read(self.service.notices, path, credentials)))
        except Trouble as trouble:
            return _unasked(trouble, owner, "notifications", "where it publishes", "Do what Google's answer says.")
        wrong = self._wrong(owner, setting)
        if wrong is None:
            says = f"Google publishes new and changed reviews in {setting.topic}; {CONSOLE}."
            return Finding(level="ok", account=owner, about="notifications", says=says)
        topic = self.topic or setting.topic
        if not mend or not topic:
            return wrong
        return self._set(owner, credentials, Setting(topic=topic, types=setting.types | CHANGES.keys()))

    def _wrong(self, owner: str, setting: Setting) -> Finding | None:
        do = SUBSCRIBE
        if not setting.topic:
            about, says = "notifications", "Google publishes nowhere, so it tells of no review."
            do = SUBSCRIBE if self.topic else f"Write `topic` into connections.yaml. {SUBSCRIBE}"
        elif self.topic and setting.topic != self.topic:
            about, says = "topic", f"Google publishes in {setting.topic!r}, and not in {self.topic!r}."
        elif setting.missing:
            about, says = "types", f"Google does not publish {' and '.join(setting.missing)}."
        else:
            return None
        return Finding(level="fault", account=owner, about=about, says=says, do=do)

    def _set(self, owner: str, credentials: Credentials, setting: Setting) -> Finding:
        name = f"{owner}/notificationSetting"
        body = {"name": name, "pubsubTopic": setting.topic, "notificationTypes": sorted(setting.types)}
        mask = {"updateMask": "pubsubTopic,notificationTypes"}
        try:
            self.service.write(self.service.notices, "PATCH", f"/v1/{name}", credentials, json=body, query=mask)
        except Trouble as trouble:
            do = (
                "See that the topic is there, and that mybusiness-api-pubsub@system.gserviceaccount.com may "
                "publish in it; then run casebridge subscribe again."
            )
            says = f"Google was told to publish in {setting.topic}, and answered: {trouble}"
            return Finding(level="fault", account=owner, about="notifications", says=says, do=do)
        says = f"Google publishes new and changed reviews in {setting.topic} now; {CONSOLE}."
        return Finding(level="done", account=owner, about="notifications", says=says)

    def _heard(self, answer: Answered) -> Answered:
        self._clocks.append(answer.clock)
        return answer


def _owner(location: str) -> str:
    """The Google account in a location's name: accounts/1 of accounts/1/locations/2."""
    return location.partition("/locations/")[0]


def _setting(answer: Answered) -> Setting:
    told: Mapping[str, object] = answer.json
    listed = told.get("notificationTypes")
    types = frozenset(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else frozenset()
    return Setting(topic=ornament(told, "pubsubTopic") if types else "", types=types)


def _life(location: str, left: timedelta | None, now: datetime) -> Finding:
    if left is None:
        return Finding(level="ok", account=location, about="token", says="Google renews the sign-in.")
    ends = now + left
    says = f"The sign-in ends on {ends:%Y-%m-%d %H:%M} UTC."
    if left > SOON:
        return Finding(level="ok", account=location, about="token", says=says, until=ends)
    return Finding(level="warning", account=location, about="expiry", says=says, do=PUBLISHED, until=ends)


def _unasked(trouble: Trouble, account: str, about: str, what: str, do: str) -> Finding:
    """What was found where Google did not answer as it should: broken, or only not to be told now."""
    says = f"Google was asked {what}: {trouble}"
    if isinstance(trouble, RetryLater):
        return Finding(
            level="warning", account=account, about=about, says=says, do="Run it again in a few minutes."
        )
    if isinstance(trouble, Paused):
        about, do = "token", "Do that, then run it again."
    return Finding(level="fault", account=account, about=about, says=says, do=do)
