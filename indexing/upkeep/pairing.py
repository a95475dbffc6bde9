"""Two sorted streams held against each other: the ledger's chunk rows and the store's points.

Both come in the order of point ids, so that memory stays flat however large an index is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select

from indexing.ledger import tables
from indexing.ledger.ordering import ByBytes
from indexing.points import StoredPoint

ROWS = 2000
"""Rows fetched from the database at a time."""


@dataclass(frozen=True, slots=True)
class ChunkRecord:
    """A chunk row as far as a point has to agree with it."""

    point: UUID
    document: UUID
    ordinal: int
    valid_from: int
    valid_to: int
    embed_sha256: str
    payload_sha256: str | None


def chunk_records(connection: Connection, generation: str, horizon: int) -> Iterator[ChunkRecord]:
    """Yield the chunk rows of a generation that can still be read, in the order of point ids.

    Args:
        connection: An open transaction; the stream lives as long as it does.
        generation: Whose rows.
        horizon: Rows that ended at or before this epoch are left out: their points may be gone.
    """
    table = tables.chunk
    query = (
        select(table)
        .where(table.c.generation == generation, table.c.valid_to > horizon)
        .order_by(ByBytes(table.c.point_id))
    )
    for row in connection.execution_options(yield_per=ROWS).execute(query):
        yield ChunkRecord(
            UUID(row.point_id),
            UUID(row.document_id),
            row.ordinal,
            row.valid_from,
            row.valid_to,
            row.embed_sha256,
            row.payload_sha256,
        )


def paired(
    records: Iterator[ChunkRecord], points: Iterator[StoredPoint]
) -> Iterator[tuple[ChunkRecord | None, StoredPoint | None]]:
    """Yield each id once, with what either side has of it; both sides must be sorted."""
    record, point = next(records, None), next(points, None)
    while record is not None or point is not None:
        if point is None or (record is not None and record.point < point.id):
            yield record, None
            record = next(records, None)
        elif record is None or point.id < record.point:
            yield None, point
            point = next(points, None)
        else:
            yield record, point
            record, point = next(records, None), next(points, None)
