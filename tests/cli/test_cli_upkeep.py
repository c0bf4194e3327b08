"""doctor, subscribe, backfill, clock and replies as processes, with a platform and a CRM on this machine."""

from __future__ import annotations

import re
import shutil
import signal
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import road
from crms import SALESFORCE
from heart import all_items, hear, said
from road import casebridge
from sqlalchemy import update
from stub import Call, Said, Stub, running

from bridge import metrics
from bridge.answering import NOBODY
from bridge.cli import main
from bridge.message import Account, load
from bridge.ports import Reply
from bridge.store import Store, chores, connect, replies, revisions
from bridge.store.health import Health
from bridge.store.tables import reply

BOT = "7000001"
COMMENTS = (
    "Messages are filed as comments on the case: the org has no Social_Message__c, or the app's user may not see "
    "it. Agents' replies are not heard."
)
NEVER_CALLED = "It has never called us: agents' replies, if any, come when they are looked for."
NO_CLOCK = (
    "No clock runs, so no token is renewed and no alarm is raised."
    "  -> Let one process run casebridge clock; casebridge run has one."
)
NO_WEBHOOK = "Telegram has no webhook for the bot, so no update comes.  -> Run casebridge subscribe."
QUIET = "Nothing has ever come.  -> Write something there yourself, and see whether it comes."
CALLBACK = "https://hooks.example.com/in/acme-telegram"
CONNECTIONS = f"""\
version: 1
connections:
  acme-telegram:
    adapter: telegram
    secret_token: env:TELEGRAM_SECRET
    url: env:TELEGRAM_URL
    accounts:
      "{BOT}": {{token: env:TELEGRAM_TOKEN}}
  acme-app:
    adapter: webhook
    payload: mobile-app
    verify: {{scheme: standard_webhooks, secrets: env:APP_SECRET}}
    accounts:
      acme-ios: {{}}
{SALESFORCE.connection}mappings: [plain]
"""


@dataclass
class Bot:
    """Telegram, as far as it is looked at."""

    token: str = f"{BOT}:AAE-of_acme"
    webhook: dict[str, Any] = field(default_factory=lambda: {"url": "", "pending_update_count": 0})

    def answer(self, call: Call) -> Said:
        """Answer one call."""
        if f"/bot{self.token}/" not in call.path:
            return Said(status=401, body={"ok": False, "error_code": 401, "description": "Unauthorized"})
        if call.path.endswith("/getMe"):
            return Said(body={"ok": True, "result": {"id": int(BOT), "is_bot": True}})
        if call.path.endswith("/setWebhook"):
            self.webhook = {**call.json, "pending_update_count": 0}
            return Said(body={"ok": True, "result": True})
        return Said(body={"ok": True, "result": self.webhook})


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.fixture
def telegram(bot: Bot) -> Iterator[Stub]:
    with running(bot.answer) as stub:
        yield stub


@pytest.fixture
def env(tmp_path: Path, template: Path, telegram: Stub) -> dict[str, str]:
    """The environment of a migrated database; the CRM's sandbox is not running."""
    shutil.copy(template, tmp_path / "bridge.db")
    found = road.configure(
        tmp_path,
        file=CONNECTIONS,
        TELEGRAM_SECRET="telegram-secret-7f1c",
        TELEGRAM_URL=telegram.url,
        TELEGRAM_TOKEN=f"{BOT}:AAE-of_acme",
        APP_SECRET="whsec_" + b64encode(b"a" * 24).decode(),
        PUBLIC_URL="https://hooks.example.com",
    )
    payloads = tmp_path / "config" / "payloads"
    payloads.mkdir()
    shutil.copy(road.ROOT / "mappings" / "payloads" / "mobile-app.yaml", payloads)
    return found


def line(level: str, where: str, rest: str) -> str:
    """One line of a command."""
    return f"{level:<7}  {where}  {rest}"


def stored(env: dict[str, str]) -> Store:
    return connect(env["DATABASE_URL"])


# --- doctor ---


def test_doctor_finds_what_is_wrong_everywhere_and_says_what_to_do(env: dict[str, str], tmp_path: Path) -> None:
    with road.sandbox(tmp_path, SALESFORCE, env) as address:
        code, told, errors = casebridge({**env, "SF_URL": address}, "doctor", anew=True)

    assert (code, errors) == (1, "")
    key = "Case.Social_Conversation_Key__c"
    assert told.splitlines() == [
        line("warning", "Casebridge", f"chores: {NO_CLOCK}"),
        line("ok", "Casebridge", "url: Platforms call https://hooks.example.com/in/<connection>."),
        line("ok", "Casebridge", "database: The database answers, and has this version's tables."),
        line("ok", "Casebridge", "clock: This machine's clock and the database's agree."),
        line("fault", f"acme-telegram / {BOT}", f"callback: {NO_WEBHOOK}"),
        line("warning", f"acme-telegram / {BOT}", f"events: {QUIET}"),
        line("ok", f"acme-telegram / {BOT}", "token: The token is the bot's, and has no end."),
        line("ok", "acme-telegram", "clock: This machine's clock and Telegram's agree."),
        line("warning", "acme-app / acme-ios", f"events: {QUIET}"),
        line(
            "ok", "salesforce", "login: The login works (client credentials), and the API's version 66.0 is there."
        ),
        line("ok", "salesforce", "limits: 4999999 of 5000000 API calls of these 24 hours are left."),
        line("ok", "salesforce", f"key {key}: {key} is there, unique, and can be written."),
        line("ok", "salesforce", f"messages: {COMMENTS}"),
        line("ok", "salesforce", "clock: This machine's clock and Salesforce's agree."),
        line("ok", "salesforce", f"calls: {NEVER_CALLED}"),
    ]


