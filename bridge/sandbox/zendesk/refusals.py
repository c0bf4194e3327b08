"""Every refusal in the vendor's words, in its four forms of error body. Pure.

https://developer.zendesk.com/api-reference/introduction/requests/#error-responses
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.sandbox.wire import Answer

JSON = "application/json; charset=utf-8"


class Refusal(Exception):
    """One refused request. `text`: the body where it is not JSON."""

    def __init__(
        self, status: int, body: Any = None, *, text: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(text or str(body))
        self.status, self.body, self.text, self.headers = status, body, text, headers or {}

    def answer(self) -> Answer:
        """The answer to the refused request."""
        kind = JSON if self.text is None else "text/plain; charset=utf-8"
        return Answer(status=self.status, body=self.body, text=self.text, type=kind, headers=self.headers)


def _plain(status: int, error: str, description: str, **more: Any) -> Refusal:
    return Refusal(status, {"error": error, "description": description, **more})


def no_endpoint() -> Refusal:
    return _plain(404, "InvalidEndpoint", "Not found")


def not_found() -> Refusal:
    return _plain(404, "RecordNotFound", "Not found")


def no_credentials() -> Refusal:
    return Refusal(401, {"error": "Couldn't authenticate you"})


def invalid_token() -> Refusal:
    text = "The access token provided is expired, revoked, malformed or invalid for other reasons."
    return Refusal(401, {"error": "invalid_token", "error_description": text})


def refused(status: int) -> Refusal:
    """Any refusal that is commanded."""
    headers = {"Location": "https://another.zendesk.com/"} if 300 <= status < 400 else {}
    return Refusal(status, {"error": "Refused", "description": "On command"}, headers=headers)


def forbidden() -> Refusal:
    text = (
        "You do not have access to this page. Please contact the account owner of this help desk for further help."
    )
    return Refusal(403, {"error": {"title": "Forbidden", "message": text}})


def bad_json() -> Refusal:
    return Refusal(400, {"error": "Unprocessable Entity", "message": "Server could not parse JSON"})


def unsupported_media() -> Refusal:
    return _plain(415, "UnsupportedMediaType", "Content-Type must be application/json")


def invalid_attribute(name: str, problem: str) -> Refusal:
    text = f"You passed an invalid value for the {name} attribute. Invalid parameter: {problem}"
    return Refusal(400, {"error": {"title": "Invalid attribute", "message": text}})


def bad_page(code: str, detail: str) -> Refusal:
    title = "Invalid pagination depth" if code == "InvalidPaginationDepth" else "Invalid pagination parameter"
    return Refusal(400, {"errors": [{"code": code, "title": title, "detail": detail}]})


def too_many_values() -> Refusal:
    return _plain(400, "TooManyValues", "Parameter  cannot specify more than 100 values", max_count=100)


def invalid_search(text: str) -> Refusal:
    return _plain(422, "invalid", text)


def too_many_users() -> Refusal:
    return _plain(400, "TooManyValues", "Maximum 100 users may be created per call")


def too_many_jobs(seconds: int) -> Refusal:
    """Unsure: only the name of the error is documented."""
    text = "Too many jobs are queued or running. Please wait until some are done"
    return Refusal(429, {"error": "TooManyJobs", "description": text}, headers={"Retry-After": str(seconds)})


def invalid_record(details: Mapping[str, Sequence[str]], **more: Any) -> Refusal:
    """422: the sentences for each field at fault; `more` goes into each detail."""
    shown = {field: [{"description": text, **more} for text in texts] for field, texts in details.items()}
    return _plain(422, "RecordInvalid", "Record validation errors", details=shown)


def closed() -> Refusal:
    return invalid_record({"status": ["Status: closed prevents ticket update"]})


def update_conflict() -> Refusal:
    text = (
        "Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data and "
        "try again."
    )
    return _plain(409, "UpdateConflict", text)


def other_params() -> Refusal:
    return _plain(400, "IdempotentRequestError", "Request parameters don't match the given idempotency key")


def long_key() -> Refusal:
    return _plain(400, "IdempotentRequestError", "Idempotency key is longer than 255 characters")


def in_progress() -> Refusal:
    return _plain(409, "IdempotentRequestInProgress", "A request with this idempotency key is being processed")


def too_many_requests(seconds: int) -> Refusal:
    text = "Number of allowed API requests per minute exceeded"
    return Refusal(429, text=text, headers={"Retry-After": str(seconds)})


def unavailable(seconds: int) -> Refusal:
    headers = {"Retry-After": str(seconds)}
    return Refusal(503, {"error": "ServiceUnavailable", "description": "Please try again later"}, headers=headers)
