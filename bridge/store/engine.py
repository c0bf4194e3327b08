"""One database, its clock and its transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, overload

from sqlalchemy import BigInteger, Connection, Engine, Table, Text, case, create_engine, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from bridge.errors import ConfigError

BUSY_TIMEOUT = "busy_timeout=10000"
SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a 200 promises that the message survives a power cut
    BUSY_TIMEOUT,
    "foreign_keys=ON",
    "secure_delete=ON",  # what is masked or deleted shall not stay in the file's free space
)
POSTGRES_OPTIONS = "-c lock_timeout=5000 -c statement_timeout=10000 -c idle_in_transaction_session_timeout=3000"


class now(FunctionElement[int]):  # noqa: N801 - it reads as SQL
    """The database's clock in milliseconds: the only clock on which leases and pauses stand."""

    type = BigInteger()
    inherit_cache = True


@compiles(now, "postgresql")
def _postgres_now(_element: now, _compiler: Any, **_kw: Any) -> str:
    return "(extract(epoch from clock_timestamp()) * 1000)::bigint"


@compiles(now, "sqlite")
def _sqlite_now(_element: now, _compiler: Any, **_kw: Any) -> str:
    return "cast((julianday('now') - 2440587.5) * 86400000.0 as integer)"


class bytewise(FunctionElement[str]):  # noqa: N801 - it reads as SQL
    """A text for ORDER BY in the order in which Python sorts it, whatever language the database sorts by.

    Rows are locked in sorted order, and some statements get theirs sorted by Python.
    """

    type = Text()
    inherit_cache = True


@compiles(bytewise, "postgresql")
def _postgres_bytewise(element: bytewise, compiler: Any, **kw: Any) -> str:
    return f'{compiler.process(element.clauses, **kw)} collate "C"'


@compiles(bytewise, "sqlite")
def _sqlite_bytewise(element: bytewise, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


def after(earlier: Any) -> Any:
    """The database's clock, but later than `earlier`, whatever the clock does."""
    return case((now() > earlier, now()), else_=earlier + 1)


@overload
def moment(milliseconds: int) -> datetime: ...
@overload
def moment(milliseconds: int | None) -> datetime | None: ...
def moment(milliseconds: int | None) -> datetime | None:
    """A time of the database as an aware datetime; None stays None."""
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def stamp(when: datetime) -> int:
    """An aware datetime as the database keeps it."""
    return round(when.timestamp() * 1000)


def upsert(c: Connection, table: Table) -> Any:
    """An INSERT that knows `on_conflict_…`: the two databases spell it alike but not in one class."""
    return (postgresql if c.dialect.name == "postgresql" else sqlite).insert(table)


class Store:
    """A database. `with store.write() as c` is one transaction; `with store.read() as c` sees one moment."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reading = engine.execution_options(casebridge_read=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, committed to disk at the end; rolled back whole when anything raises."""
        with self.engine.begin() as c:
            yield c

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One snapshot for all its statements; on SQLite it blocks nobody."""
        with self._reading.connect() as c, c.begin():
            if c.dialect.name == "postgresql":
                c.exec_driver_sql("set transaction isolation level repeatable read, read only")
            yield c

    def wipe(self) -> bool:
        """Empty SQLite's write-ahead log, in which overwritten text stays; False = it is in use, try again.

        PostgreSQL keeps old rows until its own vacuum. https://www.sqlite.org/pragma.html#pragma_wal_checkpoint
        """
        if self.engine.dialect.name != "sqlite":
            return True
        connection = self.engine.raw_connection()  # a checkpoint cannot run within a transaction
        try:
            cursor = connection.cursor()
            cursor.execute("pragma busy_timeout=0")  # it would hold up every writer while it waits for readers
            cursor.execute("pragma wal_checkpoint(truncate)")
            answer = cursor.fetchone()
        finally:
            connection.cursor().execute(f"pragma {BUSY_TIMEOUT}")
            connection.close()
        return answer is not None and not answer[0]

    def now(self) -> datetime:
        """The database's clock."""
        with self.read() as c:
            when = moment(c.execute(select(now())).scalar_one())
        assert when is not None
        return when


def connect(url: str) -> Store:
    """The store at a DATABASE_URL: sqlite:///file, postgresql://… or postgres://….

    Raises ConfigError for any other database.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, pool_size=8, hide_parameters=True, connect_args={"timeout": 10})
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        options = f"{POSTGRES_OPTIONS} {parsed.query.get('options', '')}"  # the later one wins
        engine = create_engine(
            parsed, pool_size=2, pool_pre_ping=True, hide_parameters=True, connect_args={"options": options}
        )
    return Store(engine)


def _parse(url: str) -> URL:
    scheme, _, rest = url.partition("://")
    if scheme in ("postgres", "postgresql"):
        return make_url(f"postgresql+psycopg://{rest}")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return make_url(url)
    raise ConfigError(
        [f"DATABASE_URL must start with sqlite:/// (and name a file) or postgresql://, not {scheme!r}"]
    )


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's own begins are deferred
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"pragma {pragma}")


def _begin_sqlite(c: Connection) -> None:
    # A deferred transaction that reads and then writes fails at once when another writes between.
    reading = c.get_execution_options().get("casebridge_read", False)
    c.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
