"""What an org says of its objects is read in one call, remembered, and never half understood."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from salesforce_org import KEY_FIELD, Sandbox, running
from stub import Call, Said
from stub import running as answering

from adapters.salesforce import Salesforce, Settings
from adapters.salesforce.describing import Describing, facts_of
from adapters.salesforce.org import Org
from bridge.errors import Paused, RetryLater, Trouble
from bridge.ports import FieldFacts, ObjectFacts, RecordType


def org(url: str) -> Org:
    return Org(settings(url))


def settings(url: str, **more: Any) -> Settings:
    key, secret = SecretStr("sandbox-key"), SecretStr("sandbox-secret")
    return Settings(domain="acme.my", consumer_key=key, consumer_secret=secret, url=url, timeout=5, **more)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("salesforce"), "--plugin") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(process: Sandbox) -> Sandbox:
    process.order("reset")
    return process


# --- what is asked, and how often ---------------------------------------------------------------------------


def test_all_objects_are_one_call_and_who_is_not_there_is_left_out(sandbox: Sandbox) -> None:
    found = Describing(org(sandbox.url)).of(["Case", "CONTACT", "Gone__c", "case"])

    assert {name: facts.name for name, facts in found.items()} == {"case": "Case", "contact": "Contact"}
    assert sandbox.data_calls() == {"POST composite": 1}


def test_more_than_a_composite_holds_are_a_few_calls(sandbox: Sandbox) -> None:
    found = Describing(org(sandbox.url)).of([*(f"Gone{n}__c" for n in range(30)), "Case"])

    assert list(found) == ["case"]
    assert sandbox.data_calls() == {"POST composite": 2}


def test_it_is_remembered_for_an_hour_and_what_is_missing_for_five_minutes(sandbox: Sandbox) -> None:
    now = [0.0]
    describing = Describing(org(sandbox.url), clock=lambda: now[0])
    describing.of(["Case", "Gone__c"])

    calls = []
    for at in (299, 301, 3599, 3601):
        now[0] = at
        describing.of(["case", "gone__c"])
        calls.append(sandbox.data_calls()["POST composite"])

    assert calls == [1, 2, 3, 4]
    describing.of(["Case"])
    assert sandbox.data_calls() == {"POST composite": 4}


def test_what_is_forgotten_is_asked_anew(sandbox: Sandbox) -> None:
    describing = Describing(org(sandbox.url))
    describing.of(["Case", "Contact"])
    sandbox.order("fields", object="Case", name="New__c", type="boolean")

    before = describing.of(["Case"])["case"].fields
    describing.forget("CASE")

    assert set(describing.of(["Case", "Contact"])["case"].fields) - set(before) == {"new__c"}
    assert sandbox.data_calls() == {"POST composite": 2}


def test_what_is_forgotten_meanwhile_is_not_taken_for_missing(sandbox: Sandbox) -> None:
    def clock() -> float:
        describing.forget("Case")
        return 0.0

    describing = Describing(org(sandbox.url), clock=clock)

    assert [list(describing.of(["Case"])) for _ in range(2)] == [["case"], ["case"]]


def test_twenty_threads_ask_once(sandbox: Sandbox) -> None:
    describing = Describing(org(sandbox.url))

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: list(describing.of(["Case"])), range(20)))

    assert found == [["case"]] * 20
    assert sandbox.data_calls() == {"POST composite": 1}


def test_no_call_is_begun_when_the_time_is_up(sandbox: Sandbox) -> None:
    describing = Describing(org(sandbox.url))

    with pytest.raises(RetryLater):
        describing.of(["Case"], until=time.monotonic() - 1)

    assert sandbox.data_calls() == {}


@pytest.mark.parametrize(("fault", "error"), [("server_error", RetryLater), ("daily_limit", Paused)])
def test_what_fails_is_not_remembered(sandbox: Sandbox, fault: str, error: type[Trouble]) -> None:
    describing = Describing(org(sandbox.url))
    sandbox.fault(fault)

    with pytest.raises(error):
        describing.of(["Case"])

    assert list(describing.of(["Case"])) == ["case"]


# --- what is understood -------------------------------------------------------------------------------------


def test_a_field_is_told_as_our_user_may_use_it(sandbox: Sandbox) -> None:
    sandbox.order("rights", object="Case", field="SuppliedName", access="read_only")
    sandbox.order("rights", object="Case", field="SuppliedPhone", access="hidden")

    facts = Describing(org(sandbox.url)).of(["Case"])["case"]

    assert "suppliedphone" not in facts.fields
    assert facts.fields["suppliedname"] == FieldFacts(
        name="SuppliedName", type="string", length=80, createable=False, updateable=False
    )
    assert facts.fields[KEY_FIELD.lower()] == FieldFacts(
        name=KEY_FIELD, type="string", length=255, unique=True, external_id=True, case_sensitive=True
    )
    assert facts.fields["priority"] == FieldFacts(
        name="Priority", type="picklist", length=255, restricted=True, values=("High", "Medium", "Low")
    )
    assert facts.fields["contactid"].refers_to == ("Contact",)


def test_what_a_new_record_must_bring_is_required(sandbox: Sandbox) -> None:
    found = Describing(org(sandbox.url)).of(["Contact", "Social_Message__c"])

    required = {name: [f.name for f in facts.fields.values() if f.required] for name, facts in found.items()}
    assert required == {"contact": ["LastName"], "social_message__c": ["Direction__c"]}


def test_values_and_record_types_that_cannot_be_used_are_left_out() -> None:
    told = {
        "name": "Case",
        "createable": True,
        "updateable": False,
        "fields": [
            {
                "name": "Status",
                "type": "picklist",
                "filterable": False,
                "picklistValues": [{"active": True, "value": "New"}, {"active": False, "value": "Old"}],
            },
            {"type": "string"},
        ],
        "recordTypeInfos": [
            {"active": True, "available": True, "name": "Social", "developerName": "S", "recordTypeId": "012A"},
            {"active": False, "available": True, "name": "Old", "recordTypeId": "012B"},
            {"active": True, "available": False, "name": "Internal", "recordTypeId": "012C"},
            {"active": True, "available": True, "name": "Master", "recordTypeId": "012D", "master": True},
        ],
    }

    assert facts_of(told) == ObjectFacts(
        name="Case",
        updateable=False,
        fields={
            "status": FieldFacts(
                name="Status",
                type="picklist",
                createable=False,
                updateable=False,
                filterable=False,
                values=("New",),
            )
        },
        record_types=(RecordType(id="012A", name="Social", developer_name="S"),),
    )


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
field = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("name", "type", "length", "nillable", "picklistValues", "referenceTo"), anything)
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": anything,
            "fields": anything | st.lists(field, max_size=3),
            "recordTypeInfos": anything | st.lists(anything, max_size=3),
        },
    )
)
def test_no_describe_breaks_the_reader(told: dict[str, Any]) -> None:
    assert isinstance(facts_of(told), ObjectFacts)


# --- an org that answers otherwise --------------------------------------------------------------------------

TOKEN = Said(body={"access_token": "00D!token", "instance_url": "https://acme.my.salesforce.com"})
CASE = {"name": "Case", "createable": True, "updateable": True, "fields": [{"name": "Id", "type": "id"}]}


def alone(composite: Said) -> Callable[[Call], Said]:
    """An org whose composite answers this, and that describes Case when it is asked for it alone."""

    def answer(call: Call) -> Said:
        if call.path.endswith("/token"):
            return TOKEN
        if call.path.endswith("/composite"):
            return composite
        refused = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
        return Said(body=CASE) if "/Case/" in call.path else Said(status=404, body=refused)

    return answer


def test_an_org_that_describes_nothing_within_a_composite_is_asked_one_by_one() -> None:
    refused = Said(status=400, body=[{"errorCode": "JSON_PARSER_ERROR", "message": "not here"}])

    with answering(alone(refused)) as stub:
        found = Describing(org(stub.url)).of(["Case", "Gone__c"])

    assert list(found) == ["case"]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, {"name": "Case"}, RetryLater),
        (200, [], RetryLater),
        (503, [{"errorCode": "SERVER_UNAVAILABLE"}], RetryLater),
        (400, [{"errorCode": "MALFORMED_QUERY"}], RetryLater),
        (403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}], Paused),
    ],
)
def test_a_step_that_says_neither_yes_nor_no_is_trouble(status: int, body: object, error: type[Trouble]) -> None:
    step = {"referenceId": "step0", "httpStatusCode": status, "httpHeaders": {}, "body": body}

    with answering(alone(Said(body={"compositeResponse": [step]}))) as stub, pytest.raises(error):
        Describing(org(stub.url)).of(["Case"], until=math.inf)


# --- for checking mappings ----------------------------------------------------------------------------------


def test_the_schema_has_what_each_record_type_takes(sandbox: Sandbox) -> None:
    sandbox.order("picklists", object="Case", record_type="Social", field="Priority", values=["High", "Low"])

    schema = sandbox.crm().schema(["Case", "Gone__c"])

    assert list(schema.objects) == ["case"]
    priorities = {one.name: one.picklists["Priority"] for one in schema.objects["case"].record_types}
    assert priorities == {"Social": ("High", "Low"), "Review": ("High", "Medium", "Low")}
    assert sorted(name.partition("/")[0] for name in sandbox.data_calls()) == [
        "GET ui-api",
        "GET ui-api",
        "POST composite",
    ]


def test_the_schema_says_how_messages_are_filed_and_why(sandbox: Sandbox) -> None:
    with_plugin = sandbox.crm().schema(["Case"]).remarks
    comments = Salesforce(settings(sandbox.url, messages="comments")).schema(["Case"]).remarks
    sandbox.order("rights", object="Social_Message__c", field="Body__c", access="hidden")

    without = sandbox.crm().schema(["Case"]).remarks
    neither = Salesforce(settings(sandbox.url, messages="plugin")).schema(["Case"]).remarks

    assert [one.partition(".")[0].partition(";")[0] for one in (*with_plugin, *comments, *without)] == [
        "Messages become Social Messages of the plugin",
        "Messages become comments, because connections",
        "Messages become comments, because Body__c is missing, or the app's user may not see it",
    ]
    why = "Body__c is missing, or the app's user may not see it"
    assert neither == (f"Nothing is filed into cases: connections.yaml says messages: plugin, but {why}.",)
