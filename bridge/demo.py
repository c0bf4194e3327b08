"""`make run`: the whole road on this machine, from signed webhooks to cases in the sandboxes of both CRMs.

Starts the sandboxes, the receiver and the worker, sends the bundled examples, prints what became of each, and
serves on until Ctrl-C; with --once it ends after the table. Exit 0 only if every example ended as it should,
judged by what stands in the sandboxes.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import click
import requests
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    stop_when_event_set,
    wait_fixed,
)

from bridge import configuration, sending, supervise, wiring
from bridge.errors import ConfigError
from bridge.showcase import EXAMPLES, FRENCH, READERS, SALESFORCE, ZENDESK, Example
from bridge.store import Store, connect, ledger, schema, stories
from bridge.store.stories import Story
from bridge.supervise import Group, Program

FRENCH_MAPPING = "meta-to-zendesk.yaml"
MAPPINGS = ("meta-to-salesforce.yaml", FRENCH_MAPPING, "x-to-salesforce.yaml", "payloads/mobile-app.yaml")
PATIENCE = 60.0  #: seconds for a process to answer, or for one example to be settled

SANDBOXES = {SALESFORCE: "SF_URL", ZENDESK: "ZENDESK_URL"}  #: a sandbox's package -> where its address stands


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".run"), help="Emptied at the start.")
@click.option("--mappings", type=click.Path(path_type=Path), default=Path("mappings"))
@click.option("--once", is_flag=True, help="End after the table.")
@click.option("--sign-with", default="", help="Sign with another app secret than the receiver's: see it refuse.")
def main(folder: Path, mappings: Path, once: bool, sign_with: str) -> None:  # noqa: FBT001 - click passes it
    """Run the whole road on this machine and show what became of the bundled examples."""
    env = _prepare(folder.resolve(), mappings)
    try:
        configuration.configure(env)
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    store = connect(env["DATABASE_URL"])
    schema.migrate(store)
    sandboxes = [_sandbox(crm, folder.resolve(), env) for crm in SANDBOXES]
    programs = [*sandboxes, *supervise.embedded("127.0.0.1", int(env["PORT"]))]
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
    for address in SANDBOXES.values():
        _wait(group, f"{env[address]}/sandbox/state")
    _wait(group, f"{_receiver(env)}/readyz")
    _subscribe(env)
    fine = _show(group, store, env, sign_with)
    print(f"\nreceiver    {_receiver(env)}/in/{EXAMPLES[0].connection}")
    for crm, address in SANDBOXES.items():
        print(f"{crm:11} {env[address]}/")
    command = Path(sys.executable).with_name("casebridge")
    print(f"ask         DATABASE_URL={store.engine.url} {command} explain {EXAMPLES[-1].message}")
    if once:
        return fine
    print("\nCtrl-C stops everything.", flush=True)
    why = group.wait()
    print(why or "stopped")
    return fine and not why


def _prepare(folder: Path, mappings: Path) -> dict[str, str]:
    """An empty folder with the shipped mappings and the demo's connections; the environment of all processes."""
    shutil.rmtree(folder, ignore_errors=True)
    config = folder / "mappings"
    (config / "payloads").mkdir(parents=True)
    for name in MAPPINGS:
        if not (mappings / name).exists():
            raise click.ClickException(
                f"{mappings / name} is not there: copy it from the mappings delivered with us"
            )
        shutil.copy(mappings / name, config / name)
    french = config / FRENCH_MAPPING  # whatever it takes elsewhere: here it is the French page's
    french.write_text(french.read_text().replace("\nsource: any", f"\nsource: [{FRENCH['connection']}]", 1))
    (config / "connections.yaml").write_text(_bundled("connections.yaml"))
    return {
        **os.environ,
        "CASEBRIDGE_CONFIG": str(config),
        "DATABASE_URL": f"sqlite:///{folder / 'casebridge.db'}",
        "HOST": "127.0.0.1",
        "PORT": str(_free_port(8000)),
        "SF_URL": f"http://127.0.0.1:{_free_port(8100)}",
        "ZENDESK_URL": f"http://127.0.0.1:{_free_port(8200)}",
        "PUBLIC_URL": "",
        "META_APP_SECRET": secrets.token_hex(16),
        "META_VERIFY_TOKEN": secrets.token_hex(16),
        "X_CONSUMER_SECRET": secrets.token_hex(16),
        "TELEGRAM_SECRET": secrets.token_hex(16),
        "APP_SECRET": b64encode(secrets.token_bytes(24)).decode(),
        "SF_CONSUMER_KEY": "sandbox-key",
        "SF_CONSUMER_SECRET": secrets.token_hex(16),
        "SF_OUTBOUND_SECRET": secrets.token_urlsafe(24),
        "ZENDESK_CLIENT_ID": "sandbox-client",
        "ZENDESK_CLIENT_SECRET": secrets.token_hex(16),
        "ZENDESK_WEBHOOK_SECRET": secrets.token_hex(32),
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


def _sandbox(crm: str, folder: Path, env: Mapping[str, str]) -> Program:
    port = env[SANDBOXES[crm]].rpartition(":")[2]
    command = [sys.executable, "-m", f"bridge.sandbox.{crm}", "--port", port, *_keys(crm, env)]
    return Program(name=f"sandbox {crm}", command=[*command, "--database", str(folder / f"{crm}.db")])


def _keys(crm: str, env: Mapping[str, str]) -> list[str]:
    if crm == ZENDESK:
        client = ["--client-id", env["ZENDESK_CLIENT_ID"], "--client-secret", env["ZENDESK_CLIENT_SECRET"]]
        calls = ["--webhook-url", _receiver(env), "--webhook-secret", env["ZENDESK_WEBHOOK_SECRET"]]
        return [*client, *calls]
    outbound = f"{_receiver(env)}/in/{SALESFORCE}/{env['SF_OUTBOUND_SECRET']}"
    app = ["--consumer-key", env["SF_CONSUMER_KEY"], "--consumer-secret", env["SF_CONSUMER_SECRET"]]
    return [*app, "--plugin", "--outbound-url", outbound]


def _receiver(env: Mapping[str, str]) -> str:
    return f"http://127.0.0.1:{env['PORT']}"


def _subscribe(env: Mapping[str, str]) -> None:
    """Have Zendesk tell of agents' comments; the sandbox calls here, whatever host the address names."""
    crm = wiring.calling(configuration.configure(env))[ZENDESK]
    assert crm is not None
    crm.subscribe(f"https://casebridge.example/in/{ZENDESK}")


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
    crms = {
        crm: READERS[crm](requests.get(f"{env[address]}/sandbox/state", timeout=10).json())
        for crm, address in SANDBOXES.items()
    }
    rows = [("what came in", "answer", "what became of it", "case", "link")]
    fine = []
    for example, status, again in sent:
        crm = crms[example.crm]
        became, case_id, link = _story(store, example)
        became = "known already, nothing new" if again else became
        expected = (403, False) if example.forged else (200, True)
        as_it_should = example.check(crm) and (status, bool(_told(store, example))) == expected
        fine.append(as_it_should)
        mark = "" if as_it_should else "  <- NOT AS IT SHOULD BE"
        numbers = {case.id: case.number for case in crm.cases}
        rows.append((example.name, str(status), became, numbers.get(case_id, "-"), (link or "-") + mark))
    print(_table(rows))
    return all(fine)


def _send(example: Example, env: Mapping[str, str], sign_with: str) -> int:
    body = _bundled(example.file)
    for old, new in (example.twist or {}).items():
        body = body.replace(old, new)
    secret = "forged" if example.forged else sign_with
    config = configuration.configure({**env, **({"META_APP_SECRET": secret} if secret else {})})
    status, _ = sending.send(config, body.encode(), example.connection)
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
    return "opened a case" if opened else "added to its case", one.crm_case, told[0].link


def _told(store: Store, example: Example) -> list[Story]:
    with store.read() as c:
        return [s for s in stories.stories(c, example.message) if s.item.change == example.change]


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


if __name__ == "__main__":
    main()
