"""Opening the ledger database, its transactions, and its errors told apart."""

import datetime as dt
import math
import os
import sqlite3
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Pool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from config.errors import ConfigError
from config.origins import mask_url
from indexing.errors import LedgerCorruptError, LedgerTooNewError, LedgerUnavailableError
from indexing.ledger.failures import damage_message, translated
from indexing.ledger.schema import HEAD, current_revision, ensure_schema, writing

RETRY_SECONDS = 0.02
LONGEST_SECONDS = 86_400.0
DRIVERS = frozenset({"sqlite", "sqlite+pysqlite", "postgresql+psycopg"})
"""Others may be installed, such as those that Prefect brings; they are spoken to otherwise."""
KEEPALIVES = 3
"""So often a host that says nothing is asked whether it is there."""


def now() -> dt.datetime:
    """Return the wall clock in UTC: metadata for people, never an ordering."""
    return dt.datetime.now(dt.UTC)


def days_ago(days: float) -> dt.datetime:
    """Return the moment so many days ago; the first of all where that is before any calendar.

    Whoever wants to keep things for ever sets a number that no calendar reaches back to.
    """
    try:
        return now() - dt.timedelta(days=days)
    except OverflowError:
        return dt.datetime.min.replace(tzinfo=dt.UTC)


def in_utc(stored: dt.datetime) -> dt.datetime:
    """Return a stored time in UTC: SQLite gives it back without a zone, PostgreSQL in its own."""
    return stored.astimezone(dt.UTC) if stored.tzinfo else stored.replace(tzinfo=dt.UTC)


def asked_in_utc(moment: dt.datetime) -> dt.datetime:
    """Return a moment that somebody named as it has to be compared: SQLite drops the zone."""
    try:
        return in_utc(moment)
    except OverflowError:
        if moment.year == dt.MINYEAR:
            return dt.datetime.min.replace(tzinfo=dt.UTC)
        return dt.datetime.max.replace(tzinfo=dt.UTC)


def is_storable(text: str) -> bool:
    """Tell whether every database can hold a text; of what none holds nothing is named.

    PostgreSQL fails on a NUL where SQLite finds nothing, and both fail on half a surrogate pair.
    """
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)


class Ledger:
    """A connection to the ledger.

    Use `read()` for a consistent look and `write()` for one transaction; both hand out a
    SQLAlchemy connection and translate database errors into `LedgerError`s.
    """

    def __init__(self, engine: Engine) -> None:
        """Wrap an engine whose schema is up to date; `open_ledger` makes one."""
        self._engine = engine
        # SQLite reads one snapshot per transaction anyway; PostgreSQL has to be told.
        self._reading = (
            engine
            if engine.dialect.name == "sqlite"
            else engine.execution_options(isolation_level="REPEATABLE READ")
        )
        _OPEN.add(self)

    @property
    def location(self) -> str:
        """Where the ledger lies, passwords hidden: also those that stand behind the `?`."""
        return mask_url(self._engine.url.render_as_string(hide_password=True))

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Look at one consistent state."""
        with translated(self.location), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one transaction: committed when the block ends, rolled back when it raises."""
        with translated(self.location), writing(self._engine) as connection:
            yield connection

    @contextmanager
    def outside(self) -> Iterator[Any]:
        """Give a cursor of the driver outside of any transaction, which VACUUM insists on."""
        driver = self._engine.dialect.loaded_dbapi
        with translated(self.location):
            connection = self._engine.raw_connection()
            try:
                if self.dialect == "postgresql":
                    connection.driver_connection.autocommit = True  # type: ignore[union-attr]
                yield connection.cursor()
            except driver.Error as error:
                raise DBAPIError.instance(None, None, error, driver.Error) from error
            finally:
                connection.invalidate()  # whatever was set on it is not for others

    def check(self) -> None:
        """Check the file for damage (SQLite's `quick_check`).

        Raises:
            LedgerCorruptError: The file is damaged.
        """
        if self.dialect != "sqlite":
            return
        with self.read() as connection:
            result = connection.exec_driver_sql("PRAGMA quick_check").scalar()
        if result != "ok":
            raise LedgerCorruptError(damage_message(self.location, str(result)))

    def close(self) -> None:
        """Close all connections; the ledger can be used again afterwards."""
        self._engine.dispose()

    # Two processes that speak over one connection read each other's answers, and SQLite takes
    # what the other one locked for its own: a forked child leaves the parent's alone, open.
    def _after_fork(self) -> None:
        _NOT_OURS.append(self._engine.pool)
        self._engine.dispose(close=False)


_OPEN: "weakref.WeakSet[Ledger]" = weakref.WeakSet()
_NOT_OURS: list[Pool] = []
"""Connections of the process that this one was forked from; collected, they would be closed."""


def _after_fork() -> None:
    for ledger in list(_OPEN):
        ledger._after_fork()


os.register_at_fork(after_in_child=_after_fork)


