"""Letting documents be read again by the next ingest although nothing about them changed."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import update

from indexing.ledger import tables
from indexing.ledger.database import Ledger
from indexing.ledger.documents import groups
from ingestion.document import Stat

UNSEEN = Stat(-1, 0, "")
"""A stat that no listing gives."""


def let_retry(ledger: Ledger, generation: str, documents: Iterable[UUID]) -> None:
    """Forget what was last seen of documents, so that the next ingest takes them as changed."""
    table = tables.standing
    with ledger.write() as connection:
        for group in groups(documents):
            connection.execute(
                update(table)
                .where(table.c.generation == generation)
                .where(table.c.document_id.in_([str(d) for d in group]))
                .values(
                    content_sha256=None,
                    size=UNSEEN.size,
                    modified_ns=UNSEEN.modified_ns,
                    tag=UNSEEN.tag,
                    attempts=0,
                )
            )
