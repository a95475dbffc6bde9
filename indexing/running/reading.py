"""The parse step: planned documents, read and prepared ahead in child processes, in batches."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from indexing.committing.batches import ParsedBatch, ReadDocument
from indexing.corpus import Corpus
from indexing.ledger.commits import Settled, settled_again
from indexing.ledger.documents import DocumentState, OpenVersion, Standing, open_versions
from indexing.planning.plan import is_read_again
from indexing.planning.planned import (
    Plan,
    PlannedDocument,
    PlannedRefusal,
    PlannedTouch,
    settled_entry,
)
from indexing.planning.tombstones import Tombstones
from indexing.running.contained import ContainedDocuments
from indexing.stores.base import Fence
from ingestion.document import UNLABELLED, PreparedDocument, Reason, Refusal, sha256_of
from ingestion.identity import suffix_of
from ingestion.parsing.pool import ParseJob, ParseOutcome

MEGABYTE = 1_000_000


class BatchReader:
    """Turns a plan into batches, in the order in which they are committed.

    Labels come first, then moves, because they free keys; deletions last, so that additions land
    first.
    While a batch is embedded, the children already parse the next ones.
    """

    def __init__(
        self,
        corpus: Corpus,
        plan: Plan,
        generation: str,
        on_document: Callable[[int], None],
        *,
        tombstones: Tombstones,
        fence: Fence,
    ) -> None:
        """Prepare to read; the first batch starts the children, if any document needs them.

        Args:
            corpus: The home.
            plan: What is to be read.
            generation: Which one is written to.
            on_document: Called with the number of documents done so far.
            tombstones: What was purged and is not taken.
            fence: Asked before a document's bytes and text are kept.
        """
        self._corpus = corpus
        self._plan = plan
        self._generation = generation
        self._on_document = on_document
        self._tombstones = tombstones
        self._fence = fence
        self._settings = corpus.settings.ingestion
        self._batches = self._make_batches()
        self._vanished: list[Standing] = []
        self._broken: BaseException | None = None
        self._number = 0
        self._relabelled: dict[UUID, str] = {}
        self._found: set[UUID] = set()
        self.documents_done = 0

    def next_batch(self) -> ParsedBatch | None:
        """Return the next batch, or none. After a failure every call fails: nothing is skipped."""
        if self._broken is not None:
            raise self._broken
        try:
            return next(self._batches, None)
        except BaseException as error:
            self._broken = error
            raise

    def close(self) -> None:
        """Drop what was read ahead and not consumed."""
        self._batches.close()

    def _make_batches(self) -> Generator[ParsedBatch, None, None]:
        plan = self._plan
        if plan.relabelled:
            yield self._batch(moves=plan.relabelled)
            changed = [move.standing.document_id for move in plan.relabelled]
            versions = open_versions(self._corpus.ledger, self._generation, changed)
            self._relabelled = {d: v.labels.digest for d, v in versions.items()}
        settled = [self._touched(t) for t in plan.touched] + [
            self._refused_in_listing(r) for r in plan.refused
        ]
        if plan.moved or settled:
            yield self._batch(moves=plan.moved, settled=tuple(settled))
        if plan.to_prepare:
            yield from self._content_batches()
        deletions = (*plan.deleted, *self._vanished)
        if deletions:
            yield self._batch(deletions=deletions)

    def _content_batches(self) -> Iterator[ParsedBatch]:
        """Group prepared documents until a batch is full by documents or by chunks."""
        planned = self._plan.to_prepare
        versions = open_versions(
            self._corpus.ledger,
            self._generation,
            [p.document_id for p in planned if p.standing is not None],
        )
        jobs = (ParseJob(p.entry.key, partial(self._read, p)) for p in planned)
        contained = ContainedDocuments(
            self._corpus,
            self._generation,
            planned,
            judge=self._judge,
            admit=self._admit,
            is_retried=partial(is_read_again, guards=self._corpus.settings.guards),
            relabelled=self._relabelled,
        )
        documents: list[ReadDocument] = []
        settled: list[Settled] = []
        chunks = 0
        started = time.perf_counter()
        outcomes = self._corpus.parsers.process_ahead(
            jobs, lookahead=2 * self._settings.batch_documents
        )
        for read in self._with_parts(zip(planned, outcomes, strict=True), versions, contained):
            if read.container is None:  # how many parts there will be, nobody knows
                self.documents_done += 1
                self._on_document(self.documents_done)
            if isinstance(read, ReadDocument):
                documents.append(read)
                chunks += len(read.prepared.chunks)
            else:
                settled.append(read)
            full = len(documents) + len(settled) >= self._settings.batch_documents
            if full or chunks >= self._settings.batch_chunks:
                waited = time.perf_counter() - started
                yield self._batch(
                    documents=tuple(documents), settled=tuple(settled), parse_seconds=waited
                )
                documents, settled, chunks = [], [], 0
                started = time.perf_counter()
        self._vanished = contained.vanished
        if documents or settled:
            waited = time.perf_counter() - started
            yield self._batch(
                documents=tuple(documents), settled=tuple(settled), parse_seconds=waited
            )

    def _with_parts(
        self,
        outcomes: Iterable[tuple[PlannedDocument, ParseOutcome]],
        versions: Mapping[UUID, OpenVersion],
        contained: ContainedDocuments,
    ) -> Iterator[ReadDocument | Settled]:
        """Yield what became of every document, each followed by what lies in it."""
        for document, outcome in outcomes:
            yield self._judge(document, outcome, versions.get(document.document_id))
            if isinstance(outcome.result, PreparedDocument):
                yield from contained.of(document, outcome.result)

    def _batch(self, **fields: Any) -> ParsedBatch:
        self._number += 1
        batch = ParsedBatch(self._number, **fields)
        return replace(batch, found=self._count_parts(batch))

    def _count_parts(self, batch: ParsedBatch) -> int:
        """Count the parts of documents in a batch that were in none before."""
        parts = {d.document_id for d in batch.documents if d.container}
        parts |= {s.document_id for s in batch.settled if s.container}
        parts |= {m.standing.document_id for m in batch.moves if m.standing.container}
        fresh = parts - self._found
        self._found |= fresh
        return len(fresh)

    def _read(self, planned: PlannedDocument) -> bytes | Refusal:
        limit = int(self._settings.max_document_mb * MEGABYTE)
        data = planned.source.read(planned.entry, limit)
        if isinstance(data, Refusal):
            return data
        return self._admit(planned.entry.key, planned.document_id, data)

    def _admit(self, key: str, document: UUID, data: bytes) -> bytes | Refusal:
        """Let bytes in, unless they were purged."""
        return self._tombstones.refusal_of(key, document, data) or data

    def _judge(
        self, planned: PlannedDocument, outcome: ParseOutcome, version: OpenVersion | None
    ) -> ReadDocument | Settled:
        """Decide what a prepared document is: new content, unchanged after all, or refused."""
        content = sha256_of(outcome.raw) if outcome.raw is not None else None
        if isinstance(outcome.result, Refusal) or content is None or outcome.raw is None:
            refusal = outcome.result if isinstance(outcome.result, Refusal) else unread(planned)
            seen = content or refusal.content_sha256
            refused = self._refused(planned, refusal, seen, outcome)
            return replace(refused, labels=labels_served(version, planned))
        prepared = outcome.result
        self._fence()  # a run that was replaced must not bring back what was purged since
        if self._corpus.settings.blobs.keep_raw:
            self._corpus.blobs.put_raw(content, outcome.raw)
        suffix = suffix_of(planned.entry.key)
        self._corpus.blobs.put_text(content, suffix, self._corpus.spec.parser, prepared)
        if version is not None and is_same(version, prepared, planned.entry.key):
            return replace(
                self._unchanged(planned, content, outcome, prepared.media_type),
                labels=labels_served(version, planned),
            )
        return ReadDocument(
            document_id=planned.document_id,
            source=planned.source.name,
            entry=settled_entry(planned.entry, self._plan.listed_at_ns),
            number=planned.last_version + 1,
            prepared=prepared,
            content_sha256=content,
            seconds=outcome.seconds,
            peak_mb=outcome.peak_mb or 0.0,
            attempts=planned.standing.attempts if planned.standing else 0,
            container=planned.container,
        )

    def _refused(
        self,
        planned: PlannedDocument,
        refusal: Refusal,
        content: str | None,
        outcome: ParseOutcome,
    ) -> Settled:
        return replace(
            self._settled(planned, content, outcome, DocumentState.QUARANTINED),
            reason=refusal.reason.value,
            detail=refusal.detail,
            attempts=attempts_after(refusal.reason, planned.standing),
        )

    def _unchanged(
        self, planned: PlannedDocument, content: str, outcome: ParseOutcome, media_type: str
    ) -> Settled:
        """Settle a document whose bytes changed but whose points would not."""
        return replace(
            self._settled(planned, content, outcome, DocumentState.INDEXED),
            outcome=DocumentState.UNCHANGED,
            detail="the bytes changed, the text did not",
            media_type=media_type,
        )

    def _settled(
        self,
        planned: PlannedDocument,
        content: str | None,
        outcome: ParseOutcome,
        state: DocumentState,
    ) -> Settled:
        """Settle a document that was parsed and brings no new version."""
        return Settled(
            document_id=planned.document_id,
            tenant=self._corpus.settings.tenant,
            source=planned.source.name,
            key=planned.entry.key,
            outcome=state,
            state=state,
            version=planned.last_version,
            stat=settled_entry(planned.entry, self._plan.listed_at_ns).stat,
            content_sha256=content,
            seconds=outcome.seconds,
            peak_mb=outcome.peak_mb or 0.0,
            container=planned.container,
        )

    def _touched(self, touch: PlannedTouch) -> Settled:
        """Settle a document of which only the stat changed; it keeps its standing."""
        standing = touch.standing
        labels = self._relabelled.get(standing.document_id, standing.labels)
        tenant = self._corpus.settings.tenant
        return settled_again(standing, tenant, touch.entry.stat, labels)

    def _refused_in_listing(self, planned: PlannedRefusal) -> Settled:
        return Settled(
            document_id=planned.document_id,
            tenant=self._corpus.settings.tenant,
            source=planned.source,
            key=planned.refusal.key,
            outcome=DocumentState.QUARANTINED,
            state=DocumentState.QUARANTINED,
            version=planned.last_version,
            stat=planned.stat,
            content_sha256=planned.refusal.content_sha256,
            reason=planned.refusal.reason.value,
            detail=planned.refusal.detail,
            labels=self._relabelled.get(planned.document_id, planned.labels),
        )


def attempts_after(reason: Reason, standing: Standing | None) -> int:
    """Count a failure: passing ones add up, any other is final at once."""
    if not reason.retried:
        return 0
    return (standing.attempts if standing else 0) + 1


def labels_served(version: OpenVersion | None, planned: PlannedDocument) -> str:
    """Return the digest of the labels that a document is served with, or would be."""
    labels = version.labels if version is not None else planned.entry.labels or UNLABELLED
    return labels.digest


def is_same(version: OpenVersion, prepared: PreparedDocument, key: str) -> bool:
    """Whether the live points of a document are those its new content would make."""
    return version.chunks_sha256 == prepared.chunks_sha256 and version.key == key


def unread(planned: PlannedDocument) -> Refusal:
    """Refuse a document whose bytes never arrived."""
    return Refusal(planned.entry.key, Reason.UNREADABLE, "The document could not be read.")
