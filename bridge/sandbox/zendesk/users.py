"""Create and change users: external id and e-mail address are unique, whatever their case. Raises Refusal.

https://developer.zendesk.com/api-reference/ticketing/users/users/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.sandbox.zendesk import bodies, identities, refusals, rows, shapes, user_fields
from bridge.sandbox.zendesk.comments import Work

KINDS: Mapping[str, type] = {
    "name": str, "email": str, "external_id": str, "role": str, "phone": str, "alias": str, "notes": str,
    "details": str, "signature": str, "time_zone": str, "locale": str, "locale_id": int, "tags": list,
    "user_fields": dict, "suspended": bool, "verified": bool, "moderator": bool, "only_private_comments": bool,
}  # fmt: skip
UNUSED = frozenset({
    "skip_verify_email", "identities", "remote_photo_url", "organization_id", "organization",
    "custom_role_id", "default_group_id", "ticket_restriction", "shared_phone_number", "agent_brand_ids",
    "photo", "restricted_agent",
})  # fmt: skip  #: allowed, and of no effect here
ROLES = ("end-user", "agent", "admin")


def unknown_keys(user: Mapping[str, Any], root: str = "user") -> list[str]:
    """The keys that the vendor ignores, as it names them below the root."""
    return [f"{root}.{key}" for key in sorted(set(user) - set(KINDS) - UNUSED)]


def create(work: Work, given: Mapping[str, Any]) -> dict[str, Any]:
    """Insert a user."""
    changes = _checked(given)
    if not (changes.get("name") or "").strip():
        raise refusals.invalid_record({"name": ["Name: cannot be blank"]})
    number = rows.new_id(work.tx)
    changes["user_fields"] = user_fields.settled(work.tx, {}, changes.get("user_fields", {}))
    made = _save(work, shapes.new_user(number, changes["name"], work.now) | changes)
    for identity in bodies.optional(given, "identities", list) or []:
        if not isinstance(identity, dict):
            raise refusals.invalid_attribute("identities", "identities must be an array of objects")
        identities.add(work, number, identity)
    return made


def update(work: Work, number: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """Change a user."""
    found = rows.user(work.tx, number)
    if found is None:
        raise refusals.not_found()
    changes = _checked(given)
    if "name" in changes and not (changes["name"] or "").strip():
        raise refusals.invalid_record({"name": ["Name: cannot be blank"]})
    own = user_fields.settled(work.tx, found["user_fields"], changes.get("user_fields", {}))
    return _save(work, found | changes | {"user_fields": own, "updated_at": work.now})


def create_or_update(work: Work, given: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Change the user of that external id or e-mail address, or insert one; second: whether it is new."""
    for name in ("external_id", "email"):
        value = bodies.optional(given, name, str)
        found = rows.users(work.tx, name, [value]) if value else []
        if found:
            return update(work, found[0]["id"], given), False
    return create(work, given), True


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    changes = {name: bodies.optional(given, name, kind) for name, kind in KINDS.items() if name in given}
    if changes.get("role", "end-user") not in ROLES:
        raise refusals.invalid_record({"role": ["Role: is not a valid value"]})
    for name in ("external_id", "email"):
        if name in changes:
            changes[name] = changes[name] or None
    return {name: value for name, value in changes.items() if value is not None or name not in NEVER_NULL}


NEVER_NULL = frozenset(
    {"role", "tags", "user_fields", "suspended", "verified", "moderator", "only_private_comments"}
)


def _save(work: Work, user: dict[str, Any]) -> dict[str, Any]:
    for name, label in (("external_id", "External"), ("email", "Email")):
        holders = rows.users(work.tx, name, [user[name]]) if user[name] else []
        if any(holder["id"] != user["id"] for holder in holders):
            text = f"{label}: {user[name]} is already being used by another user"
            taken = text if name == "email" else "External is already taken"
            raise refusals.invalid_record({name: [taken]}, error="DuplicateValue")
    rows.save_user(work.tx, user)
    return user
