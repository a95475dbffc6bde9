"""Lifting a tombstone: a document that was purged may come in again."""

from contextlib import ExitStack
from uuid import UUID

from sqlalchemy import Connection, select, update

from config.errors import ConfigError
from indexing.corpus import Corpus
from indexing.ledger import tables
from indexing.ledger.purges import Tombstone, forget_purge
from indexing.ledger.retries import UNSEEN
from indexing.planning.purged_file import remove_purged
from indexing.planning.tombstones import read_tombstones
from indexing.upkeep.exclusive import exclusively, hold_generations
from ingestion.document import Reason


def readmit(corpus: Corpus, document: UUID) -> Tombstone:
    """Let a purged document in again; the next ingest reads what its sources have of it.

    Nothing of what was purged comes back by this.

    Returns:
        The tombstone that was lifted.

    Raises:
        ConfigError: It was not purged.
        WriterBusyError: A run is at work and has read the tombstones; nothing was changed.
    """
    with exclusively(corpus, "readmit"), ExitStack() as leases:
        hold_generations(corpus, leases, "readmit")
        tombstone = read_tombstones(corpus.ledger, corpus.settings.home).by_id.get(document)
        if tombstone is None:
            raise ConfigError(
                f"{document} was not purged, so it cannot be readmitted. `holdfast purge` lists "
                "what was. Nothing was changed."
            )
        # The row last: what is left after a crash still keeps the document out, and is listed.
        remove_purged(corpus.settings.home, tombstone.document_id)
        with corpus.ledger.write() as connection:
            forget_purge(connection, tombstone.document_id)
            look_again(connection, tombstone)
    return tombstone


def look_again(connection: Connection, tombstone: Tombstone) -> None:
    """Let the next ingest read what was kept out, although nothing about it changed."""
    table = tables.standing.c
    ids = {str(i) for i in (tombstone.document_id, *tombstone.key_ids)}
    kept_out = select(table.generation, table.document_id, table.content_sha256).where(
        table.reason == Reason.PURGED
    )
    for row in connection.execute(kept_out).all():
        if row.document_id in ids or row.content_sha256 in tombstone.content_sha256s:
            connection.execute(
                update(tables.standing)
                .where(table.generation == row.generation)
                .where(table.document_id == row.document_id)
                .values(content_sha256=None, size=UNSEEN.size, modified_ns=0, tag=UNSEEN.tag)
            )
