"""Making the points of a committed version again, exactly as they were."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from indexing.committing.batches import ParsedBatch, ReadDocument
from indexing.committing.embedding import BatchEmbedder
from indexing.committing.epochs import above
from indexing.committing.late_writes import heal_abandoned
from indexing.committing.staging import flags_of_points, iso_time, payload_of
from indexing.corpus import Corpus
from indexing.failpoints import Failpoint, reached
from indexing.ledger import tables
from indexing.ledger.documents import ends_of_points, groups
from indexing.ledger.generations import Generation, GenerationState, list_generations
from indexing.ledger.leases import HeldLease
from indexing.points import Point, payload_sha256, point_id
from indexing.upkeep.mending import Repairs, VersionName
from indexing.upkeep.refill import Refill
from ingestion.document import Chunk, PreparedDocument, SourceEntry, Stat, sha256_of

logger = logging.getLogger(__name__)

TOGETHER = 64
"""Versions whose texts are embedded in one go."""


@dataclass(frozen=True, slots=True)
class Remade:
    """A version whose chunks were brought back and agree with the ledger."""

    version: Row[Any]
    source: str
    tenant: str
    prepared: PreparedDocument
    rows: dict[int, Row[Any]]
    """Chunk rows by ordinal."""


class Rebuilder:
    """Writes points of committed versions of one generation again, as its only writer."""

    def __init__(
        self,
        corpus: Corpus,
        generation: Generation,
        refill: Refill,
        repairs: Repairs,
        lease: HeldLease,
    ) -> None:
        """Work on `generation`, under the settings that it was built with."""
        self._corpus = corpus.for_generation(generation)
        self._generation = generation
        self._refill = refill
        self._repairs = repairs
        self._fence = lease.assert_held
        donors = tuple(
            g.name
            for g in list_generations(corpus.ledger)
            if g.state not in {GenerationState.DROPPED, GenerationState.BUILDING}
            and g.name != generation.name
            and g.spec.get("embedding") == generation.spec.get("embedding")
        )
        self._embedder = BatchEmbedder(
            corpus.ledger,
            corpus.store,
            generation.name,
            lambda: self._corpus.reading(generation).encoder,
            donors=donors,
        )

    def rebuild(self, versions: Sequence[VersionName]) -> list[VersionName]:
        """Make the points of these versions again.

        Returns:
            The versions that could not be made again from anything at hand.
        """
        lost: list[VersionName] = []
        for group in groups(versions, TOGETHER):
            remade = []
            for name in group:
                made = self._remake(name)
                if made is None:
                    lost.append(name)
                else:
                    remade.append(made)
            self._write(remade)
        return lost

    def set_ends(self, points: Sequence[UUID]) -> None:
        """Give points the `valid_to` that the ledger has."""
        ends: dict[int, list[UUID]] = {}
        for point, end in ends_of_points(self._corpus.ledger, points).items():
            ends.setdefault(end, []).append(point)
        for end, ids in ends.items():
            for group in groups(ids):
                self._corpus.store.set_valid_to(
                    self._generation.name, group, end, fence=self._fence
                )
                reached(Failpoint.MENDING)
                self._repairs.ends_set += len(group)

    def clear_leftovers(self) -> None:
        """Take away what batches that were never committed left behind."""
        store, name = self._corpus.store, self._generation.name
        staged = [p.id for p in store.scroll(name, above(self._generation.epoch))]
        for group in groups(staged):
            store.delete(name, group, fence=self._fence)
            reached(Failpoint.MENDING)
        healed = heal_abandoned(self._corpus.ledger, store, name, self._fence)
        self._repairs.leftovers_cleared += len(staged) + healed

    def _remake(self, name: VersionName) -> Remade | None:
        """Bring a version's chunks back, and make sure that they are the committed ones."""
        version, home, rows = self._committed(name)
        if version is None or home is None:
            return None
        by_ordinal = {row.ordinal: row for row in rows}
        for prepared in self._refill.candidates(self._generation, version):
            cut = {c.ordinal: sha256_of(c.embedding_text) for c in prepared.chunks}
            if cut == {ordinal: row.embed_sha256 for ordinal, row in by_ordinal.items()}:
                return Remade(version, home.source, home.tenant, prepared, by_ordinal)
        logger.warning(
            "%s (version %d) cannot be made again: its text is not among the blobs, or is cut "
            "otherwise by now.",
            version.key,
            version.number,
        )
        return None

    def _committed(
        self, name: VersionName
    ) -> tuple[Row[Any] | None, Row[Any] | None, Sequence[Row[Any]]]:
        """Read a version, the source and tenant of its document, and its chunk rows."""
        version, chunk, document = tables.version, tables.chunk, tables.document
        where = (str(name.document), name.valid_from, self._generation.name)
        with self._corpus.ledger.read() as connection:
            row = connection.execute(
                select(version).where(
                    version.c.document_id == where[0],
                    version.c.valid_from == where[1],
                    version.c.generation == where[2],
                )
            ).one_or_none()
            home = connection.execute(
                select(document.c.source, document.c.tenant).where(
                    document.c.document_id == where[0]
                )
            ).one_or_none()
            rows = connection.execute(
                select(chunk).where(
                    chunk.c.document_id == where[0],
                    chunk.c.valid_from == where[1],
                    chunk.c.generation == where[2],
                )
            ).all()
        return row, home, rows

    def _write(self, remade: Sequence[Remade]) -> None:
        """Embed what has no vector anywhere, and write the points."""
        if not remade:
            return
        embedded = self._embedder.embed(
            ParsedBatch(0, documents=tuple(as_read(one) for one in remade))
        )
        self._repairs.chunks_embedded += embedded.embedded
        self._repairs.chunks_reused += embedded.reused
        points = [p for one in remade for p in self._points(one, embedded.vectors)]
        for group in groups(points, self._corpus.settings.store.upsert_batch):
            self._corpus.store.upsert(self._generation.name, group, fence=self._fence)
            reached(Failpoint.MENDING)
            self._repairs.points_made += len(group)

    def _points(self, one: Remade, vectors: dict[str, Any]) -> Iterator[Point]:
        chunks = one.prepared.chunks
        bm25 = self._corpus.reading(self._generation).bm25
        sparse = bm25.documents([chunk.embedding_text for chunk in chunks])
        for chunk, terms in zip(chunks, sparse, strict=True):
            row = one.rows[chunk.ordinal]
            payload = self._payload(one, chunk, row)
            if row.payload_sha256 not in (None, payload_sha256(payload)):
                logger.warning("%s: chunk %d differs from before.", one.version.key, chunk.ordinal)
            identity = point_id(
                self._generation.name,
                UUID(one.version.document_id),
                one.version.valid_from,
                chunk.ordinal,
            )
            yield Point(identity, vectors[row.embed_sha256], terms, payload)

    def _payload(self, one: Remade, chunk: Chunk, row: Row[Any]) -> dict[str, Any]:
        """Build the payload that was committed, with the end that the ledger has."""
        version = one.version
        common = {
            "tenant": one.tenant,
            "source": one.source,
            "document_id": version.document_id,
            "key": version.key,
            "version": version.number,
            "title": version.title,
            "media_type": version.media_type,
            "content_sha256": version.content_sha256,
            "modified": iso_time(version.modified_ns),
        }
        if version.trust is not None:  # else its points never had these fields
            common |= {"trust": version.trust, "acl": version.acl, "origin": version.origin}
        flags = flags_of_points(version.flags)
        payload = payload_of(common, chunk, flags, row.embed_sha256, version.valid_from)
        return payload | {"valid_to": row.valid_to}


def as_read(one: Remade) -> ReadDocument:
    """Show a version to the embedder."""
    entry = SourceEntry(one.version.key, Stat(0, one.version.modified_ns))
    return ReadDocument(
        UUID(one.version.document_id),
        one.source,
        entry,
        one.version.number,
        one.prepared,
        one.version.content_sha256,
        0.0,
    )
