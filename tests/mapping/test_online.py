"""A mapping is checked against what its CRM said of itself: all that its file says, and nothing that it cannot."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.salesforce import Salesforce
from bridge.errors import ConfigError
from bridge.mapping import read
from bridge.mapping.described import Described, Record, read_described, written
from bridge.mapping.document import parse
from bridge.mapping.given import Constant
from bridge.mapping.online import Written, named, objects, unfitting
from bridge.mapping.suiting import Unsuited, unsuited
from bridge.online import remarks
from bridge.ports import FieldFacts, Named, ObjectFacts, RecordType

SOCIAL = RecordType(
    id="012Dn0000000001AAA",
    name="Social",
    developer_name="Social_Media",
    picklists={"Priority": ("Urgent", "Calm")},
)


def facts(name: str, *fields: FieldFacts, record_types: tuple[RecordType, ...] = ()) -> ObjectFacts:
    return ObjectFacts(name=name, fields={f.name.casefold(): f for f in fields}, record_types=record_types)


def picklist(name: str, *values: str, restricted: bool = True) -> FieldFacts:
    return FieldFacts(name=name, type="picklist", length=255, values=values, restricted=restricted)


KEY = FieldFacts(name="Key__c", type="string", length=255, unique=True, external_id=True, case_sensitive=True)
LOCKED = FieldFacts(name="Locked__c", type="string", length=9, createable=False, updateable=False)
CASE = facts(
    "Case",
    KEY,
    LOCKED,
    FieldFacts(name="Subject", type="string", length=20),
    FieldFacts(name="Urgent__c", type="boolean"),
    FieldFacts(name="RecordTypeId", type="reference", length=18),
    FieldFacts(name="OwnerId", type="reference", length=18, updateable=False),
    picklist("Priority", "High", "Medium", "Low"),
    picklist("Origin", "Web", "Phone", restricted=False),
    picklist("Status", "New", "Closed"),
    record_types=(SOCIAL,),
)
CONTACT = facts(
    "Contact",
    LOCKED,
    replace(KEY, name="Social_Author_Key__c"),
    FieldFacts(name="LastName", type="string", length=80, required=True),
    FieldFacts(name="Note__c", type="textarea", length=500, filterable=False),
    FieldFacts(name="Phone", type="phone", length=40),
)
TOLD = Described(
    objects={"case": CASE, "contact": CONTACT, "gone__c": None, "read__c": replace(CASE, createable=False)}
)
HEAD = "version: 1\nmapping: care\nsource: any\ntarget: crm\n"
DECIDE = """\
decide:
  calm: {from: "{language}", translate: {de: Low, fr: Lwo}, otherwise: Calm}
  priority:
    - when: {kind: direct}
      use: High
    - otherwise: "{calm}"
