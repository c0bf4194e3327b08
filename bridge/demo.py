"""`make run`: the whole road on this machine, from signed webhooks to cases in a sandbox Salesforce.

Starts the sandbox, the receiver and the worker, sends the bundled examples, prints what became of each, and
serves on until Ctrl-C; with --once it ends after the table. Exit 0 only if every example ended as it should,
judged by what stands in the sandbox.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import requests
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    stop_when_event_set,
    wait_fixed,
)

from bridge import sending, supervise, wiring
from bridge.store import Store, connect, ledger, schema
from bridge.store.ledger import Story
from bridge.supervise import Group, Program

CONNECTION = "acme-meta"
MAPPING = "meta-to-salesforce.yaml"
PATIENCE = 60.0  #: seconds for a process to answer, or for one example to be settled

State = Mapping[str, Any]  #: what GET /sandbox/state answers
Check = Callable[[State], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One webhook, and how it must have ended once all of them were sent."""

    name: str
    file: str
    message: str  #: the platform's id, by which the bridge tells its story
    check: Check  #: over the sandbox
    forged: bool = False
    change: str = "created"
    twist: Mapping[str, str] | None = None  #: text to replace in the file


def _opened(text: str) -> Check:
    """The text stands in one case as what opened it, and nowhere else."""
    return lambda state: _descriptions(state, text) == 1 and _comments(state, text) == 0


def _commented(text: str) -> Check:
    """The text stands in one comment, and nowhere else."""
    return lambda state: _descriptions(state, text) == 0 and _comments(state, text) == 1


def _nowhere(text: str) -> Check:
    return lambda state: text not in json.dumps(state, ensure_ascii=False)


def _descriptions(state: State, text: str) -> int:
    return sum(text in (case["fields"]["Description"] or "") for case in state["cases"])


def _comments(state: State, text: str) -> int:
    return sum(text in comment["body"] for case in state["cases"] for comment in case["comments"])


FORGED = "Nobody at the platform ever signed this one"
EXAMPLES = (
    Example(
        name="comment under our post",
        file="01-comment.json",
        message="900410_77101",
        check=_opened("Order AC-20417. Who can help?"),
    ),
    Example(
        name="comment by a stranger, same post",
        file="02-comment-by-another-customer.json",
        message="900410_77102",
        check=lambda state: len(state["cases"]) == 3,
    ),
    Example(
        name="reply by the first customer",
        file="03-reply-by-the-first-customer.json",
        message="900410_77103",
        check=_commented("I have photos of the damage"),
    ),
    Example(
        name="the first comment is edited",
        file="04-first-comment-edited.json",
        message="900410_77101",
        change="edited",
        check=_commented("Order AC-20471 (not 20417, sorry)"),
    ),
    Example(
        name="the stranger's comment is removed",
        file="05-other-comment-removed.json",
        message="900410_77102",
        change="deleted",
        check=_nowhere("Two weeks of waiting for a spare lid"),
    ),
    Example(
        name="Messenger: a question",
        file="06-messenger-text.json",
        message="m_Kd81TqX0aVfNn3RzW5uYcA",
        check=_opened("I ordered a grinder on Monday"),
    ),
    Example(
        name="Messenger: a picture",
        file="07-messenger-picture.json",
        message="m_Kd81TqX0bWgPp4SzX6vZdB",
        check=_commented("delivery-note-20533.jpg"),
    ),
    Example(
        name="Messenger: the question again",
        file="06-messenger-text.json",
        message="m_Kd81TqX0aVfNn3RzW5uYcA",
        check=_opened("I ordered a grinder on Monday"),
    ),
    Example(
        name="forged: a wrong signature",
        file="01-comment.json",
        message="900410_66666",
        forged=True,
        twist={"900410_77101": "900410_66666", "My espresso machine arrived": FORGED},
        check=_nowhere(FORGED),
    ),
    Example(
        name="a giveaway, which a rule drops",
        file="09-giveaway-comment.json",
        message="900410_77109",
        check=_nowhere("Giveaway entry"),
    ),
)


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".run"), help="Emptied at the start.")
@click.option("--mappings", type=click.Path(path_type=Path), default=Path("mappings"))
@click.option("--once", is_flag=True, help="End after the table.")
@click.option("--sign-with", default="", help="Sign with another app secret than the receiver's: see it refuse.")
def main(folder: Path, mappings: Path, once: bool, sign_with: str) -> None:  # noqa: FBT001 - click passes it
    """Run the whole road on this machine and show what became of the bundled examples."""
    env = _prepare(folder.resolve(), mappings)
    store = connect(env["DATABASE_URL"])
    schema.migrate(store)
    programs = [_sandbox(folder.resolve(), env), *supervise.embedded("127.0.0.1", int(env["PORT"]))]
    with supervise.together(programs, env) as group:
        try:
            fine = _serve(group, store, env, once=once, sign_with=sign_with)
        except click.ClickException:
            if not group.told.is_set():
                raise
            fine = False
            print("stopped")
    sys.exit(0 if fine else 1)


def _serve(group: Group, store: Store, env: Mapping[str, str], *, once: bool, sign_with: str) -> bool:
    """Show the examples and, unless once, go on until Ctrl-C; whether all was as it should be."""
    _wait(group, f"{env['SF_URL']}/sandbox/state")
    _wait(group, f"{_receiver(env)}/readyz")
    fine = _show(group, store, env, sign_with)
    print(f"\nreceiver  {_receiver(env)}/in/{CONNECTION}")
    print(f"sandbox   {env['SF_URL']}/")
    command = Path(sys.executable).with_name("casebridge")
    print(f"ask       DATABASE_URL={store.engine.url} {command} explain {EXAMPLES[-1].message}")
    if once:
        return fine
    print("\nCtrl-C stops everything.", flush=True)
    why = group.wait()
    print(why or "stopped")
    return fine and not why


