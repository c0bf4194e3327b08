"""Where agents answer in Zendesk: public comments are read, and the ticket is told what became of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from adapters.zendesk import answered, classify, delivered
from adapters.zendesk.account import PAGE, Account
from adapters.zendesk.answered import Said, Who
from adapters.zendesk.answers import Json, each
from adapters.zendesk.classify import Refusal
from bridge.errors import Paused, RetryLater, Unsure
from bridge.ports import Delivery, Polled, Reply, Rung

log = logging.getLogger("casebridge")

PAGES = 5  #: of an export or of a ticket's comments in one poll; Zendesk lets exports be read 10 times a minute
EARLIER = timedelta(minutes=10)  #: than a bell rang, for the comment that it rang for
SETTLED = timedelta(minutes=2)  #: what is younger may be missing in an export yet: it leaves out the latest minute
FIELD_HOLDS = 3600.0  #: seconds for which the drop-down field is remembered
BROKEN = timedelta(minutes=1)
LATER = RetryLater("other tickets took all the time; this one is next", after=timedelta(0))


class ReplyDesk:
    """The replies of one account. Keeps who we are there, the drop-down field, and what it may have told."""

    def __init__(self, account: Account, *, poll: timedelta) -> None:
        """poll: how often to look for what no webhook told of."""
        self._account, self.every = account, poll
        self._us = ""
        self._people: dict[str, Who] = {}  # who wrote what is being read: tomorrow a customer may be an agent
        self._field, self._field_until = "", 0.0
        self._doubted: set[str] = set()

    # --- what agents wrote ---

    def poll(self, cursor: str, rung: Sequence[Rung] = ()) -> Polled:
        """Read the tickets that rang, and now and then what Zendesk exports: "since:asked", in seconds.

        Without a cursor it begins now. Raises RetryLater or Paused.
        """
        us = self._user()
        self._people = {}
        found = self._rung(rung)
        missed, cursor = self._missed(cursor)
        wanted = self._answers(missed, self._requesters(self._by_staff(missed)))
        replies = {int(one.id): one for one in [*found, *wanted]}
        return Polled(replies=[replies[number] for number in sorted(replies)], cursor=cursor, us=us)

    def _user(self) -> str:
        """Return the id of the user whom our token stands for."""
        if not self._us:
            answer = self._account.get("users/me", urgent=True)
            user = {} if isinstance(answer, Refusal) else answer.get("user")
            number = user.get("id") if isinstance(user, Mapping) else None
            if not number:
                raise RetryLater("Zendesk does not say whose its token is", after=classify.BUSY_AGAIN)
            self._us = str(number)
        return self._us

    def _rung(self, rung: Sequence[Rung]) -> list[Reply]:
        asked = self._requesters({one.case_id for one in rung})
        found: list[Said] = []
        for ticket, rings in groupby(sorted(rung, key=lambda one: one.case_id), key=lambda one: one.case_id):
            if ticket in asked:
                found += self._comments(ticket, list(rings))
        return self._answers(found, asked)

    def _comments(self, ticket: str, rings: Sequence[Rung]) -> list[Said]:
        """Read a ticket's comments back to what rang, or to those that are asked for by their ids."""
        since = min((one.at - EARLIER for one in rings if not one.reply), default=None)
        named = {one.reply for one in rings if one.reply}
        found: list[Said] = []
        for page in self._pages(ticket, size=PAGE if named else 20):
            self._remember(page.get("users"))
            found += answered.of_ticket(page.get("comments"), ticket)
            oldest = min((one.at for one in found), default=None)
            old_enough = since is None or (oldest is not None and oldest < since)
            if old_enough and named <= {one.id for one in found}:
                break
        return [one for one in found if one.id in named or (since is not None and one.at >= since)]

    def _pages(self, ticket: str, *, size: int) -> Iterator[Json]:
        """Read a ticket's comments with their authors, the newest first; no page where the ticket is gone."""
        params = {"sort": "-created_at", "page[size]": str(size), "include": "users"}
        for page in self._account.pages(f"tickets/{ticket}/comments", params, most=PAGES, urgent=True):
            if isinstance(page, Refusal):
                log.warning("the comments of the ticket %s in Zendesk cannot be read: %s", ticket, page)
                return
            yield page

    def _missed(self, cursor: str) -> tuple[list[Said], str]:
        """Read what is exported since, and say where the next export begins and when this was asked.

        That begins by Zendesk's clock and is asked by ours: the last answer may be hours old.
        """
        now = datetime.now(UTC)
        if ":" not in cursor:
            return [], _cursor(self._account.clock or now, now)
        since, asked = (datetime.fromtimestamp(int(n), UTC) for n in cursor.split(":"))
        if timedelta(0) <= now - asked < self.every or now - since < SETTLED:
            return [], cursor
        found: list[Said] = []
        try:
            for page in self._exported(since):
                found += answered.of_export(page.get("ticket_events"), self._us)
                if _at_end(page):
                    return found, _cursor(max(since, (self._account.clock or now) - SETTLED), now)
                since = datetime.fromtimestamp(int(page["end_time"]), UTC)
        except RetryLater as trouble:
            log.warning("what agents wrote in Zendesk is looked for later: %s", trouble)
            return found, _cursor(since, now)
        return found, _cursor(since, asked)  # there is more of it

    def _exported(self, since: datetime) -> Iterator[Json]:
        start = int(since.timestamp())
        for _ in range(PAGES):
            params = {"start_time": str(start), "include": "comment_events"}
            answer = self._account.get("incremental/ticket_events", params, one=True)
            if isinstance(answer, Refusal):
                raise RetryLater(f"{answer}; exports are for admins: see docs/zendesk.md", after=self.every)
            if not _at_end(answer) and int(answer["end_time"]) <= start:
                raise RetryLater("Zendesk's export does not go on", after=self.every)
            yield answer
            start = int(answer.get("end_time") or start)

    # --- who wrote it ---

    def _by_staff(self, found: Sequence[Said]) -> set[str]:
        """Return the tickets in which agents wrote."""
        unknown = sorted({one.author for one in found} - set(self._people) - {""})
        for n in range(0, len(unknown), PAGE):
            answer = self._account.get("users/show_many", {"ids": ",".join(unknown[n : n + PAGE])}, urgent=True)
            if not isinstance(answer, Refusal):
                self._remember(answer.get("users"))
        return {one.ticket for one in found if one.author in self._people and self._people[one.author].staff}

    def _requesters(self, tickets: Collection[str]) -> dict[str, str]:
        return answered.requesters(list(self._tickets(tickets).values()))

    def _tickets(self, tickets: Collection[str]) -> dict[str, Json]:
        """Read tickets as they are; one that was deleted is left out."""
        numbers = sorted((one for one in tickets if one.isdecimal()), key=int)
        found: dict[str, Json] = {}
        for n in range(0, len(numbers), PAGE):
            answer = self._account.get("tickets/show_many", {"ids": ",".join(numbers[n : n + PAGE])}, urgent=True)
            if isinstance(answer, Refusal):
                raise Paused(f"{answer}: Zendesk shows no tickets")
            found |= {str(row.get("id")): row for row in each(answer.get("tickets"))}
        return {number: row for number, row in found.items() if row.get("status") != "deleted"}

    def _remember(self, users: object) -> None:
        self._people |= answered.people(users)

    def _answers(self, found: Sequence[Said], asked: Mapping[str, str]) -> list[Reply]:
        return answered.answers(found, us=self._us, who=self._people, asked=asked)

    # --- what became of it ---

    def report(self, deliveries: Sequence[Delivery]) -> Mapping[str, RetryLater]:
        """Tell each ticket: an internal note, the drop-down field, and open again where the customer has nothing.

        One read for all, and one write for each ticket. A closed ticket and one that is gone take no more.
        Raises RetryLater or Paused while nothing is told.
        """
        field = self._drop_down()
        tickets = self._tickets({one.case_id for one in deliveries})
        waits: dict[str, RetryLater] = {}
        ended: RetryLater | None = None
        until = time.monotonic() + self._account.patience / 5  # nobody renews a lease meanwhile
        for case_id in dict.fromkeys(one.case_id for one in deliveries):
            told = [one for one in deliveries if one.case_id == case_id]
            if case_id not in tickets or tickets[case_id].get("status") == "closed":
                log.warning("the ticket %s in Zendesk takes no news of its replies any more", case_id)
                continue
            ended = ended or (LATER if time.monotonic() > until else None)
            try:
                wait = ended or self._tell(tickets[case_id], told, field)
            except (RetryLater, Paused) as trouble:
                wait = ended = (
                    trouble if isinstance(trouble, RetryLater) else RetryLater(str(trouble), after=BROKEN)
                )
            waits |= {one.reply: wait for one in told} if wait else {}
        return waits

    def _tell(self, ticket: Json, told: Sequence[Delivery], field: str) -> RetryLater | None:
        """Write to one ticket; return why it must be tried again, None = it need not."""
        number = str(ticket["id"])
        if number in self._doubted:
            known = self._told(number)
            told = [one for one in told if delivered.mark(one) not in known]
        if not told:
            self._doubted.discard(number)
            return None
        try:
            answer = self._account.update(number, delivered.update(ticket, told, field), urgent=True)
            if isinstance(answer, Refusal) and answer.status == 422 and not answer.closed:
                log.warning("Zendesk takes news of a reply as a note only, in the ticket %s: %s", number, answer)
                answer = self._account.update(number, delivered.note(told), urgent=True)
        except Unsure as lost:
            self._doubted.add(number)
            return RetryLater(str(lost), after=lost.after)
        self._doubted.discard(number)
        return _refused(answer, number) if isinstance(answer, Refusal) else None

    def _told(self, ticket: str) -> set[str]:
        """Return the news that a ticket has, as far as its latest audits tell."""
        answer = self._account.audits(ticket, "", urgent=True)
        return set() if isinstance(answer, Refusal) else delivered.marks(answer.get("audits"))

    def _drop_down(self) -> str:
        """Return the id of the drop-down field; "" = there is none, so the note must do."""
        if time.monotonic() > self._field_until:
            found = read_field(self._account)
            self._field = "" if isinstance(found, Refusal) else delivered.usable(found)
            self._field_until = time.monotonic() + FIELD_HOLDS
        return self._field


def read_field(account: Account) -> Json | Refusal | None:
    """Read the drop-down field that shows what became of a reply; None = the account has none."""
    for page in account.pages("ticket_fields", most=PAGES, urgent=True):
        if isinstance(page, Refusal):
            return page
        if found := delivered.field_in(page.get("ticket_fields")):
            return found
    return None


def _refused(answer: Refusal, ticket: str) -> RetryLater | None:
    """Return when news that was refused can be told; None = never, for this ticket takes none."""
    if answer.status in (404, 422) or answer.closed:
        log.warning("the ticket %s in Zendesk takes no news of its replies: %s", ticket, answer)
        return None
    trouble = classify.of_record(answer)
    return trouble if isinstance(trouble, RetryLater) else RetryLater(str(trouble), after=classify.PROBE)


def _at_end(page: Json) -> bool:
    return page.get("end_of_stream") is not False or not isinstance(page.get("end_time"), int)


def _cursor(since: datetime, asked: datetime) -> str:
    return f"{int(since.timestamp())}:{int(asked.timestamp())}"
