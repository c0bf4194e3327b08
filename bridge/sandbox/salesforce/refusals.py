"""Every refusal in the vendor's words: an error code, a message, the fields at fault, an HTTP status. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Refusal(Exception):
    """One refused request or row. `status` is used when it refuses a whole request; a row takes only the rest."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        fields: Sequence[str] = (),
        status: int = 400,
        duplicates: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.fields, self.status = code, message, tuple(fields), status
        self.duplicates = duplicates  #: what a duplicate rule has found

    def as_request(self) -> list[dict[str, Any]]:
        """The body of a refused request."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            error["fields"] = list(self.fields)
        if self.duplicates is not None:
            error["duplicateResut"] = dict(self.duplicates)  # the vendor's own slip of the pen
        return [error]

    def as_row(self) -> dict[str, Any]:
        """The result of a refused row of a collection: `statusCode` there, not `errorCode`."""
        error: dict[str, Any] = {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}
        if self.duplicates is not None:
            error["duplicateResult"] = dict(self.duplicates)
        return {"success": False, "errors": [error]}


def not_found() -> Refusal:
    return Refusal("NOT_FOUND", "The requested resource does not exist", status=404)


def wrong_method(method: str, allowed: Sequence[str]) -> Refusal:
    text = f"HTTP Method '{method}' not allowed. Allowed are {','.join(allowed)}"
    return Refusal("METHOD_NOT_ALLOWED", text, status=405)


def session_expired() -> Refusal:
    return Refusal("INVALID_SESSION_ID", "Session expired or invalid", status=401)


def bad_auth_header() -> Refusal:
    return Refusal("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", status=401)


def unsupported_media(found: str) -> Refusal:
    text = f"Content-Type header specified in HTTP request is not supported: {found}"
    return Refusal("UNSUPPORTED_MEDIA_TYPE", text, status=415)


def bad_json(problem: str) -> Refusal:
    return Refusal("JSON_PARSER_ERROR", problem)


def cannot_deserialize(kind: str, found: str) -> Refusal:
    return bad_json(f"Cannot deserialize instance of {kind} from {found}")


def missing_argument(text: str) -> Refusal:
    return Refusal("MISSING_ARGUMENT", text)


def too_many_rows() -> Refusal:
    text = "record limit reached. cannot submit more than 200 records into this call"
    return Refusal("EXCEEDED_ID_LIMIT", text)


def too_many_runs() -> Refusal:
    text = "Cannot have more than 10 chunks in a single operation. Please rearrange the data to reduce chunking."
    return Refusal("INVALID_INPUT", text)


def rolled_back() -> Refusal:
    text = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    return Refusal("ALL_OR_NONE_OPERATION_ROLLED_BACK", text)


def halted() -> Refusal:
    text = "The transaction was rolled back since another operation in the same transaction failed."
    return Refusal("PROCESSING_HALTED", text)


def bad_reference_id(name: str) -> Refusal:
    return Refusal("INVALID_INPUT", _reference_id(name))


def bad_reference_path(path: str) -> Refusal:
    text = f"Invalid reference specified. No value for {path} found in {path}. {_reference_id(path)}"
    return Refusal("PROCESSING_HALTED", text)


def nothing_referred_to(path: str, name: str) -> Refusal:
    return Refusal("PROCESSING_HALTED", f"Invalid reference specified. No value for {path} found in {name}")


def _reference_id(name: str) -> str:
    return (
        f"Provided referenceId ('{name}') must start with a letter or a number, and it can contain only letters, "
        "numbers and underscores ('_')."
    )


def no_external_id_field(name: str) -> Refusal:
    text = f"Provided external ID field does not exist or is not accessible: {name}"
    return Refusal("NOT_FOUND", text, status=404)


def not_a_key(field: str, sobject: str) -> Refusal:
    text = f"Field name provided, {field} is not an External ID or indexed field for {sobject}"
    return Refusal("INVALID_FIELD", text)


def no_parent(value: str, field: str, sobject: str) -> Refusal:
    text = f"Foreign key external ID: {value} not found for field {field} in entity {sobject}"
    return Refusal("INVALID_FIELD", text)


def several_by_key(label: str, holders: Sequence[str]) -> Refusal:
    shown = ", ".join(holder[:15] for holder in holders)
    text = f"{label}: more than one record found for external id field: [{shown}]"
    return Refusal("DUPLICATE_EXTERNAL_ID", text)


def duplicate_key(value: str, field: str) -> Refusal:
    return Refusal("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", fields=[field])


def no_such_object(name: str) -> Refusal:
    text = (
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append "
        "the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate "
        "names."
    )
    return Refusal("INVALID_TYPE", text)


def no_such_column(field: str, sobject: str) -> Refusal:
    return Refusal("INVALID_FIELD", f"No such column '{field}' on sobject of type {sobject}")


def no_such_queried_column(field: str, sobject: str) -> Refusal:
    text = (
        f"No such column '{field}' on entity '{sobject}'. If you are attempting to use a custom field, be sure to "
        "append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
        "appropriate names."
    )
    return Refusal("INVALID_FIELD", text)


def not_writable(fields: Sequence[str]) -> Refusal:
    text = (
        f"Unable to create/update fields: {', '.join(fields)}. Please check the security settings of this field "
        "and verify that it is read/write for your profile or permission set."
    )
    return Refusal("INVALID_FIELD_FOR_INSERT_UPDATE", text, fields=fields)


def required(fields: Sequence[str]) -> Refusal:
    text = f"Required fields are missing: [{', '.join(fields)}]"
    return Refusal("REQUIRED_FIELD_MISSING", text, fields=fields)


def too_long(label: str, name: str, value: str, limit: int) -> Refusal:
    text = f"{label}: data value too large: {value} (max length={limit})"
    return Refusal("STRING_TOO_LONG", text, fields=[name])


def bad_choice(label: str, name: str, value: str) -> Refusal:
    text = f"{label}: bad value for restricted picklist field: {value}"
    return Refusal("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, fields=[name])


def bad_email(label: str, name: str, value: str) -> Refusal:
    return Refusal("INVALID_EMAIL_ADDRESS", f"{label}: invalid email address: {value}", fields=[name])


def out_of_range(label: str, name: str, value: str) -> Refusal:
    text = f"{label}: value outside of valid range on numeric field: {value}"
    return Refusal("NUMBER_OUTSIDE_VALID_RANGE", text, fields=[name])


def bad_reference(label: str, name: str, value: str) -> Refusal:
    return Refusal("MALFORMED_ID", f"{label}: id value of incorrect type: {value}", fields=[name])


def nothing_behind(name: str) -> Refusal:
    return Refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=[name] if name else [])


def deleted(*, status: int = 400) -> Refusal:
    return Refusal("ENTITY_IS_DELETED", "entity is deleted", status=status)


def duplicate(field: str, holder: str) -> Refusal:
    text = f"duplicate value found: {field} duplicates value on record with id: {holder[:15]}"
    return Refusal("DUPLICATE_VALUE", text)


def duplicate_id(value: str) -> Refusal:
    return Refusal("DUPLICATE_VALUE", f"Duplicate id specified: {value}", fields=["Id"])


def no_rights() -> Refusal:
    return Refusal("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")


def locked(record: str) -> Refusal:
    text = f"unable to obtain exclusive access to this record or 1 records: {record}".removesuffix(
        " or 1 records: "
    )
    return Refusal("UNABLE_TO_LOCK_ROW", text)


def daily_limit() -> Refusal:
    return Refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)


def concurrent_limit() -> Refusal:
    text = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    return Refusal("REQUEST_LIMIT_EXCEEDED", text, status=403)


def maintenance(*, status: int = 400) -> Refusal:
    if status == 503:
        return Refusal("ORG_IN_MAINTENANCE", "organization in maintenance", status=status)
    text = "The organization is in read-only mode during maintenance; no data can be changed."
    return Refusal("INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", text)


def unavailable() -> Refusal:
    return Refusal("SERVER_UNAVAILABLE", "Server is temporarily unavailable. Please try again later.", status=503)


LOGINS: Mapping[str, tuple[str, int]] = {
    "must use HTTP POST": ("invalid_request", 400),
    "grant type not supported": ("unsupported_grant_type", 400),
    "request not supported on this domain": ("invalid_grant", 400),
    "client identifier invalid": ("invalid_client_id", 400),
    "invalid client credentials": ("invalid_client", 401),
    "invalid assertion": ("invalid_grant", 400),
    "audience is invalid": ("invalid_grant", 400),
    "user hasn't approved this consumer": ("invalid_grant", 400),
    "no client credentials user enabled": ("invalid_grant", 400),
    "authentication failure": ("invalid_grant", 400),
    "user is not admin approved to access this app": ("invalid_app_access", 400),
    "user is inactive": ("inactive_user", 400),
    "organization is inactive": ("inactive_org", 400),
}
"""What a refused login says -> its error and HTTP status."""