def _prepare(folder: Path, mappings: Path) -> dict[str, str]:
    """An empty folder with the shipped mapping and the demo's connections; the environment of all processes."""
    shutil.rmtree(folder, ignore_errors=True)
    config = folder / "mappings"
    config.mkdir(parents=True)
    shutil.copy(mappings / MAPPING, config)
    (config / "connections.yaml").write_text(_bundled("connections.yaml"))
    return {
        **os.environ,
        "CASEBRIDGE_CONFIG": str(config),
        "DATABASE_URL": f"sqlite:///{folder / 'casebridge.db'}",
        "HOST": "127.0.0.1",
        "PORT": str(_free_port(8000)),
        "SF_URL": f"http://127.0.0.1:{_free_port(8100)}",
        "PUBLIC_URL": "",
        "META_APP_SECRET": secrets.token_hex(16),
        "META_VERIFY_TOKEN": secrets.token_hex(16),
        "SF_CONSUMER_KEY": "sandbox-key",
        "SF_CONSUMER_SECRET": secrets.token_hex(16),
        "LOG_LEVEL": "warning",
    }


def _free_port(wanted: int) -> int:
    """The wanted port, or any free one where that is taken."""
    for port in (wanted, 0):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(s.getsockname()[1])
    raise click.ClickException("this machine has no free port")


def _sandbox(folder: Path, env: Mapping[str, str]) -> Program:
    port = env["SF_URL"].rpartition(":")[2]
    keys = ("--consumer-key", env["SF_CONSUMER_KEY"], "--consumer-secret", env["SF_CONSUMER_SECRET"])
    command = [sys.executable, "-m", "bridge.sandbox.salesforce", "--port", port, *keys]
    return Program(name="sandbox", command=[*command, "--database", str(folder / "salesforce.db")])


def _receiver(env: Mapping[str, str]) -> str:
    return f"http://127.0.0.1:{env['PORT']}"


def _bundled(name: str) -> str:
    return (files("bridge") / "sandbox" / "examples" / name).read_text()


def _wait(group: Group, url: str) -> None:
    """Wait until something answers there. Raises ClickException if a process ends first or nobody ever does."""
    asking = Retrying(
        stop=stop_after_delay(PATIENCE) | stop_when_event_set(group.told),
        wait=wait_fixed(0.1),
        retry=retry_if_exception_type(requests.RequestException),
        reraise=True,
    )
    try:
        for attempt in asking:
            with attempt:
                if why := group.broken():
                    raise click.ClickException(why)
                requests.get(url, timeout=2).raise_for_status()
    except requests.RequestException:
        raise click.ClickException(f"nothing answers at {url}") from None


def _show(group: Group, store: Store, env: Mapping[str, str], sign_with: str) -> bool:
    """Send the examples one after the other and print the table; whether all ended as they should."""
    sent: list[tuple[Example, int, bool]] = []
    for example in EXAMPLES:
        again = bool(_told(store, example))
        sent.append((example, _send(example, env, sign_with), again))
        _settle(group, store)
    state = requests.get(f"{env['SF_URL']}/sandbox/state", timeout=10).json()
    numbers = {case["Id"]: case["CaseNumber"] for case in state["cases"]}
    rows = [("what came in", "answer", "what became of it", "case", "link")]
    fine = []
    for example, status, again in sent:
        became, case_id, link = _story(store, example)
        became = "known already, nothing new" if again else became
        as_it_should = example.check(state) and status == (403 if example.forged else 200)
        fine.append(as_it_should)
        mark = "" if as_it_should else "  <- NOT AS IT SHOULD BE"
        rows.append((example.name, str(status), became, numbers.get(case_id, "-"), (link or "-") + mark))
    print(_table(rows))
    return all(fine)


def _send(example: Example, env: Mapping[str, str], sign_with: str) -> int:
    body = _bundled(example.file)
    for old, new in (example.twist or {}).items():
        body = body.replace(old, new)
    secret = "forged" if example.forged else sign_with
    config = wiring.configure({**env, **({"META_APP_SECRET": secret} if secret else {})})
    status, _ = sending.send(config, body.encode(), CONNECTION)
    return status


def _settle(group: Group, store: Store) -> None:
    """Wait until nothing is on its way, so that the table tells one thing after the other."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and not group.told.wait(0.1):
        with store.read() as c:
            if not ledger.read(c).waiting:
                return
    raise click.ClickException(group.broken() or "the worker does not settle what came in")


def _story(store: Store, example: Example) -> tuple[str, str, str]:
    """What became of an example, its case's id in the CRM, its link."""
    told = _told(store, example)
    if not told:
        return "refused, nothing stored", "", ""
    one = told[0].item
    if one.state != "filed":
        return f"{one.state}: {one.reason}", "", ""
    if one.change == "deleted":
        return "blanked here, redacted in its case", one.crm_case, told[0].link
    opened = one.crm_case in one.crm_ref.split(",")
    return "opened a case" if opened else "comment on its case", one.crm_case, told[0].link


def _told(store: Store, example: Example) -> list[Story]:
    with store.read() as c:
        return [s for s in ledger.stories(c, example.message) if s.item.change == example.change]


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


if __name__ == "__main__":
    main()
