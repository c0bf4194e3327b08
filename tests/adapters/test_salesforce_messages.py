"""Filing into an org that has the plugin: each message is a record of its own, exactly once by its key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from plugin_org import LATER, MUCH_LATER, REOPEN, calls, places, post, rows, said
from salesforce_org import NOW, Sandbox, filing, opened, part, receipts, running, send

from adapters.salesforce import Salesforce
from adapters.salesforce.messages import key_of
from bridge.errors import RetryLater
from bridge.message import DELETED_TEXT, Attachment, Person
from bridge.ports import Answerable, Known, Raise, Reopen


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("plugin"), "--plugin") as sandbox:
        yield sandbox


@pytest.fixture
def org(process: Sandbox) -> Sandbox:
    process.order("reset")
    return process


@pytest.fixture
def crm(org: Sandbox) -> Salesforce:
    """A connection that knows the org's objects already: describing them costs one call an hour."""
    crm = org.crm(latest_commit=600)
    crm._describing.of(["Case", "Social_Message__c"])
    return crm


# --- new conversations ----------------------------------------------------------------------------------------


def test_a_new_conversation_with_all_its_messages_is_one_call(org: Sandbox, crm: Salesforce) -> None:
    before = calls(org)

    [receipt] = receipts(send(crm, filing("k", post("m1", "one"), post("m2", "two"))))

    case = org.cases()[0]["Id"]
    there = rows(org)
    assert calls(org) - before == 1
    assert places(org) == {"m1": ("one", case), "m2": ("two", case)}
    assert receipt.refs == {"m1": f"{case},{there['m1']['Id']}", "m2": there["m2"]["Id"]}
    assert org.cases()[0]["comments"] == []


def test_two_hundred_conversations_of_three_messages_are_one_call(org: Sandbox, crm: Salesforce) -> None:
    before = calls(org)

    receipts(send(crm, *(filing(f"k{n}", post(f"a{n}"), post(f"b{n}"), post(f"c{n}")) for n in range(200))))

    assert calls(org) - before == 1
    assert (len(org.cases()), len(rows(org))) == (200, 600)


def test_a_record_shows_who_wrote_what_and_how_it_can_be_answered(org: Sandbox, crm: Salesforce) -> None:
    pictures = (Attachment(kind="image", url="https://x.example/1.png"), Attachment(kind="sticker"))
    message = said("m1", "look", url="https://x.example/m1", rating=2, reply_to="m0", attachments=pictures)
    contact = org.made("Contact", LastName="Ann")

    send(
        crm,
        filing(
            "k",
            post("m1", said=message, person=contact, answer=Answerable(until=LATER, most=280)),
            post("m2", answer=Answerable(says="The window is closed.")),
        ),
    )

    first, second = (rows(org)[key] for key in ("m1", "m2"))
    shown = {name: value for name, value in first.items() if name.endswith("__c")}
    assert shown | {"Posted_At__c": "", "Reply_Until__c": ""} == {
        "External_Id__c": "m1",
        "Case__c": org.cases()[0]["Id"],
        "Contact__c": contact,
        "Conversation_Key__c": "k",
        "Reply_To_Key__c": "x:1:m0:created",
        "Direction__c": "Inbound",
        "Status__c": "Received",
        "Network__c": "x",
        "Kind__c": "mention",
        "Public__c": True,
        "Private_Reply__c": False,
        "Body__c": "look",
        "Attachments__c": "https://x.example/1.png",
        "Permalink__c": "https://x.example/m1",
        "Posted_At__c": "",
        "Rating__c": 2,
        "Author_Key__c": "x:u7",
        "Author_Name__c": "Ann",
        "Author_Handle__c": "ann",
        "Author_Followers__c": 1200,
        "Author_Verified__c": True,
        "Agent__c": None,
        "Reply_Until__c": "",
        "Reply_Limit__c": 280,
        "Reply_Note__c": None,
        "Error_Message__c": None,
    }
    assert first["Reply_Until__c"][:16] == LATER.isoformat()[:16]
    assert second["Reply_Note__c"] == "The window is closed."


def test_our_own_words_and_notes_are_told_apart(org: Sandbox, crm: Salesforce) -> None:
    ours = said("e1", "we are on it", author=Person(id="1", is_self=True))
    known = opened(crm)

    send(
        crm,
        filing(
            "facebook:1:9", part("n1", "Hidden.", opens=False), post("e1", said=ours, opens=False), known=known
        ),
    )

    told = {key: (row["Direction__c"], row["Status__c"], row["Body__c"]) for key, row in rows(org).items()}
    assert told["n1"] == ("Note", "Received", "Hidden.")
    assert told["e1"] == ("Outbound", "Sent", "we are on it")


