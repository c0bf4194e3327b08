"""The eight jobs of docs/jobs.md over real processes: its mappings, its messages, and what the CRMs hold then.

One bridge files for all of them into both CRMs. So that no job takes another's messages, each has the page's
connections to itself, under the job's name.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import jobs_page
import pytest
import road
import yaml
from crms import PATIENCE, SALESFORCE, ZENDESK
from jobs_page import MAPPINGS, SAID
from jobs_posts import ANA, APP, BEN, IDA, Author, direct, feedback, mention, page, review
from road import Road

from bridge import configuration, sending
from bridge.configuration import Config

DAY = 86400
SAME_CONNECTIONS = {"complaints": "buying-signals"}  #: one job of two mappings
ENDED = {"comment_only": "open-or-comment", "new_case": "open-or-new"}
"""What else after_that can be -> the name of job 8's mapping with it."""

SET_UP: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("Group", {"Name": "Social German", "Type": "Queue"}),
    ("Group", {"Name": "Social French", "Type": "Queue"}),
    ("Contact", {"LastName": "Wu", "Email": "ida@example.com", "Social_Id__c": f"x:{IDA.id}"}),
    ("Contact", {"LastName": "Okoye", "Social_Id__c": "x:7100000604", "LifetimeValue__c": 9000}),
)


def mappings() -> dict[str, str]:
    """Every mapping of the page with connections of its job's own, and job 8 with each value of after_that."""
    drop = MAPPINGS["only-while-open"]
    others = {name: drop.replace("only-while-open", name).replace("drop", value) for value, name in ENDED.items()}
    return {
        name: re.sub(r"acme-(?=x|app|meta)", f"{SAME_CONNECTIONS.get(name, name)}-", text)
        for name, text in {**MAPPINGS, **others}.items()
    }


