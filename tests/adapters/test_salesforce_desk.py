"""Agents answer in Salesforce: what waits is read, and beside it stands what became of it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from salesforce_org import Sandbox, running

from bridge.errors import Paused, RetryLater
from bridge.ports import Delivery, Polled, Reply

BLOCKED = "The customer has blocked us."
SHOWN = "Status__c, Error_Message__c, Permalink__c"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("org"), "--plugin") as found:
        yield found


@pytest.fixture
def org(whole: Sandbox) -> Iterator[Sandbox]:
    """An org with the plugin, in which no reply waits."""
    yield whole
    requests.delete(f"{whole.url}/sandbox/faults", timeout=10)
    for row in whole.query("SELECT Id FROM Social_Message__c WHERE Status__c = 'Queued'"):
        whole.api("PATCH", f"sobjects/Social_Message__c/{row['Id']}", {"Status__c": "Failed"})


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """An org without the plugin."""
    with running(tmp_path_factory.mktemp("bare")) as found:
        yield found


def written(org: Sandbox, text: str = "We are on it", **fields: Any) -> str:
    """The id of a reply that an agent's component makes."""
    row = {"Direction__c": "Outbound", "Status__c": "Queued", "Body__c": text, "Agent__c": "Anna", **fields}
    return org.made("Social_Message__c", **row)


def shown(org: Sandbox, *ids: str) -> list[tuple[Any, ...]]:
    """What agents see beside these replies: status, error, link."""
    rows = {row["Id"]: row for row in org.query(f"SELECT Id, {SHOWN} FROM Social_Message__c")}
    return [tuple(rows[i][name] for name in SHOWN.split(", ")) for i in ids]


def sent(reply: str, **more: Any) -> Delivery:
    return Delivery(**{"reply": reply, "case_id": "", "state": "sent", "url": "https://wall.example/1", **more})


def failed(reply: str, says: str = BLOCKED) -> Delivery:
    return sent(reply, state="failed", says=says, url="")


SENT = ("Sent", None, "https://wall.example/1")


# --- reading ---


def test_a_reply_that_waits_is_read(org: Sandbox) -> None:
    case = org.made("Case", Subject="Help")
    fields = {"Case__c": case, "Private_Reply__c": True, "Reply_To_Key__c": "facebook:1:9:created"}
    waits = written(org, "Grüße\n<b>&amp;", **fields)

    polled = org.crm().poll("")

    reply = Reply(
        id=waits,
        case_id=case,
        text="Grüße\n<b>&amp;",
        agent="Anna",
        private=True,
        answers="facebook:1:9:created",
    )
    assert polled == Polled(replies=[reply], cursor="")


def test_the_oldest_reply_comes_first_in_one_call(org: Sandbox) -> None:
    ids = [written(org, f"{n}") for n in range(3)]
    crm = org.crm()
    crm.poll("")
    before = sum(org.data_calls().values())

    polled = crm.poll("")

    assert [one.id for one in polled.replies] == ids
    assert sum(org.data_calls().values()) - before == 1


def test_replies_that_wait_for_long_hide_no_later_ones(org: Sandbox) -> None:
    row = {"attributes": {"type": "Social_Message__c"}, "Direction__c": "Outbound", "Status__c": "Queued"}
    for _ in range(10):
        org.api("POST", "composite/sobjects", {"allOrNone": False, "records": [row] * 200})
    last = written(org)

    polled = org.crm().poll("")

    org.order("reset")
    assert (len(polled.replies), polled.replies[-1].id) == (2001, last)


def test_an_agent_is_whoever_made_the_record_where_it_names_nobody(org: Sandbox) -> None:
    org.order("switches", acting_user=org.user("Anna Agent"))
    written(org, Agent__c=None)
    org.order("switches", acting_user="")

    assert [one.agent for one in org.crm().poll("").replies] == ["Anna Agent"]


@pytest.mark.parametrize(
    "fields",
    [{"Status__c": "Sent"}, {"Status__c": "Failed"}, {"Direction__c": "Inbound"}, {"Direction__c": "Note"}],
)
def test_what_is_no_reply_that_waits_is_not_read(org: Sandbox, fields: dict[str, str]) -> None:
    written(org, **fields)

    assert list(org.crm().poll("").replies) == []


def test_a_reply_without_anything_in_it_is_read_too(org: Sandbox) -> None:
    waits = written(org, "")

    assert org.crm().poll("").replies == [Reply(id=waits, case_id="", text="", agent="Anna")]


def test_a_key_that_was_too_long_for_its_field_names_only_the_case(org: Sandbox) -> None:
    written(org, Reply_To_Key__c="instagram:1:long#5e88489")

    assert [one.answers for one in org.crm().poll("").replies] == [""]


# --- without the plugin ---


