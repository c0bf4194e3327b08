"""Zendesk's own description of its API as a judge of requests and answers, for whoever speaks Zendesk here.

The description is the vendor's and not kept with us: CASEBRIDGE_ZENDESK_OAS names the file.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from jsonschema_path import SchemaPath
from openapi_core import V30RequestValidator, V30ResponseValidator
from openapi_core.testing import MockRequest, MockResponse
from werkzeug.datastructures import MultiDict

HOST = "https://example.zendesk.com"
FILE = Path(__file__).parents[1] / ".." / "shared" / "zendesk-oas" / "zendesk-bridge-subset.yaml"
TICKET = frozenset({
    "subject", "status", "priority", "type", "tags", "custom_fields", "comment", "metadata", "requester_id",
    "assignee_id", "assignee_email", "group_id", "organization_id", "brand_id", "ticket_form_id",
    "custom_status_id", "problem_id", "due_at", "recipient",
})  # fmt: skip
COMMENT = frozenset({"html_body", "public", "author_id", "uploads"})
FOR_TICKETS: Mapping[str, frozenset[str]] = {
    "ticket.comment": COMMENT,
    "ticket.custom_fields": frozenset({"id", "value"}),
}
FOR_MANY: Mapping[str, frozenset[str]] = {
    "tickets.comment": COMMENT,
    "tickets.custom_fields": frozenset({"id", "value"}),
}
USER = frozenset({
    "name", "external_id", "email", "phone", "alias", "details", "notes", "locale", "time_zone",
    "organization_id", "tags", "remote_photo_url", "role", "skip_verify_email", "user_fields",
})  # fmt: skip
FIELD = frozenset({"type", "title", "active", "custom_field_options"})
OPTION = frozenset({"id", "name", "value"})
FOR_FIELDS: Mapping[str, frozenset[str]] = {"ticket_field.custom_field_options": OPTION}
WEBHOOK = frozenset({"name", "status", "endpoint", "http_method", "request_format", "subscriptions"})
TRIGGER = frozenset({"title", "active", "conditions", "actions"})
CONDITION = frozenset({"field", "operator", "value"})
FOR_TRIGGERS: Mapping[str, frozenset[str]] = {
    "trigger.conditions": frozenset({"all", "any"}),
    "trigger.conditions.all": CONDITION,
    "trigger.actions": frozenset({"field", "value"}),
}
CLOSED_KEYS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "POST oauth/tokens": {"": frozenset({"grant_type", "client_id", "client_secret", "scope", "expires_in"})},
    "POST tickets": {
        "": frozenset({"ticket"}),
        "ticket": TICKET | {"external_id", "via_followup_source_id"},
        **FOR_TICKETS,
    },
    "PUT tickets/{id}": {
        "": frozenset({"ticket"}),
        "ticket": TICKET | {"id", "safe_update", "updated_stamp"},
        **FOR_TICKETS,
    },
    "POST tickets/create_many": {
        "": frozenset({"tickets"}),
        "tickets": TICKET | {"external_id"},
        **FOR_MANY,
    },
    "PUT tickets/update_many": {
        "": frozenset({"tickets"}),
        "tickets": TICKET | {"id", "safe_update", "updated_stamp"},
        **FOR_MANY,
    },
    "POST users": {"": frozenset({"user"}), "user": USER},
    "PUT users/{id}": {"": frozenset({"user"}), "user": USER | {"suspended"}},
    "POST users/create_or_update": {"": frozenset({"user"}), "user": USER},
    "PUT comment_redactions/{id}": {"": frozenset({"ticket_id", "html_body"})},
    "PUT tickets/{id}/comments/{id}/make_private": {"": frozenset()},
    "PUT tickets/{id}/comments/{id}/attachments/{id}/redact": {"": frozenset()},
    "PUT users/update_many": {"": frozenset({"users"}), "users": USER | {"id"}},
    "POST users/create_many": {"": frozenset({"users"}), "users": USER},
    "POST ticket_fields": {"": frozenset({"ticket_field"}), "ticket_field": FIELD, **FOR_FIELDS},
    "PUT ticket_fields/{id}": {"": frozenset({"ticket_field"}), "ticket_field": FIELD, **FOR_FIELDS},
    "POST webhooks": {"": frozenset({"webhook"}), "webhook": WEBHOOK},
    "PATCH webhooks/{id}": {"": frozenset({"webhook"}), "webhook": WEBHOOK},
    "POST triggers": {"": frozenset({"trigger"}), "trigger": TRIGGER, **FOR_TRIGGERS},
    "PUT triggers/{id}": {"": frozenset({"trigger"}), "trigger": TRIGGER, **FOR_TRIGGERS},
}
"""Every key that we may send, by operation and place: the description lets unknown keys pass."""

LISTED = frozenset({"sort", "page[size]", "page[after]"})
QUERIES: Mapping[str, frozenset[str]] = {
    "GET tickets": frozenset({"external_id", "page[size]"}),
    "GET tickets/{id}": frozenset({"include"}),
    "GET tickets/show_many": frozenset({"ids", "include"}),
    "GET tickets/{id}/audits": LISTED,
    "GET tickets/{id}/comments": LISTED | {"include"},
    "GET users/show_many": frozenset({"external_ids", "ids"}),
    "GET incremental/ticket_events": frozenset({"start_time", "include"}),
    "GET ticket_fields": frozenset({"page[size]", "page[after]"}),
    "GET webhooks": frozenset({"page[size]", "page[after]"}),
    "GET triggers": frozenset({"page[size]", "page[after]"}),
    "GET job_statuses/show_many": frozenset({"ids"}),
    "GET users": frozenset({"role[]", "page[size]", "page[after]"}),
    "GET groups": frozenset({"page[size]", "page[after]"}),
    "GET user_fields": frozenset({"page[size]", "page[after]"}),
    "GET brands": frozenset({"page[size]", "page[after]"}),
    "POST uploads": frozenset({"filename", "token"}),
}
"""Every query parameter that we may send, by operation: the description lets unknown ones pass."""

OPEN = frozenset(
    {"ticket.metadata", "tickets.metadata", "user.user_fields", "users.user_fields"}
)  #: places whose keys are our own
ATTACHMENT = frozenset({
    "url", "id", "file_name", "content_url", "mapped_content_url", "content_type", "size", "width", "height",
    "inline", "deleted", "malware_access_override", "malware_scan_result", "thumbnails",
})  # fmt: skip
JOB = frozenset({"id", "job_type", "url", "total", "progress", "status", "message", "results"})
SHOWN_FIELD = frozenset({
    "url", "id", "type", "title", "raw_title", "description", "raw_description", "position", "active", "required",
    "collapsed_for_agents", "regexp_for_validation", "title_in_portal", "raw_title_in_portal",
    "visible_in_portal", "editable_in_portal", "required_in_portal", "agent_can_edit", "tag", "created_at",
    "updated_at", "removable", "key", "agent_description", "custom_field_options", "system_field_options",
})  # fmt: skip
GROUP = frozenset({
    "url", "id", "name", "is_public", "description", "default", "deleted", "created_at", "updated_at",
})  # fmt: skip
USER_FIELD = frozenset({
    "url", "id", "type", "key", "title", "description", "raw_title", "raw_description", "position", "active",
    "system", "regexp_for_validation", "created_at", "updated_at", "custom_field_options",
})  # fmt: skip
PAGED = frozenset({"meta", "links", "next_page", "previous_page", "count"})
BINARY = frozenset({"POST uploads"})  #: operations whose bodies are files
UNDESCRIBED: Mapping[str, Mapping[str, frozenset[str]]] = {
    "PUT comment_redactions/{id}": {
        "": frozenset({"comment"}),
        "comment": frozenset({
            "id", "type", "author_id", "body", "html_body", "plain_body", "public", "attachments", "audit_id",
        }),
    },
    "PUT tickets/{id}/comments/{id}/make_private": {},
    "PUT tickets/{id}/comments/{id}/attachments/{id}/redact": {
        "": frozenset({"attachment"}), "attachment": ATTACHMENT,
    },
    "PUT users/update_many": {"": frozenset({"job_status"}), "job_status": JOB},
    "GET ticket_fields/{id}": {"": frozenset({"ticket_field"}), "ticket_field": SHOWN_FIELD},
    "PUT ticket_fields/{id}": {"": frozenset({"ticket_field"}), "ticket_field": SHOWN_FIELD},
    "GET groups": {"": frozenset({"groups", *PAGED}), "groups": GROUP},
    "GET user_fields": {"": frozenset({"user_fields", *PAGED}), "user_fields": USER_FIELD},
    "POST uploads": {
        "": frozenset({"upload"}),
        "upload": frozenset({"token", "expires_at", "attachments", "attachment"}),
        "upload.attachments": ATTACHMENT,
        "upload.attachment": ATTACHMENT,
    },
}  # fmt: skip
"""Operations that the description lacks, or that Zendesk answers otherwise -> the keys of their answers.

