"""Bring a database to this version's tables, and tell whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from bridge.errors import ConfigError
from bridge.store.engine import Store

FOLDER = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def migrate(store: Store) -> str:
    """Run what is missing, in one transaction; the revision the database is at now."""
    config = _config()
    with store.write() as c:
        if c.dialect.name == "postgresql":  # two releases at once: the second waits, then finds nothing to do
            c.execute(text("set local statement_timeout = 0"))  # an index over millions of messages takes its time
            c.execute(text("select pg_advisory_xact_lock(723019)"))
        config.attributes["connection"] = c
        command.upgrade(config, "head")
    return _head()


def check(store: Store) -> None:
    """Raise ConfigError unless the database is at this version's revision."""
    with store.read() as c:
        at = MigrationContext.configure(c).get_current_revision()
    if at != _head():
        raise ConfigError(
            [f"the database is at revision {at or 'none'}, this version needs {_head()}: run `casebridge migrate`"]
        )


def _head() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head
