"""Making points: the payload, the ids and the vectors of a batch's new versions."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from indexing.committing.batches import EmbeddedBatch, ReadDocument, StagedDocument
from indexing.errors import LedgerCorruptError, StoreCorruptError
from indexing.ledger.commits import ChunkRow, NewVersion, Settled
from indexing.ledger.database import Ledger
from indexing.ledger.documents import (
    DocumentState,
    OpenVersion,
    open_points,
    open_versions,
    payloads_of_points,
)
from indexing.ledger.failures import damage_message
from indexing.ledger.tenants import tenants_of
from indexing.planning.planned import PlannedMove
from indexing.points import (
    OPEN_END,
    Point,
    Sparse,
    StoredPoint,
    payload_sha256,
    point_id,
)
from indexing.stores.base import VectorStore
from ingestion.document import UNLABELLED, Chunk, Labels, PreparedDocument, sha256_of
from ingestion.marking import INJECTION, INJECTION_IN_CHUNKS
from ingestion.parsing.decoding import sound


@dataclass(frozen=True, slots=True)
class PointMaker:
    """Makes the points of one generation."""

    tenant: str
    """Of documents that are new; the others stay whose they are."""
    generation: str
    ledger: Ledger
    store: VectorStore
    sparse: Callable[[Sequence[str]], list[Sparse]]
    """BM25 vectors of embedded texts."""

    def documents(self, batch: EmbeddedBatch, epoch: int) -> tuple[StagedDocument, ...]:
        """Make the points of every new or moved version of a batch."""
        texts = [c.embedding_text for d in batch.parsed.documents for c in d.prepared.chunks]
        sparse = iter(self.sparse(texts))
        tenants = tenants_of(self.ledger, [read.document_id for read in batch.parsed.documents])
        made = [
            self._document(
                read,
                tenants.get(read.document_id, self.tenant),
                batch,
                epoch,
                [next(sparse) for _ in read.prepared.chunks],
            )
            for read in batch.parsed.documents
        ]
        made += self._moves(batch.parsed.moves, epoch)
        return tuple(made)

    def _document(
        self,
        read: ReadDocument,
        tenant: str,
        batch: EmbeddedBatch,
        epoch: int,
        sparse: Sequence[Sparse],
    ) -> StagedDocument:
        """Make the points of a document with new content."""
        prepared, entry, labels = read.prepared, read.entry, read.entry.labels or UNLABELLED
        title = storable(prepared.title)
        common = {
            "tenant": tenant,
            "source": read.source,
            "document_id": str(read.document_id),
            "key": entry.key,
            "version": read.number,
            "title": title,
            "media_type": prepared.media_type,
            "content_sha256": read.content_sha256,
            "modified": iso_time(entry.stat.modified_ns),
            **carried(labels, entry.metadata),
        }
        points = []
        rows = []
        for chunk, bm25 in zip(prepared.chunks, sparse, strict=True):
            identity = point_id(self.generation, read.document_id, epoch, chunk.ordinal)
            text_hash = sha256_of(chunk.embedding_text)
            payload = payload_of(common, chunk, prepared.flags, text_hash, epoch)
            points.append(Point(identity, batch.vectors[text_hash], bm25, payload))
            rows.append(ChunkRow(identity, chunk.ordinal, text_hash, payload_sha256(payload)))
        version = NewVersion(
            document_id=read.document_id,
            number=read.number,
            key=entry.key,
            content_sha256=read.content_sha256,
            text_sha256=prepared.text_sha256,
            chunks_sha256=prepared.chunks_sha256,
            token_count=sum(c.tokens for c in prepared.chunks),
            media_type=prepared.media_type,
            title=title,
            flags=version_flags(prepared),
            modified_ns=entry.stat.modified_ns,
            chunks=tuple(rows),
            labels=labels,
            origin=entry.metadata,
        )
        settled = self._settled(read, len(points), labels)
        return StagedDocument(version, settled, tuple(points), read.attempts)

    def _settled(self, read: ReadDocument, chunks: int, labels: Labels) -> Settled:
        """Settle a document as indexed, with whatever else a build has to carry over."""
        stands = read.standing
        return Settled(
            document_id=read.document_id,
            tenant=self.tenant,
            source=read.source,
            key=stands.key if stands else read.entry.key,
            outcome=DocumentState.INDEXED,
            state=stands.state if stands else DocumentState.INDEXED,
            version=stands.version if stands else read.number,
            stat=stands.stat if stands else read.entry.stat,
            content_sha256=stands.content_sha256 if stands else read.content_sha256,
            reason=stands.reason if stands else None,
            detail=stands.detail if stands else None,
            chunks=chunks,
            seconds=read.seconds,
            peak_mb=read.peak_mb,
            media_type=read.prepared.media_type,
            attempts=stands.attempts if stands else 0,
            labels=labels.digest,
            container=read.container,
        )

    def _moves(self, moves: Sequence[PlannedMove], epoch: int) -> list[StagedDocument]:
        """Make the points of moved documents out of their old ones: no text is embedded."""
        ids = [m.standing.document_id for m in moves]
        versions = open_versions(self.ledger, self.generation, ids)
        for move in moves:
            if move.standing.document_id not in versions:
                detail = f"{move.standing.key} counts as indexed and has no version"
                raise LedgerCorruptError(damage_message(self.ledger.location, detail))
        old_ids = open_points(self.ledger, self.generation, ids)
        wanted = [p for points in old_ids.values() for p in points]
        stored = {p.id: p for p in self.store.fetch(self.generation, wanted, vectors=True)}
        committed = payloads_of_points(self.ledger, wanted)
        return [
            self._move(
                move,
                versions[move.standing.document_id],
                present(move, old_ids[move.standing.document_id], stored, committed),
                epoch,
            )
            for move in moves
        ]

    def _move(
        self, move: PlannedMove, old: OpenVersion, points: Sequence[StoredPoint], epoch: int
    ) -> StagedDocument:
        document = move.standing.document_id
        labels = move.entry.labels or UNLABELLED
        origin = move.entry.metadata or old.origin
        relabels = move.entry.key == old.key
        modified_ns = old.modified_ns if relabels else move.entry.stat.modified_ns
        made = []
        rows = []
        for stored in points:
            ordinal = int(stored.payload["ordinal"])
            identity = point_id(self.generation, document, epoch, ordinal)
            payload = {
                **stored.payload,
                "key": move.entry.key,
                "modified": iso_time(modified_ns),
                **carried(labels, origin),
                "valid_from": epoch,
                "valid_to": OPEN_END,
            }
            if stored.dense is None or stored.sparse is None:
                raise StoreCorruptError(damaged_points(move))
            made.append(Point(identity, stored.dense, stored.sparse, payload))
            text_hash = str(stored.payload["embed_sha256"])
            rows.append(ChunkRow(identity, ordinal, text_hash, payload_sha256(payload)))
        version = NewVersion(
            document_id=document,
            number=old.number,
            key=move.entry.key,
            content_sha256=old.content_sha256,
            text_sha256=old.text_sha256,
            chunks_sha256=old.chunks_sha256,
            token_count=old.token_count,
            media_type=old.media_type,
            title=old.title,
            flags=old.flags,
            modified_ns=modified_ns,
            chunks=tuple(rows),
            labels=labels,
            origin=origin,
        )
        settled = (self._relabelled if relabels else self._moved)(move, old, len(made))
        return StagedDocument(version, replace(settled, labels=labels.digest), tuple(made))

    def _moved(self, move: PlannedMove, old: OpenVersion, chunks: int) -> Settled:
        return Settled(
            document_id=move.standing.document_id,
            tenant=self.tenant,
            source=move.source,
            key=move.entry.key,
            outcome=DocumentState.MOVED,
            state=DocumentState.INDEXED,
            version=old.number,
            stat=move.entry.stat,
            content_sha256=move.standing.content_sha256,
            detail=f"moved from {move.standing.key}",
            chunks=chunks,
            container=move.standing.container,
        )

    def _relabelled(self, move: PlannedMove, _old: OpenVersion, chunks: int) -> Settled:
        """Settle a document that got other labels; in all else it stands as it stood."""
        stands = move.standing
        indexed = stands.state is DocumentState.INDEXED
        return Settled(
            document_id=stands.document_id,
            tenant=self.tenant,
            source=stands.source,
            key=stands.key,
            outcome=DocumentState.UNCHANGED if indexed else DocumentState.QUARANTINED,
            state=stands.state,
            version=stands.version,
            stat=stands.stat,
            content_sha256=stands.content_sha256,
            reason=stands.reason,
            detail=stands.detail,
            chunks=chunks,
            attempts=stands.attempts,
            container=stands.container,
        )


def present(
    move: PlannedMove,
    ids: Sequence[UUID],
    stored: Mapping[UUID, StoredPoint],
    committed: Mapping[UUID, str],
) -> list[StoredPoint]:
    """Return a moved document's points, all of them and as they were committed.

    Raises:
        StoreCorruptError: The store lost some, or some are not what was committed: with the move
            they would be committed like that, and no audit could tell any more.
    """
    if any(i not in stored for i in ids):
        raise StoreCorruptError(damaged_points(move))
    points = [stored[i] for i in ids]
    for point in points:
        own = payload_sha256(point.payload)
        if committed.get(point.id, own) != own:
            raise StoreCorruptError(damaged_points(move))
    return points


def damaged_points(move: PlannedMove) -> str:
    """Say that a move cannot be made because points are gone or not what they were."""
    moved = move.entry.key != move.standing.key
    what = f"moved to {move.entry.key}" if moved else "got other labels"
    return (
        f"{move.standing.key} {what}, but the index lost points of it, or holds other ones than "
        "were committed. Nothing was committed. Run `holdfast verify --repair`, then the ingest "
        "again; or rebuild the index with `holdfast reindex`."
    )


def storable(title: str | None) -> str | None:
    """Return a title as every ledger takes it: PostgreSQL has no NUL, none has half a surrogate."""
    return title and sound(title.replace("\0", ""))


def carried(labels: Labels, origin: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Build the part of a payload that comes from the source and not from the content."""
    return {"trust": labels.trust.value, "acl": list(labels.acl), "origin": dict(origin)}


