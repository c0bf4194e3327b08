"""What an account says of tickets and users is understood, and mappings are checked against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from stub import Call, Said
from stub import running as answering

from adapters.zendesk import Settings, Zendesk, tickets, users
from adapters.zendesk.describing import CHOICES, of_tickets, of_users
from bridge.errors import Paused, RetryLater, Trouble
from bridge.mapping import read
from bridge.mapping.described import Described, Record
from bridge.mapping.document import parse
from bridge.mapping.online import Written, named, unfitting
from bridge.mapping.targets import fitted
from bridge.ports import FieldFacts, ObjectFacts, RecordType, Schema

Row = Mapping[str, Any]


def row(number: int, kind: str, title: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "type": kind, "title": title, "active": True, "removable": True, **more}


def system(number: int, kind: str, title: str, **more: Any) -> dict[str, Any]:
    return row(number, kind, title, removable=False, **more)


def options(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


FIELDS = [
    system(1, "subject", "Subject"),
    system(2, "description", "Description"),
    system(3, "status", "Status", system_field_options=options(("Open", "open"), ("Solved", "solved"))),
    system(4, "priority", "Priority", system_field_options=options(("High", "high"), ("Low", "low"))),
    system(5, "tickettype", "Type", system_field_options=[]),
    system(6, "custom_status", "Ticket status", custom_statuses=[
        {"id": 61, "agent_label": "Waiting for a call", "active": True},
        {"id": 62, "agent_label": "Lost", "active": False},
    ]),
    row(27642, "tagger", "Brand", custom_field_options=options(("Acme", "acme"), ("Outlets::Acme FR", "acme_fr"))),
    row(27643, "multiselect", "Topics", custom_field_options=options(("Refund", "refund"))),
    row(27644, "checkbox", "Has orders"),
    row(27645, "integer", "Followers"),
    row(27646, "date", "Due"),
    row(27647, "regexp", "Order", regexp_for_validation=r"\AA-\d+\z"),
    row(27648, "text", "Old note", active=False),
    row(27649, "text", "Permalink"),
    row(27650, "partialcreditcard", "Card"),
]  # fmt: skip
GROUPS = [{"id": 201, "name": "Support"}, {"id": 202, "name": "Night", "deleted": True}]
AGENTS = [{"id": 301, "name": "Eve"}]
BRANDS = [{"id": 401, "name": "Acme", "active": True}, {"id": 402, "name": "Outlet", "active": False}]
FORMS = [
    {"id": 501, "name": "Default", "active": True, "ticket_field_ids": []},
    {"id": 502, "name": "Social", "active": True, "ticket_field_ids": [1, 2, 3, 27642]},
    {"id": 503, "name": "Old", "active": False, "ticket_field_ids": [1]},
]
RECORDS = {"group_id": GROUPS, "assignee_id": AGENTS, "brand_id": BRANDS, "ticket_form_id": FORMS}
TICKET = of_tickets(FIELDS, RECORDS)
USER = of_users(
    [
        {
            "id": 9,
            "key": "tier",
            "type": "dropdown",
            "title": "Tier",
            "custom_field_options": options(("Gold", "gold")),
        },
        {"id": 8, "key": "reach", "type": "integer", "title": "Reach", "active": False},
    ]
)


# --- what is understood -------------------------------------------------------------------------------------


def test_every_field_that_a_mapping_may_write_is_known() -> None:
    assert {f for f in TICKET.fields if not f.startswith("custom_field_")} == {*tickets.FIELDS, "external_id"}
    assert {f for f in USER.fields if not f.startswith("user_field_")} == users.FIELDS


def test_fields_of_the_accounts_own_are_told_with_what_people_call_them() -> None:
    own = {
        name.rpartition("_")[2]: field for name, field in TICKET.fields.items() if name.startswith("custom_field_")
    }

    assert own["27642"] == FieldFacts(
        name="custom_field_27642",
        type="picklist",
        label="Brand",
        restricted=True,
        case_sensitive=True,
        values=("acme", "acme_fr"),
        labels=("Acme", "Outlets::Acme FR"),
    )
    assert {number: field.type for number, field in own.items()} == {
        "27642": "picklist", "27643": "picklist", "27644": "boolean", "27645": "int", "27646": "date",
        "27647": "string", "27648": "string", "27649": "string", "27650": "string",
    }  # fmt: skip
    assert [number for number, field in own.items() if not field.active] == ["27648"]
    assert own["27647"].pattern == r"\AA-\d+\z"
    assert USER.fields["user_field_tier"].values == ("gold",)
    assert not USER.fields["user_field_reach"].active


def test_choices_of_every_account_are_those_that_this_one_takes() -> None:
    taken = {name: TICKET.fields[name].values for name in CHOICES}

    assert taken == {
        "type": ("problem", "incident", "question", "task"),
        "priority": ("high", "low"),
        "status": ("open", "solved", "new", "closed"),
    }
    assert {name: of_tickets([], {}).fields[name].values for name in CHOICES} == CHOICES


def test_ids_are_those_that_a_ticket_can_be_given_to() -> None:
    told = {
        name: (f.values, f.labels)
        for name, f in TICKET.fields.items()
        if f.type == "number_of_record" and f.values
    }

    assert told == {
        "group_id": (("201",), ("Support",)),
        "assignee_id": (("301",), ("Eve",)),
        "brand_id": (("401",), ("Acme",)),
        "ticket_form_id": (("501", "502"), ("Default", "Social")),
        "custom_status_id": (("61",), ("Waiting for a call",)),
    }
    assert not TICKET.fields["problem_id"].restricted


def test_a_form_shows_its_own_fields_and_those_of_every_ticket() -> None:
    every = tuple(sorted({*tickets.FIELDS, "external_id"}))

    assert TICKET.record_types == (
        RecordType(id="501", name="Default"),
        RecordType(
            id="502",
            name="Social",
            fields=(*every, "custom_field_27642"),
        ),
    )
    assert TICKET.type_field == "ticket_form_id"


def test_without_forms_no_ticket_can_be_given_one() -> None:
    assert "ticket_form_id" not in of_tickets(FIELDS, {**RECORDS, "ticket_form_id": []}).fields


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
keys = (
    "id",
    "type",
    "title",
    "active",
    "key",
    "custom_field_options",
    "custom_statuses",
    "ticket_field_ids",
    "name",
)
kinds = st.sampled_from(("tagger", "status", "custom_status", "regexp", "dropdown"))
strange = st.lists(
    st.fixed_dictionaries({}, optional={**dict.fromkeys(keys, anything), "type": anything | kinds}), max_size=3
)


@given(strange, strange)
def test_no_list_breaks_the_reader(fields: list[Row], records: list[Row]) -> None:
    assert isinstance(of_tickets(fields, dict.fromkeys(RECORDS, records)), ObjectFacts)
    assert isinstance(of_users(fields), ObjectFacts)


# --- what is asked ------------------------------------------------------------------------------------------

LISTS: Mapping[str, list[Any]] = {
    "ticket_fields": FIELDS,
    "groups": GROUPS,
    "users": AGENTS,
    "brands": BRANDS,
    "ticket_forms": FORMS,
    "user_fields": [{"id": 9, "key": "tier", "type": "text", "title": "Tier"}],
}


def account(otherwise: Mapping[str, Said]) -> Callable[[Call], Said]:
    """An account with these lists, two rows to a page. otherwise: list -> what it is answered with instead."""

    def answer(call: Call) -> Said:
        if call.path == "/oauth/tokens":
            return Said(body={"access_token": "t", "scope": "read write", "expires_in": 3600})
        name = call.path.removeprefix("/api/v2/").removesuffix(".json")
        begin = int(call.query.get("page[after]", "0"))
        rows = LISTS[name][begin : begin + 2] if "page[size]" in call.query else LISTS[name]
        more = begin + len(rows) < len(LISTS[name])
        meta = {"has_more": more, "after_cursor": str(begin + 2)}
        return otherwise.get(name, Said(body={name: rows, "meta": meta}))

    return answer


def asked(objects: list[str], **otherwise: Said) -> tuple[Schema, list[str]]:
    """The schema, and the lists that were read for it."""
    with answering(account(otherwise)) as stub:
        secret = SecretStr("s")
        settings = Settings(subdomain="acme", client_id="c", client_secret=secret, url=stub.url, timeout=5)
        schema = Zendesk(settings).schema(objects)
        return schema, [call.path.rpartition("/")[2] for call in stub.asked("GET")]


def test_the_lists_are_read_to_their_ends() -> None:
    schema, calls = asked(["ticket", "Ticket", "user", "gone"])

    assert schema.objects == {"ticket": TICKET, "user": of_users(LISTS["user_fields"])}
    assert {name: calls.count(name) for name in calls} == {
        "ticket_fields": 8, "groups": 1, "users": 1, "brands": 1, "ticket_forms": 1, "user_fields": 1,
    }  # fmt: skip


def test_only_what_a_mapping_names_is_read() -> None:
    assert asked(["user"])[1] == ["user_fields"]


@pytest.mark.parametrize("status", [403, 404])
def test_a_plan_without_forms_is_told_by_the_field_that_is_not_there(status: int) -> None:
    schema, _ = asked(["ticket"], ticket_forms=Said(status=status, body={"error": "InvalidEndpoint"}))

    assert set(TICKET.fields) - set(schema.objects["ticket"].fields) == {"ticket_form_id"}
    assert schema.objects["ticket"].record_types == ()


def test_a_plan_without_user_fields_has_none() -> None:
    schema, _ = asked(["user"], user_fields=Said(status=404, body={"error": "InvalidEndpoint"}))

    assert set(schema.objects["user"].fields) == users.FIELDS


def test_limits_are_told_where_the_account_told_them() -> None:
    headers = {"x-rate-limit": "400", "x-rate-limit-remaining": "398"}
    told, _ = asked(["user"], user_fields=Said(body={"user_fields": []}, headers=headers))
    untold, _ = asked(["user"])

    assert [("400" in one, "API calls: 1" in one) for one in told.remarks] == [(True, False), (False, True)]
    assert untold.remarks == told.remarks[1:]


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        (Said(status=403, body={"error": {"title": "Forbidden"}}), Paused),
        (Said(status=429, headers={"Retry-After": "3"}), RetryLater),
        (Said(status=503), RetryLater),
        (Said(body={"rows": []}), RetryLater),
    ],
)
def test_a_list_that_cannot_be_read_is_trouble(said: Said, trouble: type[Trouble]) -> None:
    with pytest.raises(trouble):
        asked(["ticket"], ticket_fields=said)


# --- what does not fit --------------------------------------------------------------------------------------

TOLD = Described(objects={"ticket": TICKET, "user": USER})
HEAD = "version: 1\nmapping: care\nsource: any\ntarget: desk\n"


def mapping(create: str, more: str = "", contact: str = "") -> Written:
    case = f"case: {{object: ticket, create: {{description: x, {create}}}{more}}}\n"
    text = HEAD + (f"contact: {{object: user, {contact}}}\n" if contact else "") + case
    return Written(mapping=fitted(read(text, "care.yaml"), Zendesk), document=parse(text, "care.yaml"))


def wrong(create: str, more: str = "", contact: str = "", said: Described = TOLD) -> list[str]:
    """What does not fit, in one line each, without place and excerpt."""
    faults = [str(fault).split("\n") for fault in unfitting(mapping(create, more, contact), said)]
    return [
        " ".join([first.partition(" ")[2], *(line.strip() for line in rest if "->" in line)])
        for first, *rest in faults
    ]


def test_what_fits_has_no_fault() -> None:
    create = """subject: Hello, priority: high, status: closed, type: task, tags: "social vip", group_id: "201",
      due_at: "2026-11-21T20:00:00Z", custom_field_27642: acme, custom_field_27643: refund,
      custom_field_27644: true, custom_field_27645: "12", custom_field_27646: "2026-11-21",
      custom_field_27647: A-7, custom_field_27649: "{url}", problem_id: "12", custom_status_id: "61",
      assignee_id: ''"""

    assert wrong(create) == []
    assert wrong("subject: x", ", key_field: external_id, update: {raise_only: {}}") == []


BOX = "is a check box: write true or false, without quotes, in its own line under case"
OFF = "is switched off, so nothing that is written there is kept"
UNSEEN = "or the user that Casebridge logs in as may not see it"
ID = "the id of a record, which is digits alone, or {named: its name} where that is possible"
FIRST = (
    "custom_field_27642 (Brand), custom_field_27643 (Topics), custom_field_27644 (Has orders), "
    "custom_field_27645 (Followers), custom_field_27646 (Due), custom_field_27647 (Order)"
)


@pytest.mark.parametrize(
    ("create", "why", "more"),
    [
        (
            "custom_field_27642: Acme",
            "error: ticket.custom_field_27642 (Brand) does not take 'Acme' [not-a-choice]",
            " -> allowed: acme, acme_fr (Outlets::Acme FR) -> did you mean 'acme'?",
        ),
        (
            "custom_field_27642: 'outlets::acme fr'",
            "error: ticket.custom_field_27642 (Brand) does not take 'outlets::acme fr' [not-a-choice]",
            " -> allowed: acme, acme_fr (Outlets::Acme FR) -> did you mean 'acme_fr'?",
        ),
        (
            "priority: urgent",
            "error: ticket.priority does not take 'urgent' [not-a-choice]",
            " -> allowed: high, low",
        ),
        ("custom_field_27644: 'true'", f"error: ticket.custom_field_27644 (Has orders) {BOX} [wrong-type]", ""),
        (
            "custom_field_27645: many",
            "error: ticket.custom_field_27645 (Followers) takes a whole number, not 'many' [wrong-type]",
            "",
        ),
        (
            "custom_field_27647: B-7",
            r"error: ticket.custom_field_27647 (Order) takes what is like '\\AA-\\d+\\z', not 'B-7' [wrong-type]",
            "",
        ),
        (
            "custom_field_27648: x",
            f"error: ticket.custom_field_27648 (Old note) {OFF} [no-such-field]",
            f" -> allowed: {FIRST}, custom_field_27649 (Permalink), custom_field_27650 (Card)",
        ),
        (
            "custom_field_27640: x",
            f"error: ticket has no field custom_field_27640, {UNSEEN} [no-such-field]",
            f" -> allowed: {FIRST}, custom_field_27649 (Permalink), custom_field_27650 (Card)",
        ),
        ("group_id: Support", f"error: ticket.group_id takes {ID}, not 'Support' [wrong-type]", ""),
        (
            "group_id: '202'",
            "error: there is no record with the id '202' that ticket.group_id can name [no-such-record]",
            " -> allowed: 201 (Support)",
        ),
        (
            "tags: 'social media, vip'",
            "warning: ticket.tags takes single words, so 'social media' becomes 2 of them [wrong-type]",
            " -> did you mean 'social_media'?",
        ),
        (
            "ticket_form_id: '502', custom_field_27649: x, custom_field_27642: acme",
            "warning: agents do not see ticket.custom_field_27649 (Permalink) in a ticket of 'Social' [not-shown]",
            "",
        ),
    ],
)
def test_what_the_account_does_not_take_is_told(create: str, why: str, more: str) -> None:
    assert wrong(create) == [why + more]


def test_the_form_can_be_named_and_names_are_looked_up() -> None:
    found = mapping("ticket_form_id: {named: Social}, group_id: {named: Suport}, custom_field_27649: x")
    ids = {
        "Social": Record(named=named(found)[0], id="502"),
        "Suport": Record(named=named(found)[1], why="none is"),
    }
    said = replace(TOLD, records=tuple(ids.values()))

    faults = unfitting(found, said)
    assert (faults[0].allowed, faults[0].suggestion) == ("Support", "Support")
    assert [str(fault).split("\n")[0].partition(" ")[2] for fault in faults] == [
        "error: none is [no-such-record]",
        "warning: agents do not see ticket.custom_field_27649 (Permalink) in a ticket of 'Social' [not-shown]",
    ]


def test_what_reopens_and_what_is_raised_is_looked_at() -> None:
    more = (
        ", update: {raise_only: {priority: [low, hgih]}}, if_closed: {reopen_within: 1 day, set: {status: hold}}"
    )

    assert wrong("priority: low", more) == [
        "error: ticket.priority does not take 'hgih' [not-a-choice] -> allowed: high, low -> did you mean 'high'?",
        "error: ticket.status does not take 'hold' [not-a-choice] -> allowed: open, solved, new, closed",
    ]


def test_the_customers_fields_are_looked_at() -> None:
    contact = """match: [{external_id: "{author.id}"}], fetch: [user_field_teir],
      none_found: {create: {external_id: "{author.id}", user_field_tier: silver, user_field_reach: "1"}}"""

    tier = " -> allowed: user_field_tier (Tier)"
    assert wrong("subject: x", contact=contact) == [
        f"error: user has no field user_field_teir, {UNSEEN} [no-such-field]{tier}",
        "error: user.user_field_tier (Tier) does not take 'silver' [not-a-choice] -> allowed: gold",
        f"error: user.user_field_reach (Reach) {OFF} [no-such-field]{tier}",
    ]
