"""From a signed callback to a case, over real processes: what customers write arrives, and nothing leaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
import road
from crms import SIDES, ZENDESK, Seen, Side
from postgres import Databases
from road import PAGE, Road, comment, comments, direct

from bridge.store.tables import metadata

OLD_SECRET = "road-old-app-secret-3b9a"
DAY = 86400


@pytest.fixture(scope="module", params=SIDES, ids=repr)
def crm(request: pytest.FixtureRequest) -> Side:
    side: Side = request.param
    return side


@pytest.fixture(scope="module")
def running(crm: Side, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    folder = tmp_path_factory.mktemp("words")
    with databases() as url:
        env = road.configure(folder, crm=crm, database_url=url, META_APP_SECRET_OLD=OLD_SECRET, LOG_LEVEL="debug")
        with road.road(folder, env, crm=crm) as found:
            yield found


def key(author: str, *, post: str = road.POST, page: str = PAGE) -> str:
    return f"facebook:{page}:{post}:{author}"


# --- hostile text ---------------------------------------------------------------------------------------------

HOSTILE = {
    "placeholders": "{text} {{7*7}} {{{author.name}}} ${env:META_APP_SECRET} %s {0} <%= 1 %> {account.brand",
    "queries": "' OR Name != '' OR LastName = '\\' -- \"; DELETE FROM Contact; \\u0027 %27",
    "markup": '<script>alert(1)</script><img src=x onerror="x()">&amp;&lt;![CDATA[]]><!-- </textarea>',
    "controls": "a\x01\x07\x08\x0b\x1b[31m\x7f\x85\u2028\u2029b\tc\nd",
    "another direction": "abc \u202etxt.exe\u202c \u2066\u05e9\u05dc\u05d5\u05dd\u2069 \u200f\u0645\u0631",
    "emoji": "👨‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 👍🏽 e\u0301 Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "a marker of ours": "thank you\n[cb:0123456789]",
    "a formula": '=HYPERLINK("http://x.example","y")',
    "json": '{"attributes": {"type": "Contact"}, "entry": []}',
    "long": "0123456789" * 900,
    "long and wide": "äöü😠 " * 1800,
}
UNSTORABLE = {"null": ("a\x00b", "a\ufffdb"), "half a pair": ("a\ud83db", "a\ufffdb")}
TEXTS = {**{name: (text, text) for name, text in HOSTILE.items()}, **UNSTORABLE}


def joined(pieces: Sequence[str]) -> str:
    """The text of several comments: a long one is cut, and each piece says which it is."""
    return pieces[0] if len(pieces) == 1 else "".join(piece.partition(") ")[2] for piece in pieces)


def test_hostile_text_arrives_as_it_was_written_and_does_nothing(running: Road) -> None:
    said = [
        comment(f"10_{i}{n}", text, by=f"10{i}", post=f"{PAGE}_10", name=text[:60])
        for i, (text, _) in enumerate(TEXTS.values())
        for n in (1, 2)
    ]

    running.deliver(comments(*said))

    cases = [running.case(key(f"10{i}", post=f"{PAGE}_10")) for i in range(len(TEXTS))]
    found = [(case.texts[0], joined(case.texts[1:])) for case in cases]
    assert found == [(text, text) for _, text in TEXTS.values()]
    assert [case.opening for case in cases] == [text for _, text in TEXTS.values()]
    assert [case.name.strip() for case in cases] == [text[:60].strip() for _, text in TEXTS.values()]
    assert {case.subject for case in cases} == {"Acme DE"}
    assert {case.contact for case in cases} == {""}


def test_the_page_of_a_case_shows_markup_as_text(running: Road) -> None:
    running.deliver(comments(*(comment(f"11_{n}", HOSTILE["markup"], by="11") for n in (1, 2))))

    address = running.env[running.crm.url] + running.crm.page(running.case(key("11")).id)
    page = running.http.get(address, timeout=road.PATIENCE).text

    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2


# --- connections ----------------------------------------------------------------------------------------------


def test_both_secrets_are_good_while_they_rotate_and_no_third_one(running: Road) -> None:
    secrets = (running.env["META_APP_SECRET"], OLD_SECRET, "road-foreign-secret")
    documents = [
        {"object": "page", "entry": [direct(f"m_20{i}", f"Word {i}", by=f"20{i}")]} for i in range(len(secrets))
    ]

    answers = [running.post(body, secret=secret) for body, secret in zip(documents, secrets, strict=True)]

    running.settle()
    assert answers == [200, 200, 403]
    found = [case.texts for case in running.cases() if case.key.startswith(f"messenger:{PAGE}:20")]
    assert found == [("Word 0",), ("Word 1",)]


def test_several_accounts_come_through_one_url_each_with_what_is_said_about_it(running: Road) -> None:
    running.deliver(
        comments(comment("21_1", "Guten Tag", by="21")),
        comments(comment("21_2", "Bonjour", by="21", post=f"{road.OTHER_PAGE}_1"), page=road.OTHER_PAGE),
        comments(comment("21_3", "Hello", by="21"), page="10159999"),
    )

    about = {case.subject: case.texts for case in running.cases() if case.key.endswith(":21")}
    assert about == {"Acme DE": ("Guten Tag",), "Acme FR": ("Bonjour",)}
    assert running.books().skipped[("acme-meta", "unknown_account", "10159999")] == 1


# --- closed cases ---------------------------------------------------------------------------------------------


def closed(running: Road, author: str, *, ago: float) -> Seen:
    """A case with one message that was closed so many seconds ago."""
    running.deliver(comments(comment(f"{author}_1", "First words", by=author)))
    running.order("clock", offset_seconds=-ago)
    running.close(running.case(key(author)))
    running.order("clock", offset_seconds=0)
    return running.case(key(author))


def test_a_new_comment_reopens_a_case_that_was_closed_not_long_ago(running: Road) -> None:
    before = closed(running, "30", ago=DAY)

    running.deliver(comments(comment("30_2", "It is broken again", by="30")))

    case = running.case(key("30"))
    assert (before.status, case.status) == (running.crm.closed, running.crm.reopened)
    assert case.texts == ("First words", "It is broken again")


def test_a_new_comment_opens_another_case_when_the_first_was_closed_long_ago(running: Road) -> None:
    before = closed(running, "31", ago=30 * DAY)

    running.deliver(comments(comment("31_2", "It is me again", by="31"), comment("31_3", "Hello?", by="31")))

    assert running.case(key("31")) == before
    assert running.case(f"{key('31')}~2").texts == ("It is me again", "Hello?")


def test_a_comment_right_after_the_closing_leaves_the_case_closed(running: Road) -> None:
    closed(running, "32", ago=5)

    running.deliver(comments(comment("32_2", "Thank you!", by="32")))

    case = running.case(key("32"))
    assert (case.status, case.texts) == (running.crm.closed, ("First words", "Thank you!"))


# --- leaks ----------------------------------------------------------------------------------------------------


def test_neither_secrets_nor_what_customers_say_reach_a_log(running: Road) -> None:
    said, named, unread = "canary-words-51c2", "canary-name-51c2", "canary-unread-51c2"
    spoiled = comment("40_9", unread, by="40") | {"message": {"x": unread}}
    for fault in ("expired_token", "rate_limit" if running.crm is ZENDESK else "row_lock", "html_error"):
        running.order("faults", fault=fault, method="POST")
    for token in (road.SECRETS["META_VERIFY_TOKEN"], "canary-token-51c2"):
        query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1"}
        running.http.get(f"{running.url}/in/acme-meta", params=query, timeout=road.PATIENCE)
    running.post({"object": "page", "entry": [said]}, secret="canary-secret-51c2")

    running.deliver(
        comments(
            *(comment(f"40_{n}", f"{said} {n} {'é' * 40_000}", by="40", name=named) for n in range(3)),
            comment("40_8", f"giveaway {said}", by="40", name=named),
            spoiled,
        ),
        direct("m_40", said, by="40"),
    )

    states = road.count([state for (state,) in running.rows("select state from item where key like '%40_%'")])
    assert states == {"filed": 4, "dropped": 1}
    assert running.rows("select count(*) from item where state = 'dead'") == [(1,)]
    assert "refused a request to acme-meta" in running.log
    hidden = [said, named, unread, "canary-", OLD_SECRET, *secrets(running), "00DSb0000000001!", "Bearer"]
    assert [words for words in hidden if words in running.log] == []


def test_no_secret_is_written_to_the_database(running: Road) -> None:
    running.deliver(comments(comment("41_1", "Hello", by="41")))

    stored = everything(running)

    assert "Hello" in stored
    assert [secret for secret in (OLD_SECRET, *secrets(running)) if secret in stored] == []


def secrets(running: Road) -> list[str]:
    return [*road.SECRETS.values(), *running.crm.secrets.values()]


def everything(running: Road) -> str:
    """Every value of every row of the database."""
    names = [table.name for table in metadata.sorted_tables]
    return repr([running.rows(f"select * from {name}") for name in names])