def version_flags(prepared: PreparedDocument) -> tuple[str, ...]:
    """Return the flags of a document, and whether any of its chunks is flagged."""
    flagged = any(INJECTION in chunk.flags for chunk in prepared.chunks)
    return (*prepared.flags, INJECTION_IN_CHUNKS) if flagged else prepared.flags


def flags_of_points(version: Sequence[str]) -> tuple[str, ...]:
    """Return what every point of a version carries of its flags."""
    return tuple(flag for flag in version if flag != INJECTION_IN_CHUNKS)


def payload_of(
    common: Mapping[str, Any], chunk: Chunk, flags: Sequence[str], text_hash: str, epoch: int
) -> dict[str, Any]:
    """Build the payload of one point."""
    return {
        **common,
        "ordinal": chunk.ordinal,
        "start": chunk.start,
        "end": chunk.end,
        "page": chunk.page,
        **({"page_breaks": [list(b) for b in chunk.page_breaks]} if chunk.page_breaks else {}),
        "text": chunk.text,
        "headings": list(chunk.headings),
        **({"table_head": chunk.table_head} if chunk.table_head else {}),
        "flags": sorted({*flags, *chunk.flags}),
        "language": chunk.language,
        "injection_score": chunk.injection_score,
        "tokens": chunk.tokens,
        "embed_sha256": text_hash,
        "valid_from": epoch,
        "valid_to": OPEN_END,
    }


def iso_time(modified_ns: int) -> str | None:
    """Render a modification time; none for one that no calendar holds."""
    try:
        return dt.datetime.fromtimestamp(modified_ns / 1e9, dt.UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return None
