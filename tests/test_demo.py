"""`make run`, as its user runs it: real processes, judged by the sandbox."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

REPOSITORY = Path(__file__).parents[1]


def _demo(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bridge.demo", "--folder", str(folder), *arguments],
        cwd=REPOSITORY,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_every_example_ends_as_it_should(tmp_path: Path) -> None:
    demo = _demo(tmp_path / "run", "--once")

    out, _ = demo.communicate(timeout=90)

    assert demo.returncode == 0, out
    became = [re.split(r"\s{2,}", line)[:4] for line in out.splitlines() if re.search(r"  (200|403)  ", line)]
    assert became == [
        ["comment under our post", "200", "opened a case", "00001001"],
        ["comment by a stranger, same post", "200", "opened a case", "00001002"],
        ["reply by the first customer", "200", "added to its case", "00001001"],
        ["the first comment is edited", "200", "added to its case", "00001001"],
        ["the stranger's comment is removed", "200", "blanked here, redacted in its case", "00001002"],
        ["Messenger: a question", "200", "opened a case", "00001003"],
        ["Messenger: a picture", "200", "added to its case", "00001003"],
        ["Messenger: the question again", "200", "known already, nothing new", "00001003"],
        ["forged: a wrong signature", "403", "refused, nothing stored", "-"],
        ["a giveaway, which a rule drops", "200", "dropped: meta-to-salesforce.yaml:17", "-"],
        ["X: a mention", "200", "opened a case", "00001004"],
        ["X: the same post, called a reply", "200", "known already, nothing new", "00001004"],
        ["X: a direct message", "200", "opened a case", "00001005"],
        ["our mobile app", "200", "opened a case", "00001006"],
        ["Instagram: a comment", "200", "opened a case", "00001007"],
        ["WhatsApp: a message", "200", "opened a case", "00001008"],
        ["Telegram: a message to the bot", "200", "opened a case", "00001009"],
        ["comment under the French page's post", "200", "opened a case", "#1"],
        ["the same customer again", "200", "added to its case", "#1"],
        ["which is removed", "200", "blanked here, redacted in its case", "#1"],
        ["Messenger: a card number, which is masked", "200", "opened a case", "#2"],
    ]


def test_a_broken_secret_is_seen_by_the_exit_code(tmp_path: Path) -> None:
    demo = _demo(tmp_path / "run", "--once", "--sign-with", "another secret")

    out, _ = demo.communicate(timeout=90)

    assert demo.returncode == 1
    assert out.count("NOT AS IT SHOULD BE") == 15  # Meta's, but for the forged one: that is refused


def test_an_agents_reply_rings_and_control_c_stops_everything_cleanly(tmp_path: Path) -> None:
    demo = _demo(tmp_path / "run")
    assert demo.stdout is not None
    lines = iter(demo.stdout.readline, "")
    said = []
    while "Ctrl-C" not in (line := next(lines)):
        said.append(line)
    children = subprocess.run(["pgrep", "-P", str(demo.pid)], capture_output=True, text=True, check=True)
    [case] = [line.split()[-1] for line in said if line.startswith("Telegram: a message")]
    [ticket] = [line.split()[-1] for line in said if line.startswith("comment under the French")]

    reply = _answered(case, "Yes. Which address shall it be?")
    note = _commented(ticket, "Nous vous l'échangeons.")
    demo.send_signal(signal.SIGINT)
    out, _ = demo.communicate(timeout=40)

    assert reply["Status__c"] == "Failed"
    assert reply["Error_Message__c"].startswith("connections.yaml holds no token for this account: ")
    assert "NOT sent to the customer" in note
    assert "connections.yaml holds no token for this account: " in note
    assert (demo.returncode, out.strip()) == (0, "stopped")
    pids = [int(pid) for pid in children.stdout.split()]
    assert len(pids) == 5
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def _answered(case: str, text: str) -> dict[str, Any]:
    """Write a reply into the box of a case's page, and return its record once somebody has told of it."""
    sandbox, case_id = re.fullmatch(r"(http://[^/]+)/lightning/r/Case/(\w+)/view", case).groups()  # type: ignore[union-attr]
    requests.post(
        f"{sandbox}/sandbox/cases/{case_id}/messages", data={"text": text}, timeout=10
    ).raise_for_status()

    @retry(
        stop=stop_after_delay(60),
        wait=wait_fixed(0.2),
        retry=retry_if_result(lambda it: it["Status__c"] == "Queued"),
    )
    def told() -> dict[str, Any]:
        messages = requests.get(f"{sandbox}/sandbox/state", timeout=10).json()["messages"]
        [found] = [one["fields"] for one in messages if one["fields"]["Body__c"] == text]
        return dict(found)

    return told()


def _commented(ticket: str, text: str) -> str:
    """Answer in a ticket as its page does, and return the note that tells what became of it."""
    sandbox, ticket_id = re.fullmatch(r"(http://[^/]+)/agent/tickets/(\d+)", ticket).groups()  # type: ignore[union-attr]
    requests.post(
        f"{sandbox}/sandbox/tickets/{ticket_id}/comments", data={"text": text}, timeout=10
    ).raise_for_status()

    @retry(stop=stop_after_delay(60), wait=wait_fixed(0.2), retry=retry_if_result(lambda found: not found))
    def note() -> str:
        tickets = requests.get(f"{sandbox}/sandbox/state", timeout=10).json()["tickets"]
        [comments] = [one["comments"] for one in tickets if str(one["id"]) == ticket_id]
        said = [one["plain_body"] for one in comments]
        return "".join(said[said.index(text) + 1 :])

    return note()
