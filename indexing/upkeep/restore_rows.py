"""The rows of a backup under this version's schema, whatever schema it was written under.

Rows of an older schema are put into a small SQLite ledger of that schema, which is brought up to
date by the same migrations as any home; from there on they are rows like all others.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Connection, Engine, MetaData, Table

from indexing.errors import BackupError
from indexing.ledger import tables
from indexing.ledger.database import make_engine
from indexing.ledger.schema import HEAD, known_revisions, migrate, writing
from indexing.upkeep.archive import table_path
from indexing.upkeep.archive_reader import ArchiveReader
from indexing.upkeep.ledger_rows import read_rows, write_rows

OLDER = "older-ledger-"
"""How the folder begins in which rows of an older schema are brought up to date."""

Row: TypeAlias = Mapping[str, Any]


class Rows(Protocol):
    """Gives the rows of every table of the present schema, as often as asked."""

    def rows(self, table: Table) -> Iterator[Row]:
        """Yield the rows of a table."""
        ...


def check_schema(archive: ArchiveReader) -> None:
    """Make sure that this version knows the schema of a backup.

    Raises:
        BackupError: It is newer.
    """
    manifest = archive.manifest
    if manifest.schema != HEAD and manifest.schema not in known_revisions():
        raise BackupError(
            f"The ledger in this backup has schema {manifest.schema}, which this version does not "
            f"know (it works with {HEAD}). Restore it with Holdfast {manifest.holdfast}, which "
            "wrote it, or a newer one. Nothing was changed."
        )


@contextmanager
def present_rows(archive: ArchiveReader, room: Path) -> Iterator[Rows]:
    """Give the rows of a backup under the present schema.

    Args:
        archive: The backup.
        room: A folder with room for the ledger of an older backup while the block runs.

    Raises:
        BackupError: The backup is damaged.
    """
    remove_abandoned(room)
    if archive.manifest.schema == HEAD:
        yield ArchivedRows(archive)
        return
    with tempfile.TemporaryDirectory(prefix=OLDER, dir=room) as folder:
        engine = make_engine(None, Path(folder), busy_timeout_seconds=30.0)
        try:
            with writing(engine) as connection:
                migrate(connection, archive.manifest.schema)
                fill(connection, archive)
                migrate(connection, "head")
            yield UpgradedRows(engine)
        finally:
            engine.dispose()


def remove_abandoned(room: Path) -> None:
    """Remove what a restore that was killed left there: all the rows of a backup.

    Only whoever holds the lease of upkeep may, as a restore does while it needs them.
    """
    for folder in room.glob(f"{OLDER}*"):
        shutil.rmtree(folder, ignore_errors=True)


def fill(connection: Connection, archive: ArchiveReader) -> None:
    """Insert the rows of a backup into tables of the schema that it was written under."""
    older = MetaData()
    older.reflect(connection)
    left_out = {"alembic_version", tables.lease.name}
    for table in older.sorted_tables:
        if table.name not in left_out and table_path(table.name) in archive.manifest.files:
            write_rows(connection, table, archive.rows(table.name))


class ArchivedRows:
    """Rows as they are in the backup."""

    def __init__(self, archive: ArchiveReader) -> None:
        """Read a backup of the present schema."""
        self._archive = archive

    def rows(self, table: Table) -> Iterator[Row]:
        """Yield the rows of a table."""
        return self._archive.rows(table.name)


class UpgradedRows:
    """Rows that were brought to the present schema."""

    def __init__(self, engine: Engine) -> None:
        """Read a ledger of the present schema."""
        self._engine = engine

    def rows(self, table: Table) -> Iterator[Row]:
        """Yield the rows of a table."""
        with self._engine.connect() as connection:
            yield from read_rows(connection, table)
