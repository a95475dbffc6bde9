"""Bringing a ledger to this version's schema, and refusing one that is damaged or newer.

Alembic is imported only when there is something to migrate: it costs a third of a second,
which an ingest without changes cannot spare.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from config.origins import mask_url
from indexing.errors import LedgerCorruptError, LedgerTooNewError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0006"
"""The revision this version of Holdfast works with; a test holds it against the migrations."""

MIGRATION_LOCK = 0x686F6C64
"""Key of the PostgreSQL lock under which one process at a time migrates ("hold")."""

MIGRATIONS = Path(__file__).parent / "migrations"


def current_revision(connection: Connection) -> str | None:
    """Return the revision of the ledger, or none for an empty database."""
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" not in tables:
        if tables:
            raise LedgerCorruptError(
                f"{mask_url(repr(connection.engine.url))} holds tables but no Holdfast ledger (no "
                "alembic_version). Point ledger.url at an empty database or at a ledger."
            )
        return None
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(revision) if revision is not None else None


def ensure_schema(engine: Engine) -> None:
    """Create or upgrade the schema.

    Raises:
        LedgerTooNewError: The ledger was written by a newer Holdfast.
        LedgerCorruptError: The database holds something else.
    """
    with engine.connect() as connection:
        revision = current_revision(connection)
    if revision == HEAD:
        return
    if revision is not None and revision not in known_revisions():
        raise LedgerTooNewError(
            f"The ledger at {mask_url(repr(engine.url))} has schema {revision}, which this version "
            f"does not know (it works with {HEAD}). Use the newer Holdfast that wrote it, or point "
            "HOLDFAST_HOME at another folder."
        )
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        if current_revision(connection) == HEAD:
            return  # another process was quicker
        migrate(connection, "head")


def known_revisions() -> frozenset[str]:
    """Return every revision that this version can bring to its own."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    return frozenset(script.revision for script in scripts)


def migrate(connection: Connection, revision: str) -> None:
    """Bring the schema up to a revision, inside the transaction of the connection."""
    from alembic import command

    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def alembic_config() -> "Config":
    """Say where the migrations are."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Run one writing transaction; on SQLite it takes the write lock before anything else."""
    with engine.connect() as connection:
        connection.info["writing"] = True
        try:
            with connection.begin():
                yield connection
        finally:
            if not connection.invalidated:  # else to ask it for anything would connect again
                connection.info.pop("writing", None)