def test_warnings_alone_leave_doctor_at_0(env: dict[str, str], bot: Bot) -> None:
    store = stored(env)
    hear(store, said("Help", account=Account(id="acme-ios"), connection="acme-app"))

    code, told, errors = casebridge(env, "doctor", "acme-app")

    assert (code, errors) == (0, "")
    assert told == f"warning  acme-app / acme-ios  events: {QUIET}\n"


def test_a_dead_token_and_a_crm_that_is_away_are_told_beside_each_other(env: dict[str, str], bot: Bot) -> None:
    bot.token = "another"

    code, told, _ = casebridge(env, "doctor", "acme-telegram", "salesforce")

    lines = told.splitlines()
    assert code == 1
    assert lines[0].startswith(f"fault    acme-telegram / {BOT}  token: ")
    assert lines[-2].startswith("warning  salesforce  reach: Salesforce cannot be reached")
    assert lines[-1] == line("ok", "salesforce", f"calls: {NEVER_CALLED}")
    assert "AAE-of_acme" not in told


def test_doctor_cannot_look_at_a_connection_that_is_not_there(env: dict[str, str]) -> None:
    code, told, errors = casebridge(env, "doctor", "acme-x")

    assert (code, told) == (2, "")
    assert errors == (
        "the connection 'acme-x' is not switched on in connections.yaml\n"
        "    -> allowed: acme-telegram, acme-app, salesforce\n"
    )


def test_doctor_cannot_look_without_a_database(env: dict[str, str], tmp_path: Path) -> None:
    code, told, errors = casebridge({**env, "DATABASE_URL": f"sqlite:///{tmp_path / 'none' / 'b.db'}"}, "doctor")

    assert (code, told) == (2, "")
    assert errors == "the database of DATABASE_URL cannot be used: unable to open database file\n"


# --- subscribe ---


def test_subscribe_writes_what_is_missing_and_a_second_time_nothing(env: dict[str, str], telegram: Stub) -> None:
    by_hand = (
        "ok       acme-app  subscription: This platform is set up by hand: docs/channels/webhook.md says where."
    )

    first = casebridge(env, "subscribe", anew=True)
    writes = len(telegram.writes)
    second = casebridge(env, "subscribe")

    assert first[0] == second[0] == 0
    assert first[1].splitlines() == [
        f"done     acme-telegram / {BOT}  callback: The bot's webhook was set to {CALLBACK!r}.",
        f"ok       acme-telegram / {BOT}  token: The token is the bot's, and has no end.",
        "ok       acme-telegram  clock: This machine's clock and Telegram's agree.",
        by_hand,
    ]
    assert {line.partition(" ")[0] for line in second[1].splitlines()} == {"ok"}
    assert (writes, len(telegram.writes)) == (1, 1)


def test_a_crm_without_an_api_for_it_cannot_be_subscribed_to(env: dict[str, str]) -> None:
    code, _, errors = casebridge(env, "subscribe", "salesforce")

    says = "the connection 'salesforce' has no API for this\n    -> allowed: acme-telegram, acme-app\n"
    assert (code, errors) == (2, says)


# --- backfill ---


def test_a_platform_without_a_history_says_so(env: dict[str, str]) -> None:
    answer = casebridge(env, "backfill", "acme-telegram", "--since", "2 days")

    assert answer == (1, "", "the platform of acme-telegram has no API for what was missed\n")


FEED = """\
<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:acme</id>
  <entry><id>urn:acme:2</id><title>My card is 4111 1111 1111 1111</title><updated>2026-11-20T10:00:00Z</updated>
    <published>2026-11-20T10:00:00Z</published></entry>
  <entry><id>urn:acme:1</id><title>Long ago</title><updated>2025-11-20T10:00:00Z</updated>
    <published>2025-11-20T10:00:00Z</published></entry>
</feed>
"""
TOPIC, BROKEN = "https://blog.example/feed", "https://blog.example/broken"
BLOGS = f"""\
version: 1
connections:
  acme-blogs:
    adapter: websub
    secret: env:HUB_SECRET
    path_secret: env:HUB_SECRET
    url: env:BLOG_URL
    accounts:
      {TOPIC}: {{}}
      {BROKEN}: {{}}
{SALESFORCE.connection}mappings: [plain]
"""