{} = null is answered.
"""


class Loader(yaml.CSafeLoader):
    """Reads a bare `=` as text: the description has one."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: str(node.value))


@cache
def load() -> SchemaPath:
    """The description. Skips the test where there is none; under CI that is a failure."""
    file = Path(os.environ.get("CASEBRIDGE_ZENDESK_OAS", FILE))
    if not file.exists():
        reason = "Zendesk's OpenAPI description is missing: CASEBRIDGE_ZENDESK_OAS names it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return SchemaPath.from_dict(yaml.load(file.read_bytes(), Loader))


def faults(
    method: str,
    url: str,
    request_body: bytes | None,
    request_headers: Mapping[str, str],
    status: int,
    response_headers: Mapping[str, str],
    response_body: bytes,
) -> list[str]:
    """What is wrong with a request and its answer; [] = nothing."""
    return [
        *request_faults(method, url, request_body, request_headers),
        *answer_faults(method, url, status, response_headers, response_body),
    ]


def request_faults(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> list[str]:
    """What is wrong with a request: an unknown key or parameter, or whatever the description objects to."""
    operation = f"{method} {_kind(url)}"
    allowed = CLOSED_KEYS.get(operation)
    found = json.loads(body) if body and operation not in BINARY else {}
    asked = parse_qs(urlsplit(url).query, keep_blank_values=True).keys() - QUERIES.get(operation, frozenset())
    strange = [
        *_strange(found, allowed or {"": frozenset()}),
        *(f"{name}: a query parameter that nobody agreed on" for name in sorted(asked)),
    ]
    if body and operation not in BINARY and _type(headers) != "application/json":
        return [*strange, "a body that is not called JSON"]
    if operation in UNDESCRIBED:
        return strange
    request = _request(method, url, body, headers)
    return [*strange, *map(_said, _requests().iter_errors(request))]


def answer_faults(method: str, url: str, status: int, headers: Mapping[str, str], body: bytes) -> list[str]:
    """What is wrong with an answer. Errors in other forms than JSON, and undeclared ones, are passed over."""
    operation = f"{method} {_kind(url)}"
    kind = _type(headers)
    if operation in UNDESCRIBED:
        return list(_strange(json.loads(body) or {}, UNDESCRIBED[operation])) if status < 400 else []
    if status >= 400 and (kind != "application/json" or not _declared(method, url, status)):
        return []
    answer = MockResponse(body, status_code=status, headers=dict(headers), content_type=kind)
    return [_said(error) for error in _answers().iter_errors(_request(method, url, None, {}), answer)]


def _declared(method: str, url: str, status: int) -> bool:
    _, operation, *_ = _answers()._find_path(_request(method, url, None, {}))
    return str(status) in operation / "responses"


@cache
def _requests() -> V30RequestValidator:
    return V30RequestValidator(load())


@cache
def _answers() -> V30ResponseValidator:
    return V30ResponseValidator(load())


def _request(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> MockRequest:
    parts = urlsplit(url)
    query: Any = MultiDict((name, value) for name, values in parse_qs(parts.query).items() for value in values)
    path = parts.path.removesuffix(".json")
    return MockRequest(
        HOST, method, path, args=query, headers=dict(headers), data=body, content_type=_type(headers)
    )


def _type(headers: Mapping[str, str]) -> str:
    named = {name.lower(): value for name, value in headers.items()}
    return named.get("content-type", "").partition(";")[0].strip()


def _kind(url: str) -> str:
    path = urlsplit(url).path.removesuffix(".json").removeprefix("/api/v2/").strip("/")
    return re.sub(r"(?<=/)(\d+|V3-[0-9a-f]+|[0-9A-Z]{26})(?=/|$)", "{id}", path)


def _strange(found: Any, allowed: Mapping[str, frozenset[str]], place: str = "") -> Iterator[str]:
    if isinstance(found, list):
        for one in found:
            yield from _strange(one, allowed, place)
    elif isinstance(found, dict) and place not in OPEN and (place in allowed or place == ""):
        for key, value in found.items():
            inner = f"{place}.{key}".lstrip(".")
            if key not in allowed.get(place, frozenset()):
                yield f"{inner}: a key that nobody agreed on"
            yield from _strange(value, allowed, inner)


def _said(error: Exception) -> str:
    causes = getattr(error.__cause__, "schema_errors", None) or getattr(error, "schema_errors", None) or [error]
    return "; ".join(f"{type(error).__name__}: {one!s:.300}" for one in causes)
