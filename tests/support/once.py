"""What every home needs is worked out once in a process, and not once for each home of a test.

A home hashes the files of its model, 91 MB in 80 ms of a core, and makes a ledger by running all
migrations, 100 ms; nearly every test makes one.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect

from indexing.encoding import model_files
from indexing.ledger import schema


@contextmanager
def worked_out_once() -> Iterator[None]:
    """Remember the digests of models, and what migrations make of an empty SQLite file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_files, "_sha256", digests_remembered(model_files._sha256))
        patch.setattr(schema, "migrate", migrations_remembered(schema.migrate))
        yield


def digests_remembered(hash_of: Callable[[Path], str]) -> Callable[[Path], str]:
    """Remember digests, each for as long as its file looks the same, as homes do."""
    known: dict[tuple[object, ...], str] = {}

    def remembered(file: Path) -> str:
        stat = file.stat()
        state = (file, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        if state not in known:
            known[state] = hash_of(file)
        return known[state]

    return remembered


Migrate = Callable[[Connection, str], None]


def migrations_remembered(migrate: Migrate) -> Migrate:
    """Remember the statements that make the ledger as the migrations leave it."""
    known: dict[tuple[object, ...], list[str]] = {}

    def remembered(connection: Connection, revision: str) -> None:
        if connection.dialect.name != "sqlite" or inspect(connection).get_table_names():
            migrate(connection, revision)
            return
        kind = (revision, schema.HEAD, schema.MIGRATIONS)
        if kind not in known:
            migrate(connection, revision)
            known[kind] = statements_of(connection)
            return
        for statement in known[kind]:
            connection.exec_driver_sql(statement)

    return remembered


def statements_of(connection: Connection) -> list[str]:
    """Return what makes a database like this one, inside a transaction."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    _begin, *statements, _commit = raw.iterdump()
    return statements
