"""Jobs: taken in at once, done later in no order, item by item; and all that can befall one."""

from __future__ import annotations

import signal
from typing import Any

import pytest
import requests
import zendesk_process
from zendesk_process import ZendeskProcess

from bridge.sandbox.zendesk import shapes

COMMENT = {"html_body": "<p>Hello</p>", "public": True}


zendesk = zendesk_process.zendesk


@pytest.fixture(autouse=True)
def _new(zendesk: ZendeskProcess) -> None:
    zendesk.reset()
    zendesk.command("switches", limits=False, job_seconds=0.0)


def made(zendesk: ZendeskProcess, path: str, body: Any, method: str = "POST") -> dict[str, Any]:
    """The job that a call makes, as it is answered at once."""
    answer = zendesk.call(method, path, json=body)
    assert answer.status_code == 200, answer.text
    job: dict[str, Any] = answer.json()["job_status"]
    return job


def asked(zendesk: ZendeskProcess, job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = zendesk.read(f"job_statuses/{job['id']}")["job_status"]
    return found


def done(zendesk: ZendeskProcess, path: str, body: Any, method: str = "POST") -> list[dict[str, Any]]:
    """The results of the job that a call makes."""
    found = asked(zendesk, made(zendesk, path, body, method))
    assert found["status"] == "completed", found
    return list(found["results"])


def new(count: int) -> dict[str, Any]:
    return {"tickets": [{"subject": f"s{n}", "comment": COMMENT} for n in range(count)]}


def later(zendesk: ZendeskProcess, seconds: float) -> None:
    assert zendesk.command("clock", offset_seconds=seconds).status_code == 200


# --- how they go


def test_a_ticket_can_be_promised_and_made_later(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", job_seconds=100.0)
    given = {"subject": "later", "comment": COMMENT, "colour": "red"}

    answer = zendesk.call("POST", "tickets?async=true", json={"ticket": given})

    promised, job = answer.json()["ticket"]["id"], answer.json()["job_status"]
    before = zendesk.call("GET", f"tickets/{promised}").status_code
    other = zendesk.ticket()["id"]
    later(zendesk, 100)
    assert (answer.status_code, job["status"], before) == (202, "queued", 404)
    assert "ticket.colour" in answer.headers["x-zendesk-api-warn"]
    assert asked(zendesk, job)["results"] == [{"index": 0, "id": promised, "account_id": shapes.ACCOUNT}]
    assert zendesk.read(f"tickets/{promised}")["ticket"]["subject"] == "later"
    assert other > promised
    refused = zendesk.call("POST", "tickets?async=true", json={"ticket": {"subject": "x"}})
    assert refused.status_code == 400


def test_a_job_is_queued_then_works_then_is_completed(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", job_seconds=1000.0)  # that many updates at once take 1000 s, creates 1500 s

    queued = made(zendesk, "tickets/create_many", new(100))
    later(zendesk, 600)
    working = asked(zendesk, queued)
    some = len(zendesk.state()["tickets"])
    later(zendesk, 1510)
    completed = asked(zendesk, queued)

    keys = ["id", "job_type", "url", "total", "progress", "status", "message", "results"]
    assert list(queued) == list(working) == list(completed) == keys
    assert queued["url"].endswith(f"/api/v2/job_statuses/{queued['id']}.json")
    assert [queued[name] for name in keys[3:]] == [100, None, "queued", None, None]
    assert working["status"] == "working"
    assert 20 < working["progress"] == some < 60
    assert (working["message"], working["results"]) == (f"Creating ticket #{some}", None)
    assert (completed["status"], completed["progress"]) == ("completed", 100)
    assert completed["message"].startswith("Completed at 20")
    assert len(zendesk.state()["tickets"]) == 100


def test_a_small_job_is_done_sooner_but_not_at_once(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket()["id"]
    zendesk.command("switches", job_seconds=1000.0)
    job = made(zendesk, "tickets/update_many", {"tickets": [{"id": number, "subject": "x"}]}, "PUT")

    later(zendesk, 190)
    before = asked(zendesk, job)["status"]
    later(zendesk, 210)

    assert (before, asked(zendesk, job)["status"]) == ("working", "completed")


def test_new_tickets_get_their_ids_in_no_order_and_the_results_tell_whose_they_are(
    zendesk: ZendeskProcess,
) -> None:
    results = done(zendesk, "tickets/create_many", new(30))

    assert [sorted(one) for one in results] == [["account_id", "id", "index"]] * 30
    assert [one["index"] for one in results] == list(range(30))
    ids = [one["id"] for one in results]
    assert ids != sorted(ids)
    shown = zendesk.read("tickets/show_many", ids=",".join(map(str, ids)))["tickets"]
    assert {one["id"]: one["subject"] for one in shown} == {ids[n]: f"s{n}" for n in range(30)}


def test_updates_tell_their_tickets_and_no_index(zendesk: ZendeskProcess) -> None:
    numbers = [zendesk.ticket()["id"] for _ in range(3)]
    body = {"tickets": [{"id": number, "comment": COMMENT} for number in numbers]}

    results = done(zendesk, "tickets/update_many", body, "PUT")

    assert sorted(results, key=lambda one: one["id"]) == [
        {"action": "update", "status": "Updated", "success": True, "id": number} for number in numbers
    ]
    assert [len(one["comments"]) for one in zendesk.state()["tickets"]] == [2, 2, 2]


def test_one_change_for_many_adds_and_removes_tags(zendesk: ZendeskProcess) -> None:
    first, second = zendesk.ticket(tags=["a", "b"])["id"], zendesk.ticket(tags=["c"])["id"]
    change = {"ticket": {"additional_tags": ["New", "c"], "remove_tags": ["b"], "priority": "high"}}

    answer = zendesk.call("PUT", f"tickets/update_many?ids={first},{second}", json=change)

    assert "x-zendesk-api-warn" not in answer.headers
    shown = zendesk.read("tickets/show_many", ids=f"{first},{second}")["tickets"]
    assert [(one["tags"], one["priority"]) for one in shown] == [
        (["a", "new", "c"], "high"),
        (["c", "new"], "high"),
    ]


def test_each_of_many_can_add_tags_and_a_single_update_cannot(zendesk: ZendeskProcess) -> None:
    number = zendesk.ticket(tags=["a"])["id"]

    done(zendesk, "tickets/update_many", {"tickets": [{"id": number, "additional_tags": ["b"]}]}, "PUT")
    single = zendesk.update(number, additional_tags=["c"])

    assert single.json()["ticket"]["tags"] == ["a", "b"]
    assert "ticket.additional_tags" in single.headers["x-zendesk-api-warn"]


def test_unknown_keys_are_told_of_and_passed_over(zendesk: ZendeskProcess) -> None:
    body = {"tickets": [{"subject": "x", "comment": {**COMMENT, "htm": "x"}, "nope": 1}] * 2}

    answer = zendesk.call("POST", "tickets/create_many", json=body)

    assert answer.headers["x-zendesk-api-warn"] == (
        '{:allowed_parameters=>{:controller=>"tickets", :action=>"create_many", '
        ':unpermitted_keys=>["tickets.nope", "tickets.comment.htm"], :invalid_values=>[]}}'
    )


# --- users


def test_users_are_made_in_bulk_only_where_the_account_may(zendesk: ZendeskProcess) -> None:
    users = {"users": [{"name": f"u{n}", "external_id": f"x:{n}"} for n in range(3)]}

    refused = [
        zendesk.call("POST", f"users/{path}", json=users) for path in ("create_many", "create_or_update_many")
    ]
    zendesk.command("switches", bulk_users=True)
    results = done(zendesk, "users/create_many", users)

    assert [one.status_code for one in refused] == [403, 403]
    assert [(sorted(one), one["status"]) for one in results] == [(["id", "status"], "Created")] * 3
    found = zendesk.read("users/show_many", external_ids="x:0,x:1,x:2")["users"]
    assert {one["id"] for one in results} == {one["id"] for one in found}


def test_a_user_who_is_there_fails_alone_or_is_changed(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", bulk_users=True)
    there = zendesk.user(external_id="x:1")["id"]
    users = {"users": [{"name": "Bob", "external_id": "X:1"}, {"name": "Eve", "external_id": "x:2"}]}

    made_many = done(zendesk, "users/create_many", users)
    changed = done(zendesk, "users/create_or_update_many", users)

    failed = [one for one in made_many if "error" in one]
    assert failed == [{"index": 0, "error": "UserCreateFailed", "details": "External is already taken"}]
    assert sorted((one["id"], one["status"]) for one in changed)[0] == (there, "Updated")
    assert [one["name"] for one in zendesk.state()["users"]] == ["Bob", "Eve"]


def test_tickets_are_merged_with_a_job(zendesk: ZendeskProcess) -> None:
    source, target = zendesk.ticket(tags=["a"])["id"], zendesk.ticket(tags=["b"])["id"]

    results = done(zendesk, f"tickets/{target}/merge", {"ids": [source], "target_comment": "both"})

    assert results == [{"action": "update", "status": "Updated", "success": True, "id": target}]
    closed, kept = (one["fields"] for one in zendesk.state()["tickets"])
    assert (closed["status"], closed["tags"]) == ("closed", ["a", "closed_by_merge"])
    assert (kept["status"], kept["tags"]) == ("new", ["b", "a"])
    comment = zendesk.read(f"tickets/{target}/comments")["comments"][-1]
    assert (comment["plain_body"], comment["public"]) == ("both", False)


# --- items that fail


def test_an_edit_after_the_queueing_fails_that_item_alone(zendesk: ZendeskProcess) -> None:
    first, second = zendesk.ticket()["id"], zendesk.ticket()["id"]
    zendesk.command("switches", job_seconds=1000.0)
    body = {"tickets": [{"id": first, "comment": COMMENT}, {"id": second, "comment": COMMENT}]}

    job = made(zendesk, "tickets/update_many", body, "PUT")
    zendesk.update(first, priority="high")
    later(zendesk, 300)

    failed = [one for one in asked(zendesk, job)["results"] if "error" in one]
    assert [(one["index"], one["id"], one["error"]) for one in failed] == [(0, first, "UpdateConflict")]
    assert [len(one["comments"]) for one in zendesk.state()["tickets"]] == [1, 2]


def test_each_refusal_stands_with_its_item(zendesk: ZendeskProcess) -> None:
    closed = zendesk.ticket(status="solved")["id"]
    zendesk.update(closed, status="closed")
    body = {
        "tickets": [
            {"id": closed, "comment": COMMENT},
            {"id": 7777, "comment": COMMENT},
            {"id": zendesk.ticket()["id"], "priority": "asap"},
            {"comment": COMMENT},
        ]
    }

    results = {one["index"]: one for one in done(zendesk, "tickets/update_many", body, "PUT")}

    assert [results[n]["error"] for n in range(4)] == [
        "ClosedTicket", "RecordNotFound", "TicketUpdateFailed", "TicketUpdateFailed",
    ]  # fmt: skip
    assert results[0]["details"] == "Status: closed prevents ticket update"
    assert results[2]["details"] == "Priority: is not a valid value"
    assert ["id" in results[n] for n in range(4)] == [True, True, True, False]


def test_an_item_that_is_refused_leaves_nothing_behind(zendesk: ZendeskProcess) -> None:
    body = {"tickets": [{"comment": COMMENT, "requester_id": 7}, {"subject": "no comment"}, {"comment": COMMENT}]}

    results = done(zendesk, "tickets/create_many", body)

    assert [(one["index"], "error" in one) for one in results] == [(0, True), (1, True), (2, False)]
    assert [one["id"] for one in zendesk.state()["tickets"]] == [results[2]["id"]]


# --- on command


def test_items_fail_on_command(zendesk: ZendeskProcess) -> None:
    zendesk.command("faults", fault="job_item_failed", index=1, items=2, error="UpdateConflict")

    zendesk.ticket()
    harmed = done(zendesk, "tickets/create_many", new(4))
    well = done(zendesk, "tickets/create_many", new(1))

    failure = {"error": "UpdateConflict", "details": "On command"}
    assert [one for one in harmed if "error" in one] == [{"index": n, **failure} for n in (1, 2)]
    assert "error" not in well[0]
    assert len(zendesk.state()["tickets"]) == 4


@pytest.mark.parametrize(
    ("fault", "status", "tickets"),
    [("job_failed", "failed", 0), ("job_lost", None, 2), ("job_dropped", None, 0)],
)
def test_a_whole_job_is_harmed_on_command(
    zendesk: ZendeskProcess, fault: str, status: str | None, tickets: int
) -> None:
    zendesk.command("faults", fault=fault)

    job = made(zendesk, "tickets/create_many", new(2))

    answer = zendesk.call("GET", f"job_statuses/{job['id']}")
    assert answer.status_code == (200 if status else 404)
    assert [one["status"] for one in zendesk.read("job_statuses")["job_statuses"]] == ([status] if status else [])
    assert len(zendesk.state()["tickets"]) == tickets


# --- limits and the file


@pytest.mark.parametrize(
    ("method", "path", "name", "body"),
    [
        ("POST", "tickets/create_many", "tickets", "Parameter  cannot specify more than 100 values"),
        ("PUT", "tickets/update_many", "tickets", "Parameter  cannot specify more than 100 values"),
        ("POST", "users/create_many", "users", "Maximum 100 users may be created per call"),
        ("POST", "users/create_or_update_many", "users", "Maximum 100 users may be created per call"),
    ],
)
def test_a_job_has_at_most_a_hundred_items(
    zendesk: ZendeskProcess, method: str, path: str, name: str, body: str
) -> None:
    zendesk.command("switches", bulk_users=True)

    answers = [zendesk.call(method, path, json={name: given}) for given in ([{"id": 1}] * 101, ["x"], "x", [])]

    assert [one.status_code for one in answers] == [400, 400, 400, 400]
    assert (answers[0].json()["error"], answers[0].json()["description"]) == ("TooManyValues", body)


def test_an_id_that_no_ticket_can_have_fails_alone(zendesk: ZendeskProcess) -> None:
    ticket = zendesk.ticket()["id"]

    updated, merged = (
        done(zendesk, "tickets/update_many", {"tickets": [{"id": 10**30}]}, "PUT"),
        done(zendesk, f"tickets/{ticket}/merge", {"ids": [10**30]}),
    )

    assert [one["error"] for one in (*updated, *merged)] == ["TicketUpdateFailed", "RecordNotFound"]


def test_thirty_jobs_wait_and_no_more(zendesk: ZendeskProcess) -> None:
    zendesk.command("switches", job_seconds=100.0)
    queued = [made(zendesk, "tickets/create_many", new(1))["id"] for _ in range(30)]

    refused = zendesk.call("POST", "tickets/create_many", json=new(1))
    later(zendesk, 60)
    allowed = zendesk.call("POST", "tickets/create_many", json=new(1))

    assert (refused.status_code, refused.json()["error"]) == (429, "TooManyJobs")
    assert int(refused.headers["Retry-After"]) > 0
    assert allowed.status_code == 200
    listed = [one["id"] for one in zendesk.read("job_statuses")["job_statuses"]]
    assert listed[1:] == queued[::-1]
    several = zendesk.read("job_statuses/show_many", ids=f"{queued[0]},V3-no,{queued[1]}")["job_statuses"]
    assert [one["id"] for one in several] == queued[:2]


def test_a_job_is_known_for_a_day(zendesk: ZendeskProcess) -> None:
    job = made(zendesk, "tickets/create_many", new(1))

    later(zendesk, 86_000)
    before = status(zendesk, job)
    later(zendesk, 86_500)

    assert (before, status(zendesk, job)) == (200, 404)
    assert zendesk.read("job_statuses")["job_statuses"] == []


def test_a_job_outlives_the_death_of_its_account(tmp_path: Any) -> None:
    zendesk = ZendeskProcess(tmp_path)
    zendesk.command("switches", job_seconds=1000.0)
    job = made(zendesk, "tickets/create_many", new(10))
    later(zendesk, 160)
    some = asked(zendesk, job)["progress"]

    zendesk.stop(signal.SIGKILL)
    zendesk.start()
    later(zendesk, 400)
    results = asked(zendesk, job)["results"]

    assert 0 < some < 10
    assert [one["index"] for one in results] == list(range(10))
    assert len(zendesk.state()["tickets"]) == 10
    assert zendesk.state()["calls"] == {"GET job_statuses/{id}": 1}
    zendesk.close()


def status(zendesk: ZendeskProcess, job: dict[str, Any]) -> int:
    answer: requests.Response = zendesk.call("GET", f"job_statuses/{job['id']}")
    return answer.status_code
