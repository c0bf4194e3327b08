"""The commands that set up and run the bridge, as processes: exit codes, what they say, and how they end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import road
from crms import SALESFORCE
from road import casebridge


def faulty(folder: Path, old: str, new: str) -> dict[str, str]:
    """An environment without secrets whose mapping has been changed."""
    road.configure(folder, mapping=SALESFORCE.mapping.replace(old, new))
    return road.bare(folder)


# --- check ----------------------------------------------------------------------------------------------------


def test_check_needs_no_secrets_and_no_database(tmp_path: Path) -> None:
    env = faulty(tmp_path, "", "")

    answer = casebridge(env, "check", anew=True)

    assert answer == (0, "1 mapping: no faults\n", "")
    assert not (tmp_path / "bridge.db").exists()


def test_check_accepts_the_configuration_that_is_delivered(tmp_path: Path) -> None:
    env = {**road.bare(tmp_path), "CASEBRIDGE_CONFIG": str(road.ROOT / "mappings")}

    answer = casebridge(env, "check")

    assert answer == (0, "1 mapping: no faults\n", "")


def test_check_shows_the_place_of_every_fault(tmp_path: Path) -> None:
    env = faulty(
        tmp_path, '    Subject: "{account.brand}"\n', '    Subject: "{acount.brand}"\n    Priority: [Low]\n'
    )

    code, told, errors = casebridge(env, "check")

    lines = errors.splitlines()
    assert (code, told) == (1, "")
    assert [line.partition(" error: ")[0] for line in lines if " error: " in line] == [
        "plain.yaml:16:16",
        "plain.yaml:17:15",
    ]
    assert lines[1:3] == ['    Subject: "{acount.brand}"', "               ^"]
    assert "error: unknown word 'acount.brand'" in lines[0]


def test_check_cannot_look_into_a_folder_that_is_missing(tmp_path: Path) -> None:
    env = road.bare(tmp_path)

    code, told, errors = casebridge(env, "check")

    assert (code, told) == (2, "")
    assert errors.startswith(f"{tmp_path}/config/connections.yaml error: there is no such file")


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    env = {**faulty(tmp_path, "", ""), "PORT": "http", "GATHER": "soon"}

    code, told, errors = casebridge(env, "check")

    assert (code, told) == (2, "")
    assert [line for line in errors.splitlines() if line[0] != " "] == [
        "PORT='http' cannot be used: a whole number is expected",
        "GATHER='soon' cannot be used: a number of seconds is expected",
    ]


# --- run and work ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "work"])
def test_all_missing_settings_and_faults_are_named_at_once(tmp_path: Path, command: str) -> None:
    env = faulty(tmp_path, "{account.brand}", "{acount.brand}")

    code, told, errors = casebridge(env, command)

    named = ["META_APP_SECRET", *road.SECRETS, *SALESFORCE.secrets, "SF_URL", "plain.yaml:16:16"]
    assert (code, told) == (2, "")
    assert [name for name in named if name not in errors] == []
    assert "Traceback" not in errors
    assert not (tmp_path / "bridge.db").exists()


@pytest.mark.parametrize(
    ("command", "database", "said"),
    [
        ("work", "empty.db", "the database is at revision none, this version needs"),
        (
            "ledger",
            "missing/bridge.db",
            "the database of DATABASE_URL cannot be used: unable to open database file",
        ),
        (
            "plan",
            "config/plain.yaml",
            "the database of DATABASE_URL cannot be used: file is not a database",
        ),
    ],
)
def test_a_database_that_is_not_ready_is_said_in_one_line(
    tmp_path: Path, command: str, database: str, said: str
) -> None:
    env = {**road.configure(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path / database}"}

    code, told, errors = casebridge(env, command)

    assert (code, told) == (2, "")
    assert errors.startswith(said)
    assert errors.count("\n") == 1


def test_migrate_can_run_again(tmp_path: Path) -> None:
    env = road.bare(tmp_path)

    answers = [casebridge(env, "migrate", anew=anew) for anew in (True, False)]

    assert answers[0] == answers[1]
    assert (answers[0][0], answers[0][2]) == (0, "")
    assert answers[0][1].startswith("the database is at revision 0")
    assert casebridge(env, "ledger")[0] == 0


@contextmanager
def started(folder: Path) -> Iterator[tuple[road.Process, list[int]]]:
    """A bridge that has begun to serve, and the ids of the processes that it has started."""
    env = road.configure(folder)
    with (
        road.process([*road.CASEBRIDGE, "run"], env, folder / "run.log", anew=True) as running,
        requests.Session() as http,
    ):
        road.until(lambda: road.answers(http, f"http://127.0.0.1:{env['PORT']}/readyz"), "the receiver answers")
        yield running, road.descendants(running.pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_ends_when_it_is_told_to_and_leaves_no_process_behind(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path) as (running, children):
        running.send_signal(number)

        code = running.wait(road.PATIENCE)

        assert len(children) == 4  # gunicorn, its own worker, our worker, our clock
        assert [pid for pid in children if road.alive(pid)] == []
    assert code == 0
    assert said_after_starting(tmp_path) == []


def test_run_ends_with_an_error_when_its_worker_dies(tmp_path: Path) -> None:
    with started(tmp_path) as (running, children):
        (worker,) = [pid for pid in children if "work" in arguments(pid)]
        road.kill(worker)

        code = running.wait(road.PATIENCE)

        assert [pid for pid in children if road.alive(pid)] == []
    assert code == 1
    assert said_after_starting(tmp_path) == ["worker ended with code -9"]


def said_after_starting(folder: Path) -> list[str]:
    started, *rest = (folder / "run.log").read_text().splitlines()
    assert started.startswith("receiver on http://127.0.0.1:")
    return rest


def arguments(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def test_work_ends_when_it_is_told_to(tmp_path: Path) -> None:
    env = road.configure(tmp_path)
    assert casebridge(env, "migrate")[0] == 0
    with road.process([*road.CASEBRIDGE, "work"], env, tmp_path / "work.log", anew=True) as running:
        road.until(lambda: catches(running.pid, signal.SIGTERM), "the worker has begun")
        running.send_signal(signal.SIGTERM)

        assert running.wait(road.PATIENCE) == 0
    assert (tmp_path / "work.log").read_text() == ""


def catches(pid: int, number: signal.Signals) -> bool:
    """Tell whether a process has a function of its own for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (number - 1) & 1)