def test_long_texts_are_cut_visibly_and_long_keys_hashed(org: Sandbox, crm: Salesforce) -> None:
    key = "m" * 300

    send(crm, filing("k", post(key, "w" * 140_000)))

    [row] = rows(org).values()
    assert row["External_Id__c"] == key_of(key)
    assert (len(row["External_Id__c"]), len(row["Body__c"]), row["Body__c"][-1]) == (255, 131_072, "…")


def test_a_field_that_the_org_does_not_have_is_left_out(org: Sandbox) -> None:
    org.order("rights", object="Social_Message__c", field="Author_Followers__c", access="hidden")
    org.order("rights", object="Social_Message__c", field="Kind__c", access="read_only")

    [receipt] = receipts(send(org.crm(), filing("k", post("m1"))))

    assert receipt.warnings == ()
    assert rows(org)["m1"]["Author_Name__c"] == "Ann"


# --- known cases ----------------------------------------------------------------------------------------------


def test_a_message_on_a_known_case_is_one_call_though_nobody_told_its_state(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    before = calls(org)

    [receipt] = receipts(send(crm, filing("facebook:1:9", post("m2", "still"), known=known)))

    assert calls(org) - before == 1
    assert receipt.known == replace(known, status="open")
    assert places(org)["m2"] == ("still", known.case_id)


def test_a_message_sent_ahead_reopens_the_case_that_turns_out_closed(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    org.close_case(known.case_id)
    again = post("m2", "again", received_at=LATER)

    [receipt] = receipts(send(crm, filing("facebook:1:9", again, known=known, reopen=REOPEN), now=LATER))

    assert receipt.known == replace(known, status="open")
    assert org.cases()[0]["fields"]["Status"] == "Reopened"
    assert places(org)["m2"] == ("again", known.case_id)


def test_a_message_sent_ahead_moves_to_the_new_case(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    org.close_case(known.case_id)
    parts = [post(name, name, received_at=MUCH_LATER) for name in ("m2", "m3")]

    [receipt] = receipts(send(crm, filing("facebook:1:9", *parts, known=known, reopen=REOPEN), now=MUCH_LATER))

    old, new = (case["Id"] for case in org.cases())
    there = rows(org)
    assert (receipt.known.case_id, receipt.known.episode, old) == (new, 2, known.case_id)
    assert {key: row["Case__c"] for key, row in there.items() if key in ("m2", "m3")} == {"m2": new, "m3": new}
    assert there["m2"]["Conversation_Key__c"] == "facebook:1:9~2"
    assert receipt.refs == {"m2": f"{new},{there['m2']['Id']}", "m3": there["m3"]["Id"]}


def test_a_case_that_is_known_as_closed_is_asked_first(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    org.close_case(known.case_id)
    parts = [post("m2", received_at=MUCH_LATER)]
    before = calls(org)

    send(crm, filing("facebook:1:9", *parts, known=replace(known, status="closed"), reopen=REOPEN), now=MUCH_LATER)

    assert calls(org) - before == 2
    assert org.state()["steps"].get("PATCH composite/sobjects", 0) == 0  # nothing had to be moved


def test_thanks_after_closing_stay_on_the_closed_case(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    org.close_case(known.case_id)

    [receipt] = receipts(
        send(crm, filing("facebook:1:9", post("m2"), known=known, reopen=Reopen(after="comment_only")))
    )

    assert receipt.known == replace(known, status="closed")
    assert rows(org)["m2"]["Case__c"] == known.case_id


def test_a_raise_is_asked_for_and_written_behind_the_message(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    raises = {"Priority": Raise(value="High", order=("Low", "Medium", "High"))}

    first = filing("facebook:1:9", post("m2"), known=known, raises=raises)
    receipts(send(crm, first))
    before = calls(org)
    receipts(send(crm, filing("facebook:1:9", post("m3"), known=known, raises=raises)))

    assert org.cases()[0]["fields"]["Priority"] == "High"
    assert calls(org) - before == 1  # it stands there already


def test_the_messages_of_a_merged_case_go_to_the_one_that_was_kept(org: Sandbox, crm: Salesforce) -> None:
    known, kept = opened(crm), opened(crm, "k2")
    org.order("merge", master=kept.case_id, losers=[known.case_id])

    [receipt] = receipts(send(crm, filing("facebook:1:9", post("m2", "merged"), known=known)))

    assert receipt.known.case_id == kept.case_id
    assert places(org)["m2"] == ("merged", kept.case_id)
    [again] = receipts(send(crm, filing("facebook:1:9", post("m3"), known=receipt.known)))
    assert again.known == receipt.known


def test_a_deleted_case_is_followed_by_the_next(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)
    org.api("DELETE", f"sobjects/Case/{known.case_id}", {})

    [receipt] = receipts(send(crm, filing("facebook:1:9", post("m2", "new"), known=known)))

    case = org.cases()[-1]
    assert (receipt.known.episode, receipt.known.case_id, case["key"]) == (2, case["Id"], "facebook:1:9~2")
    assert places(org)["m2"] == ("new", case["Id"])


def test_the_case_that_is_there_already_takes_the_messages(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm)

    [receipt] = receipts(send(crm, filing("facebook:1:9", post("m2", "second"), post("m3", "third"))))

    assert receipt.known == Known(case_id=known.case_id, status="open")
    there = places(org)
    assert {key: there[key] for key in ("m2", "m3")} == {
        "m2": ("second", known.case_id),
        "m3": ("third", known.case_id),
    }


# --- edits and deletions --------------------------------------------------------------------------------------


def test_an_edit_rewrites_the_record_and_the_case_that_it_opened(org: Sandbox, crm: Salesforce) -> None:
    [receipt] = receipts(send(crm, filing("k", post("m1", "old"))))
    new = post(
        "m1e",
        said=said("m1", "new", change="edited"),
        act="edit",
        opens=False,
        ref=receipt.refs["m1"],
        row={"Description": "new"},
        notes=receipt.known.notes,
    )

    [edited] = receipts(send(crm, filing("k", new, known=receipt.known, create={})))

    assert edited.refs == {"m1e": receipt.refs["m1"]}
    assert org.cases()[0]["fields"]["Description"] == "new"
    assert places(org) == {"m1": ("new", receipt.known.case_id)}


def test_a_deletion_blanks_the_record_and_the_case_that_it_opened(org: Sandbox, crm: Salesforce) -> None:
    [receipt] = receipts(send(crm, filing("k", post("m1", "secret"), post("m2", "fine"))))
    gone = part(
        "m1d",
        "",
        act="delete",
        opens=False,
        ref=receipt.refs["m1"],
        row={"Description": DELETED_TEXT},
        notes=receipt.known.notes,
    )

    [deleted] = receipts(send(crm, filing("k", gone, known=receipt.known, create={})))

    row = rows(org)["m1"]
    assert deleted.refs == {"m1d": receipt.refs["m1"]}
    assert org.cases()[0]["fields"]["Description"] == DELETED_TEXT
    assert (row["Body__c"], row["Status__c"], row["Author_Name__c"]) == (DELETED_TEXT, "Deleted", None)
    assert (rows(org)["m2"]["Body__c"], org.cases()[0]["comments"]) == ("fine", [])


def test_a_deletion_that_waits_blanks_the_record_which_its_case_has_left_behind(
    org: Sandbox, crm: Salesforce
) -> None:
    [receipt] = receipts(send(crm, filing("k", post("m1", "secret"), post("m2", "old"))))
    org.api("DELETE", f"sobjects/Case/{receipt.known.case_id}", {})
    gone = part("m1d", "", act="delete", opens=False, ref=receipt.refs["m1"], row={"Description": DELETED_TEXT})
    new = post("m2e", "new", act="edit", opens=False, ref=receipt.refs["m2"])
    both = filing("k", gone, new, known=receipt.known, create={}, unsure_since=NOW, unsure_last=NOW)

    [early] = send(crm, both)
    [late] = receipts(send(crm, both, now=NOW + timedelta(minutes=11)))

    assert isinstance(early, RetryLater)
    assert late.refs == {"m1d": receipt.refs["m1"], "m2e": receipt.refs["m2"]}
    assert {key: row["Body__c"] for key, row in rows(org).items()} == {"m1": DELETED_TEXT, "m2": "new"}


@pytest.mark.parametrize("act", ["edit", "delete"])
def test_a_record_that_somebody_has_deleted_is_no_trouble(org: Sandbox, crm: Salesforce, act: str) -> None:
    known = opened(crm)
    [receipt] = receipts(send(crm, filing("facebook:1:9", post("m2"), known=known)))
    org.api("DELETE", f"sobjects/Social_Message__c/{receipt.refs['m2']}", {})
    change = post("m2x", "new", act=act, opens=False, case_id=known.case_id, ref=receipt.refs["m2"])

    [done] = receipts(send(crm, filing("facebook:1:9", change, known=known, create={})))

    assert done.failed == {}
