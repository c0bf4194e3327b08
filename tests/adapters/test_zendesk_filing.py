"""Filings that go through, against a real sandbox account: new tickets, comments, hostile texts, refusals."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
import zendesk_account
from zendesk_account import (
    Sandbox,
    filing,
    opened,
    part,
    receipts,
    send,
    written,
)

from adapters.zendesk import Zendesk, users
from bridge.errors import Rejected, RetryLater

process, account, crm = zendesk_account.process, zendesk_account.account, zendesk_account.crm


def test_a_new_ticket_takes_one_call(account: Sandbox, crm: Zendesk) -> None:
    [receipt] = receipts(send(crm, filing("facebook:1:9", part("m1", "Where is\nmy order?"))))

    [ticket] = account.tickets()
    assert account.data_calls() == {"POST tickets": 1}
    assert (ticket["external_id"], ticket["fields"]["subject"]) == ("facebook:1:9", "ticket facebook:1:9")
    assert ticket["fields"]["tags"] == ["social", "casebridge"]
    assert account.comments() == [["Where is<br>my order?"]]
    assert ticket["comments"][0]["public"] is False
    assert receipt.refs == {"m1": str(ticket["id"])}
    assert receipt.link == f"{account.url}/agent/tickets/{ticket['id']}"
    assert (receipt.known.case_id, receipt.known.episode) == (str(ticket["id"]), 1)
    assert list(written(receipt.known).notes) == ["w:subject"]
    assert receipt.warnings == ()


def test_a_known_ticket_takes_one_call(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    before = account.data_calls()

    [receipt] = receipts(send(crm, filing("facebook:1:9", part("m2", "second"), known=known)))

    after = account.data_calls()
    comment = account.tickets()[0]["comments"][1]
    assert {name: n - before.get(name, 0) for name, n in after.items() if n != before.get(name, 0)} == {
        "PUT tickets/{id}": 1
    }
    assert receipt.refs == {"m2": f"{comment['id']}:0:1"}
    assert account.comments() == [["the first"], ["second"]]
    assert written(receipt.known) == written(known)


def test_a_hundred_tickets_that_nobody_remembers_take_one_question(account: Sandbox, crm: Zendesk) -> None:
    known = [
        written(one.known) for one in receipts(send(crm, *(filing(f"k{n}", part(f"m{n}")) for n in range(3))))
    ]

    receipts(send(crm, *(filing(f"k{n}", part(f"n{n}"), known=one) for n, one in enumerate(known))))

    assert account.data_calls() == {"POST tickets": 3, "GET tickets/show_many": 1, "PUT tickets/{id}": 3}


def test_one_author_in_a_row_is_one_comment(account: Sandbox, crm: Zendesk) -> None:
    ada, bob = account.user("1:a"), account.user("1:b", "Bob")
    known = opened(crm)
    said = [part("m2", "a", person=ada), part("m3", "b", person=ada), part("m4", "c", person=bob)]

    [receipt] = receipts(send(crm, filing("facebook:1:9", *said, known=known)))

    first, second = account.tickets()[0]["comments"][1:]
    assert account.comments()[1:] == [["a", "b"], ["c"]]
    assert (first["author_id"], second["author_id"]) == (int(ada), int(bob))
    assert receipt.refs == {"m2": f"{first['id']}:0:2", "m3": f"{first['id']}:1:2", "m4": f"{second['id']}:0:1"}


def test_public_and_private_texts_are_never_joined(account: Sandbox, crm: Zendesk) -> None:
    known, ada = opened(crm), account.user("1:a")
    shown_to_her = {"public": True, "person": ada}
    said = [
        part("m2", "a", **shown_to_her),
        part("m3", "b", person=ada),
        part("m4", "c", person=ada),
        part("m5", "d", **shown_to_her),
    ]

    receipts(send(crm, filing("facebook:1:9", *said, known=known)))

    shown = [(comment["public"], comment["plain_body"]) for comment in account.tickets()[0]["comments"][1:]]
    assert [public for public, _ in shown] == [True, False, True]
    assert account.comments()[1:] == [["a"], ["b", "c"], ["d"]]


def test_what_follows_the_opening_message_joins_it(account: Sandbox, crm: Zendesk) -> None:
    last = part("m3", "3", person=account.user("1:a"))
    [receipt] = receipts(send(crm, filing("a", part("m1", "one"), part("m2", "two"), last)))

    [first, second] = account.tickets()[0]["comments"]
    assert account.comments() == [["one", "two"], ["3"]]
    assert account.data_calls() == {"POST users": 1, "POST tickets": 1, "PUT tickets/{id}": 1}
    assert receipt.refs == {
        "m1": receipt.known.case_id,
        "m2": f"{first['id']}:1:2",
        "m3": f"{second['id']}:0:1",
    }


def test_the_opening_message_is_the_requesters(account: Sandbox, crm: Zendesk) -> None:
    ada = account.user("1:a")
    create = {"subject": "s", "description": "d", "requester_id": ada}

    receipts(send(crm, filing("a", part("m1", person=ada), part("m2", "note"), create=create)))

    [ticket] = account.tickets()
    assert ticket["fields"]["requester_id"] == int(ada)
    assert [comment["author_id"] == int(ada) for comment in ticket["comments"]] == [True, False]
    assert account.comments() == [["d"], ["note"]]


STRANGER = "A message whose author is not known in Zendesk was filed as a private comment."


def test_nobody_unknown_speaks_to_the_customer_as_our_agent(account: Sandbox, crm: Zendesk) -> None:
    known = opened(crm)
    said = [part("m2", public=True), part("m3", public=True, opens=False), part("m4", public=True)]

    [receipt] = receipts(send(crm, filing("facebook:1:9", *said, known=known)))
    [new] = receipts(send(crm, filing("b", part("n1", public=True))))

    assert [c["public"] for ticket in account.tickets() for c in ticket["comments"]] == [False] * 3
    assert (receipt.warnings, new.warnings) == ((STRANGER,), (STRANGER,))


def test_a_known_author_speaks_in_public(account: Sandbox, crm: Zendesk) -> None:
    ada = account.user("1:a")
    create = {"subject": "s", "requester_id": ada}

    [receipt] = receipts(send(crm, filing("a", part("m1", public=True), create=create)))

    [comment] = account.tickets()[0]["comments"]
    assert (comment["public"], comment["author_id"], receipt.warnings) == (True, int(ada), ())


def test_fields_arrive_in_their_kinds(account: Sandbox, crm: Zendesk) -> None:
    account.order("fields", id=4711, title="Link", type="text")
    account.order("fields", id=4712, title="Followers", type="integer")
    create = {
        "subject": "s",
        "priority": "high",
        "tags": "one two,three",
        "custom_field_4711": "https://example.org/?a=1",
        "custom_field_4712": 9,
        "type": None,
        "recipient": "",
    }

    [receipt] = receipts(send(crm, filing("a", part("m1", "the text"), create=create)))

    fields = account.tickets()[0]["fields"]
    assert (fields["priority"], sorted(fields["tags"])) == ("high", ["casebridge", "one", "three", "two"])
    values = {field["id"]: field["value"] for field in fields["custom_fields"]}
    assert (values[4711], str(values[4712])) == ("https://example.org/?a=1", "9")
    assert account.comments() == [["the text"]]
    assert set(receipt.known.notes) >= {"w:subject", "w:priority", "w:custom_field_4711"}


def test_a_long_text_goes_in_whole(account: Sandbox, crm: Zendesk) -> None:
    long = "wort \u2764 " * 20_000

    [receipt] = receipts(send(crm, filing("a", part("m1", long), part("m2", "end"))))

    pieces = [text for comment in account.comments() for text in comment]
    assert [piece[:6] for piece in pieces[:-1]] == ["(1/4) ", "(2/4) ", "(3/4) ", "(4/4) "]
    assert "".join(html.unescape(piece[6:]) for piece in pieces[:-1]) == long
    ids = receipt.refs["m1"].split(",")
    assert (ids[0], len(ids), pieces[-1]) == (receipt.known.case_id, 4, "end")


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ticket.id}} {{ticket.requester.email}}",
        "{% assign x = 1 %}{{{x}}}",
        "<script>alert(1)</script><hr><b>bold</b>",
        "&#123;&#123;ticket.id&#125;&#125; &lt;i&gt; \"quoted\" 'too'",
        "\u202egnirts \U0001f4a9\x0b end",
        "   ",
    ],
)
def test_hostile_text_is_shown_and_nothing_else(account: Sandbox, crm: Zendesk, hostile: str) -> None:
    known = opened(crm)

    create = {"subject": hostile, "description": hostile, "tags": ("{{ticket.id}}",)}
    receipts(send(crm, filing("a", part("m1", hostile), create=create)))
    receipts(send(crm, filing("facebook:1:9", part("m2", hostile), known=known)))

    old, new = account.tickets()
    shown = [account.comments(0)[1], account.comments(1)[0]]
    wanted = hostile if hostile.strip() else "(no text)"
    assert [[html.unescape(t).replace("\u200b", "") for t in texts] for texts in shown] == [[wanted]] * 2
    assert "{{" not in str(new["fields"]["subject"]) + str(new["fields"]["tags"])
    assert not any(sign in old["comments"][1]["plain_body"] for sign in ("{{", "}}", "{%", "%}"))


# --- refusals -------------------------------------------------------------------------------------------------


def test_a_refused_field_is_named_and_the_value_is_not(account: Sandbox, crm: Zendesk) -> None:
    create = {"subject": "s", "description": "d", "group_id": "4999"}

    [outcome, other] = send(crm, filing("a", part("m1"), create=create), filing("b", part("m2")))

    assert isinstance(outcome, Rejected)
    assert outcome.field == "group"
    assert str(outcome) == (
        "Zendesk refused with HTTP 422, RecordInvalid, group: is invalid; correct the mapping or the field, then "
        "replay"
    )
    assert len(receipts([other])) == 1


def test_of_a_suspended_requester_all_texts_are_in_one_ticket_under_our_own_name(
    account: Sandbox, crm: Zendesk
) -> None:
    eve = account.user("1:e")
    account.api("PUT", f"users/{eve}", {"user": {"suspended": True}})
    create = {"subject": "s", "description": "d", "requester_id": eve}
    texts = [part(key, key, person=eve, public=True) for key in ("m1", "m2")]

    [receipt] = receipts(send(crm, filing("a", *texts, create=create)))

    [ticket] = account.tickets()
    assert account.comments() == [["d", "m2"]]
    assert (ticket["fields"]["requester_id"] != int(eve), ticket["comments"][0]["public"]) == (True, False)
    assert (receipt.failed, users.SUSPENDED in receipt.warnings) == ({}, True)


def test_a_follow_up_for_a_suspended_requester_is_ours_too(account: Sandbox, crm: Zendesk) -> None:
    eve = account.user("1:e")
    create = {"subject": "s", "description": "d", "requester_id": eve}
    [first] = receipts(send(crm, filing("a", part("m1", person=eve), create=create)))
    account.close(first.known.case_id)
    account.api("PUT", f"users/{eve}", {"user": {"suspended": True}})

    [after] = receipts(send(crm, filing("a", part("m2", "again", person=eve), create=create, known=first.known)))

    assert (after.failed, account.comments(1)) == ({}, [["d"]])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"object": "Case"}, ""),
        ({"key_field": "subject"}, "subject"),
        ({"create": {"group_id": "Support"}}, "group_id"),
    ],
)
def test_a_mapping_for_another_crm_is_refused_before_anything_is_sent(
    account: Sandbox, crm: Zendesk, given: dict[str, object], field: str
) -> None:
    [outcome] = send(crm, filing("a", part("m1"), **given))

    assert isinstance(outcome, Rejected)
    assert (outcome.field, account.data_calls()) == (field, {})


def test_a_ticket_that_takes_no_more_updates_waits_alone(account: Sandbox, crm: Zendesk) -> None:
    known = receipts(send(crm, filing("a", part("m1")), filing("b", part("n1"))))
    account.order("switches", limits=True)
    for n in range(30):
        send(crm, filing("a", part(f"x{n}"), known=known[0].known))

    [late, fine] = send(
        crm, filing("a", part("m2"), known=known[0].known), filing("b", part("n2"), known=known[1].known)
    )

    assert isinstance(late, RetryLater)
    assert (late.counts, timedelta(0) < late.after <= timedelta(seconds=60)) == (False, True)
    assert list(receipts([fine])[0].refs) == ["n2"]


def test_a_text_too_long_for_its_field_is_cut_visibly(account: Sandbox, crm: Zendesk) -> None:
    create = {"subject": "x" * 300, "description": "d"}

    [receipt] = receipts(send(crm, filing("a", part("m1"), create=create)))

    assert account.tickets()[0]["fields"]["subject"] == "x" * 254 + "…"
    assert receipt.warnings == ("subject was shortened to 255 characters.",)
