"""One Salesforce org over the wire: log in, call, and turn every failure into one of our errors.

simple-salesforce makes the requests; its own refresh is left aside, because it can recurse for ever, and its
missing timeouts are added below it.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceError
from simple_salesforce.login import SalesforceLogin

from adapters.salesforce import classify
from adapters.salesforce.classify import Refusal
from adapters.salesforce.settings import Settings
from bridge.calling import Answered
from bridge.errors import Paused, Rejected, RetryLater, Trouble, Unsure
from bridge.http import Wire, was_sent

HEADERS = {"X-PrettyPrint": "0"}

ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
NEXT_PAGE = re.compile(r"/services/data/v[\d.]+/(query/[A-Za-z0-9-]+)")
HOME = re.compile(r"[a-z0-9.-]+\.(?:salesforce|force)\.(?:com|mil)", re.IGNORECASE)

#: They say INVALID_SESSION_ID too, but no new login helps: logging in again would go on for ever.
LOGIN_IN_VAIN = ("not valid for use with the REST API", "Connected app is not attached to Agent")


class Org:
    """Calls to one org. Safe to share between threads: one token for all of them, one session for each."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.patience = settings.timeout * 1.5
        self._lock = threading.Lock()
        self._token: tuple[str, str] | None = None
        self._local = threading.local()

    def query(self, soql: str, *, file: bool = False) -> tuple[list[dict[str, Any]], str]:
        """Read one page: its rows, and the path of the next page, "" = this was the last.

        file: it is about files, whose refusal pauses nothing else.
        Raises RetryLater, Paused, or Rejected for an object or field that is not there.
        """
        return self._page("query", params={"q": soql}, file=file)

    def more(self, path: str) -> tuple[list[dict[str, Any]], str]:
        """Read the page that `query` or `more` named."""
        return self._page(path)

    def _page(self, path: str, **kwargs: Any) -> tuple[list[dict[str, Any]], str]:
        answer = self._call("GET", path, **kwargs)
        rows = answer.get("records") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise RetryLater("Salesforce answered a query with something else", after=classify.BUSY_AGAIN)
        following = NEXT_PAGE.fullmatch(str(answer.get("nextRecordsUrl") or ""))
        if not answer.get("done", True) and not following:
            raise RetryLater("Salesforce named no next page of a query", after=classify.BUSY_AGAIN)
        return rows, following[1] if following else ""

    def write(
        self, method: str, records: Sequence[Mapping[str, Any]], *, assign: bool = False
    ) -> list[str | Refusal]:
        """Create (POST) or update (PATCH) up to 200 rows in their order; for each its id or why not.

        assign: let the org's assignment rule choose the owners. Raises RetryLater, Paused or Rejected when none
        was applied, Unsure when any may have been.
        https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
        """
        answer = self._call(
            method,
            "composite/sobjects",
            json={"allOrNone": False, "records": list(records)},
            headers=HEADERS | {"Sforce-Auto-Assign": "TRUE" if assign else "FALSE"},
        )
        return _rows(answer, len(records))

    def attach(self, record: Mapping[str, Any]) -> str:
        """Create a file, which no collection can carry, and return its id.

        Raises RetryLater, Paused or Rejected when it was not made, Unsure when it may have been.
        """
        answer = self._call("POST", "sobjects/ContentVersion", file=True, json=record)
        made = _row(answer)
        if isinstance(made, Refusal):
            raise Rejected(str(made), field=made.field)
        return made

    def erase(self, documents: Sequence[str]) -> list[str | Refusal]:
        """Delete up to 200 files with all their versions, in their order; for each its id or why not.

        Only a whole ContentDocument can be deleted, by its owner for one, and that is who has copied it.
        Raises RetryLater, Paused or Rejected when none was deleted, Unsure when any may have been.
        https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_delete.htm
        https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_contentdocument.htm
        """
        ids = {"ids": ",".join(documents), "allOrNone": "false"}
        return _rows(self._call("DELETE", "composite/sobjects", params=ids, file=True), len(documents))

    def limits(self) -> dict[str, Any]:
        """Read how much of the org's limits is left: name -> Max and Remaining.

        https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_limits.htm
        """
        answer = self._call("GET", "limits")
        return answer if isinstance(answer, dict) else {}

    @property
    def clock(self) -> datetime | None:
        """The org's clock at the last answer that this thread got; None = it did not say."""
        return Answered(status=200, headers={"date": getattr(self._local, "date", "")}).clock

    def describe(self, kind: str) -> list[dict[str, Any]]:
        """Read what the org says of an object's fields: name, unique and more.

        https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm
        """
        answer = self._call("GET", f"sobjects/{kind}/describe")
        fields = answer.get("fields") if isinstance(answer, dict) else None
        if not isinstance(fields, list) or not all(isinstance(field, dict) for field in fields):
            raise RetryLater("Salesforce answered a describe with something else", after=classify.BUSY_AGAIN)
        return fields

    def _call(
        self, method: str, path: str, *, headers: Mapping[str, str] = HEADERS, file: bool = False, **kwargs: Any
    ) -> Any:
        """Make one call, with one new login where the token has run out; all within `patience`."""
        write = method != "GET"
        session = self._session()
        token, again = self._get(session), True
        while True:
            try:
                sf = Salesforce(
                    session_id=token[0],
                    instance=token[1],
                    version=self._settings.api_version,
                    session=session,
                    object_pairs_hook=dict,
                )
                return sf.restful(path, method=method, headers=dict(headers), **kwargs)
            except SalesforceError as error:
                # `from None`: the library's error quotes the whole answer, and with it what the customer wrote.
                if not (again and _has_run_out(error)):
                    raise classify.of_request(
                        error.status, error.content, write=write, now=datetime.now(UTC), file=file
                    ) from None
            except (requests.RequestException, TypeError, ValueError) as error:
                raise self._silence(error, write=write) from None
            token, again = self._get(session, stale=token), False

    def _get(self, session: requests.Session, stale: tuple[str, str] | None = None) -> tuple[str, str]:
        """Return token and host; log in if there is none or it is the stale one. One thread does it for all."""
        if not self._lock.acquire(timeout=self.patience / 2):
            raise RetryLater("another login takes too long; nothing was applied", after=classify.BUSY_AGAIN)
        try:
            if self._token is None or self._token == stale:
                self._token = None
                self._token = self._log_in(session)
            return self._token
        finally:
            self._lock.release()

    def _log_in(self, session: requests.Session) -> tuple[str, str]:
        """Trade key and secret for a token: the client credentials flow, on My Domain only."""
        given = self._settings
        try:
            token, host = SalesforceLogin(
                session=session,
                domain=given.domain,
                consumer_key=given.consumer_key.get_secret_value(),
                consumer_secret=given.consumer_secret.get_secret_value(),
            )
        except SalesforceAuthenticationFailed as error:
            raise classify.of_login(error.code) from None
        except requests.RequestException as error:
            raise self._silence(error, write=False) from None
        except (AttributeError, TypeError, ValueError):
            raise classify.of_login(None) from None
        if not isinstance(token, str) or not token:
            raise classify.of_login(None)
        if not given.url and not HOME.fullmatch(str(host)):
            raise Paused(
                f"the login named {host!r} as the org's address, which is not Salesforce's; nothing was sent there"
            )
        return token, str(host)

    def _session(self) -> requests.Session:
        """Return this thread's session with a whole call's time before it."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            session.max_redirects = 0  # a redirect would turn a POST into a GET, or carry the token elsewhere
            session.headers["Sforce-Call-Options"] = "client=casebridge"
            self._local.session, self._local.wire = session, Wire(self._settings.url, self._settings.timeout)
            session.mount("https://", self._local.wire)
            session.hooks["response"].append(self._note_date)
        self._local.wire.deadline = time.monotonic() + self.patience
        return session

    def _note_date(self, answer: requests.Response, **_: object) -> None:
        self._local.date = answer.headers.get("Date", "")

    @staticmethod
    def _silence(error: Exception, *, write: bool) -> Trouble:
        return classify.of_silence(type(error).__name__, sent=was_sent(error), write=write)


def _has_run_out(error: SalesforceError) -> bool:
    content: object = error.content
    refused = classify.refusal(content[0] if isinstance(content, list) and content else None)
    in_vain = any(words in refused.message for words in LOGIN_IN_VAIN)
    return error.status == 401 and refused.code == "INVALID_SESSION_ID" and not in_vain


def _rows(answer: object, most: int) -> list[str | Refusal]:
    """Read a collection's answer. Raises Unsure when it is none to the request."""
    if not isinstance(answer, list) or len(answer) != most:
        raise Unsure("Salesforce's answer does not fit the request", after=classify.LOCK_AGAIN)
    return [_row(row) for row in answer]


def _row(row: object) -> str | Refusal:
    """Read one row of a collection's answer. Raises Unsure when it says neither yes nor no."""
    if isinstance(row, dict) and row.get("success") is True and ID.fullmatch(str(row.get("id"))):
        return str(row["id"])
    if isinstance(row, dict) and row.get("success") is False:
        errors = row.get("errors")
        return classify.refusal(errors[0] if isinstance(errors, list) and errors else None)
    raise Unsure("Salesforce's answer names neither an id nor an error for a row", after=classify.LOCK_AGAIN)
