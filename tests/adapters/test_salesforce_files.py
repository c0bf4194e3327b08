"""Copies of what came with a message: attached to its case, and taken away when its author deletes it.

Against a real sandbox org and a real web server.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

import pytest
from salesforce_org import NOW, Sandbox, cut_off, filing, opened, part, receipts, running, send

from adapters.salesforce import Salesforce
from bridge import frozen
from bridge.errors import Paused, RetryLater, Unsure
from bridge.fetching import Reach, fetch
from bridge.frozen import Frozen
from bridge.message import DELETED_TEXT, Attachment
from bridge.ports import Filing, Receipt

KEY = "facebook:1:9"
HERE = Reach(also=(ip_network("127.0.0.0/8"),), ports=None)


class Pictures(ThreadingHTTPServer):
    """Serves /<name>.png; anything else is not there."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []

    def file(self, path: str, **more: str) -> Attachment:
        url = f"http://127.0.0.1:{self.server_port}/{path}"
        return Attachment(**{"kind": "image", "url": url, **more})


class Handler(BaseHTTPRequestHandler):
    server: Pictures

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        found = self.path.split("?")[0].endswith(".png")
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", "4" if found else "0")
        self.end_headers()
        if found:
            self.wfile.write(b"\x89PNG")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("salesforce")) as sandbox:
        yield sandbox


@pytest.fixture
def org(process: Sandbox) -> Sandbox:
    process.order("reset")
    return process


@pytest.fixture
def web() -> Iterator[Pictures]:
    with Pictures() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield server
        server.shutdown()


@pytest.fixture
def crm(org: Sandbox) -> Salesforce:
    return org.crm(latest_commit=0, fetch=partial(fetch, reach=HERE))


def files(org: Sandbox, case: int = 0) -> list[str]:
    return [file["name"] for file in org.cases()[case]["files"]]


def lost(given: Filing, **more: Any) -> Filing:
    return replace(given, **{"unsure_since": NOW, "unsure_last": NOW, **more})


def test_files_are_attached_where_the_text_went(org: Sandbox, crm: Salesforce, web: Pictures) -> None:
    first = part("m1", files=(web.file("a.png"), web.file("b.png?secret=1", name="my cat")))
    second = part("m2", "look", files=(web.file("c.png"),))

    [receipt] = receipts(send(crm, filing(KEY, first, second)))

    assert files(org) == ["a.png", "my cat.png", "c.png"]
    assert (org.bodies(), list(receipt.refs), receipt.warnings) == (["look"], ["m1", "m2"], ())
    assert [file["size"] for file in org.cases()[0]["files"]] == [4, 4, 4]


def test_messages_without_files_cost_no_call(org: Sandbox, crm: Salesforce, web: Pictures) -> None:
    links = (Attachment(kind="location"), web.file("page.png", kind="link"))

    receipts(send(crm, filing(KEY, part("m1", files=links))))

    assert org.data_calls() == {"POST composite": 2}  # the describe, the case
    assert web.asked == []


def test_neighbours_do_not_wait_for_files(org: Sandbox, crm: Salesforce, web: Pictures) -> None:
    given = [filing("a", part("m1", files=(web.file("a.png"),))), filing("b", part("m2"))]

    steps = list(crm.file(given, now=NOW))

    told = [index for step in steps for index, _ in step]
    assert told == [1, 0]
    assert [len(step) for step in steps if step] == [1, 1]
    assert len(steps) == 6  # described, the cases, nothing left to send, the picture fetched, attached, told


def test_a_picture_that_cannot_be_had_leaves_its_link_and_a_warning(
    org: Sandbox, crm: Salesforce, web: Pictures
) -> None:
    gone, there = web.file("gone.gif?token=secret"), web.file("b.png")

    [receipt] = receipts(send(crm, filing(KEY, part("m1", files=(gone, there)))))

    assert files(org) == ["b.png"]
    [warning] = receipt.warnings
    assert warning.endswith("was not fetched: its server answered 404")
    assert "secret" not in warning


def test_by_default_no_machine_of_ours_is_asked(org: Sandbox, web: Pictures) -> None:
    [receipt] = receipts(send(org.crm(), filing(KEY, part("m1", files=(web.file("a.png"),)))))

    assert (web.asked, files(org), len(receipt.warnings)) == ([], [], 1)


def test_what_the_org_refuses_is_a_warning(org: Sandbox, crm: Salesforce, web: Pictures) -> None:
    org.order("fields", object="ContentVersion", name="Class__c", type="string", required=True)

    [receipt] = receipts(send(crm, filing(KEY, part("m1", files=(web.file("a.png"),)))))

    [warning] = receipt.warnings
    assert warning == (
        "A file could not be attached, its link stands in the text: Salesforce refused Class__c with "
        "REQUIRED_FIELD_MISSING: Required fields are missing: [Class__c]."
    )
    assert list(receipt.refs) == ["m1"]