"""


def mapping(case: str, more: str = "", *, base: str = "") -> Written:
    text = f"{HEAD}{'based_on: lender' if base else ''}\n{more}case: {{object: Case, key_field: Key__c, {case}}}\n"
    lender = f"{HEAD.replace('care', 'lender')}{base}case: {{object: Case, create: {{Subject: x}}}}\n"
    return Written(
        mapping=read(text, "care.yaml", lender if base else None),
        document=parse(text, "care.yaml"),
        base=parse(lender, "lender.yaml") if base else None,
    )


def told(faults: Iterable[object]) -> list[str]:
    """The first line of each, without the column and the code."""
    return [str(fault).split("\n")[0].rpartition(" [")[0] for fault in faults]


def wrong(case: str, more: str = "", *, base: str = "", said: Described = TOLD) -> list[str]:
    """What does not fit, without the places."""
    return [line.partition(" ")[2] for line in told(unfitting(mapping(case, more, base=base), said))]


# --- the case -----------------------------------------------------------------------------------------------


def test_what_fits_has_no_fault_whatever_its_spelling() -> None:
    assert wrong('create: {subject: "{text}", PRIORITY: low, Urgent__c: true, Status: ""}') == []


def test_what_only_a_message_can_say_is_no_fault() -> None:
    assert (
        wrong('create: {Priority: "{text}", Subject: "{text} and a lot of other words", Urgent__c: "{public}"}')
        == []
    )


def test_every_value_of_a_table_is_looked_at() -> None:
    table = 'create: {Priority: {from: "{kind}", translate: {direct: High, post: Lw}, otherwise: Mid}}'

    assert wrong(table) == [
        "error: Case.Priority does not take 'Lw'",
        "error: Case.Priority does not take 'Mid'",
    ]


def test_every_value_that_is_decided_is_found_where_it_stands() -> None:
    found = unfitting(mapping('create: {Priority: "{priority}"}', base=DECIDE), TOLD)

    assert told(found) == [
        "lender.yaml:6:55 error: Case.Priority does not take 'Lwo'",
        "lender.yaml:6:72 error: Case.Priority does not take 'Calm'",
    ]


def test_what_is_decided_is_text_and_no_check_box() -> None:
    decide = "decide:\n  urgent:\n    - when: {kind: direct}\n      use: true\n    - otherwise: false\n"

    why = "error: Case.Urgent__c is a check box: write true or false, without quotes, in its own line under case"
    assert wrong('create: {Urgent__c: "{urgent}"}', decide) == [why, why]


@pytest.mark.parametrize("way", ["{named: Social}", "{named: social_media}", f'"{SOCIAL.id}"'])
def test_the_values_are_those_of_the_record_type_that_the_case_gets(way: str) -> None:
    said = replace(TOLD, records=tuple(record("RecordTypeId", n, SOCIAL.id) for n in ("Social", "social_media")))

    assert wrong(f"create: {{RecordTypeId: {way}, Priority: High}}", said=said) == [
        "error: Case.Priority does not take 'High'"
    ]
    assert wrong(f"create: {{RecordTypeId: {way}, Priority: Urgent}}", said=said) == []


def test_what_the_crm_takes_all_the_same_is_a_warning() -> None:
    assert wrong("create: {Origin: Wbe, Subject: Written on a social network}") == [
        "warning: 'Wbe' is not among the values of Case.Origin, which takes it all the same",
        "warning: Case.Subject holds 20 characters, and this has 27: so it will be shortened",
    ]


def test_an_order_and_what_reopens_are_looked_at() -> None:
    case = """create: {Priority: Low, Subject: s}, update: {raise_only: {Priority: [Low, Hihg]}},
      if_closed: {reopen_within: 1 day, set: {Status: Opn, Locked__c: x, Sattus: New}}"""

    assert wrong(case) == [
        "error: Case.Priority does not take 'Hihg'",
        "error: Case.Status does not take 'Opn'",
        "error: the user that Casebridge logs in as may not change Case.Locked__c",
        "error: Case has no field Sattus, or the user that Casebridge logs in as may not see it",
    ]


def test_an_owner_who_cannot_be_changed_cannot_be_reassigned() -> None:
    found = mapping('create: {OwnerId: "{account.queue}"}, update: {reassign: true}')
    owned = replace(found, mapping=replace(found.mapping, owner=frozenset({"OwnerId"})))

    assert told(unfitting(owned, TOLD)) == [
        "care.yaml:6:88 error: the user that Casebridge logs in as may not change Case.OwnerId"
    ]


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (None, "error: Case has no field Key__c, or the user that Casebridge logs in as may not see it"),
        (
            replace(KEY, external_id=False, filterable=False),
            "error: Case.Key__c is not External ID, searchable: one conversation could get two cases",
        ),
        (replace(KEY, length=204), "error: Case.Key__c holds 204 characters, and a key may have 205"),
        (
            replace(KEY, createable=False),
            "error: the user that Casebridge logs in as may not create Case.Key__c",
        ),
    ],
)
def test_a_key_that_keeps_no_case_single_is_a_fault(key: FieldFacts | None, why: str) -> None:
    fields = {name: field for name, field in CASE.fields.items() if name != "key__c"}
    case = replace(CASE, fields=fields | ({"key__c": key} if key else {}))

    assert wrong("create: {Subject: s}", said=Described(objects={"case": case})) == [why]


@pytest.mark.parametrize(
    ("object_", "why"),
    [
        ("Gone__c", "error: the CRM has no Gone__c, or the user that Casebridge logs in as may not see it"),
        ("Read__c", "error: the user that Casebridge logs in as may not create a Case"),
        ("Other__c", "error: nobody asked for Other__c when the schema was saved: save it anew"),
    ],
)
def test_an_object_that_cannot_be_used_is_one_fault(object_: str, why: str) -> None:
    text = f"{HEAD}case: {{object: {object_}, key_field: Key__c, create: {{Subject: s}}}}\n"
    found = Written(mapping=read(text, "care.yaml"), document=parse(text, "care.yaml"))

    assert told(unfitting(found, TOLD)) == [f"care.yaml:5:16 {why}"]
    assert objects(found) == [object_]


# --- names --------------------------------------------------------------------------------------------------


def record(field: str, name: str, id_: str = "", why: str = "") -> Record:
    return Record(named=Named(object="Case", field=field, name=name), id=id_, why=why)


QUEUES = """\
decide:
  queue:
    - when: {kind: direct}
      use: Direct
    - when: {kind: post}
      use: "{account.queue}"
    - otherwise: Social DE
