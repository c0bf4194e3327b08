"""Empty databases at this version's revision, on SQLite and PostgreSQL, and a Logbook beside them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import postgres
import pytest
from logbook import Logbook
from postgres import Databases

from bridge.store import Store, connect, schema


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """The PostgreSQL server of this process's tests. In CI it must be there."""
    if why := postgres.missing():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    with postgres.started() as running:
        yield running


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def databases(database: str, request: pytest.FixtureRequest) -> Databases:
    """Gives an empty database at this version's revision for as long as a `with` lasts, in any thread."""
    if database == "postgresql":
        running: postgres.Cluster = request.getfixturevalue("cluster")
        return running.fresh
    template: Path = request.getfixturevalue("template")

    @contextmanager
    def fresh() -> Iterator[str]:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{shutil.copy(template, folder)}"

    return fresh


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """The database that the store tests run on."""
    with databases() as url:
        yield url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty store at this version's revision."""
    found = connect(database_url)
    yield found
    found.engine.dispose()


@pytest.fixture
def crm(tmp_path: Path) -> Logbook:
    """A CRM that knows parts again by their keys."""
    return Logbook(tmp_path / "logbook.db")


@pytest.fixture
def forgetful(tmp_path: Path) -> Logbook:
    """A CRM that knows only ops again."""
    return Logbook(tmp_path / "forgetful.db", keys=False)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite file of an empty database at this version's revision."""
    file = tmp_path_factory.mktemp("template") / "bridge.db"
    store = connect(f"sqlite:///{file}")
    schema.migrate(store)
    store.engine.dispose()
    return file


PAIRS = {"sqlite": {"salesforce", "salesforce-plugin"}, "postgresql": {"zendesk"}}
OVER_PROCESSES = ("kill", "end_to_end")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run each database with one CRM over real processes: neither knows which the other is, and both are met.

    All four pairs would take most of the time that the whole suite may have.
    """
    apart = [one for one in items if one.path.parent.name in OVER_PROCESSES and not _is_pair(one)]
    config.hook.pytest_deselected(items=apart)
    items[:] = [one for one in items if one not in set(apart)]


def _is_pair(one: pytest.Item) -> bool:
    given = getattr(one, "callspec", None)
    named = {str(value) for value in given.params.values()} if given else set()
    databases, crms = named & PAIRS.keys(), named & set().union(*PAIRS.values())
    return not databases or all(crms <= PAIRS[name] for name in databases)
