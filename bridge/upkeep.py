"""Looks after connections: what adapters find at the platforms and in the CRMs, and what the bridge knows itself.

Each connection is looked at in a thread of its own, so that one that does not answer holds up none of the others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bridge.parts import explain
from bridge.ports import Channel, Crm, Finding, Upkeep
from bridge.store import Store, chores, handshakes, health, hearing
from bridge.store.health import Health
from bridge.tokens import Tokens

ITSELF = "Casebridge"
"""The name under which stands what is of no connection: none can be called so."""

EXAMINE = "examine"  #: the chore that looks at the bridge itself; those that look at connections begin so
EXAMINATION = "examination"  #: what findings are about where looking itself failed
UNTOLD = frozenset({EXAMINATION, "reach", "platform"})  #: what findings are about where nobody could tell the rest

PATIENCE = 60.0  #: seconds for all connections together
QUIET = timedelta(days=7)  #: for so long an account may bring nothing
LATE = timedelta(hours=1)  #: for so long a message may wait
SKEW = timedelta(seconds=5)  #: between this machine's clock and the database's
RECENT = timedelta(days=7)  #: of replies that did not arrive
MISSED = timedelta(hours=1)  #: a clock that runs leaves no chore lying for so long


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """What is needed to look after connections."""

    store: Store
    channels: Mapping[str, Channel] = field(default_factory=dict)  #: by connection, those that are switched on
    crms: Mapping[str, Crm] = field(default_factory=dict)
    accounts: Mapping[str, Collection[str]] = field(default_factory=dict)  #: by connection, all that are listed
    keys: Callable[[], Mapping[str, Mapping[str, str]]] = dict
    """By CRM connection: the objects that mappings file into now -> the field with the key there."""
    tokens: Tokens
    pages: Mapping[str, str] = field(default_factory=dict)  #: by connection: its page in docs/channels
    public_url: str = ""
    clock: Callable[[], datetime]

    @property
    def connections(self) -> list[str]:
        """All that are switched on, those of platforms first."""
        return [*self.channels, *self.crms]

    @property
    def subscribable(self) -> list[str]:
        """Those that `subscribe` sees to: all platforms, and the CRMs that have an API for it."""
        return [*self.channels, *(name for name, crm in self.crms.items() if crm.subscribes)]


# --- doctor ---


def examine(care: Care, connections: Sequence[str], *, limit: float = PATIENCE) -> dict[str, list[Finding]]:
    """What there is to say about each of these connections; nothing is changed anywhere."""
    return _each(lambda name: examine_one(care, name), connections, limit)


def examine_one(care: Care, connection: str) -> list[Finding]:
    """What there is to say about one connection: its adapter's findings, and the bridge's own."""
    now = care.clock()
    if connection in care.crms:
        found = care.crms[connection].examine(care.keys().get(connection, {}), now, _url(care, connection))
        return [*found, *_calls(care, connection), *_rests(care, connection)]
    accounts = care.accounts.get(connection, ())
    told = care.channels[connection].examine(_upkeep(care, connection, now))
    return [
        *told,
        *care.tokens.findings(connection, accounts),
        *_handshake(care, connection),
        *_events(care, connection, accounts, now),
        *_rests(care, connection),
    ]


def subscribe(care: Care, connections: Sequence[str], *, limit: float = 2 * PATIENCE) -> dict[str, list[Finding]]:
    """Have each of these connections set up at its platform, and say what was found and done there."""
    return _each(lambda name: subscribe_one(care, name), connections, limit)


def subscribe_one(care: Care, connection: str) -> list[Finding]:
    """Have one connection set up at its platform or CRM; where there is no API for that it is left alone."""
    if connection in care.crms:
        return care.crms[connection].subscribe(_url(care, connection))
    if not care.channels[connection].subscribes:
        says = f"This platform is set up by hand: {care.pages.get(connection, 'docs/channels')} says where."
        return [Finding(level="ok", about="subscription", says=says)]
    return care.channels[connection].subscribe(_upkeep(care, connection, care.clock()))


def _upkeep(care: Care, connection: str, now: datetime) -> Upkeep:
    with care.store.read() as c:
        learned = handshakes.recall(c, connection)
    return Upkeep(
        url=_url(care, connection),
        credentials={a: care.tokens.credentials(connection, a) for a in care.accounts.get(connection, ())},
        learned=learned,
        now=now,
    )


def _url(care: Care, connection: str) -> str:
    """What is called, without a secret; "" = not known."""
    return f"{care.public_url}/in/{connection}" if care.public_url else ""


def _each(
    look: Callable[[str], list[Finding]], connections: Sequence[str], limit: float
) -> dict[str, list[Finding]]:
    """Look at each in a thread of its own. One that breaks, or is not done in time, is a finding."""
    found: dict[str, list[Finding]] = {}

    def one(name: str) -> None:
        try:
            found[name] = look(name)
        except Exception as error:  # noqa: BLE001 - one broken adapter must not hide the others
            says = f"Looking at this connection failed: {explain('examining', error)}."
            found[name] = [Finding(level="fault", about=EXAMINATION, says=says, do="Look at the log.")]

    threads = [threading.Thread(target=one, args=(name,), daemon=True) for name in connections]
    deadline = time.monotonic() + limit
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    says = f"Looking at this connection took longer than {limit:.0f} seconds."
    late = Finding(level="warning", about=EXAMINATION, says=says, do="Run it again in a few minutes.")
    done = dict(found)  # what a late thread still says is not waited for
    return {name: done.get(name, [late]) for name in connections}


# --- what the bridge knows of a connection ---


def _handshake(care: Care, connection: str) -> list[Finding]:
    if not care.channels[connection].handshakes:
        return []
    with care.store.read() as c:
        last = handshakes.recall(c, connection).get(handshakes.LAST)
    if last is not None:
        return [
            Finding(level="ok", about="handshake", says=f"The platform last checked the URL on {_day(last.at)}.")
        ]
    says = "The platform has never checked the connection's URL, so it does not call it."
    return [
        Finding(
            level="warning",
            about="handshake",
            says=says,
            do="Run casebridge subscribe, or enter the URL at the platform.",
        )
    ]


def _calls(care: Care, connection: str) -> list[Finding]:
    """When a CRM that can call us did so last; those that have no need to are none the worse for it."""
    if not care.crms[connection].calls:
        return []
    with care.store.read() as c:
        last = hearing.last_call(c, connection)
    says = "It has never called us: agents' replies, if any, come when they are looked for."
    if last is not None:
        says = f"It called us last on {_day(last)}."
    return [Finding(level="ok", about="calls", says=says)]


def _events(care: Care, connection: str, accounts: Collection[str], now: datetime) -> list[Finding]:
    """When something came last, for each account; a connection without any counts as a whole."""
    with care.store.read() as c:
        last = health.last_events(c)
    return [_event(account, last.get((connection, account)), now) for account in (*accounts,) or ("",)]


def _event(account: str, last: datetime | None, now: datetime) -> Finding:
    if last is None:
        says, do = "Nothing has ever come.", "Write something there yourself, and see whether it comes."
        return Finding(level="warning", account=account, about="events", says=says, do=do)
    says = f"The last event came on {_day(last)}."
    if now - last <= QUIET:
        return Finding(level="ok", account=account, about="events", says=says)
    do = "Unless it was so quiet there, run casebridge subscribe, or casebridge backfill for what was missed."
    return Finding(level="warning", account=account, about="events", says=says, do=do)


def _rests(care: Care, connection: str) -> list[Finding]:
    with care.store.read() as c:
        paused = health.paused(c)
    found = []
    for name, reason in paused.items():
        of, _, account = name.partition("/")
        if of == connection:
            says, do = f"Nothing is sent there for now: {reason}", "Mend that: it is tried again by itself."
            found.append(Finding(level="fault", account=account, about="pause", says=says, do=do))
    return found


def _day(when: datetime) -> str:
    return f"{when:%Y-%m-%d}"


# --- what the bridge knows of itself ---


def examine_itself(care: Care) -> list[Finding]:
    """What there is to say about the bridge: its address, its database, its clock, and what does not get on."""
    now = care.clock()
    database = care.store.now()
    with care.store.read() as c:
        found, unsent, overdue = health.read(c), health.unsent(c, since=RECENT), chores.overdue(c, EXAMINE)
    says = "The database answers, and has this version's tables."
    return [
        *_address(care.public_url),
        Finding(level="ok", about="database", says=says),
        _clock(now - database),
        _chores(overdue),
        *_ledger(found),
        *_replies(unsent),
    ]


def _address(url: str) -> list[Finding]:
    if not url:
        says, do = "PUBLIC_URL is not set, so nobody knows what platforms call.", "Set it to https://<your host>."
        return [Finding(level="warning", about="url", says=says, do=do)]
    parts = urlsplit(url)
    if parts.scheme != "https":
        says, do = f"PUBLIC_URL is {url!r}, but platforms call https only.", "Have a proxy speak https in front."
        return [Finding(level="fault", about="url", says=says, do=do)]
    if parts.port is not None:
        says = f"PUBLIC_URL is {url!r}, and some platforms, X among them, call no address with a port."
        return [Finding(level="warning", about="url", says=says, do="Let the receiver be reached on port 443.")]
    return [Finding(level="ok", about="url", says=f"Platforms call {url}/in/<connection>.")]


def _clock(ahead: timedelta) -> Finding:
    if abs(ahead) <= SKEW:
        return Finding(level="ok", about="clock", says="This machine's clock and the database's agree.")
    says = f"This machine's clock and the database's differ by {abs(ahead).total_seconds():.0f} seconds."
    return Finding(level="warning", about="clock", says=says, do="Let both take their time from a time server.")


def _chores(overdue: timedelta | None) -> Finding:
    if overdue is not None and overdue <= MISSED:
        return Finding(level="ok", about="chores", says="A clock runs: connections are looked at each day.")
    says = "No clock runs, so no token is renewed and no alarm is raised."
    do = "Let one process run casebridge clock; casebridge run has one."
    return Finding(level="warning", about="chores", says=says, do=do)


def _ledger(found: Health) -> list[Finding]:
    findings = []
    if found.dead:
        says = f"{found.dead} {'message is' if found.dead == 1 else 'messages are'} dead."
        findings.append(Finding(level="warning", about="dead", says=says, do="Run casebridge dead: it says why."))
    if found.oldest > LATE:
        says = f"The oldest of {found.waiting} waiting messages has waited for {_hours(found.oldest)}."
        do = "See whether a worker runs; casebridge explain tells what a message waits for."
        findings.append(Finding(level="warning", about="waiting", says=says, do=do))
    return findings


def _replies(unsent: Mapping[str, int]) -> list[Finding]:
    if not unsent:
        return []
    counts = " and ".join(f"{n} {state}" for state, n in unsent.items())
    says, do = f"Of the replies of the last 7 days {counts}.", "Run casebridge replies: it says why."
    return [Finding(level="warning", about="replies", says=says, do=do)]


def _hours(span: timedelta) -> str:
    hours = span.total_seconds() // 3600
    return f"{hours:.0f} hours" if hours != 1 else "1 hour"
