"""Where agents answer in Salesforce: the plugin's records are read, sent, and told what became of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from adapters.salesforce import classify
from adapters.salesforce.org import ID, Org
from bridge.errors import Rejected, RetryLater, Unsure
from bridge.fitting import shorten
from bridge.ports import Delivery, Polled, Reply

log = logging.getLogger("casebridge")

OBJECT = "Social_Message__c"
QUEUED = (
    "SELECT Id, Case__c, Body__c, Private_Reply__c, Reply_To_Key__c, Agent__c, CreatedBy.Name "
    "FROM Social_Message__c WHERE Direction__c = 'Outbound' AND Status__c = 'Queued' ORDER BY CreatedDate, Id"
)
STATUS = {"sent": "Sent", "failed": "Failed", "unsure": "Unsure"}
LONGEST = 4000  #: characters of Error_Message__c
LONGEST_LINK = 255  #: characters of a URL field
MOST = 200  #: rows in one call
STATE = ("attributes", "Id", "Status__c")  #: what agents must see, also where they may not see more
GONE = frozenset(("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"))
HIDDEN = frozenset(("INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE"))
HASHED = "#"  #: in a key that was too long for its field: of that only the case is known
AGAIN = timedelta(hours=1)
"""How long an org without the plugin is left alone; an outbound message, which only the plugin sends, ends it."""


class ReplyDesk:
    """The replies of one org. Keeps nothing but whether the plugin was missing when it was asked last."""

    def __init__(self, org: Org, *, poll: timedelta) -> None:
        """poll: how often to look, where no outbound message rings."""
        self._org, self._poll, self._missing = org, poll, False

    @property
    def every(self) -> timedelta:
        """How long to wait between two reads."""
        return AGAIN if self._missing else self._poll

    def poll(self, cursor: str) -> Polled:
        """Read what waits to be sent, the oldest first; without the plugin that is nothing.

        No cursor is needed: what has been told of is not given again. Raises RetryLater or Paused.
        """
        try:
            rows, following = self._org.query(QUEUED, aside=True)
            while following:  # all of them: those whose account rests must not hide the others
                page, following = self._org.more(following)
                rows += page
        except Rejected as refused:
            if not self._missing:
                log.warning(
                    "no replies are read from Salesforce: %s; install the plugin, or give the run-as user its "
                    "permission set; it is looked again each hour",
                    classify.reason(refused),
                )
            self._missing = True
            return Polled(replies=(), cursor=cursor)
        self._missing = False
        return Polled(replies=[_reply(row) for row in rows], cursor=cursor)

    def report(self, deliveries: Sequence[Delivery]) -> Mapping[str, RetryLater]:
        """Write beside each reply what became of it, in one call for 200; a locked row is tried again by itself.

        One that is gone needs no news, and one that the org refuses is given up until it is read once more. Where
        link or reason cannot be written, the state is written alone: whoever sees Queued might write it again.
        Raises RetryLater or Paused.
        """
        rows = [_row(one) for one in deliveries if ID.fullmatch(one.reply)]
        for n in range(0, len(rows), MOST):
            if again := self._write(rows[n : n + MOST]):
                self._insist(again)
        return {}

    def _insist(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if self._write(rows):
            raise RetryLater("Salesforce holds replies locked that are to be told of", after=classify.LOCK_AGAIN)

    def _write(self, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Write rows; return those to be written once more: what was busy, and what must do with less."""
        try:
            answers = self._org.write("PATCH", rows)
        except Unsure as lost:  # to tell it twice is harmless
            raise RetryLater(str(lost), after=lost.after) from None
        except Rejected as refused:
            log.error("Salesforce takes no news of replies: %s", classify.reason(refused))  # noqa: TRY400
            return []
        again = []
        for row, one in zip(rows, answers, strict=True):
            if isinstance(one, str):
                continue
            if isinstance(classify.of_row(one), RetryLater):
                again.append(row)
                continue
            if one.code not in GONE:
                log.error("Salesforce takes no news of the reply %s: %s", row["Id"], one.wordless)
            if one.code in HIDDEN and len(row) > len(STATE):
                again.append({name: row[name] for name in STATE})
        return again


def _reply(row: Mapping[str, Any]) -> Reply:
    created_by = row.get("CreatedBy")
    key = str(row.get("Reply_To_Key__c") or "")
    writer = created_by.get("Name") if isinstance(created_by, Mapping) else ""
    return Reply(
        id=str(row["Id"]),
        case_id=str(row.get("Case__c") or ""),
        text=str(row.get("Body__c") or ""),
        agent=str(row.get("Agent__c") or writer or ""),
        private=row.get("Private_Reply__c") is True,
        answers="" if HASHED in key else key,
    )


def _row(one: Delivery) -> Mapping[str, Any]:
    row = {
        "attributes": {"type": OBJECT},
        "Id": one.reply,
        "Status__c": STATUS[one.state],
        "Error_Message__c": shorten(one.says, LONGEST) or None,
    }
    return row | ({"Permalink__c": one.url} if one.url and len(one.url) <= LONGEST_LINK else {})
