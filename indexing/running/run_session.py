"""One run that writes to a generation: its lease, its row in the ledger, its steps, its report."""

import json
import logging
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from config.errors import HoldfastError
from indexing.committing.batches import (
    CommittedBatch,
    EmbeddedBatch,
    ParsedBatch,
    StagedBatch,
    VerifiedBatch,
)
from indexing.committing.embedding import BatchEmbedder
from indexing.committing.epochs import EpochWriter
from indexing.committing.staging import PointMaker
from indexing.corpus import Corpus
from indexing.errors import LeaseLostError
from indexing.failpoints import Failpoint, reached
from indexing.ledger.generations import Generation
from indexing.ledger.leases import HeldLease, LeaseToken
from indexing.ledger.purges import purged_among
from indexing.ledger.redaction import Traces
from indexing.ledger.runs import finish_run, start_run
from indexing.planning.planned import Plan
from indexing.points import Sparse
from indexing.running.report import Counts, RunReport, RunState, Tally, refusals_of
from indexing.running.run_figures import class_of
from indexing.running.watch import Progress, SilentWatcher, Watcher

logger = logging.getLogger(__name__)


class RunSession(ABC):
    """What every run has in common; use it as a context manager.

    Entering takes the writer lease of the generation and records the run; leaving records how
    it ended and gives the lease back, whatever happened.
    """

    kind = "run"

    def __init__(
        self,
        corpus: Corpus,
        generation: Generation,
        *,
        runner: str = "process",
        watcher: Watcher | None = None,
    ) -> None:
        """Prepare a run that writes to `generation`; nothing happens before `with`."""
        self._corpus = corpus
        self._generation = generation
        self._runner = runner
        self._watcher = watcher or SilentWatcher()
        self.run_id = uuid.uuid4().hex
        self._plan: Plan | None = None
        self._report: RunReport | None = None

    def __enter__(self) -> Self:
        self._lease = self._take_lease()
        self._lease.__enter__()
        try:
            self._tally = Tally(self.run_id, self._generation.name, self._generation.epoch)
            start_run(
                self._corpus.ledger,
                run_id=self.run_id,
                kind=self.kind,
                runner=self._runner,
                tenant=self._corpus.settings.tenant,
                generation=self._generation.name,
                epoch=self._generation.epoch,
            )
            self._make_parts()
        except BaseException:
            # Nobody calls `__exit__` then, and the heartbeat would keep the lease for ever.
            self._lease.__exit__(None, None, None)
            raise
        reached(Failpoint.STARTED)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._close()
            self._record(error)
        finally:
            self._lease.__exit__(kind, error, trace)

    @property
    def corpus(self) -> Corpus:
        """The home, under the settings of the generation."""
        return self._corpus

    @property
    def generation(self) -> Generation:
        """The generation this run writes to, as it was when the run began."""
        return self._generation

    @property
    def lease(self) -> LeaseToken:
        """Proof that this run is the writer of its generation, as long as nobody took over."""
        return self._lease.token

    @abstractmethod
    def plan(self) -> Plan:
        """Find out what there is to do."""

    @abstractmethod
    def parse(self, plan: Plan) -> ParsedBatch | None:
        """Read, parse, clean and chunk the next batch; none when there is no more."""

    def embed(self, batch: ParsedBatch) -> EmbeddedBatch:
        """Find or compute a dense vector for every chunk."""
        reached(Failpoint.PARSED)
        embedded = self._embedder.embed(batch)
        reached(Failpoint.EMBEDDED)
        return embedded

    def stage(self, batch: EmbeddedBatch) -> StagedBatch:
        """Write the points, invisible to every reader."""
        return self._writer.stage(batch)

    def verify(self, batch: StagedBatch) -> VerifiedBatch:
        """Count the points per document; unstage what does not add up."""
        return self._writer.verify(batch)

    def commit(self, batch: VerifiedBatch) -> CommittedBatch:
        """Make the batch visible, all of it at once."""
        self._corpus.blobs.sync()
        reached(Failpoint.SYNCED)
        committed = self._writer.commit(batch)
        reached(Failpoint.COMMITTED)
        self._tally.add(committed)
        self._progress(0)
        return committed

    def report(self, plan: Plan) -> RunReport:
        """Close the accounts."""
        self._report = self._tally.report(plan)
        reached(Failpoint.REPORTED)
        return self._report

    def _take_lease(self) -> HeldLease:
        seconds = self._corpus.settings.guards.lease_seconds
        return HeldLease(self._corpus.ledger, self._generation.name, self.run_id, seconds)

    def _make_parts(self) -> None:
        c, settings, name = self._corpus, self._corpus.settings, self._generation.name
        self._embedder = BatchEmbedder(
            c.ledger, c.store, name, lambda: c.document_encoder, donors=self._donors()
        )
        self._writer = EpochWriter(
            c.ledger,
            c.store,
            self._lease,
            tenant=settings.tenant,
            make_points=PointMaker(settings.tenant, name, c.ledger, c.store, self._sparse),
            upsert_batch=settings.store.upsert_batch,
        )

    def _donors(self) -> tuple[str, ...]:
        """Other generations whose vectors may be read back."""
        return ()

    def _close(self) -> None:  # noqa: B027 - most runs hold nothing of their own
        """Give back what only this kind of run holds."""

    def _documents_done(self) -> int | None:
        """How many documents were prepared so far; none before the first plan."""
        return None

    def _sparse(self, texts: Sequence[str]) -> list[Sparse]:
        return self._corpus.bm25.documents(texts)

    def _progress(self, _document: int) -> None:
        """Tell the watcher how far the run is, counting documents as they are prepared."""
        done = self._documents_done()
        if self._plan is None or done is None:
            return
        progress = Progress(
            documents_done=done,
            documents_total=len(self._plan.to_prepare),
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
            purged = self._purged_since()
            row = purged.without_entries(report.to_row())
            finish_run(
                self._corpus.ledger,
                self.run_id,
                state=report.state.value,
                message=row["message"],
                epoch=report.epoch,
                seconds=report.seconds,
                report=row | {"token": self.lease.token},
            )
            self._write_file(row, purged.documents)
        except (HoldfastError, OSError) as problem:
            logger.warning("The end of run %s could not be recorded: %s", self.run_id, problem)

    def _purged_since(self) -> Traces:
        """Tell what was purged of what this run settled.

        Nothing can be while a run has its lease. One that was replaced must not write down the
        name of what a purge has taken out of all that was written down.
        """
        try:
            self._lease.assert_held()
        except LeaseLostError:
            settled = self._tally.settled
        else:
            return Traces()
        with self._corpus.ledger.read() as connection:
            gone = purged_among(connection, {str(s.document_id) for s in settled})
        return Traces(gone, keys=frozenset(s.key for s in settled if str(s.document_id) in gone))

    def _broken_off(self, error: BaseException | None) -> RunReport:
        """Report a run that did not reach its end."""
        counts = self._tally.counts(self._plan) if self._plan else Counts()
        refused = self._tally.refused(self._plan) if self._plan else []
        failed = error is None or isinstance(error, Exception)
        state = RunState.FAILED if failed else RunState.INTERRUPTED
        # Many say nothing themselves: an interrupt, a lack of memory, a failed assertion.
        said = str(error) if error is not None else ""
        message = said or f"the run broke off ({type(error).__name__ if error else 'no report'})"
        return self._tally.snapshot(state, counts, message=message, refusals=refusals_of(refused))

    def _write_file(self, row: Mapping[str, Any], purged: Container[str]) -> None:
        """Write one JSON line per settled document and one for the run itself."""
        folder = self._corpus.settings.home / "runs"
        folder.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps({"run": row}, ensure_ascii=False)]
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
                    "class": class_of(s),
                    "bytes": s.stat.size,
                    "seconds": round(s.seconds, 4),
                    "peak_memory_mb": round(s.peak_mb, 1),
                },
                ensure_ascii=False,
            )
            for s in self._tally.settled
            if str(s.document_id) not in purged
        ]
        (folder / f"{self.run_id}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
