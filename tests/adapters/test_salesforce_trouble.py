"""Lost answers, late commits, logins and limits, against a real sandbox org: nothing lost, nothing twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from salesforce_org import NOW, Sandbox, filing, opened, part, receipts, running, send, wait_for

from adapters.salesforce import Salesforce
from bridge.errors import Paused, RetryLater, Unsure
from bridge.ports import Filing, Known, Outcome, Part, PersonMatch, Receipt, Reopen

LATER = NOW + timedelta(minutes=11)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("salesforce")) as sandbox:
        yield sandbox


@pytest.fixture
def org(process: Sandbox) -> Sandbox:
    process.order("reset")
    return process


@pytest.fixture
def crm(org: Sandbox) -> Salesforce:
    return org.crm()


def stopped(crm: Salesforce, *filings: Filing) -> tuple[dict[int, Outcome], Exception | None]:
    """What was yielded, and what it raised in the end."""
    outcomes: dict[int, Outcome] = {}
    try:
        for step in crm.file(filings, now=NOW):
            outcomes |= dict(step)
    except (RetryLater, Paused) as error:
        return outcomes, error
    return outcomes, None


def again(key: str, *parts: Part, known: Known | None = None, reopen: Reopen | None = None) -> Filing:
    """The same filing after an attempt that got no answer."""
    return filing(
        key, *parts, known=known or Known(), reopen=reopen or Reopen(), unsure_since=NOW, unsure_last=NOW
    )


# --- new cases ------------------------------------------------------------------------------------------------


def test_a_lost_insert_is_unsure_and_found_again(org: Sandbox, crm: Salesforce) -> None:
    org.fault("lost_answer", sobject="Case")

    outcomes, error = stopped(crm, filing("a", part("m1")))
    [receipt] = receipts(send(crm, again("a", part("m1"))))

    assert isinstance(outcomes[0], Unsure)
    assert isinstance(error, RetryLater)
    [case] = org.cases()
    assert receipt.refs == {"m1": case["Id"]}
    assert case["comments"] == []


def test_an_insert_that_commits_between_question_and_repetition_is_met_by_its_key(
    org: Sandbox, crm: Salesforce
) -> None:
    org.fault("late_commit", sobject="Case", seconds=0.3)
    stopped(crm, filing("a", part("m1")))

    steps = crm.file([again("a", part("m1"))], now=NOW)
    asked = next(steps)
    wait_for(org.cases)
    outcomes = dict(pair for step in steps for pair in step)

    [case] = org.cases()
    assert asked == []
    [receipt] = receipts(list(outcomes.values()))
    assert (receipt.refs, case["comments"]) == ({"m1": case["Id"]}, [])


def test_a_lost_insert_of_a_next_episode_is_found_again(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm, "a")
    org.close_case(known.case_id)
    late = part("m2", received_at=NOW + HOUR)
    org.fault("lost_answer", sobject="Case")

    stopped(crm, filing("a", late, known=known))
    [receipt] = receipts(send(crm, again("a", late, known=known)))

    assert [case["key"] for case in org.cases()] == ["a", "a~2"]
    assert (receipt.known.case_id, receipt.known.episode) == (org.cases()[1]["Id"], 2)
    assert org.cases()[1]["comments"] == []


def test_the_parts_after_a_found_opening_are_a_new_attempt(org: Sandbox, crm: Salesforce) -> None:
    org.fault("lost_answer", sobject="Case")
    stopped(crm, filing("a", part("m1"), part("m2", "second")))

    [early] = receipts(send(crm, again("a", part("m1"), part("m2", "second"))))
    [told] = receipts(send(crm, again("a", part("m1"), part("m2", "second")), now=LATER))
    [rest] = receipts(send(crm, again("a", part("m2", "second"), known=told.known), now=LATER))

    assert [list(receipt.refs) for receipt in (early, told, rest)] == [["m1"], ["m1"], ["m2"]]
    waits = [
        trouble.after for trouble in (early.failed["m2"], told.failed["m2"]) if isinstance(trouble, RetryLater)
    ]
    assert waits == [timedelta(minutes=10), timedelta(0)]
    assert org.bodies() == ["second"]


def test_what_came_through_is_told_when_the_rest_does_not(org: Sandbox, crm: Salesforce) -> None:
    org.fault("daily_limit", sobject="CaseComment")

    outcomes, error = stopped(crm, filing("a", part("m1"), part("m2")), filing("b", part("m3")))

    assert isinstance(error, Paused)
    first = outcomes[0]
    assert isinstance(first, Receipt)
    assert (list(first.refs), list(first.failed)) == (["m1"], ["m2"])
    assert isinstance(first.failed["m2"], RetryLater)
    assert isinstance(outcomes[1], Receipt)


# --- comments -------------------------------------------------------------------------------------------------


def test_lost_comments_are_found_by_their_markers(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm, "a")
    org.fault("lost_answer", sobject="CaseComment")

    outcomes, _ = stopped(crm, filing("a", part("m2"), part("m3", "x" * 9000), known=known))
    [receipt] = receipts(send(crm, again("a", part("m2"), part("m3", "x" * 9000), known=known)))

    assert isinstance(outcomes[0], Unsure)
    assert set(receipt.refs) == {"m2", "m3"}
    assert receipt.failed == {}
    assert len(org.bodies()) == 4


def test_comments_that_commit_late_are_waited_for(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm, "a")
    org.fault("late_commit", sobject="CaseComment", seconds=0.5)

    stopped(crm, filing("a", part("m2"), known=known))
    [early] = send(crm, again("a", part("m2"), known=known), now=NOW + timedelta(minutes=4))
    wait_for(org.bodies)
    [receipt] = receipts(send(crm, again("a", part("m2"), known=known), now=LATER))

    assert isinstance(early, RetryLater)
    assert (early.after, early.counts) == (timedelta(minutes=6), False)
    assert list(receipt.refs) == ["m2"]
    assert org.bodies() == ["hello"]


def test_a_death_that_is_noticed_late_doubles_nothing(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm, "a")
    send(crm, filing("a", part("m2"), known=known))
    noticed = NOW + 5 * HOUR

    late = filing("a", part("m2"), known=known, unsure_since=noticed, unsure_last=noticed)
    [receipt] = receipts(send(crm, late, now=noticed + HOUR))

    assert list(receipt.refs) == ["m2"]
    assert org.bodies() == ["hello"]


def test_comments_that_never_arrived_are_sent_when_the_wait_is_over(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm, "a")
    org.fault("refused_before", sobject="CaseComment")

    stopped(crm, filing("a", part("m2"), part("m3"), known=known))
    [receipt] = receipts(send(crm, again("a", part("m2"), part("m3"), known=known), now=LATER))

    assert list(receipt.refs) == ["m2", "m3"]
    assert org.bodies() == ["hello", "hello"]


def test_a_half_written_part_is_asked_for_and_completed(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm, "a")
    long = part("m2", "x" * 9000)
    org.fault("row_lock", sobject="CaseComment", row=1)

    [first] = send(crm, filing("a", long, known=known))
    [second] = receipts(send(crm, again("a", long, known=known), now=LATER))

    assert isinstance(first, Unsure)
    assert len(second.refs["m2"].split(",")) == 3
    assert sorted(body[:5] for body in org.bodies()) == ["(1/3)", "(2/3)", "(3/3)"]


def test_a_comment_that_came_through_stays_one_when_its_case_is_closed_meanwhile(
    org: Sandbox, crm: Salesforce
) -> None:
    known = opened(crm, "a")
    org.fault("lost_answer", sobject="CaseComment")
    late = part("m2", received_at=NOW + HOUR)

    stopped(crm, filing("a", late, known=known))
    org.close_case(known.case_id)
    [receipt] = receipts(send(crm, again("a", late, known=known), now=LATER))

    assert list(receipt.refs) == ["m2"]
    assert [case["key"] for case in org.cases()] == ["a"]


def test_look_tells_what_is_in_and_changes_nothing(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm, "a")
    receipts(send(crm, filing("a", part("m2"), known=known), filing("b", part("n1"), part("n2"))))
    before = org.cases()

    seen = crm.look(
        [
            filing("a", part("m2"), part("m3"), known=known),
            filing("b", part("n1"), part("n2"), part("n3")),
            filing("c", part("o1")),
        ]
    )

    assert seen == [{"m2"}, {"n1", "n2"}, set()]
    assert org.cases() == before


def test_a_blanked_text_is_found_with_all_the_comments_that_it_had(org: Sandbox, crm: Salesforce) -> None:
    known = opened(crm, "a")
    org.fault("lost_answer", sobject="CaseComment")
    stopped(crm, filing("a", part("m2", "x" * 9000), known=known))

    blanked = part("m2", "[deleted by its author]")
    [receipt] = receipts(send(crm, again("a", blanked, known=known), now=LATER))

    ids = [comment["Id"] for comment in org.cases()[0]["comments"]]
    assert len(ids) == 3
    assert receipt.refs == {"m2": ",".join(ids)}


# --- the whole connection -------------------------------------------------------------------------------------


def test_an_expired_token_is_renewed_once(org: Sandbox, crm: Salesforce) -> None:
    opened(crm, "a")
    org.fault("expired_token")

    receipts(send(crm, filing("b", part("m1"))))

    assert org.state()["calls"]["POST services/oauth2/token"] == 2


def test_a_token_that_never_holds_pauses_the_connection(org: Sandbox, crm: Salesforce) -> None:
    org.fault("expired_token", times=2)

    outcomes, error = stopped(crm, filing("a", part("m1")))

    assert outcomes == {}
    assert isinstance(error, Paused)
    assert org.state()["calls"]["POST services/oauth2/token"] == 2


def test_threads_share_one_login(org: Sandbox, crm: Salesforce) -> None:
    threads = [threading.Thread(target=send, args=(crm, filing(f"k{n}", part(f"m{n}")))) for n in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert org.state()["calls"]["POST services/oauth2/token"] == 1
    assert len(org.cases()) == 8


def test_a_refused_login_pauses_without_end_and_without_the_secret(org: Sandbox) -> None:
    outcomes, error = stopped(org.crm(secret="wrong-secret"), filing("a", part("m1")))

    assert outcomes == {}
    assert isinstance(error, Paused)
    assert (error.until, "invalid_client" in str(error), "wrong-secret" in str(error)) == (None, True, False)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("daily_limit", Paused),
        ("concurrent_limit", RetryLater),
        ("server_error", RetryLater),
        ("html_error", RetryLater),
        ("refused_before", RetryLater),
        ("lost_answer", RetryLater),
    ],
)
def test_a_read_that_fails_applies_nothing(
    org: Sandbox, crm: Salesforce, fault: str, kind: type[Exception]
) -> None:
    known = opened(crm, "a")
    org.fault(fault, path="composite")

    outcomes, error = stopped(crm, again("a", part("m2"), known=known))  # asked first, for it is unsure

    assert (outcomes, type(error)) == ({}, kind)
    assert org.bodies() == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("daily_limit", None),
        ("concurrent_limit", None),
        ("server_error", Unsure),
        ("html_error", Unsure),
        ("refused_before", Unsure),
        ("slow", Unsure),
    ],
)
def test_a_write_without_a_clear_answer_is_unsure(org: Sandbox, fault: str, kind: type[Exception] | None) -> None:
    crm = org.crm(timeout=0.5)
    org.fault(fault, sobject="Case", **({"seconds": 1.0} if fault == "slow" else {}))

    outcomes, error = stopped(crm, filing("a", part("m1")), filing("b", part("m2")))

    assert [type(outcome) for outcome in outcomes.values()] == ([kind, kind] if kind else [])
    assert isinstance(error, Paused if fault == "daily_limit" else RetryLater)


def test_an_org_that_is_not_there_has_got_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("gone")) as sandbox:
        crm = sandbox.crm()
        opened(crm, "a")

    outcomes, error = stopped(crm, filing("b", part("m1")))

    assert outcomes == {}
    assert isinstance(error, RetryLater)


def test_a_failed_look_up_of_persons_says_when_to_come_back(org: Sandbox, crm: Salesforce) -> None:
    org.fault("daily_limit")

    with pytest.raises(Paused, match="TotalRequests"):
        crm.find([PersonMatch(author="x:1", object="Contact", rules=({"Email": "a@b.example"},))])