def test_a_used_up_day_rests_the_connection_and_the_picture_comes_later(
    org: Sandbox, crm: Salesforce, web: Pictures
) -> None:
    given = filing(KEY, part("m1", files=(web.file("a.png"),)))
    org.fault("daily_limit", path="ContentVersion")

    with pytest.raises(Paused):
        list(crm.file([given], now=NOW))
    [receipt] = receipts(send(crm, lost(given)))

    assert (list(receipt.refs), receipt.warnings, files(org)) == (["m1"], (), ["a.png"])


def test_at_most_five_files_are_copied(org: Sandbox, crm: Salesforce, web: Pictures) -> None:
    many = tuple(web.file(f"{n}.png") for n in range(7))

    [receipt] = receipts(send(crm, filing(KEY, part("m1", files=many))))

    assert files(org) == [f"{n}.png" for n in range(5)]
    assert receipt.warnings == ("Only the first 5 of 7 files of a message were copied.",)


# --- lost answers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost_answer", "refused_before"])
@pytest.mark.parametrize("after", [0, 1])
def test_no_copy_appears_twice(org: Sandbox, crm: Salesforce, web: Pictures, fault: str, after: int) -> None:
    given = filing(KEY, part("m1", files=(web.file("a.png"), web.file("b.png"))), part("m2", "more"))
    org.fault(fault, path="ContentVersion", after=after)

    [outcome] = send(crm, given)
    [receipt] = receipts(send(crm, lost(given)))

    assert isinstance(outcome, Unsure)
    assert sorted(files(org)) == ["a.png", "b.png"]
    assert (org.bodies(), sorted(receipt.refs), len(org.cases())) == (["more"], ["m1", "m2"], 1)
    assert receipt.known.notes["w:Description"]


def test_onto_a_known_case_no_text_and_no_copy_appears_twice(org: Sandbox, crm: Salesforce, web: Pictures) -> None:
    given = filing(KEY, part("m2", "look", files=(web.file("a.png"),)), known=opened(crm))
    org.fault("lost_answer", path="ContentVersion")

    send(crm, given)
    receipts(send(crm, lost(given)))

    assert (org.bodies(), files(org), web.asked) == (["look"], ["a.png"], ["/a.png"])


def test_a_lost_copy_holds_up_its_own_filing_only(org: Sandbox, crm: Salesforce, web: Pictures) -> None:
    given = [filing(key, part("m1", files=(web.file(f"{key}.png"),))) for key in ("a", "b")]
    org.fault("lost_answer", path="ContentVersion")

    [first, second] = send(crm, *given)

    assert isinstance(first, Unsure)
    assert receipts([second])
    assert (files(org, 0), files(org, 1)) == (["a.png"], ["b.png"])


def test_a_busy_org_is_not_asked_for_one_file_after_the_other(
    org: Sandbox, crm: Salesforce, web: Pictures
) -> None:
    given = [filing(key, part("m1", files=(web.file(f"{key}.png"),))) for key in ("a", "b")]
    org.fault("concurrent_limit", path="ContentVersion", times=1)

    outcome = cut_off(crm, *given)
    receipts(send(crm, *map(lost, given)))

    assert isinstance(outcome, Unsure)
    assert (files(org, 0), files(org, 1)) == (["a.png"], ["b.png"])


def test_nothing_is_copied_while_a_lost_copy_may_still_come(org: Sandbox, crm: Salesforce, web: Pictures) -> None:
    given = filing(KEY, part("m1", files=(web.file("a.png"),)))
    send(crm, replace(given, parts=(part("m1"),)))
    patient = org.crm(latest_commit=600, fetch=partial(fetch, reach=HERE))

    [early] = send(patient, lost(given))
    [late] = receipts(send(patient, lost(given), now=NOW + timedelta(minutes=10)))

    assert isinstance(early, RetryLater)
    assert early.after == timedelta(minutes=10)
    assert (files(org), list(late.refs), web.asked) == (["a.png"], ["m1"], ["/a.png"])


def test_a_file_that_never_goes_in_holds_its_conversation_up_for_an_hour_only(
    org: Sandbox, crm: Salesforce, web: Pictures
) -> None:
    given = filing(KEY, part("m1", files=(web.file("a.png"),)))
    org.fault("server_error", path="ContentVersion", times=3)

    send(crm, given)
    send(crm, lost(given), now=NOW + timedelta(minutes=59))
    [receipt] = receipts(send(crm, lost(given), now=NOW + timedelta(hours=1)))

    assert (files(org), list(receipt.refs)) == ([], ["m1"])
    [warning] = receipt.warnings
    assert warning.startswith("A file may be missing, its link stands in the text: Salesforce did not do it")


