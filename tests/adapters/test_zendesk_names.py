"""Groups, agents, brands and forms by the names that people know them by, against a real sandbox account."""

from __future__ import annotations

import pytest
import zendesk_account
from zendesk_account import Sandbox

from adapters.zendesk import Zendesk
from bridge.errors import Paused, Rejected, RetryLater
from bridge.ports import Identified, Named
from bridge.sandbox.zendesk.shapes import BRAND, FORM, GROUP

ONLY = "is not filled by a name in Zendesk; only group_id, assignee_id, brand_id, ticket_form_id of ticket are"


process, account, crm = zendesk_account.process, zendesk_account.account, zendesk_account.crm


def named(field: str, name: str, of: str = "ticket") -> Named:
    return Named(object=of, field=field, name=name)


def said(found: Identified) -> str:
    return f"{type(found).__name__}: {found}"


def test_every_kind_of_record_is_found_with_one_read_of_it(account: Sandbox, crm: Zendesk) -> None:
    eve = account.agent("Eve Adams", "eve@acme.example")
    before = account.data_calls()

    found = crm.identify(
        [
            named("group_id", "Social Care"),
            named("group_id", "Billing"),
            named("brand_id", "Acme Outlet"),
            named("brand_id", "acmeoutlet"),
            named("ticket_form_id", "Social"),
            named("assignee_id", "Eve Adams"),
            named("assignee_id", "eve@acme.example"),
        ]
    )

    assert found == [
        str(GROUP + 1), str(GROUP + 2), str(BRAND + 1), str(BRAND + 1), str(FORM + 1), eve, eve,
    ]  # fmt: skip
    assert account.made_since(before) == {"GET groups": 1, "GET brands": 1, "GET ticket_forms": 1, "GET users": 1}


def test_case_and_white_space_make_no_difference(crm: Zendesk) -> None:
    assert crm.identify([named("group_id", " social   CARE\n")]) == [str(GROUP + 1)]


def test_nothing_is_asked_for_nothing(account: Sandbox, crm: Zendesk) -> None:
    assert crm.identify([]) == []
    assert account.data_calls() == {}


def test_who_is_missing_or_ambiguous_is_told_in_a_sentence(account: Sandbox, crm: Zendesk) -> None:
    account.user("1:e", "Eve")
    ids = [account.agent("Sam", f"sam{n}@acme.example") for n in (1, 2)]

    found = crm.identify(
        [
            named("group_id", "Social DE"),
            named("assignee_id", "sam"),
            named("assignee_id", "Eve"),
            named("group_id", str(GROUP)),
            named("brand_id", " "),
            named("subject", "Social"),
            named("group_id", "Support", of="user"),
        ]
    )

    assert [said(one) for one in found] == [
        "Rejected: there is no group called 'Social DE' in Zendesk",
        f"Rejected: 2 agents in Zendesk are called 'sam': {ids[0]}, {ids[1]}",
        "Rejected: there is no agent called 'Eve' in Zendesk",
        f"Rejected: there is no group called '{GROUP}' in Zendesk",
        "Rejected: there is no brand called ' ' in Zendesk",
        f"Rejected: subject of ticket {ONLY}",
        f"Rejected: group_id of user {ONLY}",
    ]
    assert [one.field for one in found if isinstance(one, Rejected)][:2] == ["group_id", "assignee_id"]


def test_who_is_suspended_takes_no_tickets(account: Sandbox, crm: Zendesk) -> None:
    gone, there = (account.agent("Sam", f"sam{n}@acme.example") for n in (1, 2))
    account.api("PUT", f"users/{gone}", {"user": {"suspended": True}})

    assert crm.identify([named("assignee_id", "Sam")]) == [there]


def test_a_long_list_is_read_to_its_end(account: Sandbox, crm: Zendesk) -> None:
    for n in range(205):
        account.order("records", kind="groups", name=f"Desk {n}")
    account.order("records", kind="groups", name="support")
    before = account.data_calls()

    last, doubled = crm.identify([named("group_id", "Desk 204"), named("group_id", "Support")])

    assert isinstance(last, str)
    assert said(doubled).startswith("Rejected: 2 groups in Zendesk are called 'Support': ")
    assert account.made_since(before) == {"GET groups": 3}


def test_forms_that_the_plan_lacks_are_told_and_the_rest_is_found(account: Sandbox, crm: Zendesk) -> None:
    account.order("switches", ticket_forms=False)

    form, group = crm.identify([named("ticket_form_id", "Social"), named("group_id", "Support")])

    assert said(form) == (
        "Rejected: Zendesk refused with HTTP 403, Forbidden: the account's plan has no ticket forms, so none can "
        "be named"
    )
    assert group == str(GROUP)


@pytest.mark.parametrize(
    ("status", "trouble"), [(429, RetryLater), (500, RetryLater), (403, Paused), (404, Paused)]
)
def test_a_list_that_cannot_be_read_says_nothing_of_names(
    account: Sandbox, crm: Zendesk, status: int, trouble: type[Exception]
) -> None:
    account.fault("refused", path="groups", status=status)

    with pytest.raises(trouble):
        crm.identify([named("group_id", "Support")])


def test_no_read_begins_after_a_fifth_of_the_time(account: Sandbox) -> None:
    crm = account.crm(timeout=1)  # patience: 1.5 s
    crm.identify([])
    account.fault("slow", path="groups", seconds=0.5)

    group, brand = crm.identify([named("group_id", "Support"), named("brand_id", "Acme")])

    assert group == str(GROUP)
    assert said(brand) == "RetryLater: other names took all the time; this one is next"


def test_a_list_that_takes_all_the_time_there_is_keeps_no_message_waiting(account: Sandbox) -> None:
    for n in range(101):
        account.order("records", kind="groups", name=f"Desk {n}")
    crm = account.crm(timeout=1)  # patience: 1.5 s
    crm.identify([])
    account.fault("slow", path="groups", seconds=0.5)

    (group,) = crm.identify([named("group_id", "Desk 1")])

    told = "Zendesk lists too many groups to find a name in time: write the id instead"
    assert said(group) == f"Rejected: {told}"
