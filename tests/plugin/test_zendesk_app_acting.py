"""The Zendesk app in a real browser: what it does when an agent clicks, and how often it asks by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import zaf_app
from stub import Call, Said
from zaf_bridge import Bridge, always, message, refused, reply, thread

if zaf_app.missing():
    pytest.skip(f"app not shown: {zaf_app.missing()}", allow_module_level=True)


class Replying:
    """A ticket with one reply, and what happens when it is sent again."""

    def __init__(self, state: str, *then: Said) -> None:
        self.reply = reply("55/1", state, reason="Why.", retry=True)
        self.then = list(then)
        self.paths: list[str] = []

    def __call__(self, call: Call) -> Said:
        if call.method == "GET":
            return Said(body=thread(messages=[message("m1", "Hi")], replies=[self.reply]))
        self.paths.append(call.path)
        said = self.then.pop(0)
        if said.status == 200:
            self.reply = reply("55/1", "sent", url="https://x.com/us/2")
        return said


def test_a_failed_reply_is_sent_again_by_one_click(tmp_path: Path) -> None:
    ticket = Replying("failed", Said(status=409, body={"error": "It is on its way."}), Said())

    told = Bridge({"1": ticket}).show(
        """
        const f = await shown(open(1));
        const state = () => texts(f, ".reply .note, [role=status]").join(" | ");
        button(f, "Retry").focus();
        button(f, "Retry").click();
        const trying = [texts(f, ".reply > .quiet"), within(f).activeElement.tagName];
        await until(() => state().includes("It is"));
        const refused = [state(), text(within(f).activeElement)];
        button(f, "Retry").click();
        await until(() => state().includes("Sent"));
        return [trying, refused, state(), button(f, "Retry") ?? null];
        """,
        tmp_path,
    )

    assert told == [
        [["Sending again …"], "LI"],
        ["It is on its way. | Not sent: Why. | It is on its way.", "Retry"],
        "The reply is sent again. | Sent",
        None,
    ]
    assert ticket.paths == ["/app/acme%20zd/cases/1/replies/55%2F1/retry"] * 2


def test_a_reply_that_may_have_arrived_is_sent_again_only_when_the_agent_says_so_twice(tmp_path: Path) -> None:
    ticket = Replying("unsure", Said())

    told = Bridge({"1": ticket}).show(
        """
        const f = await shown(open(1));
        const asks = () => texts(f, ".ask p, .ask button");
        button(f, "Retry").focus();
        button(f, "Retry").click();
        const asked = [asks(), text(within(f).activeElement)];
        button(f, "Cancel").click();
        const left = [asks(), text(within(f).activeElement)];
        button(f, "Retry").click();
        button(f, "Send again").click();
        await until(() => texts(f, ".reply .note")[0] === "Sent");
        return [asked, left, within(f).activeElement.className];
        """,
        tmp_path,
    )

    ask = "The customer may have it already. Look at the conversation on the network first. Send it again?"
    assert told == [[[ask, "Send again", "Cancel"], "Send again"], [[], "Retry"], "entry reply"]
    assert len(ticket.paths) == 1


def test_it_asks_as_often_as_something_may_have_changed(tmp_path: Path) -> None:
    bridge = Bridge(
        {
            "1": always(thread(messages=[message("m1", "Hi")])),
            "2": always(thread(messages=[message("m1", "Hi")], replies=[reply("r1", "sending")])),
            "3": refused(404, {"error": "Not ours."}),
            "4": refused(502, b""),
        }
    )

    told = bridge.show(
        """
        const asked = {};
        const calls = (frame) => [...frame.on].filter((one) => one.endsWith(".done")).length;
        const count = async (name, seconds, frame) => {
          const before = calls(frame);
          await wait(seconds * 1000 + 500);
          asked[name] = calls(frame) - before;
        };
        const usual = await shown(open(1));
        await count("usual", 60, usual);
        fire(usual, "app.deactivated");
        await count("hidden", 60, usual);
        fire(usual, "app.activated");
        await count("shown again", 1, usual);
        fire(usual, "ticket.updated");
        fire(usual, "ticket.submit.done");
        await count("two events at once", 1, usual);
        await count("while a reply is sent", 20, await shown(open(2)));
        const stranger = await shown(open(3));
        await count("a stranger", 60, stranger);
        fire(stranger, "ticket.updated");
        await count("a stranger, after an event", 1, stranger);
        await count("unreachable", 60, await shown(open(4)));
        return asked;
        """,
        tmp_path,
    )

    assert told == {
        "usual": 3,
        "hidden": 0,
        "shown again": 1,
        "two events at once": 1,
        "while a reply is sent": 4,
        "a stranger": 0,
        "a stranger, after an event": 1,
        "unreachable": 3,
    }
    told_of = {tuple(claims[name] for name in ("iss", "aud", "inst")) for claims in bridge.claims}
    assert told_of == {("zaf", "casebridge", "4711")}