"""


def test_all_names_that_can_be_known_are_asked_for_once() -> None:
    found = mapping('create: {OwnerId: {named: "{queue}"}, RecordTypeId: {named: Social DE}}', QUEUES)

    assert named(found) == [
        Named(object="Case", field="OwnerId", name="Direct"),
        Named(object="Case", field="OwnerId", name="Social DE"),
        Named(object="Case", field="RecordTypeId", name="Social DE"),
    ]


def test_a_name_that_nobody_has_is_a_fault_at_the_line_that_gives_it() -> None:
    found = mapping('create: {OwnerId: {named: "{queue}"}}', QUEUES)
    said = replace(
        TOLD, records=(record("OwnerId", "direct", "00G1"), record("OwnerId", "Social DE", why="none is"))
    )

    assert told(unfitting(found, said)) == ["care.yaml:12:18 error: none is"]


def test_a_record_type_that_our_user_may_not_use_is_a_fault() -> None:
    said = replace(TOLD, records=(record("RecordTypeId", "Internal", "012Dn0000000009"),))

    assert wrong("create: {RecordTypeId: {named: Internal}}", said=said) == [
        "error: the user that Casebridge logs in as may not use the record type 'Internal'"
    ]


# --- fields with names that say nothing ---------------------------------------------------------------------

BRAND = FieldFacts(name="field_27642", type="string", label="Brand")
OLD = FieldFacts(name="field_27643", type="string", label="Old brand", active=False)
OWN = Described(objects={"case": replace(CASE, fields={**CASE.fields, "field_27642": BRAND, "field_27643": OLD})})


def test_what_is_not_there_is_told_with_what_people_call_the_others() -> None:
    found = [str(fault).split("\n") for fault in unfitting(mapping("create: {field_27640: x, Subjcet: y}"), OWN)]

    assert [lines[3:] for lines in found] == [
        ["    -> allowed: field_27642 (Brand)"],
        ["    -> did you mean 'Subject'?"],
    ]


def test_what_is_switched_off_is_told() -> None:
    assert wrong("create: {field_27642: x, field_27643: y}", said=OWN) == [
        "error: Case.field_27643 (Old brand) is switched off, so nothing that is written there is kept"
    ]


def test_what_agents_do_not_see_is_a_warning_where_the_record_type_is_known() -> None:
    types = (replace(SOCIAL, fields=("Subject", "RecordTypeId", "Priority", "Key__c")),)
    said = Described(objects={"case": replace(CASE, record_types=types)})

    assert wrong(f'create: {{RecordTypeId: "{SOCIAL.id}", Subject: s, Origin: Web}}', said=said) == [
        "warning: agents do not see Case.Origin in a Case of 'Social'"
    ]
    assert wrong("create: {Subject: s, Origin: Web}", said=said) == []


class Silent(Salesforce):
    """A CRM that tells nothing of itself."""

    describes = False


def test_a_crm_that_does_not_describe_itself_is_named() -> None:
    found, said = [mapping("create: {Subject: s}")], {"crm": replace(TOLD, remarks=("Two calls.",))}

    assert remarks({"crm": Silent}, found, {}) == ["crm: checked without asking it: its schema cannot be read yet"]
    assert remarks({"crm": Salesforce}, found, said) == ["crm: Two calls."]


# --- the customer -------------------------------------------------------------------------------------------

MATCH = "contact: {{object: Contact, match: [{{Social_Author_Key__c: '{{author.id}}'}}], {}}}\n"


@pytest.mark.parametrize(
    ("contact", "why"),
    [
        ("fetch: [Phone]", []),
        (
            "fetch: [Tier__c]",
            ["Contact has no field Tier__c, or the user that Casebridge logs in as may not see it"],
        ),
        (
            "fill_if_empty: {Locked__c: x}",
            ["the user that Casebridge logs in as may not change Contact.Locked__c"],
        ),
        (
            "none_found: {create: {Social_Author_Key__c: '{author.id}', Phone: x}}",
            ["a new Contact needs LastName too"],
        ),
        ("none_found: {create: {Social_Author_Key__c: '{author.id}', LastName: '{author.name}'}}", []),
    ],
)
def test_the_customers_record_is_looked_at(contact: str, why: list[str]) -> None:
    assert wrong("create: {Subject: s}", MATCH.format(contact)) == [f"error: {one}" for one in why]


def test_a_customer_is_looked_up_by_what_can_be_looked_up_and_made_by_what_is_unique() -> None:
    contact = """\
