"""What `casebridge check` warns of in mappings that are good, and what it leaves alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from broken_files import TARGETS
from mapping_examples import CASE, MESSAGE, NOBODY, faults

from bridge import online
from bridge.mapping import Kept, create, decide, load, load_from, read
from bridge.mapping.advice import advice
from bridge.mapping.described import Described
from bridge.mapping.load import Folder
from bridge.message import Attachment
from bridge.ports import FieldFacts, ObjectFacts

SHIPPED = Path(__file__).parents[2] / "mappings"
SOURCES = ["meta", "x"]
TESTED = "tests: [{name: a text, message: {text: Hi}, expect: {dropped: false}}]\n"
PLAIN = CASE.replace("{text}", "{text | shorten 99}")


def made(name: str, sections: str = "", *, source: str = "any", case: str = PLAIN, tests: str = TESTED) -> str:
    """A whole mapping file; its sections begin on line 5."""
    return f"version: 1\nmapping: {name}\nsource: {source}\ntarget: crm\n{sections}{case}{tests}"


def warned(*files: str, lent: str = "", told: Described | None = None) -> list[str]:
    """The warnings about these mappings, in this order in connections.yaml: line:column and sentence.

    lent: a file that is no mapping there.
    """
    texts = {f"{text.split()[3]}.yaml": text for text in (*files, lent) if text}
    shelf = Kept(texts)
    names = [name.removesuffix(".yaml") for name in texts][: len(files)]
    mappings = load_from(shelf, names, sources=SOURCES, targets=TARGETS)
    found = advice(
        online.written(shelf, mappings), sources=SOURCES, targets=TARGETS, told={"crm": told} if told else None
    )
    assert {fault.level for fault in found} <= {"warning"}
    return [f"{fault.file}:{fault.line}:{fault.column} {fault.reason}" for fault in found]


# --- rules ------------------------------------------------------------------------------------------------------


def decided(*rules: str) -> str:
    lines = "".join(f"    - {rule}\n" for rule in (*rules, "otherwise: Low"))
    return f"decide:\n  priority:\n{lines}"


COVERED = "this rule can never be used: line 7 takes all that it fits"
RULES = {
    "a smaller number": ("when: {rating: {below: 3}}", "when: {rating: 1}", [f"8:7 {COVERED}"]),
    "fewer keywords": (
        "when: {text: {has_any: [bill, lost]}}",
        "when: {text: {has_any: [lost]}, kind: direct}",
        [f"8:7 {COVERED}"],
    ),
    "every line of when_any": (
        "when: {rating: {below: 3}}",
        "when_any: [{rating: 1}, {rating: 2, public: true}]",
        [f"8:7 {COVERED}"],
    ),
    "one line of when_any is left": ("when: {rating: {below: 3}}", "when_any: [{rating: 1}, {rating: 4}]", []),
    "a larger number": ("when: {rating: 1}", "when: {rating: {below: 3}}", []),
    "a line more above": ("when: {rating: {below: 3}, public: true}", "when: {rating: 1}", []),
    "other words": ("when: {text: {has_any: [bill]}}", "when: {text: {has_any: [bills]}}", []),
    "all lines of when_all above": (
        "when_all: [{rating: {below: 3}}, {rating: {at_least: 2}}]",
        "when: {rating: 1}",
        [],
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_called_useless_only_where_those_above_take_all_of_it(name: str) -> None:
    above, below, expected = RULES[name]
    rules = decided(f"{{{above}, use: High}}", f"{{{below}, use: Top}}")

    found = warned(made("care", rules))

    assert found == [f"care.yaml:{one}" for one in expected]


def test_rules_that_take_all_together_are_named_together() -> None:
    rules = decided(
        "{when: {kind: post}, use: High}",
        "{when: {kind: direct}, use: Top}",
        "{when: {kind: {one_of: [direct, post]}}, use: Medium}",
    )

    assert warned(made("care", rules)) == [
        "care.yaml:9:7 this rule can never be used: lines 7 and 8 together take all that it fits"
    ]


def test_a_rule_for_what_accept_leaves_to_others_is_told_but_not_one_for_our_own_words() -> None:
    accept = "accept: {kinds: [direct], when: {language: de}}\n"
    rules = decided(
        "{when: {kind: review}, use: A}",
        "{when: {language: fr}, use: B}",
        "{when: {connection: {one_of: [other]}}, use: C}",
        "{when: {author.is_self: true, kind: reply}, use: D}",
    )

    found = warned(made("care", accept + rules, source="[x]", tests=TESTED.replace("text: Hi", "language: de")))

    assert found == [
        (
            "care.yaml:8:15 no customer's new message fits 'kind: review': accept.kinds takes only "
            "'kind: {one_of: direct}'"
        ),
        "care.yaml:9:15 no customer's new message fits 'language: fr': accept.when takes only 'language: de'",
        (
            "care.yaml:10:15 no customer's new message fits 'connection: {one_of: other}': source takes only "
            "'connection: {one_of: x}'"
        ),
    ]


def test_a_count_below_nothing_is_never_true() -> None:
    rules = decided("{when: {author.followers: {below: 0}}, use: A}", "{when: {rating: {at_least: 5.5}}, use: B}")

    assert warned(made("care", rules)) == [
        "care.yaml:7:15 this is never true: 'author.followers' is 0 or more",
        "care.yaml:8:15 this is never true: 'rating' is from 1 to 5",
    ]


def test_a_word_that_is_missing_is_never_out_of_range() -> None:
    rules = decided("{when: {rating: {present: false}}, use: A}", "{when: {text: {present: false}}, use: B}")

    assert warned(made("care", rules)) == []


EDITS = {
    "the stars that an edit brings": ("when: {rating: {below: 3}}", "{rating: 5}", False),
    "edits, which accept is not asked about": ("when: {change: created}", "{change: edited}", False),
    "what an edit leaves as it is": ("when: {language: de}", "{language: fr}", True),
    "deletions, of which nothing is decided": ("kinds: [post]", "{change: deleted}", True),
}


@pytest.mark.parametrize("name", EDITS)
def test_rules_for_edits_are_left_alone(name: str) -> None:
    accept, condition, told = EDITS[name]

    found = warned(made("care", f"accept: {{{accept}}}\n" + decided(f"{{when: {condition}, use: A}}"), tests=""))

    assert [one.partition(" ")[0] for one in found] == ["care.yaml:2:1", "care.yaml:8:15"][: 1 + told]


FOLLOWING = (
    "this is never true: accept is asked about new messages only, and decide about edits too; what becomes of "
    "edits and deletions stands under case as on_edit and on_delete"
)
ACCEPTS = {
    "drop: [{change: edited}]": [f"5:18 {FOLLOWING}"],
    "when: {change: deleted}": [f"5:17 {FOLLOWING}"],
    "when: {author.is_self: true}": [
        "5:17 no customer's new message fits 'author.is_self: true': accept takes only 'author.is_self: false'"
    ],
    "drop: [{author.is_self: true}]": [],
    "drop: [{author.is_self: true, change: edited}]": [f"5:40 {FOLLOWING}"],
}


@pytest.mark.parametrize("accept", ACCEPTS)
def test_accept_is_asked_about_new_messages_of_customers_only(accept: str) -> None:
    found = warned(made("care", f"accept: {{{accept}}}\n", tests=""))

    assert found[1:] == [f"care.yaml:{one}" for one in ACCEPTS[accept]]


DROPS = {
    "all kinds that it takes": (
        "kinds: [post], drop: [{kind: post}]",
        "care.yaml:2:10 this mapping never makes a case: all that it takes is dropped by care.yaml:5",
    ),
    "its own condition": (
        "when: {text: {has_any: [spam]}}, drop: [{text: {has_any: [spam, crypto]}}]",
        "care.yaml:2:10 this mapping never makes a case: all that it takes is dropped by care.yaml:5",
    ),
    "what a rule asks for": (
        "drop: [{kind: direct}]",
        "care.yaml:8:7 no message gets as far as this rule: all that it fits is dropped by care.yaml:5",
    ),
    "some of what a rule asks for": ("drop: [{kind: direct, public: true}]", ""),
    "words that an edit may bring": ("drop: [{rating: 5}]", ""),
}


@pytest.mark.parametrize("name", DROPS)
def test_what_drop_leaves_nothing_of_is_told(name: str) -> None:
    accept, told = DROPS[name]
    rules = decided("{when: {kind: direct, rating: 5}, use: A}")

    found = [
        one for one in warned(made("care", f"accept: {{{accept}}}\n{rules}", tests="")) if "no tests" not in one
    ]

    assert [one for one in found if "new message" not in one] == [told] * bool(told)


def test_what_a_borrower_never_gets_past_stands_in_its_base() -> None:
    base = made("a", "accept: {drop: [{kind: direct}]}\n", source="[meta]")
    borrower = made("b", "based_on: a\n" + decided("{when: {kind: direct}, use: A}"), source="[x]", tests="")

    assert warned(base, borrower) == [
        "b.yaml:8:7 no message gets as far as this rule: all that it fits is dropped by a.yaml:5"
    ]


def test_what_is_borrowed_is_looked_at_where_it_stands() -> None:
    row = 'to: {from: "{kind}", translate: {dirct: A}, otherwise: B}'
    base = made("a", f"decide:\n  who: [{{otherwise: author.name}}]\n  {row}\n")
    borrower = made("b", "based_on: a\n")

    assert [one.partition(": ")[0] for one in warned(borrower, lent=base)] == [
        "a.yaml:6:21 this is always the text 'author.name'",
        "a.yaml:7:36 'kind' is never 'dirct'",
    ]


LITERAL = {
    'text: {has_any: "bill, refund"}': [
        "this is one value, comma and all: write [bill, refund] if they are several, else ['bill, refund']"
    ],
    'text: {has_any: ["no, thanks"]}': [],
    "text: {has_any: ['refund*', 'f*ck', '**']}": [
        "'refund*' stands for no other words: write each, such as [refund, refunds]"
    ],
    "author.handle: '@anna'": ["handles come without @: write 'anna'"],
    "author.handle: {one_of: [anna, bob]}": [],
    "text: 'Yes, please'": [],
}


@pytest.mark.parametrize("condition", LITERAL)
def test_signs_that_are_taken_as_they_stand_are_told(condition: str) -> None:
    found = warned(made("care", decided(f"{{when: {{{condition}}}, use: A}}")))

    assert [one.partition(" ")[2] for one in found] == LITERAL[condition]


ROWS = {
    '{from: "{kind}", translate: {dirct: A}, otherwise: B}': "'kind' is never 'dirct'",
    '{from: "{place}", translate: {Here: A, There: B}, otherwise: C}': "'place' is never 'There'",
    '{from: "{language}", translate: {German: A}, otherwise: B}': "'German' is no code of a language",
    '{from: "{place}", translate: {HERE: A, " gone ": B}, otherwise: C}': "",
    '{from: "{open}", translate: {There: A}, otherwise: B}': "",
    '{from: "{kind | upper}", translate: {anything: A}, otherwise: B}': "",
    '{from: "{author.name}", translate: {anything: A}, otherwise: B}': "",
}


@pytest.mark.parametrize("table", ROWS)
def test_rows_for_what_a_word_never_is_are_told(table: str) -> None:
    place = "  place: [{when: {kind: post}, use: here}, {otherwise: gone}]\n"
    opened = "  open: [{when: {kind: post}, use: '{text}'}, {otherwise: gone}]\n"

    found = warned(made("care", f"decide:\n{place}{opened}  told: {table}\n"))

    assert [one.partition(" ")[2].partition(":")[0] for one in found] == [ROWS[table]] * bool(ROWS[table])


FIELDS = {
    "author.name": "this is always the text 'author.name': write \"{author.name}\"",
    "'{{ text }}'": "this is always the text '{ text }': write \"{text}\"",
    "{from: '{kind}', translate: {post: account.id}}": (
        "this is always the text 'account.id': write \"{account.id}\""
    ),
    "topic": "",
    "text": "",
    "'see {{order}}: {text | shorten 9}'": "",
}


@pytest.mark.parametrize("field", FIELDS)
def test_words_that_nothing_fills_are_told(field: str) -> None:
    rules = "decide: {topic: [{otherwise: A}]}\n"

    found = warned(made("care", rules, case=CASE.replace('"{text}"', field)))

    assert [one.partition(" ")[2] for one in found] == [FIELDS[field]] * bool(FIELDS[field])


def test_words_that_nothing_fills_are_told_wherever_they_stand() -> None:
    contact = """\
