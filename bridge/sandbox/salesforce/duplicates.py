"""The org's duplicate rule: a second contact of one e-mail address, and what its refusal tells of the first.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_duplicaterules.htm
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from bridge.sandbox.salesforce import database
from bridge.sandbox.salesforce.refusals import Refusal
from bridge.sandbox.salesforce.schema import SObject

HEADER = "sforce-duplicate-rule-header"
ALLOWED = re.compile(r"(?:^|[;,])\s*allowSave\s*=\s*true\s*(?:$|[;,])", re.IGNORECASE)
MESSAGE = "Use one of these records?"


def allowed(headers: Mapping[str, str]) -> bool:
    """Whether the request wants its records saved although the rule warns of them."""
    return bool(ALLOWED.search(headers.get(HEADER, "")))


def check(tx: sqlite3.Connection, contact: SObject, values: Mapping[str, Any], *, may_save: bool) -> None:
    """Raise Refusal if there is a living contact of the same e-mail address. may_save: the rule only warns."""
    email = str(values.get("Email") or "").lower()
    contacts = database.scan(tx, contact) if email else ()
    found = [one.id for one in contacts if not one.deleted and str(one.get("Email") or "").lower() == email]
    if found:
        result = _result(found, may_save=may_save)
        raise Refusal("DUPLICATES_DETECTED", MESSAGE, duplicates=result)


def _result(found: list[str], *, may_save: bool) -> dict[str, Any]:
    records = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": {
                "attributes": {"type": "Contact", "url": f"/services/data/v66.0/sobjects/Contact/{record_id}"},
                "Id": record_id,
            },
        }
        for record_id in found
    ]
    matched = {
        "entityType": "Contact",
        "errors": [],
        "matchEngine": "FuzzyMatchEngine",
        "matchRecords": records,
        "rule": "Standard_Contact_Match_Rule_v1_1",
        "size": len(records),
        "success": True,
    }
    return {
        "allowSave": may_save,
        "duplicateRule": "Standard_Contact_Duplicate_Rule",
        "duplicateRuleEntityType": "Contact",
        "errorMessage": MESSAGE,
        "matchResults": [matched],
    }
