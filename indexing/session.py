"""One ingest run: holds the writer lease, the parser pool and the tally, and does the steps."""

import contextlib
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from config.errors import HoldfastError
from indexing.batches import (
    CommittedBatch,
    EmbeddedBatch,
    ParsedBatch,
    StagedBatch,
    VerifiedBatch,
)
from indexing.corpus import Corpus
from indexing.embedding import BatchEmbedder
from indexing.epochs import EpochWriter
from indexing.ledger.generations import Generation
from indexing.ledger.leases import HeldLease
from indexing.ledger.runs import finish_run, start_run
from indexing.plan import Plan, make_plan
from indexing.points import Sparse
from indexing.reading import BatchReader
from indexing.report import Counts, RunReport, RunState, Tally
from indexing.staging import PointMaker
from indexing.watch import Progress, SilentWatcher, Watcher
from ingestion.sources.base import Source

if TYPE_CHECKING:
    from indexing.encoder import Encoder

logger = logging.getLogger(__name__)

MEGABYTE = 1_000_000


class IngestSession:
    """The steps of one run over one generation; use it as a context manager.

    Entering takes the writer lease and records the run; leaving records how it ended, stops
    the parser children and gives the lease back, whatever happened.
    """

    def __init__(
        self,
        corpus: Corpus,
        sources: Sequence[Source],
        *,
        generation: Generation,
        kind: str = "ingest",
        runner: str = "process",
        watcher: Watcher | None = None,
    ) -> None:
        """Prepare a run of `sources` into `generation`; nothing happens before `with`."""
        self._corpus = corpus
        self._sources = sources
        self._generation = generation
        self._kind = kind
        self._runner = runner
        self._watcher = watcher or SilentWatcher()
        self.run_id = uuid.uuid4().hex
        self._tally = Tally(self.run_id, generation.name, generation.epoch)
        self._plan: Plan | None = None
        self._report: RunReport | None = None
        self._reader: BatchReader | None = None
        self._warming: threading.Thread | None = None

    def __enter__(self) -> "IngestSession":
        c, settings = self._corpus, self._corpus.settings
        self._lease = HeldLease(
            c.ledger, self._generation.name, self.run_id, settings.guards.lease_seconds
        )
        self._lease.__enter__()
        try:
            start_run(
                c.ledger,
                run_id=self.run_id,
                kind=self._kind,
                runner=self._runner,
                tenant=settings.tenant,
                generation=self._generation.name,
                epoch=self._generation.epoch,
            )
        except HoldfastError:
            self._lease.__exit__(None, None, None)
            raise
        self._embedder = BatchEmbedder(c.ledger, c.store, self._generation.name, lambda: c.encoder)
        self._writer = EpochWriter(
            c.ledger,
            c.store,
            self._lease,
            tenant=settings.tenant,
            make_points=PointMaker(
                settings.tenant, self._generation.name, c.ledger, c.store, self._sparse
            ),
            upsert_batch=settings.store.upsert_batch,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._reader is not None:
                self._reader.close()
            if self._warming is not None:
                self._warming.join()  # an interpreter must not end amid an import
            self._record(error)
        finally:
            self._lease.__exit__(kind, error, trace)

    def plan(self) -> Plan:
        """List the sources and find out what changed."""
        settings = self._corpus.settings
        self._plan = make_plan(
            self._corpus.ledger,
            tenant=settings.tenant,
            generation=self._generation.name,
            sources=self._sources,
            guards=settings.guards,
            max_bytes=int(settings.ingestion.max_document_mb * MEGABYTE),
        )
        for problem in self._plan.problems:
            logger.warning("%s", problem)
        self._tell(lambda: self._watcher.planned(self._plan or self.plan()))
        return self._plan

    def parse(self, plan: Plan) -> ParsedBatch | None:
        """Read, parse, clean and chunk the next batch; none when there is no more."""
        if self._reader is None:
            if plan.to_prepare:
                self._warm_up()
            self._reader = BatchReader(
                self._corpus, plan, self._generation.name, on_document=self._progress
            )
        return self._reader.next_batch()

    def embed(self, batch: ParsedBatch) -> EmbeddedBatch:
        """Find or compute a dense vector for every chunk."""
        return self._embedder.embed(batch)

    def stage(self, batch: EmbeddedBatch) -> StagedBatch:
        """Write the points, invisible to every reader."""
        return self._writer.stage(batch)

    def verify(self, batch: StagedBatch) -> VerifiedBatch:
        """Count the points per document; unstage what does not add up."""
        return self._writer.verify(batch)

    def commit(self, batch: VerifiedBatch) -> CommittedBatch:
        """Make the batch visible, all of it at once."""
        committed = self._writer.commit(batch)
        self._tally.add(committed)
        self._progress(0)
        return committed

    def report(self, plan: Plan) -> RunReport:
        """Close the accounts."""
        self._report = self._tally.report(plan)
        return self._report

    def _warm_up(self) -> None:
        """Load the encoder while the first documents are parsed: both take seconds."""
        encoder = self._corpus.encoder
        self._warming = threading.Thread(target=load_ahead, args=(encoder,), name="encoder-load")
        self._warming.start()

    def _sparse(self, texts: Sequence[str]) -> list[Sparse]:
        return self._corpus.bm25.documents(texts)

    def _progress(self, _document: int) -> None:
        """Tell the watcher how far the run is, counting documents as they are prepared."""
        plan, reader = self._plan, self._reader
        if plan is None or reader is None:
            return
        progress = Progress(
            documents_done=reader.documents_done,
            documents_total=len(plan.to_prepare),
            chunks=sum(b.chunks_embedded + b.chunks_reused for b in self._tally.batches),
            seconds=time.perf_counter() - self._tally.started,
        )
        self._tell(lambda: self._watcher.progressed(progress))

    def _tell(self, call: Callable[[], Any]) -> None:
        """A watcher that fails must not fail the run."""
        try:
            call()
        except Exception:
            logger.warning("Progress could not be shown.", exc_info=True)

    def _record(self, error: BaseException | None) -> None:
        """Write how the run ended into the ledger and into the run's file."""
        report = self._report if error is None and self._report else self._broken_off(error)
        self._tell(lambda: self._watcher.ended(report))
        try:
            finish_run(
                self._corpus.ledger,
                self.run_id,
                state=report.state.value,
                message=report.message,
                epoch=report.epoch,
                seconds=report.seconds,
                report=report.to_row(),
            )
            self._write_file(report)
        except (HoldfastError, OSError) as problem:
            logger.warning("The end of run %s could not be recorded: %s", self.run_id, problem)

    def _broken_off(self, error: BaseException | None) -> RunReport:
        """Report a run that did not reach its end."""
        counts = self._tally.counts(self._plan) if self._plan else Counts()
        failed = error is None or isinstance(error, Exception)
        state = RunState.FAILED if failed else RunState.INTERRUPTED
        return self._tally.snapshot(state, counts, message=str(error or "the run broke off"))

    def _write_file(self, report: RunReport) -> None:
        """Write one JSON line per settled document and one for the run itself."""
        folder = self._corpus.settings.home / "runs"
        folder.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps({"run": report.to_row()}, ensure_ascii=False)]
        lines += [
            json.dumps(
                {
                    "document_id": str(s.document_id),
                    "source": s.source,
                    "key": s.key,
                    "state": s.outcome.value,
                    "reason": s.reason,
                    "detail": s.detail,
                    "chunks": s.chunks,
                    "seconds": round(s.seconds, 4),
                },
                ensure_ascii=False,
            )
            for s in self._tally.settled
        ]
        (folder / f"{self.run_id}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def load_ahead(encoder: "Encoder") -> None:
    """Load an encoder; a failure is left to the step that needs the encoder."""
    with contextlib.suppress(HoldfastError):
        encoder.load()
