"""The epoch commit protocol: stage → verify → commit, and clearing what a crash left behind.

Each point carries `valid_from` and `valid_to`; a reader at epoch E sees those with
`valid_from <= E < valid_to`. New points are written with `valid_from = N` (invisible below N),
superseded ones get `valid_to = N` (still visible at N-1), and one SQL transaction makes N the
committed epoch: the only moment at which anything changes for readers.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from indexing.committing.batches import (
    CommittedBatch,
    EmbeddedBatch,
    StagedBatch,
    StagedDocument,
    VerifiedBatch,
)
from indexing.committing.late_writes import heal_abandoned, take_back
from indexing.committing.staging import PointMaker
from indexing.errors import LeaseLostError, PointsRejectedError, StoreCorruptError
from indexing.failpoints import Failpoint, reached
from indexing.ledger.commits import Commit, Settled, commit
from indexing.ledger.database import Ledger
from indexing.ledger.documents import (
    UNKNOWN_LABELS,
    DocumentState,
    Standing,
    groups,
    open_points,
)
from indexing.ledger.generations import allocate_epoch, find_generation
from indexing.ledger.leases import HeldLease
from indexing.points import OPEN_END, Point, PointFilter
from indexing.stores.base import VectorStore
from ingestion.document import Reason

logger = logging.getLogger(__name__)

CLOSE_BATCH = 512
"""Points closed or deleted per store call."""


class EpochWriter:
    """Carries batches through the protocol, for the one run that holds the writer lease."""

    def __init__(
        self,
        ledger: Ledger,
        store: VectorStore,
        lease: HeldLease,
        *,
        tenant: str,
        make_points: PointMaker,
        upsert_batch: int,
    ) -> None:
        """Write to the generation of `lease`."""
        self._ledger = ledger
        self._store = store
        self._lease = lease
        self._tenant = tenant
        self._make_points = make_points
        self._upsert_batch = upsert_batch
        self._collection = lease.token.generation
        self._fence = lease.assert_held
        self._cleared = False

    def stage(self, batch: EmbeddedBatch) -> StagedBatch:
        """Write the batch's points, invisible to every reader.

        Raises:
            LeaseLostError: Another run took over; what was written is taken back.
            StoreError: The store failed; what was written is cleared before the next commit.
        """
        started = time.perf_counter()
        if not batch.parsed.changes_points:
            return StagedBatch(batch, None)
        self.clear_leftovers()
        reached(Failpoint.CLEARED)
        epoch = allocate_epoch(self._ledger, self._collection)
        reached(Failpoint.ALLOCATED)
        documents = self._make_points.documents(batch, epoch)
        closing = [d.version.document_id for d in documents]
        closing += [s.document_id for s in batch.parsed.deletions]
        old = open_points(self._ledger, self._collection, closing)
        self._cleared = False
        points = [p for d in documents for p in d.points]
        with self._taken_back(epoch, [p.id for p in points], ()):
            refused = self._write(points)
        reached(Failpoint.STAGED)
        return StagedBatch(
            embedded=batch,
            epoch=epoch,
            documents=documents,
            superseded=tuple(p for ids in old.values() for p in ids),
            refused=refused,
            store_seconds=time.perf_counter() - started,
        )

    def verify(self, staged: StagedBatch) -> VerifiedBatch:
        """Count the staged points per document; unstage a document that does not add up.

        Such a document's old version stays live, and it is quarantined until the next run; one
        that the store can never take, until its content or the pipeline changes.
        """
        if staged.epoch is None:
            return VerifiedBatch(staged, (), ())
        found = self._store.count_by_document(
            self._collection, PointFilter(valid_from=staged.epoch)
        )
        sound, failed = [], []
        for document in staged.documents:
            name = str(document.version.document_id)
            seen, refusal = found.get(name, 0), staged.refused.get(name)
            if seen == len(document.points) and refusal is None:
                sound.append(document)
                continue
            self._delete([p.id for p in document.points])
            failed.append(not_stored(document, seen, refusal))
        superseded = staged.superseded
        if failed:
            keep = open_points(self._ledger, self._collection, [f.document_id for f in failed])
            kept = {p for ids in keep.values() for p in ids}
            superseded = tuple(p for p in superseded if p not in kept)
        reached(Failpoint.VERIFIED)
        return VerifiedBatch(staged, tuple(sound), superseded, tuple(failed))

    def commit(self, batch: VerifiedBatch) -> CommittedBatch:
        """Close what is superseded, then make the batch visible in one SQL transaction.

        Raises:
            LeaseLostError: Another run took over; nothing became visible, and what was written
                is taken back.
            StoreCorruptError: The store holds points of no known batch.
        """
        started = time.perf_counter()
        staged, parsed = batch.staged, batch.staged.embedded.parsed
        deleted = tuple(s.document_id for s in parsed.deletions)
        settled = (
            parsed.settled
            + tuple(d.settled for d in batch.documents)
            + batch.failed
            + tuple(deletion_of(self._tenant, s) for s in parsed.deletions)
        )
        entry = Commit(
            lease=self._lease.token,
            epoch=staged.epoch,
            versions=tuple(d.version for d in batch.documents),
            deleted=deleted,
            settled=settled,
        )
        written = [p.id for d in staged.documents for p in d.points]
        with self._taken_back(staged.epoch, written, batch.superseded):
            if staged.epoch is not None:
                self._close(batch.superseded, staged.epoch)
                self._check_only_ours(batch, staged.epoch)
                self._store.flush(self._collection)
                reached(Failpoint.CLOSED)
            commit(self._ledger, entry)
        # A batch without points says nothing about what an earlier run left in the store.
        self._cleared = self._cleared or staged.epoch is not None
        return CommittedBatch(
            number=parsed.number,
            epoch=staged.epoch,
            settled=settled,
            chunks_embedded=staged.embedded.embedded,
            chunks_reused=staged.embedded.reused,
            points_added=sum(len(d.points) for d in batch.documents),
            points_closed=len(batch.superseded),
            parse_seconds=parsed.parse_seconds,
            embed_seconds=staged.embedded.embed_seconds,
            store_seconds=staged.store_seconds + time.perf_counter() - started,
            found=parsed.found,
        )

    def clear_leftovers(self) -> int:
        """Remove what a batch that never committed left in the store; returns how many points.

        Points staged above the committed epoch are deleted, closings above it are reopened.
        Nothing of it was ever visible; left alone, it would surface with the next commit.
        """
        if self._cleared:
            return 0
        epoch = self._committed_epoch()
        staged = [p.id for p in self._store.scroll(self._collection, above(epoch))]
        self._delete(staged)
        closed: dict[int, list[UUID]] = {}
        for point in self._store.scroll(self._collection, closed_above(epoch)):
            closed.setdefault(int(point.payload["valid_to"]), []).append(point.id)
        reopened = sum(map(len, closed.values()))
        for end, ids in closed.items():
            for group in groups(ids, CLOSE_BATCH):
                self._store.set_valid_to(
                    self._collection, group, OPEN_END, expected=end, fence=self._fence
                )
                reached(Failpoint.CLOSING)
        if staged or reopened:
            logger.warning(
                "Cleared what an interrupted run left behind: %d staged and %d closed points.",
                len(staged),
                reopened,
            )
        heal_abandoned(self._ledger, self._store, self._collection, self._fence)
        self._cleared = True
        return len(staged) + reopened

    @contextmanager
    def _taken_back(
        self, epoch: int | None, written: Sequence[UUID], closed: Sequence[UUID]
    ) -> Iterator[None]:
        """Undo the one store call that may have landed after the lease was lost."""
        try:
            yield
        except LeaseLostError:
            if epoch is not None:
                take_back(self._ledger, self._store, self._collection, epoch, written, closed)
            raise

    def _committed_epoch(self) -> int:
        generation = find_generation(self._ledger, self._collection)
        if generation is None:
            raise StoreCorruptError(f"Generation {self._collection} vanished from the ledger.")
        return generation.epoch

    def _write(self, points: Sequence[Point]) -> dict[str, str]:
        """Write points; returns the documents that the store can never take whole, and why."""
        refused: dict[str, str] = {}
        for group in groups(points, self._upsert_batch):
            left: Sequence[Point] = group
            while left := [p for p in left if p.payload["document_id"] not in refused]:
                try:
                    self._store.upsert(self._collection, left, fence=self._fence)
                    break
                except PointsRejectedError as error:
                    named = dict.fromkeys(error.document_ids, error.reason)
                    if not named.keys() & {p.payload["document_id"] for p in left}:
                        raise
                    refused |= named
            reached(Failpoint.UPSERTING)
        return refused

    def _delete(self, ids: Sequence[UUID]) -> None:
        for group in groups(ids, CLOSE_BATCH):
            self._store.delete(self._collection, group, fence=self._fence)
            reached(Failpoint.DELETING)

    def _close(self, ids: Sequence[UUID], epoch: int) -> None:
        for group in groups(ids, CLOSE_BATCH):
            self._store.set_valid_to(
                self._collection, group, epoch, expected=OPEN_END, fence=self._fence
            )
            reached(Failpoint.CLOSING)

    def _check_only_ours(self, batch: VerifiedBatch, epoch: int) -> None:
        """Make sure that exactly this batch becomes visible with the epoch, and nothing else."""
        committed = self._committed_epoch()
        ours = sum(len(d.points) for d in batch.documents)
        staged = self._store.count(self._collection, above(committed))
        closed = self._store.count(self._collection, closed_above(committed))
        if staged != ours or closed > len(batch.superseded):
            self._lease.assert_held()  # a replaced writer sees the points of the one after it
            raise StoreCorruptError(
                f"{self._collection} holds {staged} staged and {closed} closed points above the "
                f"committed epoch {committed}, but batch {epoch} staged {ours} and closed "
                f"{len(batch.superseded)}. Nothing was committed. Another program writes to this "
                "collection; find it, then run the ingest again."
            )
        if closed != len(batch.superseded):
            self._check_none_open(batch, epoch)
            logger.warning(
                "%d of %d superseded points were found in %s; the missing ones were lost "
                "before this run.",
                closed,
                len(batch.superseded),
                self._collection,
            )

    def _check_none_open(self, batch: VerifiedBatch, epoch: int) -> None:
        """Make sure that no superseded point is still open, however few were found closed."""
        found = (
            point
            for group in groups(batch.superseded, CLOSE_BATCH)
            for point in self._store.fetch(self._collection, group)
        )
        still_open = sum(point.payload.get("valid_to") != epoch for point in found)
        if still_open:
            raise StoreCorruptError(
                f"{self._collection} took {len(batch.superseded)} closings for batch {epoch} and "
                f"left {still_open} of the points open. Nothing was committed. Its files do not "
                "belong together any more (a lost write-ahead log?); `holdfast reindex` builds a "
                "new generation from the blobs."
            )


def not_stored(document: StagedDocument, seen: int, refusal: str | None) -> Settled:
    """Settle a document whose points are not all there; it has no version from this batch.

    Args:
        document: What was to be stored.
        seen: How many of its points the store held after writing.
        refusal: Why the store can never take it; none if they did not arrive.
    """
    settled = document.settled
    detail = (
        f"The store holds {seen} of {len(document.points)} points after writing; they were removed "
        "again. It is tried again by the next run."
    )
    if refusal is not None:
        detail = f"{refusal} It is tried again when its content or the pipeline changes."
    return replace(
        settled,
        outcome=DocumentState.QUARANTINED,
        state=DocumentState.QUARANTINED,
        reason=Reason.NOT_STORED if refusal is None else Reason.NOT_STORABLE,
        detail=detail,
        version=settled.version - (settled.outcome is DocumentState.INDEXED),
        chunks=0,
        attempts=document.attempts + 1 if refusal is None else 0,
        labels=UNKNOWN_LABELS,
    )


def above(epoch: int) -> PointFilter:
    """Points staged above a committed epoch."""
    return PointFilter(started_after=epoch)


def closed_above(epoch: int) -> PointFilter:
    """Points closed above a committed epoch."""
    return PointFilter(ended_after=epoch)


def deletion_of(tenant: str, standing: Standing) -> Settled:
    """Settle a document that is gone from its source."""
    return Settled(
        document_id=standing.document_id,
        tenant=tenant,
        source=standing.source,
        key=standing.key,
        outcome=DocumentState.DELETED,
        state=DocumentState.DELETED,
        version=standing.version,
        stat=standing.stat,
        content_sha256=standing.content_sha256,
        labels=standing.labels,
        container=standing.container,
    )
