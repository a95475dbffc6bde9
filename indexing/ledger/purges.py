"""Tombstones in the ledger: which documents were purged, by id and by hash, and the receipts."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from indexing.ledger import tables
from indexing.ledger.database import Ledger, in_utc
from indexing.ledger.documents import groups


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is remembered of a purged document: no name and no text, only ids and hashes."""

    document_id: UUID
    purged_at: dt.datetime
    content_sha256s: tuple[str, ...] = ()
    """Of every content that it ever had."""
    key_ids: tuple[UUID, ...] = ()
    """Ids that a new document would get at the keys where it stood when it was purged."""
    receipt: Mapping[str, Any] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Whether the purge came to its end."""
        return self.receipt.get("finished_at") is not None


def merged(tombstones: Iterable[Tombstone]) -> dict[UUID, Tombstone]:
    """Return one tombstone per document, which keeps out all that any of them keeps out.

    The ledger and the home's own file may know different purges of a document: one of them was
    set back, or a backup was restored. The last receipt counts.
    """
    found: dict[UUID, Tombstone] = {}
    for one in tombstones:
        before = found.setdefault(one.document_id, one)
        found[one.document_id] = Tombstone(
            one.document_id,
            max(before.purged_at, one.purged_at),
            tuple(sorted({*before.content_sha256s, *one.content_sha256s})),
            tuple(sorted({*before.key_ids, *one.key_ids})),
            one.receipt or before.receipt,
        )
    return found


def list_purges(ledger: Ledger) -> list[Tombstone]:
    """Return every tombstone, oldest first."""
    table = tables.purge
    with ledger.read() as connection:
        rows = connection.execute(
            select(table).order_by(table.c.purged_at, table.c.document_id)
        ).all()
    return [tombstone_from(row) for row in rows]


def write_purges(connection: Connection, tombstones: Iterable[Tombstone]) -> None:
    """Write tombstones, in place of those that the same documents have already."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    for one in tombstones:
        values: dict[str, Any] = {
            "purged_at": one.purged_at,
            "content_sha256s": list(one.content_sha256s),
            "receipt": {**one.receipt, "key_ids": [str(i) for i in one.key_ids]},
        }
        connection.execute(
            dialect.insert(tables.purge)
            .values(document_id=str(one.document_id), **values)
            .on_conflict_do_update(index_elements=["document_id"], set_=values)
        )


def forget_purge(connection: Connection, document: UUID) -> None:
    """Remove the tombstone of a document."""
    connection.execute(delete(tables.purge).where(tables.purge.c.document_id == str(document)))


def purged_among(connection: Connection, documents: Iterable[str]) -> frozenset[str]:
    """Return which of these documents have a tombstone, as this transaction sees it."""
    table = tables.purge
    found: set[str] = set()
    for group in groups(documents):
        query = select(table.c.document_id).where(table.c.document_id.in_(group))
        found.update(connection.execute(query).scalars())
    return frozenset(found)


def tombstone_from(row: Row[Any]) -> Tombstone:
    """Build the value from its row."""
    receipt = dict(row.receipt)
    key_ids = tuple(UUID(i) for i in receipt.pop("key_ids", ()))
    return Tombstone(
        UUID(row.document_id),
        in_utc(row.purged_at),
        tuple(row.content_sha256s),
        key_ids,
        receipt,
    )
