"""Rows of the ledger as plain JSON values, out of and into whichever database it is.

Times are ISO 8601 in UTC. The lease table stays out: who held what is of no use elsewhere.
"""

import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    DateTime,
    MetaData,
    String,
    Table,
    UnaryExpression,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ColumnElement

from indexing.ledger import tables
from indexing.ledger.database import in_utc
from indexing.ledger.documents import groups
from indexing.ledger.ordering import ByBytes
from indexing.upkeep.archive import table_path
from indexing.upkeep.archive_records import damaged

PAGE = 1000
"""Rows held at a time."""

OF_THE_MOMENT = (tables.lease, tables.quota_place)
"""Tables of what is going on; none of it goes on in a restored home."""
KEPT = tuple(table for table in tables.metadata.sorted_tables if table not in OF_THE_MOMENT)
"""The tables that a backup holds."""

ORDERS: Mapping[str, tuple[str, ...]] = {
    # Points are read by generation; rows that are alike lie together and compress well.
    "chunk": ("generation", "document_id", "valid_from", "ordinal"),
    # Blobs are read by content, each one once.
    "version": ("content_sha256", "generation", "document_id", "valid_from"),
    "standing": ("content_sha256", "generation", "document_id"),
}
"""The order in which the rows of a table are written; the default is that of its key."""


def order_of(table: Table) -> list[ColumnElement[Any] | UnaryExpression[Any]]:
    """Return the columns that the rows of a table are ordered by."""
    names = ORDERS.get(table.name) or [column.name for column in table.primary_key]
    return [ordered(table.c[name]) for name in names]


def ordered(column: Column[Any]) -> ColumnElement[Any] | UnaryExpression[Any]:
    """Order by a column as every database does: the archive merges what it wrote in this order."""
    by: ColumnElement[Any] = ByBytes(column) if isinstance(column.type, String) else column
    return by.nulls_first() if column.nullable else by


def read_rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    """Yield all rows of a table in a fixed order, as values that JSON has."""
    times = {c.name for c in table.columns if isinstance(c.type, DateTime)}
    query = select(table).order_by(*order_of(table))
    for row in connection.execute(query.execution_options(yield_per=PAGE)).mappings():
        yield {
            name: in_utc(value).isoformat() if name in times and value is not None else value
            for name, value in row.items()
        }


def write_rows(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert rows as `read_rows` yields them, in place of those of equal key; returns how many.

    Raises:
        BackupError: A row has a column that the table does not have.
    """
    target = with_plain_nulls(table)
    times = [c.name for c in table.columns if isinstance(c.type, DateTime)]
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    query = dialect.insert(target)
    key = {column.name for column in table.primary_key}
    others = {c.name: query.excluded[c.name] for c in table.columns if c.name not in key}
    query = query.on_conflict_do_update(index_elements=sorted(key), set_=others)
    written = 0
    for page in groups(rows, PAGE):
        connection.execute(query, [insertable(table, times, row) for row in page])
        written += len(page)
    return written


def insertable(table: Table, times: Iterable[str], row: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a row back into what the database takes."""
    unknown = row.keys() - table.columns.keys()
    if unknown:
        raise damaged(table_path(table.name), f"no schema has the column {min(unknown)!r}")
    values = dict(row)
    for name in times:
        if values.get(name) is not None:
            values[name] = dt.datetime.fromisoformat(values[name])
    return values


@functools.lru_cache(maxsize=64)
def with_plain_nulls(table: Table) -> Table:
    """Return the table with a missing JSON value as NULL, which it was, not as JSON's `null`."""
    if not any(isinstance(column.type, JSON) for column in table.columns):
        return table
    copy = table.to_metadata(MetaData())
    for column in copy.columns:
        if isinstance(column.type, JSON):
            column.type = JSON(none_as_null=True)
    return copy


def advance_numbers(connection: Connection, table: Table) -> None:
    """Let the next number that the database gives out follow the ones that were inserted."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return  # SQLite takes the largest one and adds 1
    highest = connection.execute(select(func.max(column))).scalar()
    if highest is not None:
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"),
            {"table": table.name, "column": column.name, "highest": highest},
        )
