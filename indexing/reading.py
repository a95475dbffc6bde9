"""The parse step: planned documents, read and prepared ahead in child processes, in batches."""

import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

from indexing.batches import ParsedBatch, ReadDocument
from indexing.corpus import Corpus
from indexing.ledger.commits import Settled
from indexing.ledger.documents import DocumentState, OpenVersion, Standing, open_versions
from indexing.plan import (
    Plan,
    PlannedDocument,
    PlannedRefusal,
    PlannedTouch,
    settled_entry,
)
from indexing.stores.base import Fence
from indexing.tombstones import Tombstones
from ingestion.document import PreparedDocument, Reason, Refusal, sha256_of
from ingestion.identity import suffix_of
from ingestion.parsing.pool import ParseJob, ParseOutcome

MEGABYTE = 1_000_000


class BatchReader:
    """Turns a plan into batches, in the order in which they are committed.

    Moves come first, because they free keys; deletions last, so that additions land first.
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
        self._broken: BaseException | None = None
        self._number = 0
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
        settled = [self._touched(t) for t in plan.touched] + [
            self._refused_in_listing(r) for r in plan.refused
        ]
        if plan.moved or settled:
            yield self._batch(moves=plan.moved, settled=tuple(settled))
        if plan.to_prepare:
            yield from self._content_batches()
        if plan.deleted:
            yield self._batch(deletions=plan.deleted)

    def _content_batches(self) -> Iterator[ParsedBatch]:
        """Group prepared documents until a batch is full by documents or by chunks."""
        planned = self._plan.to_prepare
        versions = open_versions(
            self._corpus.ledger,
            self._generation,
            [p.document_id for p in planned if p.standing is not None],
        )
        jobs = (ParseJob(p.entry.key, partial(self._read, p)) for p in planned)
        documents: list[ReadDocument] = []
        settled: list[Settled] = []
        chunks = 0
        started = time.perf_counter()
        outcomes = self._corpus.parsers.process_ahead(
            jobs, lookahead=2 * self._settings.batch_documents
        )
        for document, outcome in zip(planned, outcomes, strict=True):
            read = self._judge(document, outcome, versions.get(document.document_id))
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
        if documents or settled:
            waited = time.perf_counter() - started
            yield self._batch(
                documents=tuple(documents), settled=tuple(settled), parse_seconds=waited
            )

    def _batch(self, **fields: Any) -> ParsedBatch:
        self._number += 1
        return ParsedBatch(self._number, **fields)

    def _read(self, planned: PlannedDocument) -> bytes | Refusal:
        limit = int(self._settings.max_document_mb * MEGABYTE)
        data = planned.source.read(planned.entry, limit)
        if isinstance(data, Refusal):
            return data
        refusal = self._tombstones.refusal_of(planned.entry.key, planned.document_id, data)
        return refusal or data

    def _judge(
        self, planned: PlannedDocument, outcome: ParseOutcome, version: OpenVersion | None
    ) -> ReadDocument | Settled:
        """Decide what a prepared document is: new content, unchanged after all, or refused."""
        content = sha256_of(outcome.raw) if outcome.raw is not None else None
        if isinstance(outcome.result, Refusal) or content is None or outcome.raw is None:
            refusal = outcome.result if isinstance(outcome.result, Refusal) else unread(planned)
            seen = content or refusal.content_sha256
            return self._refused(planned, refusal, seen, outcome.seconds)
        prepared = outcome.result
        self._fence()  # a run that was replaced must not bring back what was purged since
        if self._corpus.settings.blobs.keep_raw:
            self._corpus.blobs.put_raw(content, outcome.raw)
        suffix = suffix_of(planned.entry.key)
        self._corpus.blobs.put_text(content, suffix, self._corpus.spec.parser, prepared)
        if version is not None and is_same(version, prepared, planned.entry.key):
            return self._unchanged(planned, content, outcome.seconds)
        return ReadDocument(
            document_id=planned.document_id,
            source=planned.source.name,
            entry=settled_entry(planned.entry, self._plan.listed_at_ns),
            number=planned.last_version + 1,
            prepared=prepared,
            content_sha256=content,
            seconds=outcome.seconds,
            attempts=planned.standing.attempts if planned.standing else 0,
        )

    def _refused(
        self, planned: PlannedDocument, refusal: Refusal, content: str | None, seconds: float
    ) -> Settled:
        return Settled(
            document_id=planned.document_id,
            tenant=self._corpus.settings.tenant,
            source=planned.source.name,
            key=planned.entry.key,
            outcome=DocumentState.QUARANTINED,
            state=DocumentState.QUARANTINED,
            version=planned.last_version,
            stat=settled_entry(planned.entry, self._plan.listed_at_ns).stat,
            content_sha256=content,
            reason=refusal.reason.value,
            detail=refusal.detail,
            seconds=seconds,
            attempts=attempts_after(refusal.reason, planned.standing),
        )

    def _unchanged(self, planned: PlannedDocument, content: str, seconds: float) -> Settled:
        """Settle a document whose bytes changed but whose points would not."""
        return Settled(
            document_id=planned.document_id,
            tenant=self._corpus.settings.tenant,
            source=planned.source.name,
            key=planned.entry.key,
            outcome=DocumentState.UNCHANGED,
            state=DocumentState.INDEXED,
            version=planned.last_version,
            stat=settled_entry(planned.entry, self._plan.listed_at_ns).stat,
            content_sha256=content,
            detail="the bytes changed, the text did not",
            seconds=seconds,
        )

    def _touched(self, touch: PlannedTouch) -> Settled:
        """Settle a document of which only the stat changed; it keeps its standing."""
        standing = touch.standing
        indexed = standing.state is DocumentState.INDEXED
        return Settled(
            document_id=standing.document_id,
            tenant=self._corpus.settings.tenant,
            source=standing.source,
            key=standing.key,
            outcome=DocumentState.UNCHANGED if indexed else DocumentState.QUARANTINED,
            state=standing.state,
            version=standing.version,
            stat=touch.entry.stat,
            content_sha256=standing.content_sha256,
            reason=standing.reason,
            detail=standing.detail,
            attempts=standing.attempts,
        )

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
        )


def attempts_after(reason: Reason, standing: Standing | None) -> int:
    """Count a failure: passing ones add up, any other is final at once."""
    if not reason.retried:
        return 0
    return (standing.attempts if standing else 0) + 1


def is_same(version: OpenVersion, prepared: PreparedDocument, key: str) -> bool:
    """Whether the live points of a document are those its new content would make."""
    return version.chunks_sha256 == prepared.chunks_sha256 and version.key == key


def unread(planned: PlannedDocument) -> Refusal:
    """Refuse a document whose bytes never arrived."""
    return Refusal(planned.entry.key, Reason.UNREADABLE, "The document could not be read.")