def test_backfill_stores_what_was_missed_once_and_says_what_it_could_not_fetch(
    tmp_path: Path, template: Path
) -> None:
    shutil.copy(template, tmp_path / "bridge.db")
    masking = f"{SALESFORCE.mapping}protect: {{mask: {{card_number: everywhere}}}}\n"

    def blog(call: Call) -> Said:
        return Said(body=FEED.encode()) if call.path == "/feed" else Said(status=503)

    with running(blog) as stub:
        env = road.configure(
            tmp_path, file=BLOGS, mapping=masking, HUB_SECRET="hub-secret-of-acme", BLOG_URL=stub.url
        )
        first = casebridge(env, "backfill", "acme-blogs", "--since", "2026-11-01", "--account", TOPIC)
        (tmp_path / "config" / "plain.yaml").write_text(SALESFORCE.mapping)
        both = casebridge(env, "backfill", "acme-blogs", "--since", "2026-11-01", anew=True)

    with stored(env).read() as c:
        assert revisions.active(c) == 1  # what lay in the folder later is not at work
    assert first == (0, f"acme-blogs / {TOPIC}: 1 seen, 1 new, 0 already here, 0 skipped\n", "")
    assert (both[0], both[2]) == (1, "")
    assert both[1].splitlines() == [
        f"acme-blogs / {TOPIC}: 1 seen, 0 new, 1 already here, 0 skipped",
        f"acme-blogs / {BROKEN}: 0 seen, 0 new, 0 already here, 0 skipped",
        "    stopped: the feed's server answered 503. Run it again: what was stored stays.",
    ]
    (kept,) = [load(one.body, one.raw) for one in all_items(stored(env))]
    assert (kept.connection, kept.account.id, "4111" in kept.text) == ("acme-blogs", TOPIC, False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["acme-app", "--since", "soon"], "--since 'soon' is no time\n    -> allowed: a date or a time such as "),
        (["acme-x", "--since", "1 day"], "the connection 'acme-x' is not switched on in connections.yaml\n"),
        (["acme-app", "--since", "1 day", "--account", "x"], "the connection 'acme-app' lists no account 'x'\n"),
    ],
)
def test_backfill_says_what_it_cannot_use(env: dict[str, str], arguments: list[str], says: str) -> None:
    code, told, errors = casebridge(env, "backfill", *arguments)

    assert (code, told) == (2, "")
    assert errors.startswith(says)


# --- replies ---


def test_replies_that_did_not_arrive_are_listed_without_what_they_say(env: dict[str, str]) -> None:
    with stored(env).write() as c:
        replies.take(c, "crm", [Reply(id="r1", case_id="500-1", text="My words", agent="Mia")])
        c.execute(update(reply).values(taken_at=reply.c.taken_at - 7_200_000))

    answer = casebridge(env, "replies")

    assert answer == (0, f"failed   crm / 500-1  reply r1, 2 hours old\n    {NOBODY}\n", "")


def test_no_replies_are_said_to_be_none(env: dict[str, str]) -> None:
    assert casebridge(env, "replies", anew=True) == (0, "no reply waits, failed or is unsure\n", "")


# --- the documentation ---


def test_every_command_and_every_metric_stands_in_the_documentation() -> None:
    page = (road.ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    nothing = Health(
        received=0, waiting=0, dead=0, oldest=timedelta(0), replies={}, skipped={}, paused={}, alarms=[]
    )

    commands = re.findall(r"^\| `casebridge ([a-z]+)", page, re.MULTILINE)
    counted = re.findall(r"^\| `(casebridge_[a-z_]+)", page, re.MULTILINE)

    assert sorted(commands) == sorted(main.commands)
    assert counted == re.findall(r"^# TYPE (\S+)", metrics.text(nothing), re.MULTILINE)


def test_the_help_tells_what_each_command_and_each_option_is_for() -> None:
    listed = [one.get_short_help_str(60) for one in main.commands.values()]
    options = [o for one in main.commands.values() for o in one.params if o.param_type_name == "option"]

    assert [told for told in listed if not told.endswith(".") or told.endswith("...")] == []
    assert [option.name for option in options if not getattr(option, "help", "")] == []


# --- clock ---


def test_clock_ends_when_it_is_told_to(env: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "clock.log"
    with road.process([*road.CASEBRIDGE, "clock"], env, log, anew=True) as started:
        road.until(lambda: planned(env), "the clock has begun")
        started.send_signal(signal.SIGTERM)

        assert started.wait(road.PATIENCE) == 0
    assert log.read_text() == ""


def planned(env: dict[str, str]) -> bool:
    with stored(env).read() as c:
        return bool(chores.known(c))
