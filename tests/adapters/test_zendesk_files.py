"""Files that came with messages, copied onto their tickets, from a real host to a real sandbox account."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import requests
import zendesk_account
from media_host import PICTURE, Host, reach, said, serving
from zendesk_account import (
    HOUR,
    LATER,
    NOW,
    Sandbox,
    filing,
    opened,
    part,
    receipts,
    send,
    stopped,
)

from adapters.zendesk import Zendesk
from adapters.zendesk.progress import files_mark
from bridge.errors import RetryLater, Unsure
from bridge.fetching import fetch
from bridge.message import Attachment
from bridge.ports import Filing, Part, Receipt

KEY = "facebook:1:9"
FILES = "Files of this message:"
SHA = hashlib.sha256(PICTURE).hexdigest()


process, account = zendesk_account.process, zendesk_account.account


@pytest.fixture
def host() -> Iterator[Host]:
    with serving(Host()) as found:
        found.says |= {"/cat.png": said(), "/dog.png": said(PICTURE + b"!"), "/gone.png": said(status="404 Gone")}
        yield found


@pytest.fixture
def crm(account: Sandbox) -> Zendesk:
    return account.crm(fetch=partial(fetch, reach=reach()))


def pictured(host: Host, key: str, *paths: str, **more: Any) -> Part:
    files = tuple(Attachment(kind="image", url=host.url(path)) for path in paths or ("/cat.png",))
    return part(key, f"look {key}", files=files, **more)


def lost(sent: Filing, **more: Any) -> Filing:
    return replace(sent, unsure_since=NOW, unsure_last=NOW, same_op=True, **more)


def filed(crm: Zendesk, sent: Filing, **more: Any) -> Receipt:
    [receipt] = receipts(send(crm, sent, **more))
    return receipt


def names(account: Sandbox, ticket: int = 0) -> list[str]:
    return [file["name"] for file in account.tickets()[ticket]["files"]]


def test_a_file_comes_behind_its_text_in_a_private_comment(account: Sandbox, crm: Zendesk, host: Host) -> None:
    ada = account.user("1:a")
    sent = filing(KEY, pictured(host, "m1", public=True, person=ada))
    before = account.data_calls()

    receipt = filed(crm, sent)

    [ticket] = account.tickets()
    text, copy = ticket["comments"]
    assert account.comments() == [["look m1"], [FILES]]
    assert (text["public"], copy["public"]) == (True, False)
    assert ticket["files"] == [{"comment": copy["id"], "name": "cat.png", "type": "image/png", "sha256": SHA}]
    assert copy["metadata"] == {"casebridge": files_mark(sent.parts[0])}
    assert (receipt.refs, receipt.warnings) == ({"m1": f"{ticket['id']},f{copy['id']}"}, ())
    assert account.made_since(before) == {"POST tickets": 1, "POST uploads": 1, "PUT tickets/{id}": 1}


def test_agents_see_the_names_of_files_on_the_page(account: Sandbox, crm: Zendesk, host: Host) -> None:
    receipt = filed(crm, filing(KEY, pictured(host, "m1")))

    assert "File: cat.png (image/png, 264 bytes)" in requests.get(receipt.link, timeout=10).text


def test_several_files_share_a_comment_and_their_messages_do_not(
    account: Sandbox, crm: Zendesk, host: Host
) -> None:
    said_then = [pictured(host, "m2", "/cat.png", "/dog.png"), part("m3", "plain"), pictured(host, "m4")]

    receipt = filed(crm, filing(KEY, *said_then, known=opened(crm)))

    files = account.tickets()[0]["files"]
    assert account.comments()[1:] == [["look m2", "plain", "look m4"], [FILES], [FILES]]
    assert [file["name"] for file in files] == ["cat.png", "dog.png", "cat.png"]
    assert len({file["comment"] for file in files}) == 2
    assert list(receipt.refs) == ["m3", "m2", "m4"]


def test_a_file_that_cannot_be_had_is_told_and_the_others_come(account: Sandbox, crm: Zendesk, host: Host) -> None:
    sent = filing(KEY, pictured(host, "m1", "/gone.png?token=secret", "/dog.png"))

    receipt = filed(crm, sent)

    assert names(account) == ["dog.png"]
    [warning] = receipt.warnings
    assert warning == f"'{host.url('/gone.png')}' was not fetched: its server answered 404."


def test_a_text_whose_files_all_fail_is_filed_alone(account: Sandbox, crm: Zendesk, host: Host) -> None:
    receipt = filed(crm, filing(KEY, pictured(host, "m1", "/gone.png")))

    assert account.comments() == [["look m1"]]
    assert receipt.refs == {"m1": receipt.known.case_id}


def test_a_file_that_zendesk_refuses_is_told(account: Sandbox, crm: Zendesk, host: Host) -> None:
    account.fault("refused", path="uploads", status=413)

    receipt = filed(crm, filing(KEY, pictured(host, "m1", "/cat.png", "/dog.png")))

    assert names(account) == ["dog.png"]
    assert receipt.warnings == ("'cat.png' was not copied: Zendesk refused with HTTP 413, Refused.",)


def test_files_that_cannot_be_attached_are_told(account: Sandbox, crm: Zendesk, host: Host) -> None:
    account.fault("refused", path="tickets/", method="PUT", status=422)

    receipt = filed(crm, filing(KEY, pictured(host, "m1")))

    ticket = receipt.known.case_id
    assert (account.comments(), receipt.refs) == ([["look m1"]], {"m1": ticket})
    assert receipt.warnings == (
        f"The files of a message were not attached to ticket {ticket}: Zendesk refused with HTTP 422, Refused.",
    )


def test_at_most_five_files_of_a_message_are_copied(account: Sandbox, crm: Zendesk, host: Host) -> None:
    many = pictured(host, "m1", *["/cat.png"] * 7)
    nameless = Attachment(kind="sticker")

    receipt = filed(crm, filing(KEY, replace(many, files=(nameless, *many.files))))

    assert len(names(account)) == len(host.heard) == 5
    assert receipt.warnings == ("Only the first 5 of 7 files of a message were copied.",)


def test_at_most_one_call_is_made_between_two_yields(account: Sandbox, crm: Zendesk, host: Host) -> None:
    known = opened(crm)
    steps = crm.file([filing(KEY, pictured(host, "m2", "/cat.png", "/dog.png"), known=known)], now=NOW)

    made = []
    calls = 0
    for _ in steps:
        now = sum(account.data_calls().values()) + len(host.heard)
        made.append(now - calls)
        calls = now

    assert made[0] == 2  # the ticket that was there, and its comment
    assert made[1:] == [1, 1, 1, 1, 1]


# --- again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost_answer", "refused_before", "applied_server_error"])
@pytest.mark.parametrize(("path", "method"), [("uploads", "POST"), ("tickets/", "PUT")])
def test_no_copy_comes_twice_after_a_lost_answer(
    account: Sandbox, crm: Zendesk, host: Host, fault: str, path: str, method: str
) -> None:
    sent = filing(KEY, pictured(host, "m1"))
    account.fault(fault, path=path, method=method)

    [early] = receipts([outcome for step in crm.file([sent], now=NOW) for _, outcome in step])
    receipt = filed(crm, lost(sent, known=early.known), now=LATER)

    assert isinstance(early.failed["m1"], Unsure)
    assert early.refs == {}
    assert (names(account), account.comments()) == (["cat.png"], [["look m1"], [FILES]])
    assert receipt.refs["m1"].startswith(f"{receipt.known.case_id},f")
    assert receipt.warnings == ()


def test_a_whole_receipt_that_was_lost_is_found_again(account: Sandbox, crm: Zendesk, host: Host) -> None:
    sent = filing(KEY, pictured(host, "m2"), part("m3", "plain"), known=opened(crm))
    first = filed(crm, sent)
    heard = list(host.heard)

    receipt = filed(crm, lost(sent), now=LATER)

    assert receipt.refs == first.refs
    assert names(account) == ["cat.png"]
    assert host.heard == heard


def test_files_wait_where_zendesk_limits_us(account: Sandbox, crm: Zendesk, host: Host) -> None:
    sent = filing(KEY, pictured(host, "m2"), part("m3", "behind"), known=opened(crm))
    account.fault("rate_limit", path="uploads")

    outcomes, stop = stopped(crm, sent)
    [early] = receipts(list(outcomes.values()))
    rest = lost(replace(sent, parts=sent.parts[:1]), op="another", known=early.known)
    receipt = filed(crm, rest, now=LATER)

    assert isinstance(stop, RetryLater)
    assert (list(early.refs), list(early.failed)) == (["m3"], ["m2"])
    assert account.comments()[1:] == [["look m2", "behind"], [FILES]]
    assert list(receipt.refs) == ["m2"]


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ({"path": "uploads"}, "'cat.png' was not copied"),
        ({"path": "tickets/", "method": "PUT", "after": 1}, "The files of a message were not attached"),
    ],
)
def test_files_that_never_get_an_answer_are_given_up_some_time(
    account: Sandbox, crm: Zendesk, host: Host, order: dict[str, Any], told: str
) -> None:
    sent = filing(KEY, pictured(host, "m2"), known=opened(crm))
    account.fault("refused_before", times=2, **order)

    [early] = send(crm, sent)
    receipt = filed(crm, lost(sent), now=NOW + HOUR + timedelta(minutes=3))

    assert isinstance(early, Unsure)
    assert names(account) == []
    [warning] = receipt.warnings
    assert warning.startswith(told)
    assert warning.endswith(": Zendesk gave no answer (ConnectionError).")


def test_what_is_looked_for_is_not_there_before_its_files_are(account: Sandbox, crm: Zendesk, host: Host) -> None:
    sent = filing(KEY, pictured(host, "m2"), part("m3", "plain"), known=opened(crm))
    account.fault("lost_answer", path="uploads", times=2)
    stopped(crm, sent)

    before = crm.look([sent])
    filed(crm, lost(sent, known=sent.known), now=LATER + HOUR)

    assert [set(keys) for keys in before] == [{"m3"}]
    assert [set(keys) for keys in crm.look([sent])] == [{"m3"}]


# --- deleted --------------------------------------------------------------------------------------------------


def deletion(receipt: Receipt, key: str) -> Filing:
    gone = part(
        f"{key}:deleted", "", act="delete", opens=False, ref=receipt.refs[key], case_id=receipt.known.case_id
    )
    return filing(KEY, gone, known=receipt.known, create={})


def test_a_deletion_takes_the_copies_with_it(account: Sandbox, crm: Zendesk, host: Host) -> None:
    sent = filing(KEY, pictured(host, "m2", "/cat.png", "/dog.png"), pictured(host, "m3"), known=opened(crm))
    target = filed(crm, sent)

    receipt = filed(crm, deletion(target, "m2"))

    files = account.tickets()[0]["files"]
    empty = hashlib.sha256(b"").hexdigest()
    assert [(file["name"], file["sha256"]) for file in files] == [
        ("redacted.txt", empty),
        ("redacted.txt", empty),
        ("cat.png", SHA),
    ]
    assert receipt.warnings == ()


@pytest.mark.parametrize("fault", ["lost_answer", "refused_before"])
def test_a_deletion_of_files_is_repeated_without_harm(
    account: Sandbox, crm: Zendesk, host: Host, fault: str
) -> None:
    gone = deletion(filed(crm, filing(KEY, pictured(host, "m2"), known=opened(crm))), "m2")
    account.fault(fault, path="/redact")

    [early] = send(crm, gone)
    receipt = filed(crm, lost(gone), now=LATER)

    assert isinstance(early, Unsure)
    assert names(account) == ["redacted.txt"]
    assert (len(account.comments()), receipt.warnings) == (4, ())


def test_files_that_may_not_be_redacted_are_told(account: Sandbox, crm: Zendesk, host: Host) -> None:
    target = filed(crm, filing(KEY, pictured(host, "m2"), known=opened(crm)))
    account.fault("refused", path="/redact", status=403)

    receipt = filed(crm, deletion(target, "m2"))

    [warning] = receipt.warnings
    assert warning == (
        f"A file of a deleted message is still attached to ticket {target.known.case_id}: Zendesk refused with "
        "HTTP 403, Refused."
    )


def test_an_edit_keeps_the_copies_and_a_deletion_knows_them(account: Sandbox, crm: Zendesk, host: Host) -> None:
    target = filed(crm, filing(KEY, pictured(host, "m2"), known=opened(crm)))
    case = target.known.case_id
    anew = part("m2:edited", "anew", act="edit", opens=False, ref=target.refs["m2"], case_id=case)

    edited = filed(crm, filing(KEY, anew, known=target.known, create={}))
    kept = names(account)
    receipt = filed(crm, deletion(edited, "m2:edited"))

    assert (kept, names(account)) == (["cat.png"], ["redacted.txt"])
    assert receipt.warnings == ()