contact:
  object: Contact
  match: [{LastName: "{author.name}"}]
  none_found: {create: {LastName: "{author.name}", Subject: author.email}}
  fill_if_empty: {Subject: author.handle}
"""
    case = CASE.replace('"{text}"', "author.id") + '  update: {comment: {text: "{{text}}"}}\n'

    found = warned(made("care", contact, case=case))

    assert [one.rpartition(" ")[2] for one in found] == [
        '"{author.email}"',
        '"{author.handle}"',
        '"{author.id}"',
        '"{text}"',
    ]


def test_a_field_that_is_called_as_a_decided_name_shall_show_its_value() -> None:
    rules = "decide: {subject: [{otherwise: A}]}\n"

    found = warned(made("care", rules, case=CASE.replace('"{text}"', "subject")))

    assert [one.partition(" ")[2] for one in found] == ["this is always the text 'subject': write \"{subject}\""]


def test_rules_for_all_that_there_is_leave_nothing_below_them() -> None:
    rules = decided(
        "{when: {public: true}, use: A}", "{when: {public: false}, use: B}", "{when: {rating: 1}, use: C}"
    )

    assert warned(made("care", rules)) == [
        "care.yaml:9:7 this rule can never be used: lines 7 and 8 together take all that it fits"
    ]


# --- several mappings -------------------------------------------------------------------------------------------

OVERLAPS = {
    "all of it": (made("a"), made("b", source="[x]"), ["b.yaml:2:10 this mapping never gets a message"]),
    "all of one kind": (
        made("a", "accept: {kinds: [direct]}\n"),
        made("b", "accept: {kinds: [direct, post]}\n"),
        ["b.yaml:5:18 this mapping never gets 'direct'"],
    ),
    "all of one connection": (
        made("a", source="[x]"),
        made("b", source="[x, meta]"),
        ["b.yaml:3:10 this mapping never gets 'x'"],
    ),
    "its condition too": (
        made("a", "accept: {when: {rating: {below: 3}}}\n", tests=""),
        made("b", "accept: {when: {rating: 1}}\n", tests=""),
        ["b.yaml:2:10 this mapping never gets a message"],
    ),
    "some are left": (made("a", "accept: {when: {language: de}}\n", tests=""), made("b"), []),
    "the rest": (made("a", "accept: {kinds: [direct]}\n"), made("b"), []),
    "another connection": (made("a", source="[meta]"), made("b", source="[x]"), []),
    "one that only watches": (made("a", "shadow: true\n"), made("b"), []),
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_a_mapping_that_gets_nothing_is_told_with_the_one_that_takes_it(name: str) -> None:
    above, below, expected = OVERLAPS[name]

    found = [one for one in warned(above, below) if "no tests" not in one]

    assert [
        one.partition(":")[0] + ":" + one.partition(":")[2].rpartition(": 'a'")[0] for one in found
    ] == expected


def test_what_several_mappings_take_together_is_told_with_all_of_them() -> None:
    found = warned(made("b", source="[x]"), made("a", source="[meta]"), made("c"))

    assert found == [
        (
            "c.yaml:2:10 this mapping never gets a message: 'b' and 'a' above it in connections.yaml take all "
            "that it would"
        )
    ]


# --- the case ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "shared"),
    [("", True), ("accept: {kinds: [direct, comment]}\n", True), ("accept: {kinds: [direct, reaction]}\n", False)],
)
def test_strangers_share_a_case_only_in_public(accept: str, shared: bool) -> None:
    found = warned(made("care", accept, case=PLAIN + "  one_per: thread\n"))

    assert [one.partition(", ")[0].partition(" ")[2] for one in found] == [
        "all who write below one post share a case"
    ] * shared


def test_private_threads_may_share_a_case() -> None:
    accept = "accept: {when: {public: false}}\n"
    tests = TESTED.replace("text: Hi", "public: false")

    assert warned(made("care", accept, case=PLAIN + "  one_per: thread\n", tests=tests)) == []


def test_borrowed_tests_are_tests_unless_they_are_not_run() -> None:
    borrower = made("b", "based_on: a\n", tests="")

    own = warned(made("a", source="[x]"), borrower.replace("source: any", "source: [meta]"))
    other = warned(
        made("a", source="[x]"), borrower.replace("based_on: a", "based_on: a\naccept: {kinds: [post]}")
    )

    assert own == []
    assert other == ["b.yaml:2:1 this mapping has no tests: write one for each thing that must never go wrong"]


LENGTHS = {
    "{text}": "{text | one_line | shorten 255}",
    "{text | one_line}": "{text | one_line | shorten 255}",
    "From X: {text | shorten 250}": "{text | one_line | shorten 247}",
    "{place}: {text}": "{text | one_line | shorten 247}",
    "{text} {attachments}": "{text | one_line | shorten 127}",
    "{rating | default text}": "{rating | default text | shorten 255}",
    "{text | shorten 255}": "",
    "{place}{place | upper}": "",
    "{author.handle}: {kind}, {channel}": "",
    "{text | number}": "",
    "no placeholder": "",
}


@pytest.mark.parametrize("text", LENGTHS)
def test_only_what_fits_a_short_field_for_certain_is_silent(text: str) -> None:
    rules = 'decide: {place: {from: "{kind}", translate: {post: a post, direct: a text}, otherwise: other}}\n'
    case = CASE.replace("{text}", text)

    found = warned(made("care", rules, case=case))

    assert [one.rpartition(": write ")[2] for one in found] == [LENGTHS[text]] * bool(LENGTHS[text])


@pytest.mark.parametrize("text", [text for text, instead in LENGTHS.items() if instead])
def test_who_writes_what_is_advised_gets_a_text_that_fits(text: str) -> None:
    long = dataclasses.replace(MESSAGE, text="word " * 99, attachments=(Attachment(kind="file", url="x" * 300),))
    rules, written = "decide: {place: [{otherwise: a text}]}\n", text
    while found := warned(made("care", rules, case=CASE.replace("{text}", written))):
        may, _, instead = found[0].rpartition(": write ")
        written = written.replace(may.partition("characters, and ")[2].removesuffix(" may bring more"), instead)

    care = read(made("care", rules, case=CASE.replace("{text}", written)), "care.yaml")

    subject = str(create(care, long, decide(care, long, NOBODY), NOBODY)["Subject"])
    assert 100 < len(subject) <= 255 or text.startswith("{rating")


def test_the_fixed_text_alone_can_fill_a_field() -> None:
    found = warned(made("care", case=CASE.replace("{text}", f"{'So long. ' * 28}and{{text}}")))

    assert found[0].endswith("may bring more: the text around it alone fills it")


def test_a_new_customer_has_short_fields_too_and_the_org_tells_of_its_own() -> None:
    contact = (
        'contact: {object: Contact, match: [{A__c: "{text}"}], none_found: {create: {A__c: "{text}", '
        'LastName: "{text}", Email: "{author.email}", B__c: "{text}"}}}\n'
    )
    fields = {
        "a__c": FieldFacts(name="A__c", type="string", length=30),
        "b__c": FieldFacts(name="B__c", type="textarea", length=32_000),
    }
    told = Described(objects={"contact": ObjectFacts(name="Contact", fields=fields)})

    offline, online_ = warned(made("care", contact)), warned(made("care", contact), told=told)

    assert [one.partition(" ")[2].partition(",")[0] for one in offline] == ["Contact.LastName holds 80 characters"]
    assert [one.partition(" ")[2].partition(",")[0] for one in online_] == [
        "Contact.A__c holds 30 characters",
        "Contact.LastName holds 80 characters",
    ]


def test_the_shipped_mappings_give_no_cause_for_a_warning() -> None:
    targets = {"salesforce": TARGETS["crm"], "zendesk": TARGETS["desk"]}

    found = []
    for name in ("x-to-salesforce", "meta-to-salesforce", "meta-to-zendesk"):
        mappings = load(SHIPPED, [name], targets=targets)
        found += advice(online.written(Folder(SHIPPED), mappings), sources=SOURCES, targets=targets)

    assert found == []


# --- keys -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ("drop: [{public: true}]\n", "5:1 error: 'drop' belongs under accept"),
        ("accept: {protect: {}}\n", "5:10 error: 'protect' belongs at the top"),
        ("protect: {object: Case}\n", "5:11 error: 'object' belongs under contact or under case"),
        ("accept: {droop: []}\n", "5:10 error: unknown key 'droop'"),
        ("accept: {language: de}\n", "5:10 error: 'language' is part of a condition: indent it below when"),
        (
            "decide: {p: [{when: {kind: post}, public: true, use: A}, {otherwise: B}]}\n",
            "5:35 error: 'public' is part of a condition: indent it below when",
        ),
        (
            "decide: {p: {when_any: [{kind: post}], from: '{kind}', translate: {post: A}, otherwise: B}}\n",
            "5:14 error: each rule begins with a dash: - when_any: …",
        ),
    ],
)
def test_a_key_in_the_wrong_place_is_told_where_it_belongs(sections: str, told: str) -> None:
    assert faults(sections)[0].partition(" [")[0] == f"care.yaml:{told}"
