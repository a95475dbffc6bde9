"""One run that fills a generation with what another one holds, out of the ledger and the blobs."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from indexing.committing.batches import ParsedBatch, ReadDocument
from indexing.corpus import Corpus
from indexing.errors import IngestError
from indexing.failpoints import Failpoint, reached
from indexing.generations.carry import CarriedDocument, CarryPlan, not_taken, plan_carry
from indexing.ledger.commits import Settled
from indexing.ledger.documents import DocumentState, Holdings, read_holdings
from indexing.ledger.generations import Generation, GenerationState, list_generations
from indexing.planning.planned import Plan, PlannedDocument
from indexing.planning.tombstones import read_tombstones
from indexing.recall import Recalled, RecallJob
from indexing.running.report import Counts, RunReport, RunState
from indexing.running.run_session import RunSession
from indexing.running.watch import Watcher
from ingestion.document import Listing, PreparedDocument, Refusal, SourceEntry
from ingestion.identity import parse_fingerprint


class CarriedSource:
    """Stands for a source in the plan of a build, which asks no source."""

    location = "the blob store"

    def __init__(self, name: str) -> None:
        """Remember the name of the source the documents came from."""
        self.name = name

    def list_entries(self, _on_progress: object = None) -> Listing:
        """List nothing: the ledger says what exists."""
        return Listing((), complete=False)

    def read(self, entry: SourceEntry, _max_bytes: int) -> bytes | Refusal:
        """Refuse to read: documents of a build come from the blobs."""
        raise IngestError(f"{entry.key} is not read from its source while a generation is built.")


class BuildSession(RunSession):
    """The steps that make a generation equal to another one; each plan is a round of catching up.

    The ledger says which version of which document belongs there; blobs give the texts. Document
    ids and version numbers stay. Vectors of texts that any generation with the same encoder
    carries are read back.
    """

    kind = "reindex"

    def __init__(
        self,
        corpus: Corpus,
        generation: Generation,
        origin: Generation,
        *,
        runner: str = "process",
        watcher: Watcher | None = None,
    ) -> None:
        """Prepare to fill `generation` with what `origin` holds.

        Args:
            corpus: The home, under the settings that the generation is built with.
            generation: What is written to.
            origin: What is taken over, usually the live one.
            runner: Who carries the steps out, for the record.
            watcher: Is told how it goes.
        """
        super().__init__(corpus, generation, runner=runner, watcher=watcher)
        self._origin = origin
        self._refused: dict[UUID, str] = {}
        self._wanted: Holdings | None = None
        self._carry: CarryPlan | None = None
        self._batches: Iterator[ParsedBatch] | None = None
        self._number = 0
        self._done = 0
        self.documents_parsed = 0
        """How many documents had to be parsed again."""

    def plan(self) -> Plan:
        """Find out what the generation still lacks; empty when it has caught up."""
        wanted = read_holdings(self._corpus.ledger, self._origin.name)
        self._check_purges(wanted)
        present = read_holdings(self._corpus.ledger, self._generation.name)
        carry = plan_carry(
            wanted,
            present,
            tenant=self._corpus.settings.tenant,
            refused=self._refused,
            same_parser=self._same_parser,
        )
        reached(Failpoint.LISTED)
        self._wanted = wanted
        self._carry = carry
        self._plan = as_plan(carry)
        self._batches = self._make_batches(carry)
        self._done = 0
        self._tell(lambda: self._watcher.planned(self._plan or as_plan(carry)))
        return self._plan

    def _check_purges(self, wanted: Holdings) -> None:
        """Refuse to build from the rows of a document whose purge has not come to its end.

        Raises:
            IngestError: There are such rows.
        """
        stones = read_tombstones(self._corpus.ledger, self._corpus.settings.home)
        purged = {one.document_id for one in stones.by_id.values()} & wanted.versions.keys()
        if purged:
            raise IngestError(
                f"Document {min(purged)} was purged, but the ledger still has rows of it, because "
                "the purge was interrupted or the ledger was set back: a new generation would "
                f"bring it back. Run `holdfast purge {min(purged)}`, then reindex again."
            )

    @property
    def caught_up(self) -> bool:
        """Whether the newest plan found nothing left to take over."""
        return self._carry is not None and self._carry.is_empty

    def parse(self, plan: Plan) -> ParsedBatch | None:
        """Bring the next batch of documents back from the blobs; none when there is no more."""
        assert self._batches is not None, "plan comes first"
        return next(self._batches, None)

    def report(self, plan: Plan) -> RunReport:
        """Close the accounts: every document of the origin is settled, now or before."""
        wanted = self._wanted or read_holdings(self._corpus.ledger, self._origin.name)
        there = {d for d, s in wanted.standings.items() if s.state is not DocumentState.DELETED}
        settled = [s for s in self._tally.settled if s.document_id in there]
        by_state = dict.fromkeys(DocumentState, 0)
        for one in settled:
            by_state[one.outcome] += 1
        counts = Counts(
            enumerated=len(there),
            indexed=by_state[DocumentState.INDEXED],
            unchanged=by_state[DocumentState.UNCHANGED] + len(there) - len(settled),
            moved=by_state[DocumentState.MOVED],
            deleted=sum(s.outcome is DocumentState.DELETED for s in self._tally.settled),
            quarantined=by_state[DocumentState.QUARANTINED],
        )
        refused = tuple(
            (s.key, s.reason or "", s.detail or "")
            for s in settled
            if s.document_id in self._refused
        )
        state = RunState.COMPLETED_WITH_QUARANTINE if refused else RunState.COMPLETED
        self._report = self._tally.snapshot(
            state,
            counts,
            message=f"{len(there)} documents carried over, {self.documents_parsed} parsed again",
            refusals=refused,
        )
        reached(Failpoint.REPORTED)
        return self._report

    def finish(self, report: RunReport) -> RunReport:
        """Let a report with the outcome of the promotion stand for the run, up to this moment.

        The report of the last round was made before the gates looked and questions were asked.
        """
        self._report = replace(report, seconds=time.perf_counter() - self._tally.started)
        return self._report

    def _donors(self) -> tuple[str, ...]:
        """Every generation whose vectors come from the same encoder."""
        return tuple(
            g.name
            for g in list_generations(self._corpus.ledger)
            if g.name != self._generation.name
            and g.state not in {GenerationState.DROPPED, GenerationState.BUILDING}
            and g.spec["embedding"] == self._corpus.spec.embedding
        )

    def _documents_done(self) -> int | None:
        return None if self._batches is None else self._done

    def _make_batches(self, carry: CarryPlan) -> Iterator[ParsedBatch]:
        if carry.moved or carry.deleted or carry.settled:
            # All at once: together they free the keys that other documents have taken.
            yield self._batch(moves=carry.moved, deletions=carry.deleted, settled=carry.settled)
        limits = self._corpus.settings.ingestion
        documents: list[ReadDocument] = []
        settled: list[Settled] = []
        chunks, started = 0, time.perf_counter()
        jobs = map(self._job, carry.documents)
        recalled = self._corpus.recall.many(jobs, lookahead=2 * limits.batch_documents)
        for carried, back in zip(carry.documents, recalled, strict=True):
            read = self._judge(carried, back)
            self._done += 1
            self._progress(self._done)
            if isinstance(read, ReadDocument):
                documents.append(read)
                chunks += len(read.prepared.chunks)
            else:
                settled.append(read)
            full = len(documents) + len(settled) >= limits.batch_documents
            if full or chunks >= limits.batch_chunks:
                yield self._batch(documents, settled, started)
                documents, settled = [], []
                chunks, started = 0, time.perf_counter()
        if documents or settled:
            yield self._batch(documents, settled, started)

    @property
    def _same_parser(self) -> bool:
        """Whether the origin was read just as this generation reads."""
        return parse_fingerprint(self._origin.spec["ingestion"]) == self._corpus.spec.parser

    def _job(self, carried: CarriedDocument) -> RecallJob:
        version = carried.version
        text = version.text_sha256 if self._same_parser else None
        return RecallJob(version.key, version.content_sha256, text)

    def _batch(
        self,
        documents: Sequence[ReadDocument] = (),
        settled: Sequence[Settled] = (),
        started: float | None = None,
        **changes: object,
    ) -> ParsedBatch:
        self._number += 1
        batch = ParsedBatch(
            self._number,
            documents=tuple(documents),
            settled=tuple(settled),
            parse_seconds=0.0 if started is None else time.perf_counter() - started,
        )
        return replace(batch, **changes)  # type: ignore[arg-type]

    def _judge(self, carried: CarriedDocument, back: Recalled) -> ReadDocument | Settled:
        """Decide whether a document that came back can be carried over."""
        self.documents_parsed += back.parsed
        standing, version = carried.standing, carried.version
        if not isinstance(back.result, PreparedDocument):
            self._refused[standing.document_id] = version.content_sha256
            tenant = self._corpus.settings.tenant
            return not_taken(carried, tenant, back.result.reason, back.result.detail)
        return ReadDocument(
            document_id=standing.document_id,
            source=standing.source,
            entry=carried.entry,
            number=version.number,
            prepared=back.result,
            content_sha256=version.content_sha256,
            seconds=0.0,
            container=standing.container,
            standing=standing,
        )


def as_plan(carry: CarryPlan) -> Plan:
    """Show the work of a build as the plan of a run."""
    # What is settled besides is deleted and not listed, or indexed and stays as it is.
    refused = sum(s.state is DocumentState.QUARANTINED for s in carry.settled)
    return Plan(
        enumerated=carry.enumerated,
        added=tuple(
            PlannedDocument(
                CarriedSource(c.standing.source), c.entry, c.standing.document_id, None, 0
            )
            for c in carry.documents
        ),
        changed=(),
        moved=carry.moved,
        deleted=carry.deleted,
        withheld=(),
        touched=(),
        refused=(),
        unchanged=carry.enumerated - len(carry.documents) - len(carry.moved) - refused,
        remembered=refused,
        skipped=(),
        problems=(),
    )