def test_a_part_that_waits_does_not_take_its_neighbours_files_along(
    org: Sandbox, crm: Salesforce, web: Pictures
) -> None:
    known = opened(crm)
    org.fault("row_lock", sobject="CaseComment", row=1)
    given = filing(KEY, part("m2", "a", files=(web.file("a.png"),)), part("m3", "b", files=(web.file("b.png"),)))

    [receipt] = receipts(send(crm, replace(given, known=known)))

    assert (files(org), list(receipt.refs), list(receipt.failed)) == (["a.png"], ["m2"], ["m3"])


def test_an_edited_message_may_bring_files(org: Sandbox, crm: Salesforce, web: Pictures) -> None:
    org.order("switches", comment_edit=True)
    [target] = receipts(send(crm, filing(KEY, part("m2", "look"), known=opened(crm))))
    new = part("m2:edited:1", "see", act="edit", opens=False, ref=target.refs["m2"], files=(web.file("a.png"),))

    [receipt] = receipts(send(crm, filing(KEY, new, known=target.known, create={})))

    assert (org.bodies(), files(org), receipt.warnings) == (["see"], ["a.png"], ())


# --- deletions ------------------------------------------------------------------------------------------------


def deletion(target: Receipt, *keys: str, **more: Any) -> Filing:
    """What is filed when the authors of these messages delete them."""
    words = {"Subject": DELETED_TEXT, "Description": DELETED_TEXT}
    gone = [
        part(
            f"{key}:deleted",
            "",
            act="delete",
            opens=False,
            ref=target.refs[key],
            row=words,
            notes=target.known.notes,
        )
        for key in keys
    ]
    return filing(KEY, *gone, known=target.known, create={}, **more)


@pytest.fixture
def target(org: Sandbox, crm: Salesforce, web: Pictures) -> Receipt:
    """A case with two messages, each with two pictures."""
    first = part("m1", files=(web.file("a.png"), web.file("b.png")))
    second = part("m2", "look", files=(web.file("c.png"), web.file("d.png")))
    [receipt] = receipts(send(crm, filing(KEY, first, second)))
    return receipt


def test_a_ref_names_the_copies(org: Sandbox, target: Receipt) -> None:
    [case] = org.cases()

    ids = [file["Id"] for file in case["files"]]
    assert target.refs == {
        "m1": ",".join([case["Id"], *ids[:2]]),
        "m2": ",".join([case["comments"][0]["Id"], *ids[2:]]),
    }


@pytest.mark.parametrize(
    ("keys", "left"), [(["m1"], ["c.png", "d.png"]), (["m2"], ["a.png", "b.png"]), (["m1", "m2"], [])]
)
@pytest.mark.parametrize("comment_edit", [True, False])
def test_the_copies_of_a_deleted_message_are_taken_away(
    org: Sandbox, crm: Salesforce, target: Receipt, keys: list[str], left: list[str], comment_edit: bool
) -> None:
    org.order("switches", comment_edit=comment_edit)

    [receipt] = receipts(send(crm, deletion(target, *keys)))

    assert files(org) == left
    assert not [warning for warning in receipt.warnings if "file" in warning]
    assert (receipt.failed, sorted(receipt.refs)) == ({}, [f"{key}:deleted" for key in keys])
    assert org.data_calls()["DELETE composite/sobjects"] == 1


def test_the_deletion_of_a_message_without_copies_costs_no_call_for_them(org: Sandbox, crm: Salesforce) -> None:
    [target] = receipts(send(crm, filing(KEY, part("m1"))))

    receipts(send(crm, deletion(target, "m1")))

    # the describe and the case; its state, the row anew, the note
    assert org.data_calls() == {"POST composite": 5}


@pytest.mark.parametrize("fault", ["lost_answer", "refused_before", "server_error", "row_lock"])
def test_copies_are_taken_away_whatever_answer_is_lost(
    org: Sandbox, crm: Salesforce, target: Receipt, fault: str
) -> None:
    org.fault(fault, path="composite/sobjects", method="DELETE")

    [outcome] = send(crm, deletion(target, "m2"))
    [receipt] = receipts(send(crm, lost(deletion(target, "m2"))))

    assert isinstance(outcome, Unsure)
    assert files(org) == ["a.png", "b.png"]
    assert len(org.bodies()) == 2  # the note stands once
    assert not [warning for warning in receipt.warnings if "file" in warning]


