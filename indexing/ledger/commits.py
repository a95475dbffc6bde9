"""The commit: one SQL transaction that makes a batch visible to readers, all of it or nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from indexing.errors import LedgerError
from indexing.ledger import tables
from indexing.ledger.database import Ledger, now
from indexing.ledger.documents import DocumentState, Standing, groups
from indexing.ledger.leases import LeaseToken, prove
from indexing.points import OPEN_END
from ingestion.document import UNLABELLED, Labels, Stat


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """A point of a version, as the ledger remembers it."""

    point_id: UUID
    ordinal: int
    embed_sha256: str
    payload_sha256: str


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version that becomes visible with the commit; it closes the document's open one."""

    document_id: UUID
    number: int
    key: str
    content_sha256: str
    text_sha256: str
    chunks_sha256: str
    token_count: int
    media_type: str
    title: str | None
    flags: tuple[str, ...]
    modified_ns: int
    chunks: tuple[ChunkRow, ...]
    labels: Labels = UNLABELLED
    origin: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """The terminal state one document reached, and its standing from now on."""

    document_id: UUID
    tenant: str
    source: str
    key: str
    outcome: DocumentState
    state: DocumentState
    version: int
    stat: Stat
    content_sha256: str | None = None
    reason: str | None = None
    detail: str | None = None
    chunks: int = 0
    seconds: float = 0.0
    attempts: int = 0
    """How often in a row it failed for a passing reason."""
    labels: str = ""
    """Digest of the labels that its served points carry."""
    media_type: str = ""
    """What it was read as; empty where it was not read."""
    peak_mb: float = 0.0
    """Largest resident memory of the parser child that worked on it, in MiB."""
    container: UUID | None = None
    """The outermost document that it lies in; none for what a source lists."""


def settled_again(standing: Standing, tenant: str, stat: Stat, labels: str) -> Settled:
    """Settle a document that stands as it stood, seen with another stat.

    Args:
        standing: How it stands.
        tenant: Of the document.
        stat: What was seen now.
        labels: Digest of the labels that its points carry now.
    """
    indexed = standing.state is DocumentState.INDEXED
    return Settled(
        document_id=standing.document_id,
        tenant=tenant,
        source=standing.source,
        key=standing.key,
        outcome=DocumentState.UNCHANGED if indexed else DocumentState.QUARANTINED,
        state=standing.state,
        version=standing.version,
        stat=stat,
        content_sha256=standing.content_sha256,
        reason=standing.reason,
        detail=standing.detail,
        attempts=standing.attempts,
        labels=labels,
        container=standing.container,
    )


@dataclass(frozen=True, slots=True)
class Commit:
    """Everything one batch changes in the ledger.

    `epoch` is none if no point changed: then nothing changes for readers and the epoch stays.
    """

    lease: LeaseToken
    epoch: int | None
    versions: tuple[NewVersion, ...]
    deleted: tuple[UUID, ...]
    settled: tuple[Settled, ...]


def commit(ledger: Ledger, batch: Commit) -> None:
    """Write versions, standings, outcomes and the epoch in one transaction.

    Raises:
        LeaseLostError: Another run took over; nothing was written.
        LedgerError: The ledger failed; nothing was written.
    """
    with ledger.write() as connection:
        prove(connection, batch.lease)
        if batch.epoch is not None:
            closed = close_versions(connection, batch, batch.epoch)
            add_versions(connection, batch, batch.epoch)
            publish(connection, batch, batch.epoch, closed)
        settle(connection, batch.lease, batch.settled)


def close_versions(connection: Connection, batch: Commit, epoch: int) -> int:
    """End the open versions and points of everything superseded; returns how many points."""
    documents = [v.document_id for v in batch.versions] + list(batch.deleted)
    closed = 0
    for group in groups([str(d) for d in documents]):
        for table in (tables.version, tables.chunk):
            result = connection.execute(
                update(table)
                .where(table.c.generation == batch.lease.generation)
                .where(table.c.document_id.in_(group))
                .where(table.c.valid_to == OPEN_END)
                .values(valid_to=epoch)
            )
            closed += result.rowcount if table is tables.chunk else 0
    return closed


