"""One Salesforce org over the wire: log in, call, and turn every failure into one of our errors.

simple-salesforce makes the requests; its own refresh is left aside, because it can recurse for ever, and its
missing timeouts are added below it.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError

from adapters.salesforce import classify
from adapters.salesforce.classify import Refusal
from adapters.salesforce.login import Login
from adapters.salesforce.settings import Settings
from bridge.calling import Answered
from bridge.errors import Rejected, RetryLater, Trouble, Unsure
from bridge.http import Wire, was_sent
from bridge.ports import Usage

REFERENCE = "@{"
HEADERS = {"X-PrettyPrint": "0"}

ID = classify.ID
NEXT_PAGE = re.compile(r"/services/data/v[\d.]+/(query/[A-Za-z0-9-]+)")
USAGE = re.compile(r"(?:\A|;)\s*(?:per-app-)?api-usage=(\d{1,12})/(\d{1,12})")

#: They say INVALID_SESSION_ID too, but no new login helps: logging in again would go on for ever.
LOGIN_IN_VAIN = ("not valid for use with the REST API", "Connected app is not attached to Agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request within a composite. path: after /services/data/v66.0/, encoded."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def refers(self) -> bool:
        """Whether a text of it would be taken for a reference to another step where several go together."""
        return REFERENCE in json.dumps(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """What one of them was answered."""

    status: int
    body: Any


class Org:
    """Calls to one org. Safe to share between threads: one token for all of them, one session for each."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.patience = settings.timeout * 1.5
        self._login = Login(settings, patience=self.patience)
        self.usage: Usage | None = None  #: as the latest answer said, whoever asked
        self._local = threading.local()

    def query(self, soql: str, *, aside: bool = False) -> tuple[list[dict[str, Any]], str]:
        """Read one page: its rows, and the path of the next page, "" = this was the last.

        aside: it is about what stands beside filing, files or replies, whose refusal pauses nothing else.
        Raises RetryLater, Paused, or Rejected for an object or field that is not there.
        """
        return self._page("query", params={"q": soql}, aside=aside)

    def more(self, path: str) -> tuple[list[dict[str, Any]], str]:
        """Read the page that `query` or `more` named."""
        return self._page(path)

    def _page(self, path: str, **kwargs: Any) -> tuple[list[dict[str, Any]], str]:
        return page_of(self._call("GET", path, **kwargs))

    def composite(self, steps: Sequence[Step], *, write: bool = True) -> list[Stepped]:
        """Make up to 25 requests in their order, of which 5 may be queries and collections: one API call.

        One that fails stops none of the others. write: any of them changes something. Raises RetryLater, Paused or
        Rejected when none was applied, Unsure when any may have been.
        https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite.htm
        """
        root = f"/services/data/v{self._settings.api_version}/"
        requests_ = [
            {"method": one.method, "url": root + one.path, "referenceId": f"step{n}"}
            | ({"body": one.body} if one.body is not None else {})
            | ({"httpHeaders": dict(one.headers)} if one.headers else {})
            for n, one in enumerate(steps)
        ]
        # Collated, which is the default, they would run in any order.
        body = {"allOrNone": False, "collateSubrequests": False, "compositeRequest": requests_}
        answer = self._call("POST", "composite", write=write, json=body)
        found = answer.get("compositeResponse") if isinstance(answer, dict) else None
        listed = found if isinstance(found, list) else []
        answers = dict(pair for given in listed for pair in _stepped(given))
        names = [str(one["referenceId"]) for one in requests_]
        if answers.keys() != set(names):
            raise classify.of_silence("an answer that does not fit", sent=True, write=write)
        return [answers[name] for name in names]

    def alone(self, step: Step) -> Stepped:
        """Make one request of a composite by itself; what it asks for is refused as it would be there.

        Raises RetryLater or Paused, Unsure when it may have been applied.
        """
        try:
            body = self._call(step.method, step.path, json=step.body, headers=HEADERS | dict(step.headers))
        except Rejected as error:
            return Stepped(status=400, body=[{"errorCode": "INVALID_INPUT", "message": classify.reason(error)}])
        return Stepped(status=200, body=body)

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
        return rows_of(answer, len(records))

    def attach(self, record: Mapping[str, Any]) -> str:
        """Create a file, which no collection can carry, and return its id.

        Raises RetryLater, Paused or Rejected when it was not made, Unsure when it may have been.
        """
        answer = self._call("POST", "sobjects/ContentVersion", aside=True, json=record)
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
        return rows_of(self._call("DELETE", "composite/sobjects", params=ids, aside=True), len(documents))

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

    def get(self, path: str) -> Any:
        """Read one resource. path: after /services/data/v66.0/, encoded. Raises RetryLater, Paused or Rejected."""
        return self._call("GET", path)

    def _call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] = HEADERS,
        aside: bool = False,
        write: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Make one call, with one new login where the token has run out; all within `patience`."""
        write = method != "GET" if write is None else write
        session = self._session()
        token, again = self._login.token(session), True
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
                        error.status, error.content, write=write, now=datetime.now(UTC), aside=aside
                    ) from None
            except (requests.RequestException, TypeError, ValueError) as error:
                raise self._silence(error, write=write) from None
            token, again = self._login.token(session, stale=token), False

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
            session.hooks["response"].append(self._note)
        self._local.wire.deadline = time.monotonic() + self.patience
        return session

    def _note(self, answer: requests.Response, **_: object) -> None:
        self._local.date = answer.headers.get("Date", "")
        self.usage = usage_in(answer.headers.get("Sforce-Limit-Info", "")) or self.usage

    @staticmethod
    def _silence(error: Exception, *, write: bool) -> Trouble:
        return classify.of_silence(type(error).__name__, sent=was_sent(error), write=write)


def usage_in(header: str) -> Usage | None:
    """Read Sforce-Limit-Info: of the org's calls and of the app's own share those that are nearer their end.

    None = it says neither.
    https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm
    """
    told = [Usage(used=int(used), most=int(most)) for used, most in USAGE.findall(header) if int(most)]
    return max(told, key=lambda one: one.used / one.most, default=None)


def _has_run_out(error: SalesforceError) -> bool:
    content: object = error.content
    refused = classify.refusal(content[0] if isinstance(content, list) and content else None)
    in_vain = any(words in refused.message for words in LOGIN_IN_VAIN)
    return error.status == 401 and refused.code == "INVALID_SESSION_ID" and not in_vain


def _stepped(given: object) -> list[tuple[str, Stepped]]:
    """Read one request's part of a composite's answer; [] = it is none."""
    status = given.get("httpStatusCode") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(status, int):
        return []
    return [(str(given.get("referenceId")), Stepped(status=status, body=given.get("body")))]


def page_of(answer: object) -> tuple[list[dict[str, Any]], str]:
    """Read a query's answer: its rows, and the path of the next page, "" = this was the last.

    Raises RetryLater when it is none.
    """
    told = answer if isinstance(answer, dict) else {}
    rows = told.get("records")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RetryLater("Salesforce answered a query with something else", after=classify.BUSY_AGAIN)
    following = NEXT_PAGE.fullmatch(str(told.get("nextRecordsUrl") or ""))
    if not told.get("done", True) and not following:
        raise RetryLater("Salesforce named no next page of a query", after=classify.BUSY_AGAIN)
    return rows, following[1] if following else ""


def rows_of(answer: object, most: int) -> list[str | Refusal]:
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