def connections(names: Sequence[str]) -> str:
    """The page's connections.yaml, each channel once for each mapping; JSON is YAML, too."""
    page = yaml.load(jobs_page.CONNECTIONS, Loader=yaml.BaseLoader)
    crms = {
        side.name: {**page["connections"][side.name], "url": f"env:{side.url}", "latest_commit": "2 seconds"}
        for side in (SALESFORCE, ZENDESK)
    }
    own = {
        f"{name}-{channel}": page["connections"][f"acme-{channel}"]
        for name in names
        for channel in ("meta", "x", "app")
    }
    for name in names:  # an account of a webhook stands under one connection only
        app = own[f"{name}-app"]
        own[f"{name}-app"] = {**app, "accounts": {f"{name}-{APP}": app["accounts"][APP]}}
    return json.dumps({**page, "connections": {**own, **crms}, "mappings": list(names)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """The running bridge, what it may sign, and both CRMs with what the jobs need in them."""

    road: Road
    config: Config
    names: Mapping[str, str]  #: id of a queue, user, record type, brand or contact -> its name

    def post(self, job: str, channel: str, body: Any) -> None:
        """Post one callback as the platform would, and wait until it has settled."""
        if channel == "app":
            body = {**body, "app": {**body["app"], "id": f"{job}-{APP}"}}
        status, _ = sending.send(self.config, json.dumps(body).encode(), f"{job}-{channel}")
        assert status == 200
        self.road.settle()

    def records(self, kind: str) -> list[dict[str, Any]]:
        """What stands in Salesforce: cases or leads."""
        found: list[dict[str, Any]] = self.road.state()[kind]
        return found

    def cases(self, job: str, field: str) -> list[tuple[list[str], str]]:
        """The job's cases in Salesforce: what was said in each, and a field with names for ids."""
        found = []
        for case in self.records("cases"):
            texts = [case["fields"]["Description"] or "", *(comment["body"] for comment in case["comments"])]
            if said := heard(job, texts):
                value = case["fields"][field]
                found.append((said, self.names.get(value, value)))
        return found

    def tickets(self, job: str, field: str) -> list[tuple[list[str], str]]:
        """The same in Zendesk."""
        found = []
        for ticket in ZENDESK.state(self.road.http, self.road.env)["tickets"]:
            if said := heard(job, [comment["plain_body"] for comment in ticket["comments"]]):
                value = str(ticket["fields"][field])
                found.append((said, self.names.get(value, value)))
        return found

    def dropped(self, words: str) -> str:
        """Why a message became no case: the line of a mapping, or a reason."""
        ((reason,),) = self.road.rows(
            "select reason from item where state = 'dropped' and body like :words", words=f"%{words}%"
        )
        return str(reason)


def heard(job: str, texts: Sequence[str]) -> list[str]:
    """Which of the job's messages stand in these texts, in their order."""
    return [words for text in texts for words in SAID[job] if words in text]


# --- the road -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    folder = tmp_path_factory.mktemp("jobs")
    texts = mappings()
    env = road.configure(
        folder,
        file=connections(list(texts)),
        X_CONSUMER_SECRET="road-x-secret-7f1c",
        APP_SECRET="whsec_cm9hZC1hcHAtc2VjcmV0LW9mLTI0LWJ5dA==",
    )
    config = folder / "config"
    jobs_page.write(config)
    for name, text in texts.items():
        (config / f"{name}.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(road.ROOT / "mappings" / "payloads", config / "payloads")
    desk = folder / "desk"
    desk.mkdir()
    with ExitStack() as stack:
        env |= ZENDESK.secrets
        env[ZENDESK.url] = stack.enter_context(road.sandbox(desk, ZENDESK, env))
        running = stack.enter_context(road.road(folder, env))
        names = {**in_salesforce(running), **in_zendesk(running)}
        yield Jobs(road=running, config=configuration.configure(running.env), names=names)


def in_salesforce(running: Road) -> dict[str, str]:
    """What the page asks an admin to set up in Salesforce; id -> name of what cases can point at."""
    for name, kind in (("Social_Id__c", "string"), ("LifetimeValue__c", "currency")):
        running.order("fields", object="Contact", name=name, type=kind, externalId=kind == "string")
    form = {
        "grant_type": "client_credentials",
        "client_id": running.env["SF_CONSUMER_KEY"],
        "client_secret": running.env["SF_CONSUMER_SECRET"],
    }
    base = f"{running.env[SALESFORCE.url]}/services"
    token = running.http.post(f"{base}/oauth2/token", data=form, timeout=PATIENCE).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    for kind, fields in SET_UP:
        address = f"{base}/data/v66.0/sobjects/{kind}"
        assert running.http.post(address, json=fields, headers=bearer, timeout=PATIENCE).status_code == 201
    found: dict[str, str] = {}
    for kind in ("Group", "User", "RecordType", "Contact"):
        query = {"q": f"SELECT Id, Name FROM {kind}"}
        answer = running.http.get(f"{base}/data/v66.0/query", params=query, headers=bearer, timeout=PATIENCE)
        found |= {row["Id"]: row["Name"] for row in answer.json()["records"]}
    return found


def in_zendesk(running: Road) -> dict[str, str]:
    """Id -> name of the brands that every sandbox has."""
    base = running.env[ZENDESK.url]
    form = {
        "grant_type": "client_credentials",
        "client_id": running.env["ZENDESK_CLIENT_ID"],
        "client_secret": running.env["ZENDESK_CLIENT_SECRET"],
        "scope": "read",
    }
    token = running.http.post(f"{base}/oauth/tokens", json=form, timeout=PATIENCE).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    answer = running.http.get(f"{base}/api/v2/brands", headers=bearer, timeout=PATIENCE)
    return {str(brand["id"]): brand["name"] for brand in answer.json()["brands"]}


# --- the jobs -------------------------------------------------------------------------------------------------


def test_a_queue_per_language(jobs: Jobs) -> None:
    job = "queue-per-language"
    french, german, italian = SAID[job]

    jobs.post(job, "x", mention(french, ANA, language="fr"))
    jobs.post(job, "app", feedback(german, by="u-1", language="de-AT"))
    jobs.post(job, "x", mention(italian, BEN, language="it"))

    assert jobs.cases(job, "OwnerId") == [
        ([french], "Social French"),
        ([german], "Social German"),
        ([italian], "Social Queue"),
    ]


def test_a_direct_message_and_a_mention_of_one_author_stand_in_one_case(jobs: Jobs) -> None:
    job = "one-case-per-author"
    never, order, neither = SAID[job]
    first = mention(never, ANA)

    jobs.post(job, "x", first)
    jobs.post(job, "x", direct(order, ANA))
    jobs.post(job, "x", mention(neither, BEN, under=first["data"]["payload"]["id"]))

    assert jobs.cases(job, "Status") == [([never, order], "New"), ([neither], "New")]


def test_a_customer_whom_the_crm_knows_has_one_case_on_all_channels(jobs: Jobs) -> None:
    job = "one-case-per-person"
    where, still, hello = SAID[job]

    jobs.post(job, "x", mention(where, IDA))
    jobs.post(job, "app", feedback(still, by="u-2", email="ida@example.com"))
    jobs.post(job, "app", feedback(hello, by="u-3", email="nobody@example.com"))

    assert jobs.cases(job, "ContactId") == [([where, still], "Wu"), ([hello], None)]


def test_poor_reviews_go_to_another_record_type(jobs: Jobs) -> None:
    job = "poor-reviews"
    soup, hangs, quick = SAID[job]

    jobs.post(job, "meta", review(soup, by="6100000301"))
    jobs.post(job, "app", feedback(hangs, by="u-4", stars=2))
    jobs.post(job, "app", feedback(quick, by="u-5", stars=4))
    jobs.post(job, "app", feedback("No stars at all", by="u-6"))

    assert jobs.cases(job, "RecordTypeId") == [([soup], "Review"), ([hangs], "Review"), ([quick], "Social")]
    assert [stars[:6] for ([_], stars) in jobs.cases(job, "Subject")] == ["1 of 5", "2 of 5", "4 of 5"]
    assert jobs.dropped("No stars at all") == "no_mapping"


def test_each_page_has_its_brand(jobs: Jobs) -> None:
    job = "brand-per-page"
    open_, sale, babies = SAID[job]

    jobs.post(job, "meta", page(open_, by="6100000401"))
    jobs.post(job, "meta", page(sale, by="6100000402", page="10150002"))
    jobs.post(job, "meta", page(babies, by="6100000403", page="10150003"))

    assert jobs.tickets(job, "brand_id") == [([open_], "Acme"), ([sale], "Acme Outlet"), ([babies], "Acme")]
    note = "brand_id was left out: there is no brand called 'Acme Kids' in Zendesk"
    assert [one.texts[1:] for one in tickets(jobs) if babies in one.texts[0]] == [(note,)]


def test_employees_get_no_ticket(jobs: Jobs) -> None:
    job = "employees-ignored"
    proud, saturday, true = SAID[job]

    jobs.post(job, "x", mention(proud, Author(id="7100000501", handle="Acme_Anna")))
    jobs.post(job, "meta", page(saturday, by="6100000777"))
    jobs.post(job, "x", mention(true, ANA))

    assert jobs.tickets(job, "status") == [([true], "new")]
    lines = MAPPINGS[job].split("\n")
    wanted = [lines.index(f"    - author.{word}: {{in_list: employees}}") + 1 for word in ("handle", "id")]
    assert [jobs.dropped(proud), jobs.dropped(saturday)] == [f"{job}.yaml:{line}" for line in wanted]


def test_vips_come_first_and_a_priority_is_only_raised(jobs: Jobs) -> None:
    job = "vips-first"
    comment, news, parcel, hacked, thanks = SAID[job]
    ana = Author(id="7100000603", handle="ana_b")
    best = Author(id="7100000604", handle="okoye")

    jobs.post(job, "x", mention(comment, Author(id="7100000601", handle="Daily_Kettle")))
    jobs.post(job, "x", mention(news, best))
    jobs.post(job, "x", mention(parcel, ana))
    first = jobs.cases(job, "Priority")
    jobs.post(job, "x", mention(hacked, ana))
    second = jobs.cases(job, "Priority")
    jobs.post(job, "x", mention(thanks, ana))

    vips = [([comment], "High"), ([news], "High")]
    assert first == [*vips, ([parcel], "Low")]
    assert second == [*vips, ([parcel, hacked], "High")]
    assert jobs.cases(job, "Priority") == [*vips, ([parcel, hacked, thanks], "High")]
    assert [contact for _, contact in jobs.cases(job, "ContactId")] == [None, "Okoye", None]


def test_a_buying_signal_becomes_a_lead_and_a_complaint_does_not(jobs: Jobs) -> None:
    job = "buying-signals"
    much, today, broke, colours = SAID[job]
    cem = Author(id="7100000701", handle="cem")

    jobs.post(job, "x", mention(much, cem))
    jobs.post(job, "x", mention(broke, Author(id="7100000702", handle="dana")))
    jobs.post(job, "x", mention(colours, Author(id="7100000703", handle="eva")))
    once = leads(jobs)
    jobs.post(job, "x", mention(today, cem))

    assert once == [("Cem", "Warm", "Social Queue", [much])]
    assert leads(jobs) == [("Cem", "Hot", "Social Queue", [much])]
    assert jobs.cases(job, "Status") == [([broke], "New")]
    assert jobs.dropped(colours) == "no_mapping"


def leads(jobs: Jobs) -> list[tuple[str, str, str, list[str]]]:
    """Every lead: who, how warm, whose, and what was said."""
    rows = [lead["fields"] for lead in jobs.records("leads")]
    return [
        (
            row["LastName"],
            row["Rating"],
            jobs.names[row["OwnerId"]],
            heard("buying-signals", [row["Description"]]),
        )
        for row in rows
    ]


@pytest.mark.parametrize("after_that", ["drop", *ENDED])
def test_what_becomes_of_a_message_for_a_ticket_that_is_solved(jobs: Jobs, after_that: str) -> None:
    job = ENDED.get(after_that, "only-while-open")
    first, second, third = SAID["only-while-open"]
    by = f"61000008{len(after_that):02}"

    jobs.post(job, "meta", page(first, by=by))
    jobs.post(job, "meta", page(second, by=by))
    (ticket,) = [one for one in tickets(jobs) if one.key.endswith(f":{by}")]
    ZENDESK.order(jobs.road.http, jobs.road.env, "clock", offset_seconds=-DAY)
    ZENDESK.close(jobs.road.http, jobs.road.env, [ticket.id])
    ZENDESK.order(jobs.road.http, jobs.road.env, "clock", offset_seconds=0)
    jobs.post(job, "meta", page(third, by=by))

    found = [(one.status, heard("only-while-open", one.texts)) for one in tickets(jobs) if by in one.key]
    assert (
        found
        == {
            "drop": [("solved", [first, second])],
            "comment_only": [("solved", [first, second, third])],
            "new_case": [("solved", [first, second]), ("new", [third])],
        }[after_that]
    )


def tickets(jobs: Jobs) -> list[Any]:
    return ZENDESK.cases(ZENDESK.state(jobs.road.http, jobs.road.env))
