"""Leaving no bytes of deleted rows behind: pages, free space, the write-ahead log."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from indexing.errors import LedgerError, LedgerUnavailableError
from indexing.ledger.database import Ledger
from indexing.ledger.failures import is_server

PATIENCE_SECONDS = 10
"""How long PostgreSQL waits for who reads old rows, and for who holds a table."""
POLL_SECONDS = 0.05
AT_ONCE = "at once: the file was written anew and its write-ahead log emptied"
POSTGRES_LOG = (
    "the write-ahead log of PostgreSQL keeps old bytes until its segments are recycled "
    "(max_wal_size), archives and replicas for as long as they keep segments"
)
SAMPLES = "pg_catalog.pg_statistic"
"""Where PostgreSQL keeps samples of what columns held; only a superuser can have it rewritten,
for others it says so and goes on."""
NEXT_TRANSACTION = (
    "SELECT now(), (pg_snapshot_xmax(pg_current_snapshot())::text::numeric %% 4294967296)::text"
)
OLD_TRANSACTIONS = (
    "SELECT count(*) FROM ("
    "SELECT greatest(age(backend_xmin), age(backend_xid)) AS old FROM pg_stat_activity "
    "WHERE coalesce(datname, current_database()) = current_database() "
    "AND (xact_start IS NULL OR xact_start < %s) "
    "AND backend_type IS DISTINCT FROM 'autovacuum worker' AND pid <> pg_backend_pid() "
    "UNION ALL SELECT age(xmin) FROM pg_replication_slots "
    "UNION ALL SELECT age(transaction) FROM pg_prepared_xacts WHERE database = current_database()"
    ") AS kept WHERE old > age(%s::xid)"
)
"""When a transaction of another role began, and what it is, PostgreSQL shows to its superusers
only; how old the oldest state is that it keeps, it shows to everybody. One that has written keeps
rows as well, whether or not it reads, and so does a standby that tells its primary what it reads:
it belongs to no database."""


@dataclass(frozen=True, slots=True)
class LedgerErasure:
    """What became of the bytes of deleted rows."""

    bytes_written: int
    bound: str
    """When the last of those bytes is gone, for people."""
    held: tuple[str, ...] = ()
    """Tables that others held all the time, so that they could not be rewritten."""


def erase_as_we_go(connection: Connection) -> None:
    """Let SQLite overwrite what this transaction deletes or changes."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def erase_bytes(ledger: Ledger, tables: Sequence[str]) -> LedgerErasure:
    """Write the ledger anew without the bytes of what was deleted.

    Args:
        ledger: SQLite is written anew as a whole.
        tables: What PostgreSQL is to rewrite.

    Raises:
        LedgerUnavailableError: Somebody keeps reading an old state of it, or the disk is full.
        LedgerError: The user of PostgreSQL may not rewrite its tables.
    """
    with ledger.outside() as cursor:
        if ledger.dialect == "sqlite":
            return vacuum_sqlite(cursor, ledger.location)
        wait_for_old_readers(cursor, ledger.location)
        return vacuum_postgres(cursor, tables, ledger.location)


def vacuum_sqlite(cursor: Any, location: str) -> LedgerErasure:
    """Write the file anew and empty its log; who writes meanwhile waits for a moment."""
    cursor.execute("VACUUM")
    (busy, *_) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise still_read(location)
    sizes = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    (size,) = cursor.execute(sizes).fetchone()
    return LedgerErasure(int(size), AT_ONCE)


def wait_for_old_readers(cursor: Any, location: str) -> None:
    """Wait until nobody keeps a state in which the rows were there: PostgreSQL would, too."""
    cursor.execute(NEXT_TRANSACTION, ())
    begun = cursor.fetchone()
    # Twice as long: a standby says only every ten seconds what is read there.
    deadline = time.monotonic() + 2 * PATIENCE_SECONDS
    while True:
        cursor.execute(OLD_TRANSACTIONS, begun)
        if not cursor.fetchone()[0]:
            return
        if time.monotonic() > deadline:
            raise still_read(location)
        time.sleep(POLL_SECONDS)


def vacuum_postgres(cursor: Any, tables: Sequence[str], location: str) -> LedgerErasure:
    """Rewrite tables, and what was sampled of them; one that somebody holds is only vacuumed."""
    from psycopg.errors import LockNotAvailable

    cursor.execute(f"SET lock_timeout = '{PATIENCE_SECONDS}s'")
    held, size = [], 0
    for table in tables:
        before = file_of(cursor, table)
        try:
            cursor.execute(f'VACUUM (FULL, ANALYZE) "{table}"')
        except LockNotAvailable:
            held.append(table)
            cursor.execute(f'VACUUM (ANALYZE) "{table}"')
        else:
            if file_of(cursor, table) == before:
                raise not_rewritten(location, table)
        cursor.execute("SELECT pg_total_relation_size(%s::regclass)", (table,))
        size += int(cursor.fetchone()[0])
    cursor.execute(f"VACUUM (FULL) {SAMPLES}")
    done = "the tables were rewritten at once"
    if held:
        done = f"{done} but {', '.join(held)}, which others held: run the command again"
    return LedgerErasure(size, f"{done}; {POSTGRES_LOG}", tuple(held))


def file_of(cursor: Any, table: str) -> int:
    """Return the number of the file of a table; it is another one when the table was rewritten."""
    cursor.execute("SELECT pg_relation_filenode(%s::regclass)", (table,))
    return int(cursor.fetchone()[0])


def not_rewritten(location: str, table: str) -> LedgerError:
    """Say that PostgreSQL left a table as it was; it only warns of that, and goes on."""
    return LedgerError(
        f"The bytes of deleted rows cannot leave the ledger at {location}: PostgreSQL rewrites the "
        f"table {table} for its owner only, and the user of ledger.url is another one. Let that "
        f"user own the tables (ALTER TABLE {table} OWNER TO …), or use the owner in ledger.url, "
        "and run the command again: it goes on where it stopped."
    )


def still_read(location: str) -> LedgerUnavailableError:
    """Say that old rows cannot go because somebody still sees them."""
    who = ""
    if is_server(location):
        who = " (a session, a prepared transaction, a standby or a replication slot)"
    return LedgerUnavailableError(
        f"The bytes of deleted rows cannot leave the ledger at {location}, because another program "
        f"keeps an old state of it open{who}. End that program and run the command again: it goes "
        "on where it stopped."
    )