def add_versions(connection: Connection, batch: Commit, epoch: int) -> None:
    """Insert the new versions and their points."""
    generation = batch.lease.generation
    versions = [
        {
            "generation": generation,
            "document_id": str(v.document_id),
            "valid_from": epoch,
            "valid_to": OPEN_END,
            "number": v.number,
            "key": v.key,
            "content_sha256": v.content_sha256,
            "text_sha256": v.text_sha256,
            "chunks_sha256": v.chunks_sha256,
            "chunk_count": len(v.chunks),
            "token_count": v.token_count,
            "media_type": v.media_type,
            "title": v.title,
            "flags": list(v.flags),
            "modified_ns": v.modified_ns,
            "trust": v.labels.trust,
            "acl": list(v.labels.acl),
            "origin": dict(v.origin),
        }
        for v in batch.versions
    ]
    chunks = [
        {
            "point_id": str(c.point_id),
            "generation": generation,
            "document_id": str(v.document_id),
            "valid_from": epoch,
            "valid_to": OPEN_END,
            "ordinal": c.ordinal,
            "embed_sha256": c.embed_sha256,
            "payload_sha256": c.payload_sha256,
        }
        for v in batch.versions
        for c in v.chunks
    ]
    if versions:
        connection.execute(insert(tables.version), versions)
    if chunks:
        connection.execute(insert(tables.chunk), chunks)


def publish(connection: Connection, batch: Commit, epoch: int, closed: int) -> None:
    """Make the epoch the committed one: the moment at which readers see the batch."""
    table = tables.generation
    at = now()
    current: int | None = connection.execute(
        select(table.c.epoch).where(table.c.name == batch.lease.generation)
    ).scalar()
    changed = connection.execute(
        update(table)
        .where(table.c.name == batch.lease.generation, table.c.epoch < epoch)
        .where(table.c.next_epoch > epoch)
        .values(epoch=epoch, committed_at=at)
    ).rowcount
    if changed != 1 or current is None:
        raise LedgerError(
            f"Epoch {epoch} of {batch.lease.generation} cannot be committed after {current}. "
            "The batch was not committed; run the ingest again."
        )
    connection.execute(
        insert(tables.epoch).values(
            generation=batch.lease.generation,
            number=epoch,
            run_id=batch.lease.run_id,
            committed_at=at,
            documents=len(batch.versions) + len(batch.deleted),
            points_added=sum(len(v.chunks) for v in batch.versions),
            points_closed=closed,
            gap=epoch - current - 1,
        )
    )


def settle(connection: Connection, lease: LeaseToken, settled: Iterable[Settled]) -> None:
    """Record standings and outcomes."""
    settled = tuple(settled)
    if not settled:
        return
    at = now()
    known = [
        {
            "document_id": str(s.document_id),
            "tenant": s.tenant,
            "source": s.source,
            "first_key": s.key,
            "created_at": at,
        }
        for s in settled
    ]
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(tables.document).on_conflict_do_nothing(), known)
    # Two documents may swap keys: take all their rows away before writing the new ones.
    for group in groups([str(s.document_id) for s in settled]):
        connection.execute(
            delete(tables.standing)
            .where(tables.standing.c.generation == lease.generation)
            .where(tables.standing.c.document_id.in_(group))
        )
    rows = [standing_row(lease, s) | {"updated_at": at} for s in settled]
    connection.execute(insert(tables.standing), rows)
    # A build settles a document again when it changes while the build runs: the last one counts.
    fresh = dialect.insert(tables.outcome)
    changed = {c.name: fresh.excluded[c.name] for c in tables.outcome.c if not c.primary_key}
    outcomes = [outcome_row(lease, s) for s in settled]
    connection.execute(
        fresh.on_conflict_do_update(index_elements=["run_id", "source", "key"], set_=changed),
        outcomes,
    )


def standing_row(lease: LeaseToken, settled: Settled) -> dict[str, Any]:
    """Build the row of `standing`."""
    return {
        "generation": lease.generation,
        "document_id": str(settled.document_id),
        "source": settled.source,
        "key": settled.key,
        "state": settled.state,
        "reason": settled.reason,
        "detail": settled.detail,
        "version": settled.version,
        "content_sha256": settled.content_sha256,
        "size": settled.stat.size,
        "modified_ns": settled.stat.modified_ns,
        "tag": settled.stat.tag,
        "run_id": lease.run_id,
        "attempts": settled.attempts,
        "labels": settled.labels,
        "container": str(settled.container) if settled.container else None,
    }


def outcome_row(lease: LeaseToken, settled: Settled) -> dict[str, Any]:
    """Build the row of `outcome`."""
    return {
        "run_id": lease.run_id,
        "source": settled.source,
        "key": settled.key,
        "document_id": str(settled.document_id),
        "state": settled.outcome,
        "reason": settled.reason,
        "detail": settled.detail,
        "chunks": settled.chunks,
        "seconds": settled.seconds,
    }