def test_an_org_without_the_plugin_has_no_replies_and_says_so_once(
    bare: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    crm = bare.crm()

    with caplog.at_level(logging.WARNING, "casebridge"):
        polled = [crm.poll("7"), crm.poll("7")]

    assert polled == [Polled(replies=(), cursor="7")] * 2
    (line,) = [one.getMessage() for one in caplog.records]
    assert line.startswith("no replies are read from Salesforce: Salesforce refused with INVALID_TYPE")
    assert "install the plugin" in line


def test_an_org_without_the_plugin_is_looked_at_once_an_hour(bare: Sandbox) -> None:
    crm = bare.crm()
    before = crm.every

    crm.poll("")

    assert (before, crm.every) == (timedelta(minutes=5), timedelta(hours=1))


def test_a_plugin_that_is_whole_again_is_found_at_the_next_look(org: Sandbox) -> None:
    one, crm = written(org), org.crm()
    org.order("rights", object="Social_Message__c", field="Body__c", access="hidden")
    without = [one.id for one in crm.poll("").replies], crm.every
    org.order("rights", object="Social_Message__c", field="Body__c", access="full")

    found = [one.id for one in crm.poll("").replies], crm.every

    assert (without, found) == (([], timedelta(hours=1)), ([one], timedelta(minutes=5)))


@pytest.mark.parametrize(("fault", "trouble"), [("daily_limit", Paused), ("server_error", RetryLater)])
def test_an_org_in_trouble_is_not_one_without_the_plugin(
    org: Sandbox, fault: str, trouble: type[Exception]
) -> None:
    crm = org.crm()
    crm.poll("")
    org.fault(fault)

    with pytest.raises(trouble):
        crm.poll("")

    assert crm.every == timedelta(minutes=5)


# --- telling ---


def test_what_became_of_replies_stands_beside_them_after_one_call(org: Sandbox) -> None:
    ids = [written(org) for _ in range(3)]
    crm = org.crm()
    before = org.data_calls()

    crm.report([sent(ids[0]), failed(ids[1]), sent(ids[2], state="unsure", says="Look there.", url="")])

    made = Counter(org.data_calls()) - Counter(before)
    assert made == {"PATCH composite/sobjects": 1}
    assert shown(org, *ids) == [SENT, ("Failed", BLOCKED, None), ("Unsure", "Look there.", None)]
    assert list(crm.poll("").replies) == []


def test_a_later_word_takes_the_place_of_an_earlier(org: Sandbox) -> None:
    one = written(org)
    crm = org.crm()
    crm.report([failed(one)])

    crm.report([sent(one)])

    assert shown(org, one) == [SENT]


def test_a_long_reason_is_cut_visibly_and_a_long_link_left_out(org: Sandbox) -> None:
    one = written(org)

    org.crm().report([sent(one, state="failed", says="x" * 5000, url="https://wall.example/" + "y" * 255)])

    assert shown(org, one) == [("Failed", "x" * 3999 + "…", None)]


def test_a_reply_that_is_gone_holds_up_no_other(org: Sandbox) -> None:
    gone, one = written(org), written(org)
    org.api("DELETE", f"sobjects/Social_Message__c/{gone}", {})

    org.crm().report([sent(gone), sent("r1"), sent(one)])

    assert shown(org, one) == [SENT]


def test_a_locked_reply_is_tried_again_by_itself(org: Sandbox) -> None:
    ids = [written(org) for _ in range(3)]
    org.fault("row_lock", row=1)

    org.crm().report([sent(one) for one in ids])

    assert shown(org, *ids) == [SENT] * 3


def test_a_reply_that_stays_locked_is_told_of_later(org: Sandbox) -> None:
    ids = [written(org) for _ in range(2)]
    org.fault("row_lock", times=2)
    crm = org.crm()

    with pytest.raises(RetryLater, match="holds replies locked"):
        crm.report([sent(one) for one in ids])
    crm.report([sent(one) for one in ids])

    assert shown(org, *ids) == [SENT] * 2


def test_a_reply_that_the_org_refuses_is_logged_without_its_words_and_holds_up_no_other(
    org: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    ids = [written(org) for _ in range(2)]
    code = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    org.fault("row_refused", row=0, code=code, says="Replies are frozen")

    with caplog.at_level(logging.ERROR, "casebridge"):
        org.crm().report([sent(one) for one in ids])

    assert shown(org, *ids) == [("Queued", None, None), SENT]
    assert [one.getMessage() for one in caplog.records] == [
        f"Salesforce takes no news of the reply {ids[0]}: Salesforce refused with {code}"
    ]


@pytest.mark.parametrize("access", ["hidden", "read_only"])
def test_a_reason_that_cannot_be_written_leaves_no_reply_queued(org: Sandbox, access: str) -> None:
    ids = [written(org) for _ in range(2)]
    org.order("rights", object="Social_Message__c", field="Error_Message__c", access=access)

    org.crm().report([sent(ids[0]), failed(ids[1])])

    org.order("rights", object="Social_Message__c", field="Error_Message__c", access="full")
    found = org.query("SELECT Id, Status__c FROM Social_Message__c")
    assert {row["Id"]: row["Status__c"] for row in found if row["Id"] in ids} == {ids[0]: "Sent", ids[1]: "Failed"}


def test_a_lost_answer_is_no_loss(org: Sandbox) -> None:
    one = written(org)
    crm = org.crm(timeout=2)
    crm.poll("")
    org.fault("lost_answer")

    with pytest.raises(RetryLater, match="gave no answer"):
        crm.report([sent(one)])
    crm.report([sent(one)])

    assert shown(org, one) == [SENT]


def test_more_than_a_call_holds_is_told_in_several(org: Sandbox) -> None:
    gone = [f"a00Sb{n:010}" for n in range(200)]
    one = written(org)

    org.crm().report([sent(reply) for reply in [*gone, one]])

    assert shown(org, one) == [SENT]
