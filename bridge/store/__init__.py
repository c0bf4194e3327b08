"""Every SQL statement of the bridge, written for SQLite and PostgreSQL; decides nothing."""

from bridge.store.engine import Store, connect

__all__ = ["Store", "connect"]
