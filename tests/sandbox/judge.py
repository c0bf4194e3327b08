"""The script of operations for simple-salesforce. judge.mjs has the same for jsforce."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from org_process import OrgProcess
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError
from simple_salesforce.format import format_external_id, format_soql

KEY = "Social_Conversation_Key__c"
ROOT = "/services/data/v66.0"
FACTS = ("name", "type", "length", "nillable", "createable", "externalId", "unique", "caseSensitive")
Told = dict[str, Any]


def run(org: OrgProcess) -> Told:
    """Do all of it; name of the step -> what the client told."""
    told: Told = {}
    granted, refused_ = org.log_in(), org.log_in(client_secret="wrong")
    told["a token"] = picked({"status": granted.status_code, **granted.json()}, ("status", "token_type", "scope"))
    told["no token for a wrong secret"] = {"status": refused_.status_code, **refused_.json()}
    with org.library() as client:
        for part in (describes, one_row, collections, composites, limits, errors):
            told |= part(client)
        stranger = Salesforce(
            session_id="no token", instance=client.sf_instance, version="66.0", session=client.session
        )
        told["a dead token"] = refusal(lambda: stranger.query("SELECT Id FROM Case"))
    return told


def describes(client: Any) -> Told:
    cases, messages = client.Case.describe(), client.Social_Message__c.describe()
    statuses = next(field for field in messages["fields"] if field["name"] == "Status__c")
    return {
        "a describe": [picked(field, FACTS) for field in cases["fields"] if field["name"] in ("Subject", KEY)],
        "a describe of the plugin's object": {
            **picked(messages, ("name", "createable", "custom")),
            "statuses": [value["value"] for value in statuses["picklistValues"]],
        },
    }


def one_row(client: Any) -> Told:
    told: Told = {}
    hostile = 'It\'s "50%" off_'
    told["a create"] = client.Case.create({"Subject": hostile, "Origin": "Web", KEY: "k:one"})
    first = told["a create"]["id"]
    found = client.query(format_soql("SELECT Id, Subject, IsClosed FROM Case WHERE Subject = {}", hostile))
    told["a query by a hostile text"] = [picked(row, ("Id", "Subject", "IsClosed")) for row in found["records"]]
    told["a count"] = client.query("SELECT COUNT() FROM Case")["totalSize"]
    client.Case.update(first, {"Priority": "High"})
    told["a read after an update"] = picked(client.Case.get(first), ("Id", "Subject", "Priority"))
    told["an upsert that changes"] = upsert(client, "k:one", {"Priority": "Low"})
    told["an upsert that creates"] = upsert(client, "k/ü two", {"Subject": "two"})
    second = told["an upsert that creates"]["id"]
    client.Case.delete(second)
    told["a read of what is deleted"] = refusal(lambda: client.Case.get(second))
    return told


def collections(client: Any) -> Told:
    def rows(*keys: str) -> list[Told]:
        return [typed("Case", {KEY: key, "Subject": key}) for key in keys]

    def send(method: str, records: list[Told], *, key: str = "", whole: bool = False) -> Any:
        path = f"composite/sobjects/Case/{key}" if key else "composite/sobjects"
        return client.restful(path, method=method, json={"allOrNone": whole, "records": records})

    long = typed("Case", {"Subject": "x" * 256, KEY: "k:long"})
    return {
        "a collection of creates": send("POST", [*rows("k:three", "k:one", "k:four"), long]),
        "a collection of upserts": send("PATCH", rows("k:five", "k:three", "k:six"), key=KEY),
        "a key twice in one collection": send("PATCH", rows("k:seven", "k:eight", "k:seven"), key=KEY),
        "all rows or none": send("POST", rows("k:nine", "k:one"), whole=True),
    }


def composites(client: Any) -> Told:
    def send(steps: list[Told], *, whole: bool) -> Any:
        body = {"allOrNone": whole, "collateSubrequests": False, "compositeRequest": steps}
        return client.restful("composite", method="POST", json=body)["compositeResponse"]

    def filed(key: str, conversation: str) -> Told:
        fields = {"External_Id__c": key, "Direction__c": "Inbound", "Status__c": "Received", "Body__c": "hello"}
        return typed("Social_Message__c", {**fields, "Case__r": {KEY: conversation}})

    def collection(name: str, *records: Told) -> Told:
        return step("POST", "composite/sobjects", name, {"allOrNone": False, "records": list(records)})

    back = "SELECT Id FROM Contact WHERE LastName = 'Back'"
    thread = "SELECT External_Id__c, Case__r.Social_Conversation_Key__c FROM Social_Message__c"
    new = typed("Case", {KEY: "k:ten", "Subject": "ten"})
    messages = (filed("m:1", "k:ten"), filed("m:1", "k:ten"), filed("m:2", "k:none"))
    return {
        "a composite with references": send(referring("Ann", {}), whole=True),
        "a composite that rolls back": send(referring("Back", {"Nope__c": 1}), whole=True),
        "nothing of it is left": client.query(back)["totalSize"],
        "a flush": send([collection("cases", new), collection("messages", *messages)], whole=False),
        "messages with their case's key": [
            [row["External_Id__c"], row["Case__r"][KEY]] for row in client.query(thread)["records"]
        ],
    }


def limits(client: Any) -> Told:
    client.query("SELECT COUNT() FROM Case")
    before = client.api_usage["api-usage"].used
    daily = client.limits()["DailyApiRequests"]
    after = client.api_usage["api-usage"]
    return {
        "limits": {"most": daily["Max"], "left": daily["Max"] - daily["Remaining"] > 0},
        "usage in every answer": {"limit": after.total, "more": after.used - before},
    }


def errors(client: Any) -> Told:
    return {
        "no such column": refusal(lambda: client.query("SELECT Nope__c FROM Case")),
        "no query": refusal(lambda: client.query("SELECT Id FORM Case")),
        "no such field": refusal(lambda: client.Case.create({"Nope__c": 1})),
        "no such object": refusal(lambda: client.Nope__c.create({"Name": "x"})),
        "a required field": refusal(lambda: client.Social_Message__c.create({"Body__c": "x"})),
        "a restricted value": refusal(lambda: client.Social_Message__c.create({"Direction__c": "Sideways"})),
        "a taken key": refusal(lambda: client.Case.create({KEY: "k:one"})),
    }


def refusal(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except SalesforceError as error:
        content: Any = error.content
        return picked(content[0], ("errorCode", "message"))


def upsert(client: Any, key: str, fields: Told) -> Any:
    return client.Case.upsert(format_external_id(KEY, key), fields, raw_response=True).json()


def referring(last_name: str, more: Told) -> list[Told]:
    asked = quote("SELECT Id, ContactId FROM Case WHERE Id = '", safe="'")
    fields = {"Subject": "of @{person.id}", "ContactId": "@{person.id}", **more}
    return [
        step("POST", "sobjects/Contact", "person", {"LastName": last_name}),
        step("POST", "sobjects/Case", "case", fields),
        step("GET", f"query?q={asked}@{{case.id}}'", "found"),
    ]


def step(method: str, path: str, name: str, body: Told | None = None) -> Told:
    return {"method": method, "url": f"{ROOT}/{path}", "referenceId": name} | ({"body": body} if body else {})


def typed(sobject: str, fields: Told) -> Told:
    return {"attributes": {"type": sobject}, **fields}


def picked(row: Mapping[str, Any], names: Iterable[str]) -> Told:
    return {name: row[name] for name in names}
