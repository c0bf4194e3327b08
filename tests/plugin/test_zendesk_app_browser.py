"""The Zendesk app in a real browser: what an agent sees and hears of a ticket's conversation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zaf_app
from stub import Call, Said
from zaf_bridge import ADA, Answer, Bridge, ago, always, message, refused, reply, thread

if zaf_app.missing():
    pytest.skip(f"app not shown: {zaf_app.missing()}", allow_module_level=True)

Show = Callable[[str, dict[str, Answer]], Any]
OWN = "document.title='owned'"
HOSTILE = f'<img src=x onerror="{OWN}"><script>{OWN}</script>{{{{setting.bridge_secret}}}}'


@pytest.fixture
def show(tmp_path: Path) -> Show:
    """Shows tickets for which the bridge answers so, and returns what the scenario told."""
    return lambda scenario, tickets: Bridge(tickets).show(scenario, tmp_path)


def test_the_sidebar_shows_who_wrote_what_and_what_became_of_it(show: Show) -> None:
    bob = {**ADA, "name": "Bob", "handle": "@bob", "followers": None, "verified": False}
    conversation = thread(
        messages=[
            message("m1", "Hello?", author=bob, kind="mention", url="https://x.com/bob/1"),
            message("m2", "new words", change="edited", attachments=[{"type": "image", "url": "https://x.com/i"}]),
            message("m3", "", change="deleted", kind="direct", public=False),
            message("m4", "We look into it.", ours=True, author={**ADA, "name": ""}, sent_at=None),
            message("m5", "Spam", state="dropped", reason="care.yaml:12", change="hidden"),
            message("m6", "Late", state="dead", reason="Subject: is too long."),
            message("m7", "New", state="sending", kind="never_heard_of"),
        ],
        replies=[
            reply("r1", "sent", url="https://x.com/us/1", taken_at=ago(minutes=90)),
            reply("r2", "failed", reason="X refused it.", private=True, agent=""),
        ],
        window={"until": None, "most": 280, "unit": "weighted", "says": "X takes no reply to a deleted post."},
        more=True,
    )

    told = show(
        """
        const f = await shown(open(1));
        return {
          top: texts(f, "header, .reach, .window, main > .quiet"),
          entries: all(f, "li.entry").map((one) => [...one.children].map(text).filter(Boolean)),
          colours: all(f, ".note").map((one) => one.className),
        };
        """,
        {"1": always(conversation)},
    )

    ada, at = "Ada Winter @ada.w", "Nov 22, 2026, 1:00 PM"
    assert told == {
        "top": [
            "Social conversation X Refresh",
            "Ada Winter @ada.w ✓ Verified 48.2K followers",
            "Cannot be answered. X takes no reply to a deleted post.",
            "Only the latest messages are shown.",
        ],
        "entries": [
            [
                "Reply by Grace Moor",
                "Nov 22, 2026, 12:30 PM · Its text is in the ticket.",
                "Sent",
                "Open the reply",
            ],
            ["Bob @bob", f"{at} · Mention · Public", "Hello?", "Open the post"],
            [ada, f"{at} · Comment · Public · Edited", "new words", "Attachment: image"],
            [
                *(ada, f"{at} · Direct message · Private · Deleted by its author"),
                "The author has deleted this message.",
            ],
            ["Us @ada.w ✓ Verified 48.2K followers", "Comment · Public", "We look into it."],
            [
                *(ada, f"{at} · Comment · Public · Hidden on the network", "Spam"),
                "Left out of the ticket: care.yaml:12",
            ],
            [ada, f"{at} · Comment · Public", "Late", "Could not be put into the ticket: Subject: is too long."],
            [ada, f"{at} · never heard of · Public", "New", "On its way to the ticket"],
            [
                *("Reply by An agent", "Nov 22, 2026, 1:30 PM · Private · Its text is in the ticket."),
                "Not sent: X refused it.",
            ],
        ],
        "colours": ["note good", "note quiet", "note bad", "note quiet", "note bad"],
    }


def test_what_customers_wrote_stays_text_and_no_script_becomes_a_link(show: Show) -> None:
    author = {**ADA, "name": HOSTILE, "handle": HOSTILE, "url": "javascript:alert(1)"}
    hostile = message(
        "m1", HOSTILE, author=author, kind=HOSTILE, state=HOSTILE, reason=HOSTILE, url="javascript:1"
    )
    files = [{"type": HOSTILE, "url": "data:text/html,owned"}, {"type": "image", "url": "https://x.com/i"}]
    conversation = thread(
        channel="constructor",
        messages=[{**hostile, "attachments": files}],
        replies=[reply("../<b>{{jwt.token}}", "failed", agent=HOSTILE, reason=HOSTILE, retry=True)],
    )

    told = show(
        """
        const f = await shown(open(1));
        button(f, "Retry").click();
        await until(() => button(f, "Retry"));
        await wait(1000);
        return {
          made: all(f, "img, script, iframe, b").map((one) => one.src),
          links: all(f, "a").map((one) => [one.href, one.target, one.rel]),
          titles: [document.title, within(f).title],
          text: text(within(f).querySelector(".text")),
        };
        """,
        {"1": lambda call: Said(body=conversation if call.method == "GET" else {})},
    )

    assert told["titles"] == ["Zendesk, as far as a sidebar app sees it", "Casebridge"]
    assert told["text"] == HOSTILE
    assert told["links"] == [["https://x.com/i", "_blank", "noopener noreferrer"]]
    assert [address.rsplit("/", 1)[1] for address in told["made"]] == ["sdk.js", "app.js"]


def test_it_speaks_the_agents_language(show: Show) -> None:
    conversation = thread(messages=[message("m1", "Hallo")], replies=[reply("r1", "unsure")], channel="line")

    told = show(
        """
        const f = await shown(open(1, "de"));
        const unspoken = await shown(open(1, "xx-y-z_1"));
        return [
          texts(f, "header, .reach, .window, .who, .meta, .note"),
          [f, unspoken].map((one) => within(one).documentElement.lang),
        ];
        """,
        {"1": always(conversation)},
    )

    assert told == [
        [
            "Gespräch im sozialen Netz LINE Aktualisieren",
            "Ada Winter @ada.w ✓ Verifiziert 48.200 Follower",
            "Kann jederzeit beantwortet werden. Höchstens 280 Zeichen, wie das Netz sie zählt.",
            *("Ada Winter @ada.w", "22.11.2026, 13:00 · Kommentar · Öffentlich"),
            *("Antwort von Grace Moor", "22.11.2026, 13:30 · Der Text steht im Ticket."),
            "Vielleicht nicht angekommen",
        ],
        ["de", "en"],
    ]


def test_whatever_goes_wrong_is_said_in_a_sentence(show: Show) -> None:
    told = show(
        """
        const said = {};
        for (const ticket of [2, 3, 4, 5, 6, 7, 8]) {
          const f = await shown(open(ticket));
          said[ticket] = texts(f, "[role=alert] p, li.entry, main > .quiet");
        }
        return said;
        """,
        {
            "2": always(thread(window=None)),
            "3": refused(403, {"error": "app_installation is another."}),
            "4": refused(404, {"error": "Casebridge has filed no message here."}),
            "5": refused(404, b"<h1>Not Found</h1>"),
            "6": refused(503, {"error": "later"}),
            "7": always({"version": 2, "messages": []}),
            "8": refused(500, b"Traceback"),
        },
    )

    assert told == {
        "2": ["No messages yet."],
        "3": ["Casebridge does not let this app in.", "app_installation is another.", ""],
        "4": ["This ticket does not come from Casebridge.", "Casebridge has filed no message here.", ""],
        "5": ["There is no Casebridge at the address in this app's settings.", ""],
        "6": ["Casebridge cannot be reached just now.", ""],
        "7": [
            "Casebridge and this app do not fit together: install the app that came with your Casebridge.",
            "",
        ],
        "8": ["Casebridge could not answer.", "HTTP 500", ""],
    }


def test_the_window_runs_out_before_the_agents_eyes(show: Show) -> None:
    conversation = thread(
        messages=[message("m1", "Hi")],
        window={"until": ago(minutes=-131), "most": 0, "unit": "characters", "says": ""},
    )

    told = show(
        """
        const f = await shown(open(1));
        fire(f, "app.deactivated");
        const { performance } = f.element.contentWindow;
        const now = performance.now.bind(performance);
        const seen = [];
        for (const minutes of [0, 20, 122, 131]) {
          performance.now = () => now() + minutes * 60_000;
          await wait(1500);
          const [line] = all(f, ".window");
          seen.push([line.className, text(line).replace(/ \\d+ s /, " … s ")]);
        }
        return seen;
        """,
        {"1": always(conversation)},
    )

    end = "left to reply Until Nov 22, 2026, 4:11 PM."
    assert told == [
        ["window open", f"2 h 10 min {end}"],
        ["window soon", f"1 h 50 min {end}"],
        ["window last", f"8 min … s {end}"],
        ["window over", "The time for a reply is over since Nov 22, 2026, 4:11 PM."],
    ]


def test_it_can_be_used_without_eyes_and_without_a_mouse(show: Show) -> None:
    conversation = thread(
        messages=[
            message("m1", "Hi", url="https://x.com/1", attachments=[{"type": "", "url": "https://x.com/i"}]),
            message("m2", "", change="deleted", state="dead", reason="Why."),
        ],
        replies=[reply("r1", "unsure", retry=True), reply("r2", "sent", url="https://x.com/2")],
        window={"until": ago(hours=-1), "most": 280, "unit": "weighted", "says": ""},
    )

    told = show(
        """
        const faults = [];
        for (const ticket of [1, 2]) {
          const f = await shown(open(ticket));
          button(f, "Retry")?.click();
          const script = within(f).createElement("script");
          script.src = "/axe.js";
          within(f).head.append(script);
          await until(() => f.element.contentWindow.axe);
          const { violations, passes } = await f.element.contentWindow.axe.run();
          faults.push(passes.length > 15, violations.map(({ id, nodes }) => [id, nodes[0].html]));
        }
        return faults;
        """,
        {"1": always(conversation), "2": refused(403, {"error": "No."})},
    )

    assert told == [True, [], True, []]


def test_what_has_not_changed_stays_in_its_place_and_the_frame_grows_with_the_rest(show: Show) -> None:
    texts = iter((["One"], ["One", "Two"], ["Two", "Three"]))

    def answer(_: Call) -> Said:
        return Said(body=thread(messages=[message(one, one) for one in next(texts)]))

    told = show(
        """
        const f = await shown(open(1));
        const seen = [];
        const heights = () => f.heard.map(({ resize }) => parseInt(resize[0].height));
        all(f, "li.entry")[0].dataset.mark = "One";
        for (const turn of [1, 2]) {
          const before = heights().length;
          button(f, "Refresh").click();
          await until(() => turn === 2 || heights().length > before);
          await until(() => texts(f, ".text").includes(turn === 1 ? "Two" : "Three"));
          seen.push(all(f, "li.entry").map((one) => [text(one.querySelector(".text")), one.dataset.mark ?? ""]));
          all(f, "li.entry").at(-1).dataset.mark = `marked ${turn}`;
        }
        return [seen, heights().at(-1) > heights()[0]];
        """,
        {"1": answer},
    )

    assert told == [
        [[["One", "One"], ["Two", ""]], [["Two", "marked 1"], ["Three", ""]]],
        True,
    ]


def test_the_latest_stands_before_the_agents_eyes_until_they_scroll_up(show: Show) -> None:
    said = [message(str(number), f"Message {number}") for number in range(101)]
    answers = iter((said[:99], said[:100], said))

    told = show(
        """
        const f = open(1);
        f.element.height = 720;
        await shown(f);
        const page = f.element.contentWindow;
        const seen = [];
        const look = () => {
          const [window] = all(f, ".window").map((one) => one.getBoundingClientRect());
          const end = all(f, "li.entry").at(-1).getBoundingClientRect();
          seen.push([texts(f, ".text").length, window.top >= 0, end.bottom <= page.innerHeight]);
        };
        look();
        button(f, "Refresh").click();
        await until(() => all(f, "li.entry").length === 100);
        look();
        page.scrollTo(0, 500);
        button(f, "Refresh").click();
        await until(() => all(f, "li.entry").length === 101);
        look();
        return [seen, page.scrollY];
        """,
        {"1": lambda _: Said(body=thread(messages=next(answers)))},
    )

    assert told == [[[99, True, True], [100, True, True], [101, True, False]], 500]