contact:
  object: Contact
  match: [{Note__c: "{author.id}"}, {Phone: "{author.phone}", Social_Author_Key__c: "{author.id}"}]
  none_found: {create: {Note__c: "{author.id}", LastName: "{author.name}"}}
"""

    assert wrong("create: {Subject: s}", contact) == [
        "error: no Contact can be looked up by Note__c",
        "error: a new Contact could be made twice: Note__c is not unique there; make it Unique",
    ]


# --- values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("int", "-12", "1.5"),
        ("double", "12.50", "a dozen"),
        ("currency", "1e3", "12,5"),
        ("decimal", "12,50", "12."),
        ("decimal", "-.5", "1e3"),
        ("date", "2026-11-21", "21.11.2026"),
        ("date", "2024-02-29", "2026-02-29"),
        ("datetime", "2026-11-21T20:00:00Z", "2026-11-31T20:00:00Z"),
        ("datetime", "2026-11-21T20:00:00Z", "2026-11-21T20:00:00"),
        ("time", "20:00:00Z", "8 pm"),
        ("email", "care@example.com", "care"),
        ("reference", "0055g00000AbCdEAAV", "Ann"),
        ("multipicklist", "a; b", "a;d"),
        ("boolean", True, "true"),
        ("string", "true", True),
    ],
)
def test_a_value_must_be_of_the_fields_type(kind: str, good: Constant, bad: Constant) -> None:
    field = FieldFacts(name="F", type=kind, values=("a", "b"), restricted=True)

    assert unsuited(good, field, name="F") is None
    assert unsuited(bad, field, name="F") is not None


@given(st.text(max_size=30), st.integers(1, 30))
def test_a_text_fits_if_it_is_no_longer_than_the_field(value: str, length: int) -> None:
    found = unsuited(value, FieldFacts(name="F", type="textarea", length=length), name="F")

    assert (found is None) == (len(value) <= length)


PATTERNS = ((r"\AA-\d+\z", "A-7", "A-x"), ("[0-9]{3}", "a 123", "12"), ("(?=look-ahead)", "anything", None))


@pytest.mark.parametrize(("pattern", "good", "bad"), PATTERNS)
def test_a_fields_own_pattern_must_be_found_where_we_can_read_it(pattern: str, good: str, bad: str | None) -> None:
    field = FieldFacts(name="F", type="string", pattern=pattern)

    assert unsuited(good, field, name="F") is None
    assert bad is None or unsuited(bad, field, name="F") == Unsuited(
        code="wrong-type", reason=f"F takes what is like {pattern!r}, not {bad!r}"
    )


def test_an_id_of_digits_must_be_one_of_those_that_are_known() -> None:
    known = FieldFacts(name="F", type="number_of_record", values=("201", "202"), restricted=True)
    unknown = FieldFacts(name="F", type="number_of_record")

    def codes(field: FieldFacts) -> list[str]:
        found = [unsuited(value, field, name="F") for value in ("201", "", "9", "Ann")]
        return [one.code if one else "" for one in found]

    assert codes(known) == ["", "", "no-such-record", "wrong-type"]
    assert codes(unknown) == ["", "", "", "wrong-type"]


def test_a_choice_may_be_written_as_it_is_spelled_alone() -> None:
    field = replace(picklist("F", "acme_fr", "acme"), case_sensitive=True, labels=("Acme France", "Acme"))

    found = unsuited("acme france", field, name="F")

    assert found == Unsuited(
        code="not-a-choice",
        reason="F does not take 'acme france'",
        allowed="acme_fr (Acme France), acme",
        suggestion="acme_fr",
    )
    assert unsuited("ACME", field, name="F") is not None
    assert unsuited("ACME", replace(field, case_sensitive=False), name="F") is None


@given(st.lists(st.sampled_from(["social", "vip", "a b"]), min_size=1, max_size=4))
def test_words_are_parted_by_commas_or_by_white_space_and_not_by_both(items: list[str]) -> None:
    field = FieldFacts(name="F", type="words")

    found = unsuited(",".join(items), field, name="F")

    assert (found is not None) == (len(items) > 1 and "a b" in items)
    assert found is None or (found.warning and found.suggestion == "a_b")


def test_only_the_first_of_many_choices_are_shown() -> None:
    field = picklist("F", *(f"v{n}" for n in range(100)))

    found = unsuited("x", field, name="F")

    assert found is not None
    assert found.allowed == ", ".join([*(f"v{n}" for n in range(30)), "…"])


# --- the file -----------------------------------------------------------------------------------------------

FULL = Described(
    objects=TOLD.objects,
    records=(record("OwnerId", "Direct", "00G1"), record("OwnerId", "Social DE", why="Nobody is.")),
    remarks=("Two calls.",),
)


def test_what_is_saved_is_read_again_and_ordered() -> None:
    backwards = replace(FULL, records=FULL.records[::-1])

    text = written({"crm": FULL, "b": Described(objects={})})

    assert read_described(text, "crm.json") == {"crm": FULL, "b": Described(objects={})}
    assert written({"b": Described(objects={}), "crm": backwards}) == text
    assert json.loads(text)["crms"]["crm"]["objects"]["gone__c"] is None


texts = st.text(max_size=5)
lists = st.lists(texts, max_size=2).map(tuple)
fields = st.builds(
    FieldFacts,
    name=texts,
    type=texts,
    length=st.integers(0, 9),
    required=st.booleans(),
    createable=st.booleans(),
    filterable=st.booleans(),
    values=lists,
    refers_to=lists,
)
types = st.builds(RecordType, id=texts, name=texts, picklists=st.dictionaries(texts, lists, max_size=2))
described = st.builds(
    ObjectFacts,
    name=texts,
    fields=st.dictionaries(texts, fields, max_size=2),
    record_types=st.lists(types, max_size=2).map(tuple),
)


@given(st.dictionaries(texts, st.none() | described, max_size=3), lists)
def test_whatever_a_crm_says_is_saved_whole(
    objects: dict[str, ObjectFacts | None], remarks: tuple[str, ...]
) -> None:
    said = {"crm": Described(objects=objects, remarks=remarks)}

    assert read_described(written(said), "crm.json") == said


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "crm.json holds no saved schema (the whole: "),
        ("{", "crm.json holds no saved schema (the whole: "),
        ('{"version": 1, "crms": {"crm": {}}}', "crm.json holds no saved schema (crms.crm.objects: "),
        ("{}", "crm.json is of version 0, this Casebridge reads 1"),
        ('{"version": 2}', "crm.json is of version 2, this Casebridge reads 1"),
    ],
)
def test_a_file_that_holds_no_saved_schema_is_refused(text: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_described(text, "crm.json")

    assert str(caught.value).startswith(why)
    assert str(caught.value).endswith("-> save it anew: casebridge check --online --save FILE")
