"""Empty databases at this version's revision, and a Logbook beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from logbook import Logbook

from bridge.store import Store, connect, schema


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """The database that the store tests run on."""
    return f"sqlite:///{tmp_path}/bridge.db"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty store at this version's revision."""
    found = connect(database_url)
    schema.migrate(found)
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
    """The file of an empty database at this version's revision."""
    file = tmp_path_factory.mktemp("template") / "bridge.db"
    store = connect(f"sqlite:///{file}")
    schema.migrate(store)
    store.engine.dispose()
    return file
