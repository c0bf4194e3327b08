"""The pure parts of the Zendesk adapter: texts, fields, marks, redaction, settings."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import openapi_oracle
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from zendesk_account import filing, part

from adapters.zendesk import Settings, Zendesk, notes, text, tickets, users
from adapters.zendesk.tickets import Ticket
from bridge.fitting import size
from bridge.ports import Reopen
from bridge.written import notes_of

PLACEHOLDER = re.compile(r"\{\{|\{%|%\}|\}\}")
HOSTILE = st.text(alphabet=st.sampled_from("{}%<>&\"'#; \n\r\taé\u200b\U0001f600"), max_size=200)
TEXTS = st.one_of(HOSTILE, st.text(max_size=200))


def shown(markup: str) -> str:
    """What a browser shows of our markup, without the spaces that we put in."""
    return html.unescape(markup.replace("<br>", "\n")).replace("\u200b", "")


def lines(said: str) -> str:
    return said.replace("\r\n", "\n").replace("\r", "\n").replace("\u200b", "")


# --- text -----------------------------------------------------------------------------------------------------


@given(TEXTS)
@example("{{{{ticket.id}}}}")
@example("{%{%%}%}")
def test_markup_shows_the_text_and_holds_no_placeholder(said: str) -> None:
    markup = text.markup(said)

    assert lines(html.unescape(markup.replace("<br>", "\n"))) == lines(said)
    assert not PLACEHOLDER.search(html.unescape(markup))
    assert set(re.findall(r"<[^>]*>?", markup)) <= {"<br>"}
    assert "'" not in markup
    assert '"' not in markup


@given(TEXTS)
def test_fields_hold_no_placeholder(said: str) -> None:
    assert not PLACEHOLDER.search(text.harmless(said))
    assert text.harmless(said).replace("\u200b", "") == said.replace("\u200b", "")


@settings(max_examples=60)
@given(TEXTS, st.integers(min_value=80, max_value=400))
@example('"' * 300, 100)
def test_pieces_fit_and_make_up_the_text_again(said: str, limit: int) -> None:
    pieces = text.pieces(said, limit=limit)

    assert all(0 < size(piece) <= limit for piece in pieces)
    bare = [re.sub(r"\A\(\d+/\d+\) ", "", piece) for piece in pieces] if len(pieces) > 1 else pieces
    assert "".join(map(shown, bare)) in (lines(said), text.NOTHING)
    assert (shown(bare[0]) == text.NOTHING) <= (not said.strip() or said == text.NOTHING)


def test_marks_are_ten_digits_of_the_key_and_the_piece() -> None:
    assert text.mark("facebook:1:9:created") == text.mark("facebook:1:9:created", 0)
    assert text.mark("a", 1) == text.mark("a:1")
    assert text.marks_in(f"{text.mark('a')},{text.mark('b')}") == [text.mark("a"), text.mark("b")]
    assert [text.marks_in(other) for other in (None, 7, "", {"a": 1}, "someone else's")] == [[]] * 5


# --- fields ---------------------------------------------------------------------------------------------------


def test_fields_are_written_as_zendesk_takes_them() -> None:
    given = {
        "subject": "{{ticket.id}}",
        "description": "goes into the comment",
        "tags": "one, two three",
        "group_id": "360001",
        "brand_id": "",
        "status": None,
        "type": "",
        "custom_field_12": ("a", "b"),
        "custom_field_13": "",
        "custom_field_14": 2.5,
    }

    assert tickets.written(given, cut=True) == (
        {
            "subject": "{\u200b{ticket.id}\u200b}",
            "tags": ["one", "two", "three"],
            "group_id": 360001,
            "type": "",
            "custom_fields": [
                {"id": 12, "value": ["a", "b"]},
                {"id": 13, "value": None},
                {"id": 14, "value": 2.5},
            ],
        },
        [],
    )


def test_a_long_subject_is_cut_only_where_the_mapping_lets_it() -> None:
    whole = tickets.written({"subject": "x" * 300}, cut=False)
    cut = tickets.written({"subject": "x" * 300}, cut=True)

    assert whole == ({"subject": "x" * 300}, [])
    assert cut == ({"subject": "x" * 254 + "…"}, ["subject was shortened to 255 characters."])


def test_a_ticket_is_read_with_its_metrics() -> None:
    row = {
        "id": 7,
        "status": "solved",
        "updated_at": "2026-11-21T10:00:00Z",
        "subject": "s",
        "custom_fields": [{"id": 12, "value": "x"}],
    }
    solved = {"ticket_id": 7, "solved_at": "2026-11-21T09:00:00Z"}

    with_sets = tickets.by_id({"tickets": [row], "metric_sets": [solved]})["7"]
    without = tickets.by_id({"tickets": [row, {"id": 8, "status": "deleted"}], "metric_sets": None})

    values = {"status": "solved", "subject": "s", "custom_field_12": "x"}
    nine, ten = (datetime(2026, 11, 21, hour, tzinfo=UTC) for hour in (9, 10))
    assert with_sets == Ticket(
        id="7", status="solved", closed_at=nine, reopened=True, stamp="2026-11-21T10:00:00Z", values=values
    )
    assert without == {
        "7": Ticket(id="7", status="solved", closed_at=ten, stamp="2026-11-21T10:00:00Z", values=values)
    }


@pytest.mark.parametrize("when", [None, "", "soon", "2026-11-21T10:00:00", 7])
def test_a_time_that_is_none_is_long_ago(when: object) -> None:
    assert tickets.seen({"id": 1, "status": "closed", "updated_at": when}, {}).closed_at is None


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"create": {"requester_id": "7 or 8"}}, "requester_id"),
        ({"reopen": {"assignee_id": "Ann"}}, "assignee_id"),
        ({"create": {"requester_id": "7", "group_id": "", "brand_id": None, "problem_id": 9}}, ""),
    ],
)
def test_an_id_that_is_none_is_found_before_it_is_sent(more: dict[str, dict[str, object]], field: str) -> None:
    given = {"create": more.get("create", {}), "reopen": Reopen(set=more.get("reopen", {}))}  # type: ignore[arg-type]

    refused = tickets.fault(filing("a", part("m1"), **given))

    assert (refused.field if refused else "") == field
    assert not any(word in str(refused) for word in ("7 or 8", "Ann"))


def test_the_judge_of_our_requests_agrees_to_every_field_and_to_nothing_else() -> None:
    ours = tickets.FIELDS - {"description"} | {"custom_fields", "comment", "metadata"}
    create, update, user = (
        openapi_oracle.CLOSED_KEYS[operation][place]
        for operation, place in (
            ("POST tickets", "ticket"),
            ("PUT tickets/{id}", "ticket"),
            ("POST users", "user"),
        )
    )

    assert create == ours | {"external_id", "via_followup_source_id"}
    assert update == ours | {"id", "safe_update", "updated_stamp"}
    assert user == users.FIELDS | {"role", "skip_verify_email", "user_fields"}


# --- redaction ------------------------------------------------------------------------------------------------

WRAPPED = '<div class="zd-comment" dir="auto">{}</div>'


@pytest.mark.parametrize(
    ("body", "texts", "expected"),
    [
        ("one", {0: 1}, "<redact>one</redact>"),
        ("one<br>two", {0: 1}, "<redact>one</redact><br><redact>two</redact>"),
        ("one<hr>two<hr>three", {1: 3}, "one<hr><redact>two</redact><hr>three"),
        ("one<hr />two", {0: 2, 1: 2}, "<redact>one</redact><hr /><redact>two</redact>"),
        ("one<hr>two", {0: 0}, "<redact>one</redact><hr>two"),
        ("▇▇▇<br>▇▇<hr>two", {0: 2}, "▇▇▇<br>▇▇<hr>two"),
        (
            'see <a href="https://x.example/">x</a><img src="y" />',
            {0: 1},
            '<redact>see </redact><a href="https://x.example/" redact><redact>x</redact></a><img src="y" redact>',
        ),
    ],
)
def test_a_text_is_marked_for_redaction(body: str, texts: dict[int, int], expected: str) -> None:
    assert notes.blackened(WRAPPED.format(body), texts) == (WRAPPED.format(expected), False)


@pytest.mark.parametrize("texts", [{1: 3}, {0: 1}, {5: 0}])
def test_all_of_a_comment_goes_where_its_lines_have_changed(texts: dict[int, int]) -> None:
    redacted = notes.blackened(WRAPPED.format("one<hr>two"), texts)

    assert redacted == (WRAPPED.format("<redact>one</redact><hr><redact>two</redact>"), True)


@given(TEXTS.filter(lambda said: not set(said) <= set("▇ \n\t\r")), TEXTS)
def test_redaction_takes_all_of_one_text_and_nothing_of_the_next(said: str, other: str) -> None:
    body = WRAPPED.format(text.LINE.join((text.markup(said), text.markup(other))))

    redacted, whole = notes.blackened(body, {0: 2})

    first, second = redacted.split("<hr>")
    outside = re.sub(r"<redact>.*?</redact>", "", first, flags=re.DOTALL).replace("<br>", "")
    assert not whole
    assert set(html.unescape(outside.partition(">")[2])) <= set("▇ \n\t")
    assert second == text.markup(other) + "</div>"
    assert redacted.replace("<redact>", "").replace("</redact>", "") == body


def test_refs_name_comments_and_their_texts() -> None:
    refs = ["35436", "613:0:2", "613:1:2", "614:0:1", "junk", "1:2"]

    assert notes.texts_of(refs) == {"613": {0: 2, 1: 2}, "614": {0: 1}}


def test_only_what_stands_as_we_wrote_it_is_blanked() -> None:
    ticket = Ticket(id="7", values={"subject": "ours", "custom_field_1": "an agent's", "custom_field_2": None})
    gone = part(
        "d",
        act="delete",
        row={"subject": "x", "description": "x", "custom_field_1": "x", "custom_field_2": ""},
        notes=notes_of({"subject": "ours", "custom_field_1": "was ours"}),
    )

    assert notes.to_rewrite(gone, ticket, cut=True) == ({"subject": "x"}, ["custom_field_1"])


# --- settings -------------------------------------------------------------------------------------------------

GIVEN = {"subdomain": "acme", "client_id": "casebridge", "client_secret": "s3cret"}


def test_the_keys_of_a_connection() -> None:
    made = Settings.model_validate({**GIVEN, "latest_commit": "90 seconds"})

    assert (made.subdomain, made.url, made.timeout) == ("acme", "", 30)
    assert made.latest_commit == timedelta(seconds=90)
    assert Zendesk(made).patience == timedelta(seconds=45)
    assert "s3cret" not in repr(made)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"subdomain": "acme.zendesk.com"}, "write it without https:// and .zendesk.com"),
        ({"subdomain": "https://acme.zendesk.com"}, "is no subdomain"),
        ({"subdomain": "evil.example/"}, "is no subdomain"),
        ({"subdomain": ""}, "is no subdomain"),
        ({"email": "a@b.example", "api_token": "t0ken"}, "email and api_token another: leave out one"),
        ({"password": "pw"}, "give client_id and client_secret"),
        ({"client_id": ""}, "at least 1 character"),
        ({"url": "https://acme.zendesk.com"}, "points at a sandbox"),
        ({"client_secret": ""}, "at least 1"),
        ({"url": "http://127.0.0.1:notaport"}, "points at a sandbox"),
        ({"latest_commit": "9" * 20 + " hours"}, "is too long a time"),
        ({"timeout": 0.3}, "greater than 0.3"),
        ({"host": "x"}, "Extra inputs"),
    ],
)
def test_wrong_keys_are_refused_with_what_to_do_and_without_secrets(more: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError) as error:
        Settings.model_validate(GIVEN | more)

    assert words in str(error.value)
    assert not any(secret in str(error.value) for secret in ("s3cret", "t0ken"))