def open_ledger(url: str | None, home: Path, busy_timeout_seconds: float = 30.0) -> Ledger:
    """Open the ledger, creating or upgrading its schema.

    Args:
        url: SQLAlchemy URL, or none for SQLite under the home folder.
        home: The home folder; created if missing.
        busy_timeout_seconds: How long to wait for a lock, and for PostgreSQL to be reached.

    Raises:
        LedgerCorruptError: The database is damaged or is something else.
        LedgerTooNewError: It was written by a newer Holdfast.
        LedgerUnavailableError: It is locked or does not answer.
    """
    engine = make_engine(url, home, busy_timeout_seconds)
    ledger = Ledger(engine)
    try:
        with translated(ledger.location):
            bring_up_to_date(engine)
    except BaseException:
        ledger.close()  # else its connections stay open until somebody collects them
        raise
    return ledger


def bring_up_to_date(engine: Engine) -> None:
    """Create or upgrade the schema, unless somebody else is just doing so."""
    try:
        ensure_schema(engine)
    except (LedgerCorruptError, LedgerTooNewError):
        raise
    except DBAPIError:
        # Another process may have created the schema at this very moment.
        with engine.connect() as connection:
            if current_revision(connection) != HEAD:
                raise


def make_engine(url: str | None, home: Path, busy_timeout_seconds: float) -> Engine:
    """Build the engine; SQLite gets WAL mode, full durability and immediate write transactions."""
    try:
        # Not written as a URL: the folder of the home may have a name with a `?` in it.
        own = URL.create("sqlite", database=str(home / "ledger.sqlite"))
        parsed = make_url(url) if url else own
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.drivername not in DRIVERS:
            raise ValueError("another database")  # its driver need not even be installed
        if not parsed.drivername.startswith("sqlite"):
            return make_postgres(parsed, busy_timeout_seconds)
    except (ArgumentError, ModuleNotFoundError, ValueError) as error:
        # The URL itself may hold a password: it is not repeated.
        raise ConfigError(
            "ledger.url is not a URL of SQLite or PostgreSQL, such as "
            "postgresql+psycopg://user@host:5432/name or sqlite:////path/ledger.sqlite; no other "
            "database and no other driver is supported."
        ) from error
    if parsed.database:
        make_folder(Path(parsed.database).parent)
    engine = create_engine(parsed, connect_args={"timeout": busy_timeout_seconds})
    event.listen(engine, "connect", partial(prepare_sqlite, busy_timeout_seconds))
    event.listen(engine, "begin", begin_sqlite)
    return engine


def make_postgres(url: URL, busy_timeout_seconds: float) -> Engine:
    """Build the engine; by itself PostgreSQL waits for ever, for an answer as for a lock."""
    patience = min(busy_timeout_seconds, LONGEST_SECONDS)
    seconds = max(math.ceil(patience), 2)  # of one the driver makes two
    limits: dict[str, Any] = {
        "connect_timeout": seconds,
        # A host that is gone says nothing more: what is sent to it must be acknowledged in time,
        # and while nothing is sent somebody has to ask.
        "tcp_user_timeout": 1000 * seconds,
        "keepalives_idle": seconds,
        "keepalives_interval": max(seconds // KEEPALIVES, 1),
        "keepalives_count": KEEPALIVES,
    }
    own = {name: value for name, value in limits.items() if name not in url.query}
    own["client_encoding"] = "utf8"  # whatever the machine or the URL says: texts are Unicode
    engine = create_engine(url, pool_pre_ping=True, pool_timeout=patience, connect_args=own)
    # Before SQLAlchemy looks at the connection itself, which it cannot in a database of bytes.
    event.listen(engine, "connect", refuse_other_encodings, insert=True)
    event.listen(engine, "connect", partial(prepare_postgres, patience))
    from indexing.ledger.silence import be_patient  # which needs the driver

    be_patient(engine, patience)
    return engine


def refuse_other_encodings(connection: Any, _record: Any) -> None:
    """Refuse a database that cannot hold every text, before anything is put into it.

    Raises:
        ConfigError: It cannot.
    """
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        connection.close()
        raise ConfigError(
            f"The database of ledger.url has the encoding {encoding}, which cannot hold every "
            "text. Make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and point "
            "ledger.url at it."
        )


def prepare_postgres(patience: float, connection: Any, _record: Any) -> None:
    """Let a new connection to PostgreSQL wait for locks no longer than SQLite would."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {max(round(1000 * patience), 1)}")
    connection.commit()  # else the first rollback takes it back


def make_folder(folder: Path) -> None:
    """Create the folder of the ledger, with a clear error when that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerUnavailableError(
            f"The folder {folder} for the ledger cannot be created ({error.strerror}). "
            "Choose a writable HOLDFAST_HOME."
        ) from error


def prepare_sqlite(
    busy_timeout_seconds: float, connection: sqlite3.Connection, _record: Any
) -> None:
    """Put a new SQLite connection into WAL mode and leave transactions to us."""
    connection.isolation_level = None
    cursor = connection.cursor()
    deadline = time.monotonic() + busy_timeout_seconds
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:
            # SQLite does not wait by itself where two processes change the mode of a new file.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(RETRY_SECONDS)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def begin_sqlite(connection: Connection) -> None:
    """Begin writing transactions as IMMEDIATE: a lock conflict shows before any work is done."""
    writing = connection.info.get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
