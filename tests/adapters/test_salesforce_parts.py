"""The pure pieces: comments and their markers, SOQL, field values, settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from simple_salesforce.format import format_soql

from adapters.salesforce import Settings, comments, rows, soql

# Without what no database stores, as the inbox hands it on.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)

# --- comments -------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(TEXT.map(lambda text: text * 30), st.text(min_size=1, max_size=20))
def test_comments_fit_into_salesforce_and_are_all_found_again(text: str, key: str) -> None:
    bodies = comments.bodies(text, key)

    assert bodies
    assert all(len(body.encode()) <= 4000 for body in bodies)
    assert [comments.marker_in(body) for body in bodies] == [comments.marker(key, i) for i in range(len(bodies))]


def test_a_text_that_just_fits_is_one_comment() -> None:
    longest = "x" * (4000 - 16)

    assert comments.bodies(longest, "k") == [f"{longest}\n{comments.marker('k')}"]
    assert len(comments.bodies(longest + "x", "k")) == 2


def test_only_the_last_line_is_a_marker() -> None:
    marker = comments.marker("k")

    found = [
        comments.marker_in(body) for body in (f"a\n{marker}", f"a\r\n{marker} \n", f"{marker}\nmore", "", "[cb:x]")
    ]

    assert found == [marker, marker, "", "", ""]


# --- SOQL -----------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["A", "B__c"]), st.text(min_size=1, max_size=255), min_size=1), max_size=20
    ),
    st.integers(min_value=3000, max_value=6000),
)
def test_queries_fit_and_ask_for_everything(matches: list[dict[str, str]], room: int) -> None:
    queries = soql.queries(["Id"], "Contact", matches, room=room)

    # One match of two fields, 255 characters each and 9 encoded bytes a character, may fill more than a query.
    assert all(len(quote_plus(query)) <= max(room, 255 * 2 * 12 + 200) for query in queries)
    for match in matches:
        assert any(all(format_soql("{}", value) in query for value in match.values()) for query in queries)


def test_one_query_asks_for_lists_and_for_joint_conditions() -> None:
    [query] = soql.queries(["Id", "A", "Id"], "Case", [{"A": "x'"}, {"A": "y", "B": "z"}, {"A": "w"}, {"A": "x'"}])

    assert query == "SELECT Id, A FROM Case WHERE (A IN ('x\\'','w') OR (A = 'y' AND B = 'z'))"


def test_a_query_can_look_back_to_a_time() -> None:
    since = datetime(2026, 11, 21, 8, 0, 5, 999, tzinfo=UTC)

    [query] = soql.queries(["Id"], "CaseComment", [{"ParentId": "500x"}], since=since)

    assert query == (
        "SELECT Id FROM CaseComment WHERE (ParentId IN ('500x')) AND CreatedDate >= 2026-11-21T08:00:05+00:00"
    )


def test_what_can_match_nothing_is_not_asked_for() -> None:
    assert soql.queries(["Id"], "Contact", [{}, {"Email": ""}, {"Email": "x" * 256}]) == []


@pytest.mark.parametrize("name", ["", "1a", "Id FROM User", "a.b", "ä", "{}", "a" * 81, "Id\n"])
def test_a_name_is_letters_digits_and_underscores(name: str) -> None:
    with pytest.raises(ValueError, match="no API name"):
        soql.queries([name], "Case", [{"Id": "x"}])


# --- field values ---------------------------------------------------------------------------------------------


def test_values_are_carried_as_json_and_cut_visibly() -> None:
    given: dict[str, Any] = {
        "A": "text",
        "B": 3,
        "C": True,
        "D": None,
        "E": "",
        "F": ("x", "y"),
        "Subject": "s" * 256,
    }

    fields, warnings = rows.fields_of(given, rows.lengths("Case"))

    assert fields == {"A": "text", "B": 3, "C": True, "E": None, "F": "x;y", "Subject": "s" * 254 + "…"}
    assert warnings == ["Subject was shortened to 255 characters."]


# --- settings -------------------------------------------------------------------------------------------------

GIVEN = {"domain": "acme.my", "consumer_key": "key", "consumer_secret": "s3cret"}


def test_three_keys_are_enough() -> None:
    read = Settings.model_validate(GIVEN)

    assert (read.api_version, read.url, read.timeout, read.latest_commit) == (
        "66.0",
        "",
        30.0,
        timedelta(minutes=10),
    )
    assert "s3cret" not in repr(read)


@pytest.mark.parametrize(
    ("written", "meant"),
    [(2, 2), ("2", 2), ("0.5", 0.5), ("10 minutes", 600), ("1 minute", 60), ("2 hours", 7200), ("90 seconds", 90)],
)
def test_a_time_is_seconds_or_words(written: object, meant: float) -> None:
    read = Settings.model_validate({**GIVEN, "latest_commit": written})

    assert read.latest_commit == timedelta(seconds=meant)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("username", "me", "username without private_key: SOAP login and username-password are not"),
        ("security_token", "x", "security_token: SOAP login"),
        ("url", "https://acme.my.salesforce.com", "points at a sandbox on this machine"),
        ("url", "http://127.0.0.1.evil.example", "points at a sandbox on this machine"),
        ("url", "http://127.0.0.1@evil.example", "points at a sandbox on this machine"),
        ("url", "http://0.0.0.0:80", "points at a sandbox on this machine"),
        ("url", "ftp://127.0.0.1", "points at a sandbox on this machine"),
        ("domain", "https://acme.my.salesforce.com", "is no My Domain"),
        ("domain", "acme.my.salesforce.com", "is no My Domain"),
        ("domain", "login", "is no My Domain"),
        ("domain", "evil.example/x?", "is no My Domain"),
        ("api_version", "v66.0", "should match pattern"),
        ("api_version", "45.0", "is too old"),
        ("latest_commit", "soon", "is no time; write seconds"),
        ("latest_commit", "-5", "is no time; write seconds"),
        ("timeout", 0, "greater than 0"),
        ("tiemout", 3, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_setting_says_what_to_write_and_shows_no_secret(key: str, value: object, said: str) -> None:
    with pytest.raises(ValidationError) as error:
        Settings.model_validate({**GIVEN, key: value})

    assert said in str(error.value)
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8800", "http://localhost:1/", "https://[::1]:8443", "http://127.9.9.9"]
)
def test_a_sandbox_on_this_machine_is_taken(url: str) -> None:
    assert Settings.model_validate({**GIVEN, "url": url}).url == url.rstrip("/")