def test_to_take_copies_away_twice_is_harmless(org: Sandbox, crm: Salesforce, target: Receipt) -> None:
    receipts(send(crm, deletion(target, "m1", "m2")))

    [receipt] = receipts(send(crm, lost(deletion(target, "m1", "m2"))))

    assert (files(org), receipt.failed) == ([], {})
    assert not [warning for warning in receipt.warnings if "file" in warning]


def test_the_copies_are_taken_away_though_the_case_is_gone(org: Sandbox, crm: Salesforce, target: Receipt) -> None:
    org.api("DELETE", f"sobjects/Case/{target.known.case_id}", {})

    [receipt] = receipts(send(crm, deletion(target, "m1")))

    assert [file["Title"] for file in org.query("SELECT Title FROM ContentDocument")] == ["c.png", "d.png"]
    assert receipt.warnings == ("The case of a deleted message is no longer in Salesforce.",)


def test_the_copies_of_a_lead_are_taken_away_though_an_agent_wrote_over_its_words(
    org: Sandbox, crm: Salesforce, web: Pictures
) -> None:
    lead: dict[str, Any] = {"object": "Lead", "create": {"LastName": "A", "Company": "B", "Description": "hello"}}
    [target] = receipts(send(crm, filing(KEY, part("m1", files=(web.file("a.png"),)), **lead)))
    org.api("PATCH", f"sobjects/Lead/{target.known.case_id}", {"Description": "calls back"})
    gone = deletion(target, "m1")
    words = replace(gone.parts[0], row={"Description": DELETED_TEXT})

    [receipt] = receipts(send(crm, replace(gone, parts=(words,), object="Lead")))

    assert (org.state()["leads"][0]["files"], list(receipt.refs)) == ([], ["m1:deleted"])


def test_a_copy_that_the_org_keeps_is_a_warning(org: Sandbox, crm: Salesforce, target: Receipt) -> None:
    org.order("switches", acting_user=org.user("Anna Agent"))  # only the owner may delete a file

    [receipt] = receipts(send(crm, deletion(target, "m1")))

    assert files(org) == ["a.png", "b.png", "c.png", "d.png"]
    why = "Salesforce refused with INSUFFICIENT_ACCESS_OR_READONLY: insufficient access rights on object id"
    assert receipt.warnings == (f"A file of a deleted message still stands: {why}.",) * 2


def test_a_copy_that_stays_locked_holds_its_conversation_up_for_an_hour_only(
    org: Sandbox, crm: Salesforce, target: Receipt
) -> None:
    org.fault("server_error", path="composite/sobjects", method="DELETE", times=2)

    send(crm, deletion(target, "m1"))
    [receipt] = receipts(send(crm, lost(deletion(target, "m1")), now=NOW + timedelta(hours=1)))

    [warning] = receipt.warnings
    assert warning.startswith("A file of a deleted message still stands: Salesforce did not do it")


def test_a_copy_whose_answer_was_lost_is_taken_away_too(org: Sandbox, crm: Salesforce, web: Pictures) -> None:
    given = filing(KEY, part("m1", files=(web.file("a.png"), web.file("b.png"))))
    org.fault("lost_answer", path="ContentVersion", after=1)

    send(crm, given)
    [target] = receipts(send(crm, lost(given)))
    receipts(send(crm, deletion(target, "m1")))

    assert files(org) == []


def test_a_lost_copy_of_a_message_that_is_deleted_meanwhile_is_taken_away(
    org: Sandbox, crm: Salesforce, web: Pictures
) -> None:
    given = filing(KEY, part("m1", files=(web.file("a.png"), web.file("b.png"))), known=opened(crm))
    org.fault("lost_answer", path="ContentVersion")
    send(crm, given)
    blank = frozen.blank(Frozen(filing=given), {"m1"}).filing

    [target] = receipts(send(crm, lost(blank)))
    receipts(send(crm, deletion(target, "m1")))

    assert (files(org), web.asked) == ([], ["/a.png"])


def test_a_lost_copy_that_may_still_come_is_waited_for(org: Sandbox, crm: Salesforce, web: Pictures) -> None:
    given = filing(KEY, part("m1", files=(web.file("a.png"),)))
    send(crm, replace(given, parts=(part("m1"),)))
    blank = frozen.blank(Frozen(filing=given), {"m1"}).filing
    patient = org.crm(latest_commit=600, fetch=partial(fetch, reach=HERE))

    [early] = send(patient, lost(blank))
    [late] = receipts(send(patient, lost(blank), now=NOW + timedelta(minutes=10)))

    assert isinstance(early, RetryLater)
    assert (early.after, late.failed, files(org)) == (timedelta(minutes=10), {}, [])
